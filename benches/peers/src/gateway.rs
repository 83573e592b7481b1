//! A gateway: 10,000 streams of eight hosts, one event at a time in any order, through one decoder; against the same
//! streams one after the other.
//!
//! Hot: each event is written into one small buffer with its stream's id in it, as a socket read would leave it; what
//! that costs is measured alone and taken off. Own bytes: every stream's bytes lie ready in memory, and come in cold.

mod families;

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use deltawire::{ChatState, ChatStream, Decoder, Framer, Keep, Options, RecentShapes, Update};

use crate::alloc::counted;
use crate::bars::{Bar, Need};
use crate::inputs::Random;
use crate::measure::{Nanoseconds, Role, Row, Table, Verdict, median};
use crate::streams;
use families::{Script, scripts};

const SECTION: &str = "gateway";
const STREAMS: usize = 10_000;
/// One event of the hostile stream comes after so many of the others'.
const HOSTILE_EVERY: usize = 100;

/// One stream: which host, where in its script it stands when the measuring begins.
struct Member {
    script: usize,
    phase: usize,
    id: [u8; 8],
}

struct Gateway {
    scripts: Vec<Script>,
    members: Vec<Member>,
    /// Events of each stream.
    steps: usize,
    /// For each step an order of the streams.
    orders: Vec<Vec<u32>>,
    /// The events of each stream, one stream after the other, and where each ends.
    own: (Vec<u8>, Vec<usize>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    OneAfterTheOther,
    Interleaved,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bytes {
    Hot,
    Own,
}

/// What the updates add up to: depends on each text and fragment.
fn see(update: &Update<'_>) -> u64 {
    match update {
        Update::Text { text, .. } => text.len() as u64,
        Update::Reasoning { text, .. } => 3 * text.len() as u64,
        Update::Arguments { fragment, .. } => 5 * fragment.len() as u64,
        Update::ToolCallStarted { .. } => 7,
        Update::Done { .. } => 11,
        _ => 0,
    }
}

fn feed(state: &mut ChatState, decoder: &mut Decoder, mut input: &[u8]) -> u64 {
    let mut seen = 0;
    while let Some(Ok(update)) = state.next(decoder, &mut input) {
        seen += see(&update);
    }
    seen
}

fn options(keep: Keep) -> Options {
    let mut options = Options::default();
    options.keep = keep;
    options
}

impl Gateway {
    fn new(steps: usize) -> Self {
        let mut random = Random::new(21);
        let scripts = scripts();
        let members: Vec<_> = (0..STREAMS)
            .map(|n| {
                let script = random.below(scripts.len());
                let phase = random.below(scripts[script].events());
                Member {
                    script,
                    phase,
                    id: *format!("{n:04x}{:04x}", random.below(1 << 16)).as_bytes().first_chunk().expect("eight"),
                }
            })
            .collect();
        let orders = (0..steps)
            .map(|_| {
                let mut order: Vec<u32> = (0..STREAMS as u32).collect();
                random.shuffle(&mut order);
                order
            })
            .collect();
        let mut gateway = Self { scripts, members, steps, orders, own: (Vec::new(), vec![0]) };
        let mut buffer = Vec::new();
        for stream in 0..STREAMS {
            for step in 0..steps {
                gateway.write(stream, step, &mut buffer);
                gateway.own.0.extend_from_slice(&buffer);
                gateway.own.1.push(gateway.own.0.len());
            }
        }
        gateway
    }

    fn events(&self) -> usize {
        STREAMS * self.steps
    }

    /// Where in its script a stream stands.
    fn at(&self, stream: usize, step: usize) -> usize {
        let member = &self.members[stream];
        (member.phase + step) % self.scripts[member.script].events()
    }

    /// Writes an event into the hot buffer.
    fn write(&self, stream: usize, step: usize, buffer: &mut Vec<u8>) {
        let member = &self.members[stream];
        self.scripts[member.script].write(self.at(stream, step), member.id, buffer);
    }

    /// Each stream's state as its phase has it, and a decoder that has seen them all.
    fn start(&self, keep: Keep) -> (Vec<ChatState>, Decoder) {
        let mut decoder = Decoder::new();
        let mut buffer = Vec::new();
        let states = self
            .members
            .iter()
            .map(|member| {
                let mut state = ChatState::with_options(options(keep));
                for event in 0..member.phase {
                    self.scripts[member.script].write(event, member.id, &mut buffer);
                    feed(&mut state, &mut decoder, &buffer);
                }
                state
            })
            .collect();
        (states, decoder)
    }

    /// Every step of every stream in this order.
    fn walk(&self, order: Order, mut step: impl FnMut(usize, usize)) {
        match order {
            Order::OneAfterTheOther => (0..STREAMS).for_each(|stream| (0..self.steps).for_each(|n| step(stream, n))),
            Order::Interleaved => {
                for (n, order) in self.orders.iter().enumerate() {
                    order.iter().for_each(|&stream| step(stream as usize, n));
                }
            }
        }
    }

    /// One pass: `event` gets each event's stream and bytes, and whether a response begins with it.
    #[inline]
    fn pass(&self, order: Order, bytes: Bytes, mut event: impl FnMut(usize, &[u8], bool)) {
        let mut buffer = Vec::with_capacity(4096);
        self.walk(order, |stream, step| {
            let first = self.at(stream, step) == 0;
            match bytes {
                Bytes::Hot => {
                    self.write(stream, step, &mut buffer);
                    event(stream, &buffer, first);
                }
                Bytes::Own => {
                    let n = stream * self.steps + step;
                    event(stream, &self.own.0[self.own.1[n]..self.own.1[n + 1]], first);
                }
            }
        });
    }

    /// Nanoseconds an event of a pass, the writing of the events included.
    fn time(&self, order: Order, bytes: Bytes, keep: Keep) -> f64 {
        let (mut states, mut decoder) = self.start(keep);
        let start = ThreadTime::now();
        let mut seen = 0;
        self.pass(order, bytes, |stream, event, first| {
            if first {
                states[stream].reset();
            }
            seen += feed(&mut states[stream], &mut decoder, event);
        });
        black_box(seen);
        start.elapsed().as_secs_f64() * 1e9 / self.events() as f64
    }

    /// Nanoseconds an event of writing the events alone.
    fn writing(&self, order: Order, bytes: Bytes) -> f64 {
        let start = ThreadTime::now();
        self.pass(order, bytes, |stream, event, first| {
            black_box((stream, event.as_ptr(), first));
        });
        start.elapsed().as_secs_f64() * 1e9 / self.events() as f64
    }

    /// As [`time`](Self::time), interleaved and hot, with a stream among the others that sends a new shape each time;
    /// its own events are not counted.
    fn time_beside_hostile(&self, hostile: &[Vec<u8>]) -> f64 {
        let (mut states, mut decoder) = self.start(Keep::Nothing);
        let mut enemy = ChatState::with_options(options(Keep::Nothing));
        let (mut seen, mut n) = (0, 0);
        let mut theirs = Duration::ZERO;
        let start = ThreadTime::now();
        self.pass(Order::Interleaved, Bytes::Hot, |stream, event, first| {
            if n % HOSTILE_EVERY == 0 {
                let start = Instant::now();
                seen += feed(&mut enemy, &mut decoder, &hostile[n / HOSTILE_EVERY % hostile.len()]);
                theirs += start.elapsed();
            }
            n += 1;
            if first {
                states[stream].reset();
            }
            seen += feed(&mut states[stream], &mut decoder, event);
        });
        black_box(seen);
        start.elapsed().saturating_sub(theirs).as_secs_f64() * 1e9 / self.events() as f64
    }

    /// Percentiles of single events by the clock on the wall, which costs some 20 ns itself.
    fn percentiles(&self, order: Order, of: [f64; 2]) -> [f64; 2] {
        let (mut states, mut decoder) = self.start(Keep::Nothing);
        let mut times = Vec::with_capacity(self.events());
        self.pass(order, Bytes::Hot, |stream, event, first| {
            let start = Instant::now();
            if first {
                states[stream].reset();
            }
            black_box(feed(&mut states[stream], &mut decoder, event));
            times.push(start.elapsed().as_nanos() as u32);
        });
        times.sort_unstable();
        of.map(|part| f64::from(times[((times.len() - 1) as f64 * part) as usize]))
    }

    /// The streams through one decoder in any order give what each gives alone with a decoder of its own.
    fn check(&self) -> Verdict {
        let sums = |order, bytes| {
            let (mut states, mut decoder) = self.start(Keep::Nothing);
            let mut sums = vec![0u64; STREAMS];
            self.pass(order, bytes, |stream, event, first| {
                if first {
                    states[stream].reset();
                }
                let seen = feed(&mut states[stream], &mut decoder, event);
                sums[stream] = sums[stream].wrapping_mul(31).wrapping_add(seen);
            });
            sums
        };
        let mut alone = vec![0u64; STREAMS];
        let mut buffer = Vec::new();
        for (stream, sum) in alone.iter_mut().enumerate() {
            let member = &self.members[stream];
            let mut chat = ChatStream::new();
            for event in 0..member.phase {
                self.scripts[member.script].write(event, member.id, &mut buffer);
                let _ = chat.feed(&buffer, |_| {});
            }
            for step in 0..self.steps {
                let event = self.at(stream, step);
                if event == 0 {
                    chat = ChatStream::new();
                }
                self.write(stream, step, &mut buffer);
                let mut seen = 0;
                let _ = chat.feed(&buffer, |update| seen += see(&update));
                *sum = sum.wrapping_mul(31).wrapping_add(seen);
                if self.scripts[member.script].text_length(event) > seen {
                    return Verdict::Wrong(format!("text of {} lost", self.scripts[member.script].host));
                }
            }
        }
        let same =
            [(Order::OneAfterTheOther, Bytes::Hot), (Order::Interleaved, Bytes::Hot), (Order::Interleaved, Bytes::Own)]
                .iter()
                .all(|&(order, bytes)| sums(order, bytes) == alone);
        if same { Verdict::Right } else { Verdict::Wrong("shared and own decoders differ".to_owned()) }
    }

    /// Bytes that an idle stream holds after 100 events with nothing kept: heap and the state itself, mean; events
    /// whole, or in inputs of 1,460 bytes of which the last is cut at 100 events.
    fn idle_bytes(&self, piece: Option<usize>) -> f64 {
        const COUNT: usize = 2000;
        let (_, mut decoder) = self.start(Keep::Nothing);
        let inputs: Vec<Vec<u8>> = self.members[..COUNT]
            .iter()
            .map(|member| {
                let (mut all, mut buffer) = (Vec::new(), Vec::new());
                for event in 0..100 {
                    self.scripts[member.script].write(event, member.id, &mut buffer);
                    all.extend_from_slice(&buffer);
                }
                all
            })
            .collect();
        let mut states: Vec<ChatState> = Vec::with_capacity(COUNT);
        let ((), count) = counted(|| {
            for (member, input) in self.members.iter().zip(&inputs) {
                let mut state = ChatState::with_options(options(Keep::Nothing));
                match piece {
                    Some(n) => input.chunks(n).for_each(|piece| {
                        feed(&mut state, &mut decoder, piece);
                    }),
                    None => {
                        let mut start = 0;
                        for event in 0..100 {
                            let end = start + self.scripts[member.script].length(event);
                            feed(&mut state, &mut decoder, &input[start..end]);
                            start = end;
                        }
                    }
                }
                states.push(state);
            }
        });
        count.held as f64 / COUNT as f64 + size_of::<ChatState>() as f64
    }
}

/// Allocations of stages 1 and 2 over the long stream, warm.
fn warm_allocations() -> i64 {
    let long = streams::long();
    let (mut framer, mut decoder, mut recent) = (Framer::new(), Decoder::new(), RecentShapes::default());
    let mut pass = || {
        for piece in long.streams[0].bytes.chunks(1460) {
            let mut input = piece;
            while let Some(Ok(event)) = framer.next(&mut input) {
                let mut documents = decoder.documents(event, &mut recent);
                while let Some(document) = documents.next() {
                    black_box(&document);
                }
            }
        }
    };
    // A shape is learned when its skeleton comes again, and some come once a stream.
    (0..3).for_each(|_| pass());
    counted(pass).1.allocations
}

fn row(name: &'static str, role: Role, times: &[f64], base: &[f64]) -> Row {
    let ratio = median(times.iter().zip(base).map(|(time, base)| time / base).collect());
    let (min, max) = times.iter().fold((f64::MAX, 0f64), |(min, max), &time| (min.min(time), max.max(time)));
    let time = median(times.to_vec()).map(|median| Nanoseconds { median, min, max });
    Row { name, role, verdict: Verdict::Right, time, ratio }
}

/// Measures the section.
pub fn run(quick: bool, mut done: impl FnMut(&Table) -> io::Result<()>) -> io::Result<(Vec<Table>, Vec<Bar>)> {
    let (steps, rounds) = if quick { (12, 3) } else { (48, 7) };
    let gateway = Gateway::new(steps);
    let verdict = gateway.check();
    let mut table = Table {
        section: SECTION,
        input: format!("{STREAMS} streams of {} hosts, one decoder", gateway.scripts.len()),
        size: "one event an input".to_owned(),
        items: gateway.events(),
        bytes: gateway.own.0.len(),
        rows: Vec::new(),
    };
    let right = verdict == Verdict::Right;
    let mut bars = Vec::new();
    let mut interleaved_bar = None;
    if let Verdict::Wrong(_) = verdict {
        table.rows.push(Row { name: "deltawire", role: Role::Deltawire, verdict, time: None, ratio: None });
    } else {
        let hostile: Vec<_> = families::hostile(&mut Random::new(22), gateway.events() / HOSTILE_EVERY + 1);
        let mut times: [Vec<f64>; 10] = Default::default();
        for _ in 0..rounds {
            use Order::{Interleaved, OneAfterTheOther};
            let writing = [OneAfterTheOther, Interleaved].map(|order| gateway.writing(order, Bytes::Hot));
            let round = [
                gateway.time(OneAfterTheOther, Bytes::Hot, Keep::Nothing) - writing[0],
                gateway.time(Interleaved, Bytes::Hot, Keep::Nothing) - writing[1],
                gateway.time_beside_hostile(&hostile) - writing[1],
                gateway.time(OneAfterTheOther, Bytes::Hot, Keep::Everything) - writing[0],
                gateway.time(Interleaved, Bytes::Hot, Keep::Everything) - writing[1],
                gateway.time(OneAfterTheOther, Bytes::Own, Keep::Nothing),
                gateway.time(Interleaved, Bytes::Own, Keep::Nothing),
            ];
            let one = gateway.percentiles(OneAfterTheOther, [0.5, 0.99]);
            let all = gateway.percentiles(Interleaved, [0.5, 0.99]);
            times
                .iter_mut()
                .zip(round.into_iter().chain([one[1], all[0], all[1]]))
                .for_each(|(times, time)| times.push(time));
        }
        let names = [
            "one after the other, hot",
            "interleaved, hot",
            "interleaved, hot, beside a hostile stream",
            "one after the other, hot, keeping everything",
            "interleaved, hot, keeping everything",
            "one after the other, own bytes",
            "interleaved, own bytes",
            "one after the other, p99 of single events",
            "interleaved, median of single events",
            "interleaved, p99 of single events",
        ];
        for (n, name) in names.into_iter().enumerate() {
            let role = if n == 0 { Role::Deltawire } else { Role::Variant };
            table.rows.push(row(name, role, &times[n], &times[0]));
        }
        interleaved_bar = table.ratio("interleaved, hot");
    }
    done(&table)?;
    bars.push(Bar::ratio("gateway, interleaved over one after the other, hot", Need::AtMost(1.5), interleaved_bar));
    let bytes = |what: &str, need, got| Bar { unit: " bytes", ..Bar::ratio(what, need, got) };
    let idle = "gateway, an idle stream after 100 events, keeping nothing, mean";
    bars.push(bytes(&format!("{idle}, events whole"), Need::AtMost(1024.0), right.then(|| gateway.idle_bytes(None))));
    bars.push(bytes(
        &format!("{idle}, 1460-byte inputs"),
        Need::AtMost(1024.0),
        right.then(|| gateway.idle_bytes(Some(1460))),
    ));
    let allocations = Bar::ratio(
        "stages 1 and 2, long stream, 1460-byte inputs, warm",
        Need::AtMost(0.0),
        right.then(|| warm_allocations() as f64),
    );
    bars.push(Bar { unit: " allocations", ..allocations });
    Ok((vec![table], bars))
}
