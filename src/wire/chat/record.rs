//! What all views stand on: one object of a document as a record of links, an array's elements, unknown fields raw.

use core::fmt;

use crate::json::number::Integer;
use crate::json::string::Text;
use crate::json::table::{Doc, Kind, SEEN, UNKNOWN};

/// A field that the schema does not name: its key and its value as raw JSON.
#[allow(clippy::exhaustive_structs)] // JSON has no third part
#[derive(Clone, Copy, Debug)]
pub struct RawField<'a> {
    /// The key, without its quotes, escapes untouched.
    pub key: &'a [u8],
    /// The value's raw JSON.
    pub value: &'a [u8],
}

/// One object of a document: its record of `N` links, all 0 for an object that is not there.
#[derive(Clone, Copy)]
pub(super) struct Record<'a, const N: usize> {
    pub(super) doc: Doc<'a>,
    pub(super) links: &'a [u32; N],
}

impl<'a, const N: usize> Record<'a, N> {
    #[inline(always)]
    pub(super) fn new(doc: Doc<'a>, record: u32) -> Self {
        let links = doc.table.links.get(record as usize..).and_then(|links| links.first_chunk());
        Self { doc, links: links.unwrap_or(&[0; N]) }
    }

    /// The record of an object's slot; an empty one when it is none.
    #[inline(always)]
    pub(super) fn of(doc: Doc<'a>, slot: u32) -> Self {
        match doc.record(slot) {
            0 => Self { doc, links: &[0; N] },
            record => Self::new(doc, record),
        }
    }

    /// The slot of a field that is there and not null.
    #[inline(always)]
    pub(super) fn slot(self, field: usize) -> Option<u32> {
        if self.links[field] == 0 { None } else { Some(self.links[field]) }
    }

    /// A string that is not empty.
    #[inline(always)]
    pub(super) fn name(self, field: usize) -> Option<&'a str> {
        let slot = self.slot(field)?;
        if self.doc.slot(slot).kind != Kind::String {
            return None;
        }
        let text = self.doc.text(slot).as_str();
        if text.is_empty() { None } else { Some(text) }
    }

    /// A string that is not empty, or a number's text.
    #[inline(always)]
    pub(super) fn name_or_number(self, field: usize) -> Option<&'a str> {
        let slot = self.slot(field)?;
        if !matches!(self.doc.slot(slot).kind, Kind::String | Kind::Number) {
            return None;
        }
        let text = self.doc.text(slot).as_str();
        if text.is_empty() { None } else { Some(text) }
    }

    /// A string, also an empty one.
    #[inline(always)]
    pub(super) fn text(self, field: usize) -> Option<Text<'a>> {
        let slot = self.slot(field)?;
        if self.doc.slot(slot).kind == Kind::String { Some(self.doc.text(slot)) } else { None }
    }

    /// A string, or any other value's raw JSON.
    #[inline(always)]
    pub(super) fn text_or_raw(self, field: usize) -> Option<Text<'a>> {
        Some(self.doc.text(self.slot(field)?))
    }

    /// An integer, or a string that is one.
    #[inline]
    pub(super) fn integer(self, field: usize) -> Option<Integer> {
        integer(self.doc, self.slot(field)?)
    }

    #[inline]
    pub(super) fn signed(self, field: usize) -> Option<i64> {
        self.integer(field)?.signed()
    }

    #[inline]
    pub(super) fn unsigned(self, field: usize) -> Option<u64> {
        self.integer(field)?.unsigned()
    }

    /// The record of a field that is an object; an empty one when it is none.
    #[inline(always)]
    pub(super) fn object<const M: usize>(self, field: usize) -> Record<'a, M> {
        // Slot 0 is of no kind.
        Record::of(self.doc, self.links[field])
    }

    /// The elements of a field that is an array.
    #[inline(always)]
    pub(super) fn elements(self, field: usize) -> Elements<'a> {
        let slot = match self.slot(field) {
            Some(slot) if self.doc.slot(slot).kind == Kind::Array => self.doc.slot(slot).aux,
            _ => 0,
        };
        Elements { doc: self.doc, slot }
    }

    /// Whether the key is there, null included.
    #[inline(always)]
    pub(super) fn has_key(self, field: usize) -> bool {
        self.links[SEEN] & 1 << field != 0
    }

    /// Whether it has no key at all.
    #[inline(always)]
    pub(super) fn is_empty(self) -> bool {
        self.links[SEEN] == 0
    }

    #[inline(always)]
    pub(super) fn unknown_fields(self) -> RawFields<'a> {
        RawFields { doc: self.doc, slot: self.links[UNKNOWN] }
    }
}

/// An integer, or a string that is one.
#[inline(never)]
pub(super) fn integer(doc: Doc<'_>, slot: u32) -> Option<Integer> {
    let this = doc.slot(slot);
    match this.kind {
        Kind::Number if this.aux != 0 => Some(Integer::small(this.aux - 1)),
        Kind::Number => Integer::of_number(doc.inside(slot)),
        Kind::String => Integer::of_text(doc.text(slot).as_bytes()),
        _ => None,
    }
}

/// The elements of an array, in the order of the wire.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a> {
    doc: Doc<'a>,
    slot: u32,
}

impl<'a> Elements<'a> {
    /// The next element, of any kind.
    #[inline(always)]
    pub(super) fn next_slot(&mut self) -> Option<u32> {
        if self.slot == 0 {
            return None;
        }
        let slot = self.slot;
        self.slot = self.doc.slot(slot).next;
        Some(slot)
    }

    /// The next element that is an object, and its slot.
    #[inline(always)]
    pub(super) fn next_record<const N: usize>(&mut self) -> Option<(Record<'a, N>, u32)> {
        loop {
            let slot = self.next_slot()?;
            let record = self.doc.record(slot);
            if record != 0 {
                return Some((Record::new(self.doc, record), slot));
            }
        }
    }
}

/// The fields of an object that the schema does not name, in the order of the wire; a key may come twice.
#[derive(Clone, Copy)]
pub struct RawFields<'a> {
    doc: Doc<'a>,
    slot: u32,
}

impl<'a> Iterator for RawFields<'a> {
    type Item = RawField<'a>;
    #[inline(always)]
    fn next(&mut self) -> Option<RawField<'a>> {
        if self.slot == 0 {
            return None;
        }
        let (key, value) = (self.slot, self.slot + 1);
        self.slot = self.doc.slot(key).next;
        Some(RawField { key: self.doc.inside(key), value: self.doc.raw(value) })
    }
}

impl fmt::Debug for RawFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}
