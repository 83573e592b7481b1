//! The engine of stage 2: the data of an event → its documents.
//!
//! The data are documents one after the other, blanks between them; almost always one. Each is scanned into the decoder's
//! table, and lent as a view until the next is asked for.

use super::chunk::{Chunk, ChunkError};
use super::schema::Chat;
use super::sole::{SoleText, gist, sole_line, sole_text};
use crate::json::cursor::{Fault, MAX_DEPTH, is_blank, skip_blanks, skipped_value_end};
use crate::json::scan::scan;
use crate::json::shape::{Recent, Shapes};
use crate::json::string::push_lossy;
use crate::json::table::{BARE, Doc, Fit, Kind, OwnedText, ROOT, Slot, TEXT, Table};
use crate::json::token::Window;
use crate::sse::Event;
use crate::{Error, ErrorKind, LimitKind, Limits};

/// One document of an event's data.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Document<'a> {
    /// A JSON document.
    Chunk(Chunk<'a>),
    /// The data of an `event: error`, whole: JSON (the error itself, or an object with an `error` in it) or plain text.
    Error(ChunkError<'a>),
    /// `[DONE]`, blanks around it trimmed.
    Done,
    /// Data that begins with `:`, a comment that a proxy wrapped again. The line, colon included.
    Comment(&'a [u8]),
    /// Not JSON: the rest of the data from where the document began, and the fault. Its offset is the event's first byte
    /// in the stream plus the fault's position in the data (for an event of one `data` line the `data:` is not counted).
    NotJson(&'a [u8], Error),
    /// The data lines do not join to JSON but each is a document, `[DONE]` or blank: the documents follow (a notice).
    SplitDataLines,
}

/// The shapes a stream met last: a stream keeps one and hands it to a shared [`Decoder`].
///
/// Six bytes. It holds nothing of the stream, and any is good for any decoder: a wrong one costs time only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecentShapes(Recent);

/// Decodes event data into chunks.
///
/// One decoder serves any number of streams, each with its own [`RecentShapes`]. It remembers up to 64 shapes of chunks
/// (what two chunks of a stream have in common), so that a chunk of a known shape is compared, not parsed; what comes out
/// is the same with and without. It allocates while its buffers grow to the documents it meets, and then no more.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    limits: Limits,
    table: Table,
    fit: Fit,
    shapes: Shapes,
    no_cache: bool,
}

impl Decoder {
    /// A decoder with default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder with these limits; nesting deeper than 128 is refused whatever they say.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The same decoder without its memory of shapes: every chunk is parsed.
    #[must_use]
    pub fn without_cache(mut self) -> Self {
        self.no_cache = true;
        self.clear();
        self
    }

    /// Forgets all shapes and gives their memory back.
    pub fn clear(&mut self) {
        self.shapes.clear();
    }

    /// The heap that it holds, in bytes: at most 12 KiB each for 64 shapes; for the document at hand
    /// up to some 30 bytes a value, and the text that had to be unescaped.
    #[must_use]
    pub fn bytes_held(&self) -> usize {
        self.shapes.bytes_held()
            + self.table.slots.capacity() * size_of::<Slot>()
            + self.table.links.capacity() * size_of::<u32>()
            + self.fit.scratch.capacity()
            + self.fit.owned.capacity() * size_of::<OwnedText>()
    }

    /// The documents of one event, one after the other; `recent` is the stream's own memory.
    #[inline]
    pub fn documents<'d>(&'d mut self, event: Event<'d>, recent: &'d mut RecentShapes) -> Documents<'d> {
        let is_error = event.event_type() == b"error";
        Documents { is_error, ..self.documents_in(event.data(), event.span().start, recent) }
    }

    /// The documents of an event without a type that lies at `start` in the stream.
    #[inline(always)]
    pub(crate) fn documents_in<'d>(
        &'d mut self,
        data: &'d [u8],
        start: u64,
        recent: &'d mut RecentShapes,
    ) -> Documents<'d> {
        Documents {
            data,
            text: "",
            is_error: false,
            start,
            decoder: self,
            recent,
            at: 0,
            met: Met::Nothing,
            held: false,
        }
    }

    /// What the data at the front of `bytes` bring, up to where they end, if they are one chunk that brings one text and
    /// nothing else, of the shape that fitted last. None of these bytes is a line end. `None` says nothing.
    #[inline(always)]
    pub(crate) fn sole_line<'a>(
        &'a mut self,
        bytes: &'a [u8],
        recent: &mut RecentShapes,
        window: &'a mut Window,
    ) -> Option<(SoleText<'a>, usize)> {
        sole_line(&mut self.shapes, &mut self.fit, bytes, &mut recent.0, window)
    }
}

#[cfg(all(test, feature = "std"))]
impl Decoder {
    /// Whether the last chunk fitted a shape.
    pub(super) fn last_was_a_fit(&self) -> bool {
        self.shapes.last_fit
    }
}

#[cfg(all(test, feature = "std"))]
impl RecentShapes {
    pub(super) fn shapes(self) -> [u8; 4] {
        self.0.shapes
    }
}

/// Longer data are refused, so that positions (and text three times as long) fit into 32 bits.
pub(crate) const LONGEST: usize = u32::MAX as usize / 3;

/// The documents of one event's data, in order: see [`Decoder::documents`].
#[derive(Debug)]
pub struct Documents<'d> {
    data: &'d [u8],
    /// The data as text, once they were scanned and if they are UTF-8.
    text: &'d str,
    /// The event's type is `error`.
    is_error: bool,
    /// Where the event lies in the stream.
    start: u64,
    decoder: &'d mut Decoder,
    recent: &'d mut RecentShapes,
    /// Where the next document, or blanks before it, begins.
    at: usize,
    met: Met,
    /// A document was met but a notice goes before it.
    held: bool,
}

/// What was met last, as positions in the data.
#[derive(Clone, Copy, Debug)]
enum Met {
    Nothing,
    /// A document that is read through the scanner's table (0), or a shape's.
    Chunk {
        shape: u8,
    },
    Error,
    Done,
    Comment {
        start: u32,
    },
    NotJson {
        start: u32,
        at: u32,
    },
    TooLong,
}

impl Documents<'_> {
    /// The next document; `None` when the data are used up.
    #[allow(clippy::should_implement_trait)] // it lends
    #[inline(always)]
    pub fn next(&mut self) -> Option<Document<'_>> {
        if self.advance() { self.document() } else { None }
    }

    /// Moves to the next document; `false` when the data are used up.
    #[inline(always)]
    pub fn advance(&mut self) -> bool {
        if self.at == 0 {
            return self.first();
        }
        // One document that fills the data is the rule: all else is out of the way.
        (self.at < self.data.len() || self.held) && self.further()
    }

    /// The document that [`advance`](Self::advance) moved to.
    #[must_use]
    #[inline(always)]
    pub fn document(&self) -> Option<Document<'_>> {
        match self.met {
            Met::Chunk { shape } if !self.held => Some(Document::Chunk(Chunk::new(self.doc(shape)))),
            _ => self.other_document(),
        }
    }

    /// The data, read through the scanner's table (0), or a shape's.
    #[inline(always)]
    fn doc(&self, shape: u8) -> Doc<'_> {
        let Decoder { table, fit, shapes, .. } = &*self.decoder;
        let (table, text) = match shape {
            0 => (table, self.text),
            shape => (shapes.table(shape), &*shapes.table(shape).text),
        };
        Doc { data: self.data, text, table, fit }
    }

    /// The text of a chunk that was moved to and brings nothing else. `None` says nothing: the document has the whole.
    #[inline(always)]
    pub(crate) fn sole_text(&self) -> Option<SoleText<'_>> {
        match self.met {
            Met::Chunk { shape } if shape != 0 && !self.held => sole_text(self.doc(shape)),
            _ => None,
        }
    }

    #[inline(always)] // else the document goes through memory, also the one that is no other
    fn other_document(&self) -> Option<Document<'_>> {
        if self.held {
            return Some(Document::SplitDataLines);
        }
        Some(match self.met {
            Met::Nothing | Met::Chunk { .. } => return None,
            Met::Error => Document::Error(ChunkError::of_event(self.doc(0))),
            Met::Done => Document::Done,
            Met::Comment { start } => Document::Comment(&self.data[start as usize..self.at]),
            Met::NotJson { start, at } => {
                let error = Error::new(ErrorKind::Syntax, self.start + u64::from(at));
                Document::NotJson(&self.data[start as usize..], error)
            }
            Met::TooLong => {
                let error = Error::new(ErrorKind::Limit(LimitKind::EventData), self.start + LONGEST as u64);
                Document::NotJson(self.data, error)
            }
        })
    }

    #[inline(always)]
    fn first(&mut self) -> bool {
        let data = self.data;
        if data.first() == Some(&b'{') && data.len() <= LONGEST && !self.is_error {
            let Decoder { fit, shapes, no_cache, .. } = &mut *self.decoder;
            if !*no_cache && let Some(shape) = shapes.fit(data, &mut self.recent.0, fit) {
                self.at = data.len();
                self.met = Met::Chunk { shape };
                return true;
            }
        }
        self.further()
    }

    #[cold]
    #[inline(never)]
    fn further(&mut self) -> bool {
        if self.held {
            self.held = false;
            return true;
        }
        let start = skip_blanks(self.data, self.at);
        let is_first = self.at == 0;
        self.at = start;
        self.met = self.meet(start);
        self.held = is_first && self.at < self.data.len() && self.are_split_lines();
        !matches!(self.met, Met::Nothing)
    }

    fn meet(&mut self, start: usize) -> Met {
        let rest = &self.data[start..];
        if rest.is_empty() {
            return Met::Nothing;
        }
        if self.data.len() > LONGEST {
            self.at = self.data.len();
            return Met::TooLong;
        }
        if self.is_error {
            return self.meet_error(start);
        }
        if let Some(after) = rest.strip_prefix(b"[DONE]")
            && after.first().is_none_or(|&byte| is_blank(byte))
        {
            self.at = start + 6;
            return Met::Done;
        }
        if rest[0] == b':' {
            self.at = memchr::memchr(b'\n', rest).map_or(self.data.len(), |end| start + end);
            return Met::Comment { start: start as u32 };
        }
        let met = self.scan(start);
        let Decoder { limits, table, fit, shapes, no_cache } = &mut *self.decoder;
        if start == 0
            && self.at == self.data.len()
            && !*no_cache
            && matches!(met, Met::Chunk { .. })
            && let Some(shape) = shapes.miss(self.text, table, fit, limits.depth, &mut self.recent.0)
        {
            shapes.note(shape, gist(shapes.table(shape)));
        }
        met
    }

    /// Scans the document at `start`.
    fn scan(&mut self, start: usize) -> Met {
        let Decoder { limits, table, fit, .. } = &mut *self.decoder;
        if start == 0 {
            // Once for all of its strings, which costs less than each by itself.
            self.text = core::str::from_utf8(self.data).unwrap_or_default();
        }
        match scan::<Chat>(self.data, start, limits.depth, !self.text.is_empty(), table, fit) {
            Ok(end) => {
                crate::steps::count(end - start);
                self.at = end;
                Met::Chunk { shape: 0 }
            }
            Err(Fault(at)) => {
                crate::steps::count(at - start);
                self.at = self.data.len();
                Met::NotJson { start: start as u32, at: at as u32 }
            }
        }
    }

    /// The data of an `event: error` are the error, whatever they are.
    fn meet_error(&mut self, start: usize) -> Met {
        let met = self.scan(start);
        let is_json = matches!(met, Met::Chunk { .. }) && skip_blanks(self.data, self.at) == self.data.len();
        self.at = self.data.len();
        if !is_json {
            let Decoder { table, fit, .. } = &mut *self.decoder;
            // Blanks as `start` knows them: a form feed is none, or the end might lie before the start.
            let end = self.data.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |last| last + 1);
            let slot = Slot {
                start: start as u32,
                end: end as u32,
                kind: Kind::String,
                flags: TEXT | BARE,
                ..Slot::default()
            };
            table.links.clear();
            table.links.push(0);
            table.slots.clear();
            table.slots.extend([Slot::default(), slot]);
            fit.clear();
            let mended = push_lossy(&self.data[start..end], &mut fit.scratch);
            fit.owned.push(OwnedText::new(ROOT, 0..fit.scratch.len(), mended));
        }
        Met::Error
    }

    /// Whether the data are several lines and each is JSON, `[DONE]`, a comment or blank.
    #[cold]
    #[inline(never)]
    fn are_split_lines(&self) -> bool {
        let room = self.decoder.limits.depth.min(MAX_DEPTH);
        crate::steps::count(self.data.len());
        let is_whole = |line: &[u8]| {
            let line = line.trim_ascii();
            line.is_empty()
                || line == b"[DONE]"
                || line[0] == b':'
                || skipped_value_end(line, 0, room) == Ok(line.len())
        };
        let mut lines = self.data.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        lines.clone().nth(1).is_some() && lines.all(is_whole)
    }
}
