//! One seed is one run, in whatever process.

use std::{collections::BTreeSet, process::Command};

fn hashes(seeds: &str, threads: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_trace-hash"))
        .args(["1", seeds])
        // Another environment and another allocation history must not matter.
        .env("REHEARSAL_NOISE", threads)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_hundred_seeds_give_the_same_traces_in_two_processes() {
    let first = hashes("100", "1");
    let second = hashes("100", "a longer value in the environment");
    assert_eq!(first.len(), 100);
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a, b);
    }
    let different: BTreeSet<&str> =
        first.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(different.len(), 100, "each seed is a run of its own");
}
