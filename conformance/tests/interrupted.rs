//! Ctrl-C: whatever was done is told, and the code says that it was not everything.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::Value;

/// The program at work, and what it says on standard error.
fn begun(arguments: &[&str]) -> (Child, std::io::Lines<BufReader<ChildStderr>>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let told = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, told)
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// Waits for a line that begins so.
fn line(told: &mut impl Iterator<Item = std::io::Result<String>>, begins: &str) {
    assert!(told.map_while(Result::ok).any(|line| line.starts_with(begins)), "{begins}");
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Waits until something is there.
fn until(child: &mut Child, there: impl Fn(&Child) -> bool) {
    while !there(child) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it came so far");
        std::thread::yield_now();
    }
}

/// Whether a world has its thread; by then the program listens.
fn lives(child: &Child) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).into_iter().flatten();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    tasks.flatten().filter_map(name).any(|name| name.starts_with("world "))
}

/// One finding is enough to know that it is in the midst of its work.
fn sweep<'a>(out: &'a str, report: &'a str) -> Vec<&'a str> {
    let flaw = ["--bot-flaw", "trusts-any-signature", "--no-shrink"];
    [&["sweep", "--seeds", "1000000", "--out", out, "--json", report], &flaw[..]].concat()
}

/// Time that is over is no interruption, but an interruption before it is one.
#[test]
fn an_interrupted_sweep_reports_what_it_did() {
    for (more, times) in [(&[][..], 1), (&["--minutes", "60"], 1), (&[], 2)] {
        let dir = tempfile::tempdir().unwrap();
        let (out, report) = (dir.path().join("out"), dir.path().join("report.json"));
        let arguments = sweep(out.to_str().unwrap(), report.to_str().unwrap());
        let (mut child, mut told) = begun(&[&arguments, more].concat());
        line(&mut told, "FAIL");
        for n in 0..times {
            interrupt(&child);
            line(&mut told, ["stopping; what was done", "stopping without waiting"][n]);
        }
        told.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{more:?} {times}");
        let read = read(&report);
        assert_eq!((&read["finished"], &read["ended"]), (&false.into(), &"interrupted".into()));
        let worlds = read["worlds"].as_u64().unwrap();
        assert!(worlds > 0 && worlds < 1_000_000, "{worlds}");
        assert!(!read["findings"].as_array().unwrap().is_empty());
    }
}

/// A finding is written before it is made small, and nobody waits for the smallest one.
#[test]
fn making_small_is_interrupted_too() {
    let dir = tempfile::tempdir().unwrap();
    let (out, report) = (dir.path().join("out"), dir.path().join("report.json"));
    let (mut child, told) = begun(&[
        "sweep",
        "--seeds",
        "1",
        "--from",
        "4",
        "--bot-flaw",
        "trusts-any-signature",
        "--out",
        out.to_str().unwrap(),
        "--json",
        report.to_str().unwrap(),
    ]);
    let plan = out.join("forged-tokens-refused-4-trusts-any-signature.plan.json");
    until(&mut child, |_| plan.exists());
    interrupt(&child);
    told.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let finding = &read(&report)["findings"][0];
    assert_eq!(finding["invariant"], "forged-tokens-refused");
    assert_eq!(finding["files"][0], plan.to_str().unwrap());
    assert!(plan.exists());
}

#[test]
fn an_interrupted_run_writes_its_reports() {
    let dir = tempfile::tempdir().unwrap();
    let (json, junit) = (dir.path().join("r.json"), dir.path().join("r.xml"));
    let (mut child, told) = begun(&[
        "run",
        "--case",
        "prompts",
        "--seeds",
        "100000",
        "--json",
        json.to_str().unwrap(),
        "--junit",
        junit.to_str().unwrap(),
    ]);
    until(&mut child, lives);
    interrupt(&child);
    told.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let read = read(&json);
    assert_eq!(read["interrupted"], true);
    assert_eq!(read["worlds"], read["cases"].as_array().unwrap().len());
    assert!(junit.exists());
}

#[test]
fn an_interrupted_replay_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (plan, out) = (dir.path().join("long.json"), dir.path().join("out"));
    std::fs::write(
        &plan,
        r#"{"v": 1, "seed": 7, "healAtMs": 86400000, "deeds": [
        {"atMs": 0, "by": "Alice", "do": "ring"}]}"#,
    )
    .unwrap();
    let (mut child, told) =
        begun(&["replay", plan.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    until(&mut child, lives);
    interrupt(&child);
    let said: Vec<String> = told.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("interrupted: ")), "{said:?}");
}
