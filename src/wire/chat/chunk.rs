//! A chunk as a view: a table of slots with accessors. `""` and null are absent everywhere (QUIRKS rule 2).

use core::marker::PhantomData;
use core::ops::Deref;

macro_rules! view {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $method:ident: $ret:ty;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a> {
            table: PhantomData<&'a ()>,
        }

        impl<'a> $name<'a> {
            $($(#[$fdoc])*
            #[must_use]
            pub fn $method(&self) -> $ret {
                let _ = self.table;
                Default::default()
            })*
        }
    )*};
}

/// Text of a delta: a `str` that can say that it opens with a low surrogate or ends with a high one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'a> {
    text: &'a str,
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        self.text
    }
}

impl<'a> Text<'a> {
    /// The text, U+FFFD for each lone half of a surrogate pair and for what is not UTF-8.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }
    /// The low surrogate it opens with, when it does: its first character is the U+FFFD that stands for it.
    #[must_use]
    pub const fn opening_low(&self) -> Option<u16> {
        None
    }
    /// The high surrogate it ends with, when it does: its last character is the U+FFFD that stands for it.
    #[must_use]
    pub const fn closing_high(&self) -> Option<u16> {
        None
    }
    /// Whether a lone surrogate stands anywhere but in those two places.
    #[must_use]
    pub const fn has_lone_surrogate(&self) -> bool {
        false
    }
    /// Whether bytes that are not UTF-8 were replaced.
    #[must_use]
    pub const fn has_invalid_utf8(&self) -> bool {
        false
    }
}

/// A field that the schema does not name: its key (raw, still escaped) and its value as raw JSON.
#[derive(Clone, Copy, Debug)]
pub struct RawField<'a> {
    /// The key, without its quotes, escapes untouched.
    pub key: &'a [u8],
    /// The value's raw JSON.
    pub value: &'a [u8],
}

/// What a part of an array-valued `content` is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentPartKind {
    /// `text`
    Text,
    /// `thinking`, also nested as an array of texts (one part each)
    Reasoning,
    /// Anything else, raw.
    Other,
}

view! {
    /// One JSON document of a chat stream.
    Chunk {
        /// The document's bytes.
        raw: &'a [u8];
        /// `id`
        id: Option<&'a str>;
        /// `object`
        object: Option<&'a str>;
        /// `model`
        model: Option<&'a str>;
        /// `provider`
        provider: Option<&'a str>;
        /// `system_fingerprint`
        system_fingerprint: Option<&'a str>;
        /// `service_tier`
        service_tier: Option<&'a str>;
        /// `created`, seconds since 1970 (0 is absent)
        created: Option<u64>;
        /// `usage`, when it is an object that is not empty
        usage: Option<ChunkUsage<'a>>;
        /// `x_groq.usage`, when it is an object that is not empty
        groq_usage: Option<ChunkUsage<'a>>;
        /// `error` by rule 3 (not null, "", false, 0, {} or []), or the chunk itself when `object` is `error`
        error: Option<ChunkError<'a>>;
        /// Whether it is an object with any field of a chunk or an error (a custom event's data are not).
        is_chunk: bool;
    }
    /// An entry of `choices`.
    ChunkChoice {
        /// `index`; absent when missing, null or no integer
        index: Option<i64>;
        /// `finish_reason`
        finish_reason: Option<&'a str>;
        /// `native_finish_reason`
        native_finish_reason: Option<&'a str>;
        /// `logprobs`, raw JSON, when not null
        logprobs: Option<&'a [u8]>;
        /// `usage` inside the choice (Moonshot)
        usage: Option<ChunkUsage<'a>>;
        /// `error` inside the choice
        error: Option<ChunkError<'a>>;
        /// Whether the delta was read from `message`.
        is_message: bool;
    }
    /// `delta`, or `message` where `delta` is missing or empty.
    Delta {
        /// `role`
        role: Option<&'a str>;
        /// `content`, a string (also empty: `Some("")` keeps a held surrogate pending as absent does) or a number's text
        content: Option<Text<'a>>;
        /// The reasoning text: `reasoning_content`, else `reasoning`, else `reasoning_text` (not the details)
        reasoning: Option<Text<'a>>;
        /// `refusal`
        refusal: Option<Text<'a>>;
        /// `function_call` (legacy)
        function_call: Option<FunctionCallDelta<'a>>;
    }
    /// `function_call`: the one call of old servers.
    FunctionCallDelta {
        /// `name`
        name: Option<&'a str>;
        /// `arguments`: a string, or any other value's raw JSON
        arguments: Option<Text<'a>>;
    }
    /// An entry of `tool_calls`.
    ToolCallDelta {
        /// `index`: an integer, also as integral float or numeric string; absent when missing, null, negative or else
        index: Option<i64>;
        /// `id`; a number is its text
        id: Option<&'a str>;
        /// `type`
        kind: Option<&'a str>;
        /// `function.name`, or `name` of a flattened call, or `custom.name`
        name: Option<&'a str>;
        /// `function.arguments`, or `arguments` of a flattened call: a string, or any other value's raw JSON; not null
        arguments: Option<Text<'a>>;
        /// Whether the arguments key is there at all, null included (rule 8's bare name piece has none).
        has_arguments_key: bool;
        /// `custom` with a name or input
        is_custom: bool;
        /// `custom.input`
        input: Option<Text<'a>>;
    }
    /// An entry of `reasoning_details`.
    ReasoningDetailDelta {
        /// The entry's raw JSON.
        raw: &'a [u8];
        /// `index`
        index: Option<i64>;
        /// `type`
        kind: Option<&'a str>;
        /// `format`
        format: Option<&'a str>;
        /// `id`
        id: Option<&'a str>;
        /// `text`
        text: Option<Text<'a>>;
        /// `summary`
        summary: Option<Text<'a>>;
        /// `data`
        data: Option<Text<'a>>;
        /// `signature`
        signature: Option<&'a str>;
    }
    /// A usage object.
    ChunkUsage {
        /// The object's raw JSON.
        raw: &'a [u8];
        /// `prompt_tokens` (integral floats are integers)
        prompt_tokens: Option<u64>;
        /// `completion_tokens`
        completion_tokens: Option<u64>;
        /// `total_tokens`
        total_tokens: Option<u64>;
        /// `prompt_tokens_details.cached_tokens`
        cached_tokens: Option<u64>;
        /// `completion_tokens_details.reasoning_tokens`
        reasoning_tokens: Option<u64>;
        /// `cost`
        cost: Option<f64>;
    }
    /// A provider's error.
    ChunkError {
        /// The error's raw JSON.
        raw: &'a [u8];
        /// `message`, or the error itself when it is a string
        message: Option<&'a str>;
        /// `type`
        kind: Option<&'a str>;
        /// `code`: a string, or a number's text
        code: Option<&'a str>;
    }
}

/// One part of an array-valued `content`.
#[derive(Clone, Copy, Debug)]
pub struct ContentPart<'a> {
    /// What it is.
    pub kind: ContentPartKind,
    /// Its text; of `Other` nothing.
    pub text: Text<'a>,
    /// Its raw JSON.
    pub raw: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// The choices, in the order of the wire.
    pub fn choices(&self) -> impl Iterator<Item = ChunkChoice<'a>> + use<'a> {
        let _ = self.table;
        core::iter::empty()
    }
    /// The fields that the schema does not name.
    pub fn unknown_fields(&self) -> impl Iterator<Item = RawField<'a>> + use<'a> {
        core::iter::empty()
    }
}

impl<'a> ChunkChoice<'a> {
    /// The delta (empty when there is none).
    #[must_use]
    pub fn delta(&self) -> Delta<'a> {
        Delta { table: self.table }
    }
    /// The fields that the schema does not name.
    pub fn unknown_fields(&self) -> impl Iterator<Item = RawField<'a>> + use<'a> {
        core::iter::empty()
    }
}

impl<'a> Delta<'a> {
    /// The parts of a `content` that is an array; empty when it is not.
    pub fn content_parts(&self) -> impl Iterator<Item = ContentPart<'a>> + use<'a> {
        core::iter::empty()
    }
    /// `reasoning_details`, in the order of the wire.
    pub fn reasoning_details(&self) -> impl Iterator<Item = ReasoningDetailDelta<'a>> + use<'a> {
        core::iter::empty()
    }
    /// `tool_calls`, in the order of the wire.
    pub fn tool_calls(&self) -> impl Iterator<Item = ToolCallDelta<'a>> + use<'a> {
        core::iter::empty()
    }
    /// The fields that the schema does not name (audio, images, annotations, …).
    pub fn unknown_fields(&self) -> impl Iterator<Item = RawField<'a>> + use<'a> {
        core::iter::empty()
    }
}

impl<'a> ToolCallDelta<'a> {
    /// The fields that the schema does not name (`extra_content`, …).
    pub fn unknown_fields(&self) -> impl Iterator<Item = RawField<'a>> + use<'a> {
        core::iter::empty()
    }
}
