//! The engine of stage 1.

use super::Event;
use crate::{Error, Limits};

/// What the end of the input left over.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// Nothing.
    Nothing,
    /// An event without its blank line.
    Incomplete,
}

/// Splits bytes into events.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    limits: Limits,
}

impl Framer {
    /// A framer with default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A framer with these limits.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits }
    }

    /// The next event; `None` when the input is used up.
    pub fn next<'f, 'i: 'f>(&'f mut self, _input: &mut &'i [u8]) -> Option<Result<Event<'f>, Error>> {
        let _ = self.limits;
        None
    }
}
