//! The engine of stage 3: documents in, updates out, one message at the end.
//!
//! A document is applied to the message whole; then small records are queued, and an [`Update`] is a view resolved from
//! the message when it is looked at. The rooms: `routing` (rule 7), `growing`, `repetition` and `snapshot` (rules 8 and 9),
//! `choice` (texts), `details` and `extras` (what is carried raw), `out` (queue and anomalies), `ending` (rules 4 and 5),
//! `tools` (a fragment's way).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::choice::{Field, Growth};
use super::choices::Choices;
use super::completion::{Completion, Numbers, ProviderError, Usage};
use super::out::{Out, Place, What};
use super::resolve::growth_of;
use super::{Anomaly, AnomalyCode, Keep, Options, Update};
use crate::wire::chat::{Chunk, ChunkChoice, ContentPartKind, Delta, Document, SoleKind, SoleText};
use crate::{Error, ErrorKind, LimitKind, Limits, Text};

/// What is known of a stream beside its choices.
#[derive(Clone, Debug, Default)]
pub(super) struct Meta {
    pub(super) id: Option<Box<str>>,
    pub(super) model: Option<Box<str>>,
    pub(super) provider: Option<Box<str>>,
    pub(super) system_fingerprint: Option<Box<str>>,
    pub(super) service_tier: Option<Box<str>>,
    pub(super) created: Option<u64>,
}

/// The few things that few streams have.
#[derive(Clone, Debug, Default)]
pub(super) struct Seldom {
    pub(super) error: Option<ProviderError>,
    /// The last `x_groq.usage` beside a `usage`, and the numbers that that one said itself.
    pub(super) groq_usage: Option<Box<Usage>>,
    pub(super) said_usage: Option<Numbers>,
    /// There was no `usage` yet: `x_groq.usage` stands for it.
    pub(super) usage_is_groqs: bool,
    pub(super) fatal: Option<Error>,
    /// Where each choice beyond a few stands.
    by_index: alloc::collections::BTreeMap<i64, u32>,
}

/// Assembles documents into a message.
///
/// [`apply`](Self::apply) takes a document whole; then [`advance`](Self::advance) and [`update`](Self::update) lend what it
/// changed, one thing at a time. A document that brings a text costs what appending the text costs; it allocates only as
/// the message grows.
#[derive(Clone, Debug)]
pub struct Assembler {
    pub(super) out: Out,
    pub(super) choices: Choices,
    pub(super) meta: Option<Box<Meta>>,
    pub(super) usage: Option<Box<Usage>>,
    pub(super) seldom: Option<Box<Seldom>>,
    /// `None` stands for the defaults.
    limits: Option<Box<Limits>>,
    /// Bytes of text and of raw extras that are kept.
    pub(super) text_bytes: usize,
    pub(super) detail_bytes: usize,
    pub(super) calls_made: u32,
    /// How often the queue was emptied.
    epoch: u32,
    /// The fields of the envelope that are known, a bit a field, in the order of a sole text's `envelope`.
    known: u8,
    pub(super) keep: Keep,
    pub(super) split_think: bool,
    pub(super) live: bool,
    comments: bool,
    pub(super) done: bool,
    pub(super) ended: bool,
    pub(super) ended_complete: bool,
}

/// What was taken of a sole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing, for it may change more.
    Nothing,
    /// All: a text grew, and that is the one update.
    Text(Field),
    /// All: a call's arguments grew.
    Fragment,
}

impl Default for Assembler {
    fn default() -> Self {
        Self::with_options(Options::default())
    }
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
        let limits = (options.limits != Limits::DEFAULT).then(|| Box::new(options.limits));
        Self {
            out: Out::new(options.limits.anomalies, options.keep != Keep::Everything),
            choices: Choices::new(Growth::new(options.keep == Keep::Everything)),
            meta: None,
            usage: None,
            seldom: None,
            limits,
            text_bytes: 0,
            detail_bytes: 0,
            calls_made: 0,
            epoch: 0,
            known: known_at_first(options.keep),
            keep: options.keep,
            split_think: options.split_think,
            live: options.live_arguments,
            comments: options.comments,
            done: false,
            ended: false,
            ended_complete: false,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.limits.as_deref().unwrap_or(&Limits::DEFAULT)
    }

    /// Applies one document (met at `offset` bytes of the stream) to the message and queues its updates.
    ///
    /// # Errors
    /// A message limit was passed: fatal, the same error ever after; what was decoded stays.
    #[inline]
    pub fn apply(&mut self, document: &Document<'_>, offset: u64) -> Result<(), Error> {
        if let Document::Chunk(chunk) = document
            && let Some(sole) = chunk.sole_text()
            && self.apply_sole(&sole, offset)
        {
            return Ok(());
        }
        self.apply_any(document, offset)
    }

    /// [`apply`](Self::apply), of a chunk that brings one text. `false`: nothing was applied, for it may change more.
    #[inline(always)]
    pub(crate) fn apply_sole(&mut self, sole: &SoleText<'_>, offset: u64) -> bool {
        self.takes_sole() && self.take_sole(sole, offset) != Taken::Nothing
    }

    /// Whether a sole text can be taken, as far as can be said before it is there.
    #[inline(always)]
    pub(crate) fn takes_sole(&self) -> bool {
        !(self.done | self.ended | self.split_think | self.out.has_more() | self.choices.is_empty())
            && self.seldom.is_none()
    }

    /// Takes the text of a chunk that changes nothing else, when [there is nothing against it](Self::takes_sole).
    #[inline(always)]
    pub(crate) fn take_sole(&mut self, sole: &SoleText<'_>, offset: u64) -> Taken {
        let Some(growth) = self.choices.first() else { return Taken::Nothing };
        if sole.envelope & !self.known != 0 || growth.index != sole.index || sole.has_role && !growth.has_role() {
            return Taken::Nothing;
        }
        let field = match sole.of {
            SoleKind::Content => Field::Content,
            SoleKind::Reasoning if growth.reasoning_field.is_some() => Field::Reasoning,
            SoleKind::Reasoning => return Taken::Nothing,
            SoleKind::Arguments(call) => {
                let is_taken = self.take_sole_fragment(call, sole.text.as_str(), offset);
                return if is_taken { Taken::Fragment } else { Taken::Nothing };
            }
        };
        let keep = self.keep == Keep::Everything;
        let room = if keep { self.limits().text.saturating_sub(self.text_bytes) } else { usize::MAX };
        if growth.waits_for_half(field) || sole.text.len() > room {
            return Taken::Nothing;
        }
        self.out.clear();
        self.epoch = self.epoch.wrapping_add(1);
        let growth = &mut self.choices[0];
        if !keep {
            growth.renew(self.epoch);
        }
        growth.had_delta = true;
        let place = Place { slot: 0, choice: sole.index, offset };
        let (record, grown) = growth.append(field, sole.text, place);
        self.out.push_only(record);
        self.text_bytes += grown;
        Taken::Text(field)
    }

    #[inline(never)]
    pub(crate) fn apply_any(&mut self, document: &Document<'_>, offset: u64) -> Result<(), Error> {
        if let Some(error) = self.seldom.as_ref().and_then(|seldom| seldom.fatal) {
            return Err(error);
        }
        self.recycle();
        let result = match document {
            Document::Chunk(chunk) if !self.done && !self.ended => self.chunk(chunk, offset),
            _ => {
                self.other(document, offset);
                Ok(())
            }
        };
        if let Err(error) = result {
            self.seldom().fatal = Some(error);
        }
        result
    }

    /// Forgets updates that were all taken.
    #[inline(always)]
    pub(super) fn recycle(&mut self) {
        if self.out.recycle() {
            self.epoch = self.epoch.wrapping_add(1);
        }
    }

    /// What is no chunk, or came after the end.
    #[cold]
    fn other(&mut self, document: &Document<'_>, offset: u64) {
        let (code, text, at) = match *document {
            Document::SplitDataLines => (AnomalyCode::SplitDataLines, &[][..], offset),
            Document::Chunk(ref chunk) => (AnomalyCode::AfterDone, chunk.raw(), offset),
            Document::Error(ref error) if !self.done && !self.ended => return self.error(error, offset),
            Document::Error(ref error) => (AnomalyCode::AfterDone, error.raw(), offset),
            Document::Done if !self.done && !self.ended => return self.finish(true),
            Document::Done => (AnomalyCode::AfterDone, &b"[DONE]"[..], offset),
            Document::Comment(text) if self.done => (AnomalyCode::AfterDone, text, offset),
            Document::Comment(text) => (AnomalyCode::CommentAsData, text, offset),
            Document::NotJson(text, _) if self.done => (AnomalyCode::AfterDone, text, offset),
            Document::NotJson(text, error) => (AnomalyCode::NotJson, text, error.offset()),
        };
        self.report(code, at, text.len() as u64, text);
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, offset: u64) -> Result<(), Error> {
        if !chunk.is_chunk() {
            self.report(AnomalyCode::NotAChunk, offset, chunk.raw().len() as u64, chunk.raw());
            return Ok(());
        }
        if let Some(error) = chunk.error() {
            self.error(&error, offset);
        }
        self.remember(chunk, offset)?;
        for (position, choice) in chunk.choices().enumerate() {
            self.choice(&choice, position, offset)?;
        }
        if let Some(usage) = chunk.groq_usage() {
            self.groq_usage(&usage);
        }
        if let Some(usage) = chunk.usage() {
            self.usage(&usage);
        }
        Ok(())
    }

    /// The envelope: of each field the first value that is not empty.
    #[inline(never)]
    fn remember<'c>(&mut self, chunk: &Chunk<'c>, offset: u64) -> Result<(), Error> {
        if self.known == ALL_KNOWN {
            return Ok(());
        }
        let limit = self.limits().name;
        let meta = self.meta.get_or_insert_default();
        let mut known = 0;
        // A field that is known is not read again: to read is to check its UTF-8.
        let mut first = |bit: u8, field: &mut Option<Box<str>>, read: &dyn Fn() -> Option<&'c str>| {
            if field.is_none()
                && let Some(new) = read()
            {
                if new.len() > limit {
                    return Err(Error::new(ErrorKind::Limit(LimitKind::Name), offset));
                }
                *field = Some(new.into());
            }
            known |= u8::from(field.is_some()) << bit;
            Ok(())
        };
        first(0, &mut meta.id, &|| chunk.id())?;
        first(1, &mut meta.model, &|| chunk.model())?;
        first(2, &mut meta.provider, &|| chunk.provider())?;
        first(3, &mut meta.system_fingerprint, &|| chunk.system_fingerprint())?;
        first(4, &mut meta.service_tier, &|| chunk.service_tier())?;
        if meta.created.is_none() {
            meta.created = chunk.created();
        }
        self.known = known | u8::from(meta.created.is_some()) << 5;
        Ok(())
    }

    pub(super) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    /// The slot of a choice, made when it is new. Choice 0 of a stream with one choice is found at once.
    #[inline(always)]
    fn slot(&mut self, index: i64, offset: u64) -> Result<u32, Error> {
        match self.choices.first() {
            Some(first) if first.index == index => Ok(0),
            _ => self.further_slot(index, offset),
        }
    }

    #[cold]
    #[inline(never)]
    fn further_slot(&mut self, index: i64, offset: u64) -> Result<u32, Error> {
        const FEW: usize = 8;
        let known = if self.choices.len() <= FEW {
            self.choices.iter().position(|choice| choice.index == index).map(|slot| slot as u32)
        } else {
            self.seldom().by_index.get(&index).copied()
        };
        if let Some(slot) = known {
            return Ok(slot);
        }
        if self.choices.len() >= self.limits().choices {
            return Err(Error::new(ErrorKind::Limit(LimitKind::Choices), offset));
        }
        let slot = self.choices.push(index);
        if slot as usize >= FEW {
            let from = if slot as usize == FEW { 0 } else { slot };
            let entries: Vec<_> =
                self.choices.iter().zip(0..).skip(from as usize).map(|(c, slot)| (c.index, slot)).collect();
            self.seldom().by_index.extend(entries);
        }
        Ok(slot)
    }

    /// The place of a choice; its texts are dropped when they are not kept and their updates were taken.
    #[inline(always)]
    fn place(&mut self, index: i64, offset: u64) -> Result<Place, Error> {
        let slot = self.slot(index, offset)?;
        let growth = &mut self.choices[slot];
        if self.keep != Keep::Everything {
            growth.renew(self.epoch);
        }
        Ok(Place { slot, choice: index, offset })
    }

    /// The role, the first that is not empty.
    #[inline]
    fn role(&mut self, delta: &Delta<'_>, place: Place) -> Result<(), Error> {
        if !self.choices[place.slot].has_role()
            && let Some(role) = delta.role()
        {
            self.check_name(role, place.offset)?;
            self.choices[place.slot].set_role(role);
            self.out.tell(What::Role, place.slot);
        }
        Ok(())
    }

    #[inline]
    fn choice(&mut self, choice: &ChunkChoice<'_>, position: usize, offset: u64) -> Result<(), Error> {
        let place = self.place(choice.index().unwrap_or(position as i64), offset)?;
        let slot = place.slot;
        if let Some(error) = choice.error() {
            self.error(&error, offset);
        }
        let delta = choice.delta();
        if !delta.is_empty() {
            if choice.has_message() {
                self.message(choice, &delta, place)?;
            } else {
                let before = self.choices[slot].amount();
                self.delta(&delta, place, true)?;
                let growth = &mut self.choices[slot];
                growth.had_delta = growth.had_delta || growth.amount() > before;
            }
        }
        if let Some(logprobs) = choice.logprobs() {
            self.logprobs(logprobs, place)?;
        }
        if let Some(reason) = choice.native_finish_reason() {
            self.check_name(reason, offset)?;
            if self.keep != Keep::Nothing {
                self.choices[slot].rest().native_finish = Some(reason.into());
            }
        }
        if let Some(reason) = choice.finish_reason() {
            self.finish_reason(reason, place)?;
        }
        if let Some(usage) = choice.usage() {
            self.usage(&usage);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn delta(&mut self, delta: &Delta<'_>, place: Place, calls: bool) -> Result<(), Error> {
        if let Some(text) = delta.content() {
            self.text(Field::Content, &text, place)?;
        }
        self.role(delta, place)?;
        match delta.reasoning() {
            Some(text) if !text.is_empty() => {
                let growth = &mut self.choices[place.slot];
                if growth.reasoning_field.is_none() {
                    growth.reasoning_field = delta.reasoning_field_number();
                }
                self.text(Field::Reasoning, &text, place)?;
                self.details(delta, place, false)?;
            }
            _ => self.details(delta, place, true)?,
        }
        for part in delta.content_parts() {
            match part.kind {
                ContentPartKind::Text => self.text(Field::Content, &part.text, place)?,
                ContentPartKind::Reasoning => self.text(Field::Reasoning, &part.text, place)?,
                _ => self.extra(b"content_parts", part.raw, true, place)?,
            }
        }
        if let Some(text) = delta.refusal() {
            self.text(Field::Refusal, &text, place)?;
        }
        if calls {
            self.tool_calls(delta, place)?;
        }
        for field in delta.unknown_fields() {
            if field.value != b"null" {
                self.extra(field.key, field.value, false, place)?;
            }
        }
        Ok(())
    }

    pub(super) fn text(&mut self, field: Field, text: &Text<'_>, place: Place) -> Result<(), Error> {
        if text.is_empty() { Ok(()) } else { self.grow(field, text, place) }
    }

    /// Appends a text that is not empty.
    #[inline(always)]
    fn grow(&mut self, field: Field, text: &Text<'_>, place: Place) -> Result<(), Error> {
        crate::steps::count(text.len());
        let keep = self.keep == Keep::Everything;
        let limit = self.limits().text;
        if keep && text.len() > limit.saturating_sub(self.text_bytes) {
            return Err(Error::new(ErrorKind::Limit(LimitKind::Text), place.offset));
        }
        let growth = &mut self.choices[place.slot];
        let grown = if self.split_think && field == Field::Content {
            growth.grow_split(text, place, &mut self.out)
        } else {
            growth.grow(field, text, place, &mut self.out)
        };
        self.text_bytes += grown;
        Ok(())
    }

    pub(super) fn check_name(&self, name: &str, offset: u64) -> Result<(), Error> {
        if name.len() > self.limits().name {
            return Err(Error::new(ErrorKind::Limit(LimitKind::Name), offset));
        }
        Ok(())
    }

    /// Takes an error as the stream's error, unless there is one.
    pub(crate) fn fail(&mut self, error: ProviderError) {
        self.recycle();
        self.seldom().error.get_or_insert_with(|| error.clone());
        self.out.error(error);
    }

    /// Reports something odd that another stage met: `dropped` bytes of the stream went, `text` is what they said.
    pub(crate) fn report(&mut self, code: AnomalyCode, offset: u64, dropped: u64, text: &[u8]) {
        self.recycle();
        self.out.anomaly(Anomaly { code, choice: None, call: None, count: 1, dropped, offset }, text);
    }

    /// A comment of the stream, when the options ask for it.
    pub(crate) fn comment(&mut self, text: &[u8]) {
        if self.comments {
            self.recycle();
            self.out.note(What::Comment, 0, &[text]);
        }
    }

    /// Moves to the next queued update; `false` when there is none.
    #[inline]
    pub fn advance(&mut self) -> bool {
        if !self.live {
            return self.out.advance();
        }
        // A live record is left when it has no part left.
        loop {
            match self.out.current().copied() {
                Some(record) if record.what == What::Live && self.advance_live(record) => return true,
                _ if !self.out.advance() => return false,
                _ if self.out.current().is_some_and(|record| record.what != What::Live) => return true,
                _ => {}
            }
        }
    }

    /// Whether one record may stand for several updates.
    #[inline(always)]
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// [`advance`](Self::advance) after a text was [taken](Self::take_sole).
    #[inline(always)]
    pub(crate) fn advance_to_text(&mut self) {
        self.out.advance_to_only();
    }

    /// [`update`](Self::update) after that.
    #[inline(always)]
    pub(crate) fn text_update(&self, field: Field) -> Option<Update<'_>> {
        // It is the end of the text.
        let growth = self.choices.first()?;
        Some(growth_of(field, growth.index, growth.text(field).get(self.out.only().start..)?))
    }

    /// The update that [`advance`](Self::advance) moved to.
    #[must_use]
    #[inline(always)]
    pub fn update(&self) -> Option<Update<'_>> {
        self.resolve(self.out.current()?)
    }

    /// [`advance`](Self::advance), then [`update`](Self::update).
    #[allow(clippy::should_implement_trait)] // it lends
    #[inline]
    pub fn next(&mut self) -> Option<Update<'_>> {
        if self.advance() { self.update() } else { None }
    }

    /// Whether `[DONE]` came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Marks the end of the input and queues the updates that it brings.
    pub fn end(&mut self) {
        if !self.ended {
            self.finish(false);
        }
    }

    /// The message so far, as if the input ended here. Costs a copy of the message.
    #[must_use]
    pub fn completion(&self) -> Completion {
        self.clone().into_completion()
    }

    /// The message.
    #[must_use]
    pub fn into_completion(mut self) -> Completion {
        self.end();
        self.complete()
    }

    /// Forgets the stream, keeps the options and the buffers of the first choice.
    pub fn reset(&mut self) {
        self.out.reset();
        self.choices.reset();
        self.meta = None;
        self.usage = None;
        self.seldom = None;
        (self.text_bytes, self.detail_bytes, self.calls_made, self.epoch) = (0, 0, 0, 0);
        self.known = known_at_first(self.keep);
        (self.done, self.ended, self.ended_complete) = (false, false, false);
    }
}

/// No field of the envelope is left to learn.
const ALL_KNOWN: u8 = u8::MAX;

/// A stream that keeps nothing has no envelope to learn.
fn known_at_first(keep: Keep) -> u8 {
    if keep == Keep::Nothing { ALL_KNOWN } else { 0 }
}
