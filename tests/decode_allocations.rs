//! Stage 2 allocates nothing once its buffers have grown to what it meets: with and without the cache, escapes too.

use deltawire::{Decoder, Document, Event, RecentShapes};

#[path = "decode/streams.rs"]
mod streams;

/// Decodes a stream, reads its texts, and gives how many bytes they have.
fn decode(decoder: &mut Decoder, stream: &[Vec<u8>]) -> usize {
    let mut recent = RecentShapes::default();
    let mut bytes = 0;
    for data in stream {
        let mut documents = decoder.documents(Event::new(b"", data), &mut recent);
        while let Some(document) = documents.next() {
            let Document::Chunk(chunk) = document else { continue };
            bytes +=
                chunk.id().map_or(0, str::len) + chunk.error().and_then(|error| error.message()).map_or(0, str::len);
            for choice in chunk.choices() {
                let delta = choice.delta();
                let texts = [delta.content(), delta.reasoning(), delta.refusal()];
                bytes += texts.iter().flatten().map(|text| text.len()).sum::<usize>();
                bytes += delta.content_parts().map(|part| part.text.len()).sum::<usize>();
                bytes += delta.tool_calls().filter_map(|call| call.arguments()).map(|text| text.len()).sum::<usize>();
                bytes += delta.unknown_fields().count();
            }
        }
    }
    bytes
}

#[test]
fn warm_decoding_does_not_allocate() {
    let mut streams: Vec<Vec<Vec<u8>>> = streams::streams().into_iter().map(|(_, stream)| stream).collect();
    let escapes = (0..200).map(|n| {
        let text = ["\\n", "\\u00e9\\ud83d\\ude42", "\\ud83d", "\\ude42", "a\\\\b\\\"c", "\u{6771}", "plain"][n % 7];
        let arguments = "{\\\"a\\\":".repeat(n % 40 + 1);
        format!(
            "{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\",\"tool_calls\":[{{\"function\":{{\"arguments\":\"{arguments}\"}}}}]}}}}]}}"
        )
        .into_bytes()
    });
    streams.push(escapes.collect());
    for mut decoder in [Decoder::new(), Decoder::new().without_cache()] {
        // Five times: a shape is learned when it is met again, and gets more holes when it is met with other values.
        let bytes: Vec<usize> = streams.iter().map(|stream| decode(&mut decoder, stream)).collect();
        for stream in (0..4).flat_map(|_| &streams) {
            decode(&mut decoder, stream);
        }
        for (stream, &bytes) in streams.iter().zip(&bytes) {
            let mut shared = decoder.clone();
            decode(&mut shared, stream);
            let mut again = 0;
            let allocations = allocation_counter::measure(|| again = decode(&mut shared, stream));
            assert_eq!((allocations.count_total, again), (0, bytes), "{} events", stream.len());
        }
    }
}
