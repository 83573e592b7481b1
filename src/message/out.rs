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

/// Records in order. The first, which is most often the only one, is written in place, field by field.
#[derive(Clone, Debug)]
struct Queue {
    length: usize,
    first: Record,
    more: Vec<Record>,
}

impl Default for Queue {
    fn default() -> Self {
        let first = Record { what: What::Done, choice: 0, call: 0, start: 0, end: 0, before: 0 };
        Self { length: 0, first, more: Vec::new() }
    }
}

impl Queue {
    #[inline(always)]
    fn push(&mut self, record: Record) {
        if self.length == 0 {
            self.first = record;
        } else {
            self.push_more(record);
        }
        self.length += 1;
    }

    #[inline(never)]
    fn push_more(&mut self, record: Record) {
        self.more.push(record);
    }

    /// By reference: to copy a record whole that was just written in parts makes the processor wait.
    #[inline(always)]
    fn get(&self, at: usize) -> Option<&Record> {
        if at >= self.length {
            return None;
        }
        if at == 0 { Some(&self.first) } else { self.more.get(at - 1) }
    }

    fn get_mut(&mut self, at: usize) -> Option<&mut Record> {
        if at >= self.length {
            return None;
        }
        if at == 0 { Some(&mut self.first) } else { self.more.get_mut(at - 1) }
    }

    /// Forgets all; gives large buffers back.
    #[inline(always)]
    fn clear(&mut self) {
        if self.length > 1 {
            self.clear_more();
        }
        self.length = 0;
    }

    #[inline(never)]
    fn clear_more(&mut self) {
        self.more.clear();
        if self.more.capacity() > 64 {
            self.more = Vec::new();
        }
    }
}

/// What is only there when something was odd: texts and values that queued updates point to, and the log.
#[derive(Clone, Debug, Default)]
struct Odd {
    log: Vec<Anomaly>,
    /// Anomalies beyond the log's bound, counted together.
    overflow: Option<Anomaly>,
    told: Vec<(Anomaly, Range<usize>)>,
    errors: Vec<ProviderError>,
    notes: String,
}

/// The queue and the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    queue: Queue,
    taken: u32,
    /// How many distinct anomalies are kept.
    limit: u32,
    odd: Option<Box<Odd>>,
}

impl Out {
    /// A queue that keeps at most so many distinct anomalies.
    pub(super) fn new(anomalies: usize) -> Self {
        Self { limit: u32::try_from(anomalies).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// Queues a record; says where it is.
    #[inline(always)]
    pub(super) fn push(&mut self, record: Record) -> u32 {
        self.queue.push(record);
        (self.queue.length - 1) as u32
    }

    /// Queues an update of a choice that points to nothing else.
    pub(super) fn tell(&mut self, what: What, choice: u32) {
        self.push(Record::of_call(what, choice, 0));
    }

    /// Moves to the next record.
    #[inline]
    pub(super) fn advance(&mut self) -> bool {
        while let Some(record) = self.queue.get(self.taken as usize) {
            self.taken += 1;
            if record.what != What::Gone {
                return true;
            }
        }
        false
    }

    /// The record that `advance` moved to.
    #[inline]
    pub(super) fn current(&self) -> Option<&Record> {
        self.queue.get((self.taken as usize).checked_sub(1)?)
    }

    /// Before a document: forgets what was taken, when all was. Says whether it did.
    #[inline(always)]
    pub(super) fn recycle(&mut self) -> bool {
        if self.taken as usize != self.queue.length {
            return false;
        }
        self.taken = 0;
        self.queue.clear();
        if let Some(odd) = &mut self.odd
            && !(odd.told.is_empty() && odd.notes.is_empty() && odd.errors.is_empty())
        {
            odd.told.clear();
            odd.errors.clear();
            odd.notes.clear();
            odd.told.shrink_to(64);
            odd.notes.shrink_to(1 << 12);
        }
        true
    }

    /// Forgets the records of a call's arguments that were not taken and that its rewritten text made stale, from the `last`
    /// of them on. Costs as much as queueing them did.
    pub(super) fn forget(&mut self, last: u32, choice: u32, call: u32) {
        let (mut at, mut below) = (last as usize, self.queue.length);
        // A place is of an emptied queue when it does not lead down, or to another call's record.
        while at < below && at + 1 >= self.taken as usize {
            crate::steps::count(1);
            let Some(record) = self.queue.get_mut(at) else { return };
            let is_of_arguments = matches!(record.what, What::Arguments | What::Reset | What::Closed | What::Live);
            if !is_of_arguments || (record.choice, record.call) != (choice, call) {
                return;
            }
            if at >= self.taken as usize {
                record.what = What::Gone;
            } else if record.what == What::Live {
                record.end = 0; // moved to, but the text that it speaks of is gone: it has no part left
            }
            (at, below) = (record.before as usize, at);
        }
    }

    /// Keeps a text that only an update shows, until the queue is recycled.
    pub(super) fn note(&mut self, what: What, choice: u32, text: &[u8]) {
        let odd = self.odd.get_or_insert_default();
        crate::steps::count(text.len());
        let start = odd.notes.len();
        push_lossy(text, &mut odd.notes);
        let end = odd.notes.len();
        self.push(Record { what, choice, call: 0, start, end, before: 0 });
    }

    pub(super) fn noted(&self, record: &Record) -> &str {
        self.odd.as_ref().and_then(|odd| odd.notes.get(record.start..record.end)).unwrap_or_default()
    }

    pub(super) fn error(&mut self, error: ProviderError) {
        let errors = &mut self.odd.get_or_insert_default().errors;
        errors.push(error);
        let start = errors.len() - 1;
        self.push(Record { what: What::Error, choice: 0, call: 0, start, end: 0, before: 0 });
    }

    pub(super) fn told_error(&self, record: &Record) -> Option<&ProviderError> {
        self.odd.as_ref()?.errors.get(record.start)
    }

    pub(super) fn told_anomaly(&self, record: &Record) -> Option<(Anomaly, &str)> {
        let odd = self.odd.as_ref()?;
        let (anomaly, text) = odd.told.get(record.start)?;
        Some((*anomaly, odd.notes.get(text.clone()).unwrap_or_default()))
    }

    /// Counts an anomaly and queues its update.
    pub(super) fn anomaly(&mut self, mut anomaly: Anomaly, text: &[u8]) {
        let limit = self.limit as usize;
        let odd = self.odd.get_or_insert_default();
        let same =
            |kept: &&mut Anomaly| (kept.code, kept.choice, kept.call) == (anomaly.code, anomaly.choice, anomaly.call);
        if let Some(kept) = odd.log.iter_mut().find(same) {
            kept.count += 1;
            kept.dropped += anomaly.dropped;
            anomaly.count = kept.count;
        } else if odd.log.len() < limit {
            odd.log.push(anomaly);
        } else {
            let code = AnomalyCode::LimitReached;
            let rest = odd.overflow.get_or_insert(Anomaly {
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
        crate::steps::count(odd.log.len() + text.len().min(512));
        let start = odd.notes.len();
        push_lossy(&text[..text.len().min(512)], &mut odd.notes);
        odd.told.push((anomaly, start..odd.notes.len()));
        let start = odd.told.len() - 1;
        self.push(Record { what: What::Anomaly, choice: 0, call: 0, start, end: 0, before: 0 });
    }

    /// The log, in the order in which each was met first; those beyond the bound last.
    pub(super) fn anomalies(&self) -> Vec<Anomaly> {
        let Some(odd) = &self.odd else { return Vec::new() };
        odd.log.iter().chain(&odd.overflow).copied().collect()
    }

    pub(super) fn reset(&mut self) {
        self.queue.clear();
        self.taken = 0;
        self.odd = None;
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
