//! Calls between bots: one call with two legs.

use platform::{CallId, CallVerb, Event, Permission, UserAct};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn pair(stage: &mut Stage) -> (CallId, CallId) {
    let caller = stage.create(json!({"targets": [bot(HELPER)]}));
    let callee = stage.told_of().into_iter().find(|id| *id != caller).unwrap();
    (caller, callee)
}

/// Both legs have the same chain, and know each other by the same participant ids.
#[test]
fn answered_and_hung_up() {
    let mut stage = Stage::new();
    let (caller, callee) = pair(&mut stage);
    let (here, there) = (stage.view(caller), stage.view(callee));
    assert_eq!(here.chain, there.chain);
    assert_eq!(here.targets[0].participant, there.my_participant);
    assert_eq!(there.source.participant, here.my_participant);
    assert_eq!(stage.ask(callee, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.heard(caller), ["establishing", "established", "audio on"]);
    assert_eq!(
        stage.heard(callee),
        ["incoming from Bot", "establishing", "established", "audio on"]
    );
    assert_eq!(stage.ask(caller, CallVerb::Delete), "204");
    assert_eq!(stage.heard(caller), ["terminating", "ended 200/7000"]);
    assert_eq!(stage.heard(callee), ["ended 200/4521"]);
    assert!(stage.is_empty());
}

/// Refused, not answered in time, given up.
#[test]
fn not_answered() {
    let mut stage = Stage::new();
    let (caller, callee) = pair(&mut stage);
    assert_eq!(stage.ask(callee, CallVerb::Reject(body(json!({"reason": "busy"})))), "202");
    assert_eq!(stage.heard(caller), ["establishing", "ended 486/8539"]);
    stage.heard(callee);
    let (caller, callee) = pair(&mut stage);
    stage.secs(15);
    assert_eq!(stage.heard(callee), ["incoming from Bot", "ended 408/8544"]);
    assert_eq!(stage.heard(caller), ["establishing", "ended 408/8544"]);
    let (caller, callee) = pair(&mut stage);
    assert_eq!(stage.ask(caller, CallVerb::Delete), "204");
    assert_eq!(stage.heard(callee), ["incoming from Bot", "ended 487/0"]);
    assert_eq!(stage.heard(caller), ["establishing", "ended 200/7000"]);
    assert!(stage.is_empty());
}

/// A bot without a webhook cannot be rung, one that is not there cannot be called.
#[test]
fn not_reachable() {
    let mut stage = Stage::new();
    stage.application(HELPER, "Helper", |application| application.callback_uri = None);
    let call = stage.create(json!({"targets": [bot(HELPER)]}));
    stage.secs(1);
    assert_eq!(stage.heard(call), ["establishing", "ended 480/10037"]);
    let nobody = json!({"targets": [bot(graph_api::Guid::from_u128(99))]});
    assert_eq!(stage.try_create(nobody), "400 8523");
}

/// Two bots talk.
fn talking(stage: &mut Stage) -> (CallId, CallId) {
    let (caller, callee) = pair(stage);
    assert_eq!(stage.ask(callee, answer()), "202");
    stage.secs(1);
    stage.heard(caller);
    stage.heard(callee);
    (caller, callee)
}

/// one of the two brings a user in, and both are in the conference.
#[test]
pub fn escalated() {
    let mut stage = Stage::new();
    let (caller, callee) = talking(&mut stage);
    assert_eq!(stage.ask(caller, invite(&[user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(caller), ["audio off +where", "audio on", "invite completed"]);
    assert_eq!(stage.heard(callee), ["audio off +where", "audio on"]);
    let (here, there) = (stage.view(caller), stage.view(callee));
    assert_eq!(here.conference, there.conference);
    assert!(here.escalated && there.escalated);
    for leg in [caller, callee] {
        assert_eq!(stage.ask(leg, CallVerb::ListParticipants), "200 []");
    }
    let at = stage.platform.conference(here.conference.unwrap()).unwrap();
    let names: Vec<_> = at.participants.iter().map(|p| p.person.name.as_str()).collect();
    assert_eq!(names, ["Helper", "Bot", "Kim"]);
    // from now on each hangs up for itself.
    assert_eq!(stage.ask(caller, CallVerb::Delete), "204");
    assert_eq!(stage.heard(caller), ["terminating", "ended 200/5001"]);
    assert_eq!(stage.ask(callee, CallVerb::Get), "200 established");
    stage.acts(callee, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(callee), ["ended 200/5010"]);
    assert!(stage.is_empty());
}

/// for the other bot it is somebody else who escalates.
#[test]
pub fn the_other_bot_may_not_stay() {
    let mut stage = Stage::new();
    let (caller, callee) = talking(&mut stage);
    stage.grant(HELPER, "Helper", &[Permission::Initiate, Permission::JoinGroupCallAsGuest]);
    assert_eq!(stage.ask(caller, invite(&[user(KIM)])), "200 running");
    assert_eq!(stage.heard(callee), ["audio off +where", "ended 403/7504"]);
    let dropped = |event: &&Event| matches!(event, Event::Dropped { call, .. } if *call == callee);
    assert_eq!(stage.events.iter().filter(dropped).count(), 1);
    stage.secs(2);
    assert_eq!(stage.heard(caller), ["audio off +where", "audio on", "invite completed"]);
    let view = stage.view(caller);
    let at = stage.platform.conference(view.conference.unwrap()).unwrap();
    let names: Vec<_> = at.participants.iter().map(|p| p.person.name.as_str()).collect();
    assert_eq!(names, ["Bot", "Kim"]);
}

/// Whom both of them are left with: nobody.
#[test]
fn escalated_for_nothing() {
    let mut stage = Stage::new();
    let (caller, callee) = talking(&mut stage);
    assert_eq!(stage.ask(caller, invite(&[user(NEIN)])), "200 running");
    stage.secs(1);
    assert_eq!(stage.heard(caller), ["audio off +where", "invite failed 412/9999", "audio on"]);
    assert_eq!(stage.ask(callee, CallVerb::Get), "200 established", "two bots may talk on");
    assert_eq!(stage.ask(callee, CallVerb::Delete), "204");
    assert_eq!(stage.heard(caller), ["ended 200/5013"]);
    assert!(stage.is_empty());
}

/// not while one of the two is leaving.
#[test]
fn not_while_the_other_is_transferred() {
    let mut stage = Stage::new();
    let (caller, callee) = talking(&mut stage);
    let target = body(json!({"transferTarget": user(KIM)}));
    assert_eq!(stage.ask(callee, CallVerb::Transfer(Box::new(target))), "202");
    assert_eq!(stage.ask(caller, invite(&[user(DANA)])), "409 8607");
}
