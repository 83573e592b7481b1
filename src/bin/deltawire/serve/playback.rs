//! A response body that is sent piece by piece, with pauses, and may end in a cut connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Says that the connection is to be cut once all that was written is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut(Arc<AtomicBool>);

/// The pieces of a body in order, each written to the connection by itself.
pub(super) struct Playback {
    pieces: std::vec::IntoIter<Bytes>,
    delay: u64,
    jitter: u64,
    random: fastrand::Rng,
    pause: Pause,
    cut: Option<Cut>,
}

enum Pause {
    Due,
    /// So that what was handed out last is written before the next.
    Yielded,
    Sleeping(Pin<Box<Sleep>>),
}

impl Playback {
    /// `delay` and `jitter` in milliseconds; with `cut` the connection ends in the middle of the body.
    pub(super) fn new(pieces: Vec<Bytes>, delay: u64, jitter: u64, random: fastrand::Rng, cut: Option<Cut>) -> Self {
        Self { pieces: pieces.into_iter(), delay, jitter, random, pause: Pause::Due, cut }
    }

    /// How long to wait before the next piece, in milliseconds.
    fn wait(&mut self) -> u64 {
        self.delay.saturating_add(self.random.u64(0..=self.jitter))
    }
}

impl Body for Playback {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match &mut self.pause {
                Pause::Due => {
                    if self.pieces.len() == 0 {
                        let Some(cut) = &self.cut else { return Poll::Ready(None) };
                        // All pieces are in the connection's buffer; see `Connection::poll_flush`.
                        cut.0.store(true, Ordering::Relaxed);
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    let wait = self.wait();
                    if wait == 0 {
                        self.pause = Pause::Yielded;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    self.pause = Pause::Sleeping(Box::pin(sleep(Duration::from_millis(wait))));
                }
                Pause::Sleeping(sleep) => {
                    ready!(sleep.as_mut().poll(context));
                    self.pause = Pause::Yielded;
                }
                Pause::Yielded => {
                    self.pause = Pause::Due;
                    return Poll::Ready(self.pieces.next().map(|piece| Ok(Frame::data(piece))));
                }
            }
        }
    }
}

/// A connection that can be cut: the flush that comes after a cut was asked for sends what is left, then fails.
pub(super) struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, cut: Cut) -> Self {
        Self { stream, cut }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes the stream only when its own buffer is empty.
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.cut.0.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut as asked")));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn waits(delay: u64, jitter: u64, seed: u64) -> Vec<u64> {
        let mut playback = Playback::new(Vec::new(), delay, jitter, fastrand::Rng::with_seed(seed), None);
        (0..200).map(|_| playback.wait()).collect()
    }

    #[test]
    fn waits_are_the_delay_and_up_to_the_jitter_more() {
        assert_eq!(waits(0, 0, 1), [0; 200]);
        assert_eq!(waits(7, 0, 1), [7; 200]);
        assert_eq!(waits(5, 3, 1).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([5, 6, 7, 8]));
        assert_eq!(waits(u64::MAX, u64::MAX, 1), [u64::MAX; 200], "no overflow");
        assert_eq!(waits(5, 1000, 1), waits(5, 1000, 1));
        assert_ne!(waits(5, 1000, 1), waits(5, 1000, 2), "another seed");
    }
}
