//! The engine of stage 2: the data of an event → its documents.

use super::chunk::{Chunk, ChunkError};
use crate::sse::Event;
use crate::{Error, Limits};

/// One document of an event's data.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Document<'a> {
    /// A JSON document.
    Chunk(Chunk<'a>),
    /// The data of an `event: error`, whole: JSON (the error itself, or an object with an `error` in it) or plain text.
    Error(ChunkError<'a>),
    /// `[DONE]`, blanks around it trimmed.
    Done,
    /// Data that begins with `:`, a comment that a proxy wrapped again. The text, colon included.
    Comment(&'a [u8]),
    /// Not JSON: the rest of the data from where the document began, and the fault with its offset in the stream.
    NotJson(&'a [u8], Error),
    /// The data lines do not join to JSON but each is a document, `[DONE]` or blank: the documents follow (a notice).
    SplitDataLines,
}

/// The shapes a stream met last: a stream keeps one and hands it to a shared [`Decoder`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RecentShapes {
    _numbers: [u8; 4],
}

/// Decodes event data into chunks.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
}

impl Decoder {
    /// A decoder with default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder with these limits.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits }
    }

    /// The documents of one event, one after the other; `recent` is the stream's own memory.
    pub fn documents<'d>(&'d mut self, event: Event<'d>, recent: &'d mut RecentShapes) -> Documents<'d> {
        let _ = (self.limits, recent);
        Documents { event }
    }
}

/// The documents of one event's data, in order: see [`Decoder::documents`].
#[derive(Debug)]
pub struct Documents<'d> {
    event: Event<'d>,
}

impl Documents<'_> {
    /// The next document; `None` when the data are used up.
    #[allow(clippy::should_implement_trait)] // it lends
    pub fn next(&mut self) -> Option<Document<'_>> {
        let _ = self.event;
        None
    }
}
