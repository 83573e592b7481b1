//! Large streams, and properties of all streams.

use proptest::prelude::*;

use crate::oracle::{self, Asked};
use crate::run::{Random, run};

/// An event of 10 MiB in pieces of all sizes comes out whole.
#[test]
fn a_large_event() {
    let mut random = Random(4);
    let text: Vec<u8> = (0..10 << 20).map(|_| b' ' + (random.next() % 94) as u8).collect();
    let stream = [&b"data: "[..], &text, b"\n\ndata: x\n\n"].concat();
    for most in [100, 10_000, 1 << 20] {
        let mut rest = &stream[..];
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + random.below(most)).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        let outcome = run(Asked::default(), &pieces);
        assert_eq!(outcome.items.len(), 2);
        assert!(outcome.items[0].data == text);
        assert_eq!(outcome.items[1].data, b"x");
    }
}

/// A stream of lines: mostly what the standard knows, some of anything.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof!["data", "event", "id", "retry", "", "[a-z]{0,6}"];
    let colon = prop_oneof!["", ":", ": ", ":  "];
    let value = prop_oneof!["[0-9]{0,4}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..20)];
    let end = prop_oneof!["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"];
    let line = (name, colon, value, end)
        .prop_map(|(name, colon, value, end)| [name.as_bytes(), colon.as_bytes(), &value, end.as_bytes()].concat());
    (any::<bool>(), proptest::collection::vec(line, 0..12)).prop_map(|(mark, lines)| {
        let mark = if mark { &b"\xEF\xBB\xBF"[..] } else { b"" };
        [mark, &lines.concat()].concat()
    })
}

proptest! {
    /// However a stream is cut, the framer gives what the standard says.
    #[test]
    fn every_cut_equals_the_oracle(
        stream in streams(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        asked in any::<(bool, bool, bool)>(),
    ) {
        let (comments, unknown_lines, incomplete) = asked;
        let asked = Asked { comments, unknown_lines, incomplete, ..Asked::default() };
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([stream.len()]) {
            pieces.push(&stream[at..cut]);
            at = cut;
        }
        prop_assert_eq!(run(asked, &pieces), oracle::read(&stream, asked));
    }

    /// Any bytes at all.
    #[test]
    fn any_bytes_equal_the_oracle(stream in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(run(Asked::default(), &[&stream]), oracle::read(&stream, Asked::default()));
    }
}
