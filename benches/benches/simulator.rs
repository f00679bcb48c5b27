//! The simulator: simulated seconds in a second, beside turmoil as it comes, and packets over links.

use std::{hint::black_box, net::SocketAddr, time::Duration};

use benches::{HOSTS, idle_turmoil};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sim::{
    EPOCH, Seat, World,
    link::{Fate, LinkConfig, LinkModel, Preset},
};

/// Three hosts that do nothing, and a story that waits.
fn idle_world(seconds: u64) {
    let limit = Duration::from_secs(seconds);
    let mut world = World::new(1, limit * 2).links(LinkConfig::default());
    for host in HOSTS {
        world = world.host(host, async |_| std::future::pending().await);
    }
    let report = world.run(async move |seat| seat.clock.sleep_until(EPOCH + limit).await);
    report.outcome.expect("nothing can go wrong");
}

fn idle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("idle, 4 hosts, simulated seconds");
    group.sample_size(20);
    for (name, seconds, run) in [
        ("world, step 20 ms", 100, &idle_world as &dyn Fn(u64)),
        ("turmoil, step 1 ms", 10, &idle_turmoil),
    ] {
        group.throughput(Throughput::Elements(seconds));
        group.bench_function(name, |bencher| bencher.iter(|| run(seconds)));
    }
    group.finish();
}

fn model(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("link model, packets");
    group.throughput(Throughput::Elements(1));
    for preset in [Preset::Wifi, Preset::Cellular, Preset::Congested] {
        let mut link = LinkModel::new(preset.into(), 1, "a", "b");
        let mut now = 0;
        let mut offer = || {
            now += 1_428_571;
            black_box(link.offer(now, 1_200))
        };
        let lost = (0..10_000).filter(|_| matches!(offer(), Fate::Lost(_))).count();
        assert!(lost > 0, "a link that loses nothing is not the one that was asked for");
        group.bench_function(BenchmarkId::from_parameter(format!("{preset:?}")), |bencher| {
            bencher.iter(&mut offer);
        });
    }
    group.finish();
}

/// One way of a call: 350 packets in a second, as audio and video make them.
const PACKETS: u64 = 350 * 60;

fn call(seed: u64) {
    let any = |port| SocketAddr::from(([0, 0, 0, 0], port));
    let world = World::new(seed, Duration::from_secs(100)).links(Preset::Wifi.into());
    let world = world.host("bot", move |seat: Seat| async move {
        let socket = seat.network.datagram(any(5_000)).await.map_err(|e| e.to_string())?;
        let mut buf = [0; 1_500];
        loop {
            socket.recv_from(&mut buf).await.map_err(|e| e.to_string())?;
        }
    });
    let report = world.run(async move |seat: Seat| {
        let socket = seat.network.datagram(any(0)).await?;
        let to = seat.network.lookup("bot", 5_000).await?;
        for n in 0..PACKETS {
            seat.clock.sleep_until(EPOCH + Duration::from_micros(n * 1_000_000 / 350)).await;
            socket.send_to(&[0; 1_200], to).await?;
        }
        std::io::Result::Ok(())
    });
    report.outcome.expect("it is over in time").expect("sockets work");
    assert!(report.events > PACKETS, "they arrive");
}

fn datagrams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("datagrams over a link, packets");
    group.sample_size(10);
    group.throughput(Throughput::Elements(PACKETS));
    group.bench_function("a minute of a call, one way", |bencher| bencher.iter(|| call(1)));
    group.finish();
}

criterion_group!(benches, idle, model, datagrams);
criterion_main!(benches);
