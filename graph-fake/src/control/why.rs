//! Why a request was refused.

use axum::{Json, extract::State};

use super::{Control, Named, Trouble};
use crate::why::Why;

/// Why a request was refused, to Graph, to the token endpoint and its documents, or for a recording: by the
/// `request-id` of the answer (which is `trace_id` in what the token endpoint says), or of a call that was dropped
/// for want of a permission by the call's id. The last 10,000 are known.
#[utoipa::path(get, path = "/why/{requestId}", params(("requestId" = String, Path)), responses(
    (status = 200, description = "the predicate that failed, and what would mend it", body = Why),
    (status = 400, description = "the path is no text"),
    (status = 404, description = "nothing was refused under this id")))]
pub async fn why(
    State(control): State<Control>,
    Named(id): Named<String>,
) -> Result<Json<Why>, Trouble> {
    let found = id.parse().ok().and_then(|id| control.refusals.find(id));
    found.map(Json).ok_or_else(|| {
        let shown: String = id.chars().take(64).collect();
        Trouble::unknown(format!("nothing was refused under '{shown}'"))
    })
}
