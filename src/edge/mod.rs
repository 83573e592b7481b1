//! Where bytes come from: each file is one loop over the core for one source of bytes, with no parsing in it.
//!
//! What all share is here: the error that keeps the transport's own, and where a stream's decoder comes from. No edge
//! borrows a decoder across an await, and none reads ahead: a source is asked for bytes only when all updates of the
//! bytes before were taken.

#[cfg(feature = "http-body")]
mod body;
#[cfg(any(feature = "std", feature = "stream"))]
mod chat;
#[cfg(feature = "codec")]
mod codec;
#[cfg(any(feature = "stream", feature = "codec"))]
mod event;
#[cfg(feature = "stream")]
pub mod eventsource;
#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;
mod tap;
#[cfg(all(feature = "std", feature = "stream"))]
mod tapped;

use core::fmt;

#[cfg(feature = "http-body")]
pub use body::{BodyBytes, HttpBodyExt};
#[cfg(feature = "codec")]
pub use codec::{ChatCodec, EventCodec};
#[cfg(any(feature = "stream", feature = "codec"))]
pub use event::OwnedEvent;
#[cfg(feature = "std")]
pub use read::{ChatReader, EventReader};
#[cfg(feature = "stream")]
pub use stream::{ByteStreamExt, ChatUpdates, Events};
pub use tap::{Meters, Seen, Tap};
#[cfg(all(feature = "std", feature = "stream"))]
pub use tapped::Tapped;

use crate::{Decoder, Error};

/// An error of a stream of bytes that is decoded: of the transport, as it came, or of deltawire.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError<E> {
    /// The transport's error. The input is taken as ended there.
    Transport(E),
    /// A limit was passed, or an event could not be read.
    Decode(Error),
}

impl<E> StreamError<E> {
    /// The transport's error, if it is one.
    pub fn into_transport(self) -> Option<E> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Decode(_) => None,
        }
    }
}

impl<E> From<Error> for StreamError<E> {
    fn from(error: Error) -> Self {
        Self::Decode(error)
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for StreamError<std::io::Error> {
    fn from(error: std::io::Error) -> Self {
        Self::Transport(error)
    }
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "transport: {error}"),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Decode(error) => Some(error),
        }
    }
}

/// Where a stream's [`Decoder`] comes from: its own, or one that many streams share.
///
/// A decoder remembers the shapes of chunks and is worth sharing: a stream then finds them learned and holds kilobytes
/// less. It is used within one call and never held between two, so a `thread_local!` serves a multi-thread runtime,
/// whichever thread polls the stream next:
///
/// ```
/// use std::cell::RefCell;
/// use deltawire::{Decoder, DecoderSource};
///
/// thread_local!(static DECODER: RefCell<Decoder> = RefCell::default());
///
/// #[derive(Clone, Copy)]
/// struct OfThisThread;
///
/// impl DecoderSource for OfThisThread {
///     fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
///         DECODER.with_borrow_mut(f)
///     }
/// }
/// ```
pub trait DecoderSource {
    /// Lends a decoder to `f`, which calls nothing of the caller's.
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R;
}

impl DecoderSource for Decoder {
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
        f(self)
    }
}

impl<D: DecoderSource + ?Sized> DecoderSource for &mut D {
    fn with<R>(&mut self, f: impl FnOnce(&mut Decoder) -> R) -> R {
        (**self).with(f)
    }
}
