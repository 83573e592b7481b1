//! Target `decode`: the data of an event, any bytes, through the decoder.
//!
//! - The documents are those of a naive reader of RFC 8259 and the listed tolerances (`naive_json.rs`), each with its
//!   place, each fault at its byte.
//! - What is accepted without a tolerance is what serde_json accepts.
//! - Every accessor says what serde_json sees.
//! - Text says what was mended in it: as a string's inside, the same bytes, read unit by unit.
//! - What the decoder holds is bounded by the data.

#[path = "../../tests/decode/dump.rs"]
mod dump;
#[path = "../../tests/decode/oracle.rs"]
mod oracle;

use deltawire::{Decoder, Document, ErrorKind, Event, Limits, RecentShapes};
use serde_json::{Map, Value, json};

use super::naive_json::{self, Fault, Tolerance, Unit};
use super::plan::Plan;

/// What a document is, and where it lies in the data.
#[derive(Clone, Debug, PartialEq)]
enum Met {
    Chunk { start: usize, end: usize },
    Done,
    Comment { start: usize, end: usize },
    NotJson { start: usize, at: usize },
}

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let data = plan.stream;
    let mut limits = Limits::DEFAULT;
    if plan.flags & 1 != 0 {
        limits.depth = 3;
    }
    let mut decoder = Decoder::with_limits(limits);
    documents(&mut decoder, data, limits.depth);
    // Now that the shape of the first is known.
    documents(&mut decoder, data, limits.depth);
    error_event(&mut decoder, data, limits.depth);
    text(data);
    // A slot of 28 bytes for two bytes, a record for two, the text three times, twice that for vectors that double.
    let held = decoder.bytes_held();
    assert!(held <= 4096 + 256 * data.len(), "{held} bytes held for {}", data.len());
}

/// The documents of an event of no type.
fn documents(decoder: &mut Decoder, data: &[u8], depth: usize) {
    let mut recent = RecentShapes::default();
    let mut documents = decoder.documents(Event::new(b"", data), &mut recent);
    let mut met = Vec::new();
    let mut notices = 0;
    while let Some(document) = documents.next() {
        let place = |part: &[u8]| {
            let start = part.as_ptr().addr() - data.as_ptr().addr();
            (start, start + part.len())
        };
        met.push(match document {
            Document::Chunk(chunk) => {
                let (start, end) = place(chunk.raw());
                check_values(&chunk, &data[start..end], depth);
                Met::Chunk { start, end }
            }
            Document::Done => Met::Done,
            Document::Comment(text) => {
                let (start, end) = place(text);
                Met::Comment { start, end }
            }
            Document::NotJson(rest, error) => {
                let (start, end) = place(rest);
                assert_eq!((end, error.kind()), (data.len(), ErrorKind::Syntax));
                Met::NotJson { start, at: error.offset() as usize }
            }
            Document::SplitDataLines => {
                assert!(met.is_empty(), "a notice goes first");
                notices += 1;
                continue;
            }
            other => panic!("no such document in an event of no type: {other:?}"),
        });
    }
    assert_eq!(met, read_naively(data, depth), "{}", data.escape_ascii());
    assert_eq!(notices > 0, are_split_lines(data, depth, &met), "{}", data.escape_ascii());
    assert!(notices <= 1);
}

fn read_naively(data: &[u8], depth: usize) -> Vec<Met> {
    let mut met = Vec::new();
    let mut start = 0;
    loop {
        start += data[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        let rest = &data[start..];
        if rest.is_empty() {
            return met;
        }
        let is_done = |rest: &[u8]| {
            let after = rest.strip_prefix(b"[DONE]")?.first();
            Some(after.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')))
        };
        if is_done(rest) == Some(true) {
            met.push(Met::Done);
            start += 6;
        } else if rest[0] == b':' {
            let end = start + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            met.push(Met::Comment { start, end });
            start = end;
        } else {
            match naive_json::chunk(rest, depth) {
                Ok(document) => {
                    met.push(Met::Chunk { start, end: start + document.end });
                    start += document.end;
                }
                Err(Fault(at)) => {
                    met.push(Met::NotJson { start, at: start + at });
                    return met;
                }
            }
        }
    }
}

/// Whether the first document does not fill the data, and each of several lines is one by itself.
fn are_split_lines(data: &[u8], depth: usize, met: &[Met]) -> bool {
    let first_fills = match met.first() {
        None => true,
        Some(Met::Chunk { end, .. } | Met::Comment { end, .. }) => *end == data.len(),
        Some(Met::Done) => data.ends_with(b"[DONE]") && data.trim_ascii_start().len() == 6,
        Some(Met::NotJson { .. }) => true,
    };
    let lines: Vec<&[u8]> =
        data.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    let is_whole = |line: &&[u8]| {
        *line == b"[DONE]"
            || line[0] == b':'
            || naive_json::unread(line, depth).is_ok_and(|document| document.end == line.len())
    };
    !first_fills && lines.len() > 1 && lines.iter().all(is_whole)
}

/// Every accessor against what serde_json sees.
fn check_values(chunk: &deltawire::Chunk<'_>, raw: &[u8], depth: usize) {
    let document = naive_json::chunk(raw, depth).unwrap_or_else(|Fault(at)| {
        panic!("accepted, but there is a fault at {at}: {}", raw.escape_ascii());
    });
    // serde_json stops at 127.
    if document.depth <= 127 {
        assert_eq!(serde_json::from_slice::<Value>(raw).is_ok(), document.used.is_empty(), "{}", raw.escape_ascii());
    } else {
        return;
    }
    let (mut seen, mut expected) = (plain(dump::chunk(chunk)), plain(oracle::chunk(&document.value())));
    if document.used.contains(&Tolerance::HugeNumber) {
        // A huge number is a string to the oracle: an error that is one has a message then, and a field of text says it.
        for value in [&mut seen, &mut expected] {
            without_error_messages(value);
        }
        without_huge_texts(&mut expected, &seen);
    }
    assert_eq!(seen, expected, "{}", raw.escape_ascii());
}

/// For the dump: raw JSON that serde_json refuses.
fn mended(raw: &[u8]) -> Option<Value> {
    naive_json::value(raw)
}

/// The form in which the two are compared: what is said of mended texts left out, numbers in serde_json's notation.
fn plain(value: Value) -> Value {
    const NOTES: [&str; 4] = ["opening_low", "closing_high", "lone", "invalid_utf8"];
    match value {
        Value::String(text) => match serde_json::from_str(&text) {
            // To 13 digits: read and written once more, the last ones of a fraction may differ.
            Ok(Value::Number(number)) if number.is_f64() => {
                json!(format!("{:.12e}", number.as_f64().expect("a fraction")))
            }
            Ok(Value::Number(number)) => json!(number.to_string()),
            _ => json!(text),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            let notes = fields.keys().filter(|key| NOTES.contains(&key.as_str())).count();
            if notes > 0 && notes + 1 == fields.len() && fields.get("text").is_some_and(Value::is_string) {
                return plain(fields["text"].clone());
            }
            let arguments = |key: &str, value: Value| match value {
                Value::String(text) if key == "arguments" || key == "input" => {
                    json!(naive_json::value(text.as_bytes()).map_or(text, |value| value.to_string()))
                }
                other => other,
            };
            fields
                .into_iter()
                .map(|(key, value)| (key.clone(), arguments(&key, plain(value))))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other,
    }
}

fn without_error_messages(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_error_messages),
        Value::Object(fields) => {
            if let Some(Value::Object(error)) = fields.get_mut("error") {
                error.remove("message");
            }
            fields.values_mut().for_each(without_error_messages);
        }
        _ => {}
    }
}

/// Leaves out the members that are a huge number's text and that the decoder does not have.
fn without_huge_texts(expected: &mut Value, seen: &Value) {
    match (expected, seen) {
        (Value::Array(items), Value::Array(seen)) => {
            items.iter_mut().zip(seen).for_each(|(item, seen)| without_huge_texts(item, seen));
        }
        (Value::Object(fields), Value::Object(seen)) => {
            let is_huge = |text: &str| {
                let document = naive_json::unread(text.as_bytes(), 0);
                document.is_ok_and(|read| read.end == text.len() && read.used == [Tolerance::HugeNumber])
            };
            fields.retain(|key, value| seen.contains_key(key) || !value.as_str().is_some_and(is_huge));
            for (key, value) in fields {
                seen.get(key).into_iter().for_each(|seen| without_huge_texts(value, seen));
            }
        }
        _ => {}
    }
}

/// The data of an `event: error`: one error, JSON or plain text.
fn error_event(decoder: &mut Decoder, data: &[u8], depth: usize) {
    let mut recent = RecentShapes::default();
    let mut documents = decoder.documents(Event::new(b"error", data), &mut recent);
    let blank = data.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    let Some(document) = documents.next() else { return assert!(blank) };
    let Document::Error(error) = document else { panic!("no error: {document:?}") };
    let start = data.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).expect("not blank");
    let json = naive_json::chunk(&data[start..], depth).ok().filter(|document| {
        data[start + document.end..].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    });
    match json {
        Some(document) if document.used.is_empty() && document.depth <= 127 => {
            let value = document.value();
            let raw: Value = serde_json::from_slice(error.raw()).expect("JSON");
            assert!(raw == value || raw == value["error"], "{}", data.escape_ascii());
            if let Some(message) = error.message() {
                assert!(raw == message || raw["message"] == message, "{}", data.escape_ascii());
            }
        }
        Some(_) => {}
        None => {
            let end =
                data.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).expect("not blank") + 1;
            assert_eq!(error.raw(), &data[start..end]);
            assert_eq!(error.message(), Some(&*String::from_utf8_lossy(error.raw())));
        }
    }
    assert!(documents.next().is_none());
}

/// The data as the inside of a string.
fn text(data: &[u8]) {
    let document = [b"{\"choices\":[{\"delta\":{\"content\":\"", data, b"\"}}]}"].concat();
    let quoted = [b"\"", data, b"\""].concat();
    if !naive_json::unread(&quoted, 0).is_ok_and(|document| document.end == quoted.len()) {
        return;
    }
    let units = naive_json::units(data);
    let lone = |at: usize| match units.get(at) {
        Some(&Unit::Lone(half)) => Some(half),
        _ => None,
    };
    let last = units.len().wrapping_sub(1);
    let opening = lone(0).filter(|half| (0xDC00..).contains(half));
    let closing = lone(last).filter(|half| (..0xDC00).contains(half));
    let others = (0..units.len())
        .filter(|&at| lone(at).is_some() && !(at == 0 && opening.is_some()) && !(at == last && closing.is_some()));
    let mut decoder = Decoder::new();
    for _ in 0..2 {
        let mut recent = RecentShapes::default();
        let mut documents = decoder.documents(Event::new(b"", &document), &mut recent);
        let Some(Document::Chunk(chunk)) = documents.next() else { panic!("no chunk") };
        let content = chunk.choices().next().and_then(|choice| choice.delta().content()).expect("content");
        assert_eq!(content.as_str(), naive_json::text_of(&units));
        assert_eq!(content.opening_low(), opening);
        assert_eq!(content.closing_high(), closing);
        assert_eq!(content.has_lone_surrogate(), others.clone().next().is_some());
        assert_eq!(content.has_invalid_utf8(), units.contains(&Unit::Invalid));
    }
}
