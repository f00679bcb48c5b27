//! Wires on which the bot does wrong.

use serde_json::{Value, json};

use super::{
    breaks, is_fine, misses,
    tale::{APP, CALL, Tale, answer},
};
use crate::invariants::{bot, forged, keep_alive};

#[test]
fn forged_tokens_are_refused() {
    let mut tale = Tale::of_two();
    let body = json!({"appId": APP, "key": "unknown"});
    tale.control("POST", "/callback-tokens", body, 200, json!({"token": "forged"}));
    tale.control("POST", "/callback-tokens", json!({"appId": APP}), 200, json!({"token": "good"}));
    let other = json!({"changeType": "created", "resourceUrl": "/communications/calls/c2",
        "resourceData": {"state": "incoming"}});
    tale.stranger("good", &other, 202);
    tale.stranger("forged", &other, 401);
    tale.stranger("nobody's", &other, 403);
    is_fine(&tale);
    for token in ["forged", "nobody's", ""] {
        let mut believed = tale.clone();
        believed.stranger(token, &other, 202);
        breaks(&believed, forged::ID);
    }
    let mut acted = Tale::of_two();
    acted.stranger("forged", &other, 401);
    is_fine(&acted);
    let path = "/v1.0/communications/calls/c2/answer";
    let (sent, asked) = acted.begins_at("POST", path, answer());
    acted.replies(sent, asked, 404, json!({}));
    breaks(&acted, forged::ID);
}

#[test]
fn the_bot_answers_once() {
    let mut tale = Tale::new();
    let fault = json!({"op": "answer", "reply": {"status": 503}});
    tale.faults(json!([{"graph": fault}]));
    tale.rings(json!({"state": "incoming"}));
    tale.asks("/answer", answer(), 503, Value::Null);
    tale.asks("/answer", answer(), 202, Value::Null);
    is_fine(&tale);
    tale.asks("/answer", answer(), 409, Value::Null);
    breaks(&tale, bot::ANSWERS_ONCE);
}

#[test]
fn the_bot_leaves_ended_calls_alone() {
    let mut tale = Tale::of_two();
    tale.ends();
    tale.wait(1);
    tale.asks("/keepAlive", Value::Null, 404, json!({"error": {"code": "8522"}}));
    is_fine(&tale);
    tale.wait(2);
    tale.asks("/keepAlive", Value::Null, 404, json!({"error": {"code": "8522"}}));
    breaks(&tale, bot::LEAKS_NOTHING);
    let mut gone = Tale::of_two();
    gone.asks("/keepAlive", Value::Null, 404, Value::Null);
    gone.wait(3);
    is_fine(&gone);
    gone.asks("/keepAlive", Value::Null, 404, Value::Null);
    breaks(&gone, bot::LEAKS_NOTHING);
}

#[test]
fn the_bot_is_told_of_every_end() {
    let mut tale = Tale::of_two();
    let end = tale.entry("deleted", "", json!({"state": "terminated"}));
    tale.attempt("m", &end, Some(500));
    misses(&tale, bot::LEAKS_NOTHING);
    tale.attempt("m", &end, Some(202));
    is_fine(&tale);
}

#[test]
fn calls_are_kept_alive() {
    let mut tale = Tale::of_two();
    for _ in 0..3 {
        tale.wait(44 * 60);
        tale.asks("/keepAlive", Value::Null, 200, Value::Null);
    }
    is_fine(&tale);
    let mut lapsed = tale.clone();
    lapsed.wait(46 * 60);
    lapsed.ends();
    breaks(&lapsed, keep_alive::ID);
    let mut cleaned_up = tale.clone();
    cleaned_up.wait(44 * 60);
    let why = json!({"code": 408, "subcode": 8537});
    cleaned_up.notified("deleted", "", json!({"state": "terminated", "resultInfo": why}));
    breaks(&cleaned_up, keep_alive::ID);
    let mut refused = tale.clone();
    refused.wait(30 * 60);
    refused.asks("/keepAlive", Value::Null, 429, Value::Null);
    refused.wait(30 * 60);
    refused.asks("/keepAlive", Value::Null, 200, Value::Null);
    breaks(&refused, keep_alive::ID);
    tale.ends();
    tale.wait(60 * 60);
    tale.control("GET", &format!("/calls/{CALL}"), Value::Null, 404, Value::Null);
    is_fine(&tale);
}

#[test]
fn the_bot_reacts_to_whoever_rings() {
    let mut quick = Tale::new();
    quick.rings(json!({"state": "incoming"}));
    quick.asks("/answer", answer(), 202, Value::Null);
    quick.wait(16);
    quick.ends();
    is_fine(&quick);
    let mut gave_up = Tale::new();
    gave_up.rings(json!({"state": "incoming"}));
    gave_up.wait(5);
    gave_up.ends();
    is_fine(&gave_up);
    let mut slow = Tale::new();
    slow.rings(json!({"state": "incoming"}));
    slow.wait(16);
    slow.ends();
    breaks(&slow, bot::REACTS);
    let mut barred = Tale::new();
    barred.faults(json!([{"token": {"reply": {"status": 503}}}]));
    barred.rings(json!({"state": "incoming"}));
    barred.wait(16);
    barred.ends();
    is_fine(&barred);
}
