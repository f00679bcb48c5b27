//! What a bot may do with which permission: one at a time, and what it is told when it may not.

use graph_api::Guid;
use platform::{Admin, CallVerb, Options, Permission, Refusal, User, UserAct, Verb, Who};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

/// A stage on which the bot has these permissions only, while its token says all.
fn with_only(grants: &[Permission]) -> Stage {
    let mut stage = Stage::new();
    stage.grant(BOT, "Bot", grants);
    stage
}

fn one() -> Value {
    json!({"targets": [user(DANA)]})
}

fn two() -> Value {
    json!({"targets": [user(DANA), user(KIM)]})
}

/// What the bot may begin: to one, to several, into a meeting, with media of its own.
fn begins(grants: &[Permission]) -> [String; 4] {
    let mut stage = with_only(grants);
    let meeting = stage.meeting(&[OLU]);
    let join = stage.coordinates(meeting);
    let mut hosted = one();
    hosted["mediaConfig"] = app_hosted();
    [one(), two(), join, hosted].map(|members| stage.try_create(members))
}

/// each permission opens what it is for, and nothing else; R-027: a guest joins
/// too; R-028: media of one's own needs AccessMedia beside.
#[test]
fn each_permission_opens_what_it_is_for() {
    use Permission::{AccessMedia, Initiate, InitiateGroupCall, JoinGroupCall};
    let (yes, no) = ("201 establishing", "403 7504");
    assert_eq!(begins(&[]), [no, no, no, no]);
    assert_eq!(begins(&[Initiate]), [yes, no, no, no]);
    assert_eq!(begins(&[InitiateGroupCall]), [no, yes, no, no]);
    assert_eq!(begins(&[JoinGroupCall]), [no, no, yes, no]);
    assert_eq!(begins(&[Permission::JoinGroupCallAsGuest]), [no, no, yes, no]);
    assert_eq!(begins(&[AccessMedia]), [no, no, no, no]);
    assert_eq!(begins(&[Initiate, AccessMedia]), [yes, no, no, yes]);
}

/// who joins with JoinGroupCall is there as itself; R-027: as a guest otherwise.
#[test]
fn as_oneself_or_as_a_guest() {
    let guest = Permission::JoinGroupCallAsGuest;
    for (grant, as_guest) in [(Permission::JoinGroupCall, false), (guest, true)] {
        let mut stage = with_only(&[grant]);
        let meeting = stage.meeting(&[OLU]);
        let call = stage.join(meeting);
        let at = stage.view(call).conference.unwrap();
        let conference = stage.platform.conference(at).unwrap();
        let bot = conference.participants.iter().find(|p| p.id == stage.view(call).my_participant);
        assert_eq!(matches!(bot.unwrap().person.who, Who::Guest(_)), as_guest, "{grant}");
    }
}

/// transfers, too, are for Initiate; R-025: invitations for InitiateGroupCall.
#[test]
fn transfers_and_invitations() {
    let mut stage = Stage::new();
    let call = stage.talk(DANA);
    let transfer = || CallVerb::Transfer(Box::new(body(json!({"transferTarget": user(KIM)}))));
    stage.grant(BOT, "Bot", &[Permission::InitiateGroupCall]);
    assert_eq!(stage.ask(call, transfer()), "403 7504");
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "403 7504");
    assert_eq!(stage.ask(call, transfer()), "202");
}

/// what the administrator withdraws is gone at once, whatever the token says; and what was never in
/// the token is not there before a new one.: in these words.
#[test]
fn consent_comes_and_goes() {
    let mut stage = Stage::new();
    assert_eq!(stage.try_create(one()), "201 establishing");
    stage.grant(BOT, "Bot", &[]);
    let refused = stage.request(BOT, create(&one())).unwrap_err();
    assert!(matches!(refused, Refusal::MissingPermission(_)));
    assert_eq!(refused.status_and_code(), (403, "7504"));
    let text = "Insufficient enterprise tenant permissions, cannot access this API.";
    assert_eq!(refused.to_string(), text);
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(stage.try_create(one()), "201 establishing");
    let stranger = stage.request(Guid::from_u128(99), create(&one())).unwrap_err();
    assert_eq!(stranger.status_and_code(), (403, "7503"));
    assert_eq!(stranger.to_string(), "Application is not registered in our store.");
    let caller = platform::Caller::application(BOT, TENANT, [].into());
    let request = platform::Request { caller, scenario: None, verb: create(&one()) };
    let reply = stage.feed(platform::Input::Request(Box::new(request))).reply.unwrap();
    assert_eq!(reply.unwrap_err().status_and_code(), (403, "7504"), "an older token");
}

/// strict, or as one sample claims.
#[test]
fn records_and_tones_without_access_to_media() {
    for (lenient_media_permission, code) in [(false, "403 7504"), (true, "200 running")] {
        let options = Options { lenient_media_permission, ..Options::default() };
        let mut stage = Stage::with(options);
        stage.grant(BOT, "Bot", &[Permission::Initiate]);
        let call = stage.talk(DANA);
        assert_eq!(stage.ask(call, CallVerb::Record(Box::new(body(json!({}))))), code);
        let tones = CallVerb::SubscribeToTone(body(json!({})));
        let expected = if lenient_media_permission { "200 completed" } else { code };
        assert_eq!(stage.ask(call, tones), expected);
    }
}

/// either of the two that the sources name.
#[test]
fn keys_that_a_bot_presses() {
    let keys = || CallVerb::SendDtmfTones(body(json!({"tones": ["tone1"]})));
    for grant in Permission::CALLS {
        let mut stage = with_only(&[grant]);
        let call = stage.talk(DANA);
        let either = [Permission::Initiate, Permission::AccessMedia].contains(&grant);
        let code = if either { "200 running" } else { "403 7504" };
        assert_eq!(stage.ask(call, keys()), code, "{grant}");
    }
}

/// either of the two; and no others.
#[test]
fn who_may_say_that_it_records() {
    let status = || CallVerb::UpdateRecordingStatus(body(json!({"status": "recording"})));
    for grant in Permission::CALLS {
        let mut stage = Stage::new();
        let answers = platform::OnCall::Answer { after: std::time::Duration::ZERO };
        let dana = User { recorded_by: Some(BOT), ..User::new("Dana", answers) };
        stage.admin(Admin::PutUser { tenant: TENANT, user: DANA, entry: dana });
        let meeting = stage.meeting(&[OLU]);
        stage.in_meeting(meeting, DANA, UserAct::Join).unwrap();
        let leg = stage.told_of()[0];
        assert_eq!(stage.ask(leg, answer()), "202");
        stage.secs(1);
        stage.grant(BOT, "Bot", &[grant]);
        let either = [Permission::AccessMedia, Permission::JoinGroupCall].contains(&grant);
        let code = if either { "200 completed" } else { "403 7504" };
        assert_eq!(stage.ask(leg, status()), code, "{grant}");
    }
}

/// whole, and from somebody with access to media.
#[test]
fn the_quality_of_devices() {
    let mut stage = Stage::new();
    let id = "aaaaaaaa-0000-4000-8000-000000000001";
    let whole = json!({"quality": {
        "callChainId": id, "participantId": id, "mediaLegId": id, "deviceName": "d",
        "deviceDescription": "e", "mediaQualityList": [{"channelIndex": 1}],
    }});
    let log = |stage: &mut Stage, body: Value| {
        let verb = Verb::LogDeviceQuality(Box::new(crate::bodies::body(body)));
        crate::wording::reply(&stage.request(BOT, verb))
    };
    assert_eq!(log(&mut stage, whole.clone()), "200");
    assert_eq!(log(&mut stage, json!({})), "400 8523");
    for required in ["callChainId", "mediaLegId", "deviceName", "mediaQualityList"] {
        let mut part = whole.clone();
        part["quality"].as_object_mut().unwrap().remove(required);
        assert_eq!(log(&mut stage, part), "400 8523", "{required}");
    }
    stage.grant(BOT, "Bot", &[Permission::Initiate]);
    assert_eq!(log(&mut stage, whole), "403 7504");
}
