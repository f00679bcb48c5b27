//! What an administrator, or a test in place of the platform, changes.

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::Guid;
use http::StatusCode;
use platform::Admin;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Body, Control, Trouble, guid};
use crate::{
    config::{AppBody, UserBody, check_callback},
    faults::Fault,
    identity::{CallbackTokenFaults, TokenKey},
};

/// What to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Another seed; the one given at start if absent.
    seed: Option<u64>,
}

/// Wipes everything and replays the configuration.
#[utoipa::path(post, path = "/reset", request_body = Reset, responses((status = 204)))]
pub async fn reset(
    State(control): State<Control>,
    Body(reset): Body<Reset>,
) -> Result<StatusCode, Trouble> {
    let seed = reset.seed.unwrap_or(control.seed);
    let journal = control.journal.clone();
    control
        .driver
        .with(move |state| {
            state.reset(seed);
            journal.reset();
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantBody {
    /// Its name.
    display_name: Option<String>,
}

/// Makes or renames a tenant.
#[utoipa::path(put, path = "/tenants/{tenantId}", request_body = TenantBody,
    params(("tenantId" = String, Path)), responses((status = 204), (status = 400), (status = 409)))]
pub async fn put_tenant(
    State(control): State<Control>,
    Path(tenant): Path<String>,
    Body(body): Body<TenantBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    let admin = Admin::PutTenant { tenant, display_name: body.display_name, refuses_guests: false };
    taken(control.driver.with(move |state| state.administer(admin)).await?)
}

/// Registers a bot and what the administrator consented to; may be repeated while calls run.
#[utoipa::path(put, path = "/tenants/{tenantId}/apps/{appId}", request_body = AppBody,
    params(("tenantId" = String, Path), ("appId" = String, Path)),
    responses((status = 204), (status = 400), (status = 409)))]
pub async fn put_app(
    State(control): State<Control>,
    Path((tenant, app)): Path<(String, String)>,
    Body(body): Body<AppBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, app) = (guid(&tenant, "tenantId")?, guid(&app, "appId")?);
    let done = control.driver.with(move |state| {
        if let Some(uri) = &body.callback_uri {
            check_callback(uri, state.allows_http())?;
        }
        Ok(state.put_app(tenant, app, body))
    });
    taken(done.await?.map_err(|why: String| Trouble::bad(format!("callbackUri: {why}")))?)
}

/// Makes or changes a simulated user.
#[utoipa::path(put, path = "/tenants/{tenantId}/users/{userId}", request_body = UserBody,
    params(("tenantId" = String, Path), ("userId" = String, Path)),
    responses((status = 204), (status = 400), (status = 409)))]
pub async fn put_user(
    State(control): State<Control>,
    Path((tenant, user)): Path<(String, String)>,
    Body(body): Body<UserBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, user) = (guid(&tenant, "tenantId")?, guid(&user, "userId")?);
    let admin = Admin::PutUser { tenant, user, entry: body.to_user() };
    taken(control.driver.with(move |state| state.administer(admin)).await?)
}

fn taken(taken: bool) -> Result<StatusCode, Trouble> {
    if taken { Ok(StatusCode::NO_CONTENT) } else { Err(Trouble::not_now("the directory is full")) }
}

/// Replaces the fault plan.
#[utoipa::path(put, path = "/faults", request_body = Vec<Fault>,
    responses((status = 204), (status = 400)))]
pub async fn put_faults(
    State(control): State<Control>,
    Body(faults): Body<Vec<Fault>>,
) -> Result<StatusCode, Trouble> {
    control.driver.with(move |state| state.faults.replace(faults)).await?.map_err(Trouble::bad)?;
    Ok(StatusCode::NO_CONTENT)
}

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
    responses((status = 200, description = "{token}"), (status = 400), (status = 404)))]
pub async fn callback_token(
    State(control): State<Control>,
    Body(body): Body<CallbackToken>,
) -> Result<Json<Value>, Trouble> {
    let app = guid(&body.app_id, "appId")?;
    let wanted = body.tenant_id.as_deref().map(|id| guid(id, "tenantId")).transpose()?;
    let tenant = match wanted {
        Some(tenant) => tenant,
        None => tenant_of(&control, app).await?,
    };
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
    let token = control.identity.faulty_callback_token(app, tenant, control.clock.now(), &faults);
    Ok(Json(json!({"token": token})))
}

async fn tenant_of(control: &Control, app: Guid) -> Result<Guid, Trouble> {
    let found = control
        .driver
        .with(move |state| state.apps.keys().find(|(_, id)| *id == app).map(|(tenant, _)| *tenant));
    found.await?.ok_or_else(|| Trouble::unknown(format!("there is no app {app}")))
}
