//! Every way to say no, and the one table that turns it into a status and a code.

use thiserror::Error;

use crate::permissions::Need;

/// Why the platform refuses a request of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The body is not JSON, or a member has the wrong type.
    #[error("{0}")]
    MalformedBody(String),
    /// A member is missing, out of range, or not what it should be.
    #[error("Invalid argument. {0}")]
    InvalidArgument(String),
    /// The application has no calling bot here.
    #[error("Application is not registered in our store.")]
    NotRegistered,
    /// A permission is missing or was withdrawn.
    #[error("Insufficient enterprise tenant permissions, cannot access this API.")]
    MissingPermission(Need),
    /// The tenant does not let this application do it.
    #[error("The application is not allowed to remove participants in this tenant.")]
    NotAllowedToRemove,
    /// No application access policy covers the user.
    #[error("Application '{app}' is not authorized to {verb} meeting on behalf of user '{user}'.")]
    NoAccessPolicy {
        /// Which application.
        app: graph_api::Guid,
        /// Which user.
        user: graph_api::Guid,
        /// `Create`, `Get`, …
        verb: &'static str,
    },
    /// A user's token where only an application's will do.
    #[error("Delegated tokens are not supported by this API.")]
    DelegatedToken,
    /// The token is of another tenant than the call.
    #[error("Request authorization tenant mismatch.")]
    TenantMismatch,
    /// The call belongs to another application.
    #[error("Call source identity invalid.")]
    NotYourCall,
    /// No such call, or it has ended.
    #[error("Call not found.")]
    CallNotFound,
    /// No such operation on this call.
    #[error("Operation not found.")]
    OperationNotFound,
    /// No such participant in this call.
    #[error("Participant not found.")]
    ParticipantNotFound,
    /// An in-call action before the call is established.
    #[error("Call is not established.")]
    NotEstablished,
    /// Not legal where the call is.
    #[error("The action is not valid in the current state of the call.")]
    WrongState,
    /// The other end is put through to somebody else already.
    #[error("The call is being transferred already.")]
    TransferUnderWay,
    /// Only group calls can do this.
    #[error("The call is not a group call.")]
    NotGroupCall,
    /// The media of this call is handled by the other side.
    #[error("The action is not valid for the media mode of this call.")]
    WrongMediaMode,
    /// subscribeToTone on an app-hosted call, as it was seen (R-230, I#325).
    #[error("Encountered Exception during ToneSubscription.")]
    ToneSubscription,
    /// Only calls of a recording policy can do this.
    #[error("The call is not a compliance recording call.")]
    NotRecordingCall,
    /// Not on a call of a recording policy.
    #[error("The action is not supported for a compliance recording call.")]
    RecordingCall,
    /// Something of that name, or in that place, is there already.
    #[error("Conflict. {0}")]
    Conflict(String),
    /// A meeting's coordinates name no meeting.
    #[error("Bad Request. DiagCode: 400#2203")]
    BadCoordinates,
    /// A tokenMeetingInfo that was never issued.
    #[error("The join token is invalid.")]
    BadJoinToken,
    /// A joinMeetingId or its passcode is wrong.
    #[error("The join meeting id or the passcode is invalid.")]
    BadJoinMeetingId,
    /// The tenant keeps guests out.
    #[error("Joining this meeting is blocked.")]
    JoinBlocked,
    /// A member of an online meeting that cannot be so.
    #[error("{0}")]
    BadMeeting(String),
    /// No such online meeting.
    #[error("The online meeting was not found.")]
    MeetingNotFound,
    /// No such user, in a path of online meetings.
    #[error("User not found.")]
    UserNotFound,
    /// No such routing group or content sharing session.
    #[error("{0} not found.")]
    ItemNotFound(&'static str),
    /// Not on this path, not in this version.
    #[error("No HTTP resource was found that matches the request URI.")]
    NoSuchResource,
    /// PSTN is switched off.
    #[error("PSTN calls are not supported.")]
    NoPstn,
    /// Too many requests in a second.
    #[error("Too many requests.")]
    TooManyRequests,
    /// Somebody was faster, possibly oneself.
    #[error("The call was already answered.")]
    AlreadyAnswered,
    /// A prompt before audio flows.
    #[error("Call audio is inactive.")]
    AudioInactive,
    /// Too many operations are waiting on this call.
    #[error("Too many operations are waiting on this call.")]
    TooManyOperations,
    /// The application has as many calls as it may.
    #[error("Too many active calls for this application.")]
    TooManyCalls,
    /// The application has had as many calls as it may in a month.
    #[error("Too many calls for this application in a month.")]
    TooManyCallsInMonth {
        /// Seconds until its next month begins.
        left: u32,
    },
    /// The conference has as many participants as it may.
    #[error("The conference is full.")]
    ConferenceFull,
    /// A meeting in a channel that its organizer is not a member of.
    #[error("The user is not a member of the channel.")]
    NotMemberOfChannel,
    /// Graph can do this; this fake cannot yet.
    #[error("'{0}' is not modelled by this fake yet; docs/fidelity.md lists what is.")]
    NotModelled(&'static str),
}

impl Refusal {
    /// HTTP status and `error.code` (errors.md, section 2).
    pub const fn status_and_code(&self) -> (u16, &'static str) {
        match self {
            Self::MalformedBody(_) => (400, "BadRequest"),
            Self::InvalidArgument(_) => (400, "8523"),
            Self::NotEstablished => (400, "8501"),
            Self::WrongState => (400, "8585"),
            Self::AudioInactive => (400, "8503"),
            Self::NotRegistered => (403, "7503"),
            Self::MissingPermission(_) => (403, "7504"),
            Self::TenantMismatch => (403, "7505"),
            Self::NotYourCall => (403, "7507"),
            Self::CallNotFound | Self::OperationNotFound | Self::ItemNotFound(_) => (404, "8522"),
            Self::ParticipantNotFound => (404, "8543"),
            Self::NotGroupCall => (400, "8548"),
            Self::WrongMediaMode => (400, "8500"),
            Self::ToneSubscription => (500, "9999"),
            Self::NotRecordingCall => (400, "8506"),
            Self::RecordingCall => (400, "8556"),
            Self::BadCoordinates => (400, "2203"),
            Self::BadJoinToken => (400, "8526"),
            Self::BadMeeting(_) => (400, "BadRequest"),
            Self::NotAllowedToRemove | Self::DelegatedToken | Self::NotMemberOfChannel => {
                (403, "Forbidden")
            }
            Self::NoAccessPolicy { .. } => (403, "Forbidden"),
            Self::JoinBlocked | Self::ConferenceFull => (403, "8560"),
            Self::BadJoinMeetingId => (404, "8561"),
            Self::MeetingNotFound | Self::UserNotFound => (404, "NotFound"),
            Self::NoSuchResource => (404, "UnknownError"),
            Self::NotModelled(_) | Self::NoPstn => (405, "8520"),
            Self::AlreadyAnswered | Self::Conflict(_) => (409, "8519"),
            Self::TransferUnderWay => (409, "8607"),
            Self::TooManyOperations
            | Self::TooManyCalls
            | Self::TooManyCallsInMonth { .. }
            | Self::TooManyRequests => (429, "TooManyRequests"),
        }
    }

    /// Seconds to wait before trying again, where waiting helps.
    pub const fn retry_after_secs(&self) -> Option<u32> {
        match (self, self.status_and_code().0) {
            (Self::TooManyCallsInMonth { left }, _) => Some(*left),
            (_, 429) => Some(10),
            _ => None,
        }
    }
}
