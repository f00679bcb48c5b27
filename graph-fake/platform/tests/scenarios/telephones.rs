//! Telephones.

use graph_api::Guid;
use platform::{Act, Admin, CallId, CallVerb, Input, OnCall, Options, UserAct, Who};
use serde_json::{Value, json};

use crate::{bodies::*, stage::*};

fn instance(id: Guid) -> Value {
    json!({"identity": {"applicationInstance": {"id": id.to_string()}}})
}

fn dial(source: Option<Value>) -> Value {
    let mut whole = json!({"targets": [phone(NUMBER)]});
    if let Some(source) = source {
        whole["source"] = source;
    }
    whole
}

fn rung_by_phone(stage: &mut Stage) -> CallId {
    let act = Act::RingByPhone { from: NUMBER.into(), to: DESK, tenant: TENANT, call: None };
    let call = stage.feed(Input::Act(act)).acted.unwrap().unwrap();
    stage.heard(call);
    call
}

fn transfer_to_phone() -> CallVerb {
    CallVerb::Transfer(Box::new(body(json!({"transferTarget": phone(NUMBER)}))))
}

/// an instance with a number may call out.
#[test]
fn calling_out() {
    let mut stage = Stage::new();
    assert_eq!(stage.try_create(dial(None)), "400 8523");
    assert_eq!(stage.try_create(dial(Some(instance(MUTE_DESK)))), "400 8523");
    assert_eq!(stage.try_create(dial(Some(instance(Guid::from_u128(99))))), "403 7507");
    assert_eq!(stage.try_create(json!({"targets": [phone("12345")]})), "400 8523");
    let mut nowhere = dial(Some(instance(DESK)));
    nowhere["tenantId"] = Value::Null;
    assert_eq!(stage.try_create(nowhere), "403 7505", "endpoints.md 1");
    let call = stage.create(dial(Some(instance(DESK))));
    stage.secs(2);
    assert_eq!(stage.heard(call), ["establishing", "established", "audio on"]);
    let who = stage.view(call).targets[0].participant;
    stage.acts(call, who.0, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["ended 200/560000"]);
    stage.admin(Admin::PutPhone { tenant: TENANT, number: NUMBER.into(), on_call: OnCall::Busy });
    let call = stage.create(dial(Some(instance(DESK))));
    stage.secs(1);
    assert_eq!(stage.heard(call).last().unwrap(), "ended 486/8539");
}

/// all of it can be switched off.
#[test]
fn switched_off() {
    let mut stage = Stage::with(Options { pstn: false, ..Options::default() });
    assert_eq!(stage.try_create(dial(Some(instance(DESK)))), "405 8520");
    let act = Act::RingByPhone { from: NUMBER.into(), to: DESK, tenant: TENANT, call: None };
    assert!(stage.feed(Input::Act(act)).acted.unwrap().is_err());
    let call = stage.ring(DANA, &[Who::ApplicationInstance(DESK)]).unwrap();
    assert_eq!(stage.ask(call, redirect(&[phone(NUMBER)])), "405 8520");
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.ask(call, transfer_to_phone()), "405 8520");
    assert_eq!(stage.ask(call, invite(&[phone(NUMBER)])), "405 8520");
    assert!(stage.view(call).conference.is_none());
}

/// called by its number or its instance the bot may redirect, transfer to and invite telephones.
#[test]
fn called_by_number() {
    let mut stage = Stage::new();
    let call = rung_by_phone(&mut stage);
    assert!(matches!(stage.view(call).targets[0].person.who, Who::ApplicationInstance(DESK)));
    assert_eq!(stage.ask(call, redirect(&[phone("+15550123")])), "202");
    let call = rung_by_phone(&mut stage);
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.ask(call, invite(&[user(KIM)])), "200 running");
    stage.secs(2);
    assert_eq!(stage.ask(call, invite(&[phone("+15550123")])), "200 running");
    stage.secs(2);
    assert_eq!(stage.heard(call).last().unwrap(), "invite completed");
    let call = stage.ring(DANA, &[Who::ApplicationInstance(DESK)]).unwrap();
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.ask(call, transfer_to_phone()), "202");
    stage.secs(2);
    assert_eq!(stage.heard(call).last().unwrap(), "ended 0/7015");
}

/// called by its own name it may do none of that.
#[test]
fn called_by_name() {
    let mut stage = Stage::new();
    let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
    assert_eq!(stage.ask(call, redirect(&[phone(NUMBER)])), "400 8523");
    assert_eq!(stage.ask(call, answer()), "202");
    stage.secs(1);
    assert_eq!(stage.ask(call, transfer_to_phone()), "400 8523");
    assert_eq!(stage.ask(call, invite(&[phone(NUMBER)])), "400 8523");
    assert_eq!(stage.ask(call, CallVerb::Get), "200 established");
}

/// a meeting that was joined with coordinates by an instance, but not one joined by token.
#[test]
fn into_meetings() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let plain = stage.join(meeting);
    assert_eq!(stage.ask(plain, invite(&[phone(NUMBER)])), "400 8523");
    let call = stage.join_as(BOT, meeting, json!({"source": instance(DESK)}));
    stage.heard(call);
    assert_eq!(stage.ask(call, invite(&[phone(NUMBER)])), "200 running");
    stage.secs(2);
    assert_eq!(
        stage.heard(call),
        ["invite completed", &format!("roster Olu, Bot, Desk, {NUMBER}")]
    );
    let group = stage.create(json!({"targets": [user(DANA), user(KIM)]}));
    stage.secs(2);
    let at = stage.view(group).conference.unwrap();
    let coordinates = stage.platform.conference(at).unwrap().coordinates;
    let platform::Meeting::Token(token) = &coordinates.meeting else { panic!() };
    let by_token = stage.create(json!({"source": instance(DESK), "meetingInfo": {
        "@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": token,
    }}));
    stage.secs(1);
    assert_eq!(stage.ask(by_token, invite(&[phone(NUMBER)])), "400 8523");
    assert_eq!(stage.ask(by_token, invite(&[user(RAJ)])), "200 running");
}

/// A group call may have a telephone in it, where the instance may call one; somebody on it counts as a person.
#[test]
fn in_a_group_call() {
    let mut stage = Stage::new();
    let whom = json!({"targets": [user(NEIN), phone(NUMBER)]});
    assert_eq!(stage.try_create(whom.clone()), "400 8523");
    let mut whole = whom;
    whole["source"] = instance(DESK);
    let call = stage.create(whole);
    stage.secs(2);
    assert_eq!(stage.heard(call).last().unwrap(), &format!("roster Desk, {NUMBER}"));
    let who = stage.id_of(call, NUMBER);
    stage.acts(call, who.0, UserAct::HangUp);
    assert_eq!(stage.heard(call), ["roster Desk", "ended 200/5010"]);
}

/// A telephone that is rung into a meeting picks up or declines by the roster id that the bot asked for.
#[test]
fn picked_up_by_hand() {
    let mut stage = Stage::new();
    let meeting = stage.meeting(&[OLU]);
    let call = stage.join_as(BOT, meeting, json!({"source": instance(DESK)}));
    stage.heard(call);
    let id = graph_api::Guid::from_u128(55);
    let mut whom = phone(NUMBER);
    whom["participantId"] = json!(id.to_string());
    assert_eq!(stage.ask(call, invite(&[whom.clone()])), "200 running");
    stage.acts(call, id, UserAct::Decline);
    assert_eq!(stage.heard(call), ["invite failed 412/9999"]);
    assert_eq!(stage.ask(call, invite(&[whom])), "200 running");
    stage.in_meeting(meeting, id, UserAct::Answer).unwrap();
    let told = ["invite completed", &format!("roster Olu, Desk, {NUMBER}")];
    assert_eq!(stage.heard(call), told);
    assert!(stage.act(call, id, UserAct::Answer).is_err(), "it is not rung any more");
}
