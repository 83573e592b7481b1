//! One choice while its message grows: texts, finish, and what few choices have.
//!
//! Texts that are not kept stand in one buffer for all fields until their updates were taken; of what went before, their
//! lengths and hashes are known.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::calls::Calls;
use super::completion::{Choice, Message, Part, PartKind};
use super::details::Details;
use super::out::{Out, Place, Record, What};
use super::raw::Members;
use super::think::Think;
use super::word::Word;
use super::{AnomalyCode, surrogate};
use crate::Text;
use crate::json::token::Token;
use crate::wire::chat::REASONING_FIELDS;

/// The texts of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Content,
    Reasoning,
    Refusal,
}

/// Room for the first text of a message that is kept: few are shorter, and doubling up to here is many small steps.
const SHORT_TEXT: usize = 256;

/// A text that is not kept: enough to tell whether another begins with it.
#[derive(Clone, Copy, Debug)]
struct Passed {
    length: usize,
    /// FNV-1a.
    hash: u64,
}

impl Default for Passed {
    fn default() -> Self {
        Self { length: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Passed {
    fn add(&mut self, text: &str) {
        self.length += text.len();
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The rest of a text that begins with this one.
    fn strip_from<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (head, rest) = text.split_at_checked(self.length)?;
        let mut same = Self::default();
        same.add(head);
        (same.hash == self.hash).then_some(rest)
    }
}

/// What few choices have.
#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    pub(super) refusal: String,
    passed_refusal: Passed,
    /// A role or a finish reason that is no known word.
    role: String,
    finish: String,
    pub(super) native_finish: Option<String>,
    pub(super) logprobs: Members,
    pub(super) extras: Members,
    pub(super) details: Details,
    pub(super) think: Think,
}

/// The texts so far.
#[derive(Clone, Debug)]
enum Texts {
    Kept {
        content: String,
        reasoning: String,
        /// The parts before the last one, and of which kind that is; where it ends its text says.
        order: Vec<Part>,
        last: Option<PartKind>,
    },
    Passing {
        /// What the queue points to, of all fields.
        text: String,
        content: Passed,
        reasoning: Passed,
    },
}

impl Texts {
    fn new(keep: bool) -> Self {
        if keep {
            Self::Kept { content: String::new(), reasoning: String::new(), order: Vec::new(), last: None }
        } else {
            Self::Passing { text: String::new(), content: Passed::default(), reasoning: Passed::default() }
        }
    }
}

/// A choice while it grows.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    pub(super) index: i64,
    texts: Texts,
    pub(super) calls: Option<Box<Calls>>,
    pub(super) rest: Option<Box<Rest>>,
    /// The assembler's count of emptied queues when this choice's texts were last looked at.
    epoch: u32,
    /// Surrogate halves that wait, by field.
    halves: [u16; 3],
    role: Word,
    finish: Word,
    /// The field that brought reasoning first, of [`REASONING_FIELDS`].
    pub(super) reasoning_field: Option<u8>,
    /// Whether a delta (not a `message`) brought anything.
    pub(super) had_delta: bool,
}

impl Growth {
    /// A choice before its first text; whether its texts are kept.
    pub(super) fn new(keep: bool) -> Self {
        Self {
            index: 0,
            texts: Texts::new(keep),
            calls: None,
            rest: None,
            epoch: 0,
            halves: [0; 3],
            role: Word::default(),
            finish: Word::default(),
            reasoning_field: None,
            had_delta: false,
        }
    }

    /// Another choice of the same message.
    pub(super) fn like(&self) -> Self {
        Self::new(matches!(self.texts, Texts::Kept { .. }))
    }

    pub(super) fn role(&self) -> Option<&str> {
        self.role.get(|| self.rest.as_ref().map(|rest| &*rest.role))
    }

    #[inline]
    pub(super) fn has_role(&self) -> bool {
        self.role.is_some()
    }

    pub(super) fn set_role(&mut self, role: &str) {
        let (word, is_other) = Word::of(role);
        self.role = word;
        if is_other {
            self.rest().role = role.into();
        }
    }

    pub(super) fn finish(&self) -> Option<&str> {
        self.finish.get(|| self.rest.as_ref().map(|rest| &*rest.finish))
    }

    pub(super) fn set_finish(&mut self, reason: &str) {
        let (word, is_other) = Word::of(reason);
        self.finish = word;
        if is_other {
            self.rest().finish = reason.into();
        }
    }

    pub(super) fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// What the records of a field point to: the text so far, or what of all fields is not taken.
    #[inline]
    pub(super) fn text(&self, field: Field) -> &str {
        match (&self.texts, field) {
            (Texts::Passing { text, .. }, _) => text,
            (Texts::Kept { content, .. }, Field::Content) => content,
            (Texts::Kept { reasoning, .. }, Field::Reasoning) => reasoning,
            (Texts::Kept { .. }, Field::Refusal) => self.rest.as_ref().map_or("", |rest| &rest.refusal),
        }
    }

    fn passed(&self, field: Field) -> Option<Passed> {
        match (&self.texts, field) {
            (Texts::Kept { .. }, _) => None,
            (Texts::Passing { content, .. }, Field::Content) => Some(*content),
            (Texts::Passing { reasoning, .. }, Field::Reasoning) => Some(*reasoning),
            (Texts::Passing { .. }, Field::Refusal) => {
                Some(self.rest.as_ref().map_or(Passed::default(), |rest| rest.passed_refusal))
            }
        }
    }

    /// Bytes of a text so far, those that were not kept too.
    pub(super) fn said(&self, field: Field) -> usize {
        self.passed(field).map_or_else(|| self.text(field).len(), |passed| passed.length)
    }

    /// Bytes of all its texts, and its calls.
    pub(super) fn amount(&self) -> usize {
        let texts: usize =
            [Field::Content, Field::Reasoning, Field::Refusal].map(|field| self.said(field)).iter().sum();
        texts + self.calls.as_ref().map_or(0, |calls| calls.list.len())
    }

    /// Whether half a character waits for this text to open with the other.
    pub(super) fn awaits(&self, field: Field, text: &Text<'_>) -> bool {
        self.halves[field as usize] != 0 && text.opening_low().is_some()
    }

    /// What a text adds, when it begins with the text so far.
    pub(super) fn added<'t>(&self, field: Field, text: &'t str) -> Option<&'t str> {
        match self.passed(field) {
            Some(passed) => passed.strip_from(text),
            None => text.strip_prefix(self.text(field)),
        }
    }

    /// Appends a text that is not empty and queues its update; says how many bytes the message grew by.
    #[inline(always)]
    pub(super) fn grow(&mut self, field: Field, text: &Text<'_>, place: Place, out: &mut Out) -> usize {
        let half = &mut self.halves[field as usize];
        if surrogate::is_plain(*half, text) && !text.has_lone_surrogate() && !text.has_invalid_utf8() {
            return self.push(field, Token::of(text.as_str()), place, out);
        }
        self.grow_mended(field, text, place, out)
    }

    /// Appends and queues; says how many bytes the message that is kept grew by.
    #[inline(always)]
    pub(super) fn push(&mut self, field: Field, new: Token<'_>, place: Place, out: &mut Out) -> usize {
        let (record, grown) = self.append(field, new, place);
        out.push(record);
        grown
    }

    /// Appends; gives the update, and how many bytes the message that is kept grew by.
    #[inline(always)]
    pub(super) fn append(&mut self, field: Field, new: Token<'_>, place: Place) -> (Record, usize) {
        let what = match field {
            Field::Content => What::Text,
            Field::Reasoning => What::Reasoning,
            Field::Refusal => What::Refusal,
        };
        let (start, end, grown) = match &mut self.texts {
            Texts::Kept { content, reasoning, order, last } => {
                let kind = match field {
                    Field::Content => PartKind::Text,
                    Field::Reasoning => PartKind::Reasoning,
                    Field::Refusal => PartKind::Refusal,
                };
                if *last != Some(kind) {
                    end_part(order, *last, content, reasoning, self.rest.as_deref());
                    *last = Some(kind);
                }
                let to = match field {
                    Field::Content => content,
                    Field::Reasoning => reasoning,
                    Field::Refusal => &mut self.rest.get_or_insert_default().refusal,
                };
                let start = to.len();
                if to.capacity() == 0 {
                    to.reserve(SHORT_TEXT.max(new.len()));
                }
                new.push_to(to);
                (start, to.len(), new.len())
            }
            Texts::Passing { text, content, reasoning } => {
                // Now, while it is at hand: later it would have to be fetched for this.
                match field {
                    Field::Content => content.add(new.as_str()),
                    Field::Reasoning => reasoning.add(new.as_str()),
                    Field::Refusal => self.rest.get_or_insert_default().passed_refusal.add(new.as_str()),
                }
                let start = text.len();
                new.push_to(text);
                (start, text.len(), 0)
            }
        };
        (Record { what, choice: place.slot, call: 0, start, end, before: 0 }, grown)
    }

    #[cold]
    fn grow_mended(&mut self, field: Field, text: &Text<'_>, place: Place, out: &mut Out) -> usize {
        let mut joined = String::new();
        let lone = surrogate::append(&mut joined, &mut self.halves[field as usize], text);
        for _ in 0..lone {
            out.odd(AnomalyCode::LoneSurrogate, place);
        }
        if text.has_invalid_utf8() {
            out.odd(AnomalyCode::InvalidUtf8, place);
        }
        if joined.is_empty() { 0 } else { self.push(field, Token::of(&joined), place, out) }
    }

    /// Content whose `<think>…</think>` is reasoning.
    pub(super) fn grow_split(&mut self, text: &Text<'_>, place: Place, out: &mut Out) -> usize {
        let mut joined = String::new();
        let lone = surrogate::append(&mut joined, &mut self.halves[Field::Content as usize], text);
        for _ in 0..lone {
            out.odd(AnomalyCode::LoneSurrogate, place);
        }
        if text.has_invalid_utf8() {
            out.odd(AnomalyCode::InvalidUtf8, place);
        }
        let mut think = core::mem::take(&mut self.rest().think);
        let mut grown = 0;
        think.split(&joined, |field, text| grown += self.push(field, Token::of(text), place, out));
        self.rest().think = think;
        grown
    }

    /// The end: what might have become a tag is text.
    pub(super) fn settle_think(&mut self, place: Place, out: &mut Out) {
        let held = self.rest.as_mut().and_then(|rest| rest.think.finish());
        if let Some((field, text)) = held {
            self.push(field, Token::of(&text), place, out);
        }
    }

    /// The end: halves that wait are lone.
    pub(super) fn settle_halves(&mut self, place: Place, out: &mut Out) {
        for field in [Field::Content, Field::Reasoning, Field::Refusal] {
            if core::mem::take(&mut self.halves[field as usize]) != 0 {
                out.odd(AnomalyCode::LoneSurrogate, place);
                self.push(field, Token::of("\u{fffd}"), place, out);
            }
        }
    }

    /// Notes that a call was made here, for the order of the parts.
    pub(super) fn call_made(&mut self, slot: u32) {
        if let Texts::Kept { content, reasoning, order, last } = &mut self.texts {
            end_part(order, last.take(), content, reasoning, self.rest.as_deref());
            order.push(Part { kind: PartKind::ToolCall, end: slot as usize });
        }
    }

    /// Whether half a surrogate pair waits for the next text of this field.
    #[inline(always)]
    pub(super) fn waits_for_half(&self, field: Field) -> bool {
        self.halves[field as usize] != 0
    }

    /// Drops the texts whose updates were taken (a stream that keeps none), when the queue was emptied since.
    #[inline(always)]
    pub(super) fn renew(&mut self, epoch: u32) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.drop_texts();
        }
    }

    #[inline]
    fn drop_texts(&mut self) {
        if let Texts::Passing { text, .. } = &mut self.texts {
            text.clear();
            if text.capacity() > 1 << 14 {
                text.shrink_to(1 << 10);
            }
        }
    }

    /// Whether there are calls.
    pub(super) fn has_calls(&self) -> bool {
        self.calls.as_ref().is_some_and(|calls| !calls.list.is_empty())
    }

    /// The choice, with its texts if they were kept, and its calls if `calls` says so.
    pub(super) fn into_choice(mut self, calls: bool) -> Choice {
        let (role, finish_reason) = (self.role().map(String::from), self.finish().map(String::from));
        let rest = self.rest.take().map(|rest| *rest).unwrap_or_default();
        let mut message = Message { role, ..Message::default() };
        let mut logprobs = String::new();
        if let Texts::Kept { content, reasoning, mut order, last } = self.texts {
            end_part(&mut order, last, &content, &reasoning, Some(&rest));
            message.content = content;
            message.reasoning = reasoning;
            message.refusal = rest.refusal;
            message.reasoning_details = rest.details.to_array();
            message.extras = rest.extras.to_object(false);
            message.order = order;
            message.reasoning_field =
                self.reasoning_field.and_then(|field| REASONING_FIELDS.get(usize::from(field)).copied());
            logprobs = rest.logprobs.to_object(false);
        }
        if calls && let Some(calls) = self.calls {
            message.tool_calls = calls.list.into_iter().map(|growing| growing.call).collect();
        }
        Choice { index: self.index, message, finish_reason, native_finish_reason: rest.native_finish, logprobs }
    }

    /// Forgets the message, keeps the texts' buffers.
    pub(super) fn reset(&mut self) {
        let mut texts = core::mem::replace(&mut self.texts, Texts::new(false));
        match &mut texts {
            Texts::Kept { content, reasoning, order, last } => {
                content.clear();
                reasoning.clear();
                order.clear();
                *last = None;
            }
            Texts::Passing { text, content, reasoning } => {
                text.clear();
                (*content, *reasoning) = Default::default();
            }
        }
        *self = Self { texts, ..Self::new(false) };
    }
}

/// Ends the last part of a message: another begins.
fn end_part(order: &mut Vec<Part>, last: Option<PartKind>, content: &str, reasoning: &str, rest: Option<&Rest>) {
    let Some(kind) = last else { return };
    let end = match kind {
        PartKind::Text => content.len(),
        PartKind::Reasoning => reasoning.len(),
        PartKind::Refusal => rest.map_or(0, |rest| rest.refusal.len()),
        PartKind::ToolCall => return,
    };
    order.push(Part { kind, end });
}
