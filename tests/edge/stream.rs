//! `.chat()` on a `Stream`: the same updates and the same message however the transport behaves.

use std::convert::Infallible;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use deltawire::{
    ByteStreamExt, ChatUpdates, Decoder, EndedBy, Events, Options, Outcome, OwnedUpdate, StreamError, Update,
};
use futures_util::stream::FusedStream;
use futures_util::{StreamExt, stream};

use super::digest::Digest;
use super::{Act, Script, assert_same, bodies, offline, pieces, poll_once, run};

const SIZES: [usize; 6] = [1, 7, 64, 300, 1460, usize::MAX];

const TEXT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn give<E>(text: &str) -> Act<E> {
    Act::Give(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn lent_updates_are_the_offline_ones() {
    for (name, body) in bodies() {
        let (digest, completion) = offline(&body);
        for size in SIZES {
            let mut updates = pieces(&body, size, 0).chat();
            let mut found = Digest::default();
            while let Some(update) = run(updates.next()) {
                found.add(update.expect("no transport error"));
            }
            assert_eq!(found.finish(), digest, "{name}, pieces of {size}");
            assert_same(&name, &updates.completion(), &completion);
            assert_same(&name, &updates.into_completion(), &completion);
        }
    }
}

#[test]
fn a_next_dropped_at_any_poll_loses_nothing() {
    for (name, body) in bodies() {
        // What comes after [DONE] is not waited for, and these pieces all make it wait.
        let body = up_to_done(&body);
        let (digest, completion) = offline(body);
        for (size, waits) in [(1, 1), (64, 1), (300, 3), (usize::MAX, 2)] {
            let mut updates = pieces(body, size, waits).chat();
            let mut found = Digest::default();
            let mut dropped = 0;
            loop {
                match poll_once(updates.next()) {
                    Poll::Pending => dropped += 1,
                    Poll::Ready(Some(update)) => found.add(update.expect("no transport error")),
                    Poll::Ready(None) => break,
                }
            }
            let waited = dropped >= body.len().div_ceil(size) * waits;
            assert!(waited || updates.is_done(), "{name}: {dropped} futures were dropped");
            assert_eq!(found.finish(), digest, "{name}, pieces of {size}");
            assert_same(&name, &updates.into_completion(), &completion);
        }
    }
}

pub(super) fn up_to_done(body: &[u8]) -> &[u8] {
    let done = b"data: [DONE]\n\n";
    match body.windows(done.len()).position(|window| window == done) {
        Some(at) => &body[..at + done.len()],
        None => body,
    }
}

#[test]
fn owned_updates_say_what_the_lent_ones_say() {
    for (name, body) in bodies() {
        let owned: Vec<OwnedUpdate> =
            run(pieces(&body, 300, 1).chat().map(|update| update.expect("no transport error")).collect());
        let mut chat = deltawire::ChatStream::new();
        let mut expected = Vec::new();
        for piece in body.chunks(300) {
            chat.feed(piece, |update| expected.push(essence(update))).expect("within the limits");
        }
        let _ = chat.finish_with(|update| expected.push(essence(update)));
        let found: Vec<String> = owned.iter().map(|update| essence(update.as_update())).collect();
        assert_eq!(found, expected[..found.len()], "{name}");
        assert!(found.len() == expected.len() || name.contains("sse_after_done"), "{name}");
    }
}

/// All that an owned update must say: a call that is not whole yet without its arguments.
fn essence(update: Update<'_>) -> String {
    let call =
        |call: &deltawire::ToolCall| format!("{} {:?} {} {}", call.number(), call.kind(), call.id(), call.name());
    match update {
        Update::ToolCallStarted { choice, call: of, .. } => format!("started {choice} {}", call(of)),
        Update::ToolCallChanged { choice, call: of, .. } => format!("changed {choice} {}", call(of)),
        Update::Arguments { choice, call: of, fragment, .. } => format!("arguments {choice} {} {fragment}", call(of)),
        Update::ArgumentsReset { choice, call: of, arguments, .. } => {
            format!("reset {choice} {} {arguments}", call(of))
        }
        whole => format!("{whole:?}"),
    }
}

#[test]
fn lent_and_owned_may_be_mixed() {
    let (name, body) = bodies().swap_remove(0);
    let mut updates = pieces(&body, 64, 0).chat();
    let mut found = Digest::default();
    while let Some(update) = run(updates.next()) {
        found.add(update.expect("no transport error"));
        let Some(update) = run(StreamExt::next(&mut updates)) else { break };
        found.add(update.expect("no transport error").as_update());
    }
    // Owned updates print other calls, so the count is compared, and the message.
    let (digest, completion) = offline(&body);
    assert_eq!(found.finish().0, digest.0, "{name}");
    assert_same(&name, &updates.into_completion(), &completion);
}

#[test]
fn a_transport_error_comes_once_as_it_is_and_the_message_stays() {
    let cut = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" wor";
    let error = io::Error::new(io::ErrorKind::ConnectionReset, "cut");
    let mut updates = Script::new([give(TEXT), give(cut), Act::Fail(error), give(DONE)]).chat();
    let mut texts = String::new();
    let mut errors = Vec::new();
    let mut after = Vec::new();
    while let Some(update) = run(updates.next()) {
        match update {
            Ok(Update::Text { text, .. }) => texts.push_str(text),
            Ok(other) => after.push(format!("{other:?}")),
            Err(StreamError::Transport(error)) => errors.push(error.kind()),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(errors, [io::ErrorKind::ConnectionReset]);
    assert_eq!(texts, "Hello");
    assert!(run(updates.next()).is_none(), "fused");
    assert!(updates.is_terminated());
    let completion = updates.into_completion();
    let expected = offline(format!("{TEXT}{cut}").as_bytes()).1;
    assert_eq!(completion.outcome, Outcome::Truncated);
    assert_same("cut", &completion, &expected);
}

#[test]
fn every_cut_gives_the_offline_message() {
    let (name, body) = bodies().swap_remove(0);
    for cut in 0..body.len() {
        let mut updates = Script::new([Act::Give(Bytes::copy_from_slice(&body[..cut])), Act::Fail("cut")]).chat();
        let mut errors = 0;
        while let Some(update) = run(updates.next()) {
            errors += u32::from(update.is_err());
        }
        let done = body[..cut].ends_with(b"data: [DONE]\n\n");
        assert_eq!(errors, u32::from(!done), "{name} cut at {cut}");
        assert_same(&name, &updates.into_completion(), &offline(&body[..cut]).1);
    }
}

#[test]
fn a_connection_that_stays_open_after_done_does_not_hold_the_stream() {
    let mut updates = Script::<Infallible>::new([give(TEXT), give(DONE), Act::Hang]).chat();
    let mut seen = 0;
    while let Some(update) = run(updates.next()) {
        update.expect("no transport error");
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
    assert!(updates.is_done());
    let completion = updates.into_completion();
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Complete, EndedBy::Done));
    assert_eq!(completion.choices[0].message.content, "Hello");
}

#[test]
fn a_connection_is_read_to_its_end_where_that_is_there() {
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    let tail = stream::poll_fn(move |_| {
        flag.store(true, Ordering::Relaxed);
        Poll::Ready(None::<Result<Bytes, Infallible>>)
    });
    let mut updates = Script::new([give(TEXT), give(DONE)]).chain(tail).chat();
    while run(updates.next()).is_some() {}
    assert!(ended.load(Ordering::Relaxed));
}

#[test]
fn the_message_so_far_is_there_at_any_time() {
    let second = TEXT.replace("Hello", ", world");
    let mut updates = Script::<Infallible>::new([give(TEXT), Act::Wait, give(&second), Act::Hang]).chat();
    let mut contents = Vec::new();
    for _ in 0..8 {
        let _ = poll_once(updates.next());
        let content = updates.completion().choices.first().map(|choice| choice.message.content.clone());
        if contents.last() != Some(&content) {
            contents.push(content);
        }
    }
    assert_eq!(contents, [Some("Hello".to_owned()), Some("Hello, world".to_owned())]);
    let completion = updates.into_completion();
    assert_eq!((completion.outcome, completion.ended_by), (Outcome::Truncated, EndedBy::EndOfInput));
}

#[test]
fn a_fatal_limit_comes_once_after_all_before_it() {
    let mut options = Options::default();
    options.limits.text = 8;
    let mut updates =
        Script::<Infallible>::new([give(TEXT), give(TEXT), give(DONE)]).chat_with(options, Decoder::new());
    let mut texts = String::new();
    let mut errors = Vec::new();
    while let Some(update) = run(updates.next()) {
        match update {
            Ok(Update::Text { text, .. }) => texts.push_str(text),
            Ok(_) => {}
            Err(StreamError::Decode(error)) => errors.push(error),
            Err(StreamError::Transport(never)) => match never {},
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(texts, "Hello");
    assert!(matches!(&errors[..], [error] if error.is_limit()), "{errors:?}");
    assert_eq!(updates.into_completion().choices[0].message.content, "Hello");
}

#[test]
fn the_types_are_what_runtimes_ask_for() {
    fn check<T: Send + Unpin + Debug + 'static>() {}
    fn send<T: Send>(value: T) -> T {
        value
    }
    check::<ChatUpdates<Script<io::Error>>>();
    check::<Events<Script<io::Error>>>();
    check::<OwnedUpdate>();
    check::<StreamError<io::Error>>();
    // The futures too.
    let mut updates = Script::<Infallible>::new([]).chat();
    assert!(run(send(updates.next())).is_none());
    let mut events = Script::<Infallible>::new([]).events();
    assert!(run(send(events.next())).is_none());
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(StreamError::Transport(io::Error::other("x")));
    assert_eq!(error.source().expect("the transport's").to_string(), "x");
}
