//! Who may notify: tokens of the platform, for this bot, signed with a key that its metadata shows
//! (rules ).

use std::time::Duration;

use graph_api::{Guid, Timestamp};
use http::{Request, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use seam::HttpClient;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::Flaw;

/// The issuer, exactly.
const ISSUER: &str = "https://api.botframework.com";
/// How far the two clocks may be apart, in seconds.
const LEEWAY_SECS: u64 = 300;
/// How long keys are believed before they are read again.
const KEYS_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Keys are not looked for more often than this, whatever names a stranger invents.
const KEYS_EVERY: Duration = Duration::from_secs(60);

/// Why a notification is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotBelieved {
    /// No `Authorization: Bearer …`.
    #[error("there is no bearer token")]
    NoToken,
    /// Not a JWT signed with RS256.
    #[error("the token is malformed")]
    Malformed,
    /// The platform's keys cannot be read.
    #[error("the platform's keys cannot be read: {0}")]
    NoKeys(String),
    /// Not signed by the platform.
    #[error("the signature is not the platform's")]
    Forged,
    /// Another issuer.
    #[error("the issuer is wrong")]
    Issuer,
    /// For somebody else.
    #[error("the audience is wrong")]
    Audience,
    /// Not valid now.
    #[error("the token is not valid at this time")]
    Time,
    /// No tenant.
    #[error("the token names no tenant")]
    Tenant,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    tid: Option<String>,
    exp: Option<u64>,
    nbf: Option<u64>,
}

#[derive(Deserialize)]
struct Metadata {
    jwks_uri: String,
}

struct Known {
    keys: JwkSet,
    read_at: Timestamp,
    /// When they were last read because one was missing.
    searched_at: Option<Timestamp>,
}

/// Judges tokens; reads the platform's keys when it needs them.
pub struct Inbound {
    client: HttpClient,
    open_id: String,
    app: Guid,
    flaw: Option<Flaw>,
    known: Mutex<Option<Known>>,
}

impl Inbound {
    /// For one bot; `open_id` is the URL of the Bot Framework's metadata.
    pub fn new(client: HttpClient, open_id: String, app: Guid, flaw: Option<Flaw>) -> Self {
        Self { client, open_id, app, flaw, known: Mutex::new(None) }
    }

    /// Judges the `Authorization` header of a notification.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn check(&self, header: Option<&str>, now: Timestamp) -> Result<(), NotBelieved> {
        let has = |flaw| self.flaw == Some(flaw);
        if header.is_none() && has(Flaw::AcceptsMissingToken) {
            return Ok(());
        }
        let (scheme, token) = header.and_then(|h| h.split_once(' ')).ok_or(NotBelieved::NoToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(NotBelieved::NoToken);
        }
        let claims = if has(Flaw::TrustsAnySignature) {
            jsonwebtoken::dangerous::insecure_decode::<Claims>(token)
                .map_err(|_| NotBelieved::Malformed)?
                .claims
        } else {
            self.signed_claims(token.trim(), now).await?
        };
        if claims.iss.as_deref() != Some(ISSUER) && !has(Flaw::IgnoresIssuer) {
            return Err(NotBelieved::Issuer);
        }
        let audience = claims.aud.and_then(|aud| aud.parse::<Guid>().ok());
        if audience != Some(self.app) && !has(Flaw::IgnoresAudience) {
            return Err(NotBelieved::Audience);
        }
        let now = now.as_secs();
        let in_time = claims.exp.is_some_and(|exp| now < exp.saturating_add(LEEWAY_SECS))
            && claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY_SECS));
        if !in_time && !has(Flaw::IgnoresExpiry) {
            return Err(NotBelieved::Time);
        }
        if claims.tid.is_none() && !has(Flaw::IgnoresMissingTenant) {
            return Err(NotBelieved::Tenant);
        }
        Ok(())
    }

    async fn signed_claims(&self, token: &str, now: Timestamp) -> Result<Claims, NotBelieved> {
        let head = jsonwebtoken::decode_header(token).map_err(|_| NotBelieved::Malformed)?;
        if head.alg != Algorithm::RS256 {
            return Err(NotBelieved::Malformed);
        }
        let key = self.key(&head.kid.ok_or(NotBelieved::Malformed)?, now).await?;
        let mut rules = Validation::new(Algorithm::RS256);
        // The bot judges time by its own clock, and the other claims itself.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &rules);
        Ok(decoded.map_err(|_| NotBelieved::Forged)?.claims)
    }

    async fn key(&self, kid: &str, now: Timestamp) -> Result<DecodingKey, NotBelieved> {
        let mut known = self.known.lock().await;
        let found =
            |known: &Option<Known>| known.as_ref().and_then(|known| known.keys.find(kid).cloned());
        let missing = found(&known).is_none();
        let since = |at: Timestamp| now.saturating_since(at);
        let read_again = match known.as_ref() {
            None => true,
            Some(_) if self.flaw == Some(Flaw::TrustsCachedKeysForever) => false,
            Some(known) if missing => known.searched_at.is_none_or(|at| since(at) >= KEYS_EVERY),
            Some(known) => since(known.read_at) >= KEYS_FOR,
        };
        if read_again {
            let before = known.as_ref().and_then(|known| known.searched_at);
            let searched_at = if missing && known.is_some() { Some(now) } else { before };
            match self.read_keys().await {
                Ok(keys) => *known = Some(Known { keys, read_at: now, searched_at }),
                // The key may be among those that cannot be read: nobody knows whether the token is good.
                Err(error) if missing => return Err(NotBelieved::NoKeys(error)),
                // Old keys are better than none while the platform cannot be reached.
                Err(error) => tracing::warn!(error, "the platform's keys cannot be read again"),
            }
        }
        let key = found(&known).ok_or(NotBelieved::Forged)?;
        DecodingKey::from_jwk(&key).map_err(|_| NotBelieved::Forged)
    }

    async fn read_keys(&self) -> Result<JwkSet, String> {
        let metadata: Metadata = self.get(&self.open_id).await?;
        self.get(&metadata.jwks_uri).await
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let request = Request::get(url).header(header::ACCEPT, "application/json");
        let request = request.body(bytes::Bytes::new()).map_err(|e| e.to_string())?;
        let response = self.client.send(request).await.map_err(|e| format!("{url}: {e}"))?;
        if !response.status().is_success() {
            return Err(format!("{url}: {}", response.status()));
        }
        serde_json::from_slice(response.body()).map_err(|e| format!("{url}: {e}"))
    }
}
