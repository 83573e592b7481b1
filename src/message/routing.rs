//! Rule 7: which call a fragment belongs to.
//!
//! A decision over what the fragment brings (index, id, name, text) and the stages of the two or three calls that it may
//! mean. Nothing is changed here. The letters are those of docs/RULES.md, rule 7; what goes beyond its text says so.

use super::AnomalyCode;
use super::growing::Stage;
use super::repetition::Fit;
use crate::json::incremental::{is_all_blank, trim_start};

/// What a fragment of a tool call brings. `""`, null and absent are the same, `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fragment<'a> {
    pub(super) index: Option<i64>,
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    /// Whether a type came with it.
    pub(super) typed: bool,
    /// Whether there is an arguments key at all, null included.
    pub(super) has_arguments_key: bool,
    /// The arguments; empty when there are none.
    pub(super) text: &'a str,
}

/// What a fragment brings besides its text: what tells a header from the rest of its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    has_id: bool,
    has_name: bool,
    typed: bool,
    has_arguments_key: bool,
}

impl Shape {
    /// Whether an id or a type is missing that there was, and none came that there was not; or, those being equal, the
    /// arguments key.
    fn is_less_than(self, had: Self) -> bool {
        let no_more = self.has_id <= had.has_id && self.typed <= had.typed;
        let equal = self.has_id == had.has_id && self.typed == had.typed;
        no_more && (!equal || (!self.has_arguments_key && had.has_arguments_key))
    }
}

impl Fragment<'_> {
    pub(super) fn shape(&self) -> Shape {
        Shape {
            has_id: self.id.is_some(),
            has_name: self.name.is_some(),
            typed: self.typed,
            has_arguments_key: self.has_arguments_key,
        }
    }

    /// Beyond the rules: it brings less than the call's header did (the call's first id aside), so it is no other call's
    /// header.
    fn is_less_than_the_header_of(&self, call: &impl Candidate) -> bool {
        let shape = self.shape();
        Shape { has_id: shape.has_id && call.own_id().is_some(), ..shape }.is_less_than(call.shape())
    }
}

/// Whether a fragment with a name is a piece of the name: a bare one, or one that brings less than the call's header did
/// and is no whole header.
pub(super) fn is_piece(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    match (fragment.typed, fragment.has_arguments_key) {
        (false, false) => true,
        (true, true) => false,
        _ => fragment.text.is_empty() && fragment.is_less_than_the_header_of(call),
    }
}

/// Beyond the rules: whether a fragment has neither a type nor an arguments key, although the call's header had.
fn is_bare(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    !fragment.typed && !fragment.has_arguments_key && fragment.is_less_than_the_header_of(call)
}

/// Beyond the rules: whether a fragment is the header of a call whose name comes late, after a call whose name did.
fn is_nameless_header(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    let shape = fragment.shape();
    call.stage() == Stage::Fresh
        && !call.name().is_empty()
        && fragment.typed
        && !shape.has_name
        && shape == call.shape()
}

/// A call as routing sees it.
pub(super) trait Candidate {
    fn stage(&self) -> Stage;
    /// Its own id: the first it got from the wire.
    fn own_id(&self) -> Option<&str>;
    /// Its name; empty when it has none.
    fn name(&self) -> &str;
    /// What its first fragment brought.
    fn shape(&self) -> Shape;
    /// Whether fragments of it came with ids of their own.
    fn changes_ids(&self) -> bool;
    fn is_bare(&self) -> bool;
    fn is_whole_in_one(&self) -> bool;
    /// Whether rule 9's comparison has begun on it.
    fn is_repeating(&self) -> bool;
    /// The header that waits for its first byte.
    fn waiting_header(&self) -> Waiting;
    /// Whether its shown reading has closed and a text goes on with the other one.
    fn goes_on_otherwise(&self, text: &str) -> bool;
    /// How a text goes with its closed value, on from a comparison under way.
    fn fit(&self, text: &str) -> Fit;
}

/// The header that waits at a closed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// None.
    No,
    /// One with a name.
    Named,
    /// One with only an id or an index of its own.
    Unnamed,
}

/// The calls of a choice as routing sees them.
pub(super) trait Candidates {
    type Call: Candidate;
    fn get(&self, slot: u32) -> &Self::Call;
    /// The call that the index names now.
    fn by_index(&self, index: i64) -> Option<u32>;
    /// The call that the id names now.
    fn by_id(&self, id: &str) -> Option<u32>;
    fn last(&self) -> Option<u32>;
    /// Whether a blank fragment with a type, but neither id nor name, came with this index and nothing else did.
    fn heard_of(&self, index: i64) -> bool;
    /// The one call at this stage, when there is exactly one.
    fn only(&self, stage: Stage) -> Option<u32>;
}

/// Where a fragment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To this call.
    To(u32, Option<AnomalyCode>),
    /// To this closed call, as a header whose next byte decides (g).
    HeaderAt(u32),
    /// A new call.
    New(Option<AnomalyCode>),
    /// A new call, which takes over the header that waits at this closed one and what was compared since.
    NewFrom(u32),
    /// Nowhere: it brings nothing.
    Ignored,
}

/// The fragment's name beside the call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// The fragment has none.
    None,
    /// The same, or the call has none yet.
    Fits,
    /// Longer, and begins with the call's.
    Grows,
    /// Another, in a piece of a name that has no id of another call.
    Piece,
    /// Another.
    Other,
}

fn name_of(fragment: &Fragment<'_>, call: &impl Candidate) -> Name {
    // Beyond the rule's "no id": the call's own once more, its first, or any in a fragment that cannot be a header.
    let same_id = |id| {
        let own = call.own_id();
        own == Some(id) || (fragment.is_less_than_the_header_of(call) && (own.is_none() || !fragment.has_arguments_key))
    };
    match fragment.name {
        None => Name::None,
        Some(name) if call.name().is_empty() || name == call.name() => Name::Fits,
        Some(name) if name.starts_with(call.name()) => Name::Grows,
        Some(_) if is_piece(fragment, call) && fragment.id.is_none_or(same_id) => Name::Piece,
        Some(_) => Name::Other,
    }
}

/// Where the fragment goes.
pub(super) fn route<C: Candidates>(fragment: &Fragment<'_>, calls: &C) -> Route {
    let by_id = fragment.id.and_then(|id| calls.by_id(id));
    let by_index = fragment.index.and_then(|index| calls.by_index(index));
    // Beyond the rule: of a value's two readings (rule 9) the one that is shown has closed, and the text goes on with the
    // other.
    let last = if fragment.index.is_none() { calls.last() } else { None };
    if let Some(slot) = by_id.or(by_index).or(last)
        && let call = calls.get(slot)
        && call.goes_on_otherwise(fragment.text)
        && matches!(name_of(fragment, call), Name::None | Name::Fits)
    {
        let is_new_id = by_id.is_none() && fragment.id.is_some() && call.own_id().is_some();
        return Route::To(slot, id_changed(is_new_id));
    }
    match (by_id, by_index, fragment) {
        (Some(own), indexed, _) => known_id(fragment, calls, own, indexed),
        (None, Some(slot), Fragment { id: Some(_), .. }) => known_index_new_id(fragment, calls, slot),
        (None, Some(slot), _) => known_index(fragment, calls, slot),
        (None, None, Fragment { index: None, .. }) => no_index(fragment, calls),
        (None, None, Fragment { id: None, name: None, .. }) => orphan(fragment, calls),
        (None, None, _) => Route::New(None), // f
    }
}

/// a. The id names a call.
fn known_id<C: Candidates>(fragment: &Fragment<'_>, calls: &C, own: u32, indexed: Option<u32>) -> Route {
    let call = calls.get(own);
    let other = indexed.filter(|&slot| slot != own);
    if let Some(other) = other
        && call.stage() == Stage::Closed
        && calls.get(other).stage() != Stage::Closed
    {
        return Route::To(other, Some(AnomalyCode::DuplicateId));
    }
    // Beyond the rule: an id that comes late to the index's open call, although another call has it too.
    if let Some(other) = other
        && calls.get(other).own_id().is_none()
        && (calls.get(other).stage() != Stage::Closed || calls.get(other).is_bare())
        && name_of(fragment, calls.get(other)) != Name::Other
    {
        return Route::To(other, Some(AnomalyCode::DuplicateId));
    }
    // Beyond the rule: the same, where there is no index.
    if let (Stage::Closed, None, Some(last)) = (call.stage(), fragment.index, calls.last())
        && calls.get(last).stage() != Stage::Closed
        && calls.get(last).own_id().is_none()
        && name_of(fragment, calls.get(last)) != Name::Other
    {
        return Route::To(last, Some(AnomalyCode::DuplicateId));
    }
    // Beyond the rule: of two closed calls the index's, where the fragment brings nothing else.
    if let (Stage::Closed, None, Some(other), true) = (call.stage(), fragment.name, other, is_all_blank(fragment.text))
    {
        return Route::To(other, Some(AnomalyCode::DuplicateId));
    }
    match (call.stage(), name_of(fragment, call)) {
        (Stage::Mid, Name::Grows | Name::Piece | Name::Other) => Route::New(Some(AnomalyCode::DuplicateId)),
        (Stage::Fresh, Name::Other) => Route::New(Some(AnomalyCode::DuplicateId)),
        (Stage::Fresh, Name::None) if indexed != Some(own) && is_nameless_header(fragment, call) => {
            Route::New(Some(AnomalyCode::DuplicateId))
        }
        // Beyond the rule: a bare piece at an index of its own is a header, not a piece.
        (Stage::Fresh, Name::Piece) if fragment.index.is_some() && indexed != Some(own) => {
            Route::New(Some(AnomalyCode::DuplicateId))
        }
        (Stage::Closed, name) if name != Name::None => match (header(fragment, calls, own), other) {
            // Beyond the rule: the index's call once more, although a later call has its id too.
            (Route::New(_), Some(other)) if restates(fragment, calls.get(other)) => Route::HeaderAt(other),
            (route, _) => route,
        },
        // Beyond the rule: an index of its own may open a call whose name comes late.
        (Stage::Closed, _) if fragment.index.is_some() && indexed.is_none() => Route::HeaderAt(own),
        _ => Route::To(own, other.map(|_| AnomalyCode::IndexConflict)),
    }
}

/// b. The index names a call; the id is new.
fn known_index_new_id<C: Candidates>(fragment: &Fragment<'_>, calls: &C, slot: u32) -> Route {
    let call = calls.get(slot);
    let (stage, name, blank) = (call.stage(), name_of(fragment, call), is_all_blank(fragment.text));
    let has_id = call.own_id().is_some();
    let is_less = fragment.is_less_than_the_header_of(call);
    match (stage, name) {
        (Stage::Fresh, Name::None) if is_nameless_header(fragment, call) => Route::New(None),
        (Stage::Fresh | Stage::Mid, Name::None | Name::Fits) if !has_id => Route::To(slot, None),
        (Stage::Fresh | Stage::Mid, _) if call.name().is_empty() => Route::To(slot, id_changed(has_id)),
        (Stage::Mid, Name::Fits) => Route::To(slot, id_changed(has_id)),
        (Stage::Fresh, Name::Fits) if !blank || is_bare(fragment, call) => Route::To(slot, id_changed(has_id)),
        // Beyond the rule: a piece of the name that brings the call's first id, or one of changing ids.
        (Stage::Fresh, Name::Piece) => Route::To(slot, id_changed(has_id)),
        (Stage::Fresh, Name::Grows) if is_less && (!has_id || !fragment.has_arguments_key) => {
            Route::To(slot, id_changed(has_id))
        }
        (Stage::Closed, Name::None) if blank && !has_id && !call.is_repeating() => Route::To(slot, None),
        (Stage::Closed, Name::None) => closed_without_name(fragment, calls, slot),
        (_, Name::None) => Route::To(slot, id_changed(has_id)),
        // Beyond the rule: both the id and the name come late.
        (Stage::Closed, Name::Fits) if (!has_id || is_less) && call.name().is_empty() && blank => {
            Route::To(slot, id_changed(has_id))
        }
        // Beyond the rule: a late id in the header of a seed's successor, or of a repetition.
        (Stage::Closed, Name::Fits) if !has_id && goes_on(fragment, call) => Route::To(slot, None),
        // Beyond the rule: the header once more in a stream whose ids change.
        (Stage::Closed, Name::Fits) if may_be_again(fragment, call) => Route::HeaderAt(slot),
        // Beyond the rule: what was compared since a nameless header of this id's fragments came goes along.
        (Stage::Closed, _) if call.waiting_header() == Waiting::Unnamed && call.is_repeating() => Route::NewFrom(slot),
        (_, _) => Route::New(None),
    }
}

/// b, its end: no name, at a closed call. Beyond the rule, a text that is or begins the same value is a repetition too,
/// and a blank one waits for the byte that decides.
fn closed_without_name<C: Candidates>(fragment: &Fragment<'_>, calls: &C, slot: u32) -> Route {
    let call = calls.get(slot);
    // A header that waits here has the name of the call that this text may open.
    let waits = call.waiting_header() == Waiting::Named;
    let decided_later = is_all_blank(fragment.text) || call.is_repeating() || call.is_bare() || waits;
    match call.fit(fragment.text) {
        _ if decided_later => Route::HeaderAt(slot),
        Fit::Begins(_) | Fit::Equal(_) => Route::HeaderAt(slot),
        Fit::Parted => Route::New(None),
    }
}

/// Beyond the rules: whether a header with a new id may be a closed call's once more, because that has no id or ids changed
/// in it, and the text does not say otherwise; or it brings less than the call's own did, and what a `{}` was the seed of.
fn may_be_again(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    let fits = is_all_blank(fragment.text) || call.is_repeating() || call.fit(fragment.text) != Fit::Parted;
    let is_seeded = call.is_bare() && trim_start(fragment.text).starts_with('{');
    if call.own_id().is_none() || call.changes_ids() {
        return fits || is_seeded;
    }
    let is_equal = matches!(call.fit(fragment.text), Fit::Equal(_));
    is_seeded && !is_equal && fragment.is_less_than_the_header_of(call)
}

/// Whether a header with arguments is a closed call's, once more.
fn restates(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    let fits = call.stage() == Stage::Closed && name_of(fragment, call) == Name::Fits && !call.is_repeating();
    fits && matches!(call.fit(fragment.text), Fit::Equal(read) if is_all_blank(&fragment.text[read..]))
}

/// Whether the text is a closed call's value once more, or what a bare `{}` was the seed of.
fn goes_on(fragment: &Fragment<'_>, call: &impl Candidate) -> bool {
    match call.fit(fragment.text) {
        Fit::Equal(read) => is_all_blank(&fragment.text[read..]),
        _ => call.is_bare() && trim_start(fragment.text).starts_with('{'),
    }
}

fn id_changed(has_id: bool) -> Option<AnomalyCode> {
    has_id.then_some(AnomalyCode::IdChanged)
}

/// c. The index names a call; there is no id.
fn known_index<C: Candidates>(fragment: &Fragment<'_>, calls: &C, slot: u32) -> Route {
    let call = calls.get(slot);
    match (call.stage(), name_of(fragment, call)) {
        (_, Name::None) => Route::To(slot, None),
        (Stage::Closed, _) => header(fragment, calls, slot),
        (Stage::Mid, Name::Grows | Name::Piece | Name::Other) => Route::New(None),
        (Stage::Fresh, Name::Other) => Route::New(None),
        _ => Route::To(slot, None),
    }
}

/// d. There is no index.
fn no_index<C: Candidates>(fragment: &Fragment<'_>, calls: &C) -> Route {
    let Some(slot) = calls.last() else { return Route::New(None) };
    let call = calls.get(slot);
    let (stage, name, blank) = (call.stage(), name_of(fragment, call), is_all_blank(fragment.text));
    let changed = id_changed(fragment.id.is_some() && call.own_id().is_some());
    match (stage, name) {
        (Stage::Fresh, Name::None) if is_nameless_header(fragment, call) => Route::New(None),
        (Stage::Fresh | Stage::Mid, Name::None) => Route::To(slot, changed),
        // Beyond the rule, as in b: two headers of one name, two ids and no arguments are two calls.
        (Stage::Fresh, Name::Fits)
            if changed.is_some() && blank && !call.name().is_empty() && !is_bare(fragment, call) =>
        {
            Route::New(None)
        }
        (Stage::Fresh | Stage::Mid, Name::Fits) => Route::To(slot, changed),
        (Stage::Fresh, Name::Piece) => Route::To(slot, changed),
        (Stage::Fresh, Name::Grows) if is_piece(fragment, call) => Route::To(slot, changed),
        (Stage::Closed, Name::None) if blank && fragment.id.is_none() => Route::To(slot, None),
        // Beyond the rule: what rule 9 may yet find to be a repetition or a seed, or to part from a waiting header.
        (Stage::Closed, Name::None) if call.waiting_header() != Waiting::No => Route::To(slot, None),
        (Stage::Closed, Name::None) => match closed_without_name(fragment, calls, slot) {
            Route::HeaderAt(slot) if fragment.id.is_none() => Route::To(slot, None),
            route => route,
        },
        (Stage::Closed, _) if fragment.id.is_none() => header(fragment, calls, slot),
        (Stage::Closed, Name::Fits) if may_be_again(fragment, call) => Route::HeaderAt(slot),
        _ => Route::New(None),
    }
}

/// e. An index that names no call, and neither id nor name.
fn orphan<C: Candidates>(fragment: &Fragment<'_>, calls: &C) -> Route {
    if is_all_blank(fragment.text) {
        // Beyond the rule: a blank may stand inside a string of the one call that is mid-value.
        return match calls.only(Stage::Mid) {
            Some(slot) if !fragment.text.is_empty() => Route::To(slot, Some(AnomalyCode::OrphanFragment)),
            _ => Route::Ignored,
        };
    }
    // Beyond the rule: an index whose header came, blank, is not a fresh call's.
    let is_new = fragment.index.is_some_and(|index| calls.heard_of(index));
    match (calls.only(Stage::Mid), calls.only(Stage::Fresh)) {
        (Some(slot), _) => Route::To(slot, Some(AnomalyCode::OrphanFragment)),
        (None, Some(slot)) if !is_new && (!fragment.typed || calls.get(slot).shape().typed) => {
            Route::To(slot, Some(AnomalyCode::OrphanFragment))
        }
        _ => Route::New(None),
    }
}

/// g. A header at a closed call.
fn header<C: Candidates>(fragment: &Fragment<'_>, calls: &C, slot: u32) -> Route {
    let call = calls.get(slot);
    // Beyond the rule: the name of the call whose nameless header waits here.
    let own_id = fragment.id.is_some() && fragment.id == call.own_id();
    let repeats = !call.is_repeating() && goes_on(fragment, call);
    if call.waiting_header() == Waiting::Unnamed && !call.name().is_empty() && !own_id && !repeats {
        return Route::NewFrom(slot);
    }
    if name_of(fragment, call) != Name::Fits {
        return Route::New(None);
    }
    if is_all_blank(fragment.text) {
        return Route::HeaderAt(slot);
    }
    match call.fit(fragment.text) {
        Fit::Equal(read) if is_all_blank(&fragment.text[read..]) => {
            let no_id = fragment.id.is_none() && call.own_id().is_none();
            let two_equal = no_id && call.is_whole_in_one() && !call.is_repeating();
            if two_equal { Route::New(None) } else { Route::HeaderAt(slot) }
        }
        Fit::Begins(_) => Route::HeaderAt(slot),
        // The comparison under way parts here: what it held goes along.
        Fit::Parted if call.is_repeating() => Route::HeaderAt(slot),
        _ if call.is_bare() => Route::HeaderAt(slot),
        _ => Route::New(None),
    }
}
