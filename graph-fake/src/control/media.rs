//! What flows in a call.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use platform::CallId;
use serde_json::{Value, json};

use super::{
    Control, Named, Trouble, guid,
    shapes::{HeardShown, MarkerShown, MediaShown, SeenShown},
    snapshot,
};

/// The streams of a call as the mixer has them, and counts of what was played, said and pressed.
#[utoipa::path(get, path = "/calls/{callId}/media",
    params(("callId" = String, Path, description = "GUID")), responses(
    (status = 200, description = "streams and counts", body = MediaShown),
    (status = 400, description = "no GUID"),
    (status = 404, description = "no such call")))]
pub async fn statistics(
    State(control): State<Control>,
    Named(call_id): Named<String>,
) -> Result<Json<Value>, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let found = control.driver.with(move |state| {
        let live = state.call(call);
        let known = live.is_some() || state.ended.iter().any(|ended| ended.id == call);
        let streams = live.map(|view| snapshot::streams(state, &view)).unwrap_or_default();
        let counts = state.media.get(&call).copied().unwrap_or_default();
        let session = state.plane.shown(call);
        known.then(|| {
            let mut shown =
                json!({"callId": call.to_string(), "streams": streams, "counts": counts});
            if let Some(session) = session {
                shown["session"] = json!(session);
            }
            shown
        })
    });
    found.await?.map(Json).ok_or_else(|| Trouble::unknown(format!("there is no call {call}")))
}

/// What a user heard in a call: `{file}` is the user's id and `.wav`, or `.json` for the markers that were heard in it.
#[utoipa::path(get, path = "/calls/{callId}/heard/{file}",
    params(("callId" = String, Path, description = "GUID"),
           ("file" = String, Path, description = "the user's id and `.wav` or `.json`")), responses(
    (status = 200, description = "WAV, mono, 16 bit, 16 kHz; or what was heard in it", content(
        (Vec<u8> = "audio/wav"), (HeardShown = "application/json"))),
    (status = 400, description = "an id cannot be read, or the name ends otherwise"),
    (status = 404, description = "nothing is known of what this user heard in this call")))]
pub async fn heard(
    State(control): State<Control>,
    Named((call_id, file)): Named<(String, String)>,
) -> Result<Response, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let parts = file.rsplit_once('.').filter(|(_, kind)| matches!(*kind, "wav" | "json"));
    let (name, kind) = parts.ok_or_else(|| Trouble::bad("the name ends in .wav or .json"))?;
    let user = guid(name, "userId")?;
    let now = control.clock.now();
    let score = control.driver.with(move |state| state.sound.heard(now, call, user)).await?;
    let score = score.ok_or_else(|| {
        Trouble::unknown(format!("nothing is known of what {user} heard in call {call}"))
    })?;
    // The work is done here, not under the lock.
    if kind == "wav" {
        return Ok(([(header::CONTENT_TYPE, "audio/wav")], score.wav()).into_response());
    }
    let markers = score.markers().into_iter();
    let markers = markers.map(|(marker_id, at)| MarkerShown { marker_id, at_ms: at.as_millis() });
    let duration_ms = u64::try_from(score.duration().as_millis()).unwrap_or(u64::MAX);
    let user_id = user.to_string();
    Ok(Json(HeardShown { user_id, duration_ms, markers: markers.collect() }).into_response())
}

/// What people in a call see of its bot, or have seen: whole frames, and the barcodes in them. All people see the same.
#[utoipa::path(get, path = "/calls/{callId}/seen",
    params(("callId" = String, Path, description = "GUID")), responses(
    (status = 200, description = "the bot's video and screen sharing, as far as people looked at it", body = SeenShown),
    (status = 400, description = "no GUID"),
    (status = 404, description = "no such call")))]
pub async fn seen(
    State(control): State<Control>,
    Named(call_id): Named<String>,
) -> Result<Json<SeenShown>, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let found = control.driver.with(move |state| {
        let live = state.call(call).is_some();
        let known = live || state.ended.iter().any(|ended| ended.id == call);
        known.then(|| state.seen(call))
    });
    let streams = found.await?;
    let streams = streams.ok_or_else(|| Trouble::unknown(format!("there is no call {call}")))?;
    Ok(Json(SeenShown { call_id: call.to_string(), streams }))
}
