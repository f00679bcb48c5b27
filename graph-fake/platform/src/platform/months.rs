//! How many calls an application has had in its month, and which ids of calls are used up.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use graph_api::{Guid, Timestamp};

use crate::{
    input::{CallId, Caller},
    options::Options,
    refusal::Refusal,
};

/// A month. It begins with an application's first call, and the next with the first call after its end: no
/// calendar is documented.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Ids of ended calls that are remembered; the oldest go first.
const ENDED_MAX: usize = 10_000;

/// Calls that were: counted for each tenant's application, and remembered by their ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    /// What time it is, as far as anything that happens now is concerned.
    pub now: Timestamp,
    /// When the month of a tenant and application began, and the calls since.
    months: BTreeMap<(Guid, Guid), (Timestamp, u32)>,
    ended: BTreeSet<CallId>,
    by_age: VecDeque<CallId>,
}

impl Past {
    /// One more call.
    pub fn count(&mut self, owner: (Guid, Guid)) {
        let now = self.now;
        let month = self.months.entry(owner).or_insert((now, 0));
        if now >= month.0 + MONTH {
            *month = (now, 0);
        }
        month.1 = month.1.saturating_add(1);
    }

    /// Whether the application may have another call this month.
    pub fn must_have_room(&self, caller: &Caller, options: &Options) -> Result<(), Refusal> {
        let most = options.calls_per_month;
        let Some((began, count)) = self.months.get(&(caller.tenant, caller.app)) else {
            return Ok(());
        };
        let left = (*began + MONTH).saturating_since(self.now);
        if most == 0 || *count < most || left.is_zero() {
            return Ok(());
        }
        let left = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Err(Refusal::TooManyCallsInMonth { left: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// A call is over: its id is not given again while it is remembered.
    pub fn ended(&mut self, call: CallId) {
        if self.ended.insert(call) {
            self.by_age.push_back(call);
        }
        if self.by_age.len() > ENDED_MAX
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    /// Whether a call of this id has ended.
    pub fn has_ended(&self, call: CallId) -> bool {
        self.ended.contains(&call)
    }
}
