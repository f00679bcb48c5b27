//! Transfers in group calls; those of calls of two are the other model's.

use platform::{CallId, CallVerb, MeetingId};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn at_table(stage: &mut Stage) -> (MeetingId, CallId) {
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = stage.joined(meeting);
    (meeting, call)
}

fn transfer(target: Value, transferee: Option<String>) -> CallVerb {
    let mut whole = json!({"transferTarget": target});
    if let Some(id) = transferee {
        whole["transferee"] = json!({"identity": {}, "participantId": id});
    }
    CallVerb::Transfer(Box::new(body(whole)))
}

/// somebody has to be named; that one leaves, and so does the bot.
#[test]
fn somebody_is_put_through() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let other = stage.join_as(HELPER, meeting, json!({}));
    stage.heard(call);
    stage.heard(other);
    let (me, dana) = (stage.view(call).my_participant, stage.id_of(call, "Dana"));
    assert_eq!(stage.ask(call, transfer(user(KIM), None)), "400 8523");
    assert_eq!(stage.ask(call, transfer(user(KIM), Some("x".into()))), "400 8523");
    assert_eq!(stage.ask(call, transfer(user(KIM), Some(me.to_string()))), "404 8543");
    assert_eq!(stage.ask(call, transfer(user(KIM), Some(dana.to_string()))), "202");
    assert_eq!(stage.ask(call, transfer(user(KIM), Some(dana.to_string()))), "409 8607");
    stage.secs(2);
    assert_eq!(
        stage.heard(call),
        ["transferring", "transferAccepted", "audio off", "ended 0/7015"]
    );
    assert_eq!(stage.heard(other), ["roster Olu, Dana, Helper", "roster Olu, Helper"]);
}

/// nobody picks up; everything is as before.
#[test]
fn nobody_is_put_through() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let dana = stage.id_of(call, "Dana").to_string();
    assert_eq!(stage.ask(call, transfer(user(NEIN), Some(dana))), "202");
    stage.secs(1);
    assert_eq!(
        stage.heard(call),
        ["transferring", "transferAccepted", "audio off", "established 500/7000", "audio on"]
    );
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Olu, Dana, Bot]");
}

/// The meeting ends while a transfer is under way.
#[test]
fn interrupted() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let dana = stage.id_of(call, "Dana").to_string();
    assert_eq!(stage.ask(call, transfer(user(SLEEPER), Some(dana))), "202");
    stage.secs(1);
    stage.in_meeting(meeting, OLU, platform::UserAct::EndMeeting).unwrap();
    assert_eq!(
        stage.heard(call),
        ["transferring", "transferAccepted", "audio off", "ended 200/5001"]
    );
    stage.secs(100);
    assert!(stage.is_empty());
}
