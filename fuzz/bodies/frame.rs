//! Target `frame`: any bytes, cut in any way, through the framer.
//!
//! - The items are those of the naive WHATWG oracle: events, comments, unknown lines, damage, what the end cut short;
//!   with their ids, offsets and limits.
//! - With nothing asked for and no limit in the way they are those of sse-core.
//! - Spans tile the stream, raw bytes are the stream's own.
//! - Each call takes input or says why not; each byte is searched for a line end at most once.
//! - What is held is bounded by what came, and by the limits.
//! - A reset framer is as good as a new one.

use deltawire::{ErrorKind, Framer, Leftover, Limits};

use super::plan::Plan;
use super::sse_oracle::{self, Asked, Item, Outcome};

/// What is asked for, and the limits: from the flags of the input.
#[derive(Clone, Copy, Debug)]
struct Settings {
    comments: bool,
    unknown_lines: bool,
    incomplete: bool,
    limits: Limits,
}

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let settings = Settings::from_flags(plan.flags);
    let pieces = plan.pieces();
    let Settings { comments, unknown_lines, incomplete, limits } = settings;
    let expected = sse_oracle::read(plan.stream, Asked { comments, unknown_lines, incomplete, limits });

    let mut framer = settings.framer();
    assert_eq!(frame(&mut framer, &pieces, plan.stream, settings), expected);
    framer.reset(); // keeps its buffers
    assert_eq!(frame(&mut framer, &pieces, plan.stream, settings), expected, "after a reset");

    if settings.is_plain() && expected.items.iter().all(|item| item.what.is_ok()) {
        let events: Vec<_> =
            expected.items.iter().map(|event| [unnamed(&event.event_type), &event.data].map(lossy)).collect();
        assert_eq!(frame_with_sse_core(&pieces), events);
    }
}

impl Settings {
    fn from_flags(flags: u8) -> Self {
        let mut limits = Limits::DEFAULT;
        if flags & 8 != 0 {
            limits.event_data = 24;
            limits.event_type = 8;
            limits.event_id = 8;
            limits.comment = 8;
            limits.unknown_line = 8;
        }
        if flags & 24 == 24 {
            limits.event_data = 0;
            limits.event_type = 0;
            limits.event_id = 0;
            limits.comment = 0;
            limits.unknown_line = 0;
        }
        Self { comments: flags & 1 != 0, unknown_lines: flags & 2 != 0, incomplete: flags & 4 != 0, limits }
    }

    fn is_plain(&self) -> bool {
        !self.comments && !self.unknown_lines && !self.incomplete && self.limits == Limits::DEFAULT
    }

    fn framer(&self) -> Framer {
        Framer::with_limits(self.limits)
            .comments(self.comments)
            .unknown_lines(self.unknown_lines)
            .incomplete(self.incomplete)
    }
}

/// Frames the pieces and checks whatever can be checked on the way.
fn frame(framer: &mut Framer, pieces: &[&[u8]], stream: &[u8], settings: Settings) -> Outcome {
    let mut items = Vec::new();
    let mut at = 0;
    let mut fed = 0;
    let held_before = framer.bytes_held();
    for piece in pieces {
        let mut input = *piece;
        while let Some(item) = pull(framer, &mut input, stream, &mut at) {
            items.push(item);
        }
        assert!(input.is_empty(), "nothing is left behind");
        fed += piece.len();
        assert_eq!(framer.offset(), fed as u64);
        assert_eq!(framer.span(), at as u64..fed as u64);
        bound_memory(framer, held_before, fed, settings);
    }
    // (cargo-fuzz sets `fuzzing`.)
    #[cfg(fuzzing)]
    assert!(framer.steps() <= fed as u64, "{} bytes searched of {fed}", framer.steps());
    let leftover = framer.end();
    assert_eq!(framer.end(), Leftover::Nothing, "the second end does nothing");
    while let Some(item) = pull(framer, &mut &[][..], stream, &mut at) {
        items.push(item);
    }
    bound_memory(framer, held_before, fed, settings);
    for _ in 0..2 {
        let mut more = &b"data: x\n\n"[..];
        match framer.next(&mut more) {
            Some(Err(error)) => assert_eq!((error.kind(), error.offset()), (ErrorKind::FedAfterEnd, fed as u64)),
            other => panic!("fed after the end: {other:?}"),
        }
        assert!(more.is_empty() && framer.next(&mut more).is_none());
        // What was refused counts as taken: only the first offset is that of the end.
        fed = framer.offset() as usize;
    }
    Outcome { items, leftover, last_event_id: framer.last_event_id().to_vec(), retry: framer.retry() }
}

fn pull(framer: &mut Framer, input: &mut &[u8], stream: &[u8], at: &mut usize) -> Option<Item> {
    let before = *input;
    if !framer.advance(input) {
        assert!(framer.event(before).is_none());
        return None;
    }
    let span = framer.span();
    assert_eq!(span.start, *at as u64, "spans tile the stream");
    *at = span.end as usize;
    let last_event_id = framer.last_event_id().to_vec();
    Some(match framer.event(before)? {
        Ok(event) => {
            assert_eq!(event.span(), span);
            if let Some(raw) = event.raw() {
                assert_eq!(raw, &stream[span.start as usize..span.end as usize]);
            }
            assert_eq!(event.last_event_id(), last_event_id);
            Item {
                what: Ok(event.kind()),
                event_type: event.event_type().to_vec(),
                data: event.data().to_vec(),
                last_event_id,
                cut: event.is_cut(),
                end: span.end,
            }
        }
        Err(error) => {
            assert_eq!(error.offset(), span.start);
            let ErrorKind::Limit(kind) = error.kind() else { panic!("not damage: {error}") };
            // Of damage only the kind and the place count.
            let (event_type, data, last_event_id) = Default::default();
            Item { what: Err(kind), event_type, data, last_event_id, cut: false, end: span.end }
        }
    })
}

/// Twice what came or what the limits let in, and a little: buffers double.
fn bound_memory(framer: &Framer, held_before: usize, fed: usize, settings: Settings) {
    let limits = settings.limits;
    let admitted = limits.event_data + limits.event_type + 3 * limits.event_id + limits.comment + limits.unknown_line;
    let held = framer.bytes_held();
    assert!(held <= held_before + 1024 + 2 * fed.min(admitted), "{held} bytes held after {fed}");
}

/// Type and data of each event by another crate.
fn frame_with_sse_core(pieces: &[&[u8]]) -> Vec<[String; 2]> {
    let mut decoder = sse_core::SseDecoder::with_limit(std::num::NonZeroUsize::MAX);
    let mut events = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        while let Some(event) = decoder.next(&mut input) {
            if let Ok(sse_core::SseEvent::Message(event)) = event {
                events.push([unnamed(event.event.as_bytes()), event.data.as_bytes()].map(lossy));
            }
        }
    }
    events
}

/// A type `message` is as good as none.
fn unnamed(event_type: &[u8]) -> &[u8] {
    if event_type == b"message" { b"" } else { event_type }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
