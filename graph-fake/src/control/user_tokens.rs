//! Tokens of users, which no client can fetch here: there is nobody to sign in.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, Control, Trouble, guid, shapes::Issued, tokens};
use crate::identity::{AccessTokenFaults, UserClaims};

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
/// online meetings take it. It is the token that `POST /access-tokens` makes with `userId` and `scopes`, but
/// application and user must exist.
#[utoipa::path(post, path = "/user-tokens", request_body = UserToken,
    responses(
    (status = 200, description = "the token", body = Issued),
    (status = 400, description = "an id or a scope cannot be read"),
    (status = 404, description = "no such app or user in this tenant")))]
pub async fn user_token(
    State(control): State<Control>,
    Body(body): Body<UserToken>,
) -> Result<Json<Issued>, Trouble> {
    let tenant = guid(&body.tenant, "tenant")?;
    let (app, user) = (guid(&body.app, "app")?, guid(&body.user, "user")?);
    let user = UserClaims { user, scopes: tokens::scopes(body.scopes)? };
    let id = user.user;
    let known = control.driver.with(move |state| {
        let directory = state.platform.directory();
        let application = directory.application(tenant, app).map(|_| ());
        let app = application.ok_or(format!("there is no app {app} in tenant {tenant}"));
        let user = directory.user(tenant, id).map(|_| ());
        app.and(user.ok_or("there is no such user in this tenant".to_owned()))
    });
    known.await?.map_err(Trouble::unknown)?;
    let faults = AccessTokenFaults { user: Some(user), ..AccessTokenFaults::default() };
    Ok(tokens::issue(&control, (app, tenant), &[], &faults))
}
