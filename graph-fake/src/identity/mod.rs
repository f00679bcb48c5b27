//! The identity platform: whose token opens Graph, and whose signature a notification carries.
//!
//! Access tokens and notification tokens are signed with different keys, so that neither opens what the
//! other is for (clients.md 22).

mod bearer;
mod keys;
mod recordings;
pub mod routes;
mod token_request;
mod tokens;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use graph_api::{Guid, Timestamp};
use seam::BoxFuture;
use serde_json::Value;

use crate::{Flaw, why::Why};

pub use keys::{KeyError, Keys};
pub use tokens::{
    ACCESS_SECS, AccessTokenFaults, AppClaims, CallbackTokenFaults, TokenKey, TokenRefusal,
    UserClaims,
};

/// The issuer of notification tokens, exactly (R-311, clients.md 22).
pub const CALLBACK_ISSUER: &str = "https://api.botframework.com";
/// The audience of access tokens.
pub const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";

/// The host in it.
const GRAPH_HOST: &str = "graph.microsoft.com";

/// Notification tokens kept for further notifications to the same bot, and access tokens whose signature was found to be
/// good.
const CACHE_MAX: usize = 1_000;
/// How long a notification token is used; it is valid for an hour.
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
    /// The id of a request that is refused.
    fn request_id(&self) -> Guid;
    /// A request was refused, and why.
    fn refused(&self, id: Guid, why: Why);
    /// The fault that strikes this request, if any; `what` is `token` or `keys`.
    fn fault(&self, what: &'static str) -> BoxFuture<'_, Option<FaultReply>>;
}

/// Signs and checks tokens. Time always comes in.
pub struct Identity {
    /// Locked for the moment that it takes to find a key, never while something is signed.
    keys: RwLock<Keys>,
    flaw: Option<Flaw>,
    recordings: recordings::RecordingTokens,
    /// By application and tenant.
    cache: Mutex<BTreeMap<(Guid, Guid), Cached>>,
    /// `Authorization` headers whose signature was found to be good.
    verified: Mutex<BTreeMap<String, tokens::Verified>>,
}

/// A notification token that may be used again.
struct Cached {
    made: Timestamp,
    /// The key that signed it.
    kid: String,
    token: String,
}

/// Which key to exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// The one that signs notifications.
    Platform,
    /// The one that signs access tokens.
    Login,
}

impl Identity {
    /// With these keys.
    pub fn new(keys: Keys) -> Self {
        Self::with_flaw(keys, None)
    }

    /// With these keys, and a planted fault.
    pub fn with_flaw(keys: Keys, flaw: Option<Flaw>) -> Self {
        let recordings = recordings::RecordingTokens::new(&keys.login.current(), flaw);
        Self {
            keys: RwLock::new(keys),
            flaw,
            recordings,
            cache: Mutex::default(),
            verified: Mutex::default(),
        }
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
        let believed =
            |kid: &str| self.keys().login.believed(now).find(|key| key.kid == kid).cloned();
        if let Some(claims) = header.and_then(|header| self.verified_before(header, now)) {
            return Ok(claims);
        }
        let verified = tokens::verify(believed, header, now, self.flaw)?;
        let claims = verified.claims.clone();
        if let Some(header) = header {
            let mut kept = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= CACHE_MAX {
                kept.clear();
            }
            kept.insert(header.to_owned(), verified);
        }
        Ok(claims)
    }

    /// The same bytes have the same signature: whether it is good is found out once. Whether its time has come, and
    /// whether its key is believed still, is asked each time.
    fn verified_before(&self, header: &str, now: Timestamp) -> Option<AppClaims> {
        let kept = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(header)?;
        let kid = kept.kid.as_deref()?;
        if self.flaw == Some(Flaw::TrustsItsMemory) {
            return Some(kept.claims.clone());
        }
        let in_time = (kept.not_before..kept.expires).contains(&now.as_secs());
        let good = in_time && self.keys().login.believed(now).any(|key| key.kid == kid);
        good.then(|| kept.claims.clone())
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
        let key = self.keys().login.current();
        tokens::access(&key, app, tenant, roles, now, faults)
    }

    /// The token that a notification to this application carries (clients.md 22): for this audience, of
    /// this tenant.
    pub fn callback_token(&self, app: Guid, tenant: Guid, now: Timestamp) -> String {
        let (key, stranger) = self.signers();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |kept: &&Cached| {
            let age = now.saturating_since(kept.made).as_secs();
            kept.made <= now && age < CACHE_SECS && kept.kid == key.kid
        };
        if let Some(kept) = cache.get(&(app, tenant)).filter(fresh) {
            return kept.token.clone();
        }
        let wrong = self.flaw == Some(Flaw::SignsAsStranger);
        let faults = CallbackTokenFaults {
            key: if wrong { TokenKey::Unknown } else { TokenKey::Platform },
            ..CallbackTokenFaults::default()
        };
        let token = tokens::callback(&key, &stranger, app, tenant, now, &faults);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        let kept = Cached { made: now, kid: key.kid.clone(), token: token.clone() };
        cache.insert((app, tenant), kept);
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
        let (key, stranger) = self.signers();
        tokens::callback(&key, &stranger, app, tenant, now, faults)
    }

    /// Exchanges the key that signs notifications; returns the new one's `kid`. What the old one has signed
    /// is believed for another day.
    ///
    /// # Errors
    /// No key could be made.
    pub fn rotate_platform(&self, now: Timestamp) -> Result<String, KeyError> {
        self.rotate(Rotated::Platform, now)
    }

    /// Exchanges the key that signs access tokens; see [`Self::rotate_platform`].
    ///
    /// # Errors
    /// No key could be made.
    pub fn rotate_login(&self, now: Timestamp) -> Result<String, KeyError> {
        self.rotate(Rotated::Login, now)
    }

    /// Exchanges one of the two; see [`Self::rotate_platform`].
    ///
    /// # Errors
    /// No key could be made.
    pub fn rotate(&self, which: Rotated, now: Timestamp) -> Result<String, KeyError> {
        // Making a key takes its time; others sign meanwhile.
        let new = self.makes_keys(which).then(keys::generate).transpose()?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let ring = match which {
            Rotated::Platform => &mut keys.platform,
            Rotated::Login => &mut keys.login,
        };
        ring.rotate(now, new);
        let kid = ring.current().kid.clone();
        // Whoever checks a token holds the lock of the verified ones and asks for this one.
        drop(keys);
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(kid)
    }

    /// The keys of the start again: what others have signed since opens nothing, and is used no more.
    pub fn reset(&self) {
        if self.flaw == Some(Flaw::KeepsKeys) {
            return;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.login.reset();
        keys.platform.reset();
        drop(keys);
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether an exchange has to make a key, which takes tens of milliseconds.
    pub fn makes_keys(&self, which: Rotated) -> bool {
        match which {
            Rotated::Platform => self.keys().platform.needs_new(),
            Rotated::Login => self.keys().login.needs_new(),
        }
    }

    /// The token that opens the recording of this operation, and nothing else.
    pub fn recording_token(&self, operation: Guid, now: Timestamp) -> String {
        self.recordings.token(operation, now)
    }

    /// Checks an `Authorization` header of a request for the recording of this operation.
    ///
    /// # Errors
    /// Why the token does not open it.
    pub fn verify_recording_token(
        &self,
        header: Option<&str>,
        operation: Guid,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        self.recordings.verify(header, operation, now)
    }

    /// The key set of access tokens.
    fn login_keys(&self, now: Timestamp) -> Value {
        let keys: Vec<Value> = self.keys().login.believed(now).map(|key| key.shown()).collect();
        serde_json::json!({"keys": keys})
    }

    /// The key set of notification tokens; its endorsements name Teams (clients.md 23).
    fn platform_keys(&self, now: Timestamp) -> Value {
        let show = |key: &Arc<keys::SigningKey>| {
            let mut key = key.shown();
            key["endorsements"] = serde_json::json!(["msteams"]);
            key
        };
        let keys: Vec<Value> = self.keys().platform.believed(now).map(show).collect();
        serde_json::json!({"keys": keys})
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that signs notifications, and the one that nobody knows.
    fn signers(&self) -> (Arc<keys::SigningKey>, Arc<keys::SigningKey>) {
        let keys = self.keys();
        (keys.platform.current(), keys.unknown.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signature that was checked once is not checked again; all else about the token is.
    #[test]
    fn a_token_that_was_good_has_to_be_good_still() {
        let identity = Identity::new(Keys::fixed());
        let (app, tenant) = (Guid::from_u128(1), Guid::from_u128(2));
        let at = Timestamp::from_secs;
        let lasting =
            AccessTokenFaults { expires_in_seconds: Some(200_000), ..AccessTokenFaults::default() };
        let short = format!("Bearer {}", identity.access_token(app, tenant, &[], at(1_000)).0);
        let long = identity.faulty_access_token(app, tenant, &[], at(1_000), &lasting);
        let long = format!("Bearer {long}");
        let verify = |token: &str, now| identity.verify_access_token(Some(token), at(now));
        for _ in 0..2 {
            assert_eq!(verify(&short, 1_000).map(|claims| claims.app), Ok(app));
            assert_eq!(verify(&long, 200_000).map(|claims| claims.tenant), Ok(tenant));
        }
        let cut = short.trim_end_matches(|last: char| last != '.');
        assert_eq!(verify(cut, 1_000), Err(TokenRefusal::Forged));
        assert_eq!(verify(&short, 1_000 + 3_599), Err(TokenRefusal::Expired));
        identity.rotate_login(at(2_000)).unwrap();
        assert!(verify(&long, 2_000 + 86_399).is_ok(), "the old key is believed for a day");
        assert!(verify(&long, 2_000 + 86_399).is_ok());
        assert_eq!(verify(&long, 2_000 + 86_400), Err(TokenRefusal::Forged));
    }
}
