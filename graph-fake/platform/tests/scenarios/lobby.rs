//! Guests, and the lobby (R-081, R-082, R-306, endpoints.md 1.8 and 11).

use platform::{Admin, CallVerb, MeetingId, Permission, UserAct};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn guest() -> Value {
    json!({"source": {"identity": {"guest": {
        "id": "d1c2b3a4-0000-4000-8000-000000000001", "displayName": "Guest bot",
    }}}})
}

fn lobby(stage: &mut Stage) -> MeetingId {
    stage.meeting_with(&[OLU], |schedule| schedule.lobby = true)
}

/// nothing but its own entry until it is let in, then the whole roster.
#[test]
fn a_guest_waits_and_is_let_in() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let host = stage.joined(meeting);
    let call = stage.join_as(BOT, meeting, guest());
    assert_eq!(
        stage.heard(call),
        ["establishing +where", "established +where", "roster Guest bot (lobby)", "audio on"]
    );
    assert_eq!(stage.heard(host), ["roster Olu, Bot, Guest bot (lobby)"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Guest bot (lobby)]");
    let olu = stage.id_of(call, "Olu");
    assert_eq!(stage.ask(call, CallVerb::GetParticipant(olu)), "404 8543");
    // What happens inside is nothing to those outside.
    stage.joins(meeting, DANA);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.in_meeting(meeting, OLU, UserAct::AdmitFromLobby).unwrap();
    assert_eq!(stage.heard(call), ["roster Olu, Bot, Guest bot, Dana"]);
    assert_eq!(
        stage.heard(host),
        ["roster Olu, Bot, Guest bot (lobby), Dana", "roster Olu, Bot, Guest bot, Dana"]
    );
}

/// The same for a bot that gets deltas: the first one inside has everybody.
#[test]
fn deltas_in_the_lobby() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let mut members = guest();
    members["callOptions"] = json!({"isDeltaRosterEnabled": true});
    let call = stage.join_as(BOT, meeting, members);
    assert_eq!(stage.heard(call)[2..], ["delta 1: Guest bot (lobby)", "audio on"]);
    stage.joins(meeting, DANA);
    stage.in_meeting(meeting, DANA, UserAct::Mute).unwrap();
    assert_eq!(stage.heard(call), [""; 0]);
    stage.in_meeting(meeting, OLU, UserAct::AdmitFromLobby).unwrap();
    assert_eq!(stage.heard(call), ["delta 2: Olu, Guest bot, Dana (muted)"]);
    stage.in_meeting(meeting, DANA, UserAct::Unmute).unwrap();
    assert_eq!(stage.heard(call), ["delta 3: Dana"]);
}

/// R-306, errors.md 3.1: 5855 after half an hour.
#[test]
fn nobody_lets_it_in() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let call = stage.join_as(BOT, meeting, guest());
    stage.heard(call);
    stage.secs(30 * 60 - 2);
    assert_eq!(stage.heard(call), [""; 0]);
    stage.secs(2);
    assert_eq!(stage.heard(call), ["ended 200/5855"]);
    assert_eq!(stage.ask(call, CallVerb::Get), "404 8522");
}

/// Whoever was let in is not turned away later.
#[test]
fn the_clock_stops_inside() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let call = stage.join_as(BOT, meeting, guest());
    stage.in_meeting(meeting, OLU, UserAct::AdmitFromLobby).unwrap();
    stage.secs(31 * 60);
    assert_eq!(stage.ask(call, CallVerb::Get), "200 established");
}

/// endpoints.md 11: a bot inside lets others in, or sends them away; one outside does neither.
#[test]
fn a_bot_at_the_door() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let host = stage.joined(meeting);
    let call = stage.join_as(HELPER, meeting, guest());
    let me = stage.view(call).my_participant;
    for own in [Some(me), None] {
        let verb = CallVerb::AdmitFromLobby(own, body(json!({})));
        assert_eq!(stage.ask(call, verb), "404 8543", "nobody lets themselves in");
    }
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 [Guest bot (lobby)]");
    let verb = CallVerb::RemoveFromLobby(me, body(json!({})));
    stage.heard(host);
    stage.heard(call);
    assert_eq!(stage.ask(host, verb.clone()), "200 completed");
    assert_eq!(stage.heard(call), ["ended 200/5855"]);
    assert_eq!(stage.heard(host), ["roster Olu, Bot"], "R-270: nothing for the operation");
    assert_eq!(stage.ask(host, verb), "404 8543");
    let call = stage.join_as(HELPER, meeting, guest());
    let me = stage.view(call).my_participant;
    assert_eq!(
        stage.ask(host, CallVerb::AdmitFromLobby(Some(me), body(json!({})))),
        "200 completed"
    );
    assert_eq!(stage.heard(call).last().unwrap(), "roster Olu, Bot, Guest bot");
    let again = CallVerb::AdmitFromLobby(Some(me), body(json!({})));
    assert_eq!(stage.ask(host, again), "409 8519", "there, and not in the lobby");
    let stranger = platform::ParticipantId(graph_api::Guid::from_u128(99));
    let nobody = CallVerb::AdmitFromLobby(Some(stranger), body(json!({})));
    assert_eq!(stage.ask(host, nobody), "404 8543");
    assert_eq!(stage.ask(host, CallVerb::AdmitFromLobby(None, body(json!({})))), "200 completed");
    stage.grant(BOT, "Bot", &[Permission::InitiateGroupCall]);
    assert_eq!(stage.ask(host, CallVerb::AdmitFromLobby(None, body(json!({})))), "403 7504");
}

/// R-081, errors.md 2: 8560.
#[test]
fn a_tenant_without_guests() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[]);
    let refuses =
        |refuses_guests| Admin::PutTenant { tenant: TENANT, display_name: None, refuses_guests };
    stage.admin(refuses(true));
    let mut members = stage.coordinates(meeting);
    members["source"] = guest()["source"].clone();
    assert_eq!(stage.try_create(members.clone()), "403 8560");
    assert!(stage.is_empty(), "a refused request leaves nothing behind");
    // A bot that may come in as a guest only is one, whatever it calls itself.
    stage.grant(BOT, "Bot", &[Permission::JoinGroupCallAsGuest]);
    let place = stage.coordinates(meeting);
    assert_eq!(stage.try_create(place.clone()), "403 8560");
    stage.admin(refuses(false));
    let call = stage.create(place);
    stage.secs(1);
    assert!(matches!(stage.view(call).source.person.who, platform::Who::Guest(_)));
    stage.grant(BOT, "Bot", &[]);
    assert_eq!(stage.try_create(members), "403 7504");
}

/// Without a lobby a guest is in at once; members of the tenant never wait.
#[test]
fn nobody_waits_without_need() {
    let mut stage = Stage::new();
    let open = stage.meeting(&[OLU]);
    let call = stage.join_as(BOT, open, guest());
    assert_eq!(stage.heard(call)[2], "roster Olu, Guest bot");
    let closed = lobby(&mut stage);
    let call = stage.join(closed);
    assert_eq!(stage.heard(call)[2], "roster Olu, Bot");
}

/// A bot in the lobby hangs up; one that is removed hears so.
#[test]
fn leaving_the_lobby() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let host = stage.joined(meeting);
    let call = stage.join_as(HELPER, meeting, guest());
    stage.heard(call);
    stage.heard(host);
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["terminating", "ended 200/5001"]);
    assert_eq!(stage.heard(host), ["roster Olu, Bot"]);
    let call = stage.join_as(HELPER, meeting, guest());
    let me = stage.view(call).my_participant;
    stage.heard(call);
    assert_eq!(stage.ask(host, CallVerb::RemoveParticipant(me)), "204");
    assert_eq!(stage.heard(call), ["ended 200/5300"]);
}

/// who waits outside neither does nor hears anything inside: no invitations, keys, screens or galleries; no
/// documents, keys or voices.
#[test]
pub fn outside_of_the_meeting() {
    let mut stage = Stage::new();
    let meeting = lobby(&mut stage);
    let mut members = guest();
    members["callOptions"] = json!({"isContentSharingNotificationEnabled": true});
    let call = stage.join_as(BOT, meeting, members);
    let subscribe = CallVerb::SubscribeToTone(body(json!({})));
    assert_eq!(stage.ask(call, subscribe), "200 completed");
    stage.heard(call);
    let tones = CallVerb::SendDtmfTones(body(json!({"tones": ["tone1"]})));
    let gallery = CallVerb::AddLargeGalleryView(body(json!({})));
    for verb in [invite(&[user(KIM)]), tones.clone(), gallery] {
        assert_eq!(stage.ask(call, verb.clone()), "400 8585", "{verb:?}");
    }
    stage.in_meeting(meeting, OLU, UserAct::ShareContent).unwrap();
    let press = UserAct::Press(vec![graph_api::Tone::Tone1], std::time::Duration::ZERO);
    stage.in_meeting(meeting, OLU, press.clone()).unwrap();
    let speak = UserAct::Speak(std::time::Duration::from_secs(1));
    stage.in_meeting(meeting, OLU, speak).unwrap();
    stage.secs(1);
    assert_eq!(stage.heard(call), [""; 0]);
    let spoke = |event: &platform::Event| {
        let platform::Event::Media { what, .. } = event else { return false };
        matches!(what, platform::MediaEvent::Spoke(..) | platform::MediaEvent::Pressed(..))
    };
    assert!(!stage.events.iter().any(spoke));
    assert_eq!(stage.ask(call, CallVerb::ListContentSharing), "200 0 sessions");
    stage.in_meeting(meeting, OLU, UserAct::AdmitFromLobby).unwrap();
    stage.heard(call);
    assert_eq!(stage.ask(call, CallVerb::ListContentSharing), "200 1 sessions");
    stage.in_meeting(meeting, OLU, press).unwrap();
    stage.secs(1);
    assert_eq!(stage.heard(call), ["tone 1 tone1"], "counted from when it is inside");
    assert_eq!(stage.ask(call, tones), "200 running");
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "200 running");
}
