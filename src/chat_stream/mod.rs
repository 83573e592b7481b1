//! The three stages in one: bytes → updates → completion. The only place that names all three.

mod bare_line;
#[cfg(all(test, feature = "std"))]
mod line_tests;
#[cfg(all(test, feature = "std"))]
mod linear;
mod opening;
mod state;

use alloc::vec::Vec;
use core::ops::ControlFlow;

use crate::{Completion, Decoder, Error, Options, Update};

pub use state::ChatState;

/// Bytes of a streamed chat completion in, updates out, a completion at the end: a [`ChatState`] with its own decoder.
///
/// A response that is one JSON document (not streamed, or an error) is read too, up to
/// [`Limits::body`](crate::Limits::body); its updates come at the end.
///
/// Cost: each input byte is read a small, bounded number of times whatever the pieces; nothing is allocated for an event
/// once the buffers are warm, but for the growth of the message itself.
///
/// ```
/// use deltawire::{ChatStream, Update};
///
/// let mut chat = ChatStream::new();
/// let mut input = &b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n"[..];
/// while let Some(update) = chat.next(&mut input) {
///     if let Update::Text { text, .. } = update? {
///         assert_eq!(text, "Hi");
///     }
/// }
/// assert!(chat.is_done());
/// assert_eq!(chat.finish().choices[0].message.content, "Hi");
/// # Ok::<(), deltawire::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ChatStream {
    state: ChatState,
    decoder: Decoder,
    /// What a panicking callback left unread of its input; empty but for that.
    unread: Vec<u8>,
    unread_at: usize,
    /// The end of the input came while there was something unread.
    end_follows: bool,
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
        Self {
            state: ChatState::with_options(options),
            decoder: Decoder::with_limits(options.limits),
            ..Self::default()
        }
    }

    /// Moves to the next update; `Ok(false)` when the input is used up. What was read is taken off `input`.
    ///
    /// This and [`update`](Self::update) are for wrappers that hand out a borrowed update after refilling their input;
    /// else [`next`](Self::next) does both.
    ///
    /// # Errors
    /// As [`ChatState::advance`].
    pub fn advance(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        if !self.unread.is_empty() && self.advance_unread()? {
            return Ok(true);
        }
        self.state.advance(&mut self.decoder, input)
    }

    /// The update that [`advance`](Self::advance) moved to; `None` when it moved to none.
    #[must_use]
    pub fn update(&self) -> Option<Update<'_>> {
        self.state.update()
    }

    /// The next update; `None` when the input is used up.
    #[allow(clippy::should_implement_trait)] // it lends
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<Update<'_>, Error>> {
        if !self.unread.is_empty() {
            match self.advance_unread() {
                Ok(true) => return self.state.update().map(Ok),
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        self.state.next(&mut self.decoder, input)
    }

    /// Feeds bytes and hands each update to `f`.
    ///
    /// When `f` panics and the panic is caught, only the update it was given is lost: what was not read of `bytes` is
    /// kept and read first by the next call.
    ///
    /// # Errors
    /// As [`ChatState::advance`].
    pub fn feed(&mut self, bytes: &[u8], mut f: impl FnMut(Update<'_>)) -> Result<(), Error> {
        let mut feeding = Feeding { chat: self, input: bytes };
        while let Some(update) = feeding.chat.next(&mut feeding.input) {
            f(update?);
        }
        Ok(())
    }

    /// Feeds bytes and hands each update to `f` until it breaks: then the slice stands at the first unread byte, and
    /// updates not yet delivered come first on the next call.
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

    /// Marks the end of the input; pull the updates it brings with an empty input. A second call does nothing.
    pub fn end(&mut self) {
        if self.unread.is_empty() {
            self.state.end(&mut self.decoder);
        } else {
            self.end_follows = true;
        }
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

    /// The stream's state, without the decoder: a copy of it can be ended apart.
    #[must_use]
    pub fn state(&self) -> &ChatState {
        &self.state
    }

    /// Whether `[DONE]` came: the caller can stop reading, even if the connection stays open.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.is_done()
    }

    /// The message so far, as a copy: O(message).
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.state.completion()
    }

    /// The message. Before [`end`](Self::end) it is the message so far.
    #[must_use]
    pub fn into_completion(self) -> Completion {
        self.state.into_completion()
    }

    /// Forgets the stream; keeps the buffers, the options and what the decoder learned, for the next one.
    pub fn reset(&mut self) {
        self.state.reset();
        self.unread.clear();
        self.unread_at = 0;
        self.end_follows = false;
    }

    /// Reads on in what a panicking callback left.
    #[cold]
    fn advance_unread(&mut self) -> Result<bool, Error> {
        let mut rest = &self.unread[self.unread_at..];
        let found = self.state.advance(&mut self.decoder, &mut rest);
        self.unread_at = self.unread.len() - rest.len();
        if found == Ok(false) {
            self.unread = Vec::new();
            self.unread_at = 0;
            if self.end_follows {
                self.state.end(&mut self.decoder);
            }
        }
        found
    }
}

/// A call of [`ChatStream::feed`]: when its callback unwinds, what it has not read is kept.
struct Feeding<'c, 'i> {
    chat: &'c mut ChatStream,
    input: &'i [u8],
}

impl Drop for Feeding<'_, '_> {
    fn drop(&mut self) {
        // Also non-empty behind an error, but nothing is read after one.
        if !self.input.is_empty() && self.chat.state.is_open() {
            self.chat.unread.extend_from_slice(self.input);
        }
    }
}
