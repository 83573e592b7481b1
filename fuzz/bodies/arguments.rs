//! Target `arguments`: any text as the arguments of one call, cut anywhere.
//!
//! - Live parts rebuild exactly what serde_json sees (`replay.rs`).
//! - Plainly read (no snapshot, seed, repetition), the arguments are the text, and their state is what a naive reader of
//!   JSON says of it.
//! - Closed is announced with the fragment in which the outer value closes, and never for a bare `{}`.
//! - However it is cut, the end is the same, if no cut makes a snapshot or a repetition.

use deltawire::{ArgumentsState, ChatStream, Completion, Options, Update};
use serde_json::Value;

use super::naive_json;
use super::plan::{self, Plan};
use super::replay::Replay;

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let text = String::from_utf8_lossy(plan.stream);
    let pieces: Vec<&str> = cut(&text, &plan);
    let (completion, closed) = decode(&pieces, plan.flags & 1 != 0);
    let Some(call) = completion.choices.first().and_then(|choice| choice.message.tool_calls.first()) else {
        panic!("no call");
    };
    let plain = completion.anomalies.iter().all(|anomaly| anomaly.code.as_str() == "arguments_not_object");
    if !plain || completion.choices[0].message.tool_calls.len() != 1 {
        return;
    }
    let is_blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if is_blank(&text) {
        assert_eq!((call.arguments(), call.state()), ("{}", ArgumentsState::Complete));
        return;
    }
    assert_eq!(call.arguments(), text);
    let start = text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len();
    let read = naive_json::unread(&text.as_bytes()[start..], 128);
    let has_words = read.as_ref().is_ok_and(|document| document.used.contains(&naive_json::Tolerance::UnreadWord));
    let expected = match &read {
        Ok(document) if !has_words && is_blank(&text[start + document.end..]) => ArgumentsState::Complete,
        Err(naive_json::Fault(at)) if start + at == text.len() => ArgumentsState::Truncated,
        _ => {
            assert!(matches!(call.state(), ArgumentsState::Invalid { .. }), "{:?}: {text:?}", call.state());
            return;
        }
    };
    if !has_words && !text.contains(['N', 'I']) {
        assert_eq!(call.state(), expected, "{text:?}");
    }
    // Where it closed: with the piece that holds the last byte of the value.
    let first = text.as_bytes()[start];
    if let Ok(document) = read
        && matches!(first, b'{' | b'[' | b'"')
        && expected == ArgumentsState::Complete
    {
        let end = start + document.end;
        let bare = first == b'{' && is_blank(&text[start + 1..end - 1]);
        let mut at = 0;
        let piece = pieces.iter().position(|piece| {
            at += piece.len();
            at >= end
        });
        assert_eq!(closed, if bare { None } else { piece }, "{pieces:?}");
    }
}

/// The text in pieces, cut at characters.
fn cut<'a>(text: &'a str, plan: &Plan<'_>) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    for piece in plan::cut(text.as_bytes(), plan.sizes()) {
        end += piece.len();
        if text.is_char_boundary(end) {
            pieces.push(&text[start..end]);
            start = end;
        }
    }
    pieces
}

/// Feeds the pieces as fragments; the completion, and the piece with which the call was announced closed.
fn decode(pieces: &[&str], whole_stream: bool) -> (Completion, Option<usize>) {
    let mut options = Options::default();
    options.live_arguments = true;
    let mut chat = ChatStream::with_options(options);
    let (mut replay, mut closed) = (Replay::default(), None);
    let header = "{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}";
    let mut chunks = vec![chunk(header)];
    let fragments = pieces.iter().map(|piece| {
        let text = Value::String((*piece).to_owned());
        chunk(&format!("{{\"index\":0,\"function\":{{\"arguments\":{text}}}}}"))
    });
    chunks.extend(fragments);
    chunks.push(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n".into(),
    );
    let whole = chunks.concat();
    if whole_stream {
        // All in one input: the same updates, but which came with which piece is not seen.
        let mut other = ChatStream::with_options(options);
        let mut other_replay = Replay::default();
        other.feed(whole.as_bytes(), |update| other_replay.apply(&update)).expect("within the limits");
        let completion = other.finish_with(|update| other_replay.apply(&update));
        other_replay.check(&completion, options.keep);
    }
    for (n, chunk) in chunks.iter().enumerate() {
        chat.feed(chunk.as_bytes(), |update| {
            replay.apply(&update);
            match update {
                Update::ToolCallClosed { .. } => closed = closed.or(Some(n.wrapping_sub(1))),
                // Taken back.
                Update::Arguments { .. } | Update::ArgumentsReset { .. } => closed = None,
                _ => {}
            }
        })
        .expect("within the limits");
    }
    let completion = chat.finish_with(|update| replay.apply(&update));
    replay.check(&completion, options.keep);
    (completion, closed)
}

fn chunk(call: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n")
}
