//! The platform's core, without sockets: whole calls in a second, and single inputs among many calls.

use benches::{Crowd, CrowdInput, Stage};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("platform");
    group.throughput(Throughput::Elements(1));
    let mut stage = Stage::default();
    stage.whole_call();
    assert!(stage.notifications > 0, "calls are told of");
    group.bench_function("a whole call", |bencher| bencher.iter(|| stage.whole_call()));
    group.finish();
}

/// What one input costs must not depend on how many calls there are.
fn inputs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("platform inputs");
    group.throughput(Throughput::Elements(1));
    for live in [10, 1_000, 100_000] {
        let mut crowd = Crowd::new(live);
        for input in
            [CrowdInput::Get, CrowdInput::KeepAlive, CrowdInput::Refused, CrowdInput::Mixed]
        {
            crowd.feed(input);
            assert!(crowd.outcomes > 0, "inputs are answered");
            let id = BenchmarkId::new(format!("{input:?}"), live);
            group.bench_function(id, |bencher| bencher.iter(|| crowd.feed(input)));
        }
    }
    group.finish();
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

criterion_group!(benches, calls, inputs);
criterion_main!(benches);
