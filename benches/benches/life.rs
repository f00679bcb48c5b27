//! Whole lives: a call of a minute under the eyes of the judge, one whose media are simulated packet by packet, and what is
//! drawn.

use std::time::Duration;

use benches::idle_turmoil;
use bot_reference::{Hosting, Settings};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use graph_fake::config::{APP, USERS};
use seam::HttpClient;
use sim::{
    CONTROL_URL, EPOCH, Rehearsal, Seat, WorldReport,
    life::live,
    link::LinkConfig,
    plan::{Deed, Person, Plan, What, plan_of},
    rehearse,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Simulated seconds of the peer.
const PEER_SECS: u64 = 10;

/// Alice rings, and hangs up a minute later.
fn a_minute() -> Plan {
    let deed = |at_ms, what| Deed { at_ms, by: Person::Alice, call: 0, what };
    let deeds = vec![deed(0, What::Ring), deed(60_000, What::Hangup)];
    Plan { deeds, heal_at_ms: 60_000, ..Plan::quiet(1) }
}

/// A minute of an app-hosted call: 100 packets of audio a second over links, heard, mixed and answered at both ends.
fn media_call(seconds: u64) -> WorldReport<()> {
    let limit = Duration::from_secs(seconds);
    let mut setup = Rehearsal::new(1, limit * 2);
    setup.settings = Settings { media: Hosting::AppHosted, ..Settings::default() };
    setup.links = Some(LinkConfig::default());
    rehearse(setup, async move |seat: Seat| {
        let client = HttpClient::new(seat.network.clone(), Duration::from_secs(20));
        let ring =
            format!(r#"{{"from": {{"user": "{}"}}, "to": [{{"app": "{APP}"}}]}}"#, USERS[0].1);
        let request = http::Request::post(format!("{CONTROL_URL}/calls"))
            .header("content-type", "application/json")
            .body(ring.into())
            .expect("it is a request");
        let made = client.send(request).await.expect("the control API answers");
        assert!(made.status().is_success(), "{made:?}");
        seat.clock.sleep_until(EPOCH + limit).await;
    })
}

fn media_calls(criterion: &mut Criterion) {
    let packets = media_call(60).events;
    assert!(packets > 10_000, "media flows: {packets} events");
    let mut group = criterion.benchmark_group("media call, simulated seconds");
    group.sample_size(10);
    group.throughput(Throughput::Elements(60));
    group.bench_function("three hosts, audio both ways", |bencher| bencher.iter(|| media_call(60)));
    group.throughput(Throughput::Elements(PEER_SECS));
    group.bench_function("nothing, on turmoil with steps of 1 ms", |bencher| {
        bencher.iter(|| idle_turmoil(PEER_SECS));
    });
    group.finish();
}

fn lives(criterion: &mut Criterion) {
    let plan = a_minute();
    let lived = live(&plan, false);
    assert_eq!(lived.broken, None);
    let mut group = criterion.benchmark_group("life, simulated seconds");
    group.sample_size(20);
    group.throughput(Throughput::Elements(lived.simulated.as_secs()));
    group.bench_function("a call of a minute", |bencher| bencher.iter(|| live(&plan, false)));
    // What the same time costs on turmoil as it comes, with nothing happening in it.
    group.throughput(Throughput::Elements(PEER_SECS));
    group.bench_function("nothing, on turmoil with steps of 1 ms", |bencher| {
        bencher.iter(|| idle_turmoil(PEER_SECS));
    });
    group.finish();

    let mut group = criterion.benchmark_group("life, worlds");
    group.sample_size(10);
    group.throughput(Throughput::Elements(50));
    group.bench_function("fifty that are drawn", |bencher| {
        bencher.iter(|| (0..50).map(|seed| live(&plan_of(seed), false).events).sum::<u64>());
    });
    group.finish();
}

criterion_group!(benches, lives, media_calls);
criterion_main!(benches);
