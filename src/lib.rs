//! deltawire: bytes of a streamed LLM response in; borrowed text and tool-call deltas out; one complete message at
//! the end.
//!
//! ```text
//!  bytes ──► Framer ──Event──► Decoder ──Chunk──► Assembler ──Update──► text, calls, usage
//!            (WHATWG rules)    (borrowed JSON)    (provider quirks)       └─► Completion at the end
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

// In data-flow order.
mod chat_stream;
mod edge;
mod encode;
mod error;
mod json;
mod limits;
mod message;
mod sse;
mod wire;

pub use chat_stream::{ChatState, ChatStream};
#[cfg(any(feature = "stream", feature = "codec"))]
pub use edge::OwnedEvent;
#[cfg(feature = "http-body")]
pub use edge::{BodyBytes, HttpBodyExt};
#[cfg(feature = "stream")]
pub use edge::{ByteStreamExt, ChatUpdates, Events, eventsource};
#[cfg(feature = "codec")]
pub use edge::{ChatCodec, EventCodec};
#[cfg(feature = "std")]
pub use edge::{ChatReader, EventReader};
pub use edge::{DecoderSource, Meters, StreamError, Tap};
#[cfg(all(feature = "std", feature = "stream"))]
pub use edge::{Seen, Tapped};
pub use encode::{ChunkWriter, EncodeError, EventField, EventWriter};
pub use error::{Error, ErrorKind};
pub use limits::{LimitKind, Limits};
pub use message::{
    Anomaly, AnomalyCode, ArgumentsState, Assembler, Choice, Completion, EndedBy, FinishReason, Keep, LivePart,
    Message, MessagePart, Options, Outcome, OwnedUpdate, PartialArguments, ProviderError, ReasoningPolicy,
    RepairedArguments, ToolCall, ToolKind, Update, Usage,
};
#[cfg(feature = "simd-json")]
pub use message::{ParseBuffer, ParseError};
pub use sse::{Event, EventKind, Framer, Leftover};
pub use wire::chat::{
    Chunk, ChunkChoice, ChunkChoices, ChunkError, ChunkUsage, ContentPart, ContentPartKind, ContentParts, Decoder,
    Delta, Document, Documents, FunctionCallDelta, RawField, RawFields, ReasoningDetailDelta, ReasoningDetailDeltas,
    RecentShapes, Text, ToolCallDelta, ToolCallDeltas,
};
