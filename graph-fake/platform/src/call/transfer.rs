//! Transfers: the other end is put through to somebody else.
//!
//! `transferring` at once, `transferAccepted` when the other end's client has taken it, then the target is
//! rung. If it answers, the bot's leg ends; if not, the call is as it was.

use graph_api::{CallState, ResultInfo, Timestamp};

use super::{Ask, Audio, Call, Did, Phase};
use crate::{
    directory::OnCall,
    flaw::Flaw,
    input::{CallId, ParticipantId},
    notification::{Update, What},
    options::Options,
    who::Who,
};

/// A transfer under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// To whom.
    pub target: Who,
    /// Blind, or onto a call that the bot has with the target.
    pub kind: Kind,
    /// Whom, in a conference.
    pub transferee: Option<ParticipantId>,
    /// Whether the other end's client took it.
    pub(super) accepted: bool,
    /// When that happens.
    pub(super) accept_at: Timestamp,
    /// How the target reacts, and when; known once it is rung.
    pub(super) reacts: Option<(Timestamp, OnCall)>,
    /// When the target has rung long enough.
    pub(super) give_up_at: Timestamp,
}

/// The two kinds of transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without asking the target first.
    Blind,
    /// Onto this call.
    Consultative(CallId),
}

impl Transfer {
    /// One that begins now.
    pub fn new(
        now: Timestamp,
        options: &Options,
        target: Who,
        kind: Kind,
        transferee: Option<ParticipantId>,
    ) -> Self {
        let accept_at = now + options.transfer_accept;
        let give_up_at = accept_at + options.ring;
        Self { target, kind, transferee, accepted: false, accept_at, reacts: None, give_up_at }
    }

    pub(super) fn next_at(&self) -> Timestamp {
        if !self.accepted {
            return self.accept_at;
        }
        self.reacts.map_or(self.give_up_at, |(at, _)| at.min(self.give_up_at))
    }
}

impl Call {
    /// The transfer under way.
    pub fn transfer(&self) -> Option<&Transfer> {
        if let Phase::Transferring(transfer) = &self.phase { Some(transfer) } else { None }
    }

    /// `transferring` at once.
    pub fn begin_transfer(&mut self, transfer: Transfer, asks: &mut Vec<Ask>) {
        self.enter(Phase::Transferring(Box::new(transfer)), asks);
        self.tell_state(CallState::Transferring, asks);
    }

    pub(super) fn transfer_goes_on(
        &mut self,
        now: Timestamp,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) {
        let Phase::Transferring(transfer) = &mut self.phase else { return };
        if !transfer.accepted {
            let mut accepted = transfer.clone();
            accepted.accepted = true;
            self.enter(Phase::Transferring(accepted), asks);
            if options.flaw != Some(Flaw::SkipsAccepted) {
                self.tell_state(CallState::TransferAccepted, asks);
            }
            self.tell_audio(false, asks);
            asks.push(Ask::Did(Did::WantsTarget));
            return;
        }
        match transfer.reacts {
            Some((at, OnCall::Answer { .. })) if at <= now => {
                self.put_through(options, asks);
                asks.push(Ask::Did(Did::PutThrough));
            }
            _ => self.transfer_fails(options, asks),
        }
    }

    /// The target is rung, and this is how it reacts; `None`: it cannot be rung at all.
    pub fn target_is_rung(
        &mut self,
        now: Timestamp,
        on_call: Option<OnCall>,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) {
        let Phase::Transferring(transfer) = &mut self.phase else { return };
        match on_call {
            Some(on_call) => transfer.reacts = on_call.reacts_at(now),
            None => self.transfer_fails(options, asks),
        }
    }

    /// 7015 for a blind one; a consultative one says by its reason.
    fn put_through(&mut self, options: &Options, asks: &mut Vec<Ask>) {
        let Phase::Transferring(transfer) = &self.phase else { return };
        let kind = transfer.kind;
        self.transferred = Some((**transfer).clone());
        match kind {
            Kind::Blind => {
                let code = if options.transfer_code_zero { 0 } else { 200 };
                let result = ResultInfo::new(code, 7015, "GracefulTransferCompleted");
                self.end_because(Some(result), None, asks);
            }
            Kind::Consultative(_) => self.end_because(None, Some("AppTransferred"), asks),
        }
    }

    /// back to where it was, with two notifications.
    fn transfer_fails(&mut self, options: &Options, asks: &mut Vec<Ask>) {
        let Phase::Transferring(transfer) = &self.phase else { return };
        let subcode = match transfer.kind {
            Kind::Blind => 7000,
            Kind::Consultative(_) => 7700,
        };
        self.enter(Phase::Established { audio: Audio::Flows }, asks);
        let text = "The transfer did not succeed.";
        let update = Update {
            result: Some(ResultInfo::new(500, subcode, text)),
            ..Update::state(CallState::Established)
        };
        self.tell(What::CallUpdated(Box::new(update)), asks);
        if options.flaw != Some(Flaw::TransferForgets) {
            self.tell_audio(true, asks);
        }
    }
}
