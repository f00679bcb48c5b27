//! Screen sharing, metadata, the large gallery, hold music, audio routing, the mixer, documents (R-204, R-205,
//! notifications.md 3.12 and 3.13).

use platform::{CallId, CallVerb, FetchError, Input, Permission, UserAct};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn at_table(stage: &mut Stage) -> (platform::MeetingId, CallId) {
    let meeting = stage.meeting(&[OLU, DANA]);
    let call = stage.joined(meeting);
    (meeting, call)
}

fn share(role: &str) -> CallVerb {
    CallVerb::ChangeScreenSharingRole(body(json!({"role": role})))
}

/// group and app-hosted only; one at a time.
#[test]
fn a_bot_shares_its_screen() {
    let mut stage = Stage::new();
    let (meeting, served) = at_table(&mut stage);
    assert_eq!(stage.ask(served, share("sharer")), "400 8500");
    let call = stage.join_as(HELPER, meeting, json!({
        "mediaConfig": app_hosted(), "requestedModalities": ["audio", "videoBasedScreenSharing"],
    }));
    stage.heard(served);
    assert_eq!(stage.ask(call, share("sharer")), "202");
    assert_eq!(stage.heard(served), ["roster Olu, Dana, Bot, Helper (shares)"]);
    assert_eq!(stage.ask(call, share("sharer")), "202");
    assert_eq!(stage.heard(served), [""; 0]);
    stage.in_meeting(meeting, DANA, UserAct::Share).unwrap();
    assert_eq!(stage.heard(served), ["roster Olu, Dana (shares), Bot, Helper"]);
    assert_eq!(stage.ask(call, share("sharer")), "202");
    assert_eq!(stage.heard(served), ["roster Olu, Dana, Bot, Helper (shares)"]);
    assert_eq!(stage.ask(call, share("viewer")), "202");
    assert_eq!(stage.heard(served), ["roster Olu, Dana, Bot, Helper"]);
    assert_eq!(stage.ask(call, share("painter")), "400 BadRequest");
    assert_eq!(stage.ask(call, CallVerb::ChangeScreenSharingRole(body(json!({})))), "400 8523");
    stage.grant(HELPER, "Helper", &[Permission::JoinGroupCall]);
    assert_eq!(stage.ask(call, share("sharer")), "403 7504", "R-036");
}

///
#[test]
fn metadata() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let put = |text: &str| CallVerb::UpdateMetadata(body(json!({"metadata": text})));
    assert_eq!(stage.ask(call, put("{\"a\":1}")), "200 completed");
    assert_eq!(stage.heard(call), ["roster Olu, Dana, Bot ({\"a\":1})"]);
    assert_eq!(stage.ask(call, put("{\"a\":1}")), "200 completed");
    assert_eq!(stage.heard(call), [""; 0]);
    assert_eq!(stage.ask(call, put(&"x".repeat(4_096))), "200 completed");
    assert_eq!(stage.ask(call, put(&"x".repeat(4_097))), "400 8523");
    assert_eq!(stage.ask(call, put(&"é".repeat(2_049))), "400 8523", "bytes count");
    assert_eq!(stage.ask(call, CallVerb::UpdateMetadata(body(json!({})))), "400 8523");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.ask(call, put("x")), "403 7504", "R-045");
}

///
#[test]
fn the_large_gallery() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let gallery = || CallVerb::AddLargeGalleryView(body(json!({"clientContext": "g"})));
    assert_eq!(stage.ask(call, gallery()), "202 running");
    let told = stage.heard(call);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], "gallery completed");
    assert!(told[1].contains("Large Gallery (video, {\"audienceView\":true}, LargeGallery-V2)"));
    assert_eq!(stage.ask(call, gallery()), "202 running");
    assert_eq!(stage.heard(call), ["gallery completed"], "there is one");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.ask(call, gallery()), "403 7504", "R-044");
}

/// one at a time.
#[test]
fn hold_music() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let (olu, dana) = (stage.id_of(call, "Olu"), stage.id_of(call, "Dana"));
    let start = |who| CallVerb::StartHoldMusic(who, body(json!({"clientContext": "h"})));
    let stop = |who| CallVerb::StopHoldMusic(who, body(json!({})));
    assert_eq!(stage.ask(call, start(dana)), "202 running");
    assert_eq!(stage.heard(call), ["hold completed"]);
    assert_eq!(stage.ask(call, start(olu)), "409 8519");
    assert_eq!(stage.ask(call, start(dana)), "409 8519");
    assert_eq!(stage.ask(call, stop(olu)), "409 8519");
    assert_eq!(stage.ask(call, stop(dana)), "202 running");
    assert_eq!(stage.heard(call), ["unhold completed"]);
    assert_eq!(stage.ask(call, start(dana)), "202 running");
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(stage.ask(call, start(olu)), "202 running", "who left is not on hold");
    assert_eq!(stage.ask(call, stop(dana)), "404 8543");
    stage.grant(BOT, "Bot", &[Permission::InitiateGroupCall]);
    assert_eq!(stage.ask(call, stop(olu)), "403 7504", "R-043");
}

/// A prompt of the bot's own is downloaded first.
#[test]
fn hold_music_of_its_own() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let dana = stage.id_of(call, "Dana");
    let prompt = json!({"customPrompt": {
        "@odata.type": "#microsoft.graph.mediaPrompt",
        "mediaInfo": {"uri": "https://bot.example/hold.wav"},
    }});
    for (outcome, told) in [
        (Ok(std::time::Duration::from_secs(3)), "hold completed"),
        (Err(FetchError::Download), "hold failed 400/8536"),
    ] {
        assert_eq!(
            stage.ask(call, CallVerb::StartHoldMusic(dana, body(prompt.clone()))),
            "202 running"
        );
        assert_eq!(stage.heard(call), [""; 0]);
        let fetch = stage.fetches.pop().unwrap();
        let _ = stage.feed(Input::Fetched { fetch, outcome });
        assert_eq!(stage.heard(call), [told]);
        stage.ask(call, CallVerb::StopHoldMusic(dana, body(json!({}))));
        stage.heard(call);
    }
    let bad = json!({"customPrompt": {"mediaInfo": {"uri": "file:///hold.wav"}}});
    assert_eq!(stage.ask(call, CallVerb::StartHoldMusic(dana, body(bad))), "400 8523");
}

///
#[test]
fn audio_routing_groups() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let (olu, dana) = (stage.id_of(call, "Olu").to_string(), stage.id_of(call, "Dana").to_string());
    let group = |mode: &str, sources: &[&str], receivers: &[&str]| json!({"id": "g", "routingMode": mode, "sources": sources, "receivers": receivers});
    let make = |whole: Value| CallVerb::CreateRoutingGroup(body(whole));
    for (bad, code) in [
        (group("oneToOne", &[], &[&dana]), "400 8523"),
        (group("oneToOne", &[&olu], &[&dana, &olu]), "400 8523"),
        (group("multicast", &[&olu, &dana], &[&dana]), "400 8523"),
        (group("multicast", &[&olu], &[]), "400 8523"),
        (group("broadcast", &[&olu], &[&dana]), "400 BadRequest"),
        (json!({"id": "g"}), "400 8523"),
        (group("oneToOne", &["x"], &[&dana]), "404 8543"),
    ] {
        assert_eq!(stage.ask(call, make(bad.clone())), code, "{bad}");
    }
    let good = group("oneToOne", &[&olu], &[&dana]);
    assert_eq!(stage.ask(call, make(good.clone())), "200 group g");
    assert_eq!(stage.ask(call, make(good)), "409 8519");
    assert_eq!(stage.ask(call, CallVerb::ListRoutingGroups), "200 1 groups");
    let change = json!({"routingMode": "multicast", "receivers": [&dana, &olu]});
    assert_eq!(
        stage.ask(call, CallVerb::UpdateRoutingGroup("g".into(), body(change))),
        "200 group g"
    );
    let change = json!({"routingMode": "oneToOne"});
    assert_eq!(stage.ask(call, CallVerb::UpdateRoutingGroup("g".into(), body(change))), "400 8523");
    assert_eq!(stage.ask(call, CallVerb::GetRoutingGroup("g".into())), "200 group g");
    assert_eq!(stage.ask(call, CallVerb::DeleteRoutingGroup("g".into())), "204");
    for verb in [
        CallVerb::DeleteRoutingGroup("g".into()),
        CallVerb::GetRoutingGroup("g".into()),
        CallVerb::UpdateRoutingGroup("g".into(), body(json!({}))),
    ] {
        assert_eq!(stage.ask(call, verb), "404 8522");
    }
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCallAsGuest]);
    assert_eq!(stage.ask(call, CallVerb::ListRoutingGroups), "403 7504", "R-042");
}

///
#[test]
fn the_mixer() {
    let mut stage = Stage::new();
    let (_, call) = at_table(&mut stage);
    let (olu, dana) = (stage.id_of(call, "Olu").to_string(), stage.id_of(call, "Dana").to_string());
    let level = |ducking: Value, source: Value| {
        let mut level = json!({"participant": olu, "sourceLevels": [source]});
        if !ducking.is_null() {
            level["ducking"] = ducking;
        }
        CallVerb::ConfigureMixer(body(json!({"participantMixerLevels": [level]})))
    };
    let source = json!({"participant": dana, "level": 50, "duckOthers": false});
    let ducking =
        json!({"rampActive": 50, "rampInactive": 5_000, "lowerLevel": 10, "upperLevel": 50});
    assert_eq!(stage.ask(call, level(ducking.clone(), source.clone())), "200 running");
    assert_eq!(stage.heard(call), ["plain completed"]);
    let steep = json!({"rampActive": 5_001});
    assert_eq!(stage.ask(call, level(steep, source.clone())), "400 8523");
    let ducks = json!({"participant": dana, "level": 50, "duckOthers": true});
    assert_eq!(stage.ask(call, level(json!(null), ducks.clone())), "400 8523");
    assert_eq!(stage.ask(call, level(ducking.clone(), ducks)), "200 running");
    let stranger = json!({"participant": "x", "level": 50});
    assert_eq!(stage.ask(call, level(ducking.clone(), stranger)), "404 8543");
    let loud = json!({"participant": dana, "level": 101});
    assert_eq!(stage.ask(call, level(ducking, loud)), "400 8523");
    assert_eq!(stage.ask(call, CallVerb::ConfigureMixer(Box::default())), "400 8523");
}

/// notifications.md 3.13: only those who asked for it hear of documents.
#[test]
fn documents() {
    let mut stage = Stage::new();
    let (meeting, deaf) = at_table(&mut stage);
    let options = json!({"callOptions": {"isContentSharingNotificationEnabled": true}});
    let call = stage.join_as(HELPER, meeting, options);
    stage.heard(deaf);
    stage.heard(call);
    stage.in_meeting(meeting, DANA, UserAct::ShareContent).unwrap();
    assert_eq!(
        (stage.heard(call), stage.heard(deaf)),
        (vec!["sharing created 1".to_owned()], vec![])
    );
    assert_eq!(stage.ask(call, CallVerb::ListContentSharing), "200 1 sessions");
    assert_eq!(stage.ask(deaf, CallVerb::ListContentSharing), "200 1 sessions");
    assert_eq!(stage.ask(call, CallVerb::GetContentSharing("x".into())), "404 8522");
    stage.in_meeting(meeting, DANA, UserAct::StopSharingContent).unwrap();
    assert!(stage.in_meeting(meeting, DANA, UserAct::StopSharingContent).is_err());
    assert_eq!(stage.heard(call), ["sharing deleted 1"]);
    stage.in_meeting(meeting, DANA, UserAct::ShareContent).unwrap();
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(
        stage.heard(call),
        ["sharing created 1", "sharing deleted 1", "roster Olu, Bot, Helper"],
        "it goes with whoever presents"
    );
    for _ in 0..100 {
        stage.in_meeting(meeting, OLU, UserAct::ShareContent).unwrap();
    }
    assert!(stage.in_meeting(meeting, OLU, UserAct::ShareContent).is_err(), "there is a limit");
}

/// What is said and pressed in a conference is heard by every bot.
#[test]
fn tones() {
    let mut stage = Stage::new();
    let (meeting, call) = at_table(&mut stage);
    let other = stage.joined(meeting);
    stage.heard(call);
    for leg in [call, other] {
        assert_eq!(stage.ask(leg, CallVerb::SubscribeToTone(body(json!({})))), "200 completed");
    }
    let press = UserAct::Press(vec![graph_api::Tone::Tone1], std::time::Duration::ZERO);
    stage.in_meeting(meeting, DANA, press).unwrap();
    stage.secs(1);
    assert_eq!(
        (stage.heard(call), stage.heard(other)),
        (vec!["tone 1 tone1".into()], vec!["tone 1 tone1".to_owned()])
    );
}
