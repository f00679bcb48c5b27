//! Bodies that are too large, from clients that do not listen while they speak.

use std::{net::SocketAddr, time::Duration};

use crate::harness::Server;
use graph_fake::config::TENANT;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A test that hangs has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Five times what Graph takes, and more than sockets hold.
const LARGE: usize = 32 << 20;

/// Each place that takes bodies: its address, and how a request to it begins.
fn places(server: &Server) -> [(SocketAddr, String); 3] {
    let begin = |path: &str, more: &str| format!("POST {path} HTTP/1.1\r\nhost: x\r\n{more}");
    let token =
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", server.token(0));
    [
        (server.http, begin("/v1.0/communications/calls", &token)),
        (server.http, begin(&format!("/{TENANT}/oauth2/v2.0/token"), "")),
        (server.control, begin("/calls", "")),
    ]
}

/// Everything up to the end of the answer's body, which is one JSON object.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.contains("\r\n\r\n{") || !text.ends_with('}') {
        let mut buffer = [0; 4_096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
        match read.expect("an answer in time").expect("the connection is not reset") {
            0 => break,
            count => text.push_str(std::str::from_utf8(&buffer[..count]).unwrap()),
        }
    }
    text
}

#[tokio::test]
async fn a_client_that_sends_everything_first_is_told() {
    let server = Server::start().await;
    for (address, begin) in places(&server) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut request = format!("{begin}content-length: {LARGE}\r\n\r\n").into_bytes();
        request.resize(request.len() + LARGE, b' ');
        stream.write_all(&request).await.expect("all of it is taken");
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413 "), "{begin}: {said}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_say_how_much_it_sends_is_told() {
    let server = Server::start().await;
    for (address, begin) in places(&server) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let begin = format!("{begin}transfer-encoding: chunked\r\n\r\n{LARGE:x}\r\n");
        let mut request = begin.clone().into_bytes();
        request.resize(request.len() + LARGE, b' ');
        request.extend(b"\r\n0\r\n\r\n");
        stream.write_all(&request).await.expect("all of it is taken");
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413 "), "{begin}: {said}");
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_spared_the_sending() {
    let server = Server::start().await;
    for (address, begin) in places(&server) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{begin}expect: 100-continue\r\ncontent-length: {LARGE}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413 "), "{begin}: {said}");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{begin}expect: 100-continue\r\ncontent-length: 2\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
}
