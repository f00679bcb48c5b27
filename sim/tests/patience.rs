//! How long the fake waits for a body that does not come: in virtual time, so that nobody has to.

use std::time::Duration;

use graph_fake::config::TENANT;
use seam::Target;
use sim::{EPOCH, GRAPH_HOST, Rehearsal, Seat, rehearse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Sends a head and half a body; the answer, and after how many seconds it came.
async fn half_a_request(seat: &Seat, port: u16, path: &str) -> (String, u64) {
    let target = Target { host: GRAPH_HOST.to_owned(), port, tls: port == 443 };
    let mut stream = seat.network.connect(target).await.expect("the fake listens");
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{");
    let begun = seat.clock.now();
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    let mut buffer = vec![0; 16];
    stream.read_exact(&mut buffer).await.expect("an answer");
    let waited = seat.clock.now().saturating_since(begun).as_secs();
    (String::from_utf8_lossy(&buffer).into_owned(), waited)
}

#[test]
fn half_a_body_is_waited_for_half_a_minute() {
    let token = format!("/{TENANT}/oauth2/v2.0/token");
    let report = rehearse(Rehearsal::new(1, Duration::from_secs(600)), async move |seat| {
        // By then everybody listens.
        seat.clock.sleep_until(EPOCH + Duration::from_secs(1)).await;
        [
            half_a_request(&seat, 443, "/v1.0/communications/calls").await,
            half_a_request(&seat, 443, &token).await,
            half_a_request(&seat, 8_090, "/calls").await,
        ]
    });
    // Graph looks at the token first, and there is none.
    let statuses = ["HTTP/1.1 401 ", "HTTP/1.1 408 ", "HTTP/1.1 408 "];
    for ((said, waited), status) in
        report.outcome.expect("all are answered").into_iter().zip(statuses)
    {
        assert!(said.starts_with(status) && waited == 30, "{said}: {waited}");
    }
}
