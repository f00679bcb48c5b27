//! Meetings and calendars in Graph's words (endpoints.md 21): pure functions from facts to JSON.

use graph_api::{
    AudioConferencing, ChatInfo, Extra, ItemBody, JoinMeetingIdSettings, LobbyBypassSettings,
    MeetingParticipants, OnlineMeeting, Timestamp,
};
use serde_json::{Value, json};

use super::{
    language::Language,
    link::encoded,
    meeting::Meeting,
    verb::{Collection, EventView, Mailbox, MeetingView},
};

/// Telephone numbers that are nobody's (they are kept for fiction).
const TOLL_NUMBER: &str = "+12065550100";
const TOLL_FREE_NUMBER: &str = "+18005550100";
const DIAL_IN: &str = "https://dialin.teams.microsoft.com/rehearsal";

/// One meeting, as create, get and update answer it. `base` is the service root with its version.
pub fn meeting(view: &MeetingView, of: Collection, base: &str, language: Language) -> Value {
    let context = format!("{base}/$metadata#{}/$entity", collection(of));
    contextual(&context, body(view, language))
}

/// A list of meetings, as a `$filter` answers it.
pub fn meetings(views: &[MeetingView], of: Collection, base: &str, language: Language) -> Value {
    let value: Vec<Value> = views.iter().map(|view| body(view, language)).collect();
    let context = format!("{base}/$metadata#{}", collection(of));
    json!({"@odata.context": context, "value": value})
}

/// A calendar (clients.md 19).
pub fn events(user: graph_api::Guid, events: &[EventView], base: &str) -> Value {
    let context = format!("{base}/$metadata#users('{user}')/calendar/events");
    json!({"@odata.context": context, "value": events.iter().map(event).collect::<Vec<_>>()})
}

fn collection(of: Collection) -> String {
    match of {
        Collection::OfUser(user) => format!("users('{user}')/onlineMeetings"),
        Collection::Communications => "communications/onlineMeetings".to_owned(),
    }
}

fn contextual(context: &str, value: Value) -> Value {
    let mut body = Extra::new();
    body.insert("@odata.context".to_owned(), context.into());
    if let Value::Object(members) = value {
        body.extend(members);
    }
    Value::Object(body)
}

fn body(view: &MeetingView, language: Language) -> Value {
    let (meeting, settings) = (&view.meeting, &view.meeting.settings);
    let wire = OnlineMeeting {
        odata_type: Some("#microsoft.graph.onlineMeeting".to_owned()),
        id: Some(meeting.text_id()),
        creation_date_time: Some(meeting.created),
        subject: meeting.subject.clone(),
        join_web_url: Some(meeting.link().to_string()),
        join_information: Some(join_information(meeting, language)),
        join_meeting_id_settings: Some(join_meeting_id(meeting)),
        chat_info: Some(chat(meeting)),
        participants: Some(MeetingParticipants {
            attendees: Some(meeting.attendees.clone()),
            ..MeetingParticipants::default()
        }),
        audio_conferencing: Some(audio_conferencing(meeting)),
        video_teleconference_id: view.video_interop.then(|| meeting.vtc_id.clone()),
        external_id: meeting.external_id.clone(),
        lobby_bypass_settings: Some(LobbyBypassSettings {
            scope: Some(settings.lobby_scope.clone()),
            is_dial_in_bypass_enabled: Some(settings.dial_in_bypass),
            extra: Extra::new(),
        }),
        allowed_presenters: Some(settings.allowed_presenters.clone()),
        is_entry_exit_announced: Some(settings.announces),
        is_broadcast: Some(settings.broadcast),
        broadcast_settings: settings.broadcast_settings.clone(),
        extra: settings.extra.clone(),
        ..OnlineMeeting::default()
    };
    let mut body = serde_json::to_value(wire).expect("wire types hold nothing that JSON cannot");
    body["startDateTime"] = spelt(meeting.start).into();
    body["endDateTime"] = spelt(meeting.end).into();
    body["participants"]["organizer"] = json!({
        "identity": {"user": {"id": meeting.organizer, "displayName": null}},
        "upn": view.organizer_upn, "role": "presenter",
    });
    if meeting.passcode.is_none() {
        body["joinMeetingIdSettings"]["passcode"] = Value::Null;
    }
    if let Value::Object(members) = &mut body {
        for name in ["subject", "videoTeleconferenceId", "externalId", "broadcastSettings"] {
            members.entry(name).or_insert(Value::Null);
        }
    }
    body
}

/// Whole seconds are written without a fraction, as the sample shows times that a client set.
fn spelt(time: Timestamp) -> String {
    if time.as_nanos().is_multiple_of(1_000_000_000) {
        format!("{}Z", time.to_seconds_text())
    } else {
        time.to_string()
    }
}

fn chat(meeting: &Meeting) -> ChatInfo {
    ChatInfo {
        thread_id: Some(meeting.thread.clone()),
        message_id: Some(meeting.message.clone()),
        reply_chain_message_id: Some(meeting.reply_chain.clone().unwrap_or_else(|| "0".to_owned())),
        ..ChatInfo::default()
    }
}

fn join_meeting_id(meeting: &Meeting) -> JoinMeetingIdSettings {
    JoinMeetingIdSettings {
        is_passcode_required: Some(meeting.passcode.is_some()),
        join_meeting_id: Some(meeting.join_meeting_id.clone()),
        passcode: meeting.passcode.clone(),
        extra: Extra::new(),
    }
}

fn audio_conferencing(meeting: &Meeting) -> AudioConferencing {
    let id = &meeting.conference_id;
    AudioConferencing {
        conference_id: Some(id.clone()),
        toll_number: Some(TOLL_NUMBER.to_owned()),
        toll_free_number: Some(TOLL_FREE_NUMBER.to_owned()),
        toll_numbers: Some(vec![TOLL_NUMBER.to_owned()]),
        toll_free_numbers: Some(vec![TOLL_FREE_NUMBER.to_owned()]),
        dialin_url: Some(format!("{DIAL_IN}?id={id}")),
        extra: Extra::new(),
    }
}

/// The invitation: HTML in a `data:` URL, encoded once more as a whole.
fn join_information(meeting: &Meeting, language: Language) -> ItemBody {
    let words = language.words();
    let mut html = format!(
        "<div lang=\"{}\"><h1>{}</h1><p><a href=\"{}\">{}</a></p><p>{}: {}</p>",
        words.tag,
        words.title,
        meeting.link(),
        words.join,
        words.id,
        meeting.join_meeting_id,
    );
    if let Some(passcode) = &meeting.passcode {
        html.push_str(&format!("<p>{}: {passcode}</p>", words.passcode));
    }
    html.push_str(&format!(
        "<p>{}: {TOLL_NUMBER}, {}#</p></div>",
        words.phone, meeting.conference_id
    ));
    ItemBody {
        content: Some(encoded(&format!("data:text/html,{html}"), true)),
        content_type: Some("Html".to_owned()),
        extra: Extra::new(),
    }
}

fn event(view: &EventView) -> Value {
    let meeting = &view.meeting;
    let time = |time: Timestamp| {
        let text = time.to_string();
        json!({"dateTime": text.trim_end_matches('Z'), "timeZone": "UTC"})
    };
    let attendees = view.attendees.iter().map(|attendee| {
        let status = json!({"response": "none", "time": "0001-01-01T00:00:00Z"});
        json!({"type": "required", "status": status, "emailAddress": mailbox(attendee)})
    });
    json!({
        "@odata.etag": format!("W/\"{}\"", meeting.text_id()),
        "id": format!("E{}", meeting.text_id()),
        "createdDateTime": meeting.created,
        "subject": meeting.subject.as_deref().unwrap_or_default(),
        "bodyPreview": "",
        "body": {"contentType": "html", "content": ""},
        "start": time(meeting.start),
        "end": time(meeting.end),
        "location": {"displayName": ""},
        "isAllDay": false,
        "isCancelled": false,
        "isOnlineMeeting": true,
        "onlineMeetingProvider": "teamsForBusiness",
        "onlineMeetingUrl": null,
        "onlineMeeting": {"joinUrl": meeting.link().to_string()},
        "organizer": {"emailAddress": mailbox(&view.organizer)},
        "attendees": attendees.collect::<Vec<_>>(),
    })
}

fn mailbox(mailbox: &Mailbox) -> Value {
    json!({"name": mailbox.name, "address": mailbox.address})
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
