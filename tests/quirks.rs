//! Every case of `tests/quirks/` comes to what `expected.json` says: whole, byte by byte, and cut in two at every place.
//!
//! Keys of an entry: `content`, `reasoning`, `tool_calls` ([name, arguments]; arguments compared as JSON where an object is
//! given, as raw text where a string is), `outcome`, `error_contains`; and where they matter `refusal`, `ids`,
//! `arguments_state`, `finish_reason`, `ended_by`, `usage` (some members), `anomalies` (the codes, sorted), `choices`.

mod support;

use deltawire::{ArgumentsState, ChatStream, Choice, Completion, EndedBy, Outcome};
use serde_json::{Map, Value, json};

/// Cases that do not come out right yet. The test fails when one does, and when another does not.
const FAILING: &[&str] = &[];

fn cases() -> Vec<(String, Vec<u8>, Value)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks");
    let expected = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    let expected: Map<String, Value> = serde_json::from_str(&expected).expect("expected.json is JSON");
    let mut bodies: Vec<String> = std::fs::read_dir(&folder)
        .expect("tests/quirks")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".body")?.to_owned()))
        .collect();
    bodies.sort();
    let mut keys: Vec<String> = expected.keys().cloned().collect();
    keys.sort();
    assert_eq!(bodies, keys, "each case has an entry and each entry a case");
    let read = |name: String| {
        let body = std::fs::read(folder.join(format!("{name}.body"))).expect("a case");
        let expected = expected[&name].clone();
        (name, body, expected)
    };
    bodies.into_iter().map(read).collect()
}

fn decode(pieces: &[&[u8]]) -> Completion {
    let mut chat = ChatStream::new();
    for piece in pieces {
        chat.feed(piece, |_| {}).expect("within the limits");
    }
    chat.finish()
}

fn state(state: ArgumentsState) -> String {
    match state {
        ArgumentsState::Complete => "complete".into(),
        ArgumentsState::Truncated => "truncated".into(),
        ArgumentsState::Invalid { offset, .. } => format!("invalid at {offset}"),
        _ => unreachable!(),
    }
}

fn calls(choice: &Choice, expected: &Value) -> Value {
    let calls = choice.message.tool_calls.iter().enumerate().map(|(n, call)| {
        let as_object = expected[n][1].is_object();
        let parsed = serde_json::from_str(call.arguments()).ok().filter(|_| as_object);
        json!([call.name(), parsed.unwrap_or_else(|| json!(call.arguments()))])
    });
    calls.collect()
}

/// What the completion says about the keys of the expected entry.
fn said(completion: &Completion, expected: &Value) -> Value {
    let choices: &[Choice] = &completion.choices;
    let none = Choice::default();
    let first = choices.first().unwrap_or(&none);
    let mut said = Map::new();
    for key in expected.as_object().expect("an object").keys() {
        let value = match key.as_str() {
            "content" => json!(choices.iter().map(|choice| &*choice.message.content).collect::<String>()),
            "reasoning" => json!(first.message.reasoning),
            "refusal" => json!(first.message.refusal),
            "details" => serde_json::from_str(&first.message.reasoning_details).unwrap_or_default(),
            "extras" => serde_json::from_str(&first.message.extras).unwrap_or_default(),
            "logprobs" => serde_json::from_str(&first.logprobs).unwrap_or_default(),
            "call_extras" => {
                let extras = first.message.tool_calls.iter().map(|call| call.extras());
                extras.map(|extras| serde_json::from_str::<Value>(extras).unwrap_or_default()).collect()
            }
            "tool_calls" => calls(first, &expected[key]),
            "ids" => {
                let ids = first.message.tool_calls.iter();
                ids.map(|call| if call.id_is_synthetic() { Value::Null } else { json!(call.id()) }).collect()
            }
            "arguments_state" => first.message.tool_calls.iter().map(|call| json!(state(call.state()))).collect(),
            "kinds" => first.message.tool_calls.iter().map(|call| json!(format!("{:?}", call.kind()))).collect(),
            "finish_reason" => json!(first.finish_reason),
            "finish" => json!(first.finish().map(|finish| format!("{finish:?}"))),
            "outcome" => json!(match completion.outcome {
                Outcome::Complete => "complete",
                Outcome::Truncated => "truncated",
                Outcome::Failed => "failed",
                _ => unreachable!(),
            }),
            "ended_by" => json!(match completion.ended_by {
                EndedBy::Done => "done",
                EndedBy::Finish => "finish",
                EndedBy::EndOfInput => "end_of_input",
                _ => unreachable!(),
            }),
            "error_contains" => match (&completion.error, expected[key].as_str()) {
                (Some(error), Some(part)) if error.message.contains(part) => json!(part),
                (Some(error), _) => json!(error.message),
                (None, _) => Value::Null,
            },
            "error_code" => json!(completion.error.as_ref().and_then(|error| error.code.clone())),
            "usage" => {
                let raw = completion.usage.as_ref().map_or("null", |usage| &usage.raw);
                let raw: Value = serde_json::from_str(raw).expect("usage is JSON");
                let members = expected[key].as_object().into_iter().flatten();
                members.map(|(key, _)| (key.clone(), raw[key].clone())).collect::<Map<_, _>>().into()
            }
            "usage_numbers" => {
                let usage = completion.usage.clone().unwrap_or_default();
                json!([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens])
            }
            "anomalies" => {
                let mut codes: Vec<&str> = completion.anomalies.iter().map(|anomaly| anomaly.code.as_str()).collect();
                codes.sort();
                codes.dedup();
                json!(codes)
            }
            "choices" => choices
                .iter()
                .map(|choice| json!([choice.index, choice.message.content, choice.finish_reason]))
                .collect(),
            other => panic!("{other} is no key"),
        };
        said.insert(key.clone(), value);
    }
    said.into()
}

#[test]
fn every_case() {
    let mut wrong = Vec::new();
    for (name, body, expected) in cases() {
        let whole = decode(&[&body]);
        let said = said(&whole, &expected);
        if said != expected {
            eprintln!("{name}: {said:#}\nexpected {expected:#}\n{:?}", whole.anomalies);
            wrong.push(name.clone());
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(decode(&bytes), whole, "{name}, byte by byte");
        // Every place of a short body, about 2,000 of a long one.
        for cut in (0..=body.len()).step_by(body.len() / 2_000 + 1) {
            let (a, b) = body.split_at(cut);
            assert_eq!(decode(&[a, b]), whole, "{name}, cut at {cut}");
        }
    }
    assert_eq!(wrong, FAILING, "cases that do not come out right");
}
