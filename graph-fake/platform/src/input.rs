//! Everything that can make the platform act, and everything that can follow.

use std::{fmt, sync::Arc, time::Duration};

use graph_api::{
    AnswerRequest, AudioRoutingGroup, Call as CreateRequest, CallState, ClientContextRequest,
    ConfigureMixerRequest, DeviceQualityRequest, Guid, HoldMusicRequest, InviteRequest, Modality,
    MuteAllRequest, PlayPromptRequest, RecordRequest, RecordingStatusRequest, RedirectRequest,
    RejectRequest, ResultInfo, ScreenSharingRequest, SendDtmfTonesRequest, Timestamp, Tone,
    TransferRequest, UpdateMetadataRequest,
};

use crate::{
    directory::Admin,
    explanation::Explanation,
    media_queue::MediaEvent,
    meetings::{MeetingAccepted, MeetingId, MeetingVerb, Schedule},
    notification::Notification,
    outbox::NotificationFault,
    permissions::Grants,
    refusal::Refusal,
    view::{CallView, OperationView, ParticipantView},
    who::Who,
};

macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id_type! {
    /// One leg between a bot and Teams.
    CallId(Guid)
}
id_type! {
    /// One operation of a call.
    OperationId(Guid)
}
id_type! {
    /// One entry of a roster (`myParticipantId` for a bot's own).
    ParticipantId(Guid)
}
id_type! {
    /// One conference: what several people and bots are in together.
    ConferenceId(Guid)
}
id_type! {
    /// One notification on its way; the same for all its attempts.
    DeliveryId(u64)
}
id_type! {
    /// One download of a prompt.
    FetchId(u64)
}

/// What happens to the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A bot asks for something.
    Request(Box<Request>),
    /// A person in Teams does something.
    Act(Act),
    /// A notification arrived, or did not.
    Delivered {
        /// Which.
        delivery: DeliveryId,
        /// How it went.
        outcome: DeliveryOutcome,
    },
    /// A prompt was downloaded, or was not.
    Fetched {
        /// Which download.
        fetch: FetchId,
        /// How long the prompt is, or why it cannot be played.
        outcome: Result<Duration, FetchError>,
    },
    /// An administrator changes who exists.
    Admin(Box<Admin>),
    /// A test arranges a meeting, with people in it.
    Schedule(Box<Schedule>),
    /// A test replaces the faults of notifications; counting starts anew.
    NotificationFaults(Vec<NotificationFault>),
    /// Nothing has come from the media of the bot of this call for too long.
    MediaLost(CallId),
    /// Time has passed.
    Deadline,
}

/// Who asks: what the access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The application.
    pub app: Guid,
    /// The tenant the token was issued for.
    pub tenant: Guid,
    /// The roles in the token.
    pub roles: Grants,
    /// The user of a delegated token; none for an application's own.
    pub delegated: Option<Delegated>,
}

/// A user in whose name an application asks. Only online meetings and calendars can be asked for so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegated {
    /// The signed-in user.
    pub user: Guid,
    /// What the token's scopes allow: the delegated permissions, by their application counterparts.
    pub scopes: Grants,
}

impl Caller {
    /// An application with a token of its own.
    pub const fn application(app: Guid, tenant: Guid, roles: Grants) -> Self {
        Self { app, tenant, roles, delegated: None }
    }
}

/// A request of a bot, already read.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// The `Scenario-Id` header; becomes the callChainId of a call that is created.
    pub scenario: Option<Guid>,
    /// What for.
    pub verb: Verb,
}

/// What a bot may ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// Call somebody.
    CreateCall(Box<CreateRequest>),
    /// Something about one call.
    OnCall(CallId, CallVerb),
    /// Something about online meetings.
    Meeting(Box<MeetingVerb>),
    /// `logTeleconferenceDeviceQuality`.
    LogDeviceQuality(Box<DeviceQualityRequest>),
}

/// What a bot may ask of one call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallVerb {
    /// Read it.
    Get,
    /// Hang up.
    Delete,
    /// Take an incoming call.
    Answer(Box<AnswerRequest>),
    /// Refuse an incoming call.
    Reject(RejectRequest),
    /// Send an incoming call elsewhere.
    Redirect(Box<RedirectRequest>),
    /// Send the other end elsewhere.
    Transfer(Box<TransferRequest>),
    /// Say that the call is still wanted.
    KeepAlive,
    /// Mute oneself.
    Mute(ClientContextRequest),
    /// Unmute oneself.
    Unmute(ClientContextRequest),
    /// Put a blob into the roster (beta).
    UpdateMetadata(UpdateMetadataRequest),
    /// Begin or stop to share the screen.
    ChangeScreenSharingRole(ScreenSharingRequest),
    /// Say whether one records.
    UpdateRecordingStatus(RecordingStatusRequest),
    /// Have the gallery as one video.
    AddLargeGalleryView(ClientContextRequest),
    /// Play prompts.
    PlayPrompt(Box<PlayPromptRequest>),
    /// Record an answer.
    Record(Box<RecordRequest>),
    /// Hear what is pressed.
    SubscribeToTone(ClientContextRequest),
    /// End prompts and records.
    CancelMediaProcessing(ClientContextRequest),
    /// Press keys.
    SendDtmfTones(SendDtmfTonesRequest),
    /// Read the roster.
    ListParticipants,
    /// Read one roster entry.
    GetParticipant(ParticipantId),
    /// Remove somebody.
    RemoveParticipant(ParticipantId),
    /// Mute somebody.
    MuteParticipant(ParticipantId, ClientContextRequest),
    /// Mute several, or all (beta).
    MuteAll(MuteAllRequest),
    /// Bring somebody in.
    Invite(Box<InviteRequest>),
    /// Set who hears whom how loud (beta).
    ConfigureMixer(Box<ConfigureMixerRequest>),
    /// Put somebody on hold.
    StartHoldMusic(ParticipantId, Box<HoldMusicRequest>),
    /// Take somebody off hold.
    StopHoldMusic(ParticipantId, ClientContextRequest),
    /// Let somebody in from the lobby; `None`: everybody (beta).
    AdmitFromLobby(Option<ParticipantId>, ClientContextRequest),
    /// Send somebody away from the lobby (beta).
    RemoveFromLobby(ParticipantId, ClientContextRequest),
    /// Read the audio routing groups.
    ListRoutingGroups,
    /// Read one.
    GetRoutingGroup(String),
    /// Make one.
    CreateRoutingGroup(AudioRoutingGroup),
    /// Change one.
    UpdateRoutingGroup(String, AudioRoutingGroup),
    /// Remove one.
    DeleteRoutingGroup(String),
    /// Read the content sharing sessions.
    ListContentSharing,
    /// Read one.
    GetContentSharing(String),
    /// Read one operation.
    GetOperation(OperationId),
    /// Read all operations.
    ListOperations,
    /// Known to Graph by name only: no page describes it (endpoints.md 20).
    NotModelled(&'static str),
}

/// What people do.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A user rings somebody. One bot: a peer-to-peer call. Several: a group call to which all are invited.
    /// One user: a call between people, of which bots see something only by a recording policy.
    Ring {
        /// The user.
        from: Guid,
        /// Whom.
        to: Vec<Who>,
        /// The user's tenant, which the call belongs to.
        tenant: Guid,
        /// What the caller offers.
        modalities: Vec<Modality>,
        /// An id for the bot's call, if the test wants one of its own.
        call: Option<CallId>,
    },
    /// A telephone rings a bot through its resource account.
    RingByPhone {
        /// The caller's number.
        from: String,
        /// The resource account's object id.
        to: Guid,
        /// Its tenant.
        tenant: Guid,
        /// An id for the bot's call.
        call: Option<CallId>,
    },
    /// A bot is invited into a meeting whose conference runs; one is started if none does.
    InviteToMeeting {
        /// Which meeting.
        meeting: MeetingId,
        /// Which bot.
        app: Guid,
        /// Who invites; the organizer if not said.
        by: Option<Guid>,
        /// An id for the bot's call.
        call: Option<CallId>,
    },
    /// A user does something in a meeting, whether or not bots are in it.
    InMeeting {
        /// Which.
        meeting: MeetingId,
        /// Who.
        by: Guid,
        /// What.
        what: UserAct,
    },
    /// A user does something in the call that a bot knows by this id.
    InCall {
        /// The call as the bot knows it.
        call: CallId,
        /// Who; a user, or the telephone of a PSTN call by its participant id.
        by: Guid,
        /// What.
        what: UserAct,
    },
    /// The platform sends the last delivered notification of a call once more.
    RepeatLastNotification {
        /// The call, which may have ended.
        call: CallId,
    },
}

/// What a user does in a call.
#[derive(Debug, Clone, PartialEq)]
pub enum UserAct {
    /// Puts the phone down; gives up while it rings; leaves a conference.
    HangUp,
    /// Picks up.
    Answer,
    /// Declines.
    Decline,
    /// Joins a meeting, or joins it once more with another endpoint.
    Join,
    /// Mutes oneself.
    Mute,
    /// Unmutes oneself.
    Unmute,
    /// Puts the other end on hold.
    Hold,
    /// Takes it off hold.
    Resume,
    /// Presses keys, one after another.
    Press(Vec<Tone>, Duration),
    /// Speaks for so long.
    Speak(Duration),
    /// Speaks for so long, with pauses: there is sound in these pieces, each from then to then after the beginning.
    SpeakInPieces(Duration, Vec<(Duration, Duration)>),
    /// Brings somebody in: this is what makes a peer-to-peer call a multiparty one.
    Invite(Vec<Who>),
    /// Removes the bot.
    RemoveBot,
    /// Mutes the bot.
    MuteBot,
    /// Turns the camera on.
    StartVideo,
    /// Turns it off.
    StopVideo,
    /// Shows the screen.
    Share,
    /// Stops that.
    StopShare,
    /// Presents a document: a content sharing session.
    ShareContent,
    /// Stops that.
    StopSharingContent,
    /// Lets everybody in who waits in the lobby.
    AdmitFromLobby,
    /// Ends the meeting for all.
    EndMeeting,
}

/// Why an act is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActRefusal {
    /// No such call, user, bot or tenant.
    #[error("there is no {0}")]
    Unknown(String),
    /// Not possible where things are.
    #[error("{0}")]
    NotNow(String),
}

/// How the delivery of a notification went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The bot answered with this HTTP status, and with `Location` if it sent one.
    Answered {
        /// The status.
        status: u16,
        /// The `Location` header.
        location: Option<String>,
        /// What a participantJoiningNotification was answered with; read only from a 200.
        joining: Option<JoinAnswer>,
    },
    /// No answer: connection refused or broken, or the limit passed.
    NoAnswer,
}

impl DeliveryOutcome {
    /// Answered with this status and nothing else.
    pub const fn answered(status: u16) -> Self {
        Self::Answered { status, location: None, joining: None }
    }
}

/// How a bot answers a participantJoiningNotification (notifications.md 3.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinAnswer {
    /// `acceptJoinResponse`
    Accept,
    /// `rejectJoinResponse`
    Reject,
    /// `inviteNewBotResponse`: the service sends an ordinary incoming call to this URI.
    InviteNewBot(String),
    /// A body that is none of these.
    Unreadable,
}

/// Why a prompt cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchError {
    /// It could not be downloaded.
    Download,
    /// It is not a WAV file, mono, 16 bit, 16 kHz.
    Format,
}

/// What a request or an act is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// 201 with the call.
    Created(Box<CallView>),
    /// 200 with the call; shared, since nothing may have changed since it was shown last.
    Call(Arc<CallView>),
    /// 200 with an operation that was made by this request.
    Operation(CallId, OperationView),
    /// 202 with an operation that was made by this request.
    OperationTaken(CallId, OperationView),
    /// 200 with an operation that was read.
    OperationRead(CallId, OperationView),
    /// 200 with operations.
    Operations(CallId, Vec<OperationView>),
    /// 200 with a roster; empty for peer-to-peer and escalated calls.
    Participants(CallId, Vec<Arc<ParticipantView>>),
    /// 200 with a roster entry.
    Participant(CallId, Arc<ParticipantView>),
    /// 200 with audio routing groups.
    RoutingGroups(CallId, Vec<AudioRoutingGroup>),
    /// 200 with an audio routing group, made or read.
    RoutingGroup(CallId, Box<AudioRoutingGroup>),
    /// 200 with the ids of content sharing sessions.
    ContentSharings(CallId, Vec<String>),
    /// 200 with a content sharing session.
    ContentSharing(CallId, String),
    /// Something about online meetings.
    Meeting(Box<MeetingAccepted>),
    /// 200 without a body.
    Done,
    /// 202 without a body.
    Taken,
    /// 204.
    Gone,
}

/// Something the shell has to carry out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// POST a notification and report how it went. At most one a call is under way.
    Deliver(Box<Delivery>),
    /// Download a prompt and report how long it is.
    Fetch {
        /// To be named in the report.
        fetch: FetchId,
        /// For whom.
        call: CallId,
        /// From where.
        uri: String,
    },
    /// Something for the journal.
    Happened(Event),
}

/// A notification to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// To be named in the report.
    pub id: DeliveryId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Where to.
    pub callback_uri: Arc<str>,
    /// The bot; the audience of the token.
    pub app: Guid,
    /// The tenant; the `tid` of the token.
    pub tenant: Guid,
    /// Scenario-Id, one a call.
    pub chain: Guid,
    /// One a notification.
    pub message: Guid,
    /// How long the bot may take.
    pub limit: Duration,
    /// What to say: one notification, or several of the same call.
    pub notifications: Vec<Notification>,
    /// Whether it is to be told in the older format first; only ever the incoming one.
    pub legacy: bool,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A call changed its state.
    CallState {
        /// Which call.
        call: CallId,
        /// Where it was; none for a new call.
        from: Option<CallState>,
        /// Where it is.
        to: CallState,
        /// Why it ended.
        result: Option<ResultInfo>,
    },
    /// A request was refused for want of a permission, of a registration, or of the right tenant.
    Refused {
        /// The call, where the request names one.
        call: Option<CallId>,
        /// Which predicate failed, and what would mend it.
        explanation: Explanation,
    },
    /// A call ended, or was not told something, for want of a permission.
    Dropped {
        /// The call.
        call: CallId,
        /// Which predicate failed, and what would mend it.
        explanation: Explanation,
    },
    /// Somebody's conference, roster or media changed.
    Conference {
        /// Which.
        conference: ConferenceId,
        /// What, in words: `joined`, `left`, `muted`, …
        what: &'static str,
        /// Who.
        participant: Option<ParticipantId>,
    },
    /// What became of a caller whom a bot sent elsewhere.
    Redirected {
        /// The leg of the bot that did so.
        call: CallId,
        /// In words.
        how: &'static str,
        /// The person who answered.
        to: Option<Who>,
    },
    /// Something was played, said, pressed or recorded.
    Media {
        /// The call it was in.
        call: CallId,
        /// What.
        what: MediaEvent,
        /// When it happened; the shell may be late.
        at: Timestamp,
    },
    /// A fault plan did something to a notification.
    Tampered {
        /// Which call.
        call: CallId,
        /// Which notification, where it has a number.
        delivery: Option<DeliveryId>,
        /// What: `lost`, `repeated`, `delayed`, `overtaken`.
        what: &'static str,
    },
    /// A notification was given up.
    GaveUp {
        /// Which call.
        call: CallId,
        /// Which notification.
        delivery: DeliveryId,
    },
}

/// What follows from one input.
#[must_use]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// The answer to a request.
    pub reply: Option<Result<Accepted, Refusal>>,
    /// Why it was refused, where a permission, a registration or a tenant is the reason.
    pub why: Option<Explanation>,
    /// The answer to an act: the call that it concerns.
    pub acted: Option<Result<CallId, ActRefusal>>,
    /// Whether an administrator's change was taken.
    pub administered: Option<bool>,
    /// The answer to a schedule: the meeting.
    pub scheduled: Option<Result<MeetingId, ActRefusal>>,
    /// What to carry out, in order, after the reply has left.
    pub effects: Vec<Effect>,
}
