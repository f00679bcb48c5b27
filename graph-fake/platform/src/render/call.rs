//! Calls: whole ones, as notifications and replies carry them.

use graph_api::{Call as CreateRequest, CallDirection, Extra, ResultInfo};
use serde_json::{Value, json};

use super::{
    entity, fill_nulls, identity, members, odata_type, profile::Profile, put, put_some, written,
};
use crate::{
    view::{CallView, Chat, Coordinates, Meeting, Observation, Party},
    who::{Person, Who},
};

const SOURCE_NULLS: [&str; 4] = ["countryCode", "endpointType", "region", "languageId"];
const TARGET_NULLS: [&str; 2] = ["endpointType", "replacesCallId"];
const GROUP_TARGET_NULLS: [&str; 2] = ["region", "languageId"];
const CALL_NULLS: [&str; 9] = [
    "subject",
    "ringingTimeoutInSeconds",
    "mediaState",
    "resultInfo",
    // who answered is never told; of a call of two the bot knows.
    "answeredBy",
    "chatInfo",
    "meetingInfo",
    "transcription",
    "toneInfo",
];
/// Beta's members that the fuller samples print.
const BETA_NULLS: [&str; 2] = ["terminationReason", "meetingCapability"];
const BETA_ARRAYS: [&str; 3] = ["callRoutes", "activeModalities", "routingPolicies"];
/// Members that a whole call finds room for.
const CALL_ROOM: usize = 36;
/// The region and language of everybody: there is one data centre.
const REGION: &str = "amer";
const LANGUAGE: &str = "en-us";

/// The call as a reply to create and get (endpoints.md 1, 2 and 22), with the nulls that Graph prints.
/// `context` is the `@odata.context`.
pub fn call(view: &CallView, context: &str) -> Value {
    let mut body = Extra::with_capacity(CALL_ROOM);
    put(&mut body, "@odata.context", context);
    body.extend(whole(view));
    put_some(&mut body, "mediaConfig", view.media_config.as_deref().map(written));
    if view.audio_active {
        put(&mut body, "mediaState", media_state(true));
    }
    if let Some(result) = &view.result {
        put(&mut body, "resultInfo", result_info(result, &Profile::default()));
    }
    let mut group = false;
    if let Some(request) = view.request.as_deref() {
        group = request.targets.as_ref().is_some_and(|targets| targets.len() > 1);
        echo(request, &mut body);
    }
    let beta = context.contains("/beta/$metadata");
    if beta || group {
        for name in BETA_ARRAYS {
            body.entry(name.to_owned()).or_insert_with(|| json!([]));
        }
    }
    if beta {
        fill_nulls(&mut body, &BETA_NULLS);
    }
    fill_nulls(&mut body, &CALL_NULLS);
    body.into()
}

/// What the bot said when it made the call comes back, completed (endpoints.md 1, R-072, R-073).
fn echo(request: &CreateRequest, body: &mut Extra) {
    if let Some(source) = &request.source {
        let mut source = written(source);
        fill_nulls(&mut source, &SOURCE_NULLS);
        put(body, "source", source);
    }
    let joins = request.meeting_info.is_some() || request.chat_info.is_some();
    match &request.targets {
        _ if joins => put(body, "targets", json!([])),
        Some(targets) => {
            let group = targets.len() > 1;
            let echoed = targets.iter().map(|target| {
                let mut target = written(target);
                fill_nulls(&mut target, &TARGET_NULLS);
                if group {
                    fill_nulls(&mut target, &GROUP_TARGET_NULLS);
                }
                Value::from(target)
            });
            put(body, "targets", echoed.collect::<Vec<_>>());
        }
        None => {}
    }
    if let Some(chat) = &request.chat_info {
        let mut chat = chat.clone();
        chat.entry("@odata.type").or_insert_with(|| odata_type("chatInfo"));
        fill_nulls(&mut chat, &["replyChainMessageId"]);
        put(body, "chatInfo", chat);
    }
    put_some(body, "meetingInfo", request.meeting_info.clone());
    put_some(body, "callOptions", request.call_options.as_ref().map(written));
    put_some(body, "subject", request.subject.clone());
    put_some(body, "ringingTimeoutInSeconds", request.ringing_timeout_in_seconds);
    // Members without a field of their own must not hide the platform's.
    for (name, value) in &request.extra {
        body.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// The call as it is in notifications that carry all of it (notifications.md 3.2, clients.md 16).
pub(super) fn whole(view: &CallView) -> Extra {
    let mut call = entity("call");
    put(&mut call, "state", view.state.as_str());
    put(&mut call, "direction", view.direction.as_str());
    put(&mut call, "callbackUri", &*view.callback_uri);
    put(&mut call, "id", view.id.to_string());
    put(&mut call, "tenantId", view.tenant.to_string());
    put(&mut call, "callChainId", view.chain.to_string());
    put(&mut call, "myParticipantId", view.my_participant.to_string());
    let incoming = view.direction == CallDirection::Incoming;
    put(&mut call, "source", source(view, incoming));
    put(&mut call, "targets", view.targets.iter().map(target).collect::<Vec<_>>());
    let modalities: Vec<&str> = view.modalities.iter().map(|one| one.as_str()).collect();
    put(&mut call, "requestedModalities", modalities);
    if let Some(coordinates) = view.coordinates.as_deref() {
        put_coordinates(&mut call, coordinates);
    }
    if !view.routed_from.is_empty() {
        put(&mut call, "callRoutes", routes(view));
    }
    if incoming {
        put(&mut call, "incomingContext", incoming_context(view));
    }
    if let Some(observation) = view.observation.as_deref() {
        put(&mut call, "applicationMetadata", json!({"botData": bot_data(view, observation)}));
    }
    call
}

fn source(view: &CallView, incoming: bool) -> Extra {
    let mut info = entity("participantInfo");
    if incoming {
        put(&mut info, "id", view.source.participant.to_string());
        put(&mut info, "identity", identity::caller(&view.source.person, view));
        put(&mut info, "endpointType", "default");
        put(&mut info, "region", REGION);
        put(&mut info, "languageId", LANGUAGE);
    } else {
        put(&mut info, "identity", identity::set(&view.source.person));
        fill_nulls(&mut info, &SOURCE_NULLS);
    }
    info
}

/// Who is called; of an incoming call the first one's id is myParticipantId.
fn target(party: &Party) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "id": party.participant.to_string(),
        "identity": identity::set(&party.person),
        "endpointType": "default",
        "region": null,
        "languageId": null,
    })
}

fn incoming_context(view: &CallView) -> Extra {
    let mut context = entity("incomingContext");
    put(&mut context, "sourceParticipantId", view.source.participant.to_string());
    let observed = view.observation.as_ref().map(|observation| observation.observed.to_string());
    put_some(&mut context, "observedParticipantId", observed);
    put_some(&mut context, "transferor", view.transferor.as_ref().map(identity::set));
    context
}

/// callRoutes: each one is where the call was meant to go, and where it went instead. A telephone that was
/// dialled is looked up, anybody else has forwarded (notifications.md 3.2).
fn routes(view: &CallView) -> Vec<Value> {
    let last = view.targets.first().map(|party| &party.person);
    let next = view.routed_from.iter().skip(1).chain(last);
    let route = |(original, end): (&Person, &Person)| {
        let lookup = matches!(original.who, Who::Phone(_));
        json!({
            "@odata.type": "#microsoft.graph.callRoute",
            "routingType": if lookup { "lookup" } else { "forwarded" },
            "original": identity::set(original),
            "final": identity::set(end),
        })
    };
    view.routed_from.iter().zip(next).map(route).collect()
}

/// applicationMetadata.botData of a recorder's leg (notifications.md 3.14).
fn bot_data(view: &CallView, observation: &Observation) -> Value {
    let side = |who: &Who, participant: String, tenant: Option<String>| {
        json!({
            "id": identity::address(who), "participantId": participant, "tenantId": tenant,
            "onBehalfOf": null, "participationMethod": "voip", "clientLocation": "US",
        })
    };
    let tenant = |person: &Person| person.tenant.map(|tenant| tenant.to_string());
    let user = side(
        &Who::User(observation.user),
        observation.observed.to_string(),
        Some(view.tenant.to_string()),
    );
    let other = observation
        .other
        .as_ref()
        .map(|other| side(&other.person.who, other.participant.to_string(), tenant(&other.person)));
    json!({
        "mediaHostedRegion": REGION,
        "user": user,
        "otherSideUser": other,
        "inviteReasons": ["PolicyBasedRecording"],
        "policyIdentifier": observation.policy.to_string(),
        "pairedRecorders": [],
        "otherRecorders": [],
    })
}

/// chatInfo and meetingInfo (resources.md 4).
pub(super) fn put_coordinates(call: &mut Extra, coordinates: &Coordinates) {
    put_some(call, "chatInfo", coordinates.chat.as_ref().map(chat_info));
    put(call, "meetingInfo", meeting_info(&coordinates.meeting));
}

fn chat_info(chat: &Chat) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.chatInfo",
        "threadId": chat.thread,
        "messageId": chat.message,
        "replyChainMessageId": chat.reply_chain,
    })
}

fn meeting_info(meeting: &Meeting) -> Value {
    match meeting {
        Meeting::Organizer { user, tenant, allow_without_host } => {
            let mut info = json!({
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {
                    "@odata.type": "#microsoft.graph.identitySet",
                    "user": {
                        "@odata.type": "#microsoft.graph.identity",
                        "id": user.to_string(),
                        "displayName": null,
                        "tenantId": tenant.to_string(),
                    },
                },
            });
            if let Some(info) = members(&mut info) {
                put_some(info, "allowConversationWithoutHost", *allow_without_host);
            }
            info
        }
        Meeting::Token(token) => {
            json!({"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": token})
        }
        Meeting::JoinMeetingId { id, passcode } => json!({
            "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
            "joinMeetingId": id,
            "passcode": passcode,
        }),
    }
}

pub(super) fn media_state(active: bool) -> Value {
    json!({"audio": if active { "active" } else { "inactive" }})
}

/// resultInfo: numbers, as the schema says, unless the profile wants text.
pub(super) fn result_info(result: &ResultInfo, profile: &Profile) -> Value {
    let mut info = written(result);
    if profile.text_codes {
        put(&mut info, "code", result.code.to_string());
        put(&mut info, "subcode", result.subcode.to_string());
    }
    info.into()
}
