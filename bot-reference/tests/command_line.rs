//! The program: its ready line, and what it says when it cannot start.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

const WHO: [&str; 6] = [
    "--tenant",
    "7e57d004-2b97-4e7a-b45f-5387367791cd",
    "--app",
    "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab",
    "--secret",
    "rehearsal-secret",
];

fn serve(more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bot-reference"));
    command.arg("serve").args(WHO).args(more);
    command
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bot that runs, and its ready line.
fn running(more: &[&str]) -> (Running, Value) {
    let child = serve(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut running = Running(child);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).expect("the first line is one JSON object");
    (running, ready)
}

/// The callback URI of the ready line.
fn callback(more: &[&str]) -> String {
    running(more).1["callbackUri"].as_str().unwrap().to_owned()
}

/// What a bot says of its media when it is asked how it is.
fn media(more: &[&str]) -> Value {
    let (_running, ready) = running(&[&["--listen", "127.0.0.1:0"], more].concat());
    let mut stream = std::net::TcpStream::connect(ready["listen"].as_str().unwrap()).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let said = std::io::read_to_string(stream).unwrap();
    let health: Value = serde_json::from_str(said.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    health["media"].clone()
}

#[test]
fn media_is_graphs_or_the_bots_own() {
    assert_eq!(media(&[]), Value::Null);
    assert_eq!(media(&["--mode", "service-hosted"]), Value::Null);
    let port = |media: &Value| {
        let address: std::net::SocketAddr = media["address"].as_str().unwrap().parse().unwrap();
        (address.ip().to_string(), address.port() > 0)
    };
    assert_eq!(port(&media(&["--media", "app"])), ("127.0.0.1".to_owned(), true));
    let elsewhere = media(&["--media", "app", "--media-address", "192.0.2.1:0"]);
    assert_eq!(port(&elsewhere), ("192.0.2.1".to_owned(), true));
    let exact = media(&["--media=app", "--media-listen=0.0.0.0:0", "--media-address=192.0.2.1:7"]);
    assert_eq!((&exact["address"], &exact["videoSockets"]), (&"192.0.2.1:7".into(), &0.into()));
    for (video, sockets) in [("--video", 2), ("--video=10", 10), ("--video=0", 0)] {
        let seeing = media(&["--media", "app", "--keys", "menu", video]);
        assert_eq!(seeing["videoSockets"], sockets);
    }
}

#[test]
fn the_callback_is_where_the_bot_can_be_reached() {
    let shown = callback(&["--listen", "0.0.0.0:0"]);
    assert!(shown.starts_with("http://127.0.0.1:") && shown.ends_with("/api/calls"), "{shown}");
    let address = shown.split('/').nth(2).unwrap();
    assert!(!address.ends_with(":0"), "{address}");
    let shown = callback(&["--listen", "localhost:0", "--public-url", "https://bot.example/x/"]);
    assert_eq!(shown, "https://bot.example/x/api/calls");
}

#[test]
fn mistakes_end_with_two_and_are_named() {
    // Taken: a program that lets a mistake pass ends all the same, and names something else.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for (option, value) in [
        ("--public-url", "bot.example"),
        ("--public-url", "ftp://bot.example"),
        ("--public-url", "mailto:bot@bot.example"),
        ("--public-url", "https://"),
        ("--public-url", "https:bot.example"),
        ("--public-url", "/api"),
        ("--public-url", ""),
        ("--public-url", "https://bot.example/?x"),
        ("--graph", "file:///v1.0"),
        ("--authority", "127.0.0.1:8443"),
        ("--open-id", "data:,x"),
        ("--listen", "nowhere"),
        ("--tenant", "seven"),
        ("--colleague", "bob"),
        ("--state", "/nowhere/at/all"),
        ("--media", "nobody"),
        ("--media-listen", "nowhere"),
        ("--video", "11"),
        ("--video", "2"),
        ("--keys", "both"),
        ("--media-address", "0.0.0.0:5000"),
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_bot-reference"))
            .args(["serve", &format!("{option}={value}")])
            .args(WHO.chunks(2).filter(|given| given[0] != option).flatten())
            .args(["--listen", &taken].into_iter().filter(|_| option != "--listen"))
            .output()
            .unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{option} {value}: {said}");
        assert!(said.contains(option) && said.contains(value), "{option} {value}: {said}");
    }
}

/// A standard output that takes nothing more; what `/dev/full` is where there is one.
#[cfg(unix)]
#[test]
fn a_ready_line_that_nobody_gets_is_the_end() {
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    while ours.write(&[0; 4_096]).is_ok() {}
    while ours.write(&[0]).is_ok() {}
    let out = std::os::fd::OwnedFd::from(ours);
    let ended = serve(&["--listen", "127.0.0.1:0"]).stdout(out).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot write to standard output: "), "{said}");
    drop(theirs);
}
