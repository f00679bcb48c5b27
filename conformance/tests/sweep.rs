//! `sweep` and `replay`: what they find, what they write, and with which code they end.

use std::process::{Command, Output, Stdio};

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
    assert!(text(&output.stderr).contains("reproduce: conformance replay"), "how to see it again");
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
    let wrong = format!("{plan}:4: faults[0]: unknown variant");
    for (arguments, said) in [
        (vec!["replay", plan], wrong.as_str()),
        (vec!["replay", plan], "did you mean `outage`?"),
        (vec!["replay", "nowhere.json"], "neither a seed nor a plan"),
        (vec!["replay", "7+bot:never-answer"], "did you mean \"never-answers\"?"),
        (vec!["replay", "7+cat:never"], "neither bot:… nor platform:…"),
        (vec!["sweep", "--bot-flaw", "no-such"], "there is no flaw"),
        (vec!["sweep", "--platform-flaw", "no-such"], "there is no flaw"),
        (vec!["sweep", "--seeds", "1", "--shard", "2/2"], "nothing to live through"),
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

/// An interrupted sweep ends with what it did.
#[cfg(unix)]
#[test]
fn an_interrupted_sweep_reports_what_it_did() {
    use std::io::{BufRead as _, BufReader};
    let (kept, out) = folder();
    let report = kept.path().join("report.json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(["sweep", "--seeds", "1000000", "--bot-flaw", "trusts-any-signature"])
        .args(["--no-shrink", "--quiet", "--out", &out, "--json", report.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // With the first finding it is in the midst of its work.
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(told.next().unwrap().unwrap().starts_with("FAIL"));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let said: Vec<String> = told.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said:?}");
    assert!(said.iter().any(|line| line.contains("what was done will be reported")), "{said:?}");
    let read: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!(read["finished"], false);
    let worlds = read["worlds"].as_u64().unwrap();
    assert!(worlds > 0 && worlds < 1_000_000, "{worlds}");
    assert!(!read["findings"].as_array().unwrap().is_empty());
}
