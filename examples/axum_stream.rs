//! An axum handler that streams on: it asks a provider, and sends its own, simpler event stream to a browser as it comes.
//!
//! ```text
//! cargo run --example axum_stream --features stream           # over a recording
//! curl -sN http://127.0.0.1:PORT/
//! ```

mod support;

use std::convert::Infallible;
use std::error::Error;
use std::future::ready;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use deltawire::{ByteStreamExt, OwnedUpdate, StreamError, Update};
use futures_util::StreamExt;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/tool_streaming_kimi-k2.yaml")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -sN http://{}/", listener.local_addr()?);
    axum::serve(listener, app(provider.url.clone())).await?;
    Ok(())
}

pub(crate) fn app(upstream: String) -> Router {
    Router::new().route("/", get(answer)).with_state(upstream)
}

async fn answer(State(upstream): State<String>) -> Response {
    let request = json!({ "stream": true, "messages": [{ "role": "user", "content": "Hi" }] });
    let response = match reqwest::Client::new().post(&upstream).json(&request).send().await {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    // The `Stream` of owned updates: it outlives this function, and combinators do the rest.
    let events = response.bytes_stream().chat().filter_map(|update| ready(event(update).map(Ok::<_, Infallible>)));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

/// What the browser is told of an update.
fn event(update: Result<OwnedUpdate, StreamError<reqwest::Error>>) -> Option<String> {
    let data = match &update {
        Ok(update) => match update.as_update() {
            Update::Text { text, .. } => json!({ "text": text }),
            Update::ToolCallReady { call, .. } => json!({ "tool": call.name() }),
            Update::Finish { reason, .. } => json!({ "finish": reason }),
            Update::Error { error, .. } => json!({ "error": error.message }),
            _ => return None,
        },
        Err(error) => json!({ "error": error.to_string() }),
    };
    Some(format!("data: {data}\n\n"))
}
