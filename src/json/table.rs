//! What a scan of a document leaves: a slot for each value that anybody may ask for, and for each object that the schema
//! knows a record of links, field → slot. Positions, no references: the same buffers serve every document.
//!
//! ```text
//!  links   [seen, unknown, id, object, …]   one record an object: mask of keys, chain of unknown fields, a link a field
//!                          │
//!  slots   [ -, root, {start, end, kind, …}, … ]     in the order of the document; slot 0 is "absent"
//!                      │ aux: an object's record, an array's first element     next: the next of an array or a chain
//!  texts   [{slot, where in the scratch string}]     only strings that had to be unescaped or mended, by slot
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use super::cursor::StringEnd;
use super::string::{Mended, Text, unescape};
use super::token::{Token, Window};

/// What a value is. Null has a slot only where nobody reads it (unknown fields, array elements).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Absent,
    String,
    Number,
    /// true, false, null, NaN, ±Infinity
    Word,
    Object,
    Array,
}

/// One value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Of a string the first byte inside the quotes, else the value's first byte.
    pub(crate) start: u32,
    /// Of a string the closing quote, else the byte after the value.
    pub(crate) end: u32,
    /// Of an object its record, of an array its first element's slot; 0 when nobody looks inside (or it is empty). Of a
    /// number that is the same in all documents of a shape: 1 more than it, if it is small; else 0.
    pub(crate) aux: u32,
    /// The next element of the same array, or the next unknown field's key; 0 at the end.
    pub(crate) next: u32,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    /// How many holes of a shape end at or before the start, and at or before the end; 0 in a scanner's table.
    pub(crate) holes_before: [u8; 2],
}

/// The container is empty.
pub(crate) const EMPTY: u8 = 1;
/// Handed out as text: strings are unescaped and UTF-8 is checked.
pub(crate) const TEXT: u8 = 2;

/// A container that nobody looks into.
pub(crate) const OPAQUE: u8 = 4;
/// An unknown field's key.
pub(crate) const KEY: u8 = 8;
/// Expected to differ from one document to the next.
pub(crate) const VARIES: u8 = 16;

/// A string without quotes around it: data that are no JSON.
pub(crate) const BARE: u8 = 32;

/// Where in a record the mask of the keys that are there (null included; a bit a link) and the chain of unknown fields
/// are; the fields' links come after.
pub(crate) const SEEN: usize = 0;
pub(crate) const UNKNOWN: usize = 1;
/// The first field's link.
pub(crate) const FIRST_FIELD: u8 = 2;
/// The bit of [`SEEN`] that says that there are keys which the schema does not name.
pub(crate) const SEEN_UNKNOWN: u32 = 1;

/// The slot of the document's value.
pub(crate) const ROOT: u32 = 1;

/// The structure of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) slots: Vec<Slot>,
    pub(crate) links: Vec<u32>,
    /// Of a shape the text that the positions are of; empty in a scanner's table.
    pub(crate) text: String,
    /// Of a shape what the wire's reader noted of it, so that it need not look for each document.
    pub(crate) gist: Gist,
}

/// What a wire's reader noted of a shape: see where it makes one. All 0 when it noted nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gist {
    pub(crate) slots: [u8; 3],
    pub(crate) mask: u8,
    pub(crate) flag: bool,
    /// The hole that is asked for in a line (from 1; 0 for none), and what it is.
    pub(crate) hole: u8,
    pub(crate) which: u8,
    pub(crate) numbers: [u32; 2],
}

impl Table {
    /// A slot; `None` for the one that stands for what is absent.
    pub(crate) fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize).filter(|slot| slot.kind != Kind::Absent)
    }

    /// The record of an object's slot.
    pub(crate) fn links_of<const N: usize>(&self, slot: u32) -> Option<&[u32; N]> {
        let slot = self.slot(slot).filter(|slot| slot.kind == Kind::Object && slot.aux != 0)?;
        self.links.get(slot.aux as usize..)?.first_chunk()
    }

    /// Of a shape a string or a number that is the same in all its documents.
    pub(crate) fn constant(&self, slot: u32) -> Option<&str> {
        let slot = self.slot(slot).filter(|slot| matches!(slot.kind, Kind::String | Kind::Number))?;
        let [before, after] = slot.holes_before;
        if before == after { self.text.get(slot.start as usize..slot.end as usize) } else { None }
    }
}

/// A string that had to be unescaped or mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnedText {
    pub(crate) slot: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) mended: Mended,
}

impl OwnedText {
    /// Text at `range` of the scratch string, mended or not of bytes that are not UTF-8.
    pub(crate) fn new(slot: u32, range: core::ops::Range<usize>, invalid_utf8: bool) -> Self {
        Self { slot, start: range.start as u32, end: range.end as u32, mended: Mended::invalid_utf8(invalid_utf8) }
    }
}

/// The most holes that a shape may have; a power of two less one.
pub(crate) const HOLES: usize = 63;

/// How a document differs from the table that it is read through: how far its values are shifted, and the strings that
/// are not lent from the data.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// How far what lies after so many holes is shifted (wrapping). The first is always 0.
    pub(crate) shifts: [u32; HOLES + 1],
    /// The text of each hole of a shape.
    pub(crate) texts: [HoleText; HOLES + 1],
    pub(crate) scratch: String,
    /// Of a scanned document, by slot, ascending.
    pub(crate) owned: Vec<OwnedText>,
}

/// Where a hole's text lies in the scratch string: start and end, in one word as they are written and read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoleText(u64);

impl HoleText {
    /// It is lent from the data (there is nothing from 1 to 0).
    pub(crate) const LENT: Self = Self(1);

    #[inline(always)]
    fn new(start: usize, end: usize) -> Self {
        Self(start as u64 | (end as u64) << 32)
    }

    #[inline(always)]
    fn range(self) -> core::ops::Range<usize> {
        self.0 as u32 as usize..(self.0 >> 32) as usize
    }
}

impl Default for Fit {
    fn default() -> Self {
        let (shifts, texts) = ([0; HOLES + 1], [HoleText::LENT; HOLES + 1]);
        Self { shifts, texts, scratch: String::new(), owned: Vec::new() }
    }
}

impl Fit {
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.scratch.clear();
        self.owned.clear();
    }

    /// Sees to the text of a hole, a string from `at`; `None` when it would have to be mended.
    #[inline(always)]
    pub(crate) fn hole_text(&mut self, data: &[u8], at: usize, string: StringEnd) -> Option<HoleText> {
        let length = string.end() - at;
        if !string.is_plain() {
            return self.other_hole_text(&data[at..string.end()], string.is_escaped());
        }
        if let Some(token) = Window::default().copy(data.get(at..)?, length) {
            let start = self.scratch.len();
            self.scratch.push_str(token.padded());
            return Some(HoleText::new(start, start + length));
        }
        Some(HoleText::LENT)
    }

    /// The text of a string from `at`, by itself; `None` when it would have to be mended.
    #[inline(always)]
    pub(crate) fn one_text<'a>(
        &'a mut self,
        data: &'a [u8],
        at: usize,
        string: StringEnd,
        window: &'a mut Window,
    ) -> Option<Token<'a>> {
        let length = string.end() - at;
        if !string.is_plain() {
            self.scratch.clear();
            let text = self.other_hole_text(&data[at..string.end()], string.is_escaped())?;
            return Some(Token::of(self.scratch.get(text.range())?));
        }
        match window.copy(data.get(at..)?, length) {
            Some(token) => Some(token),
            None => Some(Token::of(core::str::from_utf8(data.get(at..string.end())?).ok()?)),
        }
    }

    #[cold]
    #[inline(never)]
    fn other_hole_text(&mut self, raw: &[u8], escaped: bool) -> Option<HoleText> {
        let start = self.scratch.len();
        if escaped {
            let (_, mended) = unescape(raw, &mut self.scratch);
            if !mended.is_clean() {
                return None;
            }
        } else {
            self.scratch.push_str(core::str::from_utf8(raw).ok()?);
        }
        Some(HoleText::new(start, self.scratch.len()))
    }
}

/// A document that can be read: its bytes, its table, and how it differs from that.
#[derive(Clone, Copy)]
pub(crate) struct Doc<'a> {
    pub(crate) data: &'a [u8],
    /// The text that the table's positions are of, which is known to be UTF-8: the data themselves or the shape's text;
    /// empty when the data are not UTF-8.
    pub(crate) text: &'a str,
    pub(crate) table: &'a Table,
    pub(crate) fit: &'a Fit,
}

impl<'a> Doc<'a> {
    #[inline(always)]
    pub(crate) fn slot(self, slot: u32) -> &'a Slot {
        &self.table.slots[slot as usize]
    }

    /// The record of an object; 0 when the slot is no object or nobody looked inside.
    #[inline(always)]
    pub(crate) fn record(self, slot: u32) -> u32 {
        let slot = self.slot(slot);
        if slot.kind == Kind::Object { slot.aux } else { 0 }
    }

    /// Where a slot lies in the data.
    #[inline(always)]
    fn place(self, slot: &Slot) -> (usize, usize) {
        let [start, end] = slot.holes_before.map(|holes| self.fit.shifts[usize::from(holes) & HOLES]);
        (slot.start.wrapping_add(start) as usize, slot.end.wrapping_add(end) as usize)
    }

    /// The table with its positions in these data, the mended texts, and the records; without what a shape or a fit notes
    /// for itself.
    #[cfg(fuzzing)]
    pub(crate) fn dump(self) -> String {
        let aux = |slot: &Slot| if matches!(slot.kind, Kind::Object | Kind::Array) { slot.aux } else { 0 };
        let slots: Vec<_> = (self.table.slots.iter())
            .map(|slot| (self.place(slot), aux(slot), slot.next, slot.kind, slot.flags & !VARIES))
            .collect();
        let owned = self.fit.owned.iter().filter(|owned| !owned.mended.is_clean()).map(|owned| {
            let text = self.fit.scratch.get(owned.start as usize..owned.end as usize);
            (owned.slot, owned.mended, text)
        });
        alloc::format!("{slots:?} {:?} {:?}", self.table.links, owned.collect::<Vec<_>>())
    }

    /// The value's bytes as they came; of a string what is inside the quotes.
    #[inline(always)]
    pub(crate) fn inside(self, slot: u32) -> &'a [u8] {
        let (start, end) = self.place(self.slot(slot));
        self.data.get(start..end).unwrap_or_default()
    }

    /// Whether a value is of no bytes (an empty string).
    #[inline(always)]
    pub(crate) fn is_blank(self, slot: u32) -> bool {
        let (start, end) = self.place(self.slot(slot));
        start == end
    }

    /// The value's bytes as they came, quotes included.
    #[inline]
    pub(crate) fn raw(self, slot: u32) -> &'a [u8] {
        let slot = self.slot(slot);
        let quote = usize::from(slot.kind == Kind::String && slot.flags & BARE == 0);
        let (start, end) = self.place(slot);
        self.data.get(start.wrapping_sub(quote)..end + quote).unwrap_or_default()
    }

    /// The bytes of a container before and after a value in it.
    pub(crate) fn around(self, slot: u32, container: u32) -> Option<(&'a [u8], &'a [u8])> {
        let (start, end) = self.place(self.slot(slot));
        let (first, last) = self.place(self.slot(container));
        Some((self.data.get(first..start)?, self.data.get(end..last)?))
    }

    /// The text of a slot that was scanned as [`TEXT`]: of a string its text, else the value's raw JSON.
    #[inline(always)]
    pub(crate) fn text(self, slot: u32) -> Text<'a> {
        let this = self.slot(slot);
        let [before, after] = this.holes_before;
        if before != after {
            let range = self.fit.texts[usize::from(before) & HOLES].range();
            if let Some(text) = self.fit.scratch.get(range) {
                return Text::plain(text);
            }
        } else {
            if !self.fit.owned.is_empty()
                && let Some(text) = self.owned(slot)
            {
                return text;
            }
            if let Some(text) = self.text.get(this.start as usize..this.end as usize) {
                return Text::plain(text);
            }
        }
        let (start, end) = self.place(this);
        let bytes = self.data.get(start..end).unwrap_or_default();
        Text::plain(core::str::from_utf8(bytes).unwrap_or_default())
    }

    #[cold]
    #[inline(never)]
    fn owned(self, slot: u32) -> Option<Text<'a>> {
        let at = self.fit.owned.binary_search_by_key(&slot, |owned| owned.slot).ok()?;
        let owned = &self.fit.owned[at];
        let text = self.fit.scratch.get(owned.start as usize..owned.end as usize).unwrap_or_default();
        Some(Text { text, mended: owned.mended })
    }
}
