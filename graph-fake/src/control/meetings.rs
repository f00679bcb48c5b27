//! Meetings that a test arranges, and what happens in them.

use axum::{Json, extract::State};
use graph_api::Guid;
use http::StatusCode;
use platform::{Act, CallId, Input, MeetingId, Schedule, meetings::Meeting};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    Body, Control, Named, Trouble,
    actions::Action,
    guid,
    people::{home, made},
    perhaps,
    shapes::{Made, MeetingShown},
};
use crate::{driver::State as Owned, journal::Route};

/// Users that may be in a meeting from the start.
const PARTICIPANTS_MAX: usize = 1_000;
/// Characters of a subject.
const SUBJECT_MAX: usize = 1_000;

/// A meeting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MeetingBody {
    /// Whose: a user's id.
    organizer: Id,
    /// What it is about.
    #[serde(default)]
    subject: Option<String>,
    /// Users who are in its conference from now on, in this order.
    #[serde(default)]
    participants: Vec<Id>,
    /// Whether guests have to wait in the lobby.
    #[serde(default)]
    lobby: bool,
    /// Whether it is a meeting of a channel: another kind of thread, and a real message id.
    #[serde(default)]
    channel: bool,
    /// Whether joining by its id needs a passcode.
    #[serde(default = "yes")]
    passcode: bool,
    /// The organizer's tenant; the first one that has this user, if absent.
    #[serde(default)]
    tenant_id: Option<String>,
    /// An id for the meeting; drawn from the seed if absent.
    #[serde(default)]
    meeting_id: Option<String>,
}

/// A user: `"id"` or `{"user": "id"}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, try_from = "Value")]
pub enum Id {
    /// The id alone.
    Plain(String),
    /// In an object.
    User {
        /// The id.
        user: String,
    },
}

/// Read as a whole: serde's own reader of such an enum also takes a list for the object.
impl TryFrom<Value> for Id {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value {
            Value::String(id) => Ok(Self::Plain(id)),
            Value::Object(members) if members.len() == 1 => match members.get("user") {
                Some(Value::String(user)) => Ok(Self::User { user: user.clone() }),
                _ => Err(NO_ID),
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(NO_ID),
        }
    }
}

const NO_ID: &str = "expected a user's id, or {\"user\": id}";

impl Id {
    fn guid(&self, what: &str) -> Result<Guid, Trouble> {
        match self {
            Self::Plain(id) | Self::User { user: id } => guid(id, what),
        }
    }
}

const fn yes() -> bool {
    true
}

/// Arranges a meeting, with its users in it.
#[utoipa::path(post, path = "/meetings", request_body = MeetingBody, responses(
    (status = 201, description = "the meeting, and how to join it", body = MeetingShown),
    (status = 400, description = "a member cannot be read"),
    (status = 404, description = "the organizer or a participant does not exist"),
    (status = 409, description = "the id is taken, or there are too many meetings")))]
pub async fn schedule(
    State(control): State<Control>,
    Body(body): Body<MeetingBody>,
) -> Result<(StatusCode, Json<Value>), Trouble> {
    let organizer = body.organizer.guid("organizer")?;
    if body.participants.len() > PARTICIPANTS_MAX {
        return Err(Trouble::bad(format!("participants: takes at most {PARTICIPANTS_MAX}")));
    }
    if body.subject.as_ref().is_some_and(|subject| subject.chars().count() > SUBJECT_MAX) {
        return Err(Trouble::bad(format!("subject: at most {SUBJECT_MAX} characters")));
    }
    let named = body.participants.iter().enumerate();
    let participants = named
        .map(|(at, user)| user.guid(&format!("participants[{at}]")))
        .collect::<Result<Vec<Guid>, Trouble>>()?;
    let named = perhaps(body.tenant_id.as_deref(), "tenantId")?;
    let tenant = home(&control, named, organizer, Owned::home_of_user, "user").await?;
    let wanted = Schedule {
        id: perhaps(body.meeting_id.as_deref(), "meetingId")?.map(MeetingId),
        tenant,
        organizer,
        subject: body.subject,
        participants,
        lobby: body.lobby,
        channel: body.channel,
        passcode: body.passcode,
        start: None,
        attendees: Vec::new(),
    };
    let now = control.clock.now();
    let detail = json!({"action": "schedule", "by": organizer});
    control.journal.write(now, None, "act", Route("people", "graph"), detail);
    let made = control.driver.with(move |state| {
        state.must_know_all(&wanted)?;
        let out = state.feed(now, Input::Schedule(Box::new(wanted)));
        let id = out.scheduled.expect("a schedule is always answered")?;
        let meeting = state.platform.meetings().get(id).expect("it was just arranged");
        Ok(shown(meeting))
    });
    Ok((StatusCode::CREATED, Json(made.await?.map_err(|error: Trouble| error)?)))
}

impl Owned {
    /// The organizer, and all who are in the meeting, have to exist, and its id must be free.
    fn must_know_all(&self, wanted: &Schedule) -> Result<(), Trouble> {
        let directory = self.platform.directory();
        if directory.user(wanted.tenant, wanted.organizer).is_none() {
            let (user, tenant) = (wanted.organizer, wanted.tenant);
            return Err(Trouble::unknown(format!("there is no user {user} in tenant {tenant}")));
        }
        if let Some(nobody) =
            wanted.participants.iter().find(|user| directory.tenant_of_user(**user).is_none())
        {
            return Err(Trouble::unknown(format!("there is no user {nobody}")));
        }
        match wanted.id.filter(|id| self.platform.meetings().get(*id).is_some()) {
            Some(id) => Err(Trouble::not_now(format!("there is a meeting {} already", id.0))),
            None => Ok(()),
        }
    }
}

/// A meeting, as far as a test needs it.
pub fn shown(meeting: &Meeting) -> Value {
    json!({
        "meetingId": meeting.id.0, "joinWebUrl": meeting.link().to_string(),
        "threadId": meeting.thread, "messageId": meeting.message,
        "joinMeetingId": meeting.join_meeting_id, "passcode": meeting.passcode,
        "organizer": meeting.organizer, "tenantId": meeting.tenant, "subject": meeting.subject,
        "lobby": meeting.lobby,
    })
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Invitation {
    /// A bot's app id.
    app: String,
    /// Who invites: a user's id; the organizer if absent.
    #[serde(default)]
    by: Option<String>,
    /// An id for the bot's call; drawn from the seed if absent.
    #[serde(default)]
    call_id: Option<String>,
}

/// Invites a bot into the meeting's conference; one is started if none runs.
#[utoipa::path(post, path = "/meetings/{meetingId}/invite", request_body = Invitation,
    params(("meetingId" = String, Path, description = "GUID")), responses(
    (status = 201, description = "the bot's call", body = Made),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no such meeting, bot or user"),
    (status = 409, description = "the bot cannot be invited so: no webhook, calling is off, …")))]
pub async fn invite(
    State(control): State<Control>,
    Named(meeting): Named<String>,
    Body(body): Body<Invitation>,
) -> Result<(StatusCode, Json<Made>), Trouble> {
    let meeting = known(&control, &meeting).await?;
    let app = guid(&body.app, "app")?;
    let by = perhaps(body.by.as_deref(), "by")?;
    let call = perhaps(body.call_id.as_deref(), "callId")?.map(CallId);
    let detail = json!({"action": "inviteToMeeting", "by": by, "app": app, "meetingId": meeting.0});
    control.journal.write(control.clock.now(), call, "act", Route("people", "graph"), detail);
    let act = Act::InviteToMeeting { meeting, app, by, call };
    let id = control.driver.act(act).await??;
    Ok((StatusCode::CREATED, Json(made(&control, id).await?)))
}

/// Lets a user act in a meeting, whether or not bots are in it.
#[utoipa::path(post, path = "/meetings/{meetingId}/actions", request_body = Action,
    params(("meetingId" = String, Path, description = "GUID")), responses(
    (status = 202, description = "done; what follows is in the journal"),
    (status = 400, description = "a member cannot be read, is missing, or is not one of this action's"),
    (status = 404, description = "no such meeting, or nobody of that id is in it"),
    (status = 409, description = "not possible where the meeting is")))]
pub async fn act(
    State(control): State<Control>,
    Named(meeting): Named<String>,
    Body(action): Body<Action>,
) -> Result<StatusCode, Trouble> {
    let meeting = known(&control, &meeting).await?;
    let Some((what, said)) = action.what()? else {
        return Err(Trouble::bad("action: notifications are repeated in calls, not in meetings"));
    };
    let by = action.by.as_deref().ok_or_else(|| Trouble::bad("by: who does it?"))?;
    let act = Act::InMeeting { meeting, by: guid(by, "by")?, what };
    let mut detail = action.shown();
    detail["meetingId"] = json!(meeting.0);
    control.journal.write(control.clock.now(), None, "act", Route("people", "graph"), detail);
    control.driver.act_saying(act, said).await??;
    Ok(StatusCode::ACCEPTED)
}

async fn known(control: &Control, id: &str) -> Result<MeetingId, Trouble> {
    let id = MeetingId(guid(id, "meetingId")?);
    let there = control.driver.with(move |state| state.platform.meetings().get(id).is_some());
    if there.await? {
        Ok(id)
    } else {
        Err(Trouble::unknown(format!("there is no meeting {}", id.0)))
    }
}
