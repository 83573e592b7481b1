//! Rules 7 to 9 under every single transform and every pair of them: the calls come out as they went in.

#[path = "support/compose.rs"]
#[allow(dead_code)]
mod compose;

use compose::Transform::*;
use compose::{MESSAGES, Message, PLAIN, TRANSFORMS, Transform, Variation};
use deltawire::{ArgumentsState, ChatStream, Completion};

/// What cannot come out right: of this message ("" for each) any stream with these transforms, and why.
const EXCEPTIONS: &[(&str, &[Transform], &str)] = &[
    ("", &[IndexAllZero, Interleaved], "nothing says which call a fragment without an id is of"),
    ("", &[IndexMissing, Interleaved], "nothing says which call a fragment without an id is of"),
    ("", &[IdConstant, Interleaved], "the second header may be the first one again"),
    ("", &[IdLate, IdConstant, IndexMissing], "the second call's late id is the first call's"),
    ("", &[Whole, RestatedWithHeader, IdChanging], "two equal calls with ids of their own look the same (rule 7 b)"),
    (
        "no arguments",
        &[EmptyAfter, NameRepeated, IdChanging],
        "a header with an id of its own, and no arguments (rule 7 b)",
    ),
    ("no arguments", &[BlankAfter, NameRepeated, IdChanging], "the same"),
    ("", &[Whole, RestatedWithHeader, IdAbsent], "two equal calls look the same (rule 7 g)"),
];

fn is_exception(message: &Message, transforms: &[Transform]) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(of, known, _)| (of.is_empty() || *of == message.0) && known.iter().all(|one| transforms.contains(one)))
}

fn decode(body: &str) -> Completion {
    let mut chat = ChatStream::new();
    chat.feed(body.as_bytes(), |_| {}).expect("within the limits");
    chat.finish()
}

fn is_right(message: &Message, completion: &Completion) -> bool {
    let calls = &completion.choices[0].message.tool_calls;
    calls.len() == message.1.len()
        && calls.iter().zip(message.1).all(|(call, (name, arguments))| {
            let arguments = if arguments.is_empty() { "{}" } else { arguments };
            call.name() == *name && call.arguments() == arguments && call.state() == ArgumentsState::Complete
        })
}

fn combinations(length: usize) -> Vec<Vec<Transform>> {
    fn go(from: usize, length: usize, so_far: &mut Vec<Transform>, all: &mut Vec<Vec<Transform>>) {
        if so_far.len() == length {
            all.push(so_far.clone());
            return;
        }
        for (n, &next) in TRANSFORMS.iter().enumerate().skip(from) {
            if so_far.iter().any(|&one| compose::exclude_each_other(one, next)) {
                continue;
            }
            so_far.push(next);
            go(n + 1, length, so_far, all);
            so_far.pop();
        }
    }
    let mut all = Vec::new();
    go(0, length, &mut Vec::new(), &mut all);
    all
}

/// What a run over combinations came to.
#[derive(Debug, Default)]
struct Tally {
    streams: usize,
    /// Known exceptions that came out wrong.
    excepted: usize,
    wrong: Vec<String>,
    /// Of all that were wrong, those with every call complete: they would have been run.
    dangerous: Vec<String>,
}

fn run(length: usize, how: Variation) -> Tally {
    let mut tally = Tally::default();
    for transforms in combinations(length) {
        for message in &MESSAGES {
            tally.streams += 1;
            let fragments = compose::compose(message, &transforms, how);
            let completion = decode(&compose::body(&fragments, how.batch));
            if is_right(message, &completion) {
                continue;
            }
            let name = format!("{}: {transforms:?}", message.0);
            let calls = &completion.choices[0].message.tool_calls;
            if std::env::var("DELTAWIRE_SHOW").is_ok_and(|show| show == name) {
                fragments.iter().for_each(|fragment| println!("        {}", fragment.to_json()));
            }
            if std::env::var_os("DELTAWIRE_SHOW").is_some() {
                println!("{name}");
                calls.iter().for_each(|call| println!("    {}({}) {:?}", call.name(), call.arguments(), call.state()));
            }
            if calls.iter().all(|call| call.state() == ArgumentsState::Complete) {
                tally.dangerous.push(name.clone());
            }
            if is_exception(message, &transforms) { tally.excepted += 1 } else { tally.wrong.push(name) }
        }
    }
    tally
}

#[test]
fn singles_and_pairs() {
    for piece in [1, 2, 3, 4, 5, 7] {
        let how = Variation { piece, ..PLAIN };
        assert_eq!(run(1, how).wrong, [""; 0], "single transforms");
        let tally = run(2, how);
        assert!(tally.streams > 1_600);
        assert_eq!(tally.wrong, [""; 0], "pairs, pieces of {piece}");
        assert_eq!(tally.dangerous, [""; 0], "wrong with every call complete, pieces of {piece}");
        assert!((1..20).contains(&tally.excepted), "{} exceptions", tally.excepted);
    }
}

#[test]
fn variations() {
    let variations = [
        Variation { restated_piece: 1, ..PLAIN },
        Variation { restated_piece: 4, ..PLAIN },
        Variation { late_at_the_end: true, ..PLAIN },
        Variation { seed_apart: true, ..PLAIN },
        Variation { snapshots_twice: true, ..PLAIN },
        Variation { snapshot_in_header: true, piece: 1, ..PLAIN },
        Variation { snapshot_in_header: true, piece: 6, ..PLAIN },
        Variation { untyped: true, ..PLAIN },
        Variation { name_piece: 1, ..PLAIN },
        Variation { name_piece: 3, ..PLAIN },
        Variation { restated_respaced: true, ..PLAIN },
        Variation { restated_respaced: true, restated_piece: 2, ..PLAIN },
        Variation { header_after: true, ..PLAIN },
        Variation { restated_at_the_end: true, ..PLAIN },
        Variation { late_alone: true, ..PLAIN },
        Variation { pieces_with_key: true, ..PLAIN },
        Variation { pieces_with_key: true, name_piece: 2, ..PLAIN },
        Variation { named_keep_ids: true, ..PLAIN },
        Variation { batch: 2, ..PLAIN },
        Variation { batch: 100, ..PLAIN },
    ];
    for how in variations {
        for length in [1, 2] {
            let tally = run(length, how);
            let known: Vec<String> = match length {
                // The header comes once more, empty, with a new id: a call of its own without arguments (rule 7 b).
                2 if how.header_after => {
                    ["EmptyAfter", "BlankAfter"].map(|after| format!("no arguments: [{after}, IdChanging]")).into()
                }
                // A piece of a name that has an arguments key and an id or a type too is a header (rule 7 b and c).
                2 if how.pieces_with_key => ["IdChanging", "TypeRepeated"]
                    .iter()
                    .flat_map(|way| MESSAGES.iter().map(move |message| format!("{}: [NameCut, {way}]", message.0)))
                    .collect(),
                _ => Vec::new(),
            };
            assert_eq!(tally.wrong, known, "{how:?}");
            assert_eq!(tally.dangerous, known, "wrong with every call complete, {how:?}");
        }
    }
}

#[test]
fn triples() {
    let tally = run(3, PLAIN);
    assert!(tally.streams > 11_000);
    assert_eq!(tally.wrong, [""; 0], "triples");
    assert!((100..200).contains(&tally.excepted), "{} exceptions", tally.excepted);
    // Two equal calls, each whole, in twelve; the rest have calls interleaved that no index or id tells apart.
    assert_eq!(tally.dangerous.len(), 19, "wrong with every call complete: {:#?}", tally.dangerous);
}
