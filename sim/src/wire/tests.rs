//! Streams, whole and in pieces.

use proptest::prelude::*;

use super::*;

type Segment = (Way, Vec<u8>);

fn at(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

/// What a server's host makes of these segments, and of the end of the connection.
fn served(segments: &[Segment]) -> Vec<Message> {
    let (wire, host, peer) = (Wire::default(), Arc::from("server"), Arc::from("client"));
    wire.opened(&host, 7, &peer, 443, true);
    for (way, bytes) in segments {
        wire.bytes(at(1), &host, 7, *way, bytes);
    }
    wire.closed(at(2), &host, 7);
    wire.take()
}

fn came(text: &str) -> Segment {
    (Way::Received, text.as_bytes().to_vec())
}

fn went(text: &str) -> Segment {
    (Way::Sent, text.as_bytes().to_vec())
}

fn said(segments: &[Segment]) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let line = |message: Message| match message.http {
        Http::Request { method, target, body, .. } => format!("{method} {target} {}", text(&body)),
        Http::Response { to, status, body, .. } => format!("{status} to {to} {}", text(&body)),
        Http::Broken { to } => format!("broken {to:?}"),
    };
    served(segments).into_iter().map(line).collect()
}

#[test]
fn a_request_and_its_response() {
    let messages = served(&[
        came("POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"),
        went("HTTP/1.1 202 Accepted\r\nX-Y: z\r\nContent-Length: 0\r\n\r\n"),
    ]);
    let fields = |list: &[(&str, &str)]| {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let place = |seq, way, http| Message {
        seq,
        at: at(1),
        host: "server".into(),
        peer: "client".into(),
        port: 443,
        connection: 7,
        way,
        http,
    };
    let request = Http::Request {
        method: "POST".to_owned(),
        target: "/a?b=c".to_owned(),
        headers: fields(&[("host", "x"), ("content-length", "2")]),
        body: b"{}".to_vec(),
    };
    let headers = fields(&[("x-y", "z"), ("content-length", "0")]);
    let response = Http::Response { to: 1, status: 202, headers, body: Vec::new() };
    assert_eq!(messages, [place(1, Way::Received, request), place(2, Way::Sent, response)]);
}

#[test]
fn bodies_of_every_kind() {
    let get = came("GET / HTTP/1.1\r\n\r\n");
    let head = came("HEAD / HTTP/1.1\r\n\r\n");
    let chunks = "4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: yes\r\n\r\n";
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    for (request, response, wanted) in [
        (&get, chunked.as_str(), "200 to 1 Wikipedia"),
        (&get, "HTTP/1.1 204 No Content\r\n\r\n", "204 to 1 "),
        (&get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 to 1 "),
        (&head, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "200 to 1 "),
        (
            &get,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            "200 to 1 x",
        ),
        (&get, "HTTP/1.1 200 OK\r\n\r\nuntil the end", "200 to 1 until the end"),
    ] {
        assert_eq!(said(&[request.clone(), went(response)])[1..], [wanted], "{response}");
    }
}

#[test]
fn pipelining_and_answers_that_come_early() {
    let two = came("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    let answers = went(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(said(&[two, answers]), ["GET /1 ", "GET /2 ", "200 to 1 a", "404 to 2 "]);
    let early = [
        came("POST /big HTTP/1.1\r\nContent-Length: 3\r\n\r\na"),
        went("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
        came("bc"),
    ];
    assert_eq!(said(&early), ["POST /big abc", "413 to 1 "]);
}

#[test]
fn what_breaks_off_is_told_and_garbage_is_given_up() {
    let get = came("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(said(std::slice::from_ref(&get)), ["GET / ", "broken Some(1)"]);
    let half = went("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    assert_eq!(said(&[get.clone(), half]), ["GET / ", "broken Some(1)"]);
    assert_eq!(said(&[came("GET / HT")]), ["broken None"]);
    assert_eq!(said(&[came("\r\n")]), Vec::<String>::new());
    let tls = (Way::Received, vec![0x16, 0x03, 0x01, 0x02]);
    assert_eq!(said(&[tls, get.clone()]), ["broken None"]);
    let lengths = came("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(said(&[lengths]), ["broken None"]);
    let upgrade = went("HTTP/1.1 101 Switching Protocols\r\n\r\n\x01\x02");
    assert_eq!(said(&[get, upgrade]), ["GET / ", "broken Some(1)", "broken None"]);
}

#[test]
fn nothing_grows_for_ever() {
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(HEAD_MAX));
    assert_eq!(said(&[came(&long)]), ["broken None"]);
    assert_eq!(said(&[came(&long[..HEAD_MAX + 2])]), ["broken None"]);
    let big = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", BODY_MAX + 1);
    assert_eq!(said(&[came(&big)]), ["broken None"]);
    let chunks = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{BODY_MAX:x}0\r\n");
    assert_eq!(said(&[came(&chunks)]), ["broken None"]);
}

#[test]
fn strangers_are_ignored_and_numbers_go_on() {
    let (wire, host, peer) = (Wire::default(), Arc::from("a"), Arc::from("b"));
    wire.bytes(at(1), &host, 1, Way::Sent, b"GET / HTTP/1.1\r\n\r\n");
    wire.closed(at(1), &host, 1);
    assert_eq!(wire.messages(), []);
    wire.opened(&host, 1, &peer, 80, false);
    wire.bytes(at(1), &host, 1, Way::Sent, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!((wire.messages().len(), wire.take()[0].seq), (1, 1));
    wire.bytes(at(2), &host, 1, Way::Sent, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!((wire.take()[0].seq, wire.dropped()), (2, 0));
}

/// Requests and responses with bodies of every kind.
fn conversation() -> impl Strategy<Value = Vec<Segment>> {
    let body = prop::collection::vec(any::<u8>(), 0..40);
    let exchange =
        (body.clone(), body, 0..4_u8, any::<bool>()).prop_map(|(ask, answer, kind, head)| {
            let method = if head { "HEAD" } else { "POST" };
            let mut request =
                format!("{method} /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n", ask.len())
                    .into_bytes();
            request.extend(&ask);
            let mut response = Vec::new();
            if kind == 3 {
                response.extend(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
            }
            if kind == 0 && !head {
                response.extend(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for part in answer.chunks(7) {
                    response.extend(format!("{:x}\r\n", part.len()).bytes());
                    response.extend(part);
                    response.extend(b"\r\n");
                }
                response.extend(b"0\r\n\r\n");
            } else {
                let length = answer.len();
                response
                    .extend(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").bytes());
                response.extend(if head { &[][..] } else { &answer });
            }
            [(Way::Received, request), (Way::Sent, response)]
        });
    prop::collection::vec(exchange, 0..5).prop_map(|list| list.into_iter().flatten().collect())
}

proptest! {
    /// However a stream is chopped, it says the same, and all of it is heard.
    #[test]
    fn pieces_say_the_same(
        segments in conversation(),
        cut in 0..60_usize,
        sizes in prop::collection::vec(1..30_usize, 1..20),
    ) {
        let mut segments = segments;
        if let Some((_, last)) = segments.last_mut().filter(|_| cut < 30) {
            last.truncate(last.len().saturating_sub(cut));
        }
        let mut sizes = sizes.iter().copied().cycle();
        let mut pieces = Vec::new();
        for (way, bytes) in &segments {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (piece, left) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                pieces.push((*way, piece.to_vec()));
                rest = left;
            }
        }
        let whole = served(&segments);
        prop_assert_eq!(whole.len(), segments.len());
        prop_assert_eq!(served(&pieces), whole);
    }

    /// Whatever comes, no panic; and in pieces it says the same, as far as anybody can tell.
    #[test]
    fn noise_is_survived(noise in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)), 0..12)) {
        let mut segments = vec![came("GET / HTTP/1.1\r\n\r\n")];
        segments.extend(noise.into_iter().map(|(sent, bytes)| {
            (if sent { Way::Sent } else { Way::Received }, bytes)
        }));
        let _ = served(&segments);
    }
}
