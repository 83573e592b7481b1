//! Target `frame`: any bytes, cut in any way, through the framer.
//!
//! - The items are those of a naive reading of the whole stream (below): events, comments, unknown lines, damage, what
//!   the end cut short; with their ids, offsets and limits.
//! - With nothing asked for and no limit in the way they are those of the plain WHATWG oracle, and those of sse-core.
//! - Spans tile the stream, raw bytes are the stream's own.
//! - Each call takes input or says why not; each byte is searched for a line end at most once.
//! - What is held is bounded by what came, and by the limits.
//! - A reset framer is as good as a new one.

use deltawire::{ErrorKind, EventKind, Framer, Leftover, LimitKind, Limits};

use super::plan::Plan;
use super::sse_oracle;

/// What is asked for, and the limits: from the flags of the input.
#[derive(Clone, Copy, Debug)]
struct Settings {
    comments: bool,
    unknown_lines: bool,
    incomplete: bool,
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Event(EventKind),
    Damage(LimitKind),
}

/// An item, owned. Of damage only the kind, the id and the place count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    kind: Kind,
    event_type: Vec<u8>,
    data: Vec<u8>,
    last_event_id: Vec<u8>,
    cut: bool,
    end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    items: Vec<Item>,
    leftover: Leftover,
    last_event_id: Vec<u8>,
    retry: Option<u64>,
}

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let settings = Settings::from_flags(plan.flags);
    let pieces = plan.pieces();
    let expected = read_naively(plan.stream, settings);

    let mut framer = settings.framer();
    assert_eq!(frame(&mut framer, &pieces, plan.stream, settings), expected);
    framer.reset(); // keeps its buffers
    assert_eq!(frame(&mut framer, &pieces, plan.stream, settings), expected, "after a reset");

    if settings.is_plain() {
        let plain = sse_oracle::read(plan.stream, sse_oracle::Asked::default());
        let events: Vec<_> = plain
            .items
            .into_iter()
            .map(|event| Item {
                kind: Kind::Event(event.what.expect("nothing is over a limit")),
                event_type: event.event_type,
                data: event.data,
                last_event_id: event.last_event_id,
                cut: event.cut,
                end: event.end as usize,
            })
            .collect();
        assert_eq!(events, expected.items);
        assert_eq!((plain.last_event_id, plain.retry), (expected.last_event_id, expected.retry));
        assert_eq!(
            frame_with_sse_core(&pieces),
            expected.items.iter().map(|event| [unnamed(&event.event_type), &event.data].map(lossy)).collect::<Vec<_>>()
        );
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
fn frame(framer: &mut Framer, pieces: &[&[u8]], stream: &[u8], settings: Settings) -> Read {
    let mut items = Vec::new();
    let mut at = 0;
    let mut fed = 0;
    let held_before = framer.heap_bytes();
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
    Read { items, leftover, last_event_id: framer.last_event_id().to_vec(), retry: framer.retry() }
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
    let item = match framer.event(before)? {
        Ok(event) => {
            assert_eq!(event.span(), span);
            if let Some(raw) = event.raw() {
                assert_eq!(raw, &stream[span.start as usize..span.end as usize]);
            }
            assert_eq!(event.last_event_id(), last_event_id);
            Item {
                kind: Kind::Event(event.kind()),
                event_type: event.event_type().to_vec(),
                data: event.data().to_vec(),
                last_event_id,
                cut: event.is_cut(),
                end: *at,
            }
        }
        Err(error) => {
            assert_eq!(error.offset(), span.start);
            let ErrorKind::Limit(kind) = error.kind() else { panic!("not damage: {error}") };
            Item {
                kind: Kind::Damage(kind),
                event_type: Vec::new(),
                data: Vec::new(),
                last_event_id,
                cut: false,
                end: *at,
            }
        }
    };
    Some(item)
}

/// Twice what came or what the limits let in, and a little: buffers double.
fn bound_memory(framer: &Framer, held_before: usize, fed: usize, settings: Settings) {
    let limits = settings.limits;
    let admitted = limits.event_data + limits.event_type + 3 * limits.event_id + limits.comment + limits.unknown_line;
    let held = framer.heap_bytes();
    assert!(held <= held_before + 1024 + 2 * fed.min(admitted), "{held} bytes held after {fed}");
}

/// The whole stream at once, line by line, everything copied.
fn read_naively(stream: &[u8], settings: Settings) -> Read {
    let Settings { limits, .. } = settings;
    let mut items = Vec::new();
    let mut committed: Vec<u8> = Vec::new();
    let mut retry = None;
    let mut block = Block::default();
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while let Some(length) = stream[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = &stream[at..at + length];
        let end = at + length + 1;
        at = if stream[end - 1..].starts_with(b"\r\n") { end + 1 } else { end };
        if !line.is_empty() {
            if let Some((kind, text, cut)) = block.line(line, settings) {
                items.push(item(Kind::Event(kind), b"", &text, &committed, cut, end));
            }
            retry = block.retry.take().or(retry);
            continue;
        }
        let Block { data, event_type, id, damage, .. } = std::mem::take(&mut block);
        if let Some(id) = id {
            committed = id;
        }
        if let Some(limit) = damage {
            items.push(item(Kind::Damage(limit), b"", b"", &committed, false, end));
        } else if let Some(data) = data {
            let event_type = event_type.unwrap_or_default();
            items.push(item(Kind::Event(EventKind::Event), &event_type, &data, &committed, false, end));
        }
    }
    // What has no line end. An unfinished field counts as far as it goes, but for an id and a retry.
    let (rest, end) = (&stream[at..], stream.len());
    let mut leftover = Leftover::Nothing;
    if !rest.is_empty() {
        leftover = Leftover::Line;
        match field_of(rest) {
            Some((b"id", value)) => {
                leftover = Leftover::Incomplete;
                if value.len() > limits.event_id {
                    block.damage.get_or_insert(LimitKind::EventId);
                }
            }
            Some((b"retry", _)) => {}
            Some(_) => {
                leftover = Leftover::Incomplete;
                block.line(rest, settings);
            }
            None => {
                if let Some((kind, text, cut)) = block.line(rest, settings) {
                    items.push(item(Kind::Event(kind), b"", &text, &committed, cut, end));
                }
            }
        }
    }
    if block.data.is_some() || block.event_type.is_some() || block.id.is_some() || block.damage.is_some() {
        leftover = Leftover::Incomplete;
    }
    match (block.damage, block.data) {
        (Some(limit), _) => items.push(item(Kind::Damage(limit), b"", b"", &committed, false, end)),
        (None, Some(data)) if settings.incomplete => {
            let event_type = block.event_type.unwrap_or_default();
            items.push(item(Kind::Event(EventKind::Incomplete), &event_type, &data, &committed, false, end));
        }
        _ => {}
    }
    Read { items, leftover, last_event_id: committed, retry }
}

/// The lines since the last blank one.
#[derive(Clone, Debug, Default)]
struct Block {
    data: Option<Vec<u8>>,
    event_type: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    retry: Option<u64>,
    damage: Option<LimitKind>,
}

impl Block {
    /// Takes a line; the item that it is by itself, if it is one.
    fn line(&mut self, line: &[u8], settings: Settings) -> Option<(EventKind, Vec<u8>, bool)> {
        let Settings { limits, comments, unknown_lines, .. } = settings;
        match field_of(line) {
            Some((b"data", value)) => {
                let joined = match self.data.take() {
                    Some(data) => [&data[..], b"\n", value].concat(),
                    None => value.to_vec(),
                };
                if joined.len() > limits.event_data {
                    self.damage.get_or_insert(LimitKind::EventData);
                }
                self.data = Some(joined);
            }
            Some((b"event", value)) => {
                if value.len() > limits.event_type {
                    self.damage.get_or_insert(LimitKind::EventType);
                }
                self.event_type = Some(value.to_vec());
            }
            Some((b"id", value)) => {
                if value.len() > limits.event_id {
                    self.damage.get_or_insert(LimitKind::EventId);
                } else if !value.contains(&0) {
                    self.id = Some(value.to_vec());
                }
            }
            Some((_, value)) => {
                if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
                    self.retry = std::str::from_utf8(value).expect("digits").parse().ok();
                }
            }
            None if line[0] == b':' => {
                let value = line[1..].strip_prefix(b" ").unwrap_or(&line[1..]);
                return comments.then(|| cut(EventKind::Comment, value, limits.comment));
            }
            None => return unknown_lines.then(|| cut(EventKind::UnknownLine, line, limits.unknown_line)),
        }
        None
    }
}

/// Name and value of a line that is a field which the standard knows.
fn field_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
    let value = line.get(colon + 1..).unwrap_or_default();
    let name = &line[..colon];
    let known = [&b"data"[..], b"event", b"id", b"retry"].contains(&name);
    known.then(|| (name, value.strip_prefix(b" ").unwrap_or(value)))
}

fn cut(kind: EventKind, text: &[u8], limit: usize) -> (EventKind, Vec<u8>, bool) {
    (kind, text[..text.len().min(limit)].to_vec(), text.len() > limit)
}

fn item(kind: Kind, event_type: &[u8], data: &[u8], last_event_id: &[u8], cut: bool, end: usize) -> Item {
    Item { kind, event_type: event_type.to_vec(), data: data.to_vec(), last_event_id: last_event_id.to_vec(), cut, end }
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
