//! Calls between a bot and one other, told word for word; every history of them is the model's.

use platform::{CallVerb, Input, Options, UserAct, Who};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn calling(who: graph_api::Guid, members: Value) -> Value {
    let mut whole = json!({"targets": [user(who)]});
    for (key, value) in members.as_object().expect("members") {
        whole[key] = value.clone();
    }
    whole
}

fn play(prompts: &Value) -> CallVerb {
    CallVerb::PlayPrompt(Box::new(body(json!({"prompts": prompts}))))
}

fn prompt() -> Value {
    json!({"@odata.type": "#microsoft.graph.mediaPrompt",
        "mediaInfo": {"uri": "https://bot.example/a.wav"}})
}

/// one target and no coordinates; R-008: while it rings it is establishing, and nothing else is
/// ever said; R-153: an outgoing call begins with an update.
#[test]
fn a_bot_calls_one() {
    let mut stage = Stage::new();
    let call = stage.create(calling(SLEEPER, json!({})));
    assert!(stage.view(call).conference.is_none());
    assert_eq!(stage.ask(call, CallVerb::Get), "200 establishing");
    assert_eq!(stage.heard(call), ["establishing"]);
    stage.secs(30);
    assert_eq!(stage.ask(call, CallVerb::Get), "200 establishing");
    stage.acts(call, SLEEPER, UserAct::Answer);
    stage.secs(1);
    assert_eq!(stage.heard(call), ["established", "audio on"]);
    assert_eq!(stage.ask(call, CallVerb::ListParticipants), "200 []", "R-192");
}

/// terminating, terminated, and 404 for good.
#[test]
fn it_ends() {
    let mut stage = Stage::new();
    let call = stage.create(calling(DANA, json!({})));
    stage.secs(2);
    stage.heard(call);
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    assert_eq!(stage.heard(call), ["terminating", "ended 200/7000"]);
    for verb in [CallVerb::Get, CallVerb::KeepAlive, answer(), CallVerb::ListOperations] {
        assert_eq!(stage.ask(call, verb), "404 8522");
    }
    stage.secs(3_600);
    assert_eq!(stage.heard(call), [""; 0]);
}

/// rung, the bot answers, rejects or redirects.
#[test]
fn three_ways_to_take_a_call() {
    let mut stage = Stage::new();
    let reject = CallVerb::Reject(body(json!({})));
    let ways = [
        (answer(), vec!["establishing", "established", "audio on"]),
        (reject, vec!["ended 603/0"]),
        (redirect(&[user(KIM)]), vec!["ended"]),
    ];
    for (verb, then) in ways {
        let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
        assert_eq!(stage.heard(call), ["incoming from Dana"]);
        assert_eq!(stage.ask(call, verb), "202");
        stage.secs(1);
        assert_eq!(stage.heard(call), then);
    }
}

/// each reason has its end, in any case of letters.
#[test]
fn reasons_to_reject() {
    let mut stage = Stage::new();
    let reasons = [
        (json!({}), "ended 603/0"),
        (json!({"reason": "none"}), "ended 603/0"),
        (json!({"reason": "busy"}), "ended 486/8539"),
        (json!({"reason": "Busy"}), "ended 486/8539"),
        (json!({"reason": "Forbidden"}), "ended 403/510403"),
    ];
    for (reason, end) in reasons {
        let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
        stage.heard(call);
        assert_eq!(stage.ask(call, CallVerb::Reject(body(reason.clone()))), "202");
        assert_eq!(stage.heard(call), [end], "{reason}");
    }
}

/// the bot says how long it rings, up to 115 s; R-092: a minute if it does not.
#[test]
fn how_long_it_rings() {
    let mut stage = Stage::new();
    for (members, secs) in [
        (json!({}), 60),
        (json!({"ringingTimeoutInSeconds": 10}), 10),
        (json!({"ringingTimeoutInSeconds": 115}), 115),
    ] {
        let call = stage.create(calling(SLEEPER, members));
        stage.secs(secs - 1);
        assert_eq!(stage.heard(call), ["establishing"], "{secs}");
        stage.secs(1);
        assert_eq!(stage.heard(call), ["ended 487/10004"], "{secs}");
    }
    for bad in [0, -1, 116] {
        let members = json!({"ringingTimeoutInSeconds": bad});
        assert_eq!(stage.try_create(calling(DANA, members)), "400 8523", "{bad}");
    }
}

/// with one other only.
#[test]
fn routing_policies() {
    let mut stage = Stage::new();
    let policies = json!({"routingPolicies": ["disableForwarding"]});
    assert_eq!(stage.try_create(calling(DANA, policies.clone())), "201 establishing");
    let mut several = json!({"targets": [user(DANA), user(KIM)]});
    several["routingPolicies"] = policies["routingPolicies"].clone();
    assert_eq!(stage.try_create(several.clone()), "400 8523");
    let meeting = stage.meeting(&[OLU]);
    let mut join = stage.coordinates(meeting);
    join["routingPolicies"] = policies["routingPolicies"].clone();
    assert_eq!(stage.try_create(join), "400 8523");
    several["routingPolicies"] = json!([]);
    assert_eq!(stage.try_create(several), "201 establishing", "none is none");
    let odd = json!({"routingPolicies": ["always"]});
    assert_eq!(stage.try_create(calling(DANA, odd)), "400 BadRequest");
}

/// where to tell it, what is offered, who handles the media.
#[test]
fn what_a_call_must_state() {
    let mut stage = Stage::new();
    for bad in [
        json!({"callbackUri": null}),
        json!({"callbackUri": "http://bot.example/calls"}),
        json!({"mediaConfig": null}),
        json!({"mediaConfig": {}}),
        json!({"requestedModalities": null}),
        json!({"requestedModalities": []}),
    ] {
        assert_eq!(stage.try_create(calling(DANA, bad.clone())), "400 8523", "{bad}");
    }
    assert!(stage.is_empty());
}

/// a bot mutes itself in a group; in a call of two there is nobody to tell.
#[test]
fn no_group() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    for verb in [
        CallVerb::Mute(body(json!({}))),
        CallVerb::Unmute(body(json!({}))),
        CallVerb::MuteAll(body(json!({}))),
    ] {
        assert_eq!(stage.ask(call, verb), "400 8548");
    }
    assert_eq!(stage.heard(call), [""; 0]);
}

/// prompts, records and tones are for media that the service handles.
#[test]
fn media_of_the_bots_own() {
    for (tone_on_app_hosted_is_500, tone) in [(true, "500 9999"), (false, "400 8500")] {
        let mut stage = Stage::with(Options { tone_on_app_hosted_is_500, ..Options::default() });
        let call = stage.create(calling(DANA, json!({"mediaConfig": app_hosted()})));
        stage.secs(2);
        assert_eq!(stage.ask(call, play(&json!([prompt()]))), "400 8500");
        let record = CallVerb::Record(Box::new(body(json!({}))));
        assert_eq!(stage.ask(call, record), "400 8500");
        assert_eq!(stage.ask(call, CallVerb::SubscribeToTone(body(json!({})))), tone);
    }
}

/// only media that the bot handles can be lost, and only while it flows.
#[test]
fn media_that_is_lost() {
    for (media_lost_is_500, end) in [(false, "410/301005"), (true, "500/1005")] {
        let mut stage = Stage::with(Options { media_lost_is_500, ..Options::default() });
        let service = stage.talk(DANA);
        let _ = stage.feed(Input::MediaLost(service));
        let own = stage.create(calling(DANA, json!({"mediaConfig": app_hosted()})));
        let _ = stage.feed(Input::MediaLost(own));
        stage.secs(2);
        stage.heard(own);
        let _ = stage.feed(Input::MediaLost(own));
        assert_eq!(stage.heard(own), [format!("ended {end}")]);
        assert_eq!(stage.heard(service), [""; 0]);
        let _ = stage.feed(Input::MediaLost(own));
    }
}

/// a prompt is a file; there is no text to be spoken.
#[test]
fn no_text_is_spoken() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    let mut spoken = prompt();
    spoken["@odata.type"] = json!("#microsoft.graph.textToSpeechPrompt");
    assert_eq!(stage.ask(call, play(&json!([spoken]))), "400 BadRequest");
    assert_eq!(stage.ask(call, play(&json!([prompt()]))), "200 running");
}

/// an id of its own for each request: the same body twice, with the same context, is two.
#[test]
fn every_operation_has_an_id() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let whole = json!({"prompts": [prompt()], "clientContext": "same"});
        let verb = platform::Verb::OnCall(call, CallVerb::PlayPrompt(Box::new(body(whole))));
        match stage.request(BOT, verb) {
            Ok(platform::Accepted::Operation(of, view)) if of == call => ids.insert(view.id),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(ids.len(), 5);
}

/// who asks for it hides the caller from whom the call is sent to; otherwise nobody is hidden.
#[test]
fn a_caller_who_is_masked() {
    let mut stage = Stage::new();
    for (mask, visible) in [(json!({}), true), (json!({"maskCaller": true}), false)] {
        let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
        stage.heard(call);
        let mut whole = json!({"targets": [bot(HELPER)]});
        whole.as_object_mut().unwrap().extend(mask.as_object().unwrap().clone());
        assert_eq!(stage.ask(call, CallVerb::Redirect(Box::new(body(whole)))), "202");
        stage.heard(call);
        let leg = stage.told_of()[0];
        assert_eq!(stage.view(leg).caller_visible, visible);
        assert_eq!(stage.ask(leg, CallVerb::Delete), "204");
        stage.heard(leg);
    }
}

/// so many at a time and no more; when one has ended there is room for the next.
#[test]
fn too_many_at_a_time() {
    let mut stage = Stage::with(Options { calls_per_app: 2, ..Options::default() });
    let first = stage.create(calling(DANA, json!({})));
    stage.create(calling(KIM, json!({})));
    let refused = stage.request(BOT, create(&calling(RAJ, json!({})))).unwrap_err();
    assert_eq!(refused.status_and_code(), (429, "TooManyRequests"));
    assert_eq!(refused.retry_after_secs(), Some(10));
    assert_eq!(stage.ask(first, CallVerb::Delete), "204");
    assert_eq!(stage.try_create(calling(RAJ, json!({}))), "201 establishing");
}

/// how long it takes to be set up is a switch.
#[test]
fn at_once_or_later() {
    for (secs, told) in [(0, vec!["established"]), (7, vec![])] {
        let set_up = std::time::Duration::from_secs(secs);
        let audio_start = std::time::Duration::from_secs(60);
        let mut stage = Stage::with(Options { set_up, audio_start, ..Options::default() });
        let call = stage.create(calling(DANA, json!({})));
        stage.secs(1);
        stage.wait(std::time::Duration::from_millis(1));
        assert_eq!(stage.heard(call)[1..], told);
        stage.secs(8);
        assert_eq!(stage.ask(call, CallVerb::Get), "200 established");
    }
}

/// held, the bot is told that audio is away; `hold` is said only where it is asked for.
#[test]
fn on_hold() {
    for (shows_hold, held, back) in [
        (false, vec!["audio off"], vec!["audio on"]),
        (true, vec!["hold", "audio off"], vec!["established", "audio on"]),
    ] {
        let mut stage = Stage::with(Options { shows_hold, ..Options::default() });
        let call = stage.talk(DANA);
        stage.acts(call, DANA, UserAct::Hold);
        assert_eq!(stage.heard(call), held);
        assert_eq!(stage.view(call).state == graph_api::CallState::Hold, shows_hold);
        assert_eq!(stage.ask(call, play(&json!([prompt()]))), "400 8503");
        stage.acts(call, DANA, UserAct::Resume);
        assert_eq!(stage.heard(call), back);
    }
}

/// Clients.md 25: sample bots act on each `established` with active audio, so there is one, whatever happens to
/// the audio later: hold, a transfer that fails, escalation.
#[test]
fn established_with_audio_once() {
    let mut stage = Stage::new();
    let call = stage.create(calling(DANA, json!({})));
    stage.secs(2);
    stage.acts(call, DANA, UserAct::Hold);
    stage.acts(call, DANA, UserAct::Resume);
    let transfer = body(json!({"transferTarget": user(NEIN)}));
    assert_eq!(stage.ask(call, CallVerb::Transfer(Box::new(transfer))), "202");
    stage.secs(5);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "200 running");
    stage.secs(5);
    let told = stage.notifications(call);
    let audio: Vec<_> = told
        .iter()
        .filter_map(|told| {
            let platform::What::CallUpdated(update) = &told.what else { return None };
            Some((update.state.as_ref().map(ToString::to_string), update.audio_active?))
        })
        .collect();
    let established = || Some("established".to_owned());
    let expected = [
        (established(), true),
        (None, false),
        (None, true),
        (None, false),
        (None, true),
        (established(), false),
        (None, true),
    ];
    assert_eq!(audio, expected);
}

/// Errors.md 2: what is missing is an argument error, wherever it is missing.
#[test]
fn members_that_are_missing() {
    let mut stage = Stage::new();
    assert_eq!(stage.try_create(json!({"targets": [{}]})), "400 8523");
    assert_eq!(stage.try_create(calling(DANA, json!({"source": {}}))), "400 8523");
    let config = json!({"@odata.type": "#microsoft.graph.serviceHostedMediaConfig",
        "preFetchMedia": [{}]});
    assert_eq!(stage.try_create(calling(DANA, json!({"mediaConfig": config}))), "400 8523");
    let call = stage.talk(DANA);
    assert_eq!(stage.ask(call, invite(&[json!({})])), "400 8523");
    let transfer = |target| CallVerb::Transfer(Box::new(body(json!({"transferTarget": target}))));
    assert_eq!(stage.ask(call, transfer(json!({}))), "400 8523");
    for prompts in [json!([{}]), json!([{"mediaInfo": {}}])] {
        assert_eq!(stage.ask(call, play(&prompts)), "400 8523");
    }
    let rung = stage.ring(KIM, &[Who::Application(BOT)]).unwrap();
    assert_eq!(stage.ask(rung, redirect(&[json!({})])), "400 8523");
}

/// not before the call is established.
#[test]
fn too_early_for_a_transfer() {
    let mut stage = Stage::new();
    let call = stage.create(calling(SLEEPER, json!({})));
    let transfer = body(json!({"transferTarget": user(KIM)}));
    assert_eq!(stage.ask(call, CallVerb::Transfer(Box::new(transfer))), "400 8501");
}

/// by http or https.
#[test]
fn where_prompts_come_from() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    for (uri, code) in [
        ("http://bot.example/a.wav", "200 running"),
        ("https://bot.example/a.wav", "200 running"),
        ("ftp://bot.example/a.wav", "400 8523"),
        ("a.wav", "400 8523"),
    ] {
        assert_eq!(stage.ask(call, play(&json!([{"mediaInfo": {"uri": uri}}]))), code, "{uri}");
    }
}

/// only keepAlive keeps a call alive, unless the switch says otherwise.
#[test]
fn what_keeps_a_call_alive() {
    for requests_keep_alive in [false, true] {
        let mut stage = Stage::with(Options { requests_keep_alive, ..Options::default() });
        let call = stage.create(calling(DANA, json!({})));
        stage.secs(44 * 60);
        assert_eq!(stage.ask(call, CallVerb::Get), "200 established");
        stage.heard(call);
        stage.secs(60);
        let ends: &[&str] = if requests_keep_alive { &[] } else { &["ended 408/8537"] };
        assert_eq!(stage.heard(call), ends);
    }
}
