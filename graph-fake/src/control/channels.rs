//! Channels of teams, as far as meetings are held in them.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use graph_api::Guid;
use http::StatusCode;
use platform::Admin;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, Control, Trouble, guid};

/// Characters of a thread id.
const THREAD_MAX: usize = 256;

/// Who is in a channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelBody {
    /// Object ids of all members.
    members: Vec<String>,
}

/// Makes a channel, or changes who is in it. Its members may make meetings there.
#[utoipa::path(put, path = "/tenants/{tenantId}/channels/{threadId}", request_body = ChannelBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("threadId" = String, Path, description = "19:…@thread.tacv2")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_channel(
    State(control): State<Control>,
    Path((tenant, thread)): Path<(String, String)>,
    Body(body): Body<ChannelBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    if thread.len() > THREAD_MAX || !thread.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Trouble::bad("threadId: takes up to 256 characters like 19:…@thread.tacv2"));
    }
    let members = body.members.iter().map(|id| guid(id, "members"));
    let members = members.collect::<Result<BTreeSet<Guid>, Trouble>>()?;
    let admin = Admin::PutChannel { tenant, thread, members };
    let now = control.clock.now();
    let taken = control.driver.with(move |state| state.administer(now, admin)).await?;
    if taken { Ok(StatusCode::NO_CONTENT) } else { Err(Trouble::not_now("the directory is full")) }
}
