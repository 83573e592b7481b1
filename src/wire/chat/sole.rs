//! Chunks that bring one text and, but for their envelope and a role, nothing else: nearly every chunk of a stream.
//!
//! Whether the chunks of a shape are such is a matter of its structure and constants, so it is found out once, when the
//! shape is learned ([`gist`]), and kept with it. What may differ between them (which of two texts is empty) is looked at
//! each time.

use super::chunk::Chunk;
use super::schema::{choice, delta, root};
use crate::json::table::{Doc, Gist, Kind, ROOT, Table, UNKNOWN};

/// The one text of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoleText<'a> {
    /// The choice's index; 0 when it has none.
    pub(crate) index: i64,
    /// Whether it is reasoning; else it is content.
    pub(crate) is_reasoning: bool,
    /// The text, not empty; nothing was mended in it.
    pub(crate) text: &'a str,
    /// Whether there is a role.
    pub(crate) has_role: bool,
    /// The fields of the envelope that are there, a bit a field.
    pub(crate) envelope: u8,
}

/// The fields whose first value is the stream's.
const ENVELOPE: [usize; 6] =
    [root::id, root::model, root::provider, root::system_fingerprint, root::service_tier, root::created];

/// What [`sole_text`] reads of a shape: the slots of content and reasoning, the choice's index, the mask of the
/// envelope and whether there is a role, if there can be nothing else in documents of this shape.
pub(super) fn gist(table: &Table) -> Gist {
    find(table).unwrap_or_default()
}

fn find(table: &Table) -> Option<Gist> {
    let chunk: &[u32; root::LINKS] = table.links_of(ROOT)?;
    let choices = table.slot(chunk[root::choices])?;
    let first = (choices.kind == Kind::Array).then_some(choices.aux)?;
    let choice: &[u32; choice::LINKS] = table.links_of(first)?;
    let delta: &[u32; delta::LINKS] = table.links_of(choice[choice::delta])?;
    // Null has no link. The reasoning fields: at most one may be there, so that none goes before another.
    let reasoning = [delta::reasoning_content, delta::reasoning, delta::reasoning_text].map(|field| delta[field]);
    let of_chunk = [root::error, root::usage, root::x_groq].map(|field| chunk[field]);
    let of_choice = [
        choice::message,
        choice::finish_reason,
        choice::native_finish_reason,
        choice::logprobs,
        choice::usage,
        choice::error,
    ]
    .map(|field| choice[field]);
    let of_delta = [delta::reasoning_details, delta::refusal, delta::tool_calls, delta::function_call, UNKNOWN]
        .map(|field| delta[field]);
    let mut others = of_chunk.into_iter().chain(of_choice).chain(of_delta).chain([table.slot(first)?.next]);
    let content = delta[delta::content];
    let is_text = |slot| slot == 0 || table.slot(slot).is_some_and(|slot| slot.kind == Kind::String);
    // It may be an error (rule 3), unless it is known to be something else.
    let is_error = |object: u32| table.constant(object).is_none_or(|object| object == "error");
    if others.any(|link| link != 0)
        || reasoning.iter().filter(|&&slot| slot != 0).count() > 1
        || !reasoning.into_iter().chain([content]).all(is_text)
        || chunk[root::object] != 0 && is_error(chunk[root::object])
    {
        return None;
    }
    let reasoning: u32 = reasoning.into_iter().sum();
    let slots = [u8::try_from(content).ok()?, u8::try_from(reasoning).ok()?];
    let number = match choice[choice::index] {
        0 => 0,
        index if table.slot(index)?.kind == Kind::Number => table.constant(index)?.parse().ok()?,
        _ => return None,
    };
    let envelope = ENVELOPE.into_iter().enumerate();
    let mask = envelope.fold(0, |mask, (bit, field)| mask | u8::from(chunk[field] != 0) << bit);
    Some(Gist { slots, mask, flag: delta[delta::role] != 0, number })
}

/// The text of a document that brings nothing else. `None` says nothing: the accessors have the whole.
#[inline(always)]
pub(super) fn sole_text(doc: Doc<'_>) -> Option<SoleText<'_>> {
    let Gist { slots, mask, flag, number } = doc.table.gist;
    let [content, reasoning] = slots.map(u32::from);
    let (slot, is_reasoning) = match (doc.is_blank(content), doc.is_blank(reasoning)) {
        (false, true) => (content, false),
        (true, false) => (reasoning, true),
        _ => return None,
    };
    let text = doc.text(slot).as_str();
    Some(SoleText { index: number.into(), is_reasoning, text, has_role: flag, envelope: mask })
}

impl<'a> Chunk<'a> {
    /// Its text, when it brings nothing else. `None` says nothing.
    #[inline(always)]
    pub(crate) fn sole_text(&self) -> Option<SoleText<'a>> {
        sole_text(self.record.doc)
    }
}
