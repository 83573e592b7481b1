//! Any `http_body::Body`: as a stream of its data.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use deltawire::{HttpBodyExt, OwnedUpdate, StreamError, Update};
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full, StreamBody};

use super::digest::Digest;
use super::{assert_same, bodies, offline, pieces, poll_once, run};

use http_body::{Body, Frame};

/// A body of these frames, each after one poll that is not ready.
struct Frames<D, E>(VecDeque<Result<Frame<D>, E>>, bool);

impl<D: Buf + Unpin, E: Unpin> Body for Frames<D, E> {
    type Data = D;
    type Error = E;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<D>, E>>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.pop_front())
    }
}

#[test]
fn a_body_gives_the_offline_updates() {
    for (name, body) in bodies() {
        let (digest, completion) = offline(&body);
        let frames = StreamBody::new(pieces(&body, 300, 0).map(|piece| piece.map(Frame::data)));
        let mut updates = frames.chat();
        let mut found = Digest::default();
        while let Some(update) = run(updates.next()) {
            found.add(update.expect("no transport error"));
        }
        assert_eq!(found.finish(), digest, "{name}");
        assert_same(&name, &updates.into_completion(), &completion);

        let whole: Vec<Result<OwnedUpdate, _>> = run(Full::new(Bytes::from(body)).chat().collect());
        assert!(whole.iter().all(|update: &Result<_, StreamError<Infallible>>| update.is_ok()), "{name}");
        assert_eq!(whole.len() as u64, digest.0, "{name}");
    }
}

#[test]
fn data_of_several_parts_are_read_and_trailers_are_passed_over() {
    let part = |text: &str| BytesMut::from(text).freeze();
    let text = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    let data = part(&text[..9]).chain(part(&text[9..40])).chain(part(&text[40..]));
    let trailers = Frame::trailers(http::HeaderMap::new());
    let frames = VecDeque::from([Ok(Frame::trailers(http::HeaderMap::new())), Ok(Frame::data(data)), Ok(trailers)]);
    let mut updates = Frames::<_, Infallible>(frames, false).chat();
    let mut texts = String::new();
    while let Some(update) = run(updates.next()) {
        if let Update::Text { text, .. } = update.expect("no transport error") {
            texts.push_str(text);
        }
    }
    assert_eq!(texts, "Hi");
}

#[test]
fn the_bodys_error_is_kept() {
    let frames = VecDeque::from([Ok(Frame::data(Bytes::from_static(b"data: x\n\nda"))), Err("reset")]);
    let mut events = Frames(frames, false).events();
    assert_eq!(run(events.next()).expect("an event").expect("a good one").data(), b"x");
    assert_eq!(run(events.next()).expect("an item").expect_err("the error"), StreamError::Transport("reset"));
    assert!(run(events.next()).is_none());
}

#[test]
fn a_boxed_body_will_do() {
    let body = Full::new(Bytes::from_static(b"data: x\n\n")).boxed_unsync();
    let mut events = body.eventsource();
    let event = run(events.next()).expect("an event").expect("a good one");
    assert_eq!((&*event.event, &*event.data), ("message", "x"));
}

#[test]
fn a_next_dropped_at_any_poll_loses_nothing() {
    for (name, body) in bodies() {
        let body = super::stream::up_to_done(&body);
        let (digest, completion) = offline(body);
        let frames: VecDeque<_> = body.chunks(64).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        let count = frames.len();
        let mut updates = Frames::<_, Infallible>(frames, false).chat();
        let (mut found, mut dropped) = (Digest::default(), 0);
        loop {
            match poll_once(updates.next()) {
                Poll::Pending => dropped += 1,
                Poll::Ready(Some(update)) => found.add(update.expect("no transport error")),
                Poll::Ready(None) => break,
            }
        }
        assert!(dropped >= count, "{name}: {dropped} futures were dropped");
        assert_eq!(found.finish(), digest, "{name}");
        assert_same(&name, &updates.into_completion(), &completion);
    }
}
