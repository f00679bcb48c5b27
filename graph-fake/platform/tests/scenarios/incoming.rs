//! Bots that are invited to group calls.

use graph_api::Guid;
use platform::{Act, CallId, CallVerb, Input, MeetingId, Permission, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

fn invited(stage: &mut Stage, meeting: MeetingId, app: Guid) -> CallId {
    let act = Act::InviteToMeeting { meeting, app, by: None, call: None };
    stage.feed(Input::Act(act)).acted.unwrap().unwrap()
}

/// notifications.md 3.2: with chat and meeting; the roster comes once it is in.
#[test]
fn answered() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = invited(&mut stage, meeting, BOT);
    let view = stage.view(call);
    assert!(view.coordinates.unwrap().chat.is_some());
    assert_eq!(view.targets[0].participant, view.my_participant);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 []", "R-206: not yet");
    assert_eq!(stage.ask(call, answer()), "202");
    assert_eq!(stage.ask(call, answer()), "409 8519", "R-110");
    stage.secs(1);
    assert_eq!(
        stage.heard(call),
        [
            "incoming from Olu +where",
            "establishing +where",
            "established +where",
            "roster Olu, Dana, Bot",
            "audio on"
        ]
    );
    assert_eq!(stage.id_of(call, "Bot"), stage.view(call).my_participant);
}

/// answering needs JoinGroupCall or …AsGuest; R-033: refusing needs nothing.
#[test]
fn permission_to_answer() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = invited(&mut stage, meeting, BOT);
    stage.grant(BOT, "Bot", &[Permission::Initiate, Permission::InitiateGroupCall]);
    assert_eq!(stage.ask(call, answer()), "403 7504");
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCallAsGuest]);
    assert_eq!(stage.ask(call, answer()), "202");
    let call = invited(&mut stage, meeting, BOT);
    stage.grant(BOT, "Bot", &[]);
    assert_eq!(stage.ask(call, answer()), "403 7504");
    assert_eq!(stage.ask(call, CallVerb::Reject(body(json!({})))), "202");
    // A call of one user is free.
    let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
    assert_eq!(stage.ask(call, answer()), "202");
}

/// the meeting goes on without it.
#[test]
fn refused() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let host = stage.join_as(HELPER, meeting, json!({}));
    stage.heard(host);
    let call = invited(&mut stage, meeting, BOT);
    assert_eq!(stage.ask(call, CallVerb::Reject(body(json!({"reason": "Busy"})))), "202");
    assert_eq!(stage.heard(call), ["incoming from Olu +where", "ended 486/8539"]);
    let call = invited(&mut stage, meeting, BOT);
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["incoming from Olu +where", "ended 603/0"]);
    assert_eq!(stage.heard(host), [""; 0], "who never came never left");
}

///
#[test]
fn ignored() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = invited(&mut stage, meeting, BOT);
    stage.secs(14);
    assert_eq!(stage.heard(call), ["incoming from Olu +where"]);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["ended 408/8544"]);
    stage.silent.push(BOT);
    let call = invited(&mut stage, meeting, BOT);
    stage.secs(4);
    assert!(stage.platform.call(call).is_some());
    stage.secs(1);
    assert!(stage.platform.call(call).is_none());
}

/// nothing inside before it is in.
#[test]
fn not_in_yet() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = invited(&mut stage, meeting, BOT);
    let olu = stage.id_of(call, "Olu");
    for verb in [
        CallVerb::Mute(body(json!({}))),
        invite(&[user(DANA)]),
        CallVerb::MuteAll(body(json!({}))),
        CallVerb::RemoveParticipant(olu),
        CallVerb::KeepAlive,
    ] {
        assert_eq!(stage.ask(call, verb), "400 8501");
    }
}

/// `POST /users/{id}/calls` with several: a group call to which all are invited.
#[test]
fn a_user_rings_a_bot_and_others() {
    let mut stage = Stage::new();
    let whom = [Who::Application(BOT), Who::User(KIM), Who::User(NEIN)];
    let call = stage.ring(DANA, &whom).unwrap();
    assert_eq!(stage.heard(call), ["incoming from Dana +where"]);
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(2);
    assert_eq!(
        stage.heard(call),
        [
            "establishing +where",
            "established +where",
            "roster Dana, Bot",
            "audio on",
            "roster Dana, Bot, Kim"
        ]
    );
    stage.acts(call, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Bot, Kim"], "R-090: Kim is still there");
    stage.acts(call, KIM, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Bot", "ended 200/5010"]);
    assert!(stage.is_empty());
}

/// Two bots at a time, each with a leg of its own.
#[test]
fn a_user_rings_two_bots() {
    let mut stage = Stage::new();
    let first = stage.ring(DANA, &[Who::Application(BOT), Who::Application(HELPER)]).unwrap();
    let second = stage.told_of().into_iter().find(|id| *id != first).unwrap();
    assert_eq!(stage.ask(first, answer()), "202");
    assert_eq!(stage.ask(second, CallVerb::Reject(body(json!({})))), "202");
    stage.secs(1);
    assert_eq!(stage.heard(second), ["incoming from Dana +where", "ended 603/0"]);
    assert_eq!(stage.ask(first, CallVerb::ListParticipants), "200 [Dana, Bot]");
}

/// The caller gives up while bots still ring.
#[test]
fn the_caller_gives_up() {
    let mut stage = Stage::new();
    let call = stage.ring(DANA, &[Who::Application(BOT), Who::User(SLEEPER)]).unwrap();
    stage.heard(call);
    stage.acts(call, DANA, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["ended 487/0"]);
    stage.secs(120);
    assert!(stage.is_empty());
}

/// A ring in which no bot has a part is refused, and changes nothing.
#[test]
fn nobody_to_see_it() {
    let mut stage = Stage::new();
    for whom in [vec![], vec![Who::User(KIM)], vec![Who::User(KIM), Who::User(RAJ)]] {
        assert!(stage.ring(DANA, &whom).is_err(), "{whom:?}");
        assert!(stage.is_empty(), "{whom:?}");
    }
    let nowhere = Who::Application(Guid::from_u128(99));
    assert!(stage.ring(DANA, &[Who::Application(BOT), nowhere]).is_err());
    assert!(stage.is_empty());
}

///
#[test]
fn what_an_answer_must_say() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = invited(&mut stage, meeting, BOT);
    for bad in [
        json!({"mediaConfig": null}),
        json!({"acceptedModalities": null}),
        json!({"acceptedModalities": []}),
        json!({"callbackUri": "http://bot.example"}),
        json!({"participantCapacity": -1}),
        json!({"mediaConfig": {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "x"}}),
    ] {
        assert_eq!(stage.ask(call, answer_with(&bad)), "400 8523", "{bad}");
    }
    let moved = json!({"callbackUri": "https://elsewhere.example/x", "mediaConfig": app_hosted()});
    assert_eq!(stage.ask(call, answer_with(&moved)), "202");
    assert_eq!(&*stage.view(call).callback_uri, "https://elsewhere.example/x", "R-108");
}
