//! What can be seen of a call from outside: facts, ready to be written as JSON.

use graph_api::{
    Call as CreateRequest, CallDirection, CallState, Guid, MediaConfig, Modality, OperationStatus,
    ResultInfo,
};

use crate::input::{CallId, OperationId};

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
    pub callback_uri: String,
    /// One id for all legs.
    pub chain: Guid,
    /// The tenant.
    pub tenant: Guid,
    /// The bot.
    pub app: Guid,
    /// The bot's name.
    pub app_name: String,
    /// The user at the other end.
    pub user: Guid,
    /// The user's name.
    pub user_name: String,
    /// The bot's participant id.
    pub my_participant: Guid,
    /// The user's participant id.
    pub user_participant: Guid,
    /// Modalities of the call.
    pub modalities: Vec<Modality>,
    /// Who handles the media, once that is known.
    pub media_config: Option<MediaConfig>,
    /// Whether audio flows.
    pub audio_active: bool,
    /// Whether the caller may be named to the bot.
    pub caller_visible: bool,
    /// Why it ended.
    pub result: Option<ResultInfo>,
    /// What the bot sent to create it, echoed in replies.
    pub request: Option<Box<CreateRequest>>,
}

/// An operation as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationView {
    /// Its id.
    pub id: OperationId,
    /// How far it is.
    pub status: OperationStatus,
    /// What the bot said when it asked.
    pub client_context: Option<String>,
    /// How it ended.
    pub result: Option<ResultInfo>,
}
