//! One type a contestant: the events of one stream, each one's fields handed to `fields`.

use async_openai::types::chat::CreateChatCompletionStreamResponse;
use deltawire::{Chunk, Decoder, Document, Event, RecentShapes};
use jiter::{JiterResult, Peek};
use simd_json::prelude::*;
use simd_json::{Buffers, Deserializer, INPUT_PADDING, Tape};

use crate::fields::{At, Field, Fields};
use crate::streams::Stream;
use crate::wire;

pub trait Decode {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields);
}

/// What a decoder knows when a stream begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// All that came before.
    Warm,
    Fresh,
    /// Nothing ever: the cache is off.
    Cold,
}

pub struct Deltawire {
    memory: Memory,
    decoder: Decoder,
    recent: RecentShapes,
}

impl Deltawire {
    fn with(memory: Memory) -> Self {
        Self { memory, decoder: decoder(memory), recent: RecentShapes::default() }
    }
    pub fn warm() -> Self {
        Self::with(Memory::Warm)
    }
    pub fn fresh() -> Self {
        Self::with(Memory::Fresh)
    }
    pub fn cold() -> Self {
        Self::with(Memory::Cold)
    }
}

fn decoder(memory: Memory) -> Decoder {
    if memory == Memory::Cold { Decoder::new().without_cache() } else { Decoder::new() }
}

impl Decode for Deltawire {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        if self.memory == Memory::Fresh {
            *self = Self::fresh();
        }
        for data in stream.data() {
            let mut accepted = false;
            let mut documents = self.decoder.documents(Event::new(b"", data), &mut self.recent);
            while let Some(document) = documents.next() {
                if let Document::Chunk(chunk) = document {
                    accepted = true;
                    deltawire(&chunk, fields);
                }
            }
            fields.end_of_event(accepted);
        }
    }
}

fn text(fields: &mut impl Fields, field: Field, at: At, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        fields.text(field, at, value);
    }
}

fn number(fields: &mut impl Fields, field: Field, at: At, value: Option<u64>) {
    if let Some(value) = value {
        fields.number(field, at, value);
    }
}

fn deltawire(chunk: &Chunk<'_>, fields: &mut impl Fields) {
    let top = At::default();
    text(fields, Field::Id, top, chunk.id());
    text(fields, Field::Model, top, chunk.model());
    number(fields, Field::Created, top, chunk.created());
    for (c, choice) in chunk.choices().enumerate() {
        let at = At { choice: c, call: 0 };
        text(fields, Field::FinishReason, at, choice.finish_reason());
        let delta = choice.delta();
        text(fields, Field::Role, at, delta.role());
        text(fields, Field::Content, at, delta.content().as_deref());
        text(fields, Field::Reasoning, at, delta.reasoning().as_deref());
        for (call, entry) in delta.tool_calls().enumerate() {
            let at = At { choice: c, call };
            number(fields, Field::CallIndex, at, entry.index().and_then(|index| index.try_into().ok()));
            text(fields, Field::CallId, at, entry.id());
            text(fields, Field::CallName, at, entry.name());
            text(fields, Field::CallArguments, at, entry.arguments().as_deref());
        }
    }
    if let Some(usage) = chunk.usage() {
        number(fields, Field::PromptTokens, top, usage.prompt_tokens());
        number(fields, Field::CompletionTokens, top, usage.completion_tokens());
        number(fields, Field::TotalTokens, top, usage.total_tokens());
    }
}

pub struct Serde;

impl Decode for Serde {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        for data in stream.data() {
            let chunk = serde_json::from_slice::<wire::Chunk<'_>>(data);
            if let Ok(chunk) = &chunk {
                chunk.fields(fields);
            }
            fields.end_of_event(chunk.is_ok());
        }
    }
}

pub struct AsyncOpenai;

impl Decode for AsyncOpenai {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        for data in stream.data() {
            let chunk = serde_json::from_slice::<CreateChatCompletionStreamResponse>(data);
            if let Ok(chunk) = &chunk {
                wire::openai_fields(chunk, fields);
            }
            fields.end_of_event(chunk.is_ok());
        }
    }
}

pub struct Sonic;

impl Decode for Sonic {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        for data in stream.data() {
            let chunk = sonic_rs::from_slice::<wire::Chunk<'_>>(data);
            if let Ok(chunk) = &chunk {
                chunk.fields(fields);
            }
            fields.end_of_event(chunk.is_ok());
        }
    }
}

/// simd-json parses in place and destroys its input, so the data are copied first, with the padding it likes; every
/// buffer is kept from event to event.
struct Simd {
    input: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl Default for Simd {
    fn default() -> Self {
        Self { input: Vec::new(), buffers: Buffers::default(), tape: Some(Tape(Vec::new())) }
    }
}

impl Simd {
    /// The tape of `data`; `take` gives the tape back.
    fn tape(&mut self, data: &[u8], take: impl for<'t> FnOnce(Tape<'t>) -> Tape<'t>) -> bool {
        self.input.clear();
        self.input.extend_from_slice(data);
        self.input.resize(data.len() + INPUT_PADDING, 0);
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let filled = simd_json::fill_tape_padded(&mut self.input, data.len(), &mut self.buffers, &mut tape).is_ok();
        let tape = if filled { take(tape) } else { tape };
        self.tape = Some(tape.reset());
        filled
    }
}

#[derive(Default)]
pub struct SimdTyped(Simd);

impl Decode for SimdTyped {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        use serde::Deserialize as _;
        for data in stream.data() {
            let mut typed = false;
            let filled = self.0.tape(data, |tape| {
                let mut deserializer = Deserializer::from_tape(tape);
                if let Ok(chunk) = wire::Chunk::deserialize(&mut deserializer) {
                    chunk.fields(fields);
                    typed = true;
                }
                deserializer.into_tape()
            });
            fields.end_of_event(filled && typed);
        }
    }
}

#[derive(Default)]
pub struct SimdTape(Simd);

impl Decode for SimdTape {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        for data in stream.data() {
            let mut is_object = false;
            let filled = self.0.tape(data, |tape| {
                if let Some(chunk) = tape.as_value().as_object() {
                    is_object = true;
                    simd_chunk(&chunk, fields);
                }
                tape
            });
            fields.end_of_event(filled && is_object);
        }
    }
}

type Object<'t, 'i> = simd_json::tape::Object<'t, 'i>;

fn simd_chunk(chunk: &Object<'_, '_>, fields: &mut impl Fields) {
    let top = At::default();
    for (key, value) in chunk.iter() {
        match key {
            "id" => text(fields, Field::Id, top, value.as_str()),
            "model" => text(fields, Field::Model, top, value.as_str()),
            "created" => number(fields, Field::Created, top, value.as_u64()),
            "choices" => {
                for (c, choice) in value.as_array().iter().flat_map(simd_json::tape::Array::iter).enumerate() {
                    let Some(choice) = choice.as_object() else { continue };
                    simd_choice(&choice, At { choice: c, call: 0 }, fields);
                }
            }
            "usage" => {
                let Some(usage) = value.as_object() else { continue };
                for (key, value) in usage.iter() {
                    match key {
                        "prompt_tokens" => number(fields, Field::PromptTokens, top, value.as_u64()),
                        "completion_tokens" => number(fields, Field::CompletionTokens, top, value.as_u64()),
                        "total_tokens" => number(fields, Field::TotalTokens, top, value.as_u64()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn simd_choice(choice: &Object<'_, '_>, at: At, fields: &mut impl Fields) {
    for (key, value) in choice.iter() {
        match key {
            "finish_reason" => text(fields, Field::FinishReason, at, value.as_str()),
            "delta" => {
                let Some(delta) = value.as_object() else { continue };
                let (mut first, mut second) = (None, None);
                for (key, value) in delta.iter() {
                    match key {
                        "role" => text(fields, Field::Role, at, value.as_str()),
                        "content" => text(fields, Field::Content, at, value.as_str()),
                        "reasoning_content" => first = Some(value),
                        "reasoning" => second = Some(value),
                        "tool_calls" => {
                            for (call, entry) in
                                value.as_array().iter().flat_map(simd_json::tape::Array::iter).enumerate()
                            {
                                let Some(entry) = entry.as_object() else { continue };
                                simd_call(&entry, At { call, ..at }, fields);
                            }
                        }
                        _ => {}
                    }
                }
                let first = first.as_ref().and_then(|value| value.as_str()).filter(|text| !text.is_empty());
                let second = second.as_ref().and_then(|value| value.as_str());
                text(fields, Field::Reasoning, at, first.or(second));
            }
            _ => {}
        }
    }
}

fn simd_call(call: &Object<'_, '_>, at: At, fields: &mut impl Fields) {
    for (key, value) in call.iter() {
        match key {
            "index" => number(fields, Field::CallIndex, at, value.as_u64()),
            "id" => text(fields, Field::CallId, at, value.as_str()),
            "function" => {
                let Some(function) = value.as_object() else { continue };
                for (key, value) in function.iter() {
                    match key {
                        "name" => text(fields, Field::CallName, at, value.as_str()),
                        "arguments" => text(fields, Field::CallArguments, at, value.as_str()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

#[derive(Default)]
pub struct Jiter {
    scratch: Vec<u8>,
}

impl Decode for Jiter {
    fn stream(&mut self, stream: &Stream, fields: &mut impl Fields) {
        for data in stream.data() {
            let mut jiter = jiter::Jiter::with_tape(data, std::mem::take(&mut self.scratch));
            let decoded = jiter_chunk(&mut jiter, fields).and_then(|()| jiter.finish());
            self.scratch = jiter.into_tape();
            self.scratch.clear();
            fields.end_of_event(decoded.is_ok());
        }
    }
}

/// Whether the next value is an object (or array); skips what is not.
fn jiter_is(jiter: &mut jiter::Jiter<'_>, kind: Peek) -> JiterResult<bool> {
    let peek = jiter.peek()?;
    if peek != kind {
        jiter.known_skip(peek)?;
    }
    Ok(peek == kind)
}

fn jiter_chunk(jiter: &mut jiter::Jiter<'_>, fields: &mut impl Fields) -> JiterResult<()> {
    let top = At::default();
    let mut key = jiter.next_object_bytes()?;
    while let Some(name) = key {
        match name {
            b"id" => jiter_text(jiter, fields, Field::Id, top)?,
            b"model" => jiter_text(jiter, fields, Field::Model, top)?,
            b"created" => jiter_number(jiter, fields, Field::Created, top)?,
            b"choices" => {
                let mut at = top;
                if jiter_is(jiter, Peek::Array)? {
                    let mut next = jiter.known_array()?;
                    while next.is_some() {
                        jiter_choice(jiter, at, fields)?;
                        at.choice += 1;
                        next = jiter.array_step()?;
                    }
                }
            }
            b"usage" => jiter_usage(jiter, fields)?,
            _ => jiter.next_skip()?,
        }
        key = jiter.next_key_bytes()?;
    }
    Ok(())
}

fn jiter_usage(jiter: &mut jiter::Jiter<'_>, fields: &mut impl Fields) -> JiterResult<()> {
    let top = At::default();
    if !jiter_is(jiter, Peek::Object)? {
        return Ok(());
    }
    let mut key = jiter.next_object_bytes()?;
    while let Some(name) = key {
        match name {
            b"prompt_tokens" => jiter_number(jiter, fields, Field::PromptTokens, top)?,
            b"completion_tokens" => jiter_number(jiter, fields, Field::CompletionTokens, top)?,
            b"total_tokens" => jiter_number(jiter, fields, Field::TotalTokens, top)?,
            _ => jiter.next_skip()?,
        }
        key = jiter.next_key_bytes()?;
    }
    Ok(())
}

fn jiter_choice(jiter: &mut jiter::Jiter<'_>, at: At, fields: &mut impl Fields) -> JiterResult<()> {
    if !jiter_is(jiter, Peek::Object)? {
        return Ok(());
    }
    let mut key = jiter.next_object_bytes()?;
    while let Some(name) = key {
        match name {
            b"finish_reason" => jiter_text(jiter, fields, Field::FinishReason, at)?,
            b"delta" => jiter_delta(jiter, at, fields)?,
            _ => jiter.next_skip()?,
        }
        key = jiter.next_key_bytes()?;
    }
    Ok(())
}

/// A pull parser meets fields in the order of the wire: of two reasoning fields it takes the first, which is the same
/// as long as their texts are (the check would tell).
fn jiter_delta(jiter: &mut jiter::Jiter<'_>, mut at: At, fields: &mut impl Fields) -> JiterResult<()> {
    if !jiter_is(jiter, Peek::Object)? {
        return Ok(());
    }
    let mut reasoned = false;
    let mut key = jiter.next_object_bytes()?;
    while let Some(name) = key {
        match name {
            b"role" => jiter_text(jiter, fields, Field::Role, at)?,
            b"content" => jiter_text(jiter, fields, Field::Content, at)?,
            b"reasoning_content" | b"reasoning" if !reasoned => match jiter.peek()? {
                Peek::String => {
                    let value = jiter.known_str()?;
                    reasoned = !value.is_empty();
                    text(fields, Field::Reasoning, at, Some(value));
                }
                peek => jiter.known_skip(peek)?,
            },
            b"tool_calls" => {
                if jiter_is(jiter, Peek::Array)? {
                    let mut next = jiter.known_array()?;
                    while next.is_some() {
                        jiter_call(jiter, at, fields)?;
                        at.call += 1;
                        next = jiter.array_step()?;
                    }
                    at.call = 0;
                }
            }
            _ => jiter.next_skip()?,
        }
        key = jiter.next_key_bytes()?;
    }
    Ok(())
}

fn jiter_call(jiter: &mut jiter::Jiter<'_>, at: At, fields: &mut impl Fields) -> JiterResult<()> {
    if !jiter_is(jiter, Peek::Object)? {
        return Ok(());
    }
    let mut key = jiter.next_object_bytes()?;
    while let Some(name) = key {
        match name {
            b"index" => jiter_number(jiter, fields, Field::CallIndex, at)?,
            b"id" => jiter_text(jiter, fields, Field::CallId, at)?,
            b"function" => {
                if jiter_is(jiter, Peek::Object)? {
                    let mut key = jiter.next_object_bytes()?;
                    while let Some(name) = key {
                        match name {
                            b"name" => jiter_text(jiter, fields, Field::CallName, at)?,
                            b"arguments" => jiter_text(jiter, fields, Field::CallArguments, at)?,
                            _ => jiter.next_skip()?,
                        }
                        key = jiter.next_key_bytes()?;
                    }
                }
            }
            _ => jiter.next_skip()?,
        }
        key = jiter.next_key_bytes()?;
    }
    Ok(())
}

fn jiter_number(jiter: &mut jiter::Jiter<'_>, fields: &mut impl Fields, field: Field, at: At) -> JiterResult<()> {
    let peek = jiter.peek()?;
    if !peek.is_num() {
        return jiter.known_skip(peek);
    }
    if let jiter::NumberAny::Int(jiter::NumberInt::Int(value)) = jiter.known_number(peek)? {
        number(fields, field, at, value.try_into().ok());
    }
    Ok(())
}

fn jiter_text(jiter: &mut jiter::Jiter<'_>, fields: &mut impl Fields, field: Field, at: At) -> JiterResult<()> {
    match jiter.peek()? {
        Peek::String => {
            let value = jiter.known_str()?;
            text(fields, field, at, Some(value));
            Ok(())
        }
        peek => jiter.known_skip(peek),
    }
}
