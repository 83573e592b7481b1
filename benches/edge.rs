//! What an edge costs over the core, and what a shared decoder saves.
//!
//! `one stream`: the recorded streams one after the other, in pieces of 1,460 bytes that are ready at once: the core alone
//! fed by hand, then the lending `next`, owned updates, a tap, events, and eventsource-stream for comparison.
//! `streams at once`: 512 of them in tasks of a multi-thread runtime, with a decoder each and with one decoder a thread.
//!
//! Every way's answer is checked before it is timed. `cargo bench --bench edge --features stream`

#[path = "../tests/support/cassette.rs"]
#[allow(dead_code, unreachable_pub)]
mod cassette;

use std::cell::RefCell;
use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deltawire::{
    ByteStreamExt, ChatStream, ChatUpdates, Decoder, DecoderSource, Framer, Keep, Options, Seen, Tap, Tapped, Update,
};
use futures_util::{Stream, StreamExt, stream};

const PIECE: usize = 1460;

thread_local!(static DECODER: RefCell<Decoder> = RefCell::default());

#[derive(Clone, Copy)]
struct OfThisThread;

impl DecoderSource for OfThisThread {
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
        DECODER.with_borrow_mut(f)
    }
}

type Pieces = Vec<Bytes>;

/// The recorded streams in pieces, as slices of one buffer each.
fn streams() -> Vec<Pieces> {
    let bodies = cassette::bodies()
        .into_iter()
        .map(|(_, body)| body)
        .filter(|body| body.starts_with(b"data:") || body.starts_with(b":"));
    bodies
        .map(|body| {
            let body = Bytes::from(body);
            (0..body.len()).step_by(PIECE).map(|at| body.slice(at..body.len().min(at + PIECE))).collect()
        })
        .collect()
}

fn network(pieces: &Pieces) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + Send + use<> {
    stream::iter(pieces.clone().into_iter().map(Ok))
}

/// What a proxy does: the pieces go on, their text is counted on the way.
fn tapped(pieces: &Pieces, tap: Tap) -> usize {
    let mut length = 0;
    let forwarded = Tapped::new(network(pieces), tap, Instant::now(), |seen| {
        if let Seen::Update(update) = seen {
            length += text_of(&update);
        }
    });
    let passed =
        ready(forwarded.fold(0, |bytes, piece| std::future::ready(bytes + piece.map_or(0, |piece| piece.len()))));
    assert_eq!(passed, pieces.iter().map(Bytes::len).sum::<usize>());
    length
}

/// Without the message, which a proxy has no use for.
fn tap() -> Tap {
    let mut options = Options::default();
    options.keep = Keep::Usage;
    Tap::new(options)
}

/// Runs a future that is never pending.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the pieces are ready"),
    }
}

fn text_of(update: &Update<'_>) -> usize {
    match update {
        Update::Text { text, .. } | Update::Reasoning { text, .. } => text.len(),
        Update::Arguments { fragment, .. } => fragment.len(),
        _ => 0,
    }
}

/// Bytes of text and arguments that each way hands out.
fn core(pieces: &Pieces) -> usize {
    let (mut chat, mut length) = (ChatStream::new(), 0);
    for piece in pieces {
        chat.feed(piece, |update| length += text_of(&update)).expect("within the limits");
    }
    black_box(chat.finish_with(|update| length += text_of(&update)));
    length
}

async fn lent<D: DecoderSource>(
    mut updates: ChatUpdates<impl Stream<Item = Result<Bytes, Infallible>> + Unpin, D>,
) -> usize {
    let mut length = 0;
    while let Some(update) = updates.next().await {
        length += text_of(&update.expect("within the limits"));
    }
    black_box(updates.into_completion());
    length
}

fn owned(pieces: &Pieces) -> usize {
    let updates = network(pieces).chat();
    ready(updates.fold(0, |length, update| {
        std::future::ready(length + text_of(&update.expect("within the limits").as_update()))
    }))
}

fn events_lent(pieces: &Pieces) -> usize {
    let mut events = network(pieces).events();
    let mut length = 0;
    while let Some(event) = ready(events.next()) {
        length += event.expect("a good event").data().len();
    }
    length
}

fn events_owned(pieces: &Pieces) -> usize {
    let events = network(pieces).events();
    ready(events.fold(0, |length, event| std::future::ready(length + event.expect("a good event").data.len())))
}

fn eventsource(pieces: &Pieces) -> usize {
    let events = network(pieces).eventsource();
    ready(events.fold(0, |length, event| std::future::ready(length + event.expect("a good event").data.len())))
}

fn eventsource_stream(pieces: &Pieces) -> usize {
    let events = eventsource_stream::Eventsource::eventsource(network(pieces));
    ready(events.fold(0, |length, event| std::future::ready(length + event.expect("a good event").data.len())))
}

fn one_stream(criterion: &mut Criterion) {
    let streams = streams();
    let bytes: usize = streams.iter().flatten().map(Bytes::len).sum();
    let mut group = criterion.benchmark_group("edge/one stream");
    group.throughput(Throughput::Bytes(bytes as u64));
    type Way = (&'static str, fn(&Pieces) -> usize);
    let chats: [Way; 5] = [
        ("core, fed by hand", core),
        ("chat, lent", |pieces| ready(lent(network(pieces).chat()))),
        ("chat, owned", owned),
        ("tap", |pieces| tapped(pieces, tap())),
        ("tap, with events", |pieces| tapped(pieces, tap().with_events(Framer::new()))),
    ];
    let events: [Way; 4] = [
        ("events, lent", events_lent),
        ("events, owned", events_owned),
        ("eventsource", eventsource),
        ("eventsource-stream 0.2", eventsource_stream),
    ];
    for ways in [&chats[..], &events[..]] {
        let expected: Vec<usize> = streams.iter().map(ways[0].1).collect();
        assert!(expected.iter().sum::<usize>() > 0);
        for (name, way) in ways {
            assert_eq!(streams.iter().map(way).collect::<Vec<_>>(), expected, "{name}");
            group.bench_function(*name, |bencher| {
                bencher.iter(|| streams.iter().map(|pieces| way(black_box(pieces))).sum::<usize>());
            });
        }
    }
    group.finish();
}

fn streams_at_once(criterion: &mut Criterion) {
    const TASKS: usize = 512;
    let streams = streams();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let of_task = |task: usize| &streams[task % streams.len()];
    let bytes: usize = (0..TASKS).flat_map(of_task).map(Bytes::len).sum();
    let expected: usize = (0..TASKS).map(|task| core(of_task(task))).sum();
    let run = |shared: bool| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..TASKS)
                .map(|task| {
                    let network = network(of_task(task));
                    match shared {
                        true => tokio::spawn(lent(network.chat_with(Options::default(), OfThisThread))),
                        false => tokio::spawn(lent(network.chat())),
                    }
                })
                .collect();
            let mut length = 0;
            for task in tasks {
                length += task.await.expect("no panic");
            }
            length
        })
    };
    let mut group = criterion.benchmark_group("edge/streams at once");
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(20);
    for (name, shared) in [("a decoder each", false), ("a decoder a thread", true)] {
        assert_eq!(run(shared), expected, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| run(shared)));
    }
    group.finish();
}

criterion_group!(benches, one_stream, streams_at_once);
criterion_main!(benches);
