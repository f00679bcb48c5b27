//! Tokens of users, which no client can fetch here: there is nobody to sign in.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Body, Control, Trouble, guid};

/// Scopes of one token.
const SCOPES_MAX: usize = 100;
/// Characters of one scope.
const SCOPE_MAX: usize = 256;

/// Whose token to make, and for what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserToken {
    /// The tenant.
    tenant: String,
    /// The application that asks in the user's name.
    app: String,
    /// The signed-in user.
    user: String,
    /// Delegated permissions, such as `OnlineMeetings.ReadWrite`; unknown ones are carried and allow nothing.
    scopes: Vec<String>,
}

/// Makes an access token of a signed-in user: `scp` and `oid` instead of `roles`. The calls API refuses it,
/// online meetings take it.
#[utoipa::path(post, path = "/user-tokens", request_body = UserToken,
    responses(
    (status = 200, description = "{token, expiresIn}"),
    (status = 400, description = "an id or a scope cannot be read"),
    (status = 404, description = "no such app or user in this tenant")))]
pub async fn user_token(
    State(control): State<Control>,
    Body(body): Body<UserToken>,
) -> Result<Json<Value>, Trouble> {
    let tenant = guid(&body.tenant, "tenant")?;
    let (app, user) = (guid(&body.app, "app")?, guid(&body.user, "user")?);
    let legal = |scope: &String| {
        !scope.is_empty() && scope.len() <= SCOPE_MAX && scope.bytes().all(|b| b.is_ascii_graphic())
    };
    if body.scopes.is_empty() || body.scopes.len() > SCOPES_MAX || !body.scopes.iter().all(legal) {
        return Err(Trouble::bad("scopes: takes 1 to 100 names without spaces"));
    }
    let known = control.driver.with(move |state| {
        let directory = state.platform.directory();
        let application = directory.application(tenant, app).map(|_| ());
        let app = application.ok_or(format!("there is no app {app} in tenant {tenant}"));
        let user = directory.user(tenant, user).map(|_| ());
        app.and(user.ok_or("there is no such user in this tenant".to_owned()))
    });
    known.await?.map_err(Trouble::unknown)?;
    let now = control.clock.now();
    let (token, secs) = control.identity.user_token((app, tenant), user, &body.scopes, now);
    Ok(Json(json!({"token": token, "expiresIn": secs})))
}
