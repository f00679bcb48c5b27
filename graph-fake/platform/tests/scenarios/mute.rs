//! Mute, unmute, muteAll.

use platform::{CallId, CallVerb, Options, Permission, UserAct};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn mute() -> CallVerb {
    CallVerb::Mute(body(json!({"clientContext": "mute-1"})))
}

fn unmute() -> CallVerb {
    CallVerb::Unmute(body(json!({})))
}

fn two_bots(stage: &mut Stage) -> (platform::MeetingId, CallId, CallId) {
    let meeting = stage.meeting(&[OLU, DANA]);
    let (call, other) = (stage.joined(meeting), stage.join_as(HELPER, meeting, json!({})));
    stage.heard(call);
    stage.heard(other);
    (meeting, call, other)
}

/// completed at once, everybody is told; R-214: a second time nobody is.
#[test]
fn the_bot_mutes_itself() {
    let mut stage = Stage::new();
    let (_, call, other) = two_bots(&mut stage);
    let muted = ["roster Olu, Dana, Bot (server-muted), Helper"];
    assert_eq!(stage.ask(call, mute()), "200 completed");
    assert_eq!(stage.heard(call), muted);
    assert_eq!(stage.heard(other), muted);
    assert_eq!(stage.ask(call, mute()), "200 completed");
    assert_eq!((stage.heard(call), stage.heard(other)), (vec![], vec![]));
    assert_eq!(stage.ask(call, unmute()), "200 completed");
    assert_eq!(stage.heard(other), ["roster Olu, Dana, Bot, Helper"]);
    stage.heard(call);
    assert_eq!(stage.ask(call, unmute()), "200 completed");
    assert_eq!((stage.heard(call), stage.heard(other)), (vec![], vec![]));
    assert_eq!(stage.ask(call, CallVerb::ListOperations), "200 4 operations");
    let long = body(json!({"clientContext": "x".repeat(257)}));
    assert_eq!(stage.ask(call, CallVerb::Mute(long)), "400 8523", "R-271");
}

/// a user whom a bot mutes; what the server muted stays muted.
#[test]
fn a_bot_mutes_somebody() {
    let mut stage = Stage::new();
    let (meeting, call, other) = two_bots(&mut stage);
    let dana = stage.id_of(call, "Dana");
    let verb = CallVerb::MuteParticipant(dana, body(json!({})));
    assert_eq!(stage.ask(call, verb.clone()), "200 completed");
    assert_eq!(stage.heard(other), ["roster Olu, Dana (server-muted), Bot, Helper"]);
    assert_eq!(stage.ask(other, verb.clone()), "200 completed");
    assert_eq!(stage.heard(other), [""; 0]);
    stage.in_meeting(meeting, DANA, UserAct::Unmute).unwrap();
    assert_eq!(stage.heard(other), [""; 0]);
    let helper = stage.view(other).my_participant;
    let verb_helper = CallVerb::MuteParticipant(helper, body(json!({})));
    assert_eq!(stage.ask(call, verb_helper), "200 completed");
    assert_eq!(stage.ask(other, unmute()), "200 completed");
    let told = stage.heard(other);
    assert_eq!(told.last().unwrap(), "roster Olu, Dana (server-muted), Bot, Helper");
    let gone = platform::ParticipantId(graph_api::Guid::from_u128(99));
    assert_eq!(stage.ask(call, CallVerb::MuteParticipant(gone, body(json!({})))), "404 8543");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.ask(call, verb), "403 7504", "R-041");
    assert_eq!(stage.ask(call, mute()), "200 completed", "R-035: not asked again");
}

/// A user whose own mute is on already is not told of twice.
#[test]
fn the_users_own_mute() {
    let mut stage = Stage::new();
    let (meeting, call, _) = two_bots(&mut stage);
    stage.in_meeting(meeting, DANA, UserAct::Mute).unwrap();
    assert_eq!(stage.heard(call), ["roster Olu, Dana (muted), Bot, Helper"]);
    stage.in_meeting(meeting, DANA, UserAct::Mute).unwrap();
    assert_eq!(stage.heard(call), [""; 0]);
}

/// everybody but the one who asks, or those who are named.
#[test]
fn mute_all() {
    let mut stage = Stage::new();
    let (meeting, call, other) = two_bots(&mut stage);
    let dana = stage.id_of(call, "Dana");
    let named = CallVerb::MuteAll(body(json!({"participants": [dana.to_string()]})));
    assert_eq!(stage.ask(call, named), "200 completed");
    assert_eq!(stage.heard(other), ["roster Olu, Dana (server-muted), Bot, Helper"]);
    let all = CallVerb::MuteAll(body(json!({})));
    assert_eq!(stage.ask(call, all.clone()), "200 completed");
    let told = ["roster Olu (server-muted), Dana (server-muted), Bot, Helper (server-muted)"];
    assert_eq!(stage.heard(other), told);
    stage.heard(call);
    assert_eq!(stage.ask(call, all), "200 completed");
    assert_eq!(stage.heard(call), [""; 0], "R-214");
    stage.joins(meeting, KIM);
    assert!(stage.heard(call)[0].ends_with("Kim"), "who comes later is not muted");
    for bad in ["x", "00000000-0000-0000-0000-000000000063"] {
        let verb = CallVerb::MuteAll(body(json!({"participants": [dana.to_string(), bad]})));
        assert_eq!(stage.ask(call, verb), "404 8543");
    }
    assert_eq!(stage.heard(call), [""; 0], "a refused request mutes nobody");
}

/// R-217, the other way.
#[test]
fn mute_all_with_the_bot() {
    let options = Options { mute_all_includes_bot: true, ..Options::default() };
    let mut stage = Stage::with(options);
    let (_, call, _) = two_bots(&mut stage);
    stage.ask(call, CallVerb::MuteAll(body(json!({}))));
    assert!(stage.heard(call)[0].contains("Bot (server-muted)"));
}

/// A user mutes the bot.
#[test]
fn somebody_mutes_the_bot() {
    let mut stage = Stage::new();
    let (_, call, other) = two_bots(&mut stage);
    stage.acts(call, OLU, UserAct::MuteBot);
    let told = ["roster Olu, Dana, Bot (server-muted), Helper"];
    assert_eq!(
        (stage.heard(call), stage.heard(other)),
        (told.map(str::to_owned).to_vec(), told.map(str::to_owned).to_vec())
    );
    assert!(stage.act(call, KIM, UserAct::MuteBot).is_err(), "only somebody who is there");
}

/// what a server-muted user says is heard by nobody, and the silence of a recording goes on.
#[test]
fn who_is_muted_is_not_heard() {
    for muted in [false, true] {
        let mut stage = Stage::new();
        let (meeting, call, _) = two_bots(&mut stage);
        if muted {
            let dana = stage.id_of(call, "Dana");
            let verb = CallVerb::MuteParticipant(dana, body(json!({})));
            assert_eq!(stage.ask(call, verb), "200 completed");
        }
        let record = json!({"playBeep": false, "initialSilenceTimeoutInSeconds": 5,
            "maxSilenceTimeoutInSeconds": 2});
        let record = CallVerb::Record(Box::new(body(record)));
        assert_eq!(stage.ask(call, record), "200 running");
        stage.heard(call);
        let speaks = UserAct::Speak(std::time::Duration::from_secs(1));
        stage.in_meeting(meeting, DANA, speaks).unwrap();
        stage.secs(4);
        let end = "#microsoft.graph.recordOperation completed 200/8509";
        let told = if muted { vec![] } else { vec![end] };
        assert_eq!(stage.heard(call), told, "{muted}");
    }
}
