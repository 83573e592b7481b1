//! Rule 9's snapshots: fragments that are the whole text so far.
//!
//! A fragment that begins with everything so far is a snapshot when appending it would break the grammar. Where appending
//! is legal too (an equal key, nested) there are two readings. Both are followed, the text is kept once, and the call
//! shows the better one: the plain one, until a later fragment begins with the whole candidate; and the plain one again
//! should the snapshot reading break first. So clean arguments come out right wherever they are cut.

use super::AnomalyCode;
use super::growing::{Context, Growing, Mode, Parted};
use crate::json::incremental::{Scanner, is_all_blank, trim_start};

/// Two readings of one text.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    /// Where the candidate begins in the text.
    start: usize,
    /// Follows the reading that is not shown.
    other: Scanner,
    /// Whether the snapshot reading is the one that is shown.
    shown: bool,
}

impl Doubt {
    /// Whether the candidate is not shown but would be one whole value.
    pub(super) fn is_whole(&self) -> bool {
        !self.shown && self.other.is_whole()
    }
}

/// The scanner after this text, and whether it still reads one value without fault.
fn after(scanner: &Scanner, text: &str) -> (Scanner, bool) {
    let mut scanner = scanner.clone();
    let read = scanner.scan(text.as_bytes());
    let sound = scanner.fault().is_none() && is_all_blank(&text[read..]);
    (scanner, sound)
}

fn fresh(like: &Scanner) -> Scanner {
    let mut scanner = like.clone();
    scanner.restart();
    scanner
}

impl Growing {
    /// A fragment that begins with everything so far, which is no snapshot stream yet.
    pub(super) fn maybe_snapshot(&mut self, text: &str, to: &mut Context<'_>) {
        let scanner = &self.call.scanner;
        let (plain, legal) = after(scanner, text);
        if !legal || scanner.fault().is_some() {
            self.mode = Mode::Snapshot;
            return self.feed_snapshot(text, to);
        }
        let candidate = trim_start(text);
        let (other, sound) = after(&fresh(scanner), candidate);
        if plain.is_closed() || !sound {
            return self.append(text, to);
        }
        let start = self.call.text.len() + text.len() - candidate.len();
        self.append(text, to);
        self.rare().doubt = Some(Doubt { start, other, shown: false });
    }

    /// A fragment of a snapshot stream: only what it adds is kept.
    pub(super) fn feed_snapshot(&mut self, text: &str, to: &mut Context<'_>) {
        let number = self.call.number;
        let (candidate, so_far) = (trim_start(text), self.so_far());
        if let Some(added) = candidate.strip_prefix(so_far) {
            to.anomaly(AnomalyCode::Snapshot, number, text.len() - added.len());
            self.append(added, to);
        } else if so_far.starts_with(candidate) {
            to.anomaly(AnomalyCode::StaleSnapshot, number, text.len());
        } else {
            to.anomaly(AnomalyCode::SnapshotBroken, number, 0);
            self.append(text, to);
        }
    }

    /// Whether the snapshot reading, which is shown, has closed and a text goes on with the plain one.
    pub(super) fn goes_on_otherwise(&self, text: &str) -> bool {
        let doubt = self.rare.as_ref().and_then(|rare| rare.doubt.as_ref());
        let shown = doubt.filter(|doubt| doubt.shown && self.call.scanner.is_closed() && !is_all_blank(text));
        shown.is_some_and(|doubt| !doubt.other.is_closed() && after(&doubt.other, text).1)
    }

    /// A fragment while there are two readings.
    pub(super) fn feed_in_doubt(&mut self, text: &str, to: &mut Context<'_>) -> Option<Parted> {
        let mut doubt = self.rare().doubt.take()?;
        let shown = self.call.scanner.clone();
        let (plain, snapshot) = if doubt.shown { (&doubt.other, &shown) } else { (&shown, &doubt.other) };
        let candidate = trim_start(text);
        let before = self.call.text.len();
        let (plain_next, plain_sound) = after(plain, text);
        let plain_sound = plain_sound && (!plain.is_closed() || is_all_blank(text));

        if candidate.starts_with(&self.call.text[doubt.start..]) {
            let (next, sound) = after(&fresh(plain), candidate);
            if sound {
                self.call.text.push_str(text);
                doubt.start = before + text.len() - candidate.len();
                self.show_snapshot(doubt.start, next);
                if plain_sound {
                    doubt.shown = true;
                    doubt.other = plain_next;
                    self.rare().doubt = Some(doubt);
                } else {
                    self.forget_plain(to);
                }
                return None;
            }
        }
        let (next, sound) = after(snapshot, text);
        let sound = sound && (!snapshot.is_closed() || is_all_blank(text));
        match (plain_sound, sound) {
            (true, true) if !plain_next.is_closed() => {
                // A candidate may begin anew.
                let everything = trim_start(&self.call.text);
                if !doubt.shown && candidate.starts_with(everything) {
                    doubt.start = before + text.len() - candidate.len();
                    doubt.other = after(&fresh(plain), candidate).0;
                } else if doubt.shown {
                    doubt.other = plain_next.clone();
                } else {
                    doubt.other = next.clone();
                }
                self.call.text.push_str(text);
                self.call.scanner = if doubt.shown { next } else { plain_next };
                self.rare().doubt = Some(doubt);
                self.call.state = self.state_now();
            }
            (false, true) => {
                self.call.text.push_str(text);
                self.show_snapshot(doubt.start, next);
                self.forget_plain(to);
            }
            (true, _) => {
                self.show_plain(&doubt, to);
                self.call.text.push_str(text);
                self.call.scanner = plain_next;
                self.call.state = self.state_now();
            }
            (false, false) => {
                // A candidate that is one whole value stands, and this is what comes after it.
                if doubt.is_whole() {
                    self.show_snapshot(doubt.start, doubt.other);
                } else if !doubt.shown {
                    self.append(text, to);
                    return None;
                }
                self.forget_plain(to);
                return self.feed(text, to);
            }
        }
        None
    }

    fn show_snapshot(&mut self, start: usize, scanner: Scanner) {
        self.call.skip = start;
        self.call.scanner = scanner;
        self.set_lead(0);
        self.rewrite();
    }

    fn show_plain(&mut self, doubt: &Doubt, to: &mut Context<'_>) {
        if doubt.shown {
            // What came as a header behind the reading that had closed was none of another call.
            if let Some(header) = self.rare().header.take() {
                to.anomaly(AnomalyCode::RepeatedHeader, self.call.number, 0);
                self.take_id(header);
            }
            self.call.skip = 0;
            self.call.scanner = doubt.other.clone();
            self.set_lead(self.call.text.len() - trim_start(&self.call.text).len());
            self.rewrite();
        }
    }

    /// The snapshot reading is the only one left.
    fn forget_plain(&mut self, to: &mut Context<'_>) {
        let dropped = core::mem::take(&mut self.call.skip);
        crate::steps::count(self.call.text.len());
        self.call.text.drain(..dropped);
        self.mode = Mode::Snapshot;
        to.anomaly(AnomalyCode::Snapshot, self.call.number, dropped);
    }

    /// A boundary or, `at_end`, the end: one reading stays.
    pub(super) fn settle_doubt(&mut self, at_end: bool, to: &mut Context<'_>) {
        let Some(doubt) = self.rare.as_mut().and_then(|rare| rare.doubt.take()) else { return };
        if doubt.shown {
            self.forget_plain(to);
        } else if at_end && doubt.is_whole() {
            self.show_snapshot(doubt.start, doubt.other);
            self.forget_plain(to);
        }
    }
}
