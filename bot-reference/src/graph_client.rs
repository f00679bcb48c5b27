//! Requests to Graph: a token on each, bounded retries, as long between them as Graph asks for.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use graph_api::Guid;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use seam::{Clock, HttpClient, SendError};
use serde_json::{Value, json};

use crate::{
    Ask, Flaw, Outcome,
    bot::PROMPTS,
    server::BotConfig,
    token_cache::{NoToken, TokenCache},
};

/// Attempts for one request.
const ATTEMPTS_MAX: u32 = 5;
/// The first wait where Graph names none; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait that is granted; whoever asks for more is asking to be given up.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// How one attempt went.
enum Attempt {
    Over(Outcome),
    /// Worth another try, after this time if Graph named one.
    Again(Option<Duration>),
    /// Worth one immediate try with a new token.
    NewToken,
}

/// Asks Graph.
pub struct GraphClient {
    client: HttpClient,
    clock: Clock,
    tokens: TokenCache,
    graph: String,
    public: String,
    flaw: Option<Flaw>,
}

impl GraphClient {
    /// For one bot; `public` is where the platform reaches it.
    pub fn new(client: HttpClient, clock: Clock, config: &BotConfig, public: String) -> Self {
        Self {
            tokens: TokenCache::new(client.clone(), config),
            client,
            clock,
            graph: config.graph.clone(),
            public,
            flaw: config.settings.flaw,
        }
    }

    /// Asks until it is done, refused, or not worth another try. Stops trying once `over` is set.
    pub async fn ask(&self, call: Guid, ask: Ask, over: &AtomicBool) -> Outcome {
        let mut wait = FIRST_WAIT;
        let mut renewed = false;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let named = match self.attempt(call, ask).await {
                Attempt::Over(outcome) => return outcome,
                Attempt::NewToken if !renewed => {
                    renewed = true;
                    continue;
                }
                Attempt::NewToken => return Outcome::Failed,
                Attempt::Again(named) => named,
            };
            let forever = self.flaw == Some(Flaw::RetriesForever);
            if attempts >= ATTEMPTS_MAX && !forever {
                tracing::warn!(%call, ?ask, attempts, "given up");
                return Outcome::Failed;
            }
            let pause = match named {
                _ if self.flaw == Some(Flaw::IgnoresRetryAfter) => Duration::from_millis(50),
                Some(named) if named > WAIT_MAX => return Outcome::Failed,
                Some(named) => named,
                None => wait,
            };
            self.clock.sleep_until(self.clock.now() + pause).await;
            if over.load(Ordering::Relaxed) {
                return Outcome::Gone;
            }
            wait = if forever { FIRST_WAIT } else { (wait * 2).min(WAIT_MAX) };
        }
    }

    async fn attempt(&self, call: Guid, ask: Ask) -> Attempt {
        let token = match self.tokens.token(self.clock.now()).await {
            Ok(token) => token,
            Err(NoToken::Later(wait)) => return Attempt::Again(wait.map(Duration::from_secs)),
            Err(NoToken::Never(why)) => {
                tracing::error!(why, "the identity platform refuses this bot");
                return Attempt::Over(Outcome::Failed);
            }
        };
        let request = match self.request(call, ask, &token) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(%error, "the base URL is unusable");
                return Attempt::Over(Outcome::Failed);
            }
        };
        match self.client.send(request).await {
            Ok(response) => self.judge(ask, &token, &response).await,
            // A request that may have been heard is repeated only where hearing it twice does no harm.
            Err(SendError::TimedOut(_) | SendError::Broken(_))
                if matches!(ask, Ask::PlayPrompt(_)) =>
            {
                Attempt::Over(Outcome::Failed)
            }
            Err(error) => {
                tracing::warn!(%call, ?ask, %error, "Graph cannot be reached");
                Attempt::Again(None)
            }
        }
    }

    async fn judge(&self, ask: Ask, token: &str, response: &Response<Bytes>) -> Attempt {
        let status = response.status();
        match status {
            _ if status.is_success() => Attempt::Over(Outcome::Done),
            StatusCode::NOT_FOUND => Attempt::Over(Outcome::Gone),
            StatusCode::UNAUTHORIZED => {
                self.tokens.refused(token).await;
                Attempt::NewToken
            }
            // An earlier attempt was heard after all.
            StatusCode::CONFLICT if ask == Ask::Answer => Attempt::Over(Outcome::Done),
            StatusCode::TOO_MANY_REQUESTS => Attempt::Again(retry_after(response.headers())),
            _ if status.is_server_error() => Attempt::Again(retry_after(response.headers())),
            _ => {
                let body = String::from_utf8_lossy(response.body());
                tracing::warn!(?ask, %status, %body, "refused");
                Attempt::Over(Outcome::Failed)
            }
        }
    }

    fn request(&self, call: Guid, ask: Ask, token: &str) -> Result<Request<Bytes>, http::Error> {
        let (method, action, body) = match ask {
            Ask::Answer => (Method::POST, "/answer", Some(self.answer())),
            Ask::Reject => (Method::POST, "/reject", Some(json!({"reason": "busy"}))),
            Ask::PlayPrompt(number) => (Method::POST, "/playPrompt", Some(self.prompt(number))),
            Ask::KeepAlive => (Method::POST, "/keepAlive", None),
            Ask::HangUp => (Method::DELETE, "", None),
        };
        let builder = Request::builder()
            .method(method)
            .uri(format!("{}/communications/calls/{call}{action}", self.graph))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        match body {
            None => builder.body(Bytes::new()),
            Some(body) => builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(Bytes::from(body.to_string())),
        }
    }

    fn answer(&self) -> Value {
        json!({
            "callbackUri": format!("{}/api/calls", self.public),
            "acceptedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        })
    }

    fn prompt(&self, number: usize) -> Value {
        let name = PROMPTS[number];
        json!({
            "clientContext": name,
            "prompts": [{
                "@odata.type": "#microsoft.graph.mediaPrompt",
                "mediaInfo": {
                    "@odata.type": "#microsoft.graph.mediaInfo",
                    "uri": format!("{}/prompts/{name}.wav", self.public),
                    "resourceId": name,
                },
            }],
        })
    }
}

/// Seconds; the HTTP-date form is not used by Graph.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
