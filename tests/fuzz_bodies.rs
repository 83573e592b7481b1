//! The bodies of the fuzz targets, as plain tests: over the committed corpora, over every input that ever was a finding
//! (`tests/regression/<target>/`), and over the recordings and quirk cases under many split plans.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
mod support;

use std::path::Path;

use bodies::plan;

/// Every file of a folder under the package's root, sorted; none if there is no such folder.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a readable file")))
        .collect();
    files.sort();
    files
}

/// Runs a body over the corpus and the findings of its target.
fn replay(target: &str, body: impl Fn(&[u8])) {
    let corpus = files(&format!("fuzz/corpus/{target}"));
    assert!(!corpus.is_empty(), "no corpus for {target}");
    for (name, input) in corpus.into_iter().chain(files(&format!("tests/regression/{target}"))) {
        eprintln!("{name}"); // shown when it panics
        body(&input);
    }
}

/// Every stream there is: recorded ones and quirk cases.
fn streams() -> Vec<(String, Vec<u8>)> {
    let mut streams = support::cassette::bodies_of(support::cassette::seeds());
    streams.extend(files("tests/quirks").into_iter().filter(|(name, _)| name.ends_with(".body")));
    streams
}

#[test]
fn frame() {
    replay("frame", bodies::frame::run);
    for (name, stream) in streams() {
        eprintln!("{name}");
        for flags in [0, 7, 8, 15, 24, 31] {
            for sizes in [[0; 7], [1; 7], [2, 0, 7, 1, 30, 3, 200], [250, 1, 1, 1, 1, 1, 1]] {
                bodies::frame::run(&plan::input(&stream, flags, sizes));
            }
        }
    }
}

#[test]
fn decode() {
    replay("decode", bodies::decode::run);
    for (name, stream) in streams() {
        eprintln!("{name}");
        for line in stream.split(|&byte| byte == b'\n') {
            let data = line.strip_prefix(b"data:").unwrap_or(line);
            bodies::decode::run(&plan::input(data, 0, [0; 7]));
            for cut in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
                bodies::decode::run(&plan::input(&data[..cut], 1, [0; 7]));
            }
        }
    }
}

#[test]
fn shape() {
    replay("shape", bodies::shape::run);
    for (name, stream) in streams() {
        eprintln!("{name}");
        for seed in 0..20 {
            bodies::shape::run(&plan::input(&stream, 0, [seed; 7]));
        }
    }
}

#[test]
fn pipeline() {
    replay("pipeline", bodies::pipeline::run);
    for (name, stream) in streams() {
        eprintln!("{name}");
        for flags in [0, 2, 3, 4, 8, 16, 32, 63] {
            bodies::pipeline::run(&plan::input(&stream, flags | flags << 6, [7, 0, 30, 1, 200, 3, 2]));
        }
    }
}

#[test]
fn assemble() {
    replay("assemble", bodies::assemble::run);
    // Any bytes are a sequence of deltas.
    let mut bytes = vec![0; 400];
    for round in 0..20_000_u64 {
        for (at, byte) in (0_u64..).zip(&mut bytes) {
            *byte = ((round * 7919 + at * 104_729 + 13).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8;
        }
        bodies::assemble::run(&bytes[..20 + round as usize % 380]);
        bytes[0] = bodies::assemble::COMPOSED;
        bodies::assemble::run(&bytes[..20 + round as usize % 100]);
    }
}

#[test]
fn arguments() {
    replay("arguments", bodies::arguments::run);
    let documents = [
        "{\"city\":\"Par\\u00eds\",\"n\":[1,-2.5e3,true,null,{}],\"q\":\"a \\\"b\\\" {c}\"}",
        "{}",
        " { } ",
        "",
        " ",
        "[]",
        "[[1],[2,{\"a\":\"\"}]]",
        "\"text\"",
        "17",
        "true",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "{\"a\":1",
        "{\"a\":01}",
        "{\"a\":1}{\"a\":2}",
        "{\"é\":\"日本\"}",
        "{\"a\":\"line\nbreak\"}",
        "{\"\":\"\",\"~/\":1}",
    ];
    for document in documents {
        for sizes in [[0; 7], [1; 7], [2; 7], [3, 1, 0, 2, 5, 1, 4], [9, 2, 9, 2, 9, 2, 9]] {
            bodies::arguments::run(&plan::input(document.as_bytes(), 1, sizes));
        }
    }
}

#[test]
fn encode() {
    replay("encode", bodies::encode::run);
    for (name, stream) in streams() {
        eprintln!("{name}");
        bodies::encode::run(&plan::input(&stream, 0, [0; 7]));
    }
}
