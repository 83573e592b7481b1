//! Text as it is handed out: borrowed where it can be, else unescaped and mended into a scratch string.
//!
//! Lenient where the wire needs it: half a surrogate pair and bytes that are not UTF-8 become U+FFFD, and the text says so.

use alloc::string::String;
use core::fmt;
use core::ops::{Deref, Range};

/// A string of a document: derefs to `str`, and can say what was mended in it.
///
/// Servers that cut an emoji between two deltas send half a surrogate pair at the end of one and the other half at the
/// start of the next; the halves can be joined from [`closing_high`](Self::closing_high) and
/// [`opening_low`](Self::opening_low).
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) mended: Mended,
}

/// What was mended in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mended {
    /// 0 when there is none.
    pub(super) opening_low: u16,
    /// 0 when there is none.
    pub(super) closing_high: u16,
    pub(super) lone_inside: bool,
    pub(super) invalid_utf8: bool,
}

impl Deref for Text<'_> {
    type Target = str;
    #[inline]
    fn deref(&self) -> &str {
        self.text
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl<'a> Text<'a> {
    pub(crate) const fn plain(text: &'a str) -> Self {
        let mended = Mended { opening_low: 0, closing_high: 0, lone_inside: false, invalid_utf8: false };
        Self { text, mended }
    }

    /// The text, with U+FFFD for each lone half of a surrogate pair and for what is not UTF-8.
    #[must_use]
    #[inline]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }
    /// The low surrogate that it opens with, when it does: its first character is the U+FFFD that stands for it.
    #[must_use]
    #[inline]
    pub const fn opening_low(&self) -> Option<u16> {
        if self.mended.opening_low == 0 { None } else { Some(self.mended.opening_low) }
    }
    /// The high surrogate that it ends with, when it does: its last character is the U+FFFD that stands for it.
    #[must_use]
    #[inline]
    pub const fn closing_high(&self) -> Option<u16> {
        if self.mended.closing_high == 0 { None } else { Some(self.mended.closing_high) }
    }
    /// Whether a lone surrogate stands anywhere but in those two places.
    #[must_use]
    #[inline]
    pub const fn has_lone_surrogate(&self) -> bool {
        self.mended.lone_inside
    }
    /// Whether bytes that are not UTF-8 were replaced.
    #[must_use]
    #[inline]
    pub const fn has_invalid_utf8(&self) -> bool {
        self.mended.invalid_utf8
    }
}

impl Mended {
    pub(super) fn invalid_utf8(invalid_utf8: bool) -> Self {
        Self { invalid_utf8, ..Self::default() }
    }
    /// Whether nothing was.
    pub(crate) fn is_clean(self) -> bool {
        self == Self::default()
    }
}

/// Appends the text of a string's `raw` inside (whose escapes have passed the grammar) to `out`.
pub(crate) fn unescape(raw: &[u8], out: &mut String) -> (Range<usize>, Mended) {
    let start = out.len();
    if unescape_short(raw, out) {
        return (start..out.len(), Mended::default());
    }
    let mut mended = Mended::default();
    let mut high = 0; // a high surrogate that has just come, not yet in `out`
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'\\' {
            settle(&mut high, out, &mut mended);
            let run = raw[at..].iter().position(|&byte| byte == b'\\').unwrap_or(raw.len() - at);
            let run = &raw[at..at + run];
            match core::str::from_utf8(run) {
                Ok(run) => out.push_str(run),
                Err(_) => mended.invalid_utf8 |= push_lossy(run, out),
            }
            at += run.len();
            continue;
        }
        let Some(&letter) = raw.get(at + 1) else { break };
        let plain = match letter {
            b'u' => {
                let unit =
                    raw.get(at + 2..at + 6).unwrap_or_default().iter().fold(0, |unit: u16, digit| {
                        unit << 4 | (*digit as char).to_digit(16).unwrap_or_default() as u16
                    });
                at += 6;
                match unit {
                    0xD800..=0xDBFF => {
                        settle(&mut high, out, &mut mended);
                        high = unit;
                        continue;
                    }
                    0xDC00..=0xDFFF if high != 0 => {
                        let pair = 0x10000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
                        high = 0;
                        out.push(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER));
                        continue;
                    }
                    0xDC00..=0xDFFF => {
                        if out.len() == start {
                            mended.opening_low = unit;
                        } else {
                            mended.lone_inside = true;
                        }
                        out.push(char::REPLACEMENT_CHARACTER);
                        continue;
                    }
                    unit => char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            letter => {
                at += 2;
                match letter {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    other => other as char,
                }
            }
        };
        settle(&mut high, out, &mut mended);
        out.push(plain);
    }
    if high != 0 {
        mended.closing_high = high;
        out.push(char::REPLACEMENT_CHARACTER);
    }
    (start..out.len(), mended)
}

/// The same for a token: a few bytes and letter escapes, which is nearly all there is. `false`, and nothing done, for more.
fn unescape_short(raw: &[u8], out: &mut String) -> bool {
    let mut text = [0; 32];
    let mut length = 0;
    let mut bytes = raw.iter();
    if raw.len() > text.len() {
        return false;
    }
    while let Some(&byte) = bytes.next() {
        text[length] = match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(&same @ (b'"' | b'\\' | b'/')) => same,
                _ => return false,
            },
            byte => byte,
        };
        length += 1;
    }
    match core::str::from_utf8(&text[..length]) {
        Ok(text) => out.push_str(text),
        Err(_) => return false,
    }
    true
}

/// A high surrogate after which something else came stays alone.
fn settle(high: &mut u16, out: &mut String, mended: &mut Mended) {
    if *high != 0 {
        *high = 0;
        mended.lone_inside = true;
        out.push(char::REPLACEMENT_CHARACTER);
    }
}

/// Appends bytes, U+FFFD for what is not UTF-8; whether there was such.
pub(crate) fn push_lossy(bytes: &[u8], out: &mut String) -> bool {
    // Several times as fast as taking it in chunks, which are as good as never needed.
    if let Ok(text) = core::str::from_utf8(bytes) {
        out.push_str(text);
        return false;
    }
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
    true
}
