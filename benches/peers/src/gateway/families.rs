//! What eight hosts send, written down as scripts: each event with a place for the stream's own id.

use crate::inputs::Random;

/// Eight bytes of an event that stand for the stream's id.
const ID: &str = "@@@@@@@@";

/// One host's response, event by event.
pub struct Script {
    pub host: &'static str,
    events: Vec<Event>,
}

struct Event {
    bytes: Vec<u8>,
    /// Where the id stands, when it does.
    id: Option<usize>,
    /// Bytes of content in it.
    text: u64,
}

impl Script {
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Bytes of an event.
    pub fn length(&self, event: usize) -> usize {
        self.events[event].bytes.len()
    }

    /// Bytes of content in an event.
    pub fn text_length(&self, event: usize) -> u64 {
        self.events[event].text
    }

    /// Writes an event as the stream with this id sends it.
    pub fn write(&self, event: usize, id: [u8; 8], buffer: &mut Vec<u8>) {
        let event = &self.events[event];
        buffer.clear();
        buffer.extend_from_slice(&event.bytes);
        if let Some(at) = event.id {
            buffer[at..at + ID.len()].copy_from_slice(&id);
        }
    }

    fn push(&mut self, data: &str, text: usize) {
        let bytes = format!("data: {data}\n\n").into_bytes();
        let id = bytes.windows(ID.len()).position(|window| window == ID.as_bytes());
        self.events.push(Event { bytes, id, text: text as u64 });
    }
}

/// How a host writes: the chunk around a delta and a finish reason, and its deltas. `D` stands for the delta, `F` for
/// the finish reason, `W` for a word, `P` for padding of changing length.
struct Host {
    name: &'static str,
    chunk: &'static str,
    first: &'static str,
    text: &'static str,
    reasoning: Option<&'static str>,
    call: &'static str,
    fragment: &'static str,
    no_finish: &'static str,
    usage: &'static str,
}

const HOSTS: [Host; 8] = [
    Host {
        name: "OpenAI",
        chunk: r#"{"id":"chatcmpl-@@@@@@@@BxQ","object":"chat.completion.chunk","created":1758698552,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_07871e2ad8","choices":[{"index":0,"delta":D,"logprobs":null,"finish_reason":F}],"usage":null,"obfuscation":"P"}"#,
        first: r#"{"role":"assistant","content":"","refusal":null}"#,
        text: r#"{"content":"W"}"#,
        reasoning: None,
        call: r#"{"tool_calls":[{"index":0,"id":"call_6kbzgsMoGzjHl","type":"function","function":{"name":"search","arguments":""}}]}"#,
        fragment: r#"{"tool_calls":[{"index":0,"function":{"arguments":"W"}}]}"#,
        no_finish: "null",
        usage: r#"{"id":"chatcmpl-@@@@@@@@BxQ","object":"chat.completion.chunk","created":1758698552,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_07871e2ad8","choices":[],"usage":{"prompt_tokens":70,"completion_tokens":108,"total_tokens":178,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"obfuscation":"P"}"#,
    },
    Host {
        name: "Azure",
        chunk: r#"{"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}},"delta":D,"finish_reason":F,"index":0,"logprobs":null}],"created":1758698552,"id":"chatcmpl-@@@@@@@@","model":"gpt-4o-2024-11-20","object":"chat.completion.chunk","system_fingerprint":"fp_ee1d74bde0","usage":null}"#,
        first: r#"{"content":"","refusal":null,"role":"assistant"}"#,
        text: r#"{"content":"W"}"#,
        reasoning: None,
        call: r#"{"tool_calls":[{"function":{"arguments":"","name":"search"},"id":"call_1Xn9","index":0,"type":"function"}]}"#,
        fragment: r#"{"tool_calls":[{"function":{"arguments":"W"},"index":0}]}"#,
        no_finish: "null",
        usage: r#"{"choices":[],"created":1758698552,"id":"chatcmpl-@@@@@@@@","model":"gpt-4o-2024-11-20","object":"chat.completion.chunk","system_fingerprint":"fp_ee1d74bde0","usage":{"completion_tokens":108,"prompt_tokens":70,"total_tokens":178}}"#,
    },
    Host {
        name: "OpenRouter",
        chunk: r#"{"id":"gen-1758698552-@@@@@@@@54WQ4qVrGApNX","provider":"DeepInfra","model":"qwen/qwen3-235b-a22b","object":"chat.completion.chunk","created":1758698552,"choices":[{"index":0,"delta":D,"finish_reason":F,"native_finish_reason":F,"logprobs":null}]}"#,
        first: r#"{"role":"assistant","content":""}"#,
        text: r#"{"role":"assistant","content":"W"}"#,
        reasoning: Some(
            r#"{"role":"assistant","content":"","reasoning":"W","reasoning_details":[{"type":"reasoning.text","text":"W","index":0,"format":"unknown"}]}"#,
        ),
        call: r#"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a1","type":"function","function":{"name":"search","arguments":""}}]}"#,
        fragment: r#"{"role":"assistant","content":null,"tool_calls":[{"index":0,"type":"function","function":{"arguments":"W"}}]}"#,
        no_finish: "null",
        usage: r#"{"id":"gen-1758698552-@@@@@@@@54WQ4qVrGApNX","provider":"DeepInfra","model":"qwen/qwen3-235b-a22b","object":"chat.completion.chunk","created":1758698552,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null,"logprobs":null}],"usage":{"prompt_tokens":70,"completion_tokens":108,"total_tokens":178,"cost":0.0001162}}"#,
    },
    Host {
        name: "Groq",
        chunk: r#"{"id":"chatcmpl-@@@@@@@@-5b4e-4d0c","object":"chat.completion.chunk","created":1758698552,"model":"moonshotai/kimi-k2-instruct","system_fingerprint":"fp_5fe129dff6","choices":[{"index":0,"delta":D,"logprobs":null,"finish_reason":F}]}"#,
        first: r#"{"role":"assistant","content":""}"#,
        text: r#"{"content":"W"}"#,
        reasoning: Some(r#"{"reasoning":"W","channel":"analysis"}"#),
        call: r#"{"tool_calls":[{"id":"functions.search:0","type":"function","function":{"name":"search","arguments":""},"index":0}]}"#,
        fragment: r#"{"tool_calls":[{"function":{"arguments":"W"},"index":0}]}"#,
        no_finish: "null",
        usage: r#"{"id":"chatcmpl-@@@@@@@@-5b4e-4d0c","object":"chat.completion.chunk","created":1758698552,"model":"moonshotai/kimi-k2-instruct","system_fingerprint":"fp_5fe129dff6","choices":[],"usage":{"queue_time":0.22,"prompt_tokens":70,"prompt_time":0.01,"completion_tokens":108,"completion_time":0.37,"total_tokens":178,"total_time":0.38}}"#,
    },
    Host {
        name: "xAI",
        chunk: r#"{"id":"@@@@@@@@-7c2a-3cdb-a2c5","object":"chat.completion.chunk","created":1758698552,"model":"grok-4-fast","choices":[{"index":0,"delta":DE}],"usage":{"prompt_tokens":70,"completion_tokens":N,"total_tokens":178,"prompt_tokens_details":{"text_tokens":70},"num_sources_used":0},"system_fingerprint":"fp_9362061f30"}"#,
        first: r#"{"role":"assistant","content":""}"#,
        text: r#"{"content":"W"}"#,
        reasoning: Some(r#"{"reasoning_content":"W"}"#),
        call: r#"{"tool_calls":[{"id":"call_42","function":{"name":"search","arguments":""},"index":0,"type":"function"}]}"#,
        fragment: r#"{"tool_calls":[{"function":{"arguments":"W"},"index":0}]}"#,
        no_finish: "",
        usage: r#"{"id":"@@@@@@@@-7c2a-3cdb-a2c5","object":"chat.completion.chunk","created":1758698552,"model":"grok-4-fast","choices":[],"usage":{"prompt_tokens":70,"completion_tokens":108,"total_tokens":178},"system_fingerprint":"fp_9362061f30"}"#,
    },
    Host {
        name: "Z.ai",
        chunk: r#"{"id":"20250924@@@@@@@@","created":1758698552,"model":"glm-4.5","choices":[{"index":0,"delta":DE}]}"#,
        first: r#"{"role":"assistant","content":""}"#,
        text: r#"{"role":"assistant","content":"W"}"#,
        reasoning: Some(r#"{"role":"assistant","reasoning_content":"W"}"#),
        call: r#"{"role":"assistant","tool_calls":[{"id":"call_-80","index":0,"type":"function","function":{"name":"search","arguments":""}}]}"#,
        fragment: r#"{"role":"assistant","tool_calls":[{"index":0,"function":{"arguments":"W"}}]}"#,
        no_finish: "",
        usage: r#"{"id":"20250924@@@@@@@@","created":1758698552,"model":"glm-4.5","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":70,"completion_tokens":108,"total_tokens":178,"prompt_tokens_details":{"cached_tokens":43}}}"#,
    },
    Host {
        name: "llama.cpp",
        chunk: r#"{"choices":[{"finish_reason":F,"index":0,"delta":D}],"created":1758698552,"id":"chatcmpl-@@@@@@@@I8DLlMCd","model":"gpt-3.5-turbo","system_fingerprint":"b6556-3ecb2f67","object":"chat.completion.chunk"}"#,
        first: r#"{"role":"assistant","content":null}"#,
        text: r#"{"content":"W"}"#,
        reasoning: Some(r#"{"reasoning_content":"W"}"#),
        call: r#"{"tool_calls":[{"index":0,"id":"B2WOhk","type":"function","function":{"name":"search","arguments":"{"}}]}"#,
        fragment: r#"{"tool_calls":[{"index":0,"function":{"arguments":"W"}}]}"#,
        no_finish: "null",
        usage: r#"{"choices":[],"created":1758698552,"id":"chatcmpl-@@@@@@@@I8DLlMCd","model":"gpt-3.5-turbo","system_fingerprint":"b6556-3ecb2f67","object":"chat.completion.chunk","usage":{"completion_tokens":108,"prompt_tokens":70,"total_tokens":178},"timings":{"prompt_n":1,"prompt_ms":31.2,"predicted_n":108,"predicted_ms":900.1}}"#,
    },
    Host {
        name: "vLLM",
        chunk: r#"{"id":"chatcmpl-@@@@@@@@f0a4471","object":"chat.completion.chunk","created":1758698552,"model":"Qwen/Qwen3-32B","choices":[{"index":0,"delta":D,"logprobs":null,"finish_reason":F,"stop_reason":null,"token_ids":null}],"prompt_token_ids":null}"#,
        first: r#"{"role":"assistant","content":"","reasoning_content":null}"#,
        text: r#"{"content":"W","reasoning_content":null}"#,
        reasoning: Some(r#"{"content":null,"reasoning_content":"W"}"#),
        call: r#"{"tool_calls":[{"id":"chatcmpl-tool-1","type":"function","index":0,"function":{"name":"search","arguments":""}}]}"#,
        fragment: r#"{"tool_calls":[{"index":0,"function":{"arguments":"W"}}]}"#,
        no_finish: "null",
        usage: r#"{"id":"chatcmpl-@@@@@@@@f0a4471","object":"chat.completion.chunk","created":1758698552,"model":"Qwen/Qwen3-32B","choices":[],"usage":{"prompt_tokens":70,"total_tokens":178,"completion_tokens":108}}"#,
    },
];

/// The eight hosts' scripts: a first chunk, reasoning where the host has it, text, a tool call in fragments, the finish,
/// usage, `[DONE]`.
pub fn scripts() -> Vec<Script> {
    let mut random = Random::new(31);
    let random = &mut random;
    HOSTS
        .iter()
        .map(|host| {
            let mut script = Script { host: host.name, events: Vec::new() };
            let mut push = |delta: &str, finish: &str, word: &str, text: usize, random: &mut Random| {
                let length = 1 + random.below(9);
                let finish_member =
                    if finish.is_empty() { String::new() } else { format!(",\"finish_reason\":{finish}") };
                let chunk = host
                    .chunk
                    .replace("DE", &(delta.to_owned() + &finish_member))
                    .replace(":D,", &format!(":{delta},"));
                let chunk = chunk.replace(":D}", &format!(":{delta}}}")).replace(":F", &format!(":{finish}"));
                let chunk = chunk.replace("\"P\"", &format!("\"{}\"", random.token(length)));
                let chunk =
                    chunk.replace(":N,", &format!(":{},", random.below(1000))).replace("\"W\"", &format!("\"{word}\""));
                script.push(&chunk, text);
            };
            push(host.first, host.no_finish, "", 0, random);
            let reasonings = if host.reasoning.is_some() { 30 } else { 0 };
            for _ in 0..reasonings {
                let word = random.word();
                push(host.reasoning.unwrap_or_default(), host.no_finish, word, 0, random);
            }
            for _ in 0..75 - reasonings {
                let word = random.word();
                let length = serde_json::from_str::<String>(&format!("\"{word}\"")).map_or(0, |text| text.len());
                push(host.text, host.no_finish, word, length, random);
            }
            push(host.call, host.no_finish, "", 0, random);
            let opening = if host.call.contains("\"arguments\":\"{\"") { "" } else { "{" };
            push(host.fragment, host.no_finish, &format!("{opening}\\\"query\\\":\\\""), 0, random);
            for _ in 0..29 {
                let word = random.token(4);
                push(host.fragment, host.no_finish, &word, 0, random);
            }
            push(host.fragment, host.no_finish, "\\\"}", 0, random);
            push("{}", "\"tool_calls\"", "", 0, random);
            let padding = host.usage.replace("\"P\"", "\"x1\"");
            script.push(&padding, 0);
            script.push("[DONE]", 0);
            script
        })
        .collect()
}

/// Chunks no two of which are alike in shape.
pub fn hostile(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|_| {
            let (first, second, third) = (random.token(7), random.token(9), random.token(11));
            format!(
                "data: {{\"{first}\":1,\"id\":\"x\",\"{second}\":[{{\"{third}\":null}}],\"object\":\"chat.completion.chunk\",\"model\":\"m\",\
                 \"choices\":[{{\"{third}\":true,\"index\":0,\"delta\":{{\"{first}\":\"\",\"content\":\"x\"}},\"finish_reason\":null}}]}}\n\n"
            )
            .into_bytes()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_a_chunk() {
        let mut buffer = Vec::new();
        for script in scripts() {
            assert!(script.events() > 100, "{}", script.host);
            for event in 0..script.events() {
                script.write(event, *b"12345678", &mut buffer);
                assert_eq!(buffer.len(), script.length(event));
                let text = std::str::from_utf8(&buffer).unwrap();
                let data = text.strip_prefix("data: ").and_then(|text| text.strip_suffix("\n\n")).unwrap();
                if data != "[DONE]" {
                    let chunk: serde_json::Value =
                        serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
                    assert!(chunk["id"].as_str().unwrap().contains("12345678"), "{data}");
                }
            }
        }
        for event in hostile(&mut Random::new(1), 10) {
            let data = &event[6..event.len() - 2];
            assert!(serde_json::from_slice::<serde_json::Value>(data).is_ok());
        }
    }
}
