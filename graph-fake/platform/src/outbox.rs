//! Notifications that are not delivered yet: in order per call, one at a time, with bounded retries.
//!
//! Defaults of notifications.md 2.3: three attempts on a broken connection, 408, 429 or 5xx, after 1 s
//! and 2 s; any other 4xx is final. A redirect is followed once, for the incoming notification.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use graph_api::{Guid, Timestamp};

use crate::{
    input::{CallId, Delivery, DeliveryId, DeliveryOutcome},
    notification::Notification,
};

/// Attempts for each notification.
const ATTEMPTS_MAX: u32 = 3;
/// Notifications that may wait for one call; the oldest waiting one is given up beyond that.
const WAITING_MAX: usize = 1_000;
/// Ended calls whose last notification can still be repeated.
const RETIRED_MAX: usize = 1_000;
/// How long the bot may take for an incoming call, and for everything else.
const LIMIT_INCOMING: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(10);

/// Whom a call's notifications go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Where to.
    pub callback_uri: Arc<str>,
    /// The bot.
    pub app: Guid,
    /// The tenant.
    pub tenant: Guid,
    /// The chain id.
    pub chain: Guid,
}

/// What a test does to notifications on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationFault {
    /// Of which kind.
    pub of: NotificationKind,
    /// Of which call; none: of any.
    pub call: Option<CallId>,
    /// The first occurrence it happens to, counted from 1 since the plan was put in place.
    pub nth: u64,
    /// To how many occurrences it happens.
    pub times: u64,
    /// What happens.
    pub what: Tampering,
}

/// Kinds of notifications, as a fault plan names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// All.
    Any,
    /// An incoming call.
    Incoming,
    /// An update of a call.
    Call,
    /// A tone.
    Tone,
    /// A roster.
    Roster,
    /// The end of an operation.
    Operation,
    /// The end of a call.
    Ended,
}

/// What happens to a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// It never leaves.
    Lose,
    /// It is sent this many times more.
    Repeat(u32),
    /// It leaves later, and those behind it wait.
    Delay(Duration),
    /// So many of those behind it leave first.
    Overtaken(u32),
}

#[derive(Debug, Clone, PartialEq)]
struct Pending {
    id: DeliveryId,
    attempt: u32,
    redirected: bool,
    to: Address,
    message: Guid,
    notification: Notification,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Queue {
    /// The first one is under way, or waits for its next attempt.
    items: VecDeque<Pending>,
    under_way: bool,
    retry_at: Option<Timestamp>,
    last: Option<Pending>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// What to send now.
    pub send: Option<Delivery>,
    /// A call whose incoming notification was accepted.
    pub acknowledged: Option<CallId>,
    /// Notifications that were given up.
    pub gave_up: Option<(CallId, DeliveryId)>,
}

/// All notifications under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outbox {
    queues: BTreeMap<CallId, Queue>,
    under_way: BTreeMap<DeliveryId, CallId>,
    retries: BTreeSet<(Timestamp, CallId)>,
    retired: VecDeque<CallId>,
    next_id: u64,
}

impl Outbox {
    /// Queues a notification; returns it if it can leave at once.
    pub fn push(&mut self, to: Address, message: Guid, notification: Notification) -> Outcome {
        self.next_id += 1;
        let call = notification.call;
        let id = DeliveryId(self.next_id);
        let queue = self.queues.entry(call).or_default();
        let pending = Pending { id, attempt: 1, redirected: false, to, message, notification };
        queue.items.push_back(pending);
        let mut outcome = Outcome::default();
        if queue.items.len() > WAITING_MAX {
            // The first one may be under way; the one behind it is the oldest that only waits.
            outcome.gave_up = queue.items.remove(1).map(|lost| (call, lost.id));
        }
        outcome.send = self.send_first(call);
        outcome
    }

    /// Queues the last delivered notification of a call again. `None`: there is none.
    pub fn repeat_last(&mut self, call: CallId, message: Guid) -> Option<Outcome> {
        let last = self.queues.get(&call)?.last.clone()?;
        Some(self.push(last.to, message, last.notification))
    }

    /// Takes the report of the shell. A report about a delivery that is not under way changes nothing.
    pub fn delivered(&mut self, now: Timestamp, id: DeliveryId, how: &DeliveryOutcome) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(call) = self.under_way.remove(&id) else { return outcome };
        let Some(queue) = self.queues.get_mut(&call) else { return outcome };
        queue.under_way = false;
        let Some(first) = queue.items.front_mut() else { return outcome };
        match verdict(first, how) {
            Verdict::Accepted => {
                if first.notification.is_incoming() {
                    outcome.acknowledged = Some(call);
                }
                queue.last = queue.items.pop_front();
            }
            Verdict::Elsewhere(uri) => {
                first.redirected = true;
                first.to.callback_uri = uri.into();
            }
            Verdict::Again => {
                let wait = Duration::from_secs(1 << (first.attempt - 1));
                first.attempt += 1;
                queue.retry_at = Some(now + wait);
                self.retries.insert((now + wait, call));
                return outcome;
            }
            Verdict::Lost => outcome.gave_up = queue.items.pop_front().map(|lost| (call, lost.id)),
        }
        outcome.send = self.send_first(call);
        outcome
    }

    /// The earliest next attempt.
    pub fn next_deadline(&self) -> Option<(Timestamp, CallId)> {
        self.retries.first().copied()
    }

    /// The time of `next_deadline` has come.
    pub fn on_deadline(&mut self) -> Option<Delivery> {
        let (_, call) = self.retries.pop_first()?;
        self.queues.get_mut(&call)?.retry_at = None;
        self.send_first(call)
    }

    /// The call has ended: nothing will be pushed for it any more, but its last notifications still go
    /// out, and the last of all can be repeated for a while.
    pub fn retire(&mut self, call: CallId) {
        self.retired.push_back(call);
        if self.retired.len() > RETIRED_MAX
            && let Some(oldest) = self.retired.pop_front()
        {
            if self.queues.get(&oldest).is_some_and(|queue| queue.items.is_empty()) {
                self.queues.remove(&oldest);
            } else {
                self.retired.push_back(oldest);
            }
        }
    }

    /// Notifications waiting or under way.
    pub fn pending(&self) -> usize {
        self.queues.values().map(|queue| queue.items.len()).sum()
    }

    fn send_first(&mut self, call: CallId) -> Option<Delivery> {
        let queue = self.queues.get_mut(&call)?;
        if queue.under_way || queue.retry_at.is_some() {
            return None;
        }
        let first = queue.items.front()?;
        queue.under_way = true;
        self.under_way.insert(first.id, call);
        Some(Delivery {
            id: first.id,
            attempt: first.attempt,
            callback_uri: first.to.callback_uri.clone(),
            app: first.to.app,
            tenant: first.to.tenant,
            chain: first.to.chain,
            message: first.message,
            limit: if first.notification.is_incoming() { LIMIT_INCOMING } else { LIMIT },
            notifications: vec![first.notification.clone()],
        })
    }
}

enum Verdict {
    Accepted,
    Elsewhere(String),
    Again,
    Lost,
}

fn verdict(pending: &Pending, how: &DeliveryOutcome) -> Verdict {
    let again = if pending.attempt < ATTEMPTS_MAX { Verdict::Again } else { Verdict::Lost };
    match how {
        DeliveryOutcome::NoAnswer => again,
        DeliveryOutcome::Answered { status, location, .. } => match (status, location) {
            (200..=299, _) => Verdict::Accepted,
            (302 | 307, Some(uri)) if pending.notification.is_incoming() && !pending.redirected => {
                Verdict::Elsewhere(uri.clone())
            }
            (408 | 429 | 500..=599, _) => again,
            _ => Verdict::Lost,
        },
    }
}
