//! One item of an event stream, as a view: what stage 1 hands to stage 2.

use alloc::borrow::Cow;
use core::ops::Range;

/// What an item of the stream is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An event that a blank line ended.
    Event,
    /// An event that the end of the input cut short; only when asked for.
    Incomplete,
    /// A comment line (after its colon and one optional space); only when asked for.
    Comment,
    /// A line that is no known field and no comment, whole; only when asked for.
    UnknownLine,
}

/// One item of an event stream.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub(super) kind: EventKind,
    pub(super) event_type: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) raw: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// An event from another source than [`Framer`](super::Framer): its type (empty for `message`) and its data.
    #[must_use]
    pub const fn new(event_type: &'a [u8], data: &'a [u8]) -> Self {
        Self { kind: EventKind::Event, event_type, data, start: 0, end: 0, raw: None }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// The type as sent, without the default: empty when the stream named none.
    #[must_use]
    pub const fn event_type(&self) -> &'a [u8] {
        self.event_type
    }

    /// The data: data lines joined by LF; of a comment or an unknown line its text.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The data as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn data_lossy(&self) -> Cow<'a, str> {
        alloc::string::String::from_utf8_lossy(self.data)
    }

    /// Where it lies in the stream, in bytes; spans tile the stream.
    #[must_use]
    pub const fn span(&self) -> Range<u64> {
        self.start..self.end
    }
}
