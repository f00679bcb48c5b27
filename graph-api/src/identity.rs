//! Who somebody is.

use serde::{Deserialize, Serialize};

use crate::Extra;

/// identity and its kinds (communicationsUserIdentity, …): an id, a name, and whatever else came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `#microsoft.graph.identity`; a requester may leave it out.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Object id, app id, phone number (E.164) or an opaque blob, by the member that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The home tenant; an extra member on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// identitySet: exactly one member is set; the others may be printed as null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentitySet {
    /// `#microsoft.graph.identitySet`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// A directory user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Identity>,
    /// A bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Identity>,
    /// A resource account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_instance: Option<Identity>,
    /// Somebody who joined without an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<Identity>,
    /// A telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Identity>,
    /// Somebody whom the bot may not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<Identity>,
    /// Everything else, nulls included.
    #[serde(flatten)]
    pub extra: Extra,
}

/// invitationParticipantInfo: whom to call or invite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationParticipantInfo {
    /// `#microsoft.graph.invitationParticipantInfo`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Who. Required; absent, it names nobody, which is an argument error.
    #[serde(default)]
    pub identity: IdentitySet,
    /// The participant id that the target will have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The peer-to-peer call that this target leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces_call_id: Option<String>,
    /// `voicemail` sends a redirected call to the user's voicemail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<String>,
    /// Not shown in the roster of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// The participant id that the inviter wishes for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
