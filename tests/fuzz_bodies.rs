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
