//! Signing keys, exchanged.

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Body, Control, Trouble, shapes::NewKey};
use crate::{identity::Rotated, journal::Route};

/// Which key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Whose.
    which: Which,
}

/// Who signs.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Which {
    /// The platform: notifications.
    Platform,
    /// The identity platform: access tokens.
    Login,
}

/// Exchanges a signing key. The new one signs from now on; the old one is shown and believed for another day
/// on the fake's clock. At most eight old ones are kept.
#[utoipa::path(post, path = "/keys/rotate", request_body = Rotation,
    responses(
    (status = 200, description = "the new key", body = NewKey),
    (status = 400, description = "neither `platform` nor `login`")))]
pub async fn rotate(
    State(control): State<Control>,
    Body(body): Body<Rotation>,
) -> Result<Json<NewKey>, Trouble> {
    let (which, name) = match body.which {
        Which::Platform => (Rotated::Platform, "platform"),
        Which::Login => (Rotated::Login, "login"),
    };
    let now = control.clock.machine();
    let identity = control.identity.clone();
    let rotated = if identity.makes_keys(which) {
        // Off the threads that serve; in the simulator keys are fixed and none is made.
        tokio::task::spawn_blocking(move || identity.rotate(which, now))
            .await
            .map_err(|error| failed(&error))?
    } else {
        identity.rotate(which, now)
    };
    let kid = rotated.map_err(|error| failed(&error))?;
    let detail = json!({"which": name, "kid": kid});
    control.journal.write(control.clock.now(), None, "keyRotated", Route("test", "graph"), detail);
    Ok(Json(NewKey { kid }))
}

fn failed(error: &dyn std::error::Error) -> Trouble {
    Trouble(StatusCode::INTERNAL_SERVER_ERROR, "noKey", error.to_string())
}
