//! Target `encode`: what was read, written, reads back the same.
//!
//! - Events, comments and unknown lines: kind, type and data, and an event's last event id, however the first stream was
//!   written.
//! - A whole completion, and a stream passed on update by update: roles, texts, calls, finish reasons and the numbers of the
//!   usage, when the first stream was complete and nothing in it was odd.

use deltawire::{ChatStream, Choice, ChunkWriter, Completion, Event, EventKind, EventWriter, Framer, Outcome, Usage};

use super::plan::Plan;

/// Kind, type, data, last event id.
type Item = (EventKind, Vec<u8>, Vec<u8>, Vec<u8>);

pub fn run(input: &[u8]) {
    let stream = Plan::read(input).stream;
    let (mut out, mut writer) = (Vec::new(), EventWriter::new());
    let items = read(stream, |event| {
        writer.event(&mut out, event).expect("what the framer gives can be written");
    });
    assert_eq!(read(&out, |_| {}), items, "{}", out.escape_ascii());

    let (first, _) = decode(stream, None);
    if first.outcome != Outcome::Complete || !first.anomalies.is_empty() {
        return;
    }
    let mut out = Vec::new();
    ChunkWriter::like(&first).completion(&mut out, &first);
    assert_eq!(said(&decode(&out, None).0, false), said(&first, false), "{}", out.escape_ascii());
    // A call is passed on when it is ready: an earlier one may be ready later.
    let (_, out) = decode(stream, Some(ChunkWriter::like(&first)));
    assert_eq!(said(&decode(&out, None).0, true), said(&first, true), "update by update: {}", out.escape_ascii());
}

fn read(stream: &[u8], mut each: impl FnMut(&Event<'_>)) -> Vec<Item> {
    let (mut framer, mut input) = (Framer::new().comments(true).unknown_lines(true), stream);
    let mut items = Vec::new();
    while let Some(event) = framer.next(&mut input) {
        // What is cut at its limit is not written whole.
        let Ok(event) = event else { continue };
        if event.is_cut() {
            continue;
        }
        each(&event);
        // A comment or an unknown line is written before the id of the event that it stood in.
        let id = if event.kind() == EventKind::Event { event.last_event_id().to_vec() } else { Vec::new() };
        items.push((event.kind(), event.event_type().to_vec(), event.data().to_vec(), id));
    }
    items
}

/// The completion, and the stream as a writer passes its updates on.
fn decode(stream: &[u8], mut writer: Option<ChunkWriter>) -> (Completion, Vec<u8>) {
    let (mut chat, mut out) = (ChatStream::new(), Vec::new());
    let mut pass_on = |update: deltawire::Update<'_>| {
        if let Some(writer) = &mut writer {
            writer.update(&mut out, &update);
        }
    };
    let _ = chat.feed(stream, &mut pass_on);
    let completion = chat.finish_with(&mut pass_on);
    (completion, out)
}

/// What must come back.
fn said(completion: &Completion, any_order: bool) -> impl PartialEq + core::fmt::Debug {
    let of_choice = |choice: &Choice| {
        let message = &choice.message;
        let calls = message.tool_calls.iter().map(|call| (call.name().to_owned(), call.arguments().to_owned()));
        let mut calls: Vec<_> = calls.collect();
        if any_order {
            calls.sort();
        }
        (
            [&message.content, &message.reasoning, &message.refusal].map(String::clone),
            [&message.role, &choice.finish_reason].map(Option::clone),
            calls,
        )
    };
    // A choice that said nothing is not written.
    let nothing = Default::default();
    let choices: Vec<_> = completion.choices.iter().map(of_choice).filter(|said| *said != nothing).collect();
    let numbers = |usage: &Usage| {
        let tokens = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
        (tokens, [usage.cached_tokens, usage.reasoning_tokens], usage.cost)
    };
    // What `x_groq.usage` fills in for a member that is there and no number, no raw member can say.
    let is_filled = completion
        .usage
        .as_ref()
        .is_some_and(|usage| !usage.raw.contains("_tokens\":\"") && !usage.raw.contains("_tokens\": \""));
    (choices, completion.usage.as_ref().filter(|_| is_filled).map(numbers))
}
