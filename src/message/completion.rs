//! The owned result: one complete message, or what there is of it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::raw::members;
use super::{Anomaly, ToolCall};

/// How a stream came out.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// `[DONE]` came, or every choice finished and the input ended.
    Complete,
    /// The input ended early.
    #[default]
    Truncated,
    /// The provider sent an error, or the response was unreadable.
    Failed,
}

/// What ended a stream. Only `Done` proves that nothing is missing.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// `[DONE]`.
    Done,
    /// Every choice had a finish reason and the input (or the one JSON document) ended.
    Finish,
    /// The input ended.
    #[default]
    EndOfInput,
}

/// A finish reason, normalised: calls present override `stop`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// `stop`
    Stop,
    /// `tool_calls` (also `function_call`, and `stop` with calls present)
    ToolCalls,
    /// `length`
    Length,
    /// `content_filter`
    ContentFilter,
    /// `error`
    Error,
    /// Anything else: see the raw text.
    Other,
}

/// Token counts and cost, typed, and the object as it came.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the completion.
    pub completion_tokens: Option<u64>,
    /// All tokens.
    pub total_tokens: Option<u64>,
    /// Of the prompt's, those from a cache.
    pub cached_tokens: Option<u64>,
    /// Of the completion's, those of reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Cost, in the provider's unit (OpenRouter: credits, US dollars).
    pub cost: Option<f64>,
    /// The object as on the wire, raw JSON; what only `x_groq.usage` says is added to it at the end.
    pub raw: String,
}

/// The numbers of a usage object: tokens (prompt, completion, total, cached, reasoning), and cost.
pub(super) type Numbers = ([Option<u64>; 5], Option<f64>);

impl Usage {
    pub(super) fn numbers(&self) -> Numbers {
        let tokens =
            [self.prompt_tokens, self.completion_tokens, self.total_tokens, self.cached_tokens, self.reasoning_tokens];
        (tokens, self.cost)
    }

    /// The numbers that are said, and for those that are not the other's.
    pub(super) fn fill(&mut self, said: Numbers, other: Numbers) {
        let mut tokens = said.0;
        for (said, other) in tokens.iter_mut().zip(other.0) {
            *said = said.or(other);
        }
        [self.prompt_tokens, self.completion_tokens, self.total_tokens, self.cached_tokens, self.reasoning_tokens] =
            tokens;
        self.cost = said.1.or(other.1);
    }

    /// Adds the raw members of another object (`x_groq.usage`) that this one does not have.
    pub(super) fn add_raw(&mut self, other: &str) {
        let known: BTreeSet<_> = members(self.raw.as_bytes()).map(|(key, _)| key).collect();
        let mut added = String::new();
        for (key, value) in members(other.as_bytes()).filter(|(key, _)| !known.contains(key)) {
            added.push_str(if known.is_empty() && added.is_empty() { "\"" } else { ", \"" });
            added.push_str(&String::from_utf8_lossy(&key));
            added.push_str("\": ");
            added.push_str(&String::from_utf8_lossy(value));
        }
        if let Some(end) = self.raw.rfind('}').filter(|_| !added.is_empty()) {
            self.raw.truncate(end);
            self.raw.push_str(&added);
            self.raw.push('}');
        }
    }
}

/// An error that the provider sent.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// Its message.
    pub message: String,
    /// Its `type`.
    pub kind: Option<String>,
    /// Its `code`: a string, or a number's text.
    pub code: Option<String>,
    /// The error as on the wire (cut to the limit).
    pub raw: String,
    /// Where it was met, in bytes from the start of the stream.
    pub offset: u64,
}

/// Its message, or its type or code where it has none.
impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.kind.as_deref().or(self.code.as_deref()).unwrap_or("an error without a message");
        f.pad(if self.message.is_empty() { named } else { &self.message })
    }
}

impl core::error::Error for ProviderError {}

/// The message of one choice.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The role.
    pub role: Option<String>,
    /// The text.
    pub content: String,
    /// The reasoning text.
    pub reasoning: String,
    /// The refusal.
    pub refusal: String,
    /// `reasoning_details`, merged: a raw JSON array; empty when there were none.
    pub reasoning_details: String,
    /// The tool calls, in the order of creation.
    pub tool_calls: Vec<ToolCall>,
    /// Unknown fields of the delta (audio, images, annotations): a JSON object, arrays appended; empty when there are none.
    pub extras: String,
    pub(crate) order: Vec<Part>,
    /// The field that brought reasoning first.
    pub(crate) reasoning_field: Option<&'static str>,
}

/// What a part of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    Text,
    Reasoning,
    Refusal,
    ToolCall,
}

/// A part as it is remembered: where it ends in its text, or which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: PartKind,
    pub(crate) end: usize,
}

/// A part of a message, in the order in which the parts came.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MessagePart<'a> {
    /// A stretch of the content.
    Text(&'a str),
    /// A stretch of the reasoning.
    Reasoning(&'a str),
    /// A stretch of the refusal.
    Refusal(&'a str),
    /// A tool call.
    ToolCall(&'a ToolCall),
}

impl Message {
    /// Text, reasoning, refusal and calls in the order in which they came; together they are the whole message.
    ///
    /// Only of a message that was kept whole ([`Keep::Everything`](crate::Keep)).
    pub fn parts(&self) -> impl Iterator<Item = MessagePart<'_>> {
        let (mut text, mut reasoning, mut refusal) = (0, 0, 0);
        self.order.iter().filter_map(move |part| match part.kind {
            PartKind::Text => cut(&self.content, &mut text, part.end).map(MessagePart::Text),
            PartKind::Reasoning => cut(&self.reasoning, &mut reasoning, part.end).map(MessagePart::Reasoning),
            PartKind::Refusal => cut(&self.refusal, &mut refusal, part.end).map(MessagePart::Refusal),
            PartKind::ToolCall => self.tool_calls.get(part.end).map(MessagePart::ToolCall),
        })
    }
}

/// The text from `start` to `end`, and `start` moved there.
fn cut<'a>(text: &'a str, start: &mut usize, end: usize) -> Option<&'a str> {
    text.get(core::mem::replace(start, end)..end)
}

/// One choice.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The wire's index.
    pub index: i64,
    /// The message.
    pub message: Message,
    /// The last finish reason that was not empty, as on the wire.
    pub finish_reason: Option<String>,
    /// The last native finish reason that was not empty.
    pub native_finish_reason: Option<String>,
    /// `logprobs`, arrays appended: raw JSON; empty when there were none.
    pub logprobs: String,
}

impl Choice {
    /// The finish reason, normalised: `stop` with tool calls present is [`FinishReason::ToolCalls`] (rule 5).
    #[must_use]
    pub fn finish(&self) -> Option<FinishReason> {
        let reason = self.finish_reason.as_deref()?;
        Some(match reason {
            "stop" if !self.message.tool_calls.is_empty() => FinishReason::ToolCalls,
            "stop" => FinishReason::Stop,
            "tool_calls" | "function_call" => FinishReason::ToolCalls,
            "length" => FinishReason::Length,
            "content_filter" => FinishReason::ContentFilter,
            "error" => FinishReason::Error,
            _ => FinishReason::Other,
        })
    }
}

/// What a stream came to.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// `id`, the first that was not empty. The same for the fields after it.
    pub id: Option<String>,
    /// `created`, seconds since 1970.
    pub created: Option<u64>,
    /// `model`
    pub model: Option<String>,
    /// `provider`
    pub provider: Option<String>,
    /// `system_fingerprint`
    pub system_fingerprint: Option<String>,
    /// `service_tier`
    pub service_tier: Option<String>,
    /// The choices, sorted by index.
    pub choices: Vec<Choice>,
    /// Usage.
    pub usage: Option<Usage>,
    /// How it came out.
    pub outcome: Outcome,
    /// What ended it.
    pub ended_by: EndedBy,
    /// The first error.
    pub error: Option<ProviderError>,
    /// What was odd.
    pub anomalies: Vec<Anomaly>,
}
