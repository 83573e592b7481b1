//! Many streams through one decoder, also while they interleave: each comes out as it does alone.

use std::cell::RefCell;

use deltawire::{ByteStreamExt, ChatUpdates, Decoder, DecoderSource, Options};
use futures_util::Stream;

use super::digest::Digest;
use super::{assert_same, bodies, offline, pieces, run};

thread_local!(static DECODER: RefCell<Decoder> = RefCell::default());

#[derive(Clone, Copy, Debug)]
struct OfThisThread;

impl DecoderSource for OfThisThread {
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
        DECODER.with_borrow_mut(f)
    }
}

#[test]
fn interleaved_streams_share_a_decoder() {
    let bodies = bodies();
    let mut streams: Vec<(ChatUpdates<_, _>, Digest)> = bodies
        .iter()
        .map(|(_, body)| (pieces(body, 300, 0).chat_with(Options::default(), OfThisThread), Digest::default()))
        .collect();
    let mut open = streams.len();
    while open > 0 {
        open = 0;
        for (updates, digest) in &mut streams {
            if let Some(update) = run(updates.next()) {
                digest.add(update.expect("no transport error"));
                open += 1;
            }
        }
    }
    for ((name, body), (updates, found)) in bodies.iter().zip(streams) {
        let (digest, completion) = offline(body);
        assert_eq!(found.finish(), digest, "{name}");
        assert_same(name, &updates.into_completion(), &completion);
    }
}

#[test]
fn a_stream_that_shares_can_move_between_threads() {
    fn check<T: Send + Stream + 'static>(_: &T) {}
    let (name, body) = bodies().swap_remove(0);
    let (digest, completion) = offline(&body);
    let mut updates = pieces(&body, 64, 0).chat_with(Options::default(), OfThisThread);
    check(&updates);
    let mut found = Digest::default();
    loop {
        // Each update on a thread of its own, with that thread's decoder.
        let (over, back, digest) = std::thread::spawn(move || {
            let over = match run(updates.next()) {
                Some(update) => {
                    found.add(update.expect("no transport error"));
                    false
                }
                None => true,
            };
            (over, updates, found)
        })
        .join()
        .expect("no panic");
        (updates, found) = (back, digest);
        if over {
            break;
        }
    }
    assert_eq!(found.finish(), digest, "{name}");
    assert_same(&name, &updates.into_completion(), &completion);
}
