//! What a number's text is worth.

use super::cursor::number_end;

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

    #[inline(never)]
    fn of_long_number(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let mut size = 0_u64;
        for &digit in digits {
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

/// The integer that the text of a JSON number is, if it is short and plain: for remembering.
pub(crate) fn small(text: &[u8]) -> Option<u32> {
    if text.len() > 10 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = text.iter().fold(0, |size: u64, digit| size * 10 + u64::from(digit - b'0'));
    u32::try_from(size).ok().filter(|&size| size != u32::MAX)
}

/// The finite float that the text of a JSON number is.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    core::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}
