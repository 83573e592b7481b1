//! tokio-util `Decoder`s: for `FramedRead` over any `AsyncRead`.

use std::io;

use bytes::{Buf, Bytes, BytesMut};

use super::chat::{Chat, Step};
use super::event::{EventOwner, place_to_slice};
use super::{DecoderSource, OwnedEvent, StreamError};
use crate::{Completion, Decoder, Error, Framer, Options, OwnedUpdate};

/// A tokio-util `Decoder` of chat updates.
///
/// Damage is an update, as everywhere; the codec's error is the transport's, or a limit of the message. After `[DONE]` a
/// `FramedRead` goes on reading: a caller that wants to stop there does so at [`Update::Done`](crate::Update::Done).
#[derive(Debug)]
pub struct ChatCodec<D = Decoder> {
    chat: Chat<D>,
}

impl ChatCodec {
    /// A codec with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(Options::default())
    }

    /// A codec with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self::with_decoder(options, Decoder::with_limits(options.limits))
    }
}

impl<D: DecoderSource> ChatCodec<D> {
    /// A codec whose decoder comes from elsewhere: see [`DecoderSource`].
    #[must_use]
    pub fn with_decoder(options: Options, decoder: D) -> Self {
        Self { chat: Chat::new(options, decoder) }
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

impl Default for ChatCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: DecoderSource> tokio_util::codec::Decoder for ChatCodec<D> {
    type Item = OwnedUpdate;
    type Error = StreamError<io::Error>;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<OwnedUpdate>, Self::Error> {
        let mut input = &src[..];
        let step = self.chat.step(&mut input);
        let read = src.len() - input.len();
        src.advance(read);
        Ok(match step? {
            Step::Update => self.chat.owned_update(),
            Step::Read => None,
            Step::Over => {
                src.clear(); // what comes after a fatal error is not kept
                None
            }
        })
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<OwnedUpdate>, Self::Error> {
        if let Some(update) = self.decode(src)? {
            return Ok(Some(update));
        }
        self.chat.end();
        self.decode(src)
    }
}

/// A tokio-util `Decoder` of server-sent events.
///
/// A bad event (one over a limit) is an item, not the end. Data are sliced or copied as [`OwnedEvent`] says.
#[derive(Debug, Default)]
pub struct EventCodec {
    framer: Framer,
    owner: EventOwner,
    ended: bool,
}

impl EventCodec {
    /// A codec over a default framer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A codec over this framer, which says what is handed out besides events, the limits, and the last event id.
    #[must_use]
    pub fn with_framer(framer: Framer) -> Self {
        Self { framer, ..Self::default() }
    }

    /// The framer, for its last event id and reconnection time.
    #[must_use]
    pub fn framer(&self) -> &Framer {
        &self.framer
    }
}

impl tokio_util::codec::Decoder for EventCodec {
    type Item = Result<OwnedEvent, Error>;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let mut input = &src[..];
        self.framer.advance(&mut input);
        let read = src.len() - input.len();
        let mut place = None;
        let event = self.framer.event(src).map(|event| {
            let event = event?;
            place = place_to_slice(event.data(), src, src.capacity());
            let copy = |data: &[u8]| if place.is_some() { Bytes::new() } else { Bytes::copy_from_slice(data) };
            Ok(self.owner.own(&event, self.framer.retry(), copy))
        });
        let taken = src.split_to(read);
        Ok(event.map(|event| match place {
            Some(place) => event.map(|event| OwnedEvent { data: taken.freeze().slice(place), ..event }),
            None => event,
        }))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        if let Some(event) = self.decode(src)? {
            return Ok(Some(event));
        }
        if !self.ended {
            self.ended = true;
            self.framer.end();
        }
        self.decode(src)
    }
}
