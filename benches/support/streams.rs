//! Streams to measure on, made from recorded ones: bytes as a server sends them. The same in every run.
//!
//! Included by path, so it needs nothing but std.
#![allow(dead_code)]

/// The data of each event (all of these streams have one data line an event), `[DONE]` included.
pub fn data(stream: &[u8]) -> Vec<&[u8]> {
    stream.split(|&byte| byte == b'\n').filter_map(|line| line.strip_prefix(b"data: ")).collect()
}

/// Bytes of a stream with these data.
pub fn stream<D: AsRef<[u8]>>(data: impl IntoIterator<Item = D>) -> Vec<u8> {
    data.into_iter().flat_map(|data| [b"data: ", data.as_ref(), b"\n\n"].concat()).collect()
}

/// Pseudo-random numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

/// Tokens that recordings seldom hold, as they stand in JSON: escapes and text beyond ASCII, about one token in eight.
const RARE: [&str; 14] =
    ["\\n\\n", "\\n", ":\\n", " \\\"", "\\\"", "\\n    ", "\\t", "\\u00e9", " naïve", " —", "’s", "東京", " это", "🙂"];

/// Where the string of the first `key` in `data` lies, without its quotes.
fn string_at(data: &[u8], key: &str) -> Option<std::ops::Range<usize>> {
    let key = format!("\"{key}\":\"");
    let start = data.windows(key.len()).position(|window| window == key.as_bytes())? + key.len();
    let mut end = start;
    while *data.get(end)? != b'"' {
        end += if data[end] == b'\\' { 2 } else { 1 };
    }
    Some(start..end)
}

/// A recorded stream made long: `events` events, the last `[DONE]`. Text, then a tool call in fragments (an eighth of the
/// events), finish, usage; skeletons, ids and token lengths are the recordings', the tokens too but for an eighth.
pub fn long_stream(recordings: &[impl AsRef<[u8]>], events: usize) -> Vec<u8> {
    // The recording that has most text, and a call in fragments.
    let texts = |recording: &[u8]| data(recording).iter().filter(|data| string_at(data, "content").is_some()).count();
    let is_fragment = |data: &&&[u8]| string_at(data, "arguments").is_some() && string_at(data, "name").is_none();
    let recording = recordings
        .iter()
        .map(AsRef::as_ref)
        .filter(|recording| data(recording).iter().filter(is_fragment).count() > 1)
        .max_by_key(|recording| texts(recording))
        .expect("a recording with text and a call");
    let lines = data(recording);
    let tokens: Vec<&[u8]> = recordings
        .iter()
        .flat_map(|recording| data(recording.as_ref()))
        .filter_map(|data| Some(&data[string_at(data, "content")?]))
        .filter(|token| !token.is_empty())
        .collect();
    let with = |line: &[u8], key: &str, token: &[u8]| {
        let place = string_at(line, key).expect("it has the key");
        [&line[..place.start], token, &line[place.end..]].concat()
    };
    let text = *lines.iter().find(|line| string_at(line, "content").is_some_and(|at| !at.is_empty())).expect("text");
    let header = *lines.iter().find(|line| string_at(line, "arguments").is_some()).expect("a call");
    let fragment = **lines.iter().rfind(is_fragment).as_ref().expect("a fragment");
    let finish = *lines.iter().find(|line| string_at(line, "finish_reason").is_some()).expect("a finish");
    let usage = *lines.iter().rev().find(|line| line.windows(8).any(|w| w == b"\"usage\":")).expect("usage");

    let mut random = Random::new(7);
    let mut out: Vec<Vec<u8>> = Vec::with_capacity(events);
    let fragments = events / 8;
    let count = events.checked_sub(fragments + 4).expect("more than a few events");
    for _ in 0..count {
        let rare = random.below(8) == 0;
        let token = if rare { RARE[random.below(RARE.len())].as_bytes() } else { tokens[random.below(tokens.len())] };
        out.push(with(text, "content", token));
    }
    out.push(with(header, "arguments", b""));
    for i in 0..fragments {
        let token = match i {
            0 => b"{\\\"code\\\": \\\"".as_slice(),
            _ if i + 1 == fragments => b"\\\"}",
            _ if i % 10 == 0 => b"\\\\n    ",
            _ => tokens.get(random.below(tokens.len())).filter(|token| !token.contains(&b'\\')).unwrap_or(&&b" x"[..]),
        };
        out.push(with(fragment, "arguments", token));
    }
    out.extend([finish.to_vec(), usage.to_vec(), b"[DONE]".to_vec()]);
    stream(out)
}

/// A stream whose every event has its members in an order of its own and a key that comes once only.
pub fn never_repeating(events: usize) -> Vec<u8> {
    let mut random = Random::new(14);
    stream((0..events).map(|n| {
        let mut members = [
            "\"id\":\"gen-1758698552-kuvLITw54WQ4qVrGApNX\"".to_owned(),
            "\"provider\":\"Moonshot AI\"".to_owned(),
            "\"model\":\"moonshotai/kimi-k2-0905\"".to_owned(),
            "\"object\":\"chat.completion.chunk\"".to_owned(),
            "\"created\":1758698552".to_owned(),
            format!("\"k{n}\":{n}"),
            format!(
                "\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\" word{n}\"}},\
                 \"finish_reason\":null,\"native_finish_reason\":null,\"logprobs\":null}}]"
            ),
        ];
        for i in (1..members.len()).rev() {
            members.swap(i, random.below(i + 1));
        }
        format!("{{{}}}", members.join(","))
    }))
}

/// A stream with the five likeliest tokens of each event, as OpenAI sends them.
pub fn with_logprobs(events: usize) -> Vec<u8> {
    let mut random = Random::new(13);
    let mut entry = |n: usize| {
        let token = &"abcdefghijklmnop"[..1 + random.below(8)];
        let bytes: Vec<_> = token.bytes().map(|byte| byte.to_string()).collect();
        format!(
            "\"token\":\"{token}{n}\",\"logprob\":-{}.{:06},\"bytes\":[{}]",
            n % 20,
            n * 37 % 1_000_000,
            bytes.join(",")
        )
    };
    stream((0..events).map(|n| {
        let top: Vec<_> = (0..5).map(|i| format!("{{{}}}", entry(n + i))).collect();
        format!(
            "{{\"id\":\"chatcmpl-BxyzABC\",\"object\":\"chat.completion.chunk\",\"created\":1758698552,\
             \"model\":\"gpt-4o-2024-08-06\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_07871e2ad8\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word{n}\"}},\"logprobs\":{{\"content\":[{{{},\
             \"top_logprobs\":[{}]}}],\"refusal\":null}},\"finish_reason\":null}}],\"usage\":null}}",
            entry(n),
            top.join(",")
        )
    }))
}
