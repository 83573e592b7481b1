//! Bytes → events, by the rules of the WHATWG HTML standard, section 9.2 (server-sent events).
//!
//! What stage 1 guarantees, and its limits, are in the docs of [`Framer`].

mod event;
mod framer;
mod held;
mod line;
#[cfg(test)]
mod tests;

pub use event::{Event, EventKind};
pub use framer::{Framer, Leftover};
