//! What a bot may ask of a call by itself; each verb says on its first lines where it is legal. What concerns
//! a conference is in `platform::group_verbs`.

use std::sync::Arc;

use graph_api::{
    AnswerRequest, CallState, Guid, MediaConfigKind, Modality, OperationStatus, RejectReason,
    RejectRequest, ResultInfo, Timestamp,
};

use super::{Ask, Audio, Call, Phase, Side, diagnosed};
use crate::{
    arguments,
    flaw::Flaw,
    input::{Accepted, CallVerb, OperationId, ParticipantId},
    options::Options,
    permissions::{Grants, Need, missing},
    refusal::Refusal,
    view::{OperationKind, OperationView},
};

/// What a verb may use beside the call itself.
pub struct Desk<'a> {
    /// Now.
    pub now: Timestamp,
    /// What the application has: granted, and in its token.
    pub grants: &'a Grants,
    /// An id, in case an operation is made.
    pub operation: Guid,
    /// Switches.
    pub options: &'a Options,
    /// Where to put what follows.
    pub asks: &'a mut Vec<Ask>,
}

impl Call {
    /// Answers one request that concerns nobody else.
    ///
    /// # Errors
    /// The refusal, by the order of errors.md: argument, state, kind, limits.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the platform sends other verbs elsewhere")]
    pub fn verb(&mut self, verb: CallVerb, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        match verb {
            CallVerb::Delete => self.delete(desk),
            CallVerb::Answer(request) => self.answer(*request, desk),
            CallVerb::Reject(request) => self.reject(request, desk),
            CallVerb::PlayPrompt(request) => self.play_prompt(*request, desk),
            CallVerb::Record(request) => self.record(*request, desk),
            CallVerb::SubscribeToTone(request) => self.subscribe_to_tone(request, desk),
            CallVerb::CancelMediaProcessing(request) => self.cancel_media(request, desk),
            CallVerb::SendDtmfTones(request) => self.send_dtmf(&request, desk),
            CallVerb::KeepAlive => self.keep_alive(desk),
            CallVerb::GetOperation(id) => self
                .operations()
                .find(|operation| operation.id == id)
                .map(|operation| Accepted::OperationRead(self.id(), operation.clone()))
                .ok_or(Refusal::OperationNotFound),
            CallVerb::ListOperations => {
                Ok(Accepted::Operations(self.id(), self.operations().cloned().collect()))
            }
            CallVerb::NotModelled(action) => Err(Refusal::NotModelled(action)),
            _ => unreachable!("the platform answers what concerns others"),
        }
    }

    ///
    fn answer(&mut self, request: AnswerRequest, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        let kind = arguments::media_kind(request.media_config.as_ref())?;
        let accepted = arguments::modalities(request.accepted_modalities, "acceptedModalities")?;
        let callback = arguments::callback(request.callback_uri, desk.options)?;
        let capacity = arguments::participant_capacity(request.participant_capacity)?;
        let flawed = desk.options.flaw == Some(Flaw::AnswersWithoutPermission);
        for need in [self.need_to_answer(), need_of(kind)] {
            if missing(need, desk.grants).is_some() && !flawed {
                return Err(Refusal::MissingPermission(need));
            }
        }
        match self.phase {
            Phase::Incoming { .. } => {}
            Phase::SettingUp { .. } if desk.options.flaw == Some(Flaw::AnswersTwice) => {
                return Ok(Accepted::Taken);
            }
            // whoever comes second is told so.
            Phase::SettingUp { .. } | Phase::Established { .. } | Phase::Transferring(_)
                if self.direction == graph_api::CallDirection::Incoming =>
            {
                return Err(Refusal::AlreadyAnswered);
            }
            Phase::SettingUp { .. }
            | Phase::Established { .. }
            | Phase::Transferring(_)
            | Phase::Ringing { .. }
            | Phase::Redirecting
            | Phase::Terminating => return Err(Refusal::WrongState),
            Phase::Terminated { .. } => return Err(Refusal::CallNotFound),
        }
        let forgets = desk.options.flaw == Some(Flaw::ForgetsCallback);
        if let Some(uri) = callback.filter(|_| !forgets) {
            self.birth.callback_uri = uri.into();
        }
        self.modalities = intersection(accepted, &self.modalities);
        self.media_config = request.media_config.map(Arc::new);
        self.call_options = request.call_options.unwrap_or_default();
        self.capacity_left = capacity;
        self.set_up(desk.now, desk.options, desk.asks);
        self.tell_state(CallState::Establishing, desk.asks); // R-112; established follows
        self.prefetch(desk.asks);
        Ok(Accepted::Taken)
    }

    /// a person's call is free, a group's is not. A recorder needs what a policy needs: media.
    fn need_to_answer(&self) -> Need {
        match self.birth.side {
            Side::Conference { escalated: false, .. } if self.observation.is_none() => Need::Join,
            Side::Conference { .. } | Side::Peer(_) => Need::Nothing,
        }
    }

    /// needs no permission.
    fn reject(&mut self, request: RejectRequest, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        let callback = arguments::callback(request.callback_uri, desk.options)?;
        let flaw = desk.options.flaw;
        let late = flaw == Some(Flaw::RejectsAnswered) && self.is_established();
        if !self.is_incoming() && !late {
            return Err(Refusal::WrongState);
        }
        if let Some(uri) = callback {
            self.birth.callback_uri = uri.into();
        }
        let result = match request
            .reason
            .filter(|_| flaw != Some(Flaw::ForgetsReason))
            .unwrap_or_default()
        {
            RejectReason::None => declined(),
            RejectReason::Busy => busy(),
            RejectReason::Forbidden => diagnosed("The caller is blocked", 403, 510_403),
        };
        self.end(result, desk.asks);
        Ok(Accepted::Taken)
    }

    /// Hangs up.
    fn delete(&mut self, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        match self.phase {
            Phase::Incoming { .. } => self.end(declined(), desk.asks),
            Phase::Ringing { .. } | Phase::SettingUp { .. } | Phase::Redirecting => {
                self.end(self.ended_by_bot(), desk.asks);
            }
            Phase::Established { .. } | Phase::Transferring(_) => {
                if desk.options.flaw != Some(Flaw::SkipsTerminating) {
                    self.enter(Phase::Terminating, desk.asks);
                    self.tell_state(CallState::Terminating, desk.asks);
                }
                self.end(self.ended_by_bot(), desk.asks);
            }
            Phase::Terminating | Phase::Terminated { .. } => return Err(Refusal::CallNotFound),
        }
        Ok(Accepted::Gone)
    }

    /// R-300; other requests do not count unless the switch says so.
    fn keep_alive(&mut self, desk: &Desk<'_>) -> Result<Accepted, Refusal> {
        if self.stays_alive(desk.now, desk.options) {
            return Ok(Accepted::Done);
        }
        Err(if self.is_incoming() { Refusal::NotEstablished } else { Refusal::CallNotFound })
    }

    /// The call is still wanted; false where that cannot be said.
    pub(crate) fn stays_alive(&mut self, now: Timestamp, options: &Options) -> bool {
        let Some(by) = &mut self.keep_alive_by else { return false };
        if options.flaw != Some(Flaw::ForgetsKeepAlive) {
            *by = now + options.keep_alive;
        }
        true
    }

    /// An operation that is done before its reply leaves: no notification follows.
    pub(crate) fn done_at_once(
        &mut self,
        kind: OperationKind,
        context: Option<String>,
        desk: &mut Desk<'_>,
    ) -> Accepted {
        let id = OperationId(desk.operation);
        let operation = OperationView::new(id, kind, OperationStatus::Completed, context);
        self.remember(operation.clone());
        if desk.options.flaw == Some(Flaw::TellsFinishedOperations) {
            let what = crate::notification::What::OperationEnded(Box::new(operation.clone()));
            self.tell(what, desk.asks);
        }
        Accepted::Operation(self.id(), operation)
    }

    /// What every in-call verb needs: an established call.
    pub(crate) fn must_be_established(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Established { .. } | Phase::Transferring(_) => Ok(()),
            Phase::Incoming { .. }
            | Phase::Ringing { .. }
            | Phase::Redirecting
            | Phase::SettingUp { .. } => Err(Refusal::NotEstablished),
            Phase::Terminating | Phase::Terminated { .. } => Err(Refusal::CallNotFound),
        }
    }

    /// What every verb needs that others in a meeting would notice: to be inside, not in the lobby.
    pub(crate) fn must_be_inside(&self) -> Result<(), Refusal> {
        self.must_be_established()?;
        if self.in_lobby { Err(Refusal::WrongState) } else { Ok(()) }
    }

    /// What prompts, records and tones need: sound that flows.
    pub(super) fn must_have_audio(&self, options: &Options) -> Result<(), Refusal> {
        self.must_be_established()?;
        let flows = matches!(self.phase, Phase::Established { audio: Audio::Flows });
        if flows || options.flaw == Some(Flaw::PromptsBeforeAudio) {
            return Ok(());
        }
        Err(Refusal::AudioInactive)
    }

    /// The bot's own roster id.
    pub fn me(&self) -> ParticipantId {
        self.birth.my_participant
    }

    fn ended_by_bot(&self) -> ResultInfo {
        match self.birth.side {
            Side::Peer(_) => diagnosed("The call was ended by the bot", 200, 7000),
            Side::Conference { .. } => ResultInfo::new(200, 5001, "The conversation has ended."),
        }
    }
}

/// What hosting one's media needs.
pub(crate) fn need_of(kind: MediaConfigKind) -> Need {
    match kind {
        MediaConfigKind::ServiceHosted => Need::Nothing,
        MediaConfigKind::AppHosted => Need::AppHostedMedia,
    }
}

/// what was accepted but never offered is dropped without a word.
fn intersection(accepted: Vec<Modality>, offered: &[Modality]) -> Vec<Modality> {
    accepted.into_iter().filter(|modality| offered.contains(modality)).collect()
}

pub(crate) fn declined() -> ResultInfo {
    diagnosed("The call was declined", 603, 0)
}

pub(crate) fn busy() -> ResultInfo {
    diagnosed("The callee is busy", 486, 8539)
}
