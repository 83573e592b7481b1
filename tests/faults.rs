//! What goes wrong, and what it costs: every limit, hostile sizes, callbacks that break or panic, streams that end early
//! or never. Memory is counted; time is not: what is super-linear would not end.
//!
//! `DELTAWIRE_FULL=1` runs the long ones at full length.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use allocation_counter::measure;
use deltawire::{
    AnomalyCode, ArgumentsState, ChatState, ChatStream, Completion, Decoder, ErrorKind, EventKind, Framer, Keep,
    LimitKind, Limits, Options, Outcome, Update,
};

const MIB: usize = 1 << 20;

fn full() -> bool {
    std::env::var_os("DELTAWIRE_FULL").is_some_and(|value| !value.is_empty())
}

fn delta(delta: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

fn call(fields: &str) -> String {
    delta(&format!("{{\"tool_calls\":[{{{fields}}}]}}"))
}

fn with(change: impl FnOnce(&mut Options)) -> ChatStream {
    let mut options = Options::default();
    change(&mut options);
    ChatStream::with_options(options)
}

fn codes(completion: &Completion) -> Vec<AnomalyCode> {
    completion.anomalies.iter().map(|anomaly| anomaly.code).collect()
}

#[test]
fn every_message_limit_is_an_error_that_stays_and_keeps_what_came() {
    type Row = (LimitKind, fn(&mut Limits), String, String);
    let rows: [Row; 8] = [
        (LimitKind::Text, |l| l.text = 8, delta("{\"content\":\"12345\"}"), delta("{\"content\":\"6789\"}")),
        (LimitKind::Text, |l| l.text = 8, delta("{\"refusal\":\"12345\"}"), delta("{\"reasoning\":\"6789\"}")),
        (
            LimitKind::Choices,
            |l| l.choices = 1,
            delta("{\"content\":\"a\"}"),
            delta("{}").replace("\"index\":0", "\"index\":1"),
        ),
        (
            LimitKind::ToolCalls,
            |l| l.tool_calls = 1,
            call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}"),
            call("\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}"),
        ),
        (
            LimitKind::Arguments,
            |l| l.arguments = 8,
            call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\"}"),
            call("\"index\":0,\"function\":{\"arguments\":\"12345\"}"),
        ),
        (
            LimitKind::Name,
            |l| l.name = 4,
            call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"four\",\"arguments\":\"\"}"),
            call("\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"fives\",\"arguments\":\"\"}"),
        ),
        (LimitKind::Details, |l| l.details = 16, delta("{\"audio\":\"1\"}"), delta("{\"audio\":\"1234567890123456\"}")),
        (
            LimitKind::Details,
            |l| l.details = 60,
            delta("{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"a\"}]}"),
            delta("{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"b\"}]}"),
        ),
    ];
    for (kind, limit, within, over) in rows {
        let mut chat = with(|options| limit(&mut options.limits));
        chat.feed(within.as_bytes(), |_| {}).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let before = chat.completion();
        let error = chat.feed(over.as_bytes(), |_| {}).expect_err(kind.as_str());
        assert_eq!(error.kind(), ErrorKind::Limit(kind));
        assert!(error.offset() >= within.len() as u64, "{kind}: {error}");
        for input in ["", "data: [DONE]\n\n", "data: {}\n\n"] {
            assert_eq!(chat.feed(input.as_bytes(), |_| {}), Err(error), "{kind} stays");
        }
        assert_eq!(chat.completion().choices[0].message.content, before.choices[0].message.content);
        chat.end();
        let completion = chat.into_completion();
        assert_ne!(completion.outcome, Outcome::Complete, "{kind}");
        assert_eq!(completion.choices[0].message.tool_calls.len(), before.choices[0].message.tool_calls.len());
    }
}

#[test]
fn limits_that_cut_let_the_stream_go_on() {
    let mut chat = with(|options| {
        options.limits.event_data = 128;
        options.limits.anomalies = 1;
        options.limits.error_text = 8;
    });
    let long = delta(&format!("{{\"content\":\"{}\"}}", "x".repeat(200)));
    let stream =
        [&long, &delta("{\"content\":\"ok\"}"), "data: {\"error\":\"much too long\"}\n\n", "data: not json\n\n"]
            .concat();
    chat.feed(stream.as_bytes(), |_| {}).expect("nothing fatal");
    let completion = chat.finish();
    assert_eq!(completion.choices[0].message.content, "ok");
    assert_eq!(completion.error.as_ref().map(|error| error.message.len()), Some(8));
    assert_eq!(codes(&completion), [AnomalyCode::OversizedEvent, AnomalyCode::LimitReached]);

    let mut chat = with(|options| options.limits.body = 32);
    let error = chat.feed(format!("{{\"id\":\"{}\"}}", "x".repeat(64)).as_bytes(), |_| {}).expect_err("over");
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit(LimitKind::Body), 32));

    let mut chat = with(|options| options.limits.depth = 3);
    chat.feed(delta("{\"content\":\"x\"}").as_bytes(), |_| {}).expect("nothing fatal");
    assert_eq!(codes(&chat.finish()), [AnomalyCode::NotJson]);
}

#[test]
fn a_panic_at_any_update_loses_that_update_alone() {
    let stream = [
        delta("{\"role\":\"assistant\",\"content\":\"one\"}"),
        call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}"),
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\n".into(),
        "data: [DONE]\n\n".into(),
    ]
    .concat();
    let mut all = Vec::new();
    let mut chat = ChatStream::new();
    chat.feed(stream.as_bytes(), |update| all.push(format!("{update:?}"))).expect("within the limits");
    let expected = chat.finish_with(|update| all.push(format!("{update:?}")));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let runs: Vec<_> = (0..all.len())
        .map(|at| {
            let (mut chat, mut seen, mut count) = (ChatStream::new(), Vec::new(), 0);
            let mut take = |update: Update<'_>| {
                count += 1;
                assert!(count != at + 1, "as asked");
                seen.push(format!("{update:?}"));
            };
            let unwound = catch_unwind(AssertUnwindSafe(|| chat.feed(stream.as_bytes(), &mut take)));
            let completion = chat.finish_with(&mut take);
            (at, unwound.is_err(), seen, completion)
        })
        .collect();
    std::panic::set_hook(hook);
    for (at, unwound, seen, completion) in runs {
        assert!(unwound);
        let mut left = all.clone();
        left.remove(at);
        assert_eq!(seen, left);
        assert_eq!(completion, expected);
    }
}

#[test]
fn a_break_at_any_update_and_empty_inputs_between_change_nothing() {
    let stream = [delta("{\"content\":\"one\"}"), delta("{\"content\":\"two\"}"), "data: [DONE]\n\n".into()].concat();
    let mut all = Vec::new();
    let mut chat = ChatStream::new();
    chat.feed(stream.as_bytes(), |update| all.push(format!("{update:?}"))).expect("within the limits");
    let (mut chat, mut seen) = (ChatStream::new(), Vec::new());
    for piece in stream.as_bytes().chunks(9) {
        let mut input = piece;
        while let ControlFlow::Break(update) =
            chat.try_feed(&mut input, |update| ControlFlow::Break(format!("{update:?}"))).expect("within the limits")
        {
            seen.push(update);
            let empty = chat.try_feed(&mut &[][..], |update| ControlFlow::Break(format!("{update:?}")));
            seen.extend(empty.expect("nothing was fed").break_value());
        }
        chat.feed(b"", |_| panic!("an empty input brings nothing")).expect("nothing was fed");
    }
    assert_eq!(seen, all);
}

#[test]
fn a_stream_dropped_midway_gives_everything_back() {
    let stream = [
        delta("{\"content\":\"one\"}"),
        call("\"index\":0,\"id\":\"a\",\"x\":[1],\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\"}"),
        "id: 7\nevent: x\ndata: {\"half\":".into(),
    ]
    .concat();
    let info = measure(|| {
        for end in 0..stream.len() {
            let mut chat = ChatStream::new();
            chat.feed(&stream.as_bytes()[..end], |_| {}).expect("within the limits");
        }
    });
    assert_eq!(info.bytes_current, 0);
}

#[test]
fn ids_names_and_lines_of_16_mib() {
    let long = "x".repeat(16 * MIB);
    // A text: read.
    let mut chat = ChatStream::new();
    let text = delta(&format!("{{\"content\":\"{long}\"}}"));
    let info = measure(|| {
        for piece in text.as_bytes().chunks(1460) {
            chat.feed(piece, |_| {}).expect("within the limits");
        }
    });
    assert!(info.bytes_max < 72 * MIB as u64, "{info:?}");
    assert_eq!(chat.finish().choices[0].message.content.len(), long.len());
    // A field that is no text: refused, the stream goes on or is at an end with what it had.
    let damage = [format!("id: {long}\ndata: {{}}\n\n"), format!("event: {long}\ndata: {{}}\n\n")];
    let nothing =
        [format!(": {long}\n\n"), format!("{long}\n\n"), format!("retry: {long}\n\n"), format!("{long}: x\n\n")];
    for (field, expected) in damage.iter().map(|f| (f, true)).chain(nothing.iter().map(|f| (f, false))) {
        let mut chat = ChatStream::new();
        chat.feed(delta("{\"content\":\"a\"}").as_bytes(), |_| {}).expect("within the limits");
        let info = measure(|| {
            for piece in field.as_bytes().chunks(1460) {
                chat.feed(piece, |_| {}).expect("nothing fatal");
            }
        });
        assert!(info.bytes_max < MIB as u64, "nothing of it is kept: {info:?}");
        chat.feed(delta("{\"content\":\"b\"}").as_bytes(), |_| {}).expect("nothing fatal");
        let completion = chat.finish();
        assert_eq!(completion.choices[0].message.content, "ab");
        assert_eq!(codes(&completion).contains(&AnomalyCode::OversizedEvent), expected);
    }
    for fields in [format!("\"id\":\"{long}\""), format!("\"function\":{{\"name\":\"{long}\"}}")] {
        let mut chat = ChatStream::new();
        let error = chat.feed(call(&fields).as_bytes(), |_| {}).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::Limit(LimitKind::Name));
    }
}

#[test]
fn a_million_brackets_on_a_small_stack() {
    let deep = "[".repeat(1_000_000);
    let escaped = format!("{{\\\"a\\\":{deep}");
    let streams = [
        (format!("data: {deep}\n\n"), Some(AnomalyCode::NotJson)),
        (delta(&format!("{{\"audio\":{deep}")), Some(AnomalyCode::NotJson)),
        (deep.clone(), None),
        (call(&format!("\"index\":0,\"id\":\"a\",\"function\":{{\"name\":\"f\",\"arguments\":\"{escaped}\"}}")), None),
        (
            call(&format!("\"index\":0,\"id\":\"a\",\"function\":{{\"name\":\"f\",\"arguments\":{deep}}}")),
            Some(AnomalyCode::NotJson),
        ),
    ];
    let on_small_stack = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        for (stream, anomaly) in streams {
            let mut chat = with(|options| options.live_arguments = true);
            for piece in stream.as_bytes().chunks(4096) {
                chat.feed(piece, |_| {}).expect("within the limits");
            }
            let completion = chat.finish();
            if let Some(anomaly) = anomaly {
                assert!(codes(&completion).contains(&anomaly), "{:?}", completion.anomalies);
            }
            for call in completion.choices.iter().flat_map(|choice| &choice.message.tool_calls) {
                assert_ne!(call.state(), ArgumentsState::Complete);
            }
        }
    });
    on_small_stack.expect("a thread").join().expect("no overflow");
}

#[test]
fn a_million_brackets_that_the_limits_allow() {
    // In arguments, where no recursion reads them: whole, shown in part, repaired, given back, copied, dropped.
    const DEEP: usize = 1_000_000;
    let on_small_stack = std::thread::Builder::new().stack_size(64 << 10).spawn(|| {
        let mut chat = with(|options| {
            options.limits.depth = DEEP;
            options.live_arguments = true;
        });
        let header = call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}");
        chat.feed(header.as_bytes(), |_| {}).expect("within the limits");
        let mut begun = 0;
        for bracket in ["[", "]"] {
            // The first is long: one that begins with everything so far might be a snapshot.
            for length in [DEEP / 2].into_iter().chain([10_000; DEEP / 20_000]) {
                let arguments = bracket.repeat(length);
                let fragment = call(&format!("\"index\":0,\"function\":{{\"arguments\":\"{arguments}\"}}"));
                let take = |update: Update<'_>| begun += usize::from(matches!(update, Update::LiveArgument { .. }));
                chat.feed(fragment.as_bytes(), take).expect("within the limits");
            }
            let completion = chat.completion();
            let call = &completion.choices[0].message.tool_calls[0];
            let shown = call.partial().expect("no fault");
            assert_eq!((shown.keep + shown.suffix.len(), call.arguments().len()), (2 * DEEP, begun));
        }
        let completion = chat.finish();
        let call = &completion.choices[0].message.tool_calls[0];
        assert_eq!((call.state(), call.arguments().len()), (ArgumentsState::Complete, 2 * DEEP));
        assert_eq!(call.values().map(str::len).collect::<Vec<_>>(), [2 * DEEP]);
    });
    on_small_stack.expect("a thread").join().expect("no overflow");
}

#[test]
fn a_million_anomalies_are_counted_in_flat_memory() {
    let mut chat = ChatStream::new();
    let header = call("\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}");
    chat.feed(header.as_bytes(), |_| {}).expect("within the limits");
    let mut told = 0_u64;
    let mut feed = |from: u32, to: u32| {
        measure(|| {
            for n in from..to {
                // Another id each time: it goes to the open call of the index.
                let fragment = format!(
                    "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"x{n:07}\",\"function\":{{\"arguments\":\" \"}}}}]}}}}]}}\n\n"
                );
                chat.feed(fragment.as_bytes(), |update| told += u64::from(matches!(update, Update::Anomaly { .. })))
                    .expect("within the limits");
            }
        })
        .bytes_current
    };
    feed(0, 100_000);
    // The arguments grow by a byte each, doubling.
    let grown = feed(100_000, 1_000_000);
    assert!(grown <= 2 * MIB as i64, "{grown} bytes more");
    let completion = chat.finish();
    assert_eq!(told, 1_000_000);
    assert_eq!(completion.anomalies.iter().map(|anomaly| anomaly.count).sum::<u64>(), told);
    assert!(completion.anomalies.len() <= Limits::DEFAULT.anomalies + 1);
}

#[test]
fn a_hundred_thousand_calls_and_details() {
    const MANY: usize = 100_000;
    let mut chat = with(|options| options.limits.tool_calls = MANY);
    // All headers, then a fragment for each: by index, and by id.
    for n in 0..MANY {
        let fields = format!("\"index\":{n},\"id\":\"id{n}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{{\"}}");
        chat.feed(call(&fields).as_bytes(), |_| {}).expect("within the limits");
    }
    for n in 0..MANY {
        let by = if n % 2 == 0 { format!("\"index\":{n}") } else { format!("\"id\":\"id{n}\"") };
        chat.feed(call(&format!("{by},\"function\":{{\"arguments\":\"}}\"}}")).as_bytes(), |_| {})
            .expect("within the limits");
    }
    chat.feed(
        b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        |_| {},
    )
    .expect("within the limits");
    let completion = chat.finish();
    let calls = &completion.choices[0].message.tool_calls;
    assert_eq!(calls.len(), MANY);
    assert!(calls.iter().all(|call| call.arguments() == "{}" && call.state() == ArgumentsState::Complete));

    // All calls in one document.
    let calls: Vec<String> = (0..50_000)
        .map(|n| {
            format!(
                "{{\"index\":{n},\"id\":\"id{n}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{{\\\"a\\\":1}}\"}}}}"
            )
        })
        .collect();
    let mut chat = ChatStream::new();
    let mut ready = 0;
    let mut take = |update: Update<'_>| ready += usize::from(matches!(update, Update::ToolCallReady { .. }));
    chat.feed(delta(&format!("{{\"tool_calls\":[{}]}}", calls.join(","))).as_bytes(), &mut take)
        .expect("within the limits");
    chat.finish_with(&mut take);
    assert_eq!(ready, 50_000);

    let mut chat = ChatStream::new();
    for round in 0..2 {
        for n in 0..MANY {
            let detail = format!(
                "{{\"reasoning_details\":[{{\"index\":{n},\"type\":\"reasoning.text\",\"text\":\"{round}\"}}]}}"
            );
            chat.feed(delta(&detail).as_bytes(), |_| {}).expect("within the limits");
        }
    }
    let completion = chat.finish();
    let details: Vec<serde_json::Value> =
        serde_json::from_str(&completion.choices[0].message.reasoning_details).expect("an array");
    assert_eq!(details.len(), MANY);
    assert!(details.iter().all(|detail| detail["text"] == "01"));
}

#[test]
fn members_without_number() {
    // Unknown fields, and two usage objects that are merged, of 100,000 members each.
    let members = |prefix: &str| (0..100_000).map(|n| format!("\"{prefix}{n}\":1")).collect::<Vec<_>>().join(",");
    let usage = format!(
        "data: {{\"choices\":[],\"x_groq\":{{\"usage\":{{{}}}}},\"usage\":{{{}}}}}\n\n",
        members("a"),
        members("b")
    );
    let mut chat = ChatStream::new();
    chat.feed(usage.as_bytes(), |_| {}).expect("within the limits");
    chat.feed(delta(&format!("{{{}}}", members("c"))).as_bytes(), |_| {}).expect("within the limits");
    let fields = format!("\"index\":0,\"id\":\"a\",{},\"function\":{{\"name\":\"f\"}}", members("d"));
    chat.feed(call(&fields).as_bytes(), |_| {}).expect("within the limits");
    let raw = chat.finish().usage.expect("usage").raw;
    let usage: serde_json::Map<_, _> = serde_json::from_str(&raw).expect("an object");
    assert_eq!(usage.len(), 200_000);
}

#[test]
fn long_extras_of_a_call_are_not_written_out_for_each_fragment() {
    let mut chat = ChatStream::new();
    let long = "x".repeat(4 * MIB);
    let header = format!(
        "\"index\":0,\"id\":\"a\",\"extra_content\":\"{long}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{{\"}}"
    );
    chat.feed(call(&header).as_bytes(), |_| {}).expect("within the limits");
    let info = measure(|| {
        for n in 0..1000 {
            chat.feed(call(&format!("\"index\":0,\"n\":{n}")).as_bytes(), |_| {}).expect("within the limits");
        }
    });
    assert!(info.bytes_total < MIB as u64, "{info:?}");
    let completion = chat.finish();
    assert!(completion.choices[0].message.tool_calls[0].extras().contains(&long));

    for keep in [Keep::Calls, Keep::Nothing] {
        let mut chat = with(|options| {
            options.keep = keep;
            options.limits.details = MIB;
        });
        let error =
            chat.feed(call(&header).as_bytes(), |_| {}).expect_err("kept in every mode, so counted in every mode");
        assert_eq!(error.kind(), ErrorKind::Limit(LimitKind::Details));
    }
}

#[test]
fn a_hundred_thousand_streams_in_one_process() {
    const STREAMS: usize = 100_000;
    let start = delta("{\"role\":\"assistant\",\"content\":\"Hello\"}");
    let more = delta("{\"content\":\" there\"}");
    let mut decoder = Decoder::new();
    let mut states = Vec::with_capacity(STREAMS);
    let info = measure(|| {
        for _ in 0..STREAMS {
            let mut state = ChatState::new();
            let (mut whole, mut half) = (start.as_bytes(), &more.as_bytes()[..more.len() / 2]);
            while state.next(&mut decoder, &mut whole).is_some() {}
            while state.next(&mut decoder, &mut half).is_some() {}
            states.push(state);
        }
    });
    let each = size_of::<ChatState>() + usize::try_from(info.bytes_current).expect("held") / STREAMS;
    println!("{each} bytes a stream in the middle of an event, {} of them in place", size_of::<ChatState>());
    assert!(each <= 1536, "{each} bytes a stream");
    let mut second = &more.as_bytes()[more.len() / 2..];
    let state = states.last_mut().expect("states");
    while state.next(&mut decoder, &mut second).is_some() {}
    assert_eq!(state.completion().choices[0].message.content, "Hello there");
}

#[test]
fn a_stream_without_end_that_keeps_nothing() {
    let length = if full() { 1 << 30 } else { 32 * MIB };
    let mut chat = with(|options| options.keep = Keep::Nothing);
    let block: String =
        (0..1000).map(|n| delta(&format!("{{\"content\":\"token {n} \\u00e9\",\"reasoning\":\"r\"}}"))).collect();
    let mut texts = 0_usize;
    let mut feed = |chat: &mut ChatStream| {
        for piece in block.as_bytes().chunks(16_384) {
            let count = |update: Update<'_>| {
                if let Update::Text { text, .. } = update {
                    texts += text.len();
                }
            };
            chat.feed(piece, count).expect("within the limits");
        }
    };
    feed(&mut chat);
    let rounds = length / block.len();
    let info = measure(|| (0..rounds).for_each(|_| feed(&mut chat)));
    assert!(info.bytes_max < 64 << 10, "{info:?}");
    assert!(texts > rounds * 9000);
}

#[test]
fn offsets_beyond_4_gib() {
    let beyond = (1_u64 << 32) + 5;
    let filler = vec![b'x'; MIB];
    let mut framer = Framer::new();
    let mut chat = ChatStream::new();
    let head = &b"data: {}\n\n:"[..];
    let mut input = head;
    assert!(framer.next(&mut input).is_some() && framer.next(&mut input).is_none());
    chat.feed(head, |_| {}).expect("within the limits");
    let mut at = head.len() as u64;
    while at < beyond {
        let mut input = &filler[..];
        assert!(framer.next(&mut input).is_none());
        chat.feed(&filler, |_| {}).expect("within the limits");
        at += filler.len() as u64;
    }
    let tail = &b"\ndata: not json\n\n"[..];
    let mut input = tail;
    let event = framer.next(&mut input).expect("an event").expect("no damage");
    assert_eq!((event.kind(), event.data()), (EventKind::Event, &b"not json"[..]));
    assert_eq!(event.span(), 10..at + tail.len() as u64);
    chat.feed(tail, |_| {}).expect("within the limits");
    let error = {
        let mut after = framer.clone();
        after.end();
        after.next(&mut &b"x"[..]).expect("misuse").expect_err("misuse").offset()
    };
    assert_eq!(error, at + tail.len() as u64);
    let mut offsets = Vec::new();
    let mut note = |update: Update<'_>| {
        if let Update::Anomaly { anomaly, .. } = update {
            offsets.push(anomaly.offset);
        }
    };
    let next = &b"data: {\"x\":}\n\n"[..];
    chat.feed(next, &mut note).expect("within the limits");
    // Where the event begins, and the fault in its data.
    assert_eq!(offsets, [at + tail.len() as u64 + 5]);
    let anomalies = chat.finish().anomalies;
    let not_json = anomalies.iter().find(|anomaly| anomaly.code == AnomalyCode::NotJson).expect("reported");
    assert_eq!((not_json.offset, not_json.count), (11, 2), "of the first");
}
