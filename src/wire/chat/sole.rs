//! Chunks that bring one text (content, reasoning or a piece of a call's arguments) and, but for their envelope and a
//! role, nothing else: nearly every chunk of a stream.
//!
//! Whether the chunks of a shape are such is a matter of its structure and constants, so it is found out once, when the
//! shape is learned ([`gist`]), and kept with it. What may differ between them (which of the texts are empty) is looked at
//! each time.

use super::chunk::Chunk;
use super::schema::{call, choice, delta, function, root};
use crate::json::shape::{Line, Recent, Shapes};
use crate::json::table::{Doc, Fit, Gist, Kind, ROOT, Table, UNKNOWN};
use crate::json::token::{Token, Window};

/// The one text of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoleText<'a> {
    /// The choice's index; 0 when it has none.
    pub(crate) index: i64,
    pub(crate) of: SoleKind,
    /// The text, not empty; nothing was mended in it.
    pub(crate) text: Token<'a>,
    /// Whether there is a role.
    pub(crate) has_role: bool,
    /// The fields of the envelope that are there, a bit a field.
    pub(crate) envelope: u8,
}

/// What a sole text is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SoleKind {
    Content,
    Reasoning,
    /// Arguments of the call with this index; the entry has no id and no name.
    Arguments(i64),
}

/// The fields whose first value is the stream's.
const ENVELOPE: [usize; 6] =
    [root::id, root::model, root::provider, root::system_fingerprint, root::service_tier, root::created];

/// What [`sole_text`] reads of a shape: the slots of content, reasoning and arguments, the indices of choice and call, the
/// mask of the envelope and whether there is a role, if there can be nothing else in documents of this shape.
pub(super) fn gist(table: &Table) -> Gist {
    find(table).unwrap_or_default()
}

fn find(table: &Table) -> Option<Gist> {
    let chunk: &[u32; root::LINKS] = table.links_of(ROOT)?;
    let first = sole_element(table, chunk[root::choices])?;
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
    let of_delta = [delta::reasoning_details, delta::refusal, delta::function_call, UNKNOWN].map(|field| delta[field]);
    let mut others = of_chunk.into_iter().chain(of_choice).chain(of_delta);
    let content = delta[delta::content];
    let (arguments, call_index) = match delta[delta::tool_calls] {
        0 => (0, 0),
        calls => fragment(table, calls)?,
    };
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
    let mut slots = [0; 3];
    for (to, slot) in slots.iter_mut().zip([content, reasoning, arguments]) {
        *to = u8::try_from(slot).ok()?;
    }
    let index = match choice[choice::index] {
        0 => 0,
        index => whole_number(table, index)?,
    };
    let envelope = ENVELOPE.into_iter().enumerate();
    let mask = envelope.fold(0, |mask, (bit, field)| mask | u8::from(chunk[field] != 0) << bit);
    // The text that varies, when the others are empty in all documents of the shape.
    let varies = |slot: u8| slot != 0 && table.constant(slot.into()) != Some("");
    let (which, hole) = match slots.map(varies) {
        [true, false, false] => (0, hole_of(table, slots[0])),
        [false, true, false] => (1, hole_of(table, slots[1])),
        [false, false, true] => (2, hole_of(table, slots[2])),
        _ => (0, 0),
    };
    Some(Gist { slots, mask, flag: delta[delta::role] != 0, hole, which, numbers: [index, call_index] })
}

/// The number of the hole, from 1, that a slot is; 0 when it is none.
fn hole_of(table: &Table, slot: u8) -> u8 {
    let [before, after] = table.slots[usize::from(slot)].holes_before;
    if before == after { 0 } else { after }
}

/// The slot of an array's only element.
fn sole_element(table: &Table, array: u32) -> Option<u32> {
    let first = table.slot(array).filter(|array| array.kind == Kind::Array)?.aux;
    (table.slot(first)?.next == 0).then_some(first)
}

/// A small number that is the same in all documents of the shape.
fn whole_number(table: &Table, slot: u32) -> Option<u32> {
    if table.slot(slot)?.kind == Kind::Number { table.constant(slot)?.parse().ok() } else { None }
}

/// The slot of the arguments and the index of the one entry of `tool_calls`, if it is a function's and has nothing else.
fn fragment(table: &Table, calls: u32) -> Option<(u32, u32)> {
    let call: &[u32; call::LINKS] = table.links_of(sole_element(table, calls)?)?;
    let function: &[u32; function::LINKS] = table.links_of(call[call::function])?;
    let others = [call::id, call::custom, call::name, call::arguments, UNKNOWN].map(|field| call[field]);
    let is_function = call[call::kind] == 0 || table.constant(call[call::kind]) == Some("function");
    let arguments = function[function::arguments];
    if others.iter().any(|&link| link != 0)
        || function[function::name] != 0
        || !is_function
        || table.slot(arguments)?.kind != Kind::String
    {
        return None;
    }
    Some((arguments, whole_number(table, call[call::index])?))
}

/// The text at the front of `bytes`, where a chunk of the shape that fitted last brings it and nothing else; and where that
/// chunk, none of whose bytes is a line end, ends. `None` says nothing.
#[inline(always)]
pub(super) fn sole_line<'a>(
    shapes: &mut Shapes,
    fit: &'a mut Fit,
    bytes: &'a [u8],
    recent: &mut Recent,
    window: &'a mut Window,
) -> Option<(SoleText<'a>, usize)> {
    let Line { gist, at, string, end } = shapes.fit_line(bytes, recent)?;
    if at == string.end() {
        return None;
    }
    let [index, call] = gist.numbers;
    let of = match gist.which {
        0 => SoleKind::Content,
        1 => SoleKind::Reasoning,
        _ => SoleKind::Arguments(call.into()),
    };
    let text = fit.one_text(bytes, at, string, window)?;
    Some((SoleText { index: index.into(), of, text, has_role: gist.flag, envelope: gist.mask }, end))
}

/// The text of a document that brings nothing else. `None` says nothing: the accessors have the whole.
#[inline(always)]
pub(super) fn sole_text(doc: Doc<'_>) -> Option<SoleText<'_>> {
    let Gist { slots, mask, flag, numbers: [index, call], .. } = doc.table.gist;
    let (content, reasoning, arguments) = (u32::from(slots[0]), u32::from(slots[1]), u32::from(slots[2]));
    let (slot, of) = match (doc.is_blank(content), doc.is_blank(reasoning), doc.is_blank(arguments)) {
        (false, true, true) => (content, SoleKind::Content),
        (true, false, true) => (reasoning, SoleKind::Reasoning),
        (true, true, false) => (arguments, SoleKind::Arguments(call.into())),
        _ => return None,
    };
    let text = Token::of(doc.text(slot).as_str());
    Some(SoleText { index: index.into(), of, text, has_role: flag, envelope: mask })
}

impl<'a> Chunk<'a> {
    /// Its text, when it brings nothing else. `None` says nothing.
    #[inline(always)]
    pub(crate) fn sole_text(&self) -> Option<SoleText<'a>> {
        sole_text(self.record.doc)
    }
}
