//! A tap: the bytes go on as they came, whatever they are, and what was seen is what was there.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use deltawire::{Keep, Meters, Options, Outcome, Seen, Tap, Tapped, Update};
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
