//! Roles and finish reasons: nearly every stream says one of a few words, so that a byte stands for it.

/// The words that a byte stands for.
const KNOWN: [&str; 10] =
    ["assistant", "stop", "tool_calls", "length", "content_filter", "function_call", "error", "user", "system", "tool"];

/// Stands for a word that is none of the known ones: kept elsewhere.
const OTHER: u8 = KNOWN.len() as u8;

/// A word, if there is one yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(Option<u8>);

impl Word {
    /// The byte for this word. Whether the word itself must be kept elsewhere.
    pub(super) fn of(word: &str) -> (Self, bool) {
        let known = KNOWN.iter().position(|known| *known == word);
        (Self(Some(known.map_or(OTHER, |at| at as u8))), known.is_none())
    }

    /// Whether there is one.
    #[inline]
    pub(super) fn is_some(self) -> bool {
        self.0.is_some()
    }

    /// The word; `other` gives one that is none of the known ones.
    pub(super) fn get<'w>(self, other: impl FnOnce() -> Option<&'w str>) -> Option<&'w str> {
        KNOWN.get(usize::from(self.0?)).copied().or_else(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        assert_eq!(Word::default().get(|| Some("x")), None);
        for word in KNOWN {
            let (known, kept) = Word::of(word);
            assert_eq!((known.get(|| None), kept), (Some(word), false));
        }
        let (other, kept) = Word::of("Stop");
        assert_eq!((other.get(|| Some("Stop")), kept), (Some("Stop"), true));
    }
}
