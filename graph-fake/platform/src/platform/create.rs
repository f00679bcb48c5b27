//! Calls that bots make: to one, to several, into a meeting.

use std::sync::Arc;

use graph_api::{Call as CreateRequest, Guid, Timestamp};

use super::{Platform, conferences::Venue, lookup::Reach};
use crate::{
    arguments,
    call::{Call, Link, Side, need_of},
    conference::{Invitation, Inviter, Ring},
    directory::OnCall,
    flaw::Flaw,
    input::{Accepted, CallId, Caller, Effect, ParticipantId},
    permissions::{Grants, Need, missing},
    refusal::Refusal,
    view::{Meeting, Party},
    who::{Person, Who},
};

/// What kind of call a request asks for (endpoints.md 1).
enum Shape {
    /// To one.
    Peer(Who),
    /// To several.
    Group(Vec<Who>),
    /// Into a meeting, even with one target.
    Join,
}

impl Shape {
    fn calls_phone(&self) -> bool {
        let phone = |who: &Who| matches!(who, Who::Phone(_));
        match self {
            Self::Peer(who) => phone(who),
            Self::Group(targets) => targets.iter().any(phone),
            Self::Join => false,
        }
    }

    /// endpoints.md 1: joins and telephones.
    fn needs_tenant(&self) -> bool {
        matches!(self, Self::Join) || self.calls_phone()
    }
}

/// Everything that is known once a request has been judged.
struct Judged<'a> {
    caller: &'a Caller,
    scenario: Option<Guid>,
    request: CreateRequest,
    bot: Option<Person>,
    as_guest: bool,
}

impl Platform {
    /// Creates a call. Order of checks: kind of call, tenant, permission, arguments.
    pub(super) fn create(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        scenario: Option<Guid>,
        mut request: CreateRequest,
        grants: &Grants,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let shape = shape(&request)?;
        let stated = request.tenant_id.as_deref();
        let absent = stated.is_none() && shape.needs_tenant();
        if absent || stated.is_some_and(|id| id.parse() != Ok(caller.tenant)) {
            return Err(Refusal::TenantMismatch);
        }
        let as_guest = self.may_create(caller, &shape, &request, grants)?;
        let bot = self.source(caller, &request, &shape)?;
        arguments::create(&mut request, &self.options)?;
        arguments::routing_policies(&request, matches!(shape, Shape::Peer(_)))?;
        self.must_have_room(caller)?;
        let judged = Judged { caller, scenario, request, bot, as_guest };
        match shape {
            Shape::Peer(who) => self.create_peer(now, judged, &who, effects),
            Shape::Group(targets) => self.create_group(now, judged, &targets, effects),
            Shape::Join => self.create_join(now, judged, effects),
        }
    }

    /// and consent in one chat. Whether the bot joins as a guest.
    fn may_create(
        &self,
        caller: &Caller,
        shape: &Shape,
        request: &CreateRequest,
        grants: &Grants,
    ) -> Result<bool, Refusal> {
        let guest = request.source.as_ref().is_some_and(|source| source.identity.guest.is_some());
        let chat = arguments::thread(request).and_then(|thread| {
            self.directory.application(caller.tenant, caller.app)?.chats.get(thread)
        });
        let chat = chat.copied().unwrap_or_default();
        let need = match shape {
            Shape::Peer(_) => Need::Initiate,
            Shape::Group(_) => Need::InitiateGroupCall,
            Shape::Join if guest => Need::JoinAsGuest,
            Shape::Join => Need::Join,
        };
        let by_chat = chat.join && matches!(shape, Shape::Join);
        let flaw = if need == Need::Initiate {
            Flaw::CallsWithoutPermission
        } else {
            Flaw::JoinsWithoutPermission
        };
        let flawed = self.options.flaw == Some(flaw);
        if missing(need, grants).is_some() && !by_chat && !flawed {
            return Err(Refusal::MissingPermission(need));
        }
        let media = need_of(arguments::media_kind(request.media_config.as_ref())?);
        if missing(media, grants).is_some() && !chat.media {
            return Err(Refusal::MissingPermission(media));
        }
        let member = by_chat || grants.contains(&crate::permissions::Permission::JoinGroupCall);
        Ok(guest || !member)
    }

    /// errors.md 7507: a stated source must be the token's own application, one of its resource
    /// accounts, or a guest who joins a meeting. The bot as others will see it.
    fn source(
        &self,
        caller: &Caller,
        request: &CreateRequest,
        shape: &Shape,
    ) -> Result<Option<Person>, Refusal> {
        let calls_phone = shape.calls_phone();
        if calls_phone && !self.options.pstn {
            return Err(Refusal::NoPstn);
        }
        let source = request.source.as_ref().map(|source| Who::read(&source.identity));
        let instance = match source {
            None => None,
            Some(Err(bad)) => {
                return Err(Refusal::InvalidArgument(format!("'source.identity' {bad}.")));
            }
            Some(Ok(Who::Application(app))) if app == caller.app => None,
            Some(Ok(Who::Application(_))) => return Err(Refusal::NotYourCall),
            Some(Ok(Who::Guest(id))) if matches!(shape, Shape::Join) => {
                let guest = request.source.as_ref().and_then(|s| s.identity.guest.as_ref());
                let name = guest.and_then(|guest| guest.display_name.clone());
                let name = name.unwrap_or_else(|| "Guest".to_owned());
                return Ok(Some(Person { who: Who::Guest(id), name, tenant: None }));
            }
            Some(Ok(Who::ApplicationInstance(id))) => Some(id),
            Some(Ok(Who::Guest(_) | Who::User(_) | Who::Phone(_))) => {
                let text = "'source' must be the application itself or one of its instances.";
                return Err(Refusal::InvalidArgument(text.to_owned()));
            }
        };
        let entry = instance.map(|id| self.directory.instance(caller.tenant, id));
        let own = entry.flatten().filter(|entry| entry.app == caller.app);
        if instance.is_some() && own.is_none() {
            return Err(Refusal::NotYourCall);
        }
        if calls_phone && own.is_none_or(|entry| entry.number.is_none()) {
            let text = "a telephone can be called only by an application instance with a number.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        Ok(instance.and_then(|id| self.person(caller.tenant, &Who::ApplicationInstance(id))))
    }

    fn create_peer(
        &mut self,
        now: Timestamp,
        judged: Judged<'_>,
        who: &Who,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let Judged { caller, scenario, request, bot, .. } = judged;
        let person = self.target(caller.tenant, who)?;
        let reach = self.reach(caller.tenant, who);
        let party = Party { participant: ParticipantId(self.ids.guid()), person };
        let side = Side::Peer(party.clone());
        let mut birth = self.birth((caller.app, caller.tenant), None, bot, side, None)?;
        birth.chain = scenario.unwrap_or(birth.chain);
        birth.callback_uri = request.callback_uri.as_deref().unwrap_or_default().into();
        let on_call = match &reach {
            Some(Reach::Person(on_call)) => *on_call,
            Some(Reach::Bot(_)) => OnCall::Ignore,
            None => OnCall::Offline,
        };
        let id = birth.id;
        let source = Party { participant: birth.my_participant, person: birth.bot.clone() };
        let chain = birth.chain;
        let modalities = request.requested_modalities.clone().unwrap_or_default();
        let asks = &mut self.asks;
        let call =
            Call::create(birth, now, &self.options, request, vec![party], Some(on_call), asks);
        let view = call.view();
        self.admit(now, call, effects);
        if let Some(Reach::Bot(app)) = reach {
            self.ring_twin(now, id, (app, caller.tenant), source, chain, modalities, effects);
        }
        Ok(Accepted::Created(Box::new(view)))
    }

    /// an ad-hoc meeting without a chat, in which everybody is rung.
    fn create_group(
        &mut self,
        now: Timestamp,
        judged: Judged<'_>,
        targets: &[Who],
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let Judged { caller, scenario, request, bot, .. } = judged;
        let persons: Vec<Person> =
            targets.iter().map(|who| self.target(caller.tenant, who)).collect::<Result<_, _>>()?;
        let venue = self.open_ad_hoc(caller.tenant, scenario, None)?;
        let side = Side::Conference { id: venue.conference, escalated: false };
        let mut birth = self.birth((caller.app, caller.tenant), None, bot, side, None)?;
        birth.chain = venue.chain;
        birth.callback_uri = request.callback_uri.as_deref().unwrap_or_default().into();
        let source = Party { participant: birth.my_participant, person: birth.bot.clone() };
        let parties: Vec<Party> = persons
            .into_iter()
            .map(|person| Party { participant: ParticipantId(self.ids.guid()), person })
            .collect();
        let id = birth.id;
        let options = &self.options;
        let call =
            Call::create(birth, now, options, request, parties.clone(), None, &mut self.asks);
        let view = call.view();
        self.join_legs(venue.conference, id);
        self.admit(now, call, effects);
        for party in parties {
            self.invite_into(now, venue.conference, party, Inviter::Nobody, &source, effects);
        }
        self.conference_changed(now, venue.conference, effects);
        Ok(Accepted::Created(Box::new(view)))
    }

    /// however often the same bot joins, each leg is a participant of its own.
    fn create_join(
        &mut self,
        now: Timestamp,
        judged: Judged<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let Judged { caller, scenario, request, bot, as_guest } = judged;
        let venue = self.find_venue(caller.tenant, &request, scenario)?;
        let refuses = self.directory.tenant(caller.tenant).is_some_and(|t| t.refuses_guests);
        let room = self.conferences.get(&venue.conference).is_some_and(|c| c.has_room(1));
        if as_guest && refuses || !room {
            self.forget_if_empty(venue.conference);
            return Err(if room { Refusal::JoinBlocked } else { Refusal::ConferenceFull });
        }
        let bot = if as_guest && bot.is_none() {
            let name = self.person(caller.tenant, &Who::Application(caller.app)).map(|p| p.name);
            let who = Who::Guest(caller.app);
            Some(Person { who, name: name.unwrap_or_default(), tenant: None })
        } else {
            bot
        };
        let side = Side::Conference { id: venue.conference, escalated: false };
        let coordinates = Some(venue.as_joined(&request));
        let mut birth = self.birth((caller.app, caller.tenant), None, bot, side, coordinates)?;
        birth.chain = venue.chain;
        birth.callback_uri = request.callback_uri.as_deref().unwrap_or_default().into();
        let id = birth.id;
        let asks = &mut self.asks;
        let call = Call::create(birth, now, &self.options, request, Vec::new(), None, asks);
        let view = crate::view::CallView { meeting: venue.meeting, ..call.view() };
        self.join_legs(venue.conference, id);
        self.admit(now, call, effects);
        Ok(Accepted::Created(Box::new(view)))
    }

    /// Somebody who is to be called; must exist in the tenant.
    pub(super) fn target(&self, tenant: Guid, who: &Who) -> Result<Person, Refusal> {
        let unknown = || {
            let (kind, id) = match who {
                Who::User(id) => ("user", id.to_string()),
                Who::Application(id) => ("application", id.to_string()),
                Who::ApplicationInstance(id) => ("applicationInstance", id.to_string()),
                Who::Guest(id) => ("guest", id.to_string()),
                Who::Phone(number) => ("phone", number.clone()),
            };
            Refusal::InvalidArgument(format!("{kind} '{id}' is not in this tenant."))
        };
        self.person(tenant, who).ok_or_else(unknown)
    }

    /// A new call lives from now on.
    pub(super) fn admit(&mut self, now: Timestamp, call: Call, effects: &mut Vec<Effect>) {
        let id = call.id();
        self.past.count((call.birth().tenant, call.birth().app));
        self.calls.insert(id, call);
        self.after(now, id, effects);
    }

    /// Rings somebody who is to come into a conference.
    pub(super) fn invite_into(
        &mut self,
        now: Timestamp,
        conference: crate::input::ConferenceId,
        party: Party,
        inviter: Inviter,
        source: &Party,
        effects: &mut Vec<Effect>,
    ) {
        let tenant = match self.conferences.get(&conference) {
            Some(conference) => conference.tenant(),
            None => return,
        };
        let give_up_at = now + self.options.ring;
        let (ring, recorder) = match self.reach(tenant, &party.person.who) {
            Some(Reach::Bot(app)) => {
                let leg = self.ring_into(now, conference, (app, tenant), &party, source, effects);
                match leg {
                    Some(leg) => (Ring::Bot(leg), None),
                    None => (Ring::Person(OnCall::Offline.reacts_at(now)), None),
                }
            }
            Some(Reach::Person(on_call)) => {
                // Whose recorder cannot be rung is not rung either.
                let alone = self.can_be_recorded(tenant, &party).is_err();
                let on_call = if alone { OnCall::Offline } else { on_call };
                let recorder = self.ring_recorder(now, conference, &party, effects);
                (Ring::Person(on_call.reacts_at(now)), recorder.filter(|_| !alone))
            }
            None => (Ring::Person(OnCall::Offline.reacts_at(now)), None),
        };
        let Party { participant, person } = party;
        self.with_conference(conference, |conference| {
            conference.invite(Invitation {
                participant,
                person,
                inviter,
                ring,
                give_up_at,
                replaces: None,
                hidden: false,
                recorder,
                answered: false,
            });
        });
    }
}

/// what kind of call.
fn shape(request: &CreateRequest) -> Result<Shape, Refusal> {
    if request.meeting_info.is_some() || request.chat_info.is_some() {
        return Ok(Shape::Join);
    }
    let targets = arguments::targets(request.targets.as_deref().unwrap_or_default(), "targets")?;
    let voip = targets.iter().filter(|who| !matches!(who, Who::Phone(_))).count();
    let twice = (1..targets.len()).any(|at| targets[..at].contains(&targets[at]));
    match targets.as_slice() {
        _ if twice => {
            let text = "'targets' names somebody twice.";
            Err(Refusal::InvalidArgument(text.to_owned()))
        }
        [] => {
            let text = "a call needs 'targets' or 'meetingInfo'.";
            Err(Refusal::InvalidArgument(text.to_owned()))
        }
        [_] => Ok(Shape::Peer(targets.into_iter().next().expect("there is one"))),
        _ if voip > 5 || targets.len() > 5 => {
            Err(Refusal::InvalidArgument("'targets' takes at most 5 entries.".to_owned()))
        }
        _ => Ok(Shape::Group(targets)),
    }
}

impl Venue {
    /// What the bot's own messages say of where it is: what it sent, completed.
    fn as_joined(&self, request: &CreateRequest) -> Arc<crate::view::Coordinates> {
        let mut coordinates = (*self.coordinates).clone();
        let info = request.meeting_info.as_ref();
        let said = |key: &str| info.and_then(|info| info.get(key));
        match &mut coordinates.meeting {
            // repeated, and nobody waits for the host.
            Meeting::Organizer { allow_without_host, .. } => {
                *allow_without_host =
                    said("allowConversationWithoutHost").and_then(serde_json::Value::as_bool);
            }
            Meeting::Token(_) | Meeting::JoinMeetingId { .. } => {}
        }
        if let Some(id) = said("joinMeetingId").and_then(serde_json::Value::as_str) {
            let passcode = said("passcode").and_then(serde_json::Value::as_str);
            let passcode = passcode.map(str::to_owned);
            coordinates.meeting = Meeting::JoinMeetingId { id: id.to_owned(), passcode };
        } else if let Some(token) = said("token").and_then(serde_json::Value::as_str) {
            coordinates.meeting = Meeting::Token(token.to_owned());
        }
        if let (Some(chat), Some(sent)) = (&mut coordinates.chat, &request.chat_info) {
            let reply = sent.get("replyChainMessageId").and_then(serde_json::Value::as_str);
            chat.reply_chain = reply.map(str::to_owned);
        }
        Arc::new(coordinates)
    }
}

/// Links one leg to another.
pub(super) fn twin(leg: CallId) -> Option<Link> {
    Some(Link::Twin(leg))
}
