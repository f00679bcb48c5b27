//! Requests at random: every verb, with arguments that make sense more often than not.

use graph_api::Guid;
use platform::{CallVerb, ParticipantId, Verb, Who};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::robust::{BOTS, INSTANCES, TENANTS, USERS, World};
use crate::choose::Choose;

/// One of them.
pub fn pick<T: Clone>(choices: &mut dyn Choose, all: &[T]) -> T {
    all[choices.below(all.len() as u32) as usize].clone()
}

/// Somebody, or nobody.
pub fn who(choices: &mut dyn Choose) -> Who {
    match choices.below(10) {
        0..=3 => Who::User(pick(choices, &USERS)),
        4 | 5 => Who::Application(pick(choices, &BOTS)),
        6 => Who::ApplicationInstance(pick(choices, &INSTANCES)),
        7 => Who::Phone("+442079460123".to_owned()),
        8 => Who::Guest(Guid::from_u128(50)),
        _ => Who::User(Guid::from_u128(96)),
    }
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed body")
}

/// An identity set, right or wrong.
fn identity(choices: &mut dyn Choose) -> Value {
    let of = |key: &str, id: String| json!({key: {"id": id, "displayName": "Somebody"}});
    match who(choices) {
        Who::User(id) => of("user", id.to_string()),
        Who::Application(id) => of("application", id.to_string()),
        Who::ApplicationInstance(id) => of("applicationInstance", id.to_string()),
        Who::Guest(id) => of("guest", id.to_string()),
        Who::Phone(number) => of("phone", number),
    }
}

fn text(choices: &mut dyn Choose) -> String {
    let texts = ["", "x", "clientContext", "ü€𝄞", "00000000-0000-0000-0000-000000000000"];
    if choices.below(12) == 0 { "y".repeat(5_000) } else { pick(choices, &texts).to_owned() }
}

/// invitationParticipantInfo.
fn target(choices: &mut dyn Choose, world: &World) -> Value {
    let mut info = json!({"identity": identity(choices)});
    match choices.below(10) {
        0 => info["replacesCallId"] = json!(pick(choices, &world.calls).to_string()),
        1 => info["replacesCallId"] = json!(text(choices)),
        2 => info["hidden"] = json!(true),
        3 => info["participantId"] = json!(participant(choices, world).to_string()),
        4 => info["endpointType"] = json!(pick(choices, &["voicemail", "default", "fax"])),
        _ => {}
    }
    info
}

fn targets(choices: &mut dyn Choose, world: &World) -> Vec<Value> {
    let many = pick(choices, &[0, 1, 1, 1, 1, 2, 2, 3, 5, 6, 26]);
    (0..many).map(|_| target(choices, world)).collect()
}

fn media(choices: &mut dyn Choose) -> Value {
    let kind = pick(
        choices,
        &["serviceHostedMediaConfig", "serviceHostedMediaConfig", "appHostedMediaConfig"],
    );
    match choices.below(12) {
        0 => Value::Null,
        1 => json!({"@odata.type": text(choices)}),
        2 => json!({
            "@odata.type": "#microsoft.graph.serviceHostedMediaConfig",
            "preFetchMedia": [{"uri": "https://bot.example/1.wav", "resourceId": "1"}],
        }),
        _ => json!({"@odata.type": format!("#microsoft.graph.{kind}")}),
    }
}

fn prompt() -> Value {
    json!({
        "@odata.type": "#microsoft.graph.mediaPrompt",
        "mediaInfo": {"uri": "https://bot.example/1.wav", "resourceId": "1"},
    })
}

fn options(choices: &mut dyn Choose) -> Value {
    json!({
        "hideBotAfterEscalation": choices.below(2) == 0,
        "isContentSharingNotificationEnabled": choices.below(2) == 0,
        "isDeltaRosterEnabled": choices.below(2) == 0,
    })
}

/// Somebody's roster id: of this world, or of none.
pub fn participant(choices: &mut dyn Choose, world: &World) -> ParticipantId {
    let calls =
        world.platform.calls().flat_map(|call| [call.my_participant, call.source.participant]);
    let there = world.platform.conferences().flat_map(|c| c.participants).map(|entry| entry.id);
    let mut all: Vec<ParticipantId> = calls.chain(there).collect();
    all.push(ParticipantId(Guid::from_u128(95)));
    pick(choices, &all)
}

/// A create request: to one, to several, into a meeting.
pub fn create(choices: &mut dyn Choose, world: &World) -> Verb {
    let mut call = json!({
        "callbackUri": "https://bot.example/api",
        "requestedModalities": ["audio"],
        "mediaConfig": media(choices),
        "callOptions": options(choices),
    });
    if choices.below(8) != 0 {
        call["tenantId"] = json!(TENANTS[0].to_string());
    }
    match choices.below(12) {
        0 => call["callbackUri"] = json!(text(choices)),
        1 => call["requestedModalities"] = json!([text(choices)]),
        2 => call["ringingTimeoutInSeconds"] = json!(pick(choices, &[-1, 0, 1, 115, 116])),
        3 | 4 => call["source"] = json!({"identity": identity(choices)}),
        _ => {}
    }
    let meeting = world.platform.meetings().get(pick(choices, &world.meetings));
    match (choices.below(4), meeting) {
        (0, _) | (_, None) => call["targets"] = json!(targets(choices, world)),
        (1, Some(meeting)) => {
            call["meetingInfo"] = json!({
                "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
                "joinMeetingId": meeting.join_meeting_id, "passcode": meeting.passcode,
            });
        }
        (2, Some(meeting)) => {
            call["chatInfo"] = json!({"threadId": meeting.thread, "messageId": meeting.message});
            call["meetingInfo"] = json!({
                "@odata.type": "#microsoft.graph.organizerMeetingInfo",
                "organizer": {"user": {"id": meeting.organizer.to_string()}},
            });
        }
        (_, Some(_)) => {
            let conferences: Vec<_> = world.platform.conferences().collect();
            let token = conferences.iter().find_map(|c| match &c.coordinates.meeting {
                platform::Meeting::Token(token) => Some(token.clone()),
                platform::Meeting::Organizer { .. } | platform::Meeting::JoinMeetingId { .. } => {
                    None
                }
            });
            let token = token.unwrap_or_else(|| text(choices));
            let kind = pick(choices, &["tokenMeetingInfo", "tokenMeetingInfo", "x"]);
            let kind = format!("#microsoft.graph.{kind}");
            call["meetingInfo"] = json!({"@odata.type": kind, "token": token});
        }
    }
    Verb::CreateCall(Box::new(read(call)))
}

/// Any verb about a call.
pub fn verb(choices: &mut dyn Choose, world: &World) -> CallVerb {
    let context = json!({"clientContext": text(choices)});
    let someone = participant(choices, world);
    match choices.below(44) {
        0 => CallVerb::Get,
        1 => CallVerb::Delete,
        2..=7 => CallVerb::Answer(Box::new(read(json!({
            "acceptedModalities": ["audio"], "mediaConfig": media(choices),
            "participantCapacity": pick(choices, &[0, 1, 2, -1]), "callOptions": options(choices),
        })))),
        8 => CallVerb::Reject(read(json!({"reason": "busy"}))),
        9 => {
            let timeout = pick(choices, &[14, 15, 30, 90, 91]);
            let targets = targets(choices, world);
            CallVerb::Redirect(Box::new(read(json!({"targets": targets, "timeout": timeout}))))
        }
        10 => CallVerb::Transfer(Box::new(read(json!({
            "transferTarget": target(choices, world),
            "transferee": {"identity": {}, "participantId": someone.to_string()},
        })))),
        11 => CallVerb::KeepAlive,
        12 => CallVerb::Mute(read(context)),
        13 => CallVerb::Unmute(read(context)),
        14 => CallVerb::UpdateMetadata(read(json!({"metadata": text(choices)}))),
        15 => {
            let role = pick(choices, &["sharer", "viewer", "x"]);
            CallVerb::ChangeScreenSharingRole(read(json!({"role": role})))
        }
        16 => {
            let status = pick(choices, &["recording", "notRecording", "x"]);
            CallVerb::UpdateRecordingStatus(read(json!({"status": status})))
        }
        17 => CallVerb::AddLargeGalleryView(read(context)),
        18 => {
            let many = pick(choices, &[0, 1, 2, 21]);
            let prompts: Vec<Value> = (0..many).map(|_| prompt()).collect();
            CallVerb::PlayPrompt(Box::new(read(json!({"prompts": prompts}))))
        }
        19 => CallVerb::Record(Box::new(read(json!({
            "bargeInAllowed": choices.below(2) == 0, "stopTones": ["#"],
            "maxRecordDurationInSeconds": pick(choices, &[0, 1, 120, 121]),
        })))),
        20 => CallVerb::SubscribeToTone(read(context)),
        21 => CallVerb::CancelMediaProcessing(read(context)),
        22 => {
            let tones = pick(choices, &[vec![], vec!["tone1", "pound"]]);
            CallVerb::SendDtmfTones(read(json!({"tones": tones, "delayBetweenTonesMs": 10})))
        }
        23 => CallVerb::ListParticipants,
        24 => CallVerb::GetParticipant(someone),
        25 => CallVerb::RemoveParticipant(someone),
        26 => CallVerb::MuteParticipant(someone, read(context)),
        _ => more(choices, world, context),
    }
}

fn more(choices: &mut dyn Choose, world: &World, context: Value) -> CallVerb {
    let someone = participant(choices, world);
    let operation = pick(choices, &world.operations);
    match choices.below(20) {
        0 => {
            let odd = vec![text(choices)];
            let named = pick(choices, &[vec![], vec![someone.to_string()], odd]);
            CallVerb::MuteAll(read(json!({"participants": named})))
        }
        1..=5 => CallVerb::Invite(Box::new(read(json!({"participants": targets(choices, world)})))),
        6 => CallVerb::ConfigureMixer(Box::new(read(json!({"participantMixerLevels": [{
            "participant": someone.to_string(), "exclusiveMode": true,
            "ducking": {"rampActive": pick(choices, &[0, 5_000, 5_001])},
            "sourceLevels": [{"participant": someone.to_string(), "level": 50}],
        }]})))),
        7 => {
            let own =
                if choices.below(2) == 0 { json!({"customPrompt": prompt()}) } else { context };
            CallVerb::StartHoldMusic(someone, Box::new(read(own)))
        }
        8 => CallVerb::StopHoldMusic(someone, read(context)),
        9 => CallVerb::AdmitFromLobby(None, read(context)),
        10 => CallVerb::AdmitFromLobby(Some(someone), read(context)),
        11 => CallVerb::RemoveFromLobby(someone, read(context)),
        12 => CallVerb::ListRoutingGroups,
        13 => CallVerb::GetRoutingGroup(pick(choices, &["g", "h"]).to_owned()),
        14 | 15 => {
            let other = participant(choices, world).to_string();
            let group = read(json!({
                "id": pick(choices, &["g", "h", ""]), "routingMode": "oneToOne",
                "sources": [someone.to_string()], "receivers": [other],
            }));
            if choices.below(2) == 0 {
                CallVerb::CreateRoutingGroup(group)
            } else {
                CallVerb::UpdateRoutingGroup("g".to_owned(), group)
            }
        }
        16 => CallVerb::DeleteRoutingGroup("g".to_owned()),
        17 => pick(
            choices,
            &[CallVerb::ListContentSharing, CallVerb::GetContentSharing("x".to_owned())],
        ),
        18 => pick(choices, &[CallVerb::GetOperation(operation), CallVerb::ListOperations]),
        _ => CallVerb::NotModelled("startRecording"),
    }
}
