//! A bare JSON error amid an event stream: a line that begins with `{` where a field should stand, perhaps printed over
//! several lines (rule 11). To the event stream these are unknown lines.

use alloc::vec::Vec;

/// The most that is kept of an object over several lines, in bytes; a longer one is left to be the unknown lines it is.
const LONGEST: usize = 64 << 10;
/// How often the lines so far are tried as a document: each try reads them anew, so a bound keeps the cost linear.
const TRIES: u8 = 16;

/// Lines that may become one JSON document.
#[derive(Clone, Debug)]
pub(super) struct BareLine {
    text: Vec<u8>,
    tries: u8,
    /// Where the first line begins, in bytes of the stream.
    pub(super) offset: u64,
}

impl BareLine {
    /// Whether a line can be the first.
    pub(super) fn opens(line: &[u8]) -> bool {
        line.first() == Some(&b'{')
    }

    pub(super) fn new(line: &[u8], offset: u64) -> Self {
        Self { text: line.to_vec(), tries: 0, offset }
    }

    /// Takes the next line; `false` when it is over: too long, or tried too often.
    pub(super) fn push(&mut self, line: &[u8]) -> bool {
        self.text.push(b'\n');
        self.text.extend_from_slice(line);
        self.text.len() <= LONGEST && self.tries < TRIES
    }

    /// The lines so far, when the last one may close the object.
    pub(super) fn candidate(&mut self) -> Option<&[u8]> {
        let closes = self.text.trim_ascii_end().last() == Some(&b'}');
        self.tries += u8::from(closes);
        closes.then_some(&self.text)
    }
}
