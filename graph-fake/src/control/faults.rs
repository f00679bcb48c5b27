//! What goes wrong on purpose.

use axum::extract::State;
use http::StatusCode;

use super::{Body, Control, Trouble};
use crate::faults::{Fault, Plan};

/// Replaces the fault plan; all counting starts anew.
#[utoipa::path(put, path = "/faults", request_body = Vec<Fault>, responses(
    (status = 204, description = "in force"),
    (status = 400, description = "an entry cannot be read or carried out; the old plan is in force")))]
pub async fn put_faults(
    State(control): State<Control>,
    Body(faults): Body<Vec<Fault>>,
) -> Result<StatusCode, Trouble> {
    let now = control.clock.now();
    let plan = Plan::read(faults, now).map_err(Trouble::bad)?;
    control.driver.with(move |state| state.put_faults(now, plan)).await?;
    Ok(StatusCode::NO_CONTENT)
}
