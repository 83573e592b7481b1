//! Updates applied in order, as a client would: what comes out must be the completion.

use std::collections::BTreeMap;

use deltawire::{
    Anomaly, AnomalyCode, ArgumentsState, Completion, Keep, LivePart, ProviderError, ToolCall, ToolKind, Update, Usage,
};
use serde_json::{Map, Value};

use super::naive_json::{self, BLANKS};

/// What the updates of one stream came to.
#[derive(Debug, Default)]
pub struct Replay {
    choices: BTreeMap<i64, Choice>,
    calls: BTreeMap<u32, Call>,
    usage: Option<Usage>,
    error: Option<ProviderError>,
    anomalies: Vec<(Anomaly, String)>,
    done: bool,
    /// How many updates there were.
    pub updates: usize,
}

#[derive(Debug, Default)]
struct Choice {
    role: Option<String>,
    content: String,
    reasoning: String,
    refusal: String,
    finish: Option<String>,
    calls: Vec<u32>,
}

#[derive(Debug, Default)]
struct Call {
    choice: i64,
    started: bool,
    name: String,
    arguments: String,
    closed: bool,
    /// The call as it was when it became ready.
    ready: Option<ToolCall>,
    live: Live,
}

impl Replay {
    pub fn apply(&mut self, update: &Update<'_>) {
        self.updates += 1;
        assert!(
            !self.done || matches!(update, Update::Anomaly { .. } | Update::Comment { .. }),
            "after done: {update:?}"
        );
        match *update {
            Update::Role { choice, role, .. } => {
                let known = self.choices.entry(choice).or_default().role.replace(role.to_owned());
                assert_eq!(known, None, "a role comes once");
            }
            Update::Text { choice, text, .. } => self.choices.entry(choice).or_default().content.push_str(text),
            Update::Reasoning { choice, text, .. } => self.choices.entry(choice).or_default().reasoning.push_str(text),
            Update::Refusal { choice, text, .. } => self.choices.entry(choice).or_default().refusal.push_str(text),
            Update::ToolCallStarted { choice, call, .. } => {
                let known = self.calls.entry(call.number()).or_default();
                assert!(!known.started, "a call starts once");
                assert!(!call.name().is_empty(), "a nameless call is never announced");
                assert!(!call.id().is_empty(), "an announced call has an id");
                (known.started, known.choice, known.name) = (true, choice, call.name().to_owned());
                self.choices.entry(choice).or_default().calls.push(call.number());
            }
            Update::ToolCallChanged { choice, call, .. } => {
                let known = self.calls.entry(call.number()).or_default();
                if known.name != call.name() {
                    assert!(known.arguments.trim_ascii().is_empty(), "a name changes only before the arguments");
                    assert!(call.name().starts_with(&known.name), "and then it grows");
                    known.name = call.name().to_owned();
                }
                self.call(choice, call);
            }
            Update::Arguments { choice, call, fragment, .. } => {
                assert!(!fragment.is_empty());
                let known = self.call(choice, call);
                known.arguments.push_str(fragment);
                known.closed = false;
            }
            Update::ArgumentsReset { choice, call, arguments, .. } => {
                let known = self.call(choice, call);
                known.arguments = arguments.to_owned();
                known.closed = false;
                known.live = Live::default();
            }
            Update::LiveArgument { choice, call, path, part, .. } => self.call(choice, call).live.apply(path, part),
            Update::ToolCallClosed { choice, call, .. } => {
                let known = self.call(choice, call);
                assert!(!known.closed, "closed twice without anything between");
                known.closed = true;
                let text = known.arguments.clone();
                assert_ne!(text.trim_ascii(), "{}", "a bare {{}} is never announced closed early");
                assert!(
                    matches!(text.trim_ascii().as_bytes(), [b'{', .., b'}'] | [b'[', .., b']'] | [b'"', .., b'"']),
                    "{text}"
                );
            }
            Update::ToolCallReady { call, .. } => {
                let known = self.calls.entry(call.number()).or_default();
                assert!(known.started, "a call is announced before it is ready");
                assert!(known.ready.is_none(), "a call is ready once");
                assert_eq!(known.name, call.name(), "and so is its name");
                assert_eq!(known.arguments, call.arguments(), "what was delivered is what there is");
                known.live.check(call.arguments());
                known.ready = Some(call.clone());
            }
            Update::Finish { choice, reason, .. } => {
                let known = self.choices.entry(choice).or_default().finish.replace(reason.to_owned());
                assert_eq!(known, None, "the finish reason comes once");
            }
            Update::Usage { usage, .. } => self.usage = Some(usage.clone()),
            Update::Error { error, .. } => {
                self.error.get_or_insert_with(|| error.clone());
            }
            Update::Anomaly { anomaly, text, .. } => self.anomalies.push((anomaly, text.to_owned())),
            Update::Done { .. } => self.done = true,
            _ => {}
        }
    }

    /// A call that was announced and is not ready.
    fn call(&mut self, choice: i64, call: &ToolCall) -> &mut Call {
        let known = self.calls.entry(call.number()).or_default();
        assert!(known.started, "not announced: {call:?}");
        assert!(known.ready.is_none(), "changed after it was ready: {call:?}");
        if known.name != call.name() {
            // An update shows the call as the whole chunk left it: what says that the name grew is yet to come.
            assert!(
                known.arguments.trim_ascii().is_empty() && call.name().starts_with(&known.name),
                "the name is final"
            );
        }
        assert_eq!(known.choice, choice);
        known
    }

    /// Whether what was applied is this completion.
    pub fn check(&self, completion: &Completion, keep: Keep) {
        self.check_anomalies(completion);
        assert_eq!(self.error, completion.error);
        if keep == Keep::Nothing {
            return;
        }
        assert_eq!(self.usage, completion.usage);
        for choice in &completion.choices {
            let none = Choice::default();
            let known = self.choices.get(&choice.index).unwrap_or(&none);
            assert_eq!(known.role, choice.message.role);
            assert_eq!(known.finish, choice.finish_reason);
            if keep == Keep::Everything {
                assert_eq!(known.content, choice.message.content);
                assert_eq!(known.reasoning, choice.message.reasoning);
                assert_eq!(known.refusal, choice.message.refusal);
            }
            if matches!(keep, Keep::Everything | Keep::Calls) {
                let mut numbers = known.calls.clone();
                numbers.sort_unstable();
                // A call without a name is never announced.
                let named = || choice.message.tool_calls.iter().filter(|call| !call.name().is_empty());
                assert_eq!(numbers, named().map(ToolCall::number).collect::<Vec<_>>());
                for call in &choice.message.tool_calls {
                    assert!(!call.name().is_empty() || matches!(call.state(), ArgumentsState::Invalid { .. }));
                }
                for call in named() {
                    let ready = self.calls[&call.number()].ready.as_ref();
                    assert_eq!(ready, Some(call), "nothing about a ready call changes");
                    check_state(call);
                }
            }
        }
        for index in self.choices.keys() {
            assert!(completion.choices.iter().any(|choice| choice.index == *index), "choice {index} is missing");
        }
    }

    /// Each anomaly was told as often as it is counted.
    fn check_anomalies(&self, completion: &Completion) {
        let overflow = |anomaly: &&Anomaly| anomaly.code == AnomalyCode::LimitReached && anomaly.call.is_none();
        let counted: u64 = completion.anomalies.iter().map(|anomaly| anomaly.count).sum();
        assert_eq!(counted, self.anomalies.len() as u64, "{:?} {:?}", completion.anomalies, self.anomalies);
        let dropped: u64 = completion.anomalies.iter().map(|anomaly| anomaly.dropped).sum();
        assert_eq!(dropped, self.anomalies.iter().map(|(anomaly, _)| anomaly.dropped).sum::<u64>());
        for anomaly in completion.anomalies.iter().filter(|anomaly| !overflow(anomaly)) {
            let told = self.anomalies.iter().filter(|(told, _)| {
                (told.code, told.choice, told.call) == (anomaly.code, anomaly.choice, anomaly.call)
            });
            assert_eq!(told.count() as u64, anomaly.count, "{anomaly:?}");
        }
    }

    /// Bytes of arguments that anomalies say were dropped.
    pub fn dropped_arguments(&self) -> u64 {
        let of_calls = self
            .anomalies
            .iter()
            .filter(|(anomaly, _)| anomaly.call.is_some() && anomaly.code != AnomalyCode::NameConflict);
        of_calls.map(|(anomaly, _)| anomaly.dropped).sum()
    }
}

/// Whether the arguments are what their state says.
fn check_state(call: &ToolCall) {
    if call.kind() == ToolKind::Custom || call.name().is_empty() {
        return;
    }
    let text = call.arguments();
    let trimmed = text.trim_matches(BLANKS);
    let whole = naive_json::unread(trimmed.as_bytes(), 128)
        .is_ok_and(|document| document.used.is_empty() && document.end == trimmed.len());
    match call.state() {
        ArgumentsState::Complete => {
            // A lone surrogate and a number beyond f64 are JSON by the grammar.
            let grammar = naive_json::unread(trimmed.as_bytes(), 128);
            assert!(grammar.is_ok_and(|document| document.end == trimmed.len()), "complete: {text}");
        }
        ArgumentsState::Truncated => {
            // A number or a word may go on, a bare object may be a seed: these need a complete end.
            let inside = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let is_bare = inside.is_some_and(|inside| inside.trim_matches(BLANKS).is_empty());
            let delimited = trimmed.starts_with(['{', '[', '"']) && !is_bare;
            assert!(!whole || !delimited, "truncated: {text}");
        }
        ArgumentsState::Invalid { offset, .. } => {
            assert!(!whole, "invalid: {text}");
            assert!(offset <= text.len());
        }
        _ => {}
    }
}

/// A value rebuilt from live parts.
#[derive(Debug, Default)]
struct Live {
    root: Option<Value>,
    /// The strings that have not ended, and the containers.
    open: Vec<String>,
    any: bool,
}

impl Live {
    fn apply(&mut self, path: &str, part: LivePart<'_>) {
        self.any = true;
        match part {
            LivePart::ObjectBegin => self.begin(path, Value::Object(Map::new())),
            LivePart::ArrayBegin => self.begin(path, Value::Array(Vec::new())),
            LivePart::Text(text) => {
                if self.open.last().map(String::as_str) != Some(path)
                    || !self.at(path).is_some_and(|value| value.is_string())
                {
                    self.begin(path, Value::String(String::new()));
                }
                let Some(Value::String(known)) = self.at(path) else { panic!("no string at {path}") };
                known.push_str(text);
            }
            LivePart::TextEnd => {
                if self.open.last().map(String::as_str) != Some(path)
                    || !self.at(path).is_some_and(|value| value.is_string())
                {
                    self.begin(path, Value::String(String::new()));
                }
                assert_eq!(self.open.pop().as_deref(), Some(path));
            }
            LivePart::ObjectEnd | LivePart::ArrayEnd => assert_eq!(self.open.pop().as_deref(), Some(path)),
            LivePart::Scalar(raw) => {
                let value = super::naive_json::value(raw.as_bytes()).unwrap_or_else(|| panic!("scalar {raw}"));
                self.set(path, value);
            }
            other => panic!("unknown part {other:?}"),
        }
    }

    fn begin(&mut self, path: &str, value: Value) {
        self.set(path, value);
        self.open.push(path.to_owned());
    }

    fn at(&mut self, path: &str) -> Option<&mut Value> {
        self.root.as_mut()?.pointer_mut(path)
    }

    fn set(&mut self, path: &str, value: Value) {
        let Some((parent, key)) = path.rsplit_once('/') else {
            self.root = Some(value);
            return;
        };
        let key = key.replace("~1", "/").replace("~0", "~");
        match self.at(parent) {
            Some(Value::Object(fields)) => {
                fields.insert(key, value);
            }
            Some(Value::Array(items)) => {
                assert_eq!(key, items.len().to_string(), "elements come in order");
                items.push(value);
            }
            other => panic!("{path} is in {other:?}"),
        }
    }

    /// The parts give what serde_json sees in the arguments.
    fn check(&self, arguments: &str) {
        if !self.any {
            return;
        }
        let Some(expected) = super::naive_json::value(arguments.trim_ascii().as_bytes()) else { return };
        assert!(self.open.is_empty(), "still open: {:?} of {arguments}", self.open);
        assert_eq!(self.root.as_ref(), Some(&expected), "{arguments}");
    }
}
