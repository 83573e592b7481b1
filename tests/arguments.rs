//! What a caller does with arguments: live parts, partial values, repair, several values, types, the next request.

mod support;

use deltawire::{ArgumentsState, ChatStream, Completion, LivePart, Options, ReasoningPolicy, ToolCall, Update};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{cassette, compose};

/// A stream of one call whose arguments come in these pieces.
fn stream(pieces: &[&str]) -> String {
    let mut fragments = compose::clean(0, "f", "", 1);
    fragments.extend(pieces.iter().map(|piece| compose::Fragment {
        arguments: Some((*piece).into()),
        index: Some(json!(0)),
        ..Default::default()
    }));
    compose::body(&fragments, 1)
}

fn decode(pieces: &[&str]) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(stream(pieces).as_bytes(), |_| {}).expect("within the limits");
    chat.finish()
}

fn call_of(pieces: &[&str]) -> ToolCall {
    decode(pieces).choices[0].message.tool_calls[0].clone()
}

/// A stream cut off after the pieces.
fn cut_call(pieces: &[&str]) -> ToolCall {
    let body = stream(pieces);
    let events: Vec<&str> = body.split_inclusive("\n\n").collect();
    let end = events[..events.len() - 2].concat().len();
    let mut chat = ChatStream::new();
    chat.feed(&body.as_bytes()[..end], |_| {}).expect("within the limits");
    chat.finish().choices[0].message.tool_calls[0].clone()
}

/// A value rebuilt from live parts.
#[derive(Debug, Default)]
struct Rebuilt {
    value: Value,
}

impl Rebuilt {
    fn place(&mut self, path: &str) -> &mut Value {
        let Some((parent, last)) = path.rsplit_once('/') else { return &mut self.value };
        let key = last.replace("~1", "/").replace("~0", "~");
        match self.place(parent) {
            Value::Array(elements) => {
                let at: usize = key.parse().expect("an index");
                if at == elements.len() {
                    elements.push(Value::Null);
                }
                &mut elements[at]
            }
            Value::Object(members) => members.entry(key).or_insert(Value::Null),
            other => panic!("{other} has no members"),
        }
    }

    fn take(&mut self, path: &str, part: LivePart<'_>) {
        let place = self.place(path);
        match part {
            LivePart::ObjectBegin => *place = Value::Object(Map::new()),
            LivePart::ArrayBegin => *place = json!([]),
            LivePart::Text(text) => match place {
                Value::String(known) => known.push_str(text),
                _ => *place = json!(text),
            },
            LivePart::TextEnd if !place.is_string() => *place = json!(""),
            LivePart::TextEnd => {}
            LivePart::ObjectEnd => assert!(place.is_object()),
            LivePart::ArrayEnd => assert!(place.is_array()),
            LivePart::Scalar(raw) => *place = serde_json::from_str(raw).expect("a scalar"),
            _ => unreachable!(),
        }
    }
}

fn live(body: &str) -> Value {
    let mut options = Options::default();
    options.live_arguments = true;
    let (mut chat, mut rebuilt) = (ChatStream::with_options(options), Rebuilt::default());
    let mut take = |update: Update<'_>| match update {
        Update::LiveArgument { path, part, .. } => rebuilt.take(path, part),
        Update::ArgumentsReset { .. } => rebuilt = Rebuilt::default(),
        _ => {}
    };
    chat.feed(body.as_bytes(), &mut take).expect("within the limits");
    chat.finish_with(&mut take);
    rebuilt.value
}

#[test]
fn live_parts_survive_seeds_and_snapshots() {
    assert_eq!(live(&stream(&["{}", r#"{"a":"#, "[1]}"])), json!({"a": [1]}));
    assert_eq!(live(&stream(&["{", r#"{"a":"#, r#"{"a":"x"}"#])), json!({"a": "x"}));
    let nested = r#"{"a":{"a":{"b":1}}}"#;
    assert_eq!(live(&stream(&[&nested[..5], &nested[..10], nested])), json!({"a": {"a": {"b": 1}}}));
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(|n| json!(n)),
        "[a{}~/\\[\\]\":, \\\\é😀\n\u{1}]{0,6}".prop_map(|text| json!(text)),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| json!(values)),
            prop::collection::vec(inner, 0..4).prop_map(|values| {
                let keys = ["a", "a/b~", "\"}", "é"].iter().map(|key| (*key).to_owned());
                Value::Object(keys.zip(values).collect())
            }),
        ]
    });
    value.prop_map(|value| json!({"v": value}).to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_parts_rebuild_the_value(text in document(), piece in 1..9usize, ascii in any::<bool>()) {
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let text = if ascii { escape_non_ascii(&text) } else { text };
        let pieces = compose::pieces(&text, piece);
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        prop_assert_eq!(live(&stream(&pieces)), expected);
    }

    #[test]
    fn every_prefix_can_be_shown_and_repaired(text in document(), cut in any::<prop::sample::Index>()) {
        let mut cut = cut.index(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let call = cut_call(&[&text[..cut]]);
        prop_assert_eq!(call.arguments(), &text[..cut]);
        prop_assert_eq!(call.state(), ArgumentsState::Truncated);
        let repaired = call.repair().expect("a repair");
        serde_json::from_str::<Value>(&repaired.json).expect("valid JSON");
        let kept = &call.arguments()[..cut - repaired.removed.len()];
        prop_assert_eq!(format!("{kept}{}", repaired.added), repaired.json);
    }
}

fn escape_non_ascii(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units).to_vec();
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            if character.is_ascii() { vec![character] } else { escaped.chars().collect() }
        })
        .collect()
}

#[test]
fn partial_arguments_at_any_moment() {
    let mut shown = Vec::new();
    let mut chat = ChatStream::new();
    let body = stream(&[r#"{"file"#, r#"name":"a.rs","text":"fn ma"#, r#"in() {\"#, r#"n}","mode":4"#, "20}"]);
    chat.feed(body.as_bytes(), |update| {
        if let Update::Arguments { call, .. } = update {
            let partial = call.partial().expect("begun");
            shown.push(format!("{}{}", &call.arguments()[..partial.keep], partial.suffix));
        }
    })
    .expect("within the limits");
    assert_eq!(
        shown,
        [
            "{}",
            r#"{"filename":"a.rs","text":"fn ma"}"#,
            r#"{"filename":"a.rs","text":"fn main() {"}"#,
            r#"{"filename":"a.rs","text":"fn main() {\n}"}"#,
            r#"{"filename":"a.rs","text":"fn main() {\n}","mode":420}"#,
        ]
    );
}

#[test]
fn several_values_and_wrapped_ones() {
    let two = call_of(&[r#"{"p":1}"#, r#" {"p":2}"#]);
    assert_eq!(two.state(), ArgumentsState::Invalid { offset: 7 });
    assert_eq!(two.values().collect::<Vec<_>>(), [r#"{"p":1}"#, r#"{"p":2}"#]);
    assert_eq!(two.repair(), None);
    assert_eq!(call_of(&[r#"{"p":1}"#]).values().count(), 1);
    assert_eq!(call_of(&["12.5"]).values().collect::<Vec<_>>(), ["12.5"]);
    assert_eq!(call_of(&[r#"{"p":x}"#]).values().count(), 0);
    let wrapped = call_of(&[r#""{\"p\":"#, r#"\"\u00e9\"}""#]);
    assert_eq!(wrapped.unwrapped().as_deref(), Some(r#"{"p":"é"}"#));
    assert_eq!(call_of(&[r#"{"p":1}"#]).unwrapped(), None);
    assert_eq!(cut_call(&[r#""{\"p"#]).unwrapped(), None);
}

#[cfg(feature = "simd-json")]
#[test]
fn typed_arguments() {
    use deltawire::{ParseBuffer, ParseError};

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Weather<'a> {
        city: &'a str,
        days: Option<u8>,
    }
    let mut buffer = ParseBuffer::new();
    let call = call_of(&[r#"{"city":"Par"#, r#"is é"}"#]);
    assert_eq!(call.parse_in(&mut buffer), Ok(Weather { city: "Paris é", days: None }));
    assert_eq!(call.arguments(), r#"{"city":"Paris é"}"#, "untouched");
    let call = call_of(&[r#"{"city":"Rome","days":3}"#]);
    assert_eq!(call.parse_in(&mut buffer), Ok(Weather { city: "Rome", days: Some(3) }));
    assert_eq!(call.parse::<Value>(), Ok(json!({"city": "Rome", "days": 3})));
    assert!(matches!(call.parse::<Vec<u8>>(), Err(ParseError::Mismatch(_))));
    let cut = cut_call(&[r#"{"city":"Ro"#]);
    assert_eq!(cut.parse::<Value>(), Err(ParseError::NotComplete(ArgumentsState::Truncated)));
    let mut seen = 0;
    let mut chat = ChatStream::new();
    chat.feed(stream(&[r#"{"n":"#, "1}"]).as_bytes(), |update| {
        if let Update::ToolCallReady { call, .. } = update {
            assert_eq!(call.parse::<Value>(), Ok(json!({"n": 1})));
            seen += 1;
        }
    })
    .expect("within the limits");
    assert_eq!(seen, 1, "it works on the call inside an update");
}

#[test]
fn a_million_brackets_take_no_stack() {
    // No bare brackets: a piece of them would begin with all that came, as a snapshot does.
    let whole = |depth: usize| "[0,".repeat(depth) + "0" + &"]".repeat(depth);
    let work = move || {
        let decode = |arguments: &str, end: &str| {
            let mut options = Options::default();
            options.live_arguments = true;
            options.limits.depth = usize::MAX;
            let (mut chat, mut parts) = (ChatStream::with_options(options), 0);
            let mut take = |update: Update<'_>| parts += usize::from(matches!(update, Update::LiveArgument { .. }));
            // As a string: bare brackets would be the document's own nesting.
            for chunk in compose::pieces(arguments, 50_000) {
                let call = json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": chunk}});
                let event = compose::event(0, &json!({"tool_calls": [call]}), None);
                chat.feed(event.as_bytes(), &mut take).expect("within the limits");
            }
            chat.feed(end.as_bytes(), &mut take).expect("within the limits");
            let call = chat.finish().choices[0].message.tool_calls[0].clone();
            (call, parts)
        };
        let (call, parts) = decode(&whole(1_000_000), "data: [DONE]\n\n");
        assert_eq!((call.state(), parts), (ArgumentsState::Complete, 3_000_001));
        assert_eq!(call.values().count(), 1);
        assert_eq!(call.unwrapped(), None);
        assert_eq!(call.partial().expect("a value").keep, 4_000_001);
        #[cfg(feature = "simd-json")]
        assert_eq!(call.parse::<Value>(), Err(deltawire::ParseError::TooDeep));
        let (call, parts) = decode(&"[0,".repeat(1_000_000), "");
        assert_eq!((call.state(), parts), (ArgumentsState::Truncated, 2_000_000));
        let repaired = call.repair().expect("a repair");
        assert_eq!((repaired.json.len(), repaired.added.len()), (3_999_999, 1_000_000), "without the last comma");
        let (call, _) = decode(&whole(128), "data: [DONE]\n\n");
        #[cfg(feature = "simd-json")]
        assert!(call.parse::<serde::de::IgnoredAny>().is_ok(), "exactly at the limit");
        assert_eq!(call.values().count(), 1);
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(work).expect("a thread").join().expect("no overflow");
}

#[test]
fn requests_echo_what_another_client_sent() {
    let mut all = cassette::seeds();
    all.extend(cassette::more().unwrap_or_default());
    let mut echoes = 0;
    for cassette in all {
        for pair in cassette.interactions.windows(2) {
            let mut chat = ChatStream::new();
            chat.feed(pair[0].response.body.as_bytes(), |_| {}).expect("within the limits");
            let completion = chat.finish();
            let message = completion.choices[0].message.to_request(ReasoningPolicy::None);
            let message: Value = serde_json::from_str(&message).expect("JSON");
            let request: Value = serde_json::from_str(&pair[1].request.body).expect("JSON");
            let messages = request["messages"].as_array().expect("messages");
            let echo = messages.iter().rfind(|message| message["role"] == "assistant").expect("the echo");
            echoes += 1;
            assert_eq!(
                echo["content"].as_str().unwrap_or(""),
                message["content"].as_str().unwrap_or(""),
                "{}",
                cassette.name
            );
            let (echoed, ours) = (&echo["tool_calls"], &message["tool_calls"]);
            assert_eq!(echoed.as_array().map(Vec::len), ours.as_array().map(Vec::len), "{}", cassette.name);
            for (echoed, ours) in echoed.as_array().into_iter().flatten().zip(ours.as_array().into_iter().flatten()) {
                for key in ["id", "type", "function"] {
                    assert_eq!(echoed[key], ours[key], "{}", cassette.name);
                }
            }
        }
    }
    assert!(echoes >= 4, "{echoes} echoes");
}

#[test]
fn reasoning_goes_back_by_the_policy() {
    let detail = |text: &str| json!({"type": "reasoning.text", "text": text, "index": 0});
    let body =
        compose::event(0, &json!({"role": "assistant", "reasoning": "h", "reasoning_details": [detail("h")]}), None)
            + &compose::event(0, &json!({"reasoning": "m", "reasoning_details": [detail("m")]}), None)
            + &compose::event(0, &json!({"content": "Hi"}), Some("stop"));
    let mut chat = ChatStream::new();
    chat.feed(body.as_bytes(), |_| {}).expect("within the limits");
    let message = chat.finish().choices[0].message.clone();
    let request = |policy| serde_json::from_str::<Value>(&message.to_request(policy)).expect("JSON");
    let plain = json!({"role": "assistant", "content": "Hi"});
    assert_eq!(request(ReasoningPolicy::None), plain);
    let with = |more: Value| {
        let mut all = plain.clone();
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    let details = json!([{"type": "reasoning.text", "text": "hm", "index": 0}]);
    assert_eq!(request(ReasoningPolicy::ReasoningContent), with(json!({"reasoning_content": "hm"})));
    assert_eq!(request(ReasoningPolicy::Details), with(json!({"reasoning_details": details})));
    let received = with(json!({"reasoning": "hm", "reasoning_details": details}));
    assert_eq!(request(ReasoningPolicy::AsReceived), received);
    let parts: Vec<String> = message.parts().map(|part| format!("{part:?}")).collect();
    assert_eq!(parts, ["Reasoning(\"hm\")", "Text(\"Hi\")"]);
}
