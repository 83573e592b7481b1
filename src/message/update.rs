//! One thing that happened to the message: a view, lent until the next call.

use super::{Anomaly, ProviderError, ToolCall, Usage};

/// One thing that happened. Applying the updates in order gives the [`Completion`](crate::Completion).
///
/// `choice` is the wire's index of the choice. New variants are not a breaking change.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update<'a> {
    /// The role of a choice's message became known.
    #[non_exhaustive]
    Role {
        /// Which choice.
        choice: i64,
        /// The role.
        role: &'a str,
    },
    /// Content grew.
    #[non_exhaustive]
    Text {
        /// Which choice.
        choice: i64,
        /// By this text.
        text: &'a str,
    },
    /// Reasoning grew.
    #[non_exhaustive]
    Reasoning {
        /// Which choice.
        choice: i64,
        /// By this text.
        text: &'a str,
    },
    /// The refusal grew.
    #[non_exhaustive]
    Refusal {
        /// Which choice.
        choice: i64,
        /// By this text.
        text: &'a str,
    },
    /// A tool call was announced: at its first argument byte its name is final; announced earlier, by a boundary, it may
    /// yet change ([`ToolCallChanged`](Self::ToolCallChanged)).
    #[non_exhaustive]
    ToolCallStarted {
        /// Which choice.
        choice: i64,
        /// The call so far.
        call: &'a ToolCall,
    },
    /// An announced call's id was filled in, or its name went on before any argument byte came.
    #[non_exhaustive]
    ToolCallChanged {
        /// Which choice.
        choice: i64,
        /// The call so far.
        call: &'a ToolCall,
    },
    /// A call's arguments grew.
    #[non_exhaustive]
    Arguments {
        /// Which choice.
        choice: i64,
        /// The call so far.
        call: &'a ToolCall,
        /// By this text.
        fragment: &'a str,
    },
    /// What was delivered of a call's arguments is replaced (a seed, a snapshot).
    #[non_exhaustive]
    ArgumentsReset {
        /// Which choice.
        choice: i64,
        /// The call so far.
        call: &'a ToolCall,
        /// By this text.
        arguments: &'a str,
    },
    /// A part of a call's arguments, as they grow; only with [`Options::live_arguments`](crate::Options). After an
    /// [`ArgumentsReset`](Self::ArgumentsReset) the parts begin anew.
    #[non_exhaustive]
    LiveArgument {
        /// Which choice.
        choice: i64,
        /// The call so far.
        call: &'a ToolCall,
        /// Where in the arguments: a JSON Pointer (RFC 6901), empty for the whole value.
        path: &'a str,
        /// What happened there.
        part: LivePart<'a>,
    },
    /// A call's value closed: early, may be taken back. Show it; do not run it.
    #[non_exhaustive]
    ToolCallClosed {
        /// Which choice.
        choice: i64,
        /// The call.
        call: &'a ToolCall,
    },
    /// A boundary passed: nothing about the call changes any more. Look at its state, then run it. A call that never gets
    /// a name is neither started nor ready: an anomaly (`nameless`) says that the completion has one, invalid.
    #[non_exhaustive]
    ToolCallReady {
        /// Which choice.
        choice: i64,
        /// The call.
        call: &'a ToolCall,
    },
    /// An entry of `reasoning_details` came; the completion has them merged.
    #[non_exhaustive]
    ReasoningDetail {
        /// Which choice.
        choice: i64,
        /// The entry's raw JSON.
        raw: &'a str,
    },
    /// `logprobs` came; the completion has their arrays appended.
    #[non_exhaustive]
    Logprobs {
        /// Which choice.
        choice: i64,
        /// Their raw JSON.
        raw: &'a str,
    },
    /// An unknown field of the delta came (audio, images, annotations); the completion has arrays appended.
    #[non_exhaustive]
    Extra {
        /// Which choice.
        choice: i64,
        /// A JSON object with the one member.
        raw: &'a str,
    },
    /// The finish reason. It comes once a choice, at the end of the stream (`[DONE]` or the end of the input), since more
    /// may follow the first one and the last one wins.
    #[non_exhaustive]
    Finish {
        /// Which choice.
        choice: i64,
        /// As on the wire.
        reason: &'a str,
    },
    /// Usage (the last one wins).
    #[non_exhaustive]
    Usage {
        /// The numbers so far.
        usage: &'a Usage,
    },
    /// An error of the provider. The first one stays the error.
    #[non_exhaustive]
    Error {
        /// What it said.
        error: &'a ProviderError,
    },
    /// Something odd.
    #[non_exhaustive]
    Anomaly {
        /// What and where; `count` is how often so far.
        anomaly: Anomaly,
        /// The text it is about, where that was not kept (a chunk that is not JSON, cut to 512 bytes), lossy.
        text: &'a str,
    },
    /// A comment of the stream (a heartbeat); only when asked for.
    #[non_exhaustive]
    Comment {
        /// Its text, lossy.
        text: &'a str,
    },
    /// `[DONE]`: stop reading.
    #[non_exhaustive]
    Done {},
}

/// What happened at a place of growing arguments.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LivePart<'a> {
    /// An object began.
    ObjectBegin,
    /// The object is whole.
    ObjectEnd,
    /// An array began.
    ArrayBegin,
    /// The array is whole.
    ArrayEnd,
    /// The string grew by this text (unescaped, surrogate halves joined); an empty string only ends.
    Text(&'a str),
    /// The string is whole.
    TextEnd,
    /// A number, `true`, `false` or `null` is whole: its raw JSON.
    Scalar(&'a str),
}
