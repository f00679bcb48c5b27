//! The requests that the platform makes itself: notifications to a bot, downloads of its prompts.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use media::{Prompt, WavError};
use platform::FetchError;
use seam::{HttpClient, SendError};
use thiserror::Error;

/// How long a prompt may take to download.
const FETCH_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a prompt: ten minutes of 16 kHz, 16 bit, mono fit.
const PROMPT_MAX: usize = 20 << 20;
/// Bytes of a bot's answer to a notification.
const ANSWER_MAX: usize = 64 * 1_024;

/// A notification, ready to be posted.
#[derive(Debug, Clone)]
pub struct DeliveryRequest {
    /// Where to.
    pub url: String,
    /// The JSON.
    pub body: Bytes,
    /// One a call.
    pub scenario_id: String,
    /// One a notification.
    pub message_id: String,
    /// How long the bot may take.
    pub limit: Duration,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The bot's status; none without an answer.
    pub status: Option<u16>,
    /// The `Location` of a redirect.
    pub location: Option<String>,
    /// Why there is no answer.
    pub error: Option<String>,
}

/// Why a prompt cannot be played.
#[derive(Debug, Error)]
pub enum PromptError {
    /// The URI cannot be asked.
    #[error("not a usable URI: {0}")]
    Uri(String),
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Another status than 200.
    #[error("the server answered {0}")]
    Status(u16),
    /// Not a prompt.
    #[error(transparent)]
    Wav(#[from] WavError),
}

impl PromptError {
    /// As the platform tells it.
    pub const fn kind(&self) -> FetchError {
        match self {
            Self::Uri(_) | Self::Send(_) | Self::Status(_) => FetchError::Download,
            Self::Wav(_) => FetchError::Format,
        }
    }
}

/// Sends them.
pub struct Notifier {
    client: HttpClient,
}

impl Notifier {
    /// Over this client.
    pub fn new(client: HttpClient) -> Self {
        Self { client: client.with_body_limit(ANSWER_MAX) }
    }

    /// Posts a notification (clients.md 20 and 21). Never follows redirects: the platform decides that.
    pub async fn deliver(&self, delivery: DeliveryRequest, token: String) -> DeliveryResult {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&delivery.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::USER_AGENT, "Microsoft-Skype/3.0,(Calling/1.0)")
            .header("Scenario-Id", &delivery.scenario_id)
            .header("X-Microsoft-Skype-Chain-ID", &delivery.scenario_id)
            .header("X-Microsoft-Skype-Message-ID", &delivery.message_id)
            .header("Client-Request-Id", &delivery.message_id)
            .body(delivery.body);
        let request = match request {
            Ok(request) => request,
            Err(error) => return DeliveryResult::failed(error.to_string()),
        };
        match self.client.clone().with_limit(delivery.limit).send(request).await {
            Err(error) => DeliveryResult::failed(error.to_string()),
            Ok(response) => DeliveryResult {
                status: Some(response.status().as_u16()),
                location: response
                    .headers()
                    .get(header::LOCATION)
                    .and_then(|location| location.to_str().ok())
                    .map(str::to_owned),
                error: None,
            },
        }
    }

    /// Downloads a prompt.
    ///
    /// # Errors
    /// See [`PromptError`].
    pub async fn fetch_prompt(&self, uri: &str) -> Result<Prompt, PromptError> {
        let uri: Uri = uri.parse().map_err(|_| PromptError::Uri(uri.to_owned()))?;
        if uri.host().is_none() {
            return Err(PromptError::Uri(uri.to_string()));
        }
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("audio/wav, */*"));
        let client = self.client.clone().with_limit(FETCH_LIMIT).with_body_limit(PROMPT_MAX);
        let response = client.send(request).await?;
        match response.status().as_u16() {
            200 => Ok(Prompt::read(response.body())?),
            status => Err(PromptError::Status(status)),
        }
    }
}

impl DeliveryResult {
    fn failed(error: String) -> Self {
        Self { status: None, location: None, error: Some(error) }
    }
}
