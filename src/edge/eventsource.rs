//! The names and items of the crate eventsource-stream 0.2, over this crate's framer: change the `use` line, keep the code.
//!
//! ```
//! # async fn run<S, E: std::fmt::Debug>(bytes: S)
//! # where S: futures_core::Stream<Item = Result<bytes::Bytes, E>> + Unpin {
//! use deltawire::eventsource::Eventsource; // was: use eventsource_stream::Eventsource;
//! use futures_util::StreamExt;
//!
//! let mut events = bytes.eventsource();
//! while let Some(event) = events.next().await {
//!     println!("{}", event.unwrap().data);
//! }
//! # }
//! ```
//!
//! What differs, for the better: an event with an empty `data` line is given (the standard dispatches it), a byte that is
//! not UTF-8 becomes U+FFFD and does not stall the stream, `retry` is the stream's reconnection time as of the event, and
//! a pending line is never read twice. The byte stream must be `Unpin`, its items `Into<Bytes>`, and a transport's error
//! ends the stream. New code that can take data as bytes wants [`events`](crate::ByteStreamExt::events), which allocates less.

use alloc::string::String;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use bytes::Bytes;
use futures_core::{FusedStream, Stream};

use super::Events;

pub use super::ByteStreamExt as Eventsource;
pub use super::StreamError as EventStreamError;

/// A server-sent event with text of its own.
#[allow(clippy::exhaustive_structs)] // as the one it stands in for, which is built by its users' tests
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's type; `message` when the stream named none.
    pub event: String,
    /// The data; U+FFFD for what is not UTF-8.
    pub data: String,
    /// The stream's last event id as of this event; empty when there is none.
    pub id: String,
    /// The reconnection time of the stream as of this event.
    pub retry: Option<Duration>,
}

/// The events of a stream of bytes: see [`ByteStreamExt::eventsource`](crate::ByteStreamExt::eventsource).
#[derive(Debug)]
#[must_use = "does nothing until polled"]
pub struct EventStream<S> {
    events: Events<S>,
    last_event_id: String,
}

impl<S> EventStream<S> {
    /// The events of `source`.
    pub fn new(source: S) -> Self {
        Self { events: Events::new(source, crate::Framer::new()), last_event_id: String::new() }
    }

    /// Seeds the last event id, for a stream that goes on where another broke off.
    pub fn set_last_event_id(&mut self, id: impl Into<String>) {
        self.last_event_id = id.into();
        self.events.set_last_event_id(self.last_event_id.as_bytes());
    }

    /// The last event id of the events given, or as it was seeded.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }
}

/// One copy of it, and U+FFFD for what is not UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<S, B, E> Stream for EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    type Item = Result<Event, EventStreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { events, last_event_id } = self.get_mut();
        match ready!(events.poll_advance(cx)) {
            Ok(true) => {}
            Ok(false) => return Poll::Ready(None),
            Err(error) => return Poll::Ready(Some(Err(EventStreamError::Transport(error)))),
        }
        Poll::Ready(events.event().map(|event| {
            let event = event?;
            if last_event_id.as_bytes() != event.last_event_id() {
                *last_event_id = text(event.last_event_id());
            }
            let event_type = event.event_type();
            Ok(Event {
                event: text(if event_type.is_empty() { b"message" } else { event_type }),
                data: text(event.data()),
                id: last_event_id.clone(),
                retry: events.framer().retry().map(Duration::from_millis),
            })
        }))
    }
}

impl<S, B, E> FusedStream for EventStream<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Into<Bytes>,
{
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}
