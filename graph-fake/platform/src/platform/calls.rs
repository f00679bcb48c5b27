//! All live calls: found by id in the same time however many there are, with what is kept of each beside it.

use std::{hash::BuildHasherDefault, ops::Index, sync::Arc};

use graph_api::{Guid, Timestamp};
use indexmap::IndexMap;
use rustc_hash::FxHasher;

use crate::{call::Call, input::CallId, view::CallView};

/// A call and what is kept of it.
#[derive(Debug, Clone)]
struct Slot {
    /// Tenant and application: what every request is asked for first, without a look at the call.
    owner: (Guid, Guid),
    call: Box<Call>,
    /// The time under which it is in the index of deadlines; its own is never earlier.
    indexed: Option<Timestamp>,
    /// What was shown of it, while nothing has changed since.
    view: Option<Arc<CallView>>,
}

/// The hasher is the same in every run, and nothing is ever read in the order of its hashes.
type Slots = IndexMap<CallId, Slot, BuildHasherDefault<FxHasher>>;

/// All live calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    slots: Slots,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn contains_key(&self, id: &CallId) -> bool {
        self.slots.contains_key(id)
    }

    /// The tenant and the application that a call belongs to.
    pub(super) fn owner(&self, id: &CallId) -> Option<(Guid, Guid)> {
        self.slots.get(id).map(|slot| slot.owner)
    }

    pub(super) fn get(&self, id: &CallId) -> Option<&Call> {
        self.slots.get(id).map(|slot| &*slot.call)
    }

    /// For changing it: what was shown of it counts no more.
    pub(super) fn get_mut(&mut self, id: &CallId) -> Option<&mut Call> {
        let slot = self.slots.get_mut(id)?;
        slot.view = None;
        Some(&mut slot.call)
    }

    pub(super) fn insert(&mut self, id: CallId, call: Call) {
        let owner = (call.birth().tenant, call.birth().app);
        self.slots.insert(id, Slot { owner, call: Box::new(call), indexed: None, view: None });
    }

    pub(super) fn remove(&mut self, id: &CallId) -> Option<Call> {
        self.slots.swap_remove(id).map(|slot| *slot.call)
    }

    /// All of them, by id.
    pub(super) fn values(&self) -> impl Iterator<Item = &Call> {
        let mut all: Vec<&Call> = self.slots.values().map(|slot| &*slot.call).collect();
        all.sort_unstable_by_key(|call| call.id());
        all.into_iter()
    }

    /// What is shown of it; made anew only if it has changed.
    pub(super) fn view(
        &mut self,
        id: &CallId,
        make: impl FnOnce(&Call) -> CallView,
    ) -> Option<Arc<CallView>> {
        let Slot { call, view, .. } = self.slots.get_mut(id)?;
        Some(view.get_or_insert_with(|| Arc::new(make(call))).clone())
    }

    /// What the index of deadlines has to forget and to learn. A deadline that only moved away is left where it
    /// is: when it comes, the call is asked again. keepAlive does nothing else, and is the commonest request.
    pub(super) fn reindexed(&mut self, id: &CallId) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(slot) = self.slots.get_mut(id) else { return (None, None) };
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
        if let Some(slot) = self.slots.get_mut(id) {
            slot.indexed = None;
        }
    }

    /// The index's entry, for forgetting it with the call.
    pub(super) fn indexed(&self, id: &CallId) -> Option<Timestamp> {
        self.slots.get(id)?.indexed
    }
}

impl Index<&CallId> for Calls {
    type Output = Call;

    fn index(&self, id: &CallId) -> &Call {
        self.get(id).expect("a live call")
    }
}
