//! The control API: what a *test* sees. It plays the administrator, the Teams users and the clock.
//! JSON in, JSON out; its own port, never mixed with Graph's paths.

mod clock;
mod people;
mod reading;
mod writing;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use graph_api::Guid;
use http::StatusCode;
use seam::Clock;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::OpenApi;

use crate::{
    body::{self, BadBody},
    driver::{Driver, Stopped},
    graph::BODY_MAX,
    identity::Identity,
    journal::Journal,
};

/// What the handlers share.
#[derive(Clone)]
pub struct Control {
    /// The platform.
    pub driver: Driver,
    /// Who signs.
    pub identity: Arc<Identity>,
    /// What happened.
    pub journal: Journal,
    /// The fake's clock.
    pub clock: Clock,
    /// The certificate authority; none where TLS is outside.
    pub ca_pem: Option<Arc<str>>,
    /// The seed to go back to.
    pub seed: u64,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Control API of graph-fake",
        description = "What a test sees: the administrator, the Teams users, the clock and the journal."
    ),
    paths(
        reading::health,
        reading::ca_pem,
        reading::openapi,
        reading::state,
        reading::call,
        reading::journal,
        writing::reset,
        writing::put_tenant,
        writing::put_app,
        writing::put_user,
        writing::put_faults,
        writing::callback_token,
        people::ring,
        people::act,
        clock::advance,
    )
)]
struct Description;

/// The whole control API.
pub fn router(control: Control) -> Router {
    Router::new()
        .route("/health", get(reading::health))
        .route("/ca.pem", get(reading::ca_pem))
        .route("/openapi.json", get(reading::openapi))
        .route("/state", get(reading::state))
        .route("/journal", get(reading::journal))
        .route("/calls/{call_id}", get(reading::call))
        .route("/reset", post(writing::reset))
        .route("/tenants/{tenant_id}", put(writing::put_tenant))
        .route("/tenants/{tenant_id}/apps/{app_id}", put(writing::put_app))
        .route("/tenants/{tenant_id}/users/{user_id}", put(writing::put_user))
        .route("/faults", put(writing::put_faults))
        .route("/callback-tokens", post(writing::callback_token))
        .route("/calls", post(people::ring))
        .route("/calls/{call_id}/actions", post(people::act))
        .route("/clock", post(clock::advance))
        .fallback(|| async { Trouble::unknown("there is no such path; see GET /openapi.json") })
        .method_not_allowed_fallback(|| async {
            Trouble(
                StatusCode::METHOD_NOT_ALLOWED,
                "methodNotAllowed",
                "not on this path".to_owned(),
            )
        })
        .with_state(control)
}

/// An error of the control API: `{"error":{"code","message"}}`.
#[derive(Debug)]
pub struct Trouble(StatusCode, &'static str, String);

impl Trouble {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "badInput", message.into())
    }

    fn unknown(message: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, "unknownId", message.into())
    }

    fn body(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLarge => {
                let text = format!("the body is larger than {BODY_MAX} bytes");
                Self(StatusCode::PAYLOAD_TOO_LARGE, "tooLarge", text)
            }
            BadBody::TooSlow => {
                let text = "the body did not arrive in time".to_owned();
                Self(StatusCode::REQUEST_TIMEOUT, "tooSlow", text)
            }
            BadBody::Broken => Self::bad("the body broke off"),
        }
    }

    fn not_now(message: impl Into<String>) -> Self {
        Self(StatusCode::CONFLICT, "notLegalInThisState", message.into())
    }
}

impl From<Stopped> for Trouble {
    fn from(_: Stopped) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the fake is shutting down".to_owned())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.1, "message": self.2}});
        (self.0, Json(body)).into_response()
    }
}

/// A JSON body whose mistakes are told in this API's own shape. A missing body is `{}`.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let bytes = body::read(request.into_body(), BODY_MAX).await.map_err(Trouble::body)?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = serde_path_to_error::deserialize(&mut reader)
            .map_err(|e| Trouble::bad(format!("{}: {}", body::place(e.path()), e.inner())))?;
        reader.end().map_err(|e| Trouble::bad(format!("the body: {e}")))?;
        Ok(Self(value))
    }
}

fn guid(text: &str, what: &str) -> Result<Guid, Trouble> {
    text.parse().map_err(|e| Trouble::bad(format!("{what}: {e}")))
}
