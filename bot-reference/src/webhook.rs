//! The webhook: notifications are judged, read and taken.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use seam::Clock;
use tokio::sync::mpsc;

use crate::{
    Flaw, Input,
    app_hosted::AppHosted,
    entry,
    inbound::{Inbound, NotBelieved},
};

/// Bytes of a body that one of the planted faults takes.
const SMALL: usize = 64 << 10;

/// What the webhook and the pages beside it need.
pub(crate) struct Shared {
    pub inbound: Inbound,
    pub clock: Clock,
    pub inbox: mpsc::Sender<Input>,
    pub flaw: Option<Flaw>,
    pub calls: Arc<AtomicUsize>,
    pub media: Option<AppHosted>,
}

/// Judges, reads and takes a notification; what follows from it happens after the 202.
pub(crate) async fn notification(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let now = shared.clock.now();
    let has = |flaw| shared.flaw == Some(flaw);
    if has(Flaw::AcknowledgesLate) {
        shared.clock.sleep_until(now + Duration::from_secs(6)).await;
    }
    let token = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    if let Err(why) = shared.inbound.check(token, now).await
        && (!has(Flaw::ChecksInvitationsOnly) || is_invitation(&body))
    {
        tracing::warn!(%why, "a notification was not believed");
        return (refusal(&why, shared.flaw), why.to_string());
    }
    if let Some(status) = stumbles(shared.flaw, &headers, &body) {
        return (status, "not of the usual kind".to_owned());
    }
    let entries = match entry::read(&body, shared.flaw) {
        Ok(entries) if entries.is_empty() && has(Flaw::FailsOnEmptyBatch) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "nothing there".to_owned());
        }
        Ok(entries) => entries,
        Err(why) if has(Flaw::FailsOnGarbage) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, why.to_string());
        }
        Err(why) => return (StatusCode::BAD_REQUEST, why.to_string()),
    };
    // All or nothing: a batch that was refused half-way would come again as a whole.
    let Ok(places) = shared.inbox.try_reserve_many(entries.len()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too much at once".to_owned());
    };
    for (place, entry) in places.zip(entries) {
        place.send(Input::Notified(entry));
    }
    (StatusCode::ACCEPTED, String::new())
}

/// A token that cannot be checked now is no bad one: the platform tries again.
fn refusal(why: &NotBelieved, flaw: Option<Flaw>) -> StatusCode {
    match (why, flaw) {
        (NotBelieved::NoKeys(_), Some(Flaw::RefusesWithoutKeys)) => StatusCode::UNAUTHORIZED,
        (NotBelieved::NoKeys(_), _) => StatusCode::SERVICE_UNAVAILABLE,
        (NotBelieved::Malformed | NotBelieved::NoToken, Some(Flaw::FailsOnGarbageTokens)) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::UNAUTHORIZED,
    }
}

/// For one of the planted faults.
fn is_invitation(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("\"incoming\"")
}

/// What the planted faults do not take.
fn stumbles(flaw: Option<Flaw>, headers: &HeaderMap, body: &[u8]) -> Option<StatusCode> {
    let plain = || headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match flaw {
        Some(Flaw::WantsPlainContentType) if !plain() => Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Some(Flaw::TakesSmallBodiesOnly) if body.len() > SMALL => {
            Some(StatusCode::PAYLOAD_TOO_LARGE)
        }
        _ => None,
    }
}
