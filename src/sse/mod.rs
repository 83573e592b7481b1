//! Bytes → events, by the rules of the WHATWG HTML standard, section 9.2 (server-sent events).
//!
//! [`Framer`] takes the bytes of a stream in pieces of any size and gives [`Event`]s. It does no I/O, waits for nothing
//! and knows nothing of what the events say. What it guarantees:
//!
//! - **Exact.** For every sequence of bytes, cut in any way, it gives what the standard says. Deviations: none. What the
//!   standard does not speak of is off unless asked for: [comments](Framer::comments),
//!   [unknown lines](Framer::unknown_lines), an [incomplete last event](Framer::incomplete).
//! - **At once.** An event comes with the byte that completes it: also when that is a lone CR. (An LF that follows is then
//!   swallowed, and lies in the span of the next event.)
//! - **Borrowed.** An event whose lines all lie in one input is a slice of that input, if it has one data line; its type
//!   too. Only what straddles inputs, or has several data lines, is copied, once, to a buffer of the framer. Ids are
//!   copied, since they outlive their event.
//! - **Linear.** Each byte is searched for a line end once, whatever the cuts. Nothing is ever scanned again.
//! - **No allocation** after warm-up, but for an event of more than 512 bytes that straddles inputs or has several data
//!   lines, when the buffer does not hold it.
//! - **Bounded.** See the table. Buffers of more than 512 bytes are given back after 8 events in a row that needed less
//!   than a quarter of them. What is not asked for is not held, not counted, and need not be UTF-8.
//! - **Small.** A framer is 176 bytes (on 64-bit machines), and between events it holds nothing else as long as events lie
//!   whole in their inputs; of a chat stream whose events straddle them, 512 bytes; ids, and types that straddle, 136 more
//!   and their lengths.
//! - **Every byte accounted for.** [Spans](Event::span) tile the stream, and [`Event::raw`] is there to forward what came.
//!
//! # Limits
//!
//! | [limit](crate::Limits) | default | exactly at it | one byte over | the stream then |
//! |---|---|---|---|---|
//! | `event_data`: one event's data, with the LF between data lines | 64 MiB | passes | that event is an error | goes on after the event's blank line |
//! | `event_type`: one `event` field's value | 1 KiB | passes | that event is an error | goes on after the event's blank line |
//! | `event_id`: one `id` field's value | 4 KiB | passes | that event is an error, and the id is not set | goes on after the event's blank line |
//! | `comment`: a comment, if asked for | 1 KiB | passes | it is [cut](Event::is_cut) | goes on after the line |
//! | `unknown_line`: an unknown line, if asked for | 64 KiB | passes | it is [cut](Event::is_cut) | goes on after the line |
//!
//! The error names the limit that was passed first and the offset where the event starts; it comes at the event's blank
//! line, or at the [end](Framer::end) of the stream, once. The event's other fields are still read: its `id` is
//! committed, its `retry` holds.

mod event;
mod framer;
mod held;
mod line;
#[cfg(test)]
mod tests;

pub use event::{Event, EventKind};
pub use framer::{Framer, Leftover};
