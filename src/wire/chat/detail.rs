//! An entry of `reasoning_details`: its fields, and what stays the same of it from one entry of a run to the next.

use super::chunk::ReasoningDetailDelta;
use super::schema::detail;
use crate::json::string::Text;
use crate::json::table::Kind;

impl<'a> ReasoningDetailDelta<'a> {
    /// The entry's raw JSON.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.record.doc.raw(self.slot)
    }
    /// `index`
    #[must_use]
    pub fn index(&self) -> Option<i64> {
        self.record.signed(detail::index)
    }
    /// `type`
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.record.name(detail::kind)
    }
    /// `format`
    #[must_use]
    pub fn format(&self) -> Option<&'a str> {
        self.record.name(detail::format)
    }
    /// `id`
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.record.name_or_number(detail::id)
    }
    /// `text`
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        self.record.text(detail::text)
    }
    /// `summary`
    #[must_use]
    pub fn summary(&self) -> Option<Text<'a>> {
        self.record.text(detail::summary)
    }
    /// `data`
    #[must_use]
    pub fn data(&self) -> Option<Text<'a>> {
        self.record.text(detail::data)
    }
    /// `signature`
    #[must_use]
    pub fn signature(&self) -> Option<&'a str> {
        self.record.name(detail::signature)
    }
    /// Where the entry has one text: which (0 `text`, 1 `summary`), and the raw entry before and after it, which stays the
    /// same from one entry of a run to the next.
    pub(crate) fn frame(&self) -> Option<(usize, Text<'a>, [&'a [u8]; 2])> {
        let slots = [detail::text, detail::summary, detail::data].map(|field| self.record.links[field]);
        let (which, slot) = match slots {
            [slot, 0, 0] => (0, slot),
            [0, slot, 0] => (1, slot),
            _ => return None,
        };
        let doc = self.record.doc;
        let (before, after) =
            if doc.slot(slot).kind == Kind::String { doc.around(slot, self.slot)? } else { return None };
        Some((which, doc.text(slot), [before, after]))
    }
}
