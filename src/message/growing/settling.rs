//! How a call comes to rest: ready at a boundary, settled at the end (rules 7 and 9).

use super::{AnomalyCode, Context, Growing, Header, Mode, Outer, Record, Stage, ToolKind, What};
use crate::message::tool_call::ArgumentsState;

impl Growing {
    /// Whether a boundary makes it ready: closed for good. A bare `{}` may yet be a seed, and waits for the end.
    pub(in crate::message) fn can_be_ready(&self) -> bool {
        let clear = self.rare.as_ref().is_none_or(|rare| rare.repetition.is_none() && rare.header.is_none());
        !self.ready
            && clear
            && !self.call.name.is_empty()
            && self.stage() == Stage::Closed
            && self.mode != Mode::Several
            && !self.is_bare()
    }

    /// Writes the unknown fields out, after they grew by so many bytes. Each fragment may bring one, and to write them all
    /// out each time would cost the square of their length: so it is done for short ones, after as many bytes as they
    /// have, and when the call is `ready`.
    pub(in crate::message) fn show_extras(&mut self, grown: usize, ready: bool) {
        const SHORT: usize = 256;
        let Some(rare) = &mut self.rare else { return };
        rare.unshown += grown;
        if rare.unshown > 0 && (ready || rare.extras.bytes() <= rare.unshown.max(SHORT)) {
            rare.unshown = 0;
            self.call.extras = rare.extras.to_object(true).into();
        }
    }

    pub(in crate::message) fn make_ready(&mut self, slot: u32, to: &mut Context<'_>) {
        self.show_extras(0, true);
        self.settle_doubt(false, to);
        if self.call.scanner.outer() != Outer::Object && self.call.kind == ToolKind::Function && self.is_complete() {
            to.anomaly(AnomalyCode::ArgumentsNotObject, self.call.number, 0);
        }
        self.ready = true;
        // Nobody heard of a call without a name.
        if self.announced {
            to.out.push(Record::of_call(What::Ready, to.place.slot, slot));
        }
    }

    fn is_complete(&self) -> bool {
        self.call.state == ArgumentsState::Complete
    }

    /// The end: nothing comes any more. `complete` is the outcome, `cut` a finish reason of length or content filter.
    pub(in crate::message) fn settle(
        &mut self,
        slot: u32,
        complete: bool,
        cut: bool,
        to: &mut Context<'_>,
        live: bool,
    ) {
        if self.ready {
            return self.drop_repetition(to);
        }
        if self.half != 0 {
            self.half = 0;
            to.anomaly(AnomalyCode::LoneSurrogate, self.call.number, 0);
            self.feed("\u{fffd}", to);
        }
        self.drop_repetition(to);
        self.settle_doubt(true, to);
        self.call.state = match (self.call.kind, self.stage()) {
            (ToolKind::Custom, _) if complete && !cut => ArgumentsState::Complete,
            (ToolKind::Custom, _) => ArgumentsState::Truncated,
            (_, Stage::Fresh) => {
                let blanks = self.call.text.len();
                if blanks > 0 {
                    to.anomaly(AnomalyCode::BlanksDropped, self.call.number, blanks);
                }
                self.rewritten |= self.told > 0;
                self.call.text.clear();
                if complete && !cut && !self.call.name.is_empty() {
                    self.call.text.push_str("{}");
                    self.call.scanner.restart();
                    self.call.scanner.scan(b"{}");
                    ArgumentsState::Complete
                } else {
                    ArgumentsState::Truncated
                }
            }
            _ if self.is_bare() && complete => ArgumentsState::Complete,
            _ if self.is_bare() => ArgumentsState::Truncated,
            // A number may go on; only a complete end closes a scalar.
            _ if self.mode != Mode::Several && self.call.scanner.outer() == Outer::Scalar && !complete => {
                match self.state_now() {
                    ArgumentsState::Complete => ArgumentsState::Truncated,
                    state => state,
                }
            }
            _ if self.mode != Mode::Several && self.call.scanner.is_whole() => ArgumentsState::Complete,
            _ => self.state_now(),
        };
        if self.call.name.is_empty() {
            to.anomaly(AnomalyCode::Nameless, self.call.number, 0);
            self.call.state = ArgumentsState::Invalid { offset: 0 };
            self.synthesise_id();
        } else {
            if !self.announced {
                self.announce(slot, to);
            }
            self.tell(slot, to, live);
        }
        self.make_ready(slot, to);
    }

    /// A comparison that the end cut short is a repetition, and so is a header that nothing followed.
    fn drop_repetition(&mut self, to: &mut Context<'_>) {
        let Some(rare) = &mut self.rare else { return };
        let (repetition, header) = (rare.repetition.take(), rare.header.take());
        if let Some(cursor) = repetition {
            to.anomaly(AnomalyCode::Restated, self.call.number, cursor.seen());
        }
        let Some(header) = header else { return };
        if header.named {
            to.anomaly(AnomalyCode::RepeatedHeader, self.call.number, 0);
        }
        self.take_id(header);
    }

    /// A header that came again was this call's: the id it brought is the call's, when that has none.
    pub(in crate::message) fn take_id(&mut self, header: Header) {
        if let Some(id) = header.id
            && !self.ready
            && (self.call.id_is_synthetic || self.call.id.is_empty())
        {
            self.call.id = id.into();
            self.call.id_is_synthetic = false;
            self.id_came = self.announced;
        }
    }

    /// Whether the end of the stream finds its value open (rule 4).
    pub(in crate::message) fn is_mid_value(&self) -> bool {
        if self.call.kind == ToolKind::Custom || self.mode == Mode::Several {
            return false;
        }
        match self.rare.as_ref().and_then(|rare| rare.doubt.as_ref()) {
            Some(doubt) if doubt.is_whole() => false,
            _ => self.call.scanner.is_mid_value(),
        }
    }
}
