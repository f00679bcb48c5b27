//! All calls and conferences together: routes inputs, keeps deadlines, numbers what goes out, and draws the
//! consequences that one call has for others.

mod acts;
mod answers;
mod calls;
mod conferences;
mod create;
mod escalation;
mod explain;
mod found;
mod group_verbs;
mod hearing;
mod invite;
mod lookup;
mod months;
mod participants;
mod recording;
mod redirect;
mod ringing;
mod transfers;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use graph_api::{Guid, Timestamp};

use crate::{
    call::{Ask, Call, Did, PeerShows, Wake},
    conference::Conference,
    directory::Directory,
    flaw::Flaw,
    ids::Ids,
    input::{
        Accepted, CallId, Caller, ConferenceId, DeliveryId, DeliveryOutcome, Effect, Event,
        FetchId, Input, OperationId, Outputs, Request, Verb,
    },
    meetings::{MeetingId, Meetings},
    notification::Notification,
    options::Options,
    outbox::{Outbox, Outcome},
    permissions::Grants,
    refusal::Refusal,
    view::{CallView, ConferenceView, Coordinates, MediaFacts, PeerView},
};
use calls::Calls;
use months::Past;
use redirect::Hunt;

/// Live calls that the platform takes at the most.
const CALLS_MAX: usize = 200_000;
/// Conferences that the platform takes at the most.
const CONFERENCES_MAX: usize = 50_000;
/// Places of conferences that have ended, kept so that bots can join them again.
const PLACES_MAX: usize = 10_000;

/// Whose deadline it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Call(CallId),
    Conference(ConferenceId),
    Hunt(u64),
}

/// What a download is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FetchFor {
    Queue(CallId),
    HoldMusic(CallId, OperationId),
}

/// Where people meet without a meeting: an ad-hoc group call, named by its thread and its token.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    tenant: Guid,
    conference: Option<ConferenceId>,
    meeting: Option<MeetingId>,
    coordinates: Arc<Coordinates>,
}

/// The Teams call platform.
#[derive(Debug, Clone)]
pub struct Platform {
    options: Options,
    ids: Ids,
    directory: Directory,
    meetings: Meetings,
    calls: Calls,
    conferences: BTreeMap<ConferenceId, Conference>,
    conference_of: BTreeMap<MeetingId, ConferenceId>,
    /// By token and by thread.
    places: BTreeMap<String, Place>,
    places_by_age: VecDeque<String>,
    hunts: BTreeMap<u64, Hunt>,
    next_hunt: u64,
    /// When each call, conference and hunt wakes up; one entry for each that has a deadline.
    deadlines: BTreeSet<(Timestamp, Owner)>,
    past: Past,
    outbox: Outbox,
    fetches: BTreeMap<FetchId, FetchFor>,
    next_fetch: u64,
    asks: Vec<Ask>,
}

impl Platform {
    /// A platform without tenants. Ids are functions of `seed` and of the inputs.
    pub fn new(seed: u64, options: Options) -> Self {
        Self {
            outbox: Outbox::new(&options),
            options,
            ids: Ids::new(seed),
            directory: Directory::default(),
            meetings: Meetings::default(),
            calls: Calls::default(),
            conferences: BTreeMap::new(),
            conference_of: BTreeMap::new(),
            places: BTreeMap::new(),
            places_by_age: VecDeque::new(),
            hunts: BTreeMap::new(),
            next_hunt: 0,
            deadlines: BTreeSet::new(),
            past: Past::default(),
            fetches: BTreeMap::new(),
            next_fetch: 0,
            asks: Vec::new(),
        }
    }

    /// Feeds one input and returns all that follows from it. What was due by `now` happens first, at
    /// the moment it was due, so that the outputs do not depend on how punctual the shell is.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Outputs {
        let mut out = Outputs::default();
        self.settle(now, &mut out.effects);
        self.past.now = now;
        match input {
            Input::Request(request) => self.request(now, *request, &mut out),
            Input::Act(act) => out.acted = Some(self.act(now, act, &mut out.effects)),
            Input::Delivered { delivery, outcome } => {
                self.delivered(now, delivery, &outcome, &mut out.effects);
            }
            Input::Fetched { fetch, outcome } => match self.fetches.remove(&fetch) {
                Some(FetchFor::Queue(id)) => {
                    self.with_call(now, id, &mut out.effects, |call, desk| {
                        call.fetched(now, fetch, outcome, desk.1);
                    })
                }
                Some(FetchFor::HoldMusic(id, operation)) => {
                    self.hold_music_fetched(now, id, operation, outcome.is_ok(), &mut out.effects);
                }
                None => {}
            },
            Input::Admin(admin) => out.administered = Some(self.directory.apply(*admin)),
            Input::NotificationFaults(faults) => self.outbox.set_faults(faults),
            Input::Schedule(wanted) => {
                out.scheduled = Some(self.schedule(now, &wanted, &mut out.effects));
            }
            Input::MediaLost(id) => {
                self.with_call(now, id, &mut out.effects, |call, (options, asks)| {
                    call.media_is_lost(options, asks);
                });
            }
            Input::Deadline => {}
        }
        self.sharpen();
        out
    }

    /// The first deadline of the index is a true one: calls whose own has only moved away since are put where
    /// they belong, each when it comes to the front.
    fn sharpen(&mut self) {
        while let Some((at, Owner::Call(id))) = self.deadlines.first().copied() {
            if self.calls.deadline(&id) == Some(at) {
                return;
            }
            self.deadlines.pop_first();
            self.calls.came(&id);
            let (before, next) = self.calls.reindexed(&id);
            self.reindex(Owner::Call(id), before, next);
        }
    }

    /// When `handle` should next be called, even if nobody acts.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let own = self.deadlines.first().map(|(at, _)| *at);
        let outbox = self.outbox.next_deadline().map(|(at, _)| at);
        [own, outbox].into_iter().flatten().min()
    }

    /// The same without the end that a call meets when nobody keeps it alive, or when it has lasted a day:
    /// what still happens by itself in calls that are cared for.
    pub fn next_deadline_but_keep_alive(&self) -> Option<Timestamp> {
        let calls = self.calls.values().filter_map(Call::next_deadline);
        let call = calls
            .filter(|(_, wake)| !matches!(wake, Wake::KeepAlive | Wake::TooLong))
            .map(|(at, _)| at)
            .min();
        let conference = self.conferences.values().filter_map(Conference::next_deadline).min();
        let hunt = self.hunts.values().map(Hunt::next_deadline).min();
        let outbox = self.outbox.next_deadline().map(|(at, _)| at);
        [call, conference, hunt, outbox].into_iter().flatten().min()
    }

    /// Who exists.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Online meetings.
    pub fn meetings(&self) -> &Meetings {
        &self.meetings
    }

    /// The switches.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Changes the switches; what has begun keeps the times it began with.
    pub fn set_options(&mut self, options: Options) {
        self.outbox.set_options(&options);
        self.options = options;
    }

    /// A live call, as a test may see it.
    pub fn call(&self, id: CallId) -> Option<CallView> {
        self.calls.get(&id).map(|call| self.view_of(call))
    }

    /// What flows in a live call; without a look at anything else, for it is asked fifty times a second.
    pub fn media_of(&self, id: CallId) -> Option<MediaFacts> {
        let call = self.calls.get(&id)?;
        let (active, in_lobby) = (call.audio_active(), call.in_lobby);
        let twin = call.peer().and_then(|_| self.twin_of(call));
        Some(MediaFacts { active, in_lobby, conference: call.conference(), twin })
    }

    /// Who is at the other end of a live call of two.
    pub fn peer_of(&self, id: CallId) -> Option<PeerView> {
        let call = self.calls.get(&id)?;
        let participant = call.peer()?.participant;
        let PeerShows { video, sharing } = call.peer_shows;
        Some(PeerView { participant, video, sharing, twin: self.twin_of(call) })
    }

    /// All live calls, by id.
    pub fn calls(&self) -> impl Iterator<Item = CallView> {
        self.calls.values().map(|call| self.view_of(call))
    }

    /// A conference, as a test may see it.
    pub fn conference(&self, id: ConferenceId) -> Option<ConferenceView> {
        self.conferences.get(&id).map(Conference::view)
    }

    /// All conferences, by id.
    pub fn conferences(&self) -> impl Iterator<Item = ConferenceView> {
        self.conferences.values().map(Conference::view)
    }

    /// The operations of a live call, oldest first.
    pub fn operations(&self, id: CallId) -> Vec<crate::view::OperationView> {
        self.calls.get(&id).map(|call| call.operations().cloned().collect()).unwrap_or_default()
    }

    /// Notifications that wait or are under way.
    pub fn undelivered(&self) -> usize {
        self.outbox.pending()
    }

    fn view_of(&self, call: &Call) -> CallView {
        let meeting = call.conference().and_then(|id| self.conferences.get(&id)?.meeting());
        CallView { meeting, ..call.view() }
    }

    fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= now) {
            self.past.now = due;
            let own = self.deadlines.first().copied().filter(|(at, _)| *at == due);
            match own {
                None => {
                    let outcome = self.outbox.on_deadline();
                    self.carry_out(due, outcome, effects);
                }
                Some((_, Owner::Call(id))) => self.call_is_due(now, due, id, effects),
                Some((_, Owner::Conference(id))) => self.conference_is_due(due, id, effects),
                Some((_, Owner::Hunt(id))) => self.hunt_is_due(due, id, effects),
            }
            self.sharpen();
        }
    }

    fn call_is_due(
        &mut self,
        now: Timestamp,
        due: Timestamp,
        id: CallId,
        effects: &mut Vec<Effect>,
    ) {
        self.deadlines.remove(&(due, Owner::Call(id)));
        self.calls.came(&id);
        let call = self.calls.get_mut(&id).expect("a deadline belongs to a live call");
        let before = call.next_deadline();
        let (at, wake) = before.expect("the index says that this call has a deadline");
        let at = if self.options.flaw == Some(Flaw::ActsAtWakeUp) { now } else { at };
        call.on_deadline(at, wake, &self.options, &mut self.asks);
        let next = call.next_deadline();
        assert!(next != before, "{id}: a handled deadline must move ({wake:?})");
        self.after(at, id, effects);
    }

    fn request(&mut self, now: Timestamp, request: Request, out: &mut Outputs) {
        let caller = request.caller;
        let call = if let Verb::OnCall(id, _) = &request.verb { Some(*id) } else { None };
        let reply = self.judged(now, &caller, request.scenario, request.verb, &mut out.effects);
        if let Err(refusal) = &reply {
            out.why = self.explain(refusal, &caller, call);
            if let Some(explanation) = out.why.clone() {
                out.effects.push(Effect::Happened(Event::Refused { call, explanation }));
            }
        }
        out.reply = Some(reply);
    }

    fn judged(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        scenario: Option<Guid>,
        verb: Verb,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let application = self.directory.application(caller.tenant, caller.app);
        // Online meetings need no calling bot, and are all that a user's token opens.
        let meeting = matches!(verb, Verb::Meeting(_));
        let Some(application) = application.filter(|app| app.calling_enabled || meeting) else {
            return Err(Refusal::NotRegistered);
        };
        if caller.delegated.is_some() && !meeting {
            return Err(Refusal::DelegatedToken);
        }
        // A new grant takes effect with the next token, a withdrawn one at once.
        let grants: Grants = match self.options.flaw {
            Some(Flaw::IgnoresWithdrawal) => caller.roles,
            Some(Flaw::IgnoresToken) => application.grants,
            _ => caller.roles.intersection(application.grants),
        };
        match verb {
            Verb::CreateCall(create) => {
                self.create(now, caller, scenario, *create, &grants, effects)
            }
            Verb::OnCall(id, verb) => self.on_call(now, caller, id, verb, &grants, effects),
            Verb::Meeting(verb) => {
                let (ids, directory) = (&mut self.ids, &self.directory);
                let done = self.meetings.handle(now, ids, directory, caller, &grants, *verb);
                done.map(|accepted| Accepted::Meeting(Box::new(accepted)))
            }
            Verb::LogDeviceQuality(quality) => Self::log_device_quality(&quality, &grants),
        }
    }

    /// Does something to one call, and draws the consequences. Nothing where it is not alive.
    fn with_call(
        &mut self,
        now: Timestamp,
        id: CallId,
        effects: &mut Vec<Effect>,
        deed: impl FnOnce(&mut Call, (&Options, &mut Vec<Ask>)),
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        deed(call, (&self.options, &mut self.asks));
        self.after(now, id, effects);
    }

    fn delivered(
        &mut self,
        now: Timestamp,
        id: DeliveryId,
        how: &DeliveryOutcome,
        effects: &mut Vec<Effect>,
    ) {
        let outcome = self.outbox.delivered(now, id, how);
        if let Some(call) = outcome.acknowledged {
            self.with_call(now, call, effects, |call, _| call.acknowledged());
        }
        self.carry_out(now, outcome, effects);
    }

    /// Keeps the index true, turns what a call asks for into effects, and lets others know.
    fn after(&mut self, now: Timestamp, id: CallId, effects: &mut Vec<Effect>) {
        let (before, next) = self.calls.reindexed(&id);
        self.reindex(Owner::Call(id), before, next);
        if self.asks.is_empty() {
            return;
        }
        let Some(to) = self.calls.get(&id).map(Call::address) else { return };
        let mut deeds = Vec::new();
        for ask in std::mem::take(&mut self.asks) {
            match ask {
                Ask::Note(event) => effects.push(Effect::Happened(event)),
                Ask::Did(did) => deeds.push(did),
                Ask::Fetch(prompt) => {
                    let fetch = self.fetch(FetchFor::Queue(id), &prompt.uri, effects);
                    if let Some(call) = self.calls.get_mut(&id) {
                        call.fetch_started(fetch, prompt);
                    }
                }
                Ask::FetchHoldMusic(operation, prompt) => {
                    self.fetch(FetchFor::HoldMusic(id, operation), &prompt.uri, effects);
                }
                Ask::Tell(etag, what) => {
                    let message = self.ids.guid();
                    let notification = Notification { call: id, etag, what };
                    let outcome = self.outbox.push(now, to.clone(), message, notification);
                    self.carry_out(now, outcome, effects);
                }
            }
        }
        let mut over = self.forget_if_over(id);
        if let Some(call) = &mut over {
            effects.extend(call.falls_silent(now).into_iter().map(Effect::Happened));
        }
        for did in deeds {
            self.follow(now, id, over.as_ref(), did, effects);
        }
    }

    fn fetch(&mut self, what_for: FetchFor, uri: &str, effects: &mut Vec<Effect>) -> FetchId {
        self.next_fetch += 1;
        let fetch = FetchId(self.next_fetch);
        self.fetches.insert(fetch, what_for);
        let call = match what_for {
            FetchFor::Queue(call) | FetchFor::HoldMusic(call, _) => call,
        };
        effects.push(Effect::Fetch { fetch, call, uri: uri.to_owned() });
        fetch
    }

    fn reindex(&mut self, owner: Owner, before: Option<Timestamp>, next: Option<Timestamp>) {
        if before == next {
            return;
        }
        if let Some(at) = before {
            self.deadlines.remove(&(at, owner));
        }
        if let Some(at) = next {
            self.deadlines.insert((at, owner));
        }
    }

    /// What one call's deed means for others. `over`: the call, if it has ended and is forgotten.
    fn follow(
        &mut self,
        now: Timestamp,
        id: CallId,
        over: Option<&Call>,
        did: Did,
        effects: &mut Vec<Effect>,
    ) {
        match did {
            Did::Answered => self.leg_answered(now, id, effects),
            Did::BecameReady => self.leg_is_ready(now, id, effects),
            Did::WantsTarget => self.ring_transfer_target(now, id, effects),
            Did::PutThrough => self.put_through(now, id, over, effects),
            Did::Ended => {
                if let Some(call) = over {
                    self.leg_ended(now, call, effects);
                }
            }
        }
    }

    /// what has ended answers 404.
    fn forget_if_over(&mut self, id: CallId) -> Option<Call> {
        if !self.calls.get(&id).is_some_and(Call::is_over) {
            return None;
        }
        if self.options.flaw == Some(Flaw::RemembersEndedCalls) {
            return self.calls.get(&id).cloned();
        }
        let indexed = self.calls.indexed(&id);
        self.reindex(Owner::Call(id), indexed, None);
        let call = self.calls.remove(&id)?;
        self.outbox.retire(id);
        self.past.ended(id);
        Some(call)
    }

    fn carry_out(&mut self, now: Timestamp, outcome: Outcome, effects: &mut Vec<Effect>) {
        for (call, delivery, what) in outcome.tampered {
            let delivery = Some(delivery);
            effects.push(Effect::Happened(Event::Tampered { call, delivery, what }));
        }
        for (call, delivery) in outcome.gave_up {
            effects.push(Effect::Happened(Event::GaveUp { call, delivery }));
        }
        effects.extend(outcome.send.map(|delivery| Effect::Deliver(Box::new(delivery))));
        if let (Some((leg, answer)), Some(who)) = (outcome.joined, outcome.joiner) {
            self.joining_answered(now, leg, who, answer, effects);
        }
    }
}
