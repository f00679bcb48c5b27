//! `conformance bot`: bots in processes of their own, good ones and bad ones.
#![cfg(target_os = "linux")]

mod foreign;
mod results;
mod tiny;
mod verdicts;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a manifest of a bot that this test binary is, in some mode.
struct Stand {
    dir: TempDir,
}

impl Stand {
    fn new(mode: &str, ready: &str, more: &str) -> Self {
        let exe = std::env::current_exe().unwrap();
        let argv = serde_json::json!([exe, "--exact", "tiny::tiny_bot", "--nocapture"]);
        let places = [
            "graph",
            "graphHttp",
            "authority",
            "openId",
            "port",
            "caFile",
            "tenant",
            "app",
            "secret",
            "dir",
        ];
        let env: String = places
            .iter()
            .map(|name| format!("TINY_{} = \"{{{name}}}\"\n", name.to_uppercase()))
            .collect();
        let text = format!(
            "name = \"tiny\"\nprofiles = [\"ivr\"]\n{more}\n[command]\nargv = {argv}\n[command.env]\n\
             TINY = \"{mode}\"\n{env}[ready]\n{ready}\n"
        );
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("bot.toml"), text).unwrap();
        Self { dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command, with all reports.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        command.arg("bot").arg("--manifest").arg(self.file("bot.toml")).args(arguments);
        for kind in ["json", "junit", "markdown", "html"] {
            command.arg(format!("--{kind}")).arg(self.file(kind));
        }
        command
    }

    fn play(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it starts")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.read("json")).unwrap()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every report is there, and says this.
    fn reported(&self, what: &str) {
        for kind in ["json", "junit", "markdown", "html"] {
            assert!(self.read(kind).contains(what), "{what} in {kind}:\n{}", self.read(kind));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is text")
}

#[track_caller]
fn ended(output: &Output, code: i32) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    out + &err
}

/// Whether a process is there, and no mere entry of one that ended.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
