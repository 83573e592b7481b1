//! Stage 1, bytes → events: the standard's cases, every cut, limits, delivery on request, and other parsers.

mod cases;
mod delivery;
mod differential;
mod limits;
#[path = "../support/sse_oracle.rs"]
mod oracle;
mod run;
mod scale;
