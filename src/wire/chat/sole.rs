//! Chunks that bring one text and, but for their envelope and a role, nothing else: nearly every chunk of a stream.
//!
//! Whether a chunk is one is a matter of its structure, so it is found out once a table ([`gist`]) and kept with it, for
//! all documents of a shape. What may differ between them (an empty string, a number) is looked at each time.

use super::chunk::Chunk;
use super::record::{Record, integer};
use super::schema::{choice, delta, root};
use crate::json::string::Text;
use crate::json::table::{Doc, Gist, Kind, ROOT, UNKNOWN};

/// The one text of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoleText<'a> {
    /// The choice's index, as [`ChunkChoice::index`](super::ChunkChoice::index).
    pub(crate) index: Option<i64>,
    /// Whether it is reasoning; else it is content.
    pub(crate) is_reasoning: bool,
    /// The text, not empty.
    pub(crate) text: Text<'a>,
    /// Whether there is a role.
    pub(crate) has_role: bool,
    /// The fields of the envelope that are there, a bit a field.
    pub(crate) envelope: u8,
}

/// The fields whose first value is the stream's.
const ENVELOPE: [usize; 6] =
    [root::id, root::model, root::provider, root::system_fingerprint, root::service_tier, root::created];

// Where in a gist's slots.
const OBJECT: usize = 0;
const INDEX: usize = 1;
const ROLE: usize = 2;
const CONTENT: usize = 3;
const REASONING: usize = 4;

/// What [`Chunk::sole_text`] reads of a table: the slots of the texts and what goes with them, if there can be nothing
/// else in documents of this structure.
pub(super) fn gist(doc: Doc<'_>) -> Gist {
    find(doc).unwrap_or_default()
}

fn find(doc: Doc<'_>) -> Option<Gist> {
    let chunk: Record<'_, { root::LINKS }> = Record::of(doc, ROOT);
    let choices = chunk.slot(root::choices)?;
    if doc.slot(choices).kind != Kind::Array {
        return None;
    }
    let first = doc.slot(choices).aux;
    let choice: Record<'_, { choice::LINKS }> = Record::of(doc, first);
    let delta: Record<'_, { delta::LINKS }> = choice.object(choice::delta);
    // Null has no link. The reasoning fields: at most one may be there, so that none goes before another.
    let reasoning = [delta::reasoning_content, delta::reasoning, delta::reasoning_text].map(|field| delta.links[field]);
    let others = [root::error, root::usage, root::x_groq].map(|field| chunk.links[field]).into_iter();
    let others = others.chain([doc.slot(first).next]).chain(
        [
            choice::message,
            choice::finish_reason,
            choice::native_finish_reason,
            choice::logprobs,
            choice::usage,
            choice::error,
        ]
        .map(|field| choice.links[field]),
    );
    let mut others = others.chain(
        [delta::reasoning_details, delta::refusal, delta::tool_calls, delta::function_call, UNKNOWN]
            .map(|field| delta.links[field]),
    );
    let is_text = |slot| slot == 0 || doc.slot(slot).kind == Kind::String;
    let content = delta.links[delta::content];
    if first == 0
        || others.any(|link| link != 0)
        || reasoning.iter().filter(|&&slot| slot != 0).count() > 1
        || !reasoning.into_iter().chain([content]).all(is_text)
    {
        return None;
    }
    let reasoning: u32 = reasoning.into_iter().sum();
    let slots = [chunk.links[root::object], choice.links[choice::index], delta.links[delta::role], content, reasoning];
    let mut gist = Gist::default();
    for (to, slot) in gist.slots.iter_mut().zip(slots) {
        *to = u8::try_from(slot).ok()?;
    }
    for (bit, field) in ENVELOPE.into_iter().enumerate() {
        gist.mask |= u8::from(chunk.links[field] != 0) << bit;
    }
    Some(gist)
}

impl<'a> Chunk<'a> {
    /// The text of a chunk that brings nothing else. `None` says nothing: the accessors have the whole.
    #[inline(always)]
    pub(crate) fn sole_text(&self) -> Option<SoleText<'a>> {
        let doc = self.record.doc;
        let Gist { slots, mask } = doc.table.gist;
        let [object, index, role, content, reasoning] = [OBJECT, INDEX, ROLE, CONTENT, REASONING].map(|i| slots[i]);
        let (slot, is_reasoning) = match (doc.is_blank(content.into()), doc.is_blank(reasoning.into())) {
            (false, true) => (content, false),
            (true, false) => (reasoning, true),
            _ => return None,
        };
        // It may be an error (rule 3): a look at the length will do.
        if object != 0 && doc.inside(object.into()).len() == b"error".len() {
            return None;
        }
        Some(SoleText {
            index: if index == 0 { None } else { integer(doc, index.into()).and_then(|index| index.signed()) },
            is_reasoning,
            text: doc.text(slot.into()),
            has_role: role != 0,
            envelope: mask,
        })
    }
}
