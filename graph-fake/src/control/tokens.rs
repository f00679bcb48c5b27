//! Tokens for tests: as the fake makes them, and with faults.

use axum::{Json, extract::State};
use graph_api::Guid;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Body, Control, Trouble, guid, perhaps,
    shapes::{Issued, Signed},
};
use crate::identity::{ACCESS_SECS, AccessTokenFaults, CallbackTokenFaults, TokenKey, UserClaims};

/// Scopes of one token.
const SCOPES_MAX: usize = 100;
/// Characters of one scope.
const SCOPE_MAX: usize = 256;

/// Which token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CallbackToken {
    /// The bot that the token is for.
    app_id: String,
    /// Its tenant; the first one that has the bot, if absent.
    tenant_id: Option<String>,
    /// Another audience.
    audience: Option<String>,
    /// Another issuer.
    issuer: Option<String>,
    /// Seconds until it expires; may be negative.
    expires_in_seconds: Option<i64>,
    /// Which key signs: `platform`, `unknown`, or `none` (`alg` none, no signature).
    #[serde(default)]
    key: Key,
    /// Claims to leave out.
    #[serde(default)]
    omit: Vec<String>,
}

/// Which key signs.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Key {
    /// The platform's own.
    #[default]
    Platform,
    /// One that no metadata shows.
    Unknown,
    /// None at all.
    None,
}

/// Makes a token as the platform puts on notifications, with the stated faults: for negative tests.
#[utoipa::path(post, path = "/callback-tokens", request_body = CallbackToken,
    responses(
    (status = 200, description = "the token", body = Signed),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no tenant has this app, and none was named")))]
pub async fn callback_token(
    State(control): State<Control>,
    Body(body): Body<CallbackToken>,
) -> Result<Json<Signed>, Trouble> {
    let app = guid(&body.app_id, "appId")?;
    let tenant = match perhaps(body.tenant_id.as_deref(), "tenantId")? {
        Some(tenant) => tenant,
        None => tenant_of(&control, app).await?,
    };
    const CLAIMS: [&str; 6] = ["iss", "aud", "tid", "iat", "nbf", "exp"];
    if let Some(odd) = body.omit.iter().find(|claim| !CLAIMS.contains(&claim.as_str())) {
        return Err(Trouble::bad(format!("omit: '{odd}' is none of {}", CLAIMS.join(", "))));
    }
    let faults = CallbackTokenFaults {
        audience: body.audience,
        issuer: body.issuer,
        expires_in_seconds: body.expires_in_seconds,
        key: match body.key {
            Key::Platform => TokenKey::Platform,
            Key::Unknown => TokenKey::Unknown,
            Key::None => TokenKey::None,
        },
        omit: body.omit,
    };
    let token =
        control.identity.faulty_callback_token(app, tenant, control.clock.machine(), &faults);
    Ok(Json(Signed { token }))
}

/// Which access token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccessToken {
    /// The bot that the token is of.
    app_id: String,
    /// Its tenant; the first one that has the bot, if absent.
    tenant_id: Option<String>,
    /// The roles in it; what the administrator consented to, if absent.
    roles: Option<Vec<String>>,
    /// A user for whom the bot acts: the token is a delegated one then, without roles.
    user_id: Option<String>,
    /// What the user lets the bot do; `Calls.Initiate` and `OnlineMeetings.ReadWrite`, if absent.
    scopes: Option<Vec<String>>,
    /// Seconds until it expires; may be negative.
    expires_in_seconds: Option<i64>,
    /// Another audience.
    audience: Option<String>,
}

/// Makes a token for Graph as the token endpoint gives it, or with the stated faults: for negative tests,
/// and for tests of many apps.
#[utoipa::path(post, path = "/access-tokens", request_body = AccessToken, responses(
    (status = 200, description = "the token", body = Issued),
    (status = 400, description = "an id or a member cannot be read, or scopes without a user"),
    (status = 404, description = "no tenant has this app, and none was named")))]
pub async fn access_token(
    State(control): State<Control>,
    Body(body): Body<AccessToken>,
) -> Result<Json<Issued>, Trouble> {
    let app = guid(&body.app_id, "appId")?;
    let user = perhaps(body.user_id.as_deref(), "userId")?;
    let tenant = match perhaps(body.tenant_id.as_deref(), "tenantId")? {
        Some(tenant) => tenant,
        None => tenant_of(&control, app).await?,
    };
    let granted = control.driver.with(move |state| {
        state.apps.get(&(tenant, app)).map(|app| app.roles.clone()).unwrap_or_default()
    });
    let roles = match body.roles {
        Some(roles) => roles,
        None => granted.await?,
    };
    let user = match (user, body.scopes) {
        (None, None) => None,
        (None, Some(_)) => return Err(Trouble::bad("scopes: only a user has them; name 'userId'")),
        (Some(user), Some(given)) => Some(UserClaims { user, scopes: scopes(given)? }),
        (Some(user), None) => {
            // What a signed-in user might have consented to.
            let scopes = ["Calls.Initiate", "OnlineMeetings.ReadWrite"].map(str::to_owned);
            Some(UserClaims { user, scopes: scopes.into() })
        }
    };
    let faults = AccessTokenFaults {
        user,
        expires_in_seconds: body.expires_in_seconds,
        audience: body.audience,
    };
    Ok(issue(&control, (app, tenant), &roles, &faults))
}

/// An access token, of whichever of the two paths it was asked.
pub(super) fn issue(
    control: &Control,
    (app, tenant): (Guid, Guid),
    roles: &[String],
    faults: &AccessTokenFaults,
) -> Json<Issued> {
    let now = control.clock.machine();
    let token = control.identity.faulty_access_token(app, tenant, roles, now, faults);
    let lasts = faults.expires_in_seconds.unwrap_or_else(|| i64::from(ACCESS_SECS));
    Json(Issued { token, expires_in: lasts })
}

/// Delegated permissions of one token.
pub(super) fn scopes(given: Vec<String>) -> Result<Vec<String>, Trouble> {
    let legal = |scope: &String| {
        !scope.is_empty() && scope.len() <= SCOPE_MAX && scope.bytes().all(|b| b.is_ascii_graphic())
    };
    if given.is_empty() || given.len() > SCOPES_MAX || !given.iter().all(legal) {
        return Err(Trouble::bad("scopes: takes 1 to 100 names without spaces"));
    }
    Ok(given)
}

async fn tenant_of(control: &Control, app: Guid) -> Result<Guid, Trouble> {
    let found = control
        .driver
        .with(move |state| state.apps.keys().find(|(_, id)| *id == app).map(|(tenant, _)| *tenant));
    found.await?.ok_or_else(|| Trouble::unknown(format!("there is no app {app}")))
}
