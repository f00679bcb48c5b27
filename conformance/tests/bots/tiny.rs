//! What the process of a tiny bot does. It is this test binary, told by its environment to be a bot.
#![expect(clippy::exit, reason = "dying is what some of them are for")]

use std::{
    env,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::Arc,
    time::Duration,
};

use bot_reference::{BotConfig, InMemory, Settings};
use seam::{Clock, RealNetwork, TlsTrust};

#[test]
fn tiny_bot() {
    let Ok(mode) = env::var("TINY") else { return };
    match &*mode {
        "exits" => {
            eprintln!("there is no configuration");
            std::process::exit(7);
        }
        "silent" => loop {
            std::thread::park();
        },
        "dies" => serve(|_| {
            eprintln!("thread 'main' panicked");
            std::process::exit(9)
        }),
        "hangs" => serve(std::mem::forget),
        "html" => serve(|mut stream| {
            let page = "<!DOCTYPE html><title>Welcome</title>";
            let length = page.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: \
                 {length}\r\nconnection: close\r\n\r\n{page}"
            );
        }),
        "floods" => serve(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
            loop {
                ask_for_a_token();
            }
        }),
        "parent" => {
            let mut child = Command::new("sleep").arg("600").spawn().unwrap();
            let pids = format!("{} {}", std::process::id(), child.id());
            std::fs::write(format!("{}/pids", get("DIR")), pids).unwrap();
            reference(None);
            child.wait().unwrap();
        }
        flaw => reference(flaw.strip_prefix("reference ")),
    }
}

fn get(name: &str) -> String {
    env::var(format!("TINY_{name}")).unwrap()
}

/// Does something with each request; connections that are only tried out are no requests.
fn serve(act: impl Fn(TcpStream)) {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", get("PORT"))).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut head = [0; 65_536];
        if matches!(stream.read(&mut head), Ok(1..)) {
            act(stream);
        }
    }
}

fn ask_for_a_token() {
    let url = get("GRAPHHTTP");
    let host = url.trim_start_matches("http://").trim_end_matches("/v1.0");
    let Ok(mut stream) = TcpStream::connect(host) else { return };
    let path = format!("/{}/oauth2/v2.0/token", get("TENANT"));
    let _ = write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    let _ = stream.read_to_end(&mut Vec::new());
}

/// The reference bot, with a fault planted or without.
fn reference(flaw: Option<&str>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let flaw = flaw.map(|flaw| flaw.parse().unwrap());
    let trust = TlsTrust { extra_ca_files: vec![get("CAFILE").into()], insecure: false };
    let network = Arc::new(RealNetwork::new(&trust).unwrap());
    let config = BotConfig {
        app: get("APP").parse().unwrap(),
        tenant: get("TENANT").parse().unwrap(),
        secret: get("SECRET"),
        graph: get("GRAPH"),
        authority: get("AUTHORITY"),
        open_id: get("OPENID"),
        public_url: None,
        settings: Settings { flaw, ..Settings::default() },
    };
    let listen = format!("127.0.0.1:{}", get("PORT")).parse().unwrap();
    let (ready, _) = tokio::sync::oneshot::channel();
    let memory = Arc::new(InMemory::default());
    let bot = bot_reference::run(network, Clock::real(), listen, None, config, memory, ready);
    runtime.block_on(bot).unwrap();
    runtime.shutdown_timeout(Duration::ZERO);
}
