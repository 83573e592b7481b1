//! Stage 2 alone: event data → chunks, every field that a message is made of read once. Answers are checked first.
#![allow(unreachable_pub)] // what is included by path

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deltawire::{Chunk, Decoder, Document, Event, RecentShapes};

#[path = "../tests/support/cassette.rs"]
#[allow(dead_code)]
mod cassette;
#[path = "support/streams.rs"]
mod streams;

/// A number that depends on every value which an assembler reads of a chunk.
fn read(chunk: &Chunk<'_>) -> usize {
    let mut sum = chunk.usage().and_then(|usage| usage.total_tokens()).unwrap_or(0) as usize;
    sum += usize::from(chunk.error().is_some());
    for choice in chunk.choices() {
        sum += choice.index().unwrap_or(0) as usize;
        let delta = choice.delta();
        sum += delta.content().map_or(0, |text| text.len());
        sum += delta.reasoning().map_or(0, |text| text.len());
        sum += delta.refusal().map_or(0, |text| text.len());
        sum += delta.role().map_or(0, str::len);
        for call in delta.tool_calls() {
            sum += call.index().unwrap_or(0) as usize + call.id().map_or(0, str::len) + call.name().map_or(0, str::len);
            sum += call.arguments().map_or(0, |text| text.len()) + call.unknown_fields().count();
        }
        sum += delta.unknown_fields().count() + delta.reasoning_details().count();
        sum += choice.finish_reason().map_or(0, str::len) + choice.native_finish_reason().map_or(0, str::len);
        sum += usize::from(choice.logprobs().is_some());
    }
    sum
}

fn decode(decoder: &mut Decoder, recent: &mut RecentShapes, data: &[u8]) -> usize {
    let mut documents = decoder.documents(Event::new(b"", data), recent);
    let mut sum = 0;
    while let Some(document) = documents.next() {
        if let Document::Chunk(chunk) = document {
            sum += read(&chunk);
        }
    }
    sum
}

/// The same number, from serde_json.
fn expected(data: &[u8]) -> usize {
    use serde_json::Value;
    let Ok(chunk) = serde_json::from_slice::<Value>(data) else { return 0 };
    let number = |value: &Value| value.as_u64().unwrap_or(0) as usize;
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut sum = number(&chunk["usage"]["total_tokens"]);
    for choice in items(&chunk["choices"]) {
        sum += number(&choice["index"]);
        let delta = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        sum += ["content", "refusal", "role"].iter().map(|key| text(&delta[key])).sum::<usize>();
        let reasoning = ["reasoning_content", "reasoning", "reasoning_text"].map(|key| text(&delta[key]));
        sum += reasoning.into_iter().find(|&length| length > 0).unwrap_or(0);
        const DELTA: [&str; 9] = [
            "content",
            "refusal",
            "role",
            "reasoning_content",
            "reasoning",
            "reasoning_text",
            "reasoning_details",
            "tool_calls",
            "function_call",
        ];
        sum += delta.as_object().map_or(0, |delta| delta.keys().filter(|key| !DELTA.contains(&key.as_str())).count());
        sum += items(&delta["reasoning_details"]).len();
        for call in items(&delta["tool_calls"]) {
            const CALL: [&str; 4] = ["index", "id", "type", "function"];
            sum += number(&call["index"]) + text(&call["id"]);
            sum += text(&call["function"]["name"]) + text(&call["function"]["arguments"]);
            sum += call.as_object().map_or(0, |call| call.keys().filter(|key| !CALL.contains(&key.as_str())).count());
        }
        sum += text(&choice["finish_reason"]) + text(&choice["native_finish_reason"]);
        sum += usize::from(!choice["logprobs"].is_null());
    }
    sum
}

/// Recorded event streams, each its data.
fn recorded() -> Vec<Vec<Vec<u8>>> {
    let is_stream = |body: &Vec<u8>| body.windows(6).any(|window| window == b"data: ");
    let bodies = cassette::bodies().into_iter().map(|(_, body)| body).filter(is_stream);
    bodies.map(|body| streams::data(&body).into_iter().map(<[u8]>::to_vec).collect()).collect()
}

fn owned(stream: &[u8]) -> Vec<Vec<u8>> {
    streams::data(stream).into_iter().map(<[u8]>::to_vec).collect()
}

/// One group a kind of streams; `memory` says what a decoder knows when a stream begins.
fn bench(criterion: &mut Criterion) {
    let recorded = recorded();
    let bodies: Vec<Vec<u8>> = recorded.iter().map(streams::stream).collect();
    let inputs: [(&str, Vec<Vec<Vec<u8>>>); 4] = [
        ("long", vec![owned(&streams::long_stream(&bodies, 2000))]),
        ("recorded", recorded),
        ("logprobs", vec![owned(&streams::with_logprobs(500))]),
        ("never repeating", vec![owned(&streams::never_repeating(1000))]),
    ];
    for (name, input) in inputs {
        let events: usize = input.iter().map(Vec::len).sum();
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        group.throughput(Throughput::Elements(events as u64));
        let sum: usize = input.iter().flatten().map(|data| expected(data)).sum();
        let run = |decoder: &mut Decoder, fresh: fn() -> Option<Decoder>| {
            let mut sum = 0;
            for stream in &input {
                if let Some(fresh) = fresh() {
                    *decoder = fresh;
                }
                let mut recent = RecentShapes::default();
                for data in stream {
                    sum += decode(decoder, &mut recent, data);
                }
            }
            sum
        };
        type Fresh = fn() -> Option<Decoder>;
        let memories: [(&str, Fresh, Decoder); 3] = [
            ("warm", || None, Decoder::new()),
            ("fresh", || Some(Decoder::new()), Decoder::new()),
            ("no cache", || None, Decoder::new().without_cache()),
        ];
        for (memory, fresh, mut decoder) in memories {
            assert_eq!(run(&mut decoder, fresh), sum, "{name}, {memory}");
            group.bench_function(BenchmarkId::from_parameter(memory), |b| b.iter(|| run(&mut decoder, fresh)));
        }
        group.finish();
    }
}

/// A long stream beside one that only ever brings new shapes, event by event through one decoder: what the long one pays.
fn bench_beside_a_hostile_stream(criterion: &mut Criterion) {
    let bodies: Vec<Vec<u8>> = recorded().iter().map(streams::stream).collect();
    let long = owned(&streams::long_stream(&bodies, 2000));
    let hostile = owned(&streams::never_repeating(2000));
    let sum: usize = long.iter().chain(&hostile).map(|data| expected(data)).sum();
    let mut group = criterion.benchmark_group("decode/long beside never repeating");
    group.throughput(Throughput::Elements(4000));
    for (name, mut decoder) in [("warm", Decoder::new()), ("no cache", Decoder::new().without_cache())] {
        let mut run = || {
            let mut recents = [RecentShapes::default(); 2];
            let mut sum = 0;
            for (one, other) in long.iter().zip(&hostile) {
                sum += decode(&mut decoder, &mut recents[0], one) + decode(&mut decoder, &mut recents[1], other);
            }
            sum
        };
        assert_eq!(run(), sum, "{name}");
        group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
    }
    group.finish();
}

criterion_group!(benches, bench, bench_beside_a_hostile_stream);
criterion_main!(benches);
