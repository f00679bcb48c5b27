//! The requests that the platform makes itself: notifications to a bot, downloads of its prompts.

mod join_answer;
mod redirect;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use media::{Prompt, WavError};
use platform::{
    Delivery, DeliveryOutcome, FetchError, JoinAnswer, Notification, What,
    render::{self, Links, Profile},
};
use seam::{Clock, HttpClient, SendError};
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    identity::Identity,
    journal::{Journal, Route},
};
use join_answer::join_answer;

/// How long a prompt may take to download.
const FETCH_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a prompt: ten minutes of 16 kHz, 16 bit, mono fit.
const PROMPT_MAX: usize = 20 << 20;
/// Bytes of a bot's answer to a notification.
const ANSWER_MAX: usize = 64 * 1_024;
/// Bytes of such an answer that are kept in the journal.
const SAID_MAX: usize = 4 * 1_024;

/// Where the fake says that it is, in headers that real traffic sometimes has (notifications.md 2.1).
const PLACE: [(&str, &str); 3] =
    [("MS-Teams-Partition", "amer01"), ("MS-Teams-Region", "amer"), ("MS-Teams-Ring", "general")];

/// A notification, ready to be posted.
#[derive(Debug, Clone)]
pub struct DeliveryRequest {
    /// Where to.
    pub url: String,
    /// The JSON.
    pub body: Bytes,
    /// One a call.
    pub scenario_id: String,
    /// One an envelope; the same for all its attempts.
    pub message_id: String,
    /// Whether it was sent before under the same id.
    pub again: bool,
    /// How long the bot may take.
    pub limit: Duration,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The bot's status; none without an answer.
    pub status: Option<u16>,
    /// The `Location` of a redirect; where to follow it, once that was found out.
    pub location: Option<String>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// What the bot says that its answer is.
    pub content_type: Option<String>,
    /// What the bot said; at most 64 KiB, or there is no answer.
    pub body: Bytes,
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
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&delivery.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::USER_AGENT, "Microsoft-Skype/3.0,(Calling/1.0)")
            .header("Scenario-Id", &delivery.scenario_id)
            .header("X-Microsoft-Skype-Chain-ID", &delivery.scenario_id)
            .header("X-Microsoft-Skype-Message-ID", &delivery.message_id)
            .header("Client-Request-Id", &delivery.message_id);
        if delivery.again {
            request = request.header("X-Microsoft-Skype-Original-Message-ID", &delivery.message_id);
        }
        for (name, value) in PLACE {
            request = request.header(name, value);
        }
        let request = match request.body(delivery.body) {
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
                content_type: response
                    .headers()
                    .get(header::CONTENT_TYPE)
                    .and_then(|kind| kind.to_str().ok())
                    .map(str::to_owned),
                body: response.into_body(),
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
        let (status, location, content_type) = (None, None, None);
        Self { status, location, error: Some(error), content_type, body: Bytes::new() }
    }

    /// As the platform takes it.
    fn outcome(self, joining: Option<JoinAnswer>) -> DeliveryOutcome {
        match self.status {
            Some(status) => DeliveryOutcome::Answered { status, location: self.location, joining },
            None => DeliveryOutcome::NoAnswer,
        }
    }
}

/// One attempt to deliver something, and what it needs.
pub struct Post<'a> {
    /// The fake's clock.
    pub clock: &'a Clock,
    /// Where each attempt and its end are written down.
    pub journal: &'a Journal,
    /// Sends it.
    pub notifier: &'a Notifier,
    /// Signs it.
    pub identity: &'a Identity,
    /// Whether redirects may lead to plain `http` on this machine.
    pub allow_http: bool,
    /// Whether this notification has been sent elsewhere already.
    pub moved: bool,
}

impl Post<'_> {
    /// Delivers, in the older format first where that is asked for: a 204 to it asks for Graph's
    /// format; any other answer is the answer.
    pub async fn attempt(
        &self,
        delivery: &Delivery,
        links: &Links<'_>,
        profile: &Profile,
    ) -> DeliveryOutcome {
        let Some(first) = delivery.notifications.first() else {
            return DeliveryOutcome::NoAnswer;
        };
        if let Some(older) = render::legacy(first).filter(|_| delivery.legacy) {
            let kinds = ("legacyNotification", "legacyDelivered");
            let result = self.post(delivery, first, older, kinds).await;
            if result.status != Some(204) {
                return result.outcome(None);
            }
        }
        let envelope = render::notification_as(&delivery.notifications, links, profile);
        let result = self.post(delivery, first, envelope, ("notification", "delivered")).await;
        let asked = matches!(first.what, What::ParticipantJoining(_));
        let joining = match result.status {
            Some(200) if asked => join_answer(&result.body),
            _ => None,
        };
        result.outcome(joining)
    }

    async fn post(
        &self,
        delivery: &Delivery,
        first: &Notification,
        body: Value,
        (sent, answered): (&'static str, &'static str),
    ) -> DeliveryResult {
        let call = Some(first.call);
        let bytes: Bytes = body.to_string().into();
        let detail = json!({
            "deliveryId": delivery.id.0,
            "attempt": delivery.attempt,
            "url": &*delivery.callback_uri,
            "messageId": delivery.message,
            "count": delivery.notifications.len(),
            "changeType": render::change(first),
            "resourceUrl": first.resource_url(),
            "body": body,
        });
        self.journal.write(self.clock.now(), call, sent, Route("graph", "bot"), detail);
        let token =
            self.identity.callback_token(delivery.app, delivery.tenant, self.clock.machine());
        let request = DeliveryRequest {
            url: delivery.callback_uri.to_string(),
            body: bytes,
            scenario_id: delivery.chain.to_string(),
            message_id: delivery.message.to_string(),
            again: delivery.attempt > 1,
            limit: delivery.limit,
        };
        let mut result = self.notifier.deliver(request, token).await;
        let said_location = result.location.take();
        let led = self.led(first, delivery, &result, said_location.as_deref()).transpose();
        let not_followed = led.as_ref().err().cloned();
        result.location = led.ok().flatten();
        let said = (result.body.len() <= SAID_MAX).then_some(&result.body);
        let said: Option<Value> = said.and_then(|body| serde_json::from_slice(body).ok());
        let mut detail = json!({
            "deliveryId": delivery.id.0,
            "attempt": delivery.attempt,
            "status": result.status,
            "location": said_location,
            "error": result.error,
            "body": said,
            "contentType": result.content_type,
        });
        if let Some(why) = not_followed {
            detail["notFollowed"] = why.into();
        }
        self.journal.write(self.clock.now(), call, answered, Route("bot", "graph"), detail);
        result
    }

    /// Where a redirect leads, or why it is not followed; `None` where the answer is no redirect. R-106: an incoming
    /// call's notification, once; R-069: to where notifications may be sent. `Location` may be relative to the
    /// callback URI (RFC 9110 10.2.2).
    fn led(
        &self,
        first: &Notification,
        delivery: &Delivery,
        result: &DeliveryResult,
        location: Option<&str>,
    ) -> Option<Result<String, String>> {
        let status = result.status.filter(|status| (300..=399).contains(status))?;
        Some(redirect::target(&redirect::Redirect {
            status,
            location,
            from: &delivery.callback_uri,
            incoming: first.is_incoming(),
            moved: self.moved,
            allow_http: self.allow_http,
        }))
    }
}
