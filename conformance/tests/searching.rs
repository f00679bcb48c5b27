//! `canary`: what it finds, what it says, and with which code it ends.

use std::{
    path::Path,
    process::{Command, Output},
};

use media::{audio::Marker, write_wav};
use serde_json::{Value, json};
use tempfile::TempDir;

fn canary(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.arg("canary").args(arguments).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is text")
}

/// A directory that a bot has written to.
fn directory(sound: &[i16]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("calls.json"), "{}").unwrap();
    std::fs::write(directory.path().join("call.wav"), write_wav(sound)).unwrap();
    directory
}

fn samples(id: u32) -> Vec<i16> {
    Marker::new(id).unwrap().samples()
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_was_kept_is_found() {
    let directory = directory(&samples(31));
    let path = shown(directory.path());
    let found = canary(&[path, "--marker", "0x1f"]);
    assert_eq!(found.status.code(), Some(1), "{}", text(&found.stderr));
    let said = text(&found.stdout);
    assert!(said.contains("call.wav: samples, little-endian at byte 44"), "{said}");
    assert!(said.ends_with("2 found; 2 files looked at\n"), "{said}");
    let other = canary(&[path, "--marker", "32", "--source", "7"]);
    assert_eq!(other.status.code(), Some(0));
    assert_eq!(text(&other.stdout), "nothing found in 2 files\n");
    let wav = directory.path().join("said.wav");
    std::fs::write(&wav, write_wav(&samples(31))).unwrap();
    let json = canary(&[path, "--wav", shown(&wav), "--json", "-"]);
    let read: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(read["found"].as_array().unwrap().len(), 2, "the bot's, and what was said: {read}");
    assert_eq!(
        (&read["found"][0]["finding"]["form"], &read["files"]),
        (&json!("littleEndian"), &json!(3))
    );
}

/// R-290: in a call that is recorded by policy.
#[test]
fn recorders_may_keep_files() {
    let directory = directory(&samples(31));
    let journal = directory.path().join("journal.ndjson");
    let line = |seq: u64, kind: &str, detail: Value| {
        json!({"seq": seq, "atMs": seq, "callId": "c", "kind": kind, "detail": detail}).to_string()
    };
    let asked =
        json!({"requestId": "r", "op": "updateRecordingStatus", "body": {"status": "recording"}});
    let mut lines = vec![line(1, "request", asked)];
    let search = |lines: &[String]| {
        std::fs::write(&journal, lines.join("\n")).unwrap();
        let path = shown(directory.path());
        let found = canary(&[path, "--marker=31", "--journal", shown(&journal), "--call", "c"]);
        (found.status.code(), text(&found.stdout))
    };
    assert_eq!(search(&lines).0, Some(1), "it was never answered");
    lines.push(line(2, "response", json!({"requestId": "r", "status": 200})));
    let (code, said) = search(&lines);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("recorded by policy"), "{said}");
}

#[test]
fn mistakes_are_named() {
    let directory = directory(&[]);
    let path = shown(directory.path());
    let bad = directory.path().join("bad.ndjson");
    std::fs::write(&bad, "\n{\"seq\": 1}\n").unwrap();
    let bad = shown(&bad);
    for (arguments, said) in [
        (vec![path], "say what was given"),
        (vec![path, "--marker", "16777216"], "below 16777216"),
        (vec!["--marker", "1"], "<DIRECTORY>"),
        (vec!["/nowhere/at/all", "--marker", "1"], "/nowhere/at/all: "),
        (vec![path, "--wav", bad], "bad.ndjson: "),
        (vec![path, "--h264", bad], "nothing that was given can be told"),
        (vec!["--marker=1", "--journal", bad], "--call"),
        (vec!["--marker=1", "--journal", bad, "--call", "c"], "bad.ndjson:2: no line of a journal"),
        (vec![path, "--marker=1", "--json", "/nowhere/x"], "/nowhere/x"),
    ] {
        let output = canary(&arguments);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {why}");
        assert!(why.contains(said), "{arguments:?}: {why}");
    }
}
