//! What the accessors of a chunk say, as a JSON value: the form in which rows and oracles are compared.

use deltawire::{Chunk, ChunkChoice, ChunkError, ChunkUsage, ContentPartKind, Delta, RawField, Text};
use serde_json::{Map, Value, json};

/// Raw JSON as a value; what serde_json refuses (the listed tolerances) as a string.
pub(crate) fn raw(bytes: &[u8]) -> Value {
    let value = serde_json::from_slice(bytes).ok().or_else(|| super::mended(bytes));
    value.unwrap_or_else(|| json!(String::from_utf8_lossy(bytes)))
}

pub(crate) fn text(text: Text<'_>) -> Value {
    let mut notes = Map::new();
    if let Some(low) = text.opening_low() {
        notes.insert("opening_low".into(), json!(low));
    }
    if let Some(high) = text.closing_high() {
        notes.insert("closing_high".into(), json!(high));
    }
    if text.has_lone_surrogate() {
        notes.insert("lone".into(), json!(true));
    }
    if text.has_invalid_utf8() {
        notes.insert("invalid_utf8".into(), json!(true));
    }
    if notes.is_empty() {
        return json!(text.as_str());
    }
    notes.insert("text".into(), json!(text.as_str()));
    Value::Object(notes)
}

/// Text that may be raw JSON, in the one form that serde_json writes.
pub(crate) fn canonical(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or(text.to_owned(), |value| value.to_string())
}

/// A string, or a value's raw JSON text.
fn text_or_raw(text: Text<'_>) -> Value {
    match self::text(text) {
        Value::String(text) => json!(canonical(&text)),
        other => other,
    }
}

/// An object without its nulls, empty objects and empty arrays.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let absent = |value: &Value| {
        value.is_null() || value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
    };
    Value::Object(fields.into_iter().filter(|(_, v)| !absent(v)).map(|(k, v)| (k.to_owned(), v)).collect())
}

fn unknown<'a>(fields: impl Iterator<Item = RawField<'a>>) -> Value {
    let key = |key: &[u8]| match raw(&[b"\"", key, b"\""].concat()) {
        Value::String(key) => key,
        _ => unreachable!("a key is a string"),
    };
    // Kept in an array, so that an empty one is told from a value that is empty.
    let fields: Map<String, Value> = fields.map(|field| (key(field.key), json!([raw(field.value)]))).collect();
    Value::Object(fields)
}

fn usage(usage: Option<ChunkUsage<'_>>) -> Value {
    usage.map_or(Value::Null, |usage| {
        object([
            ("raw", json!([raw(usage.raw())])),
            ("prompt_tokens", json!(usage.prompt_tokens())),
            ("completion_tokens", json!(usage.completion_tokens())),
            ("total_tokens", json!(usage.total_tokens())),
            ("cached_tokens", json!(usage.cached_tokens())),
            ("reasoning_tokens", json!(usage.reasoning_tokens())),
            ("cost", json!(usage.cost())),
        ])
    })
}

pub(crate) fn error(error: Option<ChunkError<'_>>) -> Value {
    error.map_or(Value::Null, |error| {
        object([
            ("raw", json!([raw(error.raw())])),
            ("message", json!(error.message())),
            ("type", json!(error.kind())),
            ("code", json!(error.code())),
        ])
    })
}

pub(crate) fn chunk(chunk: &Chunk<'_>) -> Value {
    object([
        ("id", json!(chunk.id())),
        ("object", json!(chunk.object())),
        ("created", json!(chunk.created())),
        ("model", json!(chunk.model())),
        ("provider", json!(chunk.provider())),
        ("system_fingerprint", json!(chunk.system_fingerprint())),
        ("service_tier", json!(chunk.service_tier())),
        ("usage", usage(chunk.usage())),
        ("groq_usage", usage(chunk.groq_usage())),
        ("error", error(chunk.error())),
        ("is_chunk", if chunk.is_chunk() { Value::Null } else { json!(false) }),
        ("choices", chunk.choices().map(|c| choice(&c)).collect()),
        ("unknown", unknown(chunk.unknown_fields())),
    ])
}

fn choice(choice: &ChunkChoice<'_>) -> Value {
    object([
        ("index", json!(choice.index())),
        ("finish_reason", json!(choice.finish_reason())),
        ("native_finish_reason", json!(choice.native_finish_reason())),
        ("logprobs", choice.logprobs().map_or(Value::Null, |bytes| json!([raw(bytes)]))),
        ("usage", usage(choice.usage())),
        ("error", error(choice.error())),
        ("is_message", if choice.is_message() { json!(true) } else { Value::Null }),
        ("has_message", if choice.has_message() { json!(true) } else { Value::Null }),
        ("delta", delta(&choice.delta())),
        ("unknown", unknown(choice.unknown_fields())),
    ])
}

fn delta(delta: &Delta<'_>) -> Value {
    let parts = delta.content_parts().map(|part| {
        let kind = match part.kind {
            ContentPartKind::Text => "text",
            ContentPartKind::Reasoning => "reasoning",
            _ => "other",
        };
        json!([kind, text(part.text), raw(part.raw)])
    });
    let details = delta.reasoning_details().map(|detail| {
        object([
            ("raw", json!([raw(detail.raw())])),
            ("index", json!(detail.index())),
            ("type", json!(detail.kind())),
            ("format", json!(detail.format())),
            ("id", json!(detail.id())),
            ("text", json!(detail.text().map(text))),
            ("summary", json!(detail.summary().map(text))),
            ("data", json!(detail.data().map(text))),
            ("signature", json!(detail.signature())),
        ])
    });
    let calls = delta.tool_calls().map(|call| {
        object([
            ("raw", json!([raw(call.raw())])),
            ("index", json!(call.index())),
            ("id", json!(call.id())),
            ("type", json!(call.kind())),
            ("name", json!(call.name())),
            ("arguments", json!(call.arguments().map(text_or_raw))),
            ("arguments_key", if call.has_arguments_key() { json!(true) } else { Value::Null }),
            ("custom", if call.is_custom() { json!(true) } else { Value::Null }),
            ("input", json!(call.input().map(text_or_raw))),
            ("unknown", unknown(call.unknown_fields())),
        ])
    });
    object([
        ("role", json!(delta.role())),
        ("content", json!(delta.content().map(text))),
        ("content_parts", parts.collect()),
        ("reasoning", json!(delta.reasoning().map(text))),
        ("reasoning_details", details.collect()),
        ("refusal", json!(delta.refusal().map(text))),
        ("tool_calls", calls.collect()),
        (
            "function_call",
            delta.function_call().map_or(Value::Null, |call| {
                json!([object([("name", json!(call.name())), ("arguments", json!(call.arguments().map(text_or_raw)))])])
            }),
        ),
        ("unknown", unknown(delta.unknown_fields())),
    ])
}
