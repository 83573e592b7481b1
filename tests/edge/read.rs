//! Over `std::io::Read`, with all that a reader may do.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use deltawire::{ChatReader, EventReader, Outcome, OwnedUpdate, StreamError, Update};

use super::digest::Digest;
use super::{assert_same, bodies, offline};

/// A reader that does what it is told, step by step.
struct Steps(VecDeque<Result<Vec<u8>, ErrorKind>>);

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.pop_front() {
            Some(Ok(mut bytes)) => {
                if bytes.len() > buffer.len() {
                    self.0.push_front(Ok(bytes.split_off(buffer.len())));
                }
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Some(Err(kind)) => Err(kind.into()),
            None => Ok(0),
        }
    }
}

fn steps(body: &[u8], size: usize) -> Steps {
    Steps(body.chunks(size).flat_map(|piece| [Err(ErrorKind::Interrupted), Ok(piece.to_vec())]).collect())
}

#[test]
fn a_reader_gives_the_offline_updates() {
    for (name, body) in bodies() {
        let (digest, completion) = offline(&body);
        for size in [1, 300, usize::MAX] {
            let mut updates = ChatReader::new(steps(&body, size));
            let mut found = Digest::default();
            while let Some(update) = updates.next() {
                found.add(update.expect("no error"));
            }
            assert!(updates.next().is_none(), "fused");
            if !after_done(&body) {
                assert_eq!(found.finish(), digest, "{name}, pieces of {size}");
                assert_same(&name, &updates.into_completion(), &completion);
            }
        }
        let owned: Vec<OwnedUpdate> = ChatReader::new(&body[..]).map(|update| update.expect("no error")).collect();
        assert_eq!(owned.len() as u64, digest.0, "{name}");
    }
}

/// Whether something follows `[DONE]`: a reader does not read on there, so it may be seen or not.
fn after_done(body: &[u8]) -> bool {
    let done = b"data: [DONE]\n\n";
    body.windows(done.len()).position(|window| window == done).is_some_and(|at| at + done.len() < body.len())
}

#[test]
fn nothing_is_read_after_done() {
    let done = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let mut updates = ChatReader::new(Steps(VecDeque::from([Ok(done.to_vec()), Err(ErrorKind::TimedOut)])));
    while let Some(update) = updates.next() {
        update.expect("the error is behind the end");
    }
    assert!(updates.is_done());
    assert_eq!(updates.into_completion().outcome, Outcome::Complete);
}

#[test]
fn a_readers_error_comes_once_and_the_message_stays() {
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\nda";
    let mut updates = ChatReader::new(Steps(VecDeque::from([Ok(text.to_vec()), Err(ErrorKind::TimedOut)])));
    let (mut texts, mut errors) = (String::new(), Vec::new());
    while let Some(update) = updates.next() {
        match update {
            Ok(Update::Text { text, .. }) => texts.push_str(text),
            Ok(_) => {}
            Err(StreamError::Transport(error)) => errors.push(error.kind()),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((&*texts, &errors[..]), ("Hi", &[ErrorKind::TimedOut][..]));
    let completion = updates.into_completion();
    assert_same("cut", &completion, &offline(text).1);
}

#[test]
fn a_reader_can_be_left_at_any_update() {
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"!\"}}]}\n\n";
    let mut updates = ChatReader::new(&text[..]);
    while let Some(update) = updates.next() {
        if let Ok(Update::Text { .. }) = update {
            break;
        }
    }
    assert_eq!(updates.completion().choices[0].message.content, "Hi");
    assert_eq!(updates.into_completion().choices[0].message.content, "Hi");
}

#[test]
fn events_over_a_reader() {
    for (name, body) in bodies() {
        let mut framer = deltawire::Framer::new();
        let mut input = &body[..];
        let mut expected = Vec::new();
        while let Some(event) = framer.next(&mut input) {
            let event = event.expect("a good event");
            expected.push((event.data().to_vec(), event.span()));
        }
        for size in [1, 300, usize::MAX] {
            let mut events = EventReader::new(steps(&body, size));
            let mut found = Vec::new();
            while let Some(event) = events.next() {
                let event = event.expect("no error");
                found.push((event.data().to_vec(), event.span()));
            }
            assert_eq!(found, expected, "{name}, pieces of {size}");
            let owned = EventReader::new(steps(&body, size)).map(|event| event.expect("no error"));
            assert_eq!(owned.map(|e| (e.data.to_vec(), e.span)).collect::<Vec<_>>(), expected, "{name}");
        }
    }
    let mut events = EventReader::new(Steps(VecDeque::from([Ok(b"data: x\n\nda".to_vec()), Err(ErrorKind::TimedOut)])));
    assert_eq!(events.next().expect("an event").expect("a good one").data(), b"x");
    assert!(matches!(events.next(), Some(Err(StreamError::Transport(error))) if error.kind() == ErrorKind::TimedOut));
    assert!(events.event().is_none());
    assert!(events.next().is_none());
}
