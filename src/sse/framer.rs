//! The engine of stage 1: takes input, finds items, says where they lie.
//!
//! Two ways lead to an event. The quick one: nothing is pending, and the input begins with one data line and a blank
//! line. The other goes line by line, and can stop and go on at any byte (`by_lines`). Both only note *places* (in this input, or
//! held by the framer); the view is built on demand. Whatever of an event has been read when an input ends is copied to
//! where it is held; an event whose lines all lie in one input is copied only if it has several data lines.
//!
//! LF and CR are searched together, so that each byte is searched once and nothing about the input is remembered.

mod by_lines;

use core::ops::Range;

use memchr::memchr2;

use super::event::Extent;
use super::held::Held;
use super::line::{BOM, Field, LineKind, PastSpace, Progress};
use super::{Event, EventKind};
use crate::{Error, ErrorKind, Limits};

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
///
/// # Guarantees
///
/// - **Exact.** For every sequence of bytes, cut in any way, it gives what the standard says. Deviations: none. What the
///   standard does not speak of is off unless asked for: [comments](Self::comments),
///   [unknown lines](Self::unknown_lines), an [incomplete last event](Self::incomplete).
/// - **At once.** An event comes with the byte that completes it: also when that is a lone CR. (An LF that follows is then
///   swallowed, and lies in the span of the next event.)
/// - **Borrowed.** An event whose lines all lie in one input is a slice of that input, if it has one data line; its type
///   too. Only what straddles inputs, or has several data lines, is copied, once, to a buffer of the framer. Ids are
///   copied, since they outlive their event.
/// - **Linear.** Each byte is searched for a line end once, whatever the cuts. Nothing is ever scanned again.
/// - **No allocation** after warm-up, but for an event of more than 512 bytes that straddles inputs or has several data
///   lines, when the buffer does not hold it.
/// - **Bounded.** See the table. Buffers of more than 512 bytes are given back after 8 events in a row that needed less
///   than a quarter of them. What is not asked for is not held, not counted, and need not be UTF-8.
/// - **Small.** A framer is 104 bytes (on 64-bit machines), and between events it holds nothing else as long as events lie
///   whole in their inputs; of a chat stream whose events straddle them, 512 bytes; ids, and types that straddle, 152 more
///   and their lengths.
/// - **Every byte accounted for.** [Spans](Event::span) tile the stream, and [`Event::raw`] is there to forward what came.
///
/// # Limits
///
/// | [limit](crate::Limits) | default | exactly at it | one byte over | the stream then |
/// |---|---|---|---|---|
/// | `event_data`: one event's data, with the LF between data lines | 64 MiB | passes | that event is an error | goes on after the event's blank line |
/// | `event_type`: one `event` field's value | 1 KiB | passes | that event is an error | goes on after the event's blank line |
/// | `event_id`: one `id` field's value | 4 KiB | passes | that event is an error, and the id is not set | goes on after the event's blank line |
/// | `comment`: a comment, if asked for | 1 KiB | passes | it is [cut](Event::is_cut) | goes on after the line |
/// | `unknown_line`: an unknown line, if asked for | 64 KiB | passes | it is [cut](Event::is_cut) | goes on after the line |
///
/// The error names the limit that was passed first and the offset where the event starts; it comes at the event's blank
/// line, or at the [end](Self::end) of the stream, once. The event's other fields are still read: its `id` is
/// committed, its `retry` holds.
#[derive(Clone, Debug)]
pub struct Framer {
    /// Stream offset of the next byte, and of the first byte of the item at hand.
    offset: u64,
    start: u64,
    /// What the last call found.
    found: Found,
    held: Held,
    /// The line that the last input cut.
    line: Progress,
    rest: Rest,
    /// The last line ended in CR: an LF that follows belongs to it.
    skip_lf: bool,
    /// Bytes of the byte order mark seen; 3 once it is settled whether there is one.
    bom: u8,
    /// The input has ended; then whether the event at hand is still to be handed out.
    ended: bool,
    owed: bool,
    /// Bytes searched for line ends.
    #[cfg(any(test, fuzzing))]
    pub(super) steps: u64,
}

/// Amid a data line's value.
const DATA_GOES_ON: Progress = Progress::Value(LineKind::Field(Field::Data), PastSpace::Yes);

/// Whether a line begins and nothing is held of an event: then a quick way may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    No,
    /// Yes, and bytes were taken that belong to no item yet.
    Skipped,
    /// Yes, and the line is the first of an item.
    Yes,
}

/// What a call found, as places.
#[derive(Clone, Copy, Debug)]
enum Found {
    Nothing,
    /// An event that is one data line and a blank line at the front of the input; the value begins here.
    Quick(u8),
    Item(Item),
    Error(ErrorKind),
}

#[derive(Clone, Copy, Debug)]
struct Item {
    data: Place,
    event_type: Place,
    kind: EventKind,
    /// All of its span lies in the input.
    whole: bool,
    cut: bool,
}

/// Where bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    /// From here to there; an input is looked at 4 GiB at a time.
    Input(u32, u32),
    Held,
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Self::Input(range.start as u32, range.end as u32)
    }
}

impl Place {
    #[inline]
    fn of<'a>(self, input: &'a [u8], held: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Nowhere => b"",
            Self::Input(from, to) => input.get(from as usize..to as usize).unwrap_or_default(),
            Self::Held => held,
        }
    }
}

/// Where in this input the data line and the type of the event at hand lie.
#[derive(Clone, Debug, Default)]
struct Here {
    data: Option<Range<usize>>,
    event_type: Option<Range<usize>>,
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
        Self::with_held(Held::new(limits))
    }

    fn with_held(held: Held) -> Self {
        Self {
            offset: 0,
            start: 0,
            found: Found::Nothing,
            held,
            line: Progress::Start,
            rest: Rest::No,
            skip_lf: false,
            bom: 0,
            ended: false,
            owed: false,
            #[cfg(any(test, fuzzing))]
            steps: 0,
        }
    }

    /// Whether comment lines are items too, each as soon as its line ends. Default: no.
    #[must_use]
    pub fn comments(mut self, wanted: bool) -> Self {
        self.held.wants.comments = wanted;
        self
    }

    /// Whether lines that are no known field and no comment are items too, each as soon as its line ends. Default: no.
    #[must_use]
    pub fn unknown_lines(mut self, wanted: bool) -> Self {
        self.held.wants.unknown_lines = wanted;
        self
    }

    /// Whether an event that the end of the input cuts short is handed out, as [`EventKind::Incomplete`]: as if a line
    /// end and a blank line had come, but that its id is not committed. Default: no, it is discarded, as the standard
    /// says.
    #[must_use]
    pub fn incomplete(mut self, wanted: bool) -> Self {
        self.held.wants.incomplete = wanted;
        self
    }

    /// Moves to the next item and takes its bytes from the front of `input`: `false` when the input is used up.
    ///
    /// The item is then what [`event`](Self::event) shows. Each byte is searched for a line end once, however the stream
    /// is cut into inputs.
    #[inline]
    pub fn advance(&mut self, input: &mut &[u8]) -> bool {
        match (self.rest, input.first()) {
            (Rest::Yes, Some(b'd')) => self.advance_quick(input),
            (Rest::Yes | Rest::Skipped, Some(b':')) => self.advance_past_comment(input),
            _ => self.advance_by_lines(input, None),
        }
    }

    /// The item that the last [`advance`](Self::advance) moved to; `None` when it gave `false`.
    ///
    /// `input` is the slice as it stood *before* that call, since the item may lie in it. (Given another slice, the
    /// item's bytes are not those of the stream, but nothing worse.)
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: this event is over a limit. It is skipped; the framer goes on after it.
    #[inline]
    pub fn event<'a>(&'a self, input: &'a [u8]) -> Option<Result<Event<'a>, Error>> {
        let length = self.offset - self.start;
        let span = input.get(..length as usize);
        match &self.found {
            Found::Nothing => None,
            Found::Quick(from) => {
                let raw = span.unwrap_or_default();
                Some(Ok(Event {
                    event_type: b"",
                    data: raw.get(usize::from(*from)..raw.len().saturating_sub(2)).unwrap_or_default(),
                    last_event_id: self.held.last_event_id(),
                    start: self.start,
                    extent: Extent::Whole(raw),
                    kind: EventKind::Event,
                    cut: false,
                }))
            }
            Found::Item(item) => {
                let held = match item.kind {
                    EventKind::Event | EventKind::Incomplete => self.held.data(),
                    EventKind::Comment | EventKind::UnknownLine => self.held.text(),
                };
                Some(Ok(Event {
                    event_type: item.event_type.of(input, self.held.event_type()),
                    data: item.data.of(input, held),
                    last_event_id: self.held.last_event_id(),
                    start: self.start,
                    extent: span.filter(|_| item.whole).map_or(Extent::Length(length), Extent::Whole),
                    kind: item.kind,
                    cut: item.cut,
                }))
            }
            Found::Error(kind) => Some(Err(Error::new(*kind, self.start))),
        }
    }

    /// The data of the item at hand, when it is an event without a type that is one data line of the input or has its data
    /// held: what nearly all are. Then whether they are held. `input` as for [`event`](Self::event).
    #[inline(always)]
    pub(crate) fn plain_data<'a>(&'a self, input: &'a [u8]) -> Option<(&'a [u8], bool)> {
        match self.found {
            Found::Quick(from) => {
                let length = (self.offset - self.start) as usize;
                Some((input.get(usize::from(from)..length.saturating_sub(2))?, false))
            }
            Found::Item(Item { data: Place::Held, event_type: Place::Nowhere, kind: EventKind::Event, .. }) => {
                Some((self.held.data(), true))
            }
            _ => None,
        }
    }

    /// The input from where the value of a data line at its front begins, and where that is, when the line is the first of
    /// an event and nothing is pending.
    #[inline(always)]
    pub(crate) fn line_ahead<'a>(&self, input: &'a [u8]) -> Option<(&'a [u8], u8)> {
        if self.rest != Rest::Yes {
            return None;
        }
        // By branches, which are foreseen: where the value begins must not wait for what the bytes are.
        match input.split_first_chunk() {
            Some((b"data: ", line)) => Some((line, 6)),
            _ => Some((input.strip_prefix(b"data:").filter(|line| !line.is_empty())?, 5)),
        }
    }

    /// Whether a [line ahead](Self::line_ahead) is `length` bytes of data, none of them a line end as the caller knows, and
    /// its event ends with it.
    #[inline(always)]
    pub(crate) fn is_event_ahead(&self, line: &[u8], length: usize) -> bool {
        line.get(length..length + 2) == Some(b"\n\n") && length <= self.held.bounds().data
    }

    /// Takes the event that [is ahead](Self::is_event_ahead): as [`advance`](Self::advance), but nothing is searched.
    #[inline(always)]
    pub(crate) fn take_event_ahead(&mut self, input: &mut &[u8], from: u8, length: usize) {
        self.take_quick(input, from, usize::from(from) + length);
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
        self.settle();
        self.rest = Rest::No;
        if self.ended {
            return Leftover::Nothing;
        }
        self.ended = true;
        self.owed = true;
        if self.bom < 3 {
            // What looked like a byte order mark begins the only line.
            self.take(&BOM[..usize::from(self.bom)]);
            self.bom = 3;
        }
        let left = match self.line.field() {
            _ if self.held.begun() => Leftover::Incomplete,
            Some(Field::Data | Field::Event | Field::Id) => Leftover::Incomplete,
            _ if self.line != Progress::Start => Leftover::Line,
            _ => Leftover::Nothing,
        };
        if let Some(Field::Id | Field::Retry) = self.line.field() {
            // These are processed only when their line ends.
            self.line = Progress::Start;
        }
        left
    }

    /// The last event id, as sent: committed by the last blank line, or as [seeded](Self::set_last_event_id). Empty when
    /// there is none. Send it as `Last-Event-ID` when reconnecting.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.held.last_event_id()
    }

    /// Seeds the last event id, for a stream that goes on where another broke off.
    pub fn set_last_event_id(&mut self, id: &[u8]) {
        self.held.set_last_event_id(id);
    }

    /// The reconnection time that the stream asked for last, in milliseconds; in force as soon as its line has ended.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.held.retry()
    }

    /// Bytes of the stream taken so far.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the item that was found last begins in the stream.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// Where the item that was found last lies in the stream, in bytes, damage too. When the last call found none: the
    /// bytes taken that belong to no item yet.
    #[must_use]
    pub const fn span(&self) -> Range<u64> {
        self.start..self.offset
    }

    /// Bytes held on the heap, capacity included.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        self.held.bytes_held()
    }

    /// Bytes searched for line ends so far.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Forgets the stream, its last event id and retry too; keeps the buffers, the limits and what was asked for.
    pub fn reset(&mut self) {
        let mut held = core::mem::replace(&mut self.held, Held::new(Limits::DEFAULT));
        held.reset();
        *self = Self::with_held(held);
    }

    /// One data line and a blank line at the front of the input, nothing pending; all else goes by lines.
    #[inline(always)]
    fn advance_quick(&mut self, input: &mut &[u8]) -> bool {
        let bytes = *input;
        let Some((_, from)) = self.line_ahead(bytes) else { return self.advance_by_lines(input, None) };
        let end = self.line_end(bytes, from.into());
        if let (Some(b'\n'), Some(b'\n')) = (bytes.get(end), bytes.get(end + 1))
            && end - usize::from(from) <= self.held.bounds().data
        {
            self.take_quick(input, from, end);
            return true;
        }
        if end == bytes.len() { self.hold_line(input, from) } else { self.advance_by_lines(input, Some(end)) }
    }

    /// Takes an input that ends amid a data line, whose value begins at `from`.
    #[cold]
    #[inline(never)]
    fn hold_line(&mut self, input: &mut &[u8], from: u8) -> bool {
        self.settle();
        let line = core::mem::take(input);
        self.held.take_value(LineKind::Field(Field::Data), &line[usize::from(from)..]);
        self.line = DATA_GOES_ON;
        self.offset += line.len() as u64;
        self.rest = Rest::No;
        false
    }

    /// Takes an event that is one data line, whose value begins at `from` and ends at `end`, and a blank line.
    #[inline(always)]
    fn take_quick(&mut self, input: &mut &[u8], from: u8, end: usize) {
        self.start = self.offset;
        self.offset += end as u64 + 2;
        self.found = Found::Quick(from);
        self.held.drop_data();
        self.held.note_need(0);
        *input = &input[end + 2..];
    }

    /// A keep-alive that is the whole input: a comment that nobody asked for and a blank line; all else goes by lines.
    fn advance_past_comment(&mut self, input: &mut &[u8]) -> bool {
        let bytes = *input;
        let end = self.line_end(bytes, 1);
        if bytes.get(end..) != Some(b"\n\n") || self.held.wants.comments {
            return self.advance_by_lines(input, Some(end));
        }
        self.settle();
        self.rest = Rest::Skipped;
        self.offset += bytes.len() as u64;
        *input = &[];
        false
    }

    /// Whether a line begins, and nothing is held of an event.
    fn is_between_events(&self) -> bool {
        self.line == Progress::Start && !self.held.begun() && !self.skip_lf && self.bom == 3 && !self.ended
    }

    /// Leaves the item that the last call found.
    #[inline]
    fn settle(&mut self) {
        let held = match self.found {
            Found::Nothing => return,
            Found::Item(Item { data: Place::Held, kind, .. }) => Some(kind),
            _ => None,
        };
        self.found = Found::Nothing;
        self.start = self.offset;
        match held {
            Some(EventKind::Event | EventKind::Incomplete) => self.held.drop_data(),
            Some(EventKind::Comment | EventKind::UnknownLine) => self.held.drop_text(),
            None => {}
        }
    }

    /// The first LF or CR at or after `from`; the input's length if there is none.
    #[inline(always)]
    fn line_end(&mut self, bytes: &[u8], from: usize) -> usize {
        let end = memchr2(b'\n', b'\r', &bytes[from..]).map_or(bytes.len(), |n| from + n);
        #[cfg(any(test, fuzzing))]
        {
            self.steps += ((end + 1).min(bytes.len()) - from) as u64;
            crate::steps::count((end + 1).min(bytes.len()) - from);
        }
        end
    }
}
