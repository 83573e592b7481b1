//! A [`Tap`] around a `Stream` or a `Body` that goes on unchanged: the loop for proxies.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::time::Instant;

use futures_core::Stream;

use super::{DecoderSource, Seen, Tap};
use crate::Decoder;

/// Passes a stream on, byte for byte and piece for piece, and shows its updates and its end, and its events if the tap was
/// asked [for them](Tap::with_events), to a callback.
///
/// It is a `Stream` where the source is one, and with the feature `http-body` a `Body` where the source is one: data and
/// trailers are passed on. When it is dropped early (a client went away) the callback is told of the end all the same.
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
    /// The last bytes that were passed on.
    tail: [u8; 3],
    over: bool,
}

impl<S, F, D> Tapped<S, F, D>
where
    F: FnMut(Seen<'_, D>),
    D: DecoderSource,
{
    /// Watches `source` through `tap`; times count from `start`.
    pub fn new(source: S, tap: Tap<D>, start: Instant, watch: F) -> Self {
        Self { source, tap, start, watch, tail: [0; 3], over: false }
    }

    /// The tap, with what was measured so far.
    #[must_use]
    pub fn tap(&self) -> &Tap<D> {
        &self.tap
    }

    fn observe(&mut self, bytes: &[u8]) {
        match bytes.last_chunk() {
            Some(tail) => self.tail = *tail,
            None => {
                self.tail.rotate_left(bytes.len());
                self.tail[3 - bytes.len()..].copy_from_slice(bytes);
            }
        }
        self.tap.observe(bytes, self.start.elapsed(), &mut self.watch);
    }

    /// Whether all came that belongs to the message: `[DONE]`, and the LF of its last line end where lines end in CR LF.
    fn is_done(&self) -> bool {
        self.tap.is_done() && self.tail != *b"\r\n\r"
    }

    fn end(&mut self) {
        if !core::mem::replace(&mut self.over, true) {
            self.tap.end(&mut self.watch);
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
            Poll::Pending if this.is_done() => None,
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
            Poll::Pending if this.is_done() && this.source.size_hint().exact().is_none() => None,
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
