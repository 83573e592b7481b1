//! Any `Stream` of bytes → events or updates.
//!
//! The lending `next` copies nothing; the `Stream` implementations give owned items, since a `Stream` cannot lend. Both
//! are one loop: take what the core has, else poll for bytes. Nothing is held between two polls but the bytes that are
//! not read yet, so a dropped `next()` loses nothing.

use core::future::poll_fn;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::{FusedStream, Stream};

use super::chat::{Chat, Step};
use super::event::{EventOwner, data_of};
use super::eventsource::EventStream;
use super::{DecoderSource, OwnedEvent, StreamError};
use crate::{Completion, Decoder, Error, Event, Framer, Options, OwnedUpdate, Update};

/// Decoding for any `Stream` of bytes: reqwest's `bytes_stream()`, an axum body's data stream, a channel.
///
/// The stream must be [`Unpin`]; one that is not is wrapped in `Box::pin` or `std::pin::pin!`, which are.
///
/// ```
/// # async fn run<S, E: std::fmt::Debug>(bytes: S)
/// # where S: futures_core::Stream<Item = Result<bytes::Bytes, E>> + Unpin {
/// use deltawire::{ByteStreamExt, Update};
///
/// let mut updates = bytes.chat();
/// while let Some(update) = updates.next().await {
///     if let Update::Text { text, .. } = update.unwrap() {
///         print!("{text}");
///     }
/// }
/// println!("{:?}", updates.into_completion().outcome);
/// # }
/// ```
pub trait ByteStreamExt: Stream + Unpin + Sized {
    /// The server-sent events of the stream.
    fn events(self) -> Events<Self> {
        Events::new(self, Framer::new())
    }

    /// The updates of a streamed chat completion.
    fn chat(self) -> ChatUpdates<Self> {
        self.chat_with(Options::default(), Decoder::new())
    }

    /// As [`chat`](Self::chat), with options and with a decoder from elsewhere: see [`DecoderSource`].
    fn chat_with<D: DecoderSource>(self, options: Options, decoder: D) -> ChatUpdates<Self, D> {
        ChatUpdates::new(self, options, decoder)
    }

    /// The events as the crate eventsource-stream gives them: see [`eventsource`](super::eventsource).
    fn eventsource(self) -> EventStream<Self> {
        EventStream::new(self)
    }
}

impl<S, B, E> ByteStreamExt for S
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
}

/// The server-sent events of a stream of bytes: see [`ByteStreamExt::events`].
///
/// - [`next`](Self::next) lends each event and copies nothing. The `Stream` implementation, for combinators, gives
///   [`OwnedEvent`]s. They may be mixed.
/// - A bad event (one over a limit) is an item, not the end. A transport's error is given once and ends the input there.
/// - Fused. Cancel-safe: a `next()` that is dropped at any poll loses nothing. `Send` when the transport is.
/// - The transport is dropped when its end was seen.
#[derive(Debug)]
#[must_use = "does nothing until polled"]
pub struct Events<S> {
    source: Option<S>,
    /// From the item at hand on, which takes this many bytes of it.
    unread: Bytes,
    taken: usize,
    framer: Framer,
    owner: EventOwner,
    over: bool,
}

impl<S> Events<S> {
    /// The events of `source`; the framer says what is handed out besides events, the limits, and the last event id.
    pub fn new(source: S, framer: Framer) -> Self {
        let (unread, owner) = (Bytes::new(), EventOwner::default());
        Self { source: Some(source), unread, taken: 0, framer, owner, over: false }
    }

    /// The event that [`poll_advance`](Self::poll_advance) moved to.
    ///
    /// # Errors
    /// The event is over a limit; the stream goes on.
    pub fn event(&self) -> Option<Result<Event<'_>, Error>> {
        self.framer.event(&self.unread)
    }

    /// The framer, for its last event id and reconnection time.
    #[must_use]
    pub fn framer(&self) -> &Framer {
        &self.framer
    }

    pub(super) fn set_last_event_id(&mut self, id: &[u8]) {
        self.framer.set_last_event_id(id);
    }

    fn end(&mut self) {
        self.source = None;
        self.framer.end();
    }
}

impl<S, B, E> Events<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    /// The next event, lent until the next call; `None` at the end.
    ///
    /// Cancel-safe: dropping the future at any point and calling again gives the same events.
    ///
    /// # Errors
    /// The transport's error; an event over a limit, after which the next is given.
    pub async fn next(&mut self) -> Option<Result<Event<'_>, StreamError<E>>> {
        match poll_fn(|cx| self.poll_advance(cx)).await {
            Ok(true) => self.event().map(|event| event.map_err(StreamError::Decode)),
            Ok(false) => None,
            Err(error) => Some(Err(StreamError::Transport(error))),
        }
    }

    /// Moves to the next event, which [`event`](Self::event) lends; `Ok(false)` at the end: for wrappers that poll.
    ///
    /// # Errors
    /// The transport's error.
    pub fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, E>> {
        while !self.over {
            self.unread.advance(mem::take(&mut self.taken));
            let mut input = &self.unread[..];
            let found = self.framer.advance(&mut input);
            self.taken = self.unread.len() - input.len();
            if found {
                return Poll::Ready(Ok(true));
            }
            match self.source.as_mut().map(|source| Pin::new(source).poll_next(cx)) {
                Some(Poll::Ready(Some(Ok(bytes)))) => (self.unread, self.taken) = (bytes.into(), 0),
                Some(Poll::Ready(Some(Err(error)))) => {
                    self.end();
                    return Poll::Ready(Err(error));
                }
                Some(Poll::Ready(None)) => self.end(),
                Some(Poll::Pending) => return Poll::Pending,
                None => self.over = true,
            }
        }
        Poll::Ready(Ok(false))
    }
}

impl<S, B, E> Stream for Events<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    type Item = Result<OwnedEvent, StreamError<E>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { framer, unread, owner, .. } = match ready!(self.as_mut().poll_advance(cx)) {
            Ok(true) => self.get_mut(),
            Ok(false) => return Poll::Ready(None),
            Err(error) => return Poll::Ready(Some(Err(StreamError::Transport(error)))),
        };
        let event = framer.event(unread);
        Poll::Ready(event.map(|event| Ok(owner.own(&event?, framer.retry(), |data| data_of(data, unread)))))
    }
}

impl<S, B, E> FusedStream for Events<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    fn is_terminated(&self) -> bool {
        self.over
    }
}

/// The updates of a streamed chat completion: see [`ByteStreamExt::chat`].
///
/// - [`next`](Self::next) lends each update and copies nothing. The `Stream` implementation, for combinators, gives
///   [`OwnedUpdate`]s. They may be mixed.
/// - A transport's error is given once and ends the input there; the updates that this brings follow it. A fatal error of
///   the message ends the stream.
/// - After `[DONE]` it reads on while bytes are there, so that a connection is seen to its end and can be used again, but
///   no longer waits for any, and the transport can no longer fail: a server that keeps the connection open, or drops it,
///   does no harm.
/// - Fused. Cancel-safe: a `next()` that is dropped at any poll loses nothing. `Send` when the transport is.
/// - The transport is dropped when its end was seen.
#[derive(Debug)]
#[must_use = "does nothing until polled"]
pub struct ChatUpdates<S, D = Decoder> {
    source: Option<S>,
    unread: Bytes,
    chat: Chat<D>,
}

impl<S, D: DecoderSource> ChatUpdates<S, D> {
    /// The updates of `source`.
    pub fn new(source: S, options: Options, decoder: D) -> Self {
        Self { source: Some(source), unread: Bytes::new(), chat: Chat::new(options, decoder) }
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

    /// The update that [`poll_advance`](Self::poll_advance) moved to.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.chat.update()
    }

    fn end(&mut self) {
        self.source = None;
        self.chat.end();
    }
}

impl<S, D, B, E> ChatUpdates<S, D>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
    D: DecoderSource,
{
    /// The next update, lent until the next call; `None` at the end.
    ///
    /// Cancel-safe: dropping the future at any point and calling again gives the same updates.
    ///
    /// # Errors
    /// The transport's error; a limit of the message, after all updates before it.
    pub async fn next(&mut self) -> Option<Result<Update<'_>, StreamError<E>>> {
        match poll_fn(|cx| self.poll_advance(cx)).await {
            Ok(true) => self.update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Moves to the next update, which [`update`](Self::update) lends; `Ok(false)` at the end: for wrappers that poll.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, StreamError<E>>> {
        loop {
            let mut input = &self.unread[..];
            let step = self.chat.step(&mut input);
            let read = self.unread.len() - input.len();
            self.unread.advance(read);
            match step {
                Ok(Step::Update) => return Poll::Ready(Ok(true)),
                Ok(Step::Over) => return Poll::Ready(Ok(false)),
                Ok(Step::Read) => {}
                Err(error) => {
                    self.source = None;
                    return Poll::Ready(Err(StreamError::Decode(error)));
                }
            }
            match self.source.as_mut().map(|source| Pin::new(source).poll_next(cx)) {
                Some(Poll::Ready(Some(Ok(bytes)))) => self.unread = bytes.into(),
                Some(Poll::Ready(Some(Err(error)))) if !self.is_done() => {
                    self.end();
                    return Poll::Ready(Err(StreamError::Transport(error)));
                }
                Some(Poll::Pending) if !self.is_done() => return Poll::Pending,
                _ => self.end(),
            }
        }
    }
}

impl<S, D, B, E> Stream for ChatUpdates<S, D>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
    D: DecoderSource + Unpin,
{
    type Item = Result<OwnedUpdate, StreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        Poll::Ready(match ready!(this.poll_advance(cx)) {
            Ok(true) => this.chat.owned_update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

impl<S, D, B, E> FusedStream for ChatUpdates<S, D>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
    D: DecoderSource + Unpin,
{
    fn is_terminated(&self) -> bool {
        self.chat.is_over()
    }
}
