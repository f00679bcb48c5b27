//! All live calls: found by id in the same time however many there are, with what is kept of each beside it.
//!
//! With very many calls the time of an input is the time of the memory, so a slot is one line of the cache, found
//! without a look at anything else; a request that is refused, or reads what was read before, needs no other.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, BuildHasherDefault},
    ops::Index,
    sync::Arc,
};

use graph_api::{Guid, Timestamp};
use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::{call::Call, input::CallId, view::CallView};

/// A tenant and one of its applications.
type Owner = (Guid, Guid);

/// A call and what is kept of it.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Slot {
    id: CallId,
    /// What every request is asked for first, without a look at the call; shared by all calls of the owner.
    owner: Arc<Owner>,
    call: Box<Call>,
    /// What was shown of it, while nothing has changed since.
    view: Option<Arc<CallView>>,
    /// The time under which it is in the index of deadlines; its own is never earlier.
    indexed: Option<Timestamp>,
}

const _: () = assert!(size_of::<Slot>() == 64, "a slot is one line of the cache");

/// The hasher is the same in every run, and nothing is ever read in the order of its hashes.
fn hash(id: &CallId) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(id)
}

/// All live calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    slots: HashTable<Slot>,
    /// Who has live calls, and how many.
    owners: BTreeMap<Owner, (Arc<Owner>, usize)>,
}

impl Calls {
    fn slot(&self, id: &CallId) -> Option<&Slot> {
        self.slots.find(hash(id), |slot| slot.id == *id)
    }

    fn slot_mut(&mut self, id: &CallId) -> Option<&mut Slot> {
        self.slots.find_mut(hash(id), |slot| slot.id == *id)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many an application has.
    pub(super) fn of(&self, owner: &(Guid, Guid)) -> usize {
        self.owners.get(owner).map_or(0, |(_, calls)| *calls)
    }

    pub(super) fn contains_key(&self, id: &CallId) -> bool {
        self.slot(id).is_some()
    }

    /// The tenant and the application that a call belongs to.
    pub(super) fn owner(&self, id: &CallId) -> Option<Owner> {
        self.slot(id).map(|slot| *slot.owner)
    }

    pub(super) fn get(&self, id: &CallId) -> Option<&Call> {
        self.slot(id).map(|slot| &*slot.call)
    }

    /// For changing it: what was shown of it counts no more.
    pub(super) fn get_mut(&mut self, id: &CallId) -> Option<&mut Call> {
        let slot = self.slot_mut(id)?;
        slot.view = None;
        Some(&mut slot.call)
    }

    /// For what a view does not show, such as how long it may be silent.
    pub(super) fn get_mut_unshown(&mut self, id: &CallId) -> Option<&mut Call> {
        self.slot_mut(id).map(|slot| &mut *slot.call)
    }

    pub(super) fn insert(&mut self, id: CallId, call: Call) {
        let owner = (call.birth().tenant, call.birth().app);
        let (shared, calls) = self.owners.entry(owner).or_insert_with(|| (Arc::new(owner), 0));
        *calls += 1;
        let owner = shared.clone();
        let slot = Slot { id, owner, call: Box::new(call), view: None, indexed: None };
        debug_assert!(!self.contains_key(&id), "{id}: an id is given once");
        self.slots.insert_unique(hash(&id), slot, |slot| hash(&slot.id));
    }

    pub(super) fn remove(&mut self, id: &CallId) -> Option<Call> {
        let found = self.slots.find_entry(hash(id), |slot| slot.id == *id).ok()?;
        let (Slot { owner, call, .. }, _) = found.remove();
        if let Some((_, calls)) = self.owners.get_mut(&*owner) {
            *calls -= 1;
            if *calls == 0 {
                self.owners.remove(&*owner);
            }
        }
        Some(*call)
    }

    /// All of them, by id.
    pub(super) fn values(&self) -> impl Iterator<Item = &Call> {
        let mut all: Vec<&Call> = self.slots.iter().map(|slot| &*slot.call).collect();
        all.sort_unstable_by_key(|call| call.id());
        all.into_iter()
    }

    /// What is shown of it; made anew only if it has changed.
    pub(super) fn view(
        &mut self,
        id: &CallId,
        make: impl FnOnce(&Call) -> CallView,
    ) -> Option<Arc<CallView>> {
        let Slot { call, view, .. } = self.slot_mut(id)?;
        Some(view.get_or_insert_with(|| Arc::new(make(call))).clone())
    }

    /// What the index of deadlines has to forget and to learn. A deadline that only moved away is left where it
    /// is: when it comes, the call is asked again. keepAlive does nothing else, and is the commonest request.
    pub(super) fn reindexed(&mut self, id: &CallId) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(slot) = self.slot_mut(id) else { return (None, None) };
        let next = slot.call.next_deadline().map(|(at, _)| at);
        match (slot.indexed, next) {
            (Some(at), Some(next)) if next >= at => (None, None),
            (before, next) => {
                slot.indexed = next;
                (before, next)
            }
        }
    }

    /// When a call wakes up by itself.
    pub(super) fn deadline(&self, id: &CallId) -> Option<Timestamp> {
        self.get(id)?.next_deadline().map(|(at, _)| at)
    }

    /// The index's entry has come: it is forgotten.
    pub(super) fn came(&mut self, id: &CallId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.indexed = None;
        }
    }

    /// The index's entry, for forgetting it with the call.
    pub(super) fn indexed(&self, id: &CallId) -> Option<Timestamp> {
        self.slot(id)?.indexed
    }
}

impl Index<&CallId> for Calls {
    type Output = Call;

    fn index(&self, id: &CallId) -> &Call {
        self.get(id).expect("a live call")
    }
}
