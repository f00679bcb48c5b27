//! What a plan excuses, and how little.

use serde_json::{Value, json};

use super::{breaks, broken, is_fine, misses, missing, tale::Tale};
use crate::invariants::{Excuses, Judge, keep_alive, order, progress, terminal};

#[test]
fn lost_ends_are_excused_while_they_may_be_lost() {
    let hung_up = |plan: Value| {
        let mut tale = Tale::of_two();
        tale.faults(plan);
        tale.hangs_up();
        tale
    };
    let lose = |of: &str| json!([{"notification": {"of": of, "lose": true}}]);
    is_fine(&hung_up(lose("ended")));
    is_fine(&hung_up(lose("any")));
    misses(&hung_up(lose("tone")), terminal::ID);
    let other = json!([{"notification": {"of": "ended", "lose": true, "callId": "c2"}}]);
    misses(&hung_up(other), terminal::ID);
    let mut over = Tale::of_two();
    over.faults(lose("ended"));
    over.faults(json!([]));
    over.wait(1);
    over.hangs_up();
    misses(&over, terminal::ID);
}

#[test]
fn after_healing_nothing_is_excused() {
    let mut tale = Tale::of_two();
    tale.facts.plan = Excuses { network: true, ..Excuses::default() };
    tale.hangs_up();
    assert!(missing(&tale).is_empty());
    let mut judge = Judge::new(tale.facts.clone());
    for message in &tale.messages[..tale.messages.len() - 2] {
        let _ = judge.on(message);
    }
    judge.healed(tale.messages[tale.messages.len() - 3].at);
    for message in &tale.messages[tale.messages.len() - 2..] {
        let _ = judge.on(message);
    }
    assert_eq!(judge.over().len(), 1);
}

#[test]
fn swapped_and_repeated_notifications() {
    let mut tale = Tale::of_two();
    let ringing = tale.entry("updated", "", json!({"state": "establishing"}));
    tale.updated(json!({"state": "established", "x": 1}));
    tale.delivered(&ringing);
    assert_eq!(broken(&tale), [order::ID, progress::ID].into());
    tale.facts.plan.reordered = true;
    is_fine(&tale);
    let mut twice = Tale::of_two();
    let end = twice.entry("deleted", "", json!({"state": "terminated"}));
    twice.delivered(&end);
    twice.delivered(&end);
    breaks(&twice, terminal::ID);
    twice.facts.plan.repeated = true;
    is_fine(&twice);
}

#[test]
fn a_bot_that_is_kept_from_graph_keeps_nothing_alive() {
    let mut tale = Tale::of_two();
    tale.wait(46 * 60);
    tale.ends();
    breaks(&tale, keep_alive::ID);
    tale.facts.plan.network = true;
    is_fine(&tale);
    let mut planned = Tale::of_two();
    planned.faults(json!([{"token": {"reply": {"status": 500}}}]));
    planned.wait(46 * 60);
    planned.ends();
    is_fine(&planned);
}
