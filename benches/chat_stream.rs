//! The whole path: bytes → completion, with every update taken. Answers are checked before anything is timed.
#![allow(unreachable_pub)] // what is included by path

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deltawire::{ChatState, ChatStream, Decoder, Outcome, Update};

#[path = "../tests/support/cassette.rs"]
#[allow(dead_code)]
mod cassette;
#[path = "support/streams.rs"]
mod streams;

/// What an update adds to the sum that proves that it was read.
fn weigh(update: Update<'_>) -> usize {
    match update {
        Update::Text { text, .. } | Update::Reasoning { text, .. } => text.len(),
        Update::Arguments { fragment, .. } => fragment.len(),
        Update::ArgumentsReset { arguments, .. } => arguments.len(),
        _ => 0,
    }
}

/// Decodes a stream in pieces of that size: the bytes of its text and arguments.
fn decode(chat: &mut ChatStream, body: &[u8], piece: usize) -> usize {
    let mut sum = 0;
    for mut input in body.chunks(piece) {
        while let Some(update) = chat.next(&mut input) {
            sum += weigh(update.expect("within the limits"));
        }
    }
    chat.end();
    while let Some(update) = chat.next(&mut &[][..]) {
        sum += weigh(update.expect("within the limits"));
    }
    sum
}

/// The same number from serde_json, and that the stream is complete.
fn check(body: &[u8], piece: usize) -> usize {
    use serde_json::Value;
    let documents: Vec<Value> = if body.trim_ascii_start().starts_with(b"{") {
        vec![serde_json::from_slice(body).expect("JSON")]
    } else {
        let json = streams::data(body).into_iter().filter(|data| data.starts_with(b"{"));
        json.map(|data| serde_json::from_slice(data).expect("JSON")).collect()
    };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let mut expected = 0;
    for choice in documents.iter().filter_map(|chunk| chunk["choices"].as_array()).flatten() {
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        expected += text(&delta["content"]);
        expected += text(&delta["reasoning_content"]).max(text(&delta["reasoning"]));
        let calls = delta["tool_calls"].as_array().into_iter().flatten();
        expected += calls.map(|call| text(&call["function"]["arguments"])).sum::<usize>();
    }
    let mut chat = ChatStream::new();
    assert_eq!(decode(&mut chat, body, piece), expected, "every byte of text and arguments came out");
    assert_eq!(chat.into_completion().outcome, Outcome::Complete);
    expected
}

fn bench(c: &mut Criterion) {
    let recorded: Vec<Vec<u8>> = cassette::bodies().into_iter().map(|(_, body)| body).collect();
    let seeds: Vec<Vec<u8>> = cassette::bodies_of(cassette::seeds()).into_iter().map(|(_, body)| body).collect();
    let long = streams::long_stream(&seeds, 2000);

    let mut group = c.benchmark_group("chat_stream/long");
    group.throughput(Throughput::Bytes(long.len() as u64));
    for piece in [300, 1460, 8192, 65_536] {
        check(&long, piece);
        let mut chat = ChatStream::new();
        group.bench_with_input(BenchmarkId::new("warm", piece), &piece, |b, &piece| {
            b.iter(|| {
                chat.reset();
                decode(&mut chat, &long, piece)
            });
        });
        group.bench_with_input(BenchmarkId::new("fresh", piece), &piece, |b, &piece| {
            b.iter(|| decode(&mut ChatStream::new(), &long, piece));
        });
    }
    group.bench_function("newline scan: the limit", |b| b.iter(|| memchr::memchr_iter(b'\n', &long).count()));
    group.finish();

    let bytes: usize = recorded.iter().map(Vec::len).sum();
    let mut group = c.benchmark_group("chat_stream/recorded");
    group.throughput(Throughput::Bytes(bytes as u64));
    for piece in [1460, 65_536] {
        for body in &recorded {
            check(body, piece);
        }
        group.bench_with_input(BenchmarkId::new("all fresh", piece), &piece, |b, &piece| {
            b.iter(|| recorded.iter().map(|body| decode(&mut ChatStream::new(), body, piece)).sum::<usize>());
        });
        let mut decoder = Decoder::new();
        group.bench_with_input(BenchmarkId::new("one decoder", piece), &piece, |b, &piece| {
            b.iter(|| {
                let mut sum = 0;
                for body in &recorded {
                    let mut state = ChatState::new();
                    for mut input in body.chunks(piece) {
                        while let Some(update) = state.next(&mut decoder, &mut input) {
                            sum += weigh(update.expect("within the limits"));
                        }
                    }
                    state.end(&mut decoder);
                    while let Some(update) = state.next(&mut decoder, &mut &[][..]) {
                        sum += weigh(update.expect("within the limits"));
                    }
                }
                sum
            });
        });
    }
    group.bench_function("newline scan: the limit", |b| {
        b.iter(|| recorded.iter().map(|body| memchr::memchr_iter(b'\n', body).count()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
