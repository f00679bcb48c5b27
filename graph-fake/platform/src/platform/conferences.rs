//! Conferences: where they come from, who is told of them, and when they are over.

use std::sync::Arc;

use graph_api::{Call as CreateRequest, Guid, ResultInfo, Timestamp};

use super::{CONFERENCES_MAX, Owner, PLACES_MAX, Place, Platform};
use crate::{
    arguments,
    call::{Call, Link, Side, diagnosed},
    conference::{Conference, Entrant, Outcome},
    flaw::Flaw,
    input::{ActRefusal, CallId, ConferenceId, Effect, Event, ParticipantId},
    meetings::{MeetingId, Schedule},
    notification::What,
    refusal::Refusal,
    view::{Chat, Coordinates, Meeting, StreamKind},
    who::Who,
};

/// Where a bot joins.
pub(super) struct Venue {
    /// The conference, running.
    pub conference: ConferenceId,
    /// Its chain.
    pub chain: Guid,
    /// The meeting, if it is one.
    pub meeting: Option<MeetingId>,
    /// Chat and meeting.
    pub coordinates: Arc<Coordinates>,
}

impl Platform {
    /// A new ad-hoc conference. `host`: a person who called it together; then it has a chat, else none
    ///
    pub(super) fn open_ad_hoc(
        &mut self,
        tenant: Guid,
        scenario: Option<Guid>,
        host: Option<Guid>,
    ) -> Result<Venue, Refusal> {
        let seed = self.ids.guid();
        let coordinates = Arc::new(match host {
            Some(user) => Coordinates {
                chat: Some(Chat {
                    thread: format!("19:{:032x}@thread.v2", seed.as_u128()),
                    message: "0".to_owned(),
                    reply_chain: None,
                }),
                meeting: Meeting::Organizer { user, tenant, allow_without_host: None },
            },
            None => Coordinates { chat: None, meeting: Meeting::Token(token(seed)) },
        });
        self.open(tenant, scenario, None, coordinates)
    }

    fn open(
        &mut self,
        tenant: Guid,
        scenario: Option<Guid>,
        meeting: Option<MeetingId>,
        coordinates: Arc<Coordinates>,
    ) -> Result<Venue, Refusal> {
        if self.conferences.len() >= CONFERENCES_MAX {
            return Err(Refusal::TooManyCalls);
        }
        let (id, chain) = (ConferenceId(self.ids.guid()), self.ids.guid());
        let chain = scenario.unwrap_or(chain);
        let conference =
            Conference::new(id, chain, tenant, meeting, coordinates.clone(), self.options.flaw);
        self.conferences.insert(id, conference);
        if let Some(meeting) = meeting {
            self.conference_of.insert(meeting, id);
        }
        let place =
            Place { tenant, conference: Some(id), meeting, coordinates: coordinates.clone() };
        for key in keys(&coordinates) {
            self.keep_place(key, place.clone());
        }
        Ok(Venue { conference: id, chain, meeting, coordinates })
    }

    /// The conference that a join request names, opened if it does not run.
    pub(super) fn find_venue(
        &mut self,
        tenant: Guid,
        request: &CreateRequest,
        scenario: Option<Guid>,
    ) -> Result<Venue, Refusal> {
        let found = match arguments::join(request)? {
            arguments::Join::Token(token) => {
                self.places.get(&token).cloned().ok_or(Refusal::BadJoinToken)?
            }
            arguments::Join::MeetingId { id, passcode } => {
                let meeting = self.meetings.by_join_meeting_id(&id, passcode.as_deref())?;
                place_of(meeting)
            }
            arguments::Join::Organizer { thread, message, user } => {
                match self.meetings.by_thread(tenant, &thread, &message, user) {
                    Ok(meeting) => place_of(meeting),
                    Err(refusal) => {
                        let place = self.places.get(&thread);
                        place.filter(|place| place.is_of(&message, user)).cloned().ok_or(refusal)?
                    }
                }
            }
        };
        if found.tenant != tenant {
            return Err(Refusal::TenantMismatch);
        }
        self.running(&found, scenario)
    }

    fn running(&mut self, place: &Place, scenario: Option<Guid>) -> Result<Venue, Refusal> {
        let of_meeting = place.meeting.and_then(|id| self.conference_of.get(&id).copied());
        let id = of_meeting.or(place.conference).filter(|id| self.conferences.contains_key(id));
        match id.and_then(|id| Some((id, self.conferences.get(&id)?))) {
            Some((conference, running)) => Ok(Venue {
                conference,
                chain: running.chain(),
                meeting: running.meeting(),
                coordinates: place.coordinates.clone(),
            }),
            None => self.open(place.tenant, scenario, place.meeting, place.coordinates.clone()),
        }
    }

    /// What a recorder is told of where it is: a token that it can join by again (endpoints.md 1.5).
    pub(super) fn token_for(&mut self, at: ConferenceId) -> Option<Arc<Coordinates>> {
        let conference = self.conferences.get(&at)?;
        let place = Place {
            tenant: conference.tenant(),
            conference: Some(at),
            meeting: conference.meeting(),
            coordinates: conference.coordinates().clone(),
        };
        let token = token(at.0);
        self.keep_place(token.clone(), place);
        Some(Arc::new(Coordinates { chat: None, meeting: Meeting::Token(token) }))
    }

    fn keep_place(&mut self, key: String, place: Place) {
        if self.places.insert(key.clone(), place).is_none() {
            self.places_by_age.push_back(key);
        }
        while self.places_by_age.len() > PLACES_MAX {
            if let Some(oldest) = self.places_by_age.pop_front() {
                self.places.remove(&oldest);
            }
        }
    }

    /// The conference of a meeting, opened if it does not run.
    pub(super) fn conference_for(&mut self, meeting: MeetingId) -> Result<Venue, ActRefusal> {
        let unknown = || ActRefusal::Unknown(format!("meeting {}", meeting.0));
        let place = place_of(self.meetings.get(meeting).ok_or_else(unknown)?);
        self.running(&place, None).map_err(|refusal| ActRefusal::NotNow(refusal.to_string()))
    }

    /// A test arranges a meeting, with people in it from now on.
    pub(super) fn schedule(
        &mut self,
        now: Timestamp,
        wanted: &Schedule,
        effects: &mut Vec<Effect>,
    ) -> Result<MeetingId, ActRefusal> {
        for user in wanted.participants.iter().chain([&wanted.organizer]) {
            if self.directory.user(wanted.tenant, *user).is_none() {
                let what = format!("user {user} in tenant {}", wanted.tenant);
                return Err(ActRefusal::Unknown(what));
            }
        }
        if wanted.id.is_some_and(|id| self.meetings.get(id).is_some()) {
            return Err(ActRefusal::NotNow("this meeting id is taken".to_owned()));
        }
        let id = self.meetings.schedule(now, &mut self.ids, wanted);
        if !wanted.participants.is_empty() {
            let venue = self.conference_for(id)?;
            for user in &wanted.participants {
                self.user_joins(now, venue.conference, *user, effects)?;
            }
            self.conference_changed(now, venue.conference, effects);
        }
        Ok(id)
    }

    /// Does something to a conference and keeps its deadline indexed. Nothing where it is not there.
    pub(super) fn with_conference<T>(
        &mut self,
        id: ConferenceId,
        deed: impl FnOnce(&mut Conference) -> T,
    ) -> Option<T> {
        let conference = self.conferences.get_mut(&id)?;
        let before = conference.next_deadline();
        let done = deed(conference);
        let next = conference.next_deadline();
        self.reindex(Owner::Conference(id), before, next);
        Some(done)
    }

    /// A bot's leg belongs to a conference from now on.
    pub(super) fn join_legs(&mut self, conference: ConferenceId, leg: CallId) {
        self.with_conference(conference, |conference| conference.add_leg(leg));
    }

    /// Tells everybody what changed, and ends the conference where nobody is left.
    pub(super) fn conference_changed(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        effects: &mut Vec<Effect>,
    ) {
        let Some(change) = self.with_conference(id, Conference::take_change) else { return };
        if let Some(change) = change {
            let legs = self.conferences.get(&id).map(|c| c.legs().to_vec()).unwrap_or_default();
            for leg in legs {
                self.tell_roster(
                    now,
                    leg,
                    |conference, call| {
                        let delta = call.call_options.is_delta_roster_enabled == Some(true);
                        let first = call.roster_sequence == 0 || call.wants_whole_roster;
                        let sequence = call.roster_sequence + 1;
                        change.told_to(call.me(), conference, delta, first, sequence)
                    },
                    effects,
                );
            }
        }
        self.end_if_deserted(now, id, effects);
    }

    fn tell_roster(
        &mut self,
        now: Timestamp,
        leg: CallId,
        look: impl FnOnce(&Conference, &Call) -> Option<crate::notification::Roster>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(call) = self.calls.get(&leg) else { return };
        let silent = call.is_escalated() && self.options.flaw != Some(Flaw::RosterAfterEscalation);
        let Some(conference) = call.conference().and_then(|id| self.conferences.get(&id)) else {
            return;
        };
        let there = conference.participant(call.me()).is_some();
        if silent || !there || !call.hears_roster() {
            return;
        }
        let Some(roster) = look(conference, call) else { return };
        self.with_call(now, leg, effects, |call, (options, asks)| {
            call.roster_sequence += 1 + u64::from(options.flaw == Some(Flaw::SkipsNumbers));
            call.wants_whole_roster = false;
            call.tell(What::Roster(roster), asks);
        });
    }

    /// with the last person the bots' legs are gone too; errors.md 3: 5010, or 5013 when nobody came.
    fn end_if_deserted(&mut self, now: Timestamp, id: ConferenceId, effects: &mut Vec<Effect>) {
        let Some(conference) = self.conferences.get(&id) else { return };
        let result = if conference.is_deserted() || conference.is_half_a_call() {
            diagnosed("Only one participant remained", 200, 5010)
        } else if conference.nobody_came() && conference.people() == 0 {
            diagnosed("Nobody else joined", 200, 5013)
        } else {
            return;
        };
        self.end_conference(now, id, &result, effects);
    }

    /// Ends all legs, and forgets the conference.
    pub(super) fn end_conference(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        result: &ResultInfo,
        effects: &mut Vec<Effect>,
    ) {
        let Some(conference) = self.conferences.remove(&id) else { return };
        self.reindex(Owner::Conference(id), conference.next_deadline(), None);
        if let Some(meeting) = conference.meeting() {
            self.conference_of.remove(&meeting);
        }
        for leg in conference.legs() {
            self.with_call(now, *leg, effects, |call, (_, asks)| call.end(result.clone(), asks));
        }
        // Invitations that a bot redirected are for nothing now.
        for origin in conference.awaited_legs() {
            self.call_off(now, origin, effects);
        }
    }

    /// Something in a conference is due: somebody reacts, is given up, or has waited too long.
    pub(super) fn conference_is_due(
        &mut self,
        due: Timestamp,
        id: ConferenceId,
        effects: &mut Vec<Effect>,
    ) {
        let waited = self.with_conference(id, |conference| conference.due_in_lobby(due)).flatten();
        if let Some(participant) = waited {
            self.turned_away(due, id, participant, effects);
            self.conference_changed(due, id, effects);
            return;
        }
        let outcome = self.with_conference(id, |conference| conference.due_invitation(due));
        match outcome.flatten() {
            Some(outcome) => self.invitation_ends(due, id, outcome, effects),
            None => unreachable!("the index says that something is due in this conference"),
        }
    }

    /// 5855. Guests of a test's own have no leg; they just go.
    pub(super) fn turned_away(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        participant: ParticipantId,
        effects: &mut Vec<Effect>,
    ) {
        let result = diagnosed("Removed from the lobby after inactivity", 200, 5855);
        match self.leg_of(id, participant) {
            Some(leg) => {
                self.with_call(now, leg, effects, |call, (_, asks)| call.end(result, asks));
            }
            None => {
                self.with_conference(id, |conference| conference.leave(participant, "Removed"));
            }
        }
    }

    /// The leg whose bot has this roster id.
    pub(super) fn leg_of(&self, id: ConferenceId, participant: ParticipantId) -> Option<CallId> {
        let legs = self.conferences.get(&id)?.legs();
        let is_it = |leg: &&CallId| self.calls.get(leg).is_some_and(|c| c.me() == participant);
        legs.iter().find(is_it).copied()
    }

    /// A leg is set up: its bot is in the conference now.
    pub(super) fn leg_is_ready(&mut self, now: Timestamp, leg: CallId, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.get(&leg) else { return };
        let Side::Conference { id, escalated: false } = call.birth().side else { return };
        let birth = call.birth();
        let lobby = self.waits_in_lobby(id, &birth.bot.who);
        let invited = match call.link {
            Some(Link::Invitation(participant)) => Some(participant),
            _ => None,
        };
        let entrant = Entrant {
            id: call.me(),
            person: birth.bot.clone(),
            endpoint: birth.id.0,
            role: "presenter",
            in_lobby: lobby,
            hidden: call.observation.is_some(),
            kinds: call.modalities().iter().filter_map(StreamKind::of).collect(),
        };
        let until = now + self.options.lobby;
        let outcome = self.with_conference(id, |conference| {
            let invitation = invited.and_then(|participant| conference.withdraw(participant));
            let hidden = entrant.hidden || invitation.as_ref().is_some_and(|i| i.hidden);
            conference.enter(Entrant { hidden, ..entrant }, until);
            invitation
        });
        if let Some(invitation) = outcome.flatten() {
            self.invitee_is_in(now, id, &invitation, effects);
        }
        let me = self.calls[&leg].me();
        if lobby && self.options.flaw != Some(Flaw::ActsFromLobby) {
            self.with_call(now, leg, effects, |call, _| call.in_lobby = true);
        }
        self.note_entry(id, "joined", Some(me), effects);
        self.is_heard_from_now_on(now, id, leg, effects);
        self.conference_changed(now, id, effects);
    }

    fn waits_in_lobby(&self, id: ConferenceId, who: &Who) -> bool {
        let meeting = self.conferences.get(&id).and_then(Conference::meeting);
        let lobby = meeting.and_then(|id| self.meetings.get(id)).is_some_and(|m| m.lobby);
        lobby && matches!(who, Who::Guest(_))
    }

    /// A leg is over: its bot leaves, and whoever depended on it is told.
    pub(super) fn leg_ended(&mut self, now: Timestamp, call: &Call, effects: &mut Vec<Effect>) {
        if let Side::Conference { id, .. } = call.birth().side {
            let me = call.me();
            self.with_conference(id, |conference| {
                conference.drop_leg(call.id());
                conference.leave(me, "Left");
            });
            if let Some(Link::Records(_)) = call.link {
                self.recorder_is_gone(now, call, id, effects);
            }
            if let Some(Link::Invitation(participant)) = call.link
                && let Some(invitation) =
                    self.with_conference(id, |c| c.withdraw(participant)).flatten()
            {
                let why = call.view().result.unwrap_or_else(crate::call::declined);
                self.invitation_ends(now, id, Outcome::Fails(invitation, why), effects);
            }
            self.note_entry(id, "left", Some(me), effects);
            self.conference_changed(now, id, effects);
            self.forget_if_empty(id);
        }
        match call.link {
            Some(Link::Twin(other)) => self.twin_ended(now, call, other, effects),
            Some(Link::Hunt(hunt)) => self.hunted_leg_ended(now, hunt, call, effects),
            Some(Link::Seeks(hunt)) => self.hunt_is_abandoned(now, hunt, effects),
            Some(Link::Invitation(_) | Link::Records(_)) | None => {}
        }
        // What the call had asked for still goes on, but nobody is told any more.
        if let Some(id) = call.conference() {
            self.with_conference(id, |conference| conference.orphan(call.id()));
        }
    }

    /// A conference that nobody is in and nobody is on the way to needs no keeping.
    pub(super) fn forget_if_empty(&mut self, id: ConferenceId) {
        let empty = self.conferences.get(&id).is_some_and(|c| {
            c.legs().is_empty() && c.everybody().is_empty() && c.invitations().is_empty()
        });
        if empty && let Some(conference) = self.conferences.remove(&id) {
            self.reindex(Owner::Conference(id), conference.next_deadline(), None);
            if let Some(meeting) = conference.meeting() {
                self.conference_of.remove(&meeting);
            }
        }
    }

    pub(super) fn note_entry(
        &self,
        conference: ConferenceId,
        what: &'static str,
        participant: Option<ParticipantId>,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Happened(Event::Conference { conference, what, participant }));
    }
}

impl StreamKind {
    /// The stream that a modality needs.
    pub(super) fn of(modality: &graph_api::Modality) -> Option<Self> {
        match modality {
            graph_api::Modality::Audio => Some(Self::Audio),
            graph_api::Modality::Video => Some(Self::Video),
            graph_api::Modality::VideoBasedScreenSharing => Some(Self::ScreenSharing),
            graph_api::Modality::Data => Some(Self::Data),
            graph_api::Modality::Unknown(_) => None,
        }
    }
}

/// What names a place: its thread and its token.
fn keys(coordinates: &Coordinates) -> Vec<String> {
    let thread = coordinates.chat.as_ref().map(|chat| chat.thread.clone());
    let token = match &coordinates.meeting {
        Meeting::Token(token) => Some(token.clone()),
        Meeting::Organizer { .. } | Meeting::JoinMeetingId { .. } => None,
    };
    thread.into_iter().chain(token).collect()
}

/// An opaque token; it opens one conference and says nothing.
pub(super) fn token(seed: Guid) -> String {
    format!("rehearsal-{:032x}", seed.as_u128())
}

impl Place {
    /// Whether it is an ad-hoc call's, with this message in `chatInfo` and this organizer.
    fn is_of(&self, message: &str, organizer: Guid) -> bool {
        let chat = self.coordinates.chat.as_ref().is_some_and(|chat| chat.message == message);
        let by = matches!(&self.coordinates.meeting, Meeting::Organizer { user, .. } if *user == organizer);
        self.meeting.is_none() && chat && by
    }
}

fn place_of(meeting: &crate::meetings::Meeting) -> Place {
    let chat = Chat {
        thread: meeting.thread.clone(),
        message: meeting.message.clone(),
        reply_chain: None,
    };
    let organizer = Meeting::Organizer {
        user: meeting.organizer,
        tenant: meeting.tenant,
        allow_without_host: None,
    };
    Place {
        tenant: meeting.tenant,
        conference: None,
        meeting: Some(meeting.id),
        coordinates: Arc::new(Coordinates { chat: Some(chat), meeting: organizer }),
    }
}
