//! Chat streams, recorded and generated: the bytes, and where each event's data lies in them.

use std::fmt::Write as _;
use std::ops::Range;

use crate::inputs::{Random, Recording};

/// One response. Each event has one data line; `[DONE]` is in the bytes, not in the data.
pub struct Stream {
    pub bytes: Vec<u8>,
    data: Vec<Range<usize>>,
    /// Ends of the events (comments go with the event after them): where one-event inputs are cut.
    ends: Vec<usize>,
}

impl Stream {
    fn new(text: String) -> Self {
        let (mut data, mut ends, mut start) = (Vec::new(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            if let Some(value) = line.strip_prefix("data:") {
                let value = value.trim();
                let from = start + line.find(value).unwrap_or(0);
                if value != "[DONE]" {
                    data.push(from..from + value.len());
                }
                ends.push((end + 1).min(text.len()));
            }
            start = end;
        }
        if let Some(last) = ends.last_mut() {
            *last = text.len();
        }
        Self { bytes: text.into_bytes(), data, ends }
    }

    /// The data of each event.
    pub fn data(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.data.iter().map(|range| &self.bytes[range.clone()])
    }

    /// Where each event lies in the bytes.
    pub fn events(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        self.ends.iter().map(move |&end| std::mem::replace(&mut start, end)..end)
    }
}

/// Streams that are decoded in one pass.
pub struct Streams {
    pub name: String,
    pub streams: Vec<Stream>,
}

impl Streams {
    fn one(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), streams: vec![Stream::new(text)] }
    }

    pub fn recorded(name: &str, recordings: &[Recording]) -> Self {
        let streams = recordings.iter().map(|recording| Stream::new(recording.body.clone())).collect();
        Self { name: format!("{name} ({} streams)", recordings.len()), streams }
    }

    /// Events with data.
    pub fn events(&self) -> usize {
        self.streams.iter().map(|stream| stream.data.len()).sum()
    }

    pub fn bytes(&self) -> usize {
        self.streams.iter().map(|stream| stream.bytes.len()).sum()
    }
}

/// A chunk as OpenRouter sends it.
fn chunk(text: &mut String, delta: &str, finish: &str) {
    let _ = write!(
        text,
        "data: {{\"id\":\"gen-1758698552-kuvLITw54WQ4qVrGApNX\",\"provider\":\"Moonshot AI\",\"model\":\"moonshotai/kimi-k2-0905\",\
         \"object\":\"chat.completion.chunk\",\"created\":1758698552,\"choices\":[{{\"index\":0,\"delta\":{delta},\
         \"finish_reason\":{finish},\"native_finish_reason\":{finish},\"logprobs\":null}}],\
         \"system_fingerprint\":\"fpv0_ef28f882\"}}\n\n"
    );
}

fn usage(text: &mut String) {
    text.push_str(
        "data: {\"id\":\"gen-1758698552-kuvLITw54WQ4qVrGApNX\",\"provider\":\"Moonshot AI\",\"model\":\"moonshotai/kimi-k2-0905\",\
         \"object\":\"chat.completion.chunk\",\"created\":1758698552,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\
         \"content\":\"\"},\"finish_reason\":null,\"native_finish_reason\":null,\"logprobs\":null}],\"usage\":{\"prompt_tokens\":127,\
         \"completion_tokens\":2000,\"total_tokens\":2127,\"cost\":0.0001162,\"is_byok\":false,\"prompt_tokens_details\":\
         {\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\ndata: [DONE]\n\n",
    );
}

/// 2,000 events of text.
pub fn long() -> Streams {
    let mut random = Random::new(11);
    let mut text = String::new();
    for _ in 0..1998 {
        let word = random.word();
        chunk(&mut text, &format!("{{\"role\":\"assistant\",\"content\":\"{word}\"}}"), "null");
    }
    chunk(&mut text, "{\"role\":\"assistant\",\"content\":\"\"}", "\"stop\"");
    usage(&mut text);
    Streams::one("long stream", text)
}

/// 100 KB of code as a tool call's argument, four bytes an event.
pub fn arguments() -> Streams {
    let mut random = Random::new(12);
    let mut code = String::new();
    while code.len() < 100_000 {
        let (name, other, number) = (random.token(6), random.token(4), random.below(1000));
        let _ = write!(
            code,
            "def {name}({other}):\n    \"\"\"{name} of {other}\"\"\"\n    if {other} > {number}:\n        return {{'{other}': {other} * {number}}}\n    return None\n\n"
        );
    }
    let arguments = serde_json::json!({ "path": "main.py", "content": code }).to_string();
    let mut text = String::new();
    let call = "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\
                \"function\":{\"name\":\"write_file\",\"arguments\":\"\"}}]}";
    chunk(&mut text, call, "null");
    let characters: Vec<char> = arguments.chars().collect();
    for fragment in characters.chunks(4) {
        let fragment = serde_json::Value::String(fragment.iter().collect());
        let delta = format!("{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"arguments\":{fragment}}}}}]}}");
        chunk(&mut text, &delta, "null");
    }
    chunk(&mut text, "{\"role\":\"assistant\",\"content\":\"\"}", "\"tool_calls\"");
    usage(&mut text);
    Streams::one("long arguments", text)
}

/// 500 events with the five likeliest tokens each.
pub fn logprobs() -> Streams {
    let mut random = Random::new(13);
    let mut text = String::new();
    for _ in 0..500 {
        let entry = |random: &mut Random| {
            let length = 1 + random.below(8);
            let (token, digits) = (random.token(length), random.below(1_000_000));
            let bytes: Vec<_> = token.bytes().map(|byte| byte.to_string()).collect();
            format!(
                "\"token\":\"{token}\",\"logprob\":-{}.{digits:06},\"bytes\":[{}]",
                random.below(20),
                bytes.join(",")
            )
        };
        let top: Vec<_> = (0..5).map(|_| format!("{{{}}}", entry(&mut random))).collect();
        let _ = write!(
            text,
            "data: {{\"id\":\"chatcmpl-BxyzABC\",\"object\":\"chat.completion.chunk\",\"created\":1758698552,\"model\":\"gpt-4o-2024-08-06\",\
             \"service_tier\":\"default\",\"system_fingerprint\":\"fp_07871e2ad8\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}},\
             \"logprobs\":{{\"content\":[{{{},\"top_logprobs\":[{}]}}],\"refusal\":null}},\"finish_reason\":null}}],\"usage\":null}}\n\n",
            random.word(),
            entry(&mut random),
            top.join(",")
        );
    }
    text.push_str("data: [DONE]\n\n");
    Streams::one("logprobs", text)
}

/// 1,000 events, each with its members in an order of its own and a key that comes once only.
pub fn never_repeats() -> Streams {
    let mut random = Random::new(14);
    let mut text = String::new();
    for n in 0..1000 {
        let mut members = vec![
            "\"id\":\"gen-1758698552-kuvLITw54WQ4qVrGApNX\"".to_owned(),
            "\"provider\":\"Moonshot AI\"".to_owned(),
            "\"model\":\"moonshotai/kimi-k2-0905\"".to_owned(),
            "\"object\":\"chat.completion.chunk\"".to_owned(),
            "\"created\":1758698552".to_owned(),
            format!("\"{}\":{n}", random.token(8)),
            format!(
                "\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"{}\"}},\"finish_reason\":null,\
                 \"native_finish_reason\":null,\"logprobs\":null}}]",
                random.word()
            ),
        ];
        random.shuffle(&mut members);
        let _ = write!(text, "data: {{{}}}\n\n", members.join(","));
    }
    text.push_str("data: [DONE]\n\n");
    Streams::one("never repeats", text)
}
