//! How much is kept, and every limit of the message: exactly at it, and one over.

mod support;

use deltawire::{ChatState, ChatStream, Completion, Decoder, ErrorKind, Keep, LimitKind, Limits, Options, Outcome};
use serde_json::json;
use support::compose::{self, MESSAGES, PLAIN, event};
use support::{cassette, digest};

fn options(keep: Keep) -> Options {
    let mut options = Options::default();
    options.keep = keep;
    options
}

#[test]
fn updates_are_the_same_whatever_is_kept() {
    let mut bodies = cassette::bodies_of(cassette::seeds());
    for message in &MESSAGES {
        let fragments = compose::compose(message, &[compose::Transform::Seed], PLAIN);
        bodies.push((message.0.into(), compose::body(&fragments, 1).into_bytes()));
    }
    for (at, body) in bodies {
        let (updates, whole) = digest::decode(options(Keep::Everything), [&body[..]]);
        for keep in [Keep::Calls, Keep::Usage, Keep::Nothing] {
            let (same, kept) = digest::decode(options(keep), [&body[..]]);
            assert_eq!(texts(&body, keep), texts(&body, Keep::Everything), "{at}, {keep:?}");
            // The records' places differ where the texts were dropped, the counts do not.
            assert_eq!(same.0, updates.0, "{at}, {keep:?}");
            assert_eq!(kept.outcome, whole.outcome);
            match keep {
                Keep::Calls => {
                    assert_eq!(kept.usage, whole.usage);
                    for (kept, whole) in kept.choices.iter().zip(&whole.choices) {
                        assert_eq!(kept.message.tool_calls, whole.message.tool_calls);
                        assert_eq!(kept.message.content, "");
                        assert_eq!(kept.finish_reason, whole.finish_reason);
                    }
                }
                Keep::Usage => {
                    assert_eq!(kept.usage, whole.usage);
                    assert!(kept.choices.iter().all(|choice| choice.message.tool_calls.is_empty()));
                }
                _ => assert!(kept.choices.is_empty() && kept.usage.is_none()),
            }
        }
    }
}

/// The updates as they print, but for the calls' inner state.
fn texts(body: &[u8], keep: Keep) -> Vec<String> {
    let mut all = Vec::new();
    let mut chat = ChatStream::with_options(options(keep));
    chat.feed(body, |update| all.push(format!("{update:?}"))).expect("within the limits");
    chat.finish_with(|update| all.push(format!("{update:?}")));
    all
}

/// Feeds a body under limits: the limit that was passed, if one was, and what there is of the message.
fn limited(set: impl FnOnce(&mut Limits), body: &str) -> (Option<LimitKind>, Completion) {
    let mut options = Options::default();
    set(&mut options.limits);
    let mut chat = ChatStream::with_options(options);
    let result = chat.feed(body.as_bytes(), |_| {});
    if let Err(error) = result {
        assert_eq!(chat.feed(b"data: {}\n\n", |_| {}), Err(error), "the same error ever after");
    }
    let limit = result.err().map(|error| match error.kind() {
        ErrorKind::Limit(limit) => limit,
        other => panic!("{other:?}"),
    });
    (limit, chat.into_completion())
}

#[test]
fn limits_hold_exactly() {
    let text = event(0, &json!({"content": "abc"}), None) + &event(0, &json!({"reasoning": "de"}), None);
    assert_eq!(limited(|limits| limits.text = 5, &text).0, None);
    let (limit, completion) = limited(|limits| limits.text = 4, &text);
    assert_eq!(limit, Some(LimitKind::Text));
    assert_eq!(completion.choices[0].message.content, "abc", "what was decoded stays");
    assert_eq!(completion.outcome, Outcome::Truncated);

    let choices: String = (0..3).map(|n| event(n, &json!({"content": "a"}), None)).collect();
    assert_eq!(limited(|limits| limits.choices = 3, &choices).0, None);
    assert_eq!(limited(|limits| limits.choices = 2, &choices).0, Some(LimitKind::Choices));

    let calls = compose::body(&compose::compose(&MESSAGES[5], &[], PLAIN), 1);
    assert_eq!(limited(|limits| limits.tool_calls = 3, &calls).0, None);
    let (limit, completion) = limited(|limits| limits.tool_calls = 2, &calls);
    assert_eq!((limit, completion.choices[0].message.tool_calls.len()), (Some(LimitKind::ToolCalls), 2));

    let one = compose::body(&compose::compose(&MESSAGES[0], &[], PLAIN), 1);
    let length = MESSAGES[0].1[0].1.len();
    assert_eq!(limited(|limits| limits.arguments = length, &one).0, None);
    assert_eq!(limited(|limits| limits.arguments = length - 1, &one).0, Some(LimitKind::Arguments));
    assert_eq!(limited(|limits| limits.name = "chat.completion.chunk".len(), &one).0, None);
    assert_eq!(limited(|limits| limits.name = "get_weather".len() - 1, &one).0, Some(LimitKind::Name));

    let detail = json!({"type": "reasoning.text", "text": "x"});
    let details = event(0, &json!({"reasoning_details": [detail]}), None);
    let length = detail.to_string().len();
    assert_eq!(limited(|limits| limits.details = length, &details).0, None);
    assert_eq!(limited(|limits| limits.details = length - 1, &details).0, Some(LimitKind::Details));

    let error = "data: {\"error\":{\"message\":\"é123456789\"}}\n\n";
    let (limit, completion) = limited(|limits| limits.error_text = 5, error);
    assert_eq!((limit, &*completion.error.expect("an error").message), (None, "é123"), "cut, not fatal");
    assert_eq!(limited(|limits| limits.error_text = 11, error).1.error.expect("an error").message, "é123456789");

    let odd: String = (0..4).map(|n| event(n, &json!({"message": 1}), None) + "data: x\n\n").collect();
    let odd = odd + "data: : c\n\ndata: {\"x\":1}\n\n";
    let (limit, completion) = limited(|limits| limits.anomalies = 1, &odd);
    let counted: u64 = completion.anomalies.iter().map(|anomaly| anomaly.count).sum();
    let codes: Vec<&str> = completion.anomalies.iter().map(|anomaly| anomaly.code.as_str()).collect();
    assert_eq!((limit, codes, counted), (None, vec!["not_json", "limit_reached"], 6));

    let deep = |depth: usize| {
        let arguments = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": arguments}}]});
        limited(|limits| limits.depth = 16, &(event(0, &call, Some("tool_calls")) + "data: [DONE]\n\n"))
    };
    use deltawire::ArgumentsState::{Complete, Invalid};
    assert_eq!(deep(16).1.choices[0].message.tool_calls[0].state(), Complete);
    assert!(matches!(deep(17).1.choices[0].message.tool_calls[0].state(), Invalid { offset: 16, .. }));
    let state = deep(1_000_000).1.choices[0].message.tool_calls[0].state();
    assert!(matches!(state, Invalid { offset: 16, .. }), "and no stack is used");
}

/// The table of limits in the docs has every limit, with its default.
#[test]
fn the_table_of_limits_is_true() {
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md");
    let rules = std::fs::read_to_string(rules).expect("the rules");
    let table = rules.split("## Limits\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let name = cells.first()?.split('`').nth(1)?;
        (cells.len() == 5).then(|| format!("{name}: {}", cells[1]))
    });
    let said: std::collections::BTreeSet<String> = rows.collect();
    let defaults = format!("{:?}", Limits::DEFAULT);
    let fields = defaults.trim_start_matches("Limits { ").trim_end_matches(" }").split(", ");
    let there: std::collections::BTreeSet<String> = fields.map(str::to_owned).collect();
    assert!(there.len() >= 15);
    assert_eq!(said, there);
}

/// Heap bytes that a stream holds after these events, by level.
fn held(events: &[String], keep: Keep) -> i64 {
    // The decoder is no part of it: gateways have one a thread. It is warm before it is measured.
    let mut decoder = Decoder::new();
    let mut kept = None;
    let run = |decoder: &mut Decoder| {
        let mut chat = ChatState::with_options(options(keep));
        for event in events {
            let mut bytes = event.as_bytes();
            while let Some(update) = chat.next(decoder, &mut bytes) {
                update.expect("within the limits");
            }
        }
        chat
    };
    drop(run(&mut decoder));
    let info = allocation_counter::measure(|| kept = Some(run(&mut decoder)));
    drop(kept);
    info.bytes_current
}

#[test]
fn what_each_level_holds() {
    let text = "x".repeat(100);
    let texts: Vec<String> =
        (0..10_000).map(|n| event(0, &json!({if n % 2 == 0 { "content" } else { "reasoning" }: text}), None)).collect();
    for keep in [Keep::Calls, Keep::Usage, Keep::Nothing] {
        let held = held(&texts, keep);
        assert!((0..2 << 10).contains(&held), "{keep:?} holds {held} bytes of a megabyte");
    }
    let all = held(&texts, Keep::Everything);
    assert!((1_000_000..2_200_000).contains(&all), "{all} bytes of a megabyte");

    // 20 calls of 10 KB each.
    let arguments = json!({"text": "y".repeat(10_000)}).to_string();
    let calls: Vec<String> = (0..20)
        .flat_map(|n| compose::clean(n, "write_file", &arguments, 500))
        .map(|fragment| event(0, &json!({"tool_calls": [fragment.to_json()]}), None))
        .collect();
    for keep in [Keep::Everything, Keep::Calls, Keep::Usage, Keep::Nothing] {
        let held = held(&calls, keep);
        let (least, most) = (20 * arguments.len() as i64, 20 * (2 * arguments.len() as i64 + 1024) + 2048);
        assert!((least..most).contains(&held), "{keep:?} holds {held} bytes");
    }
}

#[test]
fn a_reset_stream_is_like_a_new_one() {
    let mut chat = ChatStream::new();
    for (at, body) in cassette::bodies_of(cassette::seeds()) {
        chat.reset();
        chat.feed(&body, |_| {}).expect("within the limits");
        chat.end();
        while let Some(update) = chat.next(&mut &[][..]) {
            update.expect("no error");
        }
        let (_, fresh) = digest::decode(Options::default(), [&body[..]]);
        assert_eq!(chat.completion(), fresh, "{at}");
    }
}

#[test]
fn think_tags_are_reasoning_when_asked_for() {
    let body = event(0, &json!({"content": "<thi"}), None)
        + &event(0, &json!({"content": "nk>hm</think"}), None)
        + &event(0, &json!({"content": ">Hi <"}), Some("stop"));
    let mut options = Options::default();
    options.split_think = true;
    let mut chat = ChatStream::with_options(options);
    chat.feed(body.as_bytes(), |_| {}).expect("within the limits");
    let message = chat.finish().choices[0].message.clone();
    assert_eq!((&*message.content, &*message.reasoning), ("Hi <", "hm"));
}
