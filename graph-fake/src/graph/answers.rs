//! What goes back: an answer of the platform, or a problem, as an HTTP response.

use axum::body::Body;
use graph_api::AudioRoutingGroup;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use platform::{
    Accepted, CallId, CallView, Explanation, OperationKind, OperationView, ParticipantView,
    Refusal, render,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::{envelope::RequestIds, identity::TokenRefusal, why::Reason};

/// What goes back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, unless it is an error's.
    pub body: Option<Value>,
    /// The `Location` header.
    pub location: Option<String>,
    /// A header that goes with a problem.
    pub header: Option<(HeaderName, HeaderValue)>,
    /// Why it is an error.
    pub error: Option<Problem>,
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
        Self { status, body, location: None, header: None, error: None, sent: None }
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

    /// As a response.
    pub fn write(&self, ids: &RequestIds) -> Response<Body> {
        let mut response = match &self.error {
            Some(Problem { code, message, .. }) => ids.error(self.status, code, message),
            None => ids.response(self.status, self.body.as_ref().unwrap_or(&Value::Null)),
        };
        if let Some((name, value)) = &self.header {
            response.headers_mut().insert(name, value.clone());
        }
        let location = self.location.as_ref().and_then(|to| HeaderValue::from_str(to).ok());
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
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

/// What the platform has taken. `base` is the service root that the client used.
pub fn accepted(accepted: Accepted, base: &str) -> Answer {
    let at = Place(base);
    match accepted {
        Accepted::Created(view) => {
            let mut answer = Answer::body(
                StatusCode::CREATED,
                call(&view, &format!("{base}/$metadata#app/calls/$entity")),
            );
            answer.location = Some(at.call(view.id));
            answer
        }
        Accepted::Call(view) => {
            let context = format!("{base}/$metadata#communications/calls/$entity");
            Answer::body(StatusCode::OK, call(&view, &context))
        }
        Accepted::Operation(id, view) => at.operation_made(StatusCode::OK, id, &view),
        Accepted::OperationTaken(id, view) => at.operation_made(StatusCode::ACCEPTED, id, &view),
        Accepted::OperationRead(id, view) => {
            let entity = at.entity(id, "operations");
            Answer::body(StatusCode::OK, with_context(operation(&view), entity))
        }
        Accepted::Operations(id, views) => {
            at.list(id, "operations", views.iter().map(operation).collect())
        }
        Accepted::Participants(id, views) => {
            at.list(id, "participants", views.iter().map(|view| participant(view)).collect())
        }
        Accepted::Participant(id, view) => {
            let entity = at.entity(id, "participants");
            Answer::body(StatusCode::OK, with_context(participant(&view), entity))
        }
        Accepted::RoutingGroups(id, groups) => {
            at.list(id, "audioRoutingGroups", groups.iter().map(routing_group).collect())
        }
        Accepted::RoutingGroup(id, group) => {
            let entity = at.entity(id, "audioRoutingGroups");
            Answer::body(StatusCode::OK, with_context(routing_group(&group), entity))
        }
        Accepted::ContentSharings(id, sessions) => {
            let sessions = sessions.iter().map(|session| content_sharing(session)).collect();
            at.list(id, "contentSharingSessions", sessions)
        }
        Accepted::ContentSharing(id, session) => {
            let entity = at.entity(id, "contentSharingSessions");
            Answer::body(StatusCode::OK, with_context(content_sharing(&session), entity))
        }
        Accepted::Meeting(meeting) => match *meeting {},
        Accepted::Done => Answer::ok(StatusCode::OK, None),
        Accepted::Taken => Answer::ok(StatusCode::ACCEPTED, None),
        Accepted::Gone => Answer::ok(StatusCode::NO_CONTENT, None),
    }
}

/// Where things are, below one service root.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn call(&self, call: CallId) -> String {
        format!("{}/communications/calls/{call}", self.0)
    }

    fn context(&self, call: CallId, of: &str) -> String {
        format!("{}/$metadata#communications/calls('{call}')/{of}", self.0)
    }

    fn entity(&self, call: CallId, of: &str) -> String {
        format!("{}/$entity", self.context(call, of))
    }

    fn list(&self, call: CallId, of: &str, value: Vec<Value>) -> Answer {
        let body = json!({"@odata.context": self.context(call, of), "value": value});
        Answer::body(StatusCode::OK, body)
    }

    /// An operation that this request made; only mute and unmute print a context (endpoints.md 8).
    fn operation_made(&self, status: StatusCode, call: CallId, view: &OperationView) -> Answer {
        let mut body = operation(view);
        if matches!(view.kind, OperationKind::MuteParticipant | OperationKind::UnmuteParticipant) {
            let kind = view.kind.odata_type().trim_start_matches("#microsoft.graph.");
            body = with_context(body, format!("{}/$metadata#{kind}", self.0));
        }
        let mut answer = Answer::body(status, body);
        answer.location = Some(format!("{}/operations/{}", self.call(call), view.id));
        answer
    }
}

fn with_context(entity: Value, context: String) -> Value {
    let mut with = json!({"@odata.context": context});
    if let (Value::Object(all), Value::Object(members)) = (&mut with, entity) {
        all.extend(members);
    }
    with
}

fn call(view: &CallView, context: &str) -> Value {
    render::call(view, context)
}

fn operation(view: &OperationView) -> Value {
    as_json(&render::operation(view))
}

fn participant(view: &ParticipantView) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.participant", "id": view.id.to_string(),
        "isInLobby": view.in_lobby, "isMuted": view.muted, "metadata": view.metadata.as_deref(),
    })
}

fn routing_group(group: &AudioRoutingGroup) -> Value {
    let mut body = json!({"@odata.type": "#microsoft.graph.audioRoutingGroup"});
    if let (Value::Object(all), Value::Object(members)) = (&mut body, as_json(group)) {
        all.extend(members);
    }
    body
}

fn content_sharing(session: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.contentSharingSession", "id": session})
}

fn as_json(data: &impl serde::Serialize) -> Value {
    serde_json::to_value(data).expect("wire types are JSON")
}
