//! The whole way: bytes → one complete message.

mod peers;

use std::io;

use bytes::Bytes;

use crate::bars::{Bar, Need};
use crate::measure::{Case, Contestant, Effort, Role, Table, Verdict, measure};
use crate::message::Message;
use crate::streams::{self, Stream, Streams};

const SECTION: &str = "stack";

const SSE_CORE: &str = "sse-core + sonic-rs, borrowed struct";
const SSE_STREAM: &str = "sse-stream + sonic-rs, borrowed struct";
const OPENAI: &str = "eventsource-stream + async-openai's types";

#[cfg(feature = "clients")]
const RIG: &str = "rig-core 0.44, over memory";

/// One stream's bytes as they arrive.
struct Arrival {
    whole: Bytes,
    pieces: Vec<Bytes>,
    expected: Message,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    OneEvent,
    Bytes(usize),
}

impl Size {
    const ALL: [Self; 3] = [Self::OneEvent, Self::Bytes(1460), Self::Bytes(65536)];

    fn name(self) -> String {
        match self {
            Self::OneEvent => "one event an input".to_owned(),
            Self::Bytes(n) => format!("{n}-byte inputs"),
        }
    }

    fn arrival(self, stream: &Stream) -> Arrival {
        let whole = Bytes::from(stream.bytes.clone());
        let pieces = match self {
            Self::OneEvent => stream.events().map(|range| whole.slice(range)).collect(),
            Self::Bytes(n) => (0..whole.len()).step_by(n).map(|i| whole.slice(i..whole.len().min(i + n))).collect(),
        };
        // The reference: each event's data through serde_json, whatever the cuts.
        let mut expected = Message::default();
        for data in stream.data() {
            if let Ok(chunk) = serde_json::from_slice(data) {
                expected.add(&chunk);
            }
        }
        Arrival { whole, pieces, expected: expected.without_indices() }
    }
}

/// How a contestant's message is compared.
#[derive(Clone, Copy)]
enum Compare {
    All,
    /// Its types have no reasoning.
    NoReasoning,
    /// It parses the arguments, and normalises the rest.
    #[cfg(feature = "clients")]
    TextAndCalls,
}

impl Compare {
    fn of(self, message: Message) -> Message {
        match self {
            Self::All => message,
            Self::NoReasoning => Message { reasoning: String::new(), ..message },
            #[cfg(feature = "clients")]
            Self::TextAndCalls => message.text_and_calls(),
        }
    }
}

fn contestant<'a>(
    name: &'static str,
    role: Role,
    compare: Compare,
    arrivals: &'a [Arrival],
    message: impl Fn(&[Bytes]) -> (Message, bool),
    run: impl Fn(&[Bytes]) -> u64 + 'a,
) -> Contestant<'a> {
    let (mut wrong, mut refused) = (0, 0);
    for arrival in arrivals {
        let (got, accepted) = message(&arrival.pieces);
        if !accepted && role == Role::Peer {
            refused += 1;
        } else if compare.of(got) != compare.of(arrival.expected.clone()) {
            wrong += 1;
        }
    }
    let verdict = match (wrong, refused) {
        (0, 0) => Verdict::Right,
        (0, refused) => Verdict::Refuses(refused, arrivals.len()),
        _ => Verdict::Wrong(format!("{wrong} of {} messages differ", arrivals.len())),
    };
    let run = Box::new(move || arrivals.iter().map(|arrival| run(&arrival.pieces)).fold(0, u64::wrapping_add));
    Contestant { name, role, verdict, run }
}

/// A contestant that accumulates a [`Message`] itself.
fn peer<'a>(
    name: &'static str,
    compare: Compare,
    arrivals: &'a [Arrival],
    f: fn(&[Bytes]) -> (Message, bool),
) -> Contestant<'a> {
    contestant(name, Role::Peer, compare, arrivals, f, move |pieces| f(pieces).0.weight())
}

fn case<'a>(streams: &Streams, size: Size, arrivals: &'a [Arrival]) -> Case<'a> {
    let contestants = vec![
        contestant(
            "deltawire, ChatStream to Completion",
            Role::Deltawire,
            Compare::All,
            arrivals,
            |pieces| (Message::of(&peers::deltawire(pieces).0), true),
            |pieces| peers::deltawire(pieces).1,
        ),
        peer(SSE_CORE, Compare::All, arrivals, peers::sse_core),
        peer(SSE_STREAM, Compare::All, arrivals, peers::sse_stream),
        peer(OPENAI, Compare::NoReasoning, arrivals, peers::eventsource_stream),
        #[cfg(feature = "clients")]
        peer(RIG, Compare::TextAndCalls, arrivals, peers::rig),
        Contestant {
            name: "memchr_iter(b'\\n') over the same bytes",
            role: Role::Scan,
            verdict: Verdict::Right,
            run: Box::new(|| {
                let positions = arrivals.iter().flat_map(|arrival| memchr::memchr_iter(b'\n', &arrival.whole));
                let mut sum = 0;
                positions.for_each(|position| sum += position as u64);
                sum
            }),
        },
    ];
    Case {
        section: SECTION,
        input: streams.name.clone(),
        size: size.name(),
        items: streams.events(),
        bytes: streams.bytes(),
        contestants,
    }
}

/// Measures the section; `recorded` are sets of recorded streams. Everything is fresh for each stream.
pub fn run(
    recorded: &[Streams],
    effort: Effort,
    mut done: impl FnMut(&Table) -> io::Result<()>,
) -> io::Result<(Vec<Table>, Vec<Bar>)> {
    let long = streams::long();
    let mut tables = Vec::new();
    for streams in std::iter::once(&long).chain(recorded) {
        for size in Size::ALL {
            let arrivals: Vec<_> = streams.streams.iter().map(|stream| size.arrival(stream)).collect();
            let table = measure(case(streams, size, &arrivals), effort);
            done(&table)?;
            tables.push(table);
        }
    }
    let bars = bars(&tables);
    Ok((tables, bars))
}

fn bars(tables: &[Table]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for table in tables {
        let what = format!("stack, {}, {}", table.input, table.size);
        let fast = table.ratio(SSE_CORE).zip(table.ratio(SSE_STREAM)).map(|(core, stream)| core.min(stream));
        let common = table.ratio(OPENAI);
        let need = match (&*table.input, &*table.size) {
            ("long stream", "65536-byte inputs") => Some((12.0, 60.0)),
            ("long stream", "1460-byte inputs") => Some((10.0, 30.0)),
            (input, _) if input.starts_with("recorded") => Some((4.0, 10.0)),
            _ => None,
        };
        let Some((over_fast, over_common)) = need else { continue };
        let name = "the faster of sse-core and sse-stream, with sonic-rs";
        bars.push(Bar::ratio(format!("{what}: over {name}"), Need::AtLeast(over_fast), fast));
        bars.push(Bar::ratio(format!("{what}: over {OPENAI}"), Need::AtLeast(over_common), common));
        if table.size == "65536-byte inputs" && table.input == "long stream" {
            // An aim, not a bar.
            let scan =
                Bar::ratio(format!("{what}: time as a multiple of the scan"), Need::AtMost(4.0), table.times_scan());
            bars.push(Bar { is_aim: true, ..scan });
        }
    }
    bars
}
