//! What a call says: its states, its end, the ends of its operations. [`Call::enter`] is the only place where the
//! phase changes, [`Call::end`] the only way out.

use graph_api::{CallState, OperationStatus, ResultInfo};

use super::{Ask, Call, Did, EDGES, OPERATIONS_MAX, Phase, media};
use crate::{
    flaw::Flaw,
    input::{Event, OperationId},
    media_queue::{Ending, Prompt, Wish},
    notification::{Update, What},
    view::OperationView,
};

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// `completed`, or else `failed`.
    pub well: bool,
    /// Code, subcode, message; invitations, hold music and the gallery say none when all is well.
    pub result: Option<ResultInfo>,
    /// `completionReason`.
    pub reason: Option<&'static str>,
    /// Whether there is a recording to fetch.
    pub recorded: bool,
}

impl Closing {
    /// All is well, and there is nothing to say about it.
    pub const WELL: Self = Self { well: true, result: None, reason: None, recorded: false };

    /// It failed.
    pub const fn failed(result: ResultInfo) -> Self {
        Self { well: false, result: Some(result), reason: None, recorded: false }
    }
}

impl From<Ending> for Closing {
    fn from(ending: Ending) -> Self {
        let Ending { well, result, reason, recorded } = ending;
        Self { well, result: Some(result), reason: Some(reason), recorded }
    }
}

impl Call {
    /// The only way out. Open operations are dropped without a word.
    pub(crate) fn end(&mut self, result: ResultInfo, asks: &mut Vec<Ask>) {
        self.end_because(Some(result), Some("CallTerminated"), asks);
    }

    /// The same for ends that say less, or something else.
    pub(crate) fn end_because(
        &mut self,
        result: Option<ResultInfo>,
        reason: Option<&'static str>,
        asks: &mut Vec<Ask>,
    ) {
        if self.switches.flaw == Some(Flaw::EndsOperationsAloud)
            || self.switches.ends_operations_aloud
        {
            let running = |o: &&OperationView| o.status == OperationStatus::Running;
            let open: Vec<_> = self.operations().filter(running).map(|o| o.id).collect();
            for id in open {
                self.operation_ended(id, media::cancelled(), asks);
            }
        }
        self.keep_alive_by = None;
        self.ends_at = None;
        self.presses.clear();
        self.sending.clear();
        self.enter(Phase::Terminated { result, reason }, asks);
        self.tell(What::CallEnded(Box::new(self.view())), asks);
        asks.push(Ask::Did(Did::Ended));
    }

    /// The only place where the phase changes.
    pub(super) fn enter(&mut self, next: Phase, asks: &mut Vec<Ask>) {
        let from = self.state();
        self.phase = next;
        let to = self.state();
        if from != to {
            let legal = EDGES.contains(&(Some(from.clone()), to.clone()));
            assert!(legal, "{}: {from} -> {to} is not in the state diagram", self.id());
            self.note_state(Some(from), asks);
        }
    }

    pub(super) fn note_state(&self, from: Option<CallState>, asks: &mut Vec<Ask>) {
        let result = self.view_result();
        asks.push(Ask::Note(Event::CallState { call: self.id(), from, to: self.state(), result }));
    }

    pub(super) fn view_result(&self) -> Option<ResultInfo> {
        if let Phase::Terminated { result, .. } = &self.phase { result.clone() } else { None }
    }

    /// Tells the bot something.
    pub(crate) fn tell(&mut self, what: What, asks: &mut Vec<Ask>) {
        self.etag += 1;
        asks.push(Ask::Tell(self.etag, what));
    }

    /// Tells a state; members of meetings hear with each where they are (notifications.md 3.4).
    pub(super) fn tell_state(&mut self, state: CallState, asks: &mut Vec<Ask>) {
        let coordinates = self
            .birth
            .coordinates
            .clone()
            .filter(|_| matches!(state, CallState::Establishing | CallState::Established));
        let update = Update { coordinates, ..Update::state(state) };
        self.tell(What::CallUpdated(Box::new(update)), asks);
    }

    pub(super) fn prefetch(&mut self, asks: &mut Vec<Ask>) {
        let media = self.media_config.as_ref().and_then(|config| config.pre_fetch_media.as_ref());
        let prompts: Vec<Prompt> = media.into_iter().flatten().map(Prompt::from).collect();
        let wishes = self.queue.prefetch(prompts);
        self.grant(wishes, asks);
    }

    /// Carries out what the queue wants.
    pub(super) fn grant(&mut self, wishes: Vec<Wish>, asks: &mut Vec<Ask>) {
        for wish in wishes {
            match wish {
                Wish::Fetch(prompt) => asks.push(Ask::Fetch(prompt)),
                Wish::Ended(operation, ending) => {
                    self.operation_ended(operation, (*ending).into(), asks);
                }
                Wish::Note(at, what) => {
                    asks.push(Ask::Note(Event::Media { call: self.id(), what, at }));
                }
            }
        }
    }

    /// An operation ended, later than its reply: its one notification.
    pub(crate) fn operation_ended(
        &mut self,
        id: OperationId,
        closing: Closing,
        asks: &mut Vec<Ask>,
    ) {
        let flaw = self.switches.flaw;
        let Some(operation) = self.operations.values_mut().find(|operation| operation.id == id)
        else {
            return;
        };
        let well = closing.well || flaw == Some(Flaw::HidesFailure);
        operation.status = if well { OperationStatus::Completed } else { OperationStatus::Failed };
        operation.result = closing.result;
        operation.completion_reason = closing.reason;
        operation.recorded = closing.recorded;
        let mut ended = operation.clone();
        if flaw == Some(Flaw::ForgetsContext) {
            ended.client_context = None;
        }
        self.tell(What::OperationEnded(Box::new(ended)), asks);
        if flaw == Some(Flaw::TellsOperationTwice) {
            let again = self.operations.values().find(|operation| operation.id == id).cloned();
            self.tell(What::OperationEnded(Box::new(again.expect("just seen"))), asks);
        }
    }

    /// Keeps the record of an operation.
    pub(crate) fn remember(&mut self, operation: OperationView) {
        if self.operations.len() >= OPERATIONS_MAX {
            let ended = |o: &OperationView| o.status != OperationStatus::Running;
            let oldest = self.operations.iter().find(|(_, o)| ended(o)).map(|(key, _)| *key);
            // With the queue's own limit far below, there is always an ended one.
            if let Some(key) = oldest {
                self.operations.remove(&key);
            }
        }
        self.next_operation += 1;
        self.operations.insert(self.next_operation, operation);
    }
}
