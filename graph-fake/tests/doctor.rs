//! `graph-fake doctor`: what it says of good and bad surroundings.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

struct Examined {
    code: Option<i32>,
    findings: Vec<Value>,
}

impl Examined {
    #[track_caller]
    fn has(&self, what: &str, health: &str, seen: &str) {
        let fits = |finding: &Value| {
            finding["what"] == what
                && finding["health"] == health
                && finding["seen"].as_str().is_some_and(|text| text.contains(seen))
        };
        assert!(self.findings.iter().any(fits), "{what} {health} {seen}: {:#?}", self.findings);
        // Whatever is bad can be mended.
        let bad = |finding: &&Value| finding["health"] == "bad";
        assert!(self.findings.iter().filter(bad).all(|finding| finding["mend"] != ""));
    }
}

fn examine(manifest: &str, more: &[&str]) -> Examined {
    let dir = tempfile::tempdir().unwrap();
    examine_in(&dir, manifest, more)
}

fn examine_in(dir: &TempDir, manifest: &str, more: &[&str]) -> Examined {
    let file = dir.path().join("bot.toml");
    std::fs::write(&file, format!("name = \"x\"\nprofiles = [\"ivr\"]\n{manifest}")).unwrap();
    let free = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:1"];
    let sites = if more.contains(&"--control") { &[][..] } else { &free[..] };
    let output = Command::new(env!("CARGO_BIN_EXE_graph-fake"))
        .args(["doctor", "--json", "--manifest"])
        .arg(&file)
        .args(sites)
        .args(more)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    Examined { code: output.status.code(), findings: said["findings"].as_array().unwrap().clone() }
}

/// Answers every request with this.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 65_536];
            if matches!(stream.read(&mut head), Ok(1..)) {
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    url
}

#[test]
fn webhooks_are_judged_by_what_they_say_to_strangers() {
    let end = "content-length: 0\r\nconnection: close\r\n\r\n";
    for (status, more, health, seen) in [
        ("401 Unauthorized", "", "good", "with 401"),
        ("202 Accepted", "", "bad", "with 202"),
        ("404 Not Found", "", "bad", "with 404"),
        ("200 OK", "content-type: text/html\r\n", "bad", "an HTML page"),
        ("500 Oh", "", "bad", "with 500"),
        ("418 Teapot", "", "unsure", "with 418"),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\n{more}{end}").leak();
        let examined = examine(&format!("url = \"{}\"", answering(answer)), &[]);
        examined.has("webhook", health, seen);
        assert_eq!(examined.code, Some(i32::from(health == "bad")), "{status}");
    }
    let late =
        "HTTP/1.1 401 No\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 0\r\n\r\n";
    let examined = examine(&format!("url = \"{}\"", answering(late)), &[]);
    examined.has("the bot's clock", "bad", "tokens look expired");
}

#[test]
fn a_bot_that_is_nowhere_and_a_program_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let examined = examine(&format!("url = \"http://127.0.0.1:{port}\""), &[]);
    examined.has("callback", "bad", "cannot be reached");
    let examined = examine("url = \"http://198.51.100.7:80\"", &[]);
    examined.has("callback", "bad", "198.51.100.7");
    let examined = examine("[command]\nargv = [\"no-such-program\"]\n", &[]);
    examined.has("command", "bad", "no-such-program is not there");
    examined.has("fake", "unsure", "none runs at 127.0.0.1:1");
    let trusting = "[command]\nargv = [\"sh\"]\n[command.env]\nSSL_CERT_FILE = \"{caFile}\"\n";
    let examined = examine(trusting, &[]);
    examined.has("command", "good", "sh is there");
    examined.has("trust of the bot", "good", "{caFile}");
    examined.has("port --https", "good", "is free");
}

#[test]
fn a_port_that_is_taken_and_half_an_authority() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), "x").unwrap();
    let ca = dir.path().display().to_string();
    let sites =
        ["--https", &address, "--http", "127.0.0.1:0", "--control", "127.0.0.1:1", "--ca-dir", &ca];
    let examined = examine("[command]\nargv = [\"sh\"]\n", &sites);
    examined.has("port --https", "bad", "taken by another program");
    examined.has("certificate authority", "bad", "only one of");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A fake, and the addresses to tell the doctor.
fn fake(ca: &Path, more: &[&str]) -> (Running, Vec<String>) {
    let free = ["--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let child = Command::new(env!("CARGO_BIN_EXE_graph-fake"))
        .arg("serve")
        .args(free)
        .arg("--ca-dir")
        .arg(ca)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let at = |name: &str| {
        let url = ready[name].as_str().unwrap();
        let host = url.split("//").nth(1).unwrap().split('/').next().unwrap();
        host.to_owned()
    };
    let sites = vec![
        "--https".to_owned(),
        at("authority"),
        "--http".to_owned(),
        at("graphHttp"),
        "--control".to_owned(),
        at("control"),
    ];
    (running, sites)
}

#[test]
fn a_running_fake_is_followed_to_the_end_of_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let (_running, mut sites) = fake(dir.path(), &[]);
    sites.extend(["--ca-dir".to_owned(), dir.path().display().to_string()]);
    let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
    let examined = examine("[command]\nargv = [\"sh\"]\n", &sites);
    examined.has("port --https", "good", "a fake runs there");
    examined.has("the fake's certificate", "good", "is trusted");
    examined.has("the fake's clock", "good", "s from this machine's");
    examined.has("access token", "good", "opens Graph");
}

#[test]
fn a_fake_of_another_time_and_another_authority() {
    let dir = tempfile::tempdir().unwrap();
    let (_running, mut sites) =
        fake(dir.path(), &["--clock", "virtual", "--epoch", "2020-01-01T00:00:00Z"]);
    sites.push("--ca-dir".to_owned());
    let ours = dir.path().display().to_string();
    let with = |ca: &str| {
        let sites: Vec<&str> = sites.iter().map(String::as_str).chain([ca]).collect();
        examine("[command]\nargv = [\"sh\"]\n", &sites)
    };
    let examined = with(&ours);
    examined.has("the fake's clock", "bad", "tokens look expired");
    examined.has("access token", "bad", "this machine's clock says");
    let other = tempfile::tempdir().unwrap();
    graph_fake::Authority::create_or_load(Some(other.path())).unwrap();
    let examined = with(&other.path().display().to_string());
    examined.has("the fake's certificate", "bad", "not the one who is known by that name");
}

#[test]
fn the_media_endpoint_is_looked_at_behind_its_500() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(vec!["bot.contoso.com".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    std::fs::write(dir.path().join("media.pem"), made.pem()).unwrap();
    // Takes connections, and says nothing that TLS would.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let manifest = |fqdn: &str, port: u16, file: &str| {
        format!(
            "[command]\nargv = [\"sh\"]\n[media]\nfqdn = \"{fqdn}\"\nport = {port}\ncertificate = \"{file}\"\n"
        )
    };
    let examined = examine_in(&dir, &manifest("localhost", port, "media.pem"), &[]);
    examined.has("media certificate", "bad", "is for bot.contoso.com, not for localhost");
    examined.has("media certificate", "bad", "Teams would end calls with 500");
    examined.has("media endpoint", "bad", "takes connections and no TLS");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let examined = examine_in(&dir, &manifest("localhost", free, "media.pem"), &[]);
    examined.has("media endpoint", "bad", "cannot be reached");
    let examined = examine_in(&dir, &manifest("localhost", free, "none.pem"), &[]);
    examined.has("media certificate", "bad", "none.pem");
    // A server that shows another certificate than the bot's: the fake itself.
    let ca = tempfile::tempdir().unwrap();
    let (_running, sites) = fake(ca.path(), &[]);
    let port: u16 = sites[1].split(':').nth(1).unwrap().parse().unwrap();
    let examined = examine_in(&dir, &manifest("localhost", port, "media.pem"), &[]);
    examined.has("media endpoint", "bad", "shows another certificate");
}

#[test]
fn people_read_what_is_wrong_and_how_to_mend_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bot.toml");
    std::fs::write(&file, "name = \"x\"\nprofiles = [\"ivr\"]\nurl = \"http://127.0.0.1:1\"\n")
        .unwrap();
    let run = |file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_graph-fake"));
        command
            .args(["doctor", "--control", "127.0.0.1:1", "--manifest"])
            .arg(file)
            .output()
            .unwrap()
    };
    let output = run(&file);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("BAD  callback") && said.contains("mend: start the bot"), "{said}");
    assert!(said.lines().last().unwrap().ends_with(" bad"), "{said}");
    std::fs::write(&file, "nmae = 1\n").unwrap();
    let output = run(&file);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("did you mean `name`?"), "{said}");
}
