//! What comes of good bots, and of bots with known faults: expectations, reports that are compared, interruptions.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{Stand, ended, lives};

const READY: &str = "path = \"/health\"\ntimeout = 30";
/// The first of them fails where calls are answered twice.
const CALLS: [&str; 4] =
    ["--case", "incoming-call/answered-once", "--case", "incoming-call/two-at-once"];

const TWO_PROMPTS: [&str; 6] =
    ["--case", "prompts/wait-for-audio", "--case", "prompts/once", "--case", "driver/*"];

#[test]
fn a_good_bot_passes_and_the_reports_agree() {
    let stand = Stand::new("reference", READY, "");
    let all = ended(&stand.play(&TWO_PROMPTS), 0);
    assert!(all.ends_with("2 passed, 0 failed, 4 skipped\n"), "{all}");
    let report = stand.json();
    assert_eq!((&report["stage"], &report["passed"]), (&json!("live"), &json!(2)));
    stand.reported("prompts/wait-for-audio");
    stand.reported("the manifest has no");
    let html = stand.read("html");
    assert!(html.contains("<svg") && html.contains("playPrompt"), "a ladder");
    assert!(!html.contains("http-equiv=\"refresh\"") && !html.contains("src="), "it loads nothing");
}

#[test]
fn failures_that_are_known_are_no_failures_and_a_pass_is_one() {
    let flawed = "reference answers-twice";
    let known = "expectedFailures = \"known.txt\"";
    let stand = Stand::new(flawed, READY, known);
    let reason = "incoming-call/answered-once # ticket 12\ntones/once\n";
    std::fs::write(stand.file("known.txt"), reason).unwrap();
    let all = ended(&stand.play(&CALLS), 0);
    assert!(all.contains("1 failed as expected") && all.contains("1 passed, 0 failed"), "{all}");
    assert_eq!(stand.json()["cases"][0]["expected_failure"], "ticket 12");

    let stand = Stand::new("reference", READY, known);
    std::fs::write(stand.file("known.txt"), reason).unwrap();
    let all = ended(&stand.play(&CALLS), 1);
    assert!(all.contains("passed unexpectedly") && all.contains("ticket 12"), "{all}");
    assert!(all.ends_with("1 passed, 1 failed, 0 skipped\n"), "{all}");
    assert!(stand.read("junit").contains("unexpected-pass"));
}

#[test]
fn what_failed_is_played_again_and_reports_are_compared() {
    let bad = Stand::new("reference answers-twice", READY, "");
    let all = ended(&bad.play(&CALLS), 1);
    assert!(all.contains("failed incoming-call/answered-once"), "{all}");
    let good = Stand::new("reference", READY, "");
    let before = bad.file("json").display().to_string();
    let all = ended(&good.play(&["--rerun-failed", &before]), 0);
    assert!(all.ends_with("1 passed, 0 failed, 0 skipped\n"), "{all}");
    let diff = |before: &Stand, after: &Stand| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        let files = [before.file("json"), after.file("json")];
        command.args(["report", "diff"]).args(files).output().unwrap()
    };
    let all = ended(&diff(&bad, &good), 0);
    assert!(all.contains("better incoming-call/answered-once"), "{all}");
    ended(&diff(&good, &bad), 1);
    let all = ended(&good.play(&["--rerun-failed", &good.file("json").display().to_string()]), 2);
    assert!(all.contains("nothing failed there"), "{all}");
}

#[test]
fn an_interruption_ends_the_bot_and_all_it_started_and_is_reported() {
    let stand = Stand::new("parent", READY, "");
    let mut child = stand
        .command(&["--case", "ending/silence-after-the-end"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pids = loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it came so far");
        match std::fs::read_to_string(stand.file("pids")) {
            Ok(pids) if pids.contains(' ') => break pids,
            _ => std::thread::yield_now(),
        }
    };
    assert!(pids.split(' ').all(lives), "{pids}");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let all = ended(&output, 130);
    assert!(all.contains("interrupted: not everything was played"), "{all}");
    assert_eq!(stand.json()["interrupted"], true);
    stand.reported("nterrupted");
    assert!(!pids.split(' ').any(lives), "{pids}: something of the bot lives on");
}
