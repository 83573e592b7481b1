//! Rule 9's comparison: whether what comes after a value closed is that value once more.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::incremental::is_blank;

/// How far a repetition has come. Blanks outside strings are not counted on either side; nothing is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    at: usize,
    in_string: bool,
    escaped: bool,
    /// Bytes of the wire that fitted so far, blanks too.
    seen: usize,
}

/// How a text goes with the value from a cursor on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It fits and the value goes on.
    Begins(Cursor),
    /// The value ends after so many bytes of the text.
    Equal(usize),
    /// It is another text.
    Parted,
}

impl Cursor {
    /// Bytes of the wire that fitted so far.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    /// Compares on. `value` is one closed value without blanks around it. Reads each byte of `text` once.
    pub(super) fn fit(mut self, value: &[u8], text: &[u8]) -> Fit {
        crate::steps::count(text.len());
        for (read, &byte) in text.iter().enumerate() {
            if !self.in_string {
                if is_blank(byte) {
                    continue;
                }
                self.skip_blanks(value);
            }
            if value.get(self.at) != Some(&byte) {
                return Fit::Parted;
            }
            self.at += 1;
            match (self.in_string, self.escaped, byte) {
                (true, true, _) => self.escaped = false,
                (true, false, b'\\') => self.escaped = true,
                (_, _, b'"') => self.in_string = !self.in_string,
                _ => {}
            }
            if self.at == value.len() {
                return Fit::Equal(read + 1);
            }
        }
        self.seen += text.len();
        Fit::Begins(self)
    }

    fn skip_blanks(&mut self, value: &[u8]) {
        while value.get(self.at).is_some_and(|&byte| is_blank(byte)) {
            self.at += 1;
        }
    }

    /// What fitted so far, made again from the value: with its blanks when that gives as many bytes as came, else without
    /// any. Second: how many bytes of the wire (blanks) are not in it.
    pub(super) fn text(&self, value: &str) -> (String, usize) {
        crate::steps::count(self.at);
        let mut end = self.at;
        while end < self.seen && value.as_bytes().get(end).is_some_and(|&byte| is_blank(byte)) {
            end += 1;
        }
        if end == self.seen {
            return (value[..end].into(), 0);
        }
        let part = &value[..self.at];
        let (mut in_string, mut escaped) = (false, false);
        let bytes: Vec<u8> = part
            .bytes()
            .filter(|&byte| {
                let keep = in_string || !is_blank(byte);
                match (in_string, escaped, byte) {
                    (true, true, _) => escaped = false,
                    (true, false, b'\\') => escaped = true,
                    (_, _, b'"') => in_string = !in_string,
                    _ => {}
                }
                keep
            })
            .collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let gone = self.seen.saturating_sub(text.len());
        (text, gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let value = r#"{"a b": "x\" y", "c":[1, 2]}"#;
        let fit = |text: &str| Cursor::default().fit(value.as_bytes(), text.as_bytes());
        assert_eq!(fit(value), Fit::Equal(value.len()));
        let spaced = r#"{ "a b":"x\" y","c" : [1,2] }"#;
        assert_eq!(fit(spaced), Fit::Equal(spaced.len()));
        assert_eq!(fit(r#"{"ab":"#), Fit::Parted);
        assert_eq!(fit(r#"{"a b":"x\"y"#), Fit::Parted);
        assert!(matches!(fit(r#"{ "a"#), Fit::Begins(_)));
        let Fit::Begins(cursor) = fit(r#"  {"a b":"x"#) else { panic!() };
        assert_eq!(cursor.text(value), (r#"{"a b":"x"#.into(), 2));
        let Fit::Begins(cursor) = fit(r#"{"a b": "#) else { panic!() };
        assert_eq!(cursor.text(value), (r#"{"a b": "#.into(), 0));
        let Fit::Begins(cursor) = fit(r#"{"a b": "x"#) else { panic!() };
        assert_eq!(cursor.text(value), (r#"{"a b": "x"#.into(), 0));
    }
}
