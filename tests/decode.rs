//! Stage 2: event data → documents, by rows, against serde_json, and over the recordings.

#[path = "decode/dump.rs"]
mod dump;
#[path = "decode/oracle.rs"]
mod oracle;
#[path = "decode/rows.rs"]
mod rows;
#[path = "decode/streams.rs"]
mod streams;
