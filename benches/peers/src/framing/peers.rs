//! One function a contestant: all of the input through a fresh parser, each event handed to `events`.
//!
//! Each gets its input in the form that costs it least: a byte slice where it takes one, else `Bytes` slices of one
//! buffer, as an HTTP client hands them out. Asynchronous ones are polled directly, without a runtime: their input is
//! always ready.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use eventsource_stream::Eventsource as _;

use crate::drain::drain;

/// The input as it arrives.
pub struct Inputs {
    whole: Bytes,
    pieces: Vec<Bytes>,
}

impl Inputs {
    pub fn new(whole: Bytes, pieces: Vec<Bytes>) -> Self {
        Self { whole, pieces }
    }

    pub fn len(&self) -> usize {
        self.whole.len()
    }

    /// The least that a framer can do: find each line end.
    pub fn scan(&self) -> u64 {
        let mut sum = 0;
        for position in memchr::memchr_iter(b'\n', &self.whole) {
            sum += position as u64;
        }
        sum
    }
}

/// What takes the events.
pub trait Events {
    fn event(&mut self, event_type: &[u8], data: &[u8]);
}

/// For timing: depends on each event's length.
#[derive(Default)]
pub struct Tally(pub u64);

impl Events for Tally {
    fn event(&mut self, event_type: &[u8], data: &[u8]) {
        self.0 = self.0.wrapping_add((event_type.len() + data.len() + 1) as u64);
    }
}

/// For checking: a hash of each event.
#[derive(Default)]
pub struct Hashes(pub Vec<u64>);

impl Events for Hashes {
    fn event(&mut self, event_type: &[u8], data: &[u8]) {
        let event_type = if event_type == b"message" { b"" } else { event_type };
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(event_type.len());
        hasher.write(event_type);
        hasher.write(data);
        self.0.push(hasher.finish());
    }
}

pub fn deltawire(inputs: &Inputs, events: &mut impl Events) {
    let mut framer = deltawire::Framer::new();
    for piece in &inputs.pieces {
        let mut input = &piece[..];
        while let Some(Ok(event)) = framer.next(&mut input) {
            events.event(event.event_type(), event.data());
        }
    }
}

pub fn sse_core(inputs: &Inputs, events: &mut impl Events) {
    let mut decoder = sse_core::SseDecoder::new();
    for piece in &inputs.pieces {
        let mut input = &piece[..];
        while let Some(Ok(event)) = decoder.next(&mut input) {
            if let sse_core::SseEvent::Message(event) = event {
                events.event(event.event.as_bytes(), event.data.as_bytes());
            }
        }
    }
}

pub fn sse_parse(inputs: &Inputs, events: &mut impl Events) {
    let mut parser = sse_parse::SseParser::new();
    for piece in &inputs.pieces {
        parser.feed(piece);
        while let Some(event) = parser.next_event() {
            events.event(event.event.as_bytes(), event.data.as_bytes());
        }
    }
}

fn ready<T>(item: T) -> Result<T, Infallible> {
    Ok(item)
}

pub fn sse_stream(inputs: &Inputs, events: &mut impl Events) {
    let pieces = inputs.pieces.iter().map(|piece| ready(&piece[..]));
    drain(sse_stream::SseByteStream::new(futures::stream::iter(pieces)), |event| {
        let Ok(event) = event else { return false };
        if let Some(data) = &event.data {
            events.event(event.event.as_deref().unwrap_or_default().as_bytes(), data.as_bytes());
        }
        true
    });
}

pub fn sseer(inputs: &Inputs, events: &mut impl Events) {
    let pieces = inputs.pieces.iter().map(|piece| ready(piece.clone()));
    drain(sseer::EventStream::new(futures::stream::iter(pieces)), |event| {
        let Ok(event) = event else { return false };
        events.event(event.event.as_bytes(), event.data.as_bytes());
        true
    });
}

pub fn eventsource_stream(inputs: &Inputs, events: &mut impl Events) {
    let pieces = inputs.pieces.iter().map(|piece| ready(&piece[..]));
    drain(futures::stream::iter(pieces).eventsource(), |event| {
        let Ok(event) = event else { return false };
        events.event(event.event.as_bytes(), event.data.as_bytes());
        true
    });
}

/// Its parser is private: it is reached through the client, over a transport that answers from memory. The client's own
/// part is a few calls for each input and one request for the whole.
pub fn eventsource_client(inputs: &Inputs, events: &mut impl Events) {
    use eventsource_client::{Client as _, ClientBuilder, ReconnectOptions, SSE};

    let transport = Memory(inputs.pieces.clone());
    let builder = ClientBuilder::for_url("http://localhost/").expect("a URL");
    let client = builder.reconnect(ReconnectOptions::reconnect(false).build()).build_with_transport(transport);
    drain(client.stream(), |item| {
        match item {
            Ok(SSE::Event(event)) => events.event(event.event_type.as_bytes(), event.data.as_bytes()),
            Ok(_) => {}
            Err(_) => return false,
        }
        true
    });
}

#[derive(Clone)]
struct Memory(Vec<Bytes>);

impl launchdarkly_sdk_transport::HttpTransport for Memory {
    fn request(&self, _: http::Request<Option<Bytes>>) -> launchdarkly_sdk_transport::ResponseFuture {
        let pieces = futures::stream::iter(self.0.clone().into_iter().map(Ok));
        let body: launchdarkly_sdk_transport::ByteStream = Box::pin(pieces);
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}
