//! Raw JSON that is only carried: the members of an object, and putting them together again.
//!
//! What is split here was accepted by the decoder before, so it is JSON; on anything else the parts simply end.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::cursor::{MAX_DEPTH, plain_run, skip_blanks, skipped_value_end};
use crate::json::string::{push_lossy, unescape};

/// The values and keys of a raw object, in turn.
struct Values<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Values<'a> {
    fn of(raw: &'a [u8]) -> Self {
        let at = skip_blanks(raw, 0);
        if raw.get(at) == Some(&b'{') { Self { bytes: raw, at: at + 1 } } else { Self { bytes: &[], at: 0 } }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let mut at = skip_blanks(self.bytes, self.at);
        if matches!(self.bytes.get(at), Some(b',' | b':')) {
            at = skip_blanks(self.bytes, at + 1);
        }
        let end = skipped_value_end(self.bytes, at, MAX_DEPTH).ok()?;
        crate::steps::count(end - at);
        self.at = end;
        Some(&self.bytes[at..end])
    }
}

/// The members of a raw JSON object: key (quotes off, no needless escapes, so that equal keys are equal bytes) and raw
/// value; none when it is no object.
pub(super) fn members(raw: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, &[u8])> {
    let mut values = Values::of(raw);
    core::iter::from_fn(move || {
        let key = values.next()?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let key = if key.contains(&b'\\') { Cow::Owned(escaped_anew(key)) } else { Cow::Borrowed(key) };
        Some((key, values.next()?))
    })
}

/// A key that is written with escapes, written with those that it needs.
#[cold]
fn escaped_anew(key: &[u8]) -> Vec<u8> {
    let (mut text, mut out) = (String::new(), String::new());
    unescape(key, &mut text);
    push_string(&mut out, &text);
    out.as_bytes()[1..out.len() - 1].to_vec()
}

/// Appends a text as a JSON string.
pub(super) fn push_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    loop {
        let plain = plain_run(rest.as_bytes());
        out.push_str(&rest[..plain]);
        let Some(&byte) = rest.as_bytes().get(plain) else { break };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => out.push_str(&alloc::format!("\\u{byte:04x}")),
        }
        rest = &rest[plain + 1..];
    }
    out.push('"');
}

/// The members of a JSON object that comes in pieces: a key's last value wins, but arrays are appended where asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// Key and value; an array is kept without its closing bracket.
    entries: Vec<(String, String)>,
}

impl Members {
    /// How many keys are kept; further ones are not (a bound for hostile streams), and are reported.
    const KEYS: usize = 256;

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of keys and values. O(keys).
    pub(super) fn bytes(&self) -> usize {
        self.entries.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    fn entry(&mut self, key: &[u8]) -> Option<&mut String> {
        crate::steps::count(self.entries.len());
        let known = self.entries.iter().position(|(known, _)| known.as_bytes() == key);
        let at = match known {
            Some(at) => at,
            None if self.entries.len() < Self::KEYS => {
                self.entries.push((String::from_utf8_lossy(key).into_owned(), String::new()));
                self.entries.len() - 1
            }
            None => return None,
        };
        Some(&mut self.entries[at].1)
    }

    /// Sets a member. Returns how many bytes it grew by; `None` when it has too many keys for another.
    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Option<usize> {
        let entry = self.entry(key)?;
        let before = entry.len();
        if entry.as_bytes() != value {
            entry.clear();
            push_lossy(value, entry);
        }
        Some(entry.len().saturating_sub(before))
    }

    /// Sets a member, or appends to it where both are arrays. Returns as [`set`](Self::set) does.
    pub(super) fn merge(&mut self, key: &[u8], value: &[u8]) -> Option<usize> {
        if value.first() != Some(&b'[') {
            return self.set(key, value);
        }
        let entry = self.entry(key)?;
        let before = entry.len();
        if !entry.starts_with('[') {
            entry.clear();
            entry.push('[');
        }
        let inside = value.strip_prefix(b"[").and_then(|value| value.strip_suffix(b"]")).unwrap_or_default();
        let inside = inside.trim_ascii();
        if !inside.is_empty() {
            if entry.len() > 1 {
                entry.push(',');
            }
            push_lossy(inside, entry);
        }
        Some(entry.len().saturating_sub(before))
    }

    /// Writes the members, comma-separated, after what stands in `out` (an opening brace, and members or none).
    pub(super) fn write(&self, out: &mut String, closed_arrays: bool) {
        for (key, value) in &self.entries {
            if !out.ends_with('{') {
                out.push(',');
            }
            out.push('"');
            out.push_str(key);
            out.push_str("\":");
            out.push_str(value);
            if value.starts_with('[') && !closed_arrays {
                out.push(']');
            }
        }
    }

    /// As a JSON object of what [`set`](Self::set) took; empty when there is nothing.
    pub(super) fn to_object(&self, closed_arrays: bool) -> String {
        let mut out = String::new();
        if !self.is_empty() {
            out.push('{');
            self.write(&mut out, closed_arrays);
            out.push('}');
        }
        crate::steps::count(out.len());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_raw_json() {
        let object = br#" { "a" : [1, {"b":"}\""}] , "c\"d":null,"e":"x,y" } "#;
        let parts: Vec<_> = members(object)
            .map(|(k, v)| (String::from_utf8(k.into_owned()).unwrap(), String::from_utf8(v.to_vec()).unwrap()))
            .collect();
        let parts: Vec<_> = parts.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(parts, [("a", r#"[1, {"b":"}\""}]"#), ("c\\\"d", "null"), ("e", "\"x,y\"")]);
        assert_eq!(members(b"{}").count() + members(b"[1]").count(), 0);
    }

    #[test]
    fn a_key_is_the_same_however_it_is_escaped() {
        let keys: Vec<_> =
            members(br#"{"te\u0078t":1,"text":2,"a\/\"\n":3}"#).map(|(key, _)| key.into_owned()).collect();
        assert_eq!(keys, [&b"text"[..], b"text", br#"a/\"\n"#]);
    }

    #[test]
    fn arrays_are_appended() {
        let mut members = Members::default();
        members.merge(b"content", b"[{\"a\":1}]");
        members.merge(b"content", b"[]");
        members.merge(b"content", b"[ 2,3 ]");
        members.merge(b"refusal", b"null");
        assert_eq!(members.to_object(false), r#"{"content":[{"a":1},2,3],"refusal":null}"#);
    }

    #[test]
    fn strings_are_escaped() {
        let mut out = String::new();
        push_string(&mut out, "a\"\\\n\u{1}é");
        assert_eq!(out, r#""a\"\\\n\u0001é""#);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), "a\"\\\n\u{1}é");
    }
}
