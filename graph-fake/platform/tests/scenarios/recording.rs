//! Recording policies (R-290 to R-294, notifications.md 3.14).

use platform::{CallId, CallVerb, JoinAnswer, OnCall, User, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// Dana's calls are recorded by the helper.
fn with_policy() -> Stage {
    let mut stage = Stage::new();
    record(&mut stage, DANA, "Dana");
    stage
}

fn record(stage: &mut Stage, user: graph_api::Guid, name: &str) {
    let answers = OnCall::Answer { after: std::time::Duration::from_secs(1) };
    let entry = User { recorded_by: Some(HELPER), ..User::new(name, answers) };
    stage.user(user, entry);
}

/// The leg of the recorder that was told of most lately.
fn recorder(stage: &Stage) -> CallId {
    let legs = stage.platform.calls().filter(|call| call.observation.is_some());
    legs.map(|call| call.id).find(|id| stage.told_of().contains(id)).expect("a recorder")
}

/// the user is in when the recorder has answered, not before; the recorder is not shown.
#[test]
fn into_a_meeting() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    assert_eq!(stage.heard(call), [""; 0], "not yet");
    let leg = recorder(&stage);
    assert_eq!(stage.heard(leg), ["incoming from Dana +where recording"]);
    let observation = stage.view(leg).observation.unwrap();
    assert_eq!(
        (observation.user, observation.observed),
        (DANA, stage.view(leg).source.participant)
    );
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana"]);
    stage.secs(1);
    assert_eq!(stage.heard(call), [""; 0], "R-228: a recorder is nobody");
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot, Dana]");
    stage.heard(leg);
    // recording shows in the roster.
    let status = |text: &str| CallVerb::UpdateRecordingStatus(body(json!({"status": text})));
    assert_eq!(stage.ask(leg, status("recording")), "200 completed");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana (recording by Helper)"]);
    assert_eq!(stage.ask(leg, status("recording")), "200 completed");
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(stage.ask(leg, status("humming")), "400 BadRequest");
    assert_eq!(stage.ask(call, status("recording")), "400 8506", "R-291");
    assert_eq!(stage.ask(leg, invite(&[user(KIM)])), "400 8556");
    // Whoever is recorded leaves: there is nothing left to record.
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(stage.heard(leg).last().unwrap(), "ended 200/5010");
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
}

/// five seconds, then the user cannot come.
#[test]
fn the_recorder_does_not_answer() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    stage.secs(4);
    assert_eq!(stage.heard(leg).len(), 1);
    stage.secs(1);
    assert_eq!(stage.heard(leg), ["ended 408/8544"]);
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, CallVerb::Reject(body(json!({})))), "202");
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
}

/// the recorder leaves, and so must the user.
#[test]
fn the_recorder_leaves() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(1);
    stage.heard(call);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
    assert!(stage.in_meeting(meeting, DANA, UserAct::Mute).is_err());
}

/// not longer than a day.
#[test]
fn a_day_is_enough() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer()), "202");
    for _ in 0..(24 * 2 - 1) {
        stage.secs(1_800);
        assert_eq!(stage.ask(leg, CallVerb::KeepAlive), "200");
    }
    stage.heard(leg);
    stage.secs(1_800);
    assert_eq!(stage.heard(leg), ["ended 200/5001"]);
}

/// Where there is no recorder that could be rung, whoever needs one stays out.
#[test]
fn no_recorder_no_call() {
    let mut stage = with_policy();
    stage.application(HELPER, "Helper", |application| application.callback_uri = None);
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    assert!(stage.in_meeting(meeting, DANA, UserAct::Join).is_err());
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    assert!(stage.ring(DANA, &[Who::User(KIM)]).is_err());
    assert!(stage.ring(KIM, &[Who::User(DANA)]).is_err());
    assert!(stage.ring(DANA, &[Who::Application(BOT), Who::User(KIM)]).is_err());
    assert_eq!(stage.platform.conferences().count(), 1);
}

/// A bot invites somebody who is recorded: picked up and recorder there, in either order.
#[test]
fn an_invited_user_is_recorded() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    let leg = recorder(&stage);
    stage.secs(2);
    assert_eq!(stage.heard(call), [""; 0], "picked up, but not recorded yet");
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Dana"]);
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    stage.heard(leg);
    stage.heard(call);
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Dana"]);
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    stage.heard(leg);
    stage.heard(call);
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    let leg = recorder(&stage);
    stage.acts(call, DANA, UserAct::Decline);
    assert_eq!(stage.heard(leg), ["incoming from Dana +where recording", "ended 487/0"]);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
}

/// A call between two users, one of whom is recorded: a bot sees something of it only so.
#[test]
fn a_call_between_users() {
    let mut stage = with_policy();
    let leg = stage.ring(KIM, &[Who::User(DANA)]).unwrap();
    assert_eq!(stage.heard(leg), ["incoming from Dana +where recording with Kim"]);
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(2);
    assert_eq!(stage.ask(leg, CallVerb::Get), "200 established");
    stage.acts(leg, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(leg).last().unwrap(), "ended 200/5010");
    let leg = stage.ring(DANA, &[Who::User(KIM)]).unwrap();
    assert_eq!(stage.heard(leg), ["incoming from Dana +where recording with Kim"]);
    assert!(stage.ring(KIM, &[Who::User(RAJ)]).is_err());
}

/// A recorded user calls a bot and others: their recorder is rung too.
#[test]
fn a_recorded_user_begins_a_group_call() {
    let mut stage = with_policy();
    let call = stage.ring(DANA, &[Who::Application(BOT), Who::User(KIM)]).unwrap();
    let leg = recorder(&stage);
    assert_ne!(leg, call);
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(2);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Bot, Kim]");
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Bot, Kim, Dana]");
}

/// endpoints.md 1.5: the token of a recorder's invitation opens the same call again.
#[test]
fn the_recorders_token() {
    let mut stage = with_policy();
    let meeting = stage.meeting(&[OLU]);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer()), "202");
    let coordinates = stage.view(leg).coordinates.unwrap();
    let platform::Meeting::Token(token) = &coordinates.meeting else { panic!() };
    let again = stage.create_as(
        HELPER,
        json!({"meetingInfo": {
            "@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": token,
        }}),
    );
    assert_eq!(stage.view(again).conference, stage.view(leg).conference);
}

/// a leg with room is asked whether it takes another user of the same policy.
#[test]
fn there_is_room_for_more() {
    let mut stage = with_policy();
    record(&mut stage, KIM, "Kim");
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer_with(&json!({"participantCapacity": 1}))), "202");
    stage.secs(1);
    stage.heard(leg);
    stage.heard(call);
    stage.joins(meeting, KIM);
    assert_eq!(stage.heard(leg), ["joining Kim", "roster Olu, Bot, Dana, Helper, Kim"]);
    let legs = stage.platform.calls().filter(|call| call.observation.is_some()).count();
    assert_eq!(legs, 1, "no leg of its own");
}

/// who is not taken, by any of the three ways of not taking somebody, is not in; the place is free
/// for the next. R-294: a body that is none of the three counts as such.
#[test]
fn there_is_no_room_after_all() {
    for refuses in [Some(JoinAnswer::Reject), Some(JoinAnswer::Unreadable), None] {
        let mut stage = with_policy();
        record(&mut stage, KIM, "Kim");
        let meeting = stage.meeting(&[OLU]);
        let call = stage.joined(meeting);
        stage.joins(meeting, DANA);
        let leg = recorder(&stage);
        assert_eq!(stage.ask(leg, answer_with(&json!({"participantCapacity": 1}))), "202");
        stage.secs(1);
        stage.heard(leg);
        stage.heard(call);
        stage.joining = refuses.clone();
        stage.joins(meeting, KIM);
        stage.secs(6);
        assert_eq!(stage.heard(leg), ["joining Kim"], "{refuses:?}");
        assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot, Dana]");
        stage.joining = Some(JoinAnswer::Accept);
        stage.joins(meeting, KIM);
        assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot, Dana, Kim]");
    }
}

/// an invitation fails, and the bot that invited is told nothing else.
#[test]
fn an_invitation_without_room() {
    let mut stage = with_policy();
    record(&mut stage, KIM, "Kim");
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = recorder(&stage);
    assert_eq!(stage.ask(leg, answer_with(&json!({"participantCapacity": 1}))), "202");
    stage.secs(1);
    stage.heard(call);
    stage.joining = Some(JoinAnswer::Unreadable);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
}
