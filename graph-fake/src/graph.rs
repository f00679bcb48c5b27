//! Graph as a bot sees it: an HTTP request becomes a verb, an answer becomes an HTTP response.
//!
//! Order of checks (errors.md, section 2): token, path, body, then whatever the platform says.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::State as Shared};
use bytes::Bytes;
use graph_api::Guid;
use http::{HeaderMap, HeaderValue, Request as HttpRequest, Response, StatusCode, header};
use platform::{Accepted, CallVerb, Caller, Ids, Permission, Refusal, Request, Verb, render};
use seam::Clock;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::{
    Flaw,
    body::{self, BadBody},
    driver::{Driver, Stopped},
    envelope::RequestIds,
    identity::{AppClaims, Identity},
    journal::{Journal, Route},
    paths::{Action, Asked, Located, locate},
};

/// Bytes of a request body.
pub const BODY_MAX: usize = 1 << 20;

/// What the routes share.
#[derive(Clone)]
pub struct Graph {
    /// The platform.
    pub driver: Driver,
    /// Who checks tokens.
    pub identity: Arc<Identity>,
    /// Where everything is written down.
    pub journal: Journal,
    /// The fake's clock.
    pub clock: Clock,
    /// Request ids.
    pub ids: Arc<Mutex<Ids>>,
    /// A planted fault.
    pub flaw: Option<Flaw>,
    /// Whether URLs in answers say https.
    pub secure: bool,
}

/// All of Graph, as one fallback: paths are read by [`crate::paths`].
pub fn router(graph: Graph) -> Router {
    Router::new().fallback(serve).with_state(graph)
}

async fn serve(Shared(graph): Shared<Graph>, request: HttpRequest<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let id = graph.ids.lock().unwrap_or_else(PoisonError::into_inner).guid();
    let mut ids = RequestIds::new(id, &parts.headers, graph.clock.now());
    let path = parts.uri.path();
    let Some(located) = locate(&parts.method, path) else {
        let gone = format!("No HTTP resource was found that matches the request URI '{path}'.");
        return ids.error(StatusCode::NOT_FOUND, "UnknownError", &gone);
    };
    let exchange = Exchange { graph: &graph, id, located: &located, headers: &parts.headers };
    let body = exchange.read(body).await;
    exchange.note_request(parts.method.as_str(), path, body.as_ref().ok());
    let answer = exchange.answer(body, &parts.uri).await;
    ids.at = graph.clock.now();
    let mut response = answer.write(&ids);
    if graph.flaw == Some(Flaw::HidesRequestId) {
        response.headers_mut().remove("request-id");
    }
    exchange.note_response(&answer.error, response.status(), answer.body.as_ref());
    let (parts, content) = response.into_parts();
    Response::from_parts(parts, Body::new(Released { content, _sent: answer.sent }))
}

/// One request while it is being answered.
struct Exchange<'a> {
    graph: &'a Graph,
    id: Guid,
    located: &'a Located,
    headers: &'a HeaderMap,
}

/// What goes back.
struct Answer {
    status: StatusCode,
    body: Option<Value>,
    location: Option<String>,
    error: Option<Problem>,
    sent: Option<oneshot::Sender<()>>,
}

/// Why the answer is an error.
enum Problem {
    Refused(Refusal),
    Other { code: &'static str, message: String, header: Option<(header::HeaderName, HeaderValue)> },
}

impl Answer {
    fn ok(status: StatusCode, body: Option<Value>) -> Self {
        Self { status, body, location: None, error: None, sent: None }
    }

    fn error(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let error = Some(Problem::Other { code, message: message.into(), header: None });
        Self { status, body: None, location: None, error, sent: None }
    }

    fn refused(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status_and_code().0).unwrap_or_default();
        Self {
            status,
            body: None,
            location: None,
            error: Some(Problem::Refused(refusal)),
            sent: None,
        }
    }

    fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        if let Some(Problem::Other { header, .. }) = &mut self.error {
            *header = Some((name, value));
        }
        self
    }

    fn write(&self, ids: &RequestIds) -> Response<Body> {
        let mut response = match &self.error {
            Some(Problem::Refused(refusal)) => ids.refusal(refusal),
            Some(Problem::Other { code, message, header }) => {
                let mut response = ids.error(self.status, code, message);
                if let Some((name, value)) = header {
                    response.headers_mut().insert(name, value.clone());
                }
                response
            }
            None => ids.response(self.status, self.body.as_ref().unwrap_or(&Value::Null)),
        };
        let location = self.location.as_ref().and_then(|to| HeaderValue::from_str(to).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl Exchange<'_> {
    async fn read(&self, body: Body) -> Result<Bytes, BadBody> {
        let any = self.graph.flaw == Some(Flaw::TakesAnyBody);
        body::read(body, if any { usize::MAX } else { BODY_MAX }).await
    }

    async fn answer(&self, body: Result<Bytes, BadBody>, uri: &http::Uri) -> Answer {
        let claims = match self.claims() {
            Ok(claims) => claims,
            Err(answer) => return *answer,
        };
        match &self.located.asked {
            Asked::Unknown => {
                let gone =
                    format!("No HTTP resource was found that matches the URI '{}'.", uri.path());
                return Answer::error(StatusCode::NOT_FOUND, "UnknownError", gone);
            }
            Asked::WrongMethod => {
                let text = "The HTTP method is not supported on this path.";
                return Answer::error(StatusCode::METHOD_NOT_ALLOWED, "8520", text);
            }
            Asked::Create | Asked::OnCall(..) | Asked::NoSuchCall | Asked::NotModelled(_) => {}
        }
        if let Some(fault) = self.fault().await {
            return fault;
        }
        let verb = match body.map_err(bad_body).and_then(|body| self.verb(&body)) {
            Ok(verb) => verb,
            Err(_) if self.graph.flaw == Some(Flaw::BreaksOnBadBody) => {
                let text = "The planted fault.";
                return Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "9999", text);
            }
            Err(answer) => return *answer,
        };
        let caller = caller(&claims);
        let scenario = self.headers.get("scenario-id").and_then(|v| v.to_str().ok()?.parse().ok());
        match self.graph.driver.request(Request { caller, scenario, verb }).await {
            Ok((Ok(accepted), sent)) => {
                let mut answer = self.accepted(accepted, uri);
                answer.sent = Some(sent);
                answer
            }
            Ok((Err(refusal), sent)) => {
                let mut answer = Answer::refused(refusal);
                answer.sent = Some(sent);
                answer
            }
            Err(Stopped) => {
                let text = "The fake is shutting down.";
                Answer::error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text)
            }
        }
    }

    /// The answer that the fault plan has for this request.
    async fn fault(&self) -> Option<Answer> {
        let op = self.located.op;
        let reply = self.graph.driver.with(move |state| state.faults.strikes(op)).await.ok()??;
        let now = self.graph.clock.now();
        let detail = json!({"op": op, "status": reply.status});
        self.graph.journal.write(now, None, "fault", Route("graph", "bot"), detail);
        let status = StatusCode::from_u16(reply.status).ok()?;
        let code = match reply.status {
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "GatewayTimeout",
            404 => "8522",
            400..=499 => "BadRequest",
            _ => "9999",
        };
        let answer = Answer::error(status, code, "This answer is a fault that the test asked for.");
        Some(match reply.retry_after_seconds {
            Some(secs) => answer.with_header(header::RETRY_AFTER, secs.into()),
            None => answer,
        })
    }

    /// clients.md 17: 401 with a challenge.
    fn claims(&self) -> Result<AppClaims, Box<Answer>> {
        // Read lossily: what is no ASCII is no token, but it is not an empty one.
        let given = self.headers.get(header::AUTHORIZATION);
        let given = given.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let now = self.graph.clock.now();
        self.graph.identity.verify_access_token(given.as_deref(), now).map_err(|refusal| {
            let text = format!("Access token validation failure. {refusal}");
            let answer =
                Answer::error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text);
            let challenge = HeaderValue::from_static("Bearer");
            Box::new(answer.with_header(header::WWW_AUTHENTICATE, challenge))
        })
    }

    fn verb(&self, body: &[u8]) -> Result<Verb, Box<Answer>> {
        let (call, action) = match &self.located.asked {
            Asked::Create => return self.json(body).map(|call| Verb::CreateCall(Box::new(call))),
            Asked::NotModelled(what) => {
                return Err(Answer::refused(Refusal::NotModelled(what)).into());
            }
            Asked::OnCall(call, action) => (*call, *action),
            Asked::NoSuchCall | Asked::WrongMethod | Asked::Unknown => {
                return Err(Answer::refused(Refusal::CallNotFound).into());
            }
        };
        let verb = match action {
            Action::Get => CallVerb::Get,
            Action::Delete => CallVerb::Delete,
            Action::Answer => CallVerb::Answer(Box::new(self.json(body)?)),
            Action::Reject if body.is_empty() => {
                CallVerb::Reject(graph_api::RejectRequest::default())
            }
            Action::Reject => CallVerb::Reject(self.json(body)?),
            Action::PlayPrompt => CallVerb::PlayPrompt(Box::new(self.json(body)?)),
            Action::KeepAlive => CallVerb::KeepAlive,
            Action::ListParticipants => CallVerb::ListParticipants,
            Action::GetParticipant => {
                CallVerb::GetParticipant(platform::ParticipantId(Guid::default()))
            }
            Action::ListOperations => CallVerb::ListOperations,
            Action::GetOperation(id) => CallVerb::GetOperation(id),
            Action::NotModelled(what) => CallVerb::NotModelled(what),
        };
        Ok(Verb::OnCall(call, verb))
    }

    /// 400 for wrong types, naming the member; unknown members are let through.
    fn json<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Box<Answer>> {
        let bad = |text: String| Box::new(Answer::refused(Refusal::MalformedBody(text)));
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let json = kind.is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        if !json {
            return Err(bad("Content-Type must be application/json.".to_owned()));
        }
        let mut reader = serde_json::Deserializer::from_slice(body);
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let place = body::place(error.path());
            bad(format!("Unable to read {place}: {}.", error.inner()))
        })?;
        reader.end().map_err(|error| bad(format!("Unable to read the body: {error}.")))?;
        Ok(read)
    }

    fn accepted(&self, accepted: Accepted, uri: &http::Uri) -> Answer {
        let base = self.base(uri);
        let operations =
            |call| format!("{base}/$metadata#communications/calls('{call}')/operations");
        let body = |status, value| Answer::ok(status, Some(value));
        match accepted {
            Accepted::Created(view) => {
                let mut answer = body(
                    StatusCode::CREATED,
                    render::call(&view, &format!("{base}/$metadata#app/calls/$entity")),
                );
                answer.location = Some(format!("{base}/communications/calls/{}", view.id));
                answer
            }
            Accepted::Call(view) => {
                let context = format!("{base}/$metadata#communications/calls/$entity");
                body(StatusCode::OK, render::call(&view, &context))
            }
            Accepted::Operation(call, view) => {
                let mut answer = body(StatusCode::OK, as_json(&render::operation(&view)));
                let id = view.id;
                answer.location =
                    Some(format!("{base}/communications/calls/{call}/operations/{id}"));
                answer
            }
            Accepted::OperationRead(call, view) => {
                let mut read = as_json(&render::operation(&view));
                read["@odata.context"] = format!("{}/$entity", operations(call)).into();
                body(StatusCode::OK, read)
            }
            Accepted::Operations(call, views) => {
                let value: Vec<Value> =
                    views.iter().map(|v| as_json(&render::operation(v))).collect();
                let list = json!({"@odata.context": operations(call), "value": value});
                body(StatusCode::OK, list)
            }
            Accepted::Participants(call, _) => {
                let context =
                    format!("{base}/$metadata#communications/calls('{call}')/participants");
                body(StatusCode::OK, json!({"@odata.context": context, "value": []}))
            }
            Accepted::OperationTaken(..)
            | Accepted::Participant(..)
            | Accepted::RoutingGroups(..)
            | Accepted::RoutingGroup(..)
            | Accepted::ContentSharings(..)
            | Accepted::ContentSharing(..)
            | Accepted::Meeting(_)
            | Accepted::Done => Answer::ok(StatusCode::OK, None),
            Accepted::Taken => Answer::ok(StatusCode::ACCEPTED, None),
            Accepted::Gone => Answer::ok(StatusCode::NO_CONTENT, None),
        }
    }

    /// The service root that the client used, as Location and context repeat it.
    fn base(&self, uri: &http::Uri) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| uri.host()).unwrap_or("graph.microsoft.com");
        let scheme = if self.graph.secure { "https" } else { "http" };
        format!("{scheme}://{host}/{}", self.located.version.as_str())
    }

    fn call(&self) -> Option<platform::CallId> {
        if let Asked::OnCall(call, _) = &self.located.asked { Some(*call) } else { None }
    }

    fn note_request(&self, method: &str, path: &str, body: Option<&Bytes>) {
        let body: Value = body.and_then(|b| serde_json::from_slice(b).ok()).unwrap_or_default();
        let detail = json!({
            "requestId": self.id, "op": self.located.op, "method": method, "path": path, "body": body,
        });
        let now = self.graph.clock.now();
        self.graph.journal.write(now, self.call(), "request", Route("bot", "graph"), detail);
    }

    fn note_response(&self, error: &Option<Problem>, status: StatusCode, body: Option<&Value>) {
        let code = error.as_ref().map(|problem| match problem {
            Problem::Refused(refusal) => refusal.status_and_code().1,
            Problem::Other { code, .. } => code,
        });
        let detail = json!({
            "requestId": self.id, "op": self.located.op, "status": status.as_u16(),
            "code": code, "body": body,
        });
        let now = self.graph.clock.now();
        self.graph.journal.write(now, self.call(), "response", Route("graph", "bot"), detail);
    }
}

fn bad_body(bad: BadBody) -> Box<Answer> {
    Box::new(match bad {
        BadBody::TooLarge => {
            let text = format!("The request body is larger than {BODY_MAX} bytes.");
            Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", text)
        }
        BadBody::TooSlow => {
            let text = "The request body did not arrive in time.";
            Answer::error(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", text)
        }
        BadBody::Broken => {
            Answer::error(StatusCode::BAD_REQUEST, "BadRequest", "The request body broke off.")
        }
    })
}

fn caller(claims: &AppClaims) -> Caller {
    let roles = claims.roles.iter().filter_map(|role| Permission::from_role(role)).collect();
    Caller { app: claims.app, tenant: claims.tenant, roles }
}

fn as_json(data: &impl serde::Serialize) -> Value {
    serde_json::to_value(data).expect("wire types are JSON")
}

/// A body that says when it has been handed to the network: hyper drops it then, and so does a broken
/// connection.
struct Released {
    content: Body,
    _sent: Option<oneshot::Sender<()>>,
}

impl http_body::Body for Released {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.content).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.content.size_hint()
    }
}
