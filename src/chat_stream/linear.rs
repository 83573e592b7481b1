//! Work is linear in the bytes, whatever they are: steps are counted (`steps.rs`), no clock is read.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::steps::take_steps;
use crate::{ChatStream, Options};

const CALL: &str = "\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}";

fn chunk(delta: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

fn fragment(index: usize, text: &str) -> String {
    chunk(&format!("{{\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":\"{text}\"}}}}]}}"))
}

fn call() -> String {
    chunk(&format!("{{\"tool_calls\":[{{\"index\":0,{CALL}}}]}}"))
}

/// Steps a byte, in pieces of this length.
fn steps(stream: &[u8], piece: usize) -> f64 {
    let options = Options { live_arguments: true, ..Options::default() };
    let mut chat = ChatStream::with_options(options);
    take_steps();
    for piece in stream.chunks(piece) {
        chat.feed(piece, |_| {}).expect("within the limits");
    }
    chat.end();
    chat.feed(b"", |_| {}).expect("within the limits");
    take_steps() as f64 / stream.len() as f64
}

/// Streams of so many parts that a careless reader would go over again and again: name, stream.
fn streams(parts: usize) -> Vec<(&'static str, String)> {
    let many = |one: &dyn Fn(usize) -> String| (0..parts).map(one).collect::<String>();
    let whole = format!("{{\\\"a\\\":\\\"{}\\\"}}", "x".repeat(20_000));
    let so_far = |n: usize| format!("{{\\\"a\\\":\\\"{}", "x".repeat(n));
    let calls = |arguments: &str| {
        let one = |n| {
            format!("{{\"index\":{n},\"id\":\"{n}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{arguments}\"}}}}")
        };
        chunk(&format!("{{\"tool_calls\":[{}]}}", (0..parts).map(one).collect::<Vec<_>>().join(",")))
    };
    let again = |n| format!("{{\"index\":{n},\"function\":{{\"arguments\":\"{{\\\"a\\\":1}}\"}}}}");
    let again = (0..parts).map(again).collect::<Vec<_>>().join(",");
    let headers = (0..parts)
        .map(|n| format!("{{\"index\":{n},\"id\":\"{n}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{{}}\"}}}}"));
    let headers = headers.collect::<Vec<_>>().join(",");
    alloc::vec![
        ("tokens", many(&|n| chunk(&format!("{{\"content\":\"token {n}\"}}")))),
        ("no two chunks alike", many(&|n| chunk(&format!("{{\"k{n}\":{n},\"content\":\"a\"}}")))),
        ("a chunk over many lines", format!("data: {{\"choices\":[\n{}data: ]}}\n\n", "data: \n".repeat(parts))),
        ("many documents in an event", format!("data: {}\n\n", "{\"id\":\"x\"} ".repeat(parts))),
        ("data lines that do not join", format!("{}\n", "data: {\"id\":\"x\"}\n".repeat(parts))),
        ("bare lines", chunk("{}") + &"{\"error\":\n".repeat(parts)),
        ("no JSON", "{\"error\":\n".repeat(parts)),
        ("chunks that are cut short", "data: {\"choices\":[{\"delta\":{\"content\":\"\n\n".repeat(parts)),
        ("a body that never ends", format!("{{\"a\":[{}", "{\"a\":1},\n".repeat(parts))),
        ("arguments by the character", call() + &fragment(0, "{\\\"a\\\":\\\"") + &many(&|_| fragment(0, "x"))),
        ("snapshots", call() + &(0..200).map(|n| fragment(0, &so_far(n * 10))).collect::<String>()),
        (
            "a restatement by the character",
            call() + &fragment(0, &whole) + &fragment(0, "{\\\"a\\\":\\\"") + &many(&|_| fragment(0, "x"))
        ),
        ("blanks after the close", call() + &fragment(0, "{\\\"a\\\":1}") + &many(&|_| fragment(0, " "))),
        ("values after the close", call() + &many(&|_| fragment(0, "{\\\"a\\\":1}"))),
        ("snapshots that are doubtful", call() + &many(&|_| fragment(0, "{\\\"a\\\":"))),
        ("seeds", calls("{}") + &many(&|n| fragment(n, "{\\\"a\\\":1}"))),
        ("seeds, in one chunk", chunk(&format!("{{\"tool_calls\":[{headers},{again}]}}"))),
        (
            "unknown members of a call",
            call() + &many(&|n| chunk(&format!("{{\"tool_calls\":[{{\"index\":0,\"k{n}\":1}}]}}")))
        ),
        (
            "details",
            many(&|n| chunk(&format!("{{\"reasoning_details\":[{{\"index\":{n},\"type\":\"t\",\"text\":\"x\"}}]}}")))
        ),
        (
            "usage of many members",
            many(&|n| format!(
                "data: {{\"usage\":{{\"total_tokens\":{n}}},\"x_groq\":{{\"usage\":{{\"k{n}\":1}}}}}}\n\n"
            ))
        ),
        ("halves of characters", many(&|_| chunk("{\"content\":\"\\ud83d\",\"reasoning\":\"\\ud83d\"}"))),
    ]
}

#[test]
fn work_is_linear_in_the_bytes() {
    for ((name, short), (_, long)) in streams(1000).into_iter().zip(streams(8000)) {
        for piece in [usize::MAX, 1460, 7, 1] {
            let [few, many] = [&short, &long].map(|stream| steps(stream.as_bytes(), piece));
            let what =
                format!("{name}, in pieces of {piece}: {few} steps a byte, {many} when it is eight times as long");
            assert!(few > 0.0 && many < 40.0 && many < 1.5 * few + 1.0, "{what}");
        }
    }
}
