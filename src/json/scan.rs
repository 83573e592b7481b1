//! The cold path: one document, read once, its whole grammar checked, into a [`Table`] that a [`Schema`] shapes.

use alloc::vec::Vec;
use core::mem;

use super::cursor::{
    Fault, MAX_DEPTH, closing_quote, is_blank, number_end, plain_end, skip_blanks, skipped_value_end, word_end,
};
use super::string::{push_lossy, unescape};
use super::table::{
    EMPTY, FIRST_FIELD, Fit, KEY, Kind, OPAQUE, OwnedText, SEEN, SEEN_UNKNOWN, Slot, TEXT, Table, UNKNOWN, VARIES,
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
pub(crate) const READ: u8 = TEXT;
/// Containers are handed out as text as well.
pub(crate) const RAW_TEXT: u8 = 1;
/// What a scalar's slot has of its field's flags.
const OF_SCALARS: u8 = TEXT | VARIES;
/// The most links that a kind of record may have.
const MOST_LINKS: usize = 16;
// And `VARIES`, which goes to the slot.

impl Field {
    /// A field that the schema does not name.
    pub(crate) const UNKNOWN: Self = Self { link: 0, object: 0, elements: 0, flags: 0 };
}

/// How long a key may be, with the closing quote and the colon.
const LONGEST_KEY: usize = 32;
/// How many bytes of a document a key is looked for in at first, from the one after its opening quote.
pub(crate) const KEY_WINDOW: usize = 16;

/// A field's name in the form in which it is found at once: the name, the closing quote and the colon as four numbers of
/// eight bytes.
pub(crate) struct Name {
    masks: [u64; LONGEST_KEY / 8],
    words: [u64; LONGEST_KEY / 8],
}

impl Name {
    pub(crate) const fn new(name: &[u8]) -> Self {
        assert!(name.len() <= LONGEST_KEY - 2);
        let (mut masks, mut words, mut i) = ([0; 4], [0; 4], 0);
        while i < name.len() + 2 {
            let byte = if i < name.len() { name[i] } else { b"\":"[i - name.len()] };
            masks[i / 8] |= 0xFF << (8 * (i % 8));
            words[i / 8] |= (byte as u64) << (8 * (i % 8));
            i += 1;
        }
        Self { masks, words }
    }

    /// Whether the bytes from a key's first, `rest` of which `window` is the start, are this name, the closing quote and a
    /// colon.
    #[inline(always)]
    pub(crate) fn begins(&self, window: &[u8; KEY_WINDOW], rest: &[u8]) -> bool {
        let word = |bytes: &[u8], i: usize| bytes.get(8 * i..).and_then(|bytes| bytes.first_chunk()).copied();
        let is = |i: usize| {
            let bytes = if i < KEY_WINDOW / 8 { window } else { rest };
            self.masks[i] == 0
                || word(bytes, i).is_some_and(|word| u64::from_le_bytes(word) & self.masks[i] == self.words[i])
        };
        is(0) && is(1) && is(2) && is(3)
    }
}

/// The field names of a wire.
pub(crate) trait Schema {
    /// What the document itself is.
    const ROOT: u8;
    /// The field of a kind of record whose key, closing quote and colon begin `rest`, and the key's length; an unknown
    /// one also near the end of the data.
    fn known<const RECORD: u8>(rest: &[u8]) -> (Field, usize);
    /// Reads an object of a kind: [`Scanner::object`] of that kind.
    fn object(scanner: &mut Scanner<'_>, record: u8, at: usize, room: usize) -> Result<usize, Fault>;
    /// The field of a kind of record, by its whole name.
    fn field(record: u8, key: &[u8]) -> Field;
    /// The links of a kind of record, masks and chain included.
    fn links(record: u8) -> usize;
    /// Whether the unknown fields of a kind of record are reachable.
    fn keeps_unknown(record: u8) -> bool;
}

/// Scans the document that begins at `at` (no blank) to the position after it. `depth` is the deepest nesting accepted;
/// `is_utf8` spares a look at each string, if it is known that the data are.
pub(crate) fn scan<S: Schema>(
    data: &[u8],
    at: usize,
    depth: usize,
    is_utf8: bool,
    table: &mut Table,
    fit: &mut Fit,
) -> Result<usize, Fault> {
    table.slots.clear();
    table.links.clear();
    fit.clear();
    if table.slots.capacity() == 0 {
        table.slots.reserve(64);
        table.links.reserve(128);
    }
    table.slots.push(Slot::default());
    table.links.push(0);
    let root = Field { link: 0, object: S::ROOT, elements: 0, flags: READ };
    let (slots, links) = (mem::take(&mut table.slots), mem::take(&mut table.links));
    let mut scanner = Scanner { data, slots, links, fit, is_utf8 };
    let end = scanner.value::<S>(root, at, depth.min(MAX_DEPTH));
    (table.slots, table.links) = (scanner.slots, scanner.links);
    end
}

/// Every function goes from a position to the position after what it reads (so that positions stay in registers); `room`
/// is how many containers may yet be opened.
pub(crate) struct Scanner<'a> {
    data: &'a [u8],
    /// The table's, lent for the scan: a step nearer.
    slots: Vec<Slot>,
    links: Vec<u32>,
    fit: &'a mut Fit,
    is_utf8: bool,
}

impl Scanner<'_> {
    #[cold]
    fn fault<T>(&self, at: usize) -> Result<T, Fault> {
        Err(Fault(at.min(self.data.len())))
    }

    /// The slot that the next value will have.
    #[inline(always)]
    fn next_slot(&self) -> u32 {
        self.slots.len() as u32
    }

    #[inline(always)]
    fn push(&mut self, start: usize, end: usize, kind: Kind, flags: u8) {
        let (start, end) = (start as u32, end as u32);
        self.slots.push(Slot { start, end, aux: 0, next: 0, kind, flags, holes_before: [0; 2] });
    }

    /// Reads a value at its first byte into the next slot.
    #[inline(never)]
    fn value<S: Schema>(&mut self, field: Field, at: usize, room: usize) -> Result<usize, Fault> {
        match self.data.get(at) {
            Some(b'"') => self.string(at, field.flags & OF_SCALARS),
            Some(b'{') if field.object != 0 => S::object(self, field.object, at, room),
            Some(b'[') if field.elements != 0 => self.array::<S>(field.elements, at, room),
            _ => self.other_value(field, at, room),
        }
    }

    /// A value that is no string, and that nobody looks into.
    #[inline(never)]
    fn other_value(&mut self, field: Field, at: usize, room: usize) -> Result<usize, Fault> {
        let flags = field.flags & OF_SCALARS;
        match self.data.get(at) {
            Some(b'{' | b'[') => self.opaque(field, at, room),
            Some(b'-' | b'0'..=b'9') if flags & TEXT != 0 => self.number(at, flags),
            Some(b'N' | b'I') if flags & TEXT != 0 => self.fault(at),
            first => {
                let end = skipped_value_end(self.data, at, 0)?;
                let is_number = match first {
                    Some(b'-') => self.data.get(at + 1) != Some(&b'I'),
                    first => matches!(first, Some(b'0'..=b'9')),
                };
                self.push(at, end, if is_number { Kind::Number } else { Kind::Word }, flags);
                Ok(end)
            }
        }
    }

    #[inline(always)]
    fn number(&mut self, at: usize, flags: u8) -> Result<usize, Fault> {
        let end = number_end(self.data, at)?;
        self.push(at, end, Kind::Number, flags);
        Ok(end)
    }

    /// Any string.
    #[cold]
    #[inline(never)]
    fn string(&mut self, at: usize, flags: u8) -> Result<usize, Fault> {
        let (end, escaped) = closing_quote(self.data, at + 1)?;
        self.push(at + 1, end, Kind::String, flags);
        if (escaped || !self.is_utf8) && flags & TEXT != 0 {
            self.own(escaped);
        }
        Ok(end + 1)
    }

    /// A container that nobody looks into.
    #[inline(never)]
    fn opaque(&mut self, field: Field, at: usize, room: usize) -> Result<usize, Fault> {
        let end = skipped_value_end(self.data, at, room)?;
        let kind = if self.data[at] == b'{' { Kind::Object } else { Kind::Array };
        let empty = if skip_blanks(self.data, at + 1) + 1 == end { EMPTY } else { 0 };
        let text = if field.flags & RAW_TEXT != 0 { TEXT } else { 0 };
        self.push(at, end, kind, empty | text | OPAQUE | field.flags & VARIES);
        if text != 0 {
            self.own(false);
        }
        Ok(end)
    }

    /// Sees to the text of the last slot, which may not be handed out as it lies there.
    #[cold]
    #[inline(never)]
    fn own(&mut self, escaped: bool) {
        let slot = self.next_slot() - 1;
        let Slot { start, end, .. } = self.slots[slot as usize];
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

    /// After an element, blanks or none between: the first byte of the next (`true`), or the byte after the close.
    #[cold]
    #[inline(never)]
    fn more(&self, at: usize, close: u8) -> Result<(usize, bool), Fault> {
        let mut at = at;
        loop {
            match self.data.get(at) {
                Some(b',') => return Ok((skip_blanks(self.data, at + 1), true)),
                Some(&byte) if byte == close => return Ok((at + 1, false)),
                Some(&byte) if is_blank(byte) => at = skip_blanks(self.data, at),
                _ => return self.fault(at),
            }
        }
    }

    #[inline(never)]
    fn array<S: Schema>(&mut self, elements: u8, start: usize, room: usize) -> Result<usize, Fault> {
        if room == 0 {
            return self.fault(start);
        }
        let array = self.next_slot() as usize;
        self.push(start, start, Kind::Array, EMPTY);
        let element = Field { link: 0, object: elements, elements: 0, flags: READ };
        let mut at = skip_blanks(self.data, start + 1);
        if self.data.get(at) == Some(&b']') {
            self.slots[array].end = at as u32 + 1;
            return Ok(at + 1);
        }
        let first = self.next_slot();
        let mut last = 0;
        loop {
            let slot = self.next_slot();
            if last != 0 {
                self.slots[last as usize].next = slot;
            }
            last = slot;
            at = self.value::<S>(element, at, room - 1)?;
            if self.data.get(at) == Some(&b']') {
                at += 1;
                break;
            }
            let more;
            (at, more) = self.more(at, b']')?;
            if !more {
                break;
            }
        }
        let this = &mut self.slots[array];
        (this.end, this.aux, this.flags) = (at as u32, first, 0);
        Ok(at)
    }

    /// An object whose members are fields. There is a copy of it for each kind, since half of it is looking for the
    /// fields of the kind.
    #[inline(never)]
    pub(crate) fn object<S: Schema, const KIND: u8>(&mut self, start: usize, room: usize) -> Result<usize, Fault> {
        if room == 0 {
            return self.fault(start);
        }
        let data = self.data;
        let object = self.slots.len();
        self.push(start, start, Kind::Object, EMPTY);
        let record = self.links.len();
        // Of one length, which is quicker than of the right one.
        self.links.extend_from_slice(&[0; MOST_LINKS]);
        self.links.truncate(record + S::links(KIND));
        let (mut seen, mut last_unknown) = (0_u32, 0);
        let mut at = start + 1;
        if data.get(at) != Some(&b'"') {
            at = skip_blanks(data, at);
            if data.get(at) == Some(&b'}') {
                self.slots[object].end = at as u32 + 1;
                self.slots[object].aux = record as u32;
                return Ok(at + 1);
            }
        }
        loop {
            let (field, length) = match data.get(at..) {
                Some([b'"', rest @ ..]) => S::known::<KIND>(rest),
                Some([b' ', ..]) => {
                    at = skip_blanks(data, at);
                    continue;
                }
                _ => (Field::UNKNOWN, 0),
            };
            if field.link == 0 {
                let mut state = (seen, last_unknown);
                at = self.other_member::<S>(KIND, at, room, record, &mut state)?;
                (seen, last_unknown) = state;
            } else {
                at = self.member::<S>(field, at + length + 3, room, record)?;
                seen |= 1 << field.link;
            }
            match data.get(at) {
                Some(b',') => at += 1,
                Some(b'}') => break,
                _ => {
                    let more;
                    (at, more) = self.more(at, b'}')?;
                    if !more {
                        at -= 1;
                        break;
                    }
                }
            }
        }
        self.links[record + SEEN] = seen;
        let this = &mut self.slots[object];
        (this.end, this.aux, this.flags) = (at as u32 + 1, record as u32, 0);
        Ok(at + 1)
    }

    /// The value of a field that the schema knows, from the byte after the colon, and its link. Null is no value.
    #[inline(always)]
    fn member<S: Schema>(&mut self, field: Field, at: usize, room: usize, record: usize) -> Result<usize, Fault> {
        let mut slot = self.next_slot();
        let mut at = at;
        let at = loop {
            break match self.data.get(at) {
                Some(b'"') => match plain_end(self.data, at + 1) {
                    Some(end) if self.is_utf8 => {
                        self.push(at + 1, end, Kind::String, field.flags & OF_SCALARS);
                        end + 1
                    }
                    _ => self.string(at, field.flags & OF_SCALARS)?,
                },
                Some(b'n') => {
                    slot = 0;
                    word_end(self.data, at, b"null")?
                }
                Some(b'0'..=b'9') if field.flags & READ != 0 => self.number(at, field.flags & OF_SCALARS)?,
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    at = skip_blanks(self.data, at);
                    continue;
                }
                _ => self.value::<S>(field, at, room - 1)?,
            };
        };
        self.links[record + field.link as usize] = slot;
        Ok(at)
    }

    /// A member whose key was not known at once: one that the schema does not name, written with escapes or blanks, or
    /// near the data's end.
    #[cold]
    #[inline(never)]
    fn other_member<S: Schema>(
        &mut self,
        kind: u8,
        at: usize,
        room: usize,
        record: usize,
        (seen, last_unknown): &mut (u32, u32),
    ) -> Result<usize, Fault> {
        let at = skip_blanks(self.data, at);
        if self.data.get(at) != Some(&b'"') {
            return self.fault(at);
        }
        let key = at + 1;
        let (field, key_end) = self.other_key::<S>(kind, key)?;
        let colon = skip_blanks(self.data, key_end + 1);
        if self.data.get(colon) != Some(&b':') {
            return self.fault(colon);
        }
        let at = skip_blanks(self.data, colon + 1);
        if field.link != 0 {
            *seen |= 1 << field.link;
            return self.member::<S>(field, at, room, record);
        }
        *seen |= SEEN_UNKNOWN;
        if S::keeps_unknown(kind) {
            let slot = self.next_slot();
            self.push(key, key_end, Kind::String, KEY);
            if *last_unknown == 0 {
                self.links[record + UNKNOWN] = slot;
            } else {
                self.slots[*last_unknown as usize].next = slot;
            }
            *last_unknown = slot;
        }
        self.value::<S>(field, at, room - 1)
    }

    /// The field and the end of a key that was not known at once.
    #[inline(always)]
    fn other_key<S: Schema>(&mut self, kind: u8, start: usize) -> Result<(Field, usize), Fault> {
        let (end, escaped) = closing_quote(self.data, start)?;
        let name = &self.data[start..end];
        if !escaped {
            return Ok((S::field(kind, name), end));
        }
        let (range, mended) = unescape(name, &mut self.fit.scratch);
        let at = range.start;
        let field = if mended.is_clean() { S::field(kind, self.fit.scratch[range].as_bytes()) } else { Field::UNKNOWN };
        self.fit.scratch.truncate(at);
        Ok((field, end))
    }
}

const _: () = assert!(FIRST_FIELD as usize > UNKNOWN);
