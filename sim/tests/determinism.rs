//! One seed is one run, in whatever process.

use std::{collections::BTreeSet, process::Command};

fn hashes(arguments: &[&str], noise: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_trace-hash"))
        .args(arguments)
        // Another environment moves the stack, and with it every address.
        .env("NOISE", noise)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_hundred_seeds_give_the_same_traces_in_two_processes() {
    let first = hashes(&["1", "100"], "1");
    let second = hashes(&["1", "100"], &"longer ".repeat(500));
    assert_eq!(first.len(), 100);
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a, b);
    }
    let different: BTreeSet<&str> =
        first.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(different.len(), 100, "each seed is a run of its own");
}

/// The same with a link that loses packets in bursts, delays them and sends them again.
#[test]
fn bad_links_are_the_same_in_two_processes_too() {
    let first = hashes(&["1", "20", "links"], "1");
    assert_eq!(first, hashes(&["1", "20", "links"], &"longer ".repeat(500)));
    let perfect = hashes(&["1", "20"], "1");
    assert!(first.iter().zip(&perfect).all(|(a, b)| a != b), "links change what happens");
}

/// The comparison can fail: a story that lets something else in than the seed gives itself away.
#[test]
fn carelessness_is_noticed() {
    assert_ne!(hashes(&["1", "3", "careless"], "1"), hashes(&["1", "3", "careless"], "1"));
}
