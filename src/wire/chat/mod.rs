//! OpenAI-compatible chat completions: the only place that knows this wire's field names.

#[cfg(all(test, feature = "std"))]
mod cache_tests;
mod chunk;
mod decoder;
mod detail;
mod parts;
mod record;
mod schema;
mod sole;

pub use crate::json::string::Text;
pub(crate) use chunk::REASONING_FIELDS;
pub use chunk::{
    Chunk, ChunkChoice, ChunkChoices, ChunkError, ChunkUsage, Delta, FunctionCallDelta, ReasoningDetailDelta,
    ReasoningDetailDeltas, ToolCallDelta, ToolCallDeltas,
};
pub use decoder::{Decoder, Document, Documents, RecentShapes};
pub use parts::{ContentPart, ContentPartKind, ContentParts};
pub use record::{RawField, RawFields};
pub(crate) use sole::{SoleKind, SoleText};
