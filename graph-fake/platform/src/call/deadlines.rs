//! When a call wakes up by itself, and what happens then.

use std::time::Duration;

use graph_api::{CallState, Guid, ResultInfo, Timestamp, Tone};

use super::{Ask, Audio, Call, Did, Phase, diagnosed};
use crate::{
    directory::OnCall,
    flaw::Flaw,
    input::{Event, FetchError, FetchId},
    media_queue::{MediaEvent, Prompt},
    notification::{Update, What},
    options::Options,
};

/// Why a call wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// The incoming notification was not acknowledged.
    AcknowledgeBy,
    /// The call was not answered.
    AnswerBy,
    /// The other end reacts.
    CalleeReacts,
    /// The other end did not react.
    GiveUp,
    /// Set-up is done.
    Ready,
    /// Sound flows.
    Audio,
    /// A transfer goes on.
    Transfer,
    /// A prompt or a record goes on.
    Queue,
    /// Somebody presses a key.
    Press,
    /// The bot has pressed its keys.
    Sent,
    /// No keepAlive came.
    KeepAlive,
    /// A recorded call reached its longest duration.
    TooLong,
}

impl OnCall {
    /// When somebody who is rung at `now` reacts; `None`: never.
    pub fn reacts_at(self, now: Timestamp) -> Option<(Timestamp, Self)> {
        match self {
            Self::Answer { after } => Some((now + after, self)),
            Self::Decline | Self::Busy | Self::Offline => Some((now, self)),
            Self::Ignore => None,
        }
    }
}

impl Call {
    /// When this call wakes up by itself, and why.
    pub fn next_deadline(&self) -> Option<(Timestamp, Wake)> {
        if self.is_over() {
            return None;
        }
        let (first, second) = match &self.phase {
            Phase::Incoming { acknowledge_by, answer_by } => (
                acknowledge_by.map(|at| (at, Wake::AcknowledgeBy)),
                Some((*answer_by, Wake::AnswerBy)),
            ),
            Phase::Ringing { reacts, give_up_at } => {
                (reacts.map(|(at, _)| (at, Wake::CalleeReacts)), Some((*give_up_at, Wake::GiveUp)))
            }
            Phase::SettingUp { ready_at } => (Some((*ready_at, Wake::Ready)), None),
            Phase::Established { audio: Audio::Starts(at) } => (Some((*at, Wake::Audio)), None),
            Phase::Transferring(transfer) => (Some((transfer.next_at(), Wake::Transfer)), None),
            Phase::Established { .. }
            | Phase::Redirecting
            | Phase::Terminating
            | Phase::Terminated { .. } => (None, None),
        };
        let own = [
            first,
            second,
            self.queue.next_deadline().map(|at| (at, Wake::Queue)),
            self.presses.front().map(|(at, ..)| (*at, Wake::Press)),
            self.sending.front().map(|sending| (sending.until, Wake::Sent)),
            self.keep_alive_by.map(|at| (at, Wake::KeepAlive)),
            self.ends_at.map(|at| (at, Wake::TooLong)),
        ];
        own.into_iter().flatten().min()
    }

    /// What was due has come.
    pub fn on_deadline(
        &mut self,
        due: Timestamp,
        wake: Wake,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) {
        match wake {
            Wake::AcknowledgeBy if options.flaw == Some(Flaw::IgnoresSilence) => {
                self.acknowledged();
            }
            //
            Wake::AcknowledgeBy => self.end(unreached(options, 8586), asks),
            Wake::AnswerBy => self.end(unreached(options, 8587), asks),
            Wake::CalleeReacts => self.callee_reacts(due, options, asks),
            Wake::GiveUp => self.end(diagnosed("The call was not answered", 487, 10_004), asks),
            Wake::Ready => self.becomes_ready(due, options, asks),
            Wake::Audio => self.audio_flows(asks),
            Wake::Transfer => self.transfer_goes_on(due, options, asks),
            Wake::Queue => {
                let wishes = self.queue.on_deadline(due);
                self.grant(wishes, asks);
            }
            Wake::Press => {
                if let Some((_, by, tone)) = self.presses.pop_front() {
                    self.pressed(due, by, tone, asks);
                }
            }
            Wake::Sent => self.tones_sent(asks),
            Wake::KeepAlive if options.flaw == Some(Flaw::NeverLapses) => {
                self.keep_alive_by = Some(due + options.keep_alive);
            }
            Wake::KeepAlive => {
                let lapse = "Keep Alive timeout, cleaned up inactive call.";
                self.end(ResultInfo::new(408, 8537, lapse), asks);
            }
            Wake::TooLong => {
                self.end(ResultInfo::new(200, 5001, "The conversation has ended."), asks);
            }
        }
    }

    /// The incoming notification was accepted by the bot.
    pub fn acknowledged(&mut self) {
        if let Phase::Incoming { acknowledge_by, .. } = &mut self.phase {
            *acknowledge_by = None;
        }
    }

    /// The other end, rung by a bot, has answered; or the bot has.
    pub(crate) fn set_up(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        self.enter(Phase::SettingUp { ready_at: now + options.set_up }, asks);
        if self.keep_alive_by.is_none() {
            self.keep_alive_by = Some(now + options.keep_alive);
        }
        if self.observation.is_some() {
            self.ends_at = Some(now + Duration::from_secs(24 * 3_600));
        }
        asks.push(Ask::Did(Did::Answered));
    }

    fn becomes_ready(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        self.enter(Phase::Established { audio: Audio::Starts(now + options.audio_start) }, asks);
        self.tell_state(CallState::Established, asks);
        asks.push(Ask::Did(Did::BecameReady));
    }

    fn audio_flows(&mut self, asks: &mut Vec<Ask>) {
        if let Phase::Established { audio } = &mut self.phase {
            *audio = Audio::Flows;
            self.tell_audio(true, asks);
        }
    }

    /// `established` with active audio once per call (clients.md 25); after each time the media was away, and
    /// when it goes, audio alone.
    pub(super) fn tell_audio(&mut self, active: bool, asks: &mut Vec<Ask>) {
        let mut update = Update::audio(active);
        if active && (!self.told_audio || self.switches.flaw == Some(Flaw::SaysEstablishedAgain)) {
            update.state = Some(self.state());
            self.told_audio = true;
        }
        self.tell(What::CallUpdated(Box::new(update)), asks);
    }

    /// Somebody pressed a key: heard by records (stop tones), and by the bot if it subscribed.
    fn pressed(&mut self, now: Timestamp, by: Guid, tone: Tone, asks: &mut Vec<Ask>) {
        if !self.audio_active() {
            return;
        }
        self.pressed += 1;
        let what = MediaEvent::Pressed(by, tone.clone());
        asks.push(Ask::Note(Event::Media { call: self.id(), what, at: now }));
        let wishes = self.queue.tone(now, &tone);
        self.grant(wishes, asks);
        if let Some(last) = &mut self.tones {
            *last += 1;
            let number = *last;
            self.tell(What::Tone(number, tone), asks);
        }
    }

    /// A download that this call asked for has its name now.
    pub fn fetch_started(&mut self, fetch: FetchId, prompt: Prompt) {
        self.queue.fetch_started(fetch, prompt);
    }

    /// A download is over.
    pub fn fetched(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        outcome: Result<Duration, FetchError>,
        asks: &mut Vec<Ask>,
    ) {
        let wishes = self.queue.fetched(now, fetch, outcome);
        self.grant(wishes, asks);
    }
}

/// one code for both, or the newer split of it.
fn unreached(options: &Options, newer: i32) -> ResultInfo {
    let subcode = if options.newer_timeout_codes { newer } else { 8544 };
    ResultInfo::new(408, subcode, "Callee could not be reached.")
}
