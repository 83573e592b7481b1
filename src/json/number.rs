//! What a number's text is worth.

use super::cursor::{are_digits, number_end};

/// Up to here every integer is an `f64` of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// An integer as its sign and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    negative: bool,
    size: u64,
}

impl Integer {
    pub(crate) fn small(size: u32) -> Self {
        Self { negative: false, size: u64::from(size) }
    }

    /// The integer that the text of a JSON number is: without a fraction, or with an empty one (`1.0`, `1e3`).
    #[inline]
    pub(crate) fn of_number(text: &[u8]) -> Option<Self> {
        // Nearly all are one digit.
        if let [digit @ b'0'..=b'9'] = text {
            return Some(Self { negative: false, size: u64::from(digit - b'0') });
        }
        Self::of_long_number(text)
    }

    /// The same of a text that may be anything.
    pub(crate) fn of_text(text: &[u8]) -> Option<Self> {
        if number_end(text, 0) == Ok(text.len()) { Self::of_number(text) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn of_long_number(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (mut size, mut rest) = (0_u64, digits);
        // Eight digits at a time, as long as nothing can overflow.
        while size == 0
            && let Some((eight, after)) = rest.split_first_chunk::<8>()
        {
            let Some(eight) = eight_digits(*eight) else { return Self::of_float(text) };
            (size, rest) = (eight, after);
        }
        for &digit in rest {
            if !digit.is_ascii_digit() {
                return Self::of_float(text);
            }
            size = size.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        }
        Some(Self { negative, size })
    }

    fn of_float(text: &[u8]) -> Option<Self> {
        let value = float(text)?;
        let size = value.abs() as u64;
        (value.abs() <= EXACT && value.abs() == size as f64).then_some(Self { negative: value < 0.0, size })
    }

    #[inline]
    pub(crate) fn signed(self) -> Option<i64> {
        let size = i64::try_from(self.size).ok()?;
        Some(if self.negative { -size } else { size })
    }

    #[inline]
    pub(crate) fn unsigned(self) -> Option<u64> {
        if self.negative && self.size != 0 { None } else { Some(self.size) }
    }
}

/// The number that eight digits are; `None` when one is no digit.
#[inline]
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(digits);
    if !are_digits(word) {
        return None;
    }
    // Neighbours are put together: digits to pairs, pairs to fours, fours to the whole. The first digit is the lowest byte.
    let pairs = ((word & 0x0F0F_0F0F_0F0F_0F0F).wrapping_mul(2561) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(42_949_672_960_001) >> 32)
}

/// The integer that the text of a JSON number is, if it is short and plain: for remembering.
pub(crate) fn small(text: &[u8]) -> Option<u32> {
    if text.len() > 10 {
        return None;
    }
    let size = Integer::of_number(text).filter(|_| text.iter().all(u8::is_ascii_digit))?.size;
    u32::try_from(size).ok().filter(|&size| size != u32::MAX)
}

/// The finite float that the text of a JSON number is.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    core::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    /// Against the standard library: every length, and every byte that is no digit at every place.
    #[test]
    fn integers_are_what_the_standard_library_reads() {
        for text in
            ["0", "7", "10", "12345678", "123456789", "1758698552", "99999999", "100000000", "18446744073709551615"]
        {
            let expected = text.parse::<u64>().ok();
            assert_eq!(Integer::of_number(text.as_bytes()).and_then(Integer::unsigned), expected, "{text}");
            let negative = format!("-{text}");
            let expected = negative.parse::<i64>().ok();
            assert_eq!(Integer::of_number(negative.as_bytes()).and_then(Integer::signed), expected, "{negative}");
            let expected = text.parse::<u32>().ok().filter(|&size| size != u32::MAX);
            assert_eq!(small(text.as_bytes()), expected, "{text}");
            for place in 0..text.len() {
                for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                    let mut digits = text.as_bytes().to_vec();
                    digits[place] = byte;
                    let float = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse::<f64>().ok());
                    let expected =
                        float.filter(|value| value.fract() == 0.0 && value.abs() <= EXACT).map(|value| value as i64);
                    // A sign or a word of the standard library's is none of a JSON number's, and never comes here.
                    if byte != b'+' && byte != b'-' {
                        assert_eq!(Integer::of_number(&digits).and_then(Integer::signed), expected, "{digits:?}");
                    }
                }
            }
        }
        assert_eq!(Integer::of_number(b"18446744073709551616"), None);
    }
}
