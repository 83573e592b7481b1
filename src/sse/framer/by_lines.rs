//! The way of the framer that goes line by line, and can stop and go on at any byte.

use core::ops::Range;

use super::{DATA_GOES_ON, Found, Framer, Here, Item, Place, Rest};
use crate::ErrorKind;
use crate::limits::LimitKind;
use crate::sse::EventKind;
use crate::sse::held::Dispatch;
use crate::sse::line::{BOM, Field, LineKind, Progress, read_line};

/// Bytes of an input that are looked at in one go: places are 32 bits wide.
const MOST: usize = if cfg!(test) { 1000 } else { u32::MAX as usize };

impl Framer {
    /// Goes line by line. `first_end` is where the first line ends, if that is known.
    #[cold]
    #[inline(never)]
    pub(super) fn advance_by_lines(&mut self, input: &mut &[u8], mut first_end: Option<usize>) -> bool {
        let bytes = &input[..input.len().min(MOST)];
        first_end = first_end.map(|end| end.min(bytes.len()));
        self.settle();
        if self.ended {
            return self.advance_past_end(input);
        }
        let mut at = if self.bom < 3 { self.take_bom(bytes) } else { 0 };
        if self.line != Progress::Start {
            let end = self.line_end(bytes, at);
            // A data line that ends with its event, as nearly all do that straddle two inputs: one copy, one decision.
            let ends_event = self.line == DATA_GOES_ON && bytes.get(end..end + 2) == Some(b"\n\n");
            if ends_event && self.held.damage().is_none() {
                self.held.data_line(&bytes[at..=end]);
                self.line = Progress::Start;
                self.skip_lf = false;
                at = end + 2;
                if let Some(found) = self.dispatch(input, at, None, None) {
                    return found;
                }
            } else {
                self.take(&bytes[at..end]);
                at = end;
                if let Some(&line_end) = bytes.get(end) {
                    at = end + 1;
                    self.skip_lf = line_end == b'\r';
                    if let Some((kind, cut)) = self.finish_line() {
                        return self.found(input, at, Place::Held, Place::Nowhere, kind, cut);
                    }
                }
            }
        }
        let mut here = Here::default();
        while let Some(&first) = bytes.get(at) {
            if core::mem::take(&mut self.skip_lf) && first == b'\n' {
                at += 1;
                continue;
            }
            if first == b'\n' || first == b'\r' {
                at += 1;
                self.skip_lf = first == b'\r';
                if here.data.is_none() && !self.held.begun() {
                    here.event_type = None;
                    continue;
                }
                if let Some(found) = self.dispatch_apart(input, at, here.data.take(), here.event_type.take()) {
                    return found;
                }
                continue;
            }
            let end = first_end.take().unwrap_or_else(|| self.line_end(bytes, at));
            let line = &bytes[at..end];
            if end == bytes.len() {
                self.hold(bytes, core::mem::take(&mut here));
                self.take(line);
                at = end;
                break;
            }
            let from = at;
            at = end + 1;
            self.skip_lf = bytes[end] == b'\r';
            let (kind, value) = read_line(line);
            let value = from + value.start..from + value.end;
            match kind {
                LineKind::Field(Field::Data) => {
                    if here.data.is_none() && !self.held.has_data() {
                        if value.len() <= self.held.bounds().data {
                            here.data = Some(value);
                        } else {
                            self.held.damage_by(LimitKind::EventData);
                        }
                    } else {
                        if let Some(first) = here.data.take() {
                            self.held.data_line(&bytes[first.start..=first.end]);
                        }
                        self.held.data_line(&bytes[value.start..=end]);
                    }
                }
                LineKind::Field(Field::Event) => {
                    if value.len() <= self.held.bounds().event_type {
                        here.event_type = Some(value);
                    } else {
                        self.held.damage_by(LimitKind::EventType);
                    }
                }
                LineKind::Field(Field::Id) => self.held.id_line(&bytes[value]),
                LineKind::Field(Field::Retry) => self.held.retry_line(&bytes[value]),
                LineKind::Comment if self.held.wants.comments => {
                    self.hold(bytes, here);
                    return self.found_line(input, at, value, EventKind::Comment, self.held.bounds().comment);
                }
                LineKind::Unknown if self.held.wants.unknown_lines => {
                    self.hold(bytes, here);
                    return self.found_line(input, at, value, EventKind::UnknownLine, self.held.bounds().unknown_line);
                }
                LineKind::Comment | LineKind::Unknown => {}
            }
        }
        self.hold(bytes, here);
        self.offset += at as u64;
        *input = &input[at..];
        if !input.is_empty() {
            return self.advance_by_lines(input, None);
        }
        self.rest = match self.is_between_events() {
            false => Rest::No,
            true if self.start < self.offset => Rest::Skipped,
            true => Rest::Yes,
        };
        false
    }

    /// [`dispatch`](Self::dispatch), kept out of the loop over lines, which is the slower for it.
    #[inline(never)]
    fn dispatch_apart(
        &mut self,
        input: &mut &[u8],
        used: usize,
        data: Option<Range<usize>>,
        event_type: Option<Range<usize>>,
    ) -> Option<bool> {
        self.dispatch(input, used, data, event_type)
    }

    /// Ends the event at hand with a blank line, which ends `used` bytes into the input. `None` when it has no data and so
    /// is none.
    #[inline(always)]
    fn dispatch(
        &mut self,
        input: &mut &[u8],
        used: usize,
        data: Option<Range<usize>>,
        event_type: Option<Range<usize>>,
    ) -> Option<bool> {
        let dispatch = self.held.dispatch(data.is_some());
        let has_held_type = self.held.take_type();
        match dispatch {
            Dispatch::Nothing => None,
            Dispatch::Event => {
                let event_type = match (event_type, has_held_type) {
                    (Some(range), _) => range.into(),
                    (None, true) => Place::Held,
                    (None, false) => Place::Nowhere,
                };
                let data = data.map_or(Place::Held, Place::from);
                Some(self.found(input, used, data, event_type, EventKind::Event, false))
            }
            Dispatch::Damage(limit) => Some(self.found_error(input, used, ErrorKind::Limit(limit))),
        }
    }

    /// After the end: what is still owed, then nothing; any input is misuse.
    #[cold]
    fn advance_past_end(&mut self, input: &mut &[u8]) -> bool {
        if let Some((kind, cut)) = self.finish_line() {
            self.found = Found::Item(Item { data: Place::Held, event_type: Place::Nowhere, kind, whole: false, cut });
            return true;
        }
        if core::mem::take(&mut self.owed) {
            // Its id is not committed, so this is no dispatch.
            if let Some(limit) = self.held.damage() {
                self.found = Found::Error(ErrorKind::Limit(limit));
                return true;
            }
            if self.held.wants.incomplete && self.held.end_data() {
                let event_type = if self.held.take_type() { Place::Held } else { Place::Nowhere };
                let kind = EventKind::Incomplete;
                self.found = Found::Item(Item { data: Place::Held, event_type, kind, whole: false, cut: false });
                return true;
            }
        }
        if input.is_empty() {
            return false;
        }
        // What was discarded is no part of it: the error lies where the stream ended.
        self.start = self.offset;
        self.found_error(input, input.len(), ErrorKind::FedAfterEnd)
    }

    /// Notes a comment or unknown line in the input.
    fn found_line(
        &mut self,
        input: &mut &[u8],
        used: usize,
        text: Range<usize>,
        kind: EventKind,
        limit: usize,
    ) -> bool {
        let cut = text.len() > limit;
        let text = text.start..text.end.min(text.start + limit);
        self.found(input, used, text.into(), Place::Nowhere, kind, cut)
    }

    /// Notes an item that ends `used` bytes into the input, and takes them.
    #[inline]
    fn found(
        &mut self,
        input: &mut &[u8],
        used: usize,
        data: Place,
        event_type: Place,
        kind: EventKind,
        cut: bool,
    ) -> bool {
        let whole = self.start == self.offset;
        self.found = Found::Item(Item { data, event_type, kind, whole, cut });
        self.offset += used as u64;
        *input = &input[used..];
        self.rest = if kind == EventKind::Event && self.is_between_events() { Rest::Yes } else { Rest::No };
        true
    }

    #[cold]
    fn found_error(&mut self, input: &mut &[u8], used: usize, kind: ErrorKind) -> bool {
        self.found = Found::Error(kind);
        self.offset += used as u64;
        *input = &input[used..];
        true
    }

    /// Takes what belongs to a byte order mark; gives how many bytes of the input that was.
    #[cold]
    fn take_bom(&mut self, bytes: &[u8]) -> usize {
        let seen = usize::from(self.bom);
        let more = BOM[seen..].iter().zip(bytes).take_while(|(mark, byte)| mark == byte).count();
        if seen + more < 3 && more < bytes.len() {
            // No mark: what looked like one begins the first line.
            self.take(&BOM[..seen]);
            self.bom = 3;
            return 0;
        }
        self.bom += more as u8;
        more
    }

    /// Copies to where it is held what so far lies only in the input.
    #[inline(always)]
    fn hold(&mut self, bytes: &[u8], here: Here) {
        if let Some(range) = here.data {
            self.held.data_line(&bytes[range.start..=range.end]);
        }
        if let Some(range) = here.event_type {
            self.held.hold_event_type(&bytes[range]);
        }
    }

    /// Takes a part of a line whose end is not in sight.
    #[inline]
    pub(super) fn take(&mut self, part: &[u8]) {
        if let Some((kind, value)) = self.line.take(part, |kind, held_back| self.held.begin_line(kind, held_back)) {
            self.held.take_value(kind, value);
        }
    }

    /// The line that [`take`](Self::take) took has ended: the item that it is, if it is one, and whether it is cut.
    #[inline]
    fn finish_line(&mut self) -> Option<(EventKind, bool)> {
        let line = self.line.finish(|kind, held_back| self.held.begin_line(kind, held_back))?;
        let cut = self.held.finish_line(line)?;
        match line {
            LineKind::Comment => Some((EventKind::Comment, cut)),
            LineKind::Unknown => Some((EventKind::UnknownLine, cut)),
            LineKind::Field(_) => None,
        }
    }
}
