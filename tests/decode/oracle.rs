//! The same answers from a `serde_json::Value`, the slow and plain way: the rules once more, sharing no code.

use serde_json::{Map, Value, json};

use super::dump::{canonical, object};

const ROOT: &[&str] = &[
    "id",
    "object",
    "created",
    "model",
    "provider",
    "system_fingerprint",
    "service_tier",
    "choices",
    "usage",
    "x_groq",
    "error",
    "message",
    "type",
    "code",
];
const CHOICE: &[&str] =
    &["index", "delta", "message", "finish_reason", "native_finish_reason", "logprobs", "usage", "error"];
const DELTA: &[&str] = &[
    "role",
    "content",
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "reasoning_details",
    "refusal",
    "tool_calls",
    "function_call",
];
const CALL: &[&str] = &["index", "id", "type", "function", "custom", "name", "arguments"];

fn string(value: &Value) -> Value {
    value.as_str().filter(|text| !text.is_empty()).map_or(Value::Null, |text| json!(text))
}

fn string_or_number(value: &Value) -> Value {
    if value.is_number() { json!(value.to_string()) } else { string(value) }
}

/// The value's own JSON text, for what is no string.
fn string_or_raw(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) => json!(canonical(text)),
        other => json!(other.to_string()),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        Value::String(text) => serde_json::from_str(text).ok().filter(Value::is_number).as_ref().and_then(integer),
        _ => None,
    }
}

fn unsigned(value: &Value) -> Value {
    value.as_u64().or_else(|| integer(value).and_then(|n| u64::try_from(n).ok())).map_or(Value::Null, |n| json!(n))
}

fn unknown(value: &Value, known: &[&str]) -> Value {
    let Some(fields) = value.as_object() else { return Value::Null };
    let fields: Map<String, Value> =
        fields.iter().filter(|(key, _)| !known.contains(&key.as_str())).map(|(k, v)| (k.clone(), json!([v]))).collect();
    Value::Object(fields)
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| !fields.is_empty())
}

fn usage(value: &Value) -> Value {
    if !is_filled(value) {
        return Value::Null;
    }
    object([
        ("raw", json!([value])),
        ("prompt_tokens", unsigned(&value["prompt_tokens"])),
        ("completion_tokens", unsigned(&value["completion_tokens"])),
        ("total_tokens", unsigned(&value["total_tokens"])),
        ("cached_tokens", unsigned(&value["prompt_tokens_details"]["cached_tokens"])),
        ("reasoning_tokens", unsigned(&value["completion_tokens_details"]["reasoning_tokens"])),
        ("cost", value["cost"].as_f64().map_or(Value::Null, |cost| json!(cost))),
    ])
}

fn error(value: &Value) -> Value {
    let is_error = match value {
        Value::Null => false,
        Value::Bool(is_error) => *is_error,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    };
    if is_error { error_fields(value) } else { Value::Null }
}

fn error_fields(value: &Value) -> Value {
    object([
        ("raw", json!([value])),
        ("message", if value.is_string() { value.clone() } else { string(&value["message"]) }),
        ("type", string(&value["type"])),
        ("code", string_or_number(&value["code"])),
    ])
}

pub(crate) fn chunk(value: &Value) -> Value {
    let is_chunk = value.as_object().is_some_and(|fields| {
        fields.keys().any(|key| ROOT.contains(&key.as_str()) && !["message", "type", "code"].contains(&key.as_str()))
    });
    let own_error = error(&value["error"]);
    let is_error = own_error.is_null() && value["object"] == "error";
    object([
        ("id", string_or_number(&value["id"])),
        ("object", string(&value["object"])),
        ("created", Some(unsigned(&value["created"])).filter(|n| n != &json!(0)).unwrap_or_default()),
        ("model", string(&value["model"])),
        ("provider", string(&value["provider"])),
        ("system_fingerprint", string(&value["system_fingerprint"])),
        ("service_tier", string(&value["service_tier"])),
        ("usage", usage(&value["usage"])),
        ("groq_usage", usage(&value["x_groq"]["usage"])),
        ("error", if is_error { error_fields(value) } else { own_error }),
        ("is_chunk", if is_chunk { Value::Null } else { json!(false) }),
        ("choices", items(&value["choices"]).filter(|item| item.is_object()).map(choice).collect()),
        ("unknown", unknown(value, ROOT)),
    ])
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn choice(value: &Value) -> Value {
    let (has_delta, has_message) = (is_filled(&value["delta"]), is_filled(&value["message"]));
    object([
        ("index", json!(integer(&value["index"]))),
        ("finish_reason", string(&value["finish_reason"])),
        ("native_finish_reason", string(&value["native_finish_reason"])),
        ("logprobs", if value["logprobs"].is_null() { Value::Null } else { json!([value["logprobs"]]) }),
        ("usage", usage(&value["usage"])),
        ("error", error(&value["error"])),
        ("is_message", if has_message && !has_delta { json!(true) } else { Value::Null }),
        ("has_message", if has_message { json!(true) } else { Value::Null }),
        ("delta", delta(if has_delta { &value["delta"] } else { &value["message"] })),
        ("unknown", unknown(value, CHOICE)),
    ])
}

fn delta(value: &Value) -> Value {
    if !value.is_object() {
        return Value::Null;
    }
    let only_string = |value: &Value| if value.is_string() { value.clone() } else { Value::Null };
    let reasoning = ["reasoning_content", "reasoning", "reasoning_text"]
        .into_iter()
        .map(|key| string(&value[key]))
        .find(|text| !text.is_null());
    let content = &value["content"];
    object([
        ("role", string(&value["role"])),
        (
            "content",
            match content {
                Value::String(_) => content.clone(),
                Value::Number(number) => json!(number.to_string()),
                _ => Value::Null,
            },
        ),
        ("content_parts", items(content).flat_map(part).collect()),
        ("reasoning", reasoning.unwrap_or_default()),
        ("reasoning_details", items(&value["reasoning_details"]).filter(|item| item.is_object()).map(detail).collect()),
        ("refusal", only_string(&value["refusal"])),
        ("tool_calls", items(&value["tool_calls"]).filter(|item| item.is_object()).map(call).collect()),
        (
            "function_call",
            if value["function_call"].is_object() {
                let call = &value["function_call"];
                json!([object([("name", string(&call["name"])), ("arguments", string_or_raw(&call["arguments"]))])])
            } else {
                Value::Null
            },
        ),
        ("unknown", unknown(value, DELTA)),
    ])
}

fn part(value: &Value) -> Vec<Value> {
    let simple = |value: &Value, kind: &str| {
        let named = !value["type"].is_string() || value["type"] == "text" || value["type"] == "";
        match (value, &value["text"]) {
            (Value::String(text), _) => json!([kind, text, value]),
            (_, Value::String(text)) if named => json!([kind, text, value]),
            _ => json!(["other", "", value]),
        }
    };
    if value["type"] != "thinking" {
        return vec![simple(value, "text")];
    }
    match &value["thinking"] {
        Value::Array(inner) => inner.iter().map(|value| simple(value, "reasoning")).collect(),
        Value::String(text) => vec![json!(["reasoning", text, value])],
        _ => vec![json!(["other", "", value])],
    }
}

fn detail(value: &Value) -> Value {
    let text = |key: &str| if value[key].is_string() { value[key].clone() } else { Value::Null };
    object([
        ("raw", json!([value])),
        ("index", json!(integer(&value["index"]))),
        ("type", string(&value["type"])),
        ("format", string(&value["format"])),
        ("id", string_or_number(&value["id"])),
        ("text", text("text")),
        ("summary", text("summary")),
        ("data", text("data")),
        ("signature", string(&value["signature"])),
    ])
}

fn call(value: &Value) -> Value {
    let (function, custom) = (&value["function"], &value["custom"]);
    let first = |values: [Value; 3]| values.into_iter().find(|value| !value.is_null()).unwrap_or_default();
    let has_key = |value: &Value| value.get("arguments").is_some();
    let is_custom = custom.is_object() && (!string(&custom["name"]).is_null() || !custom["input"].is_null());
    object([
        ("raw", json!([value])),
        ("index", json!(integer(&value["index"]).filter(|&index| index >= 0))),
        ("id", string_or_number(&value["id"])),
        ("type", string(&value["type"])),
        ("name", first([string(&function["name"]), string(&value["name"]), string(&custom["name"])])),
        ("arguments", first([string_or_raw(&function["arguments"]), string_or_raw(&value["arguments"]), Value::Null])),
        ("arguments_key", if has_key(function) || has_key(value) { json!(true) } else { Value::Null }),
        ("custom", if is_custom { json!(true) } else { Value::Null }),
        ("input", string_or_raw(&custom["input"])),
        ("unknown", unknown(value, CALL)),
    ])
}
