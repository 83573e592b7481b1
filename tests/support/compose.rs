//! Clean tool calls, and the wires that providers make of them: transforms that can be combined.
//!
//! A message is a list of calls. [`compose`] cuts them into fragments as a well-behaved server does, then applies the
//! transforms in the order in which [`Transform`] lists them; [`body`] writes the fragments as an event stream.
#![allow(unreachable_pub)] // what is included by path

use serde_json::{Value, json};

/// A fragment of a tool call as it goes over the wire. `None` is an absent key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fragment {
    /// Which call it is of: what the wire may hide.
    pub call: usize,
    pub index: Option<Value>,
    pub id: Option<String>,
    pub typed: bool,
    pub name: Option<String>,
    pub arguments: Option<String>,
}

/// The ways of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transform {
    Whole,
    EveryCharacter,
    Snapshots,
    ArgumentsKeyAbsentFirst,
    Seed,
    EmptyAfter,
    BlankAfter,
    RestatedWithHeader,
    RestatedWithoutHeader,
    NameRepeated,
    NameLate,
    NameCut,
    IdRepeated,
    IdEmpty,
    IdChanging,
    IdAbsent,
    IdLate,
    IdConstant,
    TypeRepeated,
    IndexAllZero,
    IndexMissing,
    IndexFromOne,
    IndexAsString,
    Interleaved,
}

use Transform::*;

pub const TRANSFORMS: [Transform; 24] = [
    Whole,
    EveryCharacter,
    Snapshots,
    ArgumentsKeyAbsentFirst,
    Seed,
    EmptyAfter,
    BlankAfter,
    RestatedWithHeader,
    RestatedWithoutHeader,
    NameRepeated,
    NameLate,
    NameCut,
    IdRepeated,
    IdEmpty,
    IdChanging,
    IdAbsent,
    IdLate,
    IdConstant,
    TypeRepeated,
    IndexAllZero,
    IndexMissing,
    IndexFromOne,
    IndexAsString,
    Interleaved,
];

/// Whether two transforms say different things about the same: how arguments are cut, or what the index is.
pub fn exclude_each_other(a: Transform, b: Transform) -> bool {
    let cuts = [Whole, EveryCharacter, Snapshots];
    let indexes = [IndexAllZero, IndexMissing, IndexFromOne, IndexAsString];
    a != b && [&cuts[..], &indexes[..]].iter().any(|group| group.contains(&a) && group.contains(&b))
}

/// How the transforms are made, where there are several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    /// Characters of a piece of the arguments.
    pub piece: usize,
    /// Characters of a piece of restated arguments.
    pub restated_piece: usize,
    /// Late ids and names come with the last fragment, not with the second.
    pub late_at_the_end: bool,
    /// The seed comes in a fragment of its own, after a header without arguments.
    pub seed_apart: bool,
    /// Each snapshot comes twice.
    pub snapshots_twice: bool,
    /// The first snapshot comes with the header.
    pub snapshot_in_header: bool,
    /// No fragment has a type.
    pub untyped: bool,
    /// The cut name comes in pieces of so many characters (0: two halves).
    pub name_piece: usize,
    /// Restated arguments are written with other blanks.
    pub restated_respaced: bool,
    /// The empty or blank fragment after is a whole header.
    pub header_after: bool,
    /// Restated arguments come after all calls.
    pub restated_at_the_end: bool,
    /// Late ids and names come in fragments of their own.
    pub late_alone: bool,
    /// The pieces of a cut name have an empty arguments string.
    pub pieces_with_key: bool,
    /// Ids change only in fragments that have no name.
    pub named_keep_ids: bool,
    /// Fragments in one chunk.
    pub batch: usize,
}

pub const PLAIN: Variation = Variation {
    piece: 3,
    restated_piece: usize::MAX,
    late_at_the_end: false,
    seed_apart: false,
    snapshots_twice: false,
    snapshot_in_header: false,
    untyped: false,
    name_piece: 0,
    restated_respaced: false,
    header_after: false,
    restated_at_the_end: false,
    late_alone: false,
    pieces_with_key: false,
    named_keep_ids: false,
    batch: 1,
};

/// A message: its name, and its calls (name, arguments; "" for a call without).
pub type Message<'a> = (&'a str, &'a [(&'a str, &'a str)]);

pub const MESSAGES: [Message<'static>; 6] = [
    ("one", &[("get_weather", r#"{"city": "Paris"}"#)]),
    ("two of one name", &[("get_weather", r#"{"city": "Paris"}"#), ("get_weather", r#"{"city": "Rome"}"#)]),
    ("two names", &[("get_weather", r#"{"city": "Paris"}"#), ("get_time", r#"{"zone": "Europe/Rome"}"#)]),
    (
        "nested",
        &[
            ("run", r#"{"code": "if (a) { b(\"}\") } \\ é", "options": {"a": {"a": [1, {"c": "]"}]}, "n": -1.5e3}}"#),
            ("run", r#"{"code": "{\"x\": [", "options": {}}"#),
        ],
    ),
    ("no arguments", &[("now", ""), ("get_weather", r#"{"city": "Paris"}"#)]),
    (
        "three with repeats",
        &[
            ("get_weather", r#"{"city": "Paris"}"#),
            ("get_time", r#"{"zone": "Europe/Rome"}"#),
            ("get_weather", r#"{"city": "Paris"}"#),
        ],
    ),
];

/// The argument text in pieces of so many characters.
pub fn pieces(text: &str, characters: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(characters.max(1)).map(|piece| piece.iter().collect()).collect()
}

/// One call's fragments as a well-behaved server sends them: a header with empty arguments, then pieces.
pub fn clean(call: usize, name: &str, arguments: &str, piece: usize) -> Vec<Fragment> {
    let index = Some(json!(call));
    let header = Fragment {
        call,
        index: index.clone(),
        id: Some(format!("call_{call}")),
        typed: true,
        name: Some(name.into()),
        arguments: Some(String::new()),
    };
    let rest = pieces(arguments, piece).into_iter();
    let rest = rest.map(|piece| Fragment { call, index: index.clone(), arguments: Some(piece), ..Fragment::default() });
    std::iter::once(header).chain(rest).collect()
}

fn transform(transform: Transform, how: Variation, fragments: &mut Vec<Fragment>, name: &str, arguments: &str) {
    let call = fragments[0].call;
    let index = fragments[0].index.clone();
    let plain =
        |text: &str| Fragment { call, index: index.clone(), arguments: Some(text.into()), ..Fragment::default() };
    let recut = |fragments: &mut Vec<Fragment>, pieces: Vec<String>| {
        fragments.truncate(1);
        fragments.extend(pieces.iter().map(|piece| plain(piece)));
    };
    match transform {
        Whole => {
            fragments.truncate(1);
            fragments[0].arguments = Some(arguments.into());
        }
        EveryCharacter => recut(fragments, pieces(arguments, 1)),
        Snapshots => {
            let mut so_far = String::new();
            let mut snapshots = Vec::new();
            for piece in pieces(arguments, how.piece) {
                so_far += &piece;
                snapshots.extend(vec![so_far.clone(); 1 + usize::from(how.snapshots_twice)]);
            }
            if how.snapshot_in_header && !snapshots.is_empty() {
                fragments[0].arguments = Some(snapshots.remove(0));
            }
            recut(fragments, snapshots);
        }
        ArgumentsKeyAbsentFirst => {
            if fragments[0].arguments.as_deref() == Some("") {
                fragments[0].arguments = None;
            }
        }
        Seed if how.seed_apart && fragments[0].arguments.as_deref().is_none_or(str::is_empty) => {
            fragments.insert(1, plain("{}"));
        }
        Seed => {
            if let Some(text) = fragments[0].arguments.replace("{}".into())
                && !text.is_empty()
            {
                fragments.insert(1, plain(&text));
            }
        }
        EmptyAfter | BlankAfter => {
            let text = Some(if transform == EmptyAfter { "" } else { " \n" }.into());
            let like = if how.header_after { fragments[0].clone() } else { plain("") };
            fragments.push(Fragment { arguments: text, ..like });
        }
        RestatedWithHeader | RestatedWithoutHeader => {
            let respaced = arguments.replace("\": ", "\" :\n").replace('}', " }");
            let value = |text: &str| serde_json::from_str::<Value>(text).ok();
            let same = value(arguments).is_some() && value(&respaced) == value(arguments);
            let text = if how.restated_respaced && same { &respaced } else { arguments };
            let mut restated: Vec<_> = pieces(text, how.restated_piece).iter().map(|piece| plain(piece)).collect();
            if transform == RestatedWithHeader
                && let Some(first) = restated.first_mut()
            {
                let header = fragments[0].clone();
                *first = Fragment { arguments: first.arguments.take(), ..header };
            }
            fragments.extend(restated);
        }
        NameRepeated => fragments.iter_mut().for_each(|fragment| fragment.name = Some(name.into())),
        NameLate => {
            let late = fragments[0].name.take();
            let at = if how.late_at_the_end { fragments.len() - 1 } else { 1 };
            match fragments.get_mut(at).filter(|_| at > 0) {
                Some(_) if how.late_alone => {
                    fragments.insert(at, Fragment { name: late, arguments: None, ..plain("") });
                }
                Some(second) => second.name = late,
                None => fragments.push(Fragment { name: late, arguments: None, ..plain("") }),
            }
        }
        NameCut => {
            let names = pieces(name, if how.name_piece == 0 { name.len().div_ceil(2) } else { how.name_piece });
            fragments[0].name = Some(names[0].clone());
            // A header with the arguments cannot come before the rest of its name.
            if fragments[0].arguments.as_deref().is_some_and(|text| !text.is_empty()) {
                let text = fragments[0].arguments.replace(String::new());
                fragments.insert(1, Fragment { arguments: text, ..plain("") });
            }
            let arguments = how.pieces_with_key.then(String::new);
            let rest = names[1..].iter().map(|name| Fragment {
                name: Some(name.clone()),
                arguments: arguments.clone(),
                ..plain("")
            });
            fragments.splice(1..1, rest);
        }
        IdRepeated => {
            let id = fragments[0].id.clone();
            fragments.iter_mut().for_each(|fragment| fragment.id = id.clone());
        }
        IdEmpty => fragments.iter_mut().skip(1).for_each(|fragment| fragment.id = Some(String::new())),
        IdChanging => {
            let name = |n: usize| Some(format!("call_{call}_{n}"));
            let rest = fragments.iter_mut().enumerate().skip(1);
            let rest = rest.filter(|(_, fragment)| fragment.name.is_none() || !how.named_keep_ids);
            rest.for_each(|(n, fragment)| fragment.id = name(n));
        }
        IdAbsent => fragments.iter_mut().for_each(|fragment| fragment.id = None),
        IdLate => {
            let id = fragments[0].id.take();
            let at = if how.late_at_the_end { fragments.len() - 1 } else { 1 };
            match fragments.get_mut(at).filter(|_| at > 0) {
                Some(_) if how.late_alone => {
                    fragments.insert(at, Fragment { id, arguments: None, ..plain("") });
                }
                Some(second) => second.id = id,
                None => fragments.push(Fragment { id, arguments: None, ..plain("") }),
            }
        }
        IdConstant => {
            for fragment in fragments.iter_mut() {
                fragment.id = fragment.id.as_ref().map(|id| if id.is_empty() { String::new() } else { "call".into() });
            }
        }
        TypeRepeated => fragments.iter_mut().for_each(|fragment| fragment.typed = true),
        IndexAllZero => fragments.iter_mut().for_each(|fragment| fragment.index = Some(json!(0))),
        IndexMissing => fragments.iter_mut().for_each(|fragment| fragment.index = None),
        IndexFromOne => fragments.iter_mut().for_each(|fragment| fragment.index = Some(json!(call + 1))),
        IndexAsString => fragments.iter_mut().for_each(|fragment| fragment.index = Some(json!(call.to_string()))),
        Interleaved => {}
    }
}

/// The message's fragments with these transforms.
pub fn compose(message: &Message<'_>, transforms: &[Transform], how: Variation) -> Vec<Fragment> {
    let mut transforms = transforms.to_vec();
    transforms.sort();
    let calls = message.1.iter().enumerate().map(|(call, (name, arguments))| {
        let mut fragments = clean(call, name, arguments, how.piece);
        transforms.iter().for_each(|&which| transform(which, how, &mut fragments, name, arguments));
        if how.untyped {
            fragments.iter_mut().for_each(|fragment| fragment.typed = false);
        }
        fragments
    });
    let calls: Vec<Vec<Fragment>> = calls.collect();
    if !transforms.contains(&Interleaved) {
        let mut all = calls.concat();
        if how.restated_at_the_end && transforms.contains(&RestatedWithHeader) {
            let (last, before): (Vec<_>, Vec<_>) = all.into_iter().partition(|fragment| {
                let (_, arguments) = message.1[fragment.call];
                fragment.name.is_some() && fragment.arguments.as_deref() == Some(arguments) && !arguments.is_empty()
            });
            all = [before, last].concat();
        }
        return all;
    }
    let longest = calls.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|n| calls.iter().filter_map(move |call| call.get(n).cloned())).collect()
}

impl Fragment {
    /// As an entry of `tool_calls`.
    pub fn to_json(&self) -> Value {
        let mut entry = json!({"function": {}});
        if let Some(index) = &self.index {
            entry["index"] = index.clone();
        }
        if let Some(id) = &self.id {
            entry["id"] = json!(id);
        }
        if self.typed {
            entry["type"] = json!("function");
        }
        if let Some(name) = &self.name {
            entry["function"]["name"] = json!(name);
        }
        if let Some(arguments) = &self.arguments {
            entry["function"]["arguments"] = json!(arguments);
        }
        entry
    }
}

/// A chunk's event.
pub fn event(choice: i64, delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({"index": choice, "delta": delta, "finish_reason": finish});
    let chunk = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]});
    format!("data: {chunk}\n\n")
}

/// The event stream: so many fragments a chunk, a finish reason, `[DONE]`.
pub fn body(fragments: &[Fragment], batch: usize) -> String {
    let chunks = fragments.chunks(batch).map(|fragments| {
        let calls: Vec<Value> = fragments.iter().map(Fragment::to_json).collect();
        event(0, &json!({"tool_calls": calls}), None)
    });
    chunks.collect::<String>() + &event(0, &json!({}), Some("tool_calls")) + "data: [DONE]\n\n"
}
