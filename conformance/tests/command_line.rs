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
    let output = conformance(&["--case", "prompts/wait*", "--case", "prompts/once"]);
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
        "prompts/wait-for-audio",
        "--case",
        "prompts/once",
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
    let program = env!("CARGO_BIN_EXE_conformance");
    let again = " run --case prompts/wait-for-audio --seed 1 --flaw prompts-too-early\n";
    assert!(said.contains(&format!("replay: {program}{again}")), "{said}");
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
    let wrong: [(&[&str], &str); 11] = [
        (&["--case", "nothing/*"], "no case matches 'nothing/*'"),
        (&["--case", "["], "--case ["),
        (&["--shard", "3/2"], "3/2"),
        (&["--seeds", "0"], "0"),
        (&["--flaw", "sings"], "unknown flaw 'sings'"),
        (&["--profile", "dancer"], "service-hosted"),
        (&["explain", "no/such"], "no/such"),
        (
            &["--case", "prompts/once", "--json", "/no/such/folder/r.json"],
            "/folder/r.json: No such file or directory (os error 2)\n",
        ),
        (&["--case", "prompts/once", "--junit", "/"], "/: is a directory"),
        (&["--case", "prompts/once", "--json", "-", "--junit", "-"], "the same place"),
        (&["--case", "prompts/once", "--json", "r", "--junit", "./r"], "the same place"),
    ];
    for (arguments, said) in wrong {
        let output = conformance(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(said), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}: found out before the run");
    }
}

/// A standard output that takes nothing more, and the end of it that must stay open. Wherever `/dev/full` is
/// missing, this is the same to a program: its writes fail.
#[cfg(unix)]
fn full() -> (std::process::Stdio, std::os::unix::net::UnixStream) {
    use std::io::Write as _;
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    while ours.write(&[0; 4_096]).is_ok() {}
    while ours.write(&[0]).is_ok() {}
    (std::os::fd::OwnedFd::from(ours).into(), theirs)
}

#[cfg(unix)]
#[test]
fn a_result_that_nobody_gets_is_no_success() {
    for arguments in [
        &["--case", "prompts/once"][..],
        &["--case", "prompts/once", "--json", "-"],
        &["--case", "prompts/once", "--junit", "-"],
        &["list"],
        &["list", "--json"],
        &["explain", "prompts/once"],
    ] {
        let (out, _open) = full();
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        let output = command.args(arguments).stdout(out).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {error}");
        assert!(error.contains("cannot write to standard output: "), "{arguments:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_who_has_seen_enough_is_no_trouble() {
    for (arguments, code) in [
        (&["list"][..], 0),
        (&["--case", "prompts/once"], 0),
        (&["--case", "prompts/once", "--json", "-", "--quiet"], 0),
        (&["--case", "prompts/*", "--flaw", "prompts-too-early", "--quiet"], 1),
    ] {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(theirs);
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        let out = std::os::fd::OwnedFd::from(ours);
        let output = command.args(arguments).stdout(out).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(!error.contains("standard output"), "{arguments:?}: {error}");
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
