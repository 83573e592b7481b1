//! What every chat edge does between two reads, so that each edge is one loop with one `match`.

use super::DecoderSource;
use crate::message::Owner;
use crate::{ChatState, Completion, Error, Options, OwnedUpdate, Update};

/// A stream's state, where its decoder comes from, and how far it is.
#[derive(Debug)]
pub(super) struct Chat<D> {
    state: ChatState,
    decoder: D,
    owner: Owner,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reading,
    /// No more input; updates may be left.
    Ended,
    Over,
}

/// Why a step came back.
pub(super) enum Step {
    /// There is an update.
    Update,
    /// The input is used up: read more, or end.
    Read,
    /// Nothing will come any more.
    Over,
}

impl<D: DecoderSource> Chat<D> {
    pub(super) fn new(options: Options, decoder: D) -> Self {
        Self { state: ChatState::with_options(options), decoder, owner: Owner::default(), phase: Phase::Reading }
    }

    /// Moves to the next update within `input`. A fatal error is given once.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Result<Step, Error> {
        if self.phase == Phase::Over {
            return Ok(Step::Over);
        }
        let state = &mut self.state;
        match self.decoder.with(|decoder| state.advance(decoder, input)) {
            Ok(true) => Ok(Step::Update),
            Ok(false) if self.phase == Phase::Reading => Ok(Step::Read),
            Ok(false) => {
                self.phase = Phase::Over;
                Ok(Step::Over)
            }
            Err(error) => {
                self.phase = Phase::Over;
                Err(error)
            }
        }
    }

    /// Marks the end of the input; steps with no input give what it brings.
    pub(super) fn end(&mut self) {
        if self.phase == Phase::Reading {
            self.phase = Phase::Ended;
            let state = &mut self.state;
            self.decoder.with(|decoder| state.end(decoder));
        }
    }

    #[cfg(feature = "stream")]
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(super) fn is_done(&self) -> bool {
        self.state.is_done()
    }

    pub(super) fn update(&self) -> Option<Update<'_>> {
        self.state.update()
    }

    pub(super) fn owned_update(&mut self) -> Option<OwnedUpdate> {
        self.state.update().map(|update| self.owner.own(update))
    }

    pub(super) fn completion(&self) -> Completion {
        self.state.completion()
    }

    /// Ends where it stands and gives the message.
    pub(super) fn into_completion(mut self) -> Completion {
        self.end();
        while let Ok(Step::Update) = self.step(&mut &[][..]) {}
        self.state.into_completion()
    }
}
