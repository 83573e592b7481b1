//! Stage 1 alone: bytes → events, by event size and input size, beside a bare scan for line ends. Answers are checked
//! first. Peers: `benches/peers`.
#![allow(unreachable_pub)] // what is included by path

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deltawire::Framer;

#[path = "../tests/support/cassette.rs"]
#[allow(dead_code)]
mod cassette;
#[path = "../tests/support/sse_oracle.rs"]
#[allow(dead_code)]
mod oracle;
#[path = "support/streams.rs"]
mod streams;

/// How a stream arrives.
enum Cut {
    /// An input for each event: what a server sends live.
    Event,
    Bytes(usize),
    Whole,
}

impl Cut {
    fn name(&self) -> String {
        match self {
            Self::Event => "one event an input".to_owned(),
            Self::Bytes(bytes) => format!("{bytes}-byte inputs"),
            Self::Whole => "one input".to_owned(),
        }
    }

    fn pieces<'a>(&self, stream: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            Self::Event => {
                let mut ends = vec![0];
                ends.extend(oracle::read(stream, oracle::Asked::default()).items.iter().map(|item| item.end as usize));
                ends.push(stream.len());
                ends.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect()
            }
            Self::Bytes(bytes) => stream.chunks(*bytes).collect(),
            Self::Whole => vec![stream],
        }
    }
}

/// Depends on each item.
fn frame(pieces: &[&[u8]]) -> usize {
    let mut framer = Framer::new();
    let mut sum = 0;
    for piece in pieces {
        let mut input = *piece;
        while let Some(Ok(event)) = framer.next(&mut input) {
            sum += 1 + event.event_type().len() + event.data().len() + event.last_event_id().len();
        }
    }
    sum
}

/// The same, from the oracle.
fn expected(stream: &[u8]) -> usize {
    let items = oracle::read(stream, oracle::Asked::default()).items;
    items.iter().map(|item| 1 + item.event_type.len() + item.data.len() + item.last_event_id.len()).sum()
}

fn scan(stream: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', stream).sum()
}

fn measure(criterion: &mut Criterion, name: &str, stream: &[u8], cuts: &[Cut]) {
    let mut group = criterion.benchmark_group(format!("framing/{name}"));
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500));
    let expected = expected(stream);
    for cut in cuts {
        let pieces = cut.pieces(stream);
        assert_eq!(frame(&pieces), expected, "{name}, {}", cut.name());
        group.bench_function(BenchmarkId::from_parameter(cut.name()), |b| b.iter(|| frame(black_box(&pieces))));
    }
    let line_ends: usize = stream.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at).sum();
    assert_eq!(scan(stream), line_ends);
    group.bench_function("scan for line ends", |b| b.iter(|| scan(black_box(stream))));
    group.finish();
}

/// A block again and again, to about a megabyte.
fn repeat(block: impl AsRef<[u8]>) -> Vec<u8> {
    let block = block.as_ref();
    block.repeat((1 << 20) / block.len() + 1)
}

fn inputs(criterion: &mut Criterion) {
    let cuts = [Cut::Event, Cut::Bytes(1460), Cut::Bytes(8192), Cut::Bytes(65536), Cut::Whole];
    let recorded: Vec<Vec<u8>> = cassette::bodies_of(cassette::seeds())
        .into_iter()
        .map(|(_, body)| body)
        .filter(|body| body.starts_with(b"data:") || body.starts_with(b":"))
        .map(|body| [body.trim_ascii_end(), b"\n\n"].concat())
        .collect();
    let recorded = repeat(recorded.concat());
    let crlf: Vec<u8> = recorded
        .iter()
        .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
        .copied()
        .collect();
    let keep_alives = [b": OPENROUTER PROCESSING\n\n".repeat(8), b"data: {\"ping\":true}\n\n".to_vec()].concat();
    measure(criterion, "recorded", &recorded, &cuts);
    measure(criterion, "recorded, CR LF", &crlf, &cuts);
    let typed = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
                 \"delta\":{\"type\":\"text_delta\",\"text\":\" the\"}}\n\n";
    measure(criterion, "with types", &repeat(typed), &cuts);
    measure(criterion, "keep-alives", &repeat(keep_alives), &cuts);
    measure(criterion, "8 data lines of 40 bytes", &repeat(format!("data: {:040}\n", 7).repeat(8) + "\n"), &cuts);
    measure(criterion, "40 KiB events", &repeat(format!("data: {:040960}\n\n", 7)), &cuts);
    measure(criterion, "9-byte events", &repeat("data: x\n\n"), &cuts);
}

/// What makes parsers slow that look at pending bytes again, or copy the rest for each event.
fn pathological(criterion: &mut Criterion) {
    let line = format!("data: {}\n\n", "x".repeat(8 << 20));
    measure(criterion, "an 8 MiB line", line.as_bytes(), &[Cut::Bytes(1460), Cut::Whole]);
    let line = format!("data: {}\n\n", "x".repeat(64 << 10));
    measure(criterion, "a 64 KiB line", line.as_bytes(), &[Cut::Bytes(1)]);
    let events = "data: 12345678901234\n\n".repeat(100_000);
    measure(criterion, "100,000 events", events.as_bytes(), &[Cut::Whole]);
    let lines = "data: x\n".repeat(200_000) + "\n";
    measure(criterion, "200,000 data lines", lines.as_bytes(), &[Cut::Whole]);
    let lines = "data: x\r".repeat(200_000) + "\r";
    measure(criterion, "200,000 data lines that end in CR", lines.as_bytes(), &[Cut::Whole]);
}

criterion_group!(benches, inputs, pathological);
criterion_main!(benches);
