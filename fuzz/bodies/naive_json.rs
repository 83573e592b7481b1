//! JSON as the decoder is to accept it, as naively as it can be written down: RFC 8259, nested at most so deep, and the
//! [tolerances](Tolerance) listed here. One pass with recursion, everything copied.
//!
//! What is read comes out as text that serde_json takes too, so that serde_json can say what the values are.

use serde_json::Value;

/// What JSON calls blank.
pub const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Where the decoder takes what serde_json does not; what becomes of it in the text for serde_json.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// An escaped half of a surrogate pair without the other: U+FFFD.
    LoneSurrogate,
    /// Bytes in a string that are not UTF-8: U+FFFD, as `String::from_utf8_lossy` has it.
    InvalidUtf8,
    /// `NaN`, `Infinity`, `-Infinity` in a value that nobody reads: a string of that name.
    UnreadWord,
    /// A number beyond `f64`, kept as it came: a string of its text.
    HugeNumber,
}

/// What stands where in a chunk: the schema once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nobody reads it.
    Unread,
    /// Scalars are read; nobody looks into containers.
    Read,
    /// An object of this kind, or a scalar.
    Object(Kind),
    /// An array of objects of this kind, or a scalar.
    Array(Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Root,
    Choice,
    Delta,
    Call,
    Function,
    Custom,
    Detail,
    Part,
    Inner,
    Usage,
    Prompt,
    Output,
    Error,
    Groq,
}

fn field(kind: Kind, key: &str) -> Place {
    use Kind as K;
    use Place::{Array, Object, Read};
    match (kind, key) {
        (K::Root, "choices") => Array(K::Choice),
        (K::Root | K::Choice | K::Groq, "usage") => Object(K::Usage),
        (K::Root, "x_groq") => Object(K::Groq),
        (K::Root | K::Choice, "error") => Object(K::Error),
        (K::Root, "id" | "object" | "created" | "model" | "provider" | "system_fingerprint" | "service_tier") => Read,
        (K::Root | K::Error, "message" | "type" | "code") => Read,
        (K::Choice, "delta" | "message") => Object(K::Delta),
        (K::Choice, "index" | "finish_reason" | "native_finish_reason") => Read,
        (K::Delta, "role" | "reasoning_content" | "reasoning" | "reasoning_text" | "refusal") => Read,
        (K::Delta, "content") => Array(K::Part),
        (K::Delta, "reasoning_details") => Array(K::Detail),
        (K::Delta, "tool_calls") => Array(K::Call),
        (K::Delta, "function_call") | (K::Call, "function") => Object(K::Function),
        (K::Call, "custom") => Object(K::Custom),
        (K::Call, "index" | "id" | "type" | "name" | "arguments") => Read,
        (K::Function, "name" | "arguments") | (K::Custom, "name" | "input") => Read,
        (K::Detail, "index" | "type" | "format" | "id" | "text" | "summary" | "data" | "signature") => Read,
        (K::Part | K::Inner, "type" | "text") => Read,
        (K::Part, "thinking") => Array(K::Inner),
        (K::Usage, "prompt_tokens" | "completion_tokens" | "total_tokens" | "cost") => Read,
        (K::Usage, "prompt_tokens_details") => Object(K::Prompt),
        (K::Usage, "completion_tokens_details") => Object(K::Output),
        (K::Prompt, "cached_tokens") | (K::Output, "reasoning_tokens") => Read,
        _ => Place::Unread,
    }
}

/// The position of the byte that breaks the grammar; the length where the document ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub usize);

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// The position after it.
    pub end: usize,
    /// It, as serde_json can read it.
    pub text: String,
    /// What had to be tolerated.
    pub used: Vec<Tolerance>,
    /// How deep it nests.
    pub depth: usize,
}

impl Document {
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// Reads the chunk at the front of `data`.
pub fn chunk(data: &[u8], depth: usize) -> Result<Document, Fault> {
    read(data, depth, Place::Object(Kind::Root))
}

/// Reads a value at the front of `data` that nobody reads.
pub fn unread(data: &[u8], depth: usize) -> Result<Document, Fault> {
    read(data, depth, Place::Unread)
}

/// Any JSON as a value, in the listed tolerances; `None` when it is none, or deeper than serde_json reads.
pub fn value(data: &[u8]) -> Option<Value> {
    let document = unread(data, usize::MAX).ok()?;
    (document.end == data.len() && document.depth <= 127).then(|| document.value())
}

fn read(data: &[u8], depth: usize, place: Place) -> Result<Document, Fault> {
    let mut reader = Reader { data, at: 0, room: depth, depth: 0, deepest: 0, text: String::new(), used: Vec::new() };
    reader.value(place)?;
    Ok(Document { end: reader.at, text: reader.text, used: reader.used, depth: reader.deepest })
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    room: usize,
    depth: usize,
    deepest: usize,
    text: String,
    used: Vec<Tolerance>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), Fault> {
        for byte in text.bytes() {
            if self.peek() != Some(byte) {
                return Err(Fault(self.at));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self, text: &str, place: Place) -> Result<(), Fault> {
        if text.starts_with(['N', 'I']) {
            if place != Place::Unread {
                return Err(Fault(self.at));
            }
            self.used.push(Tolerance::UnreadWord);
            self.expect(text)?;
            let minus = if self.text.ends_with('-') { self.text.pop() } else { None };
            self.text.push_str(&format!("\"{}{text}\"", minus.map_or("", |_| "-")));
        } else {
            self.expect(text)?;
            self.text.push_str(text);
        }
        Ok(())
    }

    fn value(&mut self, place: Place) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.object(if let Place::Object(kind) = place { Some(kind) } else { None }),
            Some(b'[') => self.array(if let Place::Array(kind) = place { Place::Object(kind) } else { Place::Unread }),
            Some(b'"') => {
                let text = self.string()?;
                self.text.push_str(&Value::String(text).to_string());
                Ok(())
            }
            Some(b'-') if self.data.get(self.at + 1) == Some(&b'I') => {
                self.at += 1;
                self.text.push('-');
                self.word("Infinity", place)
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", place),
            Some(b'f') => self.word("false", place),
            Some(b'n') => self.word("null", place),
            Some(b'N') => self.word("NaN", place),
            Some(b'I') => self.word("Infinity", place),
            _ => Err(Fault(self.at)),
        }
    }

    fn open(&mut self) -> Result<(), Fault> {
        if self.depth == self.room {
            return Err(Fault(self.at));
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.at += 1;
        self.blanks();
        Ok(())
    }

    fn object(&mut self, kind: Option<Kind>) -> Result<(), Fault> {
        self.open()?;
        self.text.push('{');
        while self.peek() != Some(b'}') || self.text.ends_with(',') {
            if self.peek() != Some(b'"') {
                return Err(Fault(self.at));
            }
            let key = self.string()?;
            self.text.push_str(&Value::String(key.clone()).to_string());
            self.blanks();
            self.expect(":")?;
            self.text.push(':');
            self.blanks();
            self.value(kind.map_or(Place::Unread, |kind| field(kind, &key)))?;
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
            self.text.push(',');
            self.blanks();
        }
        self.expect("}")?;
        self.text.push('}');
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self, element: Place) -> Result<(), Fault> {
        self.open()?;
        self.text.push('[');
        while self.peek() != Some(b']') || self.text.ends_with(',') {
            self.value(element)?;
            self.blanks();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
            self.text.push(',');
            self.blanks();
        }
        self.expect("]")?;
        self.text.push(']');
        self.depth -= 1;
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(Fault(self.at));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(Fault(self.at));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.data[start..self.at]).expect("ASCII");
        if serde_json::from_str::<Value>(text).is_ok() {
            self.text.push_str(text);
        } else {
            self.used.push(Tolerance::HugeNumber);
            self.text.push_str(&format!("\"{text}\""));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                                    return Err(Fault(self.at));
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(Fault(self.at)),
                    }
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(Fault(self.at)),
            }
        }
        let units = units(&self.data[start..self.at]);
        self.at += 1;
        if units.iter().any(|unit| matches!(unit, Unit::Lone(_))) {
            self.used.push(Tolerance::LoneSurrogate);
        }
        if units.contains(&Unit::Invalid) {
            self.used.push(Tolerance::InvalidUtf8);
        }
        Ok(text_of(&units))
    }
}

/// A character of a string, or what stands in place of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Char(char),
    /// Half a surrogate pair.
    Lone(u16),
    /// Bytes that are not UTF-8.
    Invalid,
}

/// The units of a string's inside, whose escapes are in order.
pub fn units(inside: &[u8]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = inside;
    while let Some(&byte) = rest.first() {
        if byte != b'\\' {
            let run = rest.iter().position(|&byte| byte == b'\\').unwrap_or(rest.len());
            for chunk in rest[..run].utf8_chunks() {
                units.extend(chunk.valid().chars().map(Unit::Char));
                if !chunk.invalid().is_empty() {
                    units.push(Unit::Invalid);
                }
            }
            rest = &rest[run..];
            continue;
        }
        let hex = |rest: &[u8]| {
            let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        if let Some(unit) = hex(rest) {
            rest = &rest[6..];
            let pair =
                hex(rest).and_then(|low| char::decode_utf16([unit, low]).next()?.ok()).filter(|&c| c > '\u{FFFF}');
            units.push(match (pair, char::from_u32(u32::from(unit))) {
                (Some(pair), _) => {
                    rest = &rest[6..];
                    Unit::Char(pair)
                }
                (None, Some(char)) => Unit::Char(char),
                (None, None) => Unit::Lone(unit),
            });
            continue;
        }
        units.push(Unit::Char(match rest[1] {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            other => char::from(other),
        }));
        rest = &rest[2..];
    }
    units
}

pub fn text_of(units: &[Unit]) -> String {
    units.iter().map(|unit| if let Unit::Char(char) = unit { *char } else { char::REPLACEMENT_CHARACTER }).collect()
}
