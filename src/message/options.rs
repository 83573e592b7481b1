//! What the assembler may be asked for.

use crate::Limits;

/// How much of the message is kept. The updates are the same in each.
///
/// Text that is not kept is dropped when its update was taken: a stream without calls then holds at most 2 KiB beside
/// the event at hand. Calls are followed in each level (what comes after a value closed is compared with it), at most
/// 1 KiB and twice its arguments for each.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// Everything.
    #[default]
    Everything,
    /// Tool calls, usage, finish; no text.
    Calls,
    /// Usage and finish.
    Usage,
    /// The outcome only.
    Nothing,
}

/// Settings of an [`Assembler`](crate::Assembler) or a [`ChatStream`](crate::ChatStream).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// How much is kept.
    pub keep: Keep,
    /// Whether `<think>…</think>` in content becomes reasoning. Default: no.
    pub split_think: bool,
    /// Whether live-argument updates are made. Default: no.
    pub live_arguments: bool,
    /// Whether comments (heartbeats) are updates. Default: no.
    pub comments: bool,
}
