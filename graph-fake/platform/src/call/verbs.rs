//! What a bot may ask of a call; each verb says on its first lines where it is legal.

use std::sync::Arc;

use graph_api::{
    AnswerRequest, CallState, Guid, MediaConfigKind, Modality, OperationStatus, PlayPromptRequest,
    RejectReason, RejectRequest, ResultInfo, Timestamp,
};

use super::{Ask, Call, Phase, diagnosed};
use crate::{
    arguments,
    flaw::Flaw,
    input::{Accepted, CallVerb, OperationId},
    media_queue::{Full, Job, Prompt},
    notification::{Update, What},
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
    /// Answers one request.
    ///
    /// # Errors
    /// The refusal, by the order of errors.md: argument, state, kind, limits.
    pub fn verb(&mut self, verb: CallVerb, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        match verb {
            CallVerb::Get => Ok(Accepted::Call(Box::new(self.view()))),
            CallVerb::Delete => self.delete(desk),
            CallVerb::Answer(request) => self.answer(*request, desk),
            CallVerb::Reject(request) => self.reject(request, desk),
            CallVerb::PlayPrompt(request) => self.play_prompt(*request, desk),
            CallVerb::KeepAlive => self.keep_alive(desk),
            CallVerb::ListParticipants => Ok(Accepted::Participants(self.id, Vec::new())),
            CallVerb::GetParticipant(_) => Err(Refusal::ParticipantNotFound),
            CallVerb::GetOperation(id) => self
                .operations()
                .find(|operation| operation.id == id)
                .map(|operation| Accepted::OperationRead(self.id, operation.clone()))
                .ok_or(Refusal::OperationNotFound),
            CallVerb::ListOperations => {
                Ok(Accepted::Operations(self.id, self.operations().cloned().collect()))
            }
            CallVerb::NotModelled(action) => Err(Refusal::NotModelled(action)),
            _ => Err(Refusal::NotModelled("this action")),
        }
    }

    ///
    fn answer(&mut self, request: AnswerRequest, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        let kind = arguments::media_kind(request.media_config.as_ref())?;
        let accepted = arguments::modalities(request.accepted_modalities, "acceptedModalities")?;
        let callback = arguments::callback(request.callback_uri, desk.options)?;
        if missing(need_of(kind), desk.grants).is_some() {
            return Err(Refusal::MissingPermission(need_of(kind)));
        }
        match self.phase {
            Phase::Incoming { .. } => {}
            Phase::SettingUp { .. } if desk.options.flaw == Some(Flaw::AnswersTwice) => {
                return Ok(Accepted::Taken);
            }
            // whoever comes second is told so.
            Phase::SettingUp { .. } | Phase::Established { .. } => {
                return Err(Refusal::AlreadyAnswered);
            }
            Phase::Ringing { .. } | Phase::Terminating => return Err(Refusal::WrongState),
            Phase::Terminated { .. } => return Err(Refusal::CallNotFound),
        }
        if kind == MediaConfigKind::AppHosted {
            return Err(Refusal::NotModelled("answer with appHostedMediaConfig"));
        }
        if let Some(uri) = callback {
            self.callback_uri = uri.into();
        }
        self.modalities = intersection(accepted, &self.modalities);
        self.media_config = request.media_config.map(Arc::new);
        let keep_alive_by = desk.now + desk.options.keep_alive;
        let ready_at = desk.now + desk.options.set_up;
        self.enter(Phase::SettingUp { ready_at, keep_alive_by }, desk.asks);
        let state = CallState::Establishing;
        self.tell(What::CallUpdated(Box::new(Update::state(state))), desk.asks);
        self.prefetch(desk.asks);
        Ok(Accepted::Taken)
    }

    /// needs no permission.
    fn reject(&mut self, request: RejectRequest, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        let callback = arguments::callback(request.callback_uri, desk.options)?;
        let Phase::Incoming { .. } = self.phase else { return Err(Refusal::WrongState) };
        if let Some(uri) = callback {
            self.callback_uri = uri.into();
        }
        let result = match request.reason.unwrap_or_default() {
            RejectReason::None => diagnosed("The call was declined", 603, 0),
            RejectReason::Busy => diagnosed("The callee is busy", 486, 8539),
            RejectReason::Forbidden => diagnosed("The caller is blocked", 403, 510_403),
        };
        self.end(result, desk.asks);
        Ok(Accepted::Taken)
    }

    /// Hangs up.
    fn delete(&mut self, desk: &mut Desk<'_>) -> Result<Accepted, Refusal> {
        match self.phase {
            Phase::Incoming { .. } => {
                self.end(diagnosed("The call was declined", 603, 0), desk.asks)
            }
            Phase::Ringing { .. } | Phase::SettingUp { .. } => self.end(ended_by_bot(), desk.asks),
            Phase::Established { .. } => {
                if desk.options.flaw != Some(Flaw::SkipsTerminating) {
                    self.enter(Phase::Terminating, desk.asks);
                    let state = CallState::Terminating;
                    self.tell(What::CallUpdated(Box::new(Update::state(state))), desk.asks);
                }
                self.end(ended_by_bot(), desk.asks);
            }
            Phase::Terminating | Phase::Terminated { .. } => return Err(Refusal::CallNotFound),
        }
        Ok(Accepted::Gone)
    }

    ///
    fn play_prompt(
        &mut self,
        request: PlayPromptRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        let mut prompts = arguments::prompts(&request.prompts, 20)?;
        arguments::client_context(request.client_context.as_deref())?;
        if request.endless == Some(true) {
            return Err(Refusal::NotModelled("playPrompt with loop"));
        }
        match self.phase {
            Phase::Established { audio_at: None, .. } => {}
            Phase::Established { .. } if desk.options.flaw == Some(Flaw::PromptsBeforeAudio) => {}
            Phase::Established { .. } => return Err(Refusal::AudioInactive),
            Phase::Incoming { .. } | Phase::Ringing { .. } | Phase::SettingUp { .. } => {
                return Err(Refusal::NotEstablished);
            }
            Phase::Terminating | Phase::Terminated { .. } => return Err(Refusal::CallNotFound),
        }
        if desk.options.flaw == Some(Flaw::ReversesQueue) {
            prompts = prompts.into_iter().rev().collect();
        }
        let id = OperationId(desk.operation);
        let wishes = self
            .queue
            .push(
                desk.now,
                id,
                Job::Play {
                    prompts: prompts.into_iter().map(Prompt::from).collect(),
                    endless: false,
                },
            )
            .map_err(|Full| Refusal::TooManyOperations)?;
        let (kind, running) = (OperationKind::PlayPrompt, OperationStatus::Running);
        let operation = OperationView::new(id, kind, running, request.client_context);
        self.remember(operation.clone());
        self.grant(wishes, desk.asks);
        Ok(Accepted::Operation(self.id, operation))
    }

    /// R-300; other requests do not count.
    fn keep_alive(&mut self, desk: &Desk<'_>) -> Result<Accepted, Refusal> {
        let until = match (desk.options.flaw, self.keep_alive_by()) {
            (Some(Flaw::ForgetsKeepAlive), Some(unchanged)) => unchanged,
            _ => desk.now + desk.options.keep_alive,
        };
        if self.keep_until(until) {
            return Ok(Accepted::Done);
        }
        Err(if self.state() == CallState::Incoming {
            Refusal::NotEstablished
        } else {
            Refusal::CallNotFound
        })
    }
}

fn need_of(kind: MediaConfigKind) -> Need {
    match kind {
        MediaConfigKind::ServiceHosted => Need::Nothing,
        MediaConfigKind::AppHosted => Need::AppHostedMedia,
    }
}

/// what was accepted but never offered is dropped without a word.
fn intersection(accepted: Vec<Modality>, offered: &[Modality]) -> Vec<Modality> {
    accepted.into_iter().filter(|modality| offered.contains(modality)).collect()
}

fn ended_by_bot() -> ResultInfo {
    diagnosed("The call was ended by the bot", 200, 7000)
}
