//! The call and its parts.

use serde::{Deserialize, Serialize};

use crate::{CallOptions, Extra, IdentitySet, InvitationParticipantInfo, MediaConfig, Modality};

open_enum! {
    /// callState. `ringing` exists in beta only and is never sent.
    CallState {
        /// A call for the bot that it has not answered.
        Incoming = "incoming",
        /// Being set up.
        Establishing = "establishing",
        /// Set up.
        Established = "established",
        /// On hold; never sent.
        Hold = "hold",
        /// Being transferred.
        Transferring = "transferring",
        /// The transfer was accepted.
        TransferAccepted = "transferAccepted",
        /// Being redirected.
        Redirecting = "redirecting",
        /// The bot has hung up; about to end.
        Terminating = "terminating",
        /// Over; the resource answers 404 from now on.
        Terminated = "terminated",
    }
}

open_enum! {
    /// callDirection, seen from the bot.
    CallDirection {
        /// Somebody calls the bot.
        Incoming = "incoming",
        /// The bot calls.
        Outgoing = "outgoing",
    }
}

open_enum! {
    /// mediaState.
    MediaState {
        /// Media flows.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
    }
}

/// callMediaState; only audio exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallMediaState {
    /// Whether audio flows.
    pub audio: MediaState,
}

/// resultInfo: why a call or an operation ended. The schema says Int32, and that is what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultInfo {
    /// `#microsoft.graph.resultInfo`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Like an HTTP or SIP status.
    pub code: i32,
    /// What exactly.
    pub subcode: i32,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl ResultInfo {
    /// The usual three.
    pub fn new(code: i32, subcode: i32, message: impl Into<String>) -> Self {
        let odata_type = Some("#microsoft.graph.resultInfo".to_owned());
        Self { odata_type, code, subcode, message: Some(message.into()) }
    }
}

/// incomingContext: who caused an incoming call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncomingContext {
    /// `#microsoft.graph.incomingContext`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Equals `source.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_participant_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// participantInfo: who calls.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantInfo {
    /// `#microsoft.graph.participantInfo`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The participant id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who. Required; absent, it names nobody, which is an argument error.
    #[serde(default)]
    pub identity: IdentitySet,
    /// The roster id; required in a transferee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<String>,
    /// Region, language, endpoint type and everything else, nulls included.
    #[serde(flatten)]
    pub extra: Extra,
}

/// call, as far as a member has a field of its own; the rest survives in `extra`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Call {
    /// `#microsoft.graph.call`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The call id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the call is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CallState>,
    /// Who called whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<CallDirection>,
    /// Where notifications go; https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_uri: Option<String>,
    /// One id for all legs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_chain_id: Option<String>,
    /// The bot's own participant id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_participant_id: Option<String>,
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Who calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ParticipantInfo>,
    /// Who is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<InvitationParticipantInfo>>,
    /// What the caller wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_modalities: Option<Vec<Modality>>,
    /// Who handles the media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_config: Option<MediaConfig>,
    /// Whether audio flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_state: Option<CallMediaState>,
    /// The meeting's chat; its presence makes the call multiparty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_info: Option<Extra>,
    /// The meeting; its presence makes the call multiparty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_info: Option<Extra>,
    /// Who caused an incoming call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming_context: Option<IncomingContext>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_info: Option<ResultInfo>,
    /// What the call is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How the bot wants to be told, and shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_options: Option<CallOptions>,
    /// How long to ring, seconds, at most 115.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ringing_timeout_in_seconds: Option<i32>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
