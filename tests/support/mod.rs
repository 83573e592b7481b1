//! What several test files share. Each uses a part of it.
#![allow(dead_code)]

pub mod cassette;
pub mod compose;
pub mod digest;
