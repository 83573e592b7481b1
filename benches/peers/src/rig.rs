//! rig-core reads a response through any HTTP client that one gives it: here one that answers from memory.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};
use rig_core::completion::{AssistantContent, CompletionRequest, CompletionResponse};
use rig_core::http_client::{BoxedStream, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse};
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{CompletionStream, Item, StreamEvent};
use rig_core::wasm_compat::WasmCompatSend;
use rig_core::{Model, ProviderError};

use crate::message::rig_arguments;

#[derive(Clone)]
struct Memory(Vec<Bytes>);

impl HttpClientExt for Memory {
    fn send<T, U>(
        &self,
        _: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        T: Into<Bytes> + WasmCompatSend,
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        std::future::pending()
    }

    fn send_multipart<U>(
        &self,
        _: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        std::future::pending()
    }

    fn send_streaming<T>(&self, _: Request<T>) -> impl Future<Output = Result<StreamingResponse>> + WasmCompatSend
    where
        T: Into<Bytes> + WasmCompatSend,
    {
        let body: BoxedStream = Box::pin(futures::stream::iter(self.0.clone().into_iter().map(Ok)));
        let response = Response::builder().header(http::header::CONTENT_TYPE, "text/event-stream").body(body);
        std::future::ready(response.map_err(rig_core::http_client::Error::Protocol))
    }
}

/// What streamed by.
#[derive(Default)]
pub struct Seen {
    pub text: String,
    pub reasoning: String,
    /// Name and arguments of each call that ended.
    pub calls: Vec<(String, String)>,
}

/// Reads a response that arrives in these pieces.
pub fn read(pieces: &[Bytes]) -> std::result::Result<CompletionResponse, ProviderError> {
    now(open(pieces)?.finish())
}

/// As [`read`], and what streamed by before it ended or failed.
pub fn watch(pieces: &[Bytes]) -> (Seen, std::result::Result<CompletionResponse, ProviderError>) {
    let mut seen = Seen::default();
    let mut stream = match open(pieces) {
        Ok(stream) => stream,
        Err(error) => return (seen, Err(error)),
    };
    while let Some(Ok(item)) = now(stream.next()) {
        match item {
            Item::Event(StreamEvent::Text { text, .. }) => seen.text.push_str(&text),
            Item::Event(StreamEvent::Reasoning { text, .. }) => seen.reasoning.push_str(&text),
            Item::Event(StreamEvent::End { content: AssistantContent::ToolCall(call), .. }) => {
                seen.calls.push((call.function.name.to_string(), rig_arguments(&call.function)));
            }
            _ => {}
        }
    }
    (seen, now(stream.finish()))
}

fn open(pieces: &[Bytes]) -> std::result::Result<CompletionStream, ProviderError> {
    let wire = OpenAIConfig::new("key").chat("model");
    Model::new(wire, Memory(pieces.to_vec())).stream(CompletionRequest::new("Hello."))
}

/// The value of a future whose input is always ready.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the input is always ready"),
    }
}
