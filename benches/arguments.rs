//! Arguments of 1 KB to 10 MB in fragments of 1 byte, 8 bytes and 1 KiB, without and with live parts: time must grow with the
//! length and nothing else. Whole stacks, bytes to updates; throughput is in bytes of arguments.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deltawire::{ChatStream, LivePart, Options, Update};

/// `{"path":"src/main.rs","text":"…"}` with about so many bytes of code, escapes among them.
fn document(length: usize) -> String {
    let line = "    let total = items.iter().map(|item| item.price * 2).sum::<u64>(); // \\\"é\\\"\\n";
    let mut text = String::from(r#"{"path":"src/main.rs","text":""#);
    while text.len() < length {
        text.push_str(line);
    }
    text + "\"}"
}

fn chunk(fragment: &str) -> String {
    let fragment = fragment.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":\
         {{\"arguments\":\"{fragment}\"}}}}]}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn stream(arguments: &str, fragment: usize) -> Vec<u8> {
    let mut body = String::from(
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\
         \"type\":\"function\",\"function\":{\"name\":\"write\",\"arguments\":\"\"}}]},\"finish_reason\":null}]}\n\n",
    );
    let mut rest = arguments;
    while !rest.is_empty() {
        let mut end = fragment.min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        body += &chunk(&rest[..end]);
        rest = &rest[end..];
    }
    body += "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    body.into_bytes()
}

/// Bytes of text that the live parts (or the fragments) brought, and the arguments' length in the end.
fn run(body: &[u8], live: bool) -> (usize, usize) {
    let mut options = Options::default();
    options.live_arguments = live;
    let (mut chat, mut shown) = (ChatStream::with_options(options), 0);
    chat.feed(body, |update| match update {
        Update::LiveArgument { part: LivePart::Text(text), .. } => shown += text.len(),
        Update::Arguments { fragment, .. } if !live => shown += fragment.len(),
        _ => {}
    })
    .expect("within the limits");
    let completion = chat.finish();
    (shown, completion.choices[0].message.tool_calls[0].arguments().len())
}

fn arguments(c: &mut Criterion) {
    for live in [false, true] {
        let mut group = c.benchmark_group(if live { "arguments live" } else { "arguments" });
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        for fragment in [1, 8, 1024] {
            for length in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
                let document = document(length);
                let body = stream(&document, fragment);
                let text: serde_json::Value = serde_json::from_str(&document).expect("JSON");
                let strings = ["path", "text"].iter().map(|key| text[key].as_str().expect("a string").len());
                let expected = if live { strings.sum() } else { document.len() };
                assert_eq!(run(&body, live), (expected, document.len()), "the answer is right before it is timed");
                group.throughput(Throughput::Bytes(document.len() as u64));
                let id = BenchmarkId::new(format!("fragments of {fragment}"), length);
                group.bench_with_input(id, &body, |b, body| b.iter(|| black_box(run(black_box(body), live))));
            }
        }
        group.finish();
    }
}

criterion_group!(benches, arguments);
criterion_main!(benches);
