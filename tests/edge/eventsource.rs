//! The drop-in for eventsource-stream gives what that gives, wherever that follows the standard.

use bytes::Bytes;
use deltawire::eventsource::{Event, EventStreamError};
use futures_util::StreamExt;

use super::{Act, Script, bodies, pieces, run};

fn ours(input: &[u8], size: usize) -> Vec<Event> {
    use deltawire::eventsource::Eventsource;
    run(pieces(input, size, 1).eventsource().map(|event| event.expect("a good event")).collect())
}

fn theirs(input: &[u8], size: usize) -> Vec<Event> {
    use eventsource_stream::Eventsource;
    let events = pieces(input, size, 1).eventsource().map(|event| {
        let event = event.expect("a good event");
        Event { event: event.event, data: event.data, id: event.id, retry: event.retry }
    });
    run(events.collect())
}

#[test]
fn the_same_events_as_eventsource_stream() {
    let mut inputs = bodies();
    for text in [
        "event: ping\nid: 1\ndata: a\ndata: b\n\nid: 2\ndata: c\n\ndata: d\n\n",
        ": comment\n\ndata:x\n\nunknown: y\ndata:  z\r\n\r\n",
        "data: é\u{2028}🙂\n\ndata: cut",
        "retry: 10\ndata: x\n\n",
    ] {
        inputs.push((text.into(), text.as_bytes().to_vec()));
    }
    let mut compared = 0;
    for (name, input) in inputs {
        // They panic at a byte order mark, hold an event back that a CR ends until the next byte comes, and stall at what
        // is not UTF-8.
        if input.starts_with(b"\xef\xbb\xbf") || input.ends_with(b"\r") || str::from_utf8(&input).is_err() {
            continue;
        }
        for size in [1, 300, usize::MAX] {
            let (ours, mut theirs) = (ours(&input, size), theirs(&input, size));
            // They give `retry` only with the event that carries it.
            for (ours, theirs) in ours.iter().zip(&mut theirs) {
                theirs.retry = theirs.retry.or(ours.retry);
            }
            assert_eq!(ours, theirs, "{name}, pieces of {size}");
            compared += ours.len();
        }
    }
    assert!(compared > 1000, "{compared} events");
}

#[test]
fn where_they_differ_this_follows_the_standard() {
    assert_eq!(ours(b"\xef\xbb\xbfdata: x\n\n", 1)[0].data, "x", "byte order mark");
    assert_eq!(ours(b"data: a\xffb\n\ndata: c\n\n", 1)[0].data, "a\u{FFFD}b", "not UTF-8");
    assert_eq!(ours(b"data\n\n", 1)[0].data, "", "empty data");
    assert_eq!(ours(b"data: x\r\r", 1)[0].data, "x", "CR at the end");
}

#[test]
fn errors_and_ids_have_their_names() {
    use deltawire::eventsource::{EventStream, Eventsource};
    let mut events: EventStream<_> =
        Script::new([Act::Give(Bytes::from_static(b"data: x\n\n")), Act::Fail("reset")]).eventsource();
    events.set_last_event_id("41");
    assert_eq!(events.last_event_id(), "41");
    let event = run(events.next()).expect("an event").expect("a good one");
    assert_eq!((&*event.event, &*event.id), ("message", "41"));
    match run(events.next()) {
        Some(Err(EventStreamError::Transport(error))) => assert_eq!(error, "reset"),
        other => panic!("{other:?}"),
    }
    assert!(run(events.next()).is_none());
}
