//! The engine of stage 3.
#![allow(dead_code)] // until the pipeline calls it

use super::{Completion, Options, Update};
use crate::Error;
use crate::wire::chat::Document;

/// Assembles documents into a message.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    options: Options,
}

impl Assembler {
    /// An assembler with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// An assembler with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self { options }
    }
    /// Applies one document (met at `offset` bytes of the stream) to the message and queues its updates.
    ///
    /// # Errors
    /// A message limit was passed: fatal, the same error ever after; what was decoded stays.
    pub fn apply(&mut self, _document: &Document<'_>, _offset: u64) -> Result<(), Error> {
        let _ = self.options;
        Ok(())
    }
    /// Reports something odd that another stage met: `dropped` bytes of the stream went, `text` is what they said.
    pub(crate) fn report(&mut self, _code: super::AnomalyCode, _offset: u64, _dropped: u64, _text: &[u8]) {}
    /// Takes an error that is not of this wire (a response that is no event stream) as the stream's error.
    pub(crate) fn fail(&mut self, _error: super::ProviderError) {}
    /// A comment of the stream, when the options ask for it.
    pub(crate) fn comment(&mut self, _text: &[u8]) {}
    /// Marks the end of the input and queues the updates that it brings.
    pub fn end(&mut self) {}
    /// Moves to the next queued update; `false` when there is none.
    pub fn advance(&mut self) -> bool {
        false
    }
    /// The update that [`advance`](Self::advance) moved to.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        None
    }
    /// [`advance`](Self::advance), then [`update`](Self::update).
    #[allow(clippy::should_implement_trait)] // it lends
    pub fn next(&mut self) -> Option<Update<'_>> {
        if self.advance() { self.update() } else { None }
    }
    /// Whether `[DONE]` came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        false
    }
    /// The message so far.
    #[must_use]
    pub fn completion(&self) -> Completion {
        Completion::default()
    }
    /// The message.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        Completion::default()
    }
    /// Forgets the stream, keeps the buffers.
    pub fn reset(&mut self) {}
}
