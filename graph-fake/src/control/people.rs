//! What the users of Teams do: they ring, and they act in calls.

use axum::{Json, extract::State};
use graph_api::{Guid, Modality};
use http::StatusCode;
use platform::{Act, CallId, Who, is_e164};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Body, Control, Named, Trouble, actions::Action, guid, perhaps, shapes::Made};
use crate::{driver::State as Owned, journal::Route};

/// How many can be rung at a time.
const TO_MAX: usize = 100;

/// Somebody rings somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ring {
    /// Who: a user, or a telephone.
    from: Somebody,
    /// Whom. One bot makes a peer-to-peer call, several a group call; a telephone rings one resource account.
    to: Vec<Somebody>,
    /// `audio`, `video`, `videoBasedScreenSharing`, `data`; audio alone if absent.
    #[serde(default)]
    modalities: Option<Vec<String>>,
    /// The tenant that it happens in; the first one that has the caller (or the resource account), if absent.
    #[serde(default)]
    tenant_id: Option<String>,
    /// An id for the call; drawn from the seed if absent.
    #[serde(default)]
    call_id: Option<String>,
}

/// Somebody: exactly one member is there.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Somebody {
    /// A user's id.
    #[serde(default)]
    pub user: Option<String>,
    /// A bot's app id.
    #[serde(default)]
    pub app: Option<String>,
    /// A resource account's id.
    #[serde(default)]
    pub instance: Option<String>,
    /// An E.164 number.
    #[serde(default)]
    pub phone: Option<String>,
}

impl Somebody {
    /// As the platform takes it; `what` names the member in messages.
    pub fn who(&self, what: &str) -> Result<Who, Trouble> {
        let Self { user, app, instance, phone } = self;
        let id = |text: &str, of: &str| guid(text, &format!("{what}.{of}"));
        match (user, app, instance, phone) {
            (Some(user), None, None, None) => id(user, "user").map(Who::User),
            (None, Some(app), None, None) => id(app, "app").map(Who::Application),
            (None, None, Some(instance), None) => {
                id(instance, "instance").map(Who::ApplicationInstance)
            }
            (None, None, None, Some(phone)) if is_e164(phone) => Ok(Who::Phone(phone.clone())),
            (None, None, None, Some(_)) => {
                Err(Trouble::bad(format!("{what}.phone: not an E.164 number")))
            }
            _ => Err(Trouble::bad(format!(
                "{what}: needs exactly one of 'user', 'app', 'instance' and 'phone'"
            ))),
        }
    }
}

/// Somebody rings; `callId` is the id that the bot sees.
#[utoipa::path(post, path = "/calls", request_body = Ring, responses(
    (status = 201, description = "the call that the bot sees", body = Made),
    (status = 400, description = "a member cannot be read"),
    (status = 404, description = "no such user, bot, resource account or tenant"),
    (status = 409, description = "nobody can be rung so: no webhook, calling is off, the id is taken, …")))]
pub async fn ring(
    State(control): State<Control>,
    Body(ring): Body<Ring>,
) -> Result<(StatusCode, Json<Made>), Trouble> {
    let from = ring.from.who("from")?;
    if ring.to.is_empty() || ring.to.len() > TO_MAX {
        return Err(Trouble::bad(format!("to: takes 1 to {TO_MAX}")));
    }
    let named = ring.to.iter().enumerate().map(|(at, to)| to.who(&format!("to[{at}]")));
    let to = named.collect::<Result<Vec<Who>, Trouble>>()?;
    let modalities = modalities(ring.modalities)?;
    let tenant = perhaps(ring.tenant_id.as_deref(), "tenantId")?;
    let call = perhaps(ring.call_id.as_deref(), "callId")?.map(CallId);
    let detail = json!({
        "action": "ring", "by": shown(&from), "app": to.iter().find_map(app_of),
        "to": to.iter().map(shown).collect::<Vec<_>>(),
    });
    let act = match from {
        Who::User(from) => {
            let tenant = home(&control, tenant, from, Owned::home_of_user, "user").await?;
            Act::Ring { from, to, tenant, modalities, call }
        }
        Who::Phone(from) => {
            let [Who::ApplicationInstance(to)] = to.as_slice() else {
                return Err(Trouble::bad("to: a telephone rings exactly one 'instance'"));
            };
            let home = home(&control, tenant, *to, Owned::home_of_instance, "resource account");
            Act::RingByPhone { from, to: *to, tenant: home.await?, call }
        }
        Who::Application(_) | Who::ApplicationInstance(_) | Who::Guest(_) => {
            return Err(Trouble::bad("from: needs 'user' or 'phone'; bots call by themselves"));
        }
    };
    control.journal.write(control.clock.now(), call, "act", Route("people", "graph"), detail);
    let id = control.driver.act(act).await??;
    Ok((StatusCode::CREATED, Json(made(&control, id).await?)))
}

/// What is answered when a call was made.
pub async fn made(control: &Control, id: CallId) -> Result<Made, Trouble> {
    let chain = control.driver.with(move |state| state.call(id).map(|view| view.chain)).await?;
    Ok(Made { call_id: id.to_string(), call_chain_id: chain.map(|chain| chain.to_string()) })
}

/// The tenant that was named, or the one where somebody is at home.
pub async fn home(
    control: &Control,
    named: Option<Guid>,
    of: Guid,
    find: impl FnOnce(&Owned, Guid) -> Option<Guid> + Send + 'static,
    what: &str,
) -> Result<Guid, Trouble> {
    if let Some(tenant) = named {
        return Ok(tenant);
    }
    let found = control.driver.with(move |state| find(state, of)).await?;
    found.ok_or_else(|| Trouble::unknown(format!("there is no {what} {of}")))
}

impl Owned {
    /// The first tenant that has this user.
    pub fn home_of_user(&self, user: Guid) -> Option<Guid> {
        self.platform.directory().tenant_of_user(user)
    }

    fn home_of_instance(&self, instance: Guid) -> Option<Guid> {
        let mut tenants = self.platform.directory().tenants();
        tenants.find(|(_, tenant)| tenant.instances.contains_key(&instance)).map(|(id, _)| id)
    }
}

fn modalities(given: Option<Vec<String>>) -> Result<Vec<Modality>, Trouble> {
    let Some(given) = given else { return Ok(vec![Modality::Audio]) };
    if given.is_empty() {
        return Err(Trouble::bad("modalities: name at least one"));
    }
    let read = given.iter().enumerate().map(|(at, text)| match Modality::from(text.as_str()) {
        Modality::Unknown(_) => {
            let text: String = text.chars().take(40).collect();
            Err(Trouble::bad(format!("modalities[{at}]: '{text}' is none")))
        }
        known @ (Modality::Audio
        | Modality::Video
        | Modality::VideoBasedScreenSharing
        | Modality::Data) => Ok(known),
    });
    read.collect()
}

fn app_of(who: &Who) -> Option<Guid> {
    if let Who::Application(app) = who { Some(*app) } else { None }
}

/// An id in a journal line.
pub fn shown(who: &Who) -> String {
    match who {
        Who::User(id) | Who::Application(id) | Who::ApplicationInstance(id) | Who::Guest(id) => {
            id.to_string()
        }
        Who::Phone(number) => number.clone(),
    }
}

/// Lets somebody act in a call.
#[utoipa::path(post, path = "/calls/{callId}/actions", request_body = Action,
    params(("callId" = String, Path, description = "GUID")), responses(
    (status = 202, description = "done; what follows is in the journal"),
    (status = 400, description = "a member cannot be read, is missing, or is not one of this action's"),
    (status = 404, description = "no such call, or nobody of that id is in it"),
    (status = 409, description = "not possible where the call is")))]
pub async fn act(
    State(control): State<Control>,
    Named(call_id): Named<String>,
    Body(action): Body<Action>,
) -> Result<StatusCode, Trouble> {
    let call = CallId(guid(&call_id, "callId")?);
    let (act, said) = match action.what()? {
        None => (Act::RepeatLastNotification { call }, None),
        Some((what, said)) => {
            let by = by(&control, call, action.by.as_deref()).await?;
            (Act::InCall { call, by, what }, said)
        }
    };
    let detail = action.shown();
    control.journal.write(control.clock.now(), Some(call), "act", Route("people", "graph"), detail);
    control.driver.act_saying(act, said).await??;
    Ok(StatusCode::ACCEPTED)
}

/// Who acts: a user's id, or the number of a telephone in the call.
async fn by(control: &Control, call: CallId, by: Option<&str>) -> Result<Guid, Trouble> {
    let by = by.ok_or_else(|| Trouble::bad("by: who does it?"))?;
    if !is_e164(by) {
        return guid(by, "by");
    }
    let phone = Who::Phone(by.to_owned());
    let found = control.driver.with(move |state| {
        let view = state.call(call)?;
        let mut parties = std::iter::once(&view.source).chain(&view.targets);
        parties.find(|party| party.person.who == phone).map(|party| party.participant.0)
    });
    let missing = || Trouble::unknown(format!("there is no telephone {by} in a live call {call}"));
    found.await?.ok_or_else(missing)
}
