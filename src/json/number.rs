//! What a number's text is worth. The text has passed the grammar, or comes from a string and passes it here.

use super::cursor::number_end;

/// The largest integer up to which every integer is an `f64` of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The integer that `text` is: an integer, or a float without a fraction (`1.0`, `1e3`).
pub(crate) fn integer(text: &[u8]) -> Option<i128> {
    if number_end(text, 0) != Ok(text.len()) {
        return None;
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.iter().all(u8::is_ascii_digit) {
        if digits.len() > 20 {
            return None;
        }
        let value = digits.iter().fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
        return Some(if negative { -value } else { value });
    }
    let value = float(text)?;
    #[allow(clippy::cast_possible_truncation)] // integral and below 2^53
    (value.abs() <= EXACT && value == (value as i64) as f64).then_some(value as i128)
}

/// The finite float that `text` is.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    if number_end(text, 0) != Ok(text.len()) {
        return None;
    }
    core::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}
