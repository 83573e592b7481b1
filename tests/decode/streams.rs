//! Whole streams: the recordings and the quirk cases.

use std::path::PathBuf;

use deltawire::{Decoder, Document, Event, RecentShapes};
use serde_json::Value;

use super::{dump, oracle};

/// The data lines of every recorded stream and quirk case, by stream. (None of them needs more of a framer than this.)
pub fn streams() -> Vec<(String, Vec<Vec<u8>>)> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![tests.join("recordings"), tests.join("quirks")];
    if let Some(more) = std::env::var_os("DELTAWIRE_RECORDINGS") {
        folders.push(more.into());
    }
    let mut streams = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read(&file).expect("readable");
            let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            let data: Vec<Vec<u8>> =
                lines.filter_map(|line| Some(line.strip_prefix(b"data:")?.trim_ascii().to_vec())).collect();
            if !data.is_empty() {
                streams.push((file.display().to_string(), data));
            }
        }
    }
    streams
}

#[test]
fn every_chunk_reads_as_serde_json_reads_it() {
    let mut count = 0;
    for (name, events) in streams() {
        let (mut decoder, mut recent) = (Decoder::new(), RecentShapes::default());
        for data in events {
            let mut documents = decoder.documents(Event::new(b"", &data), &mut recent);
            while let Some(document) = documents.next() {
                let Document::Chunk(chunk) = document else { continue };
                let Ok(value) = serde_json::from_slice::<Value>(chunk.raw()) else {
                    assert!(name.contains("surrogate"), "{name}: {}", String::from_utf8_lossy(chunk.raw()));
                    continue;
                };
                assert_eq!(dump::chunk(&chunk), oracle::chunk(&value), "{name}: {value}");
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count}");
}
