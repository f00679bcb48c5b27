//! Service-hosted media as verbs: prompts, records, tones.

use std::time::Duration;

use graph_api::{
    ClientContextRequest, MediaConfigKind, MediaInfo, OperationStatus, PlayPromptRequest,
    RecordRequest, ResultInfo, SendDtmfTonesRequest, Timestamp,
};

use super::{Ask, Call, Closing, Desk, diagnosed};
use crate::{
    arguments,
    flaw::Flaw,
    input::{Accepted, Event, OperationId},
    media_queue::{Full, Job, MediaEvent, Prompt},
    options::Options,
    record_arguments,
    refusal::Refusal,
    view::{OperationKind, OperationView},
};

/// sendDtmfTones that may wait at a time.
const SENDING_MAX: usize = 64;

/// Keys that the bot presses.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// The operation.
    pub operation: OperationId,
    /// When its last tone is over.
    pub until: Timestamp,
}

impl Call {
    /// prompts, in order; R-236: for ever, if asked to; R-237: behind what runs.
    pub(super) fn play_prompt(
        &mut self,
        request: PlayPromptRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        let mut prompts = arguments::prompts(&request.prompts, 20)?;
        arguments::client_context(request.client_context.as_deref())?;
        self.must_host_media_there()?;
        self.must_have_audio(desk.options)?;
        if desk.options.flaw == Some(Flaw::ReversesQueue) {
            prompts = prompts.into_iter().rev().collect();
        }
        let forgets = desk.options.flaw == Some(Flaw::ForgetsPrompts);
        let as_told = |info: &MediaInfo| {
            let prompt = Prompt::from(info);
            let resource_id = prompt.resource_id.filter(|_| !forgets);
            Prompt { resource_id, ..prompt }
        };
        let prompts = prompts.into_iter().map(as_told).collect();
        let endless = request.endless == Some(true) && desk.options.flaw != Some(Flaw::EndsLoops);
        let job = Job::Play { prompts, endless };
        self.enqueue(OperationKind::PlayPrompt, job, request.client_context, desk)
    }

    /// what and how long, read in `record_arguments`; R-251: one at a time, in the queue.
    pub(super) fn record(
        &mut self,
        request: RecordRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        let mut job = record_arguments::record(&request)?;
        job.barge_in &= desk.options.flaw != Some(Flaw::IgnoresBargeIn);
        self.must_host_media_there()?;
        self.must_have_audio(desk.options)?;
        let job = Job::Record(Box::new(job));
        self.enqueue(OperationKind::Record, job, request.client_context, desk)
    }

    fn enqueue(
        &mut self,
        kind: OperationKind,
        job: Job,
        client_context: Option<String>,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        let id = OperationId(desk.operation);
        let full = |Full| Refusal::TooManyOperations;
        let wishes = self.queue.push(desk.now, id, job).map_err(full)?;
        let operation = OperationView::new(id, kind, OperationStatus::Running, client_context);
        self.remember(operation.clone());
        self.grant(wishes, desk.asks);
        Ok(Accepted::Operation(self.id(), operation))
    }

    /// from now on, numbered from 1; asked for again it goes on counting.
    pub(super) fn subscribe_to_tone(
        &mut self,
        request: ClientContextRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        if self.media_kind() == Some(MediaConfigKind::AppHosted)
            && desk.options.tone_on_app_hosted_is_500
        {
            return Err(Refusal::ToneSubscription);
        }
        self.must_host_media_there()?;
        self.must_be_established()?;
        let early = desk.options.flaw == Some(Flaw::HearsTonesEarly);
        let already = i64::try_from(self.pressed).unwrap_or(i64::MAX);
        if desk.options.flaw == Some(Flaw::RestartsTones) {
            self.tones = None;
        }
        self.tones.get_or_insert(if early { already } else { 0 });
        Ok(self.done_at_once(OperationKind::SubscribeToTone, request.client_context, desk))
    }

    /// ends what runs or waits, not the subscription to tones; itself it completes at once.
    pub(super) fn cancel_media(
        &mut self,
        request: ClientContextRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        arguments::client_context(request.client_context.as_deref())?;
        self.must_host_media_there()?;
        self.must_be_established()?;
        let done =
            self.done_at_once(OperationKind::CancelMediaProcessing, request.client_context, desk);
        if desk.options.flaw == Some(Flaw::CancelForgetsTones) {
            self.tones = None;
        }
        let wishes = self.queue.cancel(desk.now);
        self.grant(wishes, desk.asks);
        let spared = desk.options.flaw == Some(Flaw::CancelSparesKeys);
        let cut = if spared { 0 } else { self.sending.len() };
        let sending: Vec<_> = self.sending.drain(..cut).map(|sending| sending.operation).collect();
        for id in sending {
            let closing = Closing { reason: Some("mediaOperationCanceled"), ..Closing::WELL };
            self.operation_ended(id, closing, desk.asks);
        }
        Ok(done)
    }

    /// it always completes; the reason says how.
    pub(super) fn send_dtmf(
        &mut self,
        request: &SendDtmfTonesRequest,
        desk: &mut Desk<'_>,
    ) -> Result<Accepted, Refusal> {
        let (tones, gap) = record_arguments::dtmf(request)?;
        arguments::client_context(request.client_context.as_deref())?;
        self.must_be_inside()?;
        self.must_have_audio(desk.options)?;
        if self.sending.len() >= SENDING_MAX {
            return Err(Refusal::TooManyOperations);
        }
        let id = OperationId(desk.operation);
        let begins = self.sending.back().map_or(desk.now, |last| last.until);
        let count = u32::try_from(tones.len()).unwrap_or(u32::MAX);
        let until = begins + gap.saturating_mul(count).max(Duration::from_nanos(1));
        let mut at = begins;
        for tone in tones {
            let what = MediaEvent::Sent(tone);
            desk.asks.push(Ask::Note(Event::Media { call: self.id(), what, at }));
            at = at + gap;
        }
        self.sending.push_back(Sending { operation: id, until });
        let (kind, context) = (OperationKind::SendDtmfTones, request.client_context.clone());
        let operation = OperationView::new(id, kind, OperationStatus::Running, context);
        self.remember(operation.clone());
        Ok(Accepted::Operation(self.id(), operation))
    }

    pub(super) fn tones_sent(&mut self, asks: &mut Vec<Ask>) {
        if let Some(sent) = self.sending.pop_front() {
            let closing = Closing { reason: Some("completedSuccessfully"), ..Closing::WELL };
            self.operation_ended(sent.operation, closing, asks);
        }
    }

    /// Somebody on the other side speaks, or will, from then until then.
    pub(crate) fn hears_speech(&mut self, now: Timestamp, from: Timestamp, until: Timestamp) {
        if self.audio_active() {
            self.queue.speech(now, from, until);
        }
    }

    /// the media of the bot cannot be reached. Of calls where none flows, and of the service's media, it is not true.
    pub(crate) fn media_is_lost(&mut self, options: &Options, asks: &mut Vec<Ask>) {
        if self.media_kind() == Some(MediaConfigKind::AppHosted) && self.audio_active() {
            let result = if options.media_lost_is_500 {
                diagnosed("Server Internal Error", 500, 1_005)
            } else {
                diagnosed("Client Media Error", 410, 301_005)
            };
            self.end(result, asks);
        }
    }

    /// prompts and records are the service's, so the media must be too.
    fn must_host_media_there(&self) -> Result<(), Refusal> {
        match self.media_kind() {
            Some(MediaConfigKind::AppHosted)
                if self.switches.flaw != Some(Flaw::PromptsOnAppHosted) =>
            {
                Err(Refusal::WrongMediaMode)
            }
            Some(MediaConfigKind::AppHosted | MediaConfigKind::ServiceHosted) | None => Ok(()),
        }
    }
}

/// R-239, clients.md 26: how an operation ends that did not come to its own end.
pub(crate) fn cancelled() -> Closing {
    let text = "Action failed, the operation was cancelled.";
    Closing {
        reason: Some("operationCanceled"),
        ..Closing::failed(ResultInfo::new(400, 8508, text))
    }
}
