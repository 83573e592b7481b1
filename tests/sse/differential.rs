//! Random streams under random splits: the framer against the naive oracle, and both against two crates that follow
//! the standard.

use deltawire::{EventKind, Limits};

use crate::oracle::{self, Asked, Item, Outcome};
use crate::run::{Random, run, show};

const WORDS: &[&[u8]] = &[
    b"data",
    b"data:",
    b"data: ",
    b"data:  x",
    b"event",
    b"event: ",
    b"event:add",
    b"id",
    b"id:",
    b"id: 7",
    b"retry: ",
    b"retry:12",
    b":",
    b": note",
    b"dat",
    b"datax",
    b"{\"a\":1}",
    b"\0",
    b" ",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xC3\xA9",
    b"\xE2\x80\xA8",
    b"0",
    b"9",
    b"a rather long text value",
];
const ENDS: [&[&[u8]]; 4] =
    [&[b"\n"], &[b"\r\n"], &[b"\r"], &[b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r"]];

/// Lines of words, with ends of one kind or of all kinds.
fn stream(random: &mut Random) -> Vec<u8> {
    let ends = random.pick(&ENDS);
    let mut bytes = Vec::new();
    if random.below(4) == 0 {
        bytes.extend_from_slice(&b"\xEF\xBB\xBF"[..random.below(4)]);
    }
    for _ in 0..random.below(20) {
        if random.below(3) == 0 {
            bytes.extend_from_slice(b"data: ");
        }
        for _ in 0..random.below(4) {
            bytes.extend_from_slice(random.pick(WORDS));
        }
        for _ in 0..random.below(3) {
            bytes.extend_from_slice(random.pick(ends));
        }
    }
    bytes
}

#[test]
fn framer_equals_the_oracle() {
    let mut random = Random(1);
    let mut events = 0;
    for round in 0..100_000 {
        let bytes = stream(&mut random);
        let expected = oracle::read(&bytes, Asked::default());
        let pieces = random.split(&bytes);
        assert_eq!(run(Asked::default(), &pieces), expected, "round {round}: {}", show(&pieces));
        events += expected.items.len();
    }
    assert!(events > 50_000, "the streams hold events: {events}");
}

/// The same with all that can be asked for, and limits that are often passed.
#[test]
fn framer_equals_the_oracle_on_request() {
    let mut random = Random(2);
    let (mut events, mut damaged, mut cut) = (0, 0, 0);
    for round in 0..100_000 {
        let bytes = stream(&mut random);
        let mut limits = Limits::DEFAULT;
        limits.event_data = random.below(40);
        limits.event_type = random.below(12);
        limits.event_id = random.below(4);
        limits.comment = random.below(6);
        limits.unknown_line = random.below(12);
        let mut yes = || random.below(2) == 0;
        let asked = Asked { comments: yes(), unknown_lines: yes(), incomplete: yes(), limits };
        let expected = oracle::read(&bytes, asked);
        let pieces = random.split(&bytes);
        assert_eq!(run(asked, &pieces), expected, "round {round}, {asked:?}: {}", show(&pieces));
        events += expected.items.iter().filter(|item| item.what.is_ok()).count();
        damaged += expected.items.iter().filter(|item| item.what.is_err()).count();
        cut += expected.items.iter().filter(|item| item.cut).count();
    }
    assert!(events > 50_000 && damaged > 10_000 && cut > 10_000, "{events} events, {damaged} damaged, {cut} cut");
}

/// An event as text, with the default type named: as the other crates give it.
type AsText = (String, String, String);

fn as_text(outcome: &Outcome) -> Vec<AsText> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let item = |item: &Item| {
        assert_eq!(item.what, Ok(EventKind::Event));
        let event_type = if item.event_type.is_empty() { b"message" } else { &item.event_type[..] };
        (text(event_type), text(&item.data), text(&item.last_event_id))
    };
    outcome.items.iter().map(item).collect()
}

fn sse_core(pieces: &[&[u8]]) -> Vec<AsText> {
    let mut decoder = sse_core::SseDecoder::new();
    let mut events = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        while let Some(event) = decoder.next(&mut input) {
            if let sse_core::SseEvent::Message(event) = event.expect("nothing is too large") {
                let id = event.last_event_id.as_deref().unwrap_or_default().to_owned();
                events.push((event.event.into_owned(), event.data, id));
            }
        }
    }
    events
}

fn sse_parse(pieces: &[&[u8]]) -> (Vec<AsText>, Option<u64>) {
    let mut parser = sse_parse::SseParser::new();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece);
        while let Some(event) = parser.next_event() {
            events.push((event.event, event.data, event.id));
        }
    }
    let retry = parser.retry().map(|time| time.as_millis() as u64);
    (events, retry)
}

#[test]
fn framer_equals_sse_core_and_sse_parse() {
    let mut random = Random(3);
    for round in 0..100_000 {
        let bytes = stream(&mut random);
        let pieces = random.split(&bytes);
        let ours = run(Asked::default(), &pieces);
        let events = as_text(&ours);
        assert_eq!(sse_core(&pieces), events, "sse-core, round {round}: {}", show(&pieces));
        assert_eq!(sse_parse(&pieces), (events, ours.retry), "sse-parse, round {round}: {}", show(&pieces));
    }
}
