//! What the framer holds between inputs: the parts of the event at hand (or of the one that was just handed out) that
//! are not in the input, each within its limit.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::line::{Field, LineKind, Retry};
use crate::Limits;
use crate::limits::LimitKind;

/// A buffer of at most so many bytes is never given back.
const KEEP: usize = 512;

/// What is handed out only on request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    pub(super) comments: bool,
    pub(super) unknown_lines: bool,
    pub(super) incomplete: bool,
}

/// The limits that this stage enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) data: usize,
    pub(super) event_type: usize,
    pub(super) id: usize,
    pub(super) comment: usize,
    pub(super) unknown_line: usize,
}

impl Bounds {
    const DEFAULT: Self = Self::of(Limits::DEFAULT);

    const fn of(limits: Limits) -> Self {
        Self {
            data: limits.event_data,
            event_type: limits.event_type,
            id: limits.event_id,
            comment: limits.comment,
            unknown_line: limits.unknown_line,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Data lines, each with an LF after it, and what has come of an unfinished one.
    data: Vec<u8>,
    rare: Option<Box<Rare>>,
    /// `None` stands for the defaults.
    bounds: Option<Box<Bounds>>,
    /// Something of the event at hand is here, or it is damaged.
    begun: bool,
    has_type: bool,
    damage: Option<LimitKind>,
    pub(super) wants: Wants,
}

/// What few streams need.
#[derive(Clone, Debug, Default)]
struct Rare {
    event_type: Vec<u8>,
    /// The last event id as committed, and as the event at hand will commit it.
    id: Vec<u8>,
    next_id: Vec<u8>,
    has_next_id: bool,
    /// The value of the id, comment or unknown line at hand, up to its limit; whether there was more.
    text: Vec<u8>,
    text_cut: bool,
    /// The value of the `retry` line at hand.
    digits: Retry,
    retry: Option<u64>,
    /// Most bytes of `data` that were needed in a run of events which all needed less than a quarter of it; their number.
    peak: usize,
    small_events: u8,
}

/// How the event at hand turned out, at its blank line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dispatch {
    /// It has no data: no event.
    Nothing,
    Event,
    Damage(LimitKind),
}

impl Held {
    pub(super) fn new(limits: Limits) -> Self {
        let bounds = Bounds::of(limits);
        Self {
            data: Vec::new(),
            rare: None,
            bounds: (bounds != Bounds::DEFAULT).then(|| Box::new(bounds)),
            begun: false,
            has_type: false,
            damage: None,
            wants: Wants::default(),
        }
    }

    #[inline]
    pub(super) fn bounds(&self) -> &Bounds {
        self.bounds.as_deref().unwrap_or(&Bounds::DEFAULT)
    }

    /// Forgets the stream, keeps the buffers.
    pub(super) fn reset(&mut self) {
        self.data.clear();
        self.begun = false;
        self.has_type = false;
        self.damage = None;
        if let Some(rare) = &mut self.rare {
            rare.id.clear();
            rare.has_next_id = false;
            rare.retry = None;
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes_held(&self) -> usize {
        let rare = self.rare.as_deref().map_or(0, |rare| {
            size_of::<Rare>()
                + [&rare.event_type, &rare.id, &rare.next_id, &rare.text].map(Vec::capacity).iter().sum::<usize>()
        });
        self.data.capacity() + rare
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn event_type(&self) -> &[u8] {
        self.rare.as_deref().map_or(&[], |rare| &rare.event_type)
    }

    pub(super) fn text(&self) -> &[u8] {
        self.rare.as_deref().map_or(&[], |rare| &rare.text)
    }

    #[inline]
    pub(super) fn last_event_id(&self) -> &[u8] {
        self.rare.as_deref().map_or(&[], |rare| &rare.id)
    }

    pub(super) fn set_last_event_id(&mut self, id: &[u8]) {
        replace(&mut self.rare().id, id);
    }

    pub(super) fn retry(&self) -> Option<u64> {
        self.rare.as_deref().and_then(|rare| rare.retry)
    }

    /// Whether the event at hand has something here.
    #[inline]
    pub(super) const fn begun(&self) -> bool {
        self.begun
    }

    /// Whether the event at hand has data here.
    pub(super) const fn has_data(&self) -> bool {
        !self.data.is_empty()
    }

    pub(super) const fn damage(&self) -> Option<LimitKind> {
        self.damage
    }

    /// The data that was handed out is not needed any more.
    #[inline]
    pub(super) fn drop_data(&mut self) {
        self.data.clear();
    }

    /// The text that was handed out is not needed any more: an unknown line can be long, and is rare.
    pub(super) fn drop_text(&mut self) {
        let keep = KEEP.max(self.bounds().comment);
        if let Some(rare) = &mut self.rare
            && rare.text.capacity() > keep
        {
            rare.text = Vec::new();
        }
    }

    /// Ends the event at hand. What is here stays readable until the next one needs the room.
    pub(super) fn dispatch(&mut self, data_in_input: bool) -> Dispatch {
        self.begun = false;
        if let Some(rare) = &mut self.rare
            && core::mem::take(&mut rare.has_next_id)
        {
            core::mem::swap(&mut rare.id, &mut rare.next_id);
        }
        let is_event = data_in_input || self.data.pop().is_some();
        if let Some(limit) = self.damage.take() {
            Dispatch::Damage(limit)
        } else if is_event {
            self.note_need(self.data.len());
            Dispatch::Event
        } else {
            Dispatch::Nothing
        }
    }

    /// Ends the data at the end of the input. Whether there is any.
    pub(super) fn end_data(&mut self) -> bool {
        self.data.pop().is_some()
    }

    /// Takes the type away from the event at hand.
    pub(super) fn take_type(&mut self) -> bool {
        core::mem::take(&mut self.has_type)
    }

    /// An event needed so many bytes of `data`. Large capacity is given back after eight in a row that needed less than a
    /// quarter of it.
    #[inline]
    pub(super) fn note_need(&mut self, need: usize) {
        if self.data.capacity() > KEEP {
            self.note_need_of_much(need);
        }
    }

    #[cold]
    fn note_need_of_much(&mut self, need: usize) {
        let capacity = self.data.capacity();
        let rare = self.rare();
        rare.peak = rare.peak.max(need);
        rare.small_events += 1;
        let peak = rare.peak;
        let (small, is_last) = (need < capacity / 4, rare.small_events == 8);
        if !small || is_last {
            rare.peak = 0;
            rare.small_events = 0;
        }
        if small && is_last {
            self.data.shrink_to(peak);
        }
    }

    /// The event at hand is over this limit: its data is dropped, its other fields are still read.
    #[cold]
    pub(super) fn damage_by(&mut self, limit: LimitKind) {
        self.begun = true;
        self.damage.get_or_insert(limit);
        self.data.clear();
    }

    /// A whole data line's value with the byte that ended the line.
    pub(super) fn data_line(&mut self, value_and_end: &[u8]) {
        if self.append_data(value_and_end, 1)
            && let Some(end) = self.data.last_mut()
        {
            *end = b'\n';
        }
    }

    /// Appends data, of which the last `end` bytes are not counted. Whether it is within the limit.
    fn append_data(&mut self, bytes: &[u8], end: usize) -> bool {
        self.begun = true;
        if self.damage.is_some() {
            return false;
        }
        let need = self.data.len() + bytes.len();
        if need - end > self.bounds().data {
            self.damage_by(LimitKind::EventData);
            return false;
        }
        if need > self.data.capacity() {
            self.grow(need);
        }
        crate::steps::count(bytes.len());
        self.data.extend_from_slice(bytes);
        true
    }

    #[cold]
    fn grow(&mut self, need: usize) {
        let most = self.bounds().data.saturating_add(1);
        let room = need.next_power_of_two().max(64).min(most);
        self.data.reserve_exact(room - self.data.len());
    }

    /// The type of the event at hand.
    pub(super) fn hold_event_type(&mut self, event_type: &[u8]) {
        self.begun = true;
        self.has_type = true;
        replace(&mut self.rare().event_type, event_type);
    }

    pub(super) fn id_line(&mut self, id: &[u8]) {
        self.begun = true;
        if id.len() > self.bounds().id {
            self.damage_by(LimitKind::EventId);
        } else if !id.contains(&0) {
            let rare = self.rare();
            rare.has_next_id = true;
            replace(&mut rare.next_id, id);
        }
    }

    pub(super) fn retry_line(&mut self, value: &[u8]) {
        let mut digits = Retry::Empty;
        digits.take(value);
        self.set_retry(digits);
    }

    fn set_retry(&mut self, digits: Retry) {
        if let Retry::Value(milliseconds) = digits {
            self.rare().retry = Some(milliseconds);
        }
    }

    /// A line that inputs cut turns out to be of this kind; of an unknown line this much has been held back.
    pub(super) fn begin_line(&mut self, kind: LineKind, held_back: &[u8]) {
        match kind {
            LineKind::Field(Field::Data) => {}
            LineKind::Field(Field::Event) => self.hold_event_type(b""),
            LineKind::Field(Field::Retry) => self.rare().digits = Retry::Empty,
            LineKind::Comment if !self.wants.comments => {}
            LineKind::Unknown if !self.wants.unknown_lines => {}
            LineKind::Field(Field::Id) | LineKind::Comment | LineKind::Unknown => {
                let rare = self.rare();
                rare.text.clear();
                rare.text_cut = false;
                self.append_text(held_back, self.bounds().unknown_line);
            }
        }
    }

    /// Part of the value of a line that inputs cut.
    #[inline]
    pub(super) fn take_value(&mut self, kind: LineKind, part: &[u8]) {
        if kind == LineKind::Field(Field::Data) {
            self.append_data(part, 0);
        } else {
            self.take_other_value(kind, part);
        }
    }

    fn take_other_value(&mut self, kind: LineKind, part: &[u8]) {
        match kind {
            LineKind::Field(Field::Data) => {}
            LineKind::Field(Field::Event) => {
                let limit = self.bounds().event_type;
                let event_type = &mut self.rare().event_type;
                if event_type.len() + part.len() > limit {
                    self.damage_by(LimitKind::EventType);
                } else {
                    event_type.extend_from_slice(part);
                }
            }
            LineKind::Field(Field::Id) => {
                if self.append_text(part, self.bounds().id) {
                    self.damage_by(LimitKind::EventId);
                }
            }
            LineKind::Field(Field::Retry) => self.rare().digits.take(part),
            LineKind::Comment if self.wants.comments => {
                self.append_text(part, self.bounds().comment);
            }
            LineKind::Unknown if self.wants.unknown_lines => {
                self.append_text(part, self.bounds().unknown_line);
            }
            LineKind::Comment | LineKind::Unknown => {}
        }
    }

    /// Appends to the text of the line at hand, up to a limit. Whether there was more.
    fn append_text(&mut self, bytes: &[u8], limit: usize) -> bool {
        let rare = self.rare();
        let room = limit - rare.text.len();
        rare.text_cut |= bytes.len() > room;
        rare.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        rare.text_cut
    }

    /// A line that inputs cut has ended. Whether it was cut at its limit, if it is one to hand out.
    #[inline]
    pub(super) fn finish_line(&mut self, kind: LineKind) -> Option<bool> {
        match kind {
            LineKind::Field(Field::Data) => {
                self.data_line(b"\n");
                None
            }
            LineKind::Field(field) => {
                self.finish_other_field(field);
                None
            }
            LineKind::Comment => self.wants.comments.then(|| self.rare().text_cut),
            LineKind::Unknown => self.wants.unknown_lines.then(|| self.rare().text_cut),
        }
    }

    fn finish_other_field(&mut self, field: Field) {
        match field {
            Field::Data | Field::Event => {}
            Field::Id => {
                self.begun = true;
                let rare = self.rare();
                if !rare.text_cut && !rare.text.contains(&0) {
                    rare.has_next_id = true;
                    core::mem::swap(&mut rare.text, &mut rare.next_id);
                }
            }
            Field::Retry => {
                let digits = self.rare().digits;
                self.set_retry(digits);
            }
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// Makes `buffer` hold just these bytes.
fn replace(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(bytes);
}
