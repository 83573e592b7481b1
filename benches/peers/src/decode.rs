//! Stage 2: the data of an event → the fields of its chunk.

mod peers;

use std::io;

use crate::bars::{Bar, Need};
use crate::fields::{Hashes, Tally, reference};
use crate::measure::{Case, Contestant, Effort, Role, Table, Verdict, measure};
use crate::streams::{self, Streams};
use peers::Decode;

const SECTION: &str = "decode";

const WARM: &str = "deltawire, warm";
const FRESH: &str = "deltawire, a fresh decoder a stream";
const COLD: &str = "deltawire, no cache";
const OPENAI: &str = "serde_json, async-openai 0.43's types";
const SONIC: &str = "sonic-rs 0.5, borrowed struct";

/// Only a peer may refuse: what it accepts is compared, and the table says how much it refuses.
fn verdict(role: Role, got: &[Option<u64>], expected: &[Option<u64>]) -> Verdict {
    if got.len() != expected.len() {
        return Verdict::Wrong(format!("{} events, expected {}", got.len(), expected.len()));
    }
    let wrong = got.iter().zip(expected).filter(|(got, expected)| got.is_some() && got != expected).count();
    let refused = got.iter().zip(expected).filter(|(got, expected)| got.is_none() && expected.is_some()).count();
    match (wrong, refused) {
        (0, 0) => Verdict::Right,
        (0, refused) if role == Role::Peer => Verdict::Refuses(refused, expected.len()),
        (wrong, refused) => Verdict::Wrong(format!("{} of {} events differ", wrong + refused, expected.len())),
    }
}

fn contestant<'a>(
    name: &'static str,
    role: Role,
    streams: &'a Streams,
    mut decode: impl Decode + 'a,
) -> Contestant<'a> {
    let hashes = || if name == OPENAI { Hashes::without_reasoning() } else { Hashes::default() };
    let mut expected = hashes();
    for stream in &streams.streams {
        stream.data().for_each(|data| reference(data, &mut expected));
    }
    let mut verdict = Verdict::Right;
    for _ in 0..2 {
        // Twice, since a decoder that remembers may differ the second time.
        let mut got = hashes();
        streams.streams.iter().for_each(|stream| decode.stream(stream, &mut got));
        if !matches!(verdict, Verdict::Wrong(_)) {
            verdict = self::verdict(role, &got.events, &expected.events);
        }
    }
    let run = Box::new(move || {
        let mut tally = Tally::default();
        for stream in &streams.streams {
            decode.stream(stream, &mut tally);
        }
        tally.0
    });
    Contestant { name, role, verdict, run }
}

fn case<'a>(streams: &'a Streams, warm: bool) -> Case<'a> {
    let (warm, fresh) = if warm { (Role::Deltawire, Role::Variant) } else { (Role::Variant, Role::Deltawire) };
    let mut contestants = vec![
        contestant(WARM, warm, streams, peers::Deltawire::warm()),
        contestant(FRESH, fresh, streams, peers::Deltawire::fresh()),
        contestant(COLD, Role::Variant, streams, peers::Deltawire::cold()),
        contestant(SONIC, Role::Peer, streams, peers::Sonic),
        contestant("simd-json 0.19, tape, own buffers", Role::Peer, streams, peers::SimdTape::default()),
        contestant("simd-json 0.19, borrowed struct, own buffers", Role::Peer, streams, peers::SimdTyped::default()),
        contestant("jiter 0.18, pulled", Role::Peer, streams, peers::Jiter::default()),
        contestant("serde_json, borrowed struct", Role::Peer, streams, peers::Serde),
        contestant(OPENAI, Role::Peer, streams, peers::AsyncOpenai),
    ];
    contestants.sort_by_key(|contestant| contestant.role != Role::Deltawire);
    Case {
        section: SECTION,
        input: streams.name.clone(),
        size: String::new(),
        items: streams.events(),
        bytes: streams.streams.iter().flat_map(streams::Stream::data).map(<[u8]>::len).sum(),
        contestants,
    }
}

/// Measures the section; `recorded` are sets of recorded streams.
pub fn run(
    recorded: &[Streams],
    effort: Effort,
    mut done: impl FnMut(&Table) -> io::Result<()>,
) -> io::Result<(Vec<Table>, Vec<Bar>)> {
    let generated = [streams::long(), streams::arguments(), streams::logprobs(), streams::never_repeats()];
    let mut tables = Vec::new();
    let sets = recorded.iter().map(|streams| (streams, false)).chain(generated.iter().map(|streams| (streams, true)));
    for (streams, warm) in sets {
        let table = measure(case(streams, warm), effort);
        done(&table)?;
        tables.push(table);
    }
    let bars = bars(&tables);
    Ok((tables, bars))
}

fn bars(tables: &[Table]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for table in tables {
        let what = format!("decode, {}", table.input);
        if table.input == "long stream" {
            bars.push(Bar::ratio(format!("{what}, warm: over sonic-rs"), Need::AtLeast(15.0), table.ratio(SONIC)));
            let openai = table.ratio(OPENAI);
            bars.push(Bar::ratio(format!("{what}, warm: over async-openai's types"), Need::AtLeast(25.0), openai));
        }
        if table.input.starts_with("recorded") {
            let sonic = Bar::ratio(format!("{what}, fresh: over sonic-rs"), Need::AtLeast(4.0), table.ratio(SONIC));
            bars.push(sonic.aim(Need::AtLeast(6.0)));
            let openai = table.ratio(OPENAI);
            let openai = Bar::ratio(format!("{what}, fresh: over async-openai's types"), Need::AtLeast(7.0), openai);
            bars.push(openai.aim(Need::AtLeast(10.0)));
        }
        if table.input == "long stream" || table.input.starts_with("recorded") {
            let cold = table.ratio(SONIC).zip(table.ratio(COLD)).map(|(sonic, cold)| sonic / cold);
            bars.push(Bar::ratio(format!("{what}, no cache: over sonic-rs"), Need::AtLeast(2.0), cold));
        }
        if table.input == "never repeats" {
            let cost = table.ratio(FRESH).zip(table.ratio(COLD)).map(|(fresh, cold)| fresh / cold);
            bars.push(Bar::ratio(format!("{what}: with the cache, over no cache"), Need::AtMost(1.1), cost));
        }
    }
    bars
}
