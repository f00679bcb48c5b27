//! Who is heard by whom: hold music, server mutes, the lobby, several bots. What it
//! sounds like is the shell's business; here it is told.

use platform::{CallId, CallVerb, Event, Input, MediaEvent, MeetingId, UserAct, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// What was told of the sound of a call since it was last asked for, but for where its bot is.
fn sounds(stage: &mut Stage, of: CallId) -> Vec<MediaEvent> {
    let mut found = Vec::new();
    stage.events.retain(|event| {
        let Event::Media { call, what, .. } = event else { return true };
        if *call == of && !matches!(what, MediaEvent::Entered(_)) {
            found.push(what.clone());
        }
        *call != of
    });
    found
}

fn two_bots(stage: &mut Stage) -> (MeetingId, CallId, CallId) {
    let meeting = stage.meeting(&[OLU, DANA]);
    let (call, other) = (stage.joined(meeting), stage.join_as(HELPER, meeting, json!({})));
    stage.heard(call);
    stage.heard(other);
    (meeting, call, other)
}

fn begins(music: Option<platform::Prompt>) -> MediaEvent {
    MediaEvent::HoldMusic(DANA, true, music)
}

const ENDS: MediaEvent = MediaEvent::HoldMusic(DANA, false, None);

/// for the user, whatever their roster id; over when it is stopped, or when they leave.
#[test]
pub fn hold_music() {
    let mut stage = Stage::new();
    let (meeting, call, _) = two_bots(&mut stage);
    let dana = stage.id_of(call, "Dana");
    let start = CallVerb::StartHoldMusic(dana, body(json!({})));
    assert_eq!(stage.ask(call, start.clone()), "202 running");
    assert_eq!(sounds(&mut stage, call), [begins(None)]);
    assert_eq!(stage.ask(call, CallVerb::StopHoldMusic(dana, body(json!({})))), "202 running");
    assert_eq!(sounds(&mut stage, call), [ENDS]);
    assert_eq!(stage.ask(call, start), "202 running");
    stage.in_meeting(meeting, DANA, UserAct::HangUp).unwrap();
    assert_eq!(sounds(&mut stage, call), [begins(None), ENDS]);
}

/// music of the bot's own is heard from when it is there, not at all if it does not come, and not by somebody
/// who was taken off hold before.
#[test]
fn hold_music_of_its_own() {
    let mut stage = Stage::new();
    let (_, call, _) = two_bots(&mut stage);
    let dana = stage.id_of(call, "Dana");
    let start = CallVerb::StartHoldMusic(
        dana,
        body(json!({"customPrompt": {
            "@odata.type": "#microsoft.graph.mediaPrompt",
            "mediaInfo": {"uri": "https://bot.example/hold.wav"},
        }})),
    );
    let stop = CallVerb::StopHoldMusic(dana, body(json!({})));
    let fetched = |stage: &mut Stage, outcome| {
        let fetch = stage.fetches.pop().unwrap();
        let _ = stage.feed(Input::Fetched { fetch, outcome });
    };
    let length = std::time::Duration::from_secs(3);
    assert_eq!(stage.ask(call, start.clone()), "202 running");
    assert_eq!(sounds(&mut stage, call), []);
    fetched(&mut stage, Ok(length));
    let told = sounds(&mut stage, call);
    let [MediaEvent::HoldMusic(DANA, true, Some(music))] = &told[..] else { panic!("{told:?}") };
    assert_eq!(music.uri, "https://bot.example/hold.wav");
    assert_eq!(stage.ask(call, stop.clone()), "202 running");
    assert_eq!(sounds(&mut stage, call), [ENDS]);

    assert_eq!(stage.ask(call, start.clone()), "202 running");
    fetched(&mut stage, Err(platform::FetchError::Download));
    assert_eq!(sounds(&mut stage, call), []);
    assert_eq!(stage.ask(call, stop.clone()), "409 8519", "there was nothing to hold with");

    assert_eq!(stage.ask(call, start), "202 running");
    assert_eq!(stage.ask(call, stop), "202 running");
    fetched(&mut stage, Ok(length));
    assert_eq!(sounds(&mut stage, call), []);
}

/// a bot is silent while it is muted, by whomever; a user breaks off, and says nothing afterwards.
#[test]
pub fn muted() {
    let mut stage = Stage::new();
    let (meeting, call, other) = two_bots(&mut stage);
    let mute = |on: bool| {
        let request = body(json!({}));
        if on { CallVerb::Mute(request) } else { CallVerb::Unmute(request) }
    };
    for on in [true, true, false, false] {
        assert_eq!(stage.ask(call, mute(on)), "200 completed");
    }
    let silenced = MediaEvent::BotSilenced;
    assert_eq!(sounds(&mut stage, call), [silenced(true), silenced(false)]);
    assert_eq!(sounds(&mut stage, other), []);
    stage.acts(call, OLU, UserAct::MuteBot);
    assert_eq!(sounds(&mut stage, call), [silenced(true)]);
    let speaks = UserAct::Speak(std::time::Duration::from_secs(60));
    stage.in_meeting(meeting, DANA, speaks.clone()).unwrap();
    sounds(&mut stage, other);
    assert_eq!(stage.ask(call, CallVerb::MuteAll(body(json!({})))), "200 completed");
    let broke_off = MediaEvent::BrokeOff;
    assert_eq!(sounds(&mut stage, other), [broke_off(OLU), broke_off(DANA), silenced(true)]);
    stage.in_meeting(meeting, DANA, speaks).unwrap();
    assert_eq!(sounds(&mut stage, other), []);
}

/// whoever has muted themselves breaks off, and is not heard until they unmute; in a call of two too, and beyond
/// its escalation.
#[test]
pub fn who_is_muted_by_themselves() {
    let length = std::time::Duration::from_secs(60);
    let (speaks, spoke) = (UserAct::Speak(length), MediaEvent::Spoke(OLU, length));
    let broke_off = MediaEvent::BrokeOff(OLU);
    let mut stage = Stage::new();
    let (_, call, other) = two_bots(&mut stage);
    stage.acts(call, OLU, speaks.clone());
    stage.acts(call, OLU, UserAct::Mute);
    stage.acts(call, OLU, speaks.clone());
    assert_eq!(sounds(&mut stage, other), [spoke.clone(), broke_off.clone()]);
    stage.acts(call, OLU, UserAct::Unmute);
    stage.acts(call, OLU, speaks.clone());
    assert_eq!(sounds(&mut stage, other), std::slice::from_ref(&spoke));

    let mut stage = Stage::new();
    let call = stage.talk(OLU);
    let invites = UserAct::Invite(vec![Who::User(DANA)]);
    for act in [UserAct::Mute, UserAct::Mute, speaks.clone(), invites] {
        stage.acts(call, OLU, act);
    }
    stage.acts(call, OLU, speaks.clone());
    assert_eq!(sounds(&mut stage, call), [broke_off]);
    stage.acts(call, OLU, UserAct::Unmute);
    stage.acts(call, OLU, speaks);
    assert_eq!(sounds(&mut stage, call), [spoke]);
}

/// nobody inside hears a bot that waits, until it is let in.
#[test]
pub fn in_the_lobby() {
    let mut stage = Stage::new();
    let meeting = stage.meeting_with(&[OLU], |schedule| schedule.lobby = true);
    let guest = json!({"source": {"identity": {"guest": {
        "id": "d1c2b3a4-0000-4000-8000-000000000001", "displayName": "Guest bot",
    }}}});
    let call = stage.join_as(BOT, meeting, guest);
    assert_eq!(sounds(&mut stage, call), [MediaEvent::BotSilenced(true)]);
    stage.in_meeting(meeting, OLU, UserAct::AdmitFromLobby).unwrap();
    assert_eq!(sounds(&mut stage, call), [MediaEvent::BotSilenced(false)]);
}

/// all bots of a conference are in it for those who hear them, from when their calls are.
#[test]
fn together() {
    let mut stage = Stage::new();
    let (_, call, other) = two_bots(&mut stage);
    let at = stage.view(call).conference.unwrap();
    let entered = |leg: CallId| {
        let is_it = |event: &&Event| matches!(event, Event::Media { call, what: MediaEvent::Entered(id), .. } if *call == leg && *id == at);
        stage.events.iter().filter(is_it).count()
    };
    assert_eq!((entered(call), entered(other)), (1, 1));
}
