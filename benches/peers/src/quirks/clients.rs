//! One function a client: a case in, what the client makes of it out. Each is used as its documentation shows; of what
//! streams in before an error, everything counts.

use std::sync::{Arc, Mutex};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs};
use bytes::Bytes;
use deltawire::{ChatStream, Outcome as Completed};
use futures::StreamExt as _;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint, ServiceTargetResolver};
use genai::{ModelIden, ServiceTarget, adapter::AdapterKind};
use serde_json::Value;

use super::Answer;
use crate::message::Message;

pub const RIG: &str = "rig-core 0.44";
pub const GENAI: &str = "genai 0.7";
pub const ASYNC_OPENAI: &str = "async-openai 0.43";

pub fn deltawire(body: &[u8]) -> Answer {
    let mut chat = ChatStream::new();
    let fed = chat.feed(body, |_| {});
    let completion = chat.finish();
    let message = Message::of(&completion);
    let error = completion.error.map(|error| error.message);
    let failed = (completion.outcome == Completed::Failed).then_some("failed".to_owned());
    Answer {
        content: message.content,
        reasoning: message.reasoning,
        tool_calls: message.calls.into_iter().map(|call| (call.name, call.arguments)).collect(),
        finished: completion.outcome == Completed::Complete,
        error: error.or(failed).or(fed.err().map(|error| error.to_string())),
    }
}

/// A reply that its driver calls truncated is truncated; any other error is a failure.
pub fn rig(body: &[u8]) -> Answer {
    let (seen, response) = crate::rig::watch(&[Bytes::copy_from_slice(body)]);
    match response {
        Ok(response) => {
            let message = Message::of_rig(&response);
            Answer {
                content: message.content,
                reasoning: message.reasoning,
                tool_calls: message.calls.into_iter().map(|call| (call.name, call.arguments)).collect(),
                finished: true,
                error: None,
            }
        }
        Err(error) => Answer {
            content: seen.text,
            reasoning: seen.reasoning,
            tool_calls: seen.calls,
            finished: false,
            error: (!matches!(error, rig_core::ProviderError::Truncated)).then(|| error.to_string()),
        },
    }
}

pub async fn genai(base: &str) -> Answer {
    let mut answer = Answer::default();
    if let Err(error) = read_genai(base, &mut answer).await {
        answer.error = Some(error.to_string());
    }
    answer
}

async fn read_genai(base: &str, answer: &mut Answer) -> genai::Result<()> {
    let endpoint = Endpoint::from_owned(format!("{base}/"));
    let resolver = ServiceTargetResolver::from_resolver_fn(move |target: ServiceTarget| {
        let model = ModelIden::new(AdapterKind::OpenAI, target.model.model_name);
        Ok(ServiceTarget { endpoint: endpoint.clone(), auth: AuthData::from_single("key"), model })
    });
    let client = genai::Client::builder().with_service_target_resolver(resolver).build()?;
    let options = ChatOptions::default()
        .with_capture_content(true)
        .with_capture_reasoning_content(true)
        .with_capture_tool_calls(true)
        .with_capture_usage(true);
    let request = ChatRequest::new(vec![ChatMessage::user("Hello.")]);
    let mut stream = client.exec_chat_stream("gpt-4o", request, Some(&options)).await?.stream;
    while let Some(event) = stream.next().await {
        match event? {
            ChatStreamEvent::Chunk(chunk) => answer.content.push_str(&chunk.content),
            ChatStreamEvent::ReasoningChunk(chunk) => answer.reasoning.push_str(&chunk.content),
            ChatStreamEvent::End(end) => {
                answer.finished = end.captured_stop_reason.is_some();
                let calls = end.captured_tool_calls().into_iter().flatten();
                answer.tool_calls = calls
                    .map(|call| {
                        // What does not parse is left as a string of its text.
                        let arguments = match &call.fn_arguments {
                            Value::String(text) => text.clone(),
                            value => value.to_string(),
                        };
                        (call.fn_name.clone(), arguments)
                    })
                    .collect();
            }
            _ => {}
        }
    }
    Ok(())
}

/// It reads on a task of its own: when that panics, the stream just ends. The panic is taken for the error it is.
pub async fn async_openai(base: &str) -> Answer {
    let panic = Arc::new(Mutex::new(None));
    let told = Arc::clone(&panic);
    std::panic::set_hook(Box::new(move |info| *told.lock().expect("one writer") = Some(format!("panicked: {info}"))));
    let mut message = Message::default();
    let error = read_async_openai(base, &mut message).await.err().map(|error| error.to_string());
    drop(std::panic::take_hook());
    let error = error.or(panic.lock().expect("one writer").take());
    Answer {
        content: message.content,
        reasoning: message.reasoning,
        tool_calls: message.calls.into_iter().map(|call| (call.name, call.arguments)).collect(),
        finished: !message.finish_reason.is_empty(),
        error,
    }
}

async fn read_async_openai(base: &str, message: &mut Message) -> Result<(), async_openai::error::OpenAIError> {
    let config = OpenAIConfig::new().with_api_base(base).with_api_key("key");
    let request = CreateChatCompletionRequestArgs::default()
        .model("gpt-4o")
        .messages([ChatCompletionRequestUserMessage::from("Hello.").into()])
        .build()?;
    let mut stream = async_openai::Client::with_config(config).chat().create_stream(request).await?;
    while let Some(chunk) = stream.next().await {
        message.add_openai(&chunk?);
    }
    Ok(())
}
