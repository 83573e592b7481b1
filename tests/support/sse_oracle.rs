//! The WHATWG rules for event streams (HTML standard, section 9.2.6), as naively as they can be written down: the whole
//! stream at once, line by line, everything copied. What the framer is held against, in tests and in fuzz targets.
//! What the standard does not speak of (items on request, limits) is modelled too, as the crate's docs define it.

use deltawire::{EventKind, Leftover, LimitKind, Limits};

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) comments: bool,
    pub(crate) unknown_lines: bool,
    pub(crate) incomplete: bool,
    pub(crate) limits: Limits,
}

/// An item, and where it ends in the stream: just past its last line end, past the CR of a CR LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) what: Result<EventKind, LimitKind>,
    pub(crate) event_type: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) cut: bool,
    pub(crate) end: u64,
}

/// What a whole stream gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) items: Vec<Item>,
    pub(crate) last_event_id: Vec<u8>,
    pub(crate) retry: Option<u64>,
    pub(crate) leftover: Leftover,
}

/// What has come since the last blank line.
#[derive(Default)]
struct Block {
    begun: bool,
    event_type: Vec<u8>,
    data: Vec<u8>,
    damage: Option<LimitKind>,
}

/// Reads a whole stream.
pub(crate) fn read(stream: &[u8], asked: Asked) -> Outcome {
    let limits = asked.limits;
    let mut out = Outcome { items: Vec::new(), last_event_id: Vec::new(), retry: None, leftover: Leftover::Nothing };
    let mut block = Block::default();
    let mut id_buffer = Vec::new();
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while at < stream.len() {
        let length = stream[at..].iter().position(|&b| b == b'\n' || b == b'\r');
        let line = &stream[at..at + length.unwrap_or(stream.len() - at)];
        let end = (at + line.len() + 1).min(stream.len());
        at = if stream[at + line.len()..].starts_with(b"\r\n") { end + 1 } else { end };
        if line.is_empty() {
            out.last_event_id = id_buffer.clone();
            let Block { event_type, data, damage, .. } = std::mem::take(&mut block);
            if let Some(limit) = damage {
                out.item(Err(limit), b"", b"", false, end);
            } else if let Some((_last_lf, data)) = data.split_last() {
                out.item(Ok(EventKind::Event), &event_type, data, false, end);
            }
            continue;
        }
        let (field, value) = match line.iter().position(|&b| b == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        // The standard does not process a line that the end of the stream cuts short.
        let finished = length.is_some();
        if !finished {
            out.leftover = match field {
                b"data" | b"event" | b"id" => Leftover::Incomplete,
                _ => Leftover::Line,
            };
        }
        match field {
            b"data" => {
                block.begun = true;
                block.data.extend_from_slice(value);
                block.data.push(b'\n');
                block.over(LimitKind::EventData, block.data.len() - 1, limits.event_data);
            }
            b"event" => {
                block.begun = true;
                block.event_type = value.to_vec();
                block.over(LimitKind::EventType, value.len(), limits.event_type);
            }
            b"id" => {
                block.begun = true;
                block.over(LimitKind::EventId, value.len(), limits.event_id);
                if finished && !value.contains(&0) && value.len() <= limits.event_id {
                    id_buffer = value.to_vec();
                }
            }
            b"retry" => {
                let digits = std::str::from_utf8(value).unwrap_or_default();
                if finished && digits.bytes().all(|b| b.is_ascii_digit()) {
                    // Empty, or beyond u64 milliseconds: no time.
                    out.retry = digits.parse().ok().or(out.retry);
                }
            }
            b"" if line[0] == b':' => {
                if asked.comments {
                    out.line(EventKind::Comment, value, limits.comment, end);
                }
            }
            _ => {
                if asked.unknown_lines {
                    out.line(EventKind::UnknownLine, line, limits.unknown_line, end);
                }
            }
        }
    }
    if block.begun {
        out.leftover = Leftover::Incomplete;
    }
    if let Some(limit) = block.damage {
        out.item(Err(limit), b"", b"", false, stream.len());
    } else if asked.incomplete
        && let Some((_last_lf, data)) = block.data.split_last()
    {
        out.item(Ok(EventKind::Incomplete), &block.event_type, data, false, stream.len());
    }
    out
}

impl Block {
    fn over(&mut self, kind: LimitKind, length: usize, limit: usize) {
        if length > limit {
            self.damage.get_or_insert(kind);
        }
    }
}

impl Outcome {
    fn item(&mut self, what: Result<EventKind, LimitKind>, event_type: &[u8], data: &[u8], cut: bool, end: usize) {
        self.items.push(Item {
            what,
            event_type: event_type.to_vec(),
            data: data.to_vec(),
            last_event_id: if what.is_ok() { self.last_event_id.clone() } else { Vec::new() },
            cut,
            end: end as u64,
        });
    }

    fn line(&mut self, kind: EventKind, text: &[u8], limit: usize, end: usize) {
        self.item(Ok(kind), b"", &text[..text.len().min(limit)], text.len() > limit, end);
    }
}
