//! Transfers, as far as they concern others; the call's own part is in `call::transfer`.

use graph_api::{ResultInfo, Timestamp, TransferRequest};

use super::{Platform, invite::consulted, lookup::Reach};
use crate::{
    arguments,
    call::{Call, Side, Transfer, TransferKind},
    directory::OnCall,
    flaw::Flaw,
    input::{Accepted, CallId, Effect, ParticipantId},
    refusal::Refusal,
    who::Who,
};

impl Platform {
    /// A target that cannot be reached is no refusal: the transfer fails later.
    pub(super) fn transfer(
        &mut self,
        now: Timestamp,
        id: CallId,
        request: TransferRequest,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        let invalid = |text: &str| Refusal::InvalidArgument(text.to_owned());
        let target = request
            .transfer_target
            .as_ref()
            .ok_or_else(|| invalid("'transferTarget' is required."))?;
        let who = Who::read(&target.identity)
            .map_err(|bad| Refusal::InvalidArgument(format!("'transferTarget.identity' {bad}.")))?;
        let kind = match target.replaces_call_id.as_deref().map(str::parse) {
            None => TransferKind::Blind,
            Some(Ok(call)) => TransferKind::Consultative(CallId(call)),
            Some(Err(_)) => return Err(invalid("'replacesCallId' must be a GUID.")),
        };
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        call.must_be_inside()?;
        if call.transfer().is_some() && self.options.flaw != Some(Flaw::TransfersTwice) {
            return Err(Refusal::TransferUnderWay);
        }
        if matches!(who, Who::Phone(_)) {
            self.may_reach_phone(matches!(call.birth().bot.who, Who::ApplicationInstance(_)))?;
        }
        let transferee = match call.birth().side {
            Side::Peer(_) => None,
            Side::Conference { .. } => Some(self.transferee(call, &request)?),
        };
        let transfer = Transfer::new(now, &self.options, who, kind, transferee);
        self.with_call(now, id, effects, |call, (_, asks)| call.begin_transfer(transfer, asks));
        Ok(Accepted::Taken)
    }

    /// in a group call somebody has to be named.
    fn transferee(&self, call: &Call, request: &TransferRequest) -> Result<ParticipantId, Refusal> {
        let invalid = |text: &str| Refusal::InvalidArgument(text.to_owned());
        let named = request.transferee.as_ref().and_then(|who| who.participant_id.as_deref());
        let named = named
            .ok_or_else(|| invalid("'transferee.participantId' is required in a group call."))?;
        let id = named.parse().map(ParticipantId);
        let id = id.map_err(|_| invalid("'transferee.participantId' must be a GUID."))?;
        let conference = call.conference().and_then(|at| self.conferences.get(&at));
        let there = conference.and_then(|c| c.participant(id)).is_some();
        if !there || id == call.me() {
            return Err(Refusal::ParticipantNotFound);
        }
        Ok(id)
    }

    /// The other end took it: now the target is rung.
    pub(super) fn ring_transfer_target(
        &mut self,
        now: Timestamp,
        id: CallId,
        effects: &mut Vec<Effect>,
    ) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(transfer) = call.transfer() else { return };
        let tenant = call.birth().tenant;
        let reacts = match consulted(transfer.kind) {
            Some(other) => self.consulted_reacts(call, other, &transfer.target),
            None => match self.reach(tenant, &transfer.target) {
                Some(Reach::Person(on_call)) => Some(on_call),
                // Bots are reached through redirect and invite; a transfer is for people.
                Some(Reach::Bot(_)) | None => None,
            },
        };
        self.with_call(now, id, effects, |call, (options, asks)| {
            call.target_is_rung(now, reacts, options, asks);
        });
    }

    /// the bot must be in an established call with the target; then nobody needs to be rung.
    fn consulted_reacts(&self, call: &Call, other: CallId, target: &Who) -> Option<OnCall> {
        let other = self.calls.get(&other)?;
        let own = other.birth().app == call.birth().app && other.id() != call.id();
        let with = other.peer().is_some_and(|party| party.person.who == *target);
        let flawed = self.options.flaw == Some(Flaw::ConsultsAnybody);
        (own && (with && other.is_established() || flawed))
            .then_some(OnCall::Answer { after: std::time::Duration::ZERO })
    }

    /// The other end is with the target now: the consulted call is over too, and somebody left a conference.
    pub(super) fn put_through(
        &mut self,
        now: Timestamp,
        _id: CallId,
        over: Option<&Call>,
        effects: &mut Vec<Effect>,
    ) {
        let Some((call, transfer)) = over.and_then(|call| Some((call, call.was_transferred()?)))
        else {
            return;
        };
        let keeps = self.options.flaw == Some(Flaw::KeepsConsultedCall);
        if let Some(other) = consulted(transfer.kind).filter(|_| !keeps) {
            self.with_call(now, other, effects, |call, (_, asks)| {
                call.end(ResultInfo::new(200, 5001, "The conversation has ended."), asks);
            });
        }
        if let (Some(who), Some(at)) = (transfer.transferee, call.conference()) {
            self.person_leaves(now, at, who, "Left", effects);
            self.conference_changed(now, at, effects);
        }
    }
}
