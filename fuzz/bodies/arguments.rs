//! Target `arguments`: any text as the arguments of one call, cut anywhere.
//!
//! - Live parts rebuild exactly what serde_json sees (`replay.rs`).
//! - Plainly read (no snapshot, seed, repetition), the arguments are the text, and their state is what a naive reader of
//!   JSON says of it.
//! - The values that stand in them one after the other, the text of a string and what simd-json makes of them are what
//!   serde_json sees.
//! - Closed is announced with the fragment in which the outer value closes, and never for a bare `{}`.
//! - At every cut, what `partial` keeps and its suffix are valid JSON, exactly what a naive reader would keep, and, of a
//!   valid document, what its value was while it grew (`partial.rs`). Short texts are cut behind each character too.

use deltawire::{ArgumentsState, ChatStream, Completion, Options, ToolCall, Update};
use serde_json::Value;

use super::naive_json::{self, BLANKS};
use super::partial;
use super::plan::{self, Plan};
use super::replay::Replay;

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let text = String::from_utf8_lossy(plan.stream);
    let pieces: Vec<&str> = cut(&text, &plan);
    let Decoded { completion, closed, mut shown } = decode(&pieces, plan.flags & 1 != 0);
    if text.len() <= 300 {
        let characters: Vec<&str> = text.split("").filter(|character| !character.is_empty()).collect();
        let decoded = decode(&characters, false);
        if is_plain(&decoded.completion) {
            shown.extend(decoded.shown);
        }
    }
    let Some(call) = completion.choices.first().and_then(|choice| choice.message.tool_calls.first()) else {
        panic!("no call");
    };
    if !is_plain(&completion) {
        return;
    }
    let is_blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if is_blank(&text) {
        assert_eq!((call.arguments(), call.state()), ("{}", ArgumentsState::Complete));
        return;
    }
    assert_eq!(call.arguments(), text);
    let start = text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len();
    let read = naive_json::unread(&text.as_bytes()[start..], 128);
    let has_words = read.as_ref().is_ok_and(|document| document.used.contains(&naive_json::Tolerance::UnreadWord));
    let expected = match &read {
        Ok(document) if !has_words && is_blank(&text[start + document.end..]) => ArgumentsState::Complete,
        Err(naive_json::Fault(at)) if start + at == text.len() => ArgumentsState::Truncated,
        _ => {
            assert!(matches!(call.state(), ArgumentsState::Invalid { .. }), "{:?}: {text:?}", call.state());
            return;
        }
    };
    if !has_words && !text.contains(['N', 'I']) {
        assert_eq!(call.state(), expected, "{text:?}");
    }
    if let Ok(document) = &read
        && expected == ArgumentsState::Complete
        && !document.used.contains(&naive_json::Tolerance::HugeNumber)
    {
        let value = document.value();
        if !partial::has_equal_keys(&document.text, &value) {
            for shown in &shown {
                assert!(partial::is_prefix(shown, &value), "{shown} while it grew to {value}");
            }
        }
    }
    // Where it closed: with the piece that holds the last byte of the value.
    let first = text.as_bytes()[start];
    if let Ok(document) = read
        && matches!(first, b'{' | b'[' | b'"')
        && expected == ArgumentsState::Complete
    {
        let end = start + document.end;
        let bare = first == b'{' && is_blank(&text[start + 1..end - 1]);
        let mut at = 0;
        let piece = pieces.iter().position(|piece| {
            at += piece.len();
            at >= end
        });
        assert_eq!(closed, if bare { None } else { piece }, "{pieces:?}");
    }
}

/// The text in pieces, cut at characters.
fn cut<'a>(text: &'a str, plan: &Plan<'_>) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    for piece in plan::cut(text.as_bytes(), plan.sizes()) {
        end += piece.len();
        if text.is_char_boundary(end) {
            pieces.push(&text[start..end]);
            start = end;
        }
    }
    pieces
}

/// Whether the arguments were read as they came: one call, no snapshot, seed or repetition.
fn is_plain(completion: &Completion) -> bool {
    let plain = |anomaly: &deltawire::Anomaly| anomaly.code.as_str() == "arguments_not_object";
    completion.anomalies.iter().all(plain) && completion.choices[0].message.tool_calls.len() == 1
}

struct Decoded {
    completion: Completion,
    /// The piece with which the call was announced closed.
    closed: Option<usize>,
    /// What could be shown after each piece.
    shown: Vec<Value>,
}

/// Feeds the pieces as fragments.
fn decode(pieces: &[&str], whole_stream: bool) -> Decoded {
    let mut options = Options::default();
    options.live_arguments = true;
    let mut chat = ChatStream::with_options(options);
    let (mut replay, mut closed, mut shown) = (Replay::default(), None, Vec::new());
    // Each check reads the whole text.
    let often = 1 + pieces.iter().map(|piece| piece.len()).sum::<usize>() * pieces.len() / 200_000;
    let header = "{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}";
    let mut chunks = vec![chunk(header)];
    let fragments = pieces.iter().map(|piece| {
        let text = Value::String((*piece).to_owned());
        chunk(&format!("{{\"index\":0,\"function\":{{\"arguments\":{text}}}}}"))
    });
    chunks.extend(fragments);
    chunks.push(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n".into(),
    );
    let whole = chunks.concat();
    if whole_stream {
        // All in one input: the same updates, but which came with which piece is not seen.
        let mut other = ChatStream::with_options(options);
        let mut other_replay = Replay::default();
        other.feed(whole.as_bytes(), |update| other_replay.apply(&update)).expect("within the limits");
        let completion = other.finish_with(|update| other_replay.apply(&update));
        other_replay.check(&completion, options.keep);
    }
    for (n, chunk) in chunks.iter().enumerate() {
        chat.feed(chunk.as_bytes(), |update| {
            replay.apply(&update);
            if let Update::Arguments { call, .. } | Update::ArgumentsReset { call, .. } = update
                && n % often == 0
            {
                shown.extend(partial::check(call));
            }
            match update {
                Update::ToolCallClosed { .. } => closed = closed.or(Some(n.wrapping_sub(1))),
                // Taken back.
                Update::Arguments { .. } | Update::ArgumentsReset { .. } => closed = None,
                _ => {}
            }
        })
        .expect("within the limits");
    }
    let completion = chat.finish_with(|update| replay.apply(&update));
    replay.check(&completion, options.keep);
    for call in completion.choices.iter().flat_map(|choice| &choice.message.tool_calls) {
        partial::check(call);
        check_values(call);
    }
    Decoded { completion, closed, shown }
}

/// What else can be made of the arguments: the values one after the other, the text of a string, a type.
fn check_values(call: &ToolCall) {
    let mut rest = call.arguments();
    for value in call.values() {
        rest = rest.trim_start_matches(BLANKS).strip_prefix(value).expect("in the order in which they came");
        let read = naive_json::unread(value.as_bytes(), 128);
        assert!(read.is_ok_and(|read| read.end == value.len()), "{value:?} of {:?}", call.arguments());
    }
    let strict = serde_json::from_str::<Value>(call.arguments()).ok();
    if call.state() == ArgumentsState::Complete {
        assert_eq!(rest.trim_matches(BLANKS), "", "one value, and nothing behind it");
        assert_eq!(call.values().count(), 1);
        if let Some(strict) = &strict {
            assert_eq!(call.unwrapped().as_deref(), strict.as_str());
        }
    }
    typed(call, strict);
}

/// Typed parsing gives what serde_json reads, and nothing of what is not complete.
#[cfg(any(feature = "simd-json", fuzzing))]
fn typed(call: &ToolCall, strict: Option<Value>) {
    let parsed = call.parse::<Value>();
    if call.state() != ArgumentsState::Complete {
        assert_eq!(parsed, Err(deltawire::ParseError::NotComplete(call.state())));
    } else if let Some(strict) = strict {
        // An integer beyond 64 bits is a fraction to serde_json and a fault to simd-json; fractions are not compared.
        match parsed {
            Ok(parsed) => assert_eq!(without_fractions(parsed), without_fractions(strict)),
            Err(error) => assert!(has_fractions(&strict), "{error}: {}", call.arguments()),
        }
    }
}

#[cfg(not(any(feature = "simd-json", fuzzing)))]
fn typed(_: &ToolCall, _: Option<Value>) {}

#[cfg(any(feature = "simd-json", fuzzing))]
fn has_fractions(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fractions),
        Value::Object(fields) => fields.values().any(has_fractions),
        _ => false,
    }
}

#[cfg(any(feature = "simd-json", fuzzing))]
fn without_fractions(value: Value) -> Value {
    match value {
        // Nor is the sign of zero.
        Value::Number(number) if number.is_f64() || number.as_i64() == Some(0) => Value::Null,
        Value::Array(items) => items.into_iter().map(without_fractions).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, without_fractions(value))).collect(),
        other => other,
    }
}

fn chunk(call: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n")
}
