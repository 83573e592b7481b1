//! Ends: rules 4 (outcome) and 5 (finish reasons), what the end of the input settles, and the completion.

use alloc::string::String;
use alloc::vec::Vec;

use super::assembler::Assembler;
use super::choice::Growth;
use super::completion::{Completion, EndedBy, Outcome, ProviderError};
use super::growing::Context;
use super::out::{Place, What};
use super::{AnomalyCode, Keep};
use crate::Error;

impl Assembler {
    /// A finish reason: the last one wins. It is a boundary, and never the end.
    pub(super) fn finish_reason(&mut self, reason: &str, place: Place) -> Result<(), Error> {
        self.check_name(reason, place.offset)?;
        let choice = &mut self.choices[place.slot];
        if choice.finish() != Some(reason) {
            choice.set_finish(reason);
            if reason == "error" && self.seldom.as_ref().is_none_or(|seldom| seldom.error.is_none()) {
                self.fail(ProviderError {
                    message: "the finish reason is error".into(),
                    offset: place.offset,
                    ..ProviderError::default()
                });
            }
        }
        self.boundary(place);
        Ok(())
    }

    /// `[DONE]`, or the end of the input: everything is settled, once.
    pub(super) fn finish(&mut self, done: bool) {
        self.ended = true;
        self.done |= done;
        for slot in 0..self.choices.len() as u32 {
            let choice = &mut self.choices[slot];
            let place = Place { slot, choice: choice.index, offset: 0 };
            choice.settle_halves(place, &mut self.out);
            choice.settle_think(place, &mut self.out);
        }
        // Once, for with each chunk it would cost the square of their number.
        if let (Some(usage), Some(seldom)) = (&mut self.usage, &mut self.seldom)
            && let Some(groq) = seldom.groq_usage.take()
        {
            usage.add_raw(&groq.raw);
            self.out.tell(What::Usage, 0);
        }
        let finished = !self.choices.is_empty() && self.choices.iter().all(is_finished);
        self.ended_complete = finished;
        let failed = self.seldom.as_ref().is_some_and(|seldom| seldom.error.is_some());
        let complete = !failed && (done || finished);
        for slot in 0..self.choices.len() as u32 {
            self.settle_choice(slot, complete);
        }
        if done {
            self.out.tell(What::Done, 0);
        }
    }

    fn settle_choice(&mut self, slot: u32, complete: bool) {
        let live = self.live;
        let choice = &mut self.choices[slot];
        let place = Place { slot, choice: choice.index, offset: 0 };
        let reason = choice.finish();
        let cut = matches!(reason, Some("length" | "content_filter"));
        let has_calls = choice.has_calls();
        let odd = match reason {
            Some("stop") if has_calls => Some(AnomalyCode::StopWithToolCalls),
            Some("tool_calls" | "function_call") if !has_calls => Some(AnomalyCode::ToolCallsWithoutCalls),
            _ => None,
        };
        if let Some(calls) = &mut choice.calls {
            let mut to = Context { out: &mut self.out, place };
            for (slot, growing) in (0u32..).zip(&mut calls.list) {
                growing.settle(slot, complete, cut, &mut to, live);
            }
        }
        if let Some(code) = odd {
            self.out.odd(code, place);
        }
        if self.choices[slot].finish().is_some() {
            self.out.tell(What::Finish, slot);
        }
    }

    /// The completion of a stream that has ended.
    pub(super) fn complete(self) -> Completion {
        let mut completion = Completion::default();
        let error = self.seldom.and_then(|seldom| seldom.error);
        (completion.outcome, completion.ended_by) = match (&error, self.done, self.ended_complete) {
            (Some(_), true, _) => (Outcome::Failed, EndedBy::Done),
            (Some(_), _, true) => (Outcome::Failed, EndedBy::Finish),
            (Some(_), ..) => (Outcome::Failed, EndedBy::EndOfInput),
            (None, true, _) => (Outcome::Complete, EndedBy::Done),
            (None, _, true) => (Outcome::Complete, EndedBy::Finish),
            (None, ..) => (Outcome::Truncated, EndedBy::EndOfInput),
        };
        completion.error = error;
        completion.anomalies = self.out.anomalies();
        if self.keep == Keep::Nothing {
            return completion;
        }
        if let Some(meta) = self.meta {
            completion.id = meta.id.map(String::from);
            completion.model = meta.model.map(String::from);
            completion.provider = meta.provider.map(String::from);
            completion.system_fingerprint = meta.system_fingerprint.map(String::from);
            completion.service_tier = meta.service_tier.map(String::from);
            completion.created = meta.created;
        }
        completion.usage = self.usage.map(|usage| *usage);
        let calls = matches!(self.keep, Keep::Everything | Keep::Calls);
        completion.choices = Vec::with_capacity(self.choices.len());
        completion.choices.extend(self.choices.into_iter().map(|choice| choice.into_choice(calls)));
        completion.choices.sort_by_key(|choice| choice.index);
        completion
    }
}

/// Whether a choice has a finish reason and no call that is mid-value.
fn is_finished(choice: &Growth) -> bool {
    choice.finish().is_some()
        && choice.calls.as_ref().is_none_or(|calls| !calls.list.iter().any(|growing| growing.is_mid_value()))
}
