//! The engine of stage 1: takes input, finds items, says where they lie.
//!
//! Two ways lead to an event. The quick one: nothing is pending, and the input begins with one data line and a blank
//! line. The other goes line by line and can stop and go on at any byte. Both only note *places* (in this input, or in a
//! buffer of the framer); the view is built once, on demand. Whatever of an event has been read when an input ends is
//! copied to the buffers; an event whose lines all lie in one input is copied only if it has several data lines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::event::Extent;
use super::line::{Field, Line, Retry};
use super::scan::LineScanner;
use super::{Event, EventKind};
use crate::limits::LimitKind;
use crate::{Error, ErrorKind, Limits};

/// The byte order mark that may open a stream.
const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// A buffer of at most so many bytes is never given back.
const KEEP: usize = 512;

/// What the end of the input left over.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// Nothing: after the last blank line came at most whole lines that are no part of an event.
    Nothing,
    /// An event without its blank line: discarded, as the standard says, or what [`Framer::next`] now hands out, if
    /// [`Framer::incomplete`] asked for it.
    Incomplete,
    /// The bytes of an unfinished line that is no part of an event: a comment, `retry`, or no field at all, such as a
    /// JSON document without a line end.
    Line,
}

/// Splits bytes into events.
///
/// Give it the bytes of the stream in pieces of any size. It takes from the input only what it needs for one item, so
/// call [`next`](Self::next) until it gives `None`; what is left of an input is always the next part of the stream.
///
/// ```
/// use deltawire::Framer;
///
/// let mut framer = Framer::new();
/// let mut seen = Vec::new();
/// for mut input in [&b"data: on"[..], b"e\n\ndata: two\n", b"\n"] {
///     while let Some(event) = framer.next(&mut input) {
///         seen.push(event?.data().to_vec());
///     }
/// }
/// assert_eq!(seen, [b"one", b"two"]);
/// # Ok::<(), deltawire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Framer {
    /// Stream offset of the next byte, and of the first byte of the item at hand.
    offset: u64,
    start: u64,
    scanner: LineScanner,
    /// What the last call found.
    item: Option<Item>,
    /// Data of the event at hand, if `has_data`; else of the item that the last call found.
    carry: Vec<u8>,
    /// Buffers that few streams need.
    rare: Option<Box<Rare>>,
    limits: FramerLimits,
    /// Most bytes of `carry` that a run of events needed which all needed less than a quarter of it, and their number.
    peak: usize,
    small_events: u8,
    /// Nothing is pending: a line begins, no event has begun, the item found last ended where the input now begins.
    at_rest: bool,
    line: LineState,
    /// Bytes of the byte order mark seen; 3 once it is settled whether there is one.
    bom: u8,
    /// The last line ended in CR: an LF that follows belongs to it.
    skip_lf: bool,
    /// The event at hand has data in `carry`.
    has_data: bool,
    /// The event at hand has a type in `rare`.
    has_type: bool,
    /// The event at hand is over this limit.
    damage: Option<LimitKind>,
    ended: bool,
    /// At the end: the event at hand is still to be handed out.
    owed: bool,
    wants: Wants,
}

/// What is handed out on request.
#[derive(Clone, Copy, Debug, Default)]
struct Wants {
    comments: bool,
    unknown_lines: bool,
    incomplete: bool,
}

/// The limits that this stage enforces.
#[derive(Clone, Copy, Debug)]
struct FramerLimits {
    data: usize,
    event_type: usize,
    id: usize,
    comment: usize,
    unknown_line: usize,
}

/// Buffers that few streams need.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// The type of the event at hand, or of the item found last.
    event_type: Vec<u8>,
    /// The last event id: committed, and as the event at hand will commit it.
    id: Vec<u8>,
    next_id: Vec<u8>,
    has_next_id: bool,
    /// The value of the unfinished line at hand (id, comment, unknown line), or the item found last.
    text: Vec<u8>,
    text_cut: bool,
    /// The value of an unfinished `retry` line.
    digits: Retry,
    retry: Option<u64>,
}

/// An unfinished line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineState {
    /// None: a line begins.
    Start,
    /// So many bytes that begin the name of a field.
    Name(u8, [u8; Field::LONGEST]),
    /// Past the colon, and past the space that may follow it once that is settled.
    Value { of: Part, settled: bool },
}

/// Where the rest of an unfinished line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Field(Field),
    Comment,
    Unknown,
    /// Nowhere: a comment or an unknown line that nobody asked for.
    Ignored,
}

/// What a call found, as places.
#[derive(Clone, Copy, Debug)]
struct Item {
    kind: ItemKind,
    data: Place,
    event_type: Place,
    /// All of its span lies in the input.
    whole: bool,
    cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemKind {
    Event(EventKind),
    Error(ErrorKind),
}

/// Where bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Input(usize, usize),
    Held,
}

/// The places in the input at hand of what the event at hand has so far.
#[derive(Clone, Copy, Debug, Default)]
struct Here {
    data: Option<(usize, usize)>,
    event_type: Option<(usize, usize)>,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// A framer with default limits. Allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }

    /// A framer with these limits. Allocates nothing.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            offset: 0,
            start: 0,
            scanner: LineScanner::default(),
            item: None,
            carry: Vec::new(),
            rare: None,
            limits: FramerLimits {
                data: limits.event_data,
                event_type: limits.event_type,
                id: limits.event_id,
                comment: limits.comment,
                unknown_line: limits.unknown_line,
            },
            peak: 0,
            small_events: 0,
            at_rest: false,
            line: LineState::Start,
            bom: 0,
            skip_lf: false,
            has_data: false,
            has_type: false,
            damage: None,
            ended: false,
            owed: false,
            wants: Wants::default(),
        }
    }

    /// Whether comment lines are items too, each as soon as its line ends. Default: no.
    #[must_use]
    pub fn comments(mut self, wanted: bool) -> Self {
        self.wants.comments = wanted;
        self
    }

    /// Whether lines that are no known field and no comment are items too, each as soon as its line ends. Default: no.
    #[must_use]
    pub fn unknown_lines(mut self, wanted: bool) -> Self {
        self.wants.unknown_lines = wanted;
        self
    }

    /// Whether an event that the end of the input cuts short is handed out, as [`EventKind::Incomplete`]: as if a line
    /// end and a blank line had come, but that its id is not committed. Default: no, it is discarded, as the standard
    /// says.
    #[must_use]
    pub fn incomplete(mut self, wanted: bool) -> Self {
        self.wants.incomplete = wanted;
        self
    }

    /// Moves to the next item and takes its bytes from the front of `input`: `false` when the input is used up.
    ///
    /// The item is then what [`event`](Self::event) shows. Each byte is looked at at most twice, however the stream is
    /// cut into inputs.
    #[inline]
    pub fn advance(&mut self, input: &mut &[u8]) -> bool {
        self.scanner.begin(input);
        if self.at_rest { self.advance_quick(input) } else { self.advance_by_lines(input, None) }
    }

    /// The item that the last [`advance`](Self::advance) moved to; `None` when it gave `false`.
    ///
    /// `input` is the slice as it stood *before* that call, since the event may lie in it. (Given another slice, the
    /// event is nonsense, but nothing worse.)
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: this event is over a limit; the framer goes on after it.
    #[inline]
    pub fn event<'a>(&'a self, input: &'a [u8]) -> Option<Result<Event<'a>, Error>> {
        let item = self.item.as_ref()?;
        let kind = match item.kind {
            ItemKind::Event(kind) => kind,
            ItemKind::Error(kind) => return Some(Err(Error::new(kind, self.start))),
        };
        let rare = self.rare.as_deref();
        let length = self.offset - self.start;
        Some(Ok(Event {
            event_type: match item.event_type {
                Place::Nowhere => b"",
                Place::Input(from, to) => input.get(from..to).unwrap_or_default(),
                Place::Held => rare.map_or(&[], |rare| &rare.event_type),
            },
            data: match item.data {
                Place::Nowhere => b"",
                Place::Input(from, to) => input.get(from..to).unwrap_or_default(),
                Place::Held if matches!(kind, EventKind::Event | EventKind::Incomplete) => &self.carry,
                Place::Held => rare.map_or(&[], |rare| &rare.text),
            },
            last_event_id: rare.map_or(&[], |rare| &rare.id),
            start: self.start,
            extent: match input.get(..length as usize) {
                Some(raw) if item.whole => Extent::Whole(raw),
                _ => Extent::Length(length),
            },
            kind,
            cut: item.cut,
        }))
    }

    /// The next item, its bytes taken from the front of `input`: [`advance`](Self::advance), then
    /// [`event`](Self::event). `None` when the input is used up.
    ///
    /// # Errors
    /// As [`event`](Self::event): damage of one event; the framer goes on.
    #[inline]
    pub fn next<'f, 'i: 'f>(&'f mut self, input: &mut &'i [u8]) -> Option<Result<Event<'f>, Error>> {
        let before = *input;
        if self.advance(input) { self.event(before) } else { None }
    }

    /// Marks the end of the input, and says what it left over.
    ///
    /// Then call [`next`](Self::next) with an empty input until it gives `None`: there may be an unfinished comment or
    /// unknown line, an incomplete event (each if asked for), or the damage report of an oversized one. After that,
    /// every input that is not empty is one [`ErrorKind::FedAfterEnd`], until [`reset`](Self::reset).
    pub fn end(&mut self) -> Leftover {
        if self.ended {
            return Leftover::Nothing;
        }
        self.settle();
        self.ended = true;
        self.at_rest = false;
        if (1..3).contains(&self.bom) {
            self.take(&BOM[..usize::from(self.bom)]);
        }
        let unfinished = self.line;
        let field = match unfinished {
            LineState::Name(len, name) => Field::named(&name[..usize::from(len)]),
            LineState::Value { of: Part::Field(field), .. } => Some(field),
            _ => None,
        };
        let begun = self.has_begun() || field.is_some_and(|field| field != Field::Retry);
        // An unfinished id or retry line is not processed; what the others hold is in its place already.
        if let LineState::Value { of: Part::Field(_), .. } = unfinished {
            self.line = LineState::Start;
        }
        self.owed = true;
        if begun {
            Leftover::Incomplete
        } else if unfinished != LineState::Start {
            Leftover::Line
        } else {
            Leftover::Nothing
        }
    }

    /// The last event id, as sent: committed by the last blank line, or as [seeded](Self::set_last_event_id). Empty when
    /// there is none. Send it as `Last-Event-ID` when reconnecting.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.rare.as_deref().map_or(&[], |rare| &rare.id)
    }

    /// Seeds the last event id, for a stream that goes on where another broke off.
    pub fn set_last_event_id(&mut self, id: &[u8]) {
        replace(&mut self.rare().id, id);
    }

    /// The reconnection time that the stream asked for last, in milliseconds. In force as soon as its line ends.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.rare.as_deref().and_then(|rare| rare.retry)
    }

    /// Bytes of the stream taken so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the item that was found last lies in the stream, in bytes, damage too; when the last call found none, the
    /// bytes taken that belong to no item yet.
    #[must_use]
    pub const fn span(&self) -> Range<u64> {
        self.start..self.offset
    }

    /// Bytes held on the heap, capacity included.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.carry.capacity()
            + self.rare.as_deref().map_or(0, |rare| {
                size_of::<Rare>()
                    + rare.event_type.capacity()
                    + rare.id.capacity()
                    + rare.next_id.capacity()
                    + rare.text.capacity()
            })
    }

    /// Forgets the stream, its last event id and retry too; keeps the buffers, the limits and what was asked for.
    pub fn reset(&mut self) {
        let mut fresh = Self {
            carry: core::mem::take(&mut self.carry),
            rare: self.rare.take(),
            limits: self.limits,
            peak: self.peak,
            small_events: self.small_events,
            wants: self.wants,
            ..Self::new()
        };
        fresh.carry.clear();
        if let Some(rare) = &mut fresh.rare {
            rare.id.clear();
            rare.has_next_id = false;
            rare.retry = None;
        }
        *self = fresh;
    }

    /// One data line and a blank line at the front of the input, nothing pending; all else goes by lines.
    #[inline]
    fn advance_quick(&mut self, input: &mut &[u8]) -> bool {
        let bytes = *input;
        let Some(value) = bytes.strip_prefix(b"data:") else {
            return self.advance_by_lines(input, None);
        };
        let from = 5 + usize::from(value.first() == Some(&b' '));
        let mut end = self.scanner.lf(bytes, from);
        if !self.scanner.is_clear(bytes, from, end) {
            end = self.scanner.cr(bytes);
        } else if let Some([b'\n', b'\n']) = bytes.get(end..end + 2)
            && end - from <= self.limits.data
        {
            let used = end + 2;
            self.start = self.offset;
            self.offset += used as u64;
            self.item = Some(Item {
                kind: ItemKind::Event(EventKind::Event),
                data: Place::Input(from, end),
                event_type: Place::Nowhere,
                whole: true,
                cut: false,
            });
            *input = &bytes[used..];
            self.scanner.leave(bytes.len() - used);
            if self.carry.capacity() > KEEP {
                self.note_need(0);
            }
            return true;
        }
        self.advance_by_lines(input, Some(end))
    }

    /// Goes line by line. `first_end` is where the first line ends, if that is known.
    #[inline(never)]
    fn advance_by_lines(&mut self, input: &mut &[u8], mut first_end: Option<usize>) -> bool {
        let bytes = *input;
        self.settle();
        if self.ended {
            return self.advance_past_end(input);
        }
        let mut at = 0;
        if self.bom < 3 {
            at = self.take_bom(bytes);
        }
        if self.line != LineState::Start {
            let end = self.scanner.line_end(bytes, at);
            self.take(&bytes[at..end]);
            at = end;
            if let Some(&line_end) = bytes.get(end) {
                at = end + 1;
                self.skip_lf = line_end == b'\r';
                if let Some((kind, cut)) = self.finish_line() {
                    return self.found(input, at, ItemKind::Event(kind), Place::Held, Place::Nowhere, cut);
                }
            }
        }
        let mut here = Here::default();
        while let Some(&first) = bytes.get(at) {
            if self.skip_lf {
                self.skip_lf = false;
                if first == b'\n' {
                    at += 1;
                    continue;
                }
            }
            if first == b'\n' || first == b'\r' {
                at += 1;
                self.skip_lf = first == b'\r';
                if let Some(kind) = self.dispatch(here.data.is_some()) {
                    let data = here.data.map_or(Place::Held, |(from, to)| Place::Input(from, to));
                    let event_type = match here.event_type {
                        Some((from, to)) => Place::Input(from, to),
                        None if self.has_type => Place::Held,
                        None => Place::Nowhere,
                    };
                    self.has_type = false;
                    return self.found(input, at, kind, data, event_type, false);
                }
                here = Here::default();
                continue;
            }
            let end = match first_end.take() {
                Some(end) => end,
                None => self.scanner.line_end(bytes, at),
            };
            let line = &bytes[at..end];
            if end == bytes.len() {
                self.keep(bytes, &mut here);
                self.take(line);
                at = end;
                break;
            }
            let from = at;
            at = end + 1;
            self.skip_lf = bytes[end] == b'\r';
            match Line::read(line) {
                Line::Field(Field::Data, value) => {
                    self.data_line(bytes, &mut here, from + value.start, from + value.end)
                }
                Line::Field(Field::Event, value) => {
                    if value.len() <= self.limits.event_type {
                        here.event_type = Some((from + value.start, from + value.end));
                    } else {
                        self.damage(LimitKind::EventType);
                    }
                }
                Line::Field(Field::Id, value) => self.id_line(&line[value]),
                Line::Field(Field::Retry, value) => {
                    let mut digits = Retry::Empty;
                    digits.take(&line[value]);
                    self.retry_line(digits);
                }
                Line::Comment(value) if self.wants.comments => {
                    let cut = value.len() > self.limits.comment;
                    let to = from + value.end.min(value.start + self.limits.comment);
                    let text = Place::Input(from + value.start, to);
                    self.keep(bytes, &mut here);
                    return self.found(input, at, ItemKind::Event(EventKind::Comment), text, Place::Nowhere, cut);
                }
                Line::Unknown if self.wants.unknown_lines => {
                    let cut = line.len() > self.limits.unknown_line;
                    let text = Place::Input(from, end.min(from + self.limits.unknown_line));
                    self.keep(bytes, &mut here);
                    return self.found(input, at, ItemKind::Event(EventKind::UnknownLine), text, Place::Nowhere, cut);
                }
                Line::Comment(_) | Line::Unknown => {}
            }
        }
        self.keep(bytes, &mut here);
        self.offset += at as u64;
        *input = &[];
        self.scanner.leave(0);
        self.at_rest = self.offset == self.start && self.is_between_events();
        false
    }

    /// After the end: what is still owed, then nothing; any input is misuse.
    #[cold]
    fn advance_past_end(&mut self, input: &mut &[u8]) -> bool {
        if self.line != LineState::Start {
            if let Some((kind, cut)) = self.finish_line() {
                return self.found_at_end(ItemKind::Event(kind), Place::Held, Place::Nowhere, cut);
            }
        }
        if core::mem::take(&mut self.owed) {
            if let Some(kind) = self.damage.take() {
                return self.found_at_end(
                    ItemKind::Error(ErrorKind::Limit(kind)),
                    Place::Nowhere,
                    Place::Nowhere,
                    false,
                );
            }
            if self.has_data && self.wants.incomplete {
                let event_type = if self.has_type { Place::Held } else { Place::Nowhere };
                return self.found_at_end(ItemKind::Event(EventKind::Incomplete), Place::Held, event_type, false);
            }
        }
        if input.is_empty() {
            return false;
        }
        let used = input.len();
        self.found(input, used, ItemKind::Error(ErrorKind::FedAfterEnd), Place::Nowhere, Place::Nowhere, false)
    }

    fn found_at_end(&mut self, kind: ItemKind, data: Place, event_type: Place, cut: bool) -> bool {
        self.item = Some(Item { kind, data, event_type, whole: false, cut });
        true
    }

    /// Notes an item that ends `used` bytes into the input, and takes them.
    fn found(
        &mut self,
        input: &mut &[u8],
        used: usize,
        kind: ItemKind,
        data: Place,
        event_type: Place,
        cut: bool,
    ) -> bool {
        let whole = self.start == self.offset;
        self.item = Some(Item { kind, data, event_type, whole, cut });
        self.offset += used as u64;
        *input = &input[used..];
        self.scanner.leave(input.len());
        self.at_rest = data != Place::Held && self.is_between_events();
        true
    }

    /// Whether a line begins that is the first of an event, and the quick way may be tried.
    fn is_between_events(&self) -> bool {
        self.line == LineState::Start
            && self.bom == 3
            && !self.skip_lf
            && !self.ended
            && !self.scanner.cr_lines()
            && !self.has_begun()
    }

    /// Whether a field of an event has been read since the last blank line (but what is only in the input at hand).
    fn has_begun(&self) -> bool {
        self.has_data
            || self.has_type
            || self.damage.is_some()
            || self.rare.as_deref().is_some_and(|rare| rare.has_next_id)
    }

    /// Drops the item that the last call found.
    fn settle(&mut self) {
        if self.item.take().is_some() {
            self.start = self.offset;
        }
        if !self.has_data {
            self.carry.clear();
        }
        if self.line == LineState::Start {
            if let Some(rare) = &mut self.rare {
                rare.text.clear();
                rare.text_cut = false;
                if rare.text.capacity() > KEEP.max(self.limits.comment) {
                    rare.text = Vec::new();
                }
            }
        }
    }

    /// Takes what belongs to a byte order mark; gives how many bytes of the input that was.
    #[cold]
    fn take_bom(&mut self, bytes: &[u8]) -> usize {
        let seen = usize::from(self.bom);
        let more = BOM[seen..].iter().zip(bytes).take_while(|(mark, byte)| mark == byte).count();
        if more == bytes.len() && seen + more < 3 {
            self.bom += more as u8;
            return more;
        }
        self.bom = 3;
        if seen + more == 3 {
            return more;
        }
        // No mark: what looked like one begins the first line.
        self.take(&BOM[..seen]);
        0
    }

    /// Copies to the buffers what so far lies only in the input.
    fn keep(&mut self, bytes: &[u8], here: &mut Here) {
        if let Some((from, to)) = here.data.take() {
            self.has_data = true;
            self.append_data(&bytes[from..to]);
        }
        if let Some((from, to)) = here.event_type.take() {
            self.has_type = true;
            replace(&mut self.rare().event_type, &bytes[from..to]);
        }
    }

    /// A blank line: what it dispatches, if anything.
    fn dispatch(&mut self, data_here: bool) -> Option<ItemKind> {
        if let Some(rare) = &mut self.rare {
            if core::mem::take(&mut rare.has_next_id) {
                core::mem::swap(&mut rare.id, &mut rare.next_id);
            }
        }
        let kind = match self.damage.take() {
            Some(limit) => ItemKind::Error(ErrorKind::Limit(limit)),
            None if data_here || self.has_data => ItemKind::Event(EventKind::Event),
            None => {
                self.has_type = false;
                return None;
            }
        };
        self.has_data = false;
        if self.carry.capacity() > KEEP {
            self.note_need(if data_here { 0 } else { self.carry.len() });
        }
        Some(kind)
    }

    /// A whole data line; its value lies in the input.
    fn data_line(&mut self, bytes: &[u8], here: &mut Here, from: usize, to: usize) {
        if !self.has_data && here.data.is_none() {
            if to - from > self.limits.data {
                self.damage(LimitKind::EventData);
            } else if self.damage.is_none() {
                here.data = Some((from, to));
            }
            return;
        }
        if let Some((from, to)) = here.data.take() {
            self.has_data = true;
            self.append_data(&bytes[from..to]);
        }
        self.append_data(b"\n");
        self.append_data(&bytes[from..to]);
    }

    fn append_data(&mut self, bytes: &[u8]) {
        let need = self.carry.len() + bytes.len();
        if self.damage.is_some() {
            return;
        }
        if need > self.limits.data {
            self.damage(LimitKind::EventData);
            return;
        }
        if need > self.carry.capacity() {
            let room = need.next_power_of_two().clamp(64.min(self.limits.data), self.limits.data);
            self.carry.reserve_exact(room - self.carry.len());
        }
        self.carry.extend_from_slice(bytes);
    }

    /// The event at hand is over this limit: its data is dropped, its other fields are still read.
    #[cold]
    fn damage(&mut self, limit: LimitKind) {
        self.damage.get_or_insert(limit);
        self.carry.clear();
    }

    fn id_line(&mut self, id: &[u8]) {
        if id.len() > self.limits.id {
            self.damage(LimitKind::EventId);
        } else if !id.contains(&0) {
            let rare = self.rare();
            rare.has_next_id = true;
            replace(&mut rare.next_id, id);
        }
    }

    fn retry_line(&mut self, digits: Retry) {
        if let Retry::Value(milliseconds) = digits {
            self.rare().retry = Some(milliseconds);
        }
    }

    /// Takes a part of a line whose end is not in sight.
    fn take(&mut self, mut part: &[u8]) {
        if self.line == LineState::Start && !part.is_empty() {
            self.line = LineState::Name(0, [0; Field::LONGEST]);
        }
        while let LineState::Name(len, mut name) = self.line {
            let Some((&byte, rest)) = part.split_first() else { return };
            let len = usize::from(len);
            let field = Field::named(&name[..len]);
            if byte == b':' && (len == 0 || field.is_some()) {
                part = rest;
                let of = match field {
                    Some(field) => self.begin_field(field),
                    None => self.begin_comment(),
                };
                self.line = LineState::Value { of, settled: false };
                break;
            }
            if len < name.len() {
                name[len] = byte;
                if Field::may_begin(&name[..=len]) {
                    part = rest;
                    self.line = LineState::Name(len as u8 + 1, name);
                    continue;
                }
            }
            let of = self.begin_unknown(&name[..len]);
            self.line = LineState::Value { of, settled: true };
        }
        let LineState::Value { of, settled } = self.line else { return };
        if !settled && !part.is_empty() {
            self.line = LineState::Value { of, settled: true };
            part = part.strip_prefix(b" ").unwrap_or(part);
        }
        match of {
            Part::Field(Field::Data) => self.append_data(part),
            Part::Field(Field::Event) => {
                let limit = self.limits.event_type;
                let event_type = &mut self.rare().event_type;
                if event_type.len() + part.len() > limit {
                    self.damage(LimitKind::EventType);
                } else {
                    event_type.extend_from_slice(part);
                }
            }
            Part::Field(Field::Id) => {
                self.append_text(part, self.limits.id);
                if self.rare().text_cut {
                    self.damage(LimitKind::EventId);
                }
            }
            Part::Field(Field::Retry) => self.rare().digits.take(part),
            Part::Comment => self.append_text(part, self.limits.comment),
            Part::Unknown => self.append_text(part, self.limits.unknown_line),
            Part::Ignored => {}
        }
    }

    /// The value of this field begins.
    fn begin_field(&mut self, field: Field) -> Part {
        match field {
            Field::Data if self.has_data => self.append_data(b"\n"),
            Field::Data => self.has_data = true,
            Field::Event => {
                self.has_type = true;
                self.rare().event_type.clear();
            }
            Field::Id => {}
            Field::Retry => self.rare().digits = Retry::Empty,
        }
        Part::Field(field)
    }

    fn begin_comment(&mut self) -> Part {
        if self.wants.comments { Part::Comment } else { Part::Ignored }
    }

    /// A line that is no known field begins so.
    fn begin_unknown(&mut self, name: &[u8]) -> Part {
        if !self.wants.unknown_lines {
            return Part::Ignored;
        }
        self.append_text(name, self.limits.unknown_line);
        Part::Unknown
    }

    /// Appends to the value of the line at hand, up to a limit.
    fn append_text(&mut self, bytes: &[u8], limit: usize) {
        let rare = self.rare();
        let room = limit - rare.text.len();
        rare.text_cut |= bytes.len() > room;
        rare.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The end of a line that [`take`](Self::take) has taken: the item that it is, if it is one.
    fn finish_line(&mut self) -> Option<(EventKind, bool)> {
        let line = core::mem::replace(&mut self.line, LineState::Start);
        let of = match line {
            LineState::Start => return None,
            LineState::Value { of, .. } => of,
            LineState::Name(len, name) => {
                let name = &name[..usize::from(len)];
                match Field::named(name) {
                    Some(field) => self.begin_field(field),
                    None => self.begin_unknown(name),
                }
            }
        };
        match of {
            Part::Field(Field::Id) => {
                let rare = self.rare();
                if !core::mem::take(&mut rare.text_cut) && !rare.text.contains(&0) {
                    rare.has_next_id = true;
                    core::mem::swap(&mut rare.text, &mut rare.next_id);
                }
                rare.text.clear();
            }
            Part::Field(Field::Retry) => {
                let digits = self.rare().digits;
                self.retry_line(digits);
            }
            Part::Field(Field::Data | Field::Event) | Part::Ignored => {}
            Part::Comment => return Some((EventKind::Comment, self.rare().text_cut)),
            Part::Unknown => return Some((EventKind::UnknownLine, self.rare().text_cut)),
        }
        None
    }

    #[cold]
    fn note_need(&mut self, need: usize) {
        self.peak = self.peak.max(need);
        self.small_events += 1;
        if need >= self.carry.capacity() / 4 {
            self.peak = 0;
            self.small_events = 0;
        } else if self.small_events == 8 {
            // While the event is shown from the carry, its bytes stay.
            self.carry.shrink_to(self.peak);
            self.peak = 0;
            self.small_events = 0;
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
