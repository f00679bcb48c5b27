//! Operations: the record of a long action.

use serde::{Deserialize, Serialize};

use crate::{Extra, ResultInfo};

open_enum! {
    /// operationStatus, in the letters the pages use; the metadata capitalises them.
    OperationStatus {
        /// Waiting.
        NotStarted = "notStarted",
        /// Under way.
        Running = "running",
        /// Ended well.
        Completed = "completed",
        /// Ended badly.
        Failed = "failed",
    }
}

/// commsOperation and its kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommsOperation {
    /// `#microsoft.graph.playPromptOperation` and so on.
    #[serde(rename = "@odata.type")]
    pub odata_type: String,
    /// The operation id.
    pub id: String,
    /// How far it is.
    pub status: OperationStatus,
    /// What the bot said when it asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_context: Option<String>,
    /// How it ended.
    pub result_info: Option<ResultInfo>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
