//! Peer-to-peer calls that become multiparty.

use graph_api::{ResultInfo, Timestamp};

use super::Platform;
use crate::{
    call::{Call, Link, Side},
    conference::{Entrant, Inviter},
    explanation::{Explanation, Predicate},
    flaw::Flaw,
    input::{ActRefusal, CallId, ConferenceId, Effect, Event, ParticipantId},
    permissions::{Grants, Need, Permission, missing},
    refusal::Refusal,
    view::{Party, StreamKind},
    who::Who,
};

impl Platform {
    /// A conference is provisioned and the media of the call moves there. Same call id, same callback
    /// URI; no roster from now on.
    pub(super) fn escalate(
        &mut self,
        now: Timestamp,
        id: CallId,
        effects: &mut Vec<Effect>,
    ) -> Result<ConferenceId, Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        let birth = call.birth();
        let (tenant, chain) = (birth.tenant, birth.chain);
        let hidden = call.hides_after_escalation();
        let bot = Party { participant: birth.my_participant, person: birth.bot.clone() };
        let Some(peer) = call.peer().cloned() else { return Err(Refusal::NotGroupCall) };
        let peer_is_muted = call.peer_is_muted;
        let (other, shows) = (self.twin_of(call), call.peer_shows);
        let other_hides = |leg: CallId| self.calls[&leg].hides_after_escalation();
        let peer_hidden = other.is_some_and(other_hides);
        let kinds: Vec<StreamKind> = call.modalities().iter().filter_map(StreamKind::of).collect();
        let venue = self.open_ad_hoc(tenant, Some(chain), None)?;
        let conference = venue.conference;
        let until = now + self.options.lobby;
        let (of_peer, of_bot) = (self.ids.guid(), self.ids.guid());
        self.with_conference(conference, |conference| {
            let entrant = |party: Party, endpoint, hidden| Entrant {
                id: party.participant,
                person: party.person,
                endpoint,
                role: "presenter",
                in_lobby: false,
                hidden,
                kinds: kinds.clone(),
            };
            let shower = peer.participant;
            conference.enter(entrant(peer, of_peer, peer_hidden), until);
            if shows.video {
                conference.send(shower, StreamKind::Video, true);
            }
            if shows.sharing {
                conference.share(shower, true);
            }
            conference.enter(entrant(bot, of_bot, hidden), until);
            if peer_is_muted {
                conference.client_mute(shower, true);
            }
        });
        self.note_entry(conference, "escalated", None, effects);
        for leg in [Some(id), other].into_iter().flatten() {
            let coordinates = venue.coordinates.clone();
            self.join_legs(conference, leg);
            self.with_call(now, leg, effects, |call, (options, asks)| {
                call.link = call.link.filter(|_| other.is_none());
                call.escalate(now, conference, coordinates, options, asks);
            });
            self.is_heard_from_now_on(now, conference, leg, effects);
        }
        // for the other bot it is somebody else who escalates.
        if let Some(leg) = other {
            self.drop_if_it_may_not_stay(now, leg, effects);
        }
        Ok(conference)
    }

    /// The leg of the other bot, where two bots talk: it moves too.
    pub(super) fn twin_of(&self, call: &Call) -> Option<CallId> {
        let left_behind = self.options.flaw == Some(Flaw::LeavesTwinBehind);
        match call.link {
            Some(Link::Twin(leg)) if self.calls.contains_key(&leg) && !left_behind => Some(leg),
            _ => None,
        }
    }

    fn drop_if_it_may_not_stay(&mut self, now: Timestamp, id: CallId, effects: &mut Vec<Effect>) {
        let Some(birth) = self.calls.get(&id).map(Call::birth) else { return };
        let (app, tenant) = (birth.app, birth.tenant);
        let Some(failed) = self.may_not_stay(app, tenant) else { return };
        let explanation = Explanation { app, tenant, failed };
        effects.push(Effect::Happened(Event::Dropped { call: id, explanation }));
        let text = "Insufficient enterprise tenant permissions, cannot access this API.";
        self.with_call(now, id, effects, |call, (_, asks)| {
            call.end(ResultInfo::new(403, 7504, text), asks);
        });
    }

    /// Somebody else brings people into a peer-to-peer call: the bot stays only if it may join group calls
    ///
    pub(super) fn escalated_by_peer(
        &mut self,
        now: Timestamp,
        id: CallId,
        whom: &[Who],
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let not_now = |refusal: Refusal| ActRefusal::NotNow(refusal.to_string());
        let call = self.calls.get(&id).ok_or_else(|| not_now(Refusal::CallNotFound))?;
        call.must_be_established().map_err(not_now)?;
        if call.transfer().is_some() {
            return Err(not_now(Refusal::TransferUnderWay));
        }
        let tenant = call.birth().tenant;
        let source = call.peer().cloned();
        let bot = call.birth().bot.who.clone();
        let there =
            |who: &Who| *who == bot || source.as_ref().is_some_and(|p| p.person.who == *who);
        if (0..whom.len()).any(|at| there(&whom[at]) || whom[..at].contains(&whom[at])) {
            let text = "somebody is in the call, or invited, already";
            return Err(ActRefusal::NotNow(text.to_owned()));
        }
        let parties = self.parties(tenant, whom)?;
        let conference = self.escalate(now, id, effects).map_err(not_now)?;
        let source = source.unwrap_or_else(|| self.bot_party(id));
        self.drop_if_it_may_not_stay(now, id, effects);
        for party in parties {
            self.invite_into(now, conference, party, Inviter::Nobody, &source, effects);
        }
        self.conference_changed(now, conference, effects);
        Ok(())
    }

    /// What the administrator granted counts: no token is at hand when somebody else acts.
    fn may_not_stay(&self, app: graph_api::Guid, tenant: graph_api::Guid) -> Option<Predicate> {
        let grants: Grants = self
            .directory
            .application(tenant, app)
            .map(|application| application.grants)
            .unwrap_or_default();
        let lax = self.options.flaw == Some(Flaw::GuestsSurvive);
        let guest = (self.options.guest_survives_escalation || lax)
            && grants.contains(&Permission::JoinGroupCallAsGuest);
        let lacks = missing(Need::SurviveEscalation, &grants).is_some();
        let survives = guest || self.options.flaw == Some(Flaw::SurvivesEscalation);
        (lacks && !survives)
            .then(|| Predicate::IsGranted(Need::SurviveEscalation.any_of().to_vec()))
    }

    /// Those whom an act names.
    pub(super) fn parties(
        &mut self,
        tenant: graph_api::Guid,
        whom: &[Who],
    ) -> Result<Vec<Party>, ActRefusal> {
        if whom.is_empty() {
            return Err(ActRefusal::NotNow("nobody is invited".to_owned()));
        }
        let mut parties = Vec::new();
        for who in whom {
            let unknown = || ActRefusal::Unknown(format!("{who:?} in tenant {tenant}"));
            let person = self.person(tenant, who).ok_or_else(unknown)?;
            parties.push(Party { participant: ParticipantId(self.ids.guid()), person });
        }
        Ok(parties)
    }

    /// The conference that an in-call verb needs (8548), of a call that is established (8501).
    pub(super) fn group(&self, id: CallId) -> Result<ConferenceId, Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        call.must_be_established()?;
        Self::is_group(call)
    }

    pub(super) fn is_group(call: &Call) -> Result<ConferenceId, Refusal> {
        match &call.birth().side {
            Side::Conference { id, .. } => Ok(*id),
            Side::Peer(_) => Err(Refusal::NotGroupCall),
        }
    }
}
