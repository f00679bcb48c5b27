//! Incoming calls: bots that are rung by people, by other bots, into conferences.

use graph_api::{Guid, Modality, Timestamp};

use super::{Platform, conferences::Venue, create::twin};
use crate::{
    call::{Birth, Call, Link, Side},
    conference::Inviter,
    flaw::Flaw,
    input::{Act, ActRefusal, CallId, Caller, ConferenceId, Effect, ParticipantId},
    meetings::MeetingId,
    permissions::Grants,
    refusal::Refusal,
    view::Party,
    who::Who,
};

impl Platform {
    /// `Act::Ring` and its kin.
    pub(super) fn ring(
        &mut self,
        now: Timestamp,
        act: Act,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        match act {
            Act::Ring { from, to, tenant, modalities, call } => {
                self.free(call)?;
                let from = Who::User(from);
                match to.as_slice() {
                    [] => Err(ActRefusal::NotNow("nobody is rung".to_owned())),
                    [Who::User(user)] => {
                        let parties = (from, Who::User(*user));
                        self.ring_person(now, tenant, parties, &modalities, call, effects)
                    }
                    [one] => self.ring_one(now, tenant, &from, one, modalities, call, effects),
                    several => {
                        self.ring_several(now, tenant, &from, several, &modalities, call, effects)
                    }
                }
            }
            Act::RingByPhone { from, to, tenant, call } => {
                self.free(call)?;
                let (from, to) = (Who::Phone(from), Who::ApplicationInstance(to));
                if !self.options.pstn {
                    return Err(ActRefusal::NotNow(Refusal::NoPstn.to_string()));
                }
                self.ring_one(now, tenant, &from, &to, vec![Modality::Audio], call, effects)
            }
            Act::InviteToMeeting { meeting, app, by, call } => {
                self.free(call)?;
                self.invite_to_meeting(now, meeting, app, by, call, effects)
            }
            Act::InMeeting { .. } | Act::InCall { .. } | Act::RepeatLastNotification { .. } => {
                unreachable!("nobody is rung by this act")
            }
        }
    }

    /// An id is given once: what is asked for a call that has ended must not be answered for another.
    fn free(&self, wanted: Option<CallId>) -> Result<(), ActRefusal> {
        let reuses = self.options.flaw == Some(Flaw::ReusesIds);
        let used = |id| self.calls.contains_key(&id) || self.past.has_ended(id) && !reuses;
        if wanted.is_some_and(used) {
            return Err(ActRefusal::NotNow("this call id is taken".to_owned()));
        }
        Ok(())
    }

    /// The bot behind an identity, if it can be rung.
    fn bot(&self, tenant: Guid, who: &Who) -> Result<Guid, ActRefusal> {
        let app = match who {
            Who::Application(app) => *app,
            Who::ApplicationInstance(id) => {
                let unknown = || ActRefusal::Unknown(format!("instance {id} in tenant {tenant}"));
                self.directory.instance(tenant, *id).ok_or_else(unknown)?.app
            }
            Who::User(_) | Who::Guest(_) | Who::Phone(_) => {
                return Err(ActRefusal::NotNow("only bots are rung here".to_owned()));
            }
        };
        let unknown = || ActRefusal::Unknown(format!("application {app} in tenant {tenant}"));
        let application = self.directory.application(tenant, app).ok_or_else(unknown)?;
        let not_now = |why: &str| Err(ActRefusal::NotNow(why.to_owned()));
        if !application.calling_enabled {
            return not_now("calling is not enabled for this application");
        }
        if application.callback_uri.is_none() {
            return not_now("the application has no callbackUri");
        }
        let caller = Caller::application(app, tenant, Grants::new());
        self.must_have_room(&caller).map_err(|full| ActRefusal::NotNow(full.to_string()))?;
        Ok(app)
    }

    fn somebody(&mut self, tenant: Guid, who: &Who) -> Result<Party, ActRefusal> {
        let unknown = || {
            let who =
                if let Who::User(id) = who { format!("user {id}") } else { format!("{who:?}") };
            ActRefusal::Unknown(format!("{who} in tenant {tenant}"))
        };
        let person = self.person(tenant, who).ok_or_else(unknown)?;
        Ok(Party { participant: ParticipantId(self.ids.guid()), person })
    }

    /// A peer-to-peer call to a bot.
    #[expect(clippy::too_many_arguments, reason = "who, whom, where, with what, when")]
    fn ring_one(
        &mut self,
        now: Timestamp,
        tenant: Guid,
        from: &Who,
        to: &Who,
        modalities: Vec<Modality>,
        call: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        let app = self.bot(tenant, to)?;
        let source = self.somebody(tenant, from)?;
        let bot = matches!(to, Who::ApplicationInstance(_)).then(|| self.person(tenant, to));
        let side = Side::Peer(source.clone());
        let birth = self
            .birth((app, tenant), call, bot.flatten(), side, None)
            .map_err(|refusal| ActRefusal::NotNow(refusal.to_string()))?;
        Ok(self.rung(now, birth, source, modalities, |_| {}, effects))
    }

    /// A leg that rings; `dress` adds what the bot is to be told of it.
    pub(super) fn rung(
        &mut self,
        now: Timestamp,
        birth: Birth,
        source: Party,
        modalities: Vec<Modality>,
        dress: impl FnOnce(&mut Call),
        effects: &mut Vec<Effect>,
    ) -> CallId {
        let id = birth.id;
        let mut call = Call::ring(birth, now, &self.options, source);
        call.offer(modalities);
        dress(&mut call);
        call.announce(now, &self.options, &mut self.asks);
        self.admit(now, call, effects);
        id
    }

    /// A user calls several at once: a group call to which all are invited.
    #[expect(clippy::too_many_arguments, reason = "who, whom, where, with what, when")]
    fn ring_several(
        &mut self,
        now: Timestamp,
        tenant: Guid,
        from: &Who,
        to: &[Who],
        modalities: &[Modality],
        call: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        let Who::User(host) = from else { return Err(ActRefusal::NotNow("not a user".into())) };
        let source = self.somebody(tenant, from)?;
        let mut parties = Vec::new();
        for who in to {
            if !matches!(who, Who::User(_) | Who::Phone(_)) {
                self.bot(tenant, who)?;
            }
            parties.push(self.somebody(tenant, who)?);
        }
        self.can_be_seen(tenant, &source, &parties)?;
        let venue = self
            .open_ad_hoc(tenant, None, Some(*host))
            .map_err(|refusal| ActRefusal::NotNow(refusal.to_string()))?;
        let id = venue.conference;
        let recorder = self.caller_enters(now, id, source.clone(), modalities, effects);
        let mut first = None;
        for party in parties {
            let reach = matches!(party.person.who, Who::User(_) | Who::Phone(_));
            if reach || first.is_some() || call.is_none() {
                self.invite_into(now, id, party.clone(), Inviter::Nobody, &source, effects);
                let leg = self.leg_invited_as(id, party.participant);
                first = first.or(leg);
            } else {
                let leg = self.ring_leg(now, id, party, &source, call, effects);
                first = leg;
            }
        }
        self.conference_changed(now, id, effects);
        let legs = self.conferences.get(&id).and_then(|c| c.legs().first().copied());
        let leg = first.or(recorder).or(legs);
        leg.ok_or_else(|| ActRefusal::NotNow("no bot is among those who are rung".to_owned()))
    }

    /// Of a call in which neither a bot nor anybody with a recording policy takes part, no bot sees anything.
    fn can_be_seen(
        &self,
        tenant: Guid,
        source: &Party,
        parties: &[Party],
    ) -> Result<(), ActRefusal> {
        let twice = (1..parties.len())
            .any(|at| parties[..at].iter().any(|one| one.person.who == parties[at].person.who));
        if twice || parties.iter().any(|party| party.person.who == source.person.who) {
            return Err(ActRefusal::NotNow("somebody is rung twice".to_owned()));
        }
        self.can_be_recorded(tenant, source)?;
        let person = |party: &Party| matches!(party.person.who, Who::User(_) | Who::Phone(_));
        let bots = parties.iter().any(|party| !person(party));
        let recorded = |party: &Party| {
            self.recorder_of(tenant, party).is_some() && self.can_be_recorded(tenant, party).is_ok()
        };
        if bots || recorded(source) || parties.iter().any(recorded) {
            return Ok(());
        }
        Err(ActRefusal::NotNow("no bot is among those who are rung".to_owned()))
    }

    /// Rings a bot into a conference under a call id that a test wants.
    fn ring_leg(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        party: Party,
        source: &Party,
        call: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        let tenant = self.conferences.get(&id)?.tenant();
        let app = self.bot(tenant, &party.person.who).ok()?;
        let leg = self.ring_into_as(now, id, (app, tenant), &party, source, call, effects)?;
        self.expect_bot(now, id, party, leg, Inviter::Nobody);
        Some(leg)
    }

    /// The leg of a bot that is invited under this roster id.
    pub(super) fn leg_invited_as(
        &self,
        id: ConferenceId,
        participant: ParticipantId,
    ) -> Option<CallId> {
        let legs = self.conferences.get(&id)?.legs();
        let link = Some(Link::Invitation(participant));
        let is_it = |leg: &&CallId| self.calls.get(leg).is_some_and(|call| call.link == link);
        legs.iter().find(is_it).copied()
    }

    /// an invitation to a conference carries chat and meeting.
    pub(super) fn ring_into(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        bot: (Guid, Guid),
        party: &Party,
        source: &Party,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        self.ring_into_as(now, id, bot, party, source, None, effects)
    }

    #[expect(clippy::too_many_arguments, reason = "who, whom, where, with what, when")]
    fn ring_into_as(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        (app, tenant): (Guid, Guid),
        party: &Party,
        source: &Party,
        call: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        if !self.has_room(tenant, app) {
            return None;
        }
        let conference = self.conferences.get(&id)?;
        let (chain, coordinates) = (conference.chain(), conference.coordinates().clone());
        let side = Side::Conference { id, escalated: false };
        let instance = matches!(party.person.who, Who::ApplicationInstance(_));
        let bot = instance.then(|| party.person.clone());
        let mut birth = self.birth((app, tenant), call, bot, side, Some(coordinates)).ok()?;
        birth.chain = chain;
        birth.my_participant = party.participant;
        let leg = birth.id;
        self.join_legs(id, leg);
        let link = Some(Link::Invitation(party.participant));
        let offered = vec![Modality::Audio];
        self.rung(now, birth, source.clone(), offered, |call| call.link = link, effects);
        Some(leg)
    }

    /// `POST /meetings/{id}/invite`.
    fn invite_to_meeting(
        &mut self,
        now: Timestamp,
        meeting: MeetingId,
        app: Guid,
        by: Option<Guid>,
        call: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        let unknown = || ActRefusal::Unknown(format!("meeting {}", meeting.0));
        let found = self.meetings.get(meeting).ok_or_else(unknown)?;
        let (tenant, organizer) = (found.tenant, found.organizer);
        self.bot(tenant, &Who::Application(app))?;
        let source = self.somebody(tenant, &Who::User(by.unwrap_or(organizer)))?;
        let party = self.somebody(tenant, &Who::Application(app))?;
        let Venue { conference, .. } = self.conference_for(meeting)?;
        let full = || ActRefusal::NotNow("the application has too many calls".to_owned());
        let bot = (app, tenant);
        let leg = self.ring_into_as(now, conference, bot, &party, &source, call, effects);
        let Some(leg) = leg else {
            self.forget_if_empty(conference);
            return Err(full());
        };
        self.expect_bot(now, conference, party, leg, Inviter::Nobody);
        Ok(leg)
    }

    /// A bot calls a bot: the other one's leg (the two ends of one call, R-088).
    #[expect(clippy::too_many_arguments, reason = "who, whom, where, with what, when")]
    pub(super) fn ring_twin(
        &mut self,
        now: Timestamp,
        caller: CallId,
        (app, tenant): (Guid, Guid),
        source: Party,
        chain: Guid,
        modalities: Vec<Modality>,
        effects: &mut Vec<Effect>,
    ) {
        let room = self.has_room(tenant, app);
        let side = Side::Peer(source.clone());
        let birth = self.birth((app, tenant), None, None, side, None);
        let (true, Ok(mut birth)) = (room, birth) else {
            self.with_call(now, caller, effects, |call, (_, asks)| {
                let _ = call.peer_declines(asks);
            });
            return;
        };
        birth.chain = chain;
        if let Some(party) = self.calls.get(&caller).and_then(Call::peer) {
            birth.my_participant = party.participant;
        }
        let leg = birth.id;
        self.rung(now, birth, source, modalities, |call| call.link = twin(caller), effects);
        if let Some(call) = self.calls.get_mut(&caller) {
            call.link = twin(leg);
        }
    }

    /// The bot of a leg has answered: whoever waited for that goes on.
    pub(super) fn leg_answered(&mut self, now: Timestamp, leg: CallId, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.get(&leg) else { return };
        match call.link {
            Some(Link::Twin(other)) => {
                self.with_call(now, other, effects, |call, (options, asks)| {
                    let _ = call.peer_answers(now, options, asks);
                });
            }
            Some(Link::Hunt(hunt)) => self.hunt_is_won(now, hunt, leg, effects),
            Some(Link::Records(_)) => {
                let Some(id) = call.conference() else { return };
                self.recorder_answered(now, id, leg, effects);
            }
            Some(Link::Invitation(_) | Link::Seeks(_)) | None => {}
        }
    }

    /// One of two bots has ended their call; so has the other.
    pub(super) fn twin_ended(
        &mut self,
        now: Timestamp,
        over: &Call,
        other: CallId,
        effects: &mut Vec<Effect>,
    ) {
        let view = over.view();
        self.with_call(now, other, effects, |call, (_, asks)| {
            if call.peer_hangs_up(asks).is_err() {
                let result = view.result.unwrap_or_else(crate::call::declined);
                call.end(result, asks);
            }
        });
    }
}
