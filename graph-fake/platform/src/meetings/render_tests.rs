use graph_api::Guid;

use super::*;
use crate::{
    ids::Ids,
    meetings::{Meetings, Schedule},
};

const BASE: &str = "https://graph.microsoft.com/v1.0";
const OLU: Guid = Guid::from_u128(0xc0ffee00_1111_4222_8333_444455556666);

fn view(passcode: bool) -> MeetingView {
    let (mut meetings, mut ids) = (Meetings::default(), Ids::new(1));
    let wanted = Schedule {
        tenant: Guid::from_u128(1),
        organizer: OLU,
        subject: Some("Stand-up".to_owned()),
        lobby: true,
        passcode,
        ..Schedule::default()
    };
    let now = Timestamp::from_nanos(1_772_359_200_123_456_700);
    let id = meetings.schedule(now, &mut ids, &wanted);
    MeetingView {
        meeting: Box::new(meetings.get(id).unwrap().clone()),
        organizer_upn: "olu@fabrikam.example".to_owned(),
        video_interop: passcode,
    }
}

/// endpoints.md 21: the members of the documented answer, and the later ones.
#[test]
fn a_meeting_as_documented() {
    let view = view(false);
    let shown = meeting(&view, Collection::OfUser(OLU), BASE, Language::English);
    let mut expected = json!({
        "@odata.context": format!("{BASE}/$metadata#users('{OLU}')/onlineMeetings/$entity"),
        "@odata.type": "#microsoft.graph.onlineMeeting",
        "creationDateTime": "2026-03-01T10:00:00.1234567Z",
        "startDateTime": "2026-03-01T11:00:00Z", "endDateTime": "2026-03-01T12:00:00Z",
        "subject": "Stand-up",
        "participants": {"attendees": [], "organizer": {
            "identity": {"user": {"id": OLU, "displayName": null}},
            "upn": "olu@fabrikam.example", "role": "presenter"}},
        "allowedPresenters": "everyone", "isEntryExitAnnounced": true,
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": false},
        "isBroadcast": false, "broadcastSettings": null, "externalId": null,
        "videoTeleconferenceId": null,
    });
    let own = &view.meeting;
    expected["id"] = own.text_id().into();
    expected["joinWebUrl"] = own.link().to_string().into();
    expected["chatInfo"] =
        json!({"threadId": own.thread, "messageId": "0", "replyChainMessageId": "0"});
    expected["joinMeetingIdSettings"] = json!({"isPasscodeRequired": false,
        "joinMeetingId": own.join_meeting_id, "passcode": null});
    let mut rest = shown;
    let conferencing = rest["audioConferencing"].take();
    let information = rest["joinInformation"].take();
    expected["audioConferencing"] = Value::Null;
    expected["joinInformation"] = Value::Null;
    assert_eq!(rest, expected);
    assert!(own.thread.starts_with("19:meeting_") && own.thread.ends_with("@thread.v2"));
    let id = conferencing["conferenceId"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|b| b.is_ascii_digit()), "{id}");
    assert!(conferencing["dialinUrl"].as_str().unwrap().ends_with(&format!("?id={id}")));
    assert_eq!(information["contentType"], "Html");
}

/// what is shown only where it was asked for, or paid for.
#[test]
fn passcodes_and_teleconferences() {
    let view = view(true);
    let list =
        meetings(std::slice::from_ref(&view), Collection::Communications, BASE, Language::English);
    let context = format!("{BASE}/$metadata#communications/onlineMeetings");
    assert_eq!(list["@odata.context"], context);
    let shown = &list["value"][0];
    assert_eq!(shown["@odata.context"], Value::Null);
    assert_eq!(shown["videoTeleconferenceId"], view.meeting.vtc_id);
    assert_eq!(shown["joinMeetingIdSettings"]["isPasscodeRequired"], true);
    let passcode = shown["joinMeetingIdSettings"]["passcode"].as_str().unwrap();
    assert!(passcode.len() == 6 && passcode.bytes().all(|b| b.is_ascii_alphanumeric()));
}

/// an encoded `data:` URL whose words depend on the language.
#[test]
fn the_invitation_speaks_the_language_asked_for() {
    let view = view(true);
    let content = |language| {
        let shown = meeting(&view, Collection::OfUser(OLU), BASE, language);
        shown["joinInformation"]["content"].as_str().unwrap().to_owned()
    };
    let cases = [
        (Language::English, "Join%20the%20meeting"),
        (Language::German, "An%20der%20Besprechung%20teilnehmen"),
        (Language::French, "Rejoindre%20la%20r%C3%A9union"),
        (Language::Spanish, "Unirse%20a%20la%20reuni%C3%B3n"),
    ];
    for (language, words) in cases {
        let content = content(language);
        assert!(content.starts_with("data%3Atext%2Fhtml%2C%3Cdiv%20lang"), "{content}");
        assert!(content.contains(words), "{content}");
        let link = encoded(&view.meeting.link().to_string(), true);
        assert!(content.contains(&link), "{content}");
        for (other, words) in cases {
            assert!(other == language || !content.contains(words), "{content}");
        }
    }
}
