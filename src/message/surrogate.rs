//! Surrogate halves that a server tore apart: one waits per choice and field (and per call) for the other half, which
//! opens the next text of the same field (rule 2).

use alloc::string::String;

use crate::Text;

/// U+FFFD's length in UTF-8.
const MARK: usize = '\u{fffd}'.len_utf8();

/// The character of two halves.
pub(super) fn join(high: u16, low: u16) -> char {
    let code = 0x10000 + ((u32::from(high) & 0x3ff) << 10) + (u32::from(low) & 0x3ff);
    char::from_u32(code).unwrap_or('\u{fffd}')
}

/// Whether nothing about halves need be looked at: the common case.
#[inline]
pub(super) fn is_plain(half: u16, text: &Text<'_>) -> bool {
    half == 0 && text.opening_low().is_none() && text.closing_high().is_none()
}

/// Appends a text that is not empty to the text of its field, joining it with the half that waits (0 for none).
/// Returns how many lone halves became U+FFFD.
pub(super) fn append(to: &mut String, half: &mut u16, text: &Text<'_>) -> u32 {
    let mut rest = text.as_str();
    let mut lone = u32::from(text.has_lone_surrogate());
    match (core::mem::take(half), text.opening_low()) {
        (0, None) => {}
        (0, Some(_)) => lone += 1,
        (high, Some(low)) => {
            to.push(join(high, low));
            rest = rest.get(MARK..).unwrap_or_default();
        }
        (_, None) => {
            to.push('\u{fffd}');
            lone += 1;
        }
    }
    if let Some(high) = text.closing_high() {
        *half = high;
        rest = rest.get(..rest.len().saturating_sub(MARK)).unwrap_or_default();
    }
    to.push_str(rest);
    lone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_join() {
        assert_eq!(join(0xd83d, 0xde00), '😀');
        assert_eq!(join(0xd800, 0xdc00), '\u{10000}');
        assert_eq!(join(0xdbff, 0xdfff), '\u{10ffff}');
    }
}
