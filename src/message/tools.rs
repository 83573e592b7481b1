//! A tool-call fragment's way: routed (rule 7), named (rule 8), fed (rule 9), told.

use alloc::string::String;

use super::assembler::Assembler;
use super::calls::{Calls, owned};
use super::growing::{Context, Growing, Header, Parted, Stage};
use super::out::{Place, Record, What};
use super::routing::{Candidate, Candidates, Fragment, Route, Shape, is_piece, route};
use super::tool_call::ToolKind;
use super::{AnomalyCode, surrogate};
use crate::json::incremental::is_all_blank;
use crate::wire::chat::{Delta, FunctionCallDelta, ToolCallDelta};
use crate::{Error, ErrorKind, LimitKind, Text};

impl Assembler {
    /// The tool calls of a delta, in order; then `function_call`, when there are no tool calls.
    #[inline]
    pub(super) fn tool_calls(&mut self, delta: &Delta<'_>, place: Place) -> Result<(), Error> {
        for call in delta.tool_calls() {
            self.tool_call(&call, place)?;
        }
        if let Some(call) = delta.function_call() {
            self.function_call(&call, place)?;
        }
        Ok(())
    }

    /// Takes a piece of arguments at a known index, with neither id nor name, from the first choice: rule 7 c, and nothing
    /// to be named. `false`: nothing was taken, for it may be more than that.
    #[inline(never)]
    pub(super) fn take_sole_fragment(&mut self, index: i64, text: &str, offset: u64) -> bool {
        let limit = self.limits().arguments;
        let growth = &mut self.choices[0];
        let place = Place { slot: 0, choice: growth.index, offset };
        let Some(calls) = &growth.calls else { return false };
        let Some(slot) = calls.by_index(index) else { return false };
        let growing = &calls.list[slot as usize];
        if growing.stage() != Stage::Mid
            || growing.half != 0
            || text.len() > limit.saturating_sub(growing.call.text.len())
        {
            return false;
        }
        growth.had_delta = true;
        self.recycle();
        self.feed_plain(slot, text, place).is_ok()
    }

    fn tool_call(&mut self, delta: &ToolCallDelta<'_>, place: Place) -> Result<(), Error> {
        let custom = delta.is_custom();
        let text = if custom { delta.input() } else { delta.arguments() }.unwrap_or_default();
        let fragment = Fragment {
            index: delta.index(),
            id: delta.id(),
            name: delta.name(),
            typed: delta.kind().is_some(),
            has_arguments_key: delta.has_arguments_key() || (custom && delta.input().is_some()),
            text: text.as_str(),
        };
        for name in [fragment.id, fragment.name].into_iter().flatten() {
            self.check_name(name, place.offset)?;
        }
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        let route = route(&fragment, &**calls);
        let Some(slot) = self.settle_route(route, &fragment, custom, place)? else { return Ok(()) };
        let (mut grown, mut dropped) = (0, 0);
        let growing = self.growing(slot, place);
        for field in delta.unknown_fields() {
            if growing.ready || field.value == b"null" {
                continue;
            }
            match growing.rare().extras.set(field.key, field.value) {
                Some(bytes) => grown += field.key.len() + bytes,
                None => dropped += field.key.len() + field.value.len(),
            }
        }
        if grown > 0 {
            growing.show_extras(grown, false);
            self.count_detail_bytes(grown, place.offset)?;
        }
        if dropped > 0 {
            let number = self.growing(slot, place).call.number;
            Context { out: &mut self.out, place }.anomaly(AnomalyCode::LimitReached, number, dropped);
        }
        self.feed_and_name(slot, &text, &fragment, place)
    }

    /// Feeds the arguments of a fragment; where they belong to a new call, index and id name that one.
    fn feed_and_name(
        &mut self,
        slot: u32,
        text: &Text<'_>,
        fragment: &Fragment<'_>,
        place: Place,
    ) -> Result<(), Error> {
        let to = self.feed(slot, text, fragment, place)?;
        if to != slot {
            let limit = self.calls_made as usize * 4 + 1024;
            let calls = self.choices[place.slot].calls.get_or_insert_default();
            calls.name(to, fragment.index, fragment.id, limit);
        }
        Ok(())
    }

    fn growing(&mut self, slot: u32, place: Place) -> &mut Growing {
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        &mut calls.list[slot as usize]
    }

    /// Does what the route says before the text is looked at: the call's slot, `None` when the fragment goes nowhere.
    fn settle_route(
        &mut self,
        route: Route,
        fragment: &Fragment<'_>,
        custom: bool,
        place: Place,
    ) -> Result<Option<u32>, Error> {
        let slot = match route {
            Route::Ignored => {
                if fragment.typed
                    && let Some(calls) = &mut self.choices[place.slot].calls
                {
                    calls.hear_of(fragment.index);
                }
                if !fragment.text.is_empty() {
                    self.out.odd(AnomalyCode::OrphanFragment, place);
                }
                return Ok(None);
            }
            Route::To(slot, code) => {
                self.known_call(slot, fragment, code, place);
                slot
            }
            Route::HeaderAt(slot) => {
                self.header(slot, fragment, place);
                slot
            }
            Route::New(code) => self.new_call(fragment.id, fragment.name, fragment.shape(), code, place)?,
            Route::NewFrom(old) => {
                let parted = self
                    .growing(old, place)
                    .take_header()
                    .unwrap_or_else(|| Parted { header: Header::default(), before: String::new() });
                let id = owned(fragment.id).or(parted.header.id);
                let slot = self.new_call(id.as_deref(), fragment.name, fragment.shape(), None, place)?;
                let calls = self.choices[place.slot].calls.get_or_insert_default();
                let limit = self.calls_made as usize * 4 + 1024;
                calls.name(slot, parted.header.index, id.as_deref(), limit);
                self.feed_plain(slot, &parted.before, place)?;
                slot
            }
        };
        let limit = self.calls_made as usize * 4 + 1024;
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        // A blank orphan says nothing about whose its index is.
        let is_orphan = matches!(route, Route::To(_, Some(AnomalyCode::OrphanFragment)));
        let index = fragment.index.filter(|_| !is_orphan || !is_all_blank(fragment.text));
        calls.name(slot, index, fragment.id, limit);
        let growing = &mut calls.list[slot as usize];
        if custom && growing.stage() == Stage::Fresh {
            growing.call.kind = ToolKind::Custom;
        }
        Ok(Some(slot))
    }

    /// A fragment of a known call: its id and name (rule 8).
    fn known_call(&mut self, slot: u32, fragment: &Fragment<'_>, code: Option<AnomalyCode>, place: Place) {
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        let duplicate = fragment.id.is_some_and(|id| calls.knows_id(id));
        let growing = &mut calls.list[slot as usize];
        let mut to = Context { out: &mut self.out, place };
        let number = growing.call.number;
        let piece = is_piece(fragment, growing);
        let mut code = code;
        let mut changed = false;
        if let Some(id) = fragment.id {
            if let Some(header) = growing.rare.as_mut().and_then(|rare| rare.header.as_mut()) {
                header.id.get_or_insert_with(|| id.into());
            } else if growing.own_id().is_none() && !growing.ready {
                growing.call.id = id.into();
                growing.call.id_is_synthetic = false;
                growing.call.id_is_duplicate = duplicate;
                changed = true;
            } else if growing.own_id().is_none() {
                code = Some(AnomalyCode::IdChanged);
            }
        }
        if let Some(code) = code {
            growing.changes_ids |= code == AnomalyCode::IdChanged;
            to.anomaly(code, number, 0);
        }
        if let Some(name) = fragment.name {
            let known = &mut growing.call.name;
            if known.is_empty() {
                known.push_str(name);
            } else if known != name {
                changed = growing.other_name(name, piece, &mut to) || changed;
            }
        }
        if changed && growing.announced {
            to.out.push(Record::of_call(What::Changed, place.slot, slot));
        }
    }

    /// A header at a closed call: waits for the byte that decides. At a call without a name the name is simply late.
    fn header(&mut self, slot: u32, fragment: &Fragment<'_>, place: Place) {
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        let is_its_own = fragment.id.is_none_or(|id| calls.by_id(id) == Some(slot));
        let growing = &mut calls.list[slot as usize];
        let mut named = fragment.name.is_some();
        if let Some(name) = fragment.name
            && growing.call.name.is_empty()
        {
            growing.call.name.push_str(name);
            named = false;
            if is_its_own {
                return;
            }
        }
        let header = growing.rare().header.get_or_insert_default();
        header.named |= named;
        header.index = fragment.index.or(header.index);
        if header.id.is_none() {
            header.id = owned(fragment.id);
        }
    }

    fn new_call(
        &mut self,
        id: Option<&str>,
        name: Option<&str>,
        shape: Shape,
        code: Option<AnomalyCode>,
        place: Place,
    ) -> Result<u32, Error> {
        if self.calls_made as usize >= self.limits().tool_calls {
            return Err(Error::new(ErrorKind::Limit(LimitKind::ToolCalls), place.offset));
        }
        self.boundary(place);
        let depth = self.limits().depth;
        let number = self.calls_made;
        self.calls_made += 1;
        let keep = self.keep == super::Keep::Everything;
        let choice = &mut self.choices[place.slot];
        let calls = choice.calls.get_or_insert_default();
        let slot = calls.list.len() as u32;
        let mut growing = Growing::new(number, depth);
        growing.shape = shape;
        let mut duplicate = code;
        if let Some(id) = id {
            growing.call.id = id.into();
            growing.call.id_is_duplicate = calls.knows_id(id);
            if growing.call.id_is_duplicate {
                duplicate = Some(AnomalyCode::DuplicateId);
            }
        }
        growing.call.name = name.unwrap_or_default().into();
        calls.list.push(growing);
        calls.enter(slot, Stage::Fresh);
        if keep {
            choice.call_made(slot);
        }
        if let Some(code) = duplicate {
            Context { out: &mut self.out, place }.anomaly(code, number, 0);
        }
        Ok(slot)
    }

    /// Feeds the arguments of a fragment, joined with a half that waits. Returns the call that they turned out to be of.
    fn feed(&mut self, slot: u32, text: &Text<'_>, fragment: &Fragment<'_>, place: Place) -> Result<u32, Error> {
        let growing = self.growing(slot, place);
        if surrogate::is_plain(growing.half, text) && !text.has_lone_surrogate() && !text.has_invalid_utf8() {
            return self.feed_plain(slot, fragment.text, place);
        }
        if text.is_empty() {
            return self.feed_plain(slot, "", place);
        }
        let mut joined = String::new();
        if text.opening_low().is_none() && growing.looks_like_snapshot(text) {
            growing.half = 0; // the snapshot has the whole character
        }
        let lone = surrogate::append(&mut joined, &mut growing.half, text);
        let number = growing.call.number;
        let mut to = Context { out: &mut self.out, place };
        for _ in 0..lone {
            to.anomaly(AnomalyCode::LoneSurrogate, number, 0);
        }
        if text.has_invalid_utf8() {
            to.anomaly(AnomalyCode::InvalidUtf8, number, 0);
        }
        self.feed_plain(slot, &joined, place)
    }

    /// Feeds arguments and tells what they changed; what belongs to a new call opens it. Returns the call that they are of.
    fn feed_plain(&mut self, slot: u32, text: &str, place: Place) -> Result<u32, Error> {
        let (limit, live) = (self.limits().arguments, self.live);
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        let growing = &mut calls.list[slot as usize];
        // What was compared with the value is part of a second one, should it part from it.
        let compared = growing.repetition().map_or(0, |cursor| cursor.seen());
        if text.len() > limit.saturating_sub(growing.call.text.len() + compared) {
            return Err(Error::new(ErrorKind::Limit(LimitKind::Arguments), place.offset));
        }
        let before = growing.stage();
        let mut to = Context { out: &mut self.out, place };
        let parted = growing.feed(text, &mut to);
        let after = growing.stage();
        growing.tell(slot, &mut to, live);
        if after != before {
            calls.leave(slot, before);
            calls.enter(slot, after);
        }
        let Some(Parted { header, before }) = parted else { return Ok(slot) };
        let name = calls.list[slot as usize].call.name.clone();
        let name = (header.named && !name.is_empty()).then_some(name);
        let new = self.new_call(header.id.as_deref(), name.as_deref(), Shape::default(), None, place)?;
        let limit = self.calls_made as usize * 4 + 1024;
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        calls.name(new, header.index, header.id.as_deref(), limit);
        self.feed_plain(new, &before, place)?;
        self.feed_plain(new, text, place)
    }

    /// The legacy `function_call`: one call; beside tool calls it says nothing new.
    #[cold]
    fn function_call(&mut self, delta: &FunctionCallDelta<'_>, place: Place) -> Result<(), Error> {
        let text = delta.arguments().unwrap_or_default();
        let fragment = Fragment {
            name: delta.name(),
            has_arguments_key: delta.arguments().is_some(),
            text: text.as_str(),
            ..Fragment::default()
        };
        if let Some(name) = fragment.name {
            self.check_name(name, place.offset)?;
        }
        let calls = self.choices[place.slot].calls.get_or_insert_default();
        let slot = match calls.legacy() {
            Some(slot) => {
                self.known_call(slot, &fragment, None, place);
                slot
            }
            None if calls.list.is_empty() => {
                let slot = self.new_call(None, fragment.name, fragment.shape(), None, place)?;
                self.choices[place.slot].calls.get_or_insert_default().set_legacy(slot);
                slot
            }
            None => {
                let anomaly = super::Anomaly {
                    code: AnomalyCode::FunctionCallBesideToolCalls,
                    choice: Some(place.choice),
                    call: None,
                    count: 1,
                    dropped: fragment.text.len() as u64,
                    offset: place.offset,
                };
                self.out.anomaly(anomaly, &[]);
                return Ok(());
            }
        };
        self.feed(slot, &text, &fragment, place).map(drop)
    }

    /// A boundary of a choice: the next call, or a finish reason. Calls are announced, and those that closed are ready.
    pub(super) fn boundary(&mut self, place: Place) {
        let live = self.live;
        let Some(calls) = &mut self.choices[place.slot].calls else { return };
        let calls: &mut Calls = calls;
        let mut to = Context { out: &mut self.out, place };
        for slot in core::mem::take(&mut calls.touched) {
            let growing = &mut calls.list[slot as usize];
            growing.listed = false;
            if !growing.announced && !growing.call.name.is_empty() {
                growing.announce(slot, &mut to);
                growing.tell(slot, &mut to, live);
            }
            if growing.can_be_ready() {
                growing.make_ready(slot, &mut to);
            }
        }
    }
}
