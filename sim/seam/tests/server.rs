//! The server on real sockets, and clients that speak in another rhythm than hyper's.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post,
};
use http::StatusCode;
use seam::{BoxIo, Network as _, RealNetwork, ServeLimits, Target, TlsAcceptor, TlsTrust, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// More than the buffers of two sockets hold.
const LARGE: usize = 32 << 20;
/// A test that hangs has failed.
const PATIENCE: Duration = Duration::from_secs(60);

fn network() -> RealNetwork {
    RealNetwork::new(&TlsTrust { insecure: true, ..TlsTrust::default() }).unwrap()
}

/// A certificate that nobody vouches for.
fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// `/refuse` looks at no body; `/length` reads it and says how long it was.
async fn start(tls: bool) -> SocketAddr {
    let router = Router::new()
        .route("/refuse", post(async |_: Body| StatusCode::PAYLOAD_TOO_LARGE))
        .route("/length", post(async |body: Bytes| body.len().to_string()));
    let listener = network().listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls.then(acceptor);
    tokio::spawn(serve(listener, tls, router, ServeLimits::default()));
    address
}

async fn connect(at: SocketAddr, tls: bool) -> BoxIo {
    let host = if tls { "localhost".to_owned() } else { at.ip().to_string() };
    network().connect(Target { host, port: at.port(), tls }).await.unwrap()
}

fn head(path: &str, length: usize, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{more}\r\n")
}

/// One answer without a body of its own, or with a short one.
async fn answer(stream: &mut BoxIo, ends_with: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(ends_with) {
        let mut buffer = [0; 1_024];
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an answer in time");
        match read.expect("the connection is not reset") {
            0 => break,
            count => text.push_str(std::str::from_utf8(&buffer[..count]).unwrap()),
        }
    }
    text
}

/// Python's `http.client` is such a one: it sends everything and looks for an answer then.
#[tokio::test]
async fn whoever_sends_all_of_it_first_learns_that_it_was_too_much() {
    for tls in [false, true] {
        let address = start(tls).await;
        let mut stream = connect(address, tls).await;
        let mut request = head("/refuse", LARGE, "").into_bytes();
        request.resize(request.len() + LARGE, b'x');
        stream.write_all(&request).await.expect("all of it is taken");
        stream.flush().await.unwrap();
        let said = answer(&mut stream, "\r\n\r\n").await;
        assert!(said.starts_with("HTTP/1.1 413 "), "tls {tls}: {said}");
        // Nothing is left over: the connection goes on.
        stream.write_all(format!("{}12345", head("/length", 5, "")).as_bytes()).await.unwrap();
        let said = answer(&mut stream, "\r\n\r\n5").await;
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\n5"), "{said}");
    }
}

#[tokio::test]
async fn whoever_asks_before_sending_is_answered_at_once() {
    let address = start(false).await;
    let expect = "expect: 100-continue\r\n";
    let mut stream = connect(address, false).await;
    stream.write_all(head("/refuse", LARGE, expect).as_bytes()).await.unwrap();
    // Without a lingering read: the connection ends behind the answer.
    let said = answer(&mut stream, "never").await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    assert!(said.contains("connection: close\r\n"), "{said}");
    assert!(!said.contains("100 Continue"), "{said}");

    let mut stream = connect(address, false).await;
    stream.write_all(head("/length", 5, expect).as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"12345").await.unwrap();
    assert!(answer(&mut stream, "\r\n\r\n5").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn whoever_closes_its_half_is_still_answered() {
    for tls in [false, true] {
        let address = start(tls).await;
        let mut stream = connect(address, tls).await;
        stream.write_all(format!("{}12345", head("/length", 5, "")).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = answer(&mut stream, "never").await;
        assert!(said.starts_with("HTTP/1.1 200 "), "tls {tls}: {said}");
        assert!(said.ends_with("\r\n\r\n5"), "tls {tls}: {said}");
    }
}
