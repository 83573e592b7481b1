//! Writes the inputs that the corpora are made of, from the recordings and the quirk cases: `corpora FOLDER`.
//! `../corpora.sh` calls this and minimises what it wrote.

#[path = "../bodies/plan.rs"]
#[allow(dead_code)]
mod plan;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A go-vcr cassette, as far as it is needed.
#[derive(Deserialize)]
struct Cassette {
    interactions: Vec<Interaction>,
}

#[derive(Deserialize)]
struct Interaction {
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    body: String,
}

/// Longest stream that goes into a corpus whole, in bytes: a fuzzer wants short ones.
const LONGEST: usize = 1000;

/// Whole, bytewise, and odd.
const SIZES: [[u8; 7]; 3] = [[0; 7], [1; 7], [5, 0, 40, 1, 2, 100, 3]];

/// Arguments, whole and not, as calls have them.
const ARGUMENTS: &[&str] = &[
    "{\"city\":\"Par\\u00eds\",\"n\":[1,-2.5e3,true,null,{}],\"q\":\"a \\\"b\\\" {c}\"}",
    "{}",
    " { } ",
    "",
    "[[1],[2,{\"a\":\"\"}]]",
    "\"text \\ud83d\\ude00\"",
    "17",
    "{\"a\":{\"a\":{\"a\":1}}}",
    "{\"a\":1",
    "{\"a\":01}",
    "{}{\"a\":1}",
    "{\"a\":1}{\"a\":1}",
    "{\"a\":1}{\"a\":2}",
    "{{\"{\"a{\"a\":1}",
    "{\"a\":\"line\nbreak\"}",
    "{\"\":\"\",\"~/\":[false]}",
];

/// Streams with what neither the recordings nor the quirk cases have much of.
const STREAMS: &[(&str, &str)] = &[
    (
        "custom call",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":"ls"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":" -l"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

"#,
    ),
    (
        "content parts",
        r#"data: {"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},{"type":"refusal","refusal":"no"},{"type":"image_url","image_url":{"url":"x"}},"b"]}}]}

data: {"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"c"},{"type":"thinking","thinking":"hm"}]},"finish_reason":"stop"}]}

data: [DONE]

"#,
    ),
    (
        "message behind deltas",
        r#"data: {"choices":[{"index":0,"delta":{"content":"a","reasoning":"r"}}]}

data: {"choices":[{"index":0,"delta":{},"message":{"role":"assistant","content":"abc","refusal":"no","reasoning_content":"rs","tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}}]}}]}

data: {"choices":[{"index":0,"message":{"content":[{"type":"text","text":"abcd"},{"type":"thinking","thinking":"t"}],"reasoning_details":[{"type":"reasoning.text","text":"q"}]}}]}

data: {"choices":[{"index":1,"message":{"content":"z","reasoning_details":[{"type":"reasoning.text","text":"q"}]},"finish_reason":"stop"}]}

data: [DONE]

"#,
    ),
    (
        "many details",
        r#"data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"index":0,"type":"t","text":"x"},{"index":1,"type":"t","text":"x"},{"index":2,"type":"t","text":"x"},{"index":3,"type":"t","text":"x"},{"index":4,"type":"t","text":"x"},{"index":5,"type":"t","text":"x"},{"index":6,"type":"t","text":"x"},{"index":7,"type":"t","text":"x"},{"index":8,"type":"t","text":"x"},{"index":9,"type":"t","text":"x"}]}}]}

data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"index":9,"type":"t","text":"\ud83d"},{"index":9,"type":"t","text":"\ude00"},{"index":0,"type":"t","signature":"s"}]}}]}

data: [DONE]

"#,
    ),
    (
        "details without index",
        r#"data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.summary","summary":"a"},{"type":"reasoning.summary","summary":"b"},{"type":"reasoning.encrypted","data":"c"},{"type":"reasoning.encrypted","data":"d"}]}}]}

data: [DONE]

"#,
    ),
    (
        "many choices",
        r#"data: {"choices":[{"index":0,"delta":{"content":"x"}},{"index":1,"delta":{"content":"x"}},{"index":2,"delta":{"content":"x"}},{"index":3,"delta":{"content":"x"}},{"index":4,"delta":{"content":"x"}},{"index":5,"delta":{"content":"x"}},{"index":6,"delta":{"content":"x"}},{"index":7,"delta":{"content":"x"}},{"index":8,"delta":{"content":"x"}},{"index":9,"delta":{"content":"x"}}]}

data: {"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"},{"index":2,"finish_reason":"stop"},{"index":3,"finish_reason":"stop"},{"index":4,"finish_reason":"stop"},{"index":5,"finish_reason":"stop"},{"index":6,"finish_reason":"stop"},{"index":7,"finish_reason":"stop"},{"index":8,"finish_reason":"stop"},{"index":9,"finish_reason":"stop"}]}

data: [DONE]

"#,
    ),
    (
        "usages",
        r#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}

data: {"x_groq":{"usage":{"queue_time":1,"prompt_tokens":2}},"usage":{"total_tokens":3,"cost":0.25,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":1}}}

data: {"choices":[{"index":0,"delta":{},"usage":{"total_tokens":4},"finish_reason":"stop"}]}

data: {"x_groq":{"usage":{"completion_tokens":7}}}

data: [DONE]

"#,
    ),
    (
        "function call",
        r#"data: {"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{\"a\":"}}}]}

data: {"choices":[{"index":0,"delta":{"function_call":{"arguments":"1}"}}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"function_call"}]}

data: [DONE]

"#,
    ),
    (
        "half a think tag",
        r#"data: {"choices":[{"index":0,"delta":{"content":"<thi"}}]}

data: {"choices":[{"index":0,"delta":{"content":"nk>a</th"}}]}

data: {"choices":[{"index":0,"delta":{"content":"x</think>b<"}}]}

data: [DONE]

"#,
    ),
    (
        "extras",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","z":[1],"function":{"name":"f","arguments":"{}"}}],"audio":{"id":"1","data":"x"},"images":[{"a":1}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"z":[2]}],"images":[{"a":2}],"audio":{"id":"2"}}}]}

data: {"choices":[{"index":0,"delta":{},"logprobs":{"content":[{"token":"a"}]},"finish_reason":"stop","native_finish_reason":"STOP"}]}

data: [DONE]

"#,
    ),
];

fn main() {
    let out = PathBuf::from(std::env::args_os().nth(1).expect("usage: corpora FOLDER"));
    for (i, document) in ARGUMENTS.iter().enumerate() {
        for (n, sizes) in SIZES.into_iter().enumerate() {
            write(&out, "arguments", &format!("{i}-{n}"), &plan::input(document.as_bytes(), 1, sizes));
        }
    }
    // To this target any bytes are a sequence of deltas.
    for i in 0..64_u64 {
        let bytes: Vec<u8> =
            (0..200).map(|at| ((i * 7919 + at * 104_729).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect();
        write(&out, "assemble", &format!("{i}"), &bytes[..20 + 2 * i as usize]);
        // And behind this byte they are clean calls under transforms.
        write(&out, "assemble", &format!("composed-{i}"), &[&[0xC0], &bytes[..20 + i as usize]].concat());
    }
    for (name, stream) in streams() {
        let start = short(&stream);
        for (i, sizes) in SIZES.into_iter().enumerate() {
            write(&out, "frame", &format!("{name}-{i}"), &plan::input(start, [0, 7, 15][i], sizes));
        }
        for (i, sizes) in SIZES.into_iter().enumerate() {
            write(&out, "pipeline", &format!("{name}-{i}"), &plan::input(start, [0, 8, 63][i], sizes));
        }
        write(&out, "encode", &name, &plan::input(start, 0, [0; 7]));
        for seed in 0..3 {
            write(&out, "shape", &format!("{name}-{seed}"), &plan::input(start, 0, [seed; 7]));
        }
        for (i, data) in events(start).into_iter().enumerate() {
            write(&out, "decode", &format!("{name}-{i}"), &plan::input(data, 0, [0; 7]));
        }
    }
}

/// The recorded streams and the quirk cases, named.
fn streams() -> Vec<(String, Vec<u8>)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let mut streams = Vec::new();
    for path in files(&tests.join("recordings"), "yaml") {
        let cassette: Cassette = serde_yaml_ng::from_slice(&read(&path)).expect("a cassette");
        for (i, interaction) in cassette.interactions.into_iter().enumerate() {
            streams.push((format!("{}-{i}", stem(&path)), interaction.response.body.into_bytes()));
        }
    }
    streams.extend(STREAMS.iter().map(|(name, stream)| ((*name).to_owned(), stream.as_bytes().to_vec())));
    streams.extend(files(&tests.join("quirks"), "body").iter().map(|path| (stem(path), read(path))));
    streams
}

/// The beginning of a stream, up to the end of an event.
fn short(stream: &[u8]) -> &[u8] {
    if stream.len() <= LONGEST {
        return stream;
    }
    let end = stream[..LONGEST].windows(2).rposition(|two| two == b"\n\n").map_or(LONGEST, |at| at + 2);
    &stream[..end]
}

/// The data of the events that are one line each.
fn events(stream: &[u8]) -> Vec<&[u8]> {
    let lines = stream.split(|&byte| matches!(byte, b'\n' | b'\r'));
    lines.filter_map(|line| Some(line.strip_prefix(b"data:")?.trim_ascii())).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a file name").to_string_lossy().into_owned()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(out: &Path, target: &str, name: &str, input: &[u8]) {
    let folder = out.join(target);
    fs::create_dir_all(&folder).expect("a writable folder");
    fs::write(folder.join(name), input).expect("a writable file");
}
