//! A tap: the bytes go on as they came, whatever they are, and what was seen is what was there.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use deltawire::{Event, EventKind, Framer, Keep, Meters, Options, Outcome, Seen, Tap, Tapped, Update};
use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use super::digest::Digest;
use super::{Act, Script, assert_same, bodies, offline, pieces, run};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn event(delta: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

#[test]
fn meters_say_when_and_how_much() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}"#;
    let rest = r#"{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"#;
    let usage =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12}}\n\n";
    let pieces = [
        (10, ": PROCESSING\n\n".to_owned()),
        (20, ": PROCESSING\n\n".to_owned()),
        (25, event(r#"{"role":"assistant","content":""}"#)),
        (30, event(r#"{"content":"Hi"}"#)),
        (40, event(call)),
        (45, event(rest)),
        (50, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n".to_owned()),
        (60, usage.to_owned()),
        (70, "data: [DONE]\n\n".to_owned()),
    ];
    let mut tap = Tap::new(Options::default());
    for (at, piece) in &pieces {
        assert!(!tap.is_done());
        tap.observe(piece.as_bytes(), MS(*at), |_| {});
    }
    assert!(tap.is_done());
    tap.end(|_| {});
    let meters: &Meters = tap.meters();
    assert_eq!(meters.bytes, pieces.iter().map(|(_, piece)| piece.len() as u64).sum::<u64>());
    assert_eq!((meters.first_byte, meters.last_byte), (Some(MS(10)), Some(MS(70))));
    assert_eq!((meters.first_token, meters.first_tool_call), (Some(MS(30)), Some(MS(40))));
    assert_eq!((meters.deltas, meters.comments), (3, 2));
    let usage = meters.usage.as_ref().expect("usage");
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (Some(7), Some(5), Some(12)));
    assert_eq!(meters.error, None);
    assert_eq!(tap.into_completion().outcome, Outcome::Complete);
}

#[test]
fn a_tapped_stream_goes_on_byte_for_byte_and_shows_what_was_there() {
    let mut inputs = bodies();
    inputs.push(("not a stream".into(), (0..=255).cycle().take(10_000).collect()));
    for (name, body) in inputs {
        let mut options = Options::default();
        options.comments = true;
        let (digest, completion) = super::digest::decode(options, [&body[..]]);
        for size in [1, 300, usize::MAX] {
            let seen = RefCell::new((Digest::default(), None));
            let watch = |update: Seen<'_>| match update {
                Seen::Update(update) => seen.borrow_mut().0.add(update),
                Seen::End(tap) => {
                    let before = seen.borrow_mut().1.replace(tap.completion());
                    assert!(before.is_none(), "the end comes once");
                }
                _ => {}
            };
            let tapped = Tapped::new(pieces(&body, size, 0), Tap::new(Options::default()), Instant::now(), watch);
            let out: Vec<Bytes> = run(tapped.map(|piece| piece.expect("no transport error")).collect());
            assert_eq!(out.concat(), body, "{name}");
            assert_eq!(out.len(), body.chunks(size).count(), "{name}: the pieces too");
            let (found, ended) = seen.into_inner();
            assert_eq!(found.finish(), digest, "{name}");
            assert_same(&name, &ended.expect("an end"), &completion);
        }
    }
}

#[test]
fn a_tapped_body_passes_trailers_on() {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-checksum", "1".parse().expect("a value"));
    let frames = [
        Ok::<_, Infallible>(Frame::data(Bytes::from(event(r#"{"content":"Hi"}"#)))),
        Ok(Frame::data(Bytes::from_static(b"data: [DONE]\n\n"))),
        Ok(Frame::trailers(trailers.clone())),
    ];
    let ends = RefCell::new(0);
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let tapped = Tapped::new(body, Tap::new(Options::default()), Instant::now(), |seen| {
        if let Seen::End(_) = seen {
            *ends.borrow_mut() += 1;
        }
    });
    let collected = run(tapped.collect()).expect("no transport error");
    assert_eq!(collected.trailers(), Some(&trailers));
    assert!(collected.to_bytes().ends_with(b"data: [DONE]\n\n"));
    assert_eq!(*ends.borrow(), 1);
}

#[test]
fn done_releases_a_connection_that_stays_open() {
    let text = event(r#"{"content":"Hi"}"#);
    let script = Script::<Infallible>::new([
        Act::Give(Bytes::from(text.clone())),
        Act::Give(Bytes::from_static(b"data: [DONE]\n\n")),
        Act::Give(Bytes::from_static(b": bye\n\n")),
        Act::Hang,
    ]);
    let tapped = Tapped::new(script, Tap::new(Options::default()), Instant::now(), |_| {});
    let out: Vec<Bytes> = run(tapped.map(|piece| piece.expect("no transport error")).collect());
    assert_eq!(out.concat(), [text.as_bytes(), b"data: [DONE]\n\n: bye\n\n"].concat());
}

#[test]
fn done_releases_no_half_of_a_line_end() {
    for ends in ["\n", "\r\n", "\r"] {
        let stream = (event(r#"{"content":"Hi"}"#) + "data: [DONE]\n\n").replace('\n', ends);
        for size in [1, 2, 3, 5, usize::MAX] {
            // Each piece comes late, and the connection stays open.
            let acts =
                stream.as_bytes().chunks(size).flat_map(|piece| [Act::Wait, Act::Give(Bytes::copy_from_slice(piece))]);
            let script = Script::<Infallible>::new(acts.chain([Act::Hang]));
            let tapped = Tapped::new(script, Tap::new(Options::default()), Instant::now(), |_| {});
            let out: Vec<Bytes> = run(tapped.map(|piece| piece.expect("no transport error")).collect());
            assert_eq!(out.concat(), stream.as_bytes(), "{ends:?}, pieces of {size}");
        }
    }
}

#[test]
fn a_client_that_goes_away_is_an_end_too() {
    let ends = RefCell::new(Vec::new());
    let script = Script::<Infallible>::new([Act::Give(Bytes::from(event(r#"{"content":"Hi"}"#))), Act::Hang]);
    let mut tapped = Tapped::new(script, Tap::new(Options::default()), Instant::now(), |seen| {
        if let Seen::End(tap) = seen {
            ends.borrow_mut().push((tap.completion().outcome, tap.meters().deltas));
        }
    });
    assert!(run(tapped.next()).is_some());
    drop(tapped);
    assert_eq!(ends.into_inner(), [(Outcome::Truncated, 1)]);
}

#[test]
fn a_limit_of_the_message_stops_the_watching_and_not_the_bytes() {
    let mut options = Options::default();
    options.limits.text = 4;
    let body = event(r#"{"content":"Hello"}"#).repeat(3);
    let watched = RefCell::new((String::new(), None));
    let tapped = Tapped::new(pieces(body.as_bytes(), 64, 0), Tap::new(options), Instant::now(), |seen| match seen {
        Seen::Update(Update::Text { text, .. }) => watched.borrow_mut().0.push_str(text),
        Seen::End(tap) => watched.borrow_mut().1 = Some(tap.meters().clone()),
        _ => {}
    });
    let out: Vec<Bytes> = run(tapped.map(|piece| piece.expect("no transport error")).collect());
    assert_eq!(out.concat(), body.as_bytes());
    let (text, meters) = watched.into_inner();
    let meters = meters.expect("an end");
    assert_eq!(text, "");
    assert!(meters.error.expect("the limit").is_limit());
    assert_eq!(meters.bytes, body.len() as u64);
}

#[test]
fn a_tap_need_not_keep_the_message() {
    for (name, body) in bodies() {
        let meters = |keep| {
            let mut options = Options::default();
            options.keep = keep;
            let mut tap = Tap::new(options);
            tap.observe(&body, MS(1), |_| {});
            tap.end(|_| {});
            tap.meters().clone()
        };
        assert_eq!(meters(Keep::Usage), meters(Keep::Everything), "{name}");
        assert_eq!(offline(&body).1.usage, meters(Keep::Usage).usage, "{name}");
    }
}

/// What a test compares of an event.
fn essence(event: &Event<'_>) -> (EventKind, Vec<u8>, Vec<u8>, Vec<u8>, std::ops::Range<u64>) {
    let (data, id) = (event.data().to_vec(), event.last_event_id().to_vec());
    (event.kind(), event.event_type().to_vec(), data, id, event.span())
}

#[test]
fn events_are_seen_too_where_they_are_asked_for() {
    let mut inputs = bodies();
    inputs.push(("not a stream".into(), (0..=255).cycle().take(10_000).collect()));
    inputs.push(("fields".into(), b": a\r\rid: 7\revent: x\rdata: 1\r\r\ndata: cut".to_vec()));
    let framer = || Framer::new().comments(true).unknown_lines(true).incomplete(true);
    for (name, body) in inputs {
        let mut options = Options::default();
        options.comments = true;
        let (digest, completion) = super::digest::decode(options, [&body[..]]);
        let mut expected = Vec::new();
        let mut reader = framer();
        let mut input = &body[..];
        while let Some(event) = reader.next(&mut input) {
            expected.push(essence(&event.expect("a good event")));
        }
        reader.end();
        while let Some(event) = reader.next(&mut &[][..]) {
            expected.push(essence(&event.expect("a good event")));
        }
        for size in [1, 7, 300, usize::MAX] {
            let (mut found, mut events, mut ends) = (Digest::default(), Vec::new(), 0);
            let tapped = Tapped::new(
                pieces(&body, size, 0),
                Tap::new(Options::default()).with_events(framer()),
                Instant::now(),
                |seen| match seen {
                    Seen::Event(event) => events.push(essence(&event.expect("a good event"))),
                    Seen::Update(update) => found.add(update),
                    Seen::End(tap) => {
                        ends += 1;
                        assert_same(&name, &tap.completion(), &completion);
                    }
                    _ => {}
                },
            );
            let out: Vec<Bytes> = run(tapped.map(|piece| piece.expect("no transport error")).collect());
            assert_eq!(out.concat(), body, "{name}");
            assert_eq!(events, expected, "{name}, pieces of {size}");
            assert_eq!((found.finish(), ends), (digest, 1), "{name}, pieces of {size}");
        }
    }
}

#[test]
fn an_event_is_seen_before_its_updates_and_goes_on_past_a_limit_of_the_message() {
    let mut options = Options::default();
    options.limits.text = 4;
    let mut limits = options.limits;
    limits.event_data = 100;
    let stream = [
        ": hi\n\n".to_owned(),
        event(r#"{"content":"One"}"#),
        format!("data: {}\n\n", "x".repeat(101)),
        event(r#"{"content":"Two"}"#),
        event(r#"{"content":"!"}"#),
    ]
    .concat();
    for size in [1, 13, usize::MAX] {
        let mut tap = Tap::new(options).with_events(Framer::with_limits(limits).comments(true));
        let mut seen = Vec::new();
        let mut watch = |item: Seen<'_>| match item {
            Seen::Event(Ok(event)) => seen.push(format!("{:?}", event.kind())),
            Seen::Event(Err(error)) => {
                seen.push(error.to_string().split(" limit").next().unwrap_or_default().to_owned())
            }
            Seen::Update(Update::Text { text, .. }) => seen.push(text.to_owned()),
            Seen::Update(Update::Comment { text, .. }) => seen.push(text.to_owned()),
            Seen::Update(Update::Anomaly { .. }) => {}
            Seen::Update(other) => panic!("{other:?}"),
            Seen::End(_) => seen.push("end".to_owned()),
            _ => panic!("something else"),
        };
        for piece in stream.as_bytes().chunks(size) {
            tap.observe(piece, MS(1), &mut watch);
        }
        tap.end(&mut watch);
        tap.end(|_| panic!("ends once"));
        let expected = ["Comment", "hi", "Event", "One", "event data", "Event", "Event", "end"];
        assert_eq!(seen, expected, "pieces of {size}");
        assert!(tap.meters().error.expect("the limit").is_limit());
    }
}
