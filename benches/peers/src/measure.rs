//! Timing: contestants that do the same work take turns (A B C A B C …), so that whatever else the machine does meets
//! all of them alike. What is counted is the thread's own processor time, not the clock on the wall: time given to other
//! programs is nobody's. A contestant's answer is checked before its first timed pass.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Turns each contestant gets.
    pub rounds: usize,
    /// The least time of one turn; a turn is a whole number of passes over the input.
    pub turn: Duration,
}

impl Effort {
    pub const FULL: Self = Self { rounds: 21, turn: Duration::from_millis(3) };
    pub const QUICK: Self = Self { rounds: 5, turn: Duration::from_millis(1) };
    /// Contestants whose single pass is longer than this many turns get fewer rounds.
    const SLOW_TURNS: u32 = 12;
    const SLOW_ROUNDS: usize = 3;
}

/// What a contestant is to the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// What everything else is compared with.
    Deltawire,
    /// Another way of using deltawire.
    Variant,
    Peer,
    /// The bare scan for line ends.
    Scan,
}

/// Whether a contestant does the work that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Right,
    /// Right in what it accepts, but it refuses this many items of so many.
    Refuses(usize, usize),
    /// Not timed.
    Wrong(String),
}

/// One contestant: `run` is one pass over the input and gives a number that depends on the whole of its work.
pub struct Contestant<'a> {
    pub name: &'static str,
    pub role: Role,
    pub verdict: Verdict,
    pub run: Box<dyn FnMut() -> u64 + 'a>,
}

/// Contestants over one input.
pub struct Case<'a> {
    pub section: &'static str,
    pub input: String,
    pub size: String,
    /// Items in one pass, by which times are divided.
    pub items: usize,
    pub bytes: usize,
    pub contestants: Vec<Contestant<'a>>,
}

/// Nanoseconds per item.
#[derive(Clone, Copy, Debug)]
pub struct Nanoseconds {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub name: &'static str,
    pub role: Role,
    pub verdict: Verdict,
    pub time: Option<Nanoseconds>,
    /// Its time divided by deltawire's of the same round, median over the rounds: above 1 deltawire is faster.
    pub ratio: Option<f64>,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Table {
    pub section: &'static str,
    pub input: String,
    pub size: String,
    pub items: usize,
    pub bytes: usize,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    pub fn ratio(&self, name: &str) -> Option<f64> {
        self.row(name)?.ratio
    }

    /// The smallest ratio among peers: how much faster deltawire is than the fastest of them.
    pub fn fastest_peer(&self) -> Option<f64> {
        self.rows.iter().filter(|row| row.role == Role::Peer).filter_map(|row| row.ratio).min_by(f64::total_cmp)
    }

    /// Deltawire's time as a multiple of the scan's.
    pub fn times_scan(&self) -> Option<f64> {
        self.rows.iter().find(|row| row.role == Role::Scan)?.ratio.map(|ratio| 1.0 / ratio)
    }
}

pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

struct Turns<'c, 'a> {
    contestant: &'c mut Contestant<'a>,
    passes: u32,
    rounds: usize,
    times: Vec<f64>,
}

/// Measures a case.
pub fn measure(mut case: Case<'_>, effort: Effort) -> Table {
    let items = case.items as f64;
    let mut all: Vec<_> = case
        .contestants
        .iter_mut()
        .map(|contestant| {
            if matches!(contestant.verdict, Verdict::Wrong(_)) {
                return Turns { contestant, passes: 0, rounds: 0, times: Vec::new() };
            }
            black_box((contestant.run)()); // caches and buffers
            let once = time(contestant, 1);
            let passes = (effort.turn.as_nanos() / once.as_nanos().max(1)) as u32 + 1;
            let slow = once > effort.turn * Effort::SLOW_TURNS;
            let rounds = if slow { Effort::SLOW_ROUNDS } else { effort.rounds };
            Turns { contestant, passes, rounds, times: Vec::with_capacity(rounds) }
        })
        .collect();
    for round in 0..effort.rounds {
        for turns in all.iter_mut().filter(|turns| round < turns.rounds) {
            let time = time(turns.contestant, turns.passes);
            turns.times.push(time.as_secs_f64() * 1e9 / f64::from(turns.passes) / items);
        }
    }
    let own = all.iter().find(|turns| turns.contestant.role == Role::Deltawire).map(|turns| turns.times.clone());
    let rows = all
        .into_iter()
        .map(|turns| {
            let ratio = own.as_ref().and_then(|own| median(turns.times.iter().zip(own).map(|(t, o)| t / o).collect()));
            let min = turns.times.iter().copied().min_by(f64::total_cmp);
            let max = turns.times.iter().copied().max_by(f64::total_cmp);
            let time = match (median(turns.times), min, max) {
                (Some(median), Some(min), Some(max)) => Some(Nanoseconds { median, min, max }),
                _ => None,
            };
            let Contestant { name, role, verdict, .. } = turns.contestant;
            Row { name, role: *role, verdict: verdict.clone(), time, ratio }
        })
        .collect();
    Table { section: case.section, input: case.input, size: case.size, items: case.items, bytes: case.bytes, rows }
}

fn time(contestant: &mut Contestant<'_>, passes: u32) -> Duration {
    let start = ThreadTime::now();
    for _ in 0..passes {
        black_box((contestant.run)());
    }
    start.elapsed()
}
