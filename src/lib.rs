//! The decode core for LLM clients: bytes of a streamed chat completion go in; borrowed text and tool-call deltas come
//! out; at the end there is one complete message. No I/O, no unsafe code.
//!
//! ```text
//!  bytes ──► Framer ──Event──► Decoder ──Chunk──► Assembler ──Update──► text, calls, usage
//!            (WHATWG rules)    (borrowed JSON)    (provider quirks)       └─► Completion at the end
//! ```
//!
//! In the order in which data flow:
//!
//! - [`Framer`]: bytes → [`Event`]s, borrowed from the input where they lie whole in it. Alone for those who proxy or log.
//! - [`Decoder`]: an event → [`Document`]s, most of them a [`Chunk`], a view with accessors. With `Framer` for those who have an
//!   accumulator of their own.
//! - [`Assembler`]: documents → [`Update`]s, and a [`Completion`] at the end.
//! - [`ChatStream`]: the three in one, what most want. [`ChatState`] is the same without a decoder, for gateways that keep one
//!   decoder a thread.
//!
//! ```
//! use deltawire::{ChatStream, Outcome, Update};
//!
//! let network = [&b"data: {\"choices\":[{\"delta\":{\"content\":\"Hel"[..], b"lo\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"];
//! let mut chat = ChatStream::new();
//! let mut text = String::new();
//! let mut show = |update: Update<'_>| {
//!     if let Update::Text { text: more, .. } = update {
//!         text.push_str(more);
//!     }
//! };
//! for bytes in network {
//!     chat.feed(bytes, &mut show)?;
//! }
//! let completion = chat.finish_with(&mut show);
//! assert_eq!(text, "Hello");
//! assert_eq!(completion.outcome, Outcome::Complete);
//! # Ok::<(), deltawire::Error>(())
//! ```
//!
//! # Which finish to wait for before running a tool
//!
//! [`Update::ToolCallReady`], then look at [`ToolCall::state`]. A call is *closed* as soon as its arguments' outer value ends
//! ([`Update::ToolCallClosed`]), but what closed may be taken back: some servers send a bare `{}` before the real arguments,
//! or the arguments once more. *Ready* comes when a boundary has passed (the next call, a finish reason, `[DONE]`, the end), and
//! nothing about a ready call changes. That arguments parse proves nothing: a number or a prefix may.
//!
//! ```
//! use deltawire::{ArgumentsState, ChatStream, Update};
//!
//! let stream = br#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"add","arguments":"{\"x\":1"}}]}}]}
//!
//! data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]}
//!
//! data: [DONE]
//!
//! "#;
//! let mut ran = Vec::new();
//! let mut chat = ChatStream::new();
//! chat.feed(stream, |update| {
//!     if let Update::ToolCallReady { call, .. } = update
//!         && call.state() == ArgumentsState::Complete
//!     {
//!         ran.push((call.name().to_owned(), call.arguments().to_owned()));
//!     }
//! })?;
//! assert_eq!(ran, [("add".to_owned(), "{\"x\":1}".to_owned())]);
//! # Ok::<(), deltawire::Error>(())
//! ```
//!
//! [`ToolCall::parse`] gives the arguments as a type of yours (feature `simd-json`).
//!
//! # How to show a growing argument
//!
//! With [`Options::live_arguments`] each [`Update::LiveArgument`] says that the string at a path grew by a text, that a value is
//! whole, that an object or array began or ended: each byte is read once, however small the fragments.
//! [`ToolCall::partial`] says at any moment how much of the arguments can be shown, in O(depth).
//!
//! ```
//! use deltawire::{ChatStream, LivePart, Options, Update};
//!
//! # let fragment = |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"name\":\"write\",\"arguments\":\"{text}\"}}}}]}}}}]}}\n\n");
//! let mut options = Options::default();
//! options.live_arguments = true;
//! let mut chat = ChatStream::with_options(options);
//! let mut file = String::new();
//! // {"path": "a.txt", "text": "one\ntwo"}, in fragments
//! for arguments in [r#"{\"path\": \"a.t"#, r#"xt\", \"text\": \"one\\"#, r#"ntw"#, r#"o\"}"#] {
//!     chat.feed(fragment(arguments).as_bytes(), |update| {
//!         if let Update::LiveArgument { path: "/text", part: LivePart::Text(more), .. } = update {
//!             file.push_str(more);
//!         }
//!     })?;
//! }
//! assert_eq!(file, "one\ntwo");
//! # Ok::<(), deltawire::Error>(())
//! ```
//!
//! # How to send the message back
//!
//! [`Message::to_request`] writes the assistant message as the next request must carry it; a [`ReasoningPolicy`] says what
//! becomes of the reasoning. Ids, names, arguments and unknown fields of the calls go back as they came. Behind it goes a `tool`
//! message for each call, with its id ([`ToolCall::id`], made up where the provider sent none) and what the tool said.
//!
//! ```
//! use deltawire::{ChatStream, ReasoningPolicy};
//!
//! # let stream = br#"data: {"choices":[{"delta":{"role":"assistant","reasoning":"Sum it.","tool_calls":[{"index":0,"id":"a","function":{"name":"add","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}]}
//! #
//! # data: [DONE]
//! #
//! # "#;
//! let mut chat = ChatStream::new();
//! chat.feed(stream, |_| {})?;
//! let completion = chat.finish();
//! let message = &completion.choices[0].message;
//! // The answer, then each call's result: the next request's `messages` end with these.
//! let mut messages = vec![message.to_request(ReasoningPolicy::AsReceived)];
//! for call in &message.tool_calls {
//!     messages.push(format!(r#"{{"role":"tool","tool_call_id":"{}","content":"2"}}"#, call.id()));
//! }
//! assert_eq!(
//!     messages[0],
//!     r#"{"role":"assistant","content":null,"reasoning":"Sum it.","tool_calls":[{"id":"a","type":"function","function":{"name":"add","arguments":"{\"x\":1}"}}]}"#
//! );
//! # Ok::<(), deltawire::Error>(())
//! ```
//!
//! # How to tell truncation from success
//!
//! [`Completion::outcome`]: `Complete` when `[DONE]` came, or the input ended after every choice had a finish reason;
//! `Failed` when the provider sent an error ([`Completion::error`]) or the response was unreadable; else `Truncated`. The partial
//! message is there in each. [`Completion::ended_by`] says what ended it; only `Done` proves that nothing is missing. Of a call,
//! [`ArgumentsState`] says whether its arguments are whole. A finish reason of `length` or `content_filter` is the model's own
//! end, and complete; its last call may be cut off all the same.
//!
//! ```
//! use deltawire::{ArgumentsState, ChatStream, Outcome};
//!
//! // The connection ended in the middle of a call.
//! let stream = br#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"add","arguments":"{\"x\""}}]}}]}
//!
//! "#;
//! let mut chat = ChatStream::new();
//! chat.feed(stream, |_| {})?;
//! let completion = chat.finish();
//! assert_eq!(completion.outcome, Outcome::Truncated);
//! assert_eq!(completion.choices[0].message.tool_calls[0].state(), ArgumentsState::Truncated);
//! # Ok::<(), deltawire::Error>(())
//! ```
//!
//! # What is odd, and what is too much
//!
//! Whatever is odd but readable is decoded and reported as an [`Anomaly`]: an update, never an end. Every buffer has a bound
//! in [`Limits`]; an event over its limit is skipped and reported, a message over its limit ends the stream with an [`Error`], and what
//! was decoded stays readable. No input makes it panic, hang, or hold more than the limits allow.
//!
//! # Features
//!
//! `std` and `simd-json` (typed arguments) are the default; `serde`, `stream`, `http-body`, `codec` and `cli` are opt-in; none changes
//! what another does. Without any, only memchr and smallvec remain, `no_std` + `alloc`. The README says what each costs.
//!
//! # What may change
//!
//! Versions follow semantic versioning. New anomaly codes, update variants, event kinds, limits and options are not breaking
//! changes: what the wire may bring more of is `#[non_exhaustive]`, so a `match` has a last arm `_ => {}`. Which anomalies a
//! given stream is told of, and how its text is cut into updates, may become better in any version; the message that they
//! add up to changes only where it was wrong. Types of other crates stand in the API only behind the feature that brings
//! them: `bytes`, `futures-core`, `http-body`, `tokio-util`, `serde`; a new major version of one of these is a breaking change.
//! The least Rust version (1.88) rises with a minor version only.
#![forbid(unsafe_code)]
// What the API guidelines ask of every public item, as far as a lint can tell.
#![warn(
    missing_debug_implementations,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

// In data-flow order.
mod chat_stream;
mod edge;
mod encode;
mod error;
mod json;
mod limits;
mod message;
mod sse;
mod steps;
mod wire;

pub use chat_stream::{ChatState, ChatStream};
#[cfg(any(feature = "stream", feature = "codec"))]
pub use edge::OwnedEvent;
#[cfg(all(feature = "std", feature = "stream"))]
pub use edge::Tapped;
#[cfg(feature = "http-body")]
pub use edge::{BodyBytes, HttpBodyExt};
#[cfg(feature = "stream")]
pub use edge::{ByteStreamExt, ChatUpdates, Events, eventsource};
#[cfg(feature = "codec")]
pub use edge::{ChatCodec, EventCodec};
#[cfg(feature = "std")]
pub use edge::{ChatReader, EventReader};
pub use edge::{DecoderSource, Meters, Seen, StreamError, Tap};
pub use encode::{ChunkWriter, EncodeError, EventField, EventWriter};
pub use error::{Error, ErrorKind};
pub use limits::{LimitKind, Limits};
pub use message::{
    Anomaly, AnomalyCode, ArgumentsState, Assembler, Choice, Completion, EndedBy, FinishReason, Keep, LivePart,
    Message, MessagePart, Options, Outcome, OwnedUpdate, PartialArguments, ProviderError, ReasoningPolicy,
    RepairedArguments, ToolCall, ToolKind, Update, Usage,
};
#[cfg(feature = "simd-json")]
pub use message::{ParseBuffer, ParseError};
pub use sse::{Event, EventKind, Framer, Leftover};
#[cfg(all(feature = "std", fuzzing))]
#[doc(hidden)]
pub use steps::take_steps;
pub use wire::chat::{
    Chunk, ChunkChoice, ChunkChoices, ChunkError, ChunkUsage, ContentPart, ContentPartKind, ContentParts, Decoder,
    Delta, Document, Documents, FunctionCallDelta, RawField, RawFields, ReasoningDetailDelta, ReasoningDetailDeltas,
    RecentShapes, Text, ToolCallDelta, ToolCallDeltas,
};

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
