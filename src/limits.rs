//! Every bound there is, its default, and which stage enforces it: the one home of all limits.

use core::fmt;

macro_rules! limits {
    ($($field:ident, $kind:ident, $name:literal, $default:expr, $doc:literal;)*) => {
        /// Bounds on what a stream may make the crate hold. Every default is finite and generous.
        ///
        /// Lengths are bytes, counts are counts. Exactly at the limit passes.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $doc] pub $field: usize,)*
        }

        impl Limits {
            /// The defaults.
            pub const DEFAULT: Self = Self { $($field: $default,)* };
        }

        /// Which limit was passed.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LimitKind {
            $(#[doc = $doc] $kind,)*
        }

        impl LimitKind {
            /// The limit's name, as in "event data".
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

limits! {
    event_data, EventData, "event data", 64 << 20,
        "Framer: bytes of one event's data, separators counted. Over: that event is damage, the next is read.";
    event_type, EventType, "event type", 1 << 10,
        "Framer: bytes of an `event` field. Over: that event is damage, the next is read.";
    event_id, EventId, "event id", 4 << 10,
        "Framer: bytes of an `id` field. Over: that event is damage, the next is read.";
    comment, Comment, "comment", 1 << 10,
        "Framer: bytes of a comment that is handed out. Over: cut and marked.";
    unknown_line, UnknownLine, "unknown line", 64 << 10,
        "Framer: bytes of an unknown line that is handed out. Over: cut and marked.";
    depth, Depth, "nesting depth", 128,
        "Decoder: nesting of a JSON document. Over: the document is not JSON.";
    body, Body, "body", 64 << 20,
        "Pipeline: bytes of a response that is one JSON document. Over: the stream ends in an error.";
    choices, Choices, "choices", 128,
        "Assembler: choices of one response. Over: the stream ends in an error.";
    tool_calls, ToolCalls, "tool calls", 1 << 16,
        "Assembler: tool calls of one response. Over: the stream ends in an error.";
    arguments, Arguments, "arguments", 64 << 20,
        "Assembler: bytes of one call's arguments. Over: the stream ends in an error.";
    text, Text, "text", 256 << 20,
        "Assembler: bytes of all text, reasoning and refusals that are kept. Over: the stream ends in an error.";
    name, Name, "name or id", 64 << 10,
        "Assembler: bytes of an id, a name, a role, a finish reason. Over: the stream ends in an error.";
    details, Details, "details", 64 << 20,
        "Assembler: bytes of raw extras (reasoning details, logprobs, images). Over: the stream ends in an error.";
    anomalies, Anomalies, "anomalies", 64,
        "Assembler: distinct anomalies kept in the completion. Over: counted together.";
    error_text, ErrorText, "error text", 64 << 10,
        "Assembler: bytes kept of a provider's error. Over: cut.";
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
