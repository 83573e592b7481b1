//! Each rule of docs/RULES.md by its number, on the smallest stream that shows it. The cases of `tests/quirks/` show the same on
//! what servers send.

use deltawire::{AnomalyCode, ArgumentsState, ChatStream, Completion, EndedBy, FinishReason, Outcome, Update};
use serde_json::{Value, json};

fn decode(body: &str) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(body.as_bytes(), |_| {}).expect("within the limits");
    chat.finish()
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

fn delta(delta: &Value) -> String {
    event(&json!({"choices": [{"index": 0, "delta": delta}]}))
}

const END: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";

/// A fragment in short: index, id, name, arguments; `""` for none.
fn fragment(index: i64, id: &str, name: &str, arguments: &str) -> Value {
    let mut call = json!({"index": index, "function": {"arguments": arguments}});
    if !id.is_empty() {
        call["id"] = json!(id);
        call["type"] = json!("function");
    }
    if !name.is_empty() {
        call["function"]["name"] = json!(name);
    }
    call
}

/// The calls (name, arguments) that the fragments come to, and the anomalies' codes.
fn calls(fragments: &[Value]) -> (Vec<(String, String)>, Vec<&'static str>) {
    let body: String = fragments.iter().map(|call| delta(&json!({"tool_calls": [call]}))).collect();
    let completion = decode(&(body + END));
    let calls = &completion.choices[0].message.tool_calls;
    let calls = calls.iter().map(|call| (call.name().to_owned(), call.arguments().to_owned())).collect();
    (calls, completion.anomalies.iter().map(|anomaly| anomaly.code.as_str()).collect())
}

#[track_caller]
fn rows(fragments: &[Value], expected: &[(&str, &str)], codes: &[&str]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|&(name, arguments)| (name.to_owned(), arguments.to_owned())).collect();
    assert_eq!(calls(fragments), (expected, codes.to_vec()));
}

#[test]
fn rule_1_bytes() {
    let hi = "\u{feff}: c\r\ndata:{\"choices\":[{\"delta\":{\r\ndata: \"content\":\"a\u{2028}b\"}}]}\r\rdata: [DONE] ";
    let completion = decode(hi);
    assert_eq!((&*completion.choices[0].message.content, completion.ended_by), ("a\u{2028}b", EndedBy::Done));
}

#[test]
fn rule_2_values() {
    let body = delta(&json!({"role": "", "content": 5, "new": {"x": 1}}))
        + "data: {\"choices\":[{\"delta\":{\"content\":\"x\",\"content\":\" \\ud83d\"},\"logprobs\":NaN}]}\n\n"
        + "data: {\"choices\":[{\"delta\":{\"role\":\"r\",\"content\":\"\\ude00\"},\"finish_reason\":\"\"}]}\n\n";
    let choice = &decode(&body).choices[0];
    assert_eq!((&*choice.message.content, choice.message.role.as_deref()), ("5 😀", Some("r")));
    assert_eq!((choice.finish_reason.as_deref(), &*choice.message.extras), (None, "{\"new\":{\"x\":1}}"));
}

#[test]
fn rule_3_errors() {
    for error in [
        "data: {\"error\":{\"message\":\"no\",\"code\":502}}\n\n",
        "data: {\"error\":\"no\"}\n\n",
        "event: error\ndata: {\"message\":\"no\"}\n\n",
        "data: {\"object\":\"error\",\"message\":\"no\"}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"error\":{\"message\":\"no\"}}]}\n\n",
    ] {
        let later = "data: {\"error\":\"later\"}\n\n";
        let completion =
            decode(&[&*delta(&json!({"content": "a"})), error, later, &delta(&json!({"content": "b"}))].concat());
        assert_eq!(completion.error.expect("an error").message, "no", "the first stays");
        assert_eq!((completion.outcome, &*completion.choices[0].message.content), (Outcome::Failed, "ab"));
    }
    for none in ["null", "\"\"", "false", "0", "{}", "[]"] {
        let body = format!("data: {{\"error\":{none},\"choices\":[]}}\n\ndata: [DONE]\n\n");
        assert_eq!(decode(&body).outcome, Outcome::Complete, "{none}");
    }
}

#[test]
fn rule_4_the_end() {
    let finish = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let late = delta(&json!({"content": "b"}));
    let ends = |body: &str| {
        let completion = decode(body);
        (completion.outcome, completion.ended_by, completion.choices[0].message.content.clone())
    };
    assert_eq!(ends(&[finish, &late].concat()), (Outcome::Complete, EndedBy::Finish, "ab".into()));
    assert_eq!(ends(&[finish, "data: [DONE]\n\n", &late].concat()), (Outcome::Complete, EndedBy::Done, "a".into()));
    assert_eq!(ends(&late), (Outcome::Truncated, EndedBy::EndOfInput, "b".into()));
    let open = delta(&json!({"tool_calls": [fragment(0, "a", "f", "{")]}));
    assert_eq!(ends(&[finish, &open].concat()).0, Outcome::Truncated);
}

#[test]
fn rule_5_finish_reason() {
    let finish = |reason: &str| event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}));
    let call = delta(&json!({"tool_calls": [fragment(0, "a", "f", "{}")]}));
    let completion = decode(&[call, finish("tool_calls"), finish("stop"), finish("")].concat());
    let choice = &completion.choices[0];
    assert_eq!(choice.finish_reason.as_deref(), Some("stop"));
    assert_eq!(choice.finish(), Some(FinishReason::ToolCalls));
    assert!(completion.anomalies.iter().any(|anomaly| anomaly.code == AnomalyCode::StopWithToolCalls));
}

#[test]
fn rule_6_usage() {
    let body = event(&json!({"choices": [{"index": 0, "delta": {}, "usage": {"total_tokens": 1}}]}))
        + &event(&json!({"choices": [], "usage": {"total_tokens": 2}, "x_groq": {"usage": {"prompt_tokens": 3}}}))
        + &event(&json!({"choices": [], "usage": null}))
        + &event(&json!({"choices": [], "usage": {}}));
    let usage = decode(&body).usage.expect("usage");
    assert_eq!((usage.total_tokens, usage.prompt_tokens), (Some(2), Some(3)));
}

#[test]
fn rule_7a_a_known_id() {
    let head = fragment(0, "a", "f", "");
    rows(&[head.clone(), fragment(3, "a", "", "{}")], &[("f", "{}")], &[]);
    let body = [head, fragment(0, "", "", "{\"a\":"), fragment(1, "a", "g", "{}")];
    rows(&body, &[("f", "{\"a\":"), ("g", "{}")], &["duplicate_id"]);
}

#[test]
fn rule_7b_a_known_index_and_a_new_id() {
    let head = fragment(0, "a", "f", "{\"a\":");
    rows(&[head.clone(), fragment(0, "b", "", "1}")], &[("f", "{\"a\":1}")], &["id_changed"]);
    rows(&[head.clone(), fragment(0, "b", "f", "1}")], &[("f", "{\"a\":1}")], &["id_changed"]);
    let body = [head, fragment(0, "", "", "1}"), fragment(0, "b", "f", "{\"b\":2}")];
    rows(&body, &[("f", "{\"a\":1}"), ("f", "{\"b\":2}")], &[]);
}

#[test]
fn rule_7c_a_known_index_without_id() {
    let head = fragment(0, "a", "f", "{\"a\":");
    rows(&[head.clone(), fragment(0, "", "f", "1}")], &[("f", "{\"a\":1}")], &[]);
    rows(&[head, fragment(0, "", "g", "{}")], &[("f", "{\"a\":"), ("g", "{}")], &[]);
}

#[test]
fn rule_7d_no_index() {
    let none = |mut call: Value| {
        call["index"] = Value::Null;
        call
    };
    let body = [fragment(0, "a", "f", "{\"a\":"), fragment(0, "", "", "1}"), fragment(0, "b", "f", "{\"b\":2}")];
    rows(&body.map(none), &[("f", "{\"a\":1}"), ("f", "{\"b\":2}")], &[]);
}

#[test]
fn rule_7e_an_orphan() {
    let body = [fragment(0, "a", "f", "{\"a\": \"x"), fragment(1, "", "", " "), fragment(2, "", "", "y\"}")];
    rows(&body, &[("f", "{\"a\": \"x y\"}")], &["orphan_fragment"]);
    rows(&[fragment(0, "a", "f", "{\"a\":1}"), fragment(1, "", "", "  ")], &[("f", "{\"a\":1}")], &["orphan_fragment"]);
}

#[test]
fn rule_7f_a_new_call() {
    rows(&[fragment(0, "a", "f", "{}"), fragment(1, "b", "f", "{}")], &[("f", "{}"), ("f", "{}")], &[]);
}

#[test]
fn rule_7g_a_header_at_a_closed_call() {
    let whole = fragment(0, "", "f", "{\"a\":1}");
    let two = [("f", "{\"a\":1}"), ("f", "{\"a\":1}")];
    rows(&[whole.clone(), whole.clone()], &two, &[]);
    let cut = [fragment(0, "", "f", "{\"a\""), fragment(0, "", "", ":1}"), whole.clone()];
    rows(&cut, &two[..1], &["restated", "repeated_header"]);
    let waits = [whole.clone(), fragment(0, "", "f", ""), fragment(0, "", "", "{\"a\":"), fragment(0, "", "", "2}")];
    rows(&waits, &[("f", "{\"a\":1}"), ("f", "{\"a\":2}")], &[]);
    rows(&[whole, fragment(0, "", "g", "{}")], &[("f", "{\"a\":1}"), ("g", "{}")], &[]);
}

#[test]
fn rule_8_names() {
    let piece = |name: &str| json!({"index": 0, "function": {"name": name}});
    rows(&[fragment(0, "a", "get_", ""), piece("weather"), fragment(0, "", "", "{}")], &[("get_weather", "{}")], &[]);
    rows(
        &[fragment(0, "a", "get_", ""), piece("get_it"), fragment(0, "", "", "{}")],
        &[("get_it", "{}")],
        &["name_snapshot"],
    );
    rows(&[fragment(0, "a", "f", ""), piece("f"), fragment(0, "", "f", "{}")], &[("f", "{}")], &[]);
}

#[test]
fn rule_9_arguments() {
    let pieces = |pieces: &[&str], expected: &str, codes: &[&str]| {
        let mut body = vec![fragment(0, "a", "f", "")];
        body.extend(pieces.iter().map(|piece| fragment(0, "", "", piece)));
        rows(&body, &[("f", expected)], codes);
    };
    pieces(&[], "{}", &[]);
    pieces(&["{\"a\"", "{\"a\":1", "{\"a\":1}"], "{\"a\":1}", &["snapshot"]);
    pieces(&["{\"a\":", "{\"a\":1}}"], "{\"a\":{\"a\":1}}", &[]);
    pieces(&["{\"a\":1}", "{ \"a\"", ": 1}"], "{\"a\":1}", &["restated"]);
    pieces(&["{}", "{\"a\":1}"], "{\"a\":1}", &["seed"]);
    pieces(&["{}{\"a\":1}"], "{\"a\":1}", &["seed"]);
    pieces(&["{\"a\":1}", " \n"], "{\"a\":1}", &["blanks_dropped"]);
    pieces(&["{\"a\":1}{\"b\":2}"], "{\"a\":1}{\"b\":2}", &["concatenated"]);
    pieces(&["[1]"], "[1]", &["arguments_not_object"]);
}

#[test]
fn rule_9_closed_and_ready() {
    let mut told = Vec::new();
    let mut chat = ChatStream::new();
    let body: String = [fragment(0, "a", "f", "{\"a\":1}"), fragment(1, "b", "g", "{}")]
        .iter()
        .map(|call| delta(&json!({"tool_calls": [call]})))
        .collect();
    let mut tell = |update: Update<'_>| match update {
        Update::ToolCallClosed { call, .. } => told.push(format!("{} closed", call.name())),
        Update::ToolCallReady { call, .. } => {
            assert_eq!(call.state(), ArgumentsState::Complete);
            told.push(format!("{} ready", call.name()));
        }
        _ => {}
    };
    chat.feed((body + END).as_bytes(), &mut tell).expect("within the limits");
    chat.finish_with(&mut tell);
    assert_eq!(told, ["f closed", "f ready", "g ready"], "a bare {{}} is not called closed early");
}

#[test]
fn rule_10_anomalies() {
    let odd = "data: no\n\n".repeat(1_000) + &delta(&json!({"content": "a"}));
    let completion = decode(&odd);
    let [anomaly] = &completion.anomalies[..] else { panic!("{:?}", completion.anomalies) };
    assert_eq!((anomaly.code, anomaly.count, anomaly.dropped), (AnomalyCode::NotJson, 1_000, 2_000));
    assert_eq!(completion.choices[0].message.content, "a");
}

#[test]
fn rule_11_no_event_stream() {
    let whole = decode(" {\"choices\":[{\"index\":0,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}");
    assert_eq!((&*whole.choices[0].message.content, whole.outcome), ("a", Outcome::Complete));
    assert_eq!(decode("<html>").outcome, Outcome::Failed);
    let bare = decode(&(delta(&json!({"content": "a"})) + "{\"error\":\n{\"message\":\"no\"}}\n\n"));
    assert_eq!((bare.outcome, bare.anomalies[0].code), (Outcome::Failed, AnomalyCode::BareJsonLine));
    let message = event(&json!({"choices": [{"index": 0, "delta": {}, "message": {"content": "ab"}}]}));
    assert_eq!(decode(&(delta(&json!({"content": "a"})) + &message)).choices[0].message.content, "ab");
}

#[test]
fn rule_12_what_is_not_json() {
    let a = delta(&json!({"content": "a"}));
    let document = a.trim_end().trim_start_matches("data: ");
    let body = format!(
        "data: {{broken\n\ndata: : a comment\n\ndata: {document}{document}\n\ndata: {document}\ndata: [DONE]\n\n"
    );
    let completion = decode(&body);
    assert_eq!((&*completion.choices[0].message.content, completion.ended_by), ("aaa", EndedBy::Done));
    let codes: Vec<&str> = completion.anomalies.iter().map(|anomaly| anomaly.code.as_str()).collect();
    assert_eq!(codes, ["not_json", "comment_as_data", "split_data_lines"]);
}
