//! What the users of Teams do.

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::Guid;
use http::StatusCode;
use platform::{Act, ActRefusal, CallId, UserAct, Who};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Body, Control, Trouble, guid};
use crate::{driver::State as Owned, journal::Route};

/// A user rings somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ring {
    /// Who.
    from: From,
    /// Whom; one application, so far.
    to: Vec<To>,
    /// `["audio"]`, so far.
    #[serde(default)]
    modalities: Option<Vec<String>>,
    /// The user's tenant, if the user is in several.
    #[serde(default)]
    tenant_id: Option<String>,
    /// An id for the call; drawn from the seed if absent.
    #[serde(default)]
    call_id: Option<String>,
}

/// Who rings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// A user's id.
    user: String,
}

/// Who is rung.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct To {
    /// An app id.
    app: Option<String>,
    /// A user's id: not modelled yet.
    user: Option<String>,
}

/// A user rings a bot; `callId` is the id the bot sees.
#[utoipa::path(post, path = "/calls", request_body = Ring, responses(
    (status = 201, description = "{callId, callChainId}"), (status = 400), (status = 404), (status = 409)))]
pub async fn ring(
    State(control): State<Control>,
    Body(ring): Body<Ring>,
) -> Result<(StatusCode, Json<Value>), Trouble> {
    let from = guid(&ring.from.user, "from.user")?;
    let to = match ring.to.as_slice() {
        [To { app: Some(app), user: None }] => guid(app, "to[0].app")?,
        [To { .. }] => return Err(Trouble::bad("to[0]: needs 'app'; users are not modelled yet")),
        _ => return Err(Trouble::bad("to: takes exactly one application, so far")),
    };
    if ring.modalities.is_some_and(|given| given != ["audio"]) {
        return Err(Trouble::bad("modalities: only [\"audio\"] is modelled yet"));
    }
    let tenant = ring.tenant_id.as_deref().map(|id| guid(id, "tenantId")).transpose()?;
    let call = ring.call_id.as_deref().map(|id| guid(id, "callId")).transpose()?.map(CallId);
    let home = control.driver.with(move |state| home_of(state, from));
    let tenant = match tenant {
        Some(tenant) => tenant,
        None => home.await?.ok_or_else(|| Trouble::unknown(format!("there is no user {from}")))?,
    };
    let detail = json!({"action": "ring", "by": from, "app": to});
    control.journal.write(control.clock.now(), call, "act", Route("people", "graph"), detail);
    let modalities = vec![graph_api::Modality::Audio];
    let act = Act::Ring { from, to: vec![Who::Application(to)], tenant, modalities, call };
    let id = control.driver.act(act).await?.map_err(refused)?;
    let chain = control.driver.with(move |state| state.call(id).map(|view| view.chain)).await?;
    Ok((StatusCode::CREATED, Json(json!({"callId": id.to_string(), "callChainId": chain}))))
}

fn home_of(state: &mut Owned, user: Guid) -> Option<Guid> {
    state.platform.directory().tenant_of_user(user)
}

/// What a user does in a call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Who; not needed for `repeatLastNotification`.
    by: Option<String>,
    /// What.
    action: ActionKind,
}

/// What can be done, so far.
#[derive(Debug, Clone, Copy, Deserialize, serde::Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionKind {
    /// Puts the phone down, or gives up while it rings.
    Hangup,
    /// Picks up a call from a bot.
    Answer,
    /// Declines a call from a bot.
    Decline,
    /// The platform sends the last delivered notification once more.
    RepeatLastNotification,
}

/// Lets a user act in a call.
#[utoipa::path(post, path = "/calls/{callId}/actions", request_body = Action,
    params(("callId" = String, Path)),
    responses((status = 202), (status = 400), (status = 404), (status = 409)))]
pub async fn act(
    State(control): State<Control>,
    Path(call_id): Path<String>,
    Body(action): Body<Action>,
) -> Result<StatusCode, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let by = action.by.as_deref().map(|by| guid(by, "by")).transpose()?;
    let who = || by.ok_or_else(|| Trouble::bad("by: who does it?"));
    let act = match action.action {
        ActionKind::Hangup => Act::InCall { call, by: who()?, what: UserAct::HangUp },
        ActionKind::Answer => Act::InCall { call, by: who()?, what: UserAct::Answer },
        ActionKind::Decline => Act::InCall { call, by: who()?, what: UserAct::Decline },
        ActionKind::RepeatLastNotification => Act::RepeatLastNotification { call },
    };
    let detail = json!({"action": action.action, "by": by});
    control.journal.write(control.clock.now(), Some(call), "act", Route("people", "graph"), detail);
    control.driver.act(act).await?.map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}

fn refused(refusal: ActRefusal) -> Trouble {
    match refusal {
        ActRefusal::Unknown(_) => Trouble::unknown(refusal.to_string()),
        ActRefusal::NotNow(_) => Trouble::not_now(refusal.to_string()),
    }
}
