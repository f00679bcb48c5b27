//! Whole lives under the eyes of the judge: a call of a minute, and what is drawn.

use benches::idle_turmoil;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim::{
    life::live,
    plan::{Deed, Person, Plan, What, plan_of},
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

criterion_group!(benches, lives);
criterion_main!(benches);
