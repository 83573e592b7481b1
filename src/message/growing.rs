//! One call while it grows: rule 8 (its name) and rule 9 (its arguments), fragment by fragment.
//!
//! The state that rule 7 asks for is [`Growing::stage`]. What a fragment changed is told at its end, once
//! ([`Growing::tell`]), so that an update always shows a call that is consistent.

mod settling;

use alloc::boxed::Box;
use alloc::string::String;
use core::ops::Range;

use super::out::{Out, Place, Record, What};
use super::repetition::{Cursor, Fit};
use super::routing::Shape;
use super::snapshot::Doubt;
use super::tool_call::{ArgumentsState, ToolCall, ToolKind};
use super::{Anomaly, AnomalyCode};
use crate::json::incremental::{Outer, Scanner, is_all_blank, is_blank, trim_start};

/// What rule 7 asks of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No argument byte but blanks.
    Fresh,
    /// Its value is open.
    Mid,
    /// Its value has closed.
    Closed,
}

/// How the arguments are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Fragments are appended.
    #[default]
    Plain,
    /// Each fragment is the whole text so far.
    Snapshot,
    /// Several values stand in them.
    Several,
}

/// A header that came at a closed call: the next byte decides whether it opens a call of its own (rule 7 g).
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    pub(super) index: Option<i64>,
    pub(super) id: Option<String>,
    /// Whether a name came with it.
    pub(super) named: bool,
}

/// What few calls ever need.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    pub(super) repetition: Option<Cursor>,
    pub(super) header: Option<Header>,
    pub(super) doubt: Option<Doubt>,
    /// Follows the values after the first, where there are several.
    tail: Scanner,
    /// Where the second value begins.
    second: usize,
    /// Live arguments (only when asked for).
    pub(super) live: Option<super::live::Live>,
    /// Unknown fields.
    pub(super) extras: super::raw::Members,
    /// Bytes of them that came since they were written out.
    unshown: usize,
}

/// What a fragment turned out to be: another call's beginning, because a header had come.
#[derive(Debug)]
pub(super) struct Parted {
    pub(super) header: Header,
    /// What had come in earlier fragments.
    pub(super) before: String,
}

/// A call while it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Growing {
    pub(super) call: ToolCall,
    pub(super) rare: Option<Box<Rare>>,
    /// Bytes of the arguments that were delivered.
    told: usize,
    /// The queue's last record of them.
    last_record: u32,
    /// Blanks before the value.
    lead: usize,
    /// A high surrogate that waits for its other half; 0 for none.
    pub(super) half: u16,
    pub(super) mode: Mode,
    pub(super) announced: bool,
    pub(super) ready: bool,
    told_closed: bool,
    /// An id came after the call was announced, and was not told.
    id_came: bool,
    rewritten: bool,
    whole_in_one: bool,
    /// What its first fragment brought.
    pub(super) shape: Shape,
    /// Whether fragments came with ids that are not its own.
    pub(super) changes_ids: bool,
    /// Whether it is in the list of calls that the next boundary looks at.
    pub(super) listed: bool,
}

/// What the assembler lends to a call: where it is, where updates go, the bounds.
pub(super) struct Context<'c> {
    pub(super) out: &'c mut Out,
    pub(super) place: Place,
}

impl Context<'_> {
    pub(super) fn anomaly(&mut self, code: AnomalyCode, call: u32, dropped: usize) {
        let anomaly = Anomaly {
            code,
            choice: Some(self.place.choice),
            call: Some(call),
            count: 1,
            dropped: dropped as u64,
            offset: self.place.offset,
        };
        self.out.anomaly(anomaly, &[]);
    }
}

impl Growing {
    pub(super) fn new(number: u32, depth: usize) -> Self {
        let mut growing = Self::default();
        growing.call.number = number;
        growing.call.scanner = Scanner::new(depth);
        growing
    }

    pub(super) fn stage(&self) -> Stage {
        let scanner = match (self.mode, &self.rare) {
            (Mode::Several, Some(rare)) => &rare.tail,
            _ => &self.call.scanner,
        };
        match (self.call.kind, scanner.outer()) {
            (ToolKind::Custom, _) if self.call.text.is_empty() => Stage::Fresh,
            (ToolKind::Custom, _) => Stage::Mid,
            (_, Outer::Nothing) if self.mode != Mode::Several => Stage::Fresh,
            _ if scanner.is_closed() => Stage::Closed,
            _ => Stage::Mid,
        }
    }

    /// Whether the arguments are a bare `{}` so far.
    pub(super) fn is_bare(&self) -> bool {
        self.mode != Mode::Several && self.call.scanner.is_bare()
    }

    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(super) fn repetition(&self) -> Option<Cursor> {
        self.rare.as_ref()?.repetition
    }

    pub(super) fn header(&self) -> Option<&Header> {
        self.rare.as_ref()?.header.as_ref()
    }

    /// Whether the value came whole in one fragment.
    pub(super) fn is_whole_in_one(&self) -> bool {
        self.whole_in_one
    }

    fn has_doubt(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.doubt.is_some())
    }

    /// The closed value, without blanks around it.
    fn value(&self) -> &str {
        let end = self.call.scanner.end().unwrap_or(0);
        self.call.arguments().get(self.lead..end).unwrap_or_default()
    }

    /// How a text goes with the closed value: on from a repetition under way, else from its start.
    pub(super) fn fit(&self, text: &str) -> Fit {
        if self.mode == Mode::Several {
            return Fit::Parted;
        }
        self.repetition().unwrap_or_default().fit(self.value().as_bytes(), text.as_bytes())
    }

    /// What the text so far begins with, for the snapshot test: without the blanks before it.
    pub(super) fn so_far(&self) -> &str {
        &self.call.arguments()[self.lead..]
    }

    /// Another name for a call that has one (rule 8). Whether it changed the name.
    pub(super) fn other_name(&mut self, name: &str, piece: bool, to: &mut Context<'_>) -> bool {
        let fresh = self.stage() == Stage::Fresh && !self.ready;
        if fresh && name.starts_with(&self.call.name) {
            self.call.name.clear();
            self.call.name.push_str(name);
            to.anomaly(AnomalyCode::NameSnapshot, self.call.number, 0);
        } else if fresh && piece {
            self.call.name.push_str(name);
        } else {
            to.anomaly(AnomalyCode::NameConflict, self.call.number, name.len());
            return false;
        }
        true
    }

    /// Whether a text that comes mid-value may be a snapshot.
    pub(super) fn looks_like_snapshot(&self, text: &str) -> bool {
        self.stage() == Stage::Mid && trim_start(text).starts_with(self.so_far())
    }

    /// Takes a fragment of the arguments. `Some` when it belongs to a new call.
    pub(super) fn feed(&mut self, text: &str, to: &mut Context<'_>) -> Option<Parted> {
        if text.is_empty() {
            return None;
        }
        crate::steps::count(text.len());
        if self.call.kind == ToolKind::Custom {
            self.call.text.push_str(text);
            return None;
        }
        if self.mode == Mode::Several {
            self.append_to_several(text);
            return None;
        }
        if self.has_doubt() {
            return self.feed_in_doubt(text, to);
        }
        match self.stage() {
            Stage::Closed => return self.feed_after_close(text, to),
            Stage::Mid => self.feed_mid(text, to),
            Stage::Fresh => self.append(text, to),
        }
        None
    }

    /// Appends to a value that is not closed. What follows its close in the same fragment is a second value, unless the
    /// first was a bare `{}` and another object follows.
    pub(super) fn append(&mut self, text: &str, to: &mut Context<'_>) {
        let was_fresh = self.stage() == Stage::Fresh;
        let start = self.call.text.len();
        self.call.text.push_str(text);
        let read = self.call.scanner.scan(text.as_bytes());
        match self.stage() {
            Stage::Fresh => self.lead = self.call.text.len(),
            stage => {
                if was_fresh {
                    self.lead += text.len() - trim_start(text).len();
                }
                if stage == Stage::Closed {
                    self.whole_in_one = was_fresh;
                    let rest = &text[read..];
                    let value = trim_start(rest);
                    if value.is_empty() {
                    } else if self.is_bare() && value.starts_with('{') {
                        self.drop_seed(start + text.len() - value.len(), to);
                        self.append(value, to);
                    } else {
                        self.second_value(start + text.len() - value.len(), value, to);
                    }
                }
            }
        }
        self.call.state = self.state_now();
    }

    /// Forgets a bare `{}` (and blanks): `dropped` bytes.
    fn drop_seed(&mut self, dropped: usize, to: &mut Context<'_>) {
        to.anomaly(AnomalyCode::Seed, self.call.number, dropped);
        self.rewritten |= self.told > 0;
        self.call.text.clear();
        self.call.scanner.restart();
        self.lead = 0;
    }

    /// A second value begins at `offset` of the text, which ends with it.
    fn second_value(&mut self, offset: usize, value: &str, to: &mut Context<'_>) {
        to.anomaly(AnomalyCode::Concatenated, self.call.number, 0);
        self.mode = Mode::Several;
        self.rare().second = offset;
        self.follow_tail(value);
    }

    fn append_to_several(&mut self, text: &str) {
        self.call.text.push_str(text);
        self.follow_tail(text);
    }

    fn follow_tail(&mut self, text: &str) {
        let tail = &mut self.rare().tail;
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            if tail.is_closed() {
                if is_blank(bytes[0]) {
                    bytes = &bytes[1..];
                    continue;
                }
                tail.restart();
            }
            let read = tail.scan(bytes);
            bytes = &bytes[read..];
        }
        self.call.state = self.state_now();
    }

    fn feed_mid(&mut self, text: &str, to: &mut Context<'_>) {
        if self.mode == Mode::Snapshot {
            return self.feed_snapshot(text, to);
        }
        // Longer than what is there: only then can it be a snapshot.
        if text.len() >= self.call.text.len() - self.lead && trim_start(text).starts_with(self.so_far()) {
            return self.maybe_snapshot(text, to);
        }
        self.append(text, to);
    }

    /// Rule 9 after the close, in a later fragment.
    fn feed_after_close(&mut self, text: &str, to: &mut Context<'_>) -> Option<Parted> {
        let number = self.call.number;
        let mut rest = text;
        loop {
            let under_way = self.repetition();
            if rest.is_empty() {
                return None;
            }
            if under_way.is_none() && is_all_blank(rest) {
                to.anomaly(AnomalyCode::BlanksDropped, number, rest.len());
                return None;
            }
            let cursor = under_way.unwrap_or_default();
            match cursor.fit(self.value().as_bytes(), rest.as_bytes()) {
                Fit::Begins(cursor) => {
                    self.rare().repetition = Some(cursor);
                    return None;
                }
                Fit::Equal(read) => {
                    to.anomaly(AnomalyCode::Restated, number, cursor.seen() + read);
                    let rare = self.rare();
                    rare.repetition = None;
                    if let Some(header) = rare.header.take() {
                        to.anomaly(AnomalyCode::RepeatedHeader, number, 0);
                        self.take_id(header);
                    }
                    rest = &rest[read..];
                }
                Fit::Parted => return self.parted(cursor, rest, to),
            }
        }
    }

    /// What came after the close is not the same value: a seed, a new call, or a second value.
    fn parted(&mut self, cursor: Cursor, rest: &str, to: &mut Context<'_>) -> Option<Parted> {
        let number = self.call.number;
        let (before, gone) = cursor.text(self.value());
        let rare = self.rare();
        rare.repetition = None;
        let header = rare.header.take();
        let opens_object = trim_start(if before.is_empty() { rest } else { &before }).starts_with('{');
        if self.is_bare() && opens_object && !self.ready {
            if let Some(header) = header {
                to.anomaly(AnomalyCode::RepeatedHeader, number, 0);
                self.take_id(header);
            }
            self.drop_seed(self.call.text.len() + gone, to);
            // As they came: the second may be a snapshot of the first.
            self.feed(&before, to);
            self.feed(rest, to);
        } else if let Some(header) = header {
            if gone > 0 {
                to.anomaly(AnomalyCode::BlanksDropped, number, gone);
            }
            return Some(Parted { header, before });
        } else if self.ready {
            // Nothing about a ready call changes: someone may have run it.
            to.anomaly(AnomalyCode::Concatenated, number, cursor.seen() + rest.len());
        } else {
            if gone > 0 {
                to.anomaly(AnomalyCode::BlanksDropped, number, gone);
            }
            let blanks = if before.is_empty() { rest.len() - trim_start(rest).len() } else { 0 };
            if blanks > 0 {
                to.anomaly(AnomalyCode::BlanksDropped, number, blanks);
            }
            let offset = self.call.text.len();
            self.call.text.push_str(&before);
            self.call.text.push_str(&rest[blanks..]);
            let value = String::from(&self.call.text[offset..]);
            self.second_value(offset, &value, to);
        }
        None
    }

    /// Takes what a repetition and its header had gathered, for a call of its own.
    pub(super) fn take_header(&mut self) -> Option<Parted> {
        let rare = self.rare.as_mut()?;
        let header = rare.header.take()?;
        let cursor = rare.repetition.take();
        let before = cursor.map(|cursor| cursor.text(self.value()).0).unwrap_or_default();
        Some(Parted { header, before })
    }

    /// Replaces the text (a snapshot reading) and says so if it had been delivered.
    pub(super) fn rewrite(&mut self) {
        self.rewritten |= self.told > 0;
        self.call.state = self.state_now();
    }

    pub(super) fn set_lead(&mut self, lead: usize) {
        self.lead = lead;
    }

    /// The state by what came so far: what is bare or fresh is complete only at a complete end.
    pub(super) fn state_now(&self) -> ArgumentsState {
        if self.mode == Mode::Several {
            let second = self.rare.as_ref().map_or(0, |rare| rare.second);
            return ArgumentsState::Invalid { offset: second };
        }
        let scanner = &self.call.scanner;
        match (self.call.kind, scanner.fault()) {
            (ToolKind::Custom, _) => ArgumentsState::Truncated,
            (_, Some(offset)) => ArgumentsState::Invalid { offset },
            _ if scanner.is_closed() && !scanner.is_bare() => ArgumentsState::Complete,
            _ => ArgumentsState::Truncated,
        }
    }

    /// A fragment's end: tells what it changed.
    pub(super) fn tell(&mut self, slot: u32, to: &mut Context<'_>, live: bool) {
        if !self.announced {
            if self.call.name.is_empty() || self.stage() == Stage::Fresh {
                return;
            }
            self.announce(slot, to);
        }
        let choice = to.place.slot;
        if core::mem::take(&mut self.id_came) {
            to.out.push(Record::of_call(What::Changed, choice, slot));
        }
        let length = self.call.arguments().len();
        if self.rewritten {
            self.rewritten = false;
            self.told = length;
            to.out.forget(self.last_record, choice, slot);
            self.push(What::Reset, 0..length, slot, to);
            if live {
                self.live().restart();
                self.push(What::Live, 0..length, slot, to);
            }
        } else if self.told < length {
            let told = core::mem::replace(&mut self.told, length);
            self.push(What::Arguments, told..length, slot, to);
            if live {
                self.live();
                self.push(What::Live, told..length, slot, to);
            }
        }
        let whole = self.stage() == Stage::Closed && self.state_now() == ArgumentsState::Complete;
        if !self.told_closed && whole && !self.has_doubt() {
            self.told_closed = true;
            self.push(What::Closed, 0..0, slot, to);
        }
    }

    /// Queues a record of the arguments, which points to the one before it.
    fn push(&mut self, what: What, bytes: Range<usize>, slot: u32, to: &mut Context<'_>) {
        let record = Record {
            what,
            choice: to.place.slot,
            call: slot,
            start: bytes.start,
            end: bytes.end,
            before: self.last_record,
        };
        self.last_record = to.out.push(record);
    }

    fn live(&mut self) -> &mut super::live::Live {
        let scanner = &self.call.scanner;
        self.rare.get_or_insert_default().live.get_or_insert_with(|| super::live::Live::new(scanner))
    }

    /// Announces the call: its name is final. One without an id gets a made-up one, until its own comes.
    pub(super) fn announce(&mut self, slot: u32, to: &mut Context<'_>) {
        self.announced = true;
        self.synthesise_id();
        to.out.push(Record::of_call(What::Started, to.place.slot, slot));
    }

    pub(super) fn synthesise_id(&mut self) {
        if self.call.id.is_empty() {
            self.call.id_is_synthetic = true;
            self.call.id = alloc::format!("call_synthetic_{}", self.call.number).into();
        }
    }
}
