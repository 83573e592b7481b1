//! A message → `chat.completion.chunk` events.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::json;
use crate::{Choice, Completion, EndedBy, Message, MessagePart, ProviderError, ToolCall, ToolKind, Update, Usage};

/// Writes a response as the events of a streamed chat completion, into a buffer of the caller's.
///
/// Each call appends one whole event (`data: {…}` and a blank line). Strings are escaped: no text can end its line. What it
/// costs is O(length of what is written); the envelope is encoded once.
///
/// Field by field, or whole: [`update`](Self::update) passes the updates of another stream on, [`completion`](Self::completion)
/// writes a finished message.
///
/// ```
/// use deltawire::{ChatStream, ChunkWriter};
///
/// let mut out = Vec::new();
/// let mut writer = ChunkWriter::new("gen-1", "kimi-k2", 1_773_323_480);
/// writer.role(&mut out, 0, "assistant");
/// writer.text(&mut out, 0, "Hi");
/// writer.tool_call(&mut out, 0, 0, "call_1", "weather");
/// writer.arguments(&mut out, 0, 0, r#"{"city": "#);
/// writer.arguments(&mut out, 0, 0, r#""Rome"}"#);
/// writer.finish(&mut out, 0, "tool_calls");
/// writer.done(&mut out);
///
/// let mut chat = ChatStream::new();
/// chat.feed(&out, |_| {})?;
/// let completion = chat.finish();
/// let message = &completion.choices[0].message;
/// assert_eq!(message.content, "Hi");
/// assert_eq!(message.tool_calls[0].arguments(), r#"{"city": "Rome"}"#);
/// # Ok::<(), deltawire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkWriter {
    /// From `data: {` to the last field before `choices`.
    envelope: Vec<u8>,
    /// How many calls [`update`](Self::update) wrote, by choice: the next one's index.
    calls: BTreeMap<i64, u32>,
}

impl ChunkWriter {
    /// A writer of chunks with this `id`, `model` and `created` (seconds since 1970).
    #[must_use]
    pub fn new(id: &str, model: &str, created: u64) -> Self {
        let mut writer = Self::without_fields().with_field("id", id);
        writer.add_created(created);
        writer.with_field("model", model)
    }

    /// A writer of chunks with those of a completion's `id`, `created`, `model`, `provider`, `system_fingerprint` and
    /// `service_tier` that it has.
    #[must_use]
    pub fn like(completion: &Completion) -> Self {
        let mut writer = Self::without_fields();
        if let Some(created) = completion.created {
            writer.add_created(created);
        }
        for (name, value) in [
            ("id", &completion.id),
            ("model", &completion.model),
            ("provider", &completion.provider),
            ("system_fingerprint", &completion.system_fingerprint),
            ("service_tier", &completion.service_tier),
        ] {
            if let Some(value) = value {
                writer = writer.with_field(name, value);
            }
        }
        writer
    }

    /// Adds a text field (`provider`, `service_tier`, …) to each chunk from now on.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        self.envelope.push(b',');
        json::string(&mut self.envelope, name);
        self.envelope.push(b':');
        json::string(&mut self.envelope, value);
        self
    }

    /// Appends the role of a choice's message.
    pub fn role(&self, out: &mut Vec<u8>, choice: i64, role: &str) {
        self.delta(out, choice, |out| text_field(out, "role", role));
    }

    /// Appends a piece of the content.
    pub fn text(&self, out: &mut Vec<u8>, choice: i64, text: &str) {
        self.delta(out, choice, |out| text_field(out, "content", text));
    }

    /// Appends a piece of the reasoning, as `reasoning` (OpenRouter's and Groq's name for it).
    pub fn reasoning(&self, out: &mut Vec<u8>, choice: i64, text: &str) {
        self.delta(out, choice, |out| text_field(out, "reasoning", text));
    }

    /// Appends a piece of the refusal.
    pub fn refusal(&self, out: &mut Vec<u8>, choice: i64, text: &str) {
        self.delta(out, choice, |out| text_field(out, "refusal", text));
    }

    /// Appends the start of a tool call. `index` counts the calls of the choice, from 0.
    pub fn tool_call(&self, out: &mut Vec<u8>, choice: i64, index: u32, id: &str, name: &str) {
        self.call_delta(out, choice, index, |out| call_members(out, ToolKind::Function, id, name, ""));
    }

    /// Appends a piece of the arguments of the call with this index. Pieces that are whole JSON values by themselves may
    /// read as values of their own: cut anywhere, but not into `{}` and more.
    pub fn arguments(&self, out: &mut Vec<u8>, choice: i64, index: u32, fragment: &str) {
        self.call_delta(out, choice, index, |out| {
            out.extend_from_slice(b",\"function\":{");
            text_field(out, "arguments", fragment);
            out.push(b'}');
        });
    }

    /// Appends a whole tool call, of either kind, with all that is known of it.
    ///
    /// An id that was made up is written like any other. A reader may take two calls with one id for one.
    pub fn whole_tool_call(&self, out: &mut Vec<u8>, choice: i64, index: u32, call: &ToolCall) {
        self.call_delta(out, choice, index, |out| {
            call_members(out, call.kind(), call.id(), call.name(), call.arguments());
            let extras = inside(call.extras());
            if !extras.is_empty() {
                out.push(b',');
                json::raw(out, extras);
            }
        });
    }

    /// Appends a finish reason.
    pub fn finish(&self, out: &mut Vec<u8>, choice: i64, reason: &str) {
        self.finish_with(out, choice, reason, None);
    }

    /// Appends the usage: the object as it came from the wire, or made of the numbers when there is none.
    pub fn usage(&self, out: &mut Vec<u8>, usage: &Usage) {
        self.open(out);
        out.extend_from_slice(b",\"choices\":[],\"usage\":");
        if usage.raw.is_empty() {
            out.push(b'{');
            let mut separate = Separate::default();
            for (name, tokens) in [
                ("prompt_tokens", usage.prompt_tokens),
                ("completion_tokens", usage.completion_tokens),
                ("total_tokens", usage.total_tokens),
            ] {
                if let Some(tokens) = tokens {
                    separate.next(out);
                    name_of(out, name);
                    json::unsigned(out, tokens);
                }
            }
            for (name, inner, tokens) in [
                ("prompt_tokens_details", "cached_tokens", usage.cached_tokens),
                ("completion_tokens_details", "reasoning_tokens", usage.reasoning_tokens),
            ] {
                if let Some(tokens) = tokens {
                    separate.next(out);
                    name_of(out, name);
                    out.push(b'{');
                    name_of(out, inner);
                    json::unsigned(out, tokens);
                    out.push(b'}');
                }
            }
            if let Some(cost) = usage.cost.filter(|cost| cost.is_finite()) {
                separate.next(out);
                name_of(out, "cost");
                json::float(out, cost);
            }
            out.push(b'}');
        } else {
            json::raw(out, &usage.raw);
        }
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends an error: its message, `type` and `code` (as text).
    pub fn error(&self, out: &mut Vec<u8>, error: &ProviderError) {
        out.extend_from_slice(b"data: {\"error\":{");
        text_field(out, "message", &error.message);
        for (name, value) in [("type", &error.kind), ("code", &error.code)] {
            if let Some(value) = value {
                out.push(b',');
                text_field(out, name, value);
            }
        }
        out.extend_from_slice(b"}}\n\n");
    }

    /// Appends `[DONE]`: the stream is whole.
    pub fn done(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// Appends what passes an update on to a reader of the stream that is written.
    ///
    /// A tool call is written whole when it is ready: before, what came of it may still be replaced, which no chunk can
    /// say. Reasoning details are passed on if they hold no text (encrypted data, signatures): what text they hold was
    /// passed on as reasoning, and a reader would take it twice. Anomalies are not passed on, nor is what they are about;
    /// comments are.
    pub fn update(&mut self, out: &mut Vec<u8>, update: &Update<'_>) {
        match *update {
            Update::Role { choice, role } => self.role(out, choice, role),
            Update::Text { choice, text } => self.text(out, choice, text),
            Update::Reasoning { choice, text } => self.reasoning(out, choice, text),
            Update::Refusal { choice, text } => self.refusal(out, choice, text),
            Update::ToolCallReady { choice, call } => {
                let next = self.calls.entry(choice).or_default();
                let index = *next;
                *next += 1;
                self.whole_tool_call(out, choice, index, call);
            }
            Update::ReasoningDetail { choice, raw } if !(raw.contains("\"text\"") || raw.contains("\"summary\"")) => {
                self.delta(out, choice, |out| {
                    name_of(out, "reasoning_details");
                    out.push(b'[');
                    json::raw(out, raw);
                    out.push(b']');
                });
            }
            Update::Logprobs { choice, raw } => self.logprobs(out, choice, raw),
            Update::Extra { choice, raw } => self.delta(out, choice, |out| json::raw(out, inside(raw))),
            Update::Finish { choice, reason } => self.finish(out, choice, reason),
            Update::Usage { usage } => self.usage(out, usage),
            Update::Error { error } => self.error(out, error),
            Update::Comment { text } => {
                out.extend_from_slice(b": ");
                json::raw(out, text);
                out.extend_from_slice(b"\n\n");
            }
            Update::Done {} => self.done(out),
            _ => {}
        }
    }

    /// Appends a whole completion as a stream, to its end: `[DONE]` stands there if it did in the stream that was read.
    pub fn completion(&self, out: &mut Vec<u8>, completion: &Completion) {
        for choice in &completion.choices {
            self.choice(out, choice);
        }
        if let Some(usage) = &completion.usage {
            self.usage(out, usage);
        }
        if let Some(error) = &completion.error {
            self.error(out, error);
        }
        if completion.ended_by == EndedBy::Done {
            self.done(out);
        }
    }

    fn choice(&self, out: &mut Vec<u8>, choice: &Choice) {
        let (index, message) = (choice.index, &choice.message);
        if let Some(role) = &message.role {
            self.role(out, index, role);
        }
        let has_details = !message.reasoning_details.is_empty();
        if has_details {
            // All of the reasoning beside them, since a reader takes their text where there is no other.
            self.delta(out, index, |out| {
                text_field(out, "reasoning", &message.reasoning);
                raw_field(out, "reasoning_details", &message.reasoning_details);
            });
        }
        let mut calls = 0;
        for part in parts(message) {
            match part {
                MessagePart::Reasoning(_) if has_details => {}
                MessagePart::Reasoning(text) => self.reasoning(out, index, text),
                MessagePart::Text(text) => self.text(out, index, text),
                MessagePart::Refusal(text) => self.refusal(out, index, text),
                MessagePart::ToolCall(call) => {
                    self.whole_tool_call(out, index, calls, call);
                    calls += 1;
                }
            }
        }
        if !message.extras.is_empty() {
            self.delta(out, index, |out| json::raw(out, inside(&message.extras)));
        }
        if !choice.logprobs.is_empty() {
            self.logprobs(out, index, &choice.logprobs);
        }
        if let Some(reason) = &choice.finish_reason {
            self.finish_with(out, index, reason, choice.native_finish_reason.as_deref());
        }
    }

    fn logprobs(&self, out: &mut Vec<u8>, choice: i64, raw: &str) {
        self.open_choice(out, choice);
        out.push(b'}');
        raw_field(out, "logprobs", raw);
        out.extend_from_slice(b",\"finish_reason\":null}]}\n\n");
    }

    fn finish_with(&self, out: &mut Vec<u8>, choice: i64, reason: &str, native: Option<&str>) {
        self.open_choice(out, choice);
        out.extend_from_slice(b"},");
        text_field(out, "finish_reason", reason);
        if let Some(native) = native {
            out.push(b',');
            text_field(out, "native_finish_reason", native);
        }
        out.extend_from_slice(b"}]}\n\n");
    }

    fn call_delta(&self, out: &mut Vec<u8>, choice: i64, index: u32, rest: impl FnOnce(&mut Vec<u8>)) {
        self.delta(out, choice, |out| {
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            json::unsigned(out, index.into());
            rest(out);
            out.extend_from_slice(b"}]");
        });
    }

    /// A chunk whose only choice has the delta that `members` writes.
    fn delta(&self, out: &mut Vec<u8>, choice: i64, members: impl FnOnce(&mut Vec<u8>)) {
        self.open_choice(out, choice);
        members(out);
        out.extend_from_slice(b"},\"finish_reason\":null}]}\n\n");
    }

    fn open_choice(&self, out: &mut Vec<u8>, choice: i64) {
        self.open(out);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        json::integer(out, choice);
        out.extend_from_slice(b",\"delta\":{");
    }

    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.envelope);
    }

    fn without_fields() -> Self {
        Self { envelope: b"data: {\"object\":\"chat.completion.chunk\"".to_vec(), calls: BTreeMap::new() }
    }

    fn add_created(&mut self, created: u64) {
        self.envelope.extend_from_slice(b",\"created\":");
        json::unsigned(&mut self.envelope, created);
    }
}

/// The members of a call after its index.
fn call_members(out: &mut Vec<u8>, kind: ToolKind, id: &str, name: &str, arguments: &str) {
    if !id.is_empty() {
        out.push(b',');
        text_field(out, "id", id);
    }
    let (kind, text) = match kind {
        ToolKind::Function => ("function", "arguments"),
        ToolKind::Custom => ("custom", "input"),
    };
    out.push(b',');
    text_field(out, "type", kind);
    out.push(b',');
    name_of(out, kind);
    out.push(b'{');
    text_field(out, "name", name);
    out.push(b',');
    text_field(out, text, arguments);
    out.push(b'}');
}

/// A message's parts in the order in which they came; of one that was not read from a stream, in the usual order.
fn parts(message: &Message) -> Vec<MessagePart<'_>> {
    let parts: Vec<_> = message.parts().collect();
    let length = |part: &MessagePart<'_>| match *part {
        MessagePart::Text(text) | MessagePart::Reasoning(text) | MessagePart::Refusal(text) => text.len(),
        MessagePart::ToolCall(_) => 1,
    };
    let all = message.content.len() + message.reasoning.len() + message.refusal.len() + message.tool_calls.len();
    if parts.iter().map(length).sum::<usize>() == all {
        return parts;
    }
    let texts = [
        MessagePart::Reasoning(&message.reasoning),
        MessagePart::Text(&message.content),
        MessagePart::Refusal(&message.refusal),
    ];
    let calls = message.tool_calls.iter().map(MessagePart::ToolCall);
    texts.into_iter().filter(|part| length(part) > 0).chain(calls).collect()
}

/// The members of a raw JSON object, without its braces.
fn inside(object: &str) -> &str {
    object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().trim()
}

fn text_field(out: &mut Vec<u8>, name: &str, text: &str) {
    name_of(out, name);
    json::string(out, text);
}

/// After a comma.
fn raw_field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(b',');
    name_of(out, name);
    json::raw(out, value);
}

/// A name that needs no escapes, and its colon.
fn name_of(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Commas between members.
#[derive(Default)]
struct Separate {
    begun: bool,
}

impl Separate {
    fn next(&mut self, out: &mut Vec<u8>) {
        if core::mem::replace(&mut self.begun, true) {
            out.push(b',');
        }
    }
}
