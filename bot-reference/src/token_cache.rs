//! The access token: one for all requests, renewed before it expires.

use std::time::Duration;

use bytes::Bytes;
use graph_api::Timestamp;
use http::{Request, header};
use seam::HttpClient;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{Flaw, server::BotConfig};

/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_secs(300);

#[derive(Clone)]
struct Token {
    text: String,
    renew_at: Timestamp,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoToken {
    /// Trying again may help; after so many seconds, if that was said.
    Later(Option<u64>),
    /// It will not help: the credentials are refused.
    Never(String),
}

/// Gets and keeps the token.
pub struct TokenCache {
    client: HttpClient,
    authority: String,
    tenant: String,
    form: String,
    flaw: Option<Flaw>,
    /// Held while a token is fetched, so that many requests at once fetch one token.
    kept: Mutex<Option<Token>>,
}

impl TokenCache {
    /// For one bot.
    pub fn new(client: HttpClient, config: &BotConfig) -> Self {
        let (authority, tenant) = (config.authority.clone(), config.tenant.to_string());
        let form = serde_urlencoded::to_string([
            ("grant_type", "client_credentials"),
            ("client_id", &config.app.to_string()),
            ("client_secret", &config.secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ])
        .expect("four strings are a form");
        Self { client, authority, tenant, form, flaw: config.settings.flaw, kept: Mutex::new(None) }
    }

    /// A token that is still good for a while.
    ///
    /// # Errors
    /// See [`NoToken`].
    pub async fn token(&self, now: Timestamp) -> Result<String, NoToken> {
        let mut kept = self.kept.lock().await;
        let always_new = self.flaw == Some(Flaw::TokenPerRequest);
        let never_new = self.flaw == Some(Flaw::NeverRefreshesToken);
        if let Some(token) = kept.as_ref().filter(|token| never_new || now < token.renew_at)
            && !always_new
        {
            return Ok(token.text.clone());
        }
        if self.flaw == Some(Flaw::AsksCommonForTokens) {
            // In vain: an application has no token of no tenant.
            let _ = self.fetch("common").await;
        }
        let granted = self.fetch(&self.tenant).await?;
        let good_for = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        let token = Token { text: granted.access_token, renew_at: now + good_for };
        *kept = Some(token.clone());
        Ok(token.text)
    }

    /// Graph refused this token: the next request gets a new one.
    pub async fn refused(&self, text: &str) {
        let mut kept = self.kept.lock().await;
        if self.flaw != Some(Flaw::NeverRefreshesToken)
            && kept.as_ref().is_some_and(|token| token.text == text)
        {
            *kept = None;
        }
    }

    async fn fetch(&self, tenant: &str) -> Result<Granted, NoToken> {
        let request = Request::post(format!("{}/{tenant}/oauth2/v2.0/token", self.authority))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(self.form.clone()))
            .map_err(|error| NoToken::Never(error.to_string()))?;
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(%error, "no access token");
                return Err(NoToken::Later(None));
            }
        };
        let status = response.status();
        if status.is_success() {
            return serde_json::from_slice(response.body())
                .map_err(|error| NoToken::Never(format!("unreadable token response: {error}")));
        }
        if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
            let wait = response.headers().get(header::RETRY_AFTER);
            return Err(NoToken::Later(wait.and_then(|v| v.to_str().ok()?.trim().parse().ok())));
        }
        let why = String::from_utf8_lossy(response.body()).into_owned();
        Err(NoToken::Never(format!("{status}: {why}")))
    }
}
