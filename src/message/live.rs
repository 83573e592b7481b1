//! Live arguments: what a call's value shows while it grows.

/// Follows one call's arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {}

impl Live {
    /// The text was replaced: from its start.
    pub(super) fn restart(&mut self) {}
}
