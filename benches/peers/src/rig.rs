//! rig-core reads a response through any HTTP client that one gives it: here one that answers from memory.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use rig_core::completion::{CompletionRequest, CompletionResponse};
use rig_core::http_client::{BoxedStream, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse};
use rig_core::providers::openai::OpenAIConfig;
use rig_core::wasm_compat::WasmCompatSend;
use rig_core::{Model, ProviderError};

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

/// Reads a response that arrives in these pieces.
pub fn read(pieces: &[Bytes]) -> std::result::Result<CompletionResponse, ProviderError> {
    let wire = OpenAIConfig::new("key").chat("model");
    let stream = Model::new(wire, Memory(pieces.to_vec())).stream(CompletionRequest::new("Hello."))?;
    let mut finish = pin!(stream.finish());
    match finish.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response,
        Poll::Pending => unreachable!("the input is always ready"),
    }
}
