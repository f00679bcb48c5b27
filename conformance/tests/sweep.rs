//! `sweep` and `replay`: what they find, what they write, and with which code they end.

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is text")
}

fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    (folder, path)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

#[test]
fn two_sweeps_are_the_same_worlds_and_shards_are_all_of_them() {
    let (_kept, out) = folder();
    let sweep = |more: &[&str]| {
        let all = ["sweep", "--seeds", "12", "--from", "100", "--json", "-", "--out", &out];
        let output = conformance(&[&all, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        json(&output)
    };
    let (once, again) = (sweep(&[]), sweep(&["--jobs", "1", "--check-determinism"]));
    assert_eq!(once["trace_hash"], again["trace_hash"]);
    assert_eq!((&once["worlds"], &once["finished"]), (&Value::from(12), &Value::from(true)));
    assert!(once["simulated_seconds"].as_f64().unwrap() > 300.0, "{once}");
    let halves = ["1/2", "2/2"].map(|shard| sweep(&["--shard", shard]));
    let mut hashes: Vec<&Value> =
        halves.iter().flat_map(|half| half["hashes"].as_array().unwrap()).collect();
    hashes.sort_by_key(|pair| pair[0].as_str().unwrap().parse::<u64>().unwrap());
    let all: Vec<&Value> = once["hashes"].as_array().unwrap().iter().collect();
    assert_eq!(hashes, all);
}

/// A planted fault is found, made small, written down with everything, and shown again by what was written.
#[test]
fn a_finding_can_be_seen_again() {
    let (_kept, out) = folder();
    let flaw = "trusts-any-signature";
    let output = conformance(&[
        "sweep",
        "--seeds",
        "400",
        "--first",
        "--jobs",
        "1",
        "--bot-flaw",
        flaw,
        "--out",
        &out,
        "--json",
        "-",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = json(&output);
    let finding = &report["findings"][0];
    assert_eq!(finding["invariant"], "forged-tokens-refused", "{finding}");
    let size = finding["faults"].as_u64().unwrap() + finding["events"].as_u64().unwrap();
    assert!(size <= 5, "{finding}");
    let (live, table) =
        (text(&output.stderr), format!("{} replay ", env!("CARGO_BIN_EXE_conformance")));
    assert_eq!(live.matches("  reproduce: ").count(), 1, "in full once: {live}");
    assert_eq!(
        live.matches(&table).count(),
        2,
        "as this program was started, there and in the table: {live}"
    );
    let files: Vec<&str> =
        finding["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let of = |kind: &str| *files.iter().find(|file| file.ends_with(kind)).unwrap();
    let page = std::fs::read_to_string(of(".html")).unwrap();
    assert!(page.contains("forged-tokens-refused") && page.contains("<svg"), "{page}");
    assert!(std::fs::read_to_string(of(".mmd")).unwrap().starts_with("sequenceDiagram"));
    let journal = std::fs::read_to_string(of(".journal.ndjson")).unwrap();
    assert!(journal.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    for token in [of(".plan.json"), finding["token"].as_str().unwrap()] {
        let again = conformance(&["replay", token, "--out", &out]);
        assert_eq!(again.status.code(), Some(1), "{token}: {}", text(&again.stderr));
        assert!(text(&again.stdout).contains("FAIL forged-tokens-refused"), "{token}");
    }
}

#[test]
fn what_breaks_nothing_says_so() {
    let (_kept, out) = folder();
    let output = conformance(&["replay", "0x7", "--out", &out, "--check-determinism"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("nothing was broken") && said.contains("both times trace"), "{said}");
}

#[test]
fn mistakes_are_named_before_any_world() {
    let (kept, out) = folder();
    let plan = kept.path().join("bad.json");
    std::fs::write(&plan, "{\n  \"v\": 1, \"seed\": 1, \"healAtMs\": 9,\n  \"faults\": [\n    {\"outtage\": {}}\n  ]\n}\n").unwrap();
    let plan = plan.to_str().unwrap();
    let faulty = |name: &str, fault: &str| {
        let file = kept.path().join(name).display().to_string();
        let head = "{\n\"v\": 1, \"seed\": 1, \"healAtMs\": 9,";
        std::fs::write(&file, format!("{head}\n\"faults\": [{fault}")).unwrap();
        file
    };
    let broken = &*faulty("broken.json", "");
    let clock = r#"{"clock": {"atMs": 1, "forMs": 1, "of": "bot", "driftPpm": 1000000}}]}"#;
    let drifts = &*faulty("drifts.json", clock);
    let anser = &*faulty("anser.json", r#"{"graph": {"op": "anser", "loseReply": true}}]}"#);
    let wrong = format!("{plan}:4: faults[0]: unknown variant");
    for (arguments, said) in [
        (vec!["replay", plan], wrong.as_str()),
        (vec!["replay", plan], "did you mean `outage`?"),
        (vec!["replay", "nowhere.json"], "neither a seed nor a plan"),
        (vec!["replay", "7+bot:never-answer"], "did you mean \"never-answers\"?"),
        (vec!["replay", "7+cat:never"], "neither bot:… nor platform:…"),
        (vec!["sweep", "--bot-flaw", "no-such"], "there is no flaw"),
        (vec!["sweep", "--platform-flaw", "no-such"], "there is no flaw"),
        (vec!["sweep", "--minutes", "0"], "--minutes"),
        (vec!["sweep", "--from", "18446744073709551615", "--seeds", "3"], "there are not so many"),
        (vec!["sweep", "--from", "0xg"], "a seed is a whole number"),
        (vec!["sweep", "--bot-flaw", "help"], "there are never-answers"),
        (vec!["sweep", "--platform-flaw", "GuestSurvives"], "did you mean \"GuestsSurvive\"?"),
        (vec!["replay", "7+cat:never"], "0x2a+platform:GuestsSurvive"),
        (vec!["replay", "seven"], "a seed is written 42 or 0x2a"),
        (vec!["replay", "/dev/zero"], "/dev/zero: is larger than 1 MiB"),
        (vec!["replay", broken], "the file ends in the middle of the plan"),
        (vec!["replay", drifts], ":3: faults[0].clock.driftPpm: 1000000 is not in"),
        (vec!["replay", anser], ":3: faults[0].graph.op: `anser` is none of"),
        (vec!["sweep", "--seeds", "0"], "--seeds"),
        (vec!["sweep", "--shard", "3/2"], "--shard"),
    ] {
        let mut arguments = arguments;
        arguments.extend(["--out", &out]);
        let output = conformance(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{arguments:?}");
    }
}

/// No folder is made for nothing, and one that cannot be is refused before anything is lived through.
#[test]
fn folders_are_made_when_they_are_needed() {
    let (kept, out) = folder();
    let output = conformance(&["sweep", "--seeds", "2", "--from", "0x64", "--out", &out]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!std::path::Path::new(&out).exists(), "nothing was found");
    let file = kept.path().join("file").display().to_string();
    std::fs::write(&file, "x").unwrap();
    for command in [&["sweep", "--seeds", "2"][..], &["replay", "5"]] {
        let output = conformance(&[command, &["--out", &file]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty() && text(&output.stderr).contains("--out "), "{command:?}");
    }
}

#[test]
fn an_empty_shard_is_a_finished_one() {
    let (kept, out) = folder();
    let mut parts = Vec::new();
    for k in 1..=4 {
        let part = kept.path().join(format!("{k}.json")).display().to_string();
        let shard = format!("{k}/4");
        let all = ["sweep", "--seeds", "3", "--from", "100", "--out", &out, "--json", &part];
        let output = conformance(&[&all[..], &["--shard", &shard]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        parts.push(part);
    }
    let merge: Vec<&str> =
        ["report", "merge"].into_iter().chain(parts.iter().map(|p| &**p)).collect();
    let output = conformance(&merge);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = conformance(&[&merge[..], &["--json", &parts[1]]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("that is to be merged"), "{}", text(&output.stderr));
}

#[test]
fn what_was_compared_and_planted_is_said() {
    let (_kept, out) = folder();
    let sweep = ["sweep", "--seeds", "2", "--from", "100", "--out", &out, "--check-determinism"];
    let output = conformance(&[&sweep[..], &["--json", "-"]].concat());
    let (report, told) = (json(&output), text(&output.stderr));
    assert!(told.contains("2 worlds, each lived through twice, the same, "), "{told}");
    assert_eq!(report["check_determinism"], true);
    assert_eq!((&report["bot_flaw"], &report["ended"]), (&Value::Null, &Value::from("all")));
}

/// With `--quiet` a finding is told once, at the end; the words are those of what was done.
#[test]
fn a_quiet_sweep_tells_its_findings_once() {
    let (_kept, out) = folder();
    let sweep = ["sweep", "--seeds", "1", "--from", "4", "--bot-flaw", "trusts-any-signature"];
    let output = conformance(&[&sweep[..], &["--out", &out, "--quiet", "--no-shrink"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let told = text(&output.stdout);
    assert_eq!(told.matches("FAIL ").count(), 1, "{told}");
    assert!(told.contains("plan, as it was drawn: ") && told.contains("\n1 world, "), "{told}");
    assert!(told.contains("-4-trusts-any-signature.plan.json"), "the flaw is in the name: {told}");
}

/// A plan that somebody has written stays as it was written, whatever the folder.
#[test]
fn a_replayed_plan_is_not_written_over() {
    let (kept, _) = folder();
    let plan = kept.path().join("mine.plan.json");
    let written = "{\"v\": 1,   \"seed\": 7, \"healAtMs\": 100}\n";
    std::fs::write(&plan, written).unwrap();
    let folder = kept.path().to_str().unwrap();
    let output = conformance(&["replay", plan.to_str().unwrap(), "--out", folder]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&plan).unwrap(), written);
    assert!(kept.path().join("mine.html").exists());
}

#[test]
fn help_names_the_codes() {
    for command in [&["sweep"][..], &["replay"], &["report"], &["report", "merge"], &["run"]] {
        let output = conformance(&[command, &["--help"]].concat());
        let help = text(&output.stdout);
        assert!(help.contains("Exit codes: 0"), "{command:?}: {help}");
    }
}
