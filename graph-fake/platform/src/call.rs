//! One call: phases, edges, deadlines.
//!
//! [`Call::enter`] is the only place where the phase changes, [`Call::end`] the only way out, and
//! [`crate::refusal`] the only table that refuses. What a bot may ask is in `verbs`, what people may do
//! in `people`.

mod people;
mod verbs;

pub use verbs::Desk;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use graph_api::{
    Call as CreateRequest, CallDirection, CallState, Guid, MediaConfig, Modality, OperationStatus,
    ResultInfo, Timestamp,
};

use crate::{
    directory::OnCall,
    flaw::Flaw,
    input::{CallId, Event, FetchError, FetchId, OperationId, ParticipantId},
    media_queue::{Ending, MediaQueue, Prompt, Wish},
    notification::{Update, What},
    options::Options,
    outbox::Address,
    view::{CallView, OperationView, Party},
    who::{Person, Who},
};

/// Operations a call remembers; the oldest ended one is forgotten beyond that.
const OPERATIONS_MAX: usize = 1_000;

/// The state diagram of the part of R-150 that is modelled; `None` is before the call existed.
pub const EDGES: [(Option<CallState>, CallState); 9] = [
    (None, CallState::Incoming),
    (None, CallState::Establishing),
    (Some(CallState::Incoming), CallState::Establishing),
    (Some(CallState::Incoming), CallState::Terminated),
    (Some(CallState::Establishing), CallState::Established),
    (Some(CallState::Establishing), CallState::Terminated),
    (Some(CallState::Established), CallState::Terminating),
    (Some(CallState::Terminating), CallState::Terminated),
    (Some(CallState::Established), CallState::Terminated),
];

/// Where the call is, with exactly the data that place needs.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The bot is rung.
    Incoming { acknowledge_by: Option<Timestamp>, answer_by: Timestamp },
    /// The user is rung.
    Ringing { reacts: Option<(Timestamp, OnCall)>, give_up_at: Timestamp, keep_alive_by: Timestamp },
    /// Somebody has answered.
    SettingUp { ready_at: Timestamp, keep_alive_by: Timestamp },
    /// Set up; audio follows.
    Established { audio_at: Option<Timestamp>, keep_alive_by: Timestamp },
    /// The bot has hung up.
    Terminating,
    /// Over.
    Terminated { result: ResultInfo },
}

/// Why a call wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// The incoming notification was not acknowledged.
    AcknowledgeBy,
    /// The call was not answered.
    AnswerBy,
    /// The user reacts.
    CalleeReacts,
    /// The user did not react.
    GiveUp,
    /// Set-up is done.
    Ready,
    /// Audio flows.
    Audio,
    /// A prompt ends.
    Prompt,
    /// No keepAlive came.
    KeepAlive,
}

/// What a call asks of the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Tell the bot.
    Tell(u64, What),
    /// Download a prompt.
    Fetch(Prompt),
    /// Write to the journal.
    Note(Event),
}

/// Who is in a peer-to-peer call: one bot, one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parties {
    /// The bot.
    pub app: Guid,
    /// Its name.
    pub app_name: Arc<str>,
    /// The other end.
    pub user: Person,
    /// The tenant of both.
    pub tenant: Guid,
    /// The bot's participant id.
    pub my_participant: ParticipantId,
    /// The user's participant id.
    pub user_participant: ParticipantId,
    /// Whether the bot may know who calls.
    pub caller_visible: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    id: CallId,
    chain: Guid,
    parties: Parties,
    direction: CallDirection,
    callback_uri: Arc<str>,
    modalities: Vec<Modality>,
    media_config: Option<Arc<MediaConfig>>,
    request: Option<Arc<CreateRequest>>,
    phase: Phase,
    etag: u64,
    queue: MediaQueue,
    operations: BTreeMap<u64, OperationView>,
    next_operation: u64,
    flaw: Option<Flaw>,
}

/// What every new call is given.
pub struct Birth<'a> {
    /// Its id.
    pub id: CallId,
    /// Its `callChainId`.
    pub chain: Guid,
    /// When.
    pub now: Timestamp,
    /// The platform's switches.
    pub options: &'a Options,
    /// What the call asks for.
    pub asks: &'a mut Vec<Ask>,
}

impl Call {
    /// A user rings a bot.
    pub fn ring(birth: Birth<'_>, parties: Parties, callback_uri: Arc<str>) -> Self {
        let Birth { id, chain, now, options, asks } = birth;
        let late = Duration::from_secs(u64::from(options.flaw == Some(Flaw::AnswersLate)));
        let answer_within = options.answer_within + late;
        let phase = Phase::Incoming {
            acknowledge_by: Some(now + options.acknowledge_within),
            answer_by: now + answer_within,
        };
        let mut call = Self::new(id, chain, parties, CallDirection::Incoming, callback_uri, phase);
        call.flaw = options.flaw;
        call.note_state(None, asks);
        call.tell(What::Incoming(Box::new(call.view())), asks);
        call
    }

    /// A bot calls a user; `request` has been judged already.
    pub fn create(
        birth: Birth<'_>,
        parties: Parties,
        request: CreateRequest,
        on_call: OnCall,
    ) -> Self {
        let Birth { id, chain, now, options, asks } = birth;
        let ring = request.ringing_timeout_in_seconds.and_then(|s| u64::try_from(s).ok());
        let reacts = match on_call {
            OnCall::Answer { after } => Some((now + after, on_call)),
            OnCall::Decline | OnCall::Busy | OnCall::Offline => Some((now, on_call)),
            OnCall::Ignore => None,
        };
        let phase = Phase::Ringing {
            reacts,
            give_up_at: now + ring.map_or(options.ring, Duration::from_secs),
            keep_alive_by: now + options.keep_alive,
        };
        let callback_uri = request.callback_uri.clone().unwrap_or_default().into();
        let mut call = Self::new(id, chain, parties, CallDirection::Outgoing, callback_uri, phase);
        call.flaw = options.flaw;
        call.modalities = request.requested_modalities.clone().unwrap_or_default();
        call.media_config = request.media_config.clone().map(Arc::new);
        call.request = Some(Arc::new(request));
        call.note_state(None, asks);
        call.tell(What::CallUpdated(Box::new(Update::state(CallState::Establishing))), asks);
        call.prefetch(asks);
        call
    }

    fn new(
        id: CallId,
        chain: Guid,
        parties: Parties,
        direction: CallDirection,
        callback_uri: Arc<str>,
        phase: Phase,
    ) -> Self {
        Self {
            id,
            chain,
            parties,
            direction,
            callback_uri,
            modalities: vec![Modality::Audio],
            media_config: None,
            request: None,
            phase,
            etag: 0,
            queue: MediaQueue::default(),
            operations: BTreeMap::new(),
            next_operation: 0,
            flaw: None,
        }
    }

    /// When this call wakes up by itself, and why.
    pub fn next_deadline(&self) -> Option<(Timestamp, Wake)> {
        let (first, second) = match &self.phase {
            Phase::Incoming { acknowledge_by, answer_by } => (
                acknowledge_by.map(|at| (at, Wake::AcknowledgeBy)),
                Some((*answer_by, Wake::AnswerBy)),
            ),
            Phase::Ringing { reacts, give_up_at, .. } => {
                (reacts.map(|(at, _)| (at, Wake::CalleeReacts)), Some((*give_up_at, Wake::GiveUp)))
            }
            Phase::SettingUp { ready_at, .. } => (Some((*ready_at, Wake::Ready)), None),
            Phase::Established { audio_at, .. } => (
                audio_at.map(|at| (at, Wake::Audio)),
                self.queue.next_deadline().map(|at| (at, Wake::Prompt)),
            ),
            Phase::Terminating | Phase::Terminated { .. } => (None, None),
        };
        let keep_alive = self.keep_alive_by().map(|at| (at, Wake::KeepAlive));
        [first, second, keep_alive].into_iter().flatten().min()
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
            Wake::AcknowledgeBy | Wake::AnswerBy => {
                self.end(ResultInfo::new(408, 8544, "Callee could not be reached."), asks);
            }
            Wake::CalleeReacts => self.callee_reacts(due, options, asks),
            Wake::GiveUp => self.end(diagnosed("The call was not answered", 487, 10_004), asks),
            Wake::Ready => self.established(due, options, asks),
            Wake::Audio => self.audio_flows(asks),
            Wake::Prompt => {
                let wishes = self.queue.on_deadline(due);
                self.grant(wishes, asks);
            }
            Wake::KeepAlive if options.flaw == Some(Flaw::NeverLapses) => {
                self.keep_until(due + options.keep_alive);
            }
            Wake::KeepAlive => {
                let lapse = "Keep Alive timeout, cleaned up inactive call.";
                self.end(ResultInfo::new(408, 8537, lapse), asks);
            }
        }
    }

    /// The call is still wanted; false where that cannot be said.
    fn keep_until(&mut self, until: Timestamp) -> bool {
        match &mut self.phase {
            Phase::Ringing { keep_alive_by, .. }
            | Phase::SettingUp { keep_alive_by, .. }
            | Phase::Established { keep_alive_by, .. } => {
                *keep_alive_by = until;
                true
            }
            Phase::Incoming { .. } | Phase::Terminating | Phase::Terminated { .. } => false,
        }
    }

    /// The incoming notification was accepted by the bot.
    pub fn acknowledged(&mut self) {
        if let Phase::Incoming { acknowledge_by, .. } = &mut self.phase {
            *acknowledge_by = None;
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

    /// Where it is, in Graph's words.
    pub fn state(&self) -> CallState {
        match &self.phase {
            Phase::Incoming { .. } => CallState::Incoming,
            Phase::Ringing { .. } | Phase::SettingUp { .. } => CallState::Establishing,
            Phase::Established { .. } => CallState::Established,
            Phase::Terminating => CallState::Terminating,
            Phase::Terminated { .. } => CallState::Terminated,
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Terminated { .. })
    }

    /// Who is in it.
    pub fn parties(&self) -> &Parties {
        &self.parties
    }

    /// Where its notifications go now.
    pub fn address(&self) -> Address {
        Address {
            callback_uri: self.callback_uri.clone(),
            app: self.parties.app,
            tenant: self.parties.tenant,
            chain: self.chain,
            legacy: false,
        }
    }

    /// Operations, oldest first.
    pub fn operations(&self) -> impl Iterator<Item = &OperationView> {
        self.operations.values()
    }

    /// What can be seen of it.
    pub fn view(&self) -> CallView {
        let parties = self.parties.clone();
        let user = Party { participant: parties.user_participant, person: parties.user };
        let person = Person {
            who: Who::Application(parties.app),
            name: parties.app_name.to_string(),
            tenant: Some(parties.tenant),
        };
        let bot = Party { participant: parties.my_participant, person };
        let (source, target) = match self.direction {
            CallDirection::Incoming => (user, bot),
            CallDirection::Outgoing | CallDirection::Unknown(_) => (bot, user),
        };
        CallView {
            id: self.id,
            state: self.state(),
            direction: self.direction.clone(),
            callback_uri: self.callback_uri.clone(),
            chain: self.chain,
            tenant: parties.tenant,
            app: parties.app,
            app_name: parties.app_name,
            my_participant: parties.my_participant,
            source,
            targets: vec![target],
            modalities: self.modalities.clone(),
            media_config: self.media_config.clone(),
            audio_active: self.audio_active(),
            caller_visible: parties.caller_visible,
            result: self.view_result(),
            termination_reason: Some("CallTerminated"),
            request: self.request.clone(),
            conference: None,
            escalated: false,
            meeting: None,
            coordinates: None,
            routed_from: Vec::new(),
            transferor: None,
            observation: None,
            recording: None,
            hears_tones: false,
        }
    }

    fn audio_active(&self) -> bool {
        matches!(self.phase, Phase::Established { audio_at: None, .. })
    }

    fn keep_alive_by(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Ringing { keep_alive_by, .. }
            | Phase::SettingUp { keep_alive_by, .. }
            | Phase::Established { keep_alive_by, .. } => Some(keep_alive_by),
            Phase::Incoming { .. } | Phase::Terminating | Phase::Terminated { .. } => None,
        }
    }

    fn established(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        let Some(keep_alive_by) = self.keep_alive_by() else { return };
        let audio_at = Some(now + options.audio_start);
        self.enter(Phase::Established { audio_at, keep_alive_by }, asks);
        self.tell(What::CallUpdated(Box::new(Update::state(CallState::Established))), asks);
    }

    /// Once per call (clients.md 25): bots act on every such notification.
    fn audio_flows(&mut self, asks: &mut Vec<Ask>) {
        if let Phase::Established { audio_at, .. } = &mut self.phase {
            *audio_at = None;
            let state = CallState::Established;
            let update = Update { audio_active: Some(true), ..Update::state(state) };
            self.tell(What::CallUpdated(Box::new(update)), asks);
        }
    }

    /// The only way out. Open operations are dropped without a word.
    fn end(&mut self, result: ResultInfo, asks: &mut Vec<Ask>) {
        if self.flaw == Some(Flaw::EndsOperationsAloud) {
            let running = |o: &&OperationView| o.status == OperationStatus::Running;
            let open: Vec<_> = self.operations().filter(running).map(|o| o.id).collect();
            for id in open {
                let text = "Action failed, the operation was cancelled.";
                let result = ResultInfo::new(400, 8508, text);
                let reason = "operationCanceled";
                let cancelled = Ending { well: false, result, reason, recorded: false };
                self.operation_ended(id, cancelled, asks);
            }
        }
        self.queue = MediaQueue::default();
        self.enter(Phase::Terminated { result }, asks);
        self.tell(What::CallEnded(Box::new(self.view())), asks);
    }

    /// The only place where the phase changes.
    fn enter(&mut self, next: Phase, asks: &mut Vec<Ask>) {
        let from = self.state();
        self.phase = next;
        let to = self.state();
        if from != to {
            let legal = EDGES.contains(&(Some(from.clone()), to.clone()));
            assert!(legal, "{}: {from} -> {to} is not in the state diagram", self.id);
            self.note_state(Some(from), asks);
        }
    }

    fn note_state(&self, from: Option<CallState>, asks: &mut Vec<Ask>) {
        let result = self.view_result();
        asks.push(Ask::Note(Event::CallState { call: self.id, from, to: self.state(), result }));
    }

    fn view_result(&self) -> Option<ResultInfo> {
        if let Phase::Terminated { result } = &self.phase { Some(result.clone()) } else { None }
    }

    fn tell(&mut self, what: What, asks: &mut Vec<Ask>) {
        self.etag += 1;
        asks.push(Ask::Tell(self.etag, what));
    }

    fn prefetch(&mut self, asks: &mut Vec<Ask>) {
        let media = self.media_config.as_ref().and_then(|config| config.pre_fetch_media.as_ref());
        let prompts: Vec<Prompt> = media.into_iter().flatten().map(Prompt::from).collect();
        let (wishes, id) = (self.queue.prefetch(prompts), self.id);
        asks.extend(wishes.into_iter().filter_map(|wish| match wish {
            Wish::Fetch(prompt) => Some(Ask::Fetch(prompt)),
            Wish::Note(event) => Some(Ask::Note(Event::Media { call: id, what: event })),
            Wish::Ended(..) => None,
        }));
    }

    /// Carries out what the queue wants.
    fn grant(&mut self, wishes: Vec<Wish>, asks: &mut Vec<Ask>) {
        for wish in wishes {
            match wish {
                Wish::Fetch(prompt) => asks.push(Ask::Fetch(prompt)),
                Wish::Ended(operation, ending) => self.operation_ended(operation, *ending, asks),
                Wish::Note(what) => asks.push(Ask::Note(Event::Media { call: self.id, what })),
            }
        }
    }

    fn operation_ended(&mut self, id: OperationId, ending: Ending, asks: &mut Vec<Ask>) {
        let flaw = self.flaw;
        let Some(operation) = self.operations.values_mut().find(|operation| operation.id == id)
        else {
            return;
        };
        let well = ending.well || flaw == Some(Flaw::HidesFailure);
        operation.status = if well { OperationStatus::Completed } else { OperationStatus::Failed };
        operation.result = Some(ending.result);
        operation.completion_reason = Some(ending.reason);
        operation.recorded = ending.recorded;
        let ended = operation.clone();
        self.tell(What::OperationEnded(Box::new(ended)), asks);
    }

    fn remember(&mut self, operation: OperationView) {
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

/// `{text}. DiagCode: {code}#{subcode}.@`, the pattern of observed end messages (errors.md 3.2).
fn diagnosed(text: &str, code: i32, subcode: i32) -> ResultInfo {
    ResultInfo::new(code, subcode, format!("{text}. DiagCode: {code}#{subcode}.@"))
}
