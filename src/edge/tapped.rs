//! A [`Tap`] around a `Stream` or a `Body` that goes on unchanged: the loop for proxies.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::time::Instant;

use futures_core::Stream;

use super::{DecoderSource, Tap};
use crate::{Decoder, Update};

/// What a [`Tapped`] stream shows to whoever watches it.
#[non_exhaustive]
#[derive(Debug)]
pub enum Seen<'a, D = Decoder> {
    /// An update of the message.
    Update(Update<'a>),
    /// The stream is over, or was dropped before its end: the meters and the message are in the tap. Comes once, last.
    End(&'a Tap<D>),
}

/// Passes a stream on, byte for byte and piece for piece, and shows its updates and its end to a callback.
///
/// It is a `Stream` where the source is one, and with the feature `http-body` a `Body` where the source is one: data and
/// trailers are passed on. When it is dropped early (a client went away) the callback is told so all the same.
///
/// After `[DONE]` it passes on what is there already and then ends, without waiting for a server that keeps the
/// connection open; a body that has said its exact length is waited for.
///
/// ```
/// # fn run(upstream: impl futures_core::Stream<Item = Result<bytes::Bytes, std::io::Error>> + Unpin) {
/// use std::time::Instant;
/// use deltawire::{Options, Seen, Tap, Tapped};
///
/// let forwarded = Tapped::new(upstream, Tap::new(Options::default()), Instant::now(), |seen| {
///     if let Seen::End(tap) = seen {
///         println!("{:?}", tap.meters());
///     }
/// });
/// # drop(forwarded);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "does nothing until polled"]
pub struct Tapped<S, F, D = Decoder>
where
    F: FnMut(Seen<'_, D>),
    D: DecoderSource,
{
    source: S,
    tap: Tap<D>,
    start: Instant,
    watch: F,
    over: bool,
}

impl<S, F, D> Tapped<S, F, D>
where
    F: FnMut(Seen<'_, D>),
    D: DecoderSource,
{
    /// Watches `source` through `tap`; times count from `start`.
    pub fn new(source: S, tap: Tap<D>, start: Instant, watch: F) -> Self {
        Self { source, tap, start, watch, over: false }
    }

    /// The tap, with what was measured so far.
    #[must_use]
    pub fn tap(&self) -> &Tap<D> {
        &self.tap
    }

    fn observe(&mut self, bytes: &[u8]) {
        let Self { tap, start, watch, .. } = self;
        tap.observe(bytes, start.elapsed(), |update| watch(Seen::Update(update)));
    }

    fn end(&mut self) {
        if !core::mem::replace(&mut self.over, true) {
            let Self { tap, watch, .. } = self;
            tap.end(|update| watch(Seen::Update(update)));
            watch(Seen::End(tap));
        }
    }
}

impl<S, F, D> Drop for Tapped<S, F, D>
where
    F: FnMut(Seen<'_, D>),
    D: DecoderSource,
{
    fn drop(&mut self) {
        self.end();
    }
}

impl<S, B, E, F, D> Stream for Tapped<S, F, D>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    F: FnMut(Seen<'_, D>) + Unpin,
    D: DecoderSource + Unpin,
{
    type Item = Result<B, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        let item = match Pin::new(&mut this.source).poll_next(cx) {
            Poll::Pending if this.tap.is_done() => None,
            polled => ready!(polled),
        };
        match &item {
            Some(Ok(bytes)) => this.observe(bytes.as_ref()),
            Some(Err(_)) | None => this.end(),
        }
        Poll::Ready(item)
    }
}

#[cfg(feature = "http-body")]
impl<S, F, D> http_body::Body for Tapped<S, F, D>
where
    S: http_body::Body + Unpin,
    S::Data: AsRef<[u8]>,
    F: FnMut(Seen<'_, D>) + Unpin,
    D: DecoderSource + Unpin,
{
    type Data = S::Data;
    type Error = S::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<S::Data>, S::Error>>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        let frame = match Pin::new(&mut this.source).poll_frame(cx) {
            Poll::Pending if this.tap.is_done() && this.source.size_hint().exact().is_none() => None,
            polled => ready!(polled),
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.observe(data.as_ref());
                }
            }
            Some(Err(_)) | None => this.end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.source.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.source.size_hint()
    }
}
