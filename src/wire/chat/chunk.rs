//! A chunk as a view: the table of a scanned document with accessors. Views are small and `Copy`; what they lend borrows
//! from the event's data or from the decoder's scratch. Reading an absent field costs a test of a bit.
//!
//! Every field is optional and may be of any type; `""`, null and absent mean the same for ids, names, types, roles and
//! finish reasons (rule 2). The last of duplicate keys wins, a later object replaces an earlier one whole.

use core::fmt;

use super::parts::ContentParts;
use super::record::{Elements, RawFields, Record};
use super::schema::{call, choice, completion_details, custom, delta, detail, error, function, groq, prompt_details};
use super::schema::{root, usage};
use crate::json::number::float;
use crate::json::string::Text;
use crate::json::table::{Doc, EMPTY, Kind, ROOT, SEEN, SEEN_UNKNOWN};

impl<'a, const N: usize> Record<'a, N> {
    #[inline(always)]
    fn usage(self, field: usize) -> Option<ChunkUsage<'a>> {
        let slot = self.slot(field)?;
        let record = self.object(field);
        if record.is_empty() { None } else { Some(ChunkUsage { record, slot }) }
    }

    /// An error that is not null, `""`, false, 0, `{}` or `[]` (rule 3).
    #[inline(always)]
    fn error(self, field: usize) -> Option<ChunkError<'a>> {
        let slot = self.slot(field)?;
        ChunkError::of_slot(self.doc, slot)
    }
}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident $object:ident { $($more:ident: $type:ty),* } $raw:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            pub(super) record: Record<'a, { $object::LINKS }>,
            $(pub(super) $more: $type,)*
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let raw: fn(&Self) -> &[u8] = $raw;
                write!(f, "{}({})", stringify!($name), alloc::string::String::from_utf8_lossy(raw(self)))
            }
        }
    )*};
}

views! {
    /// One JSON document of a chat stream.
    Chunk root {} |this| this.raw();
    /// An entry of `choices`.
    ChunkChoice choice { slot: u32 } |this| this.record.doc.raw(this.slot);
    /// `delta`, or `message` where `delta` is missing or empty.
    Delta delta {} |_| b"..";
    /// `function_call`: the one call of old servers.
    FunctionCallDelta function { slot: u32 } |this| this.record.doc.raw(this.slot);
    /// An entry of `tool_calls`.
    ToolCallDelta call { slot: u32 } |this| this.raw();
    /// An entry of `reasoning_details`.
    ReasoningDetailDelta detail { slot: u32 } |this| this.raw();
    /// A usage object.
    ChunkUsage usage { slot: u32 } |this| this.raw();
}

macro_rules! iterators {
    ($($(#[$doc:meta])* $name:ident $item:ident |$record:ident, $slot:ident| $make:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a>(Elements<'a>);

        impl<'a> Iterator for $name<'a> {
            type Item = $item<'a>;
            #[inline(always)]
            fn next(&mut self) -> Option<$item<'a>> {
                let ($record, $slot) = self.0.next_record()?;
                Some($make)
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(*self).finish()
            }
        }
    )*};
}

iterators! {
    /// The choices of a chunk, in the order of the wire.
    ChunkChoices ChunkChoice |record, slot| ChunkChoice { record, slot };
    /// The tool calls of a delta, in the order of the wire.
    ToolCallDeltas ToolCallDelta |record, slot| ToolCallDelta { record, slot };
    /// The reasoning details of a delta, in the order of the wire.
    ReasoningDetailDeltas ReasoningDetailDelta |record, slot| ReasoningDetailDelta { record, slot };
}

impl<'a> Chunk<'a> {
    #[inline(always)]
    pub(super) fn new(doc: Doc<'a>) -> Self {
        Self { record: Record::of(doc, ROOT) }
    }
    #[cfg(all(test, feature = "std"))]
    pub(super) fn doc(&self) -> Doc<'a> {
        self.record.doc
    }
    /// The document's bytes.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.record.doc.raw(ROOT)
    }
    /// The table that it is read through: each slot's place, kind and links; then the records.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    #[must_use]
    pub fn table_dump(&self) -> alloc::string::String {
        self.record.doc.dump()
    }
    /// Whether it is an object with any field of a chunk or an error, null or not (a custom event's data are not).
    #[must_use]
    #[inline]
    pub fn is_chunk(&self) -> bool {
        const OTHER: u32 = 1 << root::message | 1 << root::kind | 1 << root::code | SEEN_UNKNOWN;
        self.record.links[SEEN] & !OTHER != 0
    }
    /// `id`
    #[must_use]
    #[inline]
    pub fn id(&self) -> Option<&'a str> {
        self.record.name_or_number(root::id)
    }
    /// `object`
    #[must_use]
    #[inline]
    pub fn object(&self) -> Option<&'a str> {
        self.record.name(root::object)
    }
    /// `model`
    #[must_use]
    #[inline]
    pub fn model(&self) -> Option<&'a str> {
        self.record.name(root::model)
    }
    /// `provider`
    #[must_use]
    #[inline]
    pub fn provider(&self) -> Option<&'a str> {
        self.record.name(root::provider)
    }
    /// `system_fingerprint`
    #[must_use]
    #[inline]
    pub fn system_fingerprint(&self) -> Option<&'a str> {
        self.record.name(root::system_fingerprint)
    }
    /// `service_tier`
    #[must_use]
    #[inline]
    pub fn service_tier(&self) -> Option<&'a str> {
        self.record.name(root::service_tier)
    }
    /// `created`, seconds since 1970 (0 is absent)
    #[must_use]
    #[inline]
    pub fn created(&self) -> Option<u64> {
        self.record.unsigned(root::created).filter(|&seconds| seconds != 0)
    }
    /// The choices, in the order of the wire.
    #[inline(always)]
    #[must_use]
    pub fn choices(&self) -> ChunkChoices<'a> {
        ChunkChoices(self.record.elements(root::choices))
    }
    /// `usage`, when it is an object that is not empty
    #[must_use]
    #[inline]
    pub fn usage(&self) -> Option<ChunkUsage<'a>> {
        self.record.usage(root::usage)
    }
    /// `x_groq.usage`, when it is an object that is not empty
    #[must_use]
    #[inline]
    pub fn groq_usage(&self) -> Option<ChunkUsage<'a>> {
        self.record.object::<{ groq::LINKS }>(root::x_groq).usage(groq::usage)
    }
    /// `error`, when it is not null, `""`, false, 0, `{}` or `[]`; or the chunk itself when `object` is `error` (rule 3)
    #[must_use]
    #[inline]
    pub fn error(&self) -> Option<ChunkError<'a>> {
        if let Some(error) = self.record.error(root::error) {
            return Some(error);
        }
        let slot = self.record.slot(root::object)?;
        // Nearly always `chat.completion.chunk`: a look at the length will do.
        let may_be = self.record.doc.inside(slot).len() == b"error".len() || !self.record.doc.fit.owned.is_empty();
        if may_be && self.object() == Some("error") { Some(self.itself_as_error()) } else { None }
    }
    #[cold]
    fn itself_as_error(&self) -> ChunkError<'a> {
        let [message, kind, code] = [root::message, root::kind, root::code].map(|field| self.record.links[field]);
        ChunkError { doc: self.record.doc, slot: ROOT, message, kind, code }
    }
    /// The fields that the schema does not name.
    #[inline(always)]
    #[must_use]
    pub fn unknown_fields(&self) -> RawFields<'a> {
        self.record.unknown_fields()
    }
}

impl<'a> ChunkChoice<'a> {
    /// `index`; absent when missing, null or no integer
    #[must_use]
    #[inline]
    pub fn index(&self) -> Option<i64> {
        self.record.signed(choice::index)
    }
    /// The delta (empty when there is none): `delta`, or `message` where `delta` is missing or empty.
    #[must_use]
    #[inline(always)]
    pub fn delta(&self) -> Delta<'a> {
        let delta: Record<'a, { delta::LINKS }> = self.record.object(choice::delta);
        // Only the links are chosen: a whole record would go through memory.
        let links = if delta.is_empty() { self.record.object(choice::message).links } else { delta.links };
        Delta { record: Record { doc: self.record.doc, links } }
    }
    /// Whether the delta was read from `message`.
    #[must_use]
    #[inline]
    pub fn is_message(&self) -> bool {
        self.has_message() && self.record.object::<{ delta::LINKS }>(choice::delta).is_empty()
    }
    /// Whether there is a `message` that is an object and not empty, read or not.
    #[must_use]
    #[inline]
    pub fn has_message(&self) -> bool {
        !self.record.object::<{ delta::LINKS }>(choice::message).is_empty()
    }
    /// `finish_reason`
    #[must_use]
    #[inline]
    pub fn finish_reason(&self) -> Option<&'a str> {
        self.record.name(choice::finish_reason)
    }
    /// `native_finish_reason`
    #[must_use]
    #[inline]
    pub fn native_finish_reason(&self) -> Option<&'a str> {
        self.record.name(choice::native_finish_reason)
    }
    /// `logprobs`, raw JSON, when not null
    #[must_use]
    #[inline]
    pub fn logprobs(&self) -> Option<&'a [u8]> {
        Some(self.record.doc.raw(self.record.slot(choice::logprobs)?))
    }
    /// `usage` inside the choice (Moonshot)
    #[must_use]
    #[inline]
    pub fn usage(&self) -> Option<ChunkUsage<'a>> {
        self.record.usage(choice::usage)
    }
    /// `error` inside the choice, by the same rule as the chunk's
    #[must_use]
    #[inline]
    pub fn error(&self) -> Option<ChunkError<'a>> {
        self.record.error(choice::error)
    }
    /// The fields that the schema does not name.
    #[inline(always)]
    #[must_use]
    pub fn unknown_fields(&self) -> RawFields<'a> {
        self.record.unknown_fields()
    }
}

/// The names of the fields that bring reasoning, the first that is there and not empty goes.
pub(crate) const REASONING_FIELDS: [&str; 3] = ["reasoning_content", "reasoning", "reasoning_text"];

impl<'a> Delta<'a> {
    /// Whether it has no field at all (a heartbeat).
    #[must_use]
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.record.is_empty()
    }
    /// `role`
    #[must_use]
    #[inline]
    pub fn role(&self) -> Option<&'a str> {
        self.record.name(delta::role)
    }
    /// `content`: a string (also empty: `Some("")` keeps a held surrogate pending as absent does) or a number's text
    #[must_use]
    #[inline(always)]
    pub fn content(&self) -> Option<Text<'a>> {
        let slot = self.record.slot(delta::content)?;
        match self.record.doc.slot(slot).kind {
            Kind::String | Kind::Number => Some(self.record.doc.text(slot)),
            _ => None,
        }
    }
    /// The parts of a `content` that is an array; empty when it is not.
    #[inline(always)]
    #[must_use]
    pub fn content_parts(&self) -> ContentParts<'a> {
        ContentParts::new(self.record.doc, self.record.elements(delta::content))
    }
    /// The reasoning text: `reasoning_content`, else `reasoning`, else `reasoning_text` (not the details): the first that
    /// is a string and not empty.
    #[must_use]
    #[inline(always)]
    pub fn reasoning(&self) -> Option<Text<'a>> {
        const ANY: u32 = 1 << delta::reasoning_content | 1 << delta::reasoning | 1 << delta::reasoning_text;
        if self.record.links[SEEN] & ANY == 0 {
            return None;
        }
        [delta::reasoning_content, delta::reasoning, delta::reasoning_text]
            .into_iter()
            .filter_map(|field| self.record.text(field))
            .find(|text| !text.is_empty())
    }
    /// The name of the field that [`reasoning`](Self::reasoning) reads here.
    #[must_use]
    pub fn reasoning_field(&self) -> Option<&'static str> {
        REASONING_FIELDS.get(usize::from(self.reasoning_field_number()?)).copied()
    }
    /// The number of the field in [`REASONING_FIELDS`].
    pub(crate) fn reasoning_field_number(&self) -> Option<u8> {
        let fields = [(delta::reasoning_content, 0), (delta::reasoning, 1), (delta::reasoning_text, 2)];
        let found = fields.into_iter().find(|&(field, _)| self.record.text(field).is_some_and(|text| !text.is_empty()));
        found.map(|(_, number)| number)
    }
    /// `reasoning_details`, in the order of the wire.
    #[inline(always)]
    #[must_use]
    pub fn reasoning_details(&self) -> ReasoningDetailDeltas<'a> {
        ReasoningDetailDeltas(self.record.elements(delta::reasoning_details))
    }
    /// `refusal`
    #[must_use]
    #[inline(always)]
    pub fn refusal(&self) -> Option<Text<'a>> {
        self.record.text(delta::refusal)
    }
    /// `tool_calls`, in the order of the wire.
    #[inline(always)]
    #[must_use]
    pub fn tool_calls(&self) -> ToolCallDeltas<'a> {
        ToolCallDeltas(self.record.elements(delta::tool_calls))
    }
    /// `function_call` (legacy)
    #[must_use]
    #[inline]
    pub fn function_call(&self) -> Option<FunctionCallDelta<'a>> {
        let slot = self.record.slot(delta::function_call)?;
        let record = self.record.doc.record(slot);
        (record != 0).then(|| FunctionCallDelta { record: Record::new(self.record.doc, record), slot })
    }
    /// The fields that the schema does not name (audio, images, annotations, …).
    #[inline(always)]
    #[must_use]
    pub fn unknown_fields(&self) -> RawFields<'a> {
        self.record.unknown_fields()
    }
}

impl<'a> FunctionCallDelta<'a> {
    /// `name`
    #[must_use]
    #[inline]
    pub fn name(&self) -> Option<&'a str> {
        self.record.name(function::name)
    }
    /// `arguments`: a string, or any other value's raw JSON
    #[must_use]
    #[inline]
    pub fn arguments(&self) -> Option<Text<'a>> {
        self.record.text_or_raw(function::arguments)
    }
}

impl<'a> ToolCallDelta<'a> {
    /// The entry's raw JSON.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.record.doc.raw(self.slot)
    }
    /// `index`: an integer, also as integral float or numeric string; absent when missing, null, negative or else
    #[must_use]
    #[inline]
    pub fn index(&self) -> Option<i64> {
        self.record.signed(call::index).filter(|&index| index >= 0)
    }
    /// `id`; a number is its text
    #[must_use]
    #[inline]
    pub fn id(&self) -> Option<&'a str> {
        self.record.name_or_number(call::id)
    }
    /// `type`
    #[must_use]
    #[inline]
    pub fn kind(&self) -> Option<&'a str> {
        self.record.name(call::kind)
    }
    /// `function.name`, or `name` of a flattened call, or `custom.name`
    #[must_use]
    #[inline]
    pub fn name(&self) -> Option<&'a str> {
        let function = self.function().name(function::name);
        function.or_else(|| self.record.name(call::name)).or_else(|| self.custom().name(custom::name))
    }
    /// `function.arguments`, or `arguments` of a flattened call: a string, or any other value's raw JSON; not null
    #[must_use]
    #[inline]
    pub fn arguments(&self) -> Option<Text<'a>> {
        let function = self.function().text_or_raw(function::arguments);
        function.or_else(|| self.record.text_or_raw(call::arguments))
    }
    /// Whether the arguments key is there at all, null included (rule 8's bare name piece has none).
    #[must_use]
    #[inline]
    pub fn has_arguments_key(&self) -> bool {
        self.function().has_key(function::arguments) || self.record.has_key(call::arguments)
    }
    /// `custom` with a name or input
    #[must_use]
    #[inline]
    pub fn is_custom(&self) -> bool {
        let custom = self.custom();
        custom.name(custom::name).is_some() || custom.slot(custom::input).is_some()
    }
    /// `custom.input`
    #[must_use]
    #[inline]
    pub fn input(&self) -> Option<Text<'a>> {
        self.custom().text_or_raw(custom::input)
    }
    #[inline(always)]
    fn function(&self) -> Record<'a, { function::LINKS }> {
        self.record.object(call::function)
    }
    #[inline(always)]
    fn custom(&self) -> Record<'a, { custom::LINKS }> {
        self.record.object(call::custom)
    }
    /// The fields that the schema does not name (`extra_content`, …).
    #[inline(always)]
    #[must_use]
    pub fn unknown_fields(&self) -> RawFields<'a> {
        self.record.unknown_fields()
    }
}

impl<'a> ChunkUsage<'a> {
    /// The object's raw JSON.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.record.doc.raw(self.slot)
    }
    /// `prompt_tokens` (integral floats are integers, negative ones absent)
    #[must_use]
    pub fn prompt_tokens(&self) -> Option<u64> {
        self.record.unsigned(usage::prompt_tokens)
    }
    /// `completion_tokens`
    #[must_use]
    pub fn completion_tokens(&self) -> Option<u64> {
        self.record.unsigned(usage::completion_tokens)
    }
    /// `total_tokens`
    #[must_use]
    pub fn total_tokens(&self) -> Option<u64> {
        self.record.unsigned(usage::total_tokens)
    }
    /// `prompt_tokens_details.cached_tokens`
    #[must_use]
    pub fn cached_tokens(&self) -> Option<u64> {
        self.record
            .object::<{ prompt_details::LINKS }>(usage::prompt_tokens_details)
            .unsigned(prompt_details::cached_tokens)
    }
    /// `completion_tokens_details.reasoning_tokens`
    #[must_use]
    pub fn reasoning_tokens(&self) -> Option<u64> {
        let details: Record<'a, { completion_details::LINKS }> = self.record.object(usage::completion_tokens_details);
        details.unsigned(completion_details::reasoning_tokens)
    }
    /// `cost`, when it is a finite number
    #[must_use]
    pub fn cost(&self) -> Option<f64> {
        let slot = self.record.slot(usage::cost)?;
        if self.record.doc.slot(slot).kind == Kind::Number { float(self.record.doc.inside(slot)) } else { None }
    }
}

/// A provider's error.
#[derive(Clone, Copy)]
pub struct ChunkError<'a> {
    doc: Doc<'a>,
    slot: u32,
    /// Slots; 0 is absent.
    message: u32,
    kind: u32,
    code: u32,
}

impl fmt::Debug for ChunkError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkError({})", alloc::string::String::from_utf8_lossy(self.raw()))
    }
}

impl<'a> ChunkError<'a> {
    #[cold]
    #[inline(never)]
    fn of_slot(doc: Doc<'a>, slot: u32) -> Option<Self> {
        let this = doc.slot(slot);
        let is_error = match this.kind {
            Kind::String => !doc.is_blank(slot),
            Kind::Number => float(doc.inside(slot)) != Some(0.0),
            Kind::Word => doc.inside(slot) == b"true",
            Kind::Object | Kind::Array => this.flags & EMPTY == 0,
            Kind::Absent => false,
        };
        let record = Record::<{ error::LINKS }>::of(doc, slot);
        let [message, kind, code] = [error::message, error::kind, error::code].map(|field| record.links[field]);
        is_error.then_some(Self { doc, slot, message, kind, code })
    }

    /// The data of an `event: error`: an error, an object with an `error` in it, or plain text in a lone string slot.
    pub(super) fn of_event(doc: Doc<'a>) -> Self {
        let chunk = Chunk::new(doc);
        chunk.record.error(root::error).unwrap_or_else(|| chunk.itself_as_error())
    }

    /// The error's raw JSON; of an `event: error` that is plain text, the text's bytes.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.doc.raw(self.slot)
    }
    /// `message`, or the error itself when it is a string
    #[must_use]
    pub fn message(&self) -> Option<&'a str> {
        let slot = if self.doc.slot(self.slot).kind == Kind::String { self.slot } else { self.message };
        self.text(slot, false)
    }
    /// `type`
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.text(self.kind, false)
    }
    /// `code`: a string, or a number's text
    #[must_use]
    pub fn code(&self) -> Option<&'a str> {
        self.text(self.code, true)
    }

    fn text(&self, slot: u32, or_number: bool) -> Option<&'a str> {
        match self.doc.slot(slot).kind {
            Kind::String => Some(self.doc.text(slot).as_str()).filter(|text| !text.is_empty()),
            Kind::Number if or_number => Some(self.doc.text(slot).as_str()),
            _ => None,
        }
    }
}
