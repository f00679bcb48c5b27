//! The identity platform: whose token opens Graph, and whose signature a notification carries.
//!
//! Access tokens and notification tokens are signed with different keys, so that neither opens what the
//! other is for (clients.md 22).

mod keys;
pub mod routes;
mod token_request;
mod tokens;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use graph_api::{Guid, Timestamp};
use seam::BoxFuture;
use serde_json::Value;

use crate::Flaw;

pub use keys::{KeyError, Keys};
pub use tokens::{AccessTokenFaults, AppClaims, CallbackTokenFaults, TokenKey, TokenRefusal};

/// The issuer of notification tokens, exactly (clients.md 22).
pub const CALLBACK_ISSUER: &str = "https://api.botframework.com";
/// The audience of access tokens.
pub const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";

/// The host in it.
const GRAPH_HOST: &str = "graph.microsoft.com";

/// Notification tokens kept for further notifications to the same bot.
const CACHE_MAX: usize = 1_000;
/// How long one of them is used; it is valid for an hour.
const CACHE_SECS: u64 = 300;

/// What the identity platform knows of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// No such tenant.
    UnknownTenant,
    /// No such application in it.
    UnknownApp,
    /// Here it is.
    App {
        /// Its client secret.
        secret: String,
        /// Roles that the administrator consented to.
        roles: Vec<String>,
    },
}

/// What happened at the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEvent {
    /// Who asked.
    pub client_id: String,
    /// In which tenant.
    pub tenant: String,
    /// The status of the answer.
    pub status: u16,
    /// The AADSTS number of a refusal.
    pub error: Option<u32>,
}

/// A fault of the plan that struck the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultReply {
    /// The HTTP status.
    pub status: u16,
    /// Seconds for `Retry-After`.
    pub retry_after_seconds: Option<u32>,
}

/// Where the identity platform looks things up, and tells what happened.
pub trait Registry: Send + Sync + 'static {
    /// Looks up an application; `tenant` and `client_id` as the client wrote them.
    fn lookup<'a>(&'a self, tenant: &'a str, client_id: &'a str) -> BoxFuture<'a, Lookup>;
    /// A token was given or refused.
    fn token_event(&self, event: TokenEvent);
    /// The fault that strikes this token request, if any.
    fn fault(&self) -> BoxFuture<'_, Option<FaultReply>>;
}

/// Signs and checks tokens. Time always comes in.
pub struct Identity {
    keys: Keys,
    flaw: Option<Flaw>,
    /// By application and tenant: when it was made, and the token.
    cache: Mutex<BTreeMap<(Guid, Guid), (Timestamp, String)>>,
}

impl Identity {
    /// With these keys.
    pub fn new(keys: Keys) -> Self {
        Self::with_flaw(keys, None)
    }

    /// With these keys, and a planted fault.
    pub fn with_flaw(keys: Keys, flaw: Option<Flaw>) -> Self {
        Self { keys, flaw, cache: Mutex::default() }
    }

    /// Checks an `Authorization` header of a request to Graph.
    ///
    /// # Errors
    /// Why the token opens nothing.
    pub fn verify_access_token(
        &self,
        header: Option<&str>,
        now: Timestamp,
    ) -> Result<AppClaims, TokenRefusal> {
        tokens::verify(&self.keys, header, now, self.flaw)
    }

    /// An access token and the seconds that it is valid for.
    pub fn access_token(
        &self,
        app: Guid,
        tenant: Guid,
        roles: &[String],
        now: Timestamp,
    ) -> (String, u64) {
        let none = AccessTokenFaults::default();
        let token = self.faulty_access_token(app, tenant, roles, now, &none);
        (token, tokens::ACCESS_SECS.into())
    }

    /// An access token with the stated faults: for tests of what the fake refuses.
    pub fn faulty_access_token(
        &self,
        app: Guid,
        tenant: Guid,
        roles: &[String],
        now: Timestamp,
        faults: &AccessTokenFaults,
    ) -> String {
        tokens::access(&self.keys, app, tenant, roles, now, faults)
    }

    /// The token that a notification to this application carries (clients.md 22).
    pub fn callback_token(&self, app: Guid, tenant: Guid, now: Timestamp) -> String {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = cache
            .get(&(app, tenant))
            .filter(|(made, _)| *made <= now && now.saturating_since(*made).as_secs() < CACHE_SECS);
        if let Some((_, token)) = kept {
            return token.clone();
        }
        let stranger = self.flaw == Some(Flaw::SignsAsStranger);
        let key = if stranger { TokenKey::Unknown } else { TokenKey::Platform };
        let faults = CallbackTokenFaults { key, ..CallbackTokenFaults::default() };
        let token = tokens::callback(&self.keys, app, tenant, now, &faults);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert((app, tenant), (now, token.clone()));
        token
    }

    /// A notification token with the stated faults: for tests of what a bot refuses.
    pub fn faulty_callback_token(
        &self,
        app: Guid,
        tenant: Guid,
        now: Timestamp,
        faults: &CallbackTokenFaults,
    ) -> String {
        tokens::callback(&self.keys, app, tenant, now, faults)
    }

    /// The key set of access tokens.
    fn login_keys(&self) -> Value {
        serde_json::json!({"keys": [self.keys.login.shown()]})
    }

    /// The key set of notification tokens; its endorsements name Teams (clients.md 23).
    fn platform_keys(&self) -> Value {
        let mut key = self.keys.platform.shown();
        key["endorsements"] = serde_json::json!(["msteams"]);
        serde_json::json!({"keys": [key]})
    }
}
