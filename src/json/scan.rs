//! The cold path: one document, read once, its whole grammar checked, into a [`Table`] that a [`Schema`] shapes.

use super::cursor::{Fault, MAX_DEPTH, number_end, skip_blanks, skipped_value_end, string_end, word_end};
use super::string::{push_lossy, unescape};
use super::table::{
    EMPTY, FIRST_FIELD, Kind, OwnedText, PRESENT, SEEN, SEEN_UNKNOWN, Slot, TEXT, Table, Texts, UNKNOWN,
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
    /// Whether the value, if it is a scalar, is read: strings are unescaped, UTF-8 is checked, `NaN` is a fault.
    pub(crate) read: bool,
    /// Whether containers are handed out as text as well.
    pub(crate) raw_text: bool,
}

impl Field {
    /// A field that the schema does not name.
    pub(crate) const UNKNOWN: Self = Self { link: 0, object: 0, elements: 0, read: false, raw_text: false };
}

/// The field names of a wire.
pub(crate) trait Schema {
    /// What the document itself is.
    const ROOT: u8;
    /// The field of a kind of record.
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
    texts: &mut Texts,
) -> Result<usize, Fault> {
    table.slots.clear();
    table.links.clear();
    texts.clear();
    table.slots.push(Slot::default());
    table.links.push(0);
    let mut scanner = Scanner { data, at, room: depth.min(MAX_DEPTH), table, texts };
    let root = Field { link: 0, object: S::ROOT, elements: 0, read: true, raw_text: false };
    scanner.value::<S>(root, true)?;
    Ok(scanner.at)
}

struct Scanner<'a> {
    data: &'a [u8],
    at: usize,
    /// How many containers may yet be opened.
    room: usize,
    table: &'a mut Table,
    texts: &'a mut Texts,
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
        self.table.slots.push(Slot { start: start as u32, end: end as u32, aux: 0, next: 0, kind, flags });
        slot
    }

    /// Reads a value at its first byte into a slot. Null has none unless it is kept.
    fn value<S: Schema>(&mut self, field: Field, keep_null: bool) -> Result<u32, Fault> {
        let start = self.at;
        let text = if field.read { TEXT } else { 0 };
        match self.peek() {
            Some(b'"') => {
                let string = string_end(self.data, start + 1)?;
                self.at = string.end + 1;
                let slot = self.push(start + 1, string.end, Kind::String, text);
                if field.read && (string.escaped || !string.ascii) {
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
                let slot = self.push(start, self.at, kind, empty | if field.raw_text { TEXT } else { 0 });
                if field.raw_text {
                    self.own(slot, false);
                }
                Ok(slot)
            }
            Some(b'-' | b'0'..=b'9') if field.read => {
                self.at = number_end(self.data, start)?;
                Ok(self.push(start, self.at, Kind::Number, text))
            }
            Some(b'n') => {
                self.at = word_end(self.data, start, b"null")?;
                Ok(if keep_null { self.push(start, self.at, Kind::Word, text) } else { 0 })
            }
            Some(b'N' | b'I') if field.read => self.fault(),
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
        let start = self.texts.scratch.len();
        if escaped {
            let (range, mended) = unescape(raw, &mut self.texts.scratch);
            self.texts.owned.push(OwnedText { slot, start: range.start as u32, end: range.end as u32, mended });
        } else if core::str::from_utf8(raw).is_err() {
            let invalid = push_lossy(raw, &mut self.texts.scratch);
            self.texts.owned.push(OwnedText::new(slot, start..self.texts.scratch.len(), invalid));
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
        let element = Field { link: 0, object: elements, elements: 0, read: true, raw_text: false };
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
            let key = string_end(self.data, start)?;
            self.at = key.end + 1;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fault();
            }
            self.at += 1;
            self.blanks();
            let name = &self.data[start..key.end];
            let field = if key.escaped { self.escaped_field::<S>(kind, name) } else { S::field(kind, name) };
            if field.link == 0 {
                seen |= SEEN_UNKNOWN;
                if S::keeps_unknown(kind) {
                    let slot = self.push(start, key.end, Kind::String, 0);
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

    /// The field of a key that is written with escapes.
    #[cold]
    fn escaped_field<S: Schema>(&mut self, kind: u8, name: &[u8]) -> Field {
        let (range, mended) = unescape(name, &mut self.texts.scratch);
        let start = range.start;
        let field =
            if mended.is_clean() { S::field(kind, self.texts.scratch[range].as_bytes()) } else { Field::UNKNOWN };
        self.texts.scratch.truncate(start);
        field
    }
}

const _: () = assert!(FIRST_FIELD as usize > UNKNOWN);
