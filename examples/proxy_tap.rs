//! A reverse proxy that meters what it forwards: tokens, time to the first byte, the first token and the first tool call.
//!
//! Clients get the provider's bytes untouched, as they come. Heartbeats count as life, `[DONE]` releases the connection even
//! when the provider keeps it open, and a client that goes away ends the metering too.
//!
//! ```text
//! cargo run --example proxy_tap --features stream             # in front of a recording
//! curl -sN -d '{}' http://127.0.0.1:PORT/v1/chat/completions
//! ```

mod support;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use deltawire::{Completion, Keep, Meters, Options, Seen, Tap, Tapped};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = support::Provider::from_args("tests/recordings/tool_streaming_kimi-k2.yaml")?;
    let proxy = proxy(provider.url.clone(), |meters, completion| {
        println!("{:?} by {:?}", completion.outcome, completion.ended_by);
        let (first, token) = (milliseconds(meters.first_byte), milliseconds(meters.first_token));
        println!("  first byte {first}, first token {token}, first tool call {}", milliseconds(meters.first_tool_call));
        let (deltas, heartbeats, last) = (meters.deltas, meters.comments, milliseconds(meters.last_byte));
        println!("  {} bytes, {deltas} deltas, {heartbeats} heartbeats, last sign of life {last}", meters.bytes);
        match &meters.usage {
            Some(usage) => println!(
                "  {} tokens in, {} out, cost {}",
                usage.prompt_tokens.unwrap_or_default(),
                usage.completion_tokens.unwrap_or_default(),
                usage.cost.unwrap_or_default()
            ),
            None => println!("  the provider sent no usage"),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -sN -d '{{}}' http://{}/v1/chat/completions", listener.local_addr()?);
    axum::serve(listener, proxy).await?;
    Ok(())
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or("never".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1e3))
}

/// A proxy before `upstream`, which hands each response's meters to `report`.
pub(crate) fn proxy(upstream: String, report: impl Fn(&Meters, &Completion) + Send + Sync + 'static) -> Router {
    let state = Arc::new(Proxy { upstream, client: reqwest::Client::new(), report: Box::new(report) });
    Router::new().fallback(forward).with_state(state)
}

type Report = Box<dyn Fn(&Meters, &Completion) + Send + Sync>;

struct Proxy {
    upstream: String,
    client: reqwest::Client,
    report: Report,
}

async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    match try_forward(proxy, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn try_forward(proxy: Arc<Proxy>, request: Request) -> Result<Response, Box<dyn Error + Send + Sync>> {
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut upstream = proxy.client.request(parts.method, format!("{}{path}", proxy.upstream));
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT] {
        if let Some(value) = parts.headers.get(&name) {
            upstream = upstream.header(name, value);
        }
    }
    let body: Bytes = axum::body::to_bytes(body, 64 << 20).await?;
    let response = upstream.body(body).send().await?;

    let mut forwarded = Response::builder().status(response.status());
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        if let Some(value) = response.headers().get(&name) {
            forwarded = forwarded.header(name, value);
        }
    }
    // The meters need no text: nothing of the message is kept but its usage and how it ended.
    let mut options = Options::default();
    options.keep = Keep::Usage;
    let tapped = Tapped::new(response.bytes_stream(), Tap::new(options), start, move |seen| {
        if let Seen::End(tap) = seen {
            (proxy.report)(tap.meters(), &tap.completion());
        }
    });
    Ok(forwarded.body(Body::from_stream(tapped))?)
}
