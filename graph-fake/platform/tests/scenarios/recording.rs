//! Recording policies (R-290 to R-294, notifications.md 3.14).

use platform::{CallId, CallVerb, JoinAnswer, MeetingId, OnCall, User, UserAct, Who};
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

/// Dana is recorded by a leg that takes one more; Kim has the same recorder. The bot's leg and the recorder's.
fn with_room(stage: &mut Stage) -> (MeetingId, CallId, CallId) {
    record(stage, KIM, "Kim");
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = recorder(stage);
    assert_eq!(stage.ask(leg, answer_with(&json!({"participantCapacity": 1}))), "202");
    stage.secs(1);
    stage.heard(leg);
    stage.heard(call);
    (meeting, call, leg)
}

fn recorders(stage: &Stage) -> usize {
    stage.platform.calls().filter(|call| call.observation.is_some()).count()
}

/// a leg with room is asked whether it takes another user of the same policy.
#[test]
fn there_is_room_for_more() {
    let mut stage = with_policy();
    let (meeting, call, leg) = with_room(&mut stage);
    stage.joins(meeting, KIM);
    assert_eq!(stage.heard(leg)[0], "joining Kim");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana, Kim"]);
    assert_eq!(recorders(&stage), 1, "no leg of its own");
    // Nobody else fits: the next one gets a leg of its own.
    record(&mut stage, RAJ, "Raj");
    stage.joins(meeting, RAJ);
    assert_eq!(recorders(&stage), 2);
    // One of the two leaves, the leg goes on for the other.
    stage.heard(leg);
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(stage.heard(leg)[0], "left");
    assert_eq!(stage.ask(leg, CallVerb::Get), "200 established");
    // The leg ends, and so must Kim.
    stage.heard(call);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
}

/// The recorder ends while it records two: both must go.
#[test]
fn both_go_with_the_recorder() {
    let mut stage = with_policy();
    let (meeting, call, leg) = with_room(&mut stage);
    stage.joins(meeting, KIM);
    stage.heard(call);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call).last().unwrap(), "roster Olu, Bot");
}

/// refused, unreadable, or not answered: that user cannot come, the others are recorded on; and
/// the place is free for the next.
#[test]
fn the_recorder_will_not_take_another() {
    let nowhere = JoinAnswer::InviteNewBot("ftp://x".to_owned());
    for answer in [JoinAnswer::Reject, JoinAnswer::Unreadable, nowhere] {
        let mut stage = with_policy();
        let (meeting, call, leg) = with_room(&mut stage);
        stage.joining = Some(answer);
        stage.joins(meeting, KIM);
        assert_eq!(stage.heard(leg), ["joining Kim"]);
        assert_eq!(stage.heard(call), [""; 0]);
        assert_eq!(stage.ask(leg, CallVerb::Get), "200 established");
        stage.joining = Some(JoinAnswer::Accept);
        stage.joins(meeting, KIM);
        assert_eq!(stage.heard(leg)[0], "joining Kim");
        assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana, Kim"]);
        assert_eq!(recorders(&stage), 1);
    }
}

/// five seconds.
#[test]
fn the_recorder_says_nothing() {
    let mut stage = with_policy();
    let (meeting, call, leg) = with_room(&mut stage);
    stage.silent.push(HELPER);
    stage.joins(meeting, KIM);
    assert_eq!(stage.heard(leg), ["joining Kim"]);
    stage.secs(6);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot, Dana]");
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
}

/// `inviteNewBotResponse`: an ordinary incoming call to that address.
#[test]
fn another_recorder_is_invited() {
    let mut stage = with_policy();
    let (meeting, call, leg) = with_room(&mut stage);
    stage.joining = Some(JoinAnswer::InviteNewBot("https://second.example/calls".to_owned()));
    stage.joins(meeting, KIM);
    stage.heard(leg);
    let second = recorder(&stage);
    assert_ne!(second, leg);
    assert_eq!(&*stage.view(second).callback_uri, "https://second.example/calls");
    assert_eq!(stage.heard(second), ["incoming from Kim +where recording"]);
    assert_eq!(stage.ask(second, answer()), "202");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana, Kim"]);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call).last().unwrap(), "roster Olu, Bot, Kim");
}

/// of a call between two nobody stays behind, whoever is recorded: declined, busy, not answered, given up, or
/// hung up.
#[test]
pub fn the_callee_does_not_come() {
    for callee in [NEIN, TALKER, AWAY, SLEEPER] {
        let mut stage = with_policy();
        let leg = stage.ring(DANA, &[Who::User(callee)]).unwrap();
        // Who is away or busy says so before the recorder has answered.
        stage.ask(leg, answer());
        stage.secs(61);
        assert_eq!(stage.heard(leg).last().unwrap(), "ended 200/5010", "{callee}");
        assert!(stage.is_empty(), "{callee}");
    }
    let mut stage = with_policy();
    let leg = stage.ring(DANA, &[Who::User(SLEEPER)]).unwrap();
    stage.acts(leg, SLEEPER, UserAct::Decline);
    assert_eq!(stage.heard(leg).last().unwrap(), "ended 200/5010", "before the recorder is there");
    assert!(stage.is_empty());
    let leg = stage.ring(KIM, &[Who::User(DANA)]).unwrap();
    assert_eq!(stage.ask(leg, CallVerb::Reject(body(json!({})))), "202");
    assert!(stage.is_empty(), "Dana cannot come, and Kim is alone");
    let leg = stage.ring(KIM, &[Who::User(DANA)]).unwrap();
    stage.acts(leg, KIM, UserAct::HangUp);
    assert!(stage.is_empty(), "given up");
    let leg = stage.ring(DANA, &[Who::User(KIM)]).unwrap();
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(2);
    stage.acts(leg, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(leg).last().unwrap(), "ended 200/5010");
    assert!(stage.is_empty());
    // With a third it is a call of several, which goes on.
    let leg = stage.ring(DANA, &[Who::User(KIM)]).unwrap();
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(2);
    stage.acts(leg, DANA, UserAct::Invite(vec![Who::User(RAJ)]));
    stage.secs(2);
    stage.acts(leg, KIM, UserAct::HangUp);
    assert_eq!(stage.ask(leg, CallVerb::Get), "200 established");
}
