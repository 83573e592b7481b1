//! Live arguments: what a call's value shows while it grows, as [`LivePart`]s at JSON Pointer paths.
//!
//! Pulled, not queued: a record of the queue says that the arguments grew up to some offset, and each step reads on from
//! where the last one stopped to the next part. So every byte is read once here, the path is one string that grows and
//! shrinks with the nesting, and nothing is remembered but that. The grammar is the [`Scanner`]'s.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::LivePart;
use crate::json::cursor::plain_run;
use crate::json::incremental::{Scanner, Within};

/// A part, before it is lent.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Begin,
    End,
    Text,
    TextEnd,
    /// Where its raw JSON stands in the arguments.
    Scalar(usize, usize),
}

/// An open container: how long its path is, and the next index of an array.
#[derive(Clone, Copy, Debug)]
struct Level {
    path: usize,
    index: Option<usize>,
}

/// Follows one call's arguments.
#[derive(Clone, Debug)]
pub(super) struct Live {
    scanner: Scanner,
    /// Bytes of the arguments that were read.
    at: usize,
    path: String,
    levels: Vec<Level>,
    /// What the string at hand grew by.
    text: String,
    /// Where the key, the scalar or the escape at hand begins.
    start: usize,
    /// A high surrogate that waits for its other half; 0 for none.
    half: u16,
    kind: Kind,
    /// Of the container that ended.
    ended_array: bool,
    queued: Option<Kind>,
    /// Whether the path still names the value that just ended.
    trim: bool,
}

impl Live {
    /// For a value that this scanner's like would follow.
    pub(super) fn new(like: &Scanner) -> Self {
        let mut scanner = like.clone();
        scanner.restart();
        Self {
            scanner,
            at: 0,
            path: String::new(),
            levels: Vec::new(),
            text: String::new(),
            start: 0,
            half: 0,
            kind: Kind::TextEnd,
            ended_array: false,
            queued: None,
            trim: false,
        }
    }

    /// The text was replaced: from its start.
    pub(super) fn restart(&mut self) {
        *self = Self::new(&self.scanner);
    }

    /// Where the part at hand is.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The part at hand.
    pub(super) fn part<'a>(&'a self, arguments: &'a str) -> LivePart<'a> {
        let is_array = self.levels.last().is_some_and(|level| level.index.is_some());
        match self.kind {
            Kind::Begin if is_array => LivePart::ArrayBegin,
            Kind::Begin => LivePart::ObjectBegin,
            Kind::End if self.ended_array => LivePart::ArrayEnd,
            Kind::End => LivePart::ObjectEnd,
            Kind::Text => LivePart::Text(&self.text),
            Kind::TextEnd => LivePart::TextEnd,
            Kind::Scalar(start, end) => LivePart::Scalar(arguments.get(start..end).unwrap_or_default()),
        }
    }

    /// Reads on to the next part, at most to `end`; `false` when there is none yet. Reads each byte once.
    pub(super) fn advance(&mut self, arguments: &str, end: usize) -> bool {
        if core::mem::take(&mut self.trim) {
            self.path.truncate(self.levels.last().map_or(0, |level| level.path));
        }
        self.text.clear();
        if let Some(kind) = self.queued.take() {
            return self.lend(kind);
        }
        let bytes = arguments.as_bytes();
        let end = end.min(bytes.len());
        while self.at < end && !self.scanner.is_closed() {
            if self.scanner.within() == Within::String && self.scanner.escape() == 0 {
                let rest = &bytes[self.at..end];
                let run = plain_run(rest);
                if run > 0 {
                    self.lone_half();
                    self.text.push_str(&arguments[self.at..self.at + run]);
                    self.scanner.scan(&rest[..run]);
                    self.at += run;
                    continue;
                }
            }
            if let Some(kind) = self.step(arguments, bytes[self.at]) {
                return self.lend(kind);
            }
            if self.scanner.within() == Within::Fault {
                self.at = usize::MAX;
            }
        }
        !self.text.is_empty() && self.lend(Kind::Text)
    }

    /// Reads one byte: the part that it makes, a second one queued.
    fn step(&mut self, arguments: &str, byte: u8) -> Option<Kind> {
        let at = self.at;
        let (was, depth, escape) = (self.scanner.within(), self.scanner.depth(), self.scanner.escape());
        crate::steps::count(1);
        self.scanner.step(byte);
        self.at += 1;
        let is = self.scanner.within();
        match (was, is) {
            (Within::String, Within::String) => {
                if escape == 0 {
                    self.start = at;
                } else if self.scanner.escape() == 0 {
                    self.unescape(&arguments[self.start..self.at]);
                }
                None
            }
            (Within::String, Within::Structure) => {
                self.lone_half();
                if self.text.is_empty() {
                    return Some(Kind::TextEnd);
                }
                self.queued = Some(Kind::TextEnd);
                Some(Kind::Text)
            }
            (Within::Structure, Within::Key) => {
                self.start = at;
                None
            }
            (Within::Key, Within::Structure) => {
                self.key(&arguments[self.start + 1..at]);
                None
            }
            (Within::Structure, Within::String) => {
                self.element();
                None
            }
            (Within::Structure, Within::Scalar) => {
                self.element();
                self.start = at;
                None
            }
            (Within::Scalar, Within::Structure) => {
                // A literal ends with its last byte, a number before the byte that follows it.
                let ends_here = byte.is_ascii_alphabetic();
                if self.scanner.depth() < depth {
                    self.queued = Some(Kind::End);
                }
                Some(Kind::Scalar(self.start, if ends_here { self.at } else { at }))
            }
            (Within::Structure, Within::Structure) if self.scanner.depth() > depth => {
                self.element();
                let index = (byte == b'[').then_some(0);
                self.levels.push(Level { path: self.path.len(), index });
                Some(Kind::Begin)
            }
            (Within::Structure, Within::Structure) if self.scanner.depth() < depth => Some(Kind::End),
            _ => None,
        }
    }

    fn lend(&mut self, kind: Kind) -> bool {
        if let Kind::End = kind
            && let Some(level) = self.levels.pop()
        {
            self.path.truncate(level.path);
            self.ended_array = level.index.is_some();
        }
        self.trim = matches!(kind, Kind::End | Kind::TextEnd | Kind::Scalar(..));
        self.kind = kind;
        true
    }

    /// A value begins: in an array its index is the path's next step.
    fn element(&mut self) {
        if let Some(Level { index: Some(index), .. }) = self.levels.last_mut() {
            // Writing to a String does not fail.
            let _ = write!(self.path, "/{index}");
            *index += 1;
        }
    }

    /// A key ended: it is the path's next step, `~` and `/` escaped as RFC 6901 says.
    fn key(&mut self, raw: &str) {
        self.path.push('/');
        let key = unescape(raw);
        for character in key.chars() {
            match character {
                '~' => self.path.push_str("~0"),
                '/' => self.path.push_str("~1"),
                _ => self.path.push(character),
            }
        }
    }

    fn lone_half(&mut self) {
        if core::mem::take(&mut self.half) != 0 {
            self.text.push('\u{fffd}');
        }
    }

    fn unescape(&mut self, escape: &str) {
        push_escape(&mut self.text, &mut self.half, escape);
    }
}

/// Appends what one whole escape stands for; a high surrogate waits in `half`.
fn push_escape(to: &mut String, half: &mut u16, escape: &str) {
    let high = core::mem::take(half);
    let unit = escape.strip_prefix("\\u").and_then(|digits| u16::from_str_radix(digits, 16).ok());
    match (high, unit) {
        (1.., Some(low @ 0xdc00..=0xdfff)) => return to.push(super::surrogate::join(high, low)),
        (1.., _) => to.push('\u{fffd}'),
        _ => {}
    }
    match (unit, escape.as_bytes().get(1)) {
        (Some(new @ 0xd800..=0xdbff), _) => *half = new,
        (Some(unit), _) => to.push(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}')),
        (None, Some(b'b')) => to.push('\u{8}'),
        (None, Some(b'f')) => to.push('\u{c}'),
        (None, Some(b'n')) => to.push('\n'),
        (None, Some(b'r')) => to.push('\r'),
        (None, Some(b't')) => to.push('\t'),
        (None, Some(&other)) => to.push(other as char),
        (None, None) => {}
    }
}

/// What the inside of a JSON string stands for. Lone surrogate halves are U+FFFD.
pub(super) fn unescape(raw: &str) -> String {
    let (mut out, mut half, mut rest) = (String::with_capacity(raw.len()), 0, raw);
    while let Some(at) = rest.find('\\') {
        if at > 0 && core::mem::take(&mut half) != 0 {
            out.push('\u{fffd}');
        }
        out.push_str(&rest[..at]);
        let length = if rest[at..].starts_with("\\u") { 6 } else { 2 };
        let Some(escape) = rest.get(at..at + length) else { break };
        push_escape(&mut out, &mut half, escape);
        rest = &rest[at + length..];
    }
    if half != 0 {
        out.push('\u{fffd}');
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// The parts of a text that comes cut at these places, texts of one string joined.
    fn parts(text: &str, cuts: &[usize]) -> Vec<String> {
        let mut live = Live::new(&Scanner::default());
        let mut all: Vec<String> = Vec::new();
        for &end in cuts.iter().chain([&text.len()]) {
            while live.advance(&text[..end], end) {
                let part = match live.part(text) {
                    LivePart::Text(more) => {
                        let head = format!("{} text ", live.path());
                        match all.last_mut().filter(|last| last.starts_with(&head)) {
                            Some(last) => last.push_str(more),
                            None => all.push(head + more),
                        }
                        continue;
                    }
                    LivePart::Scalar(raw) => format!("scalar {raw}"),
                    other => format!("{other:?}"),
                };
                all.push(format!("{} {part}", live.path()));
            }
        }
        all
    }

    #[test]
    fn parts_and_paths() {
        let text =
            r#" {"a":"x\n\ud83d\ude00é","b/~":[1,-2.5e3 ,{"c":null,"":[]},"",true],"e":{}, "\u0066":"\ud83dy"} "#;
        let expected = [
            " ObjectBegin",
            "/a text x\n😀é",
            "/a TextEnd",
            "/b~1~0 ArrayBegin",
            "/b~1~0/0 scalar 1",
            "/b~1~0/1 scalar -2.5e3",
            "/b~1~0/2 ObjectBegin",
            "/b~1~0/2/c scalar null",
            "/b~1~0/2/ ArrayBegin",
            "/b~1~0/2/ ArrayEnd",
            "/b~1~0/2 ObjectEnd",
            "/b~1~0/3 TextEnd",
            "/b~1~0/4 scalar true",
            "/b~1~0 ArrayEnd",
            "/e ObjectBegin",
            "/e ObjectEnd",
            "/f text \u{fffd}y",
            "/f TextEnd",
            " ObjectEnd",
        ]
        .map(|part| part.to_string());
        assert_eq!(parts(text, &[]), expected);
        let all: Vec<usize> = (0..text.len()).filter(|&at| text.is_char_boundary(at)).collect();
        assert_eq!(parts(text, &all), expected);
        for &cut in &all {
            assert_eq!(parts(text, &[cut]), expected, "{cut}");
        }
    }

    #[test]
    fn a_fault_ends_them() {
        assert_eq!(parts(r#"{"a":Paris,"b":1}"#, &[]), [" ObjectBegin"]);
        assert_eq!(parts("[1}", &[]), [" ArrayBegin"]);
        assert_eq!(parts("\"a\\\"b\"", &[3]), [" text a\"b", " TextEnd"]);
    }

    #[test]
    fn unescaping() {
        assert_eq!(
            unescape(r#"a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\ud83dx\ude00"#),
            "a\"\\/\u{8}\u{c}\n\r\téé😀\u{fffd}x\u{fffd}"
        );
    }
}
