//! One decoder a thread for any number of streams, on a multi-thread runtime.
//!
//! A decoder remembers the shapes of chunks; a stream that shares one finds them learned, and holds no decoder of its own.
//! The decoder is borrowed within one poll and never across an await, so it does not matter on which thread a stream is
//! polled next.
//!
//! ```text
//! cargo run --release --example shared_decoder --features stream
//! ```

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use deltawire::{ByteStreamExt, ChatUpdates, Decoder, DecoderSource, Options};
use futures_util::{Stream, stream};

thread_local!(static DECODER: RefCell<Decoder> = RefCell::default());

/// This thread's decoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfThisThread;

impl DecoderSource for OfThisThread {
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
        DECODER.with_borrow_mut(f)
    }
}

/// A stream of 100 chunks, as a network would give it, ready at once.
fn network(body: &Arc<Vec<Bytes>>) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
    stream::iter(body.as_ref().clone().into_iter().map(Ok))
}

async fn length<D: DecoderSource>(
    mut updates: ChatUpdates<impl Stream<Item = Result<Bytes, Infallible>> + Unpin, D>,
) -> usize {
    while let Some(update) = updates.next().await {
        update.expect("within the limits");
    }
    updates.into_completion().choices[0].message.content.len()
}

#[tokio::main]
async fn main() {
    const STREAMS: usize = 2000;
    let mut body: Vec<Bytes> = (0..100)
        .map(|i| {
            Bytes::from(format!(
                "data: {{\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":\
                 [{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"word {i} \"}},\"finish_reason\":null}}]}}\n\n"
            ))
        })
        .collect();
    body.push(Bytes::from_static(b"data: [DONE]\n\n"));
    let body = Arc::new(body);
    let expected = (0..100).map(|i| format!("word {i} ").len()).sum::<usize>();

    for shared in [false, true] {
        let start = Instant::now();
        let tasks: Vec<_> = (0..STREAMS)
            .map(|_| {
                let network = network(&body);
                match shared {
                    true => tokio::spawn(length(network.chat_with(Options::default(), OfThisThread))),
                    false => tokio::spawn(length(network.chat())),
                }
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.expect("no panic"), expected);
        }
        let name = if shared { "one decoder a thread" } else { "one decoder a stream" };
        println!("{STREAMS} streams, {name}: {:?}", start.elapsed());
    }
}
