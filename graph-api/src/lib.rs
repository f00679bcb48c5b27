//! Wire types of Graph's calls API, in Graph's own words; data only.
//!
//! Types are *open* (R-010): members that this crate does not know survive in `extra`, and enum values
//! that it does not know survive in `Unknown`. Whether an unknown value is acceptable is for the reader
//! to say. Nothing here judges; the conformance suite reads raw JSON and never these types.

#[macro_use]
mod open_enum;
mod call;
mod error;
mod guid;
mod identity;
mod media;
mod meeting;
mod notification;
mod operation;
mod request;
mod time;
mod tone;

pub use call::{
    Call, CallDirection, CallMediaState, CallState, IncomingContext, MediaState, ParticipantInfo,
    ResultInfo,
};
pub use error::{ErrorBody, ErrorEnvelope, InnerError};
pub use guid::{BadGuid, Guid};
pub use identity::{Identity, IdentitySet, InvitationParticipantInfo};
pub use media::{MediaConfig, MediaConfigKind, MediaInfo, MediaPrompt, Modality};
pub use meeting::{
    AllowedPresenters, AudioConferencing, BroadcastAudience, BroadcastSettings, ChatInfo, ItemBody,
    JoinMeetingIdSettings, LobbyBypassScope, LobbyBypassSettings, MeetingParticipantInfo,
    MeetingParticipants, MeetingRole, OnlineMeeting,
};
pub use notification::{ChangeType, CommsNotification, CommsNotifications};
pub use operation::{CommsOperation, OperationStatus};
pub use request::{
    AnswerRequest, AudioDuckingConfiguration, AudioRoutingGroup, AudioSourceLevel, CallOptions,
    ClientContextRequest, ConfigureMixerRequest, DeviceQualityRequest, HoldMusicRequest,
    InviteRequest, MuteAllRequest, ParticipantMixerLevel, PlayPromptRequest, RecordRequest,
    RecordingStatus, RecordingStatusRequest, RedirectRequest, RejectReason, RejectRequest,
    RoutingMode, ScreenSharingRequest, ScreenSharingRole, SendDtmfTonesRequest, TransferRequest,
    UpdateMetadataRequest,
};
pub use time::Timestamp;
pub use tone::{Tone, ToneInfo};

/// Members of an open type that have no field of their own.
pub type Extra = serde_json::Map<String, serde_json::Value>;
