//! The message that a stream comes to, and the plain accumulator that peers are given to build it.

use async_openai::types::chat::CreateChatCompletionStreamResponse;
use deltawire::Completion;
#[cfg(feature = "clients")]
use rig_core::{
    completion::{AssistantContent, CompletionResponse},
    message::ToolFunction,
};

use crate::wire::{self, Str};

/// What every contestant must come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    pub id: String,
    pub model: String,
    pub content: String,
    pub reasoning: String,
    pub calls: Vec<Call>,
    pub finish_reason: String,
    pub usage: Option<(u64, u64, u64)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Call {
    index: u64,
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// The arguments as rig-core has them: a JSON object, or the text that is none.
#[cfg(feature = "clients")]
pub fn rig_arguments(function: &ToolFunction) -> String {
    let invalid = function.invalid_arguments.clone();
    invalid.unwrap_or_else(|| serde_json::Value::Object(function.arguments.clone()).to_string())
}

fn set(field: &mut String, value: Option<&str>) {
    if field.is_empty() {
        field.push_str(value.unwrap_or_default());
    }
}

fn append(field: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        field.push_str(value);
    }
}

impl Message {
    /// The call that a fragment belongs to: the one with its index, else a new one.
    fn call(&mut self, index: u64) -> &mut Call {
        let position = self.calls.iter().position(|call| call.index == index).unwrap_or_else(|| {
            self.calls.push(Call { index, ..Call::default() });
            self.calls.len() - 1
        });
        &mut self.calls[position]
    }

    pub fn add(&mut self, chunk: &wire::Chunk<'_>) {
        set(&mut self.id, Str::of(&chunk.id));
        set(&mut self.model, Str::of(&chunk.model));
        if let Some(choice) = chunk.choices.as_ref().and_then(|choices| choices.first()) {
            if let Some(reason) = Str::of(&choice.finish_reason) {
                reason.clone_into(&mut self.finish_reason);
            }
            if let Some(delta) = &choice.delta {
                append(&mut self.content, Str::of(&delta.content));
                append(&mut self.reasoning, delta.reasoning());
                for fragment in delta.tool_calls.iter().flatten() {
                    let call = self.call(fragment.index.unwrap_or_default());
                    set(&mut call.id, Str::of(&fragment.id));
                    if let Some(function) = &fragment.function {
                        set(&mut call.name, Str::of(&function.name));
                        append(&mut call.arguments, Str::of(&function.arguments));
                    }
                }
            }
        }
        if let Some(usage) = &chunk.usage {
            let tokens = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
            self.usage = Some((tokens.0.unwrap_or(0), tokens.1.unwrap_or(0), tokens.2.unwrap_or(0)));
        }
    }

    /// As [`add`](Self::add); async-openai's types have no reasoning.
    pub fn add_openai(&mut self, chunk: &CreateChatCompletionStreamResponse) {
        set(&mut self.id, Some(&chunk.id));
        set(&mut self.model, Some(&chunk.model));
        if let Some(choice) = chunk.choices.first() {
            if let Some(reason) = &choice.finish_reason {
                wire::finish_reason(reason).clone_into(&mut self.finish_reason);
            }
            append(&mut self.content, choice.delta.content.as_deref());
            for fragment in choice.delta.tool_calls.iter().flatten() {
                let call = self.call(u64::from(fragment.index));
                set(&mut call.id, fragment.id.as_deref());
                if let Some(function) = &fragment.function {
                    set(&mut call.name, function.name.as_deref());
                    append(&mut call.arguments, function.arguments.as_deref());
                }
            }
        }
        if let Some(usage) = &chunk.usage {
            let tokens = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
            self.usage = Some((tokens.0.into(), tokens.1.into(), tokens.2.into()));
        }
    }

    /// What deltawire came to, in the same form.
    pub fn of(completion: &Completion) -> Self {
        let choice = completion.choices.first();
        let message = choice.map(|choice| &choice.message);
        Self {
            id: completion.id.clone().unwrap_or_default(),
            model: completion.model.clone().unwrap_or_default(),
            content: message.map(|message| message.content.clone()).unwrap_or_default(),
            reasoning: message.map(|message| message.reasoning.clone()).unwrap_or_default(),
            calls: message
                .iter()
                .flat_map(|message| &message.tool_calls)
                .map(|call| Call {
                    index: 0,
                    id: call.id().to_owned(),
                    name: call.name().to_owned(),
                    arguments: call.arguments().to_owned(),
                })
                .collect(),
            finish_reason: choice.and_then(|choice| choice.finish_reason.clone()).unwrap_or_default(),
            usage: completion.usage.as_ref().map(|usage| {
                let tokens = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);
                (tokens.0.unwrap_or(0), tokens.1.unwrap_or(0), tokens.2.unwrap_or(0))
            }),
        }
    }

    /// Without the wire's call indices, which are not part of the answer.
    pub fn without_indices(mut self) -> Self {
        self.calls.iter_mut().for_each(|call| call.index = 0);
        self
    }

    /// What a client keeps that parses the arguments and normalises the rest: texts and calls.
    #[cfg(feature = "clients")]
    pub fn text_and_calls(self) -> Self {
        let canonical = |text: &str| match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => value.to_string(),
            Err(_) => text.to_owned(),
        };
        let calls = self.calls.into_iter().map(|call| Call { arguments: canonical(&call.arguments), ..call });
        Self { content: self.content, reasoning: self.reasoning, calls: calls.collect(), ..Self::default() }
    }

    /// What rig-core came to.
    #[cfg(feature = "clients")]
    pub fn of_rig(response: &CompletionResponse) -> Self {
        let mut message = Self::default();
        for content in &response.choice {
            match content {
                AssistantContent::Text(text) => message.content.push_str(&text.text),
                AssistantContent::Reasoning(reasoning) => message.reasoning.push_str(&reasoning.text),
                AssistantContent::ToolCall(call) => message.calls.push(Call {
                    index: 0,
                    id: call.id.to_string(),
                    name: call.function.name.to_string(),
                    arguments: rig_arguments(&call.function),
                }),
                _ => {}
            }
        }
        message
    }

    /// For timing: depends on the whole.
    pub fn weight(&self) -> u64 {
        let calls = self.calls.iter().map(|call| call.id.len() + call.name.len() + call.arguments.len());
        let texts = self.id.len() + self.model.len() + self.content.len() + self.reasoning.len();
        (texts + calls.sum::<usize>() + self.finish_reason.len()) as u64 + self.usage.map_or(0, |usage| usage.2)
    }
}
