//! Target `shape`: chunks of several interleaved streams, one decoder for all.
//!
//! The input's lines are chunks (recorded ones, in the corpus). They go through the shared decoder again and again, varied
//! on the way as streams vary and as they do not: other values, escapes, keys, blanks, members gone or doubled, cut short.
//! Each stream's values bear its own letter.
//!
//! - A decoder with the cache gives exactly what a new one without it gives: every accessor, text notes, raw slices,
//!   errors and offsets; under cargo-fuzz also the tables.
//! - So nothing comes out that another stream brought; its letter is looked for all the same.
//! - Whatever stream's memory is handed in, the answer is the same.
//! - What the decoder holds is bounded.

#[path = "../../tests/decode/dump.rs"]
mod dump;

use deltawire::{Decoder, Document, Event, RecentShapes};
use serde_json::{Value, json};

use super::naive_json;
use super::plan::Plan;
use super::random::Random;

/// One letter a stream, none of them in JSON's words or in what the variations bring.
const LETTERS: [char; 3] = ['Ⓐ', 'Ⓑ', 'Ⓒ'];
/// Chunks that one input decodes.
const ROUNDS: usize = 24;
/// What the 64 shapes may hold, in bytes.
const SHAPES: usize = 64 * (12 << 10) + (16 << 10);

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let documents: Vec<&[u8]> = plan
        .stream
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(|line| line.strip_prefix(b"data:").unwrap_or(line).trim_ascii())
        .filter(|line| !line.is_empty())
        .take(16)
        .collect();
    if documents.is_empty() {
        return;
    }
    let mut random = Random::new(&input[plan.stream.len()..]);
    let mut shared = Decoder::new();
    let mut memories = [RecentShapes::default(); LETTERS.len()];
    // A run of chunks that vary little, as they do in a stream, is what makes shapes.
    let mut last: [Vec<u8>; LETTERS.len()] = Default::default();
    let mut longest = 0;
    for _ in 0..ROUNDS {
        let stream = random.below(LETTERS.len());
        let mut data = if last[stream].is_empty() || random.chance(3) {
            random.pick(&documents).to_vec()
        } else {
            last[stream].clone()
        };
        vary(&mut data, LETTERS[stream], &mut random);
        data.truncate(16 << 10);
        longest = longest.max(data.len());
        let mut memory = memories[if random.chance(8) { random.below(LETTERS.len()) } else { stream }];
        let seen = decode(&mut shared, &data, &mut memory);
        let expected = decode(&mut Decoder::new().without_cache(), &data, &mut RecentShapes::default());
        assert_eq!(seen, expected, "{}", data.escape_ascii());
        let text = seen.to_string();
        for (other, letter) in LETTERS.iter().enumerate() {
            assert!(other == stream || !text.contains(*letter) || contains(&data, *letter), "{text}");
        }
        memories[stream] = memory;
        last[stream] = data;
        assert!(shared.bytes_held() <= SHAPES + 4096 + 256 * longest, "{} bytes held", shared.bytes_held());
        if random.chance(40) {
            shared.clear();
        }
    }
}

fn contains(data: &[u8], letter: char) -> bool {
    let mut bytes = [0; 4];
    let bytes = letter.encode_utf8(&mut bytes).as_bytes();
    data.windows(bytes.len()).any(|window| window == bytes)
}

/// All that comes out of an event.
fn decode(decoder: &mut Decoder, data: &[u8], memory: &mut RecentShapes) -> Value {
    let mut documents = decoder.documents(Event::new(b"", data), memory);
    let mut out = Vec::new();
    while let Some(document) = documents.next() {
        out.push(match document {
            Document::Chunk(chunk) => {
                let raw = chunk.raw();
                assert!(data.as_ptr_range().contains(&raw.as_ptr()), "lent from this input");
                #[cfg(fuzzing)]
                let table = chunk.table_dump();
                #[cfg(not(fuzzing))]
                let table = "";
                json!([dump::chunk(&chunk), raw.as_ptr().addr() - data.as_ptr().addr(), raw.len(), table])
            }
            Document::NotJson(rest, error) => json!({"not_json": rest.len(), "error": format!("{error:?}")}),
            other => json!(format!("{other:?}")),
        });
    }
    Value::Array(out)
}

/// For the dump: raw JSON that serde_json refuses.
fn mended(raw: &[u8]) -> Option<Value> {
    naive_json::value(raw)
}

/// Changes a document a little.
fn vary(data: &mut Vec<u8>, letter: char, random: &mut Random) {
    // Mostly as a stream does: other texts and numbers in the same places.
    for _ in 0..=random.below(3) {
        if random.chance(2) {
            let text = [
                format!("{letter}"),
                format!(" {letter}{}", random.below(1000)),
                String::new(),
                format!("{letter} said \\\"no\\\"\\n"),
                format!("\\u0041{letter}"),
                "plain".to_owned(),
                "x".repeat(random.below(300)),
                format!("\\ud83d\\ude00{letter}"),
            ];
            replace_string(data, random.pick(&text).as_bytes(), random);
        } else {
            let number = ["0", "1", "17", "1234567", "-1", "0.25", "1e3", "12345678901234567890"];
            replace_number(data, random.pick(&number).as_bytes(), random);
        }
    }
    if !random.chance(4) {
        return;
    }
    // And now and then as no stream should.
    match random.below(12) {
        0 => replace_string(data, b"\\ud83d", random),
        1 => replace_string(data, b"\\ude00 low first", random),
        2 => replace_string(data, b"\xff\xfe", random),
        3 => replace_string(data, "half \u{20ac}".as_bytes().split_last().expect("bytes").1, random),
        4 => replace_number(
            data,
            random.pick::<&[u8]>(&[&b"NaN"[..], b"-Infinity", b"01", b"1.", b"-", b"1e999", b"\"7\""]),
            random,
        ),
        5 => {
            let word =
                *random.pick(&[&b"null"[..], b"true", b"{}", b"[]", b"[1,[2]]", b"{\"a\":{\"b\":1}}", b"\"\"", b"3"]);
            replace_value(data, word, random);
        }
        6 => {
            // A key with an escape in it, or another key.
            if let Some((start, end)) = pick_string(data, random, true) {
                let first = data.get(start).copied().filter(u8::is_ascii_alphabetic);
                if let Some(first) = first {
                    let escaped = if random.chance(2) { format!("\\u{first:04x}") } else { "z".to_owned() };
                    data.splice(start..(start + 1).min(end), escaped.bytes());
                }
            }
        }
        7 => {
            // Blanks where they may stand, or not.
            let at = random.below(data.len() + 1);
            data.splice(at..at, *random.pick(&[*b" ", *b"\t", *b"\n"]));
        }
        8 => data.truncate(random.below(data.len() + 1)),
        9 => {
            let more: &[u8] = random.pick::<&[u8]>(&[&b" "[..], b"}", b"{\"id\":\"2\"}", b" [DONE]", b"\n{}", b"x"]);
            data.extend_from_slice(more);
        }
        10 => {
            // A member twice, or gone.
            let commas: Vec<usize> = (0..data.len()).filter(|&at| data[at] == b',').collect();
            if commas.len() > 1 {
                let first = random.below(commas.len() - 1);
                let range = commas[first]..commas[first + 1];
                let member = if random.chance(2) { data[range.clone()].repeat(2) } else { Vec::new() };
                data.splice(range, member);
            }
        }
        _ => {
            if !data.is_empty() {
                let at = random.below(data.len());
                data[at] = random.next() as u8;
            }
        }
    }
}

/// The inside of a string, a key or not.
fn pick_string(data: &[u8], random: &mut Random, key: bool) -> Option<(usize, usize)> {
    let mut strings = Vec::new();
    let mut at = 0;
    while let Some(open) = data[at..].iter().position(|&byte| byte == b'"') {
        let start = at + open + 1;
        let mut end = start;
        while end < data.len() && data[end] != b'"' {
            end += 1 + usize::from(data[end] == b'\\');
        }
        let end = end.min(data.len());
        at = (end + 1).min(data.len());
        if (data.get(at) == Some(&b':')) == key {
            strings.push((start, end));
        }
    }
    if strings.is_empty() { None } else { Some(*random.pick(&strings)) }
}

fn replace_string(data: &mut Vec<u8>, by: &[u8], random: &mut Random) {
    if let Some((start, end)) = pick_string(data, random, false) {
        data.splice(start..end, by.iter().copied());
    }
}

fn replace_number(data: &mut Vec<u8>, by: &[u8], random: &mut Random) {
    let starts: Vec<usize> = (1..data.len())
        .filter(|&at| data[at].is_ascii_digit() && matches!(data[at - 1], b':' | b' ' | b',' | b'['))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = *random.pick(&starts);
    let length = data[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    data.splice(start..start + length, by.iter().copied());
}

/// Puts a value of another kind in place of a string.
fn replace_value(data: &mut Vec<u8>, by: &[u8], random: &mut Random) {
    if let Some((start, end)) = pick_string(data, random, false) {
        data.splice(start - 1..(end + 1).min(data.len()), by.iter().copied());
    }
}
