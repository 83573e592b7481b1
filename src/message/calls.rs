//! The calls of one choice: in the order of creation, with what names them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::growing::{Growing, Stage};
use super::repetition::Fit;
use super::routing::{Candidate, Candidates, Shape, Waiting};

/// A small map that turns into a tree beyond a few entries.
#[derive(Clone, Debug)]
pub(super) enum Names<K> {
    Few(Vec<(K, u32)>),
    Many(BTreeMap<K, u32>),
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<K: Ord> Names<K> {
    const FEW: usize = 8;

    fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<u32>
    where
        K: core::borrow::Borrow<Q>,
    {
        match self {
            Self::Few(entries) => entries.iter().find(|(known, _)| known.borrow() == key).map(|&(_, slot)| slot),
            Self::Many(entries) => entries.get(key).copied(),
        }
    }

    fn set(&mut self, key: K, slot: u32) {
        match self {
            Self::Few(entries) => {
                if let Some(entry) = entries.iter_mut().find(|(known, _)| *known == key) {
                    entry.1 = slot;
                } else if entries.len() < Self::FEW {
                    if entries.len() == entries.capacity() {
                        entries.reserve_exact(if entries.is_empty() { 1 } else { 4 });
                    }
                    entries.push((key, slot));
                } else {
                    let mut many: BTreeMap<K, u32> = entries.drain(..).collect();
                    many.insert(key, slot);
                    *self = Self::Many(many);
                }
            }
            Self::Many(entries) => {
                entries.insert(key, slot);
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Few(entries) => entries.len(),
            Self::Many(entries) => entries.len(),
        }
    }
}

/// How many calls stand at a stage, and the sum of their slots: with one of them the sum is its slot.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: u32,
    sum: u64,
}

/// The calls of one choice.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    pub(super) list: Vec<Growing>,
    by_index: Names<i64>,
    by_id: Names<Box<str>>,
    fresh: Tally,
    mid: Tally,
    /// Calls that the next boundary looks at: created or closed since the last.
    pub(super) touched: Vec<u32>,
    /// The index of a blank fragment with a type, but neither id nor name.
    pub(super) heard: Option<i64>,
    /// The legacy `function_call`.
    pub(super) legacy: Option<u32>,
}

impl Calls {
    fn tally(&mut self, stage: Stage) -> Option<&mut Tally> {
        match stage {
            Stage::Fresh => Some(&mut self.fresh),
            Stage::Mid => Some(&mut self.mid),
            Stage::Closed => None,
        }
    }

    /// A call came to stand at a stage.
    pub(super) fn enter(&mut self, slot: u32, stage: Stage) {
        if let Some(tally) = self.tally(stage) {
            tally.count += 1;
            tally.sum += u64::from(slot);
        }
        let call = &mut self.list[slot as usize];
        if stage != Stage::Mid && !call.listed {
            call.listed = true;
            self.touched.push(slot);
        }
    }

    /// A call no longer stands at a stage.
    pub(super) fn leave(&mut self, slot: u32, stage: Stage) {
        if let Some(tally) = self.tally(stage) {
            tally.count -= 1;
            tally.sum -= u64::from(slot);
        }
    }

    /// From now on the index and the id name this call. At most `limit` names are kept.
    pub(super) fn name(&mut self, slot: u32, index: Option<i64>, id: Option<&str>, limit: usize) {
        if let Some(index) = index
            && (self.by_index.len() < limit || self.by_index.get(&index).is_some())
        {
            self.by_index.set(index, slot);
        }
        if let Some(id) = id
            && self.by_id.get(id) != Some(slot)
            && self.by_id.len() < limit
        {
            self.by_id.set(id.into(), slot);
        }
    }

    pub(super) fn knows_id(&self, id: &str) -> bool {
        self.by_id.get(id).is_some()
    }
}

impl Candidates for Calls {
    type Call = Growing;
    fn get(&self, slot: u32) -> &Growing {
        &self.list[slot as usize]
    }
    fn by_index(&self, index: i64) -> Option<u32> {
        self.by_index.get(&index)
    }
    fn by_id(&self, id: &str) -> Option<u32> {
        self.by_id.get(id)
    }
    fn last(&self) -> Option<u32> {
        self.list.len().checked_sub(1).map(|last| last as u32)
    }
    fn heard_of(&self, index: i64) -> bool {
        self.heard == Some(index)
    }
    fn only(&self, stage: Stage) -> Option<u32> {
        let tally = match stage {
            Stage::Fresh => self.fresh,
            Stage::Mid => self.mid,
            Stage::Closed => return None,
        };
        (tally.count == 1).then_some(tally.sum as u32)
    }
}

impl Candidate for Growing {
    fn stage(&self) -> Stage {
        Growing::stage(self)
    }
    fn own_id(&self) -> Option<&str> {
        (!self.call.id_is_synthetic && !self.call.id.is_empty()).then_some(&self.call.id)
    }
    fn name(&self) -> &str {
        &self.call.name
    }
    fn shape(&self) -> Shape {
        self.shape
    }
    fn changes_ids(&self) -> bool {
        self.changes_ids
    }
    fn is_bare(&self) -> bool {
        Growing::is_bare(self)
    }
    fn is_whole_in_one(&self) -> bool {
        Growing::is_whole_in_one(self)
    }
    fn is_repeating(&self) -> bool {
        self.repetition().is_some()
    }
    fn waiting_header(&self) -> Waiting {
        match self.header() {
            None => Waiting::No,
            Some(header) if header.named => Waiting::Named,
            Some(_) => Waiting::Unnamed,
        }
    }
    fn goes_on_otherwise(&self, text: &str) -> bool {
        Growing::goes_on_otherwise(self, text)
    }
    fn fit(&self, text: &str) -> Fit {
        Growing::fit(self, text)
    }
}

/// An owned id for a header that waits.
pub(super) fn owned(id: Option<&str>) -> Option<String> {
    id.map(String::from)
}
