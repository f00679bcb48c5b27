//! Channels of teams, as far as meetings are held in them.

use std::collections::BTreeSet;

use axum::extract::State;
use graph_api::Guid;
use http::StatusCode;
use platform::Admin;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, Control, Named, Trouble, directory::within, guid};

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
    (status = 404, description = "no such tenant"),
    (status = 409, description = "the directory is full")))]
pub async fn put_channel(
    State(control): State<Control>,
    Named((tenant, thread)): Named<(String, String)>,
    Body(body): Body<ChannelBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    if thread.len() > THREAD_MAX || !thread.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Trouble::bad("threadId: takes up to 256 characters like 19:…@thread.tacv2"));
    }
    let members = body.members.iter().map(|id| guid(id, "members"));
    let members = members.collect::<Result<BTreeSet<Guid>, Trouble>>()?;
    within(&control, tenant, Admin::PutChannel { tenant, thread, members }).await
}
