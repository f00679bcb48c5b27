//! The paths of the identity platform and of the Bot Framework's metadata.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use graph_api::Guid;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use seam::Clock;
use serde_json::{Value, json};

use crate::{body, why::Why};

use super::{
    Identity, Lookup, Registry, TokenEvent,
    token_request::{Denied, Form, unknown_tenant},
};

/// Bytes of a token request.
const FORM_MAX: usize = 64 * 1_024;
/// Characters of a `client-request-id` that are repeated.
const CORRELATION_MAX: usize = 128;
/// Names that stand for any tenant.
const ANY_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

struct Shared {
    identity: Arc<Identity>,
    registry: Arc<dyn Registry>,
    clock: Clock,
    secure: bool,
}

type Here = State<Arc<Shared>>;
/// The tenant in a path; what is no text is nobody's name.
type Tenant = Result<Path<String>, PathRejection>;

/// What was asked for, as far as a refusal tells it.
struct Asked<'a> {
    /// By the name that fault plans and the journal have for it.
    op: &'static str,
    tenant: &'a str,
    client: &'a str,
    headers: &'a HeaderMap,
}

/// The router; `secure` says whether URLs in documents begin with https.
pub fn router(
    identity: Arc<Identity>,
    registry: Arc<dyn Registry>,
    clock: Clock,
    secure: bool,
) -> Router {
    let shared = Shared { identity, registry, clock, secure };
    Router::new()
        .route("/common/discovery/instance", get(instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(metadata))
        .route("/{tenant}/.well-known/openid-configuration", get(metadata))
        .route("/{tenant}/discovery/v2.0/keys", get(login_keys))
        .route("/{tenant}/discovery/keys", get(login_keys))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/v1/.well-known/OpenIdConfiguration", get(bot_framework))
        .route("/v1/.well-known/openidconfiguration", get(bot_framework))
        .route("/v1/.well-known/keys", get(platform_keys))
        .route("/v1/keys", get(platform_keys)) // notifications.md 4
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::new(shared))
}

impl Shared {
    /// The answer that the fault plan has for this request, if any; `what` is `token` or `keys`.
    async fn struck(&self, what: &'static str, asked: &Asked<'_>) -> Option<Response> {
        let fault = self.registry.fault(what).await?;
        let mut response = self.denied(Denied::fault(fault.status), asked);
        if let Some(secs) = fault.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        Some(response)
    }

    /// The host that the client asked, with its port.
    fn host(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.unwrap_or("login.microsoftonline.com").to_owned()
    }

    fn base(&self, headers: &HeaderMap) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.host(headers))
    }

    /// Every answer carries the fake's own date: clients compare clocks by it.
    fn answer(&self, status: StatusCode, body: Value) -> Response {
        let mut response = (status, Json(body)).into_response();
        let date =
            HeaderValue::from_str(&self.clock.machine().to_http_date()).expect("dates are ASCII");
        response.headers_mut().insert(header::DATE, date);
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
        response
    }

    /// A refusal; it can be asked after by its trace id, which the headers have, too.
    fn denied(&self, denied: Denied, asked: &Asked<'_>) -> Response {
        let trace = self.registry.request_id();
        let given = asked.headers.get("client-request-id").and_then(|id| id.to_str().ok());
        let given = given.filter(|id| (1..=CORRELATION_MAX).contains(&id.len()));
        let correlation = given.map_or_else(|| trace.to_string(), str::to_owned);
        let body = denied.body(trace, &correlation, self.clock.machine());
        let status = StatusCode::from_u16(denied.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = self.answer(status, body);
        let id = HeaderValue::from_str(&trace.to_string()).expect("ids are ASCII");
        response.headers_mut().insert("x-ms-request-id", id.clone());
        response.headers_mut().insert("request-id", id);
        let guid = |text: &str| text.parse().ok().map(|id: Guid| id.to_string());
        let why = Why {
            request_id: trace.to_string(),
            status: denied.status,
            code: denied.code(),
            op: asked.op.to_owned(),
            reason: denied.reason,
            app: guid(asked.client),
            tenant: guid(asked.tenant),
            call_id: None,
        };
        self.registry.refused(trace, why);
        response
    }

    /// The refusal of a document about a tenant that does not exist (clients.md 11).
    async fn unknown(&self, asked: &Asked<'_>) -> Option<Response> {
        let known = ANY_TENANT.contains(&asked.tenant)
            || self.registry.lookup(asked.tenant, "").await != Lookup::UnknownTenant;
        (!known).then(|| self.denied(unknown_tenant(asked.tenant), asked))
    }
}

fn named(tenant: Tenant) -> String {
    tenant.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(tenant)| tenant)
}

/// The path exists, the method does not.
async fn wrong_method(State(shared): Here, method: http::Method, headers: HeaderMap) -> Response {
    let asked = Asked { op: "unknown", tenant: "", client: "", headers: &headers };
    shared.denied(Denied::wrong_method(&method), &asked)
}

/// Clients.md 6.
async fn instance(State(shared): Here, headers: HeaderMap) -> Response {
    let host = shared.host(&headers);
    let base = shared.base(&headers);
    let body = json!({
        "tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    });
    shared.answer(StatusCode::OK, body)
}

/// Clients.md 7.
async fn metadata(State(shared): Here, tenant: Tenant, headers: HeaderMap) -> Response {
    let tenant = named(tenant);
    let asked = Asked { op: "openIdConfiguration", tenant: &tenant, client: "", headers: &headers };
    if let Some(refused) = shared.unknown(&asked).await {
        return refused;
    }
    let base = shared.base(&headers);
    let body = json!({
        "issuer": format!("{base}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code", "id_token", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile"],
        "tenant_region_scope": "NA",
        "cloud_instance_name": "microsoftonline.com",
    });
    shared.answer(StatusCode::OK, body)
}

/// Clients.md 8; the keys are the same for every tenant that there is.
async fn login_keys(State(shared): Here, tenant: Tenant, headers: HeaderMap) -> Response {
    let tenant = named(tenant);
    let asked = Asked { op: "keys", tenant: &tenant, client: "", headers: &headers };
    if let Some(response) = shared.struck("keys", &asked).await {
        return response;
    }
    if let Some(refused) = shared.unknown(&asked).await {
        return refused;
    }
    shared.answer(StatusCode::OK, shared.identity.login_keys(shared.clock.machine()))
}

/// Clients.md 9 to 11.
async fn token(State(shared): Here, tenant: Tenant, headers: HeaderMap, body: Body) -> Response {
    let tenant = named(tenant);
    let asked = Asked { op: "token", tenant: &tenant, client: "", headers: &headers };
    if let Some(response) = shared.struck("token", &asked).await {
        let (client_id, status) = (String::new(), response.status().as_u16());
        shared.registry.token_event(TokenEvent { client_id, tenant, status, error: None });
        return response;
    }
    let body = body::read(body, FORM_MAX).await.map_err(Form::unusable);
    let form = body.and_then(|body| Form::read(&body));
    let client_id =
        form.as_ref().ok().and_then(|form| form.need("client_id").ok().map(str::to_owned));
    let client_id = client_id.unwrap_or_default();
    let given = give(&shared, &tenant, form, &headers).await;
    let (status, error) = match &given {
        Ok(_) => (200, None),
        Err(denied) => (denied.status, Some(denied.number)),
    };
    let event = TokenEvent { client_id: client_id.clone(), tenant: tenant.clone(), status, error };
    shared.registry.token_event(event);
    match given {
        Ok(body) => shared.answer(StatusCode::OK, body),
        Err(denied) => {
            let asked =
                Asked { op: "token", tenant: &tenant, client: &client_id, headers: &headers };
            shared.denied(denied, &asked)
        }
    }
}

async fn give(
    shared: &Shared,
    tenant: &str,
    form: Result<Form, Denied>,
    headers: &HeaderMap,
) -> Result<Value, Denied> {
    let form = form?;
    form.check(&shared.host(headers))?;
    let client = form.need("client_id")?;
    let roles = form.authenticate(shared.registry.lookup(tenant, client).await, tenant)?;
    let (Ok(app), Ok(home)) = (client.parse(), tenant.parse()) else {
        return Err(unknown_tenant(tenant));
    };
    let (token, secs) = shared.identity.access_token(app, home, &roles, shared.clock.machine());
    Ok(json!({
        "token_type": "Bearer", "expires_in": secs, "ext_expires_in": secs, "access_token": token,
    }))
}

/// Clients.md 23.
async fn bot_framework(State(shared): Here, headers: HeaderMap) -> Response {
    let asked = Asked { op: "openIdConfiguration", tenant: "", client: "", headers: &headers };
    if let Some(response) = shared.struck("keys", &asked).await {
        return response;
    }
    let base = shared.base(&headers);
    let body = json!({
        "issuer": super::CALLBACK_ISSUER,
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": format!("{base}/v1/.well-known/keys"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    });
    shared.answer(StatusCode::OK, body)
}

async fn platform_keys(State(shared): Here, headers: HeaderMap) -> Response {
    let asked = Asked { op: "keys", tenant: "", client: "", headers: &headers };
    if let Some(response) = shared.struck("keys", &asked).await {
        return response;
    }
    shared.answer(StatusCode::OK, shared.identity.platform_keys(shared.clock.machine()))
}
