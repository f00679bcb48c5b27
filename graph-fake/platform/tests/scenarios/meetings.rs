//! Joining meetings.

use platform::{CallVerb, Permission, UserAct};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// notifications.md 3.4, R-073: establishing and established say where, then comes the whole roster.
#[test]
fn by_the_organizers_coordinates() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = stage.join(meeting);
    assert_eq!(
        stage.heard(call),
        ["establishing +where", "established +where", "roster Olu, Dana, Bot", "audio on"]
    );
    let view = stage.view(call);
    assert_eq!((view.targets.len(), view.meeting), (0, Some(meeting)));
    assert_eq!(view.coordinates.unwrap().chat.as_ref().unwrap().reply_chain, None);
    let mut wrong = stage.coordinates(meeting);
    wrong["chatInfo"]["threadId"] = json!("19:meeting_nobody@thread.v2");
    assert_eq!(stage.try_create(wrong), "400 2203");
    let mut wrong = stage.coordinates(meeting);
    wrong["meetingInfo"]["organizer"]["user"]["id"] = json!(DANA.to_string());
    assert_eq!(stage.try_create(wrong), "400 2203");
}

/// coordinates make it multiparty even with one target.
#[test]
fn coordinates_beat_targets() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.join_as(BOT, meeting, json!({"targets": [user(DANA)]}));
    assert!(stage.view(call).conference.is_some());
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
}

/// the tenant must be said, and be the token's.
#[test]
fn the_tenant_must_be_said() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    for tenant in [json!(null), json!(OTHER_TENANT.to_string()), json!("x")] {
        let mut where_it_is = stage.coordinates(meeting);
        where_it_is["tenantId"] = tenant;
        assert_eq!(stage.try_create(where_it_is), "403 7505");
    }
}

///
#[test]
fn by_meeting_id_and_passcode() {
    let mut stage = Stage::new();
    let open = stage.meeting(&[OLU]);
    let closed = stage.meeting_with(&[OLU], |schedule| schedule.passcode = true);
    let join = |stage: &mut Stage, meeting, passcode: Option<String>| {
        let id = stage.platform.meetings().get(meeting).unwrap().join_meeting_id.clone();
        stage.try_create(json!({"meetingInfo": {
            "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
            "joinMeetingId": id, "passcode": passcode,
        }}))
    };
    assert_eq!(join(&mut stage, open, None), "201 establishing");
    let passcode = stage.platform.meetings().get(closed).unwrap().passcode.clone();
    assert_eq!(join(&mut stage, closed, passcode), "201 establishing");
    assert_eq!(join(&mut stage, closed, None), "404 8561");
    assert_eq!(join(&mut stage, closed, Some("wrong".into())), "404 8561");
    let unknown = json!({"meetingInfo": {
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo", "joinMeetingId": "1",
    }});
    assert_eq!(stage.try_create(unknown), "404 8561");
}

/// a token suffices; it comes with an ad-hoc call.
#[test]
fn by_token() {
    let mut stage = Stage::new();
    let call = stage.create(json!({"targets": [user(DANA), user(KIM)]}));
    stage.secs(2);
    let at = stage.view(call).conference.unwrap();
    let coordinates = stage.platform.conference(at).unwrap().coordinates;
    let platform::Meeting::Token(token) = &coordinates.meeting else { panic!("{coordinates:?}") };
    let join = |token: &str| {
        json!({"meetingInfo": {
            "@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": token,
        }})
    };
    let leg = stage.create_as(HELPER, join(token));
    stage.secs(1);
    assert_eq!(stage.view(leg).conference, Some(at));
    assert_eq!(stage.ask(leg, CallVerb::ListParticipants), "200 [Bot, Dana, Kim, Helper]");
    assert_eq!(stage.try_create(join("made up")), "400 8526");
}

/// Who may join, and with what.
#[test]
fn permissions() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let place = stage.coordinates(meeting);
    let mut hosted = place.clone();
    hosted["mediaConfig"] = app_hosted();
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCall]);
    assert_eq!(stage.try_create(place.clone()), "201 establishing");
    assert_eq!(stage.try_create(hosted.clone()), "403 7504", "R-070");
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCall, Permission::AccessMedia]);
    assert_eq!(stage.try_create(hosted.clone()), "201 establishing");
    stage.grant(BOT, "Bot", &[Permission::InitiateGroupCall, Permission::Initiate]);
    assert_eq!(stage.try_create(place.clone()), "403 7504");
    // Consent in this one chat is as good.
    let thread = stage.platform.meetings().get(meeting).unwrap().thread.clone();
    let other = stage.meeting(&[OLU]);
    stage.application(BOT, "Bot", |application| {
        application.grants.clear();
        let grants = platform::ChatGrants { join: true, media: false };
        application.chats.insert(thread, grants);
    });
    assert_eq!(stage.try_create(place), "201 establishing");
    assert_eq!(stage.try_create(hosted), "403 7504");
    let elsewhere = stage.coordinates(other);
    assert_eq!(stage.try_create(elsewhere), "403 7504");
}

/// each join is a participant of its own.
#[test]
fn the_same_bot_several_times() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let (first, second) = (stage.join(meeting), stage.join(meeting));
    assert_ne!(stage.view(first).my_participant, stage.view(second).my_participant);
    assert_eq!(stage.ask(first, CallVerb::ListParticipants), "200 [Olu, Bot, Bot]");
    assert_eq!(stage.heard(first).last().unwrap(), "roster Olu, Bot, Bot");
    stage.heard(second);
    assert_eq!(stage.ask(first, CallVerb::Delete), "204");
    assert_eq!(stage.heard(second), ["roster Olu, Bot"]);
}

/// when all have left it ends; the meeting stays and can be joined anew.
#[test]
fn joining_again_makes_a_new_group_call() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let first = stage.joined(meeting);
    let (chain, at) = (stage.view(first).chain, stage.view(first).conference);
    stage.in_meeting(meeting, OLU, UserAct::HangUp).unwrap();
    assert_eq!(stage.heard(first), ["roster Bot", "ended 200/5010"]);
    let second = stage.joined(meeting);
    assert_ne!(second, first);
    assert_ne!(stage.view(second).conference, at);
    assert_ne!(stage.view(second).chain, chain);
    // Waiting alone for others is no reason to end.
    stage.secs(600);
    assert_eq!(stage.ask(second, CallVerb::ListParticipants), "200 [Bot]");
    stage.joins(meeting, DANA);
    assert_eq!(stage.heard(second), ["roster Bot, Dana"]);
}

/// the place of an ad-hoc call outlives it.
#[test]
fn an_ad_hoc_call_can_be_joined_again() {
    let mut stage = Stage::new();
    let call = stage.ring(DANA, &[platform::Who::Application(BOT), platform::Who::User(KIM)]);
    let call = call.unwrap();
    let coordinates = stage.view(call).coordinates.unwrap();
    let platform::Meeting::Organizer { user, .. } = &coordinates.meeting else { panic!() };
    let place = json!({
        "chatInfo": {"threadId": coordinates.chat.as_ref().unwrap().thread, "messageId": "0"},
        "meetingInfo": {
            "@odata.type": "#microsoft.graph.organizerMeetingInfo",
            "organizer": {"user": {"id": user.to_string()}},
        },
    });
    let leg = stage.create_as(HELPER, place.clone());
    stage.secs(2);
    assert_eq!(stage.ask(leg, CallVerb::ListParticipants), "200 [Dana, Helper, Kim]");
    for user in [DANA, KIM] {
        stage.acts(leg, user, UserAct::HangUp);
    }
    stage.secs(20);
    assert!(stage.is_empty());
    let again = stage.create_as(HELPER, place);
    stage.secs(1);
    assert_eq!(stage.ask(again, CallVerb::ListParticipants), "200 [Helper]");
}

/// Somebody ends it for all: 5001.
#[test]
fn the_meeting_is_ended_for_all() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    let (first, second) = (stage.joined(meeting), stage.join_as(HELPER, meeting, json!({})));
    stage.heard(first);
    stage.heard(second);
    stage.in_meeting(meeting, OLU, UserAct::EndMeeting).unwrap();
    assert_eq!(stage.heard(first), ["ended 200/5001"]);
    assert_eq!(stage.heard(second), ["ended 200/5001"]);
    assert!(stage.is_empty());
}

/// What people do in a meeting is done whether or not a bot is in it.
#[test]
fn acts_in_a_meeting_without_bots() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[]);
    assert!(stage.platform.conferences().next().is_none());
    assert!(stage.in_meeting(meeting, DANA, UserAct::Mute).is_err(), "not in it");
    assert!(stage.in_meeting(meeting, graph_api::Guid::from_u128(99), UserAct::Join).is_err());
    assert!(stage.platform.conferences().next().is_none(), "a refused act leaves nothing behind");
    for act in [UserAct::Join, UserAct::Mute, UserAct::StartVideo, UserAct::Share] {
        stage.in_meeting(meeting, DANA, act).unwrap();
    }
    let call = stage.join(meeting);
    assert_eq!(stage.heard(call)[2], "roster Dana (muted, video, shares), Bot");
    for act in [UserAct::Unmute, UserAct::StopVideo, UserAct::StopShare, UserAct::Hold] {
        stage.heard(call);
        stage.in_meeting(meeting, DANA, act).unwrap();
    }
    assert_eq!(stage.heard(call), ["roster Dana (holds), Bot"]);
    stage.in_meeting(meeting, DANA, UserAct::Resume).unwrap();
    assert_eq!(stage.heard(call), ["roster Dana, Bot"]);
}

/// A bot joins an empty meeting and leaves it: nothing is left behind.
#[test]
fn an_empty_meeting() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[]);
    let call = stage.joined(meeting);
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["terminating", "ended 200/5001"]);
    assert!(stage.is_empty());
}

/// the organizer is not there, and the bot joins all the same.
#[test]
fn without_the_host() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[DANA]);
    let mut members = stage.coordinates(meeting);
    members["meetingInfo"]["allowConversationWithoutHost"] = json!(false);
    let call = stage.create(members);
    stage.secs(1);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Dana, Bot]");
}
