//! What is carried raw: reasoning details, logprobs, and the fields of a delta that the schema does not name.

use super::assembler::Assembler;
use super::choice::Field;
use super::out::{Place, What};
use super::raw::members;
use super::{Anomaly, AnomalyCode, Keep};
use crate::wire::chat::Delta;
use crate::{Error, ErrorKind, LimitKind};

impl Assembler {
    /// Reasoning details; their text is the reasoning where no other field brought it (rule "per chunk take one").
    pub(super) fn details(&mut self, delta: &Delta<'_>, place: Place, as_reasoning: bool) -> Result<(), Error> {
        for detail in delta.reasoning_details() {
            let raw = detail.raw();
            self.take_detail_bytes(raw.len(), place.offset)?;
            if self.keep == Keep::Everything {
                let dropped = self.choices[place.slot].rest().details.merge(&detail);
                self.too_many_keys(dropped, place);
            }
            self.out.note(What::Detail, place.slot, &[raw]);
            if as_reasoning && let Some(text) = detail.text().or_else(|| detail.summary()) {
                self.text(Field::Reasoning, &text, place)?;
            }
        }
        Ok(())
    }

    /// Counts bytes of raw extras that are kept.
    pub(super) fn take_detail_bytes(&mut self, bytes: usize, offset: u64) -> Result<(), Error> {
        if self.keep != Keep::Everything {
            return Ok(());
        }
        self.count_detail_bytes(bytes, offset)
    }

    /// Counts bytes of raw extras that are kept in any mode (those of calls).
    pub(super) fn count_detail_bytes(&mut self, bytes: usize, offset: u64) -> Result<(), Error> {
        if bytes > self.limits().details.saturating_sub(self.detail_bytes) {
            return Err(Error::new(ErrorKind::Limit(LimitKind::Details), offset));
        }
        self.detail_bytes += bytes;
        Ok(())
    }

    pub(super) fn logprobs(&mut self, raw: &[u8], place: Place) -> Result<(), Error> {
        self.take_detail_bytes(raw.len(), place.offset)?;
        let mut dropped = 0;
        if self.keep == Keep::Everything {
            let logprobs = &mut self.choices[place.slot].rest().logprobs;
            for (key, value) in members(raw) {
                if value != b"null" && logprobs.merge(&key, value).is_none() {
                    dropped += key.len() + value.len();
                }
            }
        }
        self.out.note(What::Logprobs, place.slot, &[raw]);
        self.too_many_keys(dropped, place);
        Ok(())
    }

    /// An unknown field of the delta: arrays are appended, of anything else the last wins.
    #[cold]
    pub(super) fn extra(&mut self, key: &[u8], value: &[u8], element: bool, place: Place) -> Result<(), Error> {
        self.take_detail_bytes(key.len() + value.len(), place.offset)?;
        let mut dropped = 0;
        let (open, close): (&[u8], &[u8]) = if element { (b"\":[", b"]}") } else { (b"\":", b"}") };
        let member = [b"{\"", key, open, value, close];
        if self.keep == Keep::Everything {
            let extras = &mut self.choices[place.slot].rest().extras;
            for (key, value) in members(&member.concat()) {
                if extras.merge(&key, value).is_none() {
                    dropped += key.len() + value.len();
                }
            }
        }
        self.out.note(What::Extra, place.slot, &member);
        self.too_many_keys(dropped, place);
        Ok(())
    }

    /// Reports bytes of unknown fields that found no place any more.
    fn too_many_keys(&mut self, dropped: usize, place: Place) {
        if dropped > 0 {
            let (code, choice, dropped) = (AnomalyCode::LimitReached, Some(place.choice), dropped as u64);
            self.out.anomaly(Anomaly { code, choice, call: None, count: 1, dropped, offset: place.offset }, &[]);
        }
    }
}
