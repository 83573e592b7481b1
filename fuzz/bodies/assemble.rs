//! Target `assemble`: sequences of deltas, built from the input piece by piece, through decoder and assembler. An input that
//! begins with [`COMPOSED`] is clean calls under the transforms of the wire instead (`composed.rs`).
//!
//! - The updates, applied in order, are the completion; a ready call never changes (`replay.rs`).
//! - Texts are what the deltas' UTF-16 says, joined: nothing is lost, doubled, or put elsewhere.
//! - Argument bytes that came are the bytes that are kept and those that anomalies say were dropped.
//! - Composed calls come out as they went in, but for the named exceptions (`composed.rs`).
//! - Limits hold, and a limit that was passed is the same error ever after.

use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use deltawire::{Assembler, Completion, Decoder, Error, Event, Keep, Limits, Options, Outcome, RecentShapes, ToolKind};
use serde_json::Value;

use super::composed::Composed;
use super::naive_json;
use super::replay::Replay;

/// What was sent.
#[derive(Debug, Default)]
struct Sent {
    documents: Vec<String>,
    /// By choice: content, reasoning, refusal as the insides of JSON strings, joined.
    texts: BTreeMap<i64, [String; 3]>,
    /// Bytes of arguments.
    arguments: usize,
    /// Of those, blanks: ones that belong to no string may be dropped silently, or be those of an equal text.
    blanks: usize,
    done: bool,
}

const PIECES: &[&str] = &[
    "",
    " ",
    "{",
    "}",
    "{}",
    "{\"a\":1}",
    "{\"a\"",
    ":",
    "1}",
    "\"a\":",
    "{\"a\":{",
    "{\"a\":{\"a\":1}}",
    "[",
    "]",
    "[1]",
    "\"x",
    "x",
    "\"",
    "\\",
    "\\\"",
    "1",
    "tru",
    "e",
    "null",
    "{\"q\":\"New",
    " York\"}",
    "{\"q\":\"New York\"}",
    "\n",
    "{\"q\":\"é}",
    "\"}",
];
const IDS: &[&str] =
    &["", "\"id\":null,", "\"id\":\"\",", "\"id\":\"a\",", "\"id\":\"b\",", "\"id\":\"c\",", "\"id\":7,"];
const INDICES: &[&str] = &[
    "",
    "\"index\":0,",
    "\"index\":1,",
    "\"index\":2,",
    "\"index\":null,",
    "\"index\":-1,",
    "\"index\":\"0\",",
    "\"index\":9007199254740993,",
];
const NAMES: &[&str] =
    &["", "\"name\":\"f\",", "\"name\":\"g\",", "\"name\":\"\",", "\"name\":null,", "\"name\":\"f_long\","];
const TYPES: &[&str] = &["", "\"type\":\"function\",", "\"type\":\"\","];
const TEXTS: &[&str] =
    &["a", "", " two", "é", "\\n", "\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\u0000", "<think>", "{"];

/// The first byte of an input that is clean calls under transforms.
pub const COMPOSED: u8 = 0xC0;

pub fn run(input: &[u8]) {
    if let Some((&COMPOSED, input)) = input.split_first() {
        return composed(input);
    }
    let mut input = Unstructured::new(input);
    // An input that is used up gives zeros, so there is always a sequence.
    let Ok((sent, limits)) = sequence(&mut input) else { return };
    for keep in [Keep::Everything, Keep::Calls, Keep::Nothing] {
        let mut options = Options::default();
        options.keep = keep;
        options.limits = limits;
        options.live_arguments = true;
        check(&sent, options);
    }
}

fn composed(input: &[u8]) {
    let Ok(composed) = Composed::read(&mut Unstructured::new(input)) else { return };
    let texts = || composed.fragments.iter().filter_map(|fragment| fragment.arguments.as_deref());
    let sent = Sent {
        documents: composed.documents(),
        arguments: texts().map(str::len).sum(),
        blanks: texts().flat_map(str::bytes).filter(u8::is_ascii_whitespace).count(),
        done: true,
        ..Sent::default()
    };
    for keep in [Keep::Everything, Keep::Calls, Keep::Nothing] {
        let mut options = Options::default();
        options.keep = keep;
        options.live_arguments = true;
        let completion = check(&sent, options);
        if keep != Keep::Nothing {
            composed.check(&completion);
        }
    }
}

fn sequence(input: &mut Unstructured<'_>) -> Result<(Sent, Limits)> {
    let mut limits = Limits::DEFAULT;
    if input.ratio(1, 4)? {
        (limits.choices, limits.tool_calls, limits.anomalies) = (2, 3, 3);
        (limits.arguments, limits.text, limits.name) = (24, 24, 4);
    }
    let mut sent = Sent::default();
    for _ in 0..input.int_in_range(1..=24)? {
        let document = document(input, &mut sent)?;
        sent.documents.push(document);
        if sent.done {
            break;
        }
    }
    Ok((sent, limits))
}

fn document(input: &mut Unstructured<'_>, sent: &mut Sent) -> Result<String> {
    Ok(match input.int_in_range(0..=31)? {
        0 => {
            sent.done = true;
            "[DONE]".to_owned()
        }
        1 => "{\"error\":{\"message\":\"no\",\"code\":502}}".to_owned(),
        2 => "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":5}}".to_owned(),
        3 => input.choose(&["not json", ": comment", "{}", "null", "{\"id\":\"x\",\"model\":\"m\"}"])?.to_string(),
        _ => {
            let mut choices = String::new();
            for n in 0..=input.int_in_range(0..=7)? / 7 {
                let index = if input.ratio(1, 6)? { 1 } else { n };
                choices.push_str(if n == 0 { "" } else { "," });
                choices.push_str(&choice(input, index, sent)?);
            }
            format!("{{\"choices\":[{choices}]}}")
        }
    })
}

fn choice(input: &mut Unstructured<'_>, index: i64, sent: &mut Sent) -> Result<String> {
    let mut delta = String::new();
    let texts = sent.texts.entry(index).or_default();
    for (n, field) in ["content", "reasoning", "refusal"].into_iter().enumerate() {
        if input.ratio(1, 4)? {
            let text = input.choose(TEXTS)?;
            texts[n].push_str(text);
            delta.push_str(&format!("\"{field}\":\"{text}\","));
        }
    }
    if input.ratio(2, 3)? {
        let mut calls = String::new();
        for n in 0..=input.int_in_range(0..=9)? / 8 {
            calls.push_str(if n == 0 { "" } else { "," });
            calls.push_str(&call(input, sent)?);
        }
        delta.push_str(&format!("\"tool_calls\":[{calls}],"));
    }
    let finish = match input.int_in_range(0..=9)? {
        0 => ",\"finish_reason\":\"stop\"",
        1 => ",\"finish_reason\":\"tool_calls\"",
        2 => ",\"finish_reason\":\"length\"",
        3 => ",\"finish_reason\":\"\"",
        _ => "",
    };
    let role = if input.ratio(1, 8)? { "\"role\":\"assistant\"" } else { "\"x\":null" };
    Ok(format!("{{\"index\":{index},\"delta\":{{{delta}{role}}}{finish}}}"))
}

fn call(input: &mut Unstructured<'_>, sent: &mut Sent) -> Result<String> {
    let (index, id) = (input.choose(INDICES)?, input.choose(IDS)?);
    let (kind, name) = (input.choose(TYPES)?, input.choose(NAMES)?);
    let arguments = match input.int_in_range(0..=9)? {
        0 => "\"z\":0".to_owned(),
        1 => "\"arguments\":null".to_owned(),
        2 => {
            sent.arguments += 7;
            "\"arguments\":{\"a\":1}".to_owned()
        }
        _ => {
            let mut text = String::new();
            for _ in 0..=input.int_in_range(0..=2)? {
                text.push_str(input.choose(PIECES)?);
            }
            sent.arguments += text.len();
            sent.blanks += text.bytes().filter(u8::is_ascii_whitespace).count();
            format!("\"arguments\":{}", Value::String(text))
        }
    };
    Ok(format!("{{{index}{id}{kind}\"function\":{{{name}{arguments}}}}}"))
}

/// Shows what was sent, when something does not hold.
struct Show<'a>(&'a Sent, Keep);

impl Drop for Show<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}\n{}", self.1, self.0.documents.join("\n"));
        }
    }
}

fn check(sent: &Sent, options: Options) -> Completion {
    let _show = Show(sent, options.keep);
    let mut assembler = Assembler::with_options(options);
    let (mut decoder, mut recent) = (Decoder::new(), RecentShapes::default());
    let mut replay = Replay::default();
    let mut fatal: Option<Error> = None;
    for (n, document) in sent.documents.iter().enumerate() {
        let mut documents = decoder.documents(Event::new(b"", document.as_bytes()), &mut recent);
        while let Some(document) = documents.next() {
            let result = assembler.apply(&document, n as u64);
            assert!(fatal.is_none() || result.err() == fatal, "an error stays");
            fatal = result.err();
        }
        while let Some(update) = assembler.next() {
            replay.apply(&update);
        }
    }
    assert_eq!(assembler.is_done(), sent.done && fatal.is_none());
    let snapshot = assembler.completion();
    assembler.end();
    while let Some(update) = assembler.next() {
        replay.apply(&update);
    }
    let completion = assembler.into_completion();
    assert_eq!(snapshot, completion, "a snapshot is what the end would give");
    replay.check(&completion, options.keep);
    assert_eq!(completion.outcome == Outcome::Failed, completion.error.is_some());

    let limits = options.limits;
    assert!(completion.choices.len() <= limits.choices);
    let calls = || completion.choices.iter().flat_map(|choice| &choice.message.tool_calls);
    assert!(calls().count() <= limits.tool_calls);
    for call in calls() {
        assert!(call.arguments().len() <= limits.arguments, "{call:?}");
        assert!(call.name().len() <= limits.name, "{call:?}");
    }
    assert!(completion.anomalies.len() <= limits.anomalies + 1);
    let texts: usize = completion
        .choices
        .iter()
        .map(|choice| &choice.message)
        .map(|m| m.content.len() + m.reasoning.len() + m.refusal.len())
        .sum();
    assert!(texts <= limits.text + 3 * 3 * completion.choices.len(), "{texts} bytes of text");
    if fatal.is_some() {
        assert_ne!(limits, Limits::DEFAULT);
        return completion;
    }

    if options.keep == Keep::Everything {
        for choice in &completion.choices {
            let sent = sent.texts.get(&choice.index).cloned().unwrap_or_default();
            let said = [&choice.message.content, &choice.message.reasoning, &choice.message.refusal];
            for (sent, said) in sent.iter().zip(said) {
                assert_eq!(&naive_json::text_of(&naive_json::units(sent.as_bytes())), said);
            }
        }
    }
    if options.keep != Keep::Nothing {
        let made_up = |call: &&deltawire::ToolCall| call.arguments() == "{}" && call.kind() == ToolKind::Function;
        let kept: usize = calls().map(|call| call.arguments().len()).sum();
        let dropped = replay.dropped_arguments() as usize;
        // A `{}` may be what came, or stand for nothing.
        let most = kept + dropped;
        let least = most - 2 * calls().filter(made_up).count();
        assert!(
            least <= sent.arguments + sent.blanks && sent.arguments <= most + sent.blanks,
            "{} bytes came, {kept} are kept, {dropped} were dropped: {:?}",
            sent.arguments,
            completion
        );
    }
    completion
}
