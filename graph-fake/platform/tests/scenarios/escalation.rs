//! Calls of two that become calls of several.

use platform::{CallVerb, Event, Options, Permission, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn without(permission: Permission) -> Vec<Permission> {
    Permission::CALLS.into_iter().filter(|one| *one != permission).collect()
}

/// told once where it is; no roster, ever.
#[test]
fn by_the_bot() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(call), ["audio off +where", "audio on", "invite completed"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 []");
    let view = stage.view(call);
    assert!(view.escalated);
    let at = stage.platform.conference(view.conference.unwrap()).unwrap();
    let names: Vec<_> = at.participants.iter().map(|p| p.person.name.as_str()).collect();
    assert_eq!(names, ["Dana", "Bot", "Kim"]);
    stage.acts(call, KIM, UserAct::Mute);
    stage.acts(call, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.acts(call, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["ended 200/5010"]);
}

/// not without InitiateGroupCall; a refusal changes nothing.
#[test]
fn refused_invitations_do_not_escalate() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    stage.grant(BOT, "Bot", &without(Permission::InitiateGroupCall));
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "403 7504");
    stage.grant(BOT, "Bot", &Permission::CALLS);
    for (refused, code) in [
        (vec![user(KIM), user(RAJ)], "400 8523"), // there is no chat
        (vec![user(DANA)], "409 8519"),
        (vec![bot(BOT)], "409 8519"),
        (vec![phone(NUMBER)], "400 8523"),
        (vec![], "400 8523"),
    ] {
        assert_eq!(stage.ask(call, invite(&refused)), code, "{refused:?}");
    }
    assert!(stage.view(call).conference.is_none());
    assert_eq!(stage.heard(call), [""; 0]);
    assert!(stage.platform.conferences().next().is_none());
}

/// the invite page's own word is a switch.
#[test]
fn where_invite_is_for_groups_only() {
    let options = Options { invite_escalates: false, ..Options::default() };
    let mut stage = Stage::with(options);
    let call = stage.talk(DANA);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "400 8548");
    assert!(stage.view(call).conference.is_none());
}

/// only an established call.
#[test]
fn not_before_it_is_established() {
    let mut stage = Stage::new();
    let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "400 8501");
    assert!(stage.act(call, DANA, UserAct::Invite(vec![Who::User(KIM)])).is_err());
    assert!(stage.platform.conferences().next().is_none());
}

/// a bot that may join group calls stays when the user brings somebody in.
#[test]
fn by_the_user() {
    let mut stage = Stage::new();
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCall]);
    let call = stage.talk(DANA);
    stage.acts(call, DANA, UserAct::Invite(vec![Who::User(KIM), Who::User(NEIN)]));
    stage.secs(2);
    assert_eq!(stage.heard(call), ["audio off +where", "audio on"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 []");
    assert_eq!(stage.ask(call, CallVerb::KeepAlive), "200");
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["terminating", "ended 200/5001"]);
}

/// one that may not is dropped, and the journal says why.
#[test]
fn the_bot_is_dropped() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    let at_first = stage.platform.conferences().count();
    stage.grant(BOT, "Bot", &without(Permission::JoinGroupCall));
    stage.acts(call, DANA, UserAct::Invite(vec![Who::User(KIM)]));
    assert_eq!(stage.heard(call), ["audio off +where", "ended 403/7504"]);
    let dropped = |event: &&Event| matches!(event, Event::Dropped { call: id, .. } if *id == call);
    assert_eq!(stage.events.iter().filter(dropped).count(), 1);
    stage.secs(2);
    assert_eq!(stage.platform.conferences().count(), at_first + 1, "the people talk on");
    assert_eq!(stage.heard(call), [""; 0]);
}

/// R-180, the other way.
#[test]
fn where_guests_survive() {
    let options = Options { guest_survives_escalation: true, ..Options::default() };
    let mut stage = Stage::with(options);
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCallAsGuest]);
    let call = stage.talk(DANA);
    stage.acts(call, DANA, UserAct::Invite(vec![Who::User(KIM)]));
    assert_eq!(stage.ask(call, CallVerb::Get), "200 established");
}

/// the bot hides from others once its call has escalated.
#[test]
fn a_bot_that_hides() {
    let mut stage = Stage::new();
    let call = stage.create(json!({
        "targets": [user(DANA)], "callOptions": {"hideBotAfterEscalation": true},
    }));
    stage.secs(2);
    stage.heard(call);
    stage.ask(call, invite(&[bot(HELPER)]));
    let leg = stage.told_of().into_iter().find(|id| *id != call).unwrap();
    assert_eq!(stage.ask(leg, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.ask(leg, CallVerb::ListParticipants), "200 [Dana, Helper]");
    let shown = stage.heard(leg);
    assert_eq!(shown[3], "roster Dana, Helper");
    assert_eq!(stage.heard(call), ["audio off +where", "audio on", "invite completed"]);
}

/// The user can invite only those who are not there yet.
#[test]
fn nobody_twice() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    for whom in [vec![], vec![Who::User(DANA)], vec![Who::User(KIM), Who::User(KIM)]] {
        assert!(stage.act(call, DANA, UserAct::Invite(whom.clone())).is_err(), "{whom:?}");
    }
    assert!(stage.view(call).conference.is_none());
    stage.acts(call, DANA, UserAct::Invite(vec![Who::User(KIM)]));
    assert!(stage.act(call, DANA, UserAct::Invite(vec![Who::User(KIM)])).is_err());
    stage.secs(2);
    stage.acts(call, KIM, UserAct::Invite(vec![Who::User(RAJ)]));
}
