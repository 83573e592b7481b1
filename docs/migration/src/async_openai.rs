//! From async-openai: with its request types, or with its client.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestMessage, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
    CreateChatCompletionResponse,
};
use deltawire::{ByteStreamExt, Update};
use futures_util::StreamExt;

use crate::{Read, Result};

/// Its client at this address.
pub fn client(base: &str, key: &str) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(base).with_api_key(key))
}

pub fn request(model: &str, messages: Vec<ChatCompletionRequestMessage>) -> Result<CreateChatCompletionRequest> {
    Ok(CreateChatCompletionRequestArgs::default().model(model).messages(messages).stream(true).build()?)
}

/// Its client, its chunks; the calls put together by hand.
pub async fn before(client: &Client<OpenAIConfig>, request: CreateChatCompletionRequest) -> Result<Read> {
    let mut read = Read::default();
    let mut chunks = client.chat().create_stream(request).await?;
    while let Some(chunk) = chunks.next().await {
        let Some(choice) = chunk?.choices.into_iter().next() else { continue };
        read.text.push_str(&choice.delta.content.unwrap_or_default());
        for call in choice.delta.tool_calls.into_iter().flatten() {
            let at = call.index as usize;
            if read.calls.len() <= at {
                read.calls.resize(at + 1, Default::default());
            }
            let Some(function) = call.function else { continue };
            read.calls[at].0.push_str(&function.name.unwrap_or_default());
            read.calls[at].1.push_str(&function.arguments.unwrap_or_default());
        }
    }
    Ok(read)
}

/// Sent with reqwest, read with deltawire.
pub async fn own_request(base: &str, key: &str, request: &CreateChatCompletionRequest) -> Result<Read> {
    let http = reqwest::Client::new();
    let response = http.post(format!("{base}/chat/completions")).bearer_auth(key).json(request).send().await?;
    let mut updates = response.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        if let Update::Text { text, .. } = update? {
            print!("{text}");
        }
    }
    let completion = updates.into_completion();
    Ok(completion.into())
}

/// For code that must go on with its types.
pub fn its_response(completion: &deltawire::Completion) -> Result<CreateChatCompletionResponse> {
    // Feature `serde`: a Completion serialises in the shape of a `chat.completion` object.
    let response: CreateChatCompletionResponse = serde_json::from_value(serde_json::to_value(completion)?)?;
    Ok(response)
}

/// Its client, with its feature `byot`.
pub async fn own_type(client: &Client<OpenAIConfig>, request: CreateChatCompletionRequest) -> Result<Read> {
    use deltawire::{Assembler, Decoder, Event, RecentShapes};

    let mut chunks = client.chat().create_stream_byot::<_, Box<serde_json::value::RawValue>>(request).await?;
    let (mut decoder, mut recent, mut assembler) = (Decoder::new(), RecentShapes::default(), Assembler::new());
    let mut offset = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        let mut documents = decoder.documents(Event::new(b"", chunk.get().as_bytes()), &mut recent);
        while let Some(document) = documents.next() {
            assembler.apply(&document, offset)?;
        }
        offset += chunk.get().len() as u64; // the offset of its anomalies: here, in bytes of chunks
        while let Some(update) = assembler.next() {
            if let Update::Text { text, .. } = update {
                print!("{text}");
            }
        }
    }
    assembler.end();
    while assembler.next().is_some() {} // the calls that are ready now, and how it ended
    let completion = assembler.into_completion();
    Ok(completion.into())
}
