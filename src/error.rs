//! What can go wrong, told apart by who can mend it: a peer that sends what it must not, something too large, misuse by
//! the caller. An error is a small value with a stream offset; no I/O error is kept inside, so that all of it derives.

use core::fmt;

use crate::limits::LimitKind;

/// An error of any stage, with the offset (bytes from the start of the stream) at which it was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    offset: u64,
}

/// What kind of error it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Too large: a limit of [`Limits`](crate::Limits) was passed.
    Limit(LimitKind),
    /// Bad peer: the document breaks JSON grammar beyond the listed tolerances.
    Syntax,
    /// Misuse: input was given after [`end`](crate::ChatStream::end).
    FedAfterEnd,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it was met, in bytes from the start of the stream.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether a limit was passed: the peer may be honest, the caller may allow more.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(self.kind, ErrorKind::Limit(_))
    }

    /// Whether the caller broke the contract.
    #[must_use]
    pub const fn is_misuse(&self) -> bool {
        matches!(self.kind, ErrorKind::FedAfterEnd)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Limit(limit) => write!(f, "{limit} limit passed at byte {}", self.offset),
            ErrorKind::Syntax => write!(f, "not JSON at byte {}", self.offset),
            ErrorKind::FedAfterEnd => write!(f, "input given after the end, at byte {}", self.offset),
        }
    }
}

impl core::error::Error for Error {}
