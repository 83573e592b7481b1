//! One line: what it says when all of it is there, and how far it is when an input ends within it.

use core::ops::Range;

/// The byte order mark that may open a stream.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The fields that the standard knows.
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
    const LONGEST: usize = 5;

    fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, field)| field)
    }

    /// Whether some field's name begins so.
    fn may_begin(name: &[u8]) -> bool {
        Self::ALL.iter().any(|(known, _)| known.starts_with(name))
    }
}

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    Field(Field),
    Comment,
    /// No field that the standard knows, and no comment.
    Unknown,
}

/// Reads a line that is not blank, without its end: its kind, and where its value lies in it (of an unknown line: all).
#[inline]
pub(super) fn read_line(line: &[u8]) -> (LineKind, Range<usize>) {
    match opening(line) {
        Some((kind, from)) => (kind, from + usize::from(line.get(from) == Some(&b' '))..line.len()),
        None => match Field::named(line) {
            Some(field) => (LineKind::Field(field), line.len()..line.len()),
            None => (LineKind::Unknown, 0..line.len()),
        },
    }
}

/// A comment's or known field's beginning up to its colon: its kind, and how long that is.
#[inline]
fn opening(line: &[u8]) -> Option<(LineKind, usize)> {
    match line {
        [b'd', b'a', b't', b'a', b':', ..] => Some((LineKind::Field(Field::Data), 5)),
        [b'e', b'v', b'e', b'n', b't', b':', ..] => Some((LineKind::Field(Field::Event), 6)),
        [b':', ..] => Some((LineKind::Comment, 1)),
        [b'i', b'd', b':', ..] => Some((LineKind::Field(Field::Id), 3)),
        [b'r', b'e', b't', b'r', b'y', b':', ..] => Some((LineKind::Field(Field::Retry), 6)),
        _ => None,
    }
}

/// A line that inputs cut: how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// A line begins.
    Start,
    /// So many bytes that begin a known field's name.
    Name(u8, [u8; Field::LONGEST]),
    /// Past the colon, and if so noted past the space that may follow it.
    Value(LineKind, PastSpace),
}

/// Whether it is settled if a space follows the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PastSpace {
    Yes,
    No,
}

impl Progress {
    /// Goes on with a part of the line; `begin` is told when the kind of the line is known, with what of an unknown line
    /// has been held back. Gives the kind and the part of its value that is in `part`, if it has come so far.
    #[inline]
    pub(super) fn take<'p>(
        &mut self,
        mut part: &'p [u8],
        begin: impl FnOnce(LineKind, &[u8]),
    ) -> Option<(LineKind, &'p [u8])> {
        if let Self::Value(kind, past) = *self {
            return Some((kind, self.take_space(kind, past, part)));
        }
        if *self == Self::Start
            && let Some((kind, from)) = opening(part)
        {
            begin(kind, b"");
            return Some((kind, self.take_space(kind, PastSpace::No, &part[from..])));
        }
        let (mut len, mut name) = match *self {
            Self::Name(len, name) => (usize::from(len), name),
            _ => (0, [0; Field::LONGEST]),
        };
        while let Some((&byte, rest)) = part.split_first() {
            if byte == b':' && (len == 0 || Field::named(&name[..len]).is_some()) {
                let kind = Field::named(&name[..len]).map_or(LineKind::Comment, LineKind::Field);
                begin(kind, b"");
                return Some((kind, self.take_space(kind, PastSpace::No, rest)));
            }
            if let Some(next) = name.get_mut(len) {
                *next = byte;
                if Field::may_begin(&name[..=len]) {
                    len += 1;
                    part = rest;
                    *self = Self::Name(len as u8, name);
                    continue;
                }
            }
            begin(LineKind::Unknown, &name[..len]);
            *self = Self::Value(LineKind::Unknown, PastSpace::Yes);
            return Some((LineKind::Unknown, part));
        }
        None
    }

    #[inline]
    fn take_space<'p>(&mut self, kind: LineKind, past: PastSpace, part: &'p [u8]) -> &'p [u8] {
        let past_now = if part.is_empty() { past } else { PastSpace::Yes };
        *self = Self::Value(kind, past_now);
        match part {
            [b' ', rest @ ..] if past == PastSpace::No => rest,
            _ => part,
        }
    }

    /// The line has ended; `begin` as for [`take`](Self::take). Gives its kind; `None` if there was no line.
    #[inline]
    pub(super) fn finish(&mut self, begin: impl FnOnce(LineKind, &[u8])) -> Option<LineKind> {
        match core::mem::replace(self, Self::Start) {
            Self::Start => None,
            Self::Value(kind, _) => Some(kind),
            Self::Name(len, name) => {
                let name = &name[..usize::from(len)];
                let (kind, held_back) = match Field::named(name) {
                    Some(field) => (LineKind::Field(field), &[][..]),
                    None => (LineKind::Unknown, name),
                };
                begin(kind, held_back);
                Some(kind)
            }
        }
    }

    /// The field that the line is, if it ended here.
    pub(super) fn field(&self) -> Option<Field> {
        match *self {
            Self::Name(len, name) => Field::named(&name[..usize::from(len)]),
            Self::Value(LineKind::Field(field), _) => Some(field),
            Self::Start | Self::Value(..) => None,
        }
    }
}

/// The digits of a `retry` field as they come: only a value that is digits and nothing else, and fits, counts.
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
