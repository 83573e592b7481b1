//! One tool call as it grows, and what its arguments are in the end.

use alloc::boxed::Box;
use alloc::string::String;

use crate::json::incremental::Scanner;

/// What kind of call it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ToolKind {
    /// `function`: the arguments are JSON.
    #[default]
    Function,
    /// `custom`: the input is free text.
    Custom,
}

/// What a call's arguments are (rule 9).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ArgumentsState {
    /// One whole value.
    Complete,
    /// They stop before their value ends (or may yet grow).
    #[default]
    Truncated,
    /// Not JSON, or several values, or of a call without a name: the fault's offset in the arguments, in bytes.
    Invalid {
        /// Where, in bytes from the start of the arguments.
        offset: usize,
    },
}

/// A tool call: what came of it so far, or all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolCall {
    pub(crate) number: u32,
    pub(crate) kind: ToolKind,
    pub(crate) id_is_synthetic: bool,
    pub(crate) id_is_duplicate: bool,
    pub(crate) id: Box<str>,
    pub(crate) name: String,
    /// The arguments from `skip` on; before that a reading that may yet turn out to be the right one.
    pub(crate) text: String,
    pub(crate) skip: usize,
    pub(crate) scanner: Scanner,
    pub(crate) state: ArgumentsState,
    pub(crate) extras: Box<str>,
}

impl ToolCall {
    /// Its number in the response: unique, in the order of creation, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
    /// Function or custom.
    #[must_use]
    pub fn kind(&self) -> ToolKind {
        self.kind
    }
    /// Its id as the provider sent it first, or a made-up one; empty before the call is announced.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// Whether the id is made up because the provider sent none.
    #[must_use]
    pub fn id_is_synthetic(&self) -> bool {
        self.id_is_synthetic
    }
    /// Whether an earlier call of the choice has the same id.
    #[must_use]
    pub fn id_is_duplicate(&self) -> bool {
        self.id_is_duplicate
    }
    /// The name; empty for a nameless call.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The arguments' raw text as it came (of a custom call its input), `{}` where rule 9 says so.
    #[must_use]
    pub fn arguments(&self) -> &str {
        self.text.get(self.skip..).unwrap_or_default()
    }
    /// What the arguments are. Final when the call is ready.
    #[must_use]
    pub fn state(&self) -> ArgumentsState {
        self.state
    }
    /// Unknown fields of the call (`extra_content`, …): a JSON object; empty when there are none. All of
    /// them are there once the call is ready; before, what came last may be missing.
    #[must_use]
    pub fn extras(&self) -> &str {
        &self.extras
    }
}

impl ToolCall {
    /// A copy without the arguments.
    pub(crate) fn header(&self) -> Self {
        Self {
            number: self.number,
            kind: self.kind,
            id: self.id.clone(),
            id_is_synthetic: self.id_is_synthetic,
            id_is_duplicate: self.id_is_duplicate,
            name: self.name.clone(),
            text: String::new(),
            skip: 0,
            scanner: Scanner::default(),
            state: ArgumentsState::Truncated,
            extras: self.extras.clone(),
        }
    }
    /// Whether `self` is a [`header`](Self::header) of `call` as it is now.
    pub(crate) fn has_header_of(&self, call: &Self) -> bool {
        self.number == call.number
            && self.kind == call.kind
            && self.id == call.id
            && self.id_is_duplicate == call.id_is_duplicate
            && self.name == call.name
            && self.extras == call.extras
    }
}
