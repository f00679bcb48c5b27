//! Those who are on the way into a conference.

use graph_api::{Guid, ResultInfo, Timestamp};

use super::Conference;
use crate::{
    call::unanswered,
    directory::OnCall,
    flaw::Flaw,
    input::{CallId, OperationId, ParticipantId},
    who::{Person, Who},
};

/// Who asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inviter {
    /// A bot, by this operation of its call.
    Operation(CallId, OperationId),
    /// A person, or the making of a group call.
    Nobody,
}

/// How somebody is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// A simulated person: how and when they react; never: `None`.
    Person(Option<(Timestamp, OnCall)>),
    /// A bot, on this leg.
    Bot(CallId),
}

/// Somebody who is rung, or waits for a recorder.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// The roster id they will have.
    pub participant: ParticipantId,
    /// Who.
    pub person: Person,
    /// By whom.
    pub inviter: Inviter,
    /// How.
    pub ring: Ring,
    /// When they have rung long enough.
    pub give_up_at: Timestamp,
    /// The peer-to-peer call that ends when they are in.
    pub replaces: Option<CallId>,
    /// Not shown to others.
    pub hidden: bool,
    /// The leg of the bot that must record them, until it has answered.
    pub recorder: Option<CallId>,
    /// Whether they have picked up, and only the recorder is missing.
    pub answered: bool,
}

/// What became of an invitation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// They come in.
    Enters(Invitation),
    /// They do not, and this is why.
    Fails(Invitation, ResultInfo),
    /// They have picked up but must wait for their recorder.
    Waits,
}

impl Conference {
    /// Somebody is on the way.
    pub fn invite(&mut self, invitation: Invitation) {
        self.called = true;
        self.of_two = false;
        self.invitations.push(invitation);
    }

    /// Whoever is on the way.
    pub fn invitations(&self) -> &[Invitation] {
        &self.invitations
    }

    /// Whether somebody is on the way or there already.
    pub fn expects(&self, who: &Who) -> bool {
        let there = self.participants.iter().any(|p| p.person.who == *who);
        let expected = there || self.invitations.iter().any(|i| i.person.who == *who);
        expected && self.flaw != Some(Flaw::InvitesTwice)
    }

    /// The same but for whoever is on the way under this roster id.
    pub fn expects_but_for(&self, who: &Who, seat: ParticipantId) -> bool {
        let there = self.participants.iter().any(|p| p.person.who == *who);
        let invited = |i: &Invitation| i.person.who == *who && i.participant != seat;
        there || self.invitations.iter().any(invited)
    }

    /// The legs that those who are on the way come on, or wait for.
    pub fn awaited_legs(&self) -> Vec<CallId> {
        let ring = |i: &Invitation| if let Ring::Bot(leg) = i.ring { Some(leg) } else { None };
        self.invitations.iter().flat_map(|i| [ring(i), i.recorder]).flatten().collect()
    }

    /// When something happens by itself: somebody reacts, is given up, or has waited too long in the lobby.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let invitations = self.invitations.iter().filter_map(Invitation::next_at);
        let patient = self.flaw == Some(Flaw::WaitsForEver);
        let lobby = self.lobby.iter().filter(|_| !patient).map(|(at, _)| *at);
        invitations.chain(lobby).min()
    }

    /// The invitation that is due by now, taken out unless it goes on.
    pub fn due_invitation(&mut self, now: Timestamp) -> Option<Outcome> {
        let at = self.invitations.iter().position(|i| i.next_at().is_some_and(|at| at <= now))?;
        let invitation = &mut self.invitations[at];
        let reacts = match &mut invitation.ring {
            Ring::Person(reacts) if reacts.is_some_and(|(at, _)| at <= now) => reacts.take(),
            Ring::Person(_) | Ring::Bot(_) => None,
        };
        match reacts {
            Some((_, OnCall::Answer { .. })) => Some(self.picked_up(at)),
            Some((_, other)) => {
                let why = unanswered(other)?;
                Some(Outcome::Fails(self.invitations.remove(at), why))
            }
            None => {
                let why = crate::call::diagnosed("The call was not answered", 487, 10_004);
                Some(Outcome::Fails(self.invitations.remove(at), why))
            }
        }
    }

    fn picked_up(&mut self, at: usize) -> Outcome {
        let invitation = &mut self.invitations[at];
        if invitation.recorder.is_some() {
            invitation.answered = true;
            return Outcome::Waits;
        }
        Outcome::Enters(self.invitations.remove(at))
    }

    /// Somebody who is rung picks up or declines by a test's will: a user, or the telephone with that roster id.
    /// Bots do so by themselves.
    pub fn react(&mut self, by: Guid, answer: bool) -> Option<Outcome> {
        let is_it = |i: &Invitation| match i.person.who {
            Who::User(user) => user == by,
            Who::Phone(_) => i.participant.0 == by,
            Who::Application(_) | Who::ApplicationInstance(_) | Who::Guest(_) => false,
        };
        let waits = |i: &Invitation| is_it(i) && !i.answered;
        let at = self.invitations.iter().position(waits)?;
        if answer {
            return Some(self.picked_up(at));
        }
        let why = crate::call::declined();
        Some(Outcome::Fails(self.invitations.remove(at), why))
    }

    /// Takes the invitation of this roster id out.
    pub fn withdraw(&mut self, id: ParticipantId) -> Option<Invitation> {
        let at = self.invitations.iter().position(|i| i.participant == id)?;
        Some(self.invitations.remove(at))
    }

    /// The recorder of whoever waits for this leg has answered.
    pub fn recorder_ready(&mut self, leg: CallId) -> Option<Outcome> {
        let at = self.invitations.iter().position(|i| i.recorder == Some(leg))?;
        self.invitations[at].recorder = None;
        if self.invitations[at].answered {
            return Some(Outcome::Enters(self.invitations.remove(at)));
        }
        Some(Outcome::Waits)
    }

    /// Another leg is to record whoever comes under this roster id.
    pub fn is_recorded_by(&mut self, participant: ParticipantId, leg: CallId) {
        for invitation in self.invitations.iter_mut().filter(|i| i.participant == participant) {
            invitation.recorder = Some(leg);
        }
    }

    /// Whether this one waits for this leg.
    pub fn waits_for(&self, participant: ParticipantId, leg: CallId) -> bool {
        let is_it = |i: &Invitation| i.participant == participant && i.recorder == Some(leg);
        self.invitations.iter().any(is_it)
    }

    /// A recorder that was there already takes one more.
    pub fn recorder_takes(&mut self, participant: ParticipantId, leg: CallId) -> Option<Outcome> {
        let is_it = |i: &Invitation| i.participant == participant && i.recorder == Some(leg);
        let at = self.invitations.iter().position(is_it)?;
        self.invitations[at].recorder = None;
        if self.invitations[at].answered {
            return Some(Outcome::Enters(self.invitations.remove(at)));
        }
        Some(Outcome::Waits)
    }

    /// Whoever waits for this leg to record them.
    pub fn waits_for_recorder(&self, leg: CallId) -> Option<ParticipantId> {
        self.invitations.iter().find(|i| i.recorder == Some(leg)).map(|i| i.participant)
    }

    /// Whether an operation still waits for somebody.
    pub fn is_open(&self, call: CallId, operation: OperationId) -> bool {
        let inviter = Inviter::Operation(call, operation);
        self.invitations.iter().any(|i| i.inviter == inviter)
    }

    /// Whoever has waited too long in the lobby by now.
    pub fn due_in_lobby(&mut self, now: Timestamp) -> Option<ParticipantId> {
        if self.flaw == Some(Flaw::WaitsForEver) {
            return None;
        }
        let at = self.lobby.iter().position(|(at, _)| *at <= now)?;
        Some(self.lobby.remove(at).1)
    }
}

impl Invitation {
    fn next_at(&self) -> Option<Timestamp> {
        if self.answered {
            // The recorder's own clock decides.
            return None;
        }
        match self.ring {
            Ring::Person(reacts) => {
                Some(reacts.map_or(self.give_up_at, |(at, _)| at.min(self.give_up_at)))
            }
            // The bot's own clock decides.
            Ring::Bot(_) => None,
        }
    }
}
