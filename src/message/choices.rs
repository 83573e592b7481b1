//! The choices of a response: the first, which is most often the only one, in place.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;
use core::ops::{Index, IndexMut};

use super::choice::Growth;

/// Choices by slot.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    /// Kept for its buffers while there is none.
    first: Growth,
    #[allow(clippy::box_collection)] // 16 bytes less in every stream, for what few have
    more: Option<Box<Vec<Growth>>>,
    count: u32,
}

impl Choices {
    /// No choices; the first will be this one.
    pub(super) fn new(first: Growth) -> Self {
        Self { first, more: None, count: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    #[inline(always)]
    pub(super) fn first(&self) -> Option<&Growth> {
        (self.count > 0).then_some(&self.first)
    }

    #[inline(always)]
    pub(super) fn get(&self, slot: u32) -> Option<&Growth> {
        match slot {
            _ if slot >= self.count => None,
            0 => Some(&self.first),
            _ => self.more.as_ref()?.get(slot as usize - 1),
        }
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Growth> {
        match slot {
            _ if slot >= self.count => None,
            0 => Some(&mut self.first),
            _ => self.more.as_mut()?.get_mut(slot as usize - 1),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Growth> {
        self.first().into_iter().chain(self.more.iter().flat_map(|more| more.iter()))
    }

    /// Makes a choice; its slot.
    pub(super) fn push(&mut self, index: i64) -> u32 {
        let slot = self.count;
        if slot == 0 {
            self.first.index = index;
        } else {
            let mut growth = self.first.like();
            growth.index = index;
            self.more.get_or_insert_default().push(growth);
        }
        self.count += 1;
        slot
    }

    /// Forgets them, keeps the buffers of the first.
    pub(super) fn reset(&mut self) {
        self.first.reset();
        self.more = None;
        self.count = 0;
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = Growth> {
        let more = self.more.map(|more| *more).unwrap_or_default();
        iter::once(self.first).take(self.count as usize).chain(more)
    }
}

impl Index<u32> for Choices {
    type Output = Growth;
    #[inline(always)]
    fn index(&self, slot: u32) -> &Growth {
        match slot.checked_sub(1) {
            None => &self.first,
            Some(at) => &self.more.as_deref().map_or(&[][..], Vec::as_slice)[at as usize],
        }
    }
}

impl IndexMut<u32> for Choices {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut Growth {
        match slot.checked_sub(1) {
            None => &mut self.first,
            Some(at) => &mut self.more.as_deref_mut().map_or(&mut [][..], Vec::as_mut_slice)[at as usize],
        }
    }
}
