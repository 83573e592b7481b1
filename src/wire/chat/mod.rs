//! OpenAI-compatible chat completions: the only place that knows this wire's field names.

mod chunk;
mod decoder;

pub use chunk::{
    Chunk, ChunkChoice, ChunkError, ChunkUsage, ContentPart, ContentPartKind, Delta, FunctionCallDelta, RawField,
    ReasoningDetailDelta, Text, ToolCallDelta,
};
pub use decoder::{Decoder, Document, Documents, RecentShapes};
