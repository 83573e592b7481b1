//! Limits: exactly at one passes, one byte more is one damage report, and the stream goes on.

use deltawire::{EventKind, LimitKind, Limits};

use crate::oracle::{self, Asked};
use crate::run::{run, run_every_way};

fn limits(change: impl FnOnce(&mut Limits)) -> Asked {
    let mut limits = Limits::DEFAULT;
    change(&mut limits);
    Asked { comments: true, unknown_lines: false, incomplete: false, limits }
}

/// Runs a stream every way; what comes is `expected`: data or the limit that was passed, and the last event id then.
fn check(asked: Asked, stream: &str, expected: &[Result<(&str, &str), LimitKind>]) {
    let outcome = run(asked, &[stream.as_bytes()]);
    let text = |bytes| std::str::from_utf8(bytes).expect("the rows are UTF-8");
    let items: Vec<_> =
        outcome.items.iter().map(|item| item.what.map(|_| (text(&item.data), text(&item.last_event_id)))).collect();
    assert_eq!(items, expected, "{stream:?}");
    assert_eq!(outcome, oracle::read(stream.as_bytes(), asked), "{stream:?}: the oracle");
    run_every_way(stream, asked, stream.as_bytes(), &outcome);
}

const DATA: LimitKind = LimitKind::EventData;

#[test]
fn event_data() {
    let asked = limits(|limits| limits.event_data = 8);
    check(asked, "data: 12345678\n\ndata: x\n\n", &[Ok(("12345678", "")), Ok(("x", ""))]);
    check(asked, "data: 123456789\n\ndata: x\n\n", &[Err(DATA), Ok(("x", ""))]);
    // Separators count; those of other lines do not.
    check(asked, "data: 1234\ndata: 567\n\n", &[Ok(("1234\n567", ""))]);
    check(asked, "data: 1234\ndata: 5678\n\ndata: x\n\n", &[Err(DATA), Ok(("x", ""))]);
    check(asked, &("data\n".repeat(9) + "\n"), &[Ok(("\n\n\n\n\n\n\n\n", ""))]);
    check(asked, &("data\n".repeat(10) + "\ndata\n\n"), &[Err(DATA), Ok(("", ""))]);
    // One report, however much more comes; a dropped line's end is no blank line.
    check(asked, "data: 123456789\r\ndata: 123456789\r\nevent: x\r\n\r\ndata: x\r\n\r\n", &[Err(DATA), Ok(("x", ""))]);
    check(asked, "data: 1\n\ndata: 123456789 and no end", &[Ok(("1", "")), Err(DATA)]);
    // Its id is committed, its type is not for the next.
    check(asked, "id: 7\nevent: e\ndata: 123456789\n\ndata: x\n\n", &[Err(DATA), Ok(("x", "7"))]);
    check(asked, "data: 123456789\nid: 7\nevent: e\n\ndata: x\n\n", &[Err(DATA), Ok(("x", "7"))]);
    let outcome = run(asked, &[b"event: e\ndata: 123456789\n\ndata: x\n\n"]);
    assert_eq!(outcome.items[1].event_type, b"");
    check(limits(|limits| limits.event_data = 0), "data:\n\ndata: x\n\n", &[Ok(("", "")), Err(DATA)]);
}

#[test]
fn many_data_lines() {
    let asked = limits(|limits| limits.event_data = 32);
    let stream: String = (0..50).map(|n| format!("data: chunk-{n}\n")).collect();
    check(asked, &stream, &[Err(DATA)]);
}

#[test]
fn event_type_and_id() {
    let asked = limits(|limits| (limits.event_type, limits.event_id) = (4, 3));
    check(asked, "event: 1234\ndata: x\n\n", &[Ok(("x", ""))]);
    check(asked, "event: 12345\ndata: x\n\ndata: y\n\n", &[Err(LimitKind::EventType), Ok(("y", ""))]);
    check(asked, "id: 123\ndata: x\n\n", &[Ok(("x", "123"))]);
    check(asked, "id: 1\n\nid: 1234\ndata: x\n\ndata: y\n\n", &[Err(LimitKind::EventId), Ok(("y", "1"))]);
    // The first limit that was passed is named.
    check(asked, "id: 1234\nevent: 12345\n\n", &[Err(LimitKind::EventId)]);
}

/// What nobody asked for is not counted.
#[test]
fn ignored_lines() {
    let mut asked = limits(|limits| limits.event_data = 4);
    asked.comments = false;
    check(asked, "unknown-field: long ignored text\ndata: ok\n\n", &[Ok(("ok", ""))]);
    check(asked, "datax: 123456789\n: 123456789\nretry: 0000000005\ndata: ok\n\n", &[Ok(("ok", ""))]);
}

#[test]
fn comments_and_unknown_lines_are_cut() {
    let mut asked = limits(|limits| (limits.comment, limits.unknown_line) = (4, 6));
    asked.unknown_lines = true;
    check(asked, ": 1234\n: 12345\n\n", &[Ok(("1234", "")), Ok(("1234", ""))]);
    check(asked, "unknow\nunknown\n", &[Ok(("unknow", "")), Ok(("unknow", ""))]);
    let cut = |stream: &[u8]| run(asked, &[stream]).items.iter().map(|item| item.cut).collect::<Vec<_>>();
    assert_eq!(cut(b": 1234\n: 12345\n\n"), [false, true]);
    assert_eq!(cut(b"unknow\nunknown\n"), [false, true]);
}

#[test]
fn the_defaults() {
    let limits = Limits::DEFAULT;
    assert!(limits.event_data >= 16 << 20);
    assert_eq!((limits.event_type, limits.event_id), (1 << 10, 4 << 10));
    assert_eq!((limits.comment, limits.unknown_line), (1 << 10, 64 << 10));
    // A comment that straddles inputs is kept up to 1 KiB.
    let stream = format!(":{}\n", "x".repeat(2048));
    let asked = Asked { comments: true, ..Asked::default() };
    for size in [1, 1000, 4096] {
        let outcome = run(asked, &stream.as_bytes().chunks(size).collect::<Vec<_>>());
        let item = &outcome.items[0];
        assert_eq!((item.what, item.data.len(), item.cut), (Ok(EventKind::Comment), 1 << 10, true));
    }
}
