//! Calls of a bot to several.

use graph_api::Guid;
use platform::{CallVerb, Permission, UserAct};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn group(targets: &[Guid]) -> Value {
    json!({"targets": targets.iter().map(|id| user(*id)).collect::<Vec<_>>()})
}

/// everybody is rung, and whoever picks up is in the roster.
#[test]
fn a_bot_calls_two_users() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, KIM]));
    assert_eq!(stage.heard(call), ["establishing"]);
    stage.secs(2);
    assert_eq!(
        stage.heard(call),
        ["established", "roster Bot", "audio on", "roster Bot, Dana", "roster Bot, Dana, Kim"]
    );
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Bot, Dana, Kim]");
    // no chat, but a token to join it by.
    let view = stage.view(call);
    let conference = stage.platform.conference(view.conference.unwrap()).unwrap();
    assert!(conference.coordinates.chat.is_none() && conference.meeting.is_none());
    assert_eq!(view.targets.len(), 2);
}

/// five is the most; R-064: and it needs its own permission.
#[test]
fn no_more_than_five_and_not_without_permission() {
    let mut stage = Stage::new();
    assert_eq!(stage.try_create(group(&[DANA, KIM, RAJ, SAM, OLU, NEIN])), "400 8523");
    assert_eq!(stage.try_create(group(&[DANA, Guid::from_u128(99)])), "400 8523");
    // nobody twice.
    assert_eq!(stage.try_create(group(&[DANA, DANA])), "400 8523");
    assert!(stage.is_empty(), "a refused request leaves nothing behind");
    assert_eq!(stage.try_create(group(&[DANA, KIM, RAJ, SAM, OLU])), "201 establishing");
    let mut others = Permission::CALLS.to_vec();
    others.retain(|permission| *permission != Permission::InitiateGroupCall);
    stage.grant(BOT, "Bot", &others);
    assert_eq!(stage.try_create(group(&[DANA, KIM])), "403 7504");
    assert_eq!(stage.try_create(group(&[DANA])), "201 establishing", "R-061: that is no group");
}

/// errors.md 3.1: 5013.
#[test]
fn nobody_joins() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[NEIN, TALKER, AWAY]));
    stage.secs(1);
    assert_eq!(stage.heard(call), ["establishing", "ended 200/5013"]);
    assert_eq!(stage.ask(call, CallVerb::Get), "404 8522");
    let call = stage.create(group(&[NEIN, SLEEPER]));
    stage.secs(59);
    assert_eq!(stage.heard(call), ["establishing", "established", "roster Bot", "audio on"]);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["ended 200/5013"]);
    assert!(stage.is_empty());
}

/// errors.md 3.1: 5010.
#[test]
fn the_last_person_leaves() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, KIM]));
    stage.secs(2);
    stage.heard(call);
    stage.acts(call, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Bot, Kim"]);
    stage.acts(call, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Bot", "ended 200/5010"]);
    assert_eq!(stage.ask(call, CallVerb::KeepAlive), "404 8522");
    assert!(stage.is_empty());
}

/// As long as somebody is on the way it is not over.
#[test]
fn somebody_who_is_still_rung_keeps_it_going() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, SLEEPER]));
    stage.secs(2);
    stage.acts(call, DANA, UserAct::HangUp);
    stage.heard(call);
    stage.acts(call, SLEEPER, UserAct::Answer);
    assert_eq!(stage.heard(call), ["roster Bot, Sleeper"]);
    assert!(stage.act(call, SLEEPER, UserAct::Answer).is_err(), "nobody is rung any more");
    stage.acts(call, SLEEPER, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Bot", "ended 200/5010"]);
}

/// the bot's own leg ends, with a code of its own; the people go on.
#[test]
fn the_bot_hangs_up() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, KIM]));
    stage.secs(2);
    stage.heard(call);
    let at = stage.view(call).conference.unwrap();
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["terminating", "ended 200/5001"]);
    assert_eq!(stage.platform.conference(at).unwrap().participants.len(), 2);
    assert_eq!(stage.ask(call, CallVerb::Delete), "404 8522", "R-158");
}

/// Before it is set up, and before anybody came.
#[test]
fn the_bot_hangs_up_at_once() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, KIM]));
    assert_eq!(stage.ask(call, CallVerb::Mute(body(json!({})))), "400 8501");
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["establishing", "ended 200/5001"]);
    stage.secs(120);
    assert_eq!(stage.heard(call), [""; 0], "nothing comes after the end");
}

/// nobody keeps it alive; the others go on.
#[test]
fn it_lapses() {
    let mut stage = Stage::new();
    let call = stage.create(group(&[DANA, KIM]));
    stage.secs(45 * 60 - 1);
    stage.heard(call);
    let at = stage.view(call).conference.unwrap();
    stage.secs(1);
    assert_eq!(stage.heard(call), ["ended 408/8537"]);
    assert!(stage.platform.conference(at).is_some());
}

/// A bot among those who are called is rung at its webhook, and told where.
#[test]
fn a_bot_is_called_too() {
    let mut stage = Stage::new();
    let call = stage.create(json!({"targets": [user(DANA), bot(HELPER)]}));
    let leg = stage.told_of().into_iter().find(|id| *id != call).unwrap();
    assert_eq!(stage.heard(leg), ["incoming from Bot +where"]);
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(2);
    assert_eq!(
        stage.heard(leg),
        [
            "establishing +where",
            "established +where",
            "roster Bot, Helper",
            "audio on",
            "roster Bot, Helper, Dana"
        ]
    );
    assert_eq!(stage.view(leg).chain, stage.view(call).chain, "R-088");
    stage.acts(call, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(leg), ["roster Bot, Helper", "ended 200/5010"]);
}

/// Where bots alone were called, and came, somebody did join.
#[test]
fn bots_among_themselves() {
    let mut stage = Stage::new();
    let call = stage.create(json!({"targets": [user(NEIN), bot(HELPER)]}));
    stage.heard(call);
    let leg = stage.told_of()[0];
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(2);
    assert_eq!(stage.heard(call), ["established", "roster Bot", "roster Bot, Helper", "audio on"]);
    assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["roster Bot", "ended 200/5013"]);
    assert!(stage.is_empty());
}

/// the header's id is the id of all legs.
#[test]
fn the_scenario_is_the_chain() {
    let mut stage = Stage::new();
    let scenario = Guid::from_u128(77);
    let caller = platform::Caller::application(BOT, TENANT, Permission::CALLS.into());
    let verb = create(&group(&[DANA, KIM]));
    let request = platform::Request { caller, scenario: Some(scenario), verb };
    let out = stage.feed(platform::Input::Request(Box::new(request)));
    let Some(Ok(platform::Accepted::Created(view))) = out.reply else { panic!("{out:?}") };
    assert_eq!(view.chain, scenario);
}
