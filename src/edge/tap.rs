//! Watching a stream that is forwarded: the bytes go on untouched, a copy of nothing is made, the updates and a few
//! meters are seen on the way.
//!
//! [`Tap`] does no I/O and has no clock: the caller says when bytes came. [`Tapped`] is the loop around it for a
//! `Stream` or a `Body`, with the system's clock.

use core::time::Duration;

use super::DecoderSource;
use crate::{ChatState, Completion, Decoder, Error, Options, Update, Usage};

/// What was measured of a stream. Times are from the moment that the caller counts from, such as the request's.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meters {
    /// Bytes that came.
    pub bytes: u64,
    /// When the first byte came.
    pub first_byte: Option<Duration>,
    /// When the last bytes came, comments and empty deltas among them: the stream was alive then.
    pub last_byte: Option<Duration>,
    /// When the first text, reasoning, refusal or tool call came.
    pub first_token: Option<Duration>,
    /// When the first tool call was announced.
    pub first_tool_call: Option<Duration>,
    /// Pieces of text, reasoning, refusal and arguments: about one a token, where a cut stream has no usage.
    pub deltas: u64,
    /// Comments (heartbeats).
    pub comments: u64,
    /// Usage, as the stream says.
    pub usage: Option<Usage>,
    /// Why the watching stopped before the stream did: a limit of the message. The bytes go on all the same.
    pub error: Option<Error>,
}

/// Watches a chat stream that something else forwards.
///
/// ```
/// use std::time::Instant;
/// use deltawire::{Options, Tap};
///
/// # let network: [&[u8]; 0] = [];
/// let start = Instant::now();
/// let mut tap = Tap::new(Options::default());
/// for bytes in network {
///     tap.observe(bytes, start.elapsed(), |_update| {});
///     // forward `bytes`
/// }
/// tap.end(|_update| {});
/// println!("{:?}", tap.meters());
/// ```
///
/// Where the events themselves are to be seen, or the wire is another one, a [`Framer`](crate::Framer) beside the bytes
/// does it:
///
/// ```
/// # let network: [&[u8]; 1] = [b"event: ping\ndata: {}\n\n"];
/// let mut framer = deltawire::Framer::new().comments(true);
/// for bytes in network {
///     let mut input = bytes;
///     while let Some(event) = framer.next(&mut input) {
///         match event {
///             Ok(event) => println!("{:?}: {} bytes", event.kind(), event.data().len()),
///             Err(error) => println!("{error}"), // one event over a limit
///         }
///     }
///     // forward `bytes`
/// }
/// ```
#[derive(Debug)]
pub struct Tap<D = Decoder> {
    state: ChatState,
    decoder: D,
    meters: Meters,
    ended: bool,
}

impl Tap {
    /// A tap with its own decoder. Comments are always watched; see [`Options::keep`] for how much of the message is kept.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::with_decoder(options, Decoder::with_limits(options.limits))
    }
}

impl<D: DecoderSource> Tap<D> {
    /// A tap whose decoder comes from elsewhere.
    #[must_use]
    pub fn with_decoder(mut options: Options, decoder: D) -> Self {
        options.comments = true;
        Self { state: ChatState::with_options(options), decoder, meters: Meters::default(), ended: false }
    }

    /// Watches bytes that came `at` this time, and hands their updates to `f`. It never fails: an error that ends the
    /// message is in the [`Meters`].
    pub fn observe(&mut self, bytes: &[u8], at: Duration, f: impl FnMut(Update<'_>)) {
        if bytes.is_empty() || self.ended {
            return;
        }
        self.meters.bytes += bytes.len() as u64;
        self.meters.first_byte.get_or_insert(at);
        self.meters.last_byte = Some(at);
        self.pull(bytes, at, f);
    }

    /// Marks the end of the stream, and hands the updates that it brings to `f`. To end twice does nothing.
    pub fn end(&mut self, f: impl FnMut(Update<'_>)) {
        if self.ended {
            return;
        }
        self.ended = true;
        let state = &mut self.state;
        self.decoder.with(|decoder| state.end(decoder));
        self.pull(&[], self.meters.last_byte.unwrap_or_default(), f);
    }

    /// What was measured so far.
    #[must_use]
    pub const fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Whether `[DONE]` came: nothing more is to be waited for, and the connection can be released.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.is_done()
    }

    /// The message so far.
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.state.completion()
    }

    /// Ends the stream and gives the message.
    #[must_use]
    pub fn into_completion(mut self) -> Completion {
        self.end(|_| {});
        self.state.into_completion()
    }

    fn pull(&mut self, bytes: &[u8], at: Duration, mut f: impl FnMut(Update<'_>)) {
        if self.meters.error.is_some() {
            return;
        }
        let Self { state, decoder, meters, .. } = self;
        decoder.with(|decoder| {
            let mut input = bytes;
            while let Some(update) = state.next(decoder, &mut input) {
                match update {
                    Ok(update) => {
                        meters.count(&update, at);
                        f(update);
                    }
                    Err(error) => {
                        meters.error = Some(error);
                        return;
                    }
                }
            }
        });
    }
}

impl Meters {
    fn count(&mut self, update: &Update<'_>, at: Duration) {
        match update {
            Update::Text { .. } | Update::Reasoning { .. } | Update::Refusal { .. } | Update::Arguments { .. } => {
                self.deltas += 1;
                self.first_token.get_or_insert(at);
            }
            Update::ToolCallStarted { .. } => {
                self.first_token.get_or_insert(at);
                self.first_tool_call.get_or_insert(at);
            }
            Update::Usage { usage } => self.usage = Some((*usage).clone()),
            Update::Comment { .. } => self.comments += 1,
            _ => {}
        }
    }
}
