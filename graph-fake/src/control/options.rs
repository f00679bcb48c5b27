//! The platform's switches.

use axum::{Json, extract::State};
use http::StatusCode;

use super::{Body, Control, Trouble};
use crate::options::OptionsBody;

/// All switches as they are.
#[utoipa::path(get, path = "/options", responses(
    (status = 200, description = "every switch by name", body = OptionsBody)))]
pub async fn get_options(State(control): State<Control>) -> Result<Json<OptionsBody>, Trouble> {
    let options = control.driver.with(|state| OptionsBody::of(state.platform.options()));
    Ok(Json(options.await?))
}

/// Changes the switches that are named, until the next reset; what is under way keeps its deadlines.
#[utoipa::path(put, path = "/options", request_body = OptionsBody, responses(
    (status = 204, description = "changed"),
    (status = 400, description = "an unknown switch, or a value out of range; nothing was changed")))]
pub async fn put_options(
    State(control): State<Control>,
    Body(wanted): Body<OptionsBody>,
) -> Result<StatusCode, Trouble> {
    let done = control.driver.with(move |state| {
        let mut options = state.platform.options().clone();
        wanted.apply(&mut options)?;
        state.platform.set_options(options);
        Ok(())
    });
    done.await?.map_err(|why: String| Trouble::bad(why))?;
    Ok(StatusCode::NO_CONTENT)
}
