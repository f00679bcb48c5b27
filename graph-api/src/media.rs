//! How media is handled, and what is played.

use serde::{Deserialize, Serialize};

use crate::Extra;

open_enum! {
    /// A kind of media of a call.
    Modality {
        /// Sound.
        Audio = "audio",
        /// Camera pictures.
        Video = "video",
        /// Screen sharing carried as video (VBSS).
        VideoBasedScreenSharing = "videoBasedScreenSharing",
        /// Data channel.
        Data = "data",
    }
}

/// mediaConfig: declared once, on answer, create or join; its kind is its `@odata.type`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaConfig {
    /// `#microsoft.graph.serviceHostedMediaConfig` or `#microsoft.graph.appHostedMediaConfig`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Prompts to load before they are used (service-hosted).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_fetch_media: Option<Vec<MediaInfo>>,
    /// Written by the media library (app-hosted); JSON in a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Who handles the media of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaConfigKind {
    /// The service does.
    ServiceHosted,
    /// The bot does.
    AppHosted,
}

impl MediaConfig {
    /// The kind that `@odata.type` names, with or without the `#`; `None` for any other text.
    pub fn kind(&self) -> Option<MediaConfigKind> {
        match self.odata_type.as_deref()?.trim_start_matches('#') {
            "microsoft.graph.serviceHostedMediaConfig" => Some(MediaConfigKind::ServiceHosted),
            "microsoft.graph.appHostedMediaConfig" => Some(MediaConfigKind::AppHosted),
            _ => None,
        }
    }
}

/// mediaInfo: a WAV file, mono, 16 bit, 16 kHz.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaInfo {
    /// `#microsoft.graph.mediaInfo`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// Where the file is; the service downloads it. Required; absent is empty, which is an argument error.
    #[serde(default)]
    pub uri: String,
    /// The key under which the download is cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// mediaPrompt, the only kind of prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaPrompt {
    /// `#microsoft.graph.mediaPrompt`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// What to play. Required; absent has no URI, which is an argument error.
    #[serde(default)]
    pub media_info: MediaInfo,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}
