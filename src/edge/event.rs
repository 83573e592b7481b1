//! A server-sent event that owns its data: what streams and codecs carry, since they cannot lend.

use alloc::string::String;
use alloc::sync::Arc;
use core::ops::Range;
use core::time::Duration;

use bytes::Bytes;

use crate::{Event, EventKind};

/// An [`Event`] that owns what it shows: `Send`, `'static`, cheap to clone.
///
/// Its data are a slice of the network's buffer, without a copy, where they lie whole in it, are at least 1,024 bytes and
/// at least a quarter of it; else they are copied. So an event that is kept holds at most four times its own length.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEvent {
    /// What it is.
    pub kind: EventKind,
    /// The type as sent; empty when the stream named none, which the standard calls `message`. U+FFFD for what is not UTF-8.
    pub event_type: Arc<str>,
    /// The data: the data lines joined by LF.
    pub data: Bytes,
    /// The stream's last event id as of this event; empty when there is none. U+FFFD for what is not UTF-8.
    pub id: Arc<str>,
    /// The reconnection time of the stream as of this event: the last that its server sent.
    pub retry: Option<Duration>,
    /// Where it lies in the stream, in bytes: see [`Event::span`].
    pub span: Range<u64>,
}

impl OwnedEvent {
    /// The event, lent: for a [`Decoder`](crate::Decoder). It says nothing of its id and its place in the stream.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        Event::new(self.event_type.as_bytes(), &self.data)
    }

    /// The data as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn data_lossy(&self) -> alloc::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.data)
    }
}

/// Least length of data that are sliced.
const SLICE_LEAST: usize = 1024;
/// Data that are sliced are at least one part in so many of the buffer they hold.
const SLICE_SHARE: usize = 4;

/// Makes the owned events of one stream: a type or an id that is the one before is not copied again.
#[derive(Clone, Debug)]
pub(super) struct EventOwner {
    event_type: Arc<str>,
    id: Arc<str>,
}

impl Default for EventOwner {
    fn default() -> Self {
        let empty: Arc<str> = "".into();
        Self { event_type: empty.clone(), id: empty }
    }
}

impl EventOwner {
    /// The event with what `data` makes of its data; `retry` in milliseconds.
    pub(super) fn own(
        &mut self,
        event: &Event<'_>,
        retry: Option<u64>,
        data: impl FnOnce(&[u8]) -> Bytes,
    ) -> OwnedEvent {
        OwnedEvent {
            kind: event.kind(),
            event_type: again(&mut self.event_type, event.event_type()),
            data: data(event.data()),
            id: again(&mut self.id, event.last_event_id()),
            retry: retry.map(Duration::from_millis),
            span: event.span(),
        }
    }
}

fn again(last: &mut Arc<str>, text: &[u8]) -> Arc<str> {
    if last.as_bytes() != text {
        *last = String::from_utf8_lossy(text).into();
    }
    Arc::clone(last)
}

/// Where `data` lie in `buffer` (which takes `held` bytes of memory), if they are to be sliced out of it.
pub(super) fn place_to_slice(data: &[u8], buffer: &[u8], held: usize) -> Option<Range<usize>> {
    if data.len() < SLICE_LEAST || data.len().saturating_mul(SLICE_SHARE) < held {
        return None;
    }
    let start = (data.as_ptr() as usize).checked_sub(buffer.as_ptr() as usize)?;
    let end = start.checked_add(data.len())?;
    (end <= buffer.len()).then_some(start..end)
}

/// The data as a slice of the buffer, or a copy.
#[cfg(feature = "stream")]
pub(super) fn data_of(data: &[u8], buffer: &Bytes) -> Bytes {
    match place_to_slice(data, buffer, buffer.len()) {
        Some(place) => buffer.slice(place),
        None => Bytes::copy_from_slice(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_only_large_data_of_this_buffer() {
        let buffer = vec![b'x'; 8192];
        assert_eq!(place_to_slice(&buffer[100..4000], &buffer, 8192), Some(100..4000));
        assert_eq!(place_to_slice(&buffer, &buffer, 8192), Some(0..8192));
        assert_eq!(place_to_slice(&buffer[6144..], &buffer, 8192), Some(6144..8192), "a quarter");
        assert_eq!(place_to_slice(&buffer[6145..], &buffer, 8192), None, "less than a quarter");
        assert_eq!(place_to_slice(&buffer[..1023], &buffer[..1023], 1023), None, "too short");
        assert_eq!(place_to_slice(&buffer[..1024], &buffer[..1024], 1024), Some(0..1024));
        assert_eq!(place_to_slice(&buffer[..4096], &buffer[4096..], 4096), None, "before it");
        assert_eq!(place_to_slice(&buffer[4096..], &buffer[..4096], 4096), None, "after it");
        assert_eq!(place_to_slice(&buffer[3000..5000], &buffer[..4096], 4096), None, "across its end");
        assert_eq!(place_to_slice(&vec![b'x'; 8192], &buffer, 8192), None, "another buffer");
    }
}
