//! Wires on which the bot forgets what it knew, or does not wait.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    breaks, is_fine,
    tale::{Tale, field, operation},
};
use crate::invariants::{Restart, crash, keep_alive, retry_after, rings_once};

/// The bot is gone from now on for two seconds.
fn crashes(tale: &mut Tale) {
    let down = tale.at;
    tale.facts.restarts.push(Restart { down, up: down + Duration::from_secs(2) });
    tale.wait(2);
}

/// A call that has been on for a while.
fn long_on() -> Tale {
    let mut tale = Tale::of_two();
    tale.wait(5);
    tale
}

#[test]
fn calls_are_taken_up_again() {
    let mut looked = long_on();
    crashes(&mut looked);
    let forgotten = looked.clone();
    looked.asks("/keepAlive", Value::Null, 200, Value::Null);
    looked.wait(40);
    looked.ends();
    is_fine(&looked);

    let later = |mut tale: Tale| {
        tale.wait(40);
        tale.ends();
        tale
    };
    breaks(&later(forgotten.clone()), crash::TAKES_UP);
    let mut ended = forgotten.clone();
    ended.wait(5);
    ended.ends();
    ended.wait(40);
    ended.control("GET", "/state", Value::Null, 200, json!({}));
    is_fine(&ended);
    let mut told_again = long_on();
    let old = told_again.entry("updated", "", json!({"state": "established", "x": 1}));
    told_again.attempt("m", &old, Some(500));
    told_again.asks("/keepAlive", Value::Null, 404, Value::Null);
    told_again.attempt("m", &old, Some(202));
    told_again.wait(3);
    crashes(&mut told_again);
    told_again.wait(40);
    told_again.control("GET", "/state", Value::Null, 200, json!({}));
    is_fine(&told_again);
    let mut again = forgotten.clone();
    again.wait(5);
    crashes(&mut again);
    again.asks("/keepAlive", Value::Null, 200, Value::Null);
    is_fine(&later(again));
    let mut cut_off = forgotten;
    cut_off.facts.storms.push((cut_off.at, cut_off.at + Duration::from_secs(5)));
    is_fine(&later(cut_off));
    let mut fresh = Tale::of_two();
    crashes(&mut fresh);
    is_fine(&later(fresh));
}

#[test]
fn nobody_is_greeted_twice() {
    let greeting = || json!({"prompts": [{"mediaInfo": {"uri": "hello"}}], "clientContext": "x"});
    let plays = |tale: &mut Tale| {
        tale.asks("/playPrompt", greeting(), 200, operation("op", "completed"));
    };
    let mut tale = long_on();
    plays(&mut tale);
    let mut refused = long_on();
    refused.asks("/playPrompt", greeting(), 400, Value::Null);
    for before in [&mut tale, &mut refused] {
        crashes(before);
    }
    plays(&mut refused);
    is_fine(&refused);
    let mut news = tale.clone();
    news.updated(json!({"state": "established", "mediaState": {"audio": "inactive"}}));
    plays(&mut news);
    is_fine(&news);
    plays(&mut tale);
    breaks(&tale, crash::REPEATS_NOTHING);
}

#[test]
fn a_key_told_again_is_no_new_key() {
    let mut tale = long_on();
    let key = tale.entry("updated", "", json!({"toneInfo": {"sequenceId": 1, "tone": "tone4"}}));
    tale.attempt("m", &key, Some(500));
    tale.attempt("m", &key, Some(202));
    tale.asks("/mute", Value::Null, 400, Value::Null);
    tale.wait(5);
    let mut without = tale.clone();
    crashes(&mut tale);
    for told in [&mut tale, &mut without] {
        told.faults(json!([{"notification": {"of": "any", "repeat": 1}}]));
        told.asks("/keepAlive", Value::Null, 200, Value::Null);
        told.delivered(&key);
    }
    is_fine(&tale);
    tale.asks("/mute", Value::Null, 400, Value::Null);
    breaks(&tale, crash::REPEATS_NOTHING);
    // Without a crash it is a matter of the suite's.
    without.asks("/mute", Value::Null, 400, Value::Null);
    is_fine(&without);
}

#[test]
fn whoever_is_told_to_wait_waits() {
    let mut tale = Tale::of_two();
    let busy = json!({"op": "keepAlive", "times": 5, "reply": {"status": 503}});
    tale.faults(json!([{"graph": busy}]));
    let (sent, asked) = tale.begins("POST", "/keepAlive", Value::Null);
    let headers = ["request-id", "client-request-id"].map(|name| field(name, "r"));
    let headers = [&headers[..], &[field("retry-after", "5")]].concat();
    tale.replies_with(sent, asked, 503, headers, Value::Null);
    let mut hasty = tale.clone();
    hasty.wait(4);
    // Something else may be asked.
    hasty.asks("/mute", Value::Null, 400, Value::Null);
    is_fine(&hasty);
    hasty.asks("/keepAlive", Value::Null, 200, Value::Null);
    breaks(&hasty, retry_after::ID);
    tale.wait(5);
    tale.asks("/keepAlive", Value::Null, 200, Value::Null);
    is_fine(&tale);
}

#[test]
fn nobody_is_rung_twice() {
    let whom = || json!({"participants": [{"identity": {"user": {"id": "u2"}}}]});
    let mut tale = long_on();
    let fault = json!({"op": "invite", "loseReply": true});
    tale.faults(json!([{"graph": fault}]));
    let unheard = tale.clone();
    let (sent, asked) = tale.begins("POST", "/participants/invite", whom());
    tale.breaks_off(sent, asked);
    is_fine(&tale);
    let mut pressed = tale.clone();
    pressed.updated(json!({"toneInfo": {"sequenceId": 1, "tone": "tone2"}}));
    pressed.asks("/participants/invite", whom(), 400, Value::Null);
    is_fine(&pressed);
    tale.asks("/participants/invite", whom(), 400, Value::Null);
    breaks(&tale, rings_once::ID);
    let mut refused = unheard;
    refused.asks("/participants/invite", whom(), 400, Value::Null);
    refused.asks("/participants/invite", whom(), 400, Value::Null);
    is_fine(&refused);
}

#[test]
fn an_error_of_graphs_is_no_reason_to_stop_trying() {
    let mut tale = Tale::of_two();
    tale.faults(json!([{"graph": {"op": "keepAlive", "loseReply": true}}]));
    tale.wait(15 * 60);
    tale.asks("/keepAlive", Value::Null, 200, Value::Null);
    tale.wait(15 * 60);
    let (sent, asked) = tale.begins("POST", "/keepAlive", Value::Null);
    tale.breaks_off(sent, asked);
    let mut drifts = tale.clone();
    tale.wait(15 * 60);
    tale.asks("/keepAlive", Value::Null, 200, Value::Null);
    is_fine(&tale);
    drifts.wait(50 * 60);
    drifts.asks("/keepAlive", Value::Null, 200, Value::Null);
    breaks(&drifts, keep_alive::ID);
}
