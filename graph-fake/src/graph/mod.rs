//! Graph as a bot sees it: an HTTP request becomes a verb, an answer becomes an HTTP response.
//!
//! Order of checks (errors.md, section 2): token, path, limits and planned faults, body, then whatever the
//! platform says.

mod answers;
mod bodies;
mod released;
mod select;
mod typed;
mod written;

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body, extract::State as Shared};
use bytes::Bytes;
use graph_api::Guid;
use http::{HeaderMap, Request as HttpRequest, Response, StatusCode, header};
use platform::{
    Accepted, Caller, Delegated, Explanation, Ids, OperationKind, Permission, Predicate, Refusal,
    Request,
    render::{self, Links},
};
use seam::Clock;
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    Flaw,
    body::{self, BadBody},
    driver::{Asking, Closed, Departure, Driver, Reply},
    envelope::RequestIds,
    faults::FaultReply,
    identity::{AppClaims, Identity},
    journal::{Detail, Journal, Route},
    paths::{Asked, Located, Version, locate},
    recordings::Recordings,
    why::{Reason, Refusals, Why},
};

use answers::Answer;
use released::{BreaksOff, Released};
pub use written::WrittenCalls;

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
    /// Where recordings are.
    pub recordings: Recordings,
    /// Why requests were refused.
    pub refusals: Refusals,
    /// The fake's clock.
    pub clock: Clock,
    /// Calls as they were read lately.
    pub written: WrittenCalls,
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
        return outside(&graph, &ids, path);
    };
    let given = authorization(&parts.headers);
    let claims = graph.identity.verify_access_token(given.as_deref(), graph.clock.machine());
    let app = claims.as_ref().ok().map(|claims| (claims.app, claims.tenant));
    let exchange = Exchange { graph: &graph, id, located: &located, headers: &parts.headers, app };
    let body = exchange.read(body).await;
    exchange.note_request(parts.method.as_str(), path, body.as_ref().ok());
    let answer = match claims {
        Ok(claims) => exchange.answer(&claims, body, &parts.uri).await,
        Err(refusal) => answers::no_token(&refusal),
    };
    ids.at = graph.clock.now();
    let (mut response, body) = answer.write(&ids);
    if graph.flaw == Some(Flaw::HidesRequestId) {
        response.headers_mut().remove("request-id");
    }
    let departure = answer.departure;
    let sent = exchange.note_response(answer, body);
    let (parts, content) = response.into_parts();
    let content = match departure {
        None => content,
        Some(Departure::After(by)) => {
            graph.clock.sleep_until(graph.clock.now() + by).await;
            content
        }
        Some(Departure::Never) => Body::new(BreaksOff),
    };
    Response::from_parts(parts, Body::new(Released { content, _sent: sent }))
}

/// A path that is neither Graph's nor the identity platform's.
fn outside(graph: &Graph, ids: &RequestIds, path: &str) -> Response<Body> {
    let located = Located { version: Version::V1, asked: Asked::Unknown, op: "unknown" };
    let none = HeaderMap::new();
    let exchange =
        Exchange { graph, id: ids.request, located: &located, headers: &none, app: None };
    let reason = Reason::no_such_path(path, "neither");
    let answer = Answer::error(StatusCode::NOT_FOUND, "UnknownError", reason);
    let (response, body) = answer.write(ids);
    exchange.note_response(answer, body);
    response
}

/// The `Authorization` header, read lossily: what is no ASCII is no token, but it is not an empty one.
pub fn authorization(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(header::AUTHORIZATION)?;
    let text = std::str::from_utf8(value.as_bytes());
    Some(text.map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed))
}

/// One request while it is being answered.
struct Exchange<'a> {
    graph: &'a Graph,
    id: Guid,
    located: &'a Located,
    headers: &'a HeaderMap,
    /// The application and the tenant of the token, where there is a good one.
    app: Option<(Guid, Guid)>,
}

impl Exchange<'_> {
    async fn read(&self, body: Body) -> Result<Bytes, BadBody> {
        let any = self.graph.flaw == Some(Flaw::TakesAnyBody);
        body::read(body, if any { usize::MAX } else { BODY_MAX }).await
    }

    async fn answer(
        &self,
        claims: &AppClaims,
        body: Result<Bytes, BadBody>,
        uri: &http::Uri,
    ) -> Answer {
        if let Some(nowhere) = self.nowhere(uri) {
            return nowhere;
        }
        // A request that cannot be read is counted, and may be struck by a fault, like any other.
        let (request, unreadable) = match self.read_request(claims, body, uri) {
            Ok(request) => (Some(Box::new(request)), None),
            Err(answer) => (None, Some(answer)),
        };
        let asking = Asking { app: claims.app, op: self.located.op, request };
        let Reply { result, why, departure, sent } = match self.graph.driver.request(asking).await {
            Ok(Ok(Some(reply))) => reply,
            Ok(Ok(None)) => return unreadable.map_or_else(stopping, |answer| *answer),
            Ok(Err(Closed::Fault(reply))) => return self.fault(&reply),
            Ok(Err(Closed::TooMany)) => return Answer::refused(&Refusal::TooManyRequests, None),
            Err(_) => return stopping(),
        };
        let answer = match result {
            Ok(Accepted::Call(view)) if uri.query().is_none() => {
                let context = render::call_context(&self.base(uri));
                answers::read(self.graph.written.text(view, context))
            }
            Ok(accepted) => {
                let mut answer = self.accepted(accepted, &self.base(uri));
                if let Some(body) = &mut answer.body {
                    select::apply(uri.query(), body);
                }
                answer
            }
            Err(refusal) => Answer::refused(&refusal, why.as_ref()),
        };
        Answer { departure, sent: Some(sent), ..answer }
    }

    /// From the body to what the platform is asked, or the answer to a request that cannot be put to it.
    fn read_request(
        &self,
        claims: &AppClaims,
        body: Result<Bytes, BadBody>,
        uri: &http::Uri,
    ) -> Result<Request, Box<Answer>> {
        if claims.delegated.is_some() && self.takes_applications_only() {
            return Err(Box::new(delegated(claims)));
        }
        let body = body.map_err(|bad| Box::new(bad_body(&bad)))?;
        let reader = bodies::Reader {
            headers: self.headers,
            version: self.located.version,
            query: uri.query(),
            body: &body,
        };
        let verb = reader.verb(&self.located.asked).map_err(|refusal| {
            if self.graph.flaw == Some(Flaw::BreaksOnBadBody) {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let reason = Reason::unusable_body("The planted fault.".to_owned());
                return Box::new(Answer::error(status, "9999", reason));
            }
            Box::new(Answer::refused(&refusal, None))
        })?;
        let scenario = self.headers.get("scenario-id").and_then(|v| v.to_str().ok()?.parse().ok());
        Ok(Request { caller: caller(claims), scenario, verb })
    }

    fn accepted(&self, accepted: Accepted, base: &str) -> Answer {
        let recordings = &self.graph.recordings;
        if let Accepted::Operation(_, view) = &accepted
            && view.kind == OperationKind::Record
        {
            recordings.asked(view.id, base);
        }
        let recording = recordings.links(self.graph.clock.now());
        let language = self.headers.get(header::ACCEPT_LANGUAGE);
        let language = language.and_then(|language| language.to_str().ok());
        answers::accepted(accepted, base, &Links { recording: &recording }, language)
    }

    /// no such path, or not with this method.
    fn nowhere(&self, uri: &http::Uri) -> Option<Answer> {
        match &self.located.asked {
            Asked::Unknown => Some(Answer::error(
                StatusCode::NOT_FOUND,
                "UnknownError",
                Reason::no_such_path(uri.path(), self.located.version.as_str()),
            )),
            Asked::WrongMethod => {
                let status = StatusCode::METHOD_NOT_ALLOWED;
                Some(Answer::error(status, "8520", Reason::wrong_method(self.located.op)))
            }
            Asked::Create
            | Asked::LogDeviceQuality
            | Asked::OnCall(..)
            | Asked::Meeting(_)
            | Asked::NoSuchCall
            | Asked::NotModelled(_) => None,
        }
    }

    /// The answer that the fault plan has for this request.
    fn fault(&self, reply: &FaultReply) -> Answer {
        let detail = json!({"op": self.located.op, "status": reply.status});
        let now = self.graph.clock.now();
        self.graph.journal.write(now, None, "fault", Route("graph", "bot"), detail);
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_REQUEST);
        let code = match reply.status {
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "GatewayTimeout",
            404 => "8522",
            400..=499 => "BadRequest",
            _ => "9999",
        };
        let answer = Answer::error(status, code, Reason::planned_fault());
        match reply.retry_after_seconds {
            Some(secs) => answer.with_header(header::RETRY_AFTER, secs.into()),
            None => answer,
        }
    }

    /// the calls API knows no users' tokens; online meetings and calendars do.
    fn takes_applications_only(&self) -> bool {
        match self.located.asked {
            Asked::Create | Asked::LogDeviceQuality | Asked::OnCall(..) | Asked::NoSuchCall => true,
            Asked::Meeting(_) | Asked::NotModelled(_) | Asked::WrongMethod | Asked::Unknown => {
                false
            }
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
        let detail = Detail::Request {
            id: self.id,
            op: self.located.op,
            method: method.to_owned(),
            path: path.to_owned(),
            // A copy: what the network has read is a part of something larger.
            body: body.map(|body| Bytes::copy_from_slice(body)).unwrap_or_default(),
        };
        let now = self.graph.clock.now();
        self.graph.journal.keep(now, self.call(), "request", Route("bot", "graph"), detail);
    }

    /// Writes down what goes back; returns what waits for it to leave.
    fn note_response(&self, answer: Answer, body: Bytes) -> Option<oneshot::Sender<()>> {
        let Answer { status, error, sent, .. } = answer;
        let (status, code) = (status.as_u16(), error.as_ref().map(|problem| problem.code));
        let detail = Detail::Response { id: self.id, op: self.located.op, status, code, body };
        let (now, route) = (self.graph.clock.now(), Route("graph", "bot"));
        self.graph.journal.keep(now, self.call(), "response", route, detail);
        let Some(problem) = error else { return sent };
        let why = Why {
            request_id: self.id.to_string(),
            status,
            code: problem.code.to_owned(),
            op: self.located.op.to_owned(),
            reason: problem.reason,
            app: self.app.map(|(app, _)| app.to_string()),
            tenant: self.app.map(|(_, tenant)| tenant.to_string()),
            call_id: self.call().map(|call| call.to_string()),
        };
        self.graph.journal.write(now, self.call(), "refused", route, json!(why));
        if self.graph.flaw != Some(Flaw::ForgetsReasons) {
            self.graph.refusals.keep(self.id, why);
        }
        sent
    }
}

fn bad_body(bad: &BadBody) -> Answer {
    let (status, code, text) = match bad {
        BadBody::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            format!("The request body is larger than {BODY_MAX} bytes."),
        ),
        BadBody::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeout",
            "The request body did not arrive in time.".to_owned(),
        ),
        BadBody::Broken => {
            (StatusCode::BAD_REQUEST, "BadRequest", "The request body broke off.".to_owned())
        }
    };
    Answer::error(status, code, Reason::unusable_body(text))
}

fn delegated(claims: &AppClaims) -> Answer {
    let failed = Predicate::IsApplicationToken;
    let why = Explanation { app: claims.app, tenant: claims.tenant, failed };
    Answer::refused(&Refusal::DelegatedToken, Some(&why))
}

fn stopping() -> Answer {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Answer::error(status, "ServiceUnavailable", Reason::shutting_down())
}

fn caller(claims: &AppClaims) -> Caller {
    let roles = claims.roles.iter().filter_map(|role| Permission::from_role(role)).collect();
    let delegated = claims.delegated.as_ref().map(|claims| Delegated {
        user: claims.user,
        scopes: claims.scopes.iter().filter_map(|scope| Permission::from_scope(scope)).collect(),
    });
    Caller { app: claims.app, tenant: claims.tenant, roles, delegated }
}
