//! A message made of nothing but the updates, in order: what a client would show.

use std::collections::BTreeMap;

use deltawire::{Anomaly, AnomalyCode, ArgumentsState, Completion, Update};
use serde_json::{Map, Value};

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
    pub announced: bool,
    pub closed: bool,
    pub ready: Option<ArgumentsState>,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Choice {
    pub role: Option<String>,
    pub content: String,
    pub reasoning: String,
    pub refusal: String,
    pub finish: Option<String>,
    pub details: Vec<Value>,
    pub logprobs: Map<String, Value>,
    pub extras: Map<String, Value>,
    /// By number.
    pub calls: BTreeMap<u32, Call>,
}

/// What the updates said so far.
#[derive(Debug, Default, Clone)]
pub struct Replay {
    pub choices: BTreeMap<i64, Choice>,
    pub usage: Option<String>,
    pub error: Option<String>,
    pub anomalies: Vec<Anomaly>,
    pub done: bool,
}

fn merge(into: &mut Map<String, Value>, raw: &str) {
    // What is no JSON but tolerated (NaN) cannot be followed this way.
    let Ok(new) = serde_json::from_str::<Value>(raw) else { return assert!(raw.contains("NaN"), "{raw}") };
    for (key, value) in new.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match (into.get_mut(key), value) {
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
            _ => drop(into.insert(key.clone(), value.clone())),
        }
    }
}

/// Rule 69 once more: by index and type; texts appended, the rest set.
fn merge_detail(details: &mut Vec<Value>, new: Value) {
    let same = |known: &Value, key: &str| known.get(key) == new.get(key);
    let id = |value: &Value| value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let at = if new.get("index").is_some_and(|index| !index.is_null()) {
        details.iter().rposition(|known| same(known, "index") && same(known, "type"))
    } else {
        let last = details.last().is_some_and(|known| same(known, "type") && known.get("index").is_none());
        (last && new["type"] != "reasoning.encrypted").then(|| details.len() - 1)
    };
    let at = at.filter(|&at| {
        let (known, new) = (id(&details[at]), id(&new));
        known.is_empty() || new.is_empty() || known == new
    });
    let Some(known) = at.map(|at| &mut details[at]) else { return details.push(without_nulls(new)) };
    for (key, value) in without_nulls(new).as_object().into_iter().flatten() {
        match (&mut known[key], value) {
            (Value::String(text), Value::String(more)) if ["text", "summary", "data"].contains(&key.as_str()) => {
                text.push_str(more);
            }
            (known, value) => *known = value.clone(),
        }
    }
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    value
}

impl Replay {
    pub fn apply(&mut self, update: Update<'_>) {
        match update {
            Update::Role { choice, role, .. } => self.choice(choice).role = Some(role.into()),
            Update::Text { choice, text, .. } => self.choice(choice).content.push_str(text),
            Update::Reasoning { choice, text, .. } => self.choice(choice).reasoning.push_str(text),
            Update::Refusal { choice, text, .. } => self.choice(choice).refusal.push_str(text),
            Update::ReasoningDetail { choice, raw, .. } => {
                let new = serde_json::from_str(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
                merge_detail(&mut self.choice(choice).details, new);
            }
            Update::Logprobs { choice, raw, .. } => merge(&mut self.choice(choice).logprobs, raw),
            Update::Extra { choice, raw, .. } => merge(&mut self.choice(choice).extras, raw),
            Update::ToolCallStarted { choice, call, .. } => {
                let known = self.call(choice, call.number());
                assert!(!known.announced, "started twice");
                assert!(!call.name().is_empty() && !call.id().is_empty());
                (known.announced, known.id, known.name) = (true, call.id().into(), call.name().into());
            }
            Update::ToolCallChanged { choice, call, .. } => {
                let known = self.call(choice, call.number());
                assert!(known.announced && known.ready.is_none(), "changed before its start or after it was ready");
                (known.id, known.name) = (call.id().into(), call.name().into());
            }
            Update::Arguments { choice, call, fragment, .. } => {
                let known = self.call(choice, call.number());
                assert!(known.announced && known.ready.is_none() && !fragment.is_empty());
                known.arguments.push_str(fragment);
            }
            Update::ArgumentsReset { choice, call, arguments, .. } => {
                let known = self.call(choice, call.number());
                assert!(known.announced && known.ready.is_none());
                known.arguments = arguments.into();
            }
            Update::ToolCallClosed { choice, call, .. } => {
                let known = self.call(choice, call.number());
                assert!(known.announced && known.ready.is_none() && !known.closed);
                assert!(call.arguments().starts_with(&known.arguments), "what closed was shown");
                known.closed = true;
            }
            Update::ToolCallReady { choice, call, .. } => {
                let known = self.call(choice, call.number());
                assert!(known.announced && known.ready.is_none(), "ready before its start, or twice");
                assert_eq!((&*known.id, &*known.name), (call.id(), call.name()), "what is ready was told before");
                assert_eq!(known.arguments, call.arguments(), "what is ready was told before");
                known.ready = Some(call.state());
            }
            Update::Finish { choice, reason, .. } => {
                assert!(self.choice(choice).finish.is_none(), "finished twice");
                self.choice(choice).finish = Some(reason.into());
            }
            Update::Usage { usage, .. } => self.usage = Some(usage.raw.clone()),
            Update::Error { error, .. } => drop(self.error.get_or_insert_with(|| error.message.clone())),
            Update::Anomaly { anomaly, .. } => {
                let same = |known: &&mut Anomaly| {
                    (known.code, known.choice, known.call) == (anomaly.code, anomaly.choice, anomaly.call)
                };
                match self.anomalies.iter_mut().find(same) {
                    Some(known) => {
                        known.count += 1;
                        known.dropped += anomaly.dropped;
                        assert_eq!(known.count, anomaly.count, "counted");
                    }
                    None => self.anomalies.push(anomaly),
                }
            }
            Update::Done { .. } => self.done = true,
            _ => {}
        }
    }

    fn choice(&mut self, index: i64) -> &mut Choice {
        self.choices.entry(index).or_default()
    }

    fn call(&mut self, choice: i64, number: u32) -> &mut Call {
        self.choice(choice).calls.entry(number).or_default()
    }

    /// Fails unless the completion is what the updates said.
    pub fn check(&self, completion: &Completion, at: &str) {
        let none = Choice::default();
        for choice in &completion.choices {
            let said = self.choices.get(&choice.index).unwrap_or(&none);
            let message = &choice.message;
            assert_eq!(said.role, message.role, "{at}");
            assert_eq!(said.content, message.content, "{at}");
            assert_eq!(said.reasoning, message.reasoning, "{at}");
            assert_eq!(said.refusal, message.refusal, "{at}");
            assert_eq!(said.finish, choice.finish_reason, "{at}");
            let raw = |raw: &str, empty: Value| if raw.is_empty() { Ok(empty) } else { serde_json::from_str(raw) };
            assert_eq!(
                Value::from(said.details.clone()),
                raw(&message.reasoning_details, Value::Array(vec![])).unwrap()
            );
            let object = || Value::Object(Map::new());
            // What is no JSON but tolerated (NaN) cannot be compared this way.
            if let Ok(logprobs) = raw(&choice.logprobs, object()) {
                assert_eq!(Value::from(said.logprobs.clone()), logprobs, "{at}");
            }
            if let Ok(extras) = raw(&message.extras, object()) {
                assert_eq!(Value::from(said.extras.clone()), extras, "{at}");
            }
            // A call without a name is never announced (rule 7): only its anomaly says that it is there.
            let (named, nameless): (Vec<_>, Vec<_>) =
                message.tool_calls.iter().partition(|call| !call.name().is_empty());
            for call in nameless {
                assert!(matches!(call.state(), ArgumentsState::Invalid { .. }), "{at}");
                let is_told = |anomaly: &Anomaly| {
                    (anomaly.code, anomaly.call) == (AnomalyCode::Nameless, Some(call.number()))
                        || anomaly.code == AnomalyCode::LimitReached
                };
                assert!(self.anomalies.iter().any(is_told) || self.anomalies.len() >= 64, "{at}");
            }
            assert_eq!(said.calls.len(), named.len(), "{at}");
            for call in named {
                let known = &said.calls[&call.number()];
                assert_eq!((&*known.id, &*known.name), (call.id(), call.name()), "{at}");
                assert_eq!(known.arguments, call.arguments(), "{at}");
                assert_eq!(known.ready, Some(call.state()), "{at}: ready, and not changed since");
            }
        }
        assert!(self.choices.keys().all(|index| completion.choices.iter().any(|choice| choice.index == *index)));
        assert_eq!(self.usage.as_ref(), completion.usage.as_ref().map(|usage| &usage.raw), "{at}");
        assert_eq!(self.error.as_ref(), completion.error.as_ref().map(|error| &error.message), "{at}");
        assert_eq!(self.anomalies, completion.anomalies, "{at}");
    }
}
