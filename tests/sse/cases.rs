//! The standard's cases, from the web platform tests (WPT, `eventsource/`), the test suites of other parsers and what
//! their users reported, each with its expected events.

use deltawire::{EventKind, Leftover};

use crate::oracle::{self, Asked, Item, Outcome};
use crate::run::{run, run_every_way};

/// A stream and what it must give.
struct Case {
    name: &'static str,
    /// As its source cuts it; it is run in every other way too.
    pieces: Vec<Vec<u8>>,
    /// Type, data as text, last event id.
    events: Vec<(&'static str, String, &'static str)>,
    last_event_id: &'static str,
    retry: Option<u64>,
    leftover: Leftover,
}

fn case(name: &'static str, pieces: &[&[u8]]) -> Case {
    Case {
        name,
        pieces: pieces.iter().map(|piece| piece.to_vec()).collect(),
        events: Vec::new(),
        last_event_id: "",
        retry: None,
        leftover: Leftover::Nothing,
    }
}

impl Case {
    fn data(self, data: impl Into<String>) -> Self {
        let id = self.last_event_id;
        self.event("", data, id)
    }

    fn event(mut self, event_type: &'static str, data: impl Into<String>, id: &'static str) -> Self {
        self.events.push((event_type, data.into(), id));
        self.last_event_id = id;
        self
    }

    /// The id at the end, if the last event does not tell.
    fn id(mut self, id: &'static str) -> Self {
        self.last_event_id = id;
        self
    }

    fn retry(mut self, milliseconds: u64) -> Self {
        self.retry = Some(milliseconds);
        self
    }

    fn leaves(mut self, leftover: Leftover) -> Self {
        self.leftover = leftover;
        self
    }

    /// Holds `outcome` against what is expected.
    fn check(&self, outcome: &Outcome) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let events: Vec<_> = outcome
            .items
            .iter()
            .map(|item: &Item| {
                assert_eq!(item.what, Ok(EventKind::Event), "{}", self.name);
                (text(&item.event_type), text(&item.data), text(&item.last_event_id))
            })
            .collect();
        let expected: Vec<_> =
            self.events.iter().map(|(kind, data, id)| (kind.to_string(), data.clone(), id.to_string())).collect();
        assert_eq!(events, expected, "{}", self.name);
        assert_eq!(text(&outcome.last_event_id), self.last_event_id, "{}", self.name);
        assert_eq!(outcome.retry, self.retry, "{}", self.name);
        assert_eq!(outcome.leftover, self.leftover, "{}", self.name);
    }

    fn run(&self) {
        let stream = self.pieces.concat();
        let pieces: Vec<_> = self.pieces.iter().map(Vec::as_slice).collect();
        let outcome = run(Asked::default(), &pieces);
        self.check(&outcome);
        assert_eq!(oracle::read(&stream, Asked::default()), outcome, "{}: the oracle", self.name);
        run_every_way(self.name, Asked::default(), &stream, &outcome);
    }
}

fn run_all(cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        case.run();
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

#[test]
fn web_platform_tests() {
    let xs = "x".repeat(2048);
    run_all([
        case("format-bom", &[BOM, b"data:1\n\n", BOM, b"data:2\n\ndata:3\n\n\n"]).data("1").data("3"),
        case("format-bom-2", &[BOM, BOM, b"data:1\n\ndata:2\n\ndata:3\n\n\n"]).data("2").data("3"),
        case("format-comments", &[
            b"data:1\r:\0\n:\r\ndata:2\n:", xs.as_bytes(), b"\rdata:3\n:data:fail\r:", xs.as_bytes(), b"\ndata:4\n\n",
        ])
        .data("1\n2\n3\n4"),
        case("format-data-before-final-empty-line", &[b"retry:1000\ndata:test1\n\nid:test\ndata:test2\n"])
            .data("test1")
            .retry(1000)
            .leaves(Leftover::Incomplete),
        case("format-field-data", &[b"data:\n\ndata\ndata\n\ndata:test\n\n"]).data("").data("\n").data("test"),
        case("format-field-event", &[b"event:test\ndata:x\n\ndata:x\n\n"]).event("test", "x", "").data("x"),
        case("format-field-event-empty", &[b"event: \ndata:data\n\n"]).data("data"),
        case("format-field-id", &["id: …\nretry: 200\ndata: hello\n\n".as_bytes()]).event("", "hello", "…").retry(200),
        case("format-field-id-2", &["id: …\nretry: 200\ndata: hello\n\ndata: hello\n\n".as_bytes()])
            .event("", "hello", "…")
            .data("hello")
            .retry(200),
        case("format-field-id-3, kept", &[b"id: 1\ndata: 1\n\ndata:2\n\n"]).event("", "1", "1").event("", "2", "1"),
        case("format-field-id-3, changed", &[b"id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n"])
            .event("", "1", "1")
            .event("", "2", "2")
            .event("", "3", "2"),
        case("format-field-id-3, emptied", &[b"id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n"])
            .event("", "1", "1")
            .event("", "2", "")
            .event("", "3", ""),
        case("format-field-id-null", &[
            b"id:\0\0\ndata:1\n\nid:x\0\ndata:2\n\nid:\0x\ndata:3\n\nid:x\0x\ndata:4\n\nid: \0\ndata:5\n\n",
        ])
        .data("1").data("2").data("3").data("4").data("5"),
        case("format-field-parsing", &[
            b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
        ])
        .data("\0\n 2\n1\n3\n\n4"),
        case("format-field-retry", &[b"retry:03000\ndata:x\n\n"]).data("x").retry(3000),
        case("format-field-retry-bogus", &[b"retry:3000\nretry:1000x\ndata:x\n\n"]).data("x").retry(3000),
        case("format-field-retry-empty", &[b"retry\ndata:test\n\n"]).data("test"),
        case("format-field-unknown", &[
            b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
        ])
        .data("test\n\ntest"),
        case("format-leading-space", &[b"data:\ttest\rdata: \ndata:test\n\n"]).data("\ttest\n\ntest"),
        case("format-newlines", &[b"data:test\r\ndata\ndata:test\r\n\r\n"]).data("test\n\ntest"),
        case("format-null-character", &[b"data:\0\n\n\n\n"]).data("\0"),
        case("format-utf-8", &["data:ok…\n\n".as_bytes()]).data("ok…"),
        case("event-data", &[
            b"data:msg\ndata:msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n",
        ])
        .data("msg\nmsg").data("").data("end"),
    ]);
}

/// Line ends that inputs cut in two, in places where other parsers saw two line ends or none.
#[test]
fn cut_line_ends() {
    run_all([
        case("CR | LF, three times", &[b"data: A\r\n", b"data: B\r", b"\n", b"data: C\r\n", b"\n"]).data("A\nB\nC"),
        case("CR | CR | LF", &[b"data: one\r", b"\r", b"\n"]).data("one"),
        case("after a field without colon", &[b"data: one\ndata\r", b"\ndata: two\n\n"]).data("one\n\ntwo"),
        case("after a comment, CR", &[b"data: one\n:ignored\r", b"data: two\n\n"]).data("one\ntwo"),
        case("after a comment, CR | LF", &[b"data: one\n:ignored\r", b"\ndata: two\n\n"]).data("one\ntwo"),
        case("after a cut comment", &[b"data: one\n:", b"ignored\r", b"\ndata: two\n\n"]).data("one\ntwo"),
        case("within a name", &[b"da", b"ta\n\n"]).data(""),
        case(
            "mixed ends around comments",
            &[
                b"data:1\r\r:\0\n:\r\ndata:2\n\n:",
                b"xx*2049",
                b"\rdata:3\n\n:data:fail\r:",
                b"xx*2049",
                b"\ndata:4\n\n",
                b"data:5",
            ],
        )
        .data("1")
        .data("2")
        .data("3")
        .data("4")
        .leaves(Leftover::Incomplete),
        case(
            "CR LF, blank by halves",
            &[b"data: Hello\r", b"\ndata: World\r", b"\n\r\ndata: OK\r", b"\n", b"\r", b"\n"],
        )
        .data("Hello\nWorld")
        .data("OK"),
        case("LF CR is two ends", &[b"data: a\n\rdata: b\n\r"]).data("a").data("b"),
        case("CR CR LF is two ends", &[b"data: a\r\r\ndata: b\r\r\n"]).data("a").data("b"),
        case(
            "a continuation is no line",
            &[b"event: data: update\nid: : stream/7\n: data: ignored\ndata: payload\n\n"],
        )
        .event("data: update", "payload", ": stream/7"),
    ]);
}

#[test]
fn byte_order_marks() {
    run_all([
        case("over three inputs", &[b"\xEF", b"\xBB", b"\xBF", b"data: hi\n\n"]).data("hi"),
        case("after an empty input", &[b"", b"\xEF\xBB\xBFdata: hi\n\n"]).data("hi"),
        case("then LF", &[b"\xEF\xBB", b"\xBF\ndata: hi\n\n"]).data("hi"),
        case("then CR LF", &[b"\xEF\xBB\xBF\r\ndata: hi\n\n"]).data("hi"),
        case("then a comment", &[BOM, b":comment\ndata: Hello\n\n"]).data("Hello"),
        case("within a value", &[b"data: \xEF\xBB\xBFSecond\n\n"]).data("\u{FEFF}Second"),
        case("only its beginning", &[b"\xEF\xBBdata: x\n\ndata: y\n\n"]).data("y"),
        case("only its first byte", &[b"\xEFdata: x\n\ndata: y\n\n"]).data("y"),
        case("nothing else", &[BOM]),
        case("nothing but its beginning", &[b"\xEF\xBB"]).leaves(Leftover::Line),
    ]);
}

#[test]
fn fields() {
    run_all([
        case("an id with NUL is ignored", &[b"id: 123\nid: bad\0id\ndata: hello\n\n"]).event("", "hello", "123"),
        case("an id without an event", &[b"id: 42\n\n"]).id("42"),
        case("an empty id", &[b"id: 1\n\nid:\n\n"]),
        case("an id line without colon", &[b"id: abc\ndata: 1\n\nid\ndata: 2\n\n"])
            .event("", "1", "abc")
            .event("", "2", ""),
        case("blank lines first", &["\n\n\n\nid: 1\ndata: 我現在都看實況不玩遊戲\n\n".as_bytes()]).event(
            "",
            "我現在都看實況不玩遊戲",
            "1",
        ),
        case("retry between", &[b"\nretry: 500\n\ndata: first\n\nretry: 50x\n\ndata: second\n\n"])
            .data("first")
            .data("second")
            .retry(500),
        case("retry of a block without data", &[b"retry: 5000\n\ndata: x\n\n"]).data("x").retry(5000),
        case(
            "retry that is no number",
            &[b"retry: +5\nretry: 12 \nretry: 18446744073709551616\nretry:\nretry:  7\nretry: -1\nretry: 1.5\n\n"],
        ),
        case("retry at the end of its range", &[b"retry: 18446744073709551615\n"]).retry(u64::MAX),
        case("retry that the end cuts", &[b"retry: 7\n\nretry: 99"]).retry(7).leaves(Leftover::Line),
        case("an event line without colon", &[b"event: custom\nevent\ndata: x\n\n"]).data("x"),
        case("the last event line counts", &[b"event: a\ndata: x\nevent: b\n\n"]).event("b", "x", ""),
        case("a type does not outlive its block", &[b"event: a\n\ndata: x\n\n"]).data("x"),
        case("an id that the end cuts", &[b"id: abc\ndata: Hello\n\nid: def\ndata: Goodbye"])
            .event("", "Hello", "abc")
            .leaves(Leftover::Incomplete),
        case("an id without its blank line", &[b"id: abc\n\nid: def\n"]).id("abc").leaves(Leftover::Incomplete),
        case("no data, no event", &[b"event: ping\n\nretry: 3000\n\ndata:\n\n"]).data("").retry(3000),
        case("without the space", &[b"data:{\"x\":1}\n\ndata:[DONE]\n\n"]).data("{\"x\":1}").data("[DONE]"),
        case("only one space is dropped", &[b"data:  x \n\n"]).data(" x "),
        case("names that begin like names", &[b"dataa: 1\ndat: 2\nevents: 3\nidx: 4\nretryy: 5\ni: 6\ndata: 7\n\n"])
            .data("7"),
        case("a colon within a name", &[b"dat:a\nda:\n:data: 1\nev:ent\ndata: 2\n\n"]).data("2"),
        case("names are case-sensitive", &[b"DATA: 1\nEvent: 2\nID: 3\n\ndata: 4\n\n"]).data("4"),
        case("a name after a blank", &[b" data: 1\n\t\n \ndata: 2\n\n"]).data("2"),
    ]);
}

#[test]
fn text() {
    run_all([
        case("three-byte characters", &["data: €豆腐\n\n".as_bytes()]).data("€豆腐"),
        case("a bad byte in data", &[b"data: a\xFFb\n\ndata: c\n\n"]).data("a\u{FFFD}b").data("c"),
        case("bad bytes where nobody looks", &[b":\xFF\n\xFE: \xFF\ndata\xC0: 1\nx\xFF\ndata: c\n\n"]).data("c"),
        case("other line separators are data", &["data: a\u{2028}b\u{2029}c\u{85}d\u{0B}e\u{0C}f\n\n".as_bytes()])
            .data("a\u{2028}b\u{2029}c\u{85}d\u{0B}e\u{0C}f"),
        case(
            "cut within characters",
            &[
                b"data: {\"content\":\"",
                b"\xD0",
                b"\xB8\xD0\xB7\xD0",
                b"\xB2\xD0\xB5\xD1\x81\xD1\x82\xD0\xBD\xD0\xB8",
                b"\"}\n\n",
            ],
        )
        .data("{\"content\":\"известни\"}"),
    ]);
}

#[test]
fn ends() {
    run_all([
        case("nothing", &[]),
        case("an empty input", &[b""]),
        case("blank lines", &[b"\n\r\n\r"]),
        case("an event without its blank line", &[b"data: {\"a\":1}"]).leaves(Leftover::Incomplete),
        case("an event with half its blank line", &[b"data: a\r\n\r"]).data("a"),
        case("a line end, no blank line", &[b"data: a\r\n"]).leaves(Leftover::Incomplete),
        case("a type only", &[b"event: a\n"]).leaves(Leftover::Incomplete),
        case("a JSON document", &[b"{\"error\":\"overloaded\"}"]).leaves(Leftover::Line),
        case("a JSON document and a line end", &[b"{\"error\":\"overloaded\"}\n"]),
        case("a comment", &[b"data: a\n\n: bye"]).data("a").leaves(Leftover::Line),
        case("a finished comment", &[b"data: a\n\n: bye\n"]).data("a"),
        case("half a name", &[b"data: a\n\ndat"]).data("a").leaves(Leftover::Line),
        case("a name", &[b"data: a\n\ndata"]).data("a").leaves(Leftover::Incomplete),
    ]);
}

/// {LF, CR, CR LF} × {1, 2, 3 data lines} × {mark, none} × {closed, open at the end}.
#[test]
fn every_line_end() {
    for end in ["\n", "\r", "\r\n"] {
        for lines in 1..=3 {
            for mark in [&b""[..], BOM] {
                for closed in [true, false] {
                    let values: Vec<_> = (1..=lines).map(|n| format!("line{n}")).collect();
                    let block: String = values.iter().map(|value| format!("data: {value}{end}")).collect();
                    let last = if closed { end } else { "" };
                    let stream = format!("{block}{end}{block}{last}");
                    let one = case("every line end", &[mark, stream.as_bytes()]).data(values.join("\n"));
                    let both = if closed {
                        one.data(values.join("\n")) //
                    } else {
                        one.leaves(Leftover::Incomplete)
                    };
                    both.run();
                }
            }
        }
        let stream = format!("data:{end}data: line2{end}data: line3{end}{end}{end}{end}data:x{end}{end}");
        case("an empty first line, blank lines after", &[stream.as_bytes()]).data("\nline2\nline3").data("x").run();
    }
}
