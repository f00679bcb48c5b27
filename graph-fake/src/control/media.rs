//! What flows in a call.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use platform::CallId;
use serde_json::{Value, json};

use super::{Control, Named, Trouble, guid, shapes::MediaShown, snapshot};
use crate::recordings;

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
        known.then(|| json!({"callId": call.to_string(), "streams": streams, "counts": counts}))
    });
    found.await?.map(Json).ok_or_else(|| Trouble::unknown(format!("there is no call {call}")))
}

/// What a user heard in a call: `{file}` is the user's id and `.wav`.
#[utoipa::path(get, path = "/calls/{callId}/heard/{file}",
    params(("callId" = String, Path, description = "GUID"),
           ("file" = String, Path, description = "the user's id and `.wav`")), responses(
    (status = 200, description = "WAV, mono, 16 bit, 16 kHz", body = Vec<u8>, content_type = "audio/wav"),
    (status = 400, description = "an id cannot be read, or the name does not end in .wav"),
    (status = 404, description = "nothing is known of what this user heard in this call")))]
pub async fn heard(
    State(control): State<Control>,
    Named((call_id, file)): Named<(String, String)>,
) -> Result<Response, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let name = file.strip_suffix(".wav").ok_or_else(|| Trouble::bad("the name ends in .wav"))?;
    let user = guid(name, "userId")?;
    let now = control.clock.now();
    let sound = recordings::heard(&control.driver, now, call, user).await?.ok_or_else(|| {
        Trouble::unknown(format!("nothing is known of what {user} heard in call {call}"))
    })?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], sound).into_response())
}
