//! One function a contestant: one stream's bytes through fresh parsers to its message, and whether it accepted them all.

use std::convert::Infallible;

use async_openai::types::chat::CreateChatCompletionStreamResponse;
use bytes::Bytes;
use deltawire::{ChatStream, Completion, Update};
use eventsource_stream::Eventsource as _;

use crate::drain::drain;
use crate::message::Message;
use crate::wire::Chunk;

/// The completion, and a number that depends on each update.
pub fn deltawire(pieces: &[Bytes]) -> (Completion, u64) {
    let mut weight = 0;
    let mut see = |update: Update<'_>| match update {
        Update::Text { text, .. } | Update::Reasoning { text, .. } => weight += text.len() as u64,
        Update::Arguments { fragment, .. } => weight += fragment.len() as u64,
        _ => {}
    };
    let mut chat = ChatStream::new();
    for piece in pieces {
        if chat.feed(piece, &mut see).is_err() {
            break;
        }
    }
    let completion = chat.finish_with(&mut see);
    weight += completion.choices.len() as u64;
    (completion, weight)
}

/// Takes one event; whether to go on.
fn sonic(data: &str, message: &mut Message, accepted: &mut bool) -> bool {
    if data == "[DONE]" {
        return false;
    }
    match sonic_rs::from_str::<Chunk<'_>>(data) {
        Ok(chunk) => message.add(&chunk),
        Err(_) => *accepted = false,
    }
    true
}

pub fn sse_core(pieces: &[Bytes]) -> (Message, bool) {
    let (mut message, mut accepted) = (Message::default(), true);
    let mut decoder = sse_core::SseDecoder::new();
    for piece in pieces {
        let mut input = &piece[..];
        while let Some(Ok(event)) = decoder.next(&mut input) {
            if let sse_core::SseEvent::Message(event) = event
                && !sonic(&event.data, &mut message, &mut accepted)
            {
                return (message.without_indices(), accepted);
            }
        }
    }
    (message.without_indices(), accepted)
}

pub fn sse_stream(pieces: &[Bytes]) -> (Message, bool) {
    let (mut message, mut accepted) = (Message::default(), true);
    let pieces = pieces.iter().map(|piece| Ok::<_, Infallible>(&piece[..]));
    drain(sse_stream::SseByteStream::new(futures::stream::iter(pieces)), |event| {
        let Ok(event) = event else { return false };
        event.data.as_ref().is_none_or(|data| sonic(data, &mut message, &mut accepted))
    });
    (message.without_indices(), accepted)
}

/// What most Rust clients run: async-openai reads its own streams in this way.
pub fn eventsource_stream(pieces: &[Bytes]) -> (Message, bool) {
    let (mut message, mut accepted) = (Message::default(), true);
    let pieces = pieces.iter().map(|piece| Ok::<_, Infallible>(&piece[..]));
    drain(futures::stream::iter(pieces).eventsource(), |event| {
        let Ok(event) = event else { return false };
        if event.data == "[DONE]" {
            return false;
        }
        match serde_json::from_str::<CreateChatCompletionStreamResponse>(&event.data) {
            Ok(chunk) => message.add_openai(&chunk),
            Err(_) => accepted = false,
        }
        true
    });
    (message.without_indices(), accepted)
}

/// It does more than the others: it parses the arguments, and rebuilds the response as one JSON document.
#[cfg(feature = "clients")]
pub fn rig(pieces: &[Bytes]) -> (Message, bool) {
    match crate::rig::read(pieces) {
        Ok(response) => (Message::of_rig(&response), true),
        Err(_) => (Message::default(), false),
    }
}
