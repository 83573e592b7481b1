//! Any `std::io::Read` → events or updates, for blocking clients.

use std::io::{self, Read};

use super::chat::{Chat, Step};
use super::{DecoderSource, StreamError};
use crate::{Completion, Decoder, Error, Event, Framer, Options, OwnedUpdate, Update};

/// Bytes that are asked of the reader at a time.
const READ: usize = 16 << 10;

/// A reader and the bytes of its last read that are not decoded yet.
#[derive(Debug)]
struct Source<R> {
    reader: R,
    buffer: Vec<u8>,
    unread: core::ops::Range<usize>,
}

impl<R> Source<R> {
    fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), unread: 0..0 }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.clone()]
    }
}

impl<R: Read> Source<R> {
    /// Reads once, again where it was interrupted; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.unread = 0..0;
        self.buffer.resize(READ, 0);
        loop {
            match self.reader.read(&mut self.buffer) {
                Ok(length) => {
                    self.unread = 0..length;
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The updates of a streamed chat completion from any [`Read`]: a blocking client's body, a file, standard input.
///
/// [`next`](Self::next) lends each update; the `Iterator` gives [`OwnedUpdate`]s. It reads when all updates of the bytes
/// before were taken, at most 16,384 bytes at a time, and never after `[DONE]`. A read that was interrupted is tried
/// again; any other error is given once and ends the input there (also `WouldBlock`: for a non-blocking source use a
/// [`ChatStream`](crate::ChatStream)).
///
/// ```
/// use deltawire::{ChatReader, Update};
///
/// let body = &b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n"[..];
/// let mut updates = ChatReader::new(body);
/// while let Some(update) = updates.next() {
///     if let Update::Text { text, .. } = update? {
///         assert_eq!(text, "Hi");
///     }
/// }
/// assert_eq!(updates.into_completion().choices[0].message.content, "Hi");
/// # Ok::<(), deltawire::StreamError<std::io::Error>>(())
/// ```
#[derive(Debug)]
pub struct ChatReader<R, D = Decoder> {
    source: Source<R>,
    chat: Chat<D>,
}

impl<R: Read> ChatReader<R> {
    /// The updates of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, Options::default(), Decoder::new())
    }
}

impl<R: Read, D: DecoderSource> ChatReader<R, D> {
    /// As [`new`](ChatReader::new), with options and with a decoder from elsewhere: see [`DecoderSource`].
    pub fn with_decoder(reader: R, options: Options, decoder: D) -> Self {
        Self { source: Source::new(reader), chat: Chat::new(options, decoder) }
    }

    /// The next update, lent until the next call; `None` at the end.
    ///
    /// # Errors
    /// The reader's error; a limit of the message, after all updates before it.
    #[allow(clippy::should_implement_trait)] // it lends; the trait's gives owned ones
    pub fn next(&mut self) -> Option<Result<Update<'_>, StreamError<io::Error>>> {
        match self.advance() {
            Ok(true) => self.chat.update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Moves to the next update, which [`update`](Self::update) lends; `Ok(false)` at the end: for wrappers.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn advance(&mut self) -> Result<bool, StreamError<io::Error>> {
        loop {
            let mut input = self.source.unread();
            let step = self.chat.step(&mut input);
            self.source.unread.start = self.source.unread.end - input.len();
            match step? {
                Step::Update => return Ok(true),
                Step::Over => return Ok(false),
                Step::Read if self.chat.is_done() => self.chat.end(),
                Step::Read => match self.source.fill() {
                    Ok(true) => {}
                    Ok(false) => self.chat.end(),
                    Err(error) => {
                        self.chat.end();
                        return Err(StreamError::Transport(error));
                    }
                },
            }
        }
    }

    /// The update that [`advance`](Self::advance) moved to.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.chat.update()
    }

    /// The message so far, at any time. Cost: a copy of it.
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.chat.completion()
    }

    /// Stops here and gives the message: the whole one at the end of the stream, else what came so far, as truncated.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        self.chat.into_completion()
    }

    /// Whether `[DONE]` came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.chat.is_done()
    }
}

impl<R: Read, D: DecoderSource> Iterator for ChatReader<R, D> {
    type Item = Result<OwnedUpdate, StreamError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => self.chat.owned_update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R: Read, D: DecoderSource> core::iter::FusedIterator for ChatReader<R, D> {}

/// The server-sent events from any [`Read`].
///
/// [`next`](Self::next) lends each event and copies nothing. With the feature `stream` or `codec` it is an `Iterator` of
/// `OwnedEvent`s too. A bad event (one over a limit) is an item, not the end; a reader's error is given once and ends
/// the input there. It reads as [`ChatReader`] does.
#[derive(Debug)]
pub struct EventReader<R> {
    source: Source<R>,
    framer: Framer,
    /// The item at hand takes the bytes before `source.unread`, from here on.
    item: usize,
    ended: bool,
    over: bool,
    #[cfg(any(feature = "stream", feature = "codec"))]
    owner: super::event::EventOwner,
}

impl<R: Read> EventReader<R> {
    /// The events of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self::with_framer(reader, Framer::new())
    }

    /// As [`new`](Self::new) with a framer, which says what is handed out besides events, the limits, and the last event id.
    pub fn with_framer(reader: R, framer: Framer) -> Self {
        Self {
            source: Source::new(reader),
            framer,
            item: 0,
            ended: false,
            over: false,
            #[cfg(any(feature = "stream", feature = "codec"))]
            owner: super::event::EventOwner::default(),
        }
    }

    /// The next event, lent until the next call; `None` at the end.
    ///
    /// # Errors
    /// The reader's error; an event over a limit, after which the next is given.
    #[allow(clippy::should_implement_trait)] // it lends; the trait's gives owned ones
    pub fn next(&mut self) -> Option<Result<Event<'_>, StreamError<io::Error>>> {
        match self.advance() {
            Ok(true) => self.event().map(|event| event.map_err(StreamError::Decode)),
            Ok(false) => None,
            Err(error) => Some(Err(StreamError::Transport(error))),
        }
    }

    /// Moves to the next event, which [`event`](Self::event) lends; `Ok(false)` at the end: for wrappers.
    ///
    /// # Errors
    /// The reader's error.
    pub fn advance(&mut self) -> io::Result<bool> {
        while !self.over {
            self.item = self.source.unread.start;
            let mut input = self.source.unread();
            let found = self.framer.advance(&mut input);
            self.source.unread.start = self.source.unread.end - input.len();
            if found {
                return Ok(true);
            }
            if self.ended {
                self.over = true;
                break;
            }
            self.item = 0;
            let read = self.source.fill();
            if !matches!(read, Ok(true)) {
                self.ended = true;
                self.framer.end();
            }
            read?;
        }
        Ok(false)
    }

    /// The event that [`advance`](Self::advance) moved to.
    ///
    /// # Errors
    /// The event is over a limit; the stream goes on.
    pub fn event(&self) -> Option<Result<Event<'_>, Error>> {
        self.framer.event(&self.source.buffer[self.item..self.source.unread.end])
    }

    /// The framer, for its last event id and reconnection time.
    #[must_use]
    pub fn framer(&self) -> &Framer {
        &self.framer
    }
}

#[cfg(any(feature = "stream", feature = "codec"))]
impl<R: Read> Iterator for EventReader<R> {
    type Item = Result<crate::OwnedEvent, StreamError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => {
                let Self { source, framer, owner, item, .. } = self;
                let event = framer.event(&source.buffer[*item..source.unread.end])?;
                Some(match event {
                    Ok(event) => Ok(owner.own(&event, framer.retry(), bytes::Bytes::copy_from_slice)),
                    Err(error) => Err(StreamError::Decode(error)),
                })
            }
            Ok(false) => None,
            Err(error) => Some(Err(StreamError::Transport(error))),
        }
    }
}

#[cfg(any(feature = "stream", feature = "codec"))]
impl<R: Read> core::iter::FusedIterator for EventReader<R> {}
