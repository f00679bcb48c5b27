//! The platform's core: whole calls in a second, without sockets.

use benches::Stage;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("platform");
    group.throughput(Throughput::Elements(1));
    let mut stage = Stage::default();
    group.bench_function("a whole call", |bencher| bencher.iter(|| stage.whole_call()));
    assert!(stage.notifications > 0, "calls were told of");
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
