//! Target `pipeline`: any bytes, cut in any way, through all three stages.
//!
//! - However the bytes are cut, the updates and the completion are the same; also when the caller stops after each update
//!   and goes on, when the decoder is shared with another stream, and after a reset.
//! - The updates, applied in order, are the completion; a ready call never changes; arguments are what their state says.
//! - The outcome is complete only where rule 4 says so; a cut stream is no exception.
//! - No more updates than a small multiple of the bytes, and under cargo-fuzz no more steps of work (`src/steps.rs` says what
//!   is counted), whether the stream comes whole, in pieces or byte by byte.

use std::ops::ControlFlow;

use deltawire::{
    ChatState, ChatStream, Completion, Decoder, Document, EndedBy, Error, EventKind, Framer, Keep, Options, Outcome,
    RecentShapes, Update,
};

use super::plan::Plan;
use super::replay::Replay;

/// What a run came to.
#[derive(Debug, PartialEq)]
struct Run {
    updates: Vec<String>,
    completion: Completion,
    error: Option<Error>,
}

pub fn run(input: &[u8]) {
    let plan = Plan::read(input);
    let options = options(plan.flags);
    let stream = plan.stream;
    let (whole, replay) = linear(stream, || in_pieces(options, &[stream]));
    if whole.error.is_none() {
        replay.check(&whole.completion, options.keep);
    }
    assert!(replay.updates <= 8 * stream.len() + 16, "{} updates of {} bytes", replay.updates, stream.len());
    check_outcome(stream, &whole, options);

    let same = |run: Run, how: &str| {
        assert_eq!(run.updates, whole.updates, "{how}: {}", stream.escape_ascii());
        assert_eq!(run, whole, "{how}: {}", stream.escape_ascii());
    };
    same(linear(stream, || in_pieces(options, &plan.pieces())).0, "in pieces");
    same(stopping(options, &plan.pieces()), "stopping after each update");
    same(shared(options, &plan.pieces()), "with a shared decoder");
    if stream.len() < 600 {
        same(linear(stream, || in_pieces(options, &stream.chunks(1).collect::<Vec<_>>())).0, "byte by byte");
    }
    let mut chat = ChatStream::with_options(options);
    for piece in plan.pieces() {
        let _ = chat.feed(&piece[..piece.len() / 2], |_| {});
    }
    chat.reset();
    same(drive(chat, &plan.pieces()).0, "after a reset");

    // Cut off, it is complete only by what had come.
    let cut = &stream[..stream.len() * usize::from(plan.flags.reverse_bits()) / 256];
    let (run, replay) = in_pieces(options, &[cut]);
    if run.error.is_none() {
        replay.check(&run.completion, options.keep);
    }
    check_outcome(cut, &run, options);
}

/// Steps that a byte may cost, and a stream by itself. Most of what the corpora need is below 10 a byte.
#[cfg(fuzzing)]
const STEPS: [u64; 2] = [40, 2000];

/// Runs a stream, and counts.
fn linear<T>(stream: &[u8], run: impl FnOnce() -> T) -> T {
    #[cfg(fuzzing)]
    deltawire::take_steps();
    let result = run();
    #[cfg(fuzzing)]
    {
        let steps = deltawire::take_steps();
        let most = STEPS[0] * stream.len() as u64 + STEPS[1];
        assert!(steps <= most, "{steps} steps for {} bytes: {}", stream.len(), stream.escape_ascii());
    }
    let _ = stream;
    result
}

fn options(flags: u8) -> Options {
    let mut options = Options::default();
    options.keep = [Keep::Everything, Keep::Everything, Keep::Calls, Keep::Nothing][usize::from(flags & 3)];
    options.split_think = flags & 4 != 0;
    options.live_arguments = flags & 8 != 0;
    options.comments = flags & 16 != 0;
    if flags & 32 != 0 {
        let limits = &mut options.limits;
        (limits.event_data, limits.body) = (512, 512);
        (limits.choices, limits.tool_calls, limits.anomalies) = (2, 3, 3);
        (limits.arguments, limits.text, limits.name, limits.details) = (64, 128, 24, 128);
        limits.error_text = 16;
    }
    options
}

fn in_pieces(options: Options, pieces: &[&[u8]]) -> (Run, Replay) {
    drive(ChatStream::with_options(options), pieces)
}

fn drive(mut chat: ChatStream, pieces: &[&[u8]]) -> (Run, Replay) {
    let (mut updates, mut replay, mut error) = (Vec::new(), Replay::default(), None);
    let mut take = |update: Update<'_>| {
        replay.apply(&update);
        updates.push(format!("{update:?}"));
    };
    for piece in pieces {
        if let Err(fatal) = chat.feed(piece, &mut take) {
            assert!(error.is_none_or(|known| known == fatal), "an error stays");
            error = Some(fatal);
        }
    }
    chat.end();
    if let Err(fatal) = chat.feed(b"", &mut take) {
        error = Some(fatal);
    }
    let snapshot = chat.completion();
    let completion = chat.into_completion();
    assert_eq!(snapshot, completion);
    (Run { updates, completion, error }, replay)
}

/// Each update breaks.
fn stopping(options: Options, pieces: &[&[u8]]) -> Run {
    let mut chat = ChatStream::with_options(options);
    let (mut updates, mut error) = (Vec::new(), None);
    let mut feed = |chat: &mut ChatStream, mut input: &[u8]| {
        loop {
            match chat.try_feed(&mut input, |update| ControlFlow::Break(format!("{update:?}"))) {
                Ok(ControlFlow::Break(update)) => updates.push(update),
                Ok(ControlFlow::Continue(())) => return assert!(input.is_empty()),
                Err(fatal) => return error = Some(fatal),
            }
        }
    };
    for piece in pieces {
        feed(&mut chat, piece);
    }
    chat.end();
    feed(&mut chat, b"");
    Run { updates, completion: chat.into_completion(), error }
}

/// Two states over one decoder, the other one a piece ahead.
fn shared(options: Options, pieces: &[&[u8]]) -> Run {
    let mut decoder = Decoder::with_limits(options.limits);
    let (mut other, mut state) = (ChatState::with_options(options), ChatState::with_options(options));
    let (mut updates, mut error) = (Vec::new(), None);
    for piece in pieces.iter().map(Some).chain([None]) {
        if piece.is_none() {
            state.end(&mut decoder);
        }
        let piece = piece.copied().unwrap_or_default();
        let mut input = piece;
        while let Some(Ok(_)) = other.next(&mut decoder, &mut input) {}
        let mut input = piece;
        while let Some(update) = state.next(&mut decoder, &mut input) {
            match update {
                Ok(update) => updates.push(format!("{update:?}")),
                Err(fatal) => {
                    error = Some(fatal);
                    break;
                }
            }
        }
    }
    Run { updates, completion: state.into_completion(), error }
}

/// Rule 4, from the documents alone. (Of an event stream; a JSON body ends otherwise.)
fn check_outcome(stream: &[u8], run: &Run, options: Options) {
    let completion = &run.completion;
    assert_eq!(completion.outcome == Outcome::Failed, completion.error.is_some());
    if completion.outcome != Outcome::Complete {
        return;
    }
    match completion.ended_by {
        EndedBy::Done => assert!(saw_done(stream, options), "complete without [DONE]"),
        EndedBy::Finish if matches!(options.keep, Keep::Everything | Keep::Calls) => {
            assert!(!completion.choices.is_empty());
            assert!(
                completion.choices.iter().all(|choice| choice.finish_reason.is_some()),
                "complete without a finish"
            );
        }
        EndedBy::Finish => {}
        other => panic!("complete by {other:?}"),
    }
}

fn saw_done(stream: &[u8], options: Options) -> bool {
    let mut framer = Framer::with_limits(options.limits).incomplete(true);
    let (mut decoder, mut recent) = (Decoder::with_limits(options.limits), RecentShapes::default());
    let mut input = stream;
    let mut done = false;
    for end in [false, true] {
        if end {
            framer.end();
        }
        while let Some(event) = framer.next(&mut input) {
            let Ok(event) = event else { continue };
            if !matches!(event.kind(), EventKind::Event | EventKind::Incomplete) {
                continue;
            }
            let mut documents = decoder.documents(event, &mut recent);
            while let Some(document) = documents.next() {
                done |= matches!(document, Document::Done);
            }
        }
    }
    done
}
