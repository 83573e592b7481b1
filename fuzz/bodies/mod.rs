//! What each fuzz target does with an input. `fuzz_targets/` gives them what libFuzzer invents, `tests/fuzz_bodies.rs`
//! the committed corpora and every finding there ever was, so that they cannot rot.
//!
//! Each `run` panics when something does not hold that must.
#![allow(dead_code, unreachable_pub)] // a target uses one body
#![allow(clippy::duplicate_mod)] // the dump asks its parent what the decoder mends, and the bodies differ in that

pub mod arguments;
pub mod assemble;
mod composed;
pub mod decode;
pub mod encode;
pub mod frame;
mod naive_json;
mod partial;
pub mod pipeline;
pub mod plan;
mod random;
mod replay;
pub mod shape;

#[path = "../../tests/support/sse_oracle.rs"]
mod sse_oracle;

#[path = "../../tests/support/compose.rs"]
mod compose;
