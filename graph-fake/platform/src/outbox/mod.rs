//! Notifications that are not delivered yet: in order per call, one envelope at a time, with bounded retries.
//!
//! Defaults of notifications.md 2.3: three attempts on a broken connection, 408, 429 or 5xx, after 1 s
//! and 2 s; any other 4xx is final. A redirect is followed once, for the incoming notification. Each
//! input costs one search by call; nothing here looks at all calls.

mod faults;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use graph_api::{Guid, Timestamp};

pub use faults::{FAULTS_MAX, NotificationFault, NotificationKind, Tampering};

use crate::{
    input::{CallId, Delivery, DeliveryId, DeliveryOutcome, JoinAnswer, ParticipantId},
    notification::{Notification, What},
    options::Options,
};
use faults::{COPIES_MAX, DELAY_MAX, Plan};
use queue::{Flight, Item, Overtaken, Queue, is_joining};

/// Attempts for each notification.
const ATTEMPTS_MAX: u32 = 3;
/// Notifications that may wait for one call; the oldest waiting one is given up beyond that.
const WAITING_MAX: usize = 1_000;
/// Notifications of one call that may be about to be overtaken; more leave in their turn.
const OVERTAKEN_MAX: usize = 16;
/// How long one of them waits for those that are to leave first.
const PATIENCE: Duration = Duration::from_secs(10);
/// Ended calls whose last notification can still be repeated.
const RETIRED_MAX: usize = 1_000;
/// How long the bot may take for anything that has no limit of its own.
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
    /// Whether the incoming notification is told in the older format first.
    pub legacy: bool,
}

/// What follows for the platform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// What to send now.
    pub send: Option<Delivery>,
    /// A call whose incoming notification was accepted.
    pub acknowledged: Option<CallId>,
    /// Notifications that were given up, each by its own id.
    pub gave_up: Vec<(CallId, DeliveryId)>,
    /// How a participantJoiningNotification was answered; none inside: not at all, or too late. Told
    /// exactly once for each that was pushed.
    pub joined: Option<(CallId, Option<JoinAnswer>)>,
    /// Who asked to join, where `joined` is set: the participant that its notification named.
    pub joiner: Option<ParticipantId>,
    /// What a fault plan did.
    pub tampered: Vec<(CallId, DeliveryId, &'static str)>,
}

/// Why the outbox wakes up for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// The next attempt is due.
    Retry,
    /// A delay is over.
    Held,
    /// Nobody overtook it.
    Patience(DeliveryId),
    /// A participantJoiningNotification was not answered.
    Joining(DeliveryId),
}

/// A participantJoiningNotification that is not answered.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    call: CallId,
    joiner: Option<ParticipantId>,
    /// Set once it has left.
    by: Option<Timestamp>,
}

/// All notifications under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbox {
    queues: BTreeMap<CallId, Queue>,
    under_way: BTreeMap<DeliveryId, CallId>,
    timers: BTreeSet<(Timestamp, CallId, Why)>,
    questions: BTreeMap<DeliveryId, Question>,
    retired: VecDeque<CallId>,
    plan: Plan,
    next_id: u64,
    /// Notifications in all queues.
    pending: usize,
    batch: usize,
    acknowledge_within: Duration,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new(&Options::default())
    }
}

impl Outbox {
    /// An empty one. Of the options it takes `batch` and `acknowledge_within`.
    pub fn new(options: &Options) -> Self {
        Self {
            queues: BTreeMap::new(),
            under_way: BTreeMap::new(),
            timers: BTreeSet::new(),
            questions: BTreeMap::new(),
            retired: VecDeque::new(),
            plan: Plan::default(),
            next_id: 0,
            pending: 0,
            batch: options.batch.max(1),
            acknowledge_within: options.acknowledge_within,
        }
    }

    /// Takes over changed options; what has been sent keeps its limit.
    pub fn set_options(&mut self, options: &Options) {
        self.batch = options.batch.max(1);
        self.acknowledge_within = options.acknowledge_within;
    }

    /// Replaces the fault plan; counting starts anew. Entries beyond [`FAULTS_MAX`] are dropped.
    pub fn set_faults(&mut self, faults: Vec<NotificationFault>) {
        self.plan = Plan::new(faults);
    }

    /// Queues a notification, or does to it what the fault plan says; returns it if it can leave at once.
    pub fn push(
        &mut self,
        now: Timestamp,
        to: Address,
        message: Guid,
        notification: Notification,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let call = notification.call;
        let last_of_all = matches!(notification.what, What::CallEnded(_));
        let strike = self.plan.strike(&notification);
        let mut item = Item::new(self.number(), to, message, notification);
        if let What::ParticipantJoining(view) = &item.notification.what {
            let joiner = view.observation.as_ref().map(|observation| observation.observed);
            self.questions.insert(item.id, Question { call, joiner, by: None });
        }
        if let Some(strike) = strike {
            outcome.tampered.push((call, item.id, strike.word()));
        }
        match strike {
            Some(Tampering::Lose) => self.start_clock(now, item.id),
            Some(Tampering::Overtaken(by)) if by > 0 && self.has_room_to_overtake(call) => {
                let until = now + PATIENCE;
                self.timers.insert((until, call, Why::Patience(item.id)));
                self.pending += 1;
                let queue = self.queues.entry(call).or_default();
                queue.overtaken.push(Overtaken { item, left: by, until });
            }
            Some(Tampering::Repeat(times)) => {
                let copies = times.min(COPIES_MAX);
                self.place(item.clone());
                for _ in 0..copies {
                    let id = self.number();
                    self.place(Item { id, alone: true, ..item.clone() });
                }
            }
            Some(Tampering::Delay(by)) => {
                item.hold = Some(by.min(DELAY_MAX));
                self.place(item);
            }
            Some(Tampering::Overtaken(_)) | None => self.place(item),
        }
        if last_of_all {
            self.let_out(call, |_| true);
        }
        self.make_room(now, call, &mut outcome);
        self.pump(now, call, &mut outcome);
        outcome
    }

    /// Queues the last delivered notification of a call again, past the fault plan. `None`: there is none.
    pub fn repeat_last(&mut self, now: Timestamp, call: CallId, message: Guid) -> Option<Outcome> {
        let last = self.queues.get(&call)?.last.clone()?;
        let mut outcome = Outcome::default();
        let id = self.number();
        self.place(Item { id, message, ..last });
        self.make_room(now, call, &mut outcome);
        self.pump(now, call, &mut outcome);
        Some(outcome)
    }

    /// Takes the report of the shell. A report about a delivery that is not under way changes nothing.
    pub fn delivered(&mut self, now: Timestamp, id: DeliveryId, how: &DeliveryOutcome) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(call) = self.under_way.remove(&id) else { return outcome };
        let Some(queue) = self.queues.get_mut(&call) else { return outcome };
        let Some(mut flight) = queue.flight.take() else { return outcome };
        match verdict(&flight, how) {
            Verdict::Accepted(answer) => {
                let incoming = flight.first().is_some_and(|item| item.notification.is_incoming());
                outcome.acknowledged = incoming.then_some(call);
                self.pending -= flight.items.len();
                queue.last = flight.items.pop();
                self.answer(id, answer, &mut outcome);
            }
            Verdict::Elsewhere(uri) => {
                flight.redirected = true;
                flight.to.callback_uri = uri.into();
                queue.flight = Some(flight);
                outcome.send = self.dispatch(now, call);
            }
            Verdict::Again if self.is_worth_another_attempt(&flight) => {
                let at = now + Duration::from_secs(1 << (flight.attempt - 1).min(ATTEMPTS_MAX));
                flight.attempt += 1;
                flight.retry_at = Some(at);
                self.timers.insert((at, call, Why::Retry));
                if let Some(queue) = self.queues.get_mut(&call) {
                    queue.flight = Some(flight);
                }
            }
            Verdict::Again | Verdict::Lost => {
                self.give_up(call, &flight, &mut outcome);
                self.answer(id, None, &mut outcome);
            }
        }
        self.pump(now, call, &mut outcome);
        outcome
    }

    /// When something happens by itself next, and to which call.
    pub fn next_deadline(&self) -> Option<(Timestamp, CallId)> {
        self.timers.first().map(|(at, call, _)| (*at, *call))
    }

    /// The time of `next_deadline` has come.
    pub fn on_deadline(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        let Some((at, call, why)) = self.timers.pop_first() else { return outcome };
        let Some(queue) = self.queues.get_mut(&call) else { return outcome };
        match why {
            Why::Retry => {
                if let Some(flight) = &mut queue.flight {
                    flight.retry_at = None;
                }
                outcome.send = self.dispatch(at, call);
            }
            Why::Held => queue.held_until = None,
            Why::Patience(id) => self.let_out(call, |overtaken| overtaken.item.id == id),
            Why::Joining(id) => {
                self.answer(id, None, &mut outcome);
                self.stop_trying(call, id, &mut outcome);
            }
        }
        self.pump(at, call, &mut outcome);
        outcome
    }

    /// The call has ended: nothing will be pushed for it any more, but its last notifications still go
    /// out, and the last of all can be repeated for a while.
    pub fn retire(&mut self, call: CallId) {
        self.retired.push_back(call);
        // Two at a time: those that were not done when their turn came must not pile up.
        for _ in 0..2 {
            if self.retired.len() <= RETIRED_MAX {
                return;
            }
            let Some(oldest) = self.retired.pop_front() else { return };
            if self.queues.get(&oldest).is_some_and(|queue| !queue.is_idle()) {
                self.retired.push_back(oldest);
            } else {
                self.queues.remove(&oldest);
            }
        }
    }

    /// Notifications waiting or under way.
    pub const fn pending(&self) -> usize {
        self.pending
    }

    fn number(&mut self) -> DeliveryId {
        self.next_id += 1;
        DeliveryId(self.next_id)
    }

    fn has_room_to_overtake(&self, call: CallId) -> bool {
        self.queues.get(&call).is_none_or(|queue| queue.overtaken.len() < OVERTAKEN_MAX)
    }

    fn place(&mut self, item: Item) {
        let call = item.notification.call;
        self.pending += 1;
        let out = self.queues.entry(call).or_default().place(item);
        self.forget_patience(call, &out);
    }

    fn let_out(&mut self, call: CallId, which: impl Fn(&Overtaken) -> bool) {
        let Some(queue) = self.queues.get_mut(&call) else { return };
        let out = queue.let_out(which);
        self.forget_patience(call, &out);
    }

    fn forget_patience(&mut self, call: CallId, out: &[Overtaken]) {
        for overtaken in out {
            self.timers.remove(&(overtaken.until, call, Why::Patience(overtaken.item.id)));
        }
    }

    /// Gives up the oldest waiting ones beyond the limit.
    fn make_room(&mut self, now: Timestamp, call: CallId, outcome: &mut Outcome) {
        let Some(queue) = self.queues.get_mut(&call) else { return };
        let mut lost = Vec::new();
        while queue.waiting.len() > WAITING_MAX
            && let Some(oldest) = queue.waiting.pop_front()
        {
            if let Some(until) = queue.held_until.take() {
                self.timers.remove(&(until, call, Why::Held));
            }
            lost.push(oldest.id);
        }
        for id in lost {
            self.pending -= 1;
            outcome.gave_up.push((call, id));
            self.start_clock(now, id);
        }
    }

    /// From now on the bot has `acknowledge_within` to say whether somebody may join; it does not matter
    /// whether the question ever reaches it.
    fn start_clock(&mut self, now: Timestamp, id: DeliveryId) {
        let by = now + self.acknowledge_within;
        if let Some(question) = self.questions.get_mut(&id) {
            question.by = Some(by);
            self.timers.insert((by, question.call, Why::Joining(id)));
        }
    }

    /// Closes the question that this notification was, if it was one.
    fn answer(&mut self, id: DeliveryId, answer: Option<JoinAnswer>, outcome: &mut Outcome) {
        let Some(question) = self.questions.remove(&id) else { return };
        if let Some(by) = question.by {
            self.timers.remove(&(by, question.call, Why::Joining(id)));
        }
        outcome.joined = Some((question.call, answer));
        outcome.joiner = question.joiner;
    }

    /// A question whose time is over is not asked again.
    fn stop_trying(&mut self, call: CallId, id: DeliveryId, outcome: &mut Outcome) {
        let Some(queue) = self.queues.get_mut(&call) else { return };
        let waits = |flight: &mut Flight| {
            flight.retry_at.is_some() && flight.first().is_some_and(|item| item.id == id)
        };
        if let Some(flight) = queue.flight.take_if(waits) {
            if let Some(at) = flight.retry_at {
                self.timers.remove(&(at, call, Why::Retry));
            }
            self.give_up(call, &flight, outcome);
        }
    }

    /// a notification is lost, and nothing else.
    fn give_up(&mut self, call: CallId, flight: &Flight, outcome: &mut Outcome) {
        self.pending -= flight.items.len();
        outcome.gave_up.extend(flight.items.iter().map(|item| (call, item.id)));
    }

    fn is_worth_another_attempt(&self, flight: &Flight) -> bool {
        let question = flight.first().filter(|item| is_joining(&item.notification));
        question.is_none_or(|item| self.questions.contains_key(&item.id))
    }

    /// Sends the next envelope of a call if nothing is in its way.
    fn pump(&mut self, now: Timestamp, call: CallId, outcome: &mut Outcome) {
        let Some(queue) = self.queues.get_mut(&call) else { return };
        if queue.flight.is_some() || queue.held_until.is_some() {
            return;
        }
        if let Some(hold) = queue.waiting.front_mut().and_then(|first| first.hold.take()) {
            queue.held_until = Some(now + hold);
            self.timers.insert((now + hold, call, Why::Held));
            return;
        }
        if let Some(flight) = queue.load(self.batch) {
            let first = flight.first().map(|item| item.id);
            if let Some(id) = first {
                self.start_clock(now, id);
            }
            outcome.send = self.dispatch(now, call);
        }
    }

    fn dispatch(&mut self, now: Timestamp, call: CallId) -> Option<Delivery> {
        let flight = self.queues.get(&call)?.flight.as_ref()?;
        let first = flight.first()?;
        let answer_by = self.questions.get(&first.id).and_then(|question| question.by);
        let incoming = first.notification.is_incoming();
        self.under_way.insert(first.id, call);
        Some(Delivery {
            id: first.id,
            attempt: flight.attempt,
            callback_uri: flight.to.callback_uri.clone(),
            app: flight.to.app,
            tenant: flight.to.tenant,
            chain: flight.to.chain,
            message: first.message,
            limit: match answer_by {
                Some(by) => by.saturating_since(now),
                None if incoming => self.acknowledge_within,
                None => LIMIT,
            },
            notifications: flight.items.iter().map(|item| item.notification.clone()).collect(),
            // Whoever sent us elsewhere has read the older form, or needed none.
            legacy: incoming && flight.to.legacy && !flight.redirected,
        })
    }
}

enum Verdict {
    Accepted(Option<JoinAnswer>),
    Elsewhere(String),
    Again,
    Lost,
}

/// an incoming notification may be sent elsewhere, once; R-317: what is worth another attempt.
fn verdict(flight: &Flight, how: &DeliveryOutcome) -> Verdict {
    let again = if flight.attempt < ATTEMPTS_MAX { Verdict::Again } else { Verdict::Lost };
    let incoming = flight.first().is_some_and(|item| item.notification.is_incoming());
    match how {
        DeliveryOutcome::NoAnswer => again,
        DeliveryOutcome::Answered { status, location, joining } => match (status, location) {
            (200..=299, _) => Verdict::Accepted(joining.clone()),
            (302 | 307, Some(uri)) if incoming && !flight.redirected => {
                Verdict::Elsewhere(uri.clone())
            }
            (408 | 429 | 500..=599, _) => again,
            _ => Verdict::Lost,
        },
    }
}
