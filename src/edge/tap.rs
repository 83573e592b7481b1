//! Watching a stream that is forwarded: the bytes go on untouched, a copy of nothing is made; updates, events and a few
//! meters are seen on the way.
//!
//! [`Tap`] does no I/O and has no clock: the caller says when bytes came. [`Tapped`](crate::Tapped) is the loop around it
//! for a `Stream` or a `Body`, with the system's clock.

use core::time::Duration;

use super::DecoderSource;
use crate::{ChatState, Completion, Decoder, Error, Event, Framer, Options, Update, Usage};

/// What a [`Tap`] shows to whoever watches, lent for the call.
#[non_exhaustive]
#[derive(Debug)]
pub enum Seen<'a, D = Decoder> {
    /// An event as the wire has it, before the updates that it brings; an error for one over a limit. Only from a tap
    /// that was asked for them: see [`Tap::with_events`].
    Event(Result<Event<'a>, Error>),
    /// An update of the message.
    Update(Update<'a>),
    /// The stream is over: the meters and the message are in the tap. Comes once, last.
    End(&'a Tap<D>),
}

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
/// use deltawire::{Options, Seen, Tap, Update};
///
/// # let network: [&[u8]; 0] = [];
/// let start = Instant::now();
/// let mut tap = Tap::new(Options::default());
/// let mut watch = |seen: Seen<'_>| match seen {
///     Seen::Update(Update::ToolCallReady { call, .. }) => println!("{} is called", call.name()),
///     Seen::End(tap) => println!("{:?}", tap.meters()),
///     _ => {}
/// };
/// for bytes in network {
///     tap.observe(bytes, start.elapsed(), &mut watch);
///     // forward `bytes`
/// }
/// tap.end(&mut watch);
/// ```
///
/// For another wire than chat completions, a [`Framer`] beside the bytes is all it takes: it copies nothing either.
#[derive(Debug)]
pub struct Tap<D = Decoder> {
    state: ChatState,
    decoder: D,
    meters: Meters,
    events: Option<Framer>,
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
        let state = ChatState::with_options(options);
        Self { state, decoder, meters: Meters::default(), events: None, ended: false }
    }

    /// Shows the events too, each before its updates; the framer says which (comments, unknown lines, an incomplete one at
    /// the end) and has the limits. Events go on where a limit of the message stopped the updates.
    ///
    /// Cost: the bytes are framed once more. A tap without it pays nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use deltawire::{Framer, Options, Seen, Tap};
    ///
    /// let mut tap = Tap::new(Options::default()).with_events(Framer::new().comments(true));
    /// let mut lengths = Vec::new();
    /// tap.observe(b": hi\n\ndata: [DONE]\n\n", Duration::ZERO, |seen| {
    ///     if let Seen::Event(Ok(event)) = seen {
    ///         lengths.push((event.kind(), event.data().len()));
    ///     }
    /// });
    /// assert_eq!(lengths, [(deltawire::EventKind::Comment, 2), (deltawire::EventKind::Event, 6)]);
    /// ```
    #[must_use]
    pub fn with_events(mut self, framer: Framer) -> Self {
        self.events = Some(framer);
        self
    }

    /// Watches bytes that came `at` this time, and shows `f` what they bring. It never fails: an error that ends the
    /// message is in the [`Meters`].
    pub fn observe(&mut self, bytes: &[u8], at: Duration, f: impl FnMut(Seen<'_, D>)) {
        if bytes.is_empty() || self.ended {
            return;
        }
        self.meters.bytes += bytes.len() as u64;
        self.meters.first_byte.get_or_insert(at);
        self.meters.last_byte = Some(at);
        self.pull(bytes, at, f);
    }

    /// Marks the end of the stream, and shows `f` what that brings, with [`Seen::End`] at last. To end twice does nothing.
    pub fn end(&mut self, mut f: impl FnMut(Seen<'_, D>)) {
        if self.ended {
            return;
        }
        self.ended = true;
        if let Some(framer) = &mut self.events {
            framer.end();
        }
        let state = &mut self.state;
        self.decoder.with(|decoder| state.end(decoder));
        self.pull(&[], self.meters.last_byte.unwrap_or_default(), &mut f);
        f(Seen::End(self));
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

    fn pull(&mut self, bytes: &[u8], at: Duration, mut f: impl FnMut(Seen<'_, D>)) {
        let Self { state, decoder, meters, events, .. } = self;
        let mut updates = |bytes: &[u8], f: &mut dyn FnMut(Seen<'_, D>)| {
            if meters.error.is_some() {
                return;
            }
            decoder.with(|decoder| {
                let mut input = bytes;
                while let Some(update) = state.next(decoder, &mut input) {
                    match update {
                        Ok(update) => {
                            meters.count(&update, at);
                            f(Seen::Update(update));
                        }
                        Err(error) => {
                            meters.error = Some(error);
                            return;
                        }
                    }
                }
            });
        };
        let Some(framer) = events else { return updates(bytes, &mut f) };
        // Event by event, so that what an event brings is seen behind it: the state reads the same at any cut.
        let mut rest = bytes;
        loop {
            let input = rest;
            let found = framer.advance(&mut rest);
            if let Some(event) = framer.event(input) {
                f(Seen::Event(event));
            }
            updates(&input[..input.len() - rest.len()], &mut f);
            if !found {
                break;
            }
        }
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
