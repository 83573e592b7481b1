//! Bytes → events, by the rules of the WHATWG HTML standard, section 9.2 (server-sent events).

mod event;
mod framer;
mod held;
mod line;

pub use event::{Event, EventKind};
pub use framer::{Framer, Leftover};
