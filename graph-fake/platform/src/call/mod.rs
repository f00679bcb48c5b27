//! One call: a leg between a bot and Teams. Phases, edges, deadlines.
//!
//! [`Call::enter`] is the only place where the phase changes, [`Call::end`] the only way out, and
//! [`crate::refusal`] the only table that refuses. What a bot may ask is in `verbs`, `media` and `transfer`,
//! what people may do in `people`. A call knows nothing of other calls and of conferences: what concerns
//! them it says with [`Ask::Did`], and the platform draws the consequences.

mod deadlines;
mod media;
mod people;
mod telling;
mod transfer;
mod verbs;

pub use deadlines::Wake;
pub use media::Sending;
pub(crate) use people::unanswered;
pub use telling::Closing;
pub use transfer::{Kind as TransferKind, Transfer};
pub use verbs::Desk;
pub(crate) use verbs::{declined, need_of};

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use graph_api::{
    AudioRoutingGroup, Call as CreateRequest, CallDirection, CallOptions, CallState, Guid,
    MediaConfig, MediaConfigKind, Modality, RecordingStatus, ResultInfo, Timestamp, Tone,
};

use crate::{
    directory::OnCall,
    flaw::Flaw,
    input::{CallId, ConferenceId, Event, OperationId, ParticipantId},
    media_queue::{MediaQueue, Prompt, Wish},
    notification::{Update, What},
    options::Options,
    outbox::Address,
    view::{CallView, Coordinates, Observation, OperationView, Party},
    who::Person,
};

/// Operations a call remembers; the oldest ended one is forgotten beyond that.
const OPERATIONS_MAX: usize = 1_000;

/// The state diagram; `None` is before the call existed. `ringing` is never shown.
pub const EDGES: [(Option<CallState>, CallState); 23] = [
    (None, CallState::Incoming),
    (None, CallState::Establishing),
    (Some(CallState::Incoming), CallState::Establishing),
    (Some(CallState::Incoming), CallState::Redirecting),
    (Some(CallState::Incoming), CallState::Terminated),
    (Some(CallState::Redirecting), CallState::Terminated),
    (Some(CallState::Establishing), CallState::Established),
    (Some(CallState::Establishing), CallState::Terminated),
    (Some(CallState::Established), CallState::Hold),
    (Some(CallState::Hold), CallState::Established),
    (Some(CallState::Hold), CallState::Terminated),
    (Some(CallState::Hold), CallState::Terminating),
    (Some(CallState::Established), CallState::Transferring),
    (Some(CallState::Transferring), CallState::TransferAccepted),
    (Some(CallState::Transferring), CallState::Established),
    (Some(CallState::TransferAccepted), CallState::Established),
    (Some(CallState::TransferAccepted), CallState::Terminated),
    (Some(CallState::Established), CallState::Terminating),
    (Some(CallState::Terminating), CallState::Terminated),
    (Some(CallState::Established), CallState::Terminated),
    // Either side may hang up while a transfer is under way.
    (Some(CallState::Transferring), CallState::Terminated),
    (Some(CallState::Transferring), CallState::Terminating),
    (Some(CallState::TransferAccepted), CallState::Terminating),
];

/// Where the call is, with exactly the data that place needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    /// The bot is rung.
    Incoming { acknowledge_by: Option<Timestamp>, answer_by: Timestamp },
    /// The bot sends the caller elsewhere.
    Redirecting,
    /// The other end is rung.
    Ringing { reacts: Option<(Timestamp, OnCall)>, give_up_at: Timestamp },
    /// Somebody has answered.
    SettingUp { ready_at: Timestamp },
    /// Set up.
    Established { audio: Audio },
    /// The other end is being put through to somebody else.
    Transferring(Box<Transfer>),
    /// The bot has hung up.
    Terminating,
    /// Over.
    Terminated { result: Option<ResultInfo>, reason: Option<&'static str> },
}

/// Whether sound flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audio {
    /// From then on.
    Starts(Timestamp),
    /// It does.
    Flows,
    /// The other end has put the bot on hold.
    Held,
}

/// What a call asks of the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Tell the bot.
    Tell(u64, What),
    /// Download a prompt.
    Fetch(Prompt),
    /// Download hold music for this operation.
    FetchHoldMusic(OperationId, Prompt),
    /// Write to the journal.
    Note(Event),
    /// Something that concerns others.
    Did(Did),
}

/// What others have to know of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Did {
    /// Somebody answered.
    Answered,
    /// It is set up.
    BecameReady,
    /// A transfer reached the moment when its target must be rung.
    WantsTarget,
    /// The other end is with the target of a transfer now.
    PutThrough,
    /// It is over.
    Ended,
}

/// Who is at the other side.
#[derive(Debug, Clone, PartialEq)]
pub enum Side {
    /// One other.
    Peer(Party),
    /// A conference.
    Conference {
        /// Which.
        id: ConferenceId,
        /// Whether it was a peer-to-peer call before.
        escalated: bool,
    },
}

/// What a leg is part of, beside its own two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The other end is a bot too: its leg.
    Twin(CallId),
    /// A redirected caller looks for somebody, here among others.
    Hunt(u64),
    /// The bot that this one calls has redirected: it looks for somebody else.
    Seeks(u64),
    /// Somebody invited this bot into the conference.
    Invitation(ParticipantId),
    /// Records this participant of the conference.
    Records(ParticipantId),
}

/// What every new call is given.
#[derive(Debug, Clone, PartialEq)]
#[repr(C)]
pub struct Birth {
    /// Who is at the other side.
    pub side: Side,
    /// Its id.
    pub id: CallId,
    /// Its `callChainId`.
    pub chain: Guid,
    /// The tenant.
    pub tenant: Guid,
    /// The bot.
    pub app: Guid,
    /// The bot as others see it; for guests and resource accounts not by its app id.
    pub bot: Person,
    /// The bot's name.
    pub app_name: Arc<str>,
    /// The bot's participant id.
    pub my_participant: ParticipantId,
    /// Whether the bot may know who calls.
    pub caller_visible: bool,
    /// Where notifications go.
    pub callback_uri: Arc<str>,
    /// Chat and meeting.
    pub coordinates: Option<Arc<Coordinates>>,
    /// Whether the webhook still speaks the older format first.
    pub legacy: bool,
}

/// A call. What most requests look at stands first, in one or two lines of the cache: with many calls, the
/// memory's time is all there is.
#[derive(Debug, Clone, PartialEq)]
#[repr(C)]
pub struct Call {
    keep_alive_by: Option<Timestamp>,
    phase: Phase,
    birth: Birth,
    direction: CallDirection,
    source: Party,
    targets: Vec<Party>,
    modalities: Vec<Modality>,
    media_config: Option<Arc<MediaConfig>>,
    request: Option<Arc<CreateRequest>>,
    /// How this leg wants to be told.
    pub(crate) call_options: CallOptions,
    /// Beside its own two ends.
    pub(crate) link: Option<Link>,
    /// Whom it was meant for first.
    pub(crate) routed_from: Vec<Person>,
    /// Who transferred it here.
    pub(crate) transferor: Option<Person>,
    /// Under a recording policy.
    pub(crate) observation: Option<Arc<Observation>>,
    /// How many further users it may record.
    pub(crate) capacity_left: u32,
    /// What it said by updateRecordingStatus.
    pub(crate) recording: Option<RecordingStatus>,
    /// Its audio routing groups.
    pub(crate) routing_groups: BTreeMap<String, AudioRoutingGroup>,
    /// Rosters sent to this leg; numbers its delta rosters.
    pub(crate) roster_sequence: u64,
    /// Whether its next delta roster has everybody, as after the lobby.
    pub(crate) wants_whole_roster: bool,
    /// Whether its bot still waits in the lobby.
    pub(crate) in_lobby: bool,
    /// What the other end of a call of two shows.
    pub(crate) peer_shows: PeerShows,
    /// Further participants that it records.
    pub(crate) also_records: Vec<ParticipantId>,
    /// The transfer that ended it.
    transferred: Option<Transfer>,
    ends_at: Option<Timestamp>,
    /// Whether its bot has heard that audio flows.
    told_audio: bool,
    etag: u64,
    queue: MediaQueue,
    operations: BTreeMap<u64, OperationView>,
    next_operation: u64,
    /// The last tone's number, once subscribed.
    tones: Option<i64>,
    /// Whether the person at the other end of a call of two has muted themselves.
    pub(crate) peer_is_muted: bool,
    /// Keys pressed so far.
    pressed: u64,
    presses: VecDeque<(Timestamp, Guid, Tone)>,
    sending: VecDeque<Sending>,
    switches: Switches,
}

/// What the other end of a call of two shows; in a conference the roster says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PeerShows {
    /// The camera.
    pub(crate) video: bool,
    /// The screen.
    pub(crate) sharing: bool,
}

/// What of [`Options`] a call needs wherever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Switches {
    shows_hold: bool,
    ends_operations_aloud: bool,
    flaw: Option<Flaw>,
}

impl From<&Options> for Switches {
    fn from(options: &Options) -> Self {
        let Options { shows_hold, ends_operations_aloud, flaw, .. } = *options;
        Self { shows_hold, ends_operations_aloud, flaw }
    }
}

impl Call {
    fn new(
        birth: Birth,
        direction: CallDirection,
        phase: Phase,
        source: Party,
        targets: Vec<Party>,
    ) -> Self {
        Self {
            birth,
            direction,
            source,
            targets,
            modalities: vec![Modality::Audio],
            media_config: None,
            request: None,
            call_options: CallOptions::default(),
            link: None,
            routed_from: Vec::new(),
            transferor: None,
            observation: None,
            capacity_left: 0,
            recording: None,
            routing_groups: BTreeMap::new(),
            roster_sequence: 0,
            wants_whole_roster: false,
            in_lobby: false,
            peer_shows: PeerShows::default(),
            also_records: Vec::new(),
            transferred: None,
            phase,
            keep_alive_by: None,
            ends_at: None,
            told_audio: false,
            etag: 0,
            queue: MediaQueue::default(),
            operations: BTreeMap::new(),
            next_operation: 0,
            tones: None,
            peer_is_muted: false,
            pressed: 0,
            presses: VecDeque::new(),
            sending: VecDeque::new(),
            switches: Switches::default(),
        }
    }

    /// Somebody rings a bot. The bot hears of it by [`Call::announce`], once all is known that it is
    /// to be told.
    pub fn ring(birth: Birth, now: Timestamp, options: &Options, source: Party) -> Self {
        let phase = Phase::Incoming {
            acknowledge_by: Some(now + options.acknowledge_within),
            answer_by: now + options.answer_within,
        };
        let bot = Party { participant: birth.my_participant, person: birth.bot.clone() };
        let mut call = Self::new(birth, CallDirection::Incoming, phase, source, vec![bot]);
        call.switches = options.into();
        call.queue = MediaQueue::new(options.into());
        call
    }

    /// Tells the bot that it is rung. Under a recording policy the clock is shorter.
    pub fn announce(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        let late =
            std::time::Duration::from_secs(u64::from(options.flaw == Some(Flaw::AnswersLate)));
        let within = match self.observation {
            Some(_) => options.recorder_answers_within,
            None => options.answer_within,
        };
        if let Phase::Incoming { answer_by, .. } = &mut self.phase {
            *answer_by = now + within + late;
        }
        self.note_state(None, asks);
        self.tell(What::Incoming(Box::new(self.view())), asks);
    }

    /// A bot calls; `request` has been judged already. `rings`: the other end, or nobody for
    /// conferences, which are there at once.
    pub fn create(
        birth: Birth,
        now: Timestamp,
        options: &Options,
        request: CreateRequest,
        targets: Vec<Party>,
        rings: Option<OnCall>,
        asks: &mut Vec<Ask>,
    ) -> Self {
        let phase = match rings {
            Some(on_call) => {
                let ring = request
                    .ringing_timeout_in_seconds
                    .filter(|_| options.flaw != Some(Flaw::RingsTooLong))
                    .and_then(|s| u64::try_from(s).ok());
                let ring = ring.map_or(options.ring, std::time::Duration::from_secs);
                Phase::Ringing { reacts: on_call.reacts_at(now), give_up_at: now + ring }
            }
            None => Phase::SettingUp { ready_at: now + options.set_up },
        };
        let bot = Party { participant: birth.my_participant, person: birth.bot.clone() };
        let mut call = Self::new(birth, CallDirection::Outgoing, phase, bot, targets);
        call.switches = options.into();
        call.queue = MediaQueue::new(options.into());
        call.keep_alive_by = Some(now + options.keep_alive);
        call.modalities = request.requested_modalities.clone().unwrap_or_default();
        call.media_config = request.media_config.clone().map(Arc::new);
        call.call_options = request.call_options.clone().unwrap_or_default();
        call.request = Some(Arc::new(request));
        call.note_state(None, asks);
        call.tell_state(CallState::Establishing, asks);
        call.prefetch(asks);
        call
    }

    /// Its id.
    pub fn id(&self) -> CallId {
        self.birth.id
    }

    /// What it was given when it began, and who is at the other side now.
    pub fn birth(&self) -> &Birth {
        &self.birth
    }

    /// The conference it is in.
    pub fn conference(&self) -> Option<ConferenceId> {
        match self.birth.side {
            Side::Conference { id, .. } => Some(id),
            Side::Peer(_) => None,
        }
    }

    /// Whether it is in a conference that it did not begin in.
    pub fn is_escalated(&self) -> bool {
        matches!(self.birth.side, Side::Conference { escalated: true, .. })
    }

    /// Somebody else than who was called is at the other end of a peer-to-peer call from now on.
    pub fn meets(&mut self, other: Party) {
        self.birth.side = Side::Peer(other);
        self.peer_shows = PeerShows::default();
    }

    /// The other end of a peer-to-peer call.
    pub fn peer(&self) -> Option<&Party> {
        match &self.birth.side {
            Side::Peer(party) => Some(party),
            Side::Conference { .. } => None,
        }
    }

    /// The media's hosting, once the bot has said.
    pub fn media_kind(&self) -> Option<MediaConfigKind> {
        self.media_config.as_ref().and_then(|config| config.kind())
    }

    /// What kinds of media it has.
    pub fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    /// Offers these kinds of media.
    pub fn offer(&mut self, modalities: Vec<Modality>) {
        self.modalities = modalities;
    }

    /// What the bot sent to create it.
    pub fn request(&self) -> Option<&CreateRequest> {
        self.request.as_deref()
    }

    /// whether its bot hides from others once it is in a conference that it did not begin in.
    pub fn hides_after_escalation(&self) -> bool {
        self.call_options.hide_bot_after_escalation == Some(true)
    }

    /// From now on a conference is at the other side; its media moves there.
    pub fn escalate(
        &mut self,
        now: Timestamp,
        conference: ConferenceId,
        coordinates: Arc<Coordinates>,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) {
        self.birth.side = Side::Conference { id: conference, escalated: true };
        self.birth.coordinates = Some(coordinates.clone());
        if let Phase::Established { audio } = &mut self.phase {
            *audio = if options.flaw == Some(Flaw::StaysSilent) {
                Audio::Held
            } else {
                Audio::Starts(now + options.retarget)
            };
            let update = Update {
                audio_active: Some(false),
                coordinates: Some(coordinates),
                ..Update::state(CallState::Established)
            };
            self.tell(What::CallUpdated(Box::new(update)), asks);
        }
    }

    /// Sends the caller elsewhere: the bot's own leg ends, without a result.
    pub fn redirected(&mut self, callback: Option<String>, options: &Options, asks: &mut Vec<Ask>) {
        if let Some(uri) = callback {
            self.birth.callback_uri = uri.into();
        }
        if options.shows_redirecting {
            self.enter(Phase::Redirecting, asks);
            self.tell_state(CallState::Redirecting, asks);
        }
        self.end_because(None, None, asks);
    }

    /// Nothing is played, said or recorded in a call that is over.
    pub fn falls_silent(&mut self, now: Timestamp) -> Vec<Event> {
        let (call, wishes) = (self.id(), self.queue.hang_up(now));
        let noted = |wish| match wish {
            Wish::Note(at, what) => Some(Event::Media { call, what, at }),
            Wish::Fetch(_) | Wish::Ended(..) => None,
        };
        wishes.into_iter().filter_map(noted).collect()
    }

    /// The transfer that ended it.
    pub fn was_transferred(&self) -> Option<&Transfer> {
        self.transferred.as_ref()
    }

    /// Whether rosters are sent to it: from established on, and not to recorders, who see their own
    /// participants by other means.
    pub fn hears_roster(&self) -> bool {
        matches!(self.phase, Phase::Established { .. } | Phase::Transferring(_))
    }

    /// Where it is, in Graph's words; while it rings it is establishing (R-008, clients.md 27).
    pub fn state(&self) -> CallState {
        match &self.phase {
            Phase::Incoming { .. } => CallState::Incoming,
            Phase::Redirecting => CallState::Redirecting,
            Phase::Ringing { .. } | Phase::SettingUp { .. } => CallState::Establishing,
            Phase::Established { audio: Audio::Held } if self.switches.shows_hold => {
                CallState::Hold
            }
            Phase::Established { .. } => CallState::Established,
            Phase::Transferring(transfer) if transfer.accepted => CallState::TransferAccepted,
            Phase::Transferring(_) => CallState::Transferring,
            Phase::Terminating => CallState::Terminating,
            Phase::Terminated { .. } => CallState::Terminated,
        }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Terminated { .. })
    }

    /// Whether it was answered and not hung up.
    pub fn is_established(&self) -> bool {
        matches!(self.phase, Phase::Established { .. })
    }

    /// Whether the bot is still rung.
    pub fn is_incoming(&self) -> bool {
        matches!(self.phase, Phase::Incoming { .. })
    }

    /// Where its notifications go now.
    pub fn address(&self) -> Address {
        Address {
            callback_uri: self.birth.callback_uri.clone(),
            app: self.birth.app,
            tenant: self.birth.tenant,
            chain: self.birth.chain,
            legacy: self.birth.legacy,
        }
    }

    /// Operations, oldest first.
    pub fn operations(&self) -> impl Iterator<Item = &OperationView> {
        self.operations.values()
    }

    /// What can be seen of it.
    pub fn view(&self) -> CallView {
        let birth = &self.birth;
        let (result, termination_reason) = match &self.phase {
            Phase::Terminated { result, reason } => (result.clone(), *reason),
            Phase::Incoming { .. }
            | Phase::Redirecting
            | Phase::Ringing { .. }
            | Phase::SettingUp { .. }
            | Phase::Established { .. }
            | Phase::Transferring(_)
            | Phase::Terminating => (None, None),
        };
        CallView {
            id: birth.id,
            state: self.state(),
            direction: self.direction.clone(),
            callback_uri: birth.callback_uri.clone(),
            chain: birth.chain,
            tenant: birth.tenant,
            app: birth.app,
            app_name: birth.app_name.clone(),
            my_participant: birth.my_participant,
            source: self.source.clone(),
            targets: self.targets.clone(),
            modalities: self.modalities.clone(),
            media_config: self.media_config.clone(),
            audio_active: self.audio_active(),
            caller_visible: birth.caller_visible,
            result,
            termination_reason,
            request: self.request.clone(),
            conference: self.conference(),
            escalated: self.is_escalated(),
            meeting: None,
            coordinates: birth.coordinates.clone(),
            routed_from: self.routed_from.clone(),
            transferor: self.transferor.clone(),
            observation: self.observation.clone(),
            recording: self.recording.clone(),
            hears_tones: self.tones.is_some(),
        }
    }

    /// Whether sound flows.
    pub fn audio_active(&self) -> bool {
        matches!(self.phase, Phase::Established { audio: Audio::Flows })
    }
}

/// `{text}. DiagCode: {code}#{subcode}.@`, the pattern of observed end messages (errors.md 3.2).
pub(crate) fn diagnosed(text: &str, code: i32, subcode: i32) -> ResultInfo {
    ResultInfo::new(code, subcode, format!("{text}. DiagCode: {code}#{subcode}.@"))
}
