//! Redirects of what is not a person's call of two: an invitation to a group call, a recorder's, a
//! call of another bot. Whoever picks up gets what the bot was rung for.

use platform::{CallId, CallVerb, Event, OnCall, User, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// Another leg that was told of, and is not one of these.
fn another(stage: &Stage, but: &[CallId]) -> CallId {
    let told = stage.told_of();
    *told.iter().find(|leg| !but.contains(leg)).expect("a leg")
}

fn outcome(stage: &Stage, origin: CallId) -> Vec<&'static str> {
    let of_it = |event: &Event| {
        let Event::Redirected { call, how, .. } = event else { return None };
        (*call == origin).then_some(*how)
    };
    stage.events.iter().filter_map(of_it).collect()
}

/// The bot is in a meeting of Olu's and invites the helper.
fn invited(stage: &mut Stage) -> (CallId, CallId) {
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    assert_eq!(stage.ask(call, invite(&[bot(HELPER)])), "200 running");
    let leg = another(stage, &[call]);
    assert_eq!(stage.heard(leg), ["incoming from Bot +where"]);
    (call, leg)
}

/// a user comes in the helper's place, and the invitation has come to its end.
#[test]
pub fn an_invitation() {
    let mut stage = Stage::new();
    let (call, leg) = invited(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(KIM), user(NEIN)])), "202");
    assert_eq!(stage.heard(leg), ["ended"]);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Kim"]);
    assert_eq!(outcome(&stage, leg), ["a person answered"]);
    assert_eq!(stage.heard(leg), [""; 0], "R-129");
}

/// To a bot: an ordinary invitation that says whom it was for; R-032 asks its permission.
#[test]
fn an_invitation_to_a_bot() {
    let mut stage = Stage::new();
    stage.application(THIRD, "Third", |_| {});
    let (call, leg) = invited(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD), user(SLEEPER)])), "202");
    let third = another(&stage, &[leg, call]);
    assert_eq!(stage.heard(third), ["incoming from Bot +where for Helper"]);
    assert_eq!(stage.view(third).chain, stage.view(call).chain, "R-088");
    stage.grant(THIRD, "Third", &[]);
    assert_eq!(stage.ask(third, answer()), "403 7504");
    stage.application(THIRD, "Third", |_| {});
    assert_eq!(stage.ask(third, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Third"]);
    assert_eq!(
        stage.heard(third),
        ["establishing +where", "established +where", "roster Olu, Bot, Third", "audio on"]
    );
    stage.secs(100);
    assert_eq!(outcome(&stage, leg), ["a bot answered"]);
}

/// nobody comes, and whoever invited hears so; R-125: the bots that still ring hear that it was accepted
/// elsewhere.
#[test]
fn an_invitation_to_nobody() {
    let mut stage = Stage::new();
    let (call, leg) = invited(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(NEIN), user(SLEEPER)])), "202");
    stage.secs(59);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    // Whoever lets it ring may be made to decline, by the id of the leg that was redirected.
    assert_eq!(stage.ask(call, invite(&[bot(HELPER)])), "200 running");
    let leg = another(&stage, &[call, leg]);
    assert_eq!(stage.ask(leg, redirect(&[user(SLEEPER)])), "202");
    stage.acts(leg, SLEEPER, UserAct::Decline);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
}

/// not to somebody who is there; nor by somebody who is not rung any more.
#[test]
fn refused() {
    let mut stage = Stage::new();
    let (_, leg) = invited(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(OLU)])), "409 8519");
    assert_eq!(stage.ask(leg, redirect(&[bot(BOT)])), "409 8519");
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.ask(leg, redirect(&[user(KIM)])), "400 8585");
}

/// The meeting is over while somebody is looked for; and one more redirect on the way.
#[test]
fn called_off() {
    let mut stage = Stage::new();
    stage.application(THIRD, "Third", |_| {});
    let (call, leg) = invited(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD)])), "202");
    let third = another(&stage, &[leg, call]);
    assert_eq!(stage.ask(third, redirect(&[bot(HELPER), user(SLEEPER)])), "202");
    assert_eq!(stage.heard(third), ["incoming from Bot +where for Helper", "ended"]);
    let last = another(&stage, &[leg, call, third]);
    assert_eq!(stage.heard(last), ["incoming from Bot +where for Third"]);
    stage.acts(call, OLU, UserAct::EndMeeting);
    assert_eq!(stage.heard(last), ["ended 200/5001"]);
    stage.secs(100);
    assert!(stage.is_empty());
    assert_eq!(outcome(&stage, leg), ["called off"]);
}

/// A group call of users' and bots: one bot sends its invitation to a user, who is recorded and comes in so.
#[test]
fn a_group_call() {
    let mut stage = Stage::new();
    let answers = OnCall::Answer { after: std::time::Duration::from_secs(1) };
    stage.user(KIM, User { recorded_by: Some(HELPER), ..User::new("Kim", answers) });
    let leg = stage.ring(DANA, &[Who::Application(BOT), Who::User(RAJ)]).unwrap();
    assert_eq!(stage.ask(leg, redirect(&[user(KIM)])), "202");
    stage.heard(leg);
    stage.secs(2);
    let recorder = another(&stage, &[leg]);
    assert_eq!(stage.heard(recorder), ["incoming from Kim +where recording"]);
    assert_eq!(stage.ask(recorder, answer()), "202");
    stage.secs(1);
    let at = stage.view(recorder).conference.unwrap();
    let there = stage.platform.conference(at).unwrap();
    let names: Vec<_> = there.participants.iter().map(|p| p.person.name.as_str()).collect();
    assert_eq!(names, ["Dana", "Raj", "Kim", "Helper"]);
}

/// Dana's recorder sends its invitation on.
fn recorder(stage: &mut Stage) -> (CallId, CallId) {
    let answers = OnCall::Answer { after: std::time::Duration::from_secs(1) };
    stage.user(DANA, User { recorded_by: Some(HELPER), ..User::new("Dana", answers) });
    stage.application(THIRD, "Third", |_| {});
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.joins(meeting, DANA);
    let leg = another(stage, &[call]);
    stage.heard(leg);
    (call, leg)
}

/// the bot that picks up records, and Dana is in with it; only a bot can.
#[test]
pub fn a_recorder() {
    let mut stage = Stage::new();
    let (call, leg) = recorder(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(KIM)])), "400 8523");
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD)])), "202");
    assert_eq!(stage.heard(leg), ["ended"]);
    assert_eq!(stage.heard(call), [""; 0]);
    let third = another(&stage, &[call, leg]);
    assert_eq!(stage.heard(third), ["incoming from Dana +where recording for Helper"]);
    assert_eq!(stage.ask(third, answer()), "202");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana"]);
    stage.secs(1);
    let status = CallVerb::UpdateRecordingStatus(body(json!({"status": "recording"})));
    assert_eq!(stage.ask(third, status), "200 completed");
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana (recording by Third)"]);
    assert_eq!(stage.ask(third, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
}

/// it does not answer either, and Dana cannot come.
#[test]
fn no_recorder() {
    let mut stage = Stage::new();
    let (call, leg) = recorder(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD)])), "202");
    stage.heard(leg);
    let third = another(&stage, &[call, leg]);
    stage.secs(5);
    assert_eq!(
        stage.heard(third),
        ["incoming from Dana +where recording for Helper", "ended 408/8544"]
    );
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(outcome(&stage, leg), ["nobody answered"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
}

/// A bot calls the helper, which sends it on: to a user, to a bot, to nobody.
#[test]
pub fn a_bots_call() {
    let mut stage = Stage::new();
    stage.application(THIRD, "Third", |_| {});
    let rung = |stage: &mut Stage| {
        let caller = stage.create(json!({"targets": [bot(HELPER)]}));
        let leg = another(stage, &[caller]);
        stage.heard(caller);
        stage.heard(leg);
        (caller, leg)
    };
    let (caller, leg) = rung(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(KIM)])), "202");
    assert_eq!(stage.heard(leg), ["ended"]);
    stage.secs(2);
    assert_eq!(stage.heard(caller), ["established", "audio on"]);
    stage.acts(caller, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(caller), ["ended 200/4521"]);

    let (caller, leg) = rung(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD)])), "202");
    stage.heard(leg);
    let third = another(&stage, &[caller]);
    assert_eq!(stage.heard(third), ["incoming from Bot for Helper"]);
    assert_eq!(stage.ask(third, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.heard(caller), ["established", "audio on"]);
    assert_eq!(stage.heard(third), ["establishing", "established", "audio on"]);
    assert_eq!(stage.ask(third, CallVerb::Delete), "204");
    assert_eq!(stage.heard(caller), ["ended 200/4521"]);
    stage.heard(third);

    let (caller, leg) = rung(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[user(NEIN)])), "202");
    stage.heard(leg);
    stage.secs(1);
    assert_eq!(stage.heard(caller), ["ended 487/10004"]);

    let (caller, leg) = rung(&mut stage);
    assert_eq!(stage.ask(leg, redirect(&[bot(THIRD), user(SLEEPER)])), "202");
    stage.heard(leg);
    let third = another(&stage, &[caller]);
    assert_eq!(stage.ask(caller, CallVerb::Delete), "204");
    assert_eq!(stage.heard(third), ["incoming from Bot for Helper", "ended 487/0"]);
    assert_eq!(outcome(&stage, leg), ["the caller gave up"]);
    assert!(stage.is_empty());
}
