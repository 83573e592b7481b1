//! Events → bytes of an event stream.

use alloc::vec::Vec;
use core::fmt;

use memchr::{memchr, memchr2};

use crate::sse::{Event, EventKind};

/// Writes an event stream, item by item, into a buffer of the caller's.
///
/// Reading it with a [`Framer`](crate::Framer) gives the same items: types, data and last event ids. Whatever no event
/// stream can say (a line end inside a type, see [`EncodeError`]) is refused, so that no text of an event can end its line
/// and pass for another field or another event.
///
/// ```
/// use deltawire::{Event, EventWriter};
///
/// let mut out = Vec::new();
/// let mut writer = EventWriter::new();
/// writer.comment(&mut out, b"hello")?;
/// writer.event(&mut out, &Event::new(b"", b"two\nlines"))?;
/// writer.event(&mut out, &Event::new(b"error", b"{}").with_last_event_id(b"7"))?;
/// assert_eq!(out, b": hello\n\ndata: two\ndata: lines\n\nevent: error\nid: 7\ndata: {}\n\n");
/// # Ok::<(), deltawire::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    /// As the reader has it by now.
    last_event_id: Vec<u8>,
}

impl EventWriter {
    /// A writer at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an item of a stream to `out`, with the line ends that it needs; O(its length).
    ///
    /// An event gets an `event` field if it has a type, an `id` field if its
    /// [last event id](Event::last_event_id) is not that of the event before, and a `data` field for each line of its data.
    /// One that the end of its stream cut short ([`EventKind::Incomplete`]) is written whole. A comment and an unknown line
    /// are written as such.
    ///
    /// # Errors
    /// A field holds what it cannot: nothing was written.
    pub fn event(&mut self, out: &mut Vec<u8>, event: &Event<'_>) -> Result<(), EncodeError> {
        match event.kind() {
            EventKind::Comment => return self.comment(out, event.data()),
            EventKind::UnknownLine => {
                one_line(EventField::UnknownLine, event.data())?;
                if event.data().starts_with(b"\xef\xbb\xbf") {
                    out.push(b'\n'); // at the start of a stream it would be taken for a byte order mark
                }
                out.extend_from_slice(event.data());
                out.push(b'\n');
                return Ok(());
            }
            EventKind::Event | EventKind::Incomplete => {}
        }
        let (event_type, id, data) = (event.event_type(), event.last_event_id(), event.data());
        one_line(EventField::Type, event_type)?;
        one_line(EventField::Id, id)?;
        if let Some(offset) = memchr(0, id) {
            return Err(EncodeError { field: EventField::Id, offset });
        }
        if let Some(offset) = memchr(b'\r', data) {
            return Err(EncodeError { field: EventField::Data, offset });
        }
        if !event_type.is_empty() {
            field(out, b"event", event_type);
        }
        if id != self.last_event_id {
            field(out, b"id", id);
            self.last_event_id.clear();
            self.last_event_id.extend_from_slice(id);
        }
        for line in data.split(|&byte| byte == b'\n') {
            field(out, b"data", line);
        }
        out.push(b'\n');
        Ok(())
    }

    /// Appends a comment, which readers ignore: a heartbeat. O(its length).
    ///
    /// # Errors
    /// It holds a line end: nothing was written.
    pub fn comment(&mut self, out: &mut Vec<u8>, text: &[u8]) -> Result<(), EncodeError> {
        one_line(EventField::Comment, text)?;
        field(out, b"", text);
        out.push(b'\n');
        Ok(())
    }

    /// Appends the time, in milliseconds, that a reader is to wait before it connects again.
    pub fn retry(&mut self, out: &mut Vec<u8>, milliseconds: u64) {
        out.extend_from_slice(b"retry: ");
        super::json::unsigned(out, milliseconds);
        out.extend_from_slice(b"\n\n");
    }
}

/// A field that could not be written: it holds, at `offset` bytes, a line end (in data a CR; an LF there begins the next
/// data line), or in an id a NUL, for which readers ignore the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncodeError {
    field: EventField,
    offset: usize,
}

/// A part of an event stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventField {
    /// The event's type.
    Type,
    /// The last event id.
    Id,
    /// The data.
    Data,
    /// A comment.
    Comment,
    /// A line that is no known field.
    UnknownLine,
}

impl EncodeError {
    /// Which field.
    #[must_use]
    pub const fn field(&self) -> EventField {
        self.field
    }

    /// Where in the field, in bytes.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = match self.field {
            EventField::Type => "an event type",
            EventField::Id => "an event id",
            EventField::Data => "event data",
            EventField::Comment => "a comment",
            EventField::UnknownLine => "a line",
        };
        write!(f, "what {field} cannot hold, at its byte {}", self.offset)
    }
}

impl core::error::Error for EncodeError {}

fn one_line(field: EventField, text: &[u8]) -> Result<(), EncodeError> {
    memchr2(b'\r', b'\n', text).map_or(Ok(()), |offset| Err(EncodeError { field, offset }))
}

/// One line: a reader takes one space off the value.
fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.push(b':');
    if !value.is_empty() {
        out.push(b' ');
        out.extend_from_slice(value);
    }
    out.push(b'\n');
}
