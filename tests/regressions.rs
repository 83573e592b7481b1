//! Streams that came out wrong once, one test each.

use deltawire::{ArgumentsState, ChatStream, Keep, Options, Outcome, ReasoningPolicy, Update};
use serde_json::{Value, json};

/// An event stream of these chunks' choices (choice 0), finished and done.
fn stream(choices: &[Value]) -> Vec<u8> {
    let finish = json!({"index": 0, "delta": {}, "finish_reason": "stop"});
    let chunks = choices.iter().chain([&finish]).map(|choice| format!("data: {}\n\n", json!({"choices": [choice]})));
    chunks.chain(["data: [DONE]\n\n".into()]).collect::<String>().into_bytes()
}

/// The calls (id, name, arguments) that these fragments come to; each must be complete.
fn calls(fragments: &[Value]) -> Vec<(String, String, String)> {
    let choices: Vec<Value> =
        fragments.iter().map(|fragment| json!({"index": 0, "delta": {"tool_calls": [fragment]}})).collect();
    let mut chat = ChatStream::new();
    chat.feed(&stream(&choices), |_| {}).expect("within the limits");
    let completion = chat.finish();
    assert_eq!(completion.outcome, Outcome::Complete);
    let calls = completion.choices.into_iter().next().expect("a choice").message.tool_calls;
    let complete = |call: &deltawire::ToolCall| call.state() == ArgumentsState::Complete;
    assert!(calls.iter().all(complete), "{calls:?}");
    calls.iter().map(|call| (call.id().into(), call.name().into(), call.arguments().into())).collect()
}

fn one(id: &str, name: &str, arguments: &str) -> Vec<(String, String, String)> {
    vec![(id.into(), name.into(), arguments.into())]
}

#[test]
fn a_late_name_that_comes_with_the_calls_own_id_is_no_second_call() {
    let fragments = [
        json!({"index": 0, "id": "a", "function": {"arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"c\":1"}}),
        json!({"index": 0, "function": {"arguments": "}"}}),
        json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"c\""}}),
        json!({"index": 0, "function": {"name": "f", "arguments": ":1}"}}),
    ];
    assert_eq!(calls(&fragments), one("a", "f", "{\"c\":1}"));
}

#[test]
fn the_first_id_is_the_calls_own_behind_a_seed() {
    let fragments = [
        json!({"index": 0, "function": {"name": "f", "arguments": "{}"}}),
        json!({"index": 0, "id": "a", "function": {"arguments": "{\"c\":1}"}}),
    ];
    assert_eq!(calls(&fragments), one("a", "f", "{\"c\":1}"));
}

#[test]
fn the_first_id_is_the_calls_own_with_restated_arguments() {
    let fragments = [
        json!({"index": 0, "function": {"name": "f", "arguments": "{\"c\":1}"}}),
        json!({"index": 0, "id": "a", "function": {"arguments": "{\"c\":1}"}}),
    ];
    assert_eq!(calls(&fragments), one("a", "f", "{\"c\":1}"));
}

#[test]
fn a_blank_inside_a_string_is_kept_when_the_index_is_bumped() {
    let fragments = [
        json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"q\": \"New"}}),
        json!({"index": 1, "function": {"arguments": " "}}),
        json!({"index": 2, "function": {"arguments": "York\"}"}}),
    ];
    assert_eq!(calls(&fragments), one("a", "f", "{\"q\": \"New York\"}"));
}

#[test]
fn a_whole_message_behind_its_deltas_is_not_told_twice_whatever_is_kept() {
    let choices = [
        json!({"index": 0, "delta": {"content": "Hel"}}),
        json!({"index": 0, "delta": {"content": "lo"}}),
        json!({"index": 0, "delta": {}, "message": {"role": "assistant", "content": "Hello!"}}),
    ];
    for keep in [Keep::Everything, Keep::Calls, Keep::Usage, Keep::Nothing] {
        let mut options = Options::default();
        options.keep = keep;
        let mut chat = ChatStream::with_options(options);
        let mut told = String::new();
        chat.feed(&stream(&choices), |update| {
            if let Update::Text { text, .. } = update {
                told.push_str(text);
            }
        })
        .expect("within the limits");
        assert_eq!(told, "Hello!", "{keep:?}");
    }
}

#[test]
fn messages_of_typed_parts_go_on_as_messages_of_text_do() {
    let choices = [
        json!({"index": 0, "message": {"content": [{"type": "text", "text": "Hel"}]}}),
        json!({"index": 0, "message": {"content": [{"type": "text", "text": "lo"}, {"type": "text", "text": " you"}]}}),
    ];
    let mut chat = ChatStream::new();
    chat.feed(&stream(&choices), |_| {}).expect("within the limits");
    assert_eq!(chat.finish().choices[0].message.content, "Hello you");
}

#[test]
fn usage_beside_many_groq_usages_is_merged_once() {
    // 4 MB once and then many small ones: merging at each would be quadratic, and this test would not end.
    let large = json!({"x_groq": {"usage": {"a": "A".repeat(4_000_000)}}, "usage": {"total_tokens": 7}});
    let small = json!({"x_groq": {"usage": {"queue_time": 1, "prompt_tokens": 5}}});
    let mut chat = ChatStream::new();
    chat.feed(format!("data: {large}\n\n").as_bytes(), |_| {}).expect("within the limits");
    let event = format!("data: {small}\n\n");
    for _ in 0..20_000 {
        chat.feed(event.as_bytes(), |_| {}).expect("within the limits");
    }
    let usage = chat.finish().usage.expect("usage");
    assert_eq!((usage.total_tokens, usage.prompt_tokens), (Some(7), Some(5)));
    assert_eq!(usage.raw, "{\"total_tokens\":7, \"prompt_tokens\": 5, \"queue_time\": 1}");
}

#[test]
fn reasoning_goes_back_under_the_name_it_came_with() {
    // The name was not noted where each chunk brought nothing but reasoning, and then the reasoning did not go back.
    for field in ["reasoning_content", "reasoning", "reasoning_text"] {
        let mut chat = ChatStream::new();
        for text in ["Let", " me", " think", " about", " it"] {
            let event = json!({"choices": [{"index": 0, "delta": {field: text}}]});
            chat.feed(format!("data: {event}\n\n").as_bytes(), |_| {}).expect("within the limits");
        }
        let message = chat.finish().choices.remove(0).message;
        let sent: serde_json::Value =
            serde_json::from_str(&message.to_request(ReasoningPolicy::AsReceived)).expect("a JSON object");
        assert_eq!(sent[field], "Let me think about it", "{sent}");
    }
}
