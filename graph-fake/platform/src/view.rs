//! What can be seen of calls, participants and operations from outside: facts, ready to be written as JSON.

use std::sync::Arc;

use graph_api::{
    Call as CreateRequest, CallDirection, CallState, Guid, InvitationParticipantInfo, MediaConfig,
    Modality, OperationStatus, RecordingStatus, ResultInfo,
};

use crate::{
    input::{CallId, ConferenceId, OperationId, ParticipantId},
    meetings::MeetingId,
    who::Person,
};

/// Somebody at one end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The participant id.
    pub participant: ParticipantId,
    /// Who.
    pub person: Person,
}

/// Where a meeting is: what is needed to join it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinates {
    /// `chatInfo`; ad-hoc calls have none.
    pub chat: Option<Chat>,
    /// `meetingInfo`.
    pub meeting: Meeting,
}

/// `chatInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// `19:meeting_…@thread.v2` and the like.
    pub thread: String,
    /// `0`, or a message of a channel.
    pub message: String,
    /// The message that is replied to.
    pub reply_chain: Option<String>,
}

/// `meetingInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// `organizerMeetingInfo`.
    Organizer {
        /// The organizer.
        user: Guid,
        /// The organizer's tenant.
        tenant: Guid,
        /// As the bot sent it.
        allow_without_host: Option<bool>,
    },
    /// `tokenMeetingInfo`.
    Token(String),
    /// `joinMeetingIdMeetingInfo`.
    JoinMeetingId {
        /// Digits.
        id: String,
        /// None when the meeting needs none.
        passcode: Option<String>,
    },
}

/// Of a call under a recording policy (notifications.md 3.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Whom this leg records: its participant.
    pub observed: ParticipantId,
    /// Who that is.
    pub user: Guid,
    /// The other side, in a call of two.
    pub other: Option<Party>,
    /// Names the policy.
    pub policy: Guid,
}

/// A call as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// Its id.
    pub id: CallId,
    /// Where it is.
    pub state: CallState,
    /// Who called whom.
    pub direction: CallDirection,
    /// Where notifications go.
    pub callback_uri: Arc<str>,
    /// One id for all legs.
    pub chain: Guid,
    /// The tenant.
    pub tenant: Guid,
    /// The bot.
    pub app: Guid,
    /// The bot's name.
    pub app_name: Arc<str>,
    /// The bot's participant id.
    pub my_participant: ParticipantId,
    /// Who calls; for calls that the bot made, the bot itself.
    pub source: Party,
    /// Who is called; empty for joins of meetings.
    pub targets: Vec<Party>,
    /// Modalities of the call.
    pub modalities: Vec<Modality>,
    /// Who handles the media, once that is known.
    pub media_config: Option<Arc<MediaConfig>>,
    /// Whether audio flows.
    pub audio_active: bool,
    /// Whether the caller may be named to the bot.
    pub caller_visible: bool,
    /// Why it ended.
    pub result: Option<ResultInfo>,
    /// `terminationReason`, where there is one.
    pub termination_reason: Option<&'static str>,
    /// What the bot sent to create it, echoed in replies.
    pub request: Option<Arc<CreateRequest>>,
    /// The conference, if it is a multiparty call.
    pub conference: Option<ConferenceId>,
    /// Whether it was a peer-to-peer call before: then no roster comes.
    pub escalated: bool,
    /// The meeting, if it is one.
    pub meeting: Option<MeetingId>,
    /// Chat and meeting of a multiparty call.
    pub coordinates: Option<Arc<Coordinates>>,
    /// Whom it was meant for before it was redirected here: `callRoutes`.
    pub routed_from: Vec<Person>,
    /// Who transferred the call here: `incomingContext.transferor`.
    pub transferor: Option<Person>,
    /// Under a recording policy.
    pub observation: Option<Arc<Observation>>,
    /// What the bot said by updateRecordingStatus.
    pub recording: Option<RecordingStatus>,
    /// Whether tones are subscribed.
    pub hears_tones: bool,
}

/// What the media of a call follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaFacts {
    /// Whether media flows: the call is established, and nobody holds it.
    pub active: bool,
    /// Whether its bot waits in the lobby: it hears and sees nobody, and nobody hears and sees it.
    pub in_lobby: bool,
    /// The conference, if it is a multiparty call; another one after an escalation.
    pub conference: Option<ConferenceId>,
    /// The call of the other bot, where two bots talk in a call of two.
    pub twin: Option<CallId>,
}

/// Who is at the other end of a call of two, and what they show: there is no roster that would say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerView {
    /// The participant; the same in the conference that an escalation makes of the call.
    pub participant: ParticipantId,
    /// Whether the camera is on.
    pub video: bool,
    /// Whether the screen is shared.
    pub sharing: bool,
    /// The other end's call, if it is a bot.
    pub twin: Option<CallId>,
}

/// A participant's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamView {
    /// What.
    pub kind: StreamKind,
    /// The media source id.
    pub source_id: u32,
    /// Whether the participant sends.
    pub sends: bool,
    /// Whether the participant receives.
    pub receives: bool,
    /// Whether the server drops what is sent.
    pub server_muted: bool,
}

/// What a stream carries; screen sharing is one as video is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamKind {
    /// `audio`, label `main-audio`.
    Audio,
    /// `video`, label `main-video`.
    Video,
    /// `videoBasedScreenSharing`, label `applicationsharing-video`.
    ScreenSharing,
    /// `data`, label `data`.
    Data,
}

/// A roster entry as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipantView {
    /// The roster id.
    pub id: ParticipantId,
    /// Who.
    pub person: Person,
    /// `application.applicationType`, for the large gallery.
    pub application_type: Option<&'static str>,
    /// Whether they wait.
    pub in_lobby: bool,
    /// Client or server mute.
    pub muted: bool,
    /// Their streams.
    pub streams: Vec<StreamView>,
    /// What updateMetadata put here.
    pub metadata: Option<Arc<str>>,
    /// What updateRecordingStatus put here, and who did.
    pub recording: Option<(RecordingStatus, Person)>,
    /// One of the devices of a user.
    pub endpoint: Guid,
    /// `organizer`, `presenter` or `attendee`.
    pub role: &'static str,
    /// Why they are gone; only in a delta roster.
    pub removed: Option<&'static str>,
    /// Not shown to others.
    pub hidden: bool,
}

/// What an operation is the record of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// playPrompt.
    PlayPrompt,
    /// recordResponse.
    Record,
    /// cancelMediaProcessing.
    CancelMediaProcessing,
    /// subscribeToTone.
    SubscribeToTone,
    /// sendDtmfTones.
    SendDtmfTones,
    /// mute, participant mute.
    MuteParticipant,
    /// unmute.
    UnmuteParticipant,
    /// muteAll.
    MuteParticipants,
    /// invite.
    InviteParticipants,
    /// updateRecordingStatus.
    UpdateRecordingStatus,
    /// startHoldMusic.
    StartHoldMusic,
    /// stopHoldMusic.
    StopHoldMusic,
    /// addLargeGalleryView.
    AddLargeGalleryView,
    /// admitFromLobby.
    AdmitFromLobby,
    /// admitAllFromLobby.
    AdmitAllFromLobby,
    /// removeFromLobby.
    RemoveFromLobby,
    /// updateMetadata, configureMixer: a plain commsOperation.
    Plain,
}

impl OperationKind {
    /// The type on the wire (resources.md 7).
    pub const fn odata_type(self) -> &'static str {
        match self {
            Self::PlayPrompt => "#microsoft.graph.playPromptOperation",
            Self::Record => "#microsoft.graph.recordOperation",
            Self::CancelMediaProcessing => "#microsoft.graph.cancelMediaProcessingOperation",
            Self::SubscribeToTone => "#microsoft.graph.subscribeToToneOperation",
            Self::SendDtmfTones => "#microsoft.graph.sendDtmfTonesOperation",
            Self::MuteParticipant => "#microsoft.graph.muteParticipantOperation",
            Self::UnmuteParticipant => "#microsoft.graph.unmuteParticipantOperation",
            Self::MuteParticipants => "#microsoft.graph.muteParticipantsOperation",
            Self::InviteParticipants => "#microsoft.graph.inviteParticipantsOperation",
            Self::UpdateRecordingStatus => "#microsoft.graph.updateRecordingStatusOperation",
            Self::StartHoldMusic => "#microsoft.graph.startHoldMusicOperation",
            Self::StopHoldMusic => "#microsoft.graph.stopHoldMusicOperation",
            Self::AddLargeGalleryView => "#microsoft.graph.addLargeGalleryViewOperation",
            Self::AdmitFromLobby => "#microsoft.graph.admitFromLobbyOperation",
            Self::AdmitAllFromLobby => "#microsoft.graph.admitAllFromLobbyOperation",
            Self::RemoveFromLobby => "#microsoft.graph.removeFromLobbyOperation",
            Self::Plain => "#microsoft.graph.commsOperation",
        }
    }
}

/// An operation as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationView {
    /// Its id.
    pub id: OperationId,
    /// What it is the record of.
    pub kind: OperationKind,
    /// How far it is.
    pub status: OperationStatus,
    /// What the bot said when it asked.
    pub client_context: Option<String>,
    /// How it ended.
    pub result: Option<ResultInfo>,
    /// `completionReason`, for prompts, records and tones.
    pub completion_reason: Option<&'static str>,
    /// Whether there is something to download: records that ended well.
    pub recorded: bool,
    /// Whom an invitation is for, as the bot wrote it; whom muteAll muted, by `participantId`.
    pub participants: Vec<InvitationParticipantInfo>,
}

impl OperationView {
    /// One that has just begun, or is done already.
    pub const fn new(
        id: OperationId,
        kind: OperationKind,
        status: OperationStatus,
        client_context: Option<String>,
    ) -> Self {
        Self {
            id,
            kind,
            status,
            client_context,
            result: None,
            completion_reason: None,
            recorded: false,
            participants: Vec::new(),
        }
    }
}

/// A conference, as a test may see it: everybody in it, hidden ones and those in the lobby included.
#[derive(Debug, Clone, PartialEq)]
pub struct ConferenceView {
    /// Its id.
    pub id: ConferenceId,
    /// The tenant.
    pub tenant: Guid,
    /// The meeting, if it is one.
    pub meeting: Option<MeetingId>,
    /// Chat and meeting.
    pub coordinates: Arc<Coordinates>,
    /// Counts roster updates.
    pub sequence: u64,
    /// The roster.
    pub participants: Vec<Arc<ParticipantView>>,
    /// Bots' legs.
    pub legs: Vec<CallId>,
}
