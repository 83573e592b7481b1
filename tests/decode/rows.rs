//! Rows: data → documents.

use deltawire::{Decoder, Document, Event, RecentShapes};
use serde_json::{Value, json};

use super::dump;

/// What the documents of an event say, one value each.
pub fn decode(decoder: &mut Decoder, event_type: &[u8], data: &[u8]) -> Vec<Value> {
    let mut recent = RecentShapes::default();
    let mut documents = decoder.documents(Event::new(event_type, data), &mut recent);
    let mut out = Vec::new();
    while let Some(document) = documents.next() {
        out.push(match document {
            Document::Chunk(chunk) => dump::chunk(&chunk),
            Document::Error(error) => json!({"event_error": dump::error(Some(error))}),
            Document::Done => json!("done"),
            Document::Comment(text) => json!({"comment": String::from_utf8_lossy(text)}),
            Document::NotJson(text, error) => {
                json!({"not_json": String::from_utf8_lossy(text), "offset": error.offset()})
            }
            Document::SplitDataLines => json!("split"),
            _ => unreachable!("a new kind of document"),
        });
    }
    out
}

#[track_caller]
fn row(data: &str, expected: Value) {
    assert_eq!(Value::Array(decode(&mut Decoder::new(), b"", data.as_bytes())), expected, "{data}");
}

#[test]
fn documents_of_one_event() {
    row("", json!([]));
    row(" \n\t ", json!([]));
    row("[DONE]", json!(["done"]));
    row("  [DONE] \n", json!(["done"]));
    row("[DONE]x", json!([{"not_json": "[DONE]x", "offset": 1}]));
    row(": keep-alive", json!([{"comment": ": keep-alive"}]));
    row("null", json!([{"is_chunk": false}]));
    row("5 \"a\" [1]", json!([{"is_chunk": false}, {"is_chunk": false}, {"is_chunk": false}]));
    row(r#"{"id":"a"} {"id":"b"}[DONE]"#, json!([{"id": "a"}, {"id": "b"}, "done"]));
    row("{\"id\":\"a\"}\n{\"id\":\"b\"}\n\n[DONE]", json!(["split", {"id": "a"}, {"id": "b"}, "done"]));
    row("{\"id\":\n\"a\"}\n", json!([{"id": "a"}]));
    row("{\"id\":\n\"a\"}\n{\"id\":\"b\"}", json!([{"id": "a"}, {"id": "b"}]));
    row("{\"id\":\"a\"}\n{\"id\":\"b\"", json!([{"id": "a"}, {"not_json": "{\"id\":\"b\"", "offset": 20}]));
    row(":x\n{\"id\":\"a\"}", json!(["split", {"comment": ":x"}, {"id": "a"}]));
}
