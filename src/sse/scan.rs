//! Where a line ends: LF, CR or CRLF, found at close to the cost of looking for LF alone.
//!
//! Goes in: an input and where a line starts in it. Comes out: the first LF or CR from there. A search for both bytes at
//! once costs about twice a search for one, and CR is rare, so LF is searched line by line and CR ahead in large steps;
//! what such a step has cleared is remembered. What is remembered must only ever speak of bytes that were looked at: it
//! holds for an input that ends at the same address and has exactly as many bytes left as the last call left, and is
//! forgotten for any other. No byte is searched twice for LF or twice for CR, but for a bounded part of a step that a
//! caller who changes his input under way makes useless.

use memchr::{memchr, memchr2};

/// Most bytes that CR is searched ahead: a fraction of a first-level cache.
const MOST_AHEAD: usize = 4096;

/// Finds line ends; remembers how far the input is known to hold no CR.
#[derive(Clone, Debug)]
pub(super) struct LineScanner {
    /// Address of the input's end, and the bytes of it that the last call left.
    input_end: usize,
    left: usize,
    /// Bytes at the input's end that may hold a CR; all before them hold none.
    unclear: usize,
    /// How far to search for CR beyond the line at hand.
    ahead: u16,
    /// Whether the last line ended in CR: then look for both.
    cr_lines: bool,
    /// Bytes looked at, one per byte and needle.
    #[cfg(test)]
    pub(super) steps: u64,
}

impl Default for LineScanner {
    fn default() -> Self {
        Self {
            input_end: 0,
            left: 0,
            unclear: 0,
            ahead: MOST_AHEAD as u16,
            cr_lines: false,
            #[cfg(test)]
            steps: 0,
        }
    }
}

impl LineScanner {
    /// Begins a call on `input`: what is remembered is kept only if this is what the last call left.
    #[inline(always)]
    pub(super) fn begin(&mut self, input: &[u8]) {
        let input_end = input.as_ptr().addr().wrapping_add(input.len());
        if input_end != self.input_end || input.len() != self.left {
            self.forget(input_end, input.len());
        }
    }

    fn forget(&mut self, input_end: usize, len: usize) {
        if self.left > self.unclear {
            // The caller went elsewhere, and what was searched ahead is lost: search line by line until he settles.
            self.ahead = 0;
        }
        self.input_end = input_end;
        self.unclear = len;
    }

    /// Ends a call that leaves so many bytes of the input.
    #[inline(always)]
    pub(super) fn leave(&mut self, left: usize) {
        self.left = left;
    }

    /// Whether line ends must be looked for with [`line_end`](Self::line_end).
    #[inline(always)]
    pub(super) const fn cr_lines(&self) -> bool {
        self.cr_lines
    }

    /// The first LF or CR at or after `from`; the input's length if there is none.
    #[inline]
    pub(super) fn line_end(&mut self, input: &[u8], from: usize) -> usize {
        if self.cr_lines {
            let end = memchr2(b'\n', b'\r', &input[from..]).map_or(input.len(), |n| from + n);
            self.count(from, end, input.len());
            self.cr_lines = input.get(end) != Some(&b'\n');
            return end;
        }
        let end = self.lf(input, from);
        if self.is_clear(input, from, end) { end } else { self.cr(input) }
    }

    /// The first LF at or after `from`; the input's length if there is none.
    #[inline(always)]
    pub(super) fn lf(&mut self, input: &[u8], from: usize) -> usize {
        let end = memchr(b'\n', &input[from..]).map_or(input.len(), |n| from + n);
        self.count(from, end, input.len());
        end
    }

    /// Whether `from..to` holds no CR. If it does, [`cr`](Self::cr) is the first.
    #[inline(always)]
    pub(super) fn is_clear(&mut self, input: &[u8], from: usize, to: usize) -> bool {
        to + self.unclear <= input.len() || self.search_cr(input, from, to)
    }

    /// The CR that made [`is_clear`](Self::is_clear) say no; from now on both are looked for.
    #[cold]
    pub(super) fn cr(&mut self, input: &[u8]) -> usize {
        self.cr_lines = true;
        input.len() - self.unclear
    }

    #[inline(never)]
    fn search_cr(&mut self, input: &[u8], from: usize, to: usize) -> bool {
        let from = from.max(input.len().saturating_sub(self.unclear));
        let upto = to.max(from + usize::from(self.ahead)).min(input.len());
        let found = memchr(b'\r', &input[from..upto]).map_or(upto, |n| from + n);
        self.count(from, found, upto);
        self.unclear = input.len() - found;
        self.ahead = (self.ahead.max(128) * 2).min(MOST_AHEAD as u16);
        found >= to
    }

    #[inline(always)]
    fn count(&mut self, _from: usize, _found: usize, _upto: usize) {
        #[cfg(test)]
        {
            self.steps += ((_found + 1).min(_upto) - _from) as u64;
        }
    }
}
