//! How an input becomes a stream and the pieces it comes in.

/// Bytes at the end of an input that are no part of the stream.
const TRAILER: usize = 8;

/// A fuzz input: a stream, and behind it a few bytes that say how it is cut and what is switched on.
///
/// They are the last eight: so a recorded stream, as it is, is an input too.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub stream: &'a [u8],
    /// Bits for the target's own use.
    pub flags: u8,
    sizes: &'a [u8],
}

impl<'a> Plan<'a> {
    pub fn read(input: &'a [u8]) -> Self {
        let (stream, trailer) = input.split_at(input.len().saturating_sub(TRAILER));
        let (&flags, sizes) = trailer.split_first().unwrap_or((&0, &[]));
        Self { stream, flags, sizes }
    }

    /// How long the pieces are: see [`cut`].
    pub fn sizes(&self) -> &'a [u8] {
        self.sizes
    }

    /// The stream in pieces; empty ones are among them when the plan says so.
    pub fn pieces(&self) -> Vec<&'a [u8]> {
        cut(self.stream, self.sizes)
    }
}

/// Cuts a stream into pieces of these sizes, again and again: 0 to 239 are bytes, more are half kilobytes.
pub fn cut<'a>(stream: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    if sizes.iter().all(|&size| size == 0) {
        return vec![stream];
    }
    let mut pieces = Vec::new();
    let mut rest = stream;
    for &size in sizes.iter().cycle() {
        let size = if size < 240 { usize::from(size) } else { usize::from(size - 239) * 512 };
        let (piece, next) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

/// An input from a stream, for the generator of the corpora.
pub fn input(stream: &[u8], flags: u8, sizes: [u8; TRAILER - 1]) -> Vec<u8> {
    let mut input = stream.to_vec();
    input.push(flags);
    input.extend_from_slice(&sizes);
    input
}
