//! The edges give what the core gives, whatever the transport does between two bytes.

#[path = "../support/mod.rs"]
mod support;

mod body;
mod codec;
mod event;
mod eventsource;
mod read;
mod share;
mod stream;
mod tap;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use deltawire::{Completion, Options};
use futures_util::Stream;
use support::{cassette, digest};

/// A transport that does what it is told, step by step.
#[derive(Debug)]
struct Script<E>(VecDeque<Act<E>>);

#[derive(Clone, Debug)]
enum Act<E> {
    Give(Bytes),
    /// Not ready, once; it wakes the task.
    Wait,
    /// Never ready again.
    Hang,
    Fail(E),
}

impl<E> Script<E> {
    fn new(acts: impl IntoIterator<Item = Act<E>>) -> Self {
        Self(acts.into_iter().collect())
    }
}

impl<E: Unpin> Stream for Script<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.front() {
            Some(Act::Hang) => return Poll::Pending,
            Some(_) => {}
            None => return Poll::Ready(None),
        }
        match self.0.pop_front() {
            Some(Act::Give(bytes)) => Poll::Ready(Some(Ok(bytes))),
            Some(Act::Fail(error)) => Poll::Ready(Some(Err(error))),
            _ => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// `body` in pieces of `size`, each after `waits` polls that are not ready.
fn pieces(body: &[u8], size: usize, waits: usize) -> Script<Infallible> {
    let mut acts = VecDeque::new();
    for piece in body.chunks(size) {
        acts.extend((0..waits).map(|_| Act::Wait));
        acts.push_back(Act::Give(Bytes::copy_from_slice(piece)));
    }
    acts.extend((0..waits).map(|_| Act::Wait));
    Script(acts)
}

/// Polls a future once, and drops it.
fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future that never waits for another task until it is ready.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..10_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("hangs");
}

/// The bodies that every edge is held to: all recordings, and the odd wires.
fn bodies() -> Vec<(String, Vec<u8>)> {
    let mut bodies = cassette::bodies();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks");
    for entry in std::fs::read_dir(folder).expect("the odd wires") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|extension| extension == "body") {
            bodies.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
        }
    }
    assert!(bodies.len() > 60, "{} bodies", bodies.len());
    bodies
}

/// What the core makes of `body` in one piece.
fn offline(body: &[u8]) -> ((u64, u64), Completion) {
    digest::decode(Options::default(), [body])
}

fn assert_same(name: &str, found: &Completion, expected: &Completion) {
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name}");
}
