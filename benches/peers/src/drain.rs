//! Asynchronous peers are polled directly, without a runtime: their input is always ready.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures::Stream;

/// Polls a stream to its end; `take` gets each item and says whether to go on.
pub fn drain<S: Stream>(stream: S, mut take: impl FnMut(S::Item) -> bool) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        if !take(item) {
            break;
        }
    }
}
