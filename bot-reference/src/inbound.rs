//! Who may notify: tokens of the platform, for this bot, signed with a key that its metadata shows
//! (rules ).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_api::{Guid, Timestamp};
use http::{Request, header};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, Jwk, JwkSet},
};
use seam::HttpClient;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{Flaw, server::BotConfig};

/// The issuers, exactly: the documented one, and the one that Microsoft's sample takes too.
const ISSUERS: [&str; 2] = ["https://api.botframework.com", "https://graph.microsoft.com"];
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
    /// No tenant, or one that this bot does not serve.
    #[error("the tenant is missing or wrong")]
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
    /// The URL of the Bot Framework's metadata.
    open_id: String,
    app: Guid,
    tenant: Guid,
    flaw: Option<Flaw>,
    known: Mutex<Option<Known>>,
    /// What one of the planted faults has believed last.
    believed: Mutex<Option<String>>,
}

impl Inbound {
    /// For one bot.
    pub fn new(client: HttpClient, config: &BotConfig) -> Self {
        let BotConfig { open_id, app, tenant, settings, .. } = config;
        let (open_id, flaw) = (open_id.clone(), settings.flaw);
        let (known, believed) = Default::default();
        Self { client, open_id, app: *app, tenant: *tenant, flaw, known, believed }
    }

    /// Judges the `Authorization` header of a notification.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn check(&self, header: Option<&str>, now: Timestamp) -> Result<(), NotBelieved> {
        if header.is_none() && self.has(Flaw::AcceptsMissingToken) {
            return Ok(());
        }
        let (scheme, token) = header.and_then(|h| h.split_once(' ')).ok_or(NotBelieved::NoToken)?;
        let strict = self.has(Flaw::WantsCapitalBearer) && scheme != "Bearer";
        if strict || !scheme.eq_ignore_ascii_case("bearer") {
            return Err(NotBelieved::NoToken);
        }
        let remembers = self.has(Flaw::RemembersGoodTokens);
        if remembers && self.believed.lock().await.as_deref() == Some(token) {
            return Ok(());
        }
        self.judge(token, now).await?;
        if remembers {
            *self.believed.lock().await = Some(token.to_owned());
        }
        Ok(())
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    async fn judge(&self, token: &str, now: Timestamp) -> Result<(), NotBelieved> {
        let has = |flaw| self.has(flaw);
        let claims = if has(Flaw::TrustsAnySignature) {
            jsonwebtoken::dangerous::insecure_decode::<Claims>(token)
                .map_err(|_| NotBelieved::Malformed)?
                .claims
        } else if let Some(claims) = unsigned(token).filter(|_| has(Flaw::AcceptsUnsignedTokens)) {
            claims
        } else {
            self.signed_claims(token.trim(), now).await?
        };
        let issuers = if has(Flaw::KnowsOneIssuer) { &ISSUERS[..1] } else { &ISSUERS[..] };
        let known = claims.iss.as_deref().is_some_and(|issuer| issuers.contains(&issuer));
        if !known && !has(Flaw::IgnoresIssuer) {
            return Err(NotBelieved::Issuer);
        }
        let audience = claims.aud.and_then(|aud| aud.parse::<Guid>().ok());
        if audience != Some(self.app) && !has(Flaw::IgnoresAudience) {
            return Err(NotBelieved::Audience);
        }
        let now = now.as_secs();
        let in_time = claims.exp.is_some_and(|exp| now < exp.saturating_add(LEEWAY_SECS))
            && (has(Flaw::IgnoresNotBefore)
                || claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY_SECS)));
        if !in_time && !has(Flaw::IgnoresExpiry) {
            return Err(NotBelieved::Time);
        }
        match claims.tid.map(|tid| tid.parse::<Guid>()) {
            None if has(Flaw::IgnoresMissingTenant) => Ok(()),
            Some(_) if has(Flaw::TakesAnyTenant) => Ok(()),
            Some(Ok(tenant)) if tenant == self.tenant => Ok(()),
            _ => Err(NotBelieved::Tenant),
        }
    }

    async fn signed_claims(&self, token: &str, now: Timestamp) -> Result<Claims, NotBelieved> {
        let head = jsonwebtoken::decode_header(token).map_err(|_| NotBelieved::Malformed)?;
        let confused = head.alg == Algorithm::HS256 && self.has(Flaw::TakesSymmetricSignatures);
        if head.alg != Algorithm::RS256 && !confused {
            return Err(NotBelieved::Malformed);
        }
        let key = self.key(&head.kid.ok_or(NotBelieved::Malformed)?, now).await?;
        let key = if let AlgorithmParameters::RSA(public) = &key.algorithm
            && confused
        {
            DecodingKey::from_secret(public.n.as_bytes())
        } else {
            DecodingKey::from_jwk(&key).map_err(|_| NotBelieved::Forged)?
        };
        let mut rules = Validation::new(head.alg);
        // The bot judges time by its own clock, and the other claims itself.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &rules);
        Ok(decoded.map_err(|_| NotBelieved::Forged)?.claims)
    }

    async fn key(&self, kid: &str, now: Timestamp) -> Result<Jwk, NotBelieved> {
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
        found(&known).ok_or(NotBelieved::Forged)
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

/// What a token without a signature says: `alg` is `none`.
fn unsigned(token: &str) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Head {
        alg: String,
    }
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let (head, claims) = (parts.next()??, parts.next()??);
    let head: Head = serde_json::from_slice(&head).ok()?;
    (head.alg == "none").then(|| serde_json::from_slice(&claims).ok())?
}
