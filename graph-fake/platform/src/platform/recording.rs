//! Recording policies: a user who has one is in a call only with a recorder (R-292 to R-294, notifications.md
//! 3.14).

use std::sync::Arc;

use graph_api::{Guid, Modality, Timestamp};

use super::Platform;
use crate::{
    call::{Call, Link, Side, diagnosed},
    conference::{Entrant, Invitation, Inviter, Outcome, Ring},
    input::{ActRefusal, CallId, ConferenceId, Effect, JoinAnswer, ParticipantId},
    notification::What,
    view::{Observation, Party, StreamKind},
    who::Who,
};

impl Platform {
    /// A user calls a user. Bots see something of it only if one of the two is recorded.
    pub(super) fn ring_person(
        &mut self,
        now: Timestamp,
        tenant: Guid,
        (from, to): (Who, Who),
        modalities: &[Modality],
        wanted: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, ActRefusal> {
        let mut parties = self.parties(tenant, &[from, to])?.into_iter();
        let (Some(caller), Some(callee)) = (parties.next(), parties.next()) else {
            unreachable!("there are two");
        };
        if self.recorder_of(tenant, &caller).or(self.recorder_of(tenant, &callee)).is_none() {
            let text = "no bot sees a call between these two: neither is recorded";
            return Err(ActRefusal::NotNow(text.to_owned()));
        }
        self.can_be_recorded(tenant, &caller)?;
        self.can_be_recorded(tenant, &callee)?;
        let host = if let Who::User(id) = caller.person.who { Some(id) } else { None };
        let venue = self
            .open_ad_hoc(tenant, None, host)
            .map_err(|refusal| ActRefusal::NotNow(refusal.to_string()))?;
        let at = venue.conference;
        let first = self.recorder_of(tenant, &caller).is_some();
        let legs = [
            self.ring_recorder_as(now, at, &caller, Some(&callee), wanted, effects),
            self.ring_recorder_as(
                now,
                at,
                &callee,
                Some(&caller),
                wanted.filter(|_| !first),
                effects,
            ),
        ];
        match legs[0] {
            Some(leg) => self.waits_for(now, at, caller.clone(), leg, true),
            None => self.person_enters(now, at, caller.clone(), modalities, effects),
        }
        let reacts = match self.reach(tenant, &callee.person.who) {
            Some(super::lookup::Reach::Person(on_call)) => on_call.reacts_at(now),
            _ => None,
        };
        let give_up_at = now + self.options.ring;
        self.with_conference(at, |conference| {
            conference.invite(Invitation {
                participant: callee.participant,
                person: callee.person,
                inviter: Inviter::Nobody,
                ring: Ring::Person(reacts),
                give_up_at,
                replaces: None,
                hidden: false,
                recorder: legs[1],
                answered: false,
            });
            conference.set_of_two();
        });
        self.conference_changed(now, at, effects);
        let refused = || ActRefusal::NotNow("the recorder cannot be rung".to_owned());
        legs[0].or(legs[1]).ok_or_else(refused)
    }

    /// The bot that must record somebody.
    pub(super) fn recorder_of(&self, tenant: Guid, party: &Party) -> Option<Guid> {
        let Who::User(user) = party.person.who else { return None };
        self.directory.user(tenant, user)?.recorded_by
    }

    /// Whoever has a policy comes with a recorder or not at all; one without has no need of any.
    pub(super) fn can_be_recorded(&self, tenant: Guid, party: &Party) -> Result<(), ActRefusal> {
        let Some(app) = self.recorder_of(tenant, party) else { return Ok(()) };
        if self.callable(tenant, app).is_none() || !self.has_room(tenant, app) {
            return Err(ActRefusal::NotNow("the recorder cannot be rung".to_owned()));
        }
        Ok(())
    }

    /// Somebody who begins a group call is in it at once, or as soon as their recorder has answered.
    pub(super) fn caller_enters(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        party: Party,
        modalities: &[Modality],
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        let recorder = self.ring_recorder(now, at, &party, effects);
        match recorder {
            Some(leg) => self.waits_for(now, at, party, leg, true),
            None => self.person_enters(now, at, party, modalities, effects),
        }
        recorder
    }

    /// Rings the recorder of somebody who is on the way, if there must be one.
    pub(super) fn ring_recorder(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        party: &Party,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        self.ring_recorder_as(now, at, party, None, None, effects)
    }

    fn ring_recorder_as(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        party: &Party,
        other: Option<&Party>,
        wanted: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        let (tenant, chain) = {
            let conference = self.conferences.get(&at)?;
            (conference.tenant(), conference.chain())
        };
        let app = self.recorder_of(tenant, party)?;
        let (_, webhook) = self.callable(tenant, app)?;
        self.ring_recorder_at(now, at, (app, tenant, chain), party, other, wanted, webhook, effects)
    }

    #[expect(clippy::too_many_arguments, reason = "who records whom, where")]
    fn ring_recorder_at(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        (app, tenant, chain): (Guid, Guid, Guid),
        party: &Party,
        other: Option<&Party>,
        wanted: Option<CallId>,
        webhook: Arc<str>,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        let Who::User(user) = party.person.who else { return None };
        if !self.has_room(tenant, app) {
            return None;
        }
        let side = Side::Conference { id: at, escalated: false };
        let coordinates = self.token_for(at)?;
        let mut birth = self.birth((app, tenant), wanted, None, side, Some(coordinates)).ok()?;
        birth.chain = chain;
        birth.callback_uri = webhook;
        let leg = birth.id;
        let observation = Arc::new(Observation {
            observed: party.participant,
            user,
            other: other.cloned(),
            policy: Guid::from_u128(app.as_u128() ^ user.as_u128()),
        });
        let (link, source) = (Some(Link::Records(party.participant)), party.clone());
        self.join_legs(at, leg);
        let dress = |call: &mut Call| {
            call.link = link;
            call.observation = Some(observation);
        };
        self.rung(now, birth, source, vec![Modality::Audio], dress, effects);
        Some(leg)
    }

    /// Somebody is in as soon as the recorder has answered.
    fn waits_for(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        party: Party,
        recorder: CallId,
        answered: bool,
    ) {
        let give_up_at = now + self.options.ring;
        self.with_conference(at, |conference| {
            conference.invite(Invitation {
                participant: party.participant,
                person: party.person,
                inviter: Inviter::Nobody,
                ring: Ring::Person(None),
                give_up_at,
                replaces: None,
                hidden: false,
                recorder: Some(recorder),
                answered,
            });
        });
    }

    /// A user joins a meeting by themselves; a recorded one waits for the recorder.
    pub(super) fn user_joins(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        user: Guid,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let tenant = self.conferences.get(&at).map(|c| c.tenant()).unwrap_or_default();
        let party = self.parties(tenant, &[Who::User(user)])?.remove(0);
        let room = self.conferences.get(&at).is_some_and(|conference| conference.has_room(1));
        if !room {
            return Err(ActRefusal::NotNow("the conference is full".to_owned()));
        }
        if self.recorder_of(tenant, &party).is_none() {
            self.person_enters(now, at, party, &[Modality::Audio, Modality::Video], effects);
            return Ok(());
        }
        if let Some(leg) = self.shares_recorder(at, tenant, &party) {
            return self.asks_recorder(now, at, leg, party, effects);
        }
        self.can_be_recorded(tenant, &party)?;
        if let Some(leg) = self.ring_recorder(now, at, &party, effects) {
            self.waits_for(now, at, party, leg, true);
        }
        Ok(())
    }

    /// A leg of the same recorder that has room for another user.
    fn shares_recorder(&self, at: ConferenceId, tenant: Guid, party: &Party) -> Option<CallId> {
        let app = self.recorder_of(tenant, party)?;
        let legs = self.conferences.get(&at)?.legs();
        let has_room = |call: &Call| {
            call.birth().app == app && call.is_established() && call.capacity_left > 0
        };
        legs.iter().copied().find(|leg| self.calls.get(leg).is_some_and(has_room))
    }

    fn asks_recorder(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        leg: CallId,
        party: Party,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ActRefusal> {
        let Some(call) = self.calls.get(&leg) else { return Ok(()) };
        let mut view = self.view_of(call);
        if let Who::User(user) = party.person.who {
            view.observation = Some(Arc::new(Observation {
                observed: party.participant,
                user,
                other: None,
                policy: Guid::from_u128(view.app.as_u128() ^ user.as_u128()),
            }));
        }
        view.source = party.clone();
        self.waits_for(now, at, party, leg, true);
        self.with_call(now, leg, effects, |call, (_, asks)| {
            call.capacity_left -= 1;
            call.tell(What::ParticipantJoining(Box::new(view)), asks);
        });
        Ok(())
    }

    /// A participantJoiningNotification was answered, or was not in time.
    pub(super) fn joining_answered(
        &mut self,
        now: Timestamp,
        leg: CallId,
        participant: ParticipantId,
        answer: Option<JoinAnswer>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(at) = self.calls.get(&leg).and_then(Call::conference) else { return };
        let waits = self.conferences.get(&at).is_some_and(|c| c.waits_for(participant, leg));
        if !waits {
            return;
        }
        match answer {
            Some(JoinAnswer::Accept) => {
                let outcome =
                    self.with_conference(at, |c| c.recorder_takes(participant, leg)).flatten();
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.also_records.push(participant);
                }
                if let Some(outcome) = outcome {
                    self.invitation_ends(now, at, outcome, effects);
                }
                return;
            }
            Some(JoinAnswer::InviteNewBot(uri)) => {
                self.invites_new_bot(now, at, leg, participant, &uri, effects);
            }
            Some(JoinAnswer::Reject) => self.not_recorded(now, at, participant, 8538, effects),
            Some(JoinAnswer::Unreadable) => self.not_recorded(now, at, participant, 8609, effects),
            None => self.not_recorded(now, at, participant, 8610, effects),
        }
        // The place that was kept for them is free again.
        if let Some(call) = self.calls.get_mut(&leg) {
            call.capacity_left += 1;
        }
    }

    /// The service sends an ordinary incoming call to that URI (notifications.md 3.14).
    fn invites_new_bot(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        old: CallId,
        participant: ParticipantId,
        uri: &str,
        effects: &mut Vec<Effect>,
    ) {
        let Some(call) = self.calls.get(&old) else { return };
        let (app, tenant, chain) = (call.birth().app, call.birth().tenant, call.birth().chain);
        let uri = crate::arguments::callback(Some(uri.to_owned()), &self.options);
        let Ok(Some(uri)) = uri else {
            self.not_recorded(now, at, participant, 8609, effects);
            return;
        };
        let withdrawn = self.with_conference(at, |c| c.withdraw(participant)).flatten();
        let Some(invitation) = withdrawn else { return };
        let party = Party { participant, person: invitation.person };
        let bot = (app, tenant, chain);
        let leg = self.ring_recorder_at(now, at, bot, &party, None, None, uri.into(), effects);
        match leg {
            Some(leg) => self.waits_for(now, at, party, leg, true),
            None => self.conference_changed(now, at, effects),
        }
    }

    pub(super) fn not_recorded(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        participant: ParticipantId,
        subcode: i32,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut invitation) = self.with_conference(at, |c| c.withdraw(participant)).flatten()
        else {
            return;
        };
        invitation.recorder = None;
        let why = diagnosed("The recorder did not take the participant", 400, subcode);
        self.invitation_ends(now, at, Outcome::Fails(invitation, why), effects);
    }

    /// A recorder left: whom it recorded may not stay, whoever waits for it may not come.
    pub(super) fn recorder_is_gone(
        &mut self,
        now: Timestamp,
        call: &Call,
        at: ConferenceId,
        effects: &mut Vec<Effect>,
    ) {
        while let Some(waits) =
            self.conferences.get(&at).and_then(|c| c.waits_for_recorder(call.id()))
        {
            self.not_recorded(now, at, waits, 8586, effects);
        }
        for participant in self.recorded_by_leg(call) {
            self.person_leaves(now, at, participant, "Removed", effects);
        }
    }

    fn recorded_by_leg(&self, call: &Call) -> Vec<ParticipantId> {
        let first = match call.link {
            Some(Link::Records(participant)) => Some(participant),
            _ => None,
        };
        first.into_iter().chain(call.also_records.iter().copied()).collect()
    }

    /// Somebody who was recorded left: their recorder has nothing left to do, or is told that one is gone.
    pub(super) fn recorded_is_gone(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        who: ParticipantId,
        effects: &mut Vec<Effect>,
    ) {
        let legs = self.conferences.get(&at).map(|c| c.legs().to_vec()).unwrap_or_default();
        for leg in legs {
            let Some(call) = self.calls.get(&leg) else { continue };
            let recorded = self.recorded_by_leg(call);
            if !recorded.contains(&who) {
                continue;
            }
            let others: Vec<_> = recorded.into_iter().filter(|other| *other != who).collect();
            let left = diagnosed("The observed participant left", 200, 5010);
            self.with_call(now, leg, effects, |call, (_, asks)| match others.split_first() {
                Some((first, rest)) => {
                    call.link = Some(Link::Records(*first));
                    call.also_records = rest.to_vec();
                    call.tell(What::ParticipantLeft(who), asks);
                }
                None => call.end(left, asks),
            });
        }
    }

    /// Somebody who is not a bot is in a conference from now on.
    pub(super) fn person_enters(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        party: Party,
        modalities: &[Modality],
        effects: &mut Vec<Effect>,
    ) {
        let until = now + self.options.lobby;
        let organizer = self.organizer_of(at);
        let role = if organizer.is_some_and(|id| party.person.who == Who::User(id)) {
            "organizer"
        } else {
            "presenter"
        };
        let mut kinds: Vec<StreamKind> = modalities.iter().filter_map(StreamKind::of).collect();
        for kind in [StreamKind::Audio, StreamKind::Video, StreamKind::ScreenSharing] {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let participant = party.participant;
        let entrant = Entrant {
            id: participant,
            person: party.person,
            endpoint: self.ids.guid(),
            role,
            in_lobby: false,
            hidden: false,
            kinds,
        };
        self.with_conference(at, |conference| conference.enter(entrant, until));
        self.note_entry(at, "joined", Some(participant), effects);
    }

    fn organizer_of(&self, at: ConferenceId) -> Option<Guid> {
        let meeting = self.conferences.get(&at)?.meeting()?;
        self.meetings.get(meeting).map(|meeting| meeting.organizer)
    }
}
