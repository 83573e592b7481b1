//! What to do with a call's arguments: show them while they grow, repair them on request, parse them into a type.

use alloc::string::String;

use super::live::unescape;
use super::tool_call::{ArgumentsState, ToolCall, ToolKind};
use crate::json::incremental::{Outer, is_blank};

/// How much of growing arguments stands by itself: `keep` bytes of them and `suffix` are valid JSON together.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialArguments {
    /// Bytes of the arguments, from their start.
    pub keep: usize,
    /// What closes the open string, objects and arrays.
    pub suffix: String,
}

/// Truncated arguments made whole, and what was done to them.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairedArguments {
    /// The JSON.
    pub json: String,
    /// What was left out at the end: half keys, half scalars, a trailing comma.
    pub removed: String,
    /// What was added to close it.
    pub added: String,
}

impl ToolCall {
    /// How much of the arguments can be shown now, at any moment.
    ///
    /// `keep` ends after a whole member or element, or inside a string value (not inside an escape); half keys, half
    /// scalars and trailing commas are left out. Costs O(depth). `None` before an object, array or string began, after a
    /// fault, where there are several values, and for a custom call.
    #[must_use]
    pub fn partial(&self) -> Option<PartialArguments> {
        if self.kind == ToolKind::Custom || matches!(self.state, ArgumentsState::Invalid { .. }) {
            return None;
        }
        let (keep, suffix) = self.scanner.partial()?;
        Some(PartialArguments { keep, suffix })
    }

    /// Truncated arguments made whole: [`partial`](Self::partial), closed; `{}` where nothing came.
    ///
    /// Never done by itself: the model meant to say more, and a tool that runs with half its arguments does what nobody
    /// asked for. `None` unless the state is truncated, or when no repair is known.
    #[must_use]
    pub fn repair(&self) -> Option<RepairedArguments> {
        if self.state != ArgumentsState::Truncated || self.kind == ToolKind::Custom {
            return None;
        }
        let text = self.arguments();
        let (keep, added) = match self.partial() {
            Some(partial) => (partial.keep, partial.suffix),
            None if self.scanner.outer() == Outer::Nothing => (0, "{}".into()),
            None => return None,
        };
        let (kept, removed) = text.split_at_checked(keep)?;
        Some(RepairedArguments { json: [kept, &added].concat(), removed: removed.into(), added })
    }

    /// The values that stand in the arguments one after the other, as raw text: one, unless several were concatenated.
    ///
    /// Ends before the first that is not whole. What to do with several (the first, all, none) is the caller's choice.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.arguments();
        core::iter::from_fn(move || {
            let begin = rest.bytes().position(|byte| !is_blank(byte))?;
            let mut scanner = self.scanner.clone();
            scanner.restart();
            scanner.scan(&rest.as_bytes()[begin..]);
            let end = scanner.end().filter(|_| scanner.fault().is_none());
            let end = end.or_else(|| scanner.is_whole().then(|| rest[begin..].trim_end().len()))?;
            let value;
            (value, rest) = rest[begin..].split_at_checked(end)?;
            Some(value)
        })
    }

    /// The text inside arguments that are one JSON string (double-encoded: `"{\"a\":1}"`); `None` when they are not.
    #[must_use]
    pub fn unwrapped(&self) -> Option<String> {
        let whole = self.scanner.is_whole() && self.scanner.outer() == Outer::String;
        let inside = self.arguments().trim().strip_prefix('"')?.strip_suffix('"')?;
        whole.then(|| unescape(inside))
    }
}

#[cfg(feature = "simd-json")]
mod parse {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use core::fmt;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::super::tool_call::{ArgumentsState, ToolCall};

    /// Memory that [`ToolCall::parse_in`] works in, kept from call to call. Holds as much as the longest arguments need.
    #[derive(Default)]
    pub struct ParseBuffer {
        text: Vec<u8>,
        buffers: simd_json::Buffers,
    }

    impl fmt::Debug for ParseBuffer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("ParseBuffer").field("capacity", &self.text.capacity()).finish_non_exhaustive()
        }
    }

    impl ParseBuffer {
        /// An empty buffer.
        #[must_use]
        pub fn new() -> Self {
            Self::default()
        }
    }

    /// Why arguments could not be parsed.
    #[non_exhaustive]
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum ParseError {
        /// The arguments are not one whole value (yet).
        NotComplete(ArgumentsState),
        /// They are nested deeper than 128 brackets, as [`Limits::depth`](crate::Limits) must have been raised to allow: to
        /// parse them might take more stack than there is.
        TooDeep,
        /// They do not fit the type; what simd-json says.
        Mismatch(String),
    }

    impl fmt::Display for ParseError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::NotComplete(ArgumentsState::Invalid { offset }) => {
                    write!(f, "arguments invalid at byte {offset}")
                }
                Self::TooDeep => f.write_str("arguments nested too deep"),
                Self::NotComplete(_) => f.write_str("arguments truncated"),
                Self::Mismatch(what) => write!(f, "arguments do not fit: {what}"),
            }
        }
    }

    impl core::error::Error for ParseError {}

    impl ToolCall {
        /// The arguments as a type of the caller's, which may borrow from `buffer`.
        ///
        /// The raw text is copied into the buffer once and parsed there by simd-json; [`arguments`](Self::arguments) stay
        /// untouched. With a buffer that is reused it allocates only what the type itself does.
        ///
        /// # Errors
        /// The arguments are not complete, are nested deeper than 128 brackets, or do not fit the type; or simd-json does not
        /// take them: it refuses half a surrogate pair, an integer beyond 64 bits and a number beyond `f64`, which JSON's
        /// grammar allows.
        pub fn parse_in<'b, T: Deserialize<'b>>(&self, buffer: &'b mut ParseBuffer) -> Result<T, ParseError> {
            if self.state() != ArgumentsState::Complete {
                return Err(ParseError::NotComplete(self.state()));
            }
            if self.scanner.deepest() > crate::Limits::DEFAULT.depth {
                return Err(ParseError::TooDeep);
            }
            buffer.text.clear();
            buffer.text.extend_from_slice(self.arguments().as_bytes());
            simd_json::serde::from_slice_with_buffers(&mut buffer.text, &mut buffer.buffers)
                .map_err(|error| ParseError::Mismatch(error.to_string()))
        }

        /// The arguments as a type of the caller's: [`parse_in`](Self::parse_in) with a buffer of its own.
        ///
        /// # Errors
        /// As there.
        pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
            self.parse_in(&mut ParseBuffer::new())
        }
    }
}

#[cfg(feature = "simd-json")]
pub use parse::{ParseBuffer, ParseError};
