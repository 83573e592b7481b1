//! The proxy example between two sockets: the bytes come out as they went in, and the meters are right.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use deltawire::{Completion, EndedBy, Meters, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::examples::proxy_tap;
use super::{Server, bodies, offline};

type Reports = Arc<Mutex<Vec<(Meters, Completion)>>>;

/// The proxy before `upstream`: its URL and what it reports.
async fn start(upstream: &str) -> (String, Reports) {
    let reports = Reports::default();
    let sink = Arc::clone(&reports);
    let proxy = proxy_tap::proxy(upstream.to_owned(), move |meters, completion| {
        sink.lock().expect("no panic").push((meters.clone(), completion.clone()));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, proxy).await });
    (format!("http://{address}"), reports)
}

async fn reported(reports: &Reports, count: usize) {
    for _ in 0..1000 {
        if reports.lock().expect("no panic").len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no report");
}

#[tokio::test]
async fn bytes_are_exact_and_meters_are_right() {
    let bodies = bodies();
    let client = reqwest::Client::new();
    for options in [&["--piece-size", "1..16"], &["--piece-size", "1460"]] {
        let server = Server::start(options);
        let (proxy, reports) = start(&server.url).await;
        for (number, (name, body)) in bodies.iter().enumerate() {
            let url = format!("{proxy}/v1/chat/completions?interaction={number}");
            let response = client.post(url).body("{}").send().await.expect("an answer");
            assert!(response.status().is_success(), "{name}");
            assert!(response.headers().contains_key("content-type"), "{name}");
            let found = response.bytes().await.expect("a body");
            assert!(found == body[..], "{name}: {} bytes, not {}", found.len(), body.len());
            reported(&reports, number + 1).await;
            let (meters, seen) = reports.lock().expect("no panic").last().expect("a report").clone();
            let expected = offline(body).1;
            assert_eq!(meters.bytes, body.len() as u64, "{name}");
            assert_eq!(meters.usage, expected.usage, "{name}");
            assert_eq!((seen.outcome, seen.ended_by), (expected.outcome, expected.ended_by), "{name}");
            let calls = expected.choices.iter().any(|choice| !choice.message.tool_calls.is_empty());
            assert_eq!(meters.first_tool_call.is_some(), calls, "{name}");
            assert!(meters.first_byte <= meters.first_token && meters.first_token <= meters.last_byte, "{name}");
        }
    }
}

#[tokio::test]
async fn done_releases_a_client_while_the_provider_keeps_the_connection() {
    let stream = ": PROCESSING\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n\
                  data: [DONE]\n\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!("http://{}", listener.local_addr().expect("its address"));
    let provider = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the proxy");
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await.expect("a request");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("{head}{:x}\r\n{stream}\r\n", stream.len());
        socket.write_all(chunk.as_bytes()).await.expect("the proxy reads");
        // It never ends the body. The proxy closes the connection.
        while socket.read(&mut request).await.is_ok_and(|length| length > 0) {}
    });
    let (proxy, reports) = start(&upstream).await;
    let body = reqwest::get(format!("{proxy}/")).await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(body, stream.as_bytes());
    reported(&reports, 1).await;
    let (meters, completion) = reports.lock().expect("no panic")[0].clone();
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Complete, EndedBy::Done));
    assert_eq!((meters.comments, meters.deltas), (1, 1));
    provider.await.expect("the provider's connection was released");
}
