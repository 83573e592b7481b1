//! `reasoning_details`: fragments merged by index and type, to be sent back with the next request.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::raw::{Members, members, push_string};
use super::surrogate;
use crate::{ReasoningDetailDelta, Text};

/// The fields whose texts are appended.
const TEXTS: [&str; 3] = ["text", "summary", "data"];

/// Without an index each is an entry of its own.
const ENCRYPTED: &str = "reasoning.encrypted";

/// A longer frame is not remembered.
const LONGEST_FRAME: usize = 512;

/// One entry while it grows.
#[derive(Clone, Debug, Default)]
struct Detail {
    index: Option<i64>,
    kind: String,
    id: String,
    /// Text, summary, data, as far as they came.
    texts: [Option<String>; 3],
    halves: [u16; 3],
    /// Everything else; the last value that is not null wins.
    members: Members,
    /// The fragment that came last, without its text, and where that stood; empty when it was more than a text.
    frame: Vec<u8>,
    frame_cut: usize,
}

impl Detail {
    /// Whether a fragment is the last one but for its text.
    fn has_frame(&self, [before, after]: [&[u8]; 2]) -> bool {
        let (known, rest) = self.frame.split_at(self.frame_cut);
        !known.is_empty() && known == before && rest == after
    }
}

/// The entries of a message, in the order in which each came first.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    list: Vec<Detail>,
    /// The entry that the last fragment went to.
    last: usize,
    /// Where the entry of an index and type stands; only once there are many.
    places: BTreeMap<(i64, String), usize>,
}

impl Details {
    const FEW: usize = 8;

    /// Merges one fragment. Returns how many bytes of it found no place.
    ///
    /// A fragment goes on with the last entry of its index and type; without an index with the last entry of all, if that
    /// has its type and is a text or a summary. Another id makes another entry.
    pub(super) fn merge(&mut self, delta: &ReasoningDetailDelta<'_>) -> usize {
        let frame = delta.frame();
        // Nearly every fragment of a run: nothing but its text is new.
        if let (Some((which, text, frame)), Some(detail)) = (&frame, self.list.get_mut(self.last))
            && detail.has_frame(*frame)
        {
            append(detail.texts[*which].get_or_insert_default(), &mut detail.halves[*which], text);
            return 0;
        }
        let (index, kind, id) = (delta.index(), delta.kind().unwrap_or_default(), delta.id().unwrap_or_default());
        let known = self.find(index, kind).filter(|&at| {
            let known = &self.list[at].id;
            known.is_empty() || id.is_empty() || known == id
        });
        let at = known.unwrap_or_else(|| self.push(index, kind));
        self.last = at;
        let detail = &mut self.list[at];
        detail.frame.clear();
        detail.frame_cut = 0;
        // What never goes on with an entry must not do so by its frame.
        let goes_on = index.is_some() || kind != ENCRYPTED;
        if let Some((_, _, [before, after])) = frame
            && goes_on
            && before.len() + after.len() <= LONGEST_FRAME
        {
            detail.frame.extend_from_slice(before);
            detail.frame.extend_from_slice(after);
            detail.frame_cut = before.len();
        }
        if detail.id.is_empty() {
            detail.id.push_str(id);
        }
        let mut dropped = 0;
        for (n, text) in [delta.text(), delta.summary(), delta.data()].into_iter().enumerate() {
            let Some(text) = text else { continue };
            append(detail.texts[n].get_or_insert_default(), &mut detail.halves[n], &text);
        }
        for (key, value) in members(delta.raw()) {
            let is_text = TEXTS.iter().any(|name| name.as_bytes() == &*key) && value.first() == Some(&b'"');
            if !is_text && value != b"null" && detail.members.set(&key, value).is_none() {
                dropped += key.len() + value.len();
            }
        }
        dropped
    }

    fn find(&self, index: Option<i64>, kind: &str) -> Option<usize> {
        let Some(index) = index else {
            let last = self.list.last()?;
            let same = last.index.is_none() && last.kind == kind && kind != ENCRYPTED;
            return same.then(|| self.list.len() - 1);
        };
        if self.list.len() > Self::FEW {
            return self.places.get(&(index, String::from(kind))).copied();
        }
        self.list.iter().rposition(|detail| detail.index == Some(index) && detail.kind == kind)
    }

    fn push(&mut self, index: Option<i64>, kind: &str) -> usize {
        let at = self.list.len();
        self.list.push(Detail { index, kind: kind.into(), ..Detail::default() });
        if self.list.len() > Self::FEW {
            let from = if at == Self::FEW { 0 } else { at };
            for (at, detail) in self.list.iter().enumerate().skip(from) {
                if let Some(index) = detail.index {
                    self.places.insert((index, detail.kind.clone()), at);
                }
            }
        }
        at
    }

    /// As a raw JSON array; empty when there are none.
    pub(super) fn to_array(&self) -> String {
        let mut out = String::new();
        for detail in &self.list {
            out.push(if out.is_empty() { '[' } else { ',' });
            let mut entry = String::from("{");
            detail.members.write(&mut entry, true);
            for ((name, text), half) in TEXTS.iter().zip(&detail.texts).zip(detail.halves) {
                let Some(text) = text else { continue };
                let mended = (half != 0).then(|| alloc::format!("{text}\u{fffd}"));
                if !entry.ends_with('{') {
                    entry.push(',');
                }
                push_string(&mut entry, name);
                entry.push(':');
                push_string(&mut entry, mended.as_deref().unwrap_or(text));
            }
            out.push_str(&entry);
            out.push('}');
        }
        if !out.is_empty() {
            out.push(']');
        }
        out
    }
}

fn append(to: &mut String, half: &mut u16, text: &Text<'_>) {
    if surrogate::is_plain(*half, text) {
        to.push_str(text);
    } else if !text.is_empty() {
        surrogate::append(to, half, text);
    }
}
