//! What is handed out only on request: comments, unknown lines, an incomplete event; and the ways to drive a framer.

use deltawire::{ErrorKind, EventKind, Framer, Leftover, Limits};

use crate::oracle::{self, Asked};
use crate::run::{run, run_every_way};

const COMMENTS: Asked = Asked { comments: true, unknown_lines: false, incomplete: false, limits: Limits::DEFAULT };
const UNKNOWN_LINES: Asked = Asked { comments: false, unknown_lines: true, incomplete: false, limits: Limits::DEFAULT };
const INCOMPLETE: Asked = Asked { comments: false, unknown_lines: false, incomplete: true, limits: Limits::DEFAULT };
const ALL: Asked = Asked { comments: true, unknown_lines: true, incomplete: true, limits: Limits::DEFAULT };

use EventKind::{Comment, Event, Incomplete, UnknownLine};

/// Runs a stream every way; what comes is `expected`, as (kind, data, whether cut, end of the span).
fn check(asked: Asked, stream: &[u8], leftover: Leftover, expected: &[(EventKind, &str, bool, u64)]) {
    let name = stream.escape_ascii().to_string();
    let outcome = run(asked, &[stream]);
    let items: Vec<_> = outcome
        .items
        .iter()
        .map(|item| {
            let data = std::str::from_utf8(&item.data).expect("the rows are UTF-8");
            (item.what.expect("nothing is over a limit"), data, item.cut, item.end)
        })
        .collect();
    assert_eq!(items, expected, "{name}");
    assert_eq!(outcome.leftover, leftover, "{name}");
    assert_eq!(outcome, oracle::read(stream, asked), "{name}: the oracle");
    run_every_way(&name, asked, stream, &outcome);
}

#[test]
fn comments() {
    check(
        COMMENTS,
        b": OPENROUTER PROCESSING\n\ndata: x\n\n",
        Leftover::Nothing,
        &[(Comment, "OPENROUTER PROCESSING", false, 24), (Event, "x", false, 34)],
    );
    // Before any blank line; within an event; with two spaces, none, no text.
    check(COMMENTS, b":Hello\n", Leftover::Nothing, &[(Comment, "Hello", false, 7)]);
    check(
        COMMENTS,
        b"data: a\r\n:  two\r\ndata: b\r\n:\r\n\r\n",
        Leftover::Nothing,
        &[(Comment, " two", false, 16), (Comment, "", false, 28), (Event, "a\nb", false, 30)],
    );
    check(
        COMMENTS,
        b"event: e\nid: 1\n:c\ndata: x\n\n",
        Leftover::Nothing,
        &[(Comment, "c", false, 18), (Event, "x", false, 27)],
    );
    // Unfinished at the end; not asked for.
    check(COMMENTS, b"data: x\n\n: bye", Leftover::Line, &[(Event, "x", false, 9), (Comment, "bye", false, 14)]);
    check(Asked::default(), b":c\ndata: x\n\n", Leftover::Nothing, &[(Event, "x", false, 12)]);
}

#[test]
fn unknown_lines() {
    check(UNKNOWN_LINES, b"{\"error\":\"no\"}\n", Leftover::Nothing, &[(UnknownLine, "{\"error\":\"no\"}", false, 15)]);
    check(UNKNOWN_LINES, b"{\"error\":\"no\"}", Leftover::Line, &[(UnknownLine, "{\"error\":\"no\"}", false, 14)]);
    check(
        UNKNOWN_LINES,
        b"dat\ndatax: 1\nda:\n: c\n x\n\ndata: x\n\n",
        Leftover::Nothing,
        &[
            (UnknownLine, "dat", false, 4),
            (UnknownLine, "datax: 1", false, 13),
            (UnknownLine, "da:", false, 17),
            (UnknownLine, " x", false, 24),
            (Event, "x", false, 34),
        ],
    );
    check(
        UNKNOWN_LINES,
        b"data: x\n\nretr",
        Leftover::Line,
        &[(Event, "x", false, 9), (UnknownLine, "retr", false, 13)],
    );
    check(Asked::default(), b"{}\ndata: x\n\n", Leftover::Nothing, &[(Event, "x", false, 12)]);
}

#[test]
fn incomplete_events() {
    check(INCOMPLETE, b"data: {\"a\":1}", Leftover::Incomplete, &[(Incomplete, "{\"a\":1}", false, 13)]);
    check(INCOMPLETE, b"data: a\ndata: b\n", Leftover::Incomplete, &[(Incomplete, "a\nb", false, 16)]);
    check(INCOMPLETE, b"data: a\ndata:", Leftover::Incomplete, &[(Incomplete, "a\n", false, 13)]);
    check(INCOMPLETE, b"data: a\n\ndata", Leftover::Incomplete, &[(Event, "a", false, 9), (Incomplete, "", false, 13)]);
    check(INCOMPLETE, b"data: a\nret", Leftover::Incomplete, &[(Incomplete, "a", false, 11)]);
    // No data, no event.
    check(INCOMPLETE, b"event: e\nid: 1\n", Leftover::Incomplete, &[]);
    check(INCOMPLETE, b"data: a\n\n", Leftover::Nothing, &[(Event, "a", false, 9)]);
    // The unfinished line first, then the event.
    check(ALL, b"data: a\n: c", Leftover::Incomplete, &[(Comment, "c", false, 11), (Incomplete, "a", false, 11)]);
    check(ALL, b"data: a\n{}", Leftover::Incomplete, &[(UnknownLine, "{}", false, 10), (Incomplete, "a", false, 10)]);
    // Its type is its own; its id is not committed.
    let outcome = run(INCOMPLETE, &[b"id: 1\ndata: a\n\nid: 2\nevent: e\ndata: b\nid: 3"]);
    assert_eq!(outcome.items[1].event_type, b"e");
    assert_eq!(outcome.items[1].last_event_id, b"1");
    assert_eq!(outcome.last_event_id, b"1");
}

#[test]
fn a_comment_comes_before_the_rest_of_its_event() {
    let mut framer = Framer::new().comments(true);
    let mut input = &b"data: a\n: now\n"[..];
    let comment = framer.next(&mut input).expect("an item").expect("a comment");
    assert_eq!((comment.kind(), comment.data()), (Comment, &b"now"[..]));
    assert!(framer.next(&mut input).is_none());
}

#[test]
fn a_lone_cr_dispatches_at_once() {
    let mut framer = Framer::new();
    let mut input = &b"data: a\r\r"[..];
    let event = framer.next(&mut input).expect("an item").expect("an event");
    assert_eq!((event.data(), event.span()), (&b"a"[..], 0..9));
    // The LF that follows is in the span of the next event.
    let mut input = &b"\ndata: b\n\n"[..];
    let event = framer.next(&mut input).expect("an item").expect("an event");
    assert_eq!((event.data(), event.span()), (&b"b"[..], 9..19));
}

#[test]
fn last_event_ids_are_seeded() {
    let mut framer = Framer::new();
    framer.set_last_event_id(b"seed");
    let mut input = &b"data: a\n\nid: 2\ndata: b\n\n"[..];
    for id in ["seed", "2"] {
        let event = framer.next(&mut input).expect("an item").expect("an event");
        assert_eq!(event.last_event_id(), id.as_bytes());
    }
}

#[test]
fn retry_is_in_force_as_soon_as_its_line_ends() {
    let mut framer = Framer::new();
    assert!(framer.next(&mut &b"retry: 30"[..]).is_none());
    assert_eq!(framer.retry(), None);
    assert!(framer.next(&mut &b"00\r"[..]).is_none());
    assert_eq!(framer.retry(), Some(3000));
}

#[test]
fn input_after_the_end_is_misuse_until_reset() {
    let mut framer = Framer::new().incomplete(true);
    framer.set_last_event_id(b"1");
    assert!(framer.next(&mut &b"retry: 5\ndata: a"[..]).is_none());
    assert_eq!(framer.end(), Leftover::Incomplete);
    assert_eq!(framer.end(), Leftover::Nothing, "said once");
    let mut input = &b"data: b\n\n"[..];
    let event = framer.next(&mut input).expect("an item").expect("what was left over comes first");
    assert_eq!((event.kind(), event.data()), (Incomplete, &b"a"[..]));
    let error = framer.next(&mut input).expect("an item").expect_err("misuse");
    assert_eq!((error.kind(), error.offset()), (ErrorKind::FedAfterEnd, 16));
    assert!(input.is_empty());
    assert!(framer.next(&mut input).is_none(), "reported once for an input");

    framer.reset();
    assert_eq!((framer.offset(), framer.retry(), framer.last_event_id()), (0, None, &b""[..]));
    let mut input = &b"\xEF\xBB\xBFdata: c"[..];
    assert!(framer.next(&mut input).is_none());
    framer.end();
    let event = framer.next(&mut input).expect("an item").expect("what was asked for stays");
    assert_eq!((event.kind(), event.data(), event.span()), (Incomplete, &b"c"[..], 0..10));
}

/// Unread input is handed in again after anything else: nothing about it is remembered between calls.
#[test]
fn an_input_may_be_moved_or_cut_between_calls() {
    let stream = b"data: a\n\ndata: b\r\n\r\ndata: c\ndata: d\n\nevent: e\ndata: f\n\n".repeat(20);
    let mut framer = Framer::new();
    let mut found = Vec::new();
    let mut at = 0;
    let mut window = 1;
    while at < stream.len() {
        let copy = stream[at..stream.len().min(at + window)].to_vec();
        let mut input = &copy[..];
        if let Some(event) = framer.next(&mut input) {
            found.push(event.expect("an event").data().to_vec());
        }
        at += copy.len() - input.len();
        window = window % 23 + 1;
    }
    let expected: Vec<_> = oracle::read(&stream, Asked::default()).items.into_iter().map(|item| item.data).collect();
    assert_eq!(found, expected);
}

#[test]
fn next_is_advance_and_event() {
    let stream = b"data: a\n\n:c\r\rdata: b\ndata: c\r\n\r\nid: 1\nevent: e\ndata: f\n\n";
    for size in 1..stream.len() {
        let (mut one, mut two) = (Framer::new().comments(true), Framer::new().comments(true));
        for piece in stream.chunks(size) {
            let (mut a, mut b) = (piece, piece);
            loop {
                let before = b;
                let other = if two.advance(&mut b) { two.event(before) } else { None };
                let item = one.next(&mut a);
                assert_eq!(format!("{item:?}"), format!("{other:?}"));
                if item.is_none() {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_wrong_slice_gives_no_panic() {
    let mut framer = Framer::new().comments(true);
    for stream in [&b"data: a long value\n\n"[..], b"event: e\ndata: x\nid: 1\n\n", b": a comment\n"] {
        assert!(framer.advance(&mut &stream[..]));
        for wrong in [&b""[..], b"data", b"another stream altogether, and longer"] {
            let event = framer.event(wrong).expect("an item").expect("an event");
            let _ = (event.data(), event.event_type(), event.raw(), event.span());
        }
    }
}
