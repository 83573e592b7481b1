//! tokio-util's `FramedRead` over the codecs.

use std::io;

use bytes::BytesMut;
use deltawire::{ChatCodec, EventCodec, Framer, Limits, Options, OwnedEvent, OwnedUpdate, StreamError};
use tokio_util::codec::Decoder;

use super::digest::Digest;
use super::{assert_same, bodies, offline};

/// Drives a codec as `FramedRead` does: pieces come into one buffer, `decode` until it wants more, `decode_eof` at the end.
fn drive<C: Decoder>(codec: &mut C, body: &[u8], size: usize) -> Result<Vec<C::Item>, C::Error> {
    let mut buffer = BytesMut::new();
    let mut items = Vec::new();
    for piece in body.chunks(size) {
        buffer.extend_from_slice(piece);
        while let Some(item) = codec.decode(&mut buffer)? {
            items.push(item);
        }
        assert!(buffer.is_empty(), "the codec keeps what it needs itself");
    }
    while let Some(item) = codec.decode_eof(&mut buffer)? {
        items.push(item);
    }
    Ok(items)
}

#[test]
fn updates_are_the_offline_ones() {
    for (name, body) in bodies() {
        let (digest, completion) = offline(&body);
        for size in [1, 300, usize::MAX] {
            let mut codec = ChatCodec::new();
            let items = drive(&mut codec, &body, size).expect("within the limits");
            assert_eq!(items.len() as u64, digest.0, "{name}, pieces of {size}");
            assert_same(&name, &codec.into_completion(), &completion);
            let mut texts = Digest::default();
            let mut expected = Digest::default();
            items.iter().for_each(|item: &OwnedUpdate| text(item.as_update(), &mut texts));
            let mut chat = deltawire::ChatStream::new();
            chat.feed(&body, |update| text(update, &mut expected)).expect("within the limits");
            let _ = chat.finish_with(|update| text(update, &mut expected));
            assert_eq!(texts.finish(), expected.finish(), "{name}");
        }
    }
}

fn text(update: deltawire::Update<'_>, digest: &mut Digest) {
    if let deltawire::Update::Text { .. } | deltawire::Update::Arguments { .. } = update {
        digest.add(update);
    }
}

#[test]
fn a_fatal_limit_is_the_codecs_error_and_what_follows_is_not_kept() {
    let mut options = Options::default();
    options.limits.text = 4;
    let mut codec = ChatCodec::with_options(options);
    let error = drive(&mut codec, &b"data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n".repeat(3), 1000);
    assert!(matches!(error, Err(StreamError::Decode(error)) if error.is_limit()));
    let mut more = BytesMut::from(&b"data: x\n\n"[..]);
    assert!(codec.decode(&mut more).expect("once").is_none());
    assert!(more.is_empty());
    // And what FramedRead asks of the error type.
    let error: StreamError<io::Error> = io::Error::from(io::ErrorKind::TimedOut).into();
    assert_eq!(error.into_transport().expect("the transport's").kind(), io::ErrorKind::TimedOut);
}

#[test]
fn events_are_the_framers_and_large_ones_are_not_copied() {
    let large = [b"event: big\ndata: ".to_vec(), vec![b'x'; 20_000], b"\n\ndata: small\n\n".to_vec()].concat();
    let mut inputs = bodies();
    inputs.push(("large".into(), large.clone()));
    for (name, body) in inputs {
        let mut framer = Framer::new();
        let mut input = &body[..];
        let mut expected = Vec::new();
        while let Some(event) = framer.next(&mut input) {
            let event = event.expect("a good event");
            expected.push((event.event_type().to_vec(), event.data().to_vec(), event.span()));
        }
        for size in [1, 300, usize::MAX] {
            let items = drive(&mut EventCodec::new(), &body, size).expect("no transport error");
            let found: Vec<_> = items
                .into_iter()
                .map(|item| item.expect("a good event"))
                .map(|event: OwnedEvent| (event.event_type.as_bytes().to_vec(), event.data.to_vec(), event.span))
                .collect();
            assert_eq!(found, expected, "{name}, pieces of {size}");
        }
    }
    let mut buffer = BytesMut::from(&large[..]);
    let range = buffer.as_ptr_range();
    let mut codec = EventCodec::new();
    let mut next = || codec.decode(&mut buffer).expect("no transport error").expect("an event").expect("a good one");
    let (big, small) = (next(), next());
    assert!(range.contains(&big.data.as_ptr()));
    assert!(!range.contains(&small.data.as_ptr()));
}

#[test]
fn a_bad_event_is_an_item_and_an_unfinished_one_is_there_when_asked_for() {
    let mut limits = Limits::default();
    limits.event_data = 8;
    let mut codec = EventCodec::with_framer(Framer::with_limits(limits).incomplete(true));
    let items = drive(&mut codec, b"data: one\n\ndata: far too long\n\ndata: two", 5).expect("no transport error");
    let [Ok(one), Err(error), Ok(two)] = &items[..] else { panic!("{items:?}") };
    assert!(error.is_limit());
    assert_eq!((&one.data[..], &two.data[..]), (&b"one"[..], &b"two"[..]));
}
