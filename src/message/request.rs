//! The assistant message as the next request must carry it.

use alloc::string::String;

use super::raw::{members, push_string};
use super::{Message, ToolKind};

/// What of the reasoning goes back with the next request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReasoningPolicy {
    /// Nothing. What most providers want.
    #[default]
    None,
    /// In the fields in which it came: text under its own name, and the details.
    AsReceived,
    /// The text as `reasoning_content` (DeepSeek, Moonshot, Z.ai with tools).
    ReasoningContent,
    /// `reasoning_details`, merged (OpenRouter; signatures and encrypted parts must go back unchanged).
    Details,
}

impl Message {
    /// The message as a JSON object for the `messages` of the next request: role, content, reasoning by the policy,
    /// refusal, and tool calls with the unknown fields that they came with (a thought signature, say).
    ///
    /// `content` is null where there is none but tool calls. Arguments go back as their raw text, complete or not: look at
    /// the calls' states before you send them. Unknown fields of the message itself (audio, annotations) do not go back.
    #[must_use]
    pub fn to_request(&self, reasoning: ReasoningPolicy) -> String {
        let mut out = String::from("{\"role\":");
        push_string(&mut out, self.role.as_deref().unwrap_or("assistant"));
        out.push_str(",\"content\":");
        if self.content.is_empty() && !self.tool_calls.is_empty() {
            out.push_str("null");
        } else {
            push_string(&mut out, &self.content);
        }
        let received = self.reasoning_field.unwrap_or("reasoning_content");
        let (text, details) = match reasoning {
            ReasoningPolicy::None => (None, false),
            // A text that only the details brought goes back with them.
            ReasoningPolicy::AsReceived => (self.reasoning_field.map(|_| received), true),
            ReasoningPolicy::ReasoningContent => (Some("reasoning_content"), false),
            ReasoningPolicy::Details => (None, true),
        };
        if let Some(field) = text.filter(|_| !self.reasoning.is_empty()) {
            out.push_str(",\"");
            out.push_str(field);
            out.push_str("\":");
            push_string(&mut out, &self.reasoning);
        }
        if details && !self.reasoning_details.is_empty() {
            out.push_str(",\"reasoning_details\":");
            out.push_str(&self.reasoning_details);
        }
        if !self.refusal.is_empty() {
            out.push_str(",\"refusal\":");
            push_string(&mut out, &self.refusal);
        }
        for (n, call) in self.tool_calls.iter().enumerate() {
            out.push_str(if n == 0 { ",\"tool_calls\":[" } else { "," });
            out.push_str("{\"id\":");
            push_string(&mut out, call.id());
            let (kind, text) = match call.kind() {
                ToolKind::Function => ("function", "arguments"),
                ToolKind::Custom => ("custom", "input"),
            };
            out.push_str(",\"type\":\"");
            out.push_str(kind);
            out.push_str("\",\"");
            out.push_str(kind);
            out.push_str("\":{\"name\":");
            push_string(&mut out, call.name());
            out.push_str(",\"");
            out.push_str(text);
            out.push_str("\":");
            push_string(&mut out, call.arguments());
            out.push('}');
            for (key, value) in members(call.extras().as_bytes()) {
                if !matches!(&*key, b"id" | b"type" | b"function" | b"custom" | b"index") {
                    out.push_str(",\"");
                    out.push_str(&String::from_utf8_lossy(&key));
                    out.push_str("\":");
                    out.push_str(&String::from_utf8_lossy(value));
                }
            }
            out.push('}');
        }
        if !self.tool_calls.is_empty() {
            out.push(']');
        }
        out.push('}');
        out
    }
}
