//! `GET call` against the rate that axum itself allows: a bare route that answers the same bytes with the same
//! headers, on the same kind of listener, asked by the same client. Twice: one call that is read again and again, as
//! bots do while they wait; and each time another call, which was not read lately, so that it has to be written anew.

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

/// What `graph-fake serve` runs with; both sides of the comparison do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keep-alive connections that ask at the same time, each the next thing when it has its answer.
const CONNECTIONS: usize = 4;
/// Calls that are read in turns: more than the fake keeps as text.
const CALLS: usize = 4_096;
/// Rounds of the comparison; they take turns.
const ROUNDS: usize = 10;
/// Requests of each in a round.
const ROUND: usize = 8_000;
/// How much faster the bare route may be.
const FACTOR_MAX: f64 = 2.0;

/// A connection that asks the same things again and again.
struct Connection {
    stream: TcpStream,
    requests: Vec<Vec<u8>>,
    turn: usize,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(to: SocketAddr, requests: Vec<Vec<u8>>) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, requests, turn: 0, buffer: vec![0; 64 * 1_024] }
    }

    /// One exchange: the head and the body of the answer.
    fn ask(&mut self) -> (&[u8], &[u8]) {
        self.turn = (self.turn + 1) % self.requests.len();
        self.stream.write_all(&self.requests[self.turn]).unwrap();
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

/// Connections that share these requests out.
fn open(to: SocketAddr, requests: &[Vec<u8>]) -> Vec<Connection> {
    let each = requests.len().div_ceil(CONNECTIONS);
    let shares = requests.chunks(each).cycle().take(CONNECTIONS);
    shares.map(|share| Connection::new(to, share.to_vec())).collect()
}

/// A fake with calls; its address, and the requests that read them.
fn fake(runtime: &Runtime, network: &Arc<RealNetwork>) -> (SocketAddr, Vec<Vec<u8>>) {
    let clock = Clock::real();
    let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let setup = Setup {
        seed: 7,
        config: Config::default(),
        options: Options {
            requests_per_second: 0,
            calls_per_app: CALLS,
            calls_per_month: 0,
            ..Options::default()
        },
        keys: Keys::fixed(),
        tls: Tls::Outside,
        listeners: Listeners { https: None, http: free, control: None, media: None },
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
    let mut connection = Connection::new(at, vec![create.into_bytes()]);
    let read = |_| {
        let made: Value = serde_json::from_slice(connection.ask().1).unwrap();
        let path = format!("/v1.0/communications/calls/{}", made["id"].as_str().unwrap());
        format!("GET {path} HTTP/1.1\r\n{head}\r\n").into_bytes()
    };
    let reads = (0..CALLS).map(read).collect();
    (at, reads)
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
    let (fake_at, reads) = fake(&runtime, &network);
    // All is established by then, whoever was to be told has been given up, and the answers change no more.
    thread::sleep(Duration::from_secs(5));
    let (one, last) = reads.split_at(1);
    let mut first = Connection::new(fake_at, one.to_vec());
    let bare_at = bare(&runtime, &network, first.ask());
    let mut bare = open(bare_at, one);
    let (mut same, mut others) = (open(fake_at, one), open(fake_at, last));
    assert_eq!(bare[0].ask().1, same[0].ask().1, "both say the same");

    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Elements(1));
    for (name, connections) in [
        ("a bare axum route", &mut bare),
        ("GET call", &mut same),
        ("GET call, each time another", &mut others),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|requests| time(connections, requests));
        });
    }
    group.finish();
    compare([&mut bare, &mut same, &mut others]);
}

/// In turns, so that whatever else the machine does strikes all. Told, not judged: a busy machine is no fault of
/// the code's.
fn compare(mut all: [&mut Vec<Connection>; 3]) {
    let round = u64::try_from(ROUND).unwrap();
    let mut took = [Duration::ZERO; 3];
    for _ in 0..ROUNDS {
        for (connections, took) in all.iter_mut().zip(&mut took) {
            *took += time(connections, round);
        }
    }
    let [bare, same, others] = took.map(|took| (ROUNDS * ROUND) as f64 / took.as_secs_f64());
    eprintln!("bare axum {bare:.0}/s");
    for (name, rate) in [("GET call", same), ("GET call, each time another", others)] {
        eprintln!("{name} {rate:.0}/s, factor {:.2} (the goal: at most {FACTOR_MAX})", bare / rate);
    }
}

criterion_group!(benches, get_call);
criterion_main!(benches);
