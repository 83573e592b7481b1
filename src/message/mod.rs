//! Deltas → one message: routing, tool calls, updates, the completion.

mod anomaly;
mod assembler;
mod completion;
mod options;
mod owned;
#[cfg(feature = "serde")]
mod serialize;
mod tool_call;
mod update;

pub use anomaly::{Anomaly, AnomalyCode};
pub use assembler::Assembler;
pub use completion::{Choice, Completion, EndedBy, FinishReason, Message, Outcome, ProviderError, Usage};
pub use options::{Keep, Options};
pub use owned::OwnedUpdate;
#[allow(unused_imports)] // the edges use it, most of them behind features
pub(crate) use owned::Owner;
pub use tool_call::{ArgumentsState, ToolCall, ToolKind};
pub use update::Update;
