//! Deltas → one message: routing, tool calls, updates, the completion.

mod anomaly;
mod assembler;
mod completion;
mod options;
#[cfg(feature = "serde")]
mod serialize;
mod tool_call;
mod update;

pub use anomaly::{Anomaly, AnomalyCode};
pub use assembler::Assembler;
pub use completion::{Choice, Completion, EndedBy, FinishReason, Message, Outcome, ProviderError, Usage};
pub use options::{Keep, Options};
pub use tool_call::{ArgumentsState, ToolCall, ToolKind};
pub use update::Update;
