//! Clean tool calls and what providers make of them: any message, under up to two transforms of `tests/support/compose.rs`
//! in any variation. The calls come out as they went in, but where nothing can decide (`is_exception`).

use std::fmt::Write;

use arbitrary::{Result, Unstructured};
use deltawire::{ArgumentsState, Completion};
use serde_json::{Value, json};

use super::compose::Transform::*;
use super::compose::{self, Fragment, MESSAGES, PLAIN, TRANSFORMS, Transform, Variation};

/// What goes in, and what goes over the wire.
#[derive(Debug)]
pub struct Composed {
    /// Name and arguments of each call.
    calls: Vec<(String, String)>,
    transforms: Vec<Transform>,
    how: Variation,
    pub fragments: Vec<Fragment>,
}

/// No name begins another one: a longer name may be the rest of a shorter one (rule 8).
const NAMES: &[&str] = &["get_weather", "get_time", "run", "f", "now"];
const KEYS: &[&str] = &["a", "city", "é", "\\\"", "", "x y"];
const SCALARS: &[&str] = &[
    "1",
    "-0.5e3",
    "true",
    "null",
    "\"\"",
    "\"Paris\"",
    "\"}\"",
    "\"\\\"\"",
    "\"{\\\"a\\\": \"",
    "\"é\\n\"",
    "\" \"",
    "[]",
    "{}",
];

impl Composed {
    pub fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let mut transforms = Vec::new();
        for _ in 0..input.int_in_range(0..=2)? {
            let next = *input.choose(&TRANSFORMS)?;
            if !transforms.iter().any(|&one| one == next || compose::exclude_each_other(one, next)) {
                transforms.push(next);
            }
        }
        let switches: u16 = input.arbitrary()?;
        let on = |bit: u16| switches >> bit & 1 == 1;
        let how = Variation {
            piece: input.int_in_range(1..=7)?,
            restated_piece: *input.choose(&[usize::MAX, 1, 2, 4])?,
            late_at_the_end: on(0),
            seed_apart: on(1),
            snapshots_twice: on(2),
            snapshot_in_header: on(3),
            untyped: on(4),
            name_piece: *input.choose(&[0, 0, 1, 3])?,
            restated_respaced: on(5),
            header_after: on(6),
            // A call that comes whole would be moved itself.
            restated_at_the_end: on(7) && !transforms.contains(&Whole),
            batch: *input.choose(&[1, 1, 2, 100])?,
            ..PLAIN
        };
        let mut calls = Vec::new();
        if input.ratio(1, 3)? {
            let (_, known) = input.choose(&MESSAGES)?;
            calls.extend(known.iter().map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned())));
        } else {
            for _ in 0..=input.int_in_range(0..=2)? {
                let name = (*input.choose(NAMES)?).to_owned();
                let arguments = if input.ratio(1, 8)? { String::new() } else { object(input, 0)? };
                calls.push((name, arguments));
            }
        }
        let lent: Vec<(&str, &str)> = calls.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let fragments = compose::compose(&("", &lent), &transforms, how);
        Ok(Self { calls, transforms, how, fragments })
    }

    /// The chunks, a finish reason and `[DONE]`.
    pub fn documents(&self) -> Vec<String> {
        let chunks = self.fragments.chunks(self.how.batch).map(|fragments| {
            let calls: Vec<Value> = fragments.iter().map(Fragment::to_json).collect();
            json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}).to_string()
        });
        let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}).to_string();
        chunks.chain([finish, "[DONE]".into()]).collect()
    }

    pub fn check(&self, completion: &Completion) {
        let calls = &completion.choices[0].message.tool_calls;
        let right = calls.len() == self.calls.len()
            && calls.iter().zip(&self.calls).all(|(call, (name, arguments))| {
                let arguments = if arguments.is_empty() { "{}" } else { arguments };
                // Which of two texts of one value comes first is the transforms' doing; so is a blank behind a snapshot.
                let value = |text: &str| serde_json::from_str::<Value>(text).ok();
                let may_differ = self.how.restated_respaced || self.transforms.contains(&Snapshots);
                let same = call.arguments() == arguments || may_differ && value(call.arguments()) == value(arguments);
                call.name() == name && same && call.state() == ArgumentsState::Complete
            });
        if right || self.is_exception() {
            return;
        }
        let mut text = String::new();
        for call in calls {
            let _ = writeln!(text, "{}({}) {:?}", call.name(), call.arguments(), call.state());
        }
        panic!(
            "{:?} {:?}\nwent in: {:#?}\ncame out:\n{text}{:?}",
            self.transforms, self.how, self.calls, completion.anomalies
        );
    }

    /// What nothing can decide.
    fn is_exception(&self) -> bool {
        let has = |some: &[Transform]| some.iter().any(|one| self.transforms.contains(one));
        let empty = |at: usize| self.calls[at].1.is_empty();
        // Which call a fragment is of that has neither id nor index, or those of all.
        let interleaved = has(&[Interleaved]) && has(&[IndexAllZero, IndexMissing, IdConstant]);
        // A header without arguments that does not say whose it is, before another call: it may be that call's.
        let anonymous = [IdConstant, IdLate, IdAbsent, IndexAllZero, IndexMissing];
        let late_name = has(&[NameLate]) && has(&anonymous) && (0..self.calls.len()).any(empty);
        // Behind a call of its name: a call without arguments is the same header once more, or what that one's header was
        // of; one with equal arguments is a restatement (rule 7 g).
        let same_name = |at: &usize| self.calls[at - 1].0 == self.calls[*at].0;
        let alike = |at: usize| empty(at - 1) || empty(at) || self.calls[at - 1].1 == self.calls[at].1;
        let twins = has(&anonymous) && (1..self.calls.len()).filter(same_name).any(alike);
        // The whole header once more and with an id, behind a call that has none yet.
        let late_id = has(&[IdLate])
            && self.how.late_at_the_end
            && (has(&[RestatedWithHeader]) || self.how.header_after && has(&[EmptyAfter, BlankAfter]));
        // The header once more, behind other calls that have its id.
        let restated = has(&[IdConstant]) && self.how.restated_at_the_end;
        // The header of a call without arguments once more, with another id: a call of its own (rule 7 b).
        let again = has(&[IdChanging]) && self.how.header_after && has(&[EmptyAfter, BlankAfter]);
        let again = again && (0..self.calls.len()).any(empty);
        // Could be decided, and is not: with one index for all, a snapshot reading that is whole hides that its call has
        // closed from the header of the next call of its name. The call is invalid then.
        let hidden =
            has(&[IndexAllZero, IndexMissing]) && has(&[Snapshots]) && (1..self.calls.len()).any(|at| same_name(&at));
        interleaved || late_name || twins || late_id || restated || again || hidden
    }
}

/// An object with something in it, written as serde_json does not: with a blank behind `:` and `,`.
fn object(input: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    let (first, count) = (input.int_in_range(0..=KEYS.len() - 1)?, input.int_in_range(1..=3)?);
    let mut text = String::new();
    for n in 0..count {
        let key = KEYS[(first + n) % KEYS.len()];
        let value = match input.int_in_range(0..=7)? {
            0 if depth < 3 => object(input, depth + 1)?,
            1 if depth < 3 => format!("[{}, {}]", object(input, depth + 1)?, input.choose(SCALARS)?),
            _ => (*input.choose(SCALARS)?).to_owned(),
        };
        text.push_str(if n == 0 { "" } else { ", " });
        let _ = write!(text, "\"{key}\": {value}");
    }
    Ok(format!("{{{text}}}"))
}
