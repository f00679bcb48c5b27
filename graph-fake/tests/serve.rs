//! The program: its ready line, and what it says when it cannot start.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_graph-fake"))
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(more: &[&str]) -> (Running, Value) {
    let free = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let child = program()
        .arg("serve")
        .args(free)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (running, serde_json::from_str(&line).expect("the first line is one JSON object"))
}

fn fails(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = program().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// clients.md 1 and 2: where everything is, and the authority to trust.
#[test]
fn the_ready_line_has_everything_a_client_needs() {
    let (_running, ready) = start(&["--seed", "5"]);
    assert_eq!((&ready["ready"], &ready["seed"]), (&Value::from(true), &Value::from(5)));
    let names = ["graph", "graphBeta", "graphHttp", "authority", "control", "botFrameworkOpenId"];
    for name in names {
        assert!(ready[name].as_str().is_some_and(|url| url.starts_with("http")), "{name}");
    }
    let ca = std::fs::read_to_string(ready["caFile"].as_str().unwrap()).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (_running, ready) = start(&[]);
    let taken = ready["control"].as_str().unwrap().strip_prefix("http://").unwrap();
    let free = "127.0.0.1:0";
    let (code, said) = fails(&["serve", "--https", free, "--http", free, "--control", taken]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(taken), "{said}");
}

#[test]
fn mistakes_end_with_two_and_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let unknown = file("unknown.toml", "allowHttpCallbacks = true\ntenant = []\n");
    let bad_id = file("id.json", "{\n \"tenants\": [{\"id\": \"seven\"}]\n}");
    let wrong: [(&[&str], &[&str]); 6] = [
        (&["serve", "--config", "/no/such/file.toml"], &["/no/such/file.toml"]),
        (&["serve", "--config", &unknown], &["unknown.toml", "line 2", "tenant"]),
        (&["config", "check", &bad_id], &["id.json", "line 2", "seven"]),
        (&["serve", "--https", "nowhere"], &["--https", "nowhere"]),
        (&["serve", "--trust", &unknown], &["unknown.toml", "PEM"]),
        (&["dance"], &["dance"]),
    ];
    for (arguments, said) in wrong {
        let (code, error) = fails(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(said.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
}
