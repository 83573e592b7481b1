//! Deltas → one message: routing, tool calls, updates, the completion.

mod anomaly;
mod arguments;
mod assembler;
mod calls;
mod choice;
mod choices;
mod completion;
mod details;
mod ending;
mod envelope;
mod extras;
mod growing;
mod live;
mod options;
mod out;
mod owned;
mod raw;
mod repetition;
mod request;
mod resolve;
mod routing;
#[cfg(feature = "serde")]
mod serialize;
mod snapshot;
mod surrogate;
mod think;
mod tool_call;
mod tools;
mod update;
mod word;

pub use anomaly::{Anomaly, AnomalyCode};
#[cfg(feature = "simd-json")]
pub use arguments::{ParseBuffer, ParseError};
pub use arguments::{PartialArguments, RepairedArguments};
pub use assembler::Assembler;
pub(crate) use assembler::Taken;
pub use completion::{Choice, Completion, EndedBy, FinishReason, Message, MessagePart, Outcome, ProviderError, Usage};
pub use options::{Keep, Options};
pub use owned::OwnedUpdate;
#[allow(unused_imports)] // the edges use it, most of them behind features
pub(crate) use owned::Owner;
pub use request::ReasoningPolicy;
pub use tool_call::{ArgumentsState, ToolCall, ToolKind};
pub use update::{LivePart, Update};
