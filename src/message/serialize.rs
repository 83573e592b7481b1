//! `Serialize` for the owned types, in the shape of the API's own objects, and for [`Update`].
//!
//! Raw JSON of the wire (usage, reasoning details, logprobs, unknown fields) is embedded as it came, line breaks between
//! tokens apart, so that one value is always one line. What the crate tolerates but RFC 8259 does not (`NaN`) cannot be
//! embedded: such a value becomes a string that holds its raw text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{
    Anomaly, AnomalyCode, ArgumentsState, Choice, Completion, EndedBy, LivePart, Message, Outcome, OwnedUpdate,
    ProviderError, ToolCall, ToolKind, Update, Usage,
};

/// The shape of the API's `chat.completion` object, then `outcome`, `ended_by`, `error` and `anomalies`.
///
/// Absent values are left out; `content` is always a string and `finish_reason` may be null, as in the API.
/// A tool call has `arguments_state` beside the API's keys, `invalid_at` (bytes from the start of the arguments) when that
/// is `invalid`, and `id_is_synthetic` when the id is made up. Unknown fields of a message or a call stand among its keys.
impl Serialize for Completion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View<'a> {
            object: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            created: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            model: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            provider: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            system_fingerprint: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            service_tier: Option<&'a str>,
            choices: &'a [Choice],
            #[serde(skip_serializing_if = "Option::is_none")]
            usage: Option<&'a Usage>,
            outcome: Outcome,
            ended_by: EndedBy,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a ProviderError>,
            anomalies: &'a [Anomaly],
        }
        View {
            object: "chat.completion",
            id: self.id.as_deref(),
            created: self.created,
            model: self.model.as_deref(),
            provider: self.provider.as_deref(),
            system_fingerprint: self.system_fingerprint.as_deref(),
            service_tier: self.service_tier.as_deref(),
            choices: &self.choices,
            usage: self.usage.as_ref(),
            outcome: self.outcome,
            ended_by: self.ended_by,
            error: self.error.as_ref(),
            anomalies: &self.anomalies,
        }
        .serialize(serializer)
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View<'a> {
            index: i64,
            message: &'a Message,
            finish_reason: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            native_finish_reason: Option<&'a str>,
            #[serde(skip_serializing_if = "Raw::is_empty")]
            logprobs: Raw<'a>,
        }
        View {
            index: self.index,
            message: &self.message,
            finish_reason: self.finish_reason.as_deref(),
            native_finish_reason: self.native_finish_reason.as_deref(),
            logprobs: Raw(&self.logprobs),
        }
        .serialize(serializer)
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            role: Option<&'a str>,
            content: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            reasoning: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            refusal: &'a str,
            #[serde(skip_serializing_if = "Raw::is_empty")]
            reasoning_details: Raw<'a>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            tool_calls: &'a [ToolCall],
            #[serde(flatten)]
            extras: Members<'a>,
        }
        View {
            role: self.role.as_deref(),
            content: &self.content,
            reasoning: &self.reasoning,
            refusal: &self.refusal,
            reasoning_details: Raw(&self.reasoning_details),
            tool_calls: &self.tool_calls,
            extras: Members {
                raw: &self.extras,
                taken: &["role", "content", "reasoning", "refusal", "reasoning_details", "tool_calls"],
            },
        }
        .serialize(serializer)
    }
}

impl Serialize for ToolCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a str,
        }
        #[derive(serde::Serialize)]
        struct View<'a> {
            id: &'a str,
            #[serde(skip_serializing_if = "core::ops::Not::not")]
            id_is_synthetic: bool,
            #[serde(rename = "type")]
            kind: ToolKind,
            function: Function<'a>,
            arguments_state: ArgumentsState,
            #[serde(skip_serializing_if = "Option::is_none")]
            invalid_at: Option<usize>,
            #[serde(flatten)]
            extras: Members<'a>,
        }
        View {
            id: self.id(),
            id_is_synthetic: self.id_is_synthetic(),
            kind: self.kind(),
            function: Function { name: self.name(), arguments: self.arguments() },
            arguments_state: self.state(),
            invalid_at: match self.state() {
                ArgumentsState::Invalid { offset } => Some(offset),
                _ => None,
            },
            extras: Members {
                raw: self.extras(),
                taken: &["id", "id_is_synthetic", "type", "function", "arguments_state", "invalid_at"],
            },
        }
        .serialize(serializer)
    }
}

/// The object as on the wire; made of the numbers when there is none.
impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View {
            #[serde(skip_serializing_if = "Option::is_none")]
            prompt_tokens: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            completion_tokens: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            total_tokens: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            cost: Option<f64>,
        }
        if !self.raw.is_empty() {
            return Raw(&self.raw).serialize(serializer);
        }
        View {
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            total_tokens: self.total_tokens,
            cost: self.cost,
        }
        .serialize(serializer)
    }
}

impl Serialize for ProviderError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View<'a> {
            message: &'a str,
            #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
            kind: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<&'a str>,
            offset: u64,
        }
        View { message: &self.message, kind: self.kind.as_deref(), code: self.code.as_deref(), offset: self.offset }
            .serialize(serializer)
    }
}

impl Serialize for Anomaly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct View {
            code: AnomalyCode,
            #[serde(skip_serializing_if = "Option::is_none")]
            choice: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            call: Option<u32>,
            count: u64,
            dropped: u64,
            offset: u64,
        }
        View {
            code: self.code,
            choice: self.choice,
            call: self.call,
            count: self.count,
            dropped: self.dropped,
            offset: self.offset,
        }
        .serialize(serializer)
    }
}

/// An object whose `update` names the variant in snake case; its other keys are the variant's fields, a call given as its
/// number in `call`, with `id`, `type`, `name` when it starts or changes, and `arguments` too when it closes or is ready.
impl Serialize for Update<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(tag = "update", rename_all = "snake_case")]
        enum View<'a> {
            Role {
                choice: i64,
                role: &'a str,
            },
            Text {
                choice: i64,
                text: &'a str,
            },
            Reasoning {
                choice: i64,
                text: &'a str,
            },
            Refusal {
                choice: i64,
                text: &'a str,
            },
            ToolCallStarted {
                choice: i64,
                #[serde(flatten)]
                call: Head<'a>,
            },
            ToolCallChanged {
                choice: i64,
                #[serde(flatten)]
                call: Head<'a>,
            },
            Arguments {
                choice: i64,
                call: u32,
                fragment: &'a str,
            },
            ArgumentsReset {
                choice: i64,
                call: u32,
                arguments: &'a str,
            },
            ToolCallClosed {
                choice: i64,
                #[serde(flatten)]
                call: Head<'a>,
                arguments: &'a str,
            },
            ToolCallReady {
                choice: i64,
                #[serde(flatten)]
                call: Head<'a>,
                arguments: &'a str,
                arguments_state: ArgumentsState,
            },
            LiveArgument {
                choice: i64,
                call: u32,
                path: &'a str,
                part: &'static str,
                #[serde(skip_serializing_if = "Option::is_none")]
                text: Option<&'a str>,
            },
            ReasoningDetail {
                choice: i64,
                detail: Raw<'a>,
            },
            Logprobs {
                choice: i64,
                logprobs: Raw<'a>,
            },
            Extra {
                choice: i64,
                member: Raw<'a>,
            },
            Finish {
                choice: i64,
                reason: &'a str,
            },
            Usage {
                usage: &'a super::Usage,
            },
            Error {
                error: &'a ProviderError,
            },
            Anomaly {
                anomaly: super::Anomaly,
                #[serde(skip_serializing_if = "str::is_empty")]
                text: &'a str,
            },
            Comment {
                text: &'a str,
            },
            Done {},
        }
        #[derive(serde::Serialize)]
        struct Head<'a> {
            call: u32,
            id: &'a str,
            #[serde(rename = "type")]
            kind: ToolKind,
            name: &'a str,
        }
        fn head(call: &ToolCall) -> Head<'_> {
            Head { call: call.number(), id: call.id(), kind: call.kind(), name: call.name() }
        }
        match *self {
            Self::Role { choice, role } => View::Role { choice, role },
            Self::Text { choice, text } => View::Text { choice, text },
            Self::Reasoning { choice, text } => View::Reasoning { choice, text },
            Self::Refusal { choice, text } => View::Refusal { choice, text },
            Self::ToolCallStarted { choice, call } => View::ToolCallStarted { choice, call: head(call) },
            Self::ToolCallChanged { choice, call } => View::ToolCallChanged { choice, call: head(call) },
            Self::Arguments { choice, call, fragment } => View::Arguments { choice, call: call.number(), fragment },
            Self::ArgumentsReset { choice, call, arguments } => {
                View::ArgumentsReset { choice, call: call.number(), arguments }
            }
            Self::ToolCallClosed { choice, call } => {
                View::ToolCallClosed { choice, call: head(call), arguments: call.arguments() }
            }
            Self::ToolCallReady { choice, call } => View::ToolCallReady {
                choice,
                call: head(call),
                arguments: call.arguments(),
                arguments_state: call.state(),
            },
            Self::LiveArgument { choice, call, path, part } => {
                let (part, text) = match part {
                    LivePart::ObjectBegin => ("object_begin", None),
                    LivePart::ObjectEnd => ("object_end", None),
                    LivePart::ArrayBegin => ("array_begin", None),
                    LivePart::ArrayEnd => ("array_end", None),
                    LivePart::Text(text) => ("text", Some(text)),
                    LivePart::TextEnd => ("text_end", None),
                    LivePart::Scalar(raw) => ("scalar", Some(raw)),
                };
                View::LiveArgument { choice, call: call.number(), path, part, text }
            }
            Self::ReasoningDetail { choice, raw } => View::ReasoningDetail { choice, detail: Raw(raw) },
            Self::Logprobs { choice, raw } => View::Logprobs { choice, logprobs: Raw(raw) },
            Self::Extra { choice, raw } => View::Extra { choice, member: Raw(raw) },
            Self::Finish { choice, reason } => View::Finish { choice, reason },
            Self::Usage { usage } => View::Usage { usage },
            Self::Error { error } => View::Error { error },
            Self::Anomaly { anomaly, text } => View::Anomaly { anomaly, text },
            Self::Comment { text } => View::Comment { text },
            Self::Done {} => View::Done {},
        }
        .serialize(serializer)
    }
}

/// As [`Update`].
impl Serialize for OwnedUpdate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_update().serialize(serializer)
    }
}

macro_rules! names {
    ($($type:ident { $($pattern:pat => $name:expr,)* })*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self { $($pattern => $name,)* })
            }
        }
    )*};
}

names! {
    Outcome { Self::Complete => "complete", Self::Truncated => "truncated", Self::Failed => "failed", }
    EndedBy { Self::Done => "done", Self::Finish => "finish", Self::EndOfInput => "end_of_input", }
    ToolKind { Self::Function => "function", Self::Custom => "custom", }
    ArgumentsState {
        Self::Complete => "complete",
        Self::Truncated => "truncated",
        Self::Invalid { .. } => "invalid",
    }
    AnomalyCode { code => code.as_str(), }
}

/// Raw JSON of the wire.
struct Raw<'a>(&'a str);

impl Raw<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = one_line(self.0);
        match serde_json::from_str::<&RawValue>(&line) {
            Ok(value) => value.serialize(serializer),
            Err(_) => serializer.serialize_str(self.0),
        }
    }
}

/// JSON without line breaks: they can only stand between tokens, where a space says the same.
fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { Cow::Owned(json.replace(['\n', '\r'], " ")) } else { Cow::Borrowed(json) }
}

/// The members of a raw JSON object, without those whose key is taken.
struct Members<'a> {
    raw: &'a str,
    taken: &'a [&'a str],
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = one_line(self.raw);
        let mut map = serializer.serialize_map(None)?;
        if !line.is_empty() {
            match serde_json::from_str::<Entries<'_>>(&line) {
                Ok(Entries(entries)) => {
                    for (key, value) in entries.iter().filter(|(key, _)| !self.taken.contains(&key.as_str())) {
                        map.serialize_entry(key, value)?;
                    }
                }
                Err(_) => map.serialize_entry("extras", self.raw)?,
            }
        }
        map.end()
    }
}

/// The entries of an object, in order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn raw_json_is_embedded_as_it_came_on_one_line() {
        for (raw, embedded) in [
            (r#"{"a": 1.50, "b":1e-7}"#, r#"{"a": 1.50, "b":1e-7}"#),
            ("{\"a\":\r\n1}", r#"{"a":  1}"#),
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ud83d"}"#),
            // No JSON: its text.
            (r#"{"a":NaN}"#, r#""{\"a\":NaN}""#),
        ] {
            assert_eq!(json(&Usage { raw: raw.into(), ..Usage::default() }), embedded);
        }
    }

    #[test]
    fn usage_without_raw_json_is_made_of_its_numbers() {
        let usage = Usage { prompt_tokens: Some(3), cost: Some(0.5), ..Usage::default() };
        assert_eq!(json(&usage), r#"{"prompt_tokens":3,"cost":0.5}"#);
    }

    #[test]
    fn unknown_fields_stand_among_the_others_but_never_for_them() {
        let message = Message {
            content: "c".into(),
            extras: r#"{"images":[ 1 ],"content":"forged","é\"":null}"#.into(),
            ..Message::default()
        };
        assert_eq!(json(&message), r#"{"content":"c","images":[ 1 ],"é\"":null}"#);
        let message = Message { extras: r#"{"a":Infinity}"#.into(), ..Message::default() };
        assert_eq!(json(&message), r#"{"content":"","extras":"{\"a\":Infinity}"}"#);
    }

    #[test]
    fn an_owned_update_is_written_as_the_lent_one() {
        let update = Update::Text { choice: 1, text: "t" };
        let expected = r#"{"update":"text","choice":1,"text":"t"}"#;
        assert_eq!(json(&update), expected);
        assert_eq!(json(&update.into_owned()), expected);
    }
}
