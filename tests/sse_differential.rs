//! Random streams under random splits: the framer against the naive oracle and two crates that follow the standard.

#[path = "support/sse_oracle.rs"]
mod oracle;

use deltawire::{EventKind, Framer};
use oracle::{Dispatched, Outcome};

/// A small generator (SplitMix64), so that a run is the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }
}

const WORDS: &[&[u8]] = &[
    b"data",
    b"data:",
    b"data: ",
    b"data:  x",
    b"event",
    b"event: ",
    b"id",
    b"id:",
    b"id: 7",
    b"retry: ",
    b"retry:12",
    b":",
    b": note",
    b"dat",
    b"datax",
    b"{\"a\":1}",
    b"\0",
    b" ",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xC3\xA9",
    b"0",
    b"9",
    b"a long text value",
];
const ENDS: [&[&[u8]]; 4] =
    [&[b"\n"], &[b"\r\n"], &[b"\r"], &[b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r"]];

fn stream(random: &mut Random) -> Vec<u8> {
    let ends = ENDS[random.below(4)];
    let mut bytes = Vec::new();
    if random.below(4) == 0 {
        bytes.extend_from_slice(&b"\xEF\xBB\xBF"[..random.below(4)]);
    }
    for _ in 0..random.below(12) {
        for _ in 0..random.below(4) {
            bytes.extend_from_slice(random.pick(WORDS));
        }
        for _ in 0..random.below(3) {
            bytes.extend_from_slice(random.pick(ends));
        }
    }
    bytes
}

/// Pieces of random sizes, empty ones among them.
fn split<'a>(random: &mut Random, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let most = [1, 2, 5, 30, 1000][random.below(5)];
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(random.below(most + 1).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

fn framed(pieces: &[&[u8]]) -> Outcome {
    let mut framer = Framer::new();
    let mut out = Outcome::default();
    let mut at = 0;
    for piece in pieces {
        let mut input = *piece;
        while let Some(event) = framer.next(&mut input) {
            let event = event.expect("nothing is over a limit");
            assert_eq!(event.kind(), EventKind::Event);
            assert_eq!(event.span().start, at, "spans tile");
            at = event.span().end;
            out.events.push(Dispatched {
                event_type: event.event_type().to_vec(),
                data: event.data().to_vec(),
                last_event_id: event.last_event_id().to_vec(),
                end: event.span().end,
            });
        }
        assert!(input.is_empty());
    }
    out.last_event_id = framer.last_event_id().to_vec();
    out.retry = framer.retry();
    framer.end();
    assert!(framer.next(&mut &[][..]).is_none(), "nothing was asked for at the end");
    out
}

#[test]
fn framer_equals_the_oracle() {
    let mut random = Random(1);
    for round in 0..100_000 {
        let bytes = stream(&mut random);
        let expected = oracle::read(&bytes);
        let pieces = split(&mut random, &bytes);
        assert_eq!(
            framed(&pieces),
            expected,
            "round {round}: {:?}",
            pieces.iter().map(|p| p.escape_ascii().to_string()).collect::<Vec<_>>()
        );
    }
}
