//! The shape cache: consecutive documents of one stream are the same bytes but for a few values, so what was scanned once
//! is not parsed again.
//!
//! A **shape** is a document that was scanned without anything to mend, kept as text, with its [`Table`] and the list of
//! its **holes**: the values that vary. A document **fits** when it is the text but for the holes: compare a literal, read
//! a value, compare a literal, …, and the last literal ends the data.
//!
//! ```text
//!  text    {"id":"gen-1","choices":[{"index":0,"delta":{"content":" the"},"finish_reason":null}]}
//!          └──────────────────── literal ──────────────────────────┘ ↑ └───────── literal ─────┘
//!  data    {"id":"gen-1","choices":[{"index":0,"delta":{"content":" weather"},"finish_reason":null}]}
//!  shifts  0 before the hole, +4 after it
//! ```
//!
//! What is clever: structure is never a hole, so a fitting document has the shape's own table, all records, links and
//! chains of it; only positions move, all those between two holes by the same distance. So a fit writes one number a hole
//! ([`Fit::shifts`]), a slot knows how many holes lie before its ends, and whoever reads a slot adds the two. The scanner's
//! tables are read in the same way with no hole before anything. No slot can be stale, for none is ever written by a fit;
//! every fit writes the shift and the text ([`Fit::hole_text`]) of each hole of its shape, and nobody reads others.
//!
//! What must hold, and changes together:
//! - A hole is read by the scanner's own functions ([`string_end`], [`number_end`], [`skipped_value_end`]) with the same
//!   room for nesting, and must be of the kind (and emptiness) that the shape's slot says.
//! - Keys, words (true, false, null) and the containers that the schema looks into are never holes.
//! - Any doubt is a miss: also what would have to be mended (half a surrogate pair, bytes that are not UTF-8). So every
//!   error, offset and mended text is the scanner's.
//! - A text that must be unescaped is a hole from the start; so a constant can be lent as it stands in the shape's text,
//!   which is proven UTF-8, and a constant number can be remembered.
//!
//! **Lines.** The shape that fitted last can also be compared with the front of bytes that go on behind the document
//! ([`Shapes::fit_line`]): where it fits, it ends. Only shapes that can hold no line end take part ([`Shape::is_line`]), so
//! that whoever asks knows the document to lie in one line, and needs no search for its end.
//!
//! **Learning.** A skeleton is learned when it comes for the second time: half of those of a short stream come once, and
//! would cost more to learn than to scan. One shape a skeleton: a document that misses but has the skeleton of a shape
//! replaces it, and what differed is a hole from then on. So `id`, `created` or token counts cost nothing where they stay
//! the same, and one more miss where they do not. The values that the schema expects to vary are holes at once.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::cursor::{MAX_DEPTH, StringEnd, number_end, skip_blanks, skipped_value_end, string_end};
use super::number::small;
use super::table::{EMPTY, Fit, Gist, HOLES, HoleText, KEY, Kind, OPAQUE, Slot, TEXT, Table, VARIES};

/// How many shapes are kept.
pub(crate) const SHAPES: usize = 64;
/// Longer documents are not learned.
const LONGEST: usize = 4 << 10;
/// Nor are those of more values, or of more links: with these three bounds a shape holds at most 12 KiB.
const MOST_SLOTS: usize = 160;
const MOST_LINKS: usize = 640;
/// Misses in a row after which a stream learns less often.
const PATIENCE: u8 = 8;
/// The most misses between two lessons.
const RAREST: u8 = 64;

/// How many skeletons that were met once are remembered.
const MET: usize = 128;

/// The most credit that a shape can earn.
const MOST_CREDIT: u8 = 7;

/// What a stream remembers: the shapes that fitted last, and how often none did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recent {
    /// Numbers of shapes, from 1, the latest first; 0 is none. A number may be another shape by now: it is tried only.
    pub(crate) shapes: [u8; 4],
    /// Misses in a row.
    misses: u8,
    /// Misses until the next lesson.
    wait: u8,
}

#[derive(Clone, Debug)]
struct Shape {
    table: Table,
    holes: SmallVec<[Hole; 2]>,
    /// The first and the last eight bytes (fewer where a hole comes earlier), to tell at a glance what cannot fit.
    head: Glance,
    tail: Glance,
    /// Fits that count when a shape must go: see [`Shapes::place`].
    credit: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Glance {
    mask: u64,
    word: u64,
}

/// A document at the front of some bytes, of which one hole is asked for, a string.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// What the wire's reader noted of the shape.
    pub(crate) gist: Gist,
    /// The first byte of the string, and its end.
    pub(crate) at: usize,
    pub(crate) string: StringEnd,
    /// Where the document ends.
    pub(crate) end: usize,
}

/// A value that varies.
#[derive(Clone, Copy, Debug)]
struct Hole {
    /// Where it lies in the text: see [`Slot`].
    start: u32,
    end: u32,
    kind: Kind,
    /// The slot's.
    flags: u8,
    /// How many containers may be opened in it.
    room: u8,
}

/// The shapes of all streams of a decoder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    /// Where the search for a shape to drop goes on.
    hand: usize,
    /// The heap that the shapes hold.
    bytes: usize,
    /// Prints of skeletons that were met and not learned, the oldest overwritten first.
    met: Vec<u32>,
    next_met: usize,
    #[cfg(test)]
    pub(crate) last_fit: bool,
}

impl Shapes {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn bytes_held(&self) -> usize {
        self.bytes + self.shapes.capacity() * size_of::<Shape>() + self.met.capacity() * size_of::<u32>()
    }

    pub(crate) fn table(&self, number: u8) -> &Table {
        &self.shapes[usize::from(number) - 1].table
    }

    /// Keeps what the wire's reader noted of a shape that was just learned.
    pub(crate) fn note(&mut self, number: u8, mut gist: Gist) {
        let shape = &mut self.shapes[usize::from(number) - 1];
        if !shape.is_line() {
            gist.hole = 0;
        }
        shape.table.gist = gist;
    }

    /// What the shape that fitted last is in `bytes`, which may go on behind the document: all of it but for what only
    /// [`fit`](Self::fit) tells, and only of shapes whose [`Gist`] names a hole. None of its bytes is a line end.
    #[inline(always)]
    pub(crate) fn fit_line(&mut self, bytes: &[u8], recent: &mut Recent) -> Option<Line> {
        let shape = self.shapes.get_mut(usize::from(recent.shapes[0]).wrapping_sub(1))?;
        let line = shape.fit_line(bytes)?;
        (recent.misses, recent.wait) = (0, 0);
        #[cfg(test)]
        {
            self.last_fit = true;
        }
        Some(line)
    }

    /// The number of a shape that `data` fit, all of them; how they do is in `fit`.
    #[inline(always)]
    pub(crate) fn fit(&mut self, data: &[u8], recent: &mut Recent, fit: &mut Fit) -> Option<u8> {
        let shape = self.find(data, recent, fit);
        #[cfg(test)]
        {
            self.last_fit = shape.is_some();
        }
        shape
    }

    #[inline(always)]
    fn find(&mut self, data: &[u8], recent: &mut Recent, fit: &mut Fit) -> Option<u8> {
        let number = recent.shapes[0];
        if let Some(shape) = self.shapes.get_mut(usize::from(number).wrapping_sub(1))
            && shape.fit(data, fit)
        {
            (recent.misses, recent.wait) = (0, 0);
            return Some(number);
        }
        self.fit_others(data, recent, fit)
    }

    #[cold]
    #[inline(never)]
    fn fit_others(&mut self, data: &[u8], recent: &mut Recent, fit: &mut Fit) -> Option<u8> {
        for i in 1..recent.shapes.len() {
            let number = recent.shapes[i];
            let Some(shape) = self.shapes.get_mut(usize::from(number).wrapping_sub(1)) else { break };
            if shape.fit(data, fit) {
                recent.remember(number);
                (recent.misses, recent.wait) = (0, 0);
                return Some(number);
            }
        }
        self.fit_any(data, recent, fit)
    }

    #[cold]
    #[inline(never)]
    fn fit_any(&mut self, data: &[u8], recent: &mut Recent, fit: &mut Fit) -> Option<u8> {
        if recent.wait > 0 {
            return None;
        }
        let head = u64::from_le_bytes(*data.first_chunk::<8>()?);
        let tail = u64::from_le_bytes(*data.last_chunk::<8>()?);
        for (i, shape) in self.shapes.iter_mut().enumerate() {
            let number = i as u8 + 1;
            if shape.head.sees(head)
                && shape.tail.sees(tail)
                && !recent.shapes.contains(&number)
                && shape.fit(data, fit)
            {
                recent.remember(number);
                (recent.misses, recent.wait) = (0, 0);
                return Some(number);
            }
        }
        None
    }

    /// Takes note of a document that fitted no shape: `table` and `fit` are what the scanner made of it, `text` is empty
    /// when it is not UTF-8. Gives the number of the shape that it made, if it made one.
    #[cold]
    #[inline(never)]
    pub(crate) fn miss(
        &mut self,
        text: &str,
        table: &Table,
        fit: &Fit,
        depth: usize,
        recent: &mut Recent,
    ) -> Option<u8> {
        if recent.wait > 0 {
            recent.wait -= 1;
            return None;
        }
        recent.misses = recent.misses.saturating_add(1);
        if recent.misses > PATIENCE {
            recent.wait = (1_u32 << u32::from(recent.misses - PATIENCE).min(8)).min(u32::from(RAREST)) as u8 - 1;
        }
        let is_large = text.len() > LONGEST || table.slots.len() > MOST_SLOTS || table.links.len() > MOST_LINKS;
        if is_large || text.is_empty() || fit.owned.iter().any(|owned| !owned.mended.is_clean()) {
            return None;
        }
        let print = print_of(table);
        if !self.met.contains(&print) {
            self.note_met(print);
            return None;
        }
        crate::steps::count(text.len() + table.slots.len() * self.shapes.len());
        let same = self.shapes.iter().position(|shape| shape.has_skeleton_of(table, text.as_bytes()));
        let at = match same {
            Some(at) => at,
            None => self.place()?,
        };
        let shape = &mut self.shapes[at];
        self.bytes -= shape.bytes();
        shape.learn(text, table, fit, depth, same.is_some());
        self.bytes += shape.bytes();
        let number = at as u8 + 1;
        recent.remember(number);
        Some(number)
    }

    fn note_met(&mut self, print: u32) {
        if self.met.len() < MET {
            self.met.push(print);
        } else {
            self.met[self.next_met] = print;
            self.next_met = (self.next_met + 1) % MET;
        }
    }

    /// Where a new shape goes: a new place, or that of a shape that has not fitted for long. A hand goes round and takes
    /// one credit from each shape that it passes; a shape earns credit by fitting, so that a stream which only ever
    /// brings new shapes drops its own.
    fn place(&mut self) -> Option<usize> {
        if self.shapes.len() < SHAPES {
            if self.shapes.capacity() == self.shapes.len() {
                self.shapes.reserve_exact((self.shapes.len() * 2).clamp(8, SHAPES) - self.shapes.len());
            }
            self.shapes.push(Shape {
                table: Table::default(),
                holes: SmallVec::new(),
                head: Glance::default(),
                tail: Glance::default(),
                credit: 0,
            });
            return Some(self.shapes.len() - 1);
        }
        loop {
            self.hand = (self.hand + 1) % self.shapes.len().max(1);
            let shape = self.shapes.get_mut(self.hand)?;
            if shape.credit > 0 {
                shape.credit -= 1;
                continue;
            }
            return Some(self.hand);
        }
    }
}

/// A number for the structure of a document: the same for all of a skeleton, seldom the same for two.
fn print_of(table: &Table) -> u32 {
    let pairs = table.links.chunks_exact(2);
    let last = pairs.remainder().first().map_or(0, |&link| u64::from(link));
    let print = pairs.fold(table.slots.len() as u64 ^ last, |print, pair| {
        let pair = u64::from(pair[0]) | u64::from(pair[1]) << 32;
        (print.rotate_left(5) ^ pair).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    (print >> 32) as u32
}

impl Recent {
    fn remember(&mut self, number: u8) {
        let last = self.shapes.iter().position(|&shape| shape == number).unwrap_or(self.shapes.len() - 1);
        self.shapes.copy_within(..last, 1);
        self.shapes[0] = number;
    }
}

impl Glance {
    #[inline(always)]
    fn sees(self, word: u64) -> bool {
        word & self.mask == self.word
    }

    fn head(text: &[u8]) -> Self {
        let mut bytes = [0; 8];
        let length = text.len().min(8);
        bytes[..length].copy_from_slice(&text[..length]);
        let mask = if length == 8 { u64::MAX } else { (1 << (8 * length)) - 1 };
        Self { mask, word: u64::from_le_bytes(bytes) }
    }

    fn tail(text: &[u8]) -> Self {
        let mut bytes = [0; 8];
        let length = text.len().min(8);
        bytes[8 - length..].copy_from_slice(&text[text.len() - length..]);
        let mask = if length == 0 { 0 } else { u64::MAX << (8 * (8 - length)) };
        Self { mask, word: u64::from_le_bytes(bytes) }
    }
}

impl Shape {
    /// Whether `data` are of this shape; how, goes to `fit`.
    #[inline(always)]
    fn fit(&mut self, data: &[u8], fit: &mut Fit) -> bool {
        let text = self.table.text.as_bytes();
        // The last literal first: it is short, and most often what tells two shapes of a stream apart.
        let last = self.holes.last().map_or(0, |hole| hole.end as usize);
        let tail = &text[last..];
        let Some(end) = data.len().checked_sub(tail.len()) else { return false };
        if data[end..] != *tail {
            return false;
        }
        crate::steps::count(data.len());
        fit.clear();
        let (mut from, mut at) = (0, 0);
        for (i, hole) in self.holes.iter().enumerate() {
            let Some(literal) = text.get(from..hole.start as usize) else { return false };
            let Some(start) = same(literal, data, at) else { return false };
            at = start;
            let value_end = match hole.kind {
                Kind::String => {
                    let Ok(string) = string_end(data, at) else { return false };
                    fit.texts[i & HOLES] = if hole.flags & TEXT != 0 {
                        let Some(text) = fit.hole_text(data, at, string) else { return false };
                        text
                    } else {
                        HoleText::LENT
                    };
                    string.end()
                }
                Kind::Number => match number_end(data, at) {
                    Ok(end) => {
                        fit.texts[i & HOLES] = HoleText::LENT;
                        end
                    }
                    Err(_) => return false,
                },
                _ => match hole.container_end(data, at) {
                    Some(end) => {
                        fit.texts[i & HOLES] = HoleText::LENT;
                        end
                    }
                    None => return false,
                },
            };
            fit.shifts[(i + 1) & HOLES] = (value_end as u32).wrapping_sub(hole.end);
            from = hole.end as usize;
            at = value_end;
        }
        if at != end {
            return false;
        }
        if self.credit < MOST_CREDIT {
            self.credit += 1;
        }
        true
    }

    /// Whether no document of this shape can hold a line end: there is none in its text, and where strings and numbers lie
    /// there cannot be one.
    fn is_line(&self) -> bool {
        self.holes.iter().all(|hole| matches!(hole.kind, Kind::String | Kind::Number))
            && memchr::memchr2(b'\n', b'\r', self.table.text.as_bytes()).is_none()
    }

    #[inline(always)]
    fn fit_line(&mut self, bytes: &[u8]) -> Option<Line> {
        let gist = self.table.gist;
        if gist.hole == 0 {
            return None;
        }
        let text = self.table.text.as_bytes();
        let (before, rest) = self.holes.split_at_checked(usize::from(gist.hole) - 1)?;
        let (wanted, after) = rest.split_first()?;
        let (mut from, mut to) = (0, 0);
        for hole in before {
            (from, to) = (hole.end as usize, hole.pass(text, from, bytes, to)?);
        }
        let at = same(text.get(from..wanted.start as usize)?, bytes, to)?;
        let string = string_end(bytes, at).ok()?;
        (from, to) = (wanted.end as usize, string.end());
        for hole in after {
            (from, to) = (hole.end as usize, hole.pass(text, from, bytes, to)?);
        }
        let end = same(text.get(from..)?, bytes, to)?;
        crate::steps::count(end);
        if self.credit < MOST_CREDIT {
            self.credit += 1;
        }
        Some(Line { gist, at, string, end })
    }

    /// Whether a document, of which `table` is the scanner's, is this text but for values of the same kinds.
    fn has_skeleton_of(&self, table: &Table, data: &[u8]) -> bool {
        let text = self.table.text.as_bytes();
        if self.table.slots.len() != table.slots.len() || self.table.links != table.links {
            return false;
        }
        let (mut from, mut at) = (0, 0);
        for (mine, its) in self.table.slots.iter().zip(&table.slots) {
            let flags = (mine.flags ^ its.flags) & !VARIES;
            let is_inside = mine.kind == Kind::Number || mine.aux == its.aux;
            if mine.kind != its.kind || flags != 0 || !is_inside || mine.next != its.next {
                return false;
            }
            if mine.may_vary() {
                if text[from..mine.start as usize] != data[at..its.start as usize] {
                    return false;
                }
                (from, at) = (mine.end as usize, its.end as usize);
            }
        }
        text[from..] == data[at..]
    }

    /// Becomes the shape of a document. `is_same`: it has this skeleton, and what differs are holes from now on.
    fn learn(&mut self, text: &str, table: &Table, fit: &Fit, depth: usize, is_same: bool) {
        let mut slots = core::mem::take(&mut self.table.slots);
        if is_same {
            for (mine, its) in slots.iter_mut().zip(&table.slots) {
                let varies = mine.flags & VARIES != 0
                    || mine.may_vary() && self.table.text.as_bytes()[mine.range()] != text.as_bytes()[its.range()];
                *mine = *its;
                mine.flags |= if varies { VARIES } else { 0 };
            }
        } else {
            slots.clear();
            slots.reserve_exact(table.slots.len());
            slots.extend_from_slice(&table.slots);
            self.table.links.clear();
            self.table.links.reserve_exact(table.links.len());
            self.table.links.extend_from_slice(&table.links);
            self.credit = 0;
        }
        self.table.slots = slots;
        self.table.gist = Gist::default();
        self.table.text.clear();
        self.table.text.reserve_exact(text.len());
        self.table.text.push_str(text);
        for owned in &fit.owned {
            self.table.slots[owned.slot as usize].flags |= VARIES;
        }
        self.find_holes(depth);
    }

    /// Lists the holes and tells each slot how many lie before its ends.
    fn find_holes(&mut self, depth: usize) {
        self.holes.clear();
        let mut open: [(u32, u8); 16] = [(0, 0); 16]; // the containers around a slot: end, slot
        let mut nested = 0;
        for i in 1..self.table.slots.len() {
            let slot = self.table.slots[i];
            while nested > 0 && open[nested - 1].0 <= slot.start {
                nested -= 1;
                let container = usize::from(open[nested].1);
                self.table.slots[container].holes_before[1] = self.holes.len() as u8;
            }
            let before = self.holes.len();
            if slot.flags & VARIES != 0 && slot.may_vary() {
                if before == HOLES || nested == open.len() {
                    return self.forget();
                }
                let room = depth.min(MAX_DEPTH).saturating_sub(nested) as u8;
                self.holes.push(Hole { start: slot.start, end: slot.end, kind: slot.kind, flags: slot.flags, room });
            }
            let this = &mut self.table.slots[i];
            this.holes_before = [before as u8, self.holes.len() as u8];
            if this.kind == Kind::Number && this.flags & VARIES == 0 {
                this.aux = small(&self.table.text.as_bytes()[slot.range()]).map_or(0, |number| number + 1);
            }
            if matches!(slot.kind, Kind::Object | Kind::Array) && slot.flags & OPAQUE == 0 {
                if nested == open.len() {
                    return self.forget();
                }
                open[nested] = (slot.end, i as u8);
                nested += 1;
            }
        }
        for &(_, container) in &open[..nested] {
            self.table.slots[usize::from(container)].holes_before[1] = self.holes.len() as u8;
        }
        let text = self.table.text.as_bytes();
        self.head = Glance::head(&text[..self.holes.first().map_or(text.len(), |hole| hole.start as usize)]);
        self.tail = Glance::tail(&text[self.holes.last().map_or(0, |hole| hole.end as usize)..]);
    }

    /// Becomes a shape that nothing fits: too many holes.
    fn forget(&mut self) {
        self.holes.clear();
        self.table.text.clear();
        self.table.slots.clear();
        self.table.links.clear();
        self.table.text.push('\0'); // nothing that is tried begins so
        self.head = Glance { mask: 0, word: 1 };
        self.credit = 0;
    }

    fn bytes(&self) -> usize {
        self.table.text.capacity()
            + self.table.slots.capacity() * size_of::<Slot>()
            + self.table.links.capacity() * size_of::<u32>()
            + if self.holes.spilled() { self.holes.capacity() * size_of::<Hole>() } else { 0 }
    }
}

/// Where a literal at `at` ends.
#[inline(always)]
fn same(literal: &[u8], data: &[u8], at: usize) -> Option<usize> {
    let end = at + literal.len();
    if data.get(at..end)? == literal { Some(end) } else { None }
}

impl Hole {
    /// The end of a string or number that nobody asks for, after the literal before it.
    #[inline(never)]
    fn pass(&self, text: &[u8], from: usize, data: &[u8], at: usize) -> Option<usize> {
        let at = same(text.get(from..self.start as usize)?, data, at)?;
        if self.kind == Kind::Number {
            return number_end(data, at).ok();
        }
        let string = string_end(data, at).ok()?;
        (self.flags & TEXT == 0 || string.is_plain()).then_some(string.end())
    }

    /// The end of a container that nobody looks into.
    fn container_end(&self, data: &[u8], at: usize) -> Option<usize> {
        let open = if self.kind == Kind::Object { b'{' } else { b'[' };
        if data.get(at) != Some(&open) {
            return None;
        }
        let end = skipped_value_end(data, at, usize::from(self.room)).ok()?;
        let is_empty = skip_blanks(data, at + 1) + 1 == end;
        let is_text = self.flags & TEXT == 0 || core::str::from_utf8(&data[at..end]).is_ok();
        (is_empty == (self.flags & EMPTY != 0) && is_text).then_some(end)
    }
}

impl Slot {
    /// Whether it is a value that may differ from one document of a shape to the next.
    fn may_vary(&self) -> bool {
        match self.kind {
            Kind::String => self.flags & KEY == 0,
            Kind::Number => true,
            Kind::Object | Kind::Array => self.flags & OPAQUE != 0,
            Kind::Word | Kind::Absent => false,
        }
    }

    fn range(&self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
