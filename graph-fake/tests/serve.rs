//! The program: its ready line, and what it says when it cannot start.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use serde_json::Value;

const TENANT: &str = "7e57d004-2b97-4e7a-b45f-5387367791cd";

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

/// control-api.md: a virtual clock that jumps when all is quiet.
#[test]
fn a_clock_that_advances_by_itself_ends_what_somebody_waits_for() {
    let (_running, ready) = start(&["--clock", "virtual", "--auto-advance"]);
    let control = ready["control"].as_str().unwrap().strip_prefix("http://").unwrap();
    let ask = |body: &str| {
        let mut stream = std::net::TcpStream::connect(control).unwrap();
        let length = body.len();
        let head = "POST /clock/wait HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length:";
        write!(stream, "{head} {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let said = answer.split("\r\n\r\n").nth(1).unwrap().to_owned();
        serde_json::from_str::<Value>(&said).unwrap()["nowMs"].as_u64().unwrap()
    };
    let week = 7 * 24 * 3_600 * 1_000;
    let (now, then) = (ask(r#"{"ms": 0}"#), ask(&format!(r#"{{"ms": {week}}}"#)));
    assert_eq!(then - now, week);
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

/// cli.md: `graph-fake env`.
#[test]
fn every_stack_is_told_what_to_paste() {
    for (stack, wanted) in [
        ("python", "REQUESTS_CA_BUNDLE=/somewhere/ca.pem"),
        ("js", "NODE_EXTRA_CA_CERTS=/somewhere/ca.pem"),
        ("csharp", "SSL_CERT_FILE=/somewhere/ca.pem"),
        ("java", "keytool"),
        ("rust", "SSL_CERT_FILE=/somewhere/ca.pem"),
    ] {
        let arguments =
            ["env", "--stack", stack, "--ca-dir", "/somewhere", "--https", "127.0.0.1:443"];
        let said = program().args(arguments).arg("--impersonate").output().unwrap();
        assert!(said.status.success(), "{said:?}");
        let said = String::from_utf8(said.stdout).unwrap();
        for word in [wanted, "https://127.0.0.1:443/v1.0", TENANT, "login.microsoftonline.com"] {
            assert!(said.contains(word), "{stack}: {word} in {said}");
        }
    }
    let (code, said) = fails(&["env", "--stack", "cobol"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("cobol") && said.contains("python"), "{said}");
}

/// Clients.md 3: the certificate carries the hosts that are compiled into clients.
#[test]
fn the_real_names_are_in_the_certificate_if_asked_for() {
    for (more, named) in [(&[][..], false), (&["--impersonate"][..], true)] {
        let (_running, ready) = start(more);
        let address = ready["graph"].as_str().unwrap().strip_prefix("https://").unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        let ca = ready["caFile"].as_str().unwrap().to_owned();
        assert_eq!(speaks_tls_as(&address, &ca, "graph.microsoft.com"), named);
        assert!(speaks_tls_as(&address, &ca, "localhost"));
    }
}

/// Whether the server at this address proves to have this name.
fn speaks_tls_as(address: &str, ca: &str, name: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    tls.complete_io(&mut socket).is_ok()
}

#[test]
fn names_are_listened_on_and_every_address_is_reached_under_one() {
    let more = ["--https", "0.0.0.0:0", "--http", "localhost:0", "--control", "127.0.0.1:0"];
    let child = program()
        .arg("serve")
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    for (name, scheme) in [("graph", "https://127.0.0.1:"), ("graphHttp", "http://")] {
        let url = ready[name].as_str().unwrap();
        assert!(url.starts_with(scheme) && url.ends_with("/v1.0"), "{name}: {url}");
        let address = url.split('/').nth(2).unwrap();
        std::net::TcpStream::connect(address).expect("it listens there");
    }
    let mut hints = BufReader::new(running.0.stderr.take().unwrap());
    let mut hint = String::new();
    while !hint.contains("GRAPH_BASE_URL") {
        hint.clear();
        assert!(hints.read_line(&mut hint).unwrap() > 0, "the hint is there");
    }
    assert!(hint.contains(ready["graph"].as_str().unwrap()), "{hint}");
}

/// A standard output that takes nothing more; what `/dev/full` is where there is one.
#[cfg(unix)]
#[test]
fn a_ready_line_that_nobody_gets_is_the_end() {
    use std::io::Write as _;
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    while ours.write(&[0; 4_096]).is_ok() {}
    while ours.write(&[0]).is_ok() {}
    let free = "127.0.0.1:0";
    let ended = program()
        .args(["serve", "--quiet", "--https", free, "--http", free, "--control", free])
        .stdout(std::os::fd::OwnedFd::from(ours))
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot write to standard output: "), "{said}");
    drop(theirs);
}

#[test]
fn half_an_authority_is_left_alone_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let found = dir.path().join("ca.pem");
    std::fs::write(&found, "precious").unwrap();
    // Taken: a program that overwrites the file ends all the same.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let dir_name = dir.path().to_str().unwrap();
    let (code, said) = fails(&["serve", "--ca-dir", dir_name, "--https", &taken]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(found.to_str().unwrap()) && said.contains("ca-key.pem"), "{said}");
    assert_eq!(std::fs::read_to_string(&found).unwrap(), "precious");
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
    let tenant = "[[tenants]]\nid = \"7e57d004-2b97-4e7a-b45f-5387367791cd\"\n";
    let number = file("number.toml", &format!("{tenant}[[tenants.phones]]\nnumber = \"07946\"\n"));
    let option = file("option.toml", "[options]\nringMs = 1\nbatch = 0\n");
    let misspelt = file("misspelt.toml", "[options]\nringsMs = 1\n");
    let policy = file(
        "policy.json",
        &format!(
            "{{\n\"tenants\": [{{\"id\": \"{TENANT}\", \"apps\": [\n{{\"id\": \"{TENANT}\", \"displayName\": \"x\", \"secret\": \"s\", \"accessPolicy\": 7}}]}}]}}"
        ),
    );
    let wrong: [(&[&str], &[&str]); 12] = [
        (&["config", "check", &number], &["number.toml", "line 4", "07946"]),
        (&["config", "check", &option], &["option.toml", "line 3", "batch"]),
        (&["serve", "--config", &misspelt], &["misspelt.toml", "line 2", "ringsMs"]),
        (&["config", "check", &policy], &["policy.json", "line 3", "everybody"]),
        (&["serve", "--auto-advance"], &["--auto-advance", "--clock virtual"]),
        (&["serve", "--impersonate", "--https", "0.0.0.0:0"], &["--impersonate", "0.0.0.0"]),
        (&["serve", "--config", "/no/such/file.toml"], &["/no/such/file.toml"]),
        (&["serve", "--config", &unknown], &["unknown.toml", "line 2", "tenant"]),
        (&["config", "check", &bad_id], &["id.json", "line 2", "seven"]),
        (&["serve", "--https", "nowhere"], &["--https", "nowhere", "localhost:8443"]),
        (&["serve", "--trust", &unknown], &["unknown.toml", "PEM"]),
        (&["dance"], &["dance"]),
    ];
    for (arguments, said) in wrong {
        let (code, error) = fails(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(said.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
}

/// The same seed and the same inputs give the same texts, so a virtual clock starts at one time.
#[test]
fn a_virtual_clock_starts_where_it_is_told() {
    let now = |more: &[&str]| {
        let (_running, ready) = start(&[&["--clock", "virtual"], more].concat());
        let answer = post(&ready, "/clock", r#"{"advanceMs": 1}"#);
        answer["nowMs"].as_u64().unwrap()
    };
    assert_eq!(now(&[]), 1_767_225_600_001);
    assert_eq!(now(&["--epoch", "2027-03-04T05:06:07+01:00"]), 1_804_133_167_001);
    assert!(now(&["--epoch", "now"]) > 1_767_225_600_001 + 86_400_000);
    let (code, said) = fails(&["serve", "--clock", "virtual", "--epoch", "soon"]);
    assert!(code == Some(2) && said.contains("2026-01-01T00:00:00Z"), "{said}");
    let (code, said) = fails(&["serve", "--epoch", "now", "--https", "127.0.0.1:0"]);
    assert!(code == Some(2) && said.contains("--clock virtual"), "{said}");
}

/// R-351 under a clock that stands still: a second that never ends must not shut anybody out.
#[test]
fn a_virtual_clock_throttles_only_if_told_to() {
    let limit = |more: &[&str]| {
        let (_running, ready) = start(more);
        ask(&ready, "GET", "/options", "")["requestsPerSecond"].clone()
    };
    assert_eq!(limit(&["--clock", "virtual"]), 0);
    assert_eq!(limit(&[]), 2_000);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c.toml");
    std::fs::write(&file, "[options]\nrequestsPerSecond = 7\n").unwrap();
    assert_eq!(limit(&["--clock", "virtual", "--config", file.to_str().unwrap()]), 7);
}

fn post(ready: &Value, path: &str, body: &str) -> Value {
    ask(ready, "POST", path, body)
}

/// Asks the control API.
fn ask(ready: &Value, method: &str, path: &str, body: &str) -> Value {
    let host = ready["control"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}
