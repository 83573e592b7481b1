//! A scanner for one JSON value that arrives in pieces and may stop anywhere.
//!
//! In: the bytes of a call's arguments, in fragments of any size. Kept: the *structure* (where the outer value closes),
//! the *grammar* (RFC 8259; the offset of the first fault) and how much of the text can be shown. Each byte costs O(1) and
//! is read once. Open brackets are bits, not stack frames, so nesting costs one bit a level and never the call stack.
//!
//! A fault ends the grammar but not the structure: brackets and strings are still followed, so that the end of
//! `{"city": Paris}` is found. Nesting over the limit is such a fault.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::cursor::plain_run;

/// JSON's white space: what rules 7 and 9 call blanks.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The text without the blanks before it.
pub(crate) fn trim_start(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// Whether there is nothing but blanks.
pub(crate) fn is_all_blank(text: &str) -> bool {
    text.bytes().all(is_blank)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A value must come.
    #[default]
    Value,
    /// After `[`: a value or `]`.
    ArrayFirst,
    /// After `{`: a key or `}`.
    ObjectFirst,
    /// After a comma in an object: a key.
    Key,
    /// In a key.
    KeyString,
    /// After a key.
    Colon,
    /// In a string value.
    String,
    /// In a number.
    Number(Number),
    /// In `true`, `false` or `null`: which, and how many of its bytes were read.
    Literal(u8, u8),
    /// After a value inside a container.
    After,
    /// After a scalar that is the whole value.
    Done,
    /// After a fault, outside strings.
    Broken,
    /// After a fault, in a string.
    BrokenString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    ESign,
    Exponent,
}

impl Number {
    /// What the next byte makes of it; `None` when it is no byte of a number.
    const fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus | Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::ESign,
            (Self::E | Self::ESign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }
    const fn is_whole(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::Exponent)
    }
}

/// What the outer value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outer {
    /// Nothing but blanks so far.
    #[default]
    Nothing,
    Object,
    Array,
    String,
    /// A number, a literal, or what is no JSON at all: closes only at the end.
    Scalar,
}

/// What kind of place the scanner stands in: what live arguments need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Structure,
    Key,
    String,
    Scalar,
    Fault,
}

/// One bit a level: set for an object.
#[derive(Clone, Debug, Default, PartialEq)]
struct Levels {
    first: [u64; 2],
    #[allow(clippy::box_collection)] // 16 bytes less in every call, for a depth that few reach
    rest: Option<Box<Vec<u64>>>,
}

impl Levels {
    fn set(&mut self, level: usize, object: bool) {
        let (word, bit) = (level / 64, 1u64 << (level % 64));
        let slot = if word < 2 {
            &mut self.first[word]
        } else {
            let rest = self.rest.get_or_insert_default();
            if rest.len() <= word - 2 {
                rest.resize(word - 1, 0);
            }
            &mut rest[word - 2]
        };
        *slot = if object { *slot | bit } else { *slot & !bit };
    }
    fn is_object(&self, level: usize) -> bool {
        let word = level / 64;
        let bits = if word < 2 { self.first[word] } else { self.rest.as_ref().map_or(0, |rest| rest[word - 2]) };
        bits >> (level % 64) & 1 == 1
    }
}

const LITERALS: [&[u8]; 3] = [b"true", b"false", b"null"];

const NONE: usize = usize::MAX;

/// See the file's head.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scanner {
    state: State,
    outer: Outer,
    /// In a string: 0, 1 after a backslash, 2..=5 after `\u` and 0..=3 digits.
    escape: u8,
    /// Whether the last escape was a high surrogate.
    high: bool,
    /// Whether the outer object is `{}` so far.
    bare: bool,
    digits: u16,
    depth: u32,
    deepest: u32,
    limit: u32,
    position: usize,
    fault: usize,
    end: usize,
    safe: usize,
    levels: Levels,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new(crate::Limits::DEFAULT.depth)
    }
}

impl Scanner {
    /// A scanner before its first byte, for values nested at most `limit` deep.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: State::Value,
            outer: Outer::Nothing,
            escape: 0,
            high: false,
            bare: true,
            digits: 0,
            depth: 0,
            deepest: 0,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            position: 0,
            fault: NONE,
            end: NONE,
            safe: 0,
            levels: Levels::default(),
        }
    }

    /// Forgets the value, keeps the limit.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.limit as usize);
    }

    /// Reads on, up to the byte that closes the outer value. Returns how many bytes were read.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> usize {
        if self.is_closed() {
            return 0;
        }
        let mut at = 0;
        while at < bytes.len() {
            if self.escape == 0 && matches!(self.state, State::String | State::KeyString) {
                let run = plain_run(&bytes[at..]);
                if run > 0 {
                    self.high = false;
                    self.position += run;
                    at += run;
                    continue;
                }
            }
            self.step(bytes[at]);
            at += 1;
            if self.is_closed() {
                break;
            }
        }
        crate::steps::count(at);
        at
    }

    /// Reads one byte of a value that is not closed.
    pub(crate) fn step(&mut self, byte: u8) {
        match self.state {
            State::String | State::KeyString => self.in_string(byte),
            State::Value => self.value(byte),
            State::ArrayFirst => match byte {
                b']' => self.close(false),
                _ => self.value(byte),
            },
            State::ObjectFirst => match byte {
                b'}' => self.close(true),
                _ => self.key(byte),
            },
            State::Key => self.key(byte),
            State::Colon => match byte {
                b':' => self.state = State::Value,
                _ if is_blank(byte) => {}
                _ => self.broken(byte),
            },
            State::After => self.after(byte),
            State::Number(number) => match number.next(byte) {
                Some(next) => self.state = State::Number(next),
                None if number.is_whole() => {
                    self.safe = self.position;
                    self.state = if self.depth == 0 { State::Done } else { State::After };
                    return self.step(byte);
                }
                None => self.broken(byte),
            },
            State::Literal(word, at) => match LITERALS[usize::from(word)].get(usize::from(at)..) {
                Some([last]) if *last == byte => {
                    self.safe = self.position + 1;
                    self.state = if self.depth == 0 { State::Done } else { State::After };
                }
                Some([next, ..]) if *next == byte => self.state = State::Literal(word, at + 1),
                _ => self.broken(byte),
            },
            State::Done => {
                if !is_blank(byte) {
                    self.broken(byte);
                }
            }
            State::Broken | State::BrokenString => self.structure(byte),
        }
        self.position += 1;
    }

    fn value(&mut self, byte: u8) {
        if is_blank(byte) {
            return;
        }
        self.bare &= self.depth == 0;
        if self.depth == 0 {
            self.outer = match byte {
                b'{' => Outer::Object,
                b'[' => Outer::Array,
                b'"' => Outer::String,
                _ => Outer::Scalar,
            };
        }
        match byte {
            b'{' | b'[' => self.open(byte),
            b'"' => self.state = State::String,
            b'-' => self.state = State::Number(Number::Minus),
            b'0' => self.state = State::Number(Number::Zero),
            b'1'..=b'9' => self.state = State::Number(Number::Integer),
            b't' => self.state = State::Literal(0, 1),
            b'f' => self.state = State::Literal(1, 1),
            b'n' => self.state = State::Literal(2, 1),
            _ => self.broken(byte),
        }
    }

    fn open(&mut self, byte: u8) {
        if self.depth >= self.limit {
            return self.broken(byte);
        }
        self.levels.set(self.depth as usize, byte == b'{');
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.safe = self.position + 1;
        self.state = if byte == b'{' { State::ObjectFirst } else { State::ArrayFirst };
    }

    fn key(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.bare = false;
                self.state = State::KeyString;
            }
            _ if is_blank(byte) => {}
            _ => self.broken(byte),
        }
    }

    fn after(&mut self, byte: u8) {
        match byte {
            b',' if self.in_object() => self.state = State::Key,
            b',' => self.state = State::Value,
            b'}' => self.close(true),
            b']' => self.close(false),
            _ if is_blank(byte) => {}
            _ => self.broken(byte),
        }
    }

    fn close(&mut self, object: bool) {
        if self.in_object() != object {
            return self.broken(if object { b'}' } else { b']' });
        }
        self.depth -= 1;
        self.safe = self.position + 1;
        self.state = State::After;
        if self.depth == 0 {
            self.end = self.position + 1;
        }
    }

    fn in_string(&mut self, byte: u8) {
        match (self.escape, byte) {
            (0, b'"') => {
                self.high = false;
                if self.state == State::KeyString {
                    self.state = State::Colon;
                } else {
                    self.safe = self.position + 1;
                    self.state = State::After;
                    if self.depth == 0 {
                        self.end = self.position + 1;
                    }
                }
            }
            (0, b'\\') => self.escape = 1,
            (0, 0..=0x1f) => self.broken(byte),
            (0, _) => self.high = false,
            (1, b'u') => {
                self.escape = 2;
                self.digits = 0;
            }
            (1, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.escape = 0;
                self.high = false;
            }
            (2..=5, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = (byte as char).to_digit(16).unwrap_or(0) as u16;
                self.digits = self.digits << 4 | digit;
                self.escape += 1;
                if self.escape == 6 {
                    self.escape = 0;
                    self.high = (0xd800..0xdc00).contains(&self.digits);
                }
            }
            _ => self.broken(byte),
        }
    }

    /// The first fault: notes where, and goes on with the structure alone.
    fn broken(&mut self, byte: u8) {
        self.fault = self.position;
        self.bare = false;
        let in_string = matches!(self.state, State::String | State::KeyString);
        self.state = if in_string { State::BrokenString } else { State::Broken };
        self.escape = u8::from(in_string && self.escape == 1);
        self.structure(byte);
    }

    fn structure(&mut self, byte: u8) {
        if self.state == State::BrokenString {
            match byte {
                _ if self.escape != 0 => self.escape = 0,
                b'\\' => self.escape = 1,
                b'"' => {
                    self.state = State::Broken;
                    if self.depth == 0 && self.outer == Outer::String {
                        self.end = self.position + 1;
                    }
                }
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.state = State::BrokenString,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 && matches!(self.outer, Outer::Object | Outer::Array) {
                    self.end = self.position + 1;
                }
            }
            _ => {}
        }
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.levels.is_object(self.depth as usize - 1)
    }

    /// What the outer value is.
    pub(crate) fn outer(&self) -> Outer {
        self.outer
    }
    /// Whether the outer object, array or string has closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.end != NONE
    }
    /// The offset after the outer value, once it is closed.
    pub(crate) fn end(&self) -> Option<usize> {
        (self.end != NONE).then_some(self.end)
    }
    /// The offset of the first byte that breaks the grammar.
    pub(crate) fn fault(&self) -> Option<usize> {
        (self.fault != NONE).then_some(self.fault)
    }
    /// Whether the outer value is an object without members, and closed.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare && self.outer == Outer::Object && self.is_closed()
    }
    /// Whether the text would be one whole value if it ended here.
    pub(crate) fn is_whole(&self) -> bool {
        self.fault().is_none()
            && match self.state {
                State::Done => true,
                State::Number(number) => self.depth == 0 && number.is_whole(),
                _ => self.is_closed(),
            }
    }
    /// Whether the outer value is open: in a container or a string, or a scalar that is not whole.
    pub(crate) fn is_mid_value(&self) -> bool {
        match self.outer {
            Outer::Nothing => false,
            Outer::Scalar => self.fault().is_none() && !self.is_whole(),
            _ => !self.is_closed(),
        }
    }
    /// Where the scanner stands.
    pub(crate) fn within(&self) -> Within {
        match self.state {
            State::String => Within::String,
            State::KeyString => Within::Key,
            State::Number(_) | State::Literal(..) => Within::Scalar,
            State::Broken | State::BrokenString => Within::Fault,
            _ => Within::Structure,
        }
    }
    /// In an escape of a string, the bytes of it that were read; else 0.
    pub(crate) fn escape(&self) -> u8 {
        self.escape
    }
    /// The most brackets that were open.
    #[cfg(feature = "simd-json")]
    pub(crate) fn deepest(&self) -> usize {
        self.deepest as usize
    }
    /// Open brackets.
    pub(crate) fn depth(&self) -> usize {
        self.depth as usize
    }

    /// How much of the text stands by itself, and what closes it: `keep` bytes and a suffix are valid JSON together.
    ///
    /// Costs O(depth). `None` when no container or string has begun, or the grammar is broken.
    pub(crate) fn partial(&self) -> Option<(usize, String)> {
        if self.fault().is_some() || matches!(self.outer, Outer::Nothing | Outer::Scalar) {
            return None;
        }
        let mut suffix = String::new();
        if let Some(end) = self.end() {
            return Some((end, suffix));
        }
        let keep = if self.state == State::String {
            suffix.push('"');
            self.position - usize::from(self.escape) - if self.high { 6 } else { 0 }
        } else {
            self.safe
        };
        for level in (0..self.depth as usize).rev() {
            suffix.push(if self.levels.is_object(level) { '}' } else { ']' });
        }
        Some((keep, suffix))
    }
}

#[cfg(test)]
mod tests;
