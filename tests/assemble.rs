//! The update stream, cuts, and what must not matter.

mod support;

use deltawire::{ArgumentsState, ChatStream, Completion, EndedBy, Outcome, Update};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::compose::{self, MESSAGES, PLAIN, TRANSFORMS, Variation};
use support::replay::Replay;
use support::{cassette, compose::Transform};

fn decode(body: &[u8]) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(body, |_| {}).expect("within the limits");
    chat.finish()
}

/// Decodes, and checks that the updates come to the completion.
fn replay(body: &[u8], at: &str) -> Completion {
    let (mut chat, mut replay) = (ChatStream::new(), Replay::default());
    chat.feed(body, |update| replay.apply(update)).expect("within the limits");
    let completion = chat.finish_with(|update| replay.apply(update));
    replay.check(&completion, at);
    completion
}

/// The quirk cases.
fn quirks() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks");
    let entries = std::fs::read_dir(folder).expect("tests/quirks").map(|entry| entry.expect("an entry").path());
    let bodies = entries.filter(|path| path.extension().is_some_and(|extension| extension == "body"));
    bodies.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a case"))).collect()
}

/// Every body there is: recordings, more recordings where they are, quirk cases.
fn bodies() -> Vec<(String, Vec<u8>)> {
    let mut all = cassette::bodies_of(cassette::seeds());
    all.extend(cassette::more().map(cassette::bodies_of).unwrap_or_default());
    all.extend(quirks());
    all
}

#[test]
fn updates_come_to_the_completion() {
    for (at, body) in bodies() {
        replay(&body, &at);
    }
}

/// Where events end: after each blank line.
fn borders(body: &[u8]) -> Vec<usize> {
    (1..body.len()).filter(|&at| body[..at].ends_with(b"\n\n") || body[..at].ends_with(b"\r\n\r\n")).collect()
}

#[test]
fn cut_streams_promise_nothing() {
    let mut cuts = 0;
    for (at, body) in bodies() {
        let whole = decode(&body);
        for border in borders(&body) {
            cuts += 1;
            let cut = replay(&body[..border], &at);
            let finished = !cut.choices.is_empty() && cut.choices.iter().all(|choice| choice.finish_reason.is_some());
            match cut.outcome {
                Outcome::Complete if cut.ended_by == EndedBy::Done => {
                    assert!(body[..border].windows(6).any(|bytes| bytes == b"[DONE]"), "{at} cut at {border}");
                }
                Outcome::Complete => assert!(finished && cut.ended_by == EndedBy::Finish, "{at} cut at {border}"),
                Outcome::Truncated => assert!(!finished || any_open(&cut), "{at} cut at {border}"),
                _ => {}
            }
            for (choice, of_all) in cut.choices.iter().flat_map(|cut| {
                let whole = whole.choices.iter().find(|choice| choice.index == cut.index).expect("the choice");
                cut.message.tool_calls.iter().map(move |call| (call, &whole.message.tool_calls))
            }) {
                let in_the_end = of_all.iter().find(|call| call.number() == choice.number()).expect("the call");
                let is_complete = choice.state() == ArgumentsState::Complete;
                // A second value in the same call takes completeness back; but never another value for this one.
                let same = in_the_end.arguments() == choice.arguments()
                    || matches!(in_the_end.state(), ArgumentsState::Invalid { .. });
                assert!(!is_complete || same, "{at} cut at {border}: {choice:?} became {in_the_end:?}");
            }
        }
    }
    println!("{cuts} cuts");
}

fn any_open(completion: &Completion) -> bool {
    let calls = completion.choices.iter().flat_map(|choice| &choice.message.tool_calls);
    calls.into_iter().any(|call| call.state() != ArgumentsState::Complete)
}

#[test]
fn cut_compositions_promise_nothing() {
    let ready_then = |body: &str| {
        let mut chat = ChatStream::new();
        let mut ready = Vec::new();
        let mut take = |update: Update<'_>| {
            if let Update::ToolCallReady { call, .. } = update {
                ready.push((call.number(), call.name().to_owned(), call.arguments().to_owned(), call.state()));
            }
        };
        chat.feed(body.as_bytes(), &mut take).expect("within the limits");
        chat.finish_with(&mut take);
        ready
    };
    for (n, &first) in TRANSFORMS.iter().enumerate() {
        for &second in TRANSFORMS.iter().skip(n) {
            for message in &MESSAGES {
                let fragments = compose::compose(message, &[first, second], PLAIN);
                let body = compose::body(&fragments, 1);
                let all = ready_then(&body);
                let at = format!("{}: {first:?} {second:?}", message.0);
                replay(body.as_bytes(), &at);
                let whole = decode(body.as_bytes());
                for (number, name, arguments, state) in &all {
                    let call = whole.choices[0].message.tool_calls.iter().find(|call| call.number() == *number);
                    let call = call.expect("a ready call");
                    assert_eq!(
                        (name.as_str(), arguments.as_str(), *state),
                        (call.name(), call.arguments(), call.state())
                    );
                }
                for border in borders(body.as_bytes()).into_iter().step_by(3) {
                    let cut = decode(&body.as_bytes()[..border]);
                    for call in cut.choices.iter().flat_map(|choice| &choice.message.tool_calls) {
                        let later = whole.choices[0].message.tool_calls.iter().find(|c| c.number() == call.number());
                        if cut.outcome != Outcome::Complete && call.state() == ArgumentsState::Complete {
                            let later = later.expect("the call");
                            let same = later.arguments() == call.arguments()
                                || matches!(later.state(), ArgumentsState::Invalid { .. });
                            assert!(same, "{at} cut at {border}: {call:?} became {later:?}");
                        }
                    }
                }
            }
        }
    }
}

/// The completion without what must be allowed to differ: offsets.
fn essence(completion: &Completion) -> String {
    let mut completion = completion.clone();
    completion.anomalies.iter_mut().for_each(|anomaly| (anomaly.offset, anomaly.dropped) = (0, 0));
    format!("{completion:?}")
}

/// The data lines of a stream of one-line JSON events, rewritten.
fn rewrite(body: &str, mut f: impl FnMut(Value) -> String) -> String {
    body.split_inclusive('\n')
        .map(|line| match line.trim_end().strip_prefix("data: ").map(serde_json::from_str::<Value>) {
            Some(Ok(value)) => format!("data: {}\n", f(value)),
            _ => line.to_owned(),
        })
        .collect()
}

/// JSON with every character of every string written as an escape, and blanks between tokens.
fn escaped(value: &Value) -> String {
    let string = |text: &str| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
        format!("\"{}\"", units.collect::<String>())
    };
    match value {
        Value::String(text) => string(text),
        Value::Array(elements) => {
            format!("[ {} ]", elements.iter().map(escaped).collect::<Vec<_>>().join(" ,\t"))
        }
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(key, value)| format!("{} : {}", string(key), escaped(value))).collect();
            format!("{{ {} }}", members.join(" , "))
        }
        other => other.to_string(),
    }
}

/// With keys in reverse order and unknown keys beside the known ones of the envelope and the choices.
fn reordered(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(members) => {
            let mut all: Vec<_> =
                members.iter().map(|(key, value)| format!("{}:{}", json!(key), reordered(value, depth + 1))).collect();
            all.reverse();
            if depth == 0 || members.contains_key("delta") {
                all.insert(0, r#""x_unknown":{"content":[1,"]"],"id":"no"}"#.into());
            }
            format!("{{{}}}", all.join(","))
        }
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(|value| reordered(value, depth + 1)).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn what_must_not_matter() {
    let seeds = cassette::bodies_of(cassette::seeds()).into_iter().filter(|(_, body)| body.starts_with(b"data: "));
    for (at, body) in seeds {
        let body = String::from_utf8(body).expect("recordings are UTF-8");
        // The recordings' raw JSON (usage) is written as serde_json writes it first.
        let body = rewrite(&body, |value| value.to_string());
        let plain = essence(&decode(body.as_bytes()));
        let same = |other: String, what: &str| {
            assert_eq!(essence(&decode(other.as_bytes())), plain, "{at}: {what}");
        };
        same(body.replace("\n\n", "\n\n: keep-alive\n\n:\n"), "comments");
        same(body.replace('\n', "\r\n"), "CRLF");
        same(body.replace('\n', "\r"), "CR");
        same(body.replace("data: {", "data:{"), "no space");
        let heartbeat = "data: {\"id\":\"\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":null}]}\n\n";
        let heartbeats: String = body
            .split_inclusive("\n\n")
            .map(|event| event.to_owned() + if event.contains("[DONE]") { "" } else { heartbeat })
            .collect();
        same(heartbeats, "heartbeats");
        let raw_free = |completion: &Completion| {
            let mut completion = completion.clone();
            if let Some(usage) = &mut completion.usage {
                usage.raw.clear();
            }
            essence(&completion)
        };
        let plain = raw_free(&decode(body.as_bytes()));
        for (what, other) in [
            ("escapes and blanks", rewrite(&body, |value| escaped(&value))),
            ("key order and unknown keys", rewrite(&body, |value| reordered(&value, 0))),
        ] {
            assert_eq!(raw_free(&decode(other.as_bytes())), plain, "{at}: {what}");
        }
    }
}

/// JSON objects with nested equal keys, escapes and braces in strings.
fn arguments() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(|n| json!(n)),
        Just(json!(-1.5e300)),
        "[a{}\\[\\]\":, \\\\é😀\n]{0,6}".prop_map(|text| json!(text)),
    ];
    let value = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|values| json!(values)),
            prop::collection::vec(inner, 0..3).prop_map(|values| {
                let keys = ["a", "a b", "\"}"].iter().map(|key| (*key).to_owned());
                Value::Object(keys.zip(values).collect())
            }),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, spaced)| {
        let object = json!({"a": value});
        if spaced { serde_json::to_string_pretty(&object).expect("JSON") } else { object.to_string() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Clean arguments cut anywhere: equal calls, no anomaly.
    #[test]
    fn clean_arguments_cut_anywhere(text in arguments(), cuts in prop::collection::vec(0..200usize, 0..12)) {
        let mut places: Vec<usize> = cuts.into_iter().filter(|&at| at < text.len() && text.is_char_boundary(at)).collect();
        places.sort();
        let mut fragments = compose::clean(0, "f", "", 1);
        let mut from = 0;
        for at in places.into_iter().chain([text.len()]) {
            let piece = compose::Fragment { arguments: Some(text[from..at].into()), index: Some(json!(0)), ..Default::default() };
            fragments.push(piece);
            from = at;
        }
        let completion = replay(compose::body(&fragments, 1).as_bytes(), &text);
        let calls = &completion.choices[0].message.tool_calls;
        prop_assert_eq!(calls.len(), 1);
        prop_assert_eq!(calls[0].arguments(), &text);
        prop_assert_eq!(calls[0].state(), ArgumentsState::Complete);
        prop_assert!(completion.anomalies.is_empty(), "{:?}", completion.anomalies);
    }

    /// Any mixture of transforms, two choices interleaved, text between: the updates come to the completion, and no byte
    /// of arguments is lost without an anomaly that counts it.
    #[test]
    fn random_mixtures(
        message in 0..MESSAGES.len(),
        transforms in prop::collection::vec(0..TRANSFORMS.len(), 0..6),
        piece in 1..8usize,
        order in any::<u64>(),
        shuffled in prop::bool::weighted(0.2),
    ) {
        let transforms: Vec<Transform> = transforms.into_iter().map(|n| TRANSFORMS[n]).collect();
        let mut fragments = compose::compose(&MESSAGES[message], &transforms, Variation { piece, ..PLAIN });
        if shuffled {
            let mut seed = order | 1;
            for at in (1..fragments.len()).rev() {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                fragments.swap(at, (seed >> 33) as usize % (at + 1));
            }
        }
        let mut body = String::new();
        for (n, fragment) in fragments.iter().enumerate() {
            let delta = json!({"tool_calls": [fragment.to_json()]});
            let bits = order.rotate_left(n as u32 * 3);
            body += &compose::event((bits & 1) as i64 * i64::from(!shuffled as u8), &delta, None);
            if bits & 6 == 6 {
                body += &compose::event(0, &json!({"content": "text", "reasoning": "why"}), Some("tool_calls").filter(|_| bits & 8 == 8));
            }
        }
        if order & 256 == 0 {
            body += "data: [DONE]\n\n";
        }
        let completion = replay(body.as_bytes(), &body);
        let came: usize = fragments.iter().filter_map(|fragment| fragment.arguments.as_ref()).map(String::len).sum();
        let calls = completion.choices.iter().flat_map(|choice| &choice.message.tool_calls);
        let made_up = |call: &deltawire::ToolCall| {
            // `{}` that stands for nothing came from nowhere.
            call.arguments() == "{}" && call.state() == ArgumentsState::Complete
        };
        let (kept, unsure): (usize, usize) = calls.map(|call| (call.arguments().len(), if made_up(call) { 2 } else { 0 }))
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let dropped: usize = completion.anomalies.iter().map(|anomaly| anomaly.dropped as usize).sum();
        let ignored: bool = completion.anomalies.iter().any(|anomaly| anomaly.code.as_str() == "orphan_fragment");
        prop_assert!(came <= kept + dropped || ignored, "{came} came, {kept} kept, {dropped} dropped: {completion:?}");
        prop_assert!(kept + dropped <= came + unsure + completion.anomalies.iter().filter(|a| a.code.as_str() == "name_conflict").map(|a| a.dropped as usize).sum::<usize>(), "{came} came, {kept} kept, {dropped} dropped: {completion:?}");
    }
}
