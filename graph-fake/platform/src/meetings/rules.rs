//! What the body of a request may say of a meeting (endpoints.md 21).

use graph_api::{
    AllowedPresenters, BroadcastAudience, BroadcastSettings, Guid, LobbyBypassScope,
    MeetingParticipantInfo, MeetingRole, OnlineMeeting, Timestamp,
};

use super::meeting::{ChatPlace, LASTS, Meeting, Settings};
use crate::{directory::Directory, refusal::Refusal};

/// Characters of a subject.
pub(super) const SUBJECT_MAX: usize = 1_024;
/// Characters of the key of createOrGet, and of a thread id.
pub(super) const KEY_MAX: usize = 256;
/// Attendees of a meeting.
pub(super) const ATTENDEES_MAX: usize = 1_000;
/// Bytes of a list of attendees.
pub(super) const ATTENDEES_BYTES_MAX: usize = 256 << 10;
/// Bytes of the settings that this fake only keeps.
pub(super) const SETTINGS_BYTES_MAX: usize = 16 << 10;

fn bad<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::BadMeeting(why.into()))
}

/// Start and end of a new meeting.
pub(super) fn times(
    now: Timestamp,
    wanted: &OnlineMeeting,
) -> Result<(Timestamp, Timestamp), Refusal> {
    match (wanted.start_date_time, wanted.end_date_time) {
        (None, None) => Ok((now, now + LASTS)),
        (Some(start), None) => Ok((start, start + LASTS)),
        (None, Some(_)) => bad("endDateTime needs startDateTime."),
        (Some(start), Some(end)) => in_order(start, end),
    }
}

/// New start and end of a meeting, if they change.
pub(super) fn new_times(wanted: &OnlineMeeting) -> Result<Option<(Timestamp, Timestamp)>, Refusal> {
    match (wanted.start_date_time, wanted.end_date_time) {
        (None, None) => Ok(None),
        (Some(start), Some(end)) => in_order(start, end).map(Some),
        (Some(_), None) | (None, Some(_)) => {
            bad("startDateTime and endDateTime are changed together or not at all.")
        }
    }
}

fn in_order(start: Timestamp, end: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
    if end < start {
        return bad("endDateTime is earlier than startDateTime.");
    }
    Ok((start, end))
}

/// The subject.
pub(super) fn subject(wanted: &OnlineMeeting) -> Result<Option<String>, Refusal> {
    if wanted.subject.as_ref().is_some_and(|text| text.chars().count() > SUBJECT_MAX) {
        return bad(format!("subject is longer than {SUBJECT_MAX} characters."));
    }
    Ok(wanted.subject.clone())
}

/// The key of createOrGet, which must be there.
pub(super) fn external_id(wanted: &OnlineMeeting) -> Result<&str, Refusal> {
    match wanted.external_id.as_deref() {
        None | Some("") => bad("externalId is required."),
        Some(id) if id.chars().count() > KEY_MAX => {
            bad(format!("externalId is longer than {KEY_MAX} characters."))
        }
        Some(id) => Ok(id),
    }
}

/// Who is invited; `None`: nothing is said of that. The list is always all of them.
pub(super) fn attendees(
    wanted: &OnlineMeeting,
) -> Result<Option<Vec<MeetingParticipantInfo>>, Refusal> {
    let list = wanted.participants.as_ref().and_then(|people| people.attendees.as_ref());
    let Some(list) = list else { return Ok(None) };
    if list.len() > ATTENDEES_MAX {
        return bad(format!("participants.attendees has more than {ATTENDEES_MAX} entries."));
    }
    if size(list) > ATTENDEES_BYTES_MAX {
        return bad(format!("participants.attendees is larger than {ATTENDEES_BYTES_MAX} bytes."));
    }
    let strange = list.iter().find_map(|one| match &one.role {
        Some(MeetingRole::Unknown(role)) => Some(role),
        _ => None,
    });
    match strange {
        Some(role) => bad(format!("'{}' is not an onlineMeetingRole.", short(role))),
        None => Ok(Some(list.clone())),
    }
}

/// The organizer that the body names.
pub(super) fn organizer(wanted: &OnlineMeeting) -> Result<Option<Guid>, Refusal> {
    let people = wanted.participants.as_ref().and_then(|people| people.organizer.as_ref());
    let user = people.and_then(|one| one.identity.as_ref()).and_then(|set| set.user.as_ref());
    match user.and_then(|user| user.id.as_deref()).map(str::parse) {
        None => Ok(None),
        Some(Ok(id)) => Ok(Some(id)),
        Some(Err(_)) => bad("participants.organizer.identity.user.id is not an object id."),
    }
}

/// nobody else can be made the organizer.
pub(super) fn same_organizer(wanted: &OnlineMeeting, organizer: Guid) -> Result<(), Refusal> {
    match self::organizer(wanted)? {
        Some(named) if named != organizer => {
            bad("The organizer is the user whose meetings these are, and stays so.")
        }
        Some(_) | None => Ok(()),
    }
}

/// Where the chat is: its own, or a channel of which the organizer is a member.
pub(super) fn place(
    wanted: &OnlineMeeting,
    directory: &Directory,
    (tenant, organizer): (Guid, Guid),
) -> Result<ChatPlace, Refusal> {
    let Some(chat) = &wanted.chat_info else { return Ok(ChatPlace::Own) };
    let Some(thread) = &chat.thread_id else { return Ok(ChatPlace::Own) };
    let members = directory.tenant(tenant).and_then(|tenant| tenant.channels.get(thread));
    if !members.is_some_and(|members| members.contains(&organizer)) {
        return Err(Refusal::NotMemberOfChannel);
    }
    let reply = chat.reply_chain_message_id.clone();
    if reply.as_ref().is_some_and(|id| id.len() > KEY_MAX) {
        return bad(format!("replyChainMessageId is longer than {KEY_MAX} characters."));
    }
    Ok(ChatPlace::Channel(thread.clone(), reply))
}

/// What may be chosen at any time, on top of what is so already.
pub(super) fn settings(mut base: Settings, wanted: &OnlineMeeting) -> Result<Settings, Refusal> {
    if let Some(lobby) = &wanted.lobby_bypass_settings {
        match &lobby.scope {
            Some(LobbyBypassScope::Unknown(scope)) => {
                return bad(format!("'{}' is not a lobbyBypassScope.", short(scope)));
            }
            Some(scope) => base.lobby_scope = scope.clone(),
            None => {}
        }
        base.dial_in_bypass = lobby.is_dial_in_bypass_enabled.unwrap_or(base.dial_in_bypass);
    }
    match &wanted.allowed_presenters {
        Some(AllowedPresenters::Unknown(who)) => {
            return bad(format!("'{}' is not an onlineMeetingPresenters.", short(who)));
        }
        Some(who) => base.allowed_presenters = who.clone(),
        None => {}
    }
    base.announces = wanted.is_entry_exit_announced.unwrap_or(base.announces);
    let kept = wanted.extra.iter().filter(|(name, _)| !name.contains('@'));
    base.extra.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    if size(&base.extra) > SETTINGS_BYTES_MAX {
        return bad(format!("The settings are larger than {SETTINGS_BYTES_MAX} bytes."));
    }
    Ok(base)
}

/// What may be chosen only when a meeting is made.
pub(super) fn first_settings(wanted: &OnlineMeeting) -> Result<Settings, Refusal> {
    let mut settings = settings(Settings::default(), wanted)?;
    settings.broadcast = wanted.is_broadcast.unwrap_or(false);
    let given = wanted.broadcast_settings.as_ref();
    if settings.broadcast || given.is_some() {
        settings.broadcast_settings = Some(broadcast(given.cloned().unwrap_or_default())?);
    }
    Ok(settings)
}

/// All Booleans are false and everyone may watch, unless the body says otherwise (resources.md 11).
fn broadcast(given: BroadcastSettings) -> Result<BroadcastSettings, Refusal> {
    if let Some(BroadcastAudience::Unknown(who)) = &given.allowed_audience {
        return bad(format!("'{}' is not a broadcastMeetingAudience.", short(who)));
    }
    if size(&given) > SETTINGS_BYTES_MAX {
        return bad(format!("broadcastSettings is larger than {SETTINGS_BYTES_MAX} bytes."));
    }
    let no = |given: Option<bool>| Some(given.unwrap_or(false));
    Ok(BroadcastSettings {
        allowed_audience: given.allowed_audience.or(Some(BroadcastAudience::Everyone)),
        is_recording_enabled: no(given.is_recording_enabled),
        is_attendee_report_enabled: no(given.is_attendee_report_enabled),
        is_question_and_answer_enabled: no(given.is_question_and_answer_enabled),
        is_video_on_demand_enabled: no(given.is_video_on_demand_enabled),
        extra: given.extra,
    })
}

/// what cannot be changed may be repeated as it is, as clients do that send a whole meeting back.
pub(super) fn unchanged(wanted: &OnlineMeeting, meeting: &Meeting) -> Result<(), Refusal> {
    same_organizer(wanted, meeting.organizer)?;
    let joining = wanted.join_meeting_id_settings.as_ref().is_some_and(|settings| {
        let required = settings.is_passcode_required;
        let (id, code) = (settings.join_meeting_id.as_ref(), settings.passcode.as_ref());
        required.is_some_and(|wanted| wanted != meeting.passcode.is_some())
            || id.is_some_and(|id| *id != meeting.join_meeting_id)
            || code.is_some_and(|code| Some(code) != meeting.passcode.as_ref())
    });
    let thread = wanted.chat_info.as_ref().and_then(|chat| chat.thread_id.as_ref());
    let external = wanted.external_id.as_ref();
    let broadcast = wanted.broadcast_settings.clone().map(broadcast).transpose()?;
    let changed = [
        ("joinMeetingIdSettings", joining),
        ("chatInfo", thread.is_some_and(|thread| *thread != meeting.thread)),
        ("externalId", external.is_some_and(|id| Some(id) != meeting.external_id.as_ref())),
        ("isBroadcast", wanted.is_broadcast.is_some_and(|is| is != meeting.settings.broadcast)),
        (
            "broadcastSettings",
            broadcast.is_some() && broadcast != meeting.settings.broadcast_settings,
        ),
    ];
    match changed.iter().find(|(_, changed)| *changed) {
        Some((name, _)) => bad(format!("{name} cannot be changed after creation.")),
        None => Ok(()),
    }
}

fn size(data: &impl serde::Serialize) -> usize {
    serde_json::to_vec(data).map_or(usize::MAX, |text| text.len())
}

/// A value of the client's, fit for a message.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
