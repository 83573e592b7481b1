//! Every recorded chunk against the oracle.

use deltawire::{Decoder, Document, Event, RecentShapes};
use serde_json::Value;

use super::streams::streams;
use super::{dump, oracle};

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
                    // The listed tolerances (see rows.rs): only those that a case may hold.
                    let text = String::from_utf8_lossy(chunk.raw());
                    assert!(
                        ["\\ud", "NaN", "\u{fffd}"].iter().any(|tolerated| text.contains(tolerated)),
                        "{name}: {text}"
                    );
                    continue;
                };
                assert_eq!(dump::chunk(&chunk), oracle::chunk(&value), "{name}: {value}");
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count}");
}
