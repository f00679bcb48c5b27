//! Requests to Graph: a token on each, bounded retries, as long between them as Graph asks for.

use std::{
    mem::Discriminant,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graph_api::Guid;
use http::{HeaderMap, Response, StatusCode, header};
use seam::{Clock, HttpClient, SendError};
use serde_json::Value;

use crate::{
    Ask, Flaw, Outcome,
    entry::{Facts, seats},
    requests::{MediaConfig, Requests},
    server::BotConfig,
    token_cache::{NoToken, TokenCache},
};

/// Attempts for one request.
const ATTEMPTS_MAX: u32 = 5;
/// The first wait where Graph names none; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Longest wait that is granted; whoever asks for more is asking to be given up.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// What planted faults take for waiting.
const AT_ONCE: Duration = Duration::from_millis(50);

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
    requests: Requests,
    flaw: Option<Flaw>,
    /// What was refused, for the planted fault that never asks for it again.
    refused: Mutex<Vec<Discriminant<Ask>>>,
}

impl GraphClient {
    /// For one bot; `public` is where the platform reaches it.
    pub fn new(client: HttpClient, clock: Clock, config: &BotConfig, public: String) -> Self {
        Self {
            tokens: TokenCache::new(client.clone(), config),
            client,
            clock,
            requests: Requests {
                graph: config.graph.clone(),
                public,
                tenant: config.tenant,
                delta_roster: config.settings.delta_roster,
                flaw: config.settings.flaw,
                video: config.settings.sees(),
            },
            flaw: config.settings.flaw,
            refused: Mutex::default(),
        }
    }

    fn refused(&self) -> MutexGuard<'_, Vec<Discriminant<Ask>>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until it is done, refused, or not worth another try; `media` is what a call is answered or begun with.
    /// Stops trying once `over` is set.
    pub async fn ask(
        &self,
        call: Guid,
        ask: Ask,
        media: &MediaConfig,
        over: &AtomicBool,
    ) -> Outcome {
        if self.refused().contains(&std::mem::discriminant(&ask)) {
            return Outcome::Refused;
        }
        let mut wait = FIRST_WAIT;
        let mut renewed = false;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let named = match self.attempt(call, ask, media).await {
                Attempt::Over(outcome) => return outcome,
                Attempt::NewToken if !renewed || self.has(Flaw::RenewsForEver) => {
                    renewed = true;
                    continue;
                }
                Attempt::NewToken => return Outcome::Unreached(None),
                Attempt::Again(named) => named,
            };
            let forever = self.has(Flaw::RetriesForever);
            if attempts >= ATTEMPTS_MAX && !forever {
                tracing::warn!(%call, ?ask, attempts, "given up");
                // Whoever tries later has to wait as long, too.
                return Outcome::Unreached(named);
            }
            let in_call = self.has(Flaw::IgnoresRetryAfterInCalls) && ask != Ask::Answer;
            let pause = match named {
                _ if self.has(Flaw::IgnoresRetryAfter) || in_call => AT_ONCE,
                None if self.has(Flaw::RetriesAtOnce) => AT_ONCE,
                Some(named) if named > WAIT_MAX => return Outcome::Unreached(Some(named)),
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

    /// Whether this fault is planted.
    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    async fn attempt(&self, call: Guid, ask: Ask, media: &MediaConfig) -> Attempt {
        let token = match self.tokens.token(self.clock.now()).await {
            Ok(token) => token,
            Err(NoToken::Later(_)) if self.has(Flaw::GivesUpWithoutToken) => {
                return Attempt::Over(Outcome::Refused);
            }
            Err(NoToken::Later(wait)) => return Attempt::Again(wait.map(Duration::from_secs)),
            Err(NoToken::Never(why)) => {
                tracing::error!(why, "the identity platform refuses this bot");
                return Attempt::Over(Outcome::Unreached(None));
            }
        };
        let request = match self.requests.write(call, ask, media, &token) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(%error, "the base URL is unusable");
                return Attempt::Over(Outcome::Unreached(None));
            }
        };
        match self.client.send(request).await {
            Ok(response) => self.judge(ask, &token, &response).await,
            Err(error) => {
                tracing::warn!(%call, ?ask, %error, "Graph cannot be reached");
                self.lost(ask, &error)
            }
        }
    }

    /// A request that may have been heard is repeated only where hearing it twice does no harm.
    fn lost(&self, ask: Ask, error: &SendError) -> Attempt {
        let heard = !matches!(error, SendError::Connect(_));
        let anyway = matches!(
            (ask, self.flaw),
            (Ask::Invite(..), Some(Flaw::InvitesTwiceOnLostReply))
                | (Ask::Play(..), Some(Flaw::RepeatsLostPrompts))
                | (Ask::Transfer { .. }, Some(Flaw::TransfersTwiceOnLostReply))
                | (Ask::Call { .. }, Some(Flaw::CallsTwiceOnLostReply))
        );
        if heard && ask == Ask::KeepAlive && self.has(Flaw::KeepAliveDrifts) {
            return Attempt::Over(Outcome::Unreached(None));
        }
        if heard && !ask.repeats_well() && !anyway {
            return Attempt::Over(Outcome::Unsure);
        }
        Attempt::Again(None)
    }

    async fn judge(&self, ask: Ask, token: &str, response: &Response<Bytes>) -> Attempt {
        let (status, named) = (response.status(), retry_after(response.headers()));
        match status {
            _ if status.is_success() => Attempt::Over(done(ask, response.body())),
            StatusCode::NOT_FOUND => Attempt::Over(not_found(ask, response.body())),
            StatusCode::UNAUTHORIZED if self.has(Flaw::GivesUpOn401) => {
                Attempt::Over(Outcome::Refused)
            }
            StatusCode::UNAUTHORIZED => {
                self.tokens.refused(token).await;
                Attempt::NewToken
            }
            StatusCode::CONFLICT if ask == Ask::Answer => {
                if self.has(Flaw::RetriesAnswerAfterSuccess) {
                    return Attempt::Again(None);
                }
                if self.has(Flaw::TakesConflictForTheEnd) {
                    return Attempt::Over(Outcome::Gone);
                }
                // An earlier attempt was heard after all (R-110).
                Attempt::Over(Outcome::Done)
            }
            StatusCode::TOO_MANY_REQUESTS if ask == Ask::HangUp && self.has(Flaw::HangsUpOnce) => {
                Attempt::Over(Outcome::Refused)
            }
            StatusCode::TOO_MANY_REQUESTS => Attempt::Again(named),
            _ if status.is_server_error()
                && ask == Ask::Answer
                && self.has(Flaw::GivesUpAnswerOn5xx) =>
            {
                Attempt::Over(Outcome::Refused)
            }
            StatusCode::SERVICE_UNAVAILABLE if self.has(Flaw::GivesUpCallOn503) => {
                Attempt::Over(Outcome::Gone)
            }
            StatusCode::SERVICE_UNAVAILABLE if self.has(Flaw::IgnoresRetryAfterOf503) => {
                Attempt::Again(Some(FIRST_WAIT))
            }
            StatusCode::SERVICE_UNAVAILABLE => Attempt::Again(named),
            // Anything else of this kind may come from behind the place where the request was heard.
            _ if status.is_server_error() && !ask.repeats_well() => Attempt::Over(Outcome::Unsure),
            _ if status.is_server_error() => Attempt::Again(named),
            _ if self.has(Flaw::RetriesRefusals) => Attempt::Again(None),
            _ => {
                let body = String::from_utf8_lossy(response.body());
                tracing::warn!(?ask, %status, %body, "refused");
                if self.has(Flaw::RemembersRefusals) {
                    self.refused().push(std::mem::discriminant(&ask));
                }
                Attempt::Over(Outcome::Refused)
            }
        }
    }
}

/// What a 2xx says.
fn done(ask: Ask, body: &[u8]) -> Outcome {
    let body = || serde_json::from_slice::<Value>(body).ok();
    match ask {
        Ask::Look => body().map_or(Outcome::Unsure, |call| Outcome::Found(Facts::of(&call))),
        Ask::Participants { .. } => {
            let list = body().and_then(|body| Some(seats(body.get("value")?.as_array()?)));
            list.map_or(Outcome::Unsure, Outcome::Listed)
        }
        // Without its id it is known by its first notification.
        Ask::Call { .. } => {
            let body = body();
            let guid = |name: &str| body.as_ref()?.get(name)?.as_str()?.parse().ok();
            let own = guid("myParticipantId");
            guid("id").map_or(Outcome::Unsure, |call| Outcome::Created { call, own })
        }
        Ask::Answer
        | Ask::Reject
        | Ask::Redirect(_)
        | Ask::Recording
        | Ask::Play(..)
        | Ask::Record(_)
        | Ask::CancelMedia
        | Ask::Subscribe
        | Ask::Invite(..)
        | Ask::Transfer { .. }
        | Ask::Mute
        | Ask::Unmute
        | Ask::Share(_)
        | Ask::KeepAlive
        | Ask::HangUp => Outcome::Done,
    }
}

/// The call is gone (R-302), unless what is missing is a participant (R-200) or there was no call to miss.
fn not_found(ask: Ask, body: &[u8]) -> Outcome {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_str);
    let other = matches!(code, Some("8543" | "8558")) || matches!(ask, Ask::Call { .. });
    if other { Outcome::Refused } else { Outcome::Gone }
}

/// Seconds; the HTTP-date form is not used by Graph (R-352).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};

    use axum::{Router, routing::post};
    use graph_api::Timestamp;
    use seam::{Network as _, RealNetwork, ServeLimits, TlsTrust};

    use super::*;
    use crate::Settings;

    /// How often Graph hears this, and what the bot makes of it, where no reply ever comes.
    async fn unanswered(ask: Ask, flaw: Option<Flaw>) -> (usize, Outcome) {
        let network = Arc::new(RealNetwork::new(&TlsTrust::default()).unwrap());
        let listener = network.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<AtomicUsize>::default();
        let hears = heard.clone();
        let silence = move || {
            hears.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>()
        };
        let token = r#"{"access_token": "t", "expires_in": 3600}"#;
        let identity = post(move || async move { token });
        let router = Router::new().route("/{tenant}/oauth2/v2.0/token", identity).fallback(silence);
        let id = Guid::from_u128(7);
        let config = BotConfig {
            app: id,
            tenant: id,
            secret: String::new(),
            graph: base.clone(),
            authority: base.clone(),
            open_id: base,
            public_url: None,
            settings: Settings { flaw, ..Settings::default() },
        };
        let client = HttpClient::new(network, Duration::from_millis(200));
        let clock = Clock::manual(Timestamp::from_secs(1));
        let graph = GraphClient::new(client, clock.clone(), &config, String::new());
        let over = AtomicBool::new(false);
        // Whoever sleeps is woken: the waits between attempts are not what is looked at.
        let time = async {
            loop {
                clock.advance(Duration::from_secs(1)).unwrap();
                tokio::task::yield_now().await;
            }
        };
        let outcome = tokio::select! {
            outcome = graph.ask(id, ask, &MediaConfig::ServiceHosted, &over) => outcome,
            () = seam::serve(listener, None, router, ServeLimits::default()) => unreachable!(),
            () = time => unreachable!(),
        };
        (heard.load(Ordering::Relaxed), outcome)
    }

    /// R-275: Graph has no idempotency keys.
    #[tokio::test]
    async fn what_does_harm_twice_is_asked_once() {
        let invite = Ask::Invite(Guid::from_u128(1), 1);
        assert_eq!(unanswered(invite, None).await, (1, Outcome::Unsure));
        let attempts = ATTEMPTS_MAX as usize;
        let given_up = (attempts, Outcome::Unreached(None));
        assert_eq!(unanswered(Ask::KeepAlive, None).await, given_up);
        assert_eq!(unanswered(invite, Some(Flaw::InvitesTwiceOnLostReply)).await, given_up);
        let drifts = unanswered(Ask::KeepAlive, Some(Flaw::KeepAliveDrifts)).await;
        assert_eq!(drifts, (1, Outcome::Unreached(None)));
    }
}
