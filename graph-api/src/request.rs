//! Bodies of the actions.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Extra, MediaConfig, MediaPrompt, Modality};

/// answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerRequest {
    /// Replaces the registered webhook for this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_uri: Option<String>,
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_modalities: Option<Vec<Modality>>,
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_config: Option<MediaConfig>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why a call is rejected; any case is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RejectReason {
    /// No reason given; the default.
    #[default]
    None,
    /// The bot is busy.
    Busy,
    /// The caller may not call.
    Forbidden,
}

impl<'de> Deserialize<'de> for RejectReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::None),
            "busy" => Ok(Self::Busy),
            "forbidden" => Ok(Self::Forbidden),
            _ => Err(serde::de::Error::custom("expected one of none, busy, forbidden")),
        }
    }
}

/// reject.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectRequest {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Replaces the registered webhook for this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_uri: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// playPrompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayPromptRequest {
    /// 1 to 20, played in order.
    pub prompts: Vec<MediaPrompt>,
    /// Endless; beta.
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    pub endless: Option<bool>,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_context: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
