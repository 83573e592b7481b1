//! What a line says: a field with its value, a comment, or nothing that the standard knows.

use core::ops::Range;

/// The four fields that the standard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Data,
    Event,
    Id,
    Retry,
}

impl Field {
    const ALL: [(&'static [u8], Self); 4] =
        [(b"data", Self::Data), (b"event", Self::Event), (b"id", Self::Id), (b"retry", Self::Retry)];

    /// Bytes of the longest name.
    pub(super) const LONGEST: usize = 5;

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, field)| field)
    }

    /// Whether some field's name begins so.
    pub(super) fn may_begin(name: &[u8]) -> bool {
        Self::ALL.iter().any(|(known, _)| known.starts_with(name))
    }
}

/// A whole line, read: where its value lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Field(Field, Range<usize>),
    Comment(Range<usize>),
    Unknown,
}

impl Line {
    /// Reads a line that is not blank, without its end.
    #[inline]
    pub(super) fn read(line: &[u8]) -> Self {
        let (field, name) = match line {
            [b'd', b'a', b't', b'a', ..] => (Field::Data, 4),
            [b'e', b'v', b'e', b'n', b't', ..] => (Field::Event, 5),
            [b'i', b'd', ..] => (Field::Id, 2),
            [b'r', b'e', b't', b'r', b'y', ..] => (Field::Retry, 5),
            [b':', ..] => return Self::Comment(value(line, 0)),
            _ => return Self::Unknown,
        };
        match line.get(name) {
            Some(b':') => Self::Field(field, value(line, name)),
            None => Self::Field(field, name..name),
            Some(_) => Self::Unknown,
        }
    }
}

/// What follows the colon and one space, if there is one.
#[inline]
fn value(line: &[u8], colon: usize) -> Range<usize> {
    let from = colon + 1;
    from + usize::from(line.get(from) == Some(&b' '))..line.len()
}

/// The digits of a `retry` field as they come; only a value that is digits and nothing else, and fits, counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Retry {
    #[default]
    Empty,
    Value(u64),
    Bad,
}

impl Retry {
    pub(super) fn take(&mut self, digits: &[u8]) {
        for &digit in digits {
            let so_far = match *self {
                Self::Empty => 0,
                Self::Value(value) => value,
                Self::Bad => return,
            };
            let next = match digit {
                b'0'..=b'9' => so_far.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0'))),
                _ => None,
            };
            *self = next.map_or(Self::Bad, Self::Value);
        }
    }
}
