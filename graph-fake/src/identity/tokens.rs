//! What is in a token, and when it is believed.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_api::{Guid, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::Flaw;

use super::{
    CALLBACK_ISSUER, GRAPH_AUDIENCE,
    bearer::{HEADER_MAX, bearer},
    keys::SigningKey,
};

/// How long an access token is valid, in seconds.
pub const ACCESS_SECS: u32 = 3_599;
/// How long a notification token is valid, in seconds.
const CALLBACK_SECS: i64 = 3_600;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppClaims {
    /// The application.
    pub app: Guid,
    /// The tenant that the token was issued for.
    pub tenant: Guid,
    /// Its roles, as the administrator consented to them when it was issued.
    pub roles: Vec<String>,
    /// Whose token it is, if it is a user's (R-020).
    pub delegated: Option<UserClaims>,
}

/// What a delegated access token says of the signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserClaims {
    /// `oid`: the user.
    pub user: Guid,
    /// `scp`: what the user lets the application do.
    pub scopes: Vec<String>,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    /// None.
    #[error("Access token is empty.")]
    Missing,
    /// Of the other scheme that clients know.
    #[error("The authentication scheme is 'Basic', not 'Bearer'.")]
    Basic,
    /// Of no scheme, or of another one.
    #[error("The Authorization header does not begin with 'Bearer'.")]
    NotBearer,
    /// No JWT.
    #[error("JWT is not well formed.")]
    Malformed,
    /// Signed with another key, or not at all.
    #[error("Signature validation failed.")]
    Forged,
    /// For something other than Graph.
    #[error("Invalid audience.")]
    WrongAudience,
    /// No longer valid.
    #[error("Lifetime validation failed, the token is expired.")]
    Expired,
    /// Not valid yet.
    #[error("Lifetime validation failed, the token is not yet valid.")]
    TooEarly,
    /// Longer than anything that was issued here.
    #[error("Access token is longer than {HEADER_MAX} characters.")]
    TooLong,
}

/// Which key signs a notification token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenKey {
    /// The platform's.
    #[default]
    Platform,
    /// One that no metadata shows, under the name of the platform's.
    Unknown,
    /// A secret that everybody knows: the modulus of the platform's public key, as text; `alg` is HS256.
    Symmetric,
    /// None: `alg` is `none`.
    None,
}

/// What is wrong with a notification token; the default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackTokenFaults {
    /// Another audience.
    pub audience: Option<String>,
    /// Another issuer.
    pub issuer: Option<String>,
    /// Seconds until it expires; may be negative.
    pub expires_in_seconds: Option<i64>,
    /// Seconds until it becomes valid; may be negative.
    pub not_before_seconds: Option<i64>,
    /// Which key signs.
    pub key: TokenKey,
    /// Claims to leave out; or `kid`, of the header.
    pub omit: Vec<String>,
}

/// What is different about an access token; the default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessTokenFaults {
    /// The user for whom the application acts: a delegated token, without roles (R-020).
    pub user: Option<UserClaims>,
    /// Seconds until it expires; may be negative.
    pub expires_in_seconds: Option<i64>,
    /// Another audience.
    pub audience: Option<String>,
}

/// clients.md 10: RS256 with kid; audience, issuer, appid, tid, roles and times.
pub(super) fn access(
    key: &SigningKey,
    app: Guid,
    tenant: Guid,
    roles: &[String],
    now: Timestamp,
    faults: &AccessTokenFaults,
) -> String {
    let (now, lasts) =
        (i64::try_from(now.as_secs()).unwrap_or(i64::MAX / 2), i64::from(ACCESS_SECS));
    let expires = now.saturating_add(faults.expires_in_seconds.unwrap_or(lasts)).max(0);
    // An expired token was good once: it is older by as much.
    let issued = now.min(expires.saturating_sub(lasts)).max(0);
    let mut claims = json!({
        "aud": faults.audience.as_deref().unwrap_or(GRAPH_AUDIENCE),
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": issued, "nbf": issued, "exp": expires,
        "appid": app, "appidacr": "1", "tid": tenant, "ver": "1.0",
    });
    let own = match &faults.user {
        Some(UserClaims { user, scopes }) => {
            json!({"idtyp": "user", "oid": user, "sub": user, "scp": scopes.join(" ")})
        }
        None => json!({"idtyp": "app", "oid": app, "sub": app, "roles": roles}),
    };
    if let (Value::Object(all), Value::Object(own)) = (&mut claims, own) {
        all.extend(own);
    }
    sign(key, &key.kid, &claims)
}

/// `unknown` signs instead of `platform` where the faults want it, under its name.
pub(super) fn callback(
    platform: &SigningKey,
    unknown: &SigningKey,
    app: Guid,
    tenant: Guid,
    now: Timestamp,
    faults: &CallbackTokenFaults,
) -> String {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX / 2);
    let expires = now.saturating_add(faults.expires_in_seconds.unwrap_or(CALLBACK_SECS));
    // An expired token was good once: it is older by as much.
    let issued = now.min(expires.saturating_sub(CALLBACK_SECS));
    let mut claims = Map::new();
    let issuer = faults.issuer.clone().unwrap_or_else(|| CALLBACK_ISSUER.to_owned());
    claims.insert("iss".to_owned(), issuer.into());
    let audience = faults.audience.clone().unwrap_or_else(|| app.to_string());
    claims.insert("aud".to_owned(), audience.into());
    claims.insert("tid".to_owned(), tenant.to_string().into());
    claims.insert("iat".to_owned(), issued.into());
    let valid_from = faults.not_before_seconds.map_or(issued, |secs| now.saturating_add(secs));
    claims.insert("nbf".to_owned(), valid_from.into());
    claims.insert("exp".to_owned(), expires.into());
    claims.retain(|name, _| !faults.omit.contains(name));
    let claims = Value::Object(claims);
    let named = !faults.omit.iter().any(|left_out| left_out == "kid");
    let kid = named.then(|| platform.kid.clone());
    match faults.key {
        TokenKey::Platform => sign_as(platform, kid, &claims),
        TokenKey::Unknown => sign_as(unknown, kid, &claims),
        TokenKey::Symmetric => {
            let header = Header { kid, ..Header::new(Algorithm::HS256) };
            let secret = EncodingKey::from_secret(platform.modulus().as_bytes());
            jsonwebtoken::encode(&header, &claims, &secret).expect("a secret signs any JSON")
        }
        TokenKey::None => {
            let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
            format!("{head}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
        }
    }
}

fn sign(key: &SigningKey, kid: &str, claims: &Value) -> String {
    sign_as(key, Some(kid.to_owned()), claims)
}

fn sign_as(key: &SigningKey, kid: Option<String>, claims: &Value) -> String {
    let header = Header { kid, ..Header::new(Algorithm::RS256) };
    jsonwebtoken::encode(&header, claims, &key.private).expect("an RSA key signs any JSON")
}

#[derive(Deserialize)]
struct Access {
    aud: String,
    exp: u64,
    #[serde(default)]
    nbf: u64,
    appid: String,
    tid: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: Option<String>,
    #[serde(default)]
    oid: Option<String>,
}

/// A token that opens Graph, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    /// What it says.
    pub claims: AppClaims,
    /// The key that signed it.
    pub kid: Option<String>,
    /// Seconds since 1970 from which it is good.
    pub not_before: u64,
    /// Seconds since 1970 at which it is so no more.
    pub expires: u64,
}

/// `believed` knows the keys that are believed now, by name.
pub(super) fn verify(
    believed: impl Fn(&str) -> Option<Arc<SigningKey>>,
    header: Option<&str>,
    now: Timestamp,
    flaw: Option<Flaw>,
) -> Result<Verified, TokenRefusal> {
    let token = bearer(header)?;
    // A head that cannot be read, or names another algorithm (`none` is not even known to the library).
    let head = jsonwebtoken::decode_header(token).map_err(|_| TokenRefusal::Malformed)?;
    let forged_is_fine = flaw == Some(Flaw::TakesForgedTokens);
    let key = head.kid.as_deref().and_then(believed);
    if head.alg != Algorithm::RS256 {
        return Err(TokenRefusal::Forged);
    }
    let mut rules = Validation::new(Algorithm::RS256);
    // Times are judged below, by the fake's clock; the library would ask the machine's.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let decoded = match key {
        _ if forged_is_fine => jsonwebtoken::dangerous::insecure_decode::<Access>(token),
        Some(key) => jsonwebtoken::decode::<Access>(token, &key.public, &rules),
        None => return Err(TokenRefusal::Forged),
    };
    let claims = decoded.map_err(|_| TokenRefusal::Forged)?.claims;
    if claims.aud != GRAPH_AUDIENCE {
        return Err(TokenRefusal::WrongAudience);
    }
    if claims.exp <= now.as_secs() && flaw != Some(Flaw::TakesExpiredTokens) {
        return Err(TokenRefusal::Expired);
    }
    if claims.nbf > now.as_secs() {
        return Err(TokenRefusal::TooEarly);
    }
    let guid = |text: &str| text.parse::<Guid>().map_err(|_| TokenRefusal::Malformed);
    let delegated = claims.scp.map(|scopes| {
        let user = claims.oid.as_deref().ok_or(TokenRefusal::Malformed).and_then(guid)?;
        Ok(UserClaims { user, scopes: scopes.split_whitespace().map(str::to_owned).collect() })
    });
    let (not_before, expires) = (claims.nbf, claims.exp);
    let claims = AppClaims {
        app: guid(&claims.appid)?,
        tenant: guid(&claims.tid)?,
        roles: claims.roles,
        delegated: delegated.transpose()?,
    };
    Ok(Verified { claims, kid: head.kid, not_before, expires })
}

#[cfg(test)]
mod tests {
    use super::{super::Keys, *};

    const APP: Guid = Guid::from_u128(1);
    const TENANT: Guid = Guid::from_u128(2);

    fn keys() -> Keys {
        Keys::fixed()
    }

    fn callback(keys: &Keys, now: Timestamp, faults: &CallbackTokenFaults) -> String {
        super::callback(&keys.platform.current(), &keys.unknown, APP, TENANT, now, faults)
    }

    fn verify(
        keys: &Keys,
        header: Option<&str>,
        now: Timestamp,
        flaw: Option<Flaw>,
    ) -> Result<AppClaims, TokenRefusal> {
        let believed = |kid: &str| keys.login.believed(now).find(|key| key.kid == kid).cloned();
        super::verify(believed, header, now, flaw).map(|verified| verified.claims)
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn access(keys: &Keys, app: Guid, tenant: Guid, roles: &[String], now: Timestamp) -> String {
        let faults = AccessTokenFaults::default();
        super::access(&keys.login.current(), app, tenant, roles, now, &faults)
    }

    /// clients.md 10.
    #[test]
    fn an_access_token_opens_graph_for_its_time() {
        let keys = keys();
        let token = access(&keys, APP, TENANT, &["Calls.Initiate.All".to_owned()], at(1_000));
        let check = |text: String, now| verify(&keys, Some(&text), at(now), None);
        let claims = check(format!("Bearer {token}"), 1_000).unwrap();
        assert_eq!((claims.app, claims.tenant, claims.roles.len()), (APP, TENANT, 1));
        assert!(check(format!("bearer  {token}"), 2_000).is_ok(), "the scheme's case is free");
        assert_eq!(check(format!("Bearer {token}"), 999), Err(TokenRefusal::TooEarly));
        assert_eq!(check(format!("Bearer {token}"), 4_599), Err(TokenRefusal::Expired));
        assert_eq!(check(format!("Basic {token}"), 1_000), Err(TokenRefusal::Basic));
        assert_eq!(check("Bearer x.y.z".to_owned(), 1_000), Err(TokenRefusal::Malformed));
        assert_eq!(verify(&keys, None, at(1_000), None), Err(TokenRefusal::Missing));
    }

    /// R-020: a user's token says so, and carries no roles.
    #[test]
    fn a_users_token_has_scopes() {
        let keys = keys();
        let of = |faults: &AccessTokenFaults| {
            let key = keys.login.current();
            let token = super::access(&key, APP, TENANT, &[], at(5_000), faults);
            verify(&keys, Some(&format!("Bearer {token}")), at(5_000), None)
        };
        let scopes = ["OnlineMeetings.Read".to_owned(), "Calendars.Read".to_owned()];
        let claims = UserClaims { user: Guid::from_u128(3), scopes: scopes.into() };
        let user = AccessTokenFaults { user: Some(claims.clone()), ..AccessTokenFaults::default() };
        assert_eq!(of(&user).unwrap().delegated, Some(claims));
        assert_eq!(of(&user).unwrap().roles.len(), 0);
        assert_eq!(of(&AccessTokenFaults::default()).unwrap().delegated, None);
        let late = AccessTokenFaults { expires_in_seconds: Some(-1), ..user.clone() };
        assert_eq!(of(&late), Err(TokenRefusal::Expired));
        let elsewhere = AccessTokenFaults { audience: Some("x".to_owned()), ..user };
        assert_eq!(of(&elsewhere), Err(TokenRefusal::WrongAudience));
    }

    #[test]
    fn a_changed_claim_or_a_notification_token_opens_nothing() {
        let keys = keys();
        let token = access(&keys, APP, TENANT, &[], at(1_000));
        let other = access(&keys, TENANT, TENANT, &[], at(1_000));
        let part = |token: &str, at| token.split('.').nth(at).unwrap().to_owned();
        let mixed = [part(&token, 0), part(&other, 1), part(&token, 2)].join(".");
        let mixed = format!("Bearer {mixed}");
        assert_eq!(verify(&keys, Some(&mixed), at(1_000), None), Err(TokenRefusal::Forged));
        let keys_of_all =
            [TokenKey::Platform, TokenKey::Unknown, TokenKey::Symmetric, TokenKey::None];
        for key in keys_of_all {
            let faults = CallbackTokenFaults { key, ..CallbackTokenFaults::default() };
            let token = format!("Bearer {}", callback(&keys, at(1_000), &faults));
            assert!(verify(&keys, Some(&token), at(1_000), None).is_err(), "{key:?}");
        }
    }

    /// R-312, clients.md 22.
    #[test]
    fn a_notification_token_has_the_claims_asked_for() {
        let keys = keys();
        let faults = CallbackTokenFaults {
            expires_in_seconds: Some(-60),
            omit: vec!["tid".to_owned()],
            ..CallbackTokenFaults::default()
        };
        let token = callback(&keys, at(10_000), &faults);
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let wanted =
            json!({"iss": CALLBACK_ISSUER, "aud": APP, "iat": 6_340, "nbf": 6_340, "exp": 9_940});
        assert_eq!(claims, wanted);
    }

    #[test]
    fn further_faults_of_notification_tokens() {
        let keys = keys();
        let faults = CallbackTokenFaults {
            not_before_seconds: Some(900),
            key: TokenKey::Symmetric,
            omit: vec!["kid".to_owned()],
            ..CallbackTokenFaults::default()
        };
        let token = callback(&keys, at(10_000), &faults);
        let head = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((head.alg, head.kid), (Algorithm::HS256, None));
        let mut rules = Validation::new(Algorithm::HS256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        let secret = keys.platform.current().modulus().to_owned();
        let secret = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(&token, &secret, &rules).unwrap().claims;
        assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(10_000), &json!(10_900)));
    }

    #[test]
    fn an_old_token_opens_graph_as_long_as_its_key_is_kept() {
        let mut keys = keys();
        let token = format!("Bearer {}", access(&keys, APP, TENANT, &[], at(1_000)));
        keys.login.rotate(at(1_000), None);
        assert!(verify(&keys, Some(&token), at(2_000), None).is_ok());
        let new = format!("Bearer {}", access(&keys, APP, TENANT, &[], at(1_000)));
        assert_ne!(token, new);
        assert!(verify(&keys, Some(&new), at(2_000), None).is_ok());
        // A day later the key is gone, whatever the token says of its own time.
        let day = at(1_000 + 24 * 3_600);
        assert_eq!(verify(&keys, Some(&token), day, None), Err(TokenRefusal::Forged));
        assert_eq!(verify(&keys, Some(&new), day, None), Err(TokenRefusal::Expired));
    }
}
