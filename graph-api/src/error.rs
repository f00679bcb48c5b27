//! The error envelope.

use serde::{Deserialize, Serialize};

/// `{"error": …}`: the body of every 4xx and 5xx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// A number in decimal for errors of the calling service, a word for those of the gateway.
    pub code: String,
    /// In words.
    pub message: String,
    /// Ids to ask after.
    pub inner_error: InnerError,
}

/// The ids of the failed request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InnerError {
    /// When, without a zone.
    pub date: String,
    /// The id the service gave the request.
    #[serde(rename = "request-id")]
    pub request_id: String,
    /// The id the client gave it, or else the same.
    #[serde(rename = "client-request-id")]
    pub client_request_id: String,
}
