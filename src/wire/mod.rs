//! Event data → deltas, one folder a wire.

pub(crate) mod chat;
