//! Rosters, full and by deltas.

use std::collections::BTreeSet;

use graph_api::Guid;
use platform::{CallVerb, OnCall, Roster, User, UserAct, What};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// always the full list; R-195: video and screen sharing show as directions.
#[test]
fn every_change_tells_everything() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    for (by, act, told) in [
        (DANA, UserAct::Join, "roster Olu, Bot, Dana"),
        (DANA, UserAct::Mute, "roster Olu, Bot, Dana (muted)"),
        (DANA, UserAct::StartVideo, "roster Olu, Bot, Dana (muted, video)"),
        (OLU, UserAct::Share, "roster Olu (shares), Bot, Dana (muted, video)"),
        // one sharer at a time.
        (DANA, UserAct::Share, "roster Olu, Bot, Dana (muted, video, shares)"),
        (DANA, UserAct::StopShare, "roster Olu, Bot, Dana (muted, video)"),
        (DANA, UserAct::StopVideo, "roster Olu, Bot, Dana (muted)"),
        (DANA, UserAct::Unmute, "roster Olu, Bot, Dana"),
        (DANA, UserAct::HangUp, "roster Olu, Bot"),
    ] {
        stage.in_meeting(meeting, by, act.clone()).unwrap();
        assert_eq!(stage.heard(call), [told], "{act:?}");
    }
}

/// What changes nothing tells nothing (R-214 and the like).
#[test]
fn nothing_new_is_not_told() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.joined(meeting);
    for act in [UserAct::Unmute, UserAct::StopVideo, UserAct::StopShare, UserAct::Resume] {
        stage.in_meeting(meeting, OLU, act.clone()).unwrap();
        assert_eq!(stage.heard(call), [""; 0], "{act:?}");
    }
}

/// the first has everybody, then only what changed; the numbers grow by one.
#[test]
fn deltas() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA]);
    let options = json!({"callOptions": {"isDeltaRosterEnabled": true}});
    let call = stage.join_as(BOT, meeting, options);
    assert_eq!(stage.heard(call)[2], "delta 1: Olu, Dana, Bot");
    let full = stage.join_as(HELPER, meeting, json!({}));
    assert_eq!(stage.heard(call), ["delta 2: Helper"]);
    stage.heard(full);
    stage.in_meeting(meeting, DANA, UserAct::Mute).unwrap();
    assert_eq!(stage.heard(call), ["delta 3: Dana (muted)"]);
    assert_eq!(stage.heard(full), ["roster Olu, Dana (muted), Bot, Helper"]);
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(stage.heard(call), ["delta 4: Dana (muted, Left)"]);
    let olu = stage.id_of(call, "Olu");
    stage.in_meeting(meeting, KIM, UserAct::Join).unwrap();
    stage.heard(call);
    assert_eq!(stage.ask(full, CallVerb::RemoveParticipant(olu)), "204");
    assert_eq!(stage.heard(call), ["delta 6: Olu (Removed)"]);
    // Taking over the screen changes two at a time.
    stage.joins(meeting, DANA);
    stage.in_meeting(meeting, DANA, UserAct::Share).unwrap();
    stage.heard(call);
    stage.in_meeting(meeting, KIM, UserAct::Share).unwrap();
    assert_eq!(stage.heard(call), ["delta 9: Dana, Kim (shares)"]);
    assert_eq!(
        stage.ask(call, CallVerb::ListParticipants),
        "200 [Bot, Helper, Kim (shares), Dana]"
    );
}

/// Resources.md 6: each bot counts its own updates, and the entries are numbered by them, whoever came first.
#[test]
fn entries_are_numbered_by_their_update() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    stage.joined(meeting);
    stage.joins(meeting, DANA);
    let options = json!({"callOptions": {"isDeltaRosterEnabled": true}});
    let call = stage.join_as(HELPER, meeting, options);
    stage.in_meeting(meeting, DANA, UserAct::Mute).unwrap();
    let numbers: Vec<_> = stage
        .notifications(call)
        .iter()
        .filter(|told| matches!(told.what, What::Roster(_)))
        .map(|told| {
            let told = std::slice::from_ref(told);
            let links = platform::render::Links::NONE;
            let written = platform::render::notification(told, &links);
            let data = &written["value"][0]["resourceData"];
            let entries = data["participants"].as_array().unwrap().iter();
            let entries = entries.map(|entry| entry["rosterSequenceNumber"].as_u64().unwrap());
            (data["sequenceNumber"].as_u64().unwrap(), entries.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(numbers, [(1, vec![1; 4]), (2, vec![2])]);
}

/// An answered call asks for deltas in its answer.
#[test]
fn deltas_of_an_incoming_call() {
    let mut stage = Stage::new();
    let call = stage.ring(DANA, &[platform::Who::Application(BOT), platform::Who::User(KIM)]);
    let call = call.unwrap();
    let options = json!({"callOptions": {"isDeltaRosterEnabled": true}});
    assert_eq!(stage.ask(call, answer_with(&options)), "202");
    stage.secs(2);
    assert_eq!(stage.heard(call)[3..], ["delta 1: Dana, Bot", "audio on", "delta 2: Kim"]);
}

/// every stream has a source id of its own.
#[test]
fn source_ids_are_unique() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU, DANA, KIM]);
    let call = stage.join(meeting);
    let told = stage.notifications(call);
    let rosters = told.iter().rev().filter_map(|told| {
        let What::Roster(Roster::Full(everybody)) = &told.what else { return None };
        Some(everybody)
    });
    let everybody = { rosters }.next().unwrap();
    let ids: Vec<u32> = everybody.iter().flat_map(|p| &p.streams).map(|s| s.source_id).collect();
    assert_eq!(ids.len(), 3 * 3 + 1);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

/// nobody is listed in a call of two; each end is found by its id.
#[test]
fn a_call_of_two_has_no_roster() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 []");
    let view = stage.view(call);
    let ends = [(view.source.participant, "200 Dana"), (view.my_participant, "200 Bot")];
    for (id, found) in ends {
        assert_eq!(stage.ask(call, CallVerb::GetParticipant(id)), found);
    }
    let nobody = platform::ParticipantId(Guid::from_u128(99));
    assert_eq!(stage.ask(call, CallVerb::GetParticipant(nobody)), "404 8543");
    for act in [UserAct::Mute, UserAct::StartVideo, UserAct::Share] {
        stage.acts(call, DANA, act);
        assert_eq!(stage.heard(call), [""; 0], "R-190");
    }
    for verb in [
        CallVerb::Mute(body(json!({}))),
        CallVerb::MuteAll(body(json!({}))),
        CallVerb::RemoveParticipant(view.source.participant),
        CallVerb::MuteParticipant(view.source.participant, body(json!({}))),
        CallVerb::AddLargeGalleryView(body(json!({}))),
        CallVerb::ListContentSharing,
        CallVerb::ListRoutingGroups,
        CallVerb::StartHoldMusic(view.source.participant, Box::default()),
        CallVerb::UpdateMetadata(body(json!({"metadata": "x"}))),
        CallVerb::ChangeScreenSharingRole(body(json!({"role": "sharer"}))),
    ] {
        assert_eq!(stage.ask(call, verb.clone()), "400 8548", "{verb:?}");
    }
}

/// A conference takes a thousand, and its roster is told to every bot at each change.
#[test]
fn a_thousand_participants() {
    let mut stage = Stage::new();
    let crowd: Vec<Guid> = (1_000..1_997).map(Guid::from_u128).collect();
    for user in crowd.iter().copied().chain([Guid::from_u128(1_997)]) {
        stage.user(user, User::new("One", OnCall::Ignore));
    }
    let meeting = stage.meeting(&crowd);
    let full = stage.joined(meeting);
    let options = json!({"callOptions": {"isDeltaRosterEnabled": true}});
    let delta = stage.join_as(HELPER, meeting, options);
    stage.heard(full);
    let size = |told: &[platform::Notification]| {
        let What::Roster(roster) = &told.last().unwrap().what else { panic!("{told:?}") };
        match roster {
            Roster::Full(everybody) => everybody.len(),
            Roster::Delta { changed, .. } => changed.len(),
        }
    };
    let first: Vec<_> = stage.notifications(delta).into_iter().take(3).collect();
    assert_eq!(size(&first), 999);
    stage.joins(meeting, Guid::from_u128(1_997));
    assert_eq!((size(&stage.notifications(full)), size(&stage.notifications(delta))), (1_000, 1));
    assert!(stage.in_meeting(meeting, DANA, UserAct::Join).is_err(), "it is full");
    let place = stage.coordinates(meeting);
    assert_eq!(stage.try_create(place), "403 8560");
    assert_eq!(stage.ask(full, invite(&[user(DANA)])), "403 8560");
    let verb = platform::Verb::OnCall(full, invite(&[user(DANA)]));
    assert_eq!(stage.request(BOT, verb), Err(platform::Refusal::ConferenceFull));
    stage.in_meeting(meeting, crowd[500], UserAct::HangUp).unwrap();
    assert_eq!((size(&stage.notifications(full)), size(&stage.notifications(delta))), (999, 1));
}
