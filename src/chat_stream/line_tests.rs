//! Events that are read without a search for their end: which are, and that the same comes out.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::steps::take_steps;
use crate::{ChatState, Decoder, Limits, Options};

/// The updates of a stream, and the steps of its last piece.
fn read(options: Options, pieces: &[&[u8]]) -> (Vec<String>, u64) {
    let mut chat = ChatState::with_options(options);
    let mut decoder = Decoder::with_limits(options.limits);
    let (mut updates, mut steps) = (Vec::new(), 0);
    let mut read = |mut input: &[u8], updates: &mut Vec<String>, end: bool| {
        take_steps();
        if end {
            chat.end(&mut decoder);
        }
        while let Some(update) = chat.next(&mut decoder, &mut input) {
            updates.push(format!("{update:?}"));
            if updates.last().is_some_and(|update| update.starts_with("Err")) {
                break;
            }
        }
        take_steps()
    };
    for piece in pieces {
        steps = read(piece, &mut updates, false);
    }
    read(b"", &mut updates, true);
    updates.dedup_by(|new, last| new == last && new.starts_with("Err")); // a fatal one comes again with each piece
    updates.push(format!("{:?}", chat.completion()));
    (updates, steps)
}

fn content(text: &str) -> String {
    format!("{{\"id\":\"a\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}")
}

/// Data that come four times with other texts, then bytes that come once: the same comes out as byte by byte. Gives the
/// steps of the last bytes.
fn check(options: Options, data: &dyn Fn(&str) -> String, last: &[u8]) -> u64 {
    let mut stream = Vec::new();
    for text in ["one", "two", " three and more than a word", "4"] {
        stream.extend_from_slice(b"data: ");
        stream.extend_from_slice(data(text).as_bytes());
        stream.extend_from_slice(b"\n\n");
    }
    let after = format!("data: {}\n\n", content("after"));
    let whole = [&stream, after.as_bytes(), last, after.as_bytes()].concat();
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(read(options, &[&whole]).0, read(options, &bytes).0, "{}", String::from_utf8_lossy(last));
    let (updates, steps) = read(options, &[&stream, last]);
    let bytes: Vec<&[u8]> = stream.chunks(1).chain(last.chunks(1)).collect();
    assert_eq!(updates, read(options, &bytes).0, "{}", String::from_utf8_lossy(last));
    steps
}

/// Less than an event has bytes: to search for its end would be as many steps again.
const ONCE: u64 = 20;

#[test]
fn what_fits_is_gone_over_once() {
    let of = |text: &str| format!("data: {}\n\n", content(text));
    let reasoning = |text: &str| content(text).replace("content", "reasoning");
    let two = |text: &str| content(text).replace("}}]", &format!("}}}}],\"created\":{},\"o\":\"{text}\"", text.len()));
    type Row<'a> = (&'a dyn Fn(&str) -> String, String);
    let rows: [Row<'_>; 9] = [
        (&content, of("x")),
        (&content, of("a word and then some more of them")),
        (&content, of("0123456789abcdef")),
        (&content, of("0123456789abcdefg")),
        (&content, of(" naïve 東京")),
        (&content, of("a \\\"quote\\\" \\ud83d\\ude00")),
        (&content, of("x").replace("data: ", "data:")),
        (&reasoning, of("x").replace("content", "reasoning")),
        (&two, format!("data: {}\n\n", two("again"))),
    ];
    for (data, last) in rows {
        let steps = check(Options::default(), data, last.as_bytes());
        assert!(steps < last.len() as u64 + ONCE, "{steps} steps: {last}");
    }
}

#[test]
fn what_only_looks_so_is_read_by_lines() {
    let of = |text: &str| format!("data: {}\n\n", content(text)).into_bytes();
    let lone = |text: &str| of(text);
    let mut rows = alloc::vec![
        of(""),
        of("a\nb"),
        of("a\rb"),
        of("a\u{1}b"),
        of("a\\"),
        of("a\\x"),
        of("\\ud83d"),
        of("\"}"),
        of("x").strip_suffix(b"\n").unwrap_or_default().to_vec(),
        of("x").strip_suffix(b"\n\n").unwrap_or_default().to_vec(),
        [&of("x")[..of("x").len() - 2], b"\r\n\r\n"].concat(),
        [&of("x")[..of("x").len() - 2], b"\n\r\n"].concat(),
        [&of("x")[..of("x").len() - 2], b"\r\r"].concat(),
        [&of("x")[..of("x").len() - 2], b"\ndata: {}\n\n"].concat(),
        [&of("x")[..of("x").len() - 2], b"\nid: 1\n\n"].concat(),
        [&of("x")[..of("x").len() - 2], b" \n\n"].concat(),
        [&of("x")[..of("x").len() - 3], b"]\n\n"].concat(),
        [b"event: error\n", &of("x")[..]].concat(),
        [b"{\"error\":\n", &of("x")[..]].concat(),
        [b": hello\n", &of("x")[..]].concat(),
        of("x").split_off(2),
    ];
    rows.push(of("a").iter().map(|&byte| if byte == b'a' { 0xFF } else { byte }).collect());
    for last in rows {
        check(Options::default(), &content, &last);
    }
    check(Options::default(), &content, &lone("\\ud83d"));
}

#[test]
fn a_line_end_among_blanks_ends_the_line() {
    let split = |text: &str| content(text).replace(",\"choices", ",\ndata: \"choices");
    let joined = format!("data: {}\n\n", content("x").replace(",\"choices", ",\n\"choices"));
    check(Options::default(), &split, joined.as_bytes());
    let hole = |text: &str| content(text).replace("}}]", &format!("}}}}],\"o\":[\"{text}\"]"));
    let broken = format!("data: {}\n\n", hole("x").replace("[\"x\"]", "[\"x\",\n1]"));
    check(Options::default(), &hole, broken.as_bytes());
}

#[test]
fn limits_hold() {
    let data = content(&"x".repeat(100));
    for event_data in [data.len() - 1, data.len()] {
        let options = Options { limits: Limits { event_data, ..Limits::default() }, ..Options::default() };
        check(options, &content, format!("data: {data}\n\n").as_bytes());
    }
    for text in 34..40 {
        let options = Options { limits: Limits { text, ..Limits::default() }, ..Options::default() };
        check(options, &content, format!("data: {}\n\n", content("xyz")).as_bytes());
    }
}
