//! What every decoder has to get out of a chunk, and where it goes: one definition of the work, so that all do the same.
//!
//! Empty strings and nulls count as absent. Reasoning is `reasoning_content`, else `reasoning`.

use std::hash::{DefaultHasher, Hasher};

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    Id,
    Model,
    Created,
    Role,
    Content,
    Reasoning,
    FinishReason,
    CallIndex,
    CallId,
    CallName,
    CallArguments,
    PromptTokens,
    CompletionTokens,
    TotalTokens,
}

/// Where a field stands: which choice and which tool call of the chunk, counted from 0.
#[derive(Clone, Copy, Default)]
pub struct At {
    pub choice: usize,
    pub call: usize,
}

/// What takes the fields, in any order within an event.
pub trait Fields {
    fn text(&mut self, field: Field, at: At, value: &str);
    fn number(&mut self, field: Field, at: At, value: u64);
    /// The event was decoded (or refused, as a whole).
    fn end_of_event(&mut self, accepted: bool);
}

/// For timing: depends on every value.
#[derive(Default)]
pub struct Tally(pub u64);

impl Fields for Tally {
    #[inline]
    fn text(&mut self, _: Field, _: At, value: &str) {
        self.0 = self.0.wrapping_add(value.len() as u64);
    }
    #[inline]
    fn number(&mut self, _: Field, _: At, value: u64) {
        self.0 = self.0.wrapping_add(value);
    }
    #[inline]
    fn end_of_event(&mut self, accepted: bool) {
        self.0 = self.0.wrapping_add(u64::from(accepted));
    }
}

/// For checking: a hash of each event's fields, `None` for an event that was refused.
#[derive(Default)]
pub struct Hashes {
    pub events: Vec<Option<u64>>,
    /// Leave reasoning out: for types that do not have it.
    without_reasoning: bool,
    event: u64,
}

impl Hashes {
    pub fn without_reasoning() -> Self {
        Self { without_reasoning: true, ..Self::default() }
    }

    fn add(&mut self, field: Field, at: At, value: &[u8]) {
        if value.is_empty() || self.without_reasoning && field == Field::Reasoning {
            return;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&[field as u8, at.choice as u8, at.call as u8]);
        hasher.write(value);
        self.event = self.event.wrapping_add(hasher.finish());
    }
}

impl Fields for Hashes {
    fn text(&mut self, field: Field, at: At, value: &str) {
        self.add(field, at, value.as_bytes());
    }
    fn number(&mut self, field: Field, at: At, value: u64) {
        self.add(field, at, &value.to_le_bytes());
    }
    fn end_of_event(&mut self, accepted: bool) {
        self.events.push(accepted.then_some(self.event));
        self.event = 0;
    }
}

/// The reference: the slowest and plainest way there is.
pub fn reference(data: &[u8], fields: &mut impl Fields) {
    use serde_json::Value;
    let chunk: Value = match serde_json::from_slice(data) {
        Ok(chunk) => chunk,
        Err(_) => return fields.end_of_event(false),
    };
    let mut text = |field, at, value: &Value| {
        if let Some(value) = value.as_str().filter(|value| !value.is_empty()) {
            fields.text(field, at, value);
        }
    };
    let top = At::default();
    text(Field::Id, top, &chunk["id"]);
    text(Field::Model, top, &chunk["model"]);
    for (c, choice) in chunk["choices"].as_array().into_iter().flatten().enumerate() {
        let at = At { choice: c, call: 0 };
        let delta = &choice["delta"];
        text(Field::Role, at, &delta["role"]);
        text(Field::Content, at, &delta["content"]);
        let reasoning = &delta["reasoning_content"];
        let absent = reasoning.as_str().is_none_or(str::is_empty);
        text(Field::Reasoning, at, if absent { &delta["reasoning"] } else { reasoning });
        text(Field::FinishReason, at, &choice["finish_reason"]);
        for (call, entry) in delta["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let at = At { choice: c, call };
            text(Field::CallId, at, &entry["id"]);
            text(Field::CallName, at, &entry["function"]["name"]);
            text(Field::CallArguments, at, &entry["function"]["arguments"]);
        }
    }
    let mut number = |field, at, value: &Value| {
        if let Some(value) = value.as_u64() {
            fields.number(field, at, value);
        }
    };
    number(Field::Created, top, &chunk["created"]);
    number(Field::PromptTokens, top, &chunk["usage"]["prompt_tokens"]);
    number(Field::CompletionTokens, top, &chunk["usage"]["completion_tokens"]);
    number(Field::TotalTokens, top, &chunk["usage"]["total_tokens"]);
    for (c, choice) in chunk["choices"].as_array().into_iter().flatten().enumerate() {
        for (call, entry) in choice["delta"]["tool_calls"].as_array().into_iter().flatten().enumerate() {
            number(Field::CallIndex, At { choice: c, call }, &entry["index"]);
        }
    }
    fields.end_of_event(true);
}
