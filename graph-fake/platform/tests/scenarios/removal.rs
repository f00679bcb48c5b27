//! Removing participants.

use graph_api::Guid;
use platform::{CallVerb, Options, ParticipantId, Permission, UserAct};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// the tenant must allow it; R-198: at once, with the ordinary roster.
#[test]
fn a_bot_removes_a_user() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = stage.joined(meeting);
    let dana = stage.id_of(call, "Dana");
    stage.application(BOT, "Bot", |application| application.may_remove_participants = false);
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(dana)), "403 Forbidden");
    stage.application(BOT, "Bot", |_| {});
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(dana)), "204");
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(dana)), "404 8543", "R-200");
    assert_eq!(stage.ask(call, CallVerb::GetParticipant(dana)), "404 8543");
    let me = stage.view(call).my_participant;
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(me)), "400 8523", "R-199");
    let nobody = ParticipantId(Guid::from_u128(99));
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(nobody)), "404 8543");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    let olu = stage.id_of(call, "Olu");
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(olu)), "403 7504", "R-041");
    stage.application(BOT, "Bot", |_| {});
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(olu)), "204");
    assert_eq!(stage.heard(call), ["roster Bot", "ended 200/5010"]);
}

/// errors.md 3.3: a removed bot hears 5300.
#[test]
fn a_bot_removes_a_bot() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let (call, other) = (stage.joined(meeting), stage.join_as(HELPER, meeting, json!({})));
    stage.heard(call);
    stage.heard(other);
    let helper = stage.view(other).my_participant;
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(helper)), "204");
    assert_eq!(stage.heard(other), ["ended 200/5300"]);
    assert_eq!(stage.heard(call), ["roster Olu, Bot"]);
    assert_eq!(stage.ask(other, CallVerb::Get), "404 8522");
}

/// A user removes the bot.
#[test]
fn a_user_removes_the_bot() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    stage.acts(call, OLU, UserAct::RemoveBot);
    assert_eq!(stage.heard(call), ["ended 200/5300"]);
}

/// whoever is only invited is not rung any more.
#[test]
fn an_invitation_is_withdrawn() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    let wish = Guid::from_u128(0xabc);
    let mut who = user(SLEEPER);
    who["participantId"] = json!(wish.to_string());
    stage.ask(call, invite(&[who]));
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(ParticipantId(wish))), "204");
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    assert!(stage.act(call, SLEEPER, UserAct::Answer).is_err());
    // The same with a bot: its phone stops ringing.
    let mut who = bot(HELPER);
    who["participantId"] = json!(wish.to_string());
    stage.ask(call, invite(&[who]));
    let leg = stage.told_of()[0];
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(ParticipantId(wish))), "204");
    assert_eq!(stage.heard(leg), ["incoming from Bot +where", "ended 487/0"]);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
}

/// R-198, the other way: as quiet as the page.
#[test]
fn silently() {
    let options = Options { silent_removal: true, ..Options::default() };
    let mut stage = Stage::with(options);
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = stage.joined(meeting);
    let dana = stage.id_of(call, "Dana");
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(dana)), "204");
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Bot]");
    stage.joins(meeting, KIM);
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Kim"]);
}

/// After an escalation nobody is known by name, and nobody can be removed but who was invited by a wish.
#[test]
fn after_an_escalation() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    stage.ask(call, invite(&[user(KIM)]));
    stage.secs(2);
    let kim = stage.id_of(call, "Kim");
    assert_eq!(stage.ask(call, CallVerb::RemoveParticipant(kim)), "404 8543");
}

/// In a meeting no call says which bot is meant: the one that is there.
#[test]
fn a_user_removes_the_only_bot() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    assert!(stage.in_meeting(meeting, OLU, UserAct::RemoveBot).is_err(), "there is none");
    let (call, other) = (stage.joined(meeting), stage.join_as(HELPER, meeting, json!({})));
    stage.heard(other);
    assert!(stage.in_meeting(meeting, OLU, UserAct::MuteBot).is_err(), "which one?");
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    stage.heard(other);
    stage.in_meeting(meeting, OLU, UserAct::MuteBot).unwrap();
    assert_eq!(stage.heard(other), ["roster Olu, Dana, Helper (server-muted)"]);
    stage.in_meeting(meeting, DANA, UserAct::RemoveBot).unwrap();
    assert_eq!(stage.heard(other), ["ended 200/5300"]);
}
