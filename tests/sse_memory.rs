//! What the framer holds and allocates: numbers that the docs publish.

use std::collections::BTreeSet;

use allocation_counter::measure;
use deltawire::{EventKind, Framer, Limits};

#[allow(dead_code, unreachable_pub)]
#[path = "support/cassette.rs"]
mod cassette;

/// A buffer of at most so many bytes is never given back: up to here an event that straddles inputs allocates nothing.
const KEEP: usize = 512;

/// Feeds a stream in pieces of a size; gives the number of items and of bytes in them.
fn feed(framer: &mut Framer, stream: &[u8], size: usize) -> (usize, usize) {
    let mut count = (0, 0);
    for mut piece in stream.chunks(size) {
        while let Some(event) = framer.next(&mut piece) {
            let event = event.expect("nothing is over a limit");
            count.0 += 1;
            count.1 += event.data().len() + event.event_type().len() + event.last_event_id().len();
        }
    }
    count
}

/// Streams of events of at most [`KEEP`] bytes.
fn streams() -> Vec<(&'static str, Vec<u8>)> {
    let event = |ends: &str| {
        format!(
            "data: {{\"id\":\"gen-1\",\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}{ends}",
            "word ".repeat(55)
        )
    };
    let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0}\n\n";
    vec![
        ("chat", event("\n\n").repeat(40).into_bytes()),
        ("chat, CR LF", event("\r\n\r\n").repeat(40).into_bytes()),
        ("types", anthropic.repeat(80).into_bytes()),
        ("ids", "id: 12345\ndata: one\n\nid: 6\ndata: two\n\nretry: 1000\n\n".repeat(80).into_bytes()),
        ("several data lines", "data: one line\ndata: another\ndata\n\n".repeat(80).into_bytes()),
        ("comments", ": OPENROUTER PROCESSING\n\n: and more\ndata: x\n\n".repeat(80).into_bytes()),
        ("unknown lines", "{\"error\":1}\n\nnothing known\ndata: x\n\n".repeat(80).into_bytes()),
    ]
}

fn sizes(stream: &[u8]) -> BTreeSet<usize> {
    (1..=64).chain([100, 311, 1000, 1460, 8192, 65536, stream.len()]).collect()
}

#[test]
fn nothing_is_allocated_after_warm_up() {
    for (name, stream) in streams() {
        for size in sizes(&stream) {
            let mut framer = Framer::new().comments(true).unknown_lines(true);
            let mut run = || {
                // Again and again, shifted against the pieces.
                let shifts = [0, 1, stream.len() / 2];
                shifts.map(|from| feed(&mut framer, &stream[from..], size).0).iter().sum::<usize>()
            };
            let first = run();
            let mut second = 0;
            let info = measure(|| second = run());
            assert_eq!(info.count_total, 0, "{name} in pieces of {size} bytes");
            assert!(first >= 80 && second >= 80, "{name}: {first} and {second} items");
        }
    }
}

/// Of the recorded streams only an event larger than what is kept may allocate, when it straddles inputs.
#[test]
fn recorded_streams_allocate_for_large_events_only() {
    let mut stream = Vec::new();
    for (_, body) in cassette::bodies_of(cassette::seeds()) {
        if body.starts_with(b"data:") || body.starts_with(b":") {
            stream.extend_from_slice(&body);
            stream.extend_from_slice(b"\n\n");
        }
    }
    let lines = stream.split(|&byte| byte == b'\n');
    let large = lines.filter(|line| line.len() > KEEP).count() as u64;
    for size in sizes(&stream) {
        let mut framer = Framer::new();
        let first = feed(&mut framer, &stream, size);
        assert!(first.0 > 100, "{first:?}");
        let mut second = (0, 0);
        let info = measure(|| second = feed(&mut framer, &stream, size));
        assert_eq!(first, second);
        assert!(
            info.count_total <= large,
            "pieces of {size} bytes: {} allocations, {large} large events",
            info.count_total
        );
    }
}

#[test]
fn a_framer_is_small() {
    assert_eq!(measure(|| drop(Framer::new())).count_total, 0);
    if cfg!(target_pointer_width = "64") {
        assert_eq!(size_of::<Framer>(), FRAMER);
    }
}

/// Bytes of a framer on 64-bit machines.
const FRAMER: usize = 104;

/// What is held between events, after streams of each kind, fed so that all of it straddles.
#[test]
fn little_is_held_between_events() {
    for (name, stream) in streams() {
        let mut framer = Framer::new();
        feed(&mut framer, &stream, 1);
        let held = framer.bytes_held();
        let most = match name {
            "chat" | "chat, CR LF" => KEEP,
            "types" | "ids" => 256,
            _ => 64,
        };
        assert!(held <= most, "{name}: {held} bytes");
    }
    // Events that lie whole in the input hold nothing.
    let mut framer = Framer::new();
    feed(&mut framer, &streams()[0].1, usize::MAX);
    assert_eq!(framer.bytes_held(), 0);
}

#[test]
fn large_capacity_is_given_back() {
    let large = [&b"data: "[..], &vec![b'x'; 4 << 20], b"\n\n"].concat();
    let mut framer = Framer::new();
    feed(&mut framer, &large, 65536);
    for whole in [true, false] {
        feed(&mut framer, &large, 65536);
        for n in 0..8 {
            assert!(framer.bytes_held() >= 4 << 20, "held for {n} events");
            feed(&mut framer, b"data: small\n\n", if whole { 100 } else { 3 });
        }
        // The last event of the eight may still be shown from it.
        feed(&mut framer, b"data: small\n\n", 100);
        assert!(framer.bytes_held() <= KEEP, "given back: {}", framer.bytes_held());
    }
    // A larger one among the eight keeps it.
    feed(&mut framer, &large, 65536);
    for n in 0..30 {
        feed(&mut framer, b"data: small\n\n", 3);
        if n % 7 == 6 {
            feed(&mut framer, &large[large.len() / 2..], 65536);
            feed(&mut framer, &large, 65536);
        }
        assert!(framer.bytes_held() >= 4 << 20);
    }
}

#[test]
fn what_nobody_asked_for_is_not_held() {
    let mut framer = Framer::new();
    for line in [&b": "[..], b"unknown", b"retry: 1", b"datax: "] {
        let stream = [line, &vec![b'7'; 1 << 20], b"\n"].concat();
        feed(&mut framer, &stream, 1000);
        assert!(framer.bytes_held() <= KEEP, "{}: {}", line.escape_ascii(), framer.bytes_held());
    }
}

#[test]
fn limits_bound_what_is_held() {
    let mut limits = Limits::DEFAULT;
    limits.event_data = 1000;
    limits.event_type = 100;
    limits.event_id = 100;
    limits.comment = 100;
    limits.unknown_line = 100;
    for line in [&b"data: "[..], b"event: ", b"id: ", b": ", b"unknown", b"data: x\ndata: x\ndata: "] {
        let stream = [line, &vec![b'x'; 1 << 20]].concat();
        let mut framer = Framer::with_limits(limits).comments(true).unknown_lines(true).incomplete(true);
        for mut piece in stream.chunks(7) {
            assert!(framer.next(&mut piece).is_none());
            assert!(framer.bytes_held() <= 2 * 1000 + 512, "{}: {}", line.escape_ascii(), framer.bytes_held());
        }
    }
}

/// A long unknown line is not kept for the rest of the stream.
#[test]
fn a_long_unknown_line_is_given_back() {
    let mut framer = Framer::new().unknown_lines(true);
    let stream = [&[b'x'; 60_000][..], b"\n"].concat();
    for mut piece in stream.chunks(1000) {
        while let Some(line) = framer.next(&mut piece) {
            let line = line.expect("a line");
            assert_eq!((line.kind(), line.data().len()), (EventKind::UnknownLine, 60_000));
        }
    }
    feed(&mut framer, b"data: x\n\ndata: y\n\n", 100);
    assert!(framer.bytes_held() < 1024, "{}", framer.bytes_held());
}

#[test]
fn an_event_that_lies_whole_in_the_input_is_a_slice_of_it() {
    let stream = b"event: a\nid: 1\ndata: one\n\n:c\ndata:two\r\n\r\nretry: 1\ndata\n\ndata: four\n\n";
    let mut input = &stream[..];
    let mut framer = Framer::new();
    let mut events = 0;
    while let Some(event) = framer.next(&mut input) {
        let event = event.expect("an event");
        let within = |bytes: &[u8]| stream.as_ptr_range().contains(&bytes.as_ptr());
        assert!(within(event.data()) && within(event.raw().expect("it lies whole in the input")));
        assert!(event.event_type().is_empty() || within(event.event_type()));
        events += 1;
    }
    assert_eq!(events, 4);
}
