//! Stage 1: bytes → events, deltawire's `Framer` and the event stream parsers that Rust has.

mod peers;

use std::io;

use crate::bars::{Bar, Need};
use crate::inputs::{self, Blocks, Recording};
use crate::measure::{Case, Contestant, Effort, Role, Table, Verdict, measure};
use peers::{Events, Hashes, Inputs, Tally};

const SECTION: &str = "framing";

/// How the bytes arrive.
#[derive(Clone, Copy)]
enum Size {
    OneEvent,
    Bytes(usize),
    Whole,
}

impl Size {
    const ALL: [Self; 5] = [Self::OneEvent, Self::Bytes(1460), Self::Bytes(8192), Self::Bytes(65536), Self::Whole];

    fn name(self) -> String {
        match self {
            Self::OneEvent => "one event an input".to_owned(),
            Self::Bytes(n) => format!("{n}-byte inputs"),
            Self::Whole => "whole".to_owned(),
        }
    }

    fn cut(self, blocks: &Blocks) -> Inputs {
        let bytes = bytes::Bytes::from(blocks.bytes.clone());
        let pieces = match self {
            Self::OneEvent => {
                let mut start = 0;
                blocks
                    .blocks
                    .iter()
                    .map(|length| {
                        start += length;
                        bytes.slice(start - length..start)
                    })
                    .collect()
            }
            Self::Bytes(n) => (0..bytes.len()).step_by(n).map(|i| bytes.slice(i..bytes.len().min(i + n))).collect(),
            Self::Whole => vec![bytes.clone()],
        };
        Inputs::new(bytes, pieces)
    }
}

/// Event by event as the WHATWG text has it, for input whose lines end in LF: what each contestant must give.
fn reference(bytes: &[u8]) -> Vec<u64> {
    let mut hashes = Hashes::default();
    let (mut event_type, mut data, mut has_data) = (Vec::new(), Vec::new(), false);
    for line in bytes.split(|&byte| byte == b'\n') {
        if line.is_empty() {
            if has_data {
                data.pop();
                hashes.event(&event_type, &data);
            }
            event_type.clear();
            data.clear();
            has_data = false;
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
                has_data = true;
            }
            b"event" => event_type = value.to_vec(),
            _ => {}
        }
    }
    hashes.0
}

fn contestant<'a>(
    name: &'static str,
    role: Role,
    expected: &[u64],
    check: impl FnOnce(&mut Hashes),
    run: impl FnMut() -> u64 + 'a,
) -> Contestant<'a> {
    let mut hashes = Hashes::default();
    check(&mut hashes);
    let verdict = if hashes.0 == expected {
        Verdict::Right
    } else {
        let differs = hashes.0.iter().zip(expected).position(|(a, b)| a != b);
        let counts = format!("{} events, expected {}", hashes.0.len(), expected.len());
        Verdict::Wrong(differs.map_or(counts.clone(), |n| format!("event {n} differs; {counts}")))
    };
    Contestant { name, role, verdict, run: Box::new(run) }
}

macro_rules! contestants {
    ($inputs:expr, $expected:expr, $($role:ident $name:literal $function:path;)*) => {
        vec![$(contestant(
            $name,
            Role::$role,
            $expected,
            |hashes| $function($inputs, hashes),
            || {
                let mut tally = Tally::default();
                $function($inputs, &mut tally);
                tally.0
            },
        ),)*]
    };
}

fn case<'a>(input: &str, size: Size, inputs: &'a Inputs, items: usize, expected: &[u64]) -> Case<'a> {
    let mut contestants = contestants!(inputs, expected,
        Deltawire "deltawire" peers::deltawire;
        Peer "sse-core 0.2" peers::sse_core;
        Peer "sse-stream 0.3" peers::sse_stream;
        Peer "sseer 0.3" peers::sseer;
        Peer "sse-parse 0.1" peers::sse_parse;
        Peer "eventsource-client 0.18, own transport" peers::eventsource_client;
        Peer "eventsource-stream 0.2" peers::eventsource_stream;
    );
    contestants.push(Contestant {
        name: "memchr_iter(b'\\n') over the whole buffer",
        role: Role::Scan,
        verdict: Verdict::Right,
        run: Box::new(|| inputs.scan()),
    });
    Case { section: SECTION, input: input.to_owned(), size: size.name(), items, bytes: inputs.len(), contestants }
}

/// Measures the section.
pub fn run(
    recordings: &[Recording],
    effort: Effort,
    mut done: impl FnMut(&Table) -> io::Result<()>,
) -> io::Result<(Vec<Table>, Vec<Bar>)> {
    let inputs = [
        ("recorded chat streams", inputs::recorded_blocks(recordings)),
        ("Anthropic-sized events", inputs::anthropic_blocks()),
        ("keep-alives", inputs::keep_alive_blocks()),
        ("multi-line data", inputs::multi_line_blocks()),
        ("40 KiB events", inputs::large_blocks()),
        ("tiny events", inputs::tiny_blocks()),
    ];
    let mut tables = Vec::new();
    for (name, blocks) in &inputs {
        let expected = reference(&blocks.bytes);
        for size in Size::ALL {
            let cut = size.cut(blocks);
            let table = measure(case(name, size, &cut, blocks.blocks.len(), &expected), effort);
            done(&table)?;
            tables.push(table);
        }
    }
    let bars = bars(&tables);
    Ok((tables, bars))
}

fn bars(tables: &[Table]) -> Vec<Bar> {
    let recorded =
        |size: Size| tables.iter().find(|table| table.input.starts_with("recorded") && table.size == size.name());
    let mut bars = Vec::new();
    for (bytes, scan, peer) in [(65536, 2.0, 3.5), (1460, 3.0, 3.0)] {
        let table = recorded(Size::Bytes(bytes));
        let what = format!("framing, recorded, {bytes}-byte inputs");
        let times_scan = table.and_then(Table::times_scan);
        bars.push(Bar::ratio(format!("{what}: time as a multiple of the scan"), Need::AtMost(scan), times_scan));
        let fastest = table.and_then(Table::fastest_peer);
        bars.push(Bar::ratio(format!("{what}: faster than the fastest peer"), Need::AtLeast(peer), fastest));
    }
    for table in tables {
        let what = format!("framing, {}, {}: faster than every peer", table.input, table.size);
        bars.push(Bar::ratio(what, Need::MoreThan(1.0), table.fastest_peer()));
    }
    bars
}
