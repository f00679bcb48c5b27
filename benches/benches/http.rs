//! `GET call` against the rate that axum itself allows: a bare route that answers the same bytes with the same
//! headers, on the same kind of listener, asked by the same client.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use axum::Router;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use graph_fake::{
    Fake, Listeners, Options, Setup, Tls,
    config::{APP, Config, TENANT, USERS},
    identity::{Identity, Keys},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use seam::{Clock, Network as _, RealNetwork, ServeLimits, TlsTrust};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Keep-alive connections that ask at the same time, each the next thing when it has its answer.
const CONNECTIONS: usize = 4;
/// Rounds of the comparison; the two take turns.
const ROUNDS: usize = 10;
/// Requests of each in a round.
const ROUND: usize = 8_000;
/// How much faster the bare route may be.
const FACTOR_MAX: f64 = 2.0;

/// A connection that asks the same thing again and again.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(to: SocketAddr, request: &[u8]) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, request: request.to_vec(), buffer: vec![0; 64 * 1_024] }
    }

    /// One exchange: the head and the body of the answer.
    fn ask(&mut self) -> (&[u8], &[u8]) {
        self.stream.write_all(&self.request).unwrap();
        let (mut filled, mut head) = (0, None);
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0, "the connection is kept alive");
            filled += read;
            if head.is_none() {
                let end = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n");
                head = end.map(|end| (end + 4, length(&self.buffer[..end])));
            }
            if let Some((head, length)) = head
                && filled == head + length
            {
                let (head, body) = self.buffer[..filled].split_at(head);
                return (head, body);
            }
        }
    }
}

fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap().to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
    line.trim().parse().unwrap()
}

/// How long so many requests take over all connections.
fn time(connections: &mut [Connection], requests: u64) -> Duration {
    let each = requests.div_ceil(u64::try_from(connections.len()).unwrap());
    let began = Instant::now();
    thread::scope(|scope| {
        for connection in connections {
            scope.spawn(move || {
                for _ in 0..each {
                    assert!(connection.ask().0.starts_with(b"HTTP/1.1 200 "));
                }
            });
        }
    });
    began.elapsed()
}

fn open(to: SocketAddr, request: &[u8]) -> Vec<Connection> {
    (0..CONNECTIONS).map(|_| Connection::new(to, request)).collect()
}

/// A fake with one call; its address, and the request that reads the call.
fn fake(runtime: &Runtime, network: &Arc<RealNetwork>) -> (SocketAddr, Vec<u8>) {
    let clock = Clock::real();
    let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let setup = Setup {
        seed: 7,
        config: Config::default(),
        options: Options { calls_per_month: 0, requests_per_second: 0, ..Options::default() },
        keys: Keys::fixed(),
        tls: Tls::Outside,
        listeners: Listeners { https: None, http: free, control: None },
        network: network.clone(),
        outgoing: network.clone(),
        clock: clock.clone(),
        flaw: None,
    };
    let fake = runtime.block_on(Fake::bind(setup)).unwrap();
    let at = fake.addresses.http.unwrap();
    runtime.spawn(fake.run());
    let roles = ["Calls.Initiate.All".to_owned(), "Calls.AccessMedia.All".to_owned()];
    let identity = Identity::new(Keys::fixed());
    let token = identity.access_token(APP, TENANT, &roles, clock.now()).0;
    let call = json!({
        "@odata.type": "#microsoft.graph.call",
        // Nobody is there: what the bot is told is not what is measured.
        "callbackUri": "https://127.0.0.1:1/",
        "targets": [{"identity": {"user": {"id": USERS[0].1, "displayName": "Alice"}}}],
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    });
    let head = format!("host: {at}\r\nauthorization: Bearer {token}\r\n");
    let body = call.to_string();
    let create = format!(
        "POST /v1.0/communications/calls HTTP/1.1\r\n{head}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::new(at, create.as_bytes());
    let made: Value = serde_json::from_slice(connection.ask().1).unwrap();
    let path = format!("/v1.0/communications/calls/{}", made["id"].as_str().unwrap());
    (at, format!("GET {path} HTTP/1.1\r\n{head}\r\n").into_bytes())
}

/// A route that answers what the fake answered.
fn bare(runtime: &Runtime, network: &Arc<RealNetwork>, answer: (&[u8], &[u8])) -> SocketAddr {
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(answer.0).unwrap().lines().skip(1).filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        if name != header::CONTENT_LENGTH {
            headers.insert(name, HeaderValue::from_str(value.trim()).unwrap());
        }
    }
    let body = Bytes::copy_from_slice(answer.1);
    let route = axum::routing::get(move || {
        let (headers, body) = (headers.clone(), body.clone());
        async move { (headers, body) }
    });
    let router = Router::new().route("/v1.0/communications/calls/{id}", route);
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(network.listen(free)).unwrap();
    let at = listener.local_addr().unwrap();
    runtime.spawn(seam::serve(listener, None, router, ServeLimits::default()));
    at
}

fn get_call(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let network = {
        let _inside = runtime.enter();
        Arc::new(RealNetwork::new(&TlsTrust::default()).unwrap())
    };
    let (fake_at, request) = fake(&runtime, &network);
    // The call is established by then, and its answer changes no more.
    thread::sleep(Duration::from_secs(2));
    let mut first = Connection::new(fake_at, &request);
    let bare_at = bare(&runtime, &network, first.ask());
    let (mut bare, mut fake) = (open(bare_at, &request), open(fake_at, &request));
    assert_eq!(bare[0].ask().1, fake[0].ask().1, "both say the same");

    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Elements(1));
    group.bench_function("a bare axum route", |bencher| {
        bencher.iter_custom(|requests| time(&mut bare, requests));
    });
    group.bench_function("GET call", |bencher| {
        bencher.iter_custom(|requests| time(&mut fake, requests));
    });
    group.finish();
    compare(&mut bare, &mut fake);
}

/// In turns, so that whatever else the machine does strikes both. Told, not judged: a busy machine is no fault of
/// the code's.
fn compare(bare: &mut [Connection], fake: &mut [Connection]) {
    let round = u64::try_from(ROUND).unwrap();
    let (mut of_bare, mut of_fake) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        of_bare += time(bare, round);
        of_fake += time(fake, round);
    }
    let rate = |took: Duration| (ROUNDS * ROUND) as f64 / took.as_secs_f64();
    let factor = rate(of_bare) / rate(of_fake);
    eprintln!(
        "bare axum {:.0}/s, GET call {:.0}/s, factor {factor:.2} (the goal: at most {FACTOR_MAX})",
        rate(of_bare),
        rate(of_fake)
    );
}

criterion_group!(benches, get_call);
criterion_main!(benches);
