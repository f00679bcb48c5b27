//! The control API: what a *test* sees. It plays the administrator, the Teams users and the clock.
//! JSON in, JSON out; its own port, never mixed with Graph's paths.

mod actions;
mod channels;
mod clock;
mod complete;
mod directory;
mod faults;
mod keys;
mod media;
mod meetings;
mod options;
mod people;
mod reading;
mod shapes;
mod snapshot;
mod tokens;
mod user_tokens;
mod why;

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post, put},
};
use graph_api::Guid;
use http::{StatusCode, request::Parts};
use platform::{ActRefusal, Ids};
use seam::Clock;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::OpenApi;

use complete::Complete;
pub(crate) use people::shown;

use crate::{
    body::{self, BadBody},
    driver::{Driver, Stopped},
    graph::BODY_MAX,
    identity::Identity,
    journal::Journal,
    objects::Objects,
    recordings::Recordings,
    why::Refusals,
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
    /// Where recordings are.
    pub recordings: Recordings,
    /// Why requests were refused.
    pub refusals: Refusals,
    /// The fake's clock.
    pub clock: Clock,
    /// Request ids.
    pub ids: Arc<Mutex<Ids>>,
    /// The certificate authority; none where TLS is outside.
    pub ca_pem: Option<Arc<str>>,
    /// The seed to go back to.
    pub seed: u64,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Control API of graph-fake",
        description = "What a test sees: the administrator, the Teams users, the network, the clock and \
                       the journal. Errors are {\"error\":{\"code\",\"message\"}}."
    ),
    paths(
        reading::health,
        reading::ca_pem,
        reading::openapi,
        reading::state,
        reading::call,
        reading::journal,
        clock::reset,
        clock::advance,
        clock::wait,
        directory::put_tenant,
        directory::put_app,
        directory::put_user,
        directory::put_instance,
        directory::put_phone,
        faults::put_faults,
        options::get_options,
        options::put_options,
        tokens::callback_token,
        tokens::access_token,
        people::ring,
        people::act,
        keys::rotate,
        user_tokens::user_token,
        channels::put_channel,
        meetings::schedule,
        meetings::invite,
        meetings::act,
        media::statistics,
        media::heard,
        media::seen,
        why::why,
    ),
    components(schemas(shapes::TroubleBody)),
    modifiers(&Complete)
)]
struct Description;

/// Every path with its methods, as the description has them.
fn routes() -> Vec<(&'static str, MethodRouter<Control>)> {
    vec![
        ("/health", get(reading::health)),
        ("/ca.pem", get(reading::ca_pem)),
        ("/openapi.json", get(reading::openapi)),
        ("/state", get(reading::state)),
        ("/journal", get(reading::journal)),
        ("/why/{requestId}", get(why::why)),
        ("/reset", post(clock::reset)),
        ("/clock", post(clock::advance)),
        ("/clock/wait", post(clock::wait)),
        ("/tenants/{tenantId}", put(directory::put_tenant)),
        ("/tenants/{tenantId}/apps/{appId}", put(directory::put_app)),
        ("/tenants/{tenantId}/users/{userId}", put(directory::put_user)),
        ("/tenants/{tenantId}/instances/{instanceId}", put(directory::put_instance)),
        ("/tenants/{tenantId}/phones/{number}", put(directory::put_phone)),
        ("/faults", put(faults::put_faults)),
        ("/options", get(options::get_options).put(options::put_options)),
        ("/callback-tokens", post(tokens::callback_token)),
        ("/access-tokens", post(tokens::access_token)),
        ("/user-tokens", post(user_tokens::user_token)),
        ("/keys/rotate", post(keys::rotate)),
        ("/tenants/{tenantId}/channels/{threadId}", put(channels::put_channel)),
        ("/calls", post(people::ring)),
        ("/calls/{callId}", get(reading::call)),
        ("/calls/{callId}/actions", post(people::act)),
        ("/calls/{callId}/media", get(media::statistics)),
        ("/calls/{callId}/heard/{file}", get(media::heard)),
        ("/calls/{callId}/seen", get(media::seen)),
        ("/meetings", post(meetings::schedule)),
        ("/meetings/{meetingId}/invite", post(meetings::invite)),
        ("/meetings/{meetingId}/actions", post(meetings::act)),
    ]
}

/// The whole control API.
pub fn router(control: Control) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
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

impl From<ActRefusal> for Trouble {
    fn from(refusal: ActRefusal) -> Self {
        match refusal {
            ActRefusal::Unknown(_) => Self::unknown(refusal.to_string()),
            ActRefusal::NotNow(_) => Self::not_now(refusal.to_string()),
        }
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
        let text = body::unmarked(&bytes);
        let text: &[u8] = if text.is_empty() { b"{}" } else { text };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|e| {
            Trouble::bad(format!("{}: {}", body::place(e.path()), body::words(e.inner())))
        })?;
        reader.end().map_err(|e| Trouble::bad(format!("the body: {}", body::words(&e))))?;
        Ok(Self(value))
    }
}

/// What a path names; what is no text is told in this API's own shape.
struct Named<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        let Path(named) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| Trouble::bad(format!("the path: {}", error.body_text())))?;
        Ok(Self(named))
    }
}

fn guid(text: &str, what: &str) -> Result<Guid, Trouble> {
    text.parse().map_err(|e| Trouble::bad(format!("{what}: {e}")))
}

/// An id that may be left out.
fn perhaps(text: Option<&str>, what: &str) -> Result<Option<Guid>, Trouble> {
    text.map(|text| guid(text, what)).transpose()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// No route without a description, and no description without a route.
    #[test]
    fn routes_and_descriptions_are_the_same() {
        let described: BTreeSet<String> = Description::openapi().paths.paths.into_keys().collect();
        let routed: BTreeSet<String> =
            routes().into_iter().map(|(path, _)| path.to_owned()).collect();
        assert_eq!(routed, described);
    }
}
