//! Whole clients over the cases of `tests/quirks`: who comes to the expected message, and who is wrong without saying so.
//!
//! Each client reads each case's body as it would read a provider's response: rig-core over an HTTP client that answers
//! from memory, the others over a server on the loopback. What a client makes of it is put into one form and held
//! against `expected.json`.

mod clients;
mod server;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::inputs::repository;

/// What a case must come to.
#[derive(Deserialize)]
struct Expected {
    content: String,
    reasoning: String,
    /// Name and arguments: an object is compared as JSON, a string as raw text.
    tool_calls: Vec<(String, Value)>,
    outcome: Outcome,
    error_contains: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Complete,
    Truncated,
    Failed,
}

/// What a client made of a case.
#[derive(Default, Debug, Deserialize)]
struct Answer {
    content: String,
    reasoning: String,
    /// Name and the arguments' text.
    tool_calls: Vec<(String, String)>,
    /// Whether the stream ended as the client sees it: with a finish reason, or because the client says so.
    finished: bool,
    /// What it raised.
    error: Option<String>,
}

impl Answer {
    fn outcome(&self) -> Outcome {
        match (&self.error, self.finished) {
            (Some(_), _) => Outcome::Failed,
            (None, true) => Outcome::Complete,
            (None, false) => Outcome::Truncated,
        }
    }

    fn message_is(&self, expected: &Expected) -> bool {
        let arguments = |text: &str, expected: &Value| match expected {
            Value::String(raw) => text == raw,
            value => serde_json::from_str::<Value>(text).is_ok_and(|got| got == *value),
        };
        self.content == expected.content
            && self.reasoning == expected.reasoning
            && self.tool_calls.len() == expected.tool_calls.len()
            && self
                .tool_calls
                .iter()
                .zip(&expected.tool_calls)
                .all(|(got, expected)| got.0 == expected.0 && arguments(&got.1, &expected.1))
    }

    fn outcome_is(&self, expected: &Expected) -> bool {
        let said = |what: &String| self.error.as_ref().is_some_and(|error| error.contains(what));
        self.outcome() == expected.outcome && expected.error_contains.as_ref().is_none_or(said)
    }
}

struct Client {
    name: String,
    answers: BTreeMap<String, Answer>,
}

/// Responses of several choices: most of the clients read the first alone.
const LEFT_OUT: [&str; 2] = ["choices_interleaved", "choices_one_unfinished"];

/// Runs the comparison; `python` is an interpreter that can import openai.
pub fn run(python: Option<PathBuf>, markdown: bool) -> Result<()> {
    let folder = repository().join("tests/quirks");
    let text = std::fs::read_to_string(folder.join("expected.json"))?;
    let mut cases: BTreeMap<String, Expected> = serde_json::from_str(&text)?;
    cases.retain(|name, _| !LEFT_OUT.contains(&&**name));
    let mut bodies = BTreeMap::new();
    for name in cases.keys() {
        bodies.insert(name.clone(), std::fs::read(folder.join(format!("{name}.body"))).context(name.clone())?);
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clients = runtime.block_on(async {
        let server = server::serve(bodies.clone()).await?;
        let mut clients = vec![
            Client { name: "deltawire".to_owned(), answers: each(&bodies, |_, body| clients::deltawire(body)) },
            Client { name: clients::RIG.to_owned(), answers: each(&bodies, |_, body| clients::rig(body)) },
            Client { name: clients::GENAI.to_owned(), answers: BTreeMap::new() },
            Client { name: clients::ASYNC_OPENAI.to_owned(), answers: BTreeMap::new() },
        ];
        for name in bodies.keys() {
            let base = format!("{server}/{name}/v1");
            clients[2].answers.insert(name.clone(), clients::genai(&base).await);
            clients[3].answers.insert(name.clone(), clients::async_openai(&base).await);
        }
        if let Some(python) = python {
            let names: Vec<_> = bodies.keys().cloned().collect();
            clients.push(tokio::task::spawn_blocking(move || openai_python(&python, &server, &names)).await??);
        }
        anyhow::Ok(clients)
    })?;
    print(&cases, &clients, markdown)?;
    Ok(())
}

fn each(bodies: &BTreeMap<String, Vec<u8>>, read: impl Fn(&str, &[u8]) -> Answer) -> BTreeMap<String, Answer> {
    bodies.iter().map(|(name, body)| (name.clone(), read(name, body))).collect()
}

/// openai-python through the script beside this package's manifest.
fn openai_python(python: &PathBuf, server: &str, names: &[String]) -> Result<Client> {
    #[derive(Deserialize)]
    struct Said {
        version: String,
        answers: BTreeMap<String, Answer>,
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openai_python.py");
    let output = Command::new(python).arg(script).arg(server).args(names).output()?;
    ensure!(output.status.success(), "openai_python.py: {}", String::from_utf8_lossy(&output.stderr));
    let said: Said = serde_json::from_slice(&output.stdout)?;
    Ok(Client { name: format!("openai-python {}", said.version), answers: said.answers })
}

fn print(cases: &BTreeMap<String, Expected>, clients: &[Client], markdown: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let count = cases.len();
    if markdown {
        writeln!(
            out,
            "| of {count} cases | right in all | right message | wrong message, reported as complete |\n|---|--:|--:|--:|"
        )?;
    } else {
        writeln!(
            out,
            "{:<24}{:>14}{:>16}{:>38}",
            format!("of {count} cases"),
            "right in all",
            "right message",
            "wrong message, reported as complete"
        )?;
    }
    for client in clients {
        let all = || cases.iter().filter_map(|(name, expected)| Some((expected, client.answers.get(name)?)));
        let messages = all().filter(|(expected, answer)| answer.message_is(expected)).count();
        let right =
            all().filter(|(expected, answer)| answer.message_is(expected) && answer.outcome_is(expected)).count();
        let silent = all()
            .filter(|(expected, answer)| !answer.message_is(expected) && answer.outcome() == Outcome::Complete)
            .count();
        if markdown {
            writeln!(out, "| {} | {right} | {messages} | {silent} |", client.name)?;
        } else {
            writeln!(out, "{:<24}{right:>14}{messages:>16}{silent:>38}", client.name)?;
        }
    }
    writeln!(out)?;
    for client in clients {
        let wrong = cases.iter().filter_map(|(name, expected)| {
            let Some(answer) = client.answers.get(name) else { return Some(format!("{name} (no answer)")) };
            match (answer.message_is(expected), answer.outcome_is(expected)) {
                (true, true) => None,
                (true, false) => Some(format!("{name} ({:?})", answer.outcome())),
                (false, _) if answer.outcome() == Outcome::Failed => Some(format!("{name} (message; Failed)")),
                (false, _) => Some(format!("{name} (message)")),
            }
        });
        let wrong: Vec<_> = wrong.collect();
        let (open, close) = if markdown { ("**", "**") } else { ("", "") };
        writeln!(
            out,
            "{open}{}{close}: {}\n",
            client.name,
            if wrong.is_empty() { "all right".to_owned() } else { wrong.join(", ") }
        )?;
    }
    Ok(())
}
