//! How a response begins: as an event stream, as a JSON document, or as neither (an HTML page).
//!
//! The first byte after a byte order mark, blanks and comments decides between the first two: `{` or `[` is a document.
//! Whether it was ever an event stream is known when the first event comes; until then its first bytes are kept, so
//! that a response that is neither can say what it was.

use alloc::vec::Vec;

/// How many of the first bytes are kept.
const KEPT: usize = 512;

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The state of looking at the first bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening {
    at: At,
    /// Bytes looked at.
    pub(super) seen: u64,
    head: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// This many bytes into a byte order mark.
    Mark(usize),
    /// At a blank or the start of a line.
    Blank,
    /// Within a comment.
    Comment,
    /// Behind the byte that told a stream.
    Stream,
}

impl Default for At {
    fn default() -> Self {
        Self::Mark(0)
    }
}

impl Opening {
    /// Looks at more bytes; the position in `input` of the byte that opens a JSON document, if there is one.
    pub(super) fn look(&mut self, input: &[u8]) -> Option<usize> {
        let kept = input.len().min(KEPT - self.head.len());
        self.head.extend_from_slice(&input[..kept]);
        self.seen += input.len() as u64;
        if self.at == At::Stream {
            return None;
        }
        for (i, &byte) in input.iter().enumerate() {
            self.at = match (self.at, byte) {
                (At::Mark(n), _) if BYTE_ORDER_MARK.get(n) == Some(&byte) => At::Mark(n + 1),
                (At::Comment, b'\r' | b'\n') => At::Blank,
                (At::Comment, _) => At::Comment,
                (_, b' ' | b'\t' | b'\r' | b'\n') => At::Blank,
                (_, b':') => At::Comment,
                (_, b'{' | b'[') => return Some(i),
                _ => At::Stream,
            };
            if self.at == At::Stream {
                break;
            }
        }
        None
    }

    /// The first bytes when there were any that are not blank and no line of them is a comment or a known field.
    pub(super) fn stranger(&self) -> Option<&[u8]> {
        if BYTE_ORDER_MARK.starts_with(&self.head) {
            return None;
        }
        let head = self.head.strip_prefix(&BYTE_ORDER_MARK).unwrap_or(&self.head);
        let mut lines = head.split(|byte| matches!(byte, b'\r' | b'\n')).peekable();
        while let Some(line) = lines.next() {
            let name = line.split(|&byte| byte == b':').next().unwrap_or(line);
            // The last line may be the beginning of a field, cut.
            let cut = lines.peek().is_none() && name.len() == line.len() && !line.is_empty();
            let known = |field: &&str| field.as_bytes() == name || (cut && field.as_bytes().starts_with(name));
            if line.first() == Some(&b':') || ["data", "event", "id", "retry"].iter().any(known) {
                return None;
            }
        }
        (!head.trim_ascii().is_empty()).then_some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::Opening;

    #[test]
    fn the_first_byte_after_mark_blanks_and_comments_decides() {
        let rows: &[(&[u8], Option<usize>)] = &[
            (b"{}", Some(0)),
            (b"[{}]", Some(0)),
            (b"\n   \n\r\n\t{}", Some(8)),
            (b"\xef\xbb\xbf {}", Some(4)),
            (b": PROCESSING {\n\n: x\r{}", Some(20)),
            (b"data: {}", None),
            (b"x{", None),
            (b"<html>{", None),
            (b"\xef\xbbdata{", None),
            (b": only {", None),
            (b"", None),
        ];
        for &(input, expected) in rows {
            assert_eq!(Opening::default().look(input), expected, "{input:?}");
            for cut in 0..=input.len() {
                let mut opening = Opening::default();
                let found = opening.look(&input[..cut]);
                let found = found.or_else(|| opening.look(&input[cut..]).map(|i| i + cut));
                assert_eq!(found, expected, "{input:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_stranger_has_no_line_of_an_event_stream() {
        let rows: &[(&[u8], bool)] = &[
            (b"<html>\n<b>502</b>\n", true),
            (b"upstream error", true),
            (b"\xef\xbb\xbfdata: x", false),
            (b"foo: 1\nretry: 5\n", false),
            (b"foo\r: comment", false),
            (b" \r\n\n", false),
            (b"", false),
            (b"dat", false),
            (b"\xef\xbb", false),
            (b"foo\nre", false),
            (b"dat\n", true),
        ];
        for &(input, expected) in rows {
            let mut opening = Opening::default();
            opening.look(input);
            assert_eq!(opening.stranger().is_some(), expected, "{input:?}");
        }
    }

    #[test]
    fn only_the_first_bytes_are_kept() {
        let mut opening = Opening::default();
        for _ in 0..2000 {
            opening.look(b"x");
        }
        assert_eq!(opening.stranger().map(<[u8]>::len), Some(512));
        assert_eq!(opening.seen, 2000);
    }
}
