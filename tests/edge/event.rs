//! Owned events: what they say, and what they hold of the network's buffers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use deltawire::{ByteStreamExt, EventKind, Events, Framer, Limits, OwnedEvent, StreamError};
use futures_util::StreamExt;
use futures_util::stream::FusedStream;

use super::{Act, Script, bodies, pieces, poll_once, run};

fn owned(input: &[u8], size: usize) -> Vec<OwnedEvent> {
    run(pieces(input, size, 1).events().map(|event| event.expect("a good event")).collect())
}

#[test]
fn they_say_all_that_the_framers_say_however_they_come() {
    let mut inputs = bodies();
    inputs.push((
        "fields".into(),
        b"retry: 1500\nid: 7\nevent: ping\ndata: a\ndata: b\n\ndata: \xff\n\nevent: x\nid\ndata\n\ndata: cut".to_vec(),
    ));
    for (name, input) in inputs {
        let mut framer = Framer::new();
        let mut expected = Vec::new();
        let mut rest = &input[..];
        loop {
            let before = rest;
            if !framer.advance(&mut rest) {
                break;
            }
            let event = framer.event(before).expect("an event").expect("a good one");
            expected.push((
                event.kind(),
                String::from_utf8_lossy(event.event_type()).into_owned(),
                event.data().to_vec(),
                String::from_utf8_lossy(event.last_event_id()).into_owned(),
                framer.retry().map(Duration::from_millis),
                event.span(),
            ));
        }
        for size in [1, 7, 300, usize::MAX] {
            let found: Vec<_> = owned(&input, size)
                .into_iter()
                .map(|e| (e.kind, e.event_type.to_string(), e.data.to_vec(), e.id.to_string(), e.retry, e.span))
                .collect();
            assert_eq!(found, expected, "{name}, pieces of {size}");

            let mut events = pieces(&input, size, 1).events();
            for row in &expected {
                let event = run(events.next()).expect("an event").expect("a good one");
                assert_eq!((event.kind(), event.data(), event.span()), (row.0, &row.2[..], row.5.clone()), "{name}");
            }
            assert!(run(events.next()).is_none(), "{name}");
        }
    }
}

#[test]
fn a_row_with_all_fields() {
    let events = owned(b"retry: 1500\nid: 7\nevent: ping\ndata: a\ndata: b\n\ndata: c\n\n", 5);
    let [first, second] = &events[..] else { panic!("{events:?}") };
    assert_eq!((first.kind, &*first.event_type, &first.data[..]), (EventKind::Event, "ping", &b"a\nb"[..]));
    assert_eq!((&*first.id, first.retry, first.span.clone()), ("7", Some(Duration::from_millis(1500)), 0..47));
    assert_eq!((&*second.event_type, &second.data[..], &*second.id, second.span.clone()), ("", &b"c"[..], "7", 47..56));
    assert_eq!(first.as_event().event_type(), b"ping");
    assert_eq!(first.data_lossy(), "a\nb");
}

/// A buffer that says when it is given back.
struct Buffer(Vec<u8>, Arc<AtomicBool>);

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

#[test]
fn small_data_do_not_hold_a_buffer_and_large_data_are_slices_of_it() {
    // The length of the event's data, that of the whole buffer, whether the event holds the buffer.
    let rows = [
        (4, 65_536, false),
        (300, 306 + 2, false),
        (1023, 2000, false),
        (1024, 2000, true),
        (1024, 4096, true),
        (1024, 4097, false),
        (16_384, 65_536, true),
        (16_383, 65_536, false),
        (60_000, 65_536, true),
    ];
    for (length, size, holds) in rows {
        let mut text = b"data: ".to_vec();
        text.resize(6 + length, b'x');
        text.extend(b"\n\n");
        text.resize(size.max(text.len()), b'\n');
        let range = text.as_ptr_range();
        let freed = Arc::new(AtomicBool::new(false));
        let buffer = Bytes::from_owner(Buffer(text, Arc::clone(&freed)));
        let mut events = Script::<Infallible>::new([Act::Give(buffer)]).events();
        let event = run(StreamExt::next(&mut events)).expect("an event").expect("a good one");
        assert!(run(StreamExt::next(&mut events)).is_none());
        drop(events);
        assert_eq!(event.data.len(), length);
        assert_eq!(range.contains(&event.data.as_ptr()), holds, "{length} of {size}");
        assert_eq!(!freed.load(Ordering::Relaxed), holds, "{length} of {size}");
        drop(event);
        assert!(freed.load(Ordering::Relaxed));
    }
}

#[test]
fn a_bad_event_is_an_item_and_not_the_end() {
    let mut limits = Limits::default();
    limits.event_data = 8;
    let input = b"data: one\n\ndata: far too long\n\ndata: two\n\n";
    for size in [1, 5, usize::MAX] {
        let events = Events::new(pieces(input, size, 1), Framer::with_limits(limits));
        let items: Vec<_> = run(events.collect());
        let [Ok(one), Err(StreamError::Decode(error)), Ok(two)] = &items[..] else { panic!("{items:?}") };
        assert!(error.is_limit());
        assert_eq!((&one.data[..], &two.data[..]), (&b"one"[..], &b"two"[..]));
    }
}

#[test]
fn the_framer_says_what_is_handed_out() {
    let framer = Framer::new().comments(true).incomplete(true);
    let events = Events::new(pieces(b": alive\n\ndata: x\n\ndata: cut", 4, 1), framer);
    let items: Vec<OwnedEvent> = run(events.map(|event| event.expect("a good event")).collect());
    let kinds: Vec<_> = items.iter().map(|event| (event.kind, &event.data[..])).collect();
    let expected: [(EventKind, &[u8]); 3] =
        [(EventKind::Comment, b"alive"), (EventKind::Event, b"x"), (EventKind::Incomplete, b"cut")];
    assert_eq!(kinds, expected);
}

#[test]
fn a_next_dropped_at_any_poll_loses_nothing() {
    for (name, body) in bodies() {
        let expected = owned(&body, usize::MAX);
        for (size, waits) in [(1, 1), (64, 1), (300, 3), (usize::MAX, 2)] {
            let mut events = pieces(&body, size, waits).events();
            let (mut found, mut dropped) = (0, 0);
            loop {
                match poll_once(events.next()) {
                    Poll::Pending => dropped += 1,
                    Poll::Ready(Some(event)) => {
                        let event = event.expect("a good event");
                        let OwnedEvent { data, span, .. } = &expected[found];
                        assert_eq!((event.data(), event.span()), (&data[..], span.clone()), "{name}, pieces of {size}");
                        found += 1;
                    }
                    Poll::Ready(None) => break,
                }
            }
            // Before each piece and before the end.
            assert_eq!(dropped, (body.len().div_ceil(size) + 1) * waits, "{name}, pieces of {size}");
            assert_eq!(found, expected.len(), "{name}, pieces of {size}");
            assert!(matches!(poll_once(events.next()), Poll::Ready(None)), "fused");
            assert!(events.is_terminated());
        }
    }
}

#[test]
fn a_transport_error_comes_once_and_what_was_held_is_given_up() {
    let acts = [
        Act::Give(Bytes::from_static(b"data: x\n\ndata: y")),
        Act::Fail("cut"),
        Act::Give(Bytes::from_static(b"\n\n")),
    ];
    let mut events = Script::new(acts).events();
    assert_eq!(run(events.next()).expect("an event").expect("a good one").data(), b"x");
    assert!(!events.is_terminated());
    assert_eq!(run(events.next()).expect("an item").expect_err("the error"), StreamError::Transport("cut"));
    assert!(run(events.next()).is_none());
    assert!(run(StreamExt::next(&mut events)).is_none(), "fused");
    assert!(events.is_terminated());
}
