//! The examples, run: each does what it says against the replay server.
#![allow(dead_code)] // their `main`s

use std::path::Path;

use deltawire::Outcome;

use super::Server;

#[path = "../../examples/axum_stream.rs"]
mod axum_stream;
#[path = "../../examples/live_argument.rs"]
mod live_argument;
#[path = "../../examples/other_wire.rs"]
mod other_wire;
#[path = "../../examples/proxy_tap.rs"]
pub(crate) mod proxy_tap;
#[path = "../../examples/quick_start.rs"]
mod quick_start;
#[path = "../../examples/shared_decoder.rs"]
pub(crate) mod shared_decoder;

fn seed(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name)
}

#[tokio::test]
async fn the_readmes_program_reads_a_chat_with_a_tool_call() {
    let server = Server::of(&[seed("tool_streaming_kimi-k2.yaml")], &["--piece-size", "7"]);
    let completion = quick_start::chat(&server.url, "no key", "Hi").await.expect("a chat");
    assert_eq!(completion.outcome, Outcome::Complete);
    let message = &completion.choices[0].message;
    assert_eq!(message.content, "I'll check the weather in Florence, Italy for you.");
    let calls: Vec<_> = message.tool_calls.iter().map(|call| (call.name(), call.arguments())).collect();
    assert_eq!(calls, [("weather", r#"{"location": "Florence, Italy"}"#)]);
}

#[test]
fn the_readmes_program_is_the_example() {
    let example = include_str!("../../examples/quick_start.rs");
    let (_comment, program) = example.split_once("\n\n").expect("a comment, then the program");
    assert!(include_str!("../../README.md").contains(&format!("```rust,ignore\n{program}```\n")));
}

#[tokio::test]
async fn the_axum_handler_streams_on() {
    let server = Server::of(&[seed("tool_streaming_kimi-k2.yaml")], &["--piece-size", "100"]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, axum_stream::app(server.url.clone())).await });
    let body = reqwest::get(format!("http://{address}/")).await.expect("an answer").text().await.expect("text");
    let mut text = String::new();
    let mut rest = Vec::new();
    for event in body.split_terminator("\n\n") {
        let event: serde_json::Value = serde_json::from_str(event.strip_prefix("data: ").expect("data")).expect("JSON");
        match event["text"].as_str() {
            Some(piece) => text.push_str(piece),
            None => rest.push(event),
        }
    }
    assert_eq!(text, "I'll check the weather in Florence, Italy for you.");
    assert_eq!(rest.iter().filter(|event| event["tool"] == "weather").count(), 1, "{rest:?}");
    assert!(rest.iter().any(|event| event["finish"] == "tool_calls"), "{rest:?}");
}

#[test]
fn another_wire_reads_the_same_in_every_piece_size() {
    let whole = other_wire::read([other_wire::STREAM.as_bytes()]).expect("a message");
    assert_eq!(whole.blocks.len(), 2);
    assert_eq!(whole.blocks[0].text, "It is 40 °C in Florence.");
    assert_eq!((&*whole.blocks[1].name, &*whole.blocks[1].text), ("weather", r#"{"city": "Siena"}"#));
    assert_eq!((whole.stop_reason.as_deref(), whole.output_tokens), (Some("tool_use"), 31));
    for size in 1..200 {
        assert_eq!(other_wire::read(other_wire::STREAM.as_bytes().chunks(size)).expect("a message"), whole);
    }
}

#[tokio::test]
async fn a_file_is_shown_as_it_is_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/write_file.sse");
    let server = Server::of(&[file], &["--piece-size", "1..50"]);
    let mut screen = Vec::new();
    let written = live_argument::show(&server.url, "no key", &mut screen).await.expect("a file");
    assert!(written.contains("Grüß Gott, {name}! 👋") && written.ends_with("\tprint(greet(name))\n"), "{written}");
    assert_eq!(String::from_utf8(screen).expect("UTF-8"), format!("greet.py:\n{written}"));
}
