//! What whoever picks up a redirected call gets, where it is not a person's call of two: the call
//! of a bot, a place in a conference, somebody to record.

use graph_api::Timestamp;

use super::{Platform, create::twin, redirect::Winner};
use crate::{
    call::{Link, diagnosed},
    conference::{Invitation, Outcome, Ring},
    input::{CallId, ConferenceId, Effect, ParticipantId},
    view::Party,
    who::Who,
};

impl Platform {
    /// A bot that called is with whoever picked up; or hears that nobody did.
    pub(super) fn caller_found(
        &mut self,
        now: Timestamp,
        caller: CallId,
        winner: Winner,
        effects: &mut Vec<Effect>,
    ) {
        let Some(tenant) = self.calls.get(&caller).map(|call| call.birth().tenant) else { return };
        let (link, party) = match winner {
            Winner::Bot(leg) => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.link = twin(caller);
                }
                let there = self.calls.contains_key(&leg);
                (twin(leg), there.then(|| self.bot_party(leg)))
            }
            Winner::Person(who) => (None, self.party_of(tenant, &who)),
            Winner::Nobody => (None, None),
        };
        self.with_call(now, caller, effects, |call, (options, asks)| {
            call.link = link;
            match party {
                Some(party) => {
                    call.meets(party);
                    let _ = call.peer_answers(now, options, asks);
                }
                None => call.end(diagnosed("The call was not answered", 487, 10_004), asks),
            }
        });
    }

    /// Whoever picked up comes into the conference in the place of the bot that was invited.
    pub(super) fn seat_taken(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        seat: ParticipantId,
        winner: Winner,
        effects: &mut Vec<Effect>,
    ) {
        let withdrawn = self.with_conference(at, |c| c.withdraw(seat)).flatten();
        let (Some(invitation), Some(tenant)) =
            (withdrawn, self.conferences.get(&at).map(|c| c.tenant()))
        else {
            return;
        };
        let give_up_at = now + self.options.ring;
        let unanswered = diagnosed("The call was not answered", 487, 10_004);
        match winner {
            Winner::Nobody => {
                self.invitation_ends(now, at, Outcome::Fails(invitation, unanswered), effects);
            }
            Winner::Bot(leg) => {
                let Party { participant, person } = self.bot_party(leg);
                let ring = Ring::Bot(leg);
                let invitation = Invitation { participant, person, ring, give_up_at, ..invitation };
                self.with_conference(at, |conference| conference.invite(invitation));
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.link = Some(Link::Invitation(participant));
                }
            }
            Winner::Person(who) => {
                let party = self.party_of(tenant, &who);
                let Some(party) = party.filter(|p| self.can_be_recorded(tenant, p).is_ok()) else {
                    self.invitation_ends(now, at, Outcome::Fails(invitation, unanswered), effects);
                    return;
                };
                // whoever is recorded comes in with the recorder.
                let recorder = self.ring_recorder(now, at, &party, effects);
                let Party { participant, person } = party;
                let (ring, answered) = (Ring::Person(None), true);
                let invitation = Invitation {
                    participant,
                    person,
                    ring,
                    give_up_at,
                    recorder,
                    answered,
                    ..invitation
                };
                if recorder.is_some() {
                    self.with_conference(at, |conference| conference.invite(invitation));
                } else {
                    self.invitation_ends(now, at, Outcome::Enters(invitation), effects);
                }
            }
        }
    }

    /// The bot that picked up records whoever waits for the one that redirected; without any they cannot come
    ///
    pub(super) fn recorder_found(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        origin: CallId,
        winner: Winner,
        effects: &mut Vec<Effect>,
    ) {
        let waits = self.conferences.get(&at).and_then(|c| c.waits_for_recorder(origin));
        match (winner, waits) {
            (Winner::Bot(leg), Some(participant)) => {
                self.with_conference(at, |c| c.is_recorded_by(participant, leg));
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.link = Some(Link::Records(participant));
                }
                self.recorder_answered(now, at, leg, effects);
            }
            (Winner::Bot(leg), None) => {
                self.with_call(now, leg, effects, |call, (_, asks)| {
                    call.end(diagnosed("The call was cancelled", 487, 0), asks);
                });
            }
            (Winner::Nobody | Winner::Person(_), Some(participant)) => {
                self.not_recorded(now, at, participant, 8586, effects);
            }
            (Winner::Nobody | Winner::Person(_), None) => {}
        }
    }

    /// The recorder of somebody has answered: they come in, if they have picked up.
    pub(super) fn recorder_answered(
        &mut self,
        now: Timestamp,
        at: ConferenceId,
        leg: CallId,
        effects: &mut Vec<Effect>,
    ) {
        let outcome = self.with_conference(at, |c| c.recorder_ready(leg)).flatten();
        if let Some(outcome @ (Outcome::Enters(_) | Outcome::Fails(..))) = outcome {
            self.invitation_ends(now, at, outcome, effects);
        }
    }

    fn party_of(&mut self, tenant: graph_api::Guid, who: &Who) -> Option<Party> {
        let person = self.person(tenant, who)?;
        Some(Party { participant: ParticipantId(self.ids.guid()), person })
    }
}
