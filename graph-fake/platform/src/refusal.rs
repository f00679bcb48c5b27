//! Every way to say no, and the one table that turns it into a status and a code.

use thiserror::Error;

use crate::permissions::Permission;

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
    MissingPermission(Permission),
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
            Self::CallNotFound | Self::OperationNotFound => (404, "8522"),
            Self::ParticipantNotFound => (404, "8543"),
            Self::NotModelled(_) => (405, "8520"),
            Self::AlreadyAnswered => (409, "8519"),
            Self::TooManyOperations | Self::TooManyCalls => (429, "TooManyRequests"),
        }
    }

    /// Seconds to wait before trying again, where waiting helps.
    pub const fn retry_after_secs(&self) -> Option<u32> {
        match self.status_and_code().0 {
            429 => Some(10),
            _ => None,
        }
    }
}
