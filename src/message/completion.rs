//! The owned result: one complete message, or what there is of it.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Anomaly, ToolCall};

/// How a stream came out.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndedBy {
    /// `[DONE]` (or the end of a JSON body).
    Done,
    /// Every choice had a finish reason and the input ended.
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
    /// The object as on the wire, raw JSON.
    pub raw: String,
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
}

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
    /// Unknown fields of the delta (audio, images, annotations): the members of a JSON object; empty when there are none.
    pub extras: String,
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
