//! The command, run as people and scripts run it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

mod support;

use support::cassette;

fn deltawire() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltawire"));
    command.env_remove("CLICOLOR_FORCE").current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// What came of a run: exit status, standard output, standard error.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("not killed"),
            out: String::from_utf8(output.stdout).expect("UTF-8 comes out"),
            err: String::from_utf8(output.stderr).expect("UTF-8 comes out"),
        }
    }
}

impl Run {
    /// The lines of JSON.
    fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

fn run(arguments: &[&str]) -> Run {
    deltawire().args(arguments).stdin(Stdio::null()).output().expect("runs").into()
}

/// A run with this on standard input.
fn feed(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = deltawire()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("no panic").expect("all of the input is read");
    output.into()
}

fn seed_paths() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths
}

fn all_seeds(arguments: &[&str]) -> Run {
    deltawire().args(arguments).args(seed_paths()).output().expect("runs").into()
}

const KIMI: &str = "tests/recordings/tool_streaming_kimi-k2.yaml";
const STREAM: &[u8] = b"data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"reasoning\":\"hm\"}}]}\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":5}}\n\n\
data: [DONE]\n\n";

#[test]
fn people_read_the_answer_the_call_and_the_next_turn() {
    let run = run(&[KIMI]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    for line in [
        "== tests/recordings/tool_streaming_kimi-k2.yaml, interaction 0 ==",
        "I'll check the weather in Florence, Italy for you.",
        "weather({\"location\": \"Florence, Italy\"})",
        "[finish] tool_calls",
        "== tests/recordings/tool_streaming_kimi-k2.yaml, interaction 1 ==",
        "[finish] stop",
    ] {
        assert!(run.out.lines().any(|other| other == line), "{line:?} in {}", run.out);
    }
    assert!(run.out.contains("°C") && run.out.contains("°F"), "{}", run.out);
    assert!(
        run.out.contains("[usage] 121 prompt, 32 cached, 22 completion, 0 reasoning, 143 total tokens, cost 0.0000844"),
        "{}",
        run.out
    );
}

#[test]
fn a_single_stream_begins_with_its_text() {
    let run = feed(&[], STREAM);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "[reasoning]\nhm\n[answer]\nHi\n[finish] stop\n[usage] 3 prompt, 5 total tokens\n");
}

#[test]
fn json_of_all_seeds_is_ten_complete_responses_equal_to_their_echoes() {
    for arguments in [&["--json"][..], &["--json", "--chunk-size", "1"], &["--json", "--chunk-size=1460"]] {
        let run = all_seeds(arguments);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        let lines = run.lines();
        assert_eq!(lines.len(), 10);
        let mut lines = lines.iter().zip(run.out.lines());
        let mut echoes = 0;
        for (cassette, path) in cassette::seeds().iter().zip(seed_paths()) {
            for (number, interaction) in cassette.interactions.iter().enumerate() {
                let (line, raw) = lines.next().unwrap();
                assert_eq!(line["object"], "chat.completion");
                assert_eq!(line["outcome"], "complete");
                let is_stream = interaction.response.body.starts_with("data: ");
                assert_eq!(line["ended_by"], if is_stream { "done" } else { "finish" });
                assert_eq!(line["source"]["file"], path.to_str().unwrap());
                assert_eq!(line["source"]["interaction"], number);
                assert_eq!(line["anomalies"], Value::Array(Vec::new()));
                // Usage is as on the wire, byte for byte.
                let (_, usage) = raw.split_once("\"usage\":").unwrap();
                let (usage, _) = usage.split_once(",\"outcome\"").unwrap();
                assert!(interaction.response.body.contains(usage), "{usage}");
                let Some(next) = cassette.interactions.get(number + 1) else { continue };
                let request: Value = serde_json::from_str(&next.request.body).unwrap();
                let messages = request["messages"].as_array().unwrap();
                let echo = messages.iter().rfind(|message| message["role"] == "assistant").unwrap();
                let message = &line["choices"][0]["message"];
                assert_eq!(message["role"], "assistant");
                assert_eq!(message["content"], echo["content"].as_str().unwrap_or_default());
                let calls = message["tool_calls"].as_array().unwrap();
                assert_eq!(calls.len(), echo["tool_calls"].as_array().unwrap().len());
                for (call, echoed) in calls.iter().zip(echo["tool_calls"].as_array().unwrap()) {
                    for key in ["id", "type", "function"] {
                        assert_eq!(call[key], echoed[key]);
                    }
                    assert_eq!(call["arguments_state"], "complete");
                }
                echoes += 1;
            }
        }
        assert_eq!(echoes, 5);
    }
}

#[test]
fn json_has_the_shape_that_is_documented() {
    let body = concat!(
        "data: {\"id\":\"c1\",\"created\":7,\"model\":\"m\",\"provider\":\"p\",\"system_fingerprint\":\"f\",\"service_tier\":\"t\",\"choices\":[",
        "{\"index\":1,\"delta\":{\"role\":\"assistant\",\"content\":\"b\"},\"finish_reason\":\"stop\",\"native_finish_reason\":\"STOP\"},",
        "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\",\"refusal\":\"no\",\"reasoning\":\"why\",\"tool_calls\":[",
        "{\"index\":3,\"id\":\"i1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"},\"extra\":{\"k\": [1.50]}},",
        "{\"index\":4,\"id\":\"i2\",\"type\":\"custom\",\"custom\":{\"name\":\"g\",\"input\":\"free \\u009b text\"}},",
        "{\"index\":5,\"id\":\"i3\",\"type\":\"function\",\"function\":{\"name\":\"h\",\"arguments\":\"{]\"}}",
        "]},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1, \"cost\": 1e-7,\ndata: \"x\":{}}}\n\n",
        "data: [DONE]\n\n",
    );
    let run = feed(&["--json", "-"], body.as_bytes());
    assert_eq!(
        run.out,
        concat!(
            "{\"object\":\"chat.completion\",\"id\":\"c1\",\"created\":7,\"model\":\"m\",\"provider\":\"p\",\"system_fingerprint\":\"f\",",
            "\"service_tier\":\"t\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\",\"reasoning\":\"why\",",
            "\"refusal\":\"no\",\"tool_calls\":[",
            "{\"id\":\"i1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"},\"arguments_state\":\"complete\",\"extra\":{\"k\": [1.50]}},",
            "{\"id\":\"i2\",\"type\":\"custom\",\"function\":{\"name\":\"g\",\"arguments\":\"free \\u009b text\"},\"arguments_state\":\"complete\"},",
            "{\"id\":\"i3\",\"type\":\"function\",\"function\":{\"name\":\"h\",\"arguments\":\"{]\"},\"arguments_state\":\"invalid\",\"invalid_at\":1}",
            "]},\"finish_reason\":\"tool_calls\"},",
            "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":\"b\"},\"finish_reason\":\"stop\",\"native_finish_reason\":\"STOP\"}],",
            "\"usage\":{\"prompt_tokens\":1, \"cost\": 1e-7, \"x\":{}},\"outcome\":\"complete\",\"ended_by\":\"done\",\"anomalies\":[],",
            "\"source\":{\"file\":\"-\"}}\n",
        )
    );
    assert_eq!(run.status, 0);
}

#[test]
fn what_is_not_complete_gives_its_line_a_complaint_and_status_1() {
    let json_error = br#"{"error":{"message":"Rate limited","code":429}}"#;
    let cut = &STREAM[..STREAM.len() - 100];
    for (input, outcome, complaint) in [
        (&b""[..], "truncated", "standard input: truncated: the input ended at byte 0"),
        (b"<!DOCTYPE html><title>502 Bad Gateway</title>", "failed", "standard input: failed at byte 0"),
        (b"just words\n", "failed", "standard input: failed at byte 0"),
        (json_error, "failed", "Rate limited"),
        (cut, "truncated", "standard input: truncated: the input ended at byte "),
        (b"data: {\"error\":{\"message\":\"Over\\nloaded\"}}\n\n", "failed", "Over\\nloaded"),
        (b"---\nversion: 2\ninteractions: []\n", "failed", "a cassette without interactions"),
        (b"---\n[1", "failed", "not a cassette"),
    ] {
        let run = feed(&["--json"], input);
        let at = String::from_utf8_lossy(input);
        assert_eq!(run.status, 1, "{at}");
        let lines = run.lines();
        assert_eq!(lines.len(), 1, "{at}");
        assert_eq!(lines[0]["object"], "chat.completion", "{at}");
        assert_eq!(lines[0]["outcome"], outcome, "{at}");
        assert_eq!(lines[0]["error"].is_object(), outcome == "failed", "{at}");
        assert!(run.err.starts_with("deltawire: ") && run.err.contains(complaint), "{at}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{at}: {}", run.err);
        assert_eq!(feed(&[], input).status, 1, "{at}");
        assert_eq!(feed(&["--updates"], input).status, 1, "{at}");
    }
    // What was decoded is printed in every case.
    let run = feed(&[], cut);
    assert!(run.out.contains("Hi\n") && run.out.ends_with("[truncated]\n"), "{}", run.out);
}

#[test]
fn an_error_says_where_it_is() {
    let mut input = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n".to_vec();
    let offset = input.len();
    input.extend_from_slice(b"data: {\"error\":{\"message\":\"late\"}}\n\ndata: [DONE]\n\n");
    let run = feed(&["--json"], &input);
    assert_eq!(run.err, format!("deltawire: standard input: failed at byte {offset}: late\n"));
    assert_eq!(run.lines()[0]["error"], serde_json::json!({"message": "late", "offset": offset}));
}

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let run = run(&["--json", "no/such/file", KIMI, "tests"]);
    assert_eq!(run.status, 1);
    let lines = run.lines();
    let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "complete", "complete", "failed"]);
    assert_eq!(lines[0]["source"]["file"], "no/such/file");
    assert_eq!(lines[0]["error"]["type"], "unreadable");
    assert_eq!(run.err.lines().count(), 2);
    assert!(run.err.contains("no/such/file: failed at byte 0: "), "{}", run.err);
}

#[test]
fn bad_usage_is_status_2() {
    for arguments in [
        &["--no-such-option"][..],
        &["--json", "--updates"],
        &["--chunk-size", "0"],
        &["--chunk-size", "x"],
        &["serve"],
        &["serve", "--piece-size", "3..1", "x"],
    ] {
        let run = run(arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.err.is_empty());
    }
    assert_eq!(run(&["--help"]).status, 0);
    assert_eq!(run(&["--version"]).out, concat!("deltawire ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn every_quirk_comes_out_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks");
    let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    for (name, expected) in expected.as_object().unwrap() {
        let body = std::fs::read(folder.join(format!("{name}.body"))).unwrap();
        let run = feed(&["--json"], &body);
        let line = &run.lines()[0];
        assert_eq!(line["outcome"], expected["outcome"], "{name}");
        assert_eq!(run.status, i32::from(expected["outcome"] != "complete"), "{name}");
        // Texts and calls of all choices, in the order of their indices.
        let choices = line["choices"].as_array().unwrap();
        let text =
            |field: &str| choices.iter().filter_map(|choice| choice["message"][field].as_str()).collect::<String>();
        assert_eq!(text("content"), expected["content"], "{name}");
        assert_eq!(text("reasoning"), expected["reasoning"], "{name}");
        let calls = choices.iter().filter_map(|choice| choice["message"]["tool_calls"].as_array()).flatten();
        let calls: Vec<_> = calls.map(|call| &call["function"]).collect();
        let expected = expected["tool_calls"].as_array().unwrap();
        assert_eq!(calls.len(), expected.len(), "{name}");
        for (call, expected) in calls.into_iter().zip(expected) {
            assert_eq!(call["name"], expected[0], "{name}");
            let arguments = call["arguments"].as_str().unwrap();
            match &expected[1] {
                Value::String(raw) => assert_eq!(arguments, raw, "{name}"),
                json => assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), *json, "{name}"),
            }
        }
    }
}

#[test]
fn updates_add_up_to_the_message() {
    let run = all_seeds(&["--updates"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let messages = all_seeds(&["--json"]).lines();
    let (mut content, mut calls, mut done) = (String::new(), Vec::new(), 0);
    for update in run.lines() {
        assert!(update["source"]["file"].is_string());
        match update["update"].as_str().unwrap() {
            "text" => content.push_str(update["text"].as_str().unwrap()),
            "tool_call_ready" => calls.push(update),
            "end" => {
                assert_eq!(update["outcome"], "complete");
                let message = &messages[done]["choices"][0]["message"];
                assert_eq!(message["content"], std::mem::take(&mut content));
                let expected = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
                assert_eq!(calls.len(), expected.len());
                for (call, expected) in calls.drain(..).zip(expected) {
                    assert_eq!(call["id"], expected["id"]);
                    assert_eq!(call["type"], expected["type"]);
                    assert_eq!(call["name"], expected["function"]["name"]);
                    assert_eq!(call["arguments"], expected["function"]["arguments"]);
                    assert_eq!(call["arguments_state"], expected["arguments_state"]);
                }
                done += 1;
            }
            _ => {}
        }
    }
    assert_eq!(done, 10);
}

#[test]
fn updates_have_the_shape_that_is_documented() {
    let body = b": alive\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{\"index\":0,\"id\":\"i\",\
                 \"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"total_tokens\":1}}\n\ndata: nope\n\n\
                 data: [DONE]\n\n";
    let run = feed(&["--updates"], body);
    let mut lines = run.lines();
    for line in &mut lines {
        assert_eq!(line.as_object_mut().unwrap().remove("source").unwrap(), serde_json::json!({"file": "-"}));
    }
    let of = |kind: &str| {
        let found: Vec<_> = lines.iter().filter(|line| line["update"] == kind).collect();
        assert_eq!(found.len(), 1, "{kind} in {}", run.out);
        found[0].clone()
    };
    assert_eq!(of("comment"), serde_json::json!({"update": "comment", "text": "alive"}));
    assert_eq!(of("role"), serde_json::json!({"update": "role", "choice": 0, "role": "assistant"}));
    assert_eq!(of("text"), serde_json::json!({"update": "text", "choice": 0, "text": "a"}));
    let head = serde_json::json!({"update": "tool_call_started", "choice": 0, "call": 0, "id": "i", "type": "function", "name": "f"});
    assert_eq!(of("tool_call_started"), head);
    assert_eq!(of("arguments"), serde_json::json!({"update": "arguments", "choice": 0, "call": 0, "fragment": "{}"}));
    let mut ready = head;
    ready["update"] = "tool_call_ready".into();
    ready["arguments"] = "{}".into();
    ready["arguments_state"] = "complete".into();
    assert_eq!(of("tool_call_ready"), ready);
    assert_eq!(of("finish"), serde_json::json!({"update": "finish", "choice": 0, "reason": "tool_calls"}));
    assert_eq!(of("usage"), serde_json::json!({"update": "usage", "usage": {"total_tokens": 1}}));
    assert_eq!(of("done"), serde_json::json!({"update": "done"}));
    assert_eq!(of("end"), serde_json::json!({"update": "end", "outcome": "complete", "ended_by": "done"}));
    let anomaly = of("anomaly");
    assert_eq!(anomaly["anomaly"]["code"], "not_json");
    assert_eq!(anomaly["anomaly"]["count"], 1);
    assert_eq!(anomaly["text"], "nope");
    assert_eq!(lines[0]["update"], "comment");
    assert_eq!(lines.last().unwrap()["update"], "end");
}

#[test]
fn standard_input_is_printed_as_it_comes() {
    for (arguments, first) in [(&[][..], "Hi"), (&["--updates"], "{\"update\":\"text\"")] {
        let mut child = deltawire().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdin.write_all(b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n").unwrap();
        let mut start = vec![0; first.len()];
        stdout.read_exact(&mut start).unwrap(); // while the input is still open
        assert_eq!(String::from_utf8(start).unwrap(), first);
        stdin
            .write_all(b"data: {\"choices\":[{\"delta\":{\"content\":\" there\\n\"},\"finish_reason\":\"stop\"}]}\n\n")
            .unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        if arguments.is_empty() {
            assert_eq!(line, " there\n");
        }
        drop(stdin);
        std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn who_stops_reading_is_no_error() {
    let mut stream = Vec::new();
    for _ in 0..20_000 {
        stream.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"many words \"}}]}\n\n");
    }
    for arguments in [&[][..], &["--updates"]] {
        let mut child = deltawire()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = stream.clone();
        // The command ends early, so this may fail.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let mut start = [0; 4];
        child.stdout.as_mut().unwrap().read_exact(&mut start).unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(err, "");
        assert_eq!(child.wait().unwrap().code(), Some(0));
        writer.join().unwrap();
    }
}

#[test]
fn text_is_passed_on_unchanged_unless_to_a_terminal() {
    let body = b"data: {\"choices\":[{\"delta\":{\"content\":\"\\u001b[31mred\\r\\u009b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    assert_eq!(feed(&[], body).out, "\u{1b}[31mred\r\u{9b}\n[finish] stop\n");
    let json = feed(&["--json"], body);
    assert!(!json.out.trim_end().contains(char::is_control), "{:?}", json.out);
    assert_eq!(json.lines()[0]["choices"][0]["message"]["content"], "\u{1b}[31mred\r\u{9b}");
    // A complaint is one line of visible characters wherever it goes.
    let run = feed(&[], b"data: {\"error\":{\"message\":\"\\u001b]0;title\\u0007\\nx\"}}\n\n");
    assert!(!run.err.trim_end().contains(char::is_control), "{:?}", run.err);
}

/// `script` gives the command a terminal; where it is missing the test says so.
#[cfg(target_os = "linux")]
#[test]
fn control_characters_are_shown_to_a_terminal() {
    let folder = std::env::temp_dir().join(format!("deltawire-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("stream");
    let body = b"data: {\"choices\":[{\"delta\":{\"content\":\"\\u001b[31mred\\r\\u009b2J\\u0007\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    std::fs::write(&file, body).unwrap();
    let command = format!("'{}' '{}'", env!("CARGO_BIN_EXE_deltawire"), file.display());
    let output =
        Command::new("script").args(["-qec", &command, "/dev/null"]).env("NO_COLOR", "1").stdin(Stdio::null()).output();
    std::fs::remove_dir_all(&folder).unwrap();
    let Ok(output) = output else {
        println!("no `script` here: not tested on a terminal");
        return;
    };
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("\\u{1b}[31mred\\r\\u{9b}2J\\u{7}"), "{out:?}");
    assert!(!out.contains(['\u{1b}', '\u{9b}', '\u{7}']), "{out:?}");
}
