//! The chunk as serde sees it, for the peers that go through serde: strings borrowed from the data where it has no
//! escapes.

use std::borrow::Cow;
use std::fmt;

use async_openai::types::chat::{CreateChatCompletionStreamResponse, FinishReason, Role};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::fields::{At, Field, Fields};

/// A string, borrowed when it can be. (`Option<Cow<str>>` with `#[serde(borrow)]` always copies.)
pub struct Str<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(value)))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(value.to_owned())))
            }
            fn visit_string<E: Error>(self, value: String) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(value)))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

#[derive(serde::Deserialize)]
pub struct Chunk<'a> {
    #[serde(borrow, default)]
    pub id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub model: Option<Str<'a>>,
    #[serde(default)]
    pub created: Option<u64>,
    #[serde(borrow, default)]
    pub choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    pub usage: Option<Usage>,
}

#[derive(serde::Deserialize)]
pub struct Choice<'a> {
    #[serde(borrow, default)]
    pub delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    pub finish_reason: Option<Str<'a>>,
}

#[derive(serde::Deserialize)]
pub struct Delta<'a> {
    #[serde(borrow, default)]
    pub role: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub content: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub reasoning_content: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub reasoning: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
}

#[derive(serde::Deserialize)]
pub struct ToolCall<'a> {
    #[serde(default)]
    pub index: Option<u64>,
    #[serde(borrow, default)]
    pub id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub function: Option<Function<'a>>,
}

#[derive(serde::Deserialize)]
pub struct Function<'a> {
    #[serde(borrow, default)]
    pub name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub arguments: Option<Str<'a>>,
}

#[derive(serde::Deserialize)]
pub struct Usage {
    #[serde(default)]
    pub prompt_tokens: Option<u64>,
    #[serde(default)]
    pub completion_tokens: Option<u64>,
    #[serde(default)]
    pub total_tokens: Option<u64>,
}

fn text(fields: &mut impl Fields, field: Field, at: At, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        fields.text(field, at, value);
    }
}

fn number(fields: &mut impl Fields, field: Field, at: At, value: Option<u64>) {
    if let Some(value) = value {
        fields.number(field, at, value);
    }
}

impl<'a> Str<'a> {
    pub fn of(this: &Option<Self>) -> Option<&str> {
        this.as_ref().map(|string| &*string.0)
    }
}

impl Delta<'_> {
    pub fn reasoning(&self) -> Option<&str> {
        Str::of(&self.reasoning_content).filter(|text| !text.is_empty()).or_else(|| Str::of(&self.reasoning))
    }
}

impl Chunk<'_> {
    pub fn fields(&self, fields: &mut impl Fields) {
        let top = At::default();
        text(fields, Field::Id, top, Str::of(&self.id));
        text(fields, Field::Model, top, Str::of(&self.model));
        number(fields, Field::Created, top, self.created);
        for (c, choice) in self.choices.iter().flatten().enumerate() {
            let at = At { choice: c, call: 0 };
            text(fields, Field::FinishReason, at, Str::of(&choice.finish_reason));
            let Some(delta) = &choice.delta else { continue };
            text(fields, Field::Role, at, Str::of(&delta.role));
            text(fields, Field::Content, at, Str::of(&delta.content));
            text(fields, Field::Reasoning, at, delta.reasoning());
            for (call, entry) in delta.tool_calls.iter().flatten().enumerate() {
                let at = At { choice: c, call };
                number(fields, Field::CallIndex, at, entry.index);
                text(fields, Field::CallId, at, Str::of(&entry.id));
                let Some(function) = &entry.function else { continue };
                text(fields, Field::CallName, at, Str::of(&function.name));
                text(fields, Field::CallArguments, at, Str::of(&function.arguments));
            }
        }
        if let Some(usage) = &self.usage {
            number(fields, Field::PromptTokens, top, usage.prompt_tokens);
            number(fields, Field::CompletionTokens, top, usage.completion_tokens);
            number(fields, Field::TotalTokens, top, usage.total_tokens);
        }
    }
}

/// async-openai's types: no reasoning; role and finish reason are enums.
pub fn openai_fields(chunk: &CreateChatCompletionStreamResponse, fields: &mut impl Fields) {
    let top = At::default();
    text(fields, Field::Id, top, Some(&chunk.id));
    text(fields, Field::Model, top, Some(&chunk.model));
    fields.number(Field::Created, top, u64::from(chunk.created));
    for (c, choice) in chunk.choices.iter().enumerate() {
        let at = At { choice: c, call: 0 };
        text(fields, Field::FinishReason, at, choice.finish_reason.as_ref().map(finish_reason));
        let delta = &choice.delta;
        text(fields, Field::Role, at, delta.role.as_ref().map(role));
        text(fields, Field::Content, at, delta.content.as_deref());
        for (call, entry) in delta.tool_calls.iter().flatten().enumerate() {
            let at = At { choice: c, call };
            fields.number(Field::CallIndex, at, u64::from(entry.index));
            text(fields, Field::CallId, at, entry.id.as_deref());
            let Some(function) = &entry.function else { continue };
            text(fields, Field::CallName, at, function.name.as_deref());
            text(fields, Field::CallArguments, at, function.arguments.as_deref());
        }
    }
    if let Some(usage) = &chunk.usage {
        fields.number(Field::PromptTokens, top, u64::from(usage.prompt_tokens));
        fields.number(Field::CompletionTokens, top, u64::from(usage.completion_tokens));
        fields.number(Field::TotalTokens, top, u64::from(usage.total_tokens));
    }
}

pub fn finish_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::FunctionCall => "function_call",
    }
}

fn role(role: &Role) -> &'static str {
    match role {
        Role::Developer => "developer",
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
        Role::Function => "function",
    }
}
