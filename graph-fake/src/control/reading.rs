//! What can be read.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::header;
use platform::CallId;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, OpenApi};

use super::shapes::{AnyCall, Health, StateShown};
use super::{Control, Description, Named, Trouble, guid, snapshot};
use crate::Line;

/// Lines of one answer.
const LINES_MAX: usize = 50_000;

/// Liveness.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "it lives", body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The certificate authority that signed the HTTPS listener.
#[utoipa::path(get, path = "/ca.pem", responses(
    (status = 200, description = "PEM", body = String, content_type = "application/x-pem-file"),
    (status = 404, description = "TLS is not this fake's business here")))]
pub async fn ca_pem(State(control): State<Control>) -> Result<Response, Trouble> {
    let pem = control.ca_pem.as_ref().ok_or_else(|| Trouble::unknown("this fake has no TLS"))?;
    let kind = [(header::CONTENT_TYPE, "application/x-pem-file")];
    Ok((kind, pem.to_string()).into_response())
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// A whole, readable snapshot: tenants with their apps (without secrets), users, resource accounts and
/// telephones, meetings, calls with their operations, conferences with their rosters.
#[utoipa::path(get, path = "/state", responses((status = 200, description = "everything", body = StateShown)))]
pub async fn state(State(control): State<Control>) -> Result<Json<Value>, Trouble> {
    Ok(Json(control.driver.with(snapshot::all).await?))
}

/// A call as the platform sees it: state, type, participants, mixer, operations, what was played and said; a
/// call that has ended is known for a while.
#[utoipa::path(get, path = "/calls/{callId}",
    params(("callId" = String, Path, description = "GUID")), responses(
    (status = 200, description = "the call", body = AnyCall),
    (status = 400, description = "no GUID"),
    (status = 404, description = "no such call")))]
pub async fn call(
    State(control): State<Control>,
    Named(call_id): Named<String>,
) -> Result<Json<Value>, Trouble> {
    let id = CallId(guid(&call_id, "callId")?);
    let found = control.driver.with(move |state| {
        let live = state.call(id).map(|view| snapshot::call(state, &view));
        let ended = || state.ended.iter().rev().find(|ended| ended.id == id);
        live.or_else(|| ended().map(snapshot::ended_call))
    });
    found.await?.map(Json).ok_or_else(|| Trouble::unknown(format!("there is no call {id}")))
}

/// Where to start.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// Only lines with a greater `seq`.
    #[serde(default)]
    since: u64,
}

/// What happened: NDJSON, one event a line; at most 50,000 lines an answer. With `Accept:
/// text/event-stream`, a stream that does not end.
#[utoipa::path(get, path = "/journal", params(Since), responses(
    (status = 200, description = "one line an event, or an event stream of them", content(
        (Line = "application/x-ndjson"), (String = "text/event-stream"))),
    (status = 400, description = "`since` is no number")))]
pub async fn journal(
    State(control): State<Control>,
    since: Result<Query<Since>, QueryRejection>,
    headers: http::HeaderMap,
) -> Result<Response, Trouble> {
    let Query(Since { since }) = since.map_err(|_| {
        Trouble::bad("the query: 'since' is a whole number, and the only parameter here")
    })?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/event-stream")) {
        return Ok(stream(control, since));
    }
    let mut text = String::new();
    for line in control.journal.since(since, LINES_MAX) {
        text.push_str(&serde_json::to_string(&line).expect("journal lines are JSON"));
        text.push('\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response())
}

fn stream(control: Control, since: u64) -> Response {
    let lines = futures_util::stream::unfold((control, since), |(control, since)| async move {
        loop {
            let lines = control.journal.since(since, 100);
            if let Some(last) = lines.last() {
                let chunk = Ok::<_, std::convert::Infallible>(events(&lines));
                return Some((chunk, (control, last.seq)));
            }
            // A line written between the look and the wait is seen at the latest after this time.
            let wait = std::time::Duration::from_millis(250);
            let _ = tokio::time::timeout(wait, control.journal.grown()).await;
        }
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, axum::body::Body::from_stream(lines)).into_response()
}

fn events(lines: &[Line]) -> bytes::Bytes {
    let text: String = lines
        .iter()
        .map(|line| {
            let json = serde_json::to_string(line).expect("journal lines are JSON");
            format!("id: {}\ndata: {json}\n\n", line.seq)
        })
        .collect();
    bytes::Bytes::from(text)
}
