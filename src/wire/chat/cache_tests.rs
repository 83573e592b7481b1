//! With and without the cache: the same documents, and the same tables under them, whatever came before.

use std::path::Path;
use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{eprintln, format};

use super::decoder::{Decoder, Document, RecentShapes};
use crate::Limits;
use crate::json::table::{Doc, Kind, VARIES};
use crate::sse::Event;

/// A table as one reads it: every slot resolved, every text. What only a shape knows is left out.
fn resolved(doc: Doc<'_>) -> String {
    let mut out = format!("{:?}", doc.table.links);
    for (number, slot) in doc.table.slots.iter().enumerate().skip(1) {
        let number = number as u32;
        let aux = if slot.kind == Kind::Number { 0 } else { slot.aux };
        let place = doc.inside(number).as_ptr() as usize - doc.data.as_ptr() as usize;
        let text = if slot.flags & crate::json::table::TEXT != 0 { Some(doc.text(number)) } else { None };
        out += &format!(
            "\n{number} {:?} {} {aux} {} at {place} {:?} {text:?}",
            slot.kind,
            slot.flags & !VARIES,
            slot.next,
            doc.raw(number),
        );
    }
    out
}

/// All that the documents of an event are.
fn decoded(decoder: &mut Decoder, recent: &mut RecentShapes, event_type: &[u8], data: &[u8]) -> Vec<String> {
    let mut documents = decoder.documents(Event::new(event_type, data), recent);
    let mut out = Vec::new();
    while let Some(document) = documents.next() {
        out.push(match document {
            Document::Chunk(chunk) => resolved(chunk.doc()),
            other => format!("{other:?}"),
        });
    }
    out
}

/// The data of every recorded stream and quirk case, by stream.
fn streams() -> Vec<Vec<Vec<u8>>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut streams = Vec::new();
    for folder in ["recordings", "quirks"] {
        let entries = std::fs::read_dir(tests.join(folder)).expect("a folder");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read(&file).expect("readable");
            let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            let data = lines.filter_map(|line| Some(line.strip_prefix(b"data:")?.trim_ascii().to_vec()));
            streams.push(data.collect::<Vec<_>>());
        }
    }
    streams.retain(|stream| !stream.is_empty());
    assert!(streams.len() > 50, "{}", streams.len());
    streams
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

/// What a mutation puts in: what the grammar, the holes and the texts turn on.
const PIECES: [&[u8]; 44] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"0",
    b"1",
    b"-",
    b"1.5",
    b"1e9",
    b"007",
    b"null",
    b"true",
    b"false",
    b"NaN",
    b"-Infinity",
    b"\"\"",
    b"{}",
    b"[]",
    b"{\"a\":[1,{}]}",
    b"\\n",
    b"\\u00e9",
    b"\\ud83d\\ude42",
    b"\\ud83d",
    b"\\ude42",
    b"\\\"",
    b"\xc3\xa9",
    b"\xff",
    b"\xe6\x9d",
    b"\x01",
    b"\"x\":1,",
    b"\"content\":\"b\",",
    b"\"error\":{\"message\":\"m\"},",
    b"[[[[",
    b"[DONE]",
    b"\"longer than sixteen bytes\"",
    b"\"\xe6\x9d\xb1\xe4\xba\xac\"",
    b"\"index\":\"3\",",
    b"1758698552",
];

/// A document with one to three random changes; mostly inside of values, where documents of a stream differ.
fn mutated(data: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(data.len() + 1);
        match random.below(5) {
            0 if at < data.len() => drop(data.remove(at)),
            1 if at < data.len() => data[at] = b" \"\\{}[]:,0a\xc3\x80"[random.below(13)],
            2 => drop(data.splice(at..(at + random.below(6)).min(data.len()), [])),
            _ => drop(data.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
        }
    }
    data
}

/// Checks a sequence of events against a decoder without a cache.
struct Pair {
    cached: Decoder,
    plain: Decoder,
    recents: Vec<RecentShapes>,
    fits: usize,
}

impl Pair {
    fn new(streams: usize) -> Self {
        let recents = (0..streams).map(|_| RecentShapes::default()).collect();
        Self { cached: Decoder::new(), plain: Decoder::new().without_cache(), recents, fits: 0 }
    }

    #[track_caller]
    fn check(&mut self, stream: usize, data: &[u8]) {
        let got = decoded(&mut self.cached, &mut self.recents[stream], b"", data);
        let expected = decoded(&mut self.plain, &mut RecentShapes::default(), b"", data);
        assert!(
            got == expected,
            "{}\nwith the cache: {}\nwithout: {}",
            String::from_utf8_lossy(data),
            got.join("\n"),
            expected.join("\n")
        );
        self.fits += usize::from(self.cached.last_was_a_fit());
    }
}

#[test]
fn recordings_decode_the_same_and_mostly_fit() {
    let (mut fits, mut events) = (0, 0);
    for stream in streams() {
        let mut pair = Pair::new(1);
        for data in &stream {
            pair.check(0, data);
        }
        (fits, events) = (fits + pair.fits, events + stream.len());
    }
    eprintln!("{fits} of {events} events of short streams fitted a shape");
    // And once more through one decoder that has seen all.
    let mut pair = Pair::new(1);
    for data in streams().iter().chain(&streams()).flatten() {
        pair.check(0, data);
    }
    assert!(pair.fits > events, "{} of {}", pair.fits, 2 * events);
}

#[test]
fn mutations_decode_the_same() {
    let mut random = Random(0x5eed);
    let mut fits = 0;
    for stream in streams() {
        for _ in 0..8 {
            let mut pair = Pair::new(1);
            for data in &stream {
                pair.check(0, data);
                for _ in 0..3 {
                    let data = mutated(data, &mut random);
                    pair.check(0, &data);
                }
            }
            fits += pair.fits;
        }
    }
    assert!(fits > 1000, "{fits}");
}

#[test]
fn every_cut_of_a_document_that_fits_decodes_the_same() {
    for stream in streams().iter().filter(|stream| stream.len() > 3).take(8) {
        let mut pair = Pair::new(1);
        for data in stream {
            pair.check(0, data);
        }
        for data in stream.iter().take(12) {
            for cut in 0..data.len() {
                pair.check(0, &data[..cut]);
                pair.check(0, data);
                pair.check(0, &[&data[..cut], b"\"", &data[cut..]].concat());
            }
        }
    }
}

/// Interleaved streams through one decoder, with one that only ever brings new shapes, so that shapes are evicted.
#[test]
fn interleaved_streams_do_not_mix() {
    let streams = streams();
    let mut random = Random(7);
    let mut pair = Pair::new(streams.len() + 1);
    let mut places = std::vec![0; streams.len()];
    for n in 0..6000 {
        let stream = random.below(streams.len());
        let data = &streams[stream][places[stream] % streams[stream].len()];
        places[stream] += 1;
        pair.check(stream, data);
        if n % 3 == 0 {
            let hostile =
                format!("{{\"id\":\"{n}\",\"k{n}\":[{n}],\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}");
            pair.check(streams.len(), hostile.as_bytes());
        }
    }
    assert!(pair.fits > 1000, "{}", pair.fits);
    assert!(pair.cached.bytes_held() < 1 << 20, "{}", pair.cached.bytes_held());
    pair.cached.clear();
    assert!(pair.cached.bytes_held() < 64 << 10, "{}", pair.cached.bytes_held());
}

/// A skeleton is learned when it comes again; a value that differs then becomes a hole, and a further one fits.
#[test]
fn shapes_are_generalised() {
    let rows: [(&str, &[&str]); 5] = [
        ("id", &["\"a\"", "\"bb\"", "\"\"", "\"a\\nb\"", "\"東京\"", "\"longer than sixteen bytes\""]),
        ("created", &["1", "22", "333", "4e5", "-6", "7.5"]),
        ("obfuscation", &["\"a\"", "\"bc\"", "\"\"", "\"def\""]),
        ("unknown", &["{\"a\":1}", "{\"b\":[1,2]}", "{\"c\":{}}", "{\"d\":1}"]),
        ("usage", &["{\"total_tokens\":1}", "{\"total_tokens\":22}", "{\"total_tokens\":333}", "{\"total_tokens\":4}"]),
    ];
    for (key, values) in rows {
        let mut pair = Pair::new(1);
        for (n, value) in values.iter().enumerate() {
            let data = format!("{{\"object\":\"o\",\"{key}\":{value},\"choices\":[]}}");
            pair.check(0, data.as_bytes());
            assert_eq!(pair.cached.last_was_a_fit(), n >= 3, "{data}");
        }
    }
}

#[test]
fn what_never_repeats_is_not_learned_for_long() {
    let mut decoder = Decoder::new();
    let mut recent = RecentShapes::default();
    let mut lessons = 0;
    for n in 0..1000 {
        let data = format!("{{\"k{n}\":1,\"choices\":[]}}");
        let before = recent;
        assert_eq!(decoded(&mut decoder, &mut recent, b"", data.as_bytes()).len(), 1);
        lessons += usize::from(before.shapes() != recent.shapes());
    }
    assert!(lessons < 40, "{lessons}");
    // What repeats again is learned again.
    for n in 0..200 {
        let data = format!("{{\"id\":\"a\",\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}");
        decoded(&mut decoder, &mut recent, b"", data.as_bytes());
    }
    assert!(decoder.last_was_a_fit());
}

/// A hole has as much room for nesting as the scanner would have there.
#[test]
fn nesting_is_counted_alike() {
    for depth in [4, 5, 6, 128, 1000] {
        let limits = Limits { depth, ..Limits::DEFAULT };
        let mut cached = Decoder::with_limits(limits);
        let mut plain = Decoder::with_limits(limits).without_cache();
        let mut recent = RecentShapes::default();
        for nested in (1..8).chain(120..135) {
            for (key, value) in [("logprobs", "0"), ("unknown", "\"\"")] {
                let value = format!("{}{value}{}", "[".repeat(nested), "]".repeat(nested));
                let data = format!("{{\"choices\":[{{\"{key}\":{value}}}]}}");
                let got = decoded(&mut cached, &mut recent, b"", data.as_bytes());
                let expected = decoded(&mut plain, &mut RecentShapes::default(), b"", data.as_bytes());
                assert_eq!(got, expected, "depth {depth}, {data}");
                let is_json = nested + 3 <= depth.min(128);
                assert_eq!(got[0].starts_with("NotJson"), !is_json, "depth {depth}: {data}");
            }
        }
    }
}

#[test]
fn an_event_of_type_error_is_not_taken_from_a_shape() {
    let data = b"{\"error\":{\"message\":\"m\"}}";
    let (mut decoder, mut recent) = (Decoder::new(), RecentShapes::default());
    for _ in 0..3 {
        decoded(&mut decoder, &mut recent, b"", data);
    }
    assert!(decoder.last_was_a_fit());
    let documents = decoded(&mut decoder, &mut recent, b"error", data);
    assert_eq!(documents, ["Error(ChunkError({\"message\":\"m\"}))".to_string()]);
}
