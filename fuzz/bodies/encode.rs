//! Target `encode`: what was read, written, reads back the same.
//!
//! - Events: type, data and last event id, however the first stream was written.
//! - A whole completion: texts, calls and finish reasons, when the first stream was complete and nothing in it was odd.

use deltawire::{ChatStream, ChunkWriter, Completion, Event, EventWriter, Framer, Outcome};

use super::plan::Plan;

type Item = (Vec<u8>, Vec<u8>, Vec<u8>);

pub fn run(input: &[u8]) {
    let stream = Plan::read(input).stream;
    let items = read(stream);
    let (mut out, mut writer) = (Vec::new(), EventWriter::new());
    for (event_type, data, id) in &items {
        let event = Event::new(event_type, data).with_last_event_id(id);
        writer.event(&mut out, &event).expect("what the framer gives can be written");
    }
    assert_eq!(read(&out), items, "{}", out.escape_ascii());

    let first = decode(stream);
    if first.outcome != Outcome::Complete || !first.anomalies.is_empty() {
        return;
    }
    let mut out = Vec::new();
    ChunkWriter::like(&first).completion(&mut out, &first);
    assert_eq!(said(&decode(&out)), said(&first), "{}", out.escape_ascii());
}

fn read(stream: &[u8]) -> Vec<Item> {
    let (mut framer, mut input, mut items) = (Framer::new(), stream, Vec::new());
    while let Some(event) = framer.next(&mut input) {
        if let Ok(event) = event {
            items.push((event.event_type().to_vec(), event.data().to_vec(), event.last_event_id().to_vec()));
        }
    }
    items
}

fn decode(stream: &[u8]) -> Completion {
    let mut chat = ChatStream::new();
    let _ = chat.feed(stream, |_| {});
    chat.finish()
}

/// What must come back.
fn said(completion: &Completion) -> Vec<impl PartialEq + core::fmt::Debug> {
    let of_choice = |choice: &deltawire::Choice| {
        let message = &choice.message;
        let calls = message.tool_calls.iter().map(|call| (call.name().to_owned(), call.arguments().to_owned()));
        (
            [&message.content, &message.reasoning, &message.refusal].map(String::clone),
            choice.finish_reason.clone(),
            calls.collect::<Vec<_>>(),
        )
    };
    // A choice that said nothing is not written.
    let nothing = Default::default();
    completion.choices.iter().map(of_choice).filter(|said| *said != nothing).collect()
}
