//! Runs a stream through a framer, cut into pieces, and notes all that can be seen of it.

use deltawire::{Error, ErrorKind, Event, Framer};

use crate::oracle::{Asked, Item, Outcome};

/// A framer that does what is asked.
pub(crate) fn framer(asked: Asked) -> Framer {
    Framer::with_limits(asked.limits)
        .comments(asked.comments)
        .unknown_lines(asked.unknown_lines)
        .incomplete(asked.incomplete)
}

/// All that these pieces give.
pub(crate) fn run(asked: Asked, pieces: &[&[u8]]) -> Outcome {
    let mut framer = framer(asked);
    let mut items = Vec::new();
    let mut base = 0;
    for piece in pieces {
        let mut input = *piece;
        loop {
            let before = input;
            if !framer.advance(&mut input) {
                assert!(framer.event(before).is_none());
                break;
            }
            let found = framer.event(before).expect("there is an item");
            let start = base + (piece.len() - before.len()) as u64;
            let used = before.len() - input.len();
            assert_eq!(framer.span().end, start + used as u64, "a span ends where the input now begins");
            if let Ok(event) = found {
                let raw = (framer.span().start == start).then_some(&before[..used]);
                assert_eq!(event.raw(), raw, "raw is there exactly when the item lies whole in the input");
            }
            items.push(note(&framer, found, &items));
        }
        assert!(input.is_empty(), "an input is used up");
        base += piece.len() as u64;
        assert_eq!(framer.offset(), base);
    }
    let last_event_id = framer.last_event_id().to_vec();
    let leftover = framer.end();
    while framer.advance(&mut &[][..]) {
        items.push(note(&framer, framer.event(&[]).expect("there is an item"), &items));
    }
    assert_eq!(framer.last_event_id(), last_event_id, "the end commits no id");
    Outcome { items, last_event_id, retry: framer.retry(), leftover }
}

fn note(framer: &Framer, found: Result<Event<'_>, Error>, before: &[Item]) -> Item {
    let span = framer.span();
    assert_eq!(span.start, before.last().map_or(0, |item| item.end), "spans tile the stream");
    match found {
        Ok(event) => {
            assert_eq!(event.span(), span);
            Item {
                what: Ok(event.kind()),
                event_type: event.event_type().to_vec(),
                data: event.data().to_vec(),
                last_event_id: event.last_event_id().to_vec(),
                cut: event.is_cut(),
                end: span.end,
            }
        }
        Err(error) => {
            assert_eq!(error.offset(), span.start, "damage is reported where its event starts");
            let ErrorKind::Limit(limit) = error.kind() else { panic!("{error}") };
            Item {
                what: Err(limit),
                event_type: Vec::new(),
                data: Vec::new(),
                last_event_id: Vec::new(),
                cut: false,
                end: span.end,
            }
        }
    }
}

/// Runs a stream whole, bytewise, at every cut, and if it is short at every pair of cuts; each must give `expected`.
pub(crate) fn run_every_way(name: &str, asked: Asked, stream: &[u8], expected: &Outcome) {
    let check = |pieces: &[&[u8]]| {
        let got = run(asked, pieces);
        assert!(got == *expected, "{name}, as {}\n got {got:#?}\nexpected {expected:#?}", show(pieces));
    };
    check(&[stream]);
    check(&stream.chunks(1).collect::<Vec<_>>());
    check(&stream.chunks(1).flat_map(|byte| [byte, &[]]).collect::<Vec<_>>());
    for i in 0..=stream.len() {
        let (a, rest) = stream.split_at(i);
        check(&[a, rest]);
        if stream.len() <= 512 {
            for j in 0..=rest.len() {
                let (b, c) = rest.split_at(j);
                check(&[a, b, c]);
            }
        }
    }
}

pub(crate) fn show(pieces: &[&[u8]]) -> String {
    pieces.iter().map(|piece| format!("\"{}\"", piece.escape_ascii())).collect::<Vec<_>>().join(" | ")
}

/// A small generator (SplitMix64), so that a run is the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Pieces of random sizes, empty ones among them.
    pub(crate) fn split<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let most = self.pick(&[1, 2, 5, 30, 1000]);
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.below(most + 1).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}
