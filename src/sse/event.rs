//! One item of an event stream, as a view: what stage 1 hands to stage 2.

use alloc::borrow::Cow;
use alloc::string::String;
use core::ops::Range;
use core::str::Utf8Error;

/// What an item of the stream is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An event that a blank line ended.
    Event,
    /// An event that the end of the input cut short; only with [`Framer::incomplete`](super::Framer::incomplete).
    Incomplete,
    /// A comment line; only with [`Framer::comments`](super::Framer::comments).
    Comment,
    /// A line that is no known field and no comment; only with
    /// [`Framer::unknown_lines`](super::Framer::unknown_lines).
    UnknownLine,
}

/// One item of an event stream: a view of the input where it lies whole in it, else of the framer's buffers.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub(super) event_type: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) last_event_id: &'a [u8],
    pub(super) start: u64,
    pub(super) extent: Extent<'a>,
    pub(super) kind: EventKind,
    pub(super) cut: bool,
}

/// The bytes of the stream that an item takes: themselves if they lie in one input, else how many.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent<'a> {
    Whole(&'a [u8]),
    Length(u64),
}

impl<'a> Event<'a> {
    /// An event from another source than [`Framer`](super::Framer): its type (empty for `message`) and its data.
    ///
    /// It has no last event id, an empty [`span`](Self::span) at 0 and no [`raw`](Self::raw).
    #[must_use]
    pub const fn new(event_type: &'a [u8], data: &'a [u8]) -> Self {
        Self {
            event_type,
            data,
            last_event_id: b"",
            start: 0,
            extent: Extent::Length(0),
            kind: EventKind::Event,
            cut: false,
        }
    }

    /// The event with this last event id.
    #[must_use]
    pub const fn with_last_event_id(mut self, id: &'a [u8]) -> Self {
        self.last_event_id = id;
        self
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// The type as sent; empty when the stream named none, which the standard calls `message`.
    #[must_use]
    pub const fn event_type(&self) -> &'a [u8] {
        self.event_type
    }

    /// The data: the data lines joined by LF. Of a comment what follows its colon and one space; of an unknown line all
    /// of it.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The data as text. O(length).
    ///
    /// # Errors
    /// The data is not UTF-8. The standard decodes with U+FFFD: see [`data_lossy`](Self::data_lossy).
    pub const fn data_str(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.data)
    }

    /// The data as text as the standard decodes it: with U+FFFD for what is not UTF-8. O(length); borrowed when all of
    /// it is UTF-8.
    #[must_use]
    pub fn data_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.data)
    }

    /// The stream's last event id as of this event, as sent; empty when there is none.
    #[must_use]
    pub const fn last_event_id(&self) -> &'a [u8] {
        self.last_event_id
    }

    /// Whether a comment or an unknown line was longer than its limit, and [`data`](Self::data) is only its beginning.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Where it lies in the stream, in bytes.
    ///
    /// Spans tile the stream: each begins where the one before ended, so that whatever came to no item (comments, blank
    /// lines, a byte order mark) is in the span of the next item. A span ends with the item's last line end; the LF of a
    /// final CR LF begins the next span, because a CR ends a line at once.
    #[must_use]
    pub const fn span(&self) -> Range<u64> {
        let length = match self.extent {
            Extent::Whole(raw) => raw.len() as u64,
            Extent::Length(length) => length,
        };
        self.start..self.start + length
    }

    /// The bytes of [`span`](Self::span) as they came, when all of them lie in the input that completed the item.
    #[must_use]
    pub const fn raw(&self) -> Option<&'a [u8]> {
        match self.extent {
            Extent::Whole(raw) => Some(raw),
            Extent::Length(_) => None,
        }
    }
}
