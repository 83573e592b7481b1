//! One choice while its message grows: texts, finish, and what few choices have.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::calls::Calls;
use super::completion::{Choice, Message, Part, PartKind};
use super::details::Details;
use super::out::{Out, Place, Record, What};
use super::raw::Members;
use super::think::Think;
use super::{AnomalyCode, surrogate};
use crate::Text;

/// The texts of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Content,
    Reasoning,
    Refusal,
}

/// Room for the first text of a message that is kept: few are shorter, and doubling up to here is many small steps.
const SHORT_TEXT: usize = 256;

/// A text that was dropped: enough to tell whether another begins with it.
#[derive(Clone, Copy, Debug)]
struct Dropped {
    length: usize,
    /// FNV-1a.
    hash: u64,
}

impl Default for Dropped {
    fn default() -> Self {
        Self { length: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Dropped {
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
    pub(super) native_finish: Option<String>,
    pub(super) logprobs: Members,
    pub(super) extras: Members,
    pub(super) details: Details,
    pub(super) think: Think,
}

/// A choice while it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Growth {
    pub(super) index: i64,
    content: String,
    reasoning: String,
    pub(super) role: Option<Box<str>>,
    pub(super) finish: Option<Box<str>>,
    pub(super) calls: Option<Box<Calls>>,
    pub(super) rest: Option<Box<Rest>>,
    order: Vec<Part>,
    /// The field that brought reasoning first.
    pub(super) reasoning_field: Option<&'static str>,
    /// What was dropped of the texts, by field, where they are not kept.
    dropped: Option<Box<[Dropped; 3]>>,
    /// Surrogate halves that wait, by field.
    halves: [u16; 3],
    /// Whether a delta (not a `message`) brought anything.
    pub(super) had_delta: bool,
    /// The assembler's count of emptied queues when this choice's texts were last looked at.
    epoch: u32,
}

impl Growth {
    pub(super) fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// A text of the message so far.
    #[inline]
    pub(super) fn text(&self, field: Field) -> &str {
        match field {
            Field::Content => &self.content,
            Field::Reasoning => &self.reasoning,
            Field::Refusal => self.rest.as_ref().map_or("", |rest| &rest.refusal),
        }
    }

    /// Bytes of a text so far, those that were dropped too.
    pub(super) fn said(&self, field: Field) -> usize {
        self.dropped.as_ref().map_or(0, |dropped| dropped[field as usize].length) + self.text(field).len()
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
        let rest = match &self.dropped {
            Some(dropped) => dropped[field as usize].strip_from(text)?,
            None => text,
        };
        rest.strip_prefix(self.text(field))
    }

    /// Appends a text that is not empty and queues its update; says how many bytes the message grew by.
    #[inline(always)]
    pub(super) fn grow(&mut self, field: Field, text: &Text<'_>, place: Place, keep: bool, out: &mut Out) -> usize {
        let half = &mut self.halves[field as usize];
        if surrogate::is_plain(*half, text) && !text.has_lone_surrogate() && !text.has_invalid_utf8() {
            return self.push(field, text.as_str(), place, keep, out);
        }
        self.grow_mended(field, text, place, keep, out)
    }

    /// Appends and queues.
    #[inline(always)]
    pub(super) fn push(&mut self, field: Field, text: &str, place: Place, keep: bool, out: &mut Out) -> usize {
        let (to, what, kind) = match field {
            Field::Content => (&mut self.content, What::Text, PartKind::Text),
            Field::Reasoning => (&mut self.reasoning, What::Reasoning, PartKind::Reasoning),
            Field::Refusal => (&mut self.rest.get_or_insert_default().refusal, What::Refusal, PartKind::Refusal),
        };
        let start = to.len();
        if keep && to.capacity() == 0 {
            to.reserve(SHORT_TEXT.max(text.len()));
        }
        to.push_str(text);
        let end = to.len();
        out.push(Record { what, choice: place.slot, call: 0, start, end, before: 0 });
        if keep {
            match self.order.last_mut() {
                Some(part) if part.kind == kind => part.end = end,
                _ => self.order.push(Part { kind, end }),
            }
        }
        end - start
    }

    #[cold]
    fn grow_mended(&mut self, field: Field, text: &Text<'_>, place: Place, keep: bool, out: &mut Out) -> usize {
        let mut joined = String::new();
        let lone = surrogate::append(&mut joined, &mut self.halves[field as usize], text);
        for _ in 0..lone {
            out.odd(AnomalyCode::LoneSurrogate, place);
        }
        if text.has_invalid_utf8() {
            out.odd(AnomalyCode::InvalidUtf8, place);
        }
        if joined.is_empty() { 0 } else { self.push(field, &joined, place, keep, out) }
    }

    /// Content whose `<think>…</think>` is reasoning.
    pub(super) fn grow_split(&mut self, text: &Text<'_>, place: Place, keep: bool, out: &mut Out) -> usize {
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
        think.split(&joined, |field, text| grown += self.push(field, text, place, keep, out));
        self.rest().think = think;
        grown
    }

    /// The end: what might have become a tag is text.
    pub(super) fn settle_think(&mut self, place: Place, keep: bool, out: &mut Out) {
        let held = self.rest.as_mut().and_then(|rest| rest.think.finish());
        if let Some((field, text)) = held {
            self.push(field, &text, place, keep, out);
        }
    }

    /// The end: halves that wait are lone.
    pub(super) fn settle_halves(&mut self, place: Place, keep: bool, out: &mut Out) {
        for field in [Field::Content, Field::Reasoning, Field::Refusal] {
            if core::mem::take(&mut self.halves[field as usize]) != 0 {
                out.odd(AnomalyCode::LoneSurrogate, place);
                self.push(field, "\u{fffd}", place, keep, out);
            }
        }
    }

    /// Notes that a call was made here, for the order of the parts.
    pub(super) fn call_made(&mut self, slot: u32) {
        self.order.push(Part { kind: PartKind::ToolCall, end: slot as usize });
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

    fn drop_texts(&mut self) {
        for field in [Field::Content, Field::Reasoning, Field::Refusal] {
            if !self.text(field).is_empty() {
                let mut dropped = self.dropped.take().unwrap_or_default();
                dropped[field as usize].add(self.text(field));
                self.dropped = Some(dropped);
            }
        }
        for text in [&mut self.content, &mut self.reasoning] {
            text.clear();
            if text.capacity() > 1 << 14 {
                text.shrink_to(1 << 10);
            }
        }
        if let Some(rest) = &mut self.rest {
            rest.refusal.clear();
        }
    }

    /// Whether there are calls.
    pub(super) fn has_calls(&self) -> bool {
        self.calls.as_ref().is_some_and(|calls| !calls.list.is_empty())
    }

    /// The choice, with what `texts` and `calls` say is kept.
    pub(super) fn into_choice(self, texts: bool, calls: bool) -> Choice {
        let rest = self.rest.map(|rest| *rest).unwrap_or_default();
        let mut message = Message { role: self.role.map(String::from), ..Message::default() };
        if texts {
            message.content = self.content;
            message.reasoning = self.reasoning;
            message.refusal = rest.refusal;
            message.reasoning_details = rest.details.to_array();
            message.extras = rest.extras.to_object(false);
            message.order = self.order;
            message.reasoning_field = self.reasoning_field;
        }
        if calls && let Some(calls) = self.calls {
            message.tool_calls = calls.list.into_iter().map(|growing| growing.call).collect();
        }
        Choice {
            index: self.index,
            message,
            finish_reason: self.finish.map(String::from),
            native_finish_reason: rest.native_finish,
            logprobs: if texts { rest.logprobs.to_object(false) } else { String::new() },
        }
    }

    /// Forgets the message, keeps the texts' buffers.
    pub(super) fn recycle(self) -> Self {
        let (mut content, mut reasoning) = (self.content, self.reasoning);
        content.clear();
        reasoning.clear();
        Self { content, reasoning, ..Self::default() }
    }
}
