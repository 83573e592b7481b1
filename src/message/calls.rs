//! The calls of one choice: in the order of creation, with what names them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::growing::{Growing, Stage};
use super::repetition::Fit;
use super::routing::{Candidate, Candidates, Shape, Waiting};

/// Stands for no slot.
const NONE: u32 = u32::MAX;

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

/// How many calls stand at a stage, and the exclusive or of their slots: with one of them that is its slot.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: u32,
    slots: u32,
}

/// What only choices with several calls, or odd ones, have.
#[derive(Clone, Debug, Default)]
struct More {
    by_index: Names<i64>,
    by_id: Names<Box<str>>,
    heard: Option<i64>,
    legacy: Option<u32>,
}

/// The calls of one choice. One call, with its index and its id, takes this block and no other.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    /// The index that came first, and the call that it names now.
    index: i64,
    index_names: u32,
    /// The call that its own id names.
    own_id_names: u32,
    fresh: Tally,
    mid: Tally,
    pub(super) list: SmallVec<[Growing; 1]>,
    /// Calls that the next boundary looks at: created or closed since the last.
    pub(super) touched: SmallVec<[u32; 2]>,
    more: Option<Box<More>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            index: 0,
            index_names: NONE,
            own_id_names: NONE,
            fresh: Tally::default(),
            mid: Tally::default(),
            list: SmallVec::new(),
            touched: SmallVec::new(),
            more: None,
        }
    }
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
            tally.slots ^= slot;
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
            tally.slots ^= slot;
        }
    }

    /// From now on the index and the id name this call. At most `limit` names are kept.
    pub(super) fn name(&mut self, slot: u32, index: Option<i64>, id: Option<&str>, limit: usize) {
        if let Some(index) = index {
            self.name_by_index(slot, index, limit);
        }
        if let Some(id) = id
            && self.by_id(id) != Some(slot)
        {
            self.name_by_id(slot, id, limit);
        }
    }

    fn name_by_index(&mut self, slot: u32, index: i64, limit: usize) {
        if self.index_names == NONE {
            (self.index, self.index_names) = (index, slot);
        } else if self.index == index {
            self.index_names = slot;
        } else {
            let names = &mut self.more().by_index;
            if names.len() + 1 < limit || names.get(&index).is_some() {
                names.set(index, slot);
            }
        }
    }

    fn name_by_id(&mut self, slot: u32, id: &str, limit: usize) {
        let is_own = self.list[slot as usize].own_id() == Some(id);
        let was_own = self.own_by_id(id).is_some();
        let is_known = was_own || self.more.as_ref().is_some_and(|more| more.by_id.get(id).is_some());
        if was_own {
            self.own_id_names = NONE;
        }
        if is_own && self.own_id_names == NONE && (was_own || !is_known) {
            self.own_id_names = slot;
            return;
        }
        let others = self.more.as_ref().map_or(0, |more| more.by_id.len());
        if is_known || others + usize::from(self.own_id_names != NONE) < limit {
            self.more().by_id.set(id.into(), slot);
        }
    }

    /// The call that an id names which is its own.
    fn own_by_id(&self, id: &str) -> Option<u32> {
        let call = self.list.get(self.own_id_names as usize)?;
        (call.own_id() == Some(id)).then_some(self.own_id_names)
    }

    #[cold]
    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(super) fn knows_id(&self, id: &str) -> bool {
        self.by_id(id).is_some()
    }

    /// The call that the legacy `function_call` made.
    pub(super) fn legacy(&self) -> Option<u32> {
        self.more.as_ref()?.legacy
    }

    pub(super) fn set_legacy(&mut self, slot: u32) {
        self.more().legacy = Some(slot);
    }

    /// Notes the index of a blank fragment with a type, but neither id nor name.
    pub(super) fn hear_of(&mut self, index: Option<i64>) {
        self.more().heard = index;
    }
}

impl Candidates for Calls {
    type Call = Growing;
    fn get(&self, slot: u32) -> &Growing {
        &self.list[slot as usize]
    }
    fn by_index(&self, index: i64) -> Option<u32> {
        if self.index == index && self.index_names != NONE {
            return Some(self.index_names);
        }
        self.more.as_ref()?.by_index.get(&index)
    }
    fn by_id(&self, id: &str) -> Option<u32> {
        self.own_by_id(id).or_else(|| self.more.as_ref()?.by_id.get(id))
    }
    fn last(&self) -> Option<u32> {
        self.list.len().checked_sub(1).map(|last| last as u32)
    }
    fn heard_of(&self, index: i64) -> bool {
        self.more.as_ref().is_some_and(|more| more.heard == Some(index))
    }
    fn only(&self, stage: Stage) -> Option<u32> {
        let tally = match stage {
            Stage::Fresh => self.fresh,
            Stage::Mid => self.mid,
            Stage::Closed => return None,
        };
        (tally.count == 1).then_some(tally.slots)
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
