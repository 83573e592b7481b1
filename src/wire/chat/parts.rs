//! A `content` that is an array of typed parts (Mistral): text, thinking (also nested), others raw.

use core::fmt;

use super::record::{Elements, Record};
use super::schema::{inner, part};
use crate::json::string::Text;
use crate::json::table::{Doc, Kind};

/// What a part of an array-valued `content` is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentPartKind {
    /// `text` (also a part that is a bare string, or has a text and no type)
    Text,
    /// `thinking`, also nested as an array of texts (one part each)
    Reasoning,
    /// Anything else, raw.
    Other,
}

/// One part of an array-valued `content`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct ContentPart<'a> {
    /// What it is.
    pub kind: ContentPartKind,
    /// Its text; of `Other` nothing.
    pub text: Text<'a>,
    /// Its raw JSON.
    pub raw: &'a [u8],
}

/// The parts of an array-valued `content`, in the order of the wire; parts nested in a `thinking` each on their own.
#[derive(Clone, Copy)]
pub struct ContentParts<'a> {
    doc: Doc<'a>,
    outer: Elements<'a>,
    inner: Option<Elements<'a>>,
}

impl<'a> ContentParts<'a> {
    #[inline(always)]
    pub(super) fn new(doc: Doc<'a>, outer: Elements<'a>) -> Self {
        Self { doc, outer, inner: None }
    }

    fn part(&self, kind: ContentPartKind, text: Option<Text<'a>>, slot: u32) -> ContentPart<'a> {
        match text {
            Some(text) => ContentPart { kind, text, raw: self.doc.raw(slot) },
            None => ContentPart { kind: ContentPartKind::Other, text: Text::default(), raw: self.doc.raw(slot) },
        }
    }

    /// An element that is a string, or an object with a text.
    fn simple(&self, slot: u32, kind: ContentPartKind) -> ContentPart<'a> {
        if self.doc.slot(slot).kind == Kind::String {
            return self.part(kind, Some(self.doc.text(slot)), slot);
        }
        const { assert!(inner::kind == part::kind && inner::text == part::text) };
        let record = Record::<{ inner::LINKS }>::of(self.doc, slot);
        let named = record.text(part::kind).is_none_or(|kind| matches!(kind.as_str(), "text" | ""));
        self.part(kind, if named { record.text(part::text) } else { None }, slot)
    }
}

impl<'a> Iterator for ContentParts<'a> {
    type Item = ContentPart<'a>;

    fn next(&mut self) -> Option<ContentPart<'a>> {
        loop {
            if let Some(slot) = self.inner.as_mut().and_then(Elements::next_slot) {
                return Some(self.simple(slot, ContentPartKind::Reasoning));
            }
            self.inner = None;
            let slot = self.outer.next_slot()?;
            let record = Record::<{ part::LINKS }>::of(self.doc, slot);
            if record.text(part::kind).is_none_or(|kind| kind.as_str() != "thinking") {
                return Some(self.simple(slot, ContentPartKind::Text));
            }
            if !record.slot(part::thinking).is_some_and(|slot| self.doc.slot(slot).kind == Kind::Array) {
                return Some(self.part(ContentPartKind::Reasoning, record.text(part::thinking), slot));
            }
            self.inner = Some(record.elements(part::thinking));
        }
    }
}

impl fmt::Debug for ContentParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}
