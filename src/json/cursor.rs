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

/// Where a string ends, and what it holds that needs care before it is handed out.
///
/// One word, so that it is handed on in a register: parts that are written one by one and read together make the
/// processor wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StringEnd(usize);

impl StringEnd {
    #[inline(always)]
    fn new(end: usize, escaped: bool, ascii: bool) -> Self {
        Self(end << 2 | usize::from(escaped) << 1 | usize::from(ascii))
    }
    /// The position of the closing quote.
    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        self.0 >> 2
    }
    #[inline(always)]
    pub(crate) fn is_escaped(self) -> bool {
        self.0 & 2 != 0
    }
    /// Whether nothing in it has to be unescaped, and all is ASCII.
    #[inline(always)]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & 3 == 1
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// How many bytes of a string are looked at at once.
const STEP: usize = 8;

/// Which bytes of a word end a run of plain string bytes (a quote, a backslash, a control character): the top bit of each.
/// The lowest is right; those above it may say so of a byte that is none.
#[inline(always)]
fn stops(word: u64) -> u64 {
    stops_or_wide(word) & !word
}

/// The same, which may also say so of bytes that are not ASCII.
#[inline(always)]
fn stops_or_wide(word: u64) -> u64 {
    // A byte less than `n` borrows from its top bit when `n` is taken from it; bytes beyond ASCII have it anyhow.
    // With one bit turned over, a quote comes right after the control characters.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (quote_or_control | backslash) & TOPS
}

/// The position in a word of its lowest stop.
#[inline(always)]
fn first_of(stops: u64) -> usize {
    (stops.trailing_zeros() / 8) as usize
}

/// The top bits of the bytes that are not ASCII before the lowest stop; of all bytes, when there is none.
#[inline(always)]
fn wide(word: u64, stops: u64) -> u64 {
    word & TOPS & (stops ^ stops.wrapping_sub(1))
}

#[inline(always)]
fn word_at(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

/// How many bytes at the start of a string's rest are neither its end, nor an escape, nor a control character.
#[inline]
pub(crate) fn plain_run(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = word_at(rest, at) {
        let stops = stops(word);
        if stops != 0 {
            return at + first_of(stops);
        }
        at += STEP;
    }
    let tail = rest.get(at..).unwrap_or_default();
    at + tail.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(tail.len())
}

/// The closing quote of a string without escapes, from the byte after its opening quote. `None` says nothing: it may be
/// near the end of the data, hold bytes that are not ASCII, or break the grammar.
#[inline(always)]
pub(crate) fn plain_end(data: &[u8], at: usize) -> Option<usize> {
    let mut rest = data.get(at..)?;
    loop {
        let (bytes, after) = rest.split_first_chunk::<STEP>()?;
        let word = u64::from_le_bytes(*bytes);
        let stops = stops_or_wide(word);
        if stops != 0 {
            let at = first_of(stops);
            let is_end = (word >> (8 * at)) as u8 == b'"';
            return if is_end { Some(data.len() - rest.len() + at) } else { None };
        }
        rest = after;
    }
}

/// Reads a string from the byte after its opening quote, [`STEP`] bytes at a time.
#[inline(always)]
pub(crate) fn string_end(data: &[u8], at: usize) -> Result<StringEnd, Fault> {
    string::<true>(data, at)
}

/// The same where nobody asks whether it is ASCII: the closing quote's position, and whether anything is escaped.
#[inline(always)]
pub(crate) fn closing_quote(data: &[u8], at: usize) -> Result<(usize, bool), Fault> {
    let string = string::<false>(data, at)?;
    Ok((string.end(), string.is_escaped()))
}

#[inline(always)]
fn string<const ASCII: bool>(data: &[u8], at: usize) -> Result<StringEnd, Fault> {
    let (mut at, mut beyond) = (at, 0);
    while let Some(word) = word_at(data, at) {
        let stops = stops(word);
        if ASCII {
            beyond |= wide(word, stops);
        }
        if stops != 0 {
            at += first_of(stops);
            if data.get(at) == Some(&b'"') {
                return Ok(StringEnd::new(at, false, beyond == 0));
            }
            return string_end_slow(data, at, beyond == 0);
        }
        at += STEP;
    }
    string_end_near_end(data, at, beyond == 0)
}

/// The rest of a string in the last bytes of the data: a look at the last word, of which the first bytes are shifted out.
#[cold]
#[inline(never)]
fn string_end_near_end(data: &[u8], at: usize, ascii: bool) -> Result<StringEnd, Fault> {
    if let Some(bytes) = data.last_chunk::<STEP>()
        && at < data.len()
    {
        // What is shifted in is 0, a control character: there is always a stop.
        let word = u64::from_le_bytes(*bytes) >> (8 * (at + STEP - data.len()));
        let stops = stops(word);
        let end = at + first_of(stops);
        if data.get(end) == Some(&b'"') {
            return Ok(StringEnd::new(end, false, ascii & (wide(word, stops) == 0)));
        }
    }
    string_end_slow(data, at, ascii)
}

/// The rest of a string from an escape, or from near the end of the data.
#[cold]
#[inline(never)]
fn string_end_slow(data: &[u8], mut at: usize, mut ascii: bool) -> Result<StringEnd, Fault> {
    let mut escaped = false;
    loop {
        match data.get(at) {
            Some(b'"') => return Ok(StringEnd::new(at, escaped, ascii)),
            Some(b'\\') => {
                escaped = true;
                at = escape_end(data, at)?;
            }
            Some(&byte) if byte >= 0x20 => {
                ascii &= byte < 0x80;
                at += 1;
                // Runs between escapes go a step at a time.
                while let Some(word) = word_at(data, at) {
                    let stops = stops(word);
                    ascii &= wide(word, stops) == 0;
                    if stops != 0 {
                        at += first_of(stops);
                        break;
                    }
                    at += STEP;
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

/// Some bits of each byte that is no digit, up to the first such byte (after it, of any).
#[inline(always)]
fn no_digits(word: u64) -> u64 {
    // Top half 3, and adding 6 does not carry out of the low half.
    let other = (word ^ (ONES * 0x30)) | (word.wrapping_add(ONES * 6) ^ (ONES * 0x30));
    other & (ONES * 0xF0)
}

/// Whether eight bytes are all digits.
#[inline(always)]
pub(crate) fn are_digits(word: u64) -> bool {
    no_digits(word) == 0
}

#[inline(always)]
fn digits_end(data: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(data, at) {
        let other = no_digits(word);
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
#[cold]
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
        Some(b'"') => Ok(closing_quote(data, at + 1)?.0 + 1),
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
    let at = skip_blanks(data, closing_quote(data, at + 1)?.0 + 1);
    if data.get(at) != Some(&b':') {
        return Err(Fault(at));
    }
    Ok(skip_blanks(data, at + 1))
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    /// A string's end and whether it is ASCII, against one byte at a time: every byte at every place of a step.
    #[test]
    fn strings_end_where_they_do() {
        for byte in 0..=255_u8 {
            for place in 0..40 {
                for filler in [b'a', 0x80, b'!', b'[', b']', b'#', 0xFF] {
                    let mut data = [filler; 60];
                    data[place] = byte;
                    data[45] = b'"';
                    let expected = match byte {
                        b'"' => Ok((place, filler < 0x80 || place == 0)),
                        b'\\' => Err(place + 1), // no filler makes an escape
                        0..0x20 => Err(place),
                        _ => Ok((45, filler < 0x80 && byte < 0x80)),
                    };
                    let got =
                        string_end(&data, 0).map(|string| (string.end(), string.is_plain())).map_err(|fault| fault.0);
                    assert_eq!(got, expected, "{data:?}");
                    if let Some(end) = plain_end(&data, 0) {
                        assert_eq!(Ok(end), expected.map(|(end, _)| end), "{data:?}");
                    } else {
                        assert!(expected.is_err() || byte >= 0x80 || filler >= 0x80, "{data:?}");
                    }
                }
            }
        }
    }
}
