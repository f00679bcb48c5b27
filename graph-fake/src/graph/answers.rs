//! What goes back: an answer of the platform, or a problem, as an HTTP response.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use platform::{
    Accepted, CallId, Explanation, OperationView, Refusal,
    render::{self, Links},
};
use serde_json::Value;
use tokio::sync::oneshot;

use super::written;
use crate::{
    driver::Departure, envelope::RequestIds, identity::TokenRefusal, meetings, why::Reason,
};

/// What goes back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, unless it is an error's or text already.
    pub body: Option<Value>,
    /// The body as text.
    pub text: Option<Bytes>,
    /// The `Location` header.
    pub location: Option<String>,
    /// A header that goes with a problem.
    pub header: Option<(HeaderName, HeaderValue)>,
    /// Why it is an error.
    pub error: Option<Problem>,
    /// When it leaves, if not at once.
    pub departure: Option<Departure>,
    /// To be dropped when the answer has left.
    pub sent: Option<oneshot::Sender<()>>,
}

/// Why an answer is an error.
pub struct Problem {
    /// `error.code`.
    pub code: &'static str,
    /// `error.message`.
    pub message: String,
    /// What `GET /why/{request-id}` says.
    pub reason: Reason,
}

impl Answer {
    fn ok(status: StatusCode, body: Option<Value>) -> Self {
        Self {
            status,
            body,
            text: None,
            location: None,
            header: None,
            error: None,
            departure: None,
            sent: None,
        }
    }

    fn body(status: StatusCode, body: Value) -> Self {
        Self::ok(status, Some(body))
    }

    /// An error of the gateway, which says what the reason says.
    pub fn error(status: StatusCode, code: &'static str, reason: Reason) -> Self {
        let message = reason.explanation.clone();
        Self { error: Some(Problem { code, message, reason }), ..Self::ok(status, None) }
    }

    /// A refusal of the platform; `why` is what it knows beyond that.
    pub fn refused(refusal: &Refusal, why: Option<&Explanation>) -> Self {
        let (status, code) = refusal.status_and_code();
        let status = StatusCode::from_u16(status).expect("the table holds HTTP statuses");
        let reason = why.map_or_else(|| Reason::from(refusal), Reason::from);
        let problem = Problem { code, message: refusal.to_string(), reason };
        let answer = Self { error: Some(problem), ..Self::ok(status, None) };
        match refusal.retry_after_secs() {
            Some(secs) => answer.with_header(header::RETRY_AFTER, secs.into()),
            None => answer,
        }
    }

    /// With one header more.
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// As a response, and the body of one that is no error.
    pub fn write(&self, ids: &RequestIds) -> (Response<Body>, Bytes) {
        let body = match (&self.text, &self.body) {
            (Some(text), _) => text.clone(),
            (None, Some(body)) => written::json(body),
            (None, None) => Bytes::new(),
        };
        let mut response = match &self.error {
            Some(Problem { code, message, .. }) => ids.error(self.status, code, message),
            None => ids.written(self.status, body.clone()),
        };
        if let Some((name, value)) = &self.header {
            response.headers_mut().insert(name, value.clone());
        }
        let location = self.location.as_ref().and_then(|to| HeaderValue::from_str(to).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        (response, body)
    }
}

/// R-021, clients.md 17: 401 with a challenge.
pub fn no_token(refusal: &TokenRefusal) -> Answer {
    let message = format!("Access token validation failure. {refusal}");
    let problem =
        Problem { code: "InvalidAuthenticationToken", message, reason: Reason::from(refusal) };
    let answer = Answer { error: Some(problem), ..Answer::ok(StatusCode::UNAUTHORIZED, None) };
    answer.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// A call that was read whole.
pub fn read(text: Bytes) -> Answer {
    Answer { text: Some(text), ..Answer::ok(StatusCode::OK, None) }
}

/// What the platform has taken; each with the status that clients expect (clients.md 12). `base` is the service root
/// that the client used, `language` its
/// `Accept-Language`.
pub fn accepted(
    accepted: Accepted,
    base: &str,
    links: &Links<'_>,
    language: Option<&str>,
) -> Answer {
    let list = |call, of: &str| render::list_context(base, call, of);
    let entity = |call, of: &str| render::entity_context(base, call, of);
    let ok = |body| Answer::body(StatusCode::OK, body);
    match accepted {
        Accepted::Created(view) => {
            let body = render::call(&view, &render::created_context(base));
            let at = format!("{base}/communications/calls/{}", view.id);
            Answer { location: Some(at), ..Answer::body(StatusCode::CREATED, body) }
        }
        Accepted::Call(view) => ok(render::call(&view, &render::call_context(base))),
        Accepted::Operation(id, view) => operation_made(StatusCode::OK, id, &view, base, links),
        Accepted::OperationTaken(id, view) => {
            operation_made(StatusCode::ACCEPTED, id, &view, base, links)
        }
        Accepted::OperationRead(id, view) => {
            ok(render::operation_read(id, &view, base, links))
        }
        Accepted::Operations(id, views) => ok(render::operations(id, &views, base, links)),
        Accepted::Participants(id, views) => {
            ok(render::participants(&views, &list(id, "participants")))
        }
        Accepted::Participant(id, view) => {
            ok(render::participant_read(&view, &entity(id, "participants")))
        }
        Accepted::RoutingGroups(id, groups) => {
            ok(render::routing_groups(&groups, &list(id, "audioRoutingGroups")))
        }
        Accepted::RoutingGroup(id, group) => {
            ok(render::routing_group_read(&group, &entity(id, "audioRoutingGroups")))
        }
        Accepted::ContentSharings(id, sessions) => {
            ok(render::content_sharings(&sessions, &list(id, "contentSharingSessions")))
        }
        Accepted::ContentSharing(id, session) => {
            ok(render::content_sharing_read(&session, &entity(id, "contentSharingSessions")))
        }
        Accepted::Meeting(meeting) => {
            let (status, body) = meetings::answer(&meeting, base, language);
            Answer::ok(status, body)
        }
        Accepted::Done => Answer::ok(StatusCode::OK, None),
        Accepted::Taken => Answer::ok(StatusCode::ACCEPTED, None),
        Accepted::Gone => Answer::ok(StatusCode::NO_CONTENT, None),
    }
}

/// An operation that this request made.
fn operation_made(
    status: StatusCode,
    call: CallId,
    view: &OperationView,
    base: &str,
    links: &Links<'_>,
) -> Answer {
    let at = format!("{base}/communications/calls/{call}/operations/{}", view.id);
    let body = render::operation_reply(view, base, links);
    Answer { location: Some(at), ..Answer::body(status, body) }
}
