//! The three stages in one: bytes → updates → completion.

use core::ops::ControlFlow;

use crate::{Assembler, Completion, Decoder, Error, Framer, Options, RecentShapes, Update};

/// A stream's own state, without a decoder: for many streams that share one.
#[derive(Clone, Debug, Default)]
pub struct ChatState {
    framer: Framer,
    assembler: Assembler,
    recent: RecentShapes,
}

impl ChatState {
    /// A stream with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A stream with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self {
            framer: Framer::with_limits(options.limits),
            assembler: Assembler::with_options(options),
            recent: RecentShapes::default(),
        }
    }
    /// Moves to the next update; `Ok(false)` when the input is used up.
    ///
    /// # Errors
    /// A message limit, or input after the end: fatal, the same error ever after.
    pub fn advance(&mut self, _decoder: &mut Decoder, input: &mut &[u8]) -> Result<bool, Error> {
        let _ = (&self.framer, self.recent);
        *input = &[];
        Ok(self.assembler.advance())
    }
    /// The update that [`advance`](Self::advance) moved to.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.assembler.update()
    }
    /// [`advance`](Self::advance), then [`update`](Self::update).
    pub fn next(&mut self, decoder: &mut Decoder, input: &mut &[u8]) -> Option<Result<Update<'_>, Error>> {
        match self.advance(decoder, input) {
            Ok(true) => self.assembler.update().map(Ok),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
    /// Marks the end of the input; pull the updates it brings with an empty input.
    pub fn end(&mut self, _decoder: &mut Decoder) {}
    /// Whether `[DONE]` came: the caller can stop reading.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.assembler.is_done()
    }
    /// The message so far.
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.assembler.completion()
    }
    /// The message.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        self.assembler.into_completion()
    }
    /// Forgets the stream, keeps the buffers.
    pub fn reset(&mut self) {}
}

/// Bytes of a streamed chat completion in, updates out, a completion at the end: a [`ChatState`] with its own decoder.
#[derive(Debug, Default)]
pub struct ChatStream {
    state: ChatState,
    decoder: Decoder,
}

impl ChatStream {
    /// A stream with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A stream with these options.
    #[must_use]
    pub fn with_options(options: Options) -> Self {
        Self { state: ChatState::with_options(options), decoder: Decoder::with_limits(options.limits) }
    }
    /// Moves to the next update.
    ///
    /// # Errors
    /// As [`ChatState::advance`].
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        self.state.advance(&mut self.decoder, input)
    }
    /// The update that [`advance`](Self::advance) moved to.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.state.update()
    }
    /// [`advance`](Self::advance), then [`update`](Self::update).
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<Update<'_>, Error>> {
        self.state.next(&mut self.decoder, input)
    }
    /// Feeds bytes and hands each update to `f`.
    ///
    /// # Errors
    /// As [`ChatState::advance`].
    pub fn feed(&mut self, bytes: &[u8], mut f: impl FnMut(Update<'_>)) -> Result<(), Error> {
        let mut input = bytes;
        while let Some(update) = self.next(&mut input) {
            f(update?);
        }
        Ok(())
    }
    /// As [`feed`](Self::feed), until `f` breaks: then the slice stands at the first unread byte.
    ///
    /// # Errors
    /// As [`ChatState::advance`].
    pub fn try_feed<B>(
        &mut self,
        input: &mut &[u8],
        mut f: impl FnMut(Update<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Error> {
        while let Some(update) = self.next(input) {
            if let ControlFlow::Break(value) = f(update?) {
                return Ok(ControlFlow::Break(value));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
    /// Marks the end of the input; pull the updates it brings with an empty input.
    pub fn end(&mut self) {
        self.state.end(&mut self.decoder);
    }
    /// Ends the input, hands the last updates to `f`, gives the completion.
    pub fn finish_with(mut self, mut f: impl FnMut(Update<'_>)) -> Completion {
        self.end();
        while let Some(Ok(update)) = self.next(&mut &[][..]) {
            f(update);
        }
        self.into_completion()
    }
    /// Ends the input and gives the completion.
    #[must_use]
    pub fn finish(self) -> Completion {
        self.finish_with(|_| {})
    }
    /// Whether `[DONE]` came: the caller can stop reading.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.is_done()
    }
    /// The message so far.
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.state.completion()
    }
    /// The message.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        self.state.into_completion()
    }
    /// Forgets the stream, keeps the buffers.
    pub fn reset(&mut self) {
        self.state.reset();
    }
}
