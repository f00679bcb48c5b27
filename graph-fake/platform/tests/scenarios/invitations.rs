//! participants/invite in a group call.

use platform::{CallId, CallVerb, MeetingId, Permission, UserAct};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn at_table(stage: &mut Stage) -> (MeetingId, CallId) {
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    (meeting, call)
}

/// running, then one notification; the roster when they are in.
#[test]
fn somebody_comes() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Dana"]);
    stage.secs(120);
    assert_eq!(stage.heard(call), [""; 0]);
}

/// they do not, at once or after a minute.
#[test]
fn nobody_comes() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    for who in [NEIN, TALKER, AWAY] {
        assert_eq!(stage.ask(call, invite(&[user(who)])), "200 running");
        stage.secs(1);
        assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    }
    assert_eq!(stage.ask(call, invite(&[user(SLEEPER)])), "200 running");
    stage.secs(59);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    assert_eq!(stage.ask(call, invite(&[user(SLEEPER)])), "200 running");
    stage.acts(call, SLEEPER, UserAct::Answer);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Sleeper"]);
}

///
#[test]
fn refused() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    assert_eq!(stage.ask(call, invite(&[])), "400 8523");
    let six: Vec<_> = [DANA, KIM, RAJ, SAM, NEIN, TALKER].map(user).to_vec();
    assert_eq!(stage.ask(call, invite(&six)), "400 8523");
    assert_eq!(stage.ask(call, invite(&[user(graph_api::Guid::from_u128(99))])), "400 8523");
    assert_eq!(stage.ask(call, invite(&[json!({"identity": {}})])), "400 8523");
    assert_eq!(stage.ask(call, invite(&[user(OLU)])), "409 8519");
    assert_eq!(stage.ask(call, invite(&[user(DANA), user(DANA)])), "409 8519");
    assert_eq!(stage.ask(call, invite(&[user(SLEEPER)])), "200 running");
    assert_eq!(stage.ask(call, invite(&[user(SLEEPER)])), "409 8519");
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCall, Permission::Initiate]);
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "403 7504");
    stage.secs(2);
    assert_eq!(stage.heard(call), [""; 0]);
}

/// several, where there is a chat; the operation ends once.
#[test]
fn several() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    assert_eq!(stage.ask(call, invite(&[user(DANA), user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(
        stage.heard(call),
        ["roster Olu, Bot, Dana", "invite completed", "roster Olu, Bot, Dana, Kim"]
    );
    assert_eq!(stage.ask(call, invite(&[user(NEIN), user(RAJ)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(call), ["invite failed 412/9999", "roster Olu, Bot, Dana, Kim, Raj"]);
    // An ad-hoc call has no chat.
    let group = stage.create(json!({"targets": [user(DANA), user(KIM)]}));
    stage.secs(2);
    assert_eq!(stage.ask(group, invite(&[user(RAJ), user(SAM)])), "400 8523");
    assert_eq!(stage.ask(group, invite(&[user(RAJ)])), "200 running");
}

/// whom the bot talks to comes over, and that call ends.
#[test]
fn replacing_a_call() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let pair = stage.talk(DANA);
    let mut moved = user(DANA);
    moved["replacesCallId"] = json!(pair.to_string());
    assert_eq!(stage.ask(call, invite(&[moved.clone(), user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(pair), ["ended 200/5001"]);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Dana"]);
    assert_eq!(stage.ask(pair, CallVerb::Get), "404 8522");
    let other = stage.talk(RAJ);
    for (who, replaces) in [
        (KIM, other.to_string()), // Kim is not in that call
        (DANA, pair.to_string()), // and Dana's is over
        (RAJ, "x".to_owned()),
        (RAJ, call.to_string()),
    ] {
        let mut moved = user(who);
        moved["replacesCallId"] = json!(replaces);
        let code = if who == DANA { "409 8519" } else { "400 8523" };
        assert_eq!(stage.ask(call, invite(&[moved])), code);
    }
    assert_eq!(stage.ask(other, CallVerb::Get), "200 established");
}

/// a hidden one is not in the roster of others.
#[test]
fn hidden() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let mut hidden = bot(HELPER);
    hidden["hidden"] = json!(true);
    assert_eq!(stage.ask(call, invite(&[hidden])), "200 running");
    let leg = stage.told_of()[0];
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite completed"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
    assert_eq!(stage.ask(leg, CallVerb::ListParticipants), "200 [Olu, Bot, Helper]");
    let helper = stage.view(leg).my_participant;
    assert_eq!(stage.ask(call, CallVerb::GetParticipant(helper)), "404 8543");
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(helper)), "404 8543");
    stage.joins(meeting, DANA);
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Dana"]);
    assert_eq!(stage.ask(leg, CallVerb::Mute(body(json!({})))), "200 completed");
    assert_eq!(stage.heard(call), [""; 0], "what a hidden one does is not told either");
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), [""; 0]);
}

/// A bot that is invited is rung at its webhook, and in when it has answered.
#[test]
fn another_bot() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    assert_eq!(stage.ask(call, invite(&[bot(HELPER)])), "200 running");
    let leg = stage.told_of()[0];
    assert_eq!(stage.heard(leg), ["incoming from Bot +where"]);
    assert_eq!(stage.ask(leg, answer()), "202");
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite completed", "roster Olu, Bot, Helper"]);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    stage.heard(call);
    for (how, wait) in [(Some(CallVerb::Reject(body(json!({})))), 0), (None, 15)] {
        assert_eq!(stage.ask(call, invite(&[bot(HELPER)])), "200 running");
        let leg = stage
            .told_of()
            .into_iter()
            .find(|id| *id != call && stage.platform.call(*id).is_some())
            .unwrap();
        if let Some(verb) = how {
            stage.ask(leg, verb);
        }
        stage.secs(wait);
        assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    }
    stage.application(HELPER, "Helper", |application| application.callback_uri = None);
    assert_eq!(stage.ask(call, invite(&[bot(HELPER)])), "200 running");
    stage.secs(1);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"], "R-100");
}

/// The bot wishes for a roster id.
#[test]
fn a_wish_for_an_id() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let wish = "aaaaaaaa-0000-4000-8000-000000000001";
    let mut dana = user(DANA);
    dana["participantId"] = json!(wish);
    stage.ask(call, invite(&[dana]));
    stage.secs(2);
    assert_eq!(stage.id_of(call, "Dana").to_string(), wish);
    let mut kim = user(KIM);
    kim["participantId"] = json!(wish);
    assert_eq!(stage.ask(call, invite(&[kim])), "200 running");
    stage.secs(2);
    assert_ne!(stage.id_of(call, "Kim").to_string(), wish, "that one is taken");
}

/// whoever was invited by a bot that is gone still comes; nobody is told of the operation.
#[test]
fn the_bot_leaves_meanwhile() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let other = stage.join_as(HELPER, meeting, json!({}));
    assert_eq!(stage.ask(call, invite(&[user(DANA)])), "200 running");
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    stage.heard(call);
    stage.heard(other);
    stage.secs(2);
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(stage.heard(other), ["roster Olu, Helper, Dana"]);
}
