//! What goes out of the assembler: the queue of updates (small Copy records, resolved when they are looked at), and the
//! bounded log of anomalies.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Anomaly, AnomalyCode, ProviderError};
use crate::json::string::push_lossy;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Role,
    Text,
    Reasoning,
    Refusal,
    Started,
    Changed,
    Arguments,
    Reset,
    Closed,
    Ready,
    Live,
    Finish,
    Usage,
    Error,
    Anomaly,
    Detail,
    Logprobs,
    Extra,
    Comment,
    Done,
    /// Forgotten before it was taken.
    Gone,
}

/// One update before it is resolved: `choice` and `call` are slots, `start..end` bytes of what `what` names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) what: What,
    pub(super) choice: u32,
    pub(super) call: u32,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Of a call's arguments: the record before it, by its place in the queue; it may be long gone.
    pub(super) before: u32,
}

impl Record {
    /// One of a call that points to none of its bytes.
    pub(super) fn of_call(what: What, choice: u32, call: u32) -> Self {
        Self { what, choice, call, start: 0, end: 0, before: 0 }
    }
}

/// Where something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The choice's slot.
    pub(super) slot: u32,
    /// The choice's index on the wire.
    pub(super) choice: i64,
    /// The document's offset in the stream.
    pub(super) offset: u64,
}

/// What is only there when something was odd, or one document brought several updates: the records after the first,
/// texts and values that queued updates point to, and the log.
#[derive(Clone, Debug, Default)]
struct Further {
    /// The records after the first.
    records: Vec<Record>,
    log: Vec<Anomaly>,
    /// Anomalies beyond the log's bound, counted together.
    overflow: Option<Anomaly>,
    told: Vec<(Anomaly, Range<usize>)>,
    errors: Vec<ProviderError>,
    notes: String,
    /// How often in a row nothing of it was needed.
    idle: u8,
}

impl Further {
    /// Forgets what was told; gives large buffers back.
    fn clear(&mut self) {
        let needed =
            !(self.records.is_empty() && self.told.is_empty() && self.notes.is_empty() && self.errors.is_empty());
        self.idle = if needed { 0 } else { self.idle.saturating_add(1) };
        if needed {
            self.records.clear();
            self.told.clear();
            self.errors.clear();
            self.notes.clear();
            if self.records.capacity() > 64 {
                self.records = Vec::new();
            }
            self.told.shrink_to(64);
            self.notes.shrink_to(1 << 12);
        }
    }

    /// Whether it was not needed for a while, and nothing in it must stay.
    fn is_idle(&self) -> bool {
        self.idle >= Self::IDLE && self.log.is_empty() && self.overflow.is_none()
    }

    const IDLE: u8 = 16;
}

/// The queue and the log. The first record, which is most often the only one, is written in place, field by field.
#[derive(Clone, Debug)]
pub(super) struct Out {
    first: Record,
    further: Option<Box<Further>>,
    /// How many records there are, and how many were taken.
    length: u32,
    taken: u32,
    /// How many distinct anomalies are kept.
    limit: u32,
    /// Whether room that was not needed for a while is given back.
    gives_back: bool,
    /// Whether there is something in `further` that must go when the updates were taken.
    is_further_used: bool,
}

impl Out {
    /// A queue that keeps at most so many distinct anomalies.
    pub(super) fn new(anomalies: usize, gives_back: bool) -> Self {
        let first = Record { what: What::Done, choice: 0, call: 0, start: 0, end: 0, before: 0 };
        let limit = u32::try_from(anomalies).unwrap_or(u32::MAX);
        Self { first, further: None, length: 0, taken: 0, limit, gives_back, is_further_used: false }
    }

    /// Queues a record; says where it is.
    #[inline(always)]
    pub(super) fn push(&mut self, record: Record) -> u32 {
        let at = self.length;
        if at == 0 {
            self.first = record;
        } else {
            self.push_further(record);
        }
        self.length = at + 1;
        at
    }

    /// Queues a record when all that were queued were taken: the only one then.
    #[inline(always)]
    pub(super) fn push_only(&mut self, record: Record) {
        self.first = record;
        (self.taken, self.length) = (0, 1);
    }

    /// Moves to the record that was [pushed so](Self::push_only).
    #[inline(always)]
    pub(super) fn advance_to_only(&mut self) {
        self.taken = 1;
    }

    /// The record that was [pushed so](Self::push_only).
    #[inline(always)]
    pub(super) fn only(&self) -> &Record {
        &self.first
    }

    fn further(&mut self) -> &mut Further {
        self.is_further_used = true;
        self.further.get_or_insert_default()
    }

    #[cold]
    #[inline(never)]
    fn push_further(&mut self, record: Record) {
        self.further().records.push(record);
    }

    /// By reference: to copy a record whole that was just written in parts makes the processor wait.
    #[inline(always)]
    fn get(&self, at: u32) -> Option<&Record> {
        match at {
            _ if at >= self.length => None,
            0 => Some(&self.first),
            _ => self.further.as_ref()?.records.get(at as usize - 1),
        }
    }

    fn get_mut(&mut self, at: u32) -> Option<&mut Record> {
        match at {
            _ if at >= self.length => None,
            0 => Some(&mut self.first),
            _ => self.further.as_mut()?.records.get_mut(at as usize - 1),
        }
    }

    /// Queues an update of a choice that points to nothing else.
    pub(super) fn tell(&mut self, what: What, choice: u32) {
        self.push(Record::of_call(what, choice, 0));
    }

    /// Moves to the next record.
    #[inline(always)]
    pub(super) fn advance(&mut self) -> bool {
        while self.taken < self.length {
            self.taken += 1;
            if self.current().is_some_and(|record| record.what != What::Gone) {
                return true;
            }
        }
        false
    }

    /// The record that `advance` moved to.
    #[inline(always)]
    pub(super) fn current(&self) -> Option<&Record> {
        self.get(self.taken.checked_sub(1)?)
    }

    #[inline(always)]
    pub(super) fn has_more(&self) -> bool {
        self.taken != self.length
    }

    /// Before a document: forgets what was taken, when all was. Says whether it did.
    #[inline(always)]
    pub(super) fn recycle(&mut self) -> bool {
        if self.has_more() {
            return false;
        }
        self.clear();
        true
    }

    /// Forgets what there is.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.taken, self.length) = (0, 0);
        if self.is_further_used || self.gives_back && self.further.is_some() {
            self.clear_further();
        }
    }

    #[cold]
    #[inline(never)]
    fn clear_further(&mut self) {
        self.is_further_used = false;
        let Some(further) = &mut self.further else { return };
        further.clear();
        if self.gives_back && further.is_idle() {
            self.further = None;
        }
    }

    /// Forgets the records of a call's arguments that were not taken and that its rewritten text made stale, from the `last`
    /// of them on. Costs as much as queueing them did.
    pub(super) fn forget(&mut self, last: u32, choice: u32, call: u32) {
        let (mut at, mut below, taken) = (last, self.length, self.taken);
        // A place is of an emptied queue when it does not lead down, or to another call's record.
        while at < below && at + 1 >= taken {
            crate::steps::count(1);
            let Some(record) = self.get_mut(at) else { return };
            let is_of_arguments = matches!(record.what, What::Arguments | What::Reset | What::Closed | What::Live);
            if !is_of_arguments || (record.choice, record.call) != (choice, call) {
                return;
            }
            if at >= taken {
                record.what = What::Gone;
            } else if record.what == What::Live {
                record.end = 0; // moved to, but the text that it speaks of is gone: it has no part left
            }
            (at, below) = (record.before, at);
        }
    }

    /// Keeps a text (in parts, none of which ends within a character) that only an update shows, until the queue is recycled.
    pub(super) fn note(&mut self, what: What, choice: u32, parts: &[&[u8]]) {
        let further = self.further();
        let start = further.notes.len();
        for part in parts {
            crate::steps::count(part.len());
            push_lossy(part, &mut further.notes);
        }
        let end = further.notes.len();
        self.push(Record { what, choice, call: 0, start, end, before: 0 });
    }

    pub(super) fn noted(&self, record: &Record) -> &str {
        self.further.as_ref().and_then(|further| further.notes.get(record.start..record.end)).unwrap_or_default()
    }

    pub(super) fn error(&mut self, error: ProviderError) {
        let errors = &mut self.further().errors;
        errors.push(error);
        let start = errors.len() - 1;
        self.push(Record { what: What::Error, choice: 0, call: 0, start, end: 0, before: 0 });
    }

    pub(super) fn told_error(&self, record: &Record) -> Option<&ProviderError> {
        self.further.as_ref()?.errors.get(record.start)
    }

    pub(super) fn told_anomaly(&self, record: &Record) -> Option<(Anomaly, &str)> {
        let further = self.further.as_ref()?;
        let (anomaly, text) = further.told.get(record.start)?;
        Some((*anomaly, further.notes.get(text.clone()).unwrap_or_default()))
    }

    /// Counts an anomaly and queues its update.
    pub(super) fn anomaly(&mut self, mut anomaly: Anomaly, text: &[u8]) {
        let limit = self.limit as usize;
        let further = self.further();
        let same =
            |kept: &&mut Anomaly| (kept.code, kept.choice, kept.call) == (anomaly.code, anomaly.choice, anomaly.call);
        if let Some(kept) = further.log.iter_mut().find(same) {
            kept.count += 1;
            kept.dropped += anomaly.dropped;
            anomaly.count = kept.count;
        } else if further.log.len() < limit {
            further.log.push(anomaly);
        } else {
            let code = AnomalyCode::LimitReached;
            let rest = further.overflow.get_or_insert(Anomaly {
                code,
                choice: None,
                call: None,
                count: 0,
                dropped: 0,
                offset: anomaly.offset,
            });
            rest.count += 1;
            rest.dropped += anomaly.dropped;
        }
        crate::steps::count(further.log.len() + text.len().min(512));
        let start = further.notes.len();
        push_lossy(&text[..text.len().min(512)], &mut further.notes);
        further.told.push((anomaly, start..further.notes.len()));
        let start = further.told.len() - 1;
        self.push(Record { what: What::Anomaly, choice: 0, call: 0, start, end: 0, before: 0 });
    }

    /// The log, in the order in which each was met first; those beyond the bound last.
    pub(super) fn anomalies(&self) -> Vec<Anomaly> {
        let Some(further) = &self.further else { return Vec::new() };
        further.log.iter().chain(&further.overflow).copied().collect()
    }

    pub(super) fn reset(&mut self) {
        (self.taken, self.length) = (0, 0);
        match &mut self.further {
            Some(further) if !self.gives_back => {
                further.clear();
                further.log.clear();
                further.overflow = None;
            }
            further => *further = None,
        }
    }
}

impl Out {
    /// Counts an anomaly of a choice's text.
    pub(super) fn odd(&mut self, code: AnomalyCode, place: Place) {
        let anomaly =
            Anomaly { code, choice: Some(place.choice), call: None, count: 1, dropped: 0, offset: place.offset };
        self.anomaly(anomaly, &[]);
    }
}
