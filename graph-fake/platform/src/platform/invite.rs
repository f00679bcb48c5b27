//! Invitations: by bots, by people, and what becomes of them.

use graph_api::{Guid, InviteRequest, OperationStatus, ResultInfo, Timestamp};

use super::Platform;
use crate::{
    arguments,
    call::{Call, Closing, Link, Side, TransferKind, diagnosed},
    conference::{Entrant, Invitation, Inviter, Outcome, Ring},
    flaw::Flaw,
    input::{Accepted, CallId, ConferenceId, Effect, OperationId, ParticipantId},
    refusal::Refusal,
    view::{OperationKind, OperationView, Party, StreamKind},
    who::Who,
};

/// What a bot wants of an invitation beside the person.
struct Wanted {
    who: Who,
    replaces: Option<CallId>,
    hidden: bool,
    participant: Option<ParticipantId>,
}

impl Platform {
    /// of an established call. On a peer-to-peer call it is the escalation (R-171,
    ///
    pub(super) fn invite(
        &mut self,
        now: Timestamp,
        id: CallId,
        request: InviteRequest,
        operation: Guid,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let wanted = self.wanted(id, &request)?;
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        call.must_be_inside()?;
        let running = match &call.birth().side {
            Side::Conference { id, .. } => Some(*id),
            Side::Peer(_) if !self.options.invite_escalates => return Err(Refusal::NotGroupCall),
            // The other end is about to leave for somebody else; there is nothing to escalate.
            Side::Peer(_) if self.is_leaving(call) => return Err(Refusal::TransferUnderWay),
            Side::Peer(_) => None,
        };
        let judged = self.may_invite(call, &wanted);
        if self.options.flaw != Some(Flaw::EscalatesWhenRefused) {
            judged.clone()?;
        }
        let conference = match running {
            Some(conference) => conference,
            None => self.escalate(now, id, effects)?,
        };
        judged?;
        let operation = OperationId(operation);
        let (kind, running) = (OperationKind::InviteParticipants, OperationStatus::Running);
        let mut view = OperationView::new(operation, kind, running, request.client_context);
        view.participants = request.participants.unwrap_or_default();
        let source = self.bot_party(id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.remember(view.clone());
        }
        for one in wanted {
            self.invite_one(now, id, operation, conference, one, &source, effects);
        }
        self.conference_changed(now, conference, effects);
        Ok(Accepted::Operation(id, view))
    }

    /// Whether one of the ends is being transferred.
    fn is_leaving(&self, call: &Call) -> bool {
        let other = self.twin_of(call).and_then(|leg| self.calls.get(&leg));
        call.transfer().is_some() || other.is_some_and(|other| other.transfer().is_some())
    }

    /// whom, after reading; with `replacesCallId` only the first.
    fn wanted(&self, id: CallId, request: &InviteRequest) -> Result<Vec<Wanted>, Refusal> {
        let given = request.participants.as_deref().unwrap_or_default();
        if given.is_empty() || given.len() > 5 {
            let text = "'participants' takes 1 to 5 entries.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        let tenant = self.calls.get(&id).map(|call| call.birth().tenant).unwrap_or_default();
        let replaces = given.first().is_some_and(|first| first.replaces_call_id.is_some());
        let read = if replaces { &given[..1] } else { given };
        let whos = arguments::targets(read, "participants")?;
        let mut wanted = Vec::new();
        for (info, who) in read.iter().zip(whos) {
            self.target(tenant, &who)?;
            let bad = |what: &str| Refusal::InvalidArgument(format!("'{what}' must be a GUID."));
            let parse = |text: &Option<String>, what: &str| {
                text.as_deref().map(str::parse).transpose().map_err(|_| bad(what))
            };
            wanted.push(Wanted {
                who,
                replaces: parse(&info.replaces_call_id, "replacesCallId")?.map(CallId),
                hidden: info.hidden == Some(true),
                participant: parse(&info.participant_id, "participantId")?.map(ParticipantId),
            });
        }
        Ok(wanted)
    }

    /// Judged before anything changes: a peer-to-peer call escalates only for an invitation that is taken.
    fn may_invite(&self, call: &Call, wanted: &[Wanted]) -> Result<(), Refusal> {
        let conference = call.conference().and_then(|at| self.conferences.get(&at));
        if call.observation.is_some() {
            return Err(Refusal::RecordingCall);
        }
        let lax = self.options.flaw == Some(Flaw::SeveralWithoutChat);
        if wanted.len() > 1 && !lax && conference.is_none_or(|c| c.coordinates().chat.is_none()) {
            let text = "inviting several needs a call with a valid chatInfo.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        if conference.is_some_and(|c| !c.has_room(wanted.len())) {
            return Err(Refusal::ConferenceFull);
        }
        let expected = |who: &Who| match conference {
            Some(conference) => conference.expects(who),
            None => {
                let peer = call.peer().is_some_and(|peer| peer.person.who == *who);
                peer || call.birth().bot.who == *who
            }
        };
        for (at, one) in wanted.iter().enumerate() {
            if expected(&one.who) || wanted[..at].iter().any(|other| other.who == one.who) {
                let text = "This identity is in the call, or invited, already.";
                return Err(Refusal::Conflict(text.to_owned()));
            }
            if matches!(one.who, Who::Phone(_)) {
                self.may_invite_phone(call)?;
            }
            if let Some(replaces) = one.replaces {
                self.may_replace(call, replaces, &one.who)?;
            }
        }
        Ok(())
    }

    /// telephones only from a resource account, and not from a call that was joined by token.
    fn may_invite_phone(&self, call: &Call) -> Result<(), Refusal> {
        if !self.options.pstn {
            return Err(Refusal::NoPstn);
        }
        let by_token = call
            .request()
            .and_then(|r| r.meeting_info.as_ref())
            .is_some_and(|info| info.contains_key("token"));
        let instance = matches!(call.birth().bot.who, Who::ApplicationInstance(_));
        if by_token || !instance {
            let text = "a telephone can be invited only by an application instance that did not \
                        join by token.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        Ok(())
    }

    /// the bot's own peer-to-peer call with that person.
    fn may_replace(&self, call: &Call, replaces: CallId, who: &Who) -> Result<(), Refusal> {
        let own = self.calls.get(&replaces).filter(|other| other.birth().app == call.birth().app);
        let with = own.and_then(|other| other.peer()).map(|party| &party.person.who);
        if with != Some(who) {
            let text = "'replacesCallId' must be a peer-to-peer call with that participant.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "who invites whom into what, and how")]
    fn invite_one(
        &mut self,
        now: Timestamp,
        id: CallId,
        operation: OperationId,
        conference: ConferenceId,
        wanted: Wanted,
        source: &Party,
        effects: &mut Vec<Effect>,
    ) {
        let tenant = self.calls.get(&id).map(|call| call.birth().tenant).unwrap_or_default();
        let Some(person) = self.person(tenant, &wanted.who) else { return };
        let fresh = ParticipantId(self.ids.guid());
        let free = wanted.participant.filter(|wish| {
            self.conferences.get(&conference).is_some_and(|c| c.participant(*wish).is_none())
        });
        let party = Party { participant: free.unwrap_or(fresh), person };
        let inviter = Inviter::Operation(id, operation);
        if let Some(replaced) = wanted.replaces {
            // Whom the bot talks to already need not be rung.
            let invitation = Invitation {
                participant: party.participant,
                person: party.person,
                inviter,
                ring: Ring::Person(Some((
                    now,
                    crate::directory::OnCall::Answer { after: std::time::Duration::ZERO },
                ))),
                give_up_at: now + self.options.ring,
                replaces: Some(replaced),
                hidden: wanted.hidden,
                recorder: None,
                answered: false,
            };
            self.with_conference(conference, |conference| conference.invite(invitation));
            return;
        }
        let participant = party.participant;
        self.invite_into(now, conference, party, inviter, source, effects);
        if wanted.hidden {
            self.with_conference(conference, |conference| conference.hide(participant));
        }
    }

    /// A bot is on the way, on a leg of its own.
    pub(super) fn expect_bot(
        &mut self,
        now: Timestamp,
        conference: ConferenceId,
        party: Party,
        leg: CallId,
        inviter: Inviter,
    ) {
        let Party { participant, person } = party;
        let give_up_at = now + self.options.ring;
        self.with_conference(conference, |conference| {
            conference.invite(Invitation {
                participant,
                person,
                inviter,
                ring: Ring::Bot(leg),
                give_up_at,
                replaces: None,
                hidden: false,
                recorder: None,
                answered: false,
            });
        });
    }

    /// Somebody comes in, or does not.
    pub(super) fn invitation_ends(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        outcome: Outcome,
        effects: &mut Vec<Effect>,
    ) {
        match outcome {
            Outcome::Waits => return,
            Outcome::Enters(invitation) => {
                let entrant = Entrant {
                    id: invitation.participant,
                    person: invitation.person.clone(),
                    endpoint: self.ids.guid(),
                    role: "presenter",
                    in_lobby: false,
                    hidden: invitation.hidden,
                    kinds: vec![StreamKind::Audio, StreamKind::Video, StreamKind::ScreenSharing],
                };
                let until = now + self.options.lobby;
                self.with_conference(id, |conference| conference.enter(entrant, until));
                self.note_entry(id, "joined", Some(invitation.participant), effects);
                self.invitee_is_in(now, id, &invitation, effects);
            }
            Outcome::Fails(invitation, why) => {
                self.note_entry(id, "did not come", Some(invitation.participant), effects);
                // A leg that records others too goes on.
                let only = Some(Link::Records(invitation.participant));
                let recorder = invitation
                    .recorder
                    .filter(|leg| self.calls.get(leg).is_some_and(|call| call.link == only));
                if let Some(origin) = invitation.recorder.filter(|_| recorder.is_none()) {
                    self.call_off(now, origin, effects);
                }
                if let Some(recorder) = recorder {
                    self.with_call(now, recorder, effects, |call, (_, asks)| {
                        call.end(diagnosed("The call was cancelled", 487, 0), asks);
                    });
                }
                self.invitee_fails(now, id, &invitation, &why, effects);
            }
        }
        self.conference_changed(now, id, effects);
        self.forget_if_empty(id);
    }

    ///
    pub(super) fn invitee_is_in(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        invitation: &Invitation,
        effects: &mut Vec<Effect>,
    ) {
        let keeps = self.options.flaw == Some(Flaw::KeepsReplacedCall);
        if let Some(replaced) = invitation.replaces.filter(|_| !keeps) {
            self.with_call(now, replaced, effects, |call, (_, asks)| {
                call.end(ResultInfo::new(200, 5001, "The conversation has ended."), asks);
            });
        }
        self.close_invitation(now, id, invitation.inviter, Closing::WELL, effects);
    }

    fn invitee_fails(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        invitation: &Invitation,
        why: &ResultInfo,
        effects: &mut Vec<Effect>,
    ) {
        // The pattern of I#410.
        let name = &invitation.person.name;
        let reason = why.message.as_deref().unwrap_or_default();
        let text =
            format!("addParticipants failed for participant {name}. Underlying reason: {reason}");
        let result = ResultInfo::new(412, 9999, text);
        self.close_invitation(now, id, invitation.inviter, Closing::failed(result), effects);
    }

    /// An operation that invited several ends with the first that fails, or with the last that comes in.
    fn close_invitation(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        inviter: Inviter,
        closing: Closing,
        effects: &mut Vec<Effect>,
    ) {
        let Inviter::Operation(call, operation) = inviter else { return };
        let open = self.conferences.get(&id).is_some_and(|c| c.is_open(call, operation));
        if closing.well && open {
            return;
        }
        self.with_call(now, call, effects, |call, (_, asks)| {
            let running = call
                .operations()
                .any(|one| one.id == operation && one.status == OperationStatus::Running);
            if running {
                call.operation_ended(operation, closing, asks);
            }
        });
    }

    /// The bot of a call as others see it.
    pub(super) fn bot_party(&self, id: CallId) -> Party {
        let birth = self.calls[&id].birth();
        Party { participant: birth.my_participant, person: birth.bot.clone() }
    }

    /// Cancels whoever is still on the way under this roster id.
    pub(super) fn cancel_invitation(
        &mut self,
        now: Timestamp,
        id: ConferenceId,
        participant: ParticipantId,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(invitation) = self.with_conference(id, |c| c.withdraw(participant)).flatten()
        else {
            return false;
        };
        let cancelled = diagnosed("The call was cancelled", 487, 0);
        if let Ring::Bot(leg) = invitation.ring {
            self.with_call(now, leg, effects, |call, (_, asks)| {
                call.link = None;
                call.end(cancelled.clone(), asks);
            });
            self.call_off(now, leg, effects);
        }
        self.invitation_ends(now, id, Outcome::Fails(invitation, cancelled), effects);
        true
    }
}

/// The call that a consultative transfer ends with.
pub(super) fn consulted(kind: TransferKind) -> Option<CallId> {
    match kind {
        TransferKind::Blind => None,
        TransferKind::Consultative(call) => Some(call),
    }
}
