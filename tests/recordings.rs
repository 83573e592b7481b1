//! The recorded conversations decode to what they say: against expected values, and against the assistant message that
//! the next request echoes.

mod support;

use deltawire::{ArgumentsState, Completion, EndedBy, Options, Outcome};
use serde_json::Value;
use support::cassette::{self, Cassette, Interaction};

/// What a response must come to.
struct Expected {
    cassette: &'static str,
    interaction: usize,
    id: &'static str,
    model: &'static str,
    provider: &'static str,
    content: &'static str,
    /// id, name, arguments
    calls: &'static [(&'static str, &'static str, &'static str)],
    finish: &'static str,
    /// prompt, completion, total
    tokens: [u64; 3],
    cost: f64,
}

const EXPECTED: &[Expected] = &[
    Expected {
        cassette: "multi_tool_streaming_kimi-k2_deepinfra",
        interaction: 0,
        id: "gen-1758647753-OdmjxRAXsDblNFJmAIPl",
        model: "moonshotai/kimi-k2-0905",
        provider: "DeepInfra",
        content: "I'll add and multiply the numbers 2 and 3 for you.",
        calls: &[("0", "add", r#"{"a": 2, "b": 3}"#), ("1", "multiply", r#"{"a": 2, "b": 3}"#)],
        finish: "tool_calls",
        tokens: [171, 25, 196],
        cost: 0.0001355,
    },
    Expected {
        cassette: "multi_tool_streaming_kimi-k2_deepinfra",
        interaction: 1,
        id: "gen-1758647755-UQJPm9mQNEPmlQnzgdbv",
        model: "moonshotai/kimi-k2-0905",
        provider: "DeepInfra",
        content: "The results are:\n- Add: 2 + 3 = 5\n- Multiply: 2 × 3 = 6",
        calls: &[],
        finish: "stop",
        tokens: [274, 27, 301],
        cost: 0.000191,
    },
    Expected {
        cassette: "multi_tool_streaming_qwen3-235b",
        interaction: 0,
        id: "gen-1758711174-KFWaH8PvHxyv09Q03lYK",
        model: "qwen/qwen3-235b-a22b-2507",
        provider: "DeepInfra",
        content: "\n",
        calls: &[("call_e25d", "add", r#"{"a": 2, "b": 3}"#), ("call_51c5", "multiply", r#"{"a": 2, "b": 3}"#)],
        finish: "tool_calls",
        tokens: [273, 49, 322],
        cost: 5.397e-05,
    },
    Expected {
        cassette: "multi_tool_streaming_qwen3-235b",
        interaction: 1,
        id: "gen-1758711177-pn0MedNQDIXp0p3yqhls",
        model: "qwen/qwen3-235b-a22b-2507",
        provider: "DeepInfra",
        content: "The sum of 2 and 3 is 5, and the product of 2 and 3 is 6.",
        calls: &[],
        finish: "stop",
        tokens: [343, 25, 368],
        cost: 4.587e-05,
    },
    Expected {
        cassette: "tool_kimi-k2_together",
        interaction: 0,
        id: "gen-1758698605-4GWVwkjiqfBR9eUVpeKa",
        model: "moonshotai/kimi-k2-0905",
        provider: "Together",
        content: "",
        calls: &[("call_s46a1jsh61wi8iquvxby0ygp", "weather", r#"{"location":"Florence,Italy"}"#)],
        finish: "tool_calls",
        tokens: [105, 21, 126],
        cost: 0.000168,
    },
    Expected {
        cassette: "tool_kimi-k2_together",
        interaction: 1,
        id: "gen-1758698606-brd5WwcctChPma4qEjXz",
        model: "moonshotai/kimi-k2-0905",
        provider: "Together",
        content: "It’s a hot 40°C in Florence right now—stay cool and hydrated!",
        calls: &[],
        finish: "stop",
        tokens: [180, 18, 198],
        cost: 0.000234,
    },
    Expected {
        cassette: "tool_streaming_kimi-k2",
        interaction: 0,
        id: "gen-1773323480-GOHpLW2Qp9HHMgKUfVW4",
        model: "moonshotai/kimi-k2-0905",
        provider: "Moonshot AI",
        content: "I'll check the weather in Florence, Italy for you.",
        calls: &[("weather:0", "weather", r#"{"location": "Florence, Italy"}"#)],
        finish: "tool_calls",
        tokens: [68, 31, 99],
        cost: 0.0002582,
    },
    Expected {
        cassette: "tool_streaming_kimi-k2",
        interaction: 1,
        id: "gen-1773323482-u8BT7v3Z7RmNRNFABPjT",
        model: "moonshotai/kimi-k2-0905",
        provider: "DeepInfra",
        content: "The current weather in Florence, Italy is 40°C (104°F). It's quite hot there right now!",
        calls: &[],
        finish: "stop",
        tokens: [121, 22, 143],
        cost: 8.44e-05,
    },
    Expected {
        cassette: "tool_streaming_kimi-k2_moonshotai",
        interaction: 0,
        id: "gen-1758698549-Cj6sx2rFVy8SxIzE4rQi",
        model: "moonshotai/kimi-k2-0905",
        provider: "Moonshot AI",
        content: "I'll get the weather information for Florence, Italy for you.",
        calls: &[("weather:0", "weather", r#"{"location": "Florence,Italy"}"#)],
        finish: "tool_calls",
        tokens: [76, 32, 108],
        cost: 0.0001256,
    },
    Expected {
        cassette: "tool_streaming_kimi-k2_moonshotai",
        interaction: 1,
        id: "gen-1758698552-kuvLITw54WQ4qVrGApNX",
        model: "moonshotai/kimi-k2-0905",
        provider: "Moonshot AI",
        content: "The weather in Florence, Italy is currently 40°C (104°F).",
        calls: &[],
        finish: "stop",
        tokens: [127, 16, 143],
        cost: 0.0001162,
    },
];

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> ((u64, u64), Completion) {
    support::digest::decode(Options::default(), pieces)
}

fn body(interaction: &Interaction) -> &[u8] {
    interaction.response.body.as_bytes()
}

#[test]
fn seeds_decode_to_their_expected_values() {
    let cassettes = cassette::seeds();
    let responses: usize = cassettes.iter().map(|cassette| cassette.interactions.len()).sum();
    assert_eq!(responses, EXPECTED.len(), "every recorded response has its expected values");
    for expected in EXPECTED {
        let at = format!("{}#{}", expected.cassette, expected.interaction);
        let cassette = cassettes.iter().find(|cassette| cassette.name == expected.cassette).expect(&at);
        let (_, completion) = decode([body(&cassette.interactions[expected.interaction])]);

        assert_eq!(completion.outcome, Outcome::Complete, "{at}");
        // The one that is not streamed has no [DONE].
        let streamed = cassette.interactions[expected.interaction].response.body.starts_with("data: ");
        assert_eq!(completion.ended_by, if streamed { EndedBy::Done } else { EndedBy::Finish }, "{at}");
        assert_eq!(completion.error, None, "{at}");
        assert_eq!(completion.anomalies, [], "{at}");
        assert_eq!(completion.id.as_deref(), Some(expected.id), "{at}");
        assert_eq!(completion.model.as_deref(), Some(expected.model), "{at}");
        assert_eq!(completion.provider.as_deref(), Some(expected.provider), "{at}");
        assert_eq!(completion.choices.len(), 1, "{at}");
        let choice = &completion.choices[0];
        assert_eq!(choice.index, 0, "{at}");
        assert_eq!(choice.message.role.as_deref(), Some("assistant"), "{at}");
        assert_eq!(choice.message.content, expected.content, "{at}");
        assert_eq!(choice.message.reasoning, "", "{at}");
        assert_eq!(choice.message.refusal, "", "{at}");
        assert_eq!(choice.finish_reason.as_deref(), Some(expected.finish), "{at}");
        let calls: Vec<_> =
            choice.message.tool_calls.iter().map(|call| (call.id(), call.name(), call.arguments())).collect();
        assert_eq!(calls, expected.calls, "{at}");
        assert!(choice.message.tool_calls.iter().all(|call| call.state() == ArgumentsState::Complete), "{at}");
        let usage = completion.usage.as_ref().expect(&at);
        let tokens = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
        assert_eq!(tokens, expected.tokens.map(Some), "{at}");
        assert_eq!(usage.cost, Some(expected.cost), "{at}");
    }
}

/// The assistant message of the interaction after this one, as its request echoes it.
fn echo(cassette: &Cassette, i: usize) -> Option<Value> {
    let next = cassette.interactions.get(i + 1)?;
    let request: Value = serde_json::from_str(&next.request.body).expect("a JSON request");
    let messages = request["messages"].as_array().expect("messages").clone();
    messages.into_iter().rev().find(|message| message["role"] == "assistant")
}

/// Decodes a whole cassette and holds each response against its echo; how many had one.
fn check_echoes(cassette: &Cassette) -> usize {
    let mut checked = 0;
    for (i, interaction) in cassette.interactions.iter().enumerate() {
        let at = format!("{}#{i}", cassette.name);
        let (_, completion) = decode([body(interaction)]);
        assert_eq!(completion.outcome, Outcome::Complete, "{at}");
        for anomaly in &completion.anomalies {
            assert_eq!(anomaly.code.as_str(), "stop_with_tool_calls", "{at}");
        }
        let Some(echo) = echo(cassette, i) else { continue };
        checked += 1;
        let message = &completion.choices[0].message;
        assert_eq!(message.content, echo["content"].as_str().unwrap_or(""), "{at}");
        let calls: Vec<Value> = message
            .tool_calls
            .iter()
            .map(|call| {
                serde_json::json!({
                    "id": call.id(), "type": "function",
                    "function": {"name": call.name(), "arguments": call.arguments()},
                })
            })
            .collect();
        let echoed = echo["tool_calls"].as_array().cloned().unwrap_or_default();
        assert_eq!(calls, echoed, "{at}");
        for call in &message.tool_calls {
            assert_eq!(call.state(), ArgumentsState::Complete, "{at}");
        }
    }
    checked
}

#[test]
fn seeds_equal_their_echoes() {
    let checked: usize = cassette::seeds().iter().map(check_echoes).sum();
    assert_eq!(checked, 5, "each conversation has one echo");
}

#[test]
fn more_recordings_equal_their_echoes() {
    let Some(cassettes) = cassette::more() else {
        println!("DELTAWIRE_RECORDINGS is not set: 0 further recordings");
        return;
    };
    let checked: usize = cassettes.iter().map(check_echoes).sum();
    let responses: usize = cassettes.iter().map(|cassette| cassette.interactions.len()).sum();
    println!("{} further recordings, {responses} responses, {checked} held against an echo", cassettes.len());
    assert!(responses >= cassettes.len());
}

/// A small generator of the same numbers on every run (splitmix64).
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A body fed bytewise, at every single cut, and at pairs of cuts (all of them within the first 512 bytes, 2,000 seeded
/// random ones beyond) gives the updates and the completion that it gives whole.
fn check_splits(name: &str, body: &[u8]) {
    let whole = decode([body]);
    let check = |pieces: &[&[u8]], cuts: &[usize]| {
        assert!(decode(pieces.iter().copied()) == whole, "{name}: differs when cut at {cuts:?}");
    };
    check(&body.chunks(1).collect::<Vec<_>>(), &[]);
    for cut in 0..=body.len() {
        check(&[&body[..cut], &body[cut..]], &[cut]);
    }
    let mut seed = body.len() as u64;
    for _ in 0..2000 {
        let a = next_random(&mut seed) as usize % (body.len() + 1);
        let b = next_random(&mut seed) as usize % (body.len() + 1);
        let (a, b) = (a.min(b), a.max(b));
        check(&[&body[..a], &body[a..b], &body[b..]], &[a, b]);
    }
    let head = &body[..body.len().min(512)];
    let whole = decode([head]);
    for b in 0..=head.len() {
        for a in 0..=b {
            let got = decode([&head[..a], &head[a..b], &head[b..]]);
            assert!(got == whole, "{name}: the first {} bytes differ when cut at {a} and {b}", head.len());
        }
    }
}

#[test]
fn no_split_changes_a_seed() {
    for (name, body) in cassette::bodies_of(cassette::seeds()) {
        check_splits(&name, &body);
    }
}

#[test]
fn no_split_changes_another_recording() {
    for (name, body) in cassette::bodies_of(cassette::more().unwrap_or_default()) {
        check_splits(&name, &body);
    }
}
