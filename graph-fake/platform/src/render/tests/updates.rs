use std::sync::Arc;

use graph_api::{CallState, ChangeType, ResultInfo, Tone};

use super::*;
use crate::{
    notification::Update,
    render::samples::{dana, incoming},
    view::{CallView, Chat, Coordinates, Meeting},
};

fn url() -> String {
    format!("/communications/calls/{CALL}")
}

fn updated(update: Update) -> Value {
    data(What::CallUpdated(Box::new(update)))
}

/// R-314, endpoints.md 4: `@odata.id` and `@odata.etag`, and no `id`.
#[test]
fn a_state_and_nothing_else() {
    let expected = json!({
        "@odata.type": "#microsoft.graph.call", "state": "transferAccepted",
        "@odata.id": url(), "@odata.etag": "W/\"5445\"",
    });
    assert_eq!(updated(Update::state(CallState::TransferAccepted)), expected);
}

///
#[test]
fn audio_begins_and_ends() {
    for (active, text) in [(true, "active"), (false, "inactive")] {
        let told = updated(Update::audio(active));
        assert_eq!(told["mediaState"], json!({"audio": text}));
        assert!(told.get("state").is_none());
    }
}

/// Notifications.md 3.4 and 3.6.
#[test]
fn coordinates_come_with_the_id() {
    let chat = Chat {
        thread: "19:x@thread.v2".into(),
        message: "0".into(),
        reply_chain: Some("7".into()),
    };
    let coordinates = Coordinates { chat: Some(chat), meeting: Meeting::Token("eyJ".into()) };
    let update = Update {
        coordinates: Some(Arc::new(coordinates)),
        ..Update::state(CallState::Established)
    };
    let expected = json!({
        "@odata.type": "#microsoft.graph.call", "state": "established", "id": CALL.to_string(),
        "chatInfo": {
            "@odata.type": "#microsoft.graph.chatInfo", "threadId": "19:x@thread.v2",
            "messageId": "0", "replyChainMessageId": "7",
        },
        "meetingInfo": {"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "eyJ"},
        "@odata.id": url(), "@odata.etag": "W/\"5445\"",
    });
    assert_eq!(updated(update), expected);
}

#[test]
fn coordinates_by_meeting_id() {
    let shown = |passcode: Option<&str>| {
        let meeting = Meeting::JoinMeetingId {
            id: "242847183".into(),
            passcode: passcode.map(str::to_owned),
        };
        let coordinates = Some(Arc::new(Coordinates { chat: None, meeting }));
        updated(Update { coordinates, ..Update::state(CallState::Established) })
    };
    let expected = json!({
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": "242847183", "passcode": "aB3cD4",
    });
    assert_eq!(shown(Some("aB3cD4"))["meetingInfo"], expected);
    assert_eq!(shown(None)["meetingInfo"]["passcode"], Value::Null);
    assert!(shown(None).get("chatInfo").is_none());
}

/// `subCode`.
#[test]
fn a_failed_transfer() {
    let result = Some(ResultInfo::new(500, 7000, "Failed."));
    let update = || Update { result: result.clone(), ..Update::state(CallState::Established) };
    let expected = json!({
        "@odata.type": "#microsoft.graph.resultInfo",
        "code": 500, "subCode": 7000, "message": "Failed.",
    });
    assert_eq!(updated(update())["resultInfo"], expected);
    let profile = Profile { plain_subcode: true, ..Profile::default() };
    let plain = entry(What::CallUpdated(Box::new(update())), &profile);
    assert_eq!(plain["resourceData"]["resultInfo"]["subcode"], 7000);
}

/// Notifications.md 3.8.
#[test]
fn a_tone() {
    let expected = json!({
        "@odata.type": "#microsoft.graph.call", "state": "established",
        "toneInfo": {"@odata.type": "#microsoft.graph.toneInfo", "sequenceId": 1, "tone": "tone1"},
    });
    assert_eq!(data(What::Tone(1, Tone::Tone1)), expected);
    assert_eq!(data(What::Tone(2, Tone::Pound))["toneInfo"]["tone"], "pound");
}

/// Notifications.md 3.9.
#[test]
fn the_end_tells_everything_once_more() {
    let result = Some(ResultInfo::new(500, 7106, "Server Internal Error. DiagCode: 3003#7106.@"));
    let termination_reason = Some("CallTerminated");
    let state = CallState::Terminated;
    let view = CallView { state, result, termination_reason, ..incoming(dana()) };
    let ended = entry(What::CallEnded(Box::new(view.clone())), &Profile::default());
    assert_eq!(ended["changeType"], "deleted");
    let mut expected = data(What::Incoming(Box::new(view)));
    expected["terminationReason"] = json!("CallTerminated");
    expected["resultInfo"] = json!({
        "@odata.type": "#microsoft.graph.resultInfo", "code": 500, "subcode": 7106,
        "message": "Server Internal Error. DiagCode: 3003#7106.@",
    });
    expected["@odata.id"] = json!(url());
    expected["@odata.etag"] = json!("W/\"5445\"");
    assert_eq!(ended["resourceData"], expected);
    assert_eq!(ended["resourceData"]["state"], "terminated");
}

/// after a consultative transfer there is a reason and no result.
#[test]
fn the_end_of_a_consultative_transfer() {
    let termination_reason = Some("AppTransferred");
    let view = CallView { state: CallState::Terminated, termination_reason, ..incoming(dana()) };
    let ended = data(What::CallEnded(Box::new(view)));
    assert_eq!(ended["terminationReason"], "AppTransferred");
    assert!(ended.get("resultInfo").is_none());
}

/// Notifications.md 3.13.
#[test]
fn documents() {
    let changes = [
        (ChangeType::Created, "created"),
        (ChangeType::Updated, "updated"),
        (ChangeType::Deleted, "deleted"),
    ];
    for (change, text) in changes {
        let told = entry(What::ContentSharing(change, vec!["0a1b".into()]), &Profile::default());
        let expected = json!({
            "@odata.type": "#microsoft.graph.commsNotification", "changeType": text,
            "resource": format!("/app/calls/{CALL}/contentsharingsessions"),
            "resourceUrl": format!("/communications/calls/{CALL}/contentsharingsessions"),
            "resourceData": [
                {"@odata.type": "#microsoft.graph.contentSharingSession", "id": "0a1b"},
            ],
        });
        assert_eq!(told, expected);
    }
}

///
#[test]
fn several_in_one_envelope_keep_their_order() {
    let tones = [Tone::Tone1, Tone::Star, Tone::Flash];
    let told: Vec<Notification> =
        (1..).zip(tones).map(|(n, tone)| told(What::Tone(n, tone))).collect();
    let envelope = notification(&told, &Links::NONE);
    let seen: Vec<&Value> = envelope["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["resourceData"]["toneInfo"]["tone"])
        .collect();
    assert_eq!(seen, ["tone1", "star", "flash"]);
}
