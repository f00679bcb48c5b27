//! Rosters, content sharing and audio routing groups as a bot reads and changes them (R-190 to,
//!

use std::sync::Arc;

use graph_api::{AudioRoutingGroup, Guid, Timestamp};

use super::Platform;
use crate::{
    arguments,
    call::{Call, diagnosed},
    conference::Conference,
    flaw::Flaw,
    input::{Accepted, CallId, CallVerb, ConferenceId, Effect, ParticipantId},
    refusal::Refusal,
    view::{ParticipantView, Party},
};

/// Audio routing groups of one call.
const GROUPS_MAX: usize = 100;

impl Platform {
    /// nobody in peer-to-peer and escalated calls.
    pub(super) fn list_participants(&self, id: CallId) -> Result<Accepted, Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        let shown = match self.conference_seen_by(call) {
            Some(conference) => conference.visible(Some(call.me())),
            None => Vec::new(),
        };
        Ok(Accepted::Participants(id, shown))
    }

    /// The conference whose roster a call may see.
    fn conference_seen_by(&self, call: &Call) -> Option<&Conference> {
        if call.is_escalated() && self.options.flaw != Some(Flaw::RosterAfterEscalation) {
            return None;
        }
        let conference = self.conferences.get(&call.conference()?)?;
        conference.participant(call.me()).map(|_| conference)
    }

    /// R-200; the two ends of a peer-to-peer call are found by their ids too (clients.md 16).
    pub(super) fn get_participant(
        &self,
        id: CallId,
        who: ParticipantId,
    ) -> Result<Accepted, Refusal> {
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        let found = match self.conference_seen_by(call) {
            Some(conference) if conference.sees(call.me(), who) => {
                conference.participant(who).cloned()
            }
            Some(_) => None,
            None => {
                let ends = [Some(self.bot_party(id)), call.peer().cloned()];
                ends.into_iter().flatten().find(|p| p.participant == who).map(lone)
            }
        };
        found.map(|found| Accepted::Participant(id, found)).ok_or(Refusal::ParticipantNotFound)
    }

    ///
    pub(super) fn remove_participant(
        &mut self,
        now: Timestamp,
        id: CallId,
        who: ParticipantId,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let at = self.group(id)?;
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        let (me, birth) = (call.me(), call.birth());
        let application = self.directory.application(birth.tenant, birth.app);
        let allowed = application.is_some_and(|app| app.may_remove_participants);
        if !allowed && self.options.flaw != Some(Flaw::RemovesWithoutAllowance) {
            return Err(Refusal::NotAllowedToRemove);
        }
        if who == me {
            let text = "a bot leaves by deleting its call.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        let escalated = call.is_escalated();
        let sees = self.conferences.get(&at).is_some_and(|c| c.sees(me, who));
        if sees && !escalated {
            self.remove_from(now, at, who, effects);
            return Ok(Accepted::Gone);
        }
        let inside = !call.in_lobby;
        if inside && self.cancel_invitation(now, at, who, effects) {
            return Ok(Accepted::Gone);
        }
        Err(Refusal::ParticipantNotFound)
    }

    /// Somebody is removed from a conference; a bot's leg ends with 5300.
    pub(super) fn remove_from(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        who: ParticipantId,
        effects: &mut Vec<Effect>,
    ) {
        if self.options.silent_removal {
            self.with_conference(at, Conference::hush);
        }
        match self.leg_of(at, who) {
            Some(leg) => {
                self.with_call(now, leg, effects, |call, (_, asks)| call.removed(asks));
            }
            None => {
                self.person_leaves(now, at, who, "Removed", effects);
            }
        }
        self.conference_changed(now, at, effects);
        self.forget_if_empty(at);
    }

    /// Somebody who is not a bot is gone; so is the recorder that was there for them.
    pub(super) fn person_leaves(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        who: ParticipantId,
        reason: &'static str,
        effects: &mut Vec<Effect>,
    ) {
        if self.conferences.get(&at).and_then(|c| c.on_hold()).is_some_and(|h| h.who == who) {
            self.resumes(now, at, effects);
        }
        let gone = self.with_conference(at, |conference| {
            let sharings = conference.end_sharings(who);
            conference.leave(who, reason).then_some(sharings)
        });
        let Some(sharings) = gone.flatten() else { return };
        self.note_entry(at, "left", Some(who), effects);
        if !sharings.is_empty() {
            self.tell_sharing(now, at, graph_api::ChangeType::Deleted, &sharings, effects);
        }
        self.recorded_is_gone(now, at, who, effects);
    }

    /// the sessions of a conference.
    pub(super) fn list_content_sharing(&self, id: CallId) -> Result<Accepted, Refusal> {
        let at = self.group(id)?;
        // from the lobby nothing of the meeting is seen.
        let seen = self.conferences.get(&at).filter(|_| !self.calls[&id].in_lobby);
        let sessions = seen.map(|c| c.sharings().map(str::to_owned).collect());
        Ok(Accepted::ContentSharings(id, sessions.unwrap_or_default()))
    }

    pub(super) fn get_content_sharing(
        &self,
        id: CallId,
        session: &str,
    ) -> Result<Accepted, Refusal> {
        let at = self.group(id)?;
        let seen = self.conferences.get(&at).filter(|_| !self.calls[&id].in_lobby);
        let found = seen.is_some_and(|c| c.sharings().any(|one| one == session));
        if !found {
            return Err(Refusal::ItemNotFound("Content sharing session"));
        }
        Ok(Accepted::ContentSharing(id, session.to_owned()))
    }

    ///
    #[expect(clippy::wildcard_enum_match_arm, reason = "the platform sends other verbs elsewhere")]
    pub(super) fn routing_groups(
        &mut self,
        id: CallId,
        verb: CallVerb,
    ) -> Result<Accepted, Refusal> {
        let at = self.group(id)?;
        match verb {
            CallVerb::CreateRoutingGroup(wanted) => {
                let key = arguments::routing_group(&wanted, true)?;
                self.must_be_there(id, at, &wanted)?;
                let call = self.calls.get_mut(&id).ok_or(Refusal::CallNotFound)?;
                if call.routing_groups.contains_key(&key) {
                    let text = format!("There is an audio routing group '{key}' already.");
                    return Err(Refusal::Conflict(text));
                }
                if call.routing_groups.len() >= GROUPS_MAX {
                    return Err(Refusal::TooManyOperations);
                }
                call.routing_groups.insert(key, wanted.clone());
                Ok(Accepted::RoutingGroup(id, Box::new(wanted)))
            }
            CallVerb::UpdateRoutingGroup(key, change) => {
                let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
                let old = call.routing_groups.get(&key).cloned();
                let old = old.ok_or(Refusal::ItemNotFound("Audio routing group"))?;
                let wanted = AudioRoutingGroup {
                    routing_mode: change.routing_mode.or(old.routing_mode),
                    sources: change.sources.or(old.sources),
                    receivers: change.receivers.or(old.receivers),
                    ..old
                };
                arguments::routing_group(&wanted, true)?;
                self.must_be_there(id, at, &wanted)?;
                if let Some(call) = self.calls.get_mut(&id) {
                    call.routing_groups.insert(key, wanted.clone());
                }
                Ok(Accepted::RoutingGroup(id, Box::new(wanted)))
            }
            other => self.read_or_delete_group(id, other),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the platform sends other verbs elsewhere")]
    fn read_or_delete_group(&mut self, id: CallId, verb: CallVerb) -> Result<Accepted, Refusal> {
        let call = self.calls.get_mut(&id).ok_or(Refusal::CallNotFound)?;
        let missing = Refusal::ItemNotFound("Audio routing group");
        match verb {
            CallVerb::ListRoutingGroups => {
                Ok(Accepted::RoutingGroups(id, call.routing_groups.values().cloned().collect()))
            }
            CallVerb::GetRoutingGroup(key) => {
                let found = call.routing_groups.get(&key).cloned().ok_or(missing)?;
                Ok(Accepted::RoutingGroup(id, Box::new(found)))
            }
            CallVerb::DeleteRoutingGroup(key) => {
                call.routing_groups.remove(&key).ok_or(missing)?;
                Ok(Accepted::Gone)
            }
            _ => unreachable!("other verbs are answered elsewhere"),
        }
    }

    fn must_be_there(
        &self,
        id: CallId,
        at: ConferenceId,
        group: &AudioRoutingGroup,
    ) -> Result<(), Refusal> {
        let me = self.calls.get(&id).map(Call::me).ok_or(Refusal::CallNotFound)?;
        let conference = self.conferences.get(&at).ok_or(Refusal::CallNotFound)?;
        let ends = [&group.sources, &group.receivers];
        for one in ends.into_iter().flatten().flatten() {
            let who = one.parse::<Guid>().ok().map(ParticipantId);
            if !who.is_some_and(|who| conference.sees(me, who)) {
                return Err(Refusal::ParticipantNotFound);
            }
        }
        Ok(())
    }

    /// Lets people in from the lobby: from now on they see the whole roster.
    pub(super) fn admit_from_lobby(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        whom: &[ParticipantId],
        effects: &mut Vec<Effect>,
    ) {
        for who in whom {
            self.with_conference(at, |conference| conference.admit(*who));
            self.note_entry(at, "admitted", Some(*who), effects);
            // A delta roster starts anew with everybody.
            if let Some(leg) = self.leg_of(at, *who) {
                self.with_call(now, leg, effects, |call, _| {
                    call.wants_whole_roster = true;
                    call.in_lobby = false;
                });
                self.sounds_as_it_may(now, at, *who, effects);
            }
        }
    }

    /// Why a whole conference ends: everybody hears the same.
    pub(super) fn end_meeting(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        effects: &mut Vec<Effect>,
    ) {
        let result = diagnosed("The conversation has ended", 200, 5001);
        self.end_conference(now, at, &result, effects);
    }
}

/// An end of a peer-to-peer call as a roster entry.
fn lone(party: Party) -> Arc<ParticipantView> {
    Arc::new(ParticipantView {
        id: party.participant,
        person: party.person,
        application_type: None,
        in_lobby: false,
        muted: false,
        streams: Vec::new(),
        metadata: None,
        recording: None,
        endpoint: party.participant.0,
        role: "presenter",
        removed: None,
        hidden: false,
    })
}
