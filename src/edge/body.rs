//! Any `http_body::Body` as a `Stream` of its data, so that the rest is one path: hyper, axum, tower.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::Body;

use super::eventsource::EventStream;
use super::{ByteStreamExt, ChatUpdates, DecoderSource, Events};
use crate::Options;

/// Decoding for any HTTP body: hyper's `Incoming`, an axum or tower body.
///
/// The body must be [`Unpin`]; one that is not is wrapped in `Box::pin` or `std::pin::pin!`, which are.
pub trait HttpBodyExt: Body + Unpin + Sized {
    /// The body's data as a stream of bytes.
    fn byte_stream(self) -> BodyBytes<Self> {
        BodyBytes { body: self }
    }

    /// The server-sent events of the body: as [`ByteStreamExt::events`].
    fn events(self) -> Events<BodyBytes<Self>> {
        self.byte_stream().events()
    }

    /// The updates of a streamed chat completion: as [`ByteStreamExt::chat`].
    fn chat(self) -> ChatUpdates<BodyBytes<Self>> {
        self.byte_stream().chat()
    }

    /// As [`ByteStreamExt::chat_with`].
    fn chat_with<D: DecoderSource>(self, options: Options, decoder: D) -> ChatUpdates<BodyBytes<Self>, D> {
        self.byte_stream().chat_with(options, decoder)
    }

    /// As [`ByteStreamExt::eventsource`].
    fn eventsource(self) -> EventStream<BodyBytes<Self>> {
        self.byte_stream().eventsource()
    }
}

impl<T: Body + Unpin> HttpBodyExt for T {}

/// The data frames of a body as a `Stream` of bytes; trailers are passed over.
///
/// Data that are [`Bytes`] already are not copied.
#[derive(Clone, Debug)]
pub struct BodyBytes<T> {
    body: T,
}

impl<T> BodyBytes<T> {
    /// The body.
    pub fn into_inner(self) -> T {
        self.body
    }
}

impl<T: Body + Unpin> Stream for BodyBytes<T> {
    type Item = Result<Bytes, T::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(mut data) => Some(Ok(data.copy_to_bytes(data.remaining()))),
                    Err(_trailers) => continue,
                },
                Some(Err(error)) => Some(Err(error)),
                None => None,
            });
        }
    }
}
