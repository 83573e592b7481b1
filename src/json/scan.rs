//! The cold path: one document, read once, its whole grammar checked, into a [`Table`] that a [`Schema`] shapes.

use super::cursor::{Fault, MAX_DEPTH, number_end, skip_blanks, skipped_value_end, string_end, word_end};
use super::string::{push_lossy, unescape};
use super::table::{
    EMPTY, FIRST_FIELD, Fit, KEY, Kind, OPAQUE, OwnedText, PRESENT, SEEN, SEEN_UNKNOWN, Slot, TEXT, Table, UNKNOWN,
    VARIES,
};

/// How the value of a field is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its place in the record; 0 for a field that the schema does not name.
    pub(crate) link: u8,
    /// The kind of record that an object becomes; 0: nobody looks inside.
    pub(crate) object: u8,
    /// The kind of record that the objects of an array become; 0: nobody looks inside.
    pub(crate) elements: u8,
    /// [`READ`], [`RAW_TEXT`] and [`VARIES`].
    pub(crate) flags: u8,
}

/// The value, if it is a scalar, is read: strings are unescaped, UTF-8 is checked, `NaN` is a fault.
pub(crate) const READ: u8 = 1;
/// Containers are handed out as text as well.
pub(crate) const RAW_TEXT: u8 = 2;
// And `VARIES`, which goes to the slot.

impl Field {
    /// A field that the schema does not name.
    pub(crate) const UNKNOWN: Self = Self { link: 0, object: 0, elements: 0, flags: 0 };
}

/// A field's name in the form in which it is found at once: its first eight bytes, closing quote included, as a number.
pub(crate) struct Name {
    mask: u64,
    word: u64,
    name: &'static [u8],
}

impl Name {
    pub(crate) const fn new(name: &'static [u8]) -> Self {
        let (mut mask, mut word, mut i) = (0, 0, 0);
        while i < 8 && i <= name.len() {
            mask |= 0xFF << (8 * i);
            word |= (if i == name.len() { b'"' } else { name[i] } as u64) << (8 * i);
            i += 1;
        }
        Self { mask, word, name }
    }

    /// Whether the bytes from a key's first are this name and the closing quote. `word` is the first eight of `rest`.
    #[inline(always)]
    pub(crate) fn begins(&self, word: u64, rest: &[u8]) -> bool {
        let length = self.name.len();
        word & self.mask == self.word
            && (length < 8
                || rest
                    .get(8..=length)
                    .is_some_and(|end| end[..length - 8] == self.name[8..] && end[length - 8] == b'"'))
    }
}

/// The field names of a wire.
pub(crate) trait Schema {
    /// What the document itself is.
    const ROOT: u8;
    /// The field of a kind of record whose key begins `rest`, and the key's length; `word` is the first eight bytes.
    fn known(record: u8, word: u64, rest: &[u8]) -> (Field, u32);
    /// The field of a kind of record, by its whole name.
    fn field(record: u8, key: &[u8]) -> Field;
    /// The links of a kind of record, masks and chain included.
    fn links(record: u8) -> usize;
    /// Whether the unknown fields of a kind of record are reachable.
    fn keeps_unknown(record: u8) -> bool;
}

/// Scans the document that begins at `at` (no blank) to the position after it. `depth` is the deepest nesting accepted.
pub(crate) fn scan<S: Schema>(
    data: &[u8],
    at: usize,
    depth: usize,
    table: &mut Table,
    fit: &mut Fit,
) -> Result<usize, Fault> {
    table.slots.clear();
    table.links.clear();
    fit.clear();
    table.slots.push(Slot::default());
    table.links.push(0);
    let mut scanner = Scanner { data, at, room: depth.min(MAX_DEPTH), table, fit };
    let root = Field { link: 0, object: S::ROOT, elements: 0, flags: READ };
    scanner.value::<S>(root, true)?;
    Ok(scanner.at)
}

struct Scanner<'a> {
    data: &'a [u8],
    at: usize,
    /// How many containers may yet be opened.
    room: usize,
    table: &'a mut Table,
    fit: &'a mut Fit,
}

impl Scanner<'_> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    #[inline(always)]
    fn blanks(&mut self) {
        self.at = skip_blanks(self.data, self.at);
    }

    fn fault<T>(&self) -> Result<T, Fault> {
        Err(Fault(self.at.min(self.data.len())))
    }

    #[inline(always)]
    fn push(&mut self, start: usize, end: usize, kind: Kind, flags: u8) -> u32 {
        let slot = self.table.slots.len() as u32;
        self.table.slots.push(Slot {
            start: start as u32,
            end: end as u32,
            aux: 0,
            next: 0,
            kind,
            flags,
            holes_before: [0; 2],
        });
        slot
    }

    /// Reads a value at its first byte into a slot. Null has none unless it is kept.
    fn value<S: Schema>(&mut self, field: Field, keep_null: bool) -> Result<u32, Fault> {
        let start = self.at;
        let read = field.flags & READ != 0;
        let text = (if read { TEXT } else { 0 }) | field.flags & VARIES;
        match self.peek() {
            Some(b'"') => {
                let string = string_end(self.data, start + 1)?;
                self.at = string.end + 1;
                let slot = self.push(start + 1, string.end, Kind::String, text);
                if read && (string.escaped || !string.ascii) {
                    self.own(slot, string.escaped);
                }
                Ok(slot)
            }
            Some(b'{') if field.object != 0 => {
                let slot = self.push(start, start, Kind::Object, 0);
                let record = self.object::<S>(field.object)?;
                let empty = if self.table.links[record as usize + SEEN] == 0 { EMPTY } else { 0 };
                let this = &mut self.table.slots[slot as usize];
                (this.end, this.aux, this.flags) = (self.at as u32, record, empty);
                Ok(slot)
            }
            Some(b'[') if field.elements != 0 => {
                let slot = self.push(start, start, Kind::Array, 0);
                let first = self.array::<S>(field.elements)?;
                let this = &mut self.table.slots[slot as usize];
                (this.end, this.aux, this.flags) = (self.at as u32, first, if first == 0 { EMPTY } else { 0 });
                Ok(slot)
            }
            Some(open @ (b'{' | b'[')) => {
                self.at = skipped_value_end(self.data, start, self.room)?;
                let inside = skip_blanks(self.data, start + 1);
                let empty = if inside + 1 == self.at { EMPTY } else { 0 };
                let kind = if open == b'{' { Kind::Object } else { Kind::Array };
                let text = if field.flags & RAW_TEXT != 0 { TEXT } else { 0 };
                let slot = self.push(start, self.at, kind, empty | text | OPAQUE | field.flags & VARIES);
                if field.flags & RAW_TEXT != 0 {
                    self.own(slot, false);
                }
                Ok(slot)
            }
            Some(b'-' | b'0'..=b'9') if read => {
                self.at = number_end(self.data, start)?;
                Ok(self.push(start, self.at, Kind::Number, text))
            }
            Some(b'n') => {
                self.at = word_end(self.data, start, b"null")?;
                Ok(if keep_null { self.push(start, self.at, Kind::Word, text) } else { 0 })
            }
            Some(b'N' | b'I') if read => self.fault(),
            first => {
                self.at = skipped_value_end(self.data, start, 0)?;
                let kind = match first {
                    Some(b'-') if self.data.get(start + 1) == Some(&b'I') => Kind::Word,
                    Some(b'-' | b'0'..=b'9') => Kind::Number,
                    _ => Kind::Word,
                };
                Ok(self.push(start, self.at, kind, text))
            }
        }
    }

    /// Sees to the text of a slot that may not be handed out as it lies there.
    #[inline(never)]
    fn own(&mut self, slot: u32, escaped: bool) {
        let Slot { start, end, .. } = self.table.slots[slot as usize];
        let raw = &self.data[start as usize..end as usize];
        let start = self.fit.scratch.len();
        if escaped {
            let (range, mended) = unescape(raw, &mut self.fit.scratch);
            self.fit.owned.push(OwnedText { slot, start: range.start as u32, end: range.end as u32, mended });
        } else if core::str::from_utf8(raw).is_err() {
            let invalid = push_lossy(raw, &mut self.fit.scratch);
            self.fit.owned.push(OwnedText::new(slot, start..self.fit.scratch.len(), invalid));
        }
    }

    /// Opens a container, to its first byte that is no blank.
    #[inline(always)]
    fn open(&mut self) -> Result<(), Fault> {
        if self.room == 0 {
            return self.fault();
        }
        self.room -= 1;
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// After an element: `true` at the first byte of the next, `false` after the close.
    #[inline(always)]
    fn more(&mut self, close: u8) -> Result<bool, Fault> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.blanks();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                self.room += 1;
                Ok(false)
            }
            _ => self.fault(),
        }
    }

    fn array<S: Schema>(&mut self, elements: u8) -> Result<u32, Fault> {
        let element = Field { link: 0, object: elements, elements: 0, flags: READ };
        self.open()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            self.room += 1;
            return Ok(0);
        }
        let first = self.value::<S>(element, true)?;
        let mut last = first;
        while self.more(b']')? {
            let slot = self.value::<S>(element, true)?;
            self.table.slots[last as usize].next = slot;
            last = slot;
        }
        Ok(first)
    }

    fn object<S: Schema>(&mut self, kind: u8) -> Result<u32, Fault> {
        let record = self.table.links.len();
        self.table.links.resize(record + S::links(kind), 0);
        self.open()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.room += 1;
            return Ok(record as u32);
        }
        let (mut present, mut seen, mut last_unknown) = (0_u32, 0_u32, 0);
        loop {
            if self.peek() != Some(b'"') {
                return self.fault();
            }
            let start = self.at + 1;
            let rest = self.data.get(start..).unwrap_or_default();
            let (mut field, length) = match rest.first_chunk::<8>() {
                Some(bytes) => S::known(kind, u64::from_le_bytes(*bytes), rest),
                None => (Field::UNKNOWN, 0),
            };
            let mut end = start + length as usize;
            if field.link == 0 {
                (field, end) = self.other_key::<S>(kind, start)?;
            }
            self.at = end + 1;
            if self.peek() != Some(b':') {
                self.blanks();
                if self.peek() != Some(b':') {
                    return self.fault();
                }
            }
            self.at += 1;
            self.blanks();
            if field.link == 0 {
                seen |= SEEN_UNKNOWN;
                if S::keeps_unknown(kind) {
                    let slot = self.push(start, end, Kind::String, KEY);
                    let before = if last_unknown == 0 {
                        &mut self.table.links[record + UNKNOWN]
                    } else {
                        &mut self.table.slots[last_unknown as usize].next
                    };
                    *before = slot;
                    last_unknown = slot;
                }
                self.value::<S>(field, true)?;
            } else {
                let slot = self.value::<S>(field, false)?;
                let bit = 1 << field.link;
                seen |= bit;
                present = if slot == 0 { present & !bit } else { present | bit };
                self.table.links[record + field.link as usize] = slot;
            }
            if !self.more(b'}')? {
                break;
            }
        }
        self.table.links[record + PRESENT] = present;
        self.table.links[record + SEEN] = seen;
        Ok(record as u32)
    }

    /// The field and the end of a key that was not known at once: unknown, written with escapes, or near the data's end.
    #[inline(never)]
    fn other_key<S: Schema>(&mut self, kind: u8, start: usize) -> Result<(Field, usize), Fault> {
        let key = string_end(self.data, start)?;
        let name = &self.data[start..key.end];
        if !key.escaped {
            return Ok((S::field(kind, name), key.end));
        }
        let (range, mended) = unescape(name, &mut self.fit.scratch);
        let at = range.start;
        let field = if mended.is_clean() { S::field(kind, self.fit.scratch[range].as_bytes()) } else { Field::UNKNOWN };
        self.fit.scratch.truncate(at);
        Ok((field, key.end))
    }
}

const _: () = assert!(FIRST_FIELD as usize > UNKNOWN);
