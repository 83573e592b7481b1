//! How much of growing arguments can be shown: `partial` and `repair` against a naive reading of the same text.
//!
//! `keep` ends after a whole member or element, after an opening bracket, or inside a string value: half keys, half
//! scalars (a number is whole once something follows it), half escapes, a high surrogate that waits for its other half,
//! and trailing commas are left out. What is kept and the suffix are one JSON value.

use deltawire::{ArgumentsState, ToolCall};
use serde_json::Value;

use super::naive_json::{self, BLANKS, Fault};

/// Checks a call of the wire's function kind at any moment; what can be shown of it, as a value.
pub fn check(call: &ToolCall) -> Option<Value> {
    let text = call.arguments();
    let shown = call.partial().map(|partial| (partial.keep, partial.suffix));
    let trimmed = text.trim_start_matches(BLANKS);
    // The naive reader takes NaN and Infinity where nobody reads: arguments may not hold them.
    if !text.contains(['N', 'I']) {
        let broken = match naive_json::unread(trimmed.as_bytes(), 128) {
            Ok(document) => !trimmed[document.end..].trim_matches(BLANKS).is_empty(),
            Err(Fault(at)) => at < trimmed.len(),
        };
        assert_eq!(matches!(call.state(), ArgumentsState::Invalid { .. }), broken, "{:?}: {text:?}", call.state());
        assert_eq!(shown, if broken { None } else { expected(text) }, "{text:?}");
    }
    if call.state() == ArgumentsState::Truncated {
        match (call.repair(), &shown) {
            (Some(repaired), Some((keep, suffix))) => {
                assert_eq!(repaired.json, [&text[..*keep], suffix].concat());
                assert_eq!((repaired.removed.as_str(), &repaired.added), (&text[*keep..], suffix));
            }
            (Some(repaired), None) => {
                assert_eq!((repaired.json.as_str(), repaired.removed.as_str()), ("{}", text));
                assert!(trimmed.is_empty());
            }
            (None, shown) => assert_eq!(shown, &None),
        }
    } else {
        assert_eq!(call.repair(), None, "{:?}", call.state());
    }
    let (keep, suffix) = shown?;
    let json = [&text[..keep], &suffix].concat();
    let json = json.trim_matches(BLANKS).as_bytes();
    let is_json = naive_json::unread(json, 128).is_ok_and(|document| document.end == json.len());
    assert!(is_json, "{} is no JSON, of {text:?}", json.escape_ascii());
    naive_json::value(json)
}

/// What `partial` says of a text that is, or begins, one JSON value.
fn expected(text: &str) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(bytes[start], b'{' | b'[' | b'"') {
        return None;
    }
    let (mut at, mut keep, mut key) = (start, 0, false);
    let mut closers = Vec::new();
    let close = |closers: &[u8]| closers.iter().rev().map(|&byte| char::from(byte)).collect::<String>();
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'{' | b'[' => {
                closers.push(byte + 2);
                key = byte == b'{';
                at += 1;
                keep = at;
            }
            b'}' | b']' => {
                closers.pop();
                at += 1;
                keep = at;
            }
            b',' | b':' => {
                key = byte == b',' && closers.last() == Some(&b'}');
                at += 1;
            }
            b'"' => {
                let (end, shown) = string(bytes, at + 1);
                match end {
                    Some(end) => {
                        if !key {
                            keep = end;
                        }
                        at = end;
                    }
                    None if key => break,
                    None => return Some((shown, format!("\"{}", close(&closers)))),
                }
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => {
                let length =
                    bytes[at..].iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
                let end = at + length.count();
                if end < bytes.len() || matches!(&text[at..end], "true" | "false" | "null") {
                    keep = end;
                }
                at = end;
            }
        }
        if closers.is_empty() {
            return Some((keep, String::new()));
        }
    }
    Some((keep, close(&closers)))
}

/// A string from behind its quote: where it ends, behind the other quote, and what of it can be shown if it does not.
fn string(bytes: &[u8], mut at: usize) -> (Option<usize>, usize) {
    // Behind the last whole unit.
    let mut shown = at;
    while at < bytes.len() {
        let length = match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => return (Some(at + 1), shown),
            (b'\\', Some(b'u')) => 6,
            (b'\\', _) => 2,
            _ => 1,
        };
        let Some(unit) = bytes.get(at..at + length) else { break };
        at += length;
        // A high surrogate waits for its other half; whatever comes settles the one before it.
        let is_high =
            unit.starts_with(b"\\u") && matches!(&unit[2..4], [b'd' | b'D', b'8' | b'9' | b'a' | b'A' | b'b' | b'B']);
        shown = if is_high { at - length } else { at };
    }
    (None, shown)
}

/// Whether the first is what the second was while it grew: each string a start of the other's, each array one of its
/// elements, and only the last thing that came is not whole. (Of objects without equal keys.)
pub fn is_prefix(shown: &Value, whole: &Value) -> bool {
    match (shown, whole) {
        (Value::String(shown), Value::String(whole)) => {
            // A lone half at the cut is U+FFFD in the one and half a character in the other: it is left out of `shown`.
            whole.starts_with(shown.as_str())
        }
        (Value::Array(shown), Value::Array(whole)) => {
            let Some((last, before)) = shown.split_last() else { return true };
            shown.len() <= whole.len() && whole.starts_with(before) && is_prefix(last, &whole[before.len()])
        }
        (Value::Object(shown), Value::Object(whole)) => {
            let unlike: Vec<&String> = shown.keys().filter(|key| whole.get(*key) != Some(&shown[*key])).collect();
            match unlike[..] {
                [] => true,
                [one] => whole.get(one).is_some_and(|whole| is_prefix(&shown[one], whole)),
                _ => false,
            }
        }
        (shown, whole) => shown == whole,
    }
}

/// Whether an object in this document (as `naive_json` writes it) has a key twice.
pub fn has_equal_keys(text: &str, value: &Value) -> bool {
    let (mut colons, mut inside, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => inside = !inside,
            b':' => colons += usize::from(!inside),
            _ => {}
        }
    }
    colons != members(value)
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(fields) => fields.len() + fields.values().map(members).sum::<usize>(),
        _ => 0,
    }
}
