//! The command line: what is printed, what is written, and with which code it ends.

use std::process::{Command, Output};

use serde_json::Value;

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is text")
}

/// The last line on standard output.
fn last_line(output: &Output) -> String {
    text(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_run_ends_with_its_counts() {
    let output = conformance(&["--case", "prompts"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(last_line(&output), "2 passed, 0 failed, 0 skipped");
    assert!(!text(&output.stdout).contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn two_runs_are_the_same_run() {
    let run = |seed| {
        let output =
            conformance(&["run", "--case", "incoming-call", "--seed", seed, "--json", "-"]);
        let report: Value =
            serde_json::from_slice(&output.stdout).expect("JSON on standard output");
        report["trace_hash"].as_str().expect("a hash").to_owned()
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

#[test]
fn a_failing_bot_is_told_why_and_reports_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (junit, json) = (dir.path().join("r.xml"), dir.path().join("r.json"));
    let output = conformance(&[
        "run",
        "--case",
        "prompts/*",
        "--flaw",
        "prompts-too-early",
        "--quiet",
        "--junit",
        junit.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("failed prompts/wait-for-audio"), "{said}");
    assert!(said.contains("actual: one was: 8503"), "{said}");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("<failure") && junit.contains(r#"tests="2""#), "{junit}");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(json["cases"][0]["verdict"], "failed");
    for name in ["seed", "trace_hash", "simulated_seconds", "wall_seconds", "worlds", "events"] {
        assert!(!json[name].is_null(), "{name}");
    }
}

#[test]
fn seeds_are_shared_out() {
    let worlds = |shard: &str| {
        let arguments = ["--case", "prompts/once", "--seeds", "5", "--shard", shard, "--json", "-"];
        let output = conformance(&arguments);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        report["worlds"].as_u64().expect("a number")
    };
    assert_eq!((worlds("1/2"), worlds("2/2")), (3, 2));
}

#[test]
fn mistakes_end_with_two_and_say_what_is_wrong() {
    let wrong: [(&[&str], &str); 8] = [
        (&["--case", "nothing/*"], "no case matches 'nothing/*'"),
        (&["--case", "["], "--case ["),
        (&["--shard", "3/2"], "3/2"),
        (&["--seeds", "0"], "0"),
        (&["--flaw", "sings"], "unknown flaw 'sings'"),
        (&["--profile", "dancer"], "service-hosted"),
        (&["explain", "no/such"], "no/such"),
        (&["--case", "prompts/once", "--json", "/no/such/folder/r.json"], "r.json"),
    ];
    for (arguments, said) in wrong {
        let output = conformance(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn the_catalogue_can_be_read() {
    let list = text(&conformance(&["list"]).stdout);
    assert!(list.contains("keep-alive/three-hours"), "{list}");
    let json: Value = serde_json::from_slice(&conformance(&["list", "--json"]).stdout).unwrap();
    assert!(json["cases"].as_array().is_some_and(|cases| cases.len() >= 12));
    let explained = text(&conformance(&["explain", "keep-alive/three-hours"]).stdout);
    assert!(explained.contains("R-300") && explained.contains("never-keeps-alive"), "{explained}");
}
