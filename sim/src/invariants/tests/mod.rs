//! For every invariant a wire that is fine, and wires that break it and nothing else.

mod bot;
mod crash;
mod excuses;
mod packets;
mod platform;
mod tale;

use std::collections::BTreeSet;

use super::*;
use crate::wire::{Seen, in_order};
use tale::Tale;

/// The invariants that a tale breaks while it is told, each once.
fn broken(tale: &Tale) -> BTreeSet<&'static str> {
    read(tale).1.into_iter().map(|violation| violation.invariant).collect()
}

/// A judge who has read a tale, and what he found wrong with it.
fn read(tale: &Tale) -> (Judge, Vec<Violation>) {
    let (mut judge, mut found) = (Judge::new(tale.facts.clone()), Vec::new());
    for seen in in_order(tale.messages.clone(), tale.packets.clone()) {
        found.extend(match seen {
            Seen::Message(message) => judge.on(&message),
            Seen::Packet(packet) => judge.on_packet(&packet),
        });
    }
    (judge, found)
}

/// What a tale leaves open.
fn missing(tale: &Tale) -> BTreeSet<&'static str> {
    let (judge, _) = read(tale);
    assert_eq!(judge.pending(tale.at).len(), judge.over().len());
    judge.over().into_iter().map(|violation| violation.invariant).collect()
}

/// It is fine, and nothing is left open.
fn is_fine(tale: &Tale) {
    assert_eq!((broken(tale), missing(tale)), (BTreeSet::new(), BTreeSet::new()));
}

/// It breaks exactly this one.
fn breaks(tale: &Tale, invariant: &str) {
    assert_eq!(broken(tale), BTreeSet::from([invariant]));
}

/// It is fine so far, and leaves exactly this one open.
fn misses(tale: &Tale, invariant: &str) {
    assert_eq!((broken(tale), missing(tale)), (BTreeSet::new(), BTreeSet::from([invariant])));
}

#[test]
fn every_invariant_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = INVARIANTS.iter().map(|(id, _)| *id).collect();
    assert_eq!(names.len(), INVARIANTS.len());
}

#[test]
fn a_whole_call_is_fine() {
    let mut tale = Tale::of_two();
    tale.plays("p1");
    tale.operation_ends("p1");
    tale.hangs_up();
    tale.ends();
    is_fine(&tale);
}

#[test]
fn what_is_missing_is_said_in_words() {
    let mut tale = Tale::of_two();
    tale.hangs_up();
    let mut judge = Judge::new(tale.facts.clone());
    for message in &tale.messages {
        assert_eq!(judge.on(message), []);
    }
    let said = judge.pending(tale.at + std::time::Duration::from_secs(3));
    assert_eq!(
        said,
        ["call c1… was hung up by u1… and has had no terminal notification (for 3 s)"]
    );
}
