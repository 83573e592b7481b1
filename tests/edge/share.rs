//! Many streams through one decoder, also while they interleave: each comes out as it does alone.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

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

/// Tasks of a real multi-thread runtime, which go on on whichever thread is free: each waits before every piece, so each
/// may be polled next by another thread, with that thread's decoder.
#[test]
fn tasks_that_move_between_the_threads_of_a_runtime_share_their_decoders() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("a runtime");
    let bodies = Arc::new(bodies());
    let expected: Vec<_> = bodies.iter().map(|(_, body)| offline(super::stream::up_to_done(body))).collect();
    let mut moved = 0;
    // Whether a task moves is the runtime's affair. All rounds must be right, and in one of them tasks must have moved.
    for round in 0..50 {
        let tasks: Vec<_> = (0..bodies.len() * 4)
            .map(|task| {
                let bodies = Arc::clone(&bodies);
                runtime.spawn(async move {
                    let body = super::stream::up_to_done(&bodies[task % bodies.len()].1);
                    let mut updates = pieces(body, 97, 1).chat_with(Options::default(), OfThisThread);
                    let (mut found, mut threads) = (Digest::default(), HashSet::new());
                    while let Some(update) = updates.next().await {
                        found.add(update.expect("no transport error"));
                        threads.insert(std::thread::current().id());
                        tokio::task::yield_now().await;
                    }
                    (found, updates.into_completion(), threads)
                })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            let (found, message, threads) = runtime.block_on(task).expect("no panic");
            let (name, (digest, completion)) = (&bodies[number % bodies.len()].0, &expected[number % bodies.len()]);
            assert_eq!(found.finish(), *digest, "{name}, round {round}");
            assert_same(name, &message, completion);
            moved += usize::from(threads.len() > 1);
        }
        if moved > 0 {
            return;
        }
    }
    panic!("no task was ever polled by two threads");
}
