//! All calls together: routes inputs, keeps deadlines, numbers what goes out. It judges nothing itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use graph_api::{Call as CreateRequest, Guid, Timestamp};

use crate::{
    arguments,
    call::{Ask, Birth, Call, Desk, Parties, Wake},
    directory::Directory,
    flaw::Flaw,
    ids::Ids,
    input::{
        Accepted, Act, ActRefusal, CallId, CallVerb, Caller, DeliveryId, DeliveryOutcome, Effect,
        Event, FetchId, Input, Outputs, ParticipantId, Request, UserAct, Verb,
    },
    meetings::Meetings,
    notification::Notification,
    options::Options,
    outbox::{Outbox, Outcome},
    permissions::{Grants, Need, Permission, missing},
    refusal::Refusal,
    view::CallView,
    who::{Person, Who},
};

/// Live calls that the platform takes at the most.
const CALLS_MAX: usize = 100_000;

/// The Teams call platform.
#[derive(Debug, Clone)]
pub struct Platform {
    options: Options,
    ids: Ids,
    directory: Directory,
    calls: BTreeMap<CallId, Call>,
    /// When each call wakes up; one entry for each call that has a deadline.
    deadlines: BTreeSet<(Timestamp, CallId)>,
    calls_of: BTreeMap<(Guid, Guid), usize>,
    outbox: Outbox,
    meetings: Meetings,
    fetches: BTreeMap<FetchId, CallId>,
    next_fetch: u64,
    asks: Vec<Ask>,
}

impl Platform {
    /// A platform without tenants. Ids are functions of `seed` and of the inputs.
    pub fn new(seed: u64, options: Options) -> Self {
        Self {
            options,
            ids: Ids::new(seed),
            directory: Directory::default(),
            calls: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            calls_of: BTreeMap::new(),
            outbox: Outbox::default(),
            meetings: Meetings::default(),
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
        match input {
            Input::Request(request) => {
                out.reply = Some(self.request(now, *request, &mut out.effects))
            }
            Input::Act(act) => out.acted = Some(self.act(now, act, &mut out.effects)),
            Input::Delivered { delivery, outcome } => {
                self.delivered(now, delivery, &outcome, &mut out.effects);
            }
            Input::Fetched { fetch, outcome } => {
                if let Some(id) = self.fetches.remove(&fetch)
                    && let Some(call) = self.calls.get_mut(&id)
                {
                    let before = call.next_deadline();
                    call.fetched(now, fetch, outcome, &mut self.asks);
                    self.after(id, before.map(|(at, _)| at), &mut out.effects);
                }
            }
            Input::Admin(admin) => out.administered = Some(self.directory.apply(*admin)),
            Input::NotificationFaults(_) => {}
            Input::Schedule(wanted) => {
                out.scheduled = Some(Ok(self.meetings.schedule(now, &mut self.ids, &wanted)));
            }
            Input::Deadline => {}
        }
        out
    }

    /// When `handle` should next be called, even if nobody acts.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let call = self.deadlines.first().map(|(at, _)| *at);
        let outbox = self.outbox.next_deadline().map(|(at, _)| at);
        [call, outbox].into_iter().flatten().min()
    }

    /// The same without the end that a call meets when nobody keeps it alive: what still happens by
    /// itself in calls that are cared for.
    pub fn next_deadline_but_keep_alive(&self) -> Option<Timestamp> {
        let calls = self.calls.values().filter_map(Call::next_deadline);
        let call = calls.filter(|(_, wake)| *wake != Wake::KeepAlive).map(|(at, _)| at).min();
        let outbox = self.outbox.next_deadline().map(|(at, _)| at);
        [call, outbox].into_iter().flatten().min()
    }

    /// Who exists.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A live call, as a test may see it.
    pub fn call(&self, id: CallId) -> Option<CallView> {
        self.calls.get(&id).map(Call::view)
    }

    /// All live calls, by id.
    pub fn calls(&self) -> impl Iterator<Item = CallView> {
        self.calls.values().map(Call::view)
    }

    /// The operations of a live call, oldest first.
    pub fn operations(&self, id: CallId) -> Vec<crate::view::OperationView> {
        self.calls.get(&id).map(|call| call.operations().cloned().collect()).unwrap_or_default()
    }

    /// All online meetings.
    pub fn meetings(&self) -> &Meetings {
        &self.meetings
    }

    /// All conferences, by id.
    pub fn conferences(&self) -> impl Iterator<Item = crate::view::ConferenceView> {
        std::iter::empty()
    }

    /// One conference.
    pub fn conference(&self, id: crate::input::ConferenceId) -> Option<crate::view::ConferenceView> {
        self.conferences().find(|view| view.id == id)
    }

    /// The switches as they are now.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Changes the switches; what is under way keeps the deadlines that it has.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// Notifications that wait or are under way.
    pub fn undelivered(&self) -> usize {
        self.outbox.pending()
    }

    fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= now) {
            let call = self.deadlines.first().copied().filter(|(at, _)| *at == due);
            let Some((_, id)) = call else {
                effects.extend(self.outbox.on_deadline().map(|d| Effect::Deliver(Box::new(d))));
                continue;
            };
            let call = self.calls.get_mut(&id).expect("a deadline belongs to a live call");
            let before = call.next_deadline();
            let (at, wake) = before.expect("the index says that this call has a deadline");
            let at = if self.options.flaw == Some(Flaw::ActsAtWakeUp) { now } else { at };
            call.on_deadline(at, wake, &self.options, &mut self.asks);
            let next = call.next_deadline();
            assert!(next != before, "{id}: a handled deadline must move ({wake:?})");
            self.after(id, Some(due), effects);
        }
    }

    /// then the call, then its owner (errors.md: the order of checks).
    fn request(
        &mut self,
        now: Timestamp,
        request: Request,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let caller = &request.caller;
        let application = self.directory.application(caller.tenant, caller.app);
        let Some(application) = application.filter(|app| app.calling_enabled) else {
            return Err(Refusal::NotRegistered);
        };
        // A new grant takes effect with the next token, a withdrawn one at once.
        let grants: Grants = if self.options.flaw == Some(Flaw::IgnoresWithdrawal) {
            caller.roles.clone()
        } else {
            caller.roles.intersection(&application.grants).copied().collect()
        };
        match request.verb {
            Verb::CreateCall(create) => {
                let caller = caller.clone();
                self.create(now, &caller, request.scenario, *create, &grants, effects)
            }
            Verb::Meeting(verb) => match *verb {},
            Verb::LogDeviceQuality(_) => {
                Err(Refusal::NotModelled("logTeleconferenceDeviceQuality"))
            }
            Verb::OnCall(id, verb) => self.on_call(now, caller.clone(), id, verb, &grants, effects),
        }
    }

    fn on_call(
        &mut self,
        now: Timestamp,
        caller: Caller,
        id: CallId,
        verb: CallVerb,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let call = self.calls.get_mut(&id).ok_or(Refusal::CallNotFound)?;
        if call.parties().tenant != caller.tenant {
            return Err(Refusal::TenantMismatch);
        }
        if call.parties().app != caller.app && self.options.flaw != Some(Flaw::IgnoresOwner) {
            return Err(Refusal::NotYourCall);
        }
        let before = call.next_deadline().map(|(at, _)| at);
        let operation = self.ids.guid();
        let mut desk =
            Desk { now, grants, operation, options: &self.options, asks: &mut self.asks };
        let reply = call.verb(verb, &mut desk);
        self.after(id, before, effects);
        reply
    }

    /// only the peer-to-peer shape is modelled so far.
    fn create(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        scenario: Option<Guid>,
        mut request: CreateRequest,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        if request.tenant_id.as_deref().is_some_and(|id| id.parse() != Ok(caller.tenant)) {
            return Err(Refusal::TenantMismatch);
        }
        if missing(Need::Initiate, grants).is_some()
            && self.options.flaw != Some(Flaw::CallsWithoutPermission)
        {
            return Err(Refusal::MissingPermission(Need::Initiate));
        }
        let kind = arguments::media_kind(request.media_config.as_ref())?;
        if kind == graph_api::MediaConfigKind::AppHosted {
            if missing(Need::AppHostedMedia, grants).is_some() {
                return Err(Refusal::MissingPermission(Need::AppHostedMedia));
            }
            return Err(Refusal::NotModelled("create with appHostedMediaConfig"));
        }
        let user = arguments::peer_to_peer_target(&request)?;
        arguments::create(&mut request, &self.options)?;
        arguments::source(&request, caller.app)?;
        let parties = self.parties(caller.tenant, user, caller.app)?;
        self.must_have_room(caller)?;
        let on_call = self.directory.user(caller.tenant, user).expect("just looked up").on_call;
        let (id, chain) = (CallId(self.ids.guid()), self.ids.guid());
        let chain = scenario.unwrap_or(chain);
        let birth = Birth { id, chain, now, options: &self.options, asks: &mut self.asks };
        let call = Call::create(birth, parties, request, on_call);
        let view = call.view();
        self.admit(id, call, effects);
        Ok(Accepted::Created(Box::new(view)))
    }

    fn parties(&mut self, tenant: Guid, user: Guid, app: Guid) -> Result<Parties, Refusal> {
        let unknown = || Refusal::InvalidArgument(format!("user '{user}' is not in this tenant."));
        let user_name = self.directory.user(tenant, user).ok_or_else(unknown)?.display_name.clone();
        let application = self.directory.application(tenant, app).ok_or(Refusal::NotRegistered)?;
        Ok(Parties {
            app,
            app_name: application.display_name.as_str().into(),
            user: Person { who: Who::User(user), name: user_name, tenant: Some(tenant) },
            tenant,
            // any of the five permissions opens the envelope.
            caller_visible: Permission::CALLS.iter().any(|one| application.grants.contains(one)),
            my_participant: ParticipantId(self.ids.guid()),
            user_participant: ParticipantId(self.ids.guid()),
        })
    }

    ///
    fn must_have_room(&self, caller: &Caller) -> Result<(), Refusal> {
        let of_app = self.calls_of.get(&(caller.tenant, caller.app)).copied().unwrap_or(0);
        if of_app >= self.options.calls_per_app || self.calls.len() >= CALLS_MAX {
            return Err(Refusal::TooManyCalls);
        }
        Ok(())
    }

    fn act(
        &mut self,
        now: Timestamp,
        act: Act,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        type Deed = fn(&mut Call, Guid, &mut ActDesk<'_>) -> Acted;
        let (id, by, what): (CallId, Guid, Deed) = match act {
            Act::Ring { from, to, tenant, call, .. } => {
                let [Who::Application(to)] = to.as_slice() else {
                    return Err(ActRefusal::NotNow("only one bot can be rung".into()));
                };
                return self.ring(now, from, *to, tenant, call, effects);
            }
            Act::RepeatLastNotification { call } => {
                let message = self.ids.guid();
                let nothing = || ActRefusal::Unknown(format!("delivered notification of {call}"));
                let outcome = self.outbox.repeat_last(call, message).ok_or_else(nothing)?;
                self.carry_out(outcome, effects);
                return Ok(call);
            }
            Act::InCall { call, by, what: UserAct::HangUp } => {
                (call, by, |call, by, desk| call.user_hangs_up(by, desk.asks))
            }
            Act::InCall { call, by, what: UserAct::Answer } => (call, by, |call, by, desk| {
                call.user_answers(by, desk.now, desk.options, desk.asks)
            }),
            Act::InCall { call, by, what: UserAct::Decline } => {
                (call, by, |call, by, desk| call.user_declines(by, desk.asks))
            }
            _ => return Err(ActRefusal::NotNow("this act is not modelled".into())),
        };
        let unknown = || ActRefusal::Unknown(format!("live call {id}"));
        let call = self.calls.get_mut(&id).ok_or_else(unknown)?;
        let before = call.next_deadline().map(|(at, _)| at);
        let mut desk = ActDesk { now, options: &self.options, asks: &mut self.asks };
        let done = what(call, by, &mut desk);
        self.after(id, before, effects);
        done.map(|()| id)
    }

    ///
    fn ring(
        &mut self,
        now: Timestamp,
        from: Guid,
        to: Guid,
        tenant: Guid,
        wanted: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        let unknown =
            |what: &str, id: Guid| ActRefusal::Unknown(format!("{what} {id} in tenant {tenant}"));
        let application =
            self.directory.application(tenant, to).ok_or_else(|| unknown("application", to))?;
        let not_now = |why: &str| ActRefusal::NotNow(why.to_owned());
        if !application.calling_enabled {
            return Err(not_now("calling is not enabled for this application"));
        }
        let callback = application.callback_uri.clone();
        let callback = callback.ok_or_else(|| not_now("the application has no callbackUri"))?;
        let callback: Arc<str> = callback.into();
        let caller = Caller { app: to, tenant, roles: Grants::new() };
        self.must_have_room(&caller).map_err(|refusal| ActRefusal::NotNow(refusal.to_string()))?;
        let parties = self.parties(tenant, from, to).map_err(|_| unknown("user", from))?;
        let (fresh, chain) = (CallId(self.ids.guid()), self.ids.guid());
        let id = wanted.unwrap_or(fresh);
        if self.calls.contains_key(&id) {
            return Err(not_now("this call id is taken"));
        }
        let birth = Birth { id, chain, now, options: &self.options, asks: &mut self.asks };
        let call = Call::ring(birth, parties, callback);
        self.admit(id, call, effects);
        Ok(id)
    }

    fn admit(&mut self, id: CallId, call: Call, effects: &mut Vec<Effect>) {
        *self.calls_of.entry((call.parties().tenant, call.parties().app)).or_default() += 1;
        self.calls.insert(id, call);
        self.after(id, None, effects);
    }

    fn delivered(
        &mut self,
        now: Timestamp,
        id: DeliveryId,
        how: &DeliveryOutcome,
        effects: &mut Vec<Effect>,
    ) {
        let outcome = self.outbox.delivered(now, id, how);
        if let Some(call_id) = outcome.acknowledged
            && let Some(call) = self.calls.get_mut(&call_id)
        {
            let before = call.next_deadline().map(|(at, _)| at);
            call.acknowledged();
            self.after(call_id, before, effects);
        }
        self.carry_out(outcome, effects);
    }

    /// Keeps the index true, and turns what a call asks for into effects.
    fn after(&mut self, id: CallId, before: Option<Timestamp>, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let next = call.next_deadline().map(|(at, _)| at);
        if before != next {
            if let Some(at) = before {
                self.deadlines.remove(&(at, id));
            }
            if let Some(at) = next {
                self.deadlines.insert((at, id));
            }
        }
        let to = call.address();
        for ask in std::mem::take(&mut self.asks) {
            match ask {
                Ask::Note(event) => effects.push(Effect::Happened(event)),
                Ask::Fetch(prompt) => {
                    self.next_fetch += 1;
                    let fetch = FetchId(self.next_fetch);
                    let uri = prompt.uri.clone();
                    if let Some(call) = self.calls.get_mut(&id) {
                        call.fetch_started(fetch, prompt);
                    }
                    self.fetches.insert(fetch, id);
                    effects.push(Effect::Fetch { fetch, call: id, uri });
                }
                Ask::Tell(etag, what) => {
                    let message = self.ids.guid();
                    let notification = Notification { call: id, etag, what };
                    let outcome = self.outbox.push(to.clone(), message, notification);
                    self.carry_out(outcome, effects);
                }
            }
        }
        self.forget_if_over(id);
    }

    /// what has ended answers 404.
    fn forget_if_over(&mut self, id: CallId) {
        let over = self.calls.get(&id).is_some_and(Call::is_over);
        if !over || self.options.flaw == Some(Flaw::RemembersEndedCalls) {
            return;
        }
        if let Some(call) = self.calls.remove(&id) {
            let key = (call.parties().tenant, call.parties().app);
            if let Some(count) = self.calls_of.get_mut(&key) {
                *count -= 1;
            }
            self.outbox.retire(id);
        }
    }

    fn carry_out(&mut self, outcome: Outcome, effects: &mut Vec<Effect>) {
        if let Some((call, delivery)) = outcome.gave_up {
            effects.push(Effect::Happened(Event::GaveUp { call, delivery }));
        }
        effects.extend(outcome.send.map(|delivery| Effect::Deliver(Box::new(delivery))));
    }
}

type Acted = Result<(), ActRefusal>;

/// What an act may use beside the call itself.
struct ActDesk<'a> {
    now: Timestamp,
    options: &'a Options,
    asks: &'a mut Vec<Ask>,
}
