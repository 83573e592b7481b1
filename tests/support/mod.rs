//! What several test files share. Each uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod cassette;
pub mod compose;
pub mod digest;
pub mod replay;
