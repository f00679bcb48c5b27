//! What the platform holds, as JSON.

use graph_api::CallDirection;
use platform::{
    CallView, ConferenceView, ParticipantView, Party, Person, StreamKind, StreamView, Tenant, Who,
};
use serde_json::{Value, json};

use super::meetings;
use crate::{
    config::{AccessPolicyBody, OnCallKind},
    driver::{Ended, State},
};

/// Everything.
pub fn all(state: &mut State) -> Value {
    let directory = state.platform.directory();
    let tenants: Vec<Value> =
        directory.tenants().map(|(id, one)| json!({"id": id}).with(tenant(one))).collect();
    let live: Vec<CallView> = state.platform.calls().collect();
    let calls: Vec<Value> = live.iter().map(|view| call(state, view)).collect();
    let ended: Vec<Value> = state.ended.iter().map(ended_call).collect();
    let conferences: Vec<Value> =
        state.platform.conferences().map(|view| conference(&view)).collect();
    let meetings: Vec<Value> = state.platform.meetings().all().map(meetings::shown).collect();
    json!({
        "tenants": tenants, "meetings": meetings, "calls": calls, "endedCalls": ended,
        "conferences": conferences,
        "undeliveredNotifications": state.platform.undelivered(), "underWay": state.under_way,
    })
}

/// Puts the members of one object behind those of another.
trait With {
    fn with(self, more: Value) -> Value;
}

impl With for Value {
    fn with(mut self, more: Value) -> Value {
        if let (Self::Object(all), Self::Object(more)) = (&mut self, more) {
            all.extend(more);
        }
        self
    }
}

fn tenant(tenant: &Tenant) -> Value {
    let apps = tenant.applications.iter().map(|(id, app)| {
        let chats: Vec<Value> = app
            .chats
            .iter()
            .map(|(thread, may)| json!({"threadId": thread, "join": may.join, "media": may.media}))
            .collect();
        json!({
            "id": id, "displayName": app.display_name, "callbackUri": app.callback_uri,
            "roles": app.grants.iter().map(|grant| grant.role()).collect::<Vec<_>>(),
            "callingEnabled": app.calling_enabled,
            "mayRemoveParticipants": app.may_remove_participants,
            "accessPolicy": AccessPolicyBody::of(&app.access_policy),
            "legacyFirstNotification": app.legacy_first_notification, "chats": chats,
        })
    });
    let users = tenant.users.iter().map(|(id, user)| {
        let (on_call, after) = OnCallKind::of(user.on_call);
        json!({
            "id": id, "displayName": user.display_name, "onCall": on_call, "answerAfterMs": after,
            "voicemail": user.voicemail, "recordedBy": user.recorded_by,
        })
    });
    let instances = tenant.instances.iter().map(|(id, instance)| {
        json!({
            "id": id, "app": instance.app, "displayName": instance.display_name,
            "number": instance.number,
        })
    });
    let phones = tenant.phones.iter().map(|(number, on_call)| {
        let (on_call, after) = OnCallKind::of(*on_call);
        json!({"number": number, "onCall": on_call, "answerAfterMs": after})
    });
    json!({
        "displayName": tenant.display_name, "refusesGuests": tenant.refuses_guests,
        "apps": apps.collect::<Vec<_>>(), "users": users.collect::<Vec<_>>(),
        "instances": instances.collect::<Vec<_>>(), "phones": phones.collect::<Vec<_>>(),
    })
}

/// A live call.
pub fn call(state: &State, view: &CallView) -> Value {
    let operations: Vec<Value> = state
        .platform
        .operations(view.id)
        .iter()
        .map(|operation| platform::render::operation(operation, &platform::render::Links::NONE))
        .collect();
    let conference = view.conference.and_then(|id| state.platform.conference(id));
    let participants = match &conference {
        Some(conference) => conference.participants.iter().map(|p| participant(p)).collect(),
        None => ends(view),
    };
    let incoming = view.direction == CallDirection::Incoming;
    json!({
        "callId": view.id.to_string(), "state": view.state,
        "type": kind(view.conference.is_some()), "escalated": view.escalated,
        "direction": view.direction, "callChainId": view.chain, "tenantId": view.tenant,
        "app": view.app, "callbackUri": &*view.callback_uri, "audioActive": view.audio_active,
        "hearsTones": view.hears_tones, "recordingStatus": view.recording,
        "startedBy": if incoming { "user" } else { "bot" },
        "conferenceId": view.conference.map(|id| id.to_string()),
        "meetingId": view.meeting.map(|id| id.0),
        "participants": participants, "mixer": streams(state, view), "operations": operations,
        "media": state.media.get(&view.id).copied().unwrap_or_default(),
        "resultInfo": view.result, "terminationReason": view.termination_reason,
    })
}

/// A call that has ended.
pub fn ended_call(ended: &Ended) -> Value {
    json!({
        "callId": ended.id.to_string(), "state": "terminated", "type": kind(ended.multiparty),
        "participants": [], "operations": [], "resultInfo": ended.result,
    })
}

const fn kind(multiparty: bool) -> &'static str {
    if multiparty { "multiparty" } else { "peerToPeer" }
}

/// The streams of everybody in the call's conference, as its mixer has them.
pub fn streams(state: &State, view: &CallView) -> Vec<Value> {
    let conference = view.conference.and_then(|id| state.platform.conference(id));
    let everybody = conference.map(|view| view.participants).unwrap_or_default();
    let streams = everybody.iter().flat_map(|participant| {
        let id = participant.id.to_string();
        participant
            .streams
            .iter()
            .map(move |stream| json!({"participantId": id}).with(self::stream(stream)))
    });
    streams.collect()
}

fn stream(stream: &StreamView) -> Value {
    let kind = match stream.kind {
        StreamKind::Audio => "audio",
        StreamKind::Video => "video",
        StreamKind::ScreenSharing => "videoBasedScreenSharing",
        StreamKind::Data => "data",
    };
    json!({
        "kind": kind, "sourceId": stream.source_id, "sends": stream.sends,
        "receives": stream.receives, "serverMuted": stream.server_muted,
    })
}

fn conference(view: &ConferenceView) -> Value {
    json!({
        "conferenceId": view.id.to_string(), "tenantId": view.tenant,
        "meetingId": view.meeting.map(|id| id.0), "rosterSequence": view.sequence,
        "threadId": view.coordinates.chat.as_ref().map(|chat| chat.thread.clone()),
        "calls": view.legs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "participants": view.participants.iter().map(|p| participant(p)).collect::<Vec<_>>(),
    })
}

fn participant(view: &ParticipantView) -> Value {
    json!({"participantId": view.id.to_string()}).with(person(&view.person)).with(json!({
        "muted": view.muted, "inLobby": view.in_lobby, "hidden": view.hidden, "role": view.role,
        "metadata": view.metadata.as_deref(), "applicationType": view.application_type,
        "recordingStatus": view.recording.as_ref().map(|(status, _)| status),
        "streams": view.streams.iter().map(stream).collect::<Vec<_>>(),
    }))
}

/// The two ends of a peer-to-peer call: the bot first.
fn ends(view: &CallView) -> Vec<Value> {
    let bot = json!({
        "participantId": view.my_participant.to_string(), "app": view.app,
        "name": &*view.app_name,
    });
    let others: Vec<&Party> = match view.direction {
        CallDirection::Incoming => vec![&view.source],
        CallDirection::Outgoing | CallDirection::Unknown(_) => view.targets.iter().collect(),
    };
    let others = others.into_iter().map(|party| {
        json!({"participantId": party.participant.to_string()}).with(person(&party.person))
    });
    std::iter::once(bot).chain(others).collect()
}

fn person(person: &Person) -> Value {
    let (kind, id) = match &person.who {
        Who::User(id) => ("user", id.to_string()),
        Who::Application(id) => ("app", id.to_string()),
        Who::ApplicationInstance(id) => ("instance", id.to_string()),
        Who::Guest(id) => ("guest", id.to_string()),
        Who::Phone(number) => ("phone", number.clone()),
    };
    json!({kind: id, "name": person.name})
}
