//! The way back: events and chat chunks → bytes of an event stream, for gateways that translate and for tests.
//!
//! What is written here reads back as what was given. `alloc` is all it needs.

mod chunk;
mod event;
mod json;

pub use chunk::ChunkWriter;
pub use event::{EncodeError, EventField, EventWriter};
