//! A position in a document, and the grammar of RFC 8259 around it: what every reader of values is made of.
//!
//! In: the bytes and a position. Out: the position after a value, or the position of the fault. Every function reads each
//! byte at most once and holds nothing; nesting is counted on a bit stack, not on the call stack.

/// The position, in the document, of the byte that breaks the grammar (its length when it ends too early).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) usize);

/// The deepest nesting that is ever accepted: the width of the bit stack.
pub(crate) const MAX_DEPTH: usize = 128;

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first position from `at` that is no blank.
#[inline(always)]
pub(crate) fn skip_blanks(data: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = data.get(at) {
        if byte > b' ' || !is_blank(byte) {
            break;
        }
        at += 1;
    }
    at
}

/// What a string holds that needs care before it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StringEnd {
    /// The position of the closing quote.
    pub(crate) end: usize,
    pub(crate) escaped: bool,
    pub(crate) ascii: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Reads a string from the byte after its opening quote, eight bytes at a time.
#[inline(always)]
pub(crate) fn string_end(data: &[u8], at: usize) -> Result<StringEnd, Fault> {
    let (mut at, mut tops) = (at, 0);
    while let Some(bytes) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*bytes);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        // The lowest set top bit is exact: a borrow only spoils what lies above a true hit.
        let hits = (quote.wrapping_sub(ONES) & !quote
            | slash.wrapping_sub(ONES) & !slash
            | word.wrapping_sub(ONES * 0x20) & !word)
            & TOPS;
        if hits != 0 {
            let before = hits ^ (hits - 1);
            at += (hits.trailing_zeros() / 8) as usize;
            let ascii = (tops | word & before) & TOPS == 0;
            if quote & before & !(before >> 8) == 0 {
                return Ok(StringEnd { end: at, escaped: false, ascii });
            }
            return string_end_slow(data, at, ascii);
        }
        tops |= word;
        at += 8;
    }
    string_end_slow(data, at, tops & TOPS == 0)
}

/// The rest of a string from an escape, or from near the end of the data.
#[inline(never)]
fn string_end_slow(data: &[u8], mut at: usize, mut ascii: bool) -> Result<StringEnd, Fault> {
    let mut escaped = false;
    loop {
        match data.get(at) {
            Some(b'"') => return Ok(StringEnd { end: at, escaped, ascii }),
            Some(b'\\') => {
                escaped = true;
                at = escape_end(data, at)?;
            }
            Some(&byte) if byte >= 0x20 => {
                ascii &= byte < 0x80;
                at += 1;
                // Long runs between escapes go eight bytes at a time.
                while let Some(bytes) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                    let word = u64::from_le_bytes(*bytes);
                    let (quote, slash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
                    let hits = quote.wrapping_sub(ONES) & !quote
                        | slash.wrapping_sub(ONES) & !slash
                        | word.wrapping_sub(ONES * 0x20) & !word;
                    if hits & TOPS != 0 {
                        break;
                    }
                    ascii &= word & TOPS == 0;
                    at += 8;
                }
            }
            Some(_) => return Err(Fault(at)),
            None => return Err(Fault(data.len())),
        }
    }
}

/// The position after the escape that begins at `at`.
fn escape_end(data: &[u8], at: usize) -> Result<usize, Fault> {
    match data.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            for digit in at + 2..at + 6 {
                match data.get(digit) {
                    Some(byte) if byte.is_ascii_hexdigit() => {}
                    _ => return Err(Fault(digit.min(data.len()))),
                }
            }
            Ok(at + 6)
        }
        _ => Err(Fault((at + 1).min(data.len()))),
    }
}

/// Reads a number from its first byte (`-` or a digit) to the position after it.
#[inline(always)]
pub(crate) fn number_end(data: &[u8], at: usize) -> Result<usize, Fault> {
    let mut at = at + usize::from(data.get(at) == Some(&b'-'));
    match data.get(at) {
        Some(b'1'..=b'9') => at = digits_end(data, at + 1),
        Some(b'0') => at += 1,
        _ => return Err(Fault(at.min(data.len()))),
    }
    match data.get(at) {
        Some(b'.' | b'e' | b'E' | b'0'..=b'9') => fraction_end(data, at),
        _ => Ok(at),
    }
}

#[inline(always)]
fn digits_end(data: &[u8], mut at: usize) -> usize {
    while let Some(bytes) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*bytes);
        // Top half 3, and adding 6 does not carry out of the low half.
        let other = (word ^ (ONES * 0x30)) | (word.wrapping_add(ONES * 6) ^ (ONES * 0x30));
        let other = other & (ONES * 0xF0);
        if other != 0 {
            return at + (other.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while data.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The rest of a number after its integer part.
#[inline(never)]
fn fraction_end(data: &[u8], mut at: usize) -> Result<usize, Fault> {
    let digits = |mut at: usize| {
        let first = at;
        while data.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == first { Err(Fault(at)) } else { Ok(at) }
    };
    if data.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = data.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = data.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    if data.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(Fault(at)); // a digit after a leading zero
    }
    Ok(at)
}

/// Reads `word` (`true`, `false`, `null`, …) to the position after it.
#[inline(always)]
pub(crate) fn word_end(data: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    match data.get(at..at + word.len()) {
        Some(bytes) if bytes == word => Ok(at + word.len()),
        _ => Err(word_fault(data, at, word)),
    }
}

#[cold]
fn word_fault(data: &[u8], at: usize, word: &[u8]) -> Fault {
    let same = data.iter().skip(at).zip(word).take_while(|(a, b)| a == b).count();
    Fault(at + same)
}

/// Reads any scalar that nobody looks into; `NaN`, `Infinity` and `-Infinity` are tolerated here and nowhere else.
#[inline(always)]
fn skipped_scalar_end(data: &[u8], at: usize) -> Result<usize, Fault> {
    match data.get(at) {
        Some(b'"') => Ok(string_end(data, at + 1)?.end + 1),
        Some(b'-') if data.get(at + 1) == Some(&b'I') => word_end(data, at + 1, b"Infinity"),
        Some(b'-' | b'0'..=b'9') => number_end(data, at),
        Some(b't') => word_end(data, at, b"true"),
        Some(b'f') => word_end(data, at, b"false"),
        Some(b'n') => word_end(data, at, b"null"),
        Some(b'N') => word_end(data, at, b"NaN"),
        Some(b'I') => word_end(data, at, b"Infinity"),
        _ => Err(Fault(at.min(data.len()))),
    }
}

/// Reads any value that nobody looks into, from its first byte to the position after it. `room` is how many containers
/// may yet be opened.
pub(crate) fn skipped_value_end(data: &[u8], at: usize, room: usize) -> Result<usize, Fault> {
    if !matches!(data.get(at), Some(b'{' | b'[')) {
        return skipped_scalar_end(data, at);
    }
    let room = room.min(MAX_DEPTH);
    let mut at = at;
    let mut objects: u128 = 0; // one bit a level, the innermost lowest: set for an object
    let mut depth = 0;
    loop {
        // At the first byte of a value.
        match data.get(at) {
            Some(&open @ (b'{' | b'[')) => {
                if depth == room {
                    return Err(Fault(at));
                }
                depth += 1;
                objects = objects << 1 | u128::from(open == b'{');
                at = skip_blanks(data, at + 1);
                match (open, data.get(at)) {
                    (b'{', Some(b'"')) => {
                        at = key_end(data, at)?;
                        continue;
                    }
                    (b'{', Some(b'}')) | (b'[', Some(b']')) => {} // closed below
                    (b'[', _) => continue,
                    _ => return Err(Fault(at)),
                }
            }
            _ => at = skip_blanks(data, skipped_scalar_end(data, at)?),
        }
        // After a value, or at the close of an empty container.
        loop {
            let in_object = objects & 1 == 1;
            match data.get(at) {
                Some(b',') => {
                    at = skip_blanks(data, at + 1);
                    if in_object {
                        at = key_end(data, at)?;
                    }
                    break;
                }
                Some(&close @ (b'}' | b']')) if (close == b'}') == in_object => {
                    at += 1;
                    depth -= 1;
                    objects >>= 1;
                    if depth == 0 {
                        return Ok(at);
                    }
                    at = skip_blanks(data, at);
                }
                _ => return Err(Fault(at.min(data.len()))),
            }
        }
    }
}

/// Reads a key from its opening quote to the first byte of its value.
fn key_end(data: &[u8], at: usize) -> Result<usize, Fault> {
    if data.get(at) != Some(&b'"') {
        return Err(Fault(at.min(data.len())));
    }
    let at = skip_blanks(data, string_end(data, at + 1)?.end + 1);
    if data.get(at) != Some(&b':') {
        return Err(Fault(at));
    }
    Ok(skip_blanks(data, at + 1))
}
