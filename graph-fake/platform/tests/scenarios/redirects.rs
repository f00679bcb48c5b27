//! Redirects: users, voicemail and other bots; the first to pick up has the call.

use platform::{CallId, CallVerb, Event, Options, Permission, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn rung(stage: &mut Stage) -> CallId {
    let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
    stage.heard(call);
    call
}

/// What became of the caller: in words, and who answered.
fn outcome(stage: &Stage, origin: CallId) -> Vec<(&'static str, Option<Who>)> {
    let of_it = |event: &Event| {
        let Event::Redirected { call, how, to } = event else { return None };
        (*call == origin).then(|| (*how, to.clone()))
    };
    stage.events.iter().filter_map(of_it).collect()
}

/// the bot's own leg ends without a result, and hears no more.
#[test]
fn to_a_user() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(KIM)])), "202");
    assert_eq!(stage.heard(call), ["ended"]);
    assert_eq!(stage.ask(call, answer()), "404 8522");
    stage.secs(60);
    assert_eq!(outcome(&stage, call), [("a person answered", Some(Who::User(KIM)))]);
    assert_eq!(stage.heard(call), [""; 0]);
}

/// R-128, as in 2019.
#[test]
fn with_the_state_of_2019() {
    let mut stage = Stage::with(Options { shows_redirecting: true, ..Options::default() });
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(KIM)])), "202");
    assert_eq!(stage.heard(call), ["redirecting", "ended"]);
}

/// a voicemail picks up at once.
#[test]
fn to_a_voicemail() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    let mut voicemail = user(SLEEPER);
    voicemail["endpointType"] = json!("voicemail");
    assert_eq!(stage.ask(call, redirect(&[voicemail])), "202");
    stage.secs(1);
    assert_eq!(outcome(&stage, call), [("a person answered", Some(Who::User(SLEEPER)))]);
    let call = rung(&mut stage);
    let mut voicemail = bot(HELPER);
    voicemail["endpointType"] = json!("voicemail");
    assert_eq!(stage.ask(call, redirect(&[voicemail])), "400 8523");
    let mut odd = user(KIM);
    odd["endpointType"] = json!("fax");
    assert_eq!(stage.ask(call, redirect(&[odd])), "400 BadRequest");
}

/// To another bot: an ordinary incoming call that says whom it was for.
#[test]
fn to_another_bot() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    let chain = stage.view(call).chain;
    assert_eq!(stage.ask(call, redirect(&[bot(HELPER)])), "202");
    stage.heard(call);
    let leg = stage.told_of()[0];
    assert_eq!(stage.heard(leg), ["incoming from Dana for Bot"]);
    assert_eq!(stage.view(leg).chain, chain, "R-088");
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.heard(leg), ["establishing", "established", "audio on"]);
    assert_eq!(outcome(&stage, call), [("a bot answered", None)]);
    stage.acts(leg, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(leg), ["ended 200/4521"]);
}

/// all ring; a person is first, and the bots hear so.
#[test]
fn a_person_is_first() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    let targets = [user(NEIN), user(KIM), bot(HELPER), bot(BOT), user(SLEEPER)];
    assert_eq!(stage.ask(call, redirect(&targets)), "202");
    stage.heard(call);
    let legs = stage.told_of();
    assert_eq!(legs.len(), 2);
    stage.secs(2);
    for leg in legs {
        assert_eq!(stage.heard(leg), ["incoming from Dana for Bot", "ended 487/10003"]);
    }
    assert_eq!(outcome(&stage, call), [("a person answered", Some(Who::User(KIM)))]);
    stage.secs(100);
    assert_eq!(outcome(&stage, call).len(), 1);
}

/// a bot is first.
#[test]
fn a_bot_is_first() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(KIM), bot(HELPER), bot(BOT)])), "202");
    stage.heard(call);
    let legs = stage.told_of();
    let (first, second) = (legs[0], legs[1]);
    assert_eq!(stage.ask(second, CallVerb::Reject(body(json!({})))), "202");
    assert_eq!(stage.ask(first, answer()), "202");
    stage.secs(2);
    assert_eq!(stage.heard(second), ["incoming from Dana for Bot", "ended 603/0"]);
    assert_eq!(outcome(&stage, call), [("a bot answered", None)]);
    assert_eq!(stage.ask(first, CallVerb::Get), "200 established");
}

/// nobody answers; whoever lets it ring may be made to pick up.
#[test]
fn nobody_is_first() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(NEIN), user(SLEEPER)])), "202");
    stage.secs(59);
    assert_eq!(outcome(&stage, call), []);
    stage.secs(1);
    assert_eq!(outcome(&stage, call), [("nobody answered", None)], "R-126: 60 s for several");
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(NEIN), user(SLEEPER)])), "202");
    stage.secs(1);
    stage.acts(call, SLEEPER, UserAct::Answer);
    assert_eq!(outcome(&stage, call), [("a person answered", Some(Who::User(SLEEPER)))]);
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[user(SLEEPER)])), "202");
    stage.acts(call, SLEEPER, UserAct::Decline);
    assert_eq!(outcome(&stage, call), [("nobody answered", None)]);
    assert!(stage.is_empty());
}

/// A bot that is rung by a redirect and does not answer in time.
#[test]
fn a_bot_lets_it_ring() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[bot(HELPER)])), "202");
    stage.heard(call);
    let leg = stage.told_of()[0];
    stage.secs(15);
    assert_eq!(stage.heard(leg), ["incoming from Dana for Bot", "ended 408/8544"]);
    assert_eq!(outcome(&stage, call), [("nobody answered", None)]);
}

///
#[test]
fn refused() {
    let mut stage = Stage::new();
    let call = rung(&mut stage);
    assert_eq!(stage.ask(call, redirect(&[])), "400 8523");
    let many: Vec<_> = (0..26).map(|_| user(KIM)).collect();
    assert_eq!(stage.ask(call, redirect(&many)), "400 8523");
    assert_eq!(stage.ask(call, redirect(&[user(graph_api::Guid::from_u128(99))])), "400 8523");
    for timeout in [14, 91, -1] {
        let verb = body(json!({"targets": [user(KIM)], "timeout": timeout}));
        assert_eq!(stage.ask(call, CallVerb::Redirect(Box::new(verb))), "400 8523");
    }
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCall]);
    assert_eq!(stage.ask(call, redirect(&[user(KIM)])), "403 7504");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.ask(call, answer()), "202");
    assert_eq!(stage.ask(call, redirect(&[user(KIM)])), "400 8585");
}
