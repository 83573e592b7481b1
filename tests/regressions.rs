//! Streams that came out wrong once, one test each.

use deltawire::{AnomalyCode, ArgumentsState, ChatStream, Keep, Options, Outcome, ReasoningPolicy, Update};
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
fn what_looks_like_snapshots_and_is_not_stays_one_call_without_an_index() {
    // Pieces that begin with everything so far, again and again: the snapshot reading of the inner objects closes first.
    let arguments = r#"{"a": {"a": {"a": {"b": "x"}}}}"#;
    for piece in 1..arguments.len() {
        let header = json!({"id": "a", "function": {"name": "f", "arguments": ""}});
        let pieces = arguments.as_bytes().chunks(piece).map(|piece| {
            let text = std::str::from_utf8(piece).expect("ASCII");
            json!({"function": {"arguments": text}})
        });
        let fragments: Vec<Value> = [header].into_iter().chain(pieces).collect();
        assert_eq!(calls(&fragments), one("a", "f", arguments), "pieces of {piece}");
    }
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
fn messages_go_on_after_a_delta_that_brings_nothing() {
    let choices = [
        json!({"index": 0, "message": {"content": "Hel"}}),
        json!({"index": 0, "delta": {"content": ""}, "error": "overloaded"}),
        json!({"index": 0, "message": {"content": "lo"}}),
    ];
    let mut chat = ChatStream::new();
    chat.feed(&stream(&choices), |_| {}).expect("within the limits");
    let completion = chat.finish();
    assert_eq!((&*completion.choices[0].message.content, completion.outcome), ("Hello", Outcome::Failed));
}

#[test]
fn a_pair_cut_between_two_messages_is_one_character() {
    let text = |text: &str| format!("data: {{\"choices\":[{{\"index\":0,\"message\":{{\"content\":{text}}}}}]}}\n\n");
    let part = |part: &str| format!("[{{\"type\":\"text\",\"text\":{part}}}]");
    for (a, b) in
        [(r#""a\ud83d""#, r#""\ude00b""#), (r#""\ud83d""#, r#""\ude00""#), (r#""\ud83d\ud83d""#, r#""\ude00""#)]
    {
        for body in [text(a) + &text(b), text(&part(a)) + &text(&part(b))] {
            let mut chat = ChatStream::new();
            chat.feed(body.as_bytes(), |_| {}).expect("within the limits");
            let content = chat.finish().choices[0].message.content.clone();
            assert!(content.contains('\u{1f600}'), "{content:?} of {body}");
        }
    }
}

#[test]
fn a_call_without_a_name_is_never_told() {
    let fragments = [json!({"index": 0, "id": "a", "function": {"arguments": "{\"c\":1}"}})];
    let choices: Vec<Value> =
        fragments.iter().map(|fragment| json!({"index": 0, "delta": {"tool_calls": [fragment]}})).collect();
    let (mut chat, mut told) = (ChatStream::new(), Vec::new());
    let mut tell = |update: Update<'_>| match update {
        Update::ToolCallStarted { .. } | Update::ToolCallClosed { .. } | Update::ToolCallReady { .. } => {
            told.push(format!("{update:?}"));
        }
        _ => {}
    };
    chat.feed(&stream(&choices), &mut tell).expect("within the limits");
    let completion = chat.finish_with(&mut tell);
    assert_eq!(told, [""; 0]);
    let call = &completion.choices[0].message.tool_calls[0];
    assert_eq!((call.name(), call.arguments()), ("", "{\"c\":1}"));
    assert!(matches!(call.state(), ArgumentsState::Invalid { .. }));
    assert!(completion.anomalies.iter().any(|anomaly| anomaly.code == AnomalyCode::Nameless));
}

#[test]
fn every_byte_of_blanks_and_of_keys_too_many_is_counted() {
    let codes = |choices: &[Value]| {
        let mut chat = ChatStream::new();
        chat.feed(&stream(choices), |_| {}).expect("within the limits");
        let anomalies = chat.finish().anomalies;
        anomalies.iter().map(|anomaly| (anomaly.code.as_str(), anomaly.count, anomaly.dropped)).collect::<Vec<_>>()
    };
    let call = |call: Value| json!({"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"});
    let blanks = [
        call(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"c\":1}"}})),
        call(json!({"index": 0, "function": {"arguments": " \n"}})),
        call(json!({"index": 0, "function": {"arguments": "\t"}})),
    ];
    assert_eq!(codes(&blanks), [("blanks_dropped", 2, 3), ("stop_with_tool_calls", 1, 0)]);
    // 258 unknown keys in a call, a delta, a detail and the log probabilities: two find no place, 4 and 3 bytes each.
    let keys = || (0..258).map(|n| (format!("k{n:03}"), json!(100 + n)));
    // Collected, not extended in place: rustc 1.95 without incremental compilation frees the map too early there (seen with
    // `serde_json` alone).
    let with = |object: Value| {
        let members = object.as_object().expect("an object").clone().into_iter();
        Value::Object(members.chain(keys()).collect())
    };
    let mut chat = ChatStream::new();
    let choices = [
        call(with(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}))),
        json!({"index": 0, "delta": with(json!({})), "logprobs": with(json!({}))}),
        json!({"index": 0, "delta": {"reasoning_details": [with(json!({"type": "t"}))]}}),
    ];
    chat.feed(&stream(&choices), |_| {}).expect("within the limits");
    let completion = chat.finish();
    let over = completion.anomalies.iter().filter(|anomaly| anomaly.code == AnomalyCode::LimitReached);
    let over: Vec<_> = over.map(|anomaly| (anomaly.call, anomaly.count, anomaly.dropped)).collect();
    assert_eq!(over, [(Some(0), 1, 14), (None, 4, 14 + 14 + 21)], "the detail's type is a key, too");
    let kept: Value = serde_json::from_str(completion.choices[0].message.tool_calls[0].extras()).expect("an object");
    assert_eq!(kept.as_object().map(serde_json::Map::len), Some(256));
}

#[test]
fn many_calls_rewritten_in_one_event_take_linear_time() {
    // 30,000 calls, then a snapshot of each, in one chunk: to look for each one's updates would cost the square.
    let count = 30_000;
    let first =
        (0..count).map(|n| json!({"index": n, "id": format!("c{n}"), "function": {"name": "f", "arguments": "{}"}}));
    let again = (0..count).map(|n| json!({"index": n, "function": {"arguments": "{\"a\":1}"}}));
    let calls: Vec<Value> = first.chain(again).collect();
    let mut chat = ChatStream::new();
    let (mut arguments, mut resets) = (0, 0);
    chat.feed(&stream(&[json!({"index": 0, "delta": {"tool_calls": calls}})]), |update| match update {
        Update::Arguments { .. } => arguments += 1,
        Update::ArgumentsReset { arguments, .. } => {
            assert_eq!(arguments, "{\"a\":1}");
            resets += 1;
        }
        _ => {}
    })
    .expect("within the limits");
    assert_eq!((arguments, resets), (0, count), "only what stands in the end is told");
    let completion = chat.finish();
    let calls = &completion.choices[0].message.tool_calls;
    assert_eq!(calls.len(), count);
    assert!(calls.iter().all(|call| call.arguments() == "{\"a\":1}" && call.state() == ArgumentsState::Complete));
}

#[test]
fn many_unknown_fields_of_a_call_take_linear_time() {
    let first =
        json!({"index": 0, "id": "a", "big": "x".repeat(4_000_000), "function": {"name": "f", "arguments": "\""}});
    let mut chat = ChatStream::new();
    let event =
        |call: &Value| format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}));
    chat.feed(event(&first).as_bytes(), |_| {}).expect("within the limits");
    for n in 0..20_000 {
        let more = json!({"index": 0, "last": n, "function": {"arguments": "z"}});
        chat.feed(event(&more).as_bytes(), |_| {}).expect("within the limits");
    }
    let completion = chat.finish();
    let extras: Value = serde_json::from_str(completion.choices[0].message.tool_calls[0].extras()).expect("an object");
    assert_eq!(extras["last"], json!(19_999));
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

#[test]
fn an_encrypted_detail_without_an_index_is_an_entry_of_its_own_whatever_it_says() {
    let detail = |kind: &str, text: &str| json!({"type": kind, "text": text, "format": "f"});
    let summary = |text: &str| json!({"type": "reasoning.summary", "summary": text, "index": 0});
    let entries = [
        detail("reasoning.encrypted", "a"),
        detail("reasoning.encrypted", "b"),
        summary("one"),
        summary(" two"),
        summary(" three\n"),
        detail("reasoning.text", "c"),
        detail("reasoning.text", "d"),
    ];
    let choices: Vec<Value> =
        entries.iter().map(|entry| json!({"index": 0, "delta": {"reasoning_details": [entry]}})).collect();
    let mut chat = ChatStream::new();
    chat.feed(&stream(&choices), |_| {}).expect("within the limits");
    let merged: Value = serde_json::from_str(&chat.finish().choices[0].message.reasoning_details).expect("an array");
    let expected = [
        detail("reasoning.encrypted", "a"),
        detail("reasoning.encrypted", "b"),
        summary("one two three\n"),
        detail("reasoning.text", "cd"),
    ];
    assert_eq!(merged, json!(expected));
}
