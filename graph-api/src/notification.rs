//! What is POSTed to the bot.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Extra;

open_enum! {
    /// changeType. A finished operation and an ended call arrive as `deleted`.
    ChangeType {
        /// Only for incoming calls.
        Created = "created",
        /// Something changed.
        Updated = "updated",
        /// It is over.
        Deleted = "deleted",
    }
}

/// commsNotifications: the envelope; several entries may be batched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommsNotifications {
    /// `#microsoft.graph.commsNotifications`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The notifications, in order.
    pub value: Vec<CommsNotification>,
}

/// commsNotification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommsNotification {
    /// `#microsoft.graph.commsNotification`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// What happened.
    pub change_type: ChangeType,
    /// The old spelling, `/app/calls/…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// To whom, `/communications/calls/…`.
    pub resource_url: String,
    /// What is known of it: one entity, or an array of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_data: Option<Value>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
