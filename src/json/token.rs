//! Short texts: copied together with what comes after them, so that nothing depends on their length. A token's length is
//! never foreseen by the processor, and a wrong guess costs more than the copy.

use alloc::string::String;

/// Texts up to this are short: most tokens are.
const SHORT: usize = 16;

/// A text and, where it is short, as much after it as makes it [`SHORT`] bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    padded: &'a str,
    length: usize,
}

impl<'a> Token<'a> {
    #[inline(always)]
    pub(crate) fn of(text: &'a str) -> Self {
        Self { padded: text, length: text.len() }
    }

    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.length
    }

    #[inline(always)]
    pub(crate) fn as_str(self) -> &'a str {
        self.padded.get(..self.length).unwrap_or_default()
    }

    /// The text and what comes after it.
    #[inline(always)]
    pub(crate) fn padded(self) -> &'a str {
        self.padded
    }

    #[inline(always)]
    pub(crate) fn push_to(self, text: &mut String) {
        // Of a length that is known here, so that the copy is one move.
        if let Some(short) = self.padded.get(..SHORT).filter(|_| self.padded.len() == SHORT) {
            let end = text.len() + self.length;
            text.push_str(short);
            text.truncate(end);
        } else {
            text.push_str(self.padded);
        }
    }
}

/// Room for a copy of a short text.
#[derive(Default)]
#[repr(align(16))]
pub(crate) struct Window([u8; SHORT]);

impl Window {
    /// The first `length` bytes of `bytes`, which are ASCII, when they are few and not the last, and what comes after them
    /// is UTF-8.
    #[inline(always)]
    pub(crate) fn copy(&mut self, bytes: &[u8], length: usize) -> Option<Token<'_>> {
        self.0 = *bytes.first_chunk().filter(|_| length <= SHORT)?;
        Some(Token { padded: core::str::from_utf8(&self.0).ok()?, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_they_were() {
        let data = b"0123456789abcdefgh";
        for length in 0..=SHORT + 1 {
            let mut window = Window::default();
            let token = window.copy(data, length);
            assert_eq!(
                token.map(Token::as_str),
                core::str::from_utf8(&data[..length]).ok().filter(|_| length <= SHORT)
            );
            let Some(token) = token else { continue };
            let mut text = String::from("before");
            token.push_to(&mut text);
            assert_eq!((&text[..6], &text[6..], token.len()), ("before", token.as_str(), length));
        }
        assert!(Window::default().copy(&data[..15], 3).is_none());
        let mut text = String::from("a");
        for other in ["", "b", "0123456789abcdef", "0123456789abcdeé"] {
            Token::of(other).push_to(&mut text);
        }
        assert_eq!(text, "ab0123456789abcdef0123456789abcdeé");
    }
}
