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
mod notification;
mod operation;
mod request;
mod time;

pub use call::{
    Call, CallDirection, CallMediaState, CallState, IncomingContext, MediaState, ParticipantInfo,
    ResultInfo,
};
pub use error::{ErrorBody, ErrorEnvelope, InnerError};
pub use guid::{BadGuid, Guid};
pub use identity::{Identity, IdentitySet, InvitationParticipantInfo};
pub use media::{MediaConfig, MediaConfigKind, MediaInfo, MediaPrompt, Modality};
pub use notification::{ChangeType, CommsNotification, CommsNotifications};
pub use operation::{CommsOperation, OperationStatus};
pub use request::{AnswerRequest, PlayPromptRequest, RejectReason, RejectRequest};
pub use time::Timestamp;

/// Members of an open type that have no field of their own.
pub type Extra = serde_json::Map<String, serde_json::Value>;
