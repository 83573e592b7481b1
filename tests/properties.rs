//! The properties that the fuzz targets hold, for whoever runs stable: smaller inputs, made of the pieces that matter, which
//! shrink to something readable. The bodies are the targets' own.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use bodies::plan;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Lines of event streams, and their ends.
const LINES: &[&str] = &[
    "data",
    "data:",
    "data: a",
    "data:b ",
    "data: {}",
    "data: [DONE]",
    "event: x",
    "event: error",
    "event",
    "id: 1",
    "id:",
    "id: \0",
    "retry: 5",
    "retry: x",
    ": note",
    ":",
    "other: x",
    "{\"error\":{\"message\":\"no\"}}",
    "\u{feff}data: c",
    "é",
];
const ENDS: &[&str] = &["\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ""];

/// Pieces of JSON, whole and broken.
const JSON: &[&str] = &[
    "\"\\u123x\"",
    "\"\\u12g4\"",
    "\"\\u1234\"",
    "\"\\q\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\":",
    "\"choices\":[{\"delta\":{\"content\":",
    "\"id\":",
    "\"x\"",
    "\"\\ud83d\"",
    "\"\\n\"",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "0",
    "-1.5e3",
    "01",
    "1e999",
    " ",
    "\n",
    "[DONE]",
    "\u{e9}",
    "\\u00",
];

/// Pieces of arguments.
const ARGUMENTS: &[&str] =
    &["{", "}", "{}", "\"a\":", "1", "\"b\"", "\"", ",", "[", "]", " ", "\\\"", "é", "x", "{\"a\":1}"];

/// Chunks of streams.
const EVENTS: &[&str] = &[
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"reasoning\":\"so\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\ude00\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"total_tokens\":5}}\n\n",
    "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
    ": OPENROUTER PROCESSING\n\n",
    "data: {\"broken\":\n\n",
    "data: [DONE]\n\n",
    "{\"error\":{\"message\":\"bare\"}}\n",
];

fn sizes() -> impl Strategy<Value = [u8; 7]> {
    proptest::array::uniform7(select(vec![0, 1, 2, 3, 7, 30]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn framing_is_what_the_standard_says(
        lines in vec((select(LINES), select(ENDS)), 0..12), flags in 0_u8..32, sizes in sizes()
    ) {
        let stream: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        bodies::frame::run(&plan::input(stream.as_bytes(), flags, sizes));
    }

    #[test]
    fn documents_are_what_serde_json_sees(pieces in vec(select(JSON), 0..16), flags in 0_u8..2) {
        bodies::decode::run(&plan::input(pieces.concat().as_bytes(), flags, [0; 7]));
    }

    #[test]
    fn shapes_change_nothing(documents in vec(select(EVENTS), 1..4), seed in any::<[u8; 7]>()) {
        bodies::shape::run(&plan::input(documents.concat().as_bytes(), 0, seed));
    }

    #[test]
    fn updates_are_the_completion(bytes in vec(any::<u8>(), 0..200)) {
        bodies::assemble::run(&bytes);
    }

    #[test]
    fn arguments_are_what_came(pieces in vec(select(ARGUMENTS), 0..12), sizes in sizes()) {
        bodies::arguments::run(&plan::input(pieces.concat().as_bytes(), 1, sizes));
    }

    #[test]
    fn cuts_change_nothing(events in vec(select(EVENTS), 0..10), flags in any::<u8>(), sizes in sizes()) {
        bodies::pipeline::run(&plan::input(events.concat().as_bytes(), flags, sizes));
    }
}
