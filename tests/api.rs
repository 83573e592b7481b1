//! What embedders rely on in types and not in behaviour: which thread may hold what, what can be printed, copied, compared,
//! and boxed as an error. A derive that goes missing fails to compile here.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::hash::Hash;

use deltawire::*;

/// Holds of every public type.
fn common<T: Send + Sync + Unpin + Debug>() {}

fn clone<T: Clone>() {}

/// What can be printed for people.
fn text<T: Display>() {}

/// Small values.
fn value<T: Copy + Eq + 'static>() {}

/// What is compared in tests.
fn equal<T: PartialEq>() {}

/// Names of things: usable as a key.
fn key<T: Copy + Eq + Hash + 'static>() {}

/// What is kept: owned, comparable, and there before anything came.
fn kept<T: Clone + PartialEq + Default + 'static>() {}

fn error<T: StdError + Display + Clone + PartialEq + Send + Sync + 'static>() {
    fn boxed<T: StdError + Send + Sync + 'static>(error: T) -> Box<dyn StdError + Send + Sync> {
        error.into()
    }
    let _: fn(T) -> Box<dyn StdError + Send + Sync> = boxed;
}

macro_rules! all {
    ($check:ident: $($type:ty),* $(,)?) => { $($check::<$type>();)* };
}

#[test]
fn every_type_is_what_the_guidelines_ask() {
    all!(common:
        Anomaly, AnomalyCode, ArgumentsState, Assembler, ChatState, ChatStream, Choice, Chunk<'_>, ChunkChoice<'_>,
        ChunkChoices<'_>, ChunkError<'_>, ChunkUsage<'_>, ChunkWriter, Completion, ContentPart<'_>, ContentPartKind,
        ContentParts<'_>, Decoder, Delta<'_>, Document<'_>, Documents<'_>, EncodeError, EndedBy, Error, ErrorKind, Event<'_>,
        EventField, EventKind, EventWriter, FinishReason, Framer, FunctionCallDelta<'_>, Keep, Leftover, LimitKind, Limits,
        LivePart<'_>, Message, MessagePart<'_>, Meters, Options, Outcome, OwnedUpdate, PartialArguments, ProviderError,
        RawField<'_>, RawFields<'_>, ReasoningDetailDelta<'_>, ReasoningDetailDeltas<'_>, ReasoningPolicy, RecentShapes,
        RepairedArguments, Seen<'_>, StreamError<std::fmt::Error>, Tap, Text<'_>, ToolCall, ToolCallDelta<'_>,
        ToolCallDeltas<'_>, ToolKind, Update<'_>, Usage,
    );
    all!(clone:
        Assembler, ChatState, ChatStream, Chunk<'_>, ChunkWriter, Decoder, Delta<'_>, Document<'_>, Event<'_>, EventWriter, Framer,
        OwnedUpdate, Update<'_>,
    );
    all!(equal: LivePart<'_>, MessagePart<'_>, OwnedUpdate, PartialArguments, RepairedArguments, Update<'_>);
    all!(key:
        AnomalyCode, ArgumentsState, ContentPartKind, EndedBy, ErrorKind, EventField, EventKind, FinishReason, Keep, Leftover,
        LimitKind, Outcome, ReasoningPolicy, ToolKind,
    );
    all!(value: Anomaly, Limits, Options, RecentShapes);
    all!(kept: Choice, Completion, Message, Meters, ProviderError, ToolCall, Usage);
    all!(error: Error, EncodeError, ProviderError, StreamError<std::fmt::Error>);
    all!(text: AnomalyCode, LimitKind, ProviderError, Text<'_>);
}

#[test]
fn errors_convert_as_a_question_mark_needs_it() {
    fn from<T: From<U>, U>() {}
    from::<StreamError<std::fmt::Error>, Error>();
    from::<OwnedUpdate, Update<'_>>();
    from::<Box<dyn StdError + Send + Sync>, StreamError<Error>>();
    #[cfg(feature = "std")]
    from::<StreamError<std::io::Error>, std::io::Error>();
}

#[cfg(feature = "std")]
#[test]
fn readers() {
    all!(common: ChatReader<&[u8]>, EventReader<&[u8]>);
}

#[cfg(feature = "simd-json")]
#[test]
fn typed_arguments() {
    all!(common: ParseBuffer, ParseError);
    fn boxable<T: StdError + Send + Sync + 'static>() {}
    boxable::<ParseError>();
}

#[cfg(feature = "stream")]
#[test]
fn streams() {
    type Source = futures_util::stream::Empty<Result<bytes::Bytes, Error>>;
    all!(common: ChatUpdates<Source>, Events<Source>, eventsource::EventStream<Source>, OwnedEvent);
    all!(kept: eventsource::Event);
    all!(equal: OwnedEvent, eventsource::Event);
    all!(clone: OwnedEvent, eventsource::Event);
}

#[cfg(all(feature = "std", feature = "stream"))]
#[test]
fn taps() {
    type Source = futures_util::stream::Empty<Result<bytes::Bytes, Error>>;
    common::<Tapped<Source, fn(Seen<'_>)>>();
}

#[cfg(feature = "codec")]
#[test]
fn codecs() {
    all!(common: ChatCodec, EventCodec);
}

#[cfg(feature = "http-body")]
#[test]
fn bodies() {
    common::<BodyBytes<&'static str>>();
    clone::<BodyBytes<&'static str>>();
}

#[cfg(feature = "serde")]
#[test]
fn what_is_kept_serialises() {
    fn check<T: serde::Serialize>() {}
    all!(check: Anomaly, Choice, Completion, Message, OwnedUpdate, ProviderError, ToolCall, Update<'_>, Usage);
}

#[test]
fn a_providers_error_says_the_most_it_has() {
    let mut error = ProviderError::default();
    assert_eq!(error.to_string(), "an error without a message");
    error.code = Some("429".to_owned());
    assert_eq!(error.to_string(), "429");
    error.kind = Some("rate_limit".to_owned());
    assert_eq!(error.to_string(), "rate_limit");
    error.message = "slow down".to_owned();
    assert_eq!(format!("{error:>11}"), "  slow down");
}
