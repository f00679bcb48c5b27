//! The model against theory, and against itself.

use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;

fn model(config: LinkConfig) -> LinkModel {
    LinkModel::new(config, 11, "a", "b")
}

fn config(change: impl FnOnce(&mut LinkConfig)) -> LinkConfig {
    let mut config = LinkConfig { delay_ms: 25.0, ..LinkConfig::default() };
    change(&mut config);
    config
}

/// Fates of `count` packets of 1,000 bytes, one in ten milliseconds.
fn fates(config: LinkConfig, count: u64) -> Vec<Fate> {
    let mut model = model(config);
    (0..count).map(|n| model.offer(n * 10 * MS, 1_000)).collect()
}

/// What is added to 25 ms, in milliseconds, for packets that are all delivered once.
fn added(jitter: Jitter, count: u64) -> Vec<f64> {
    let fates = fates(config(|c| (c.jitter, c.reorder) = (jitter, true)), count);
    let times = fates.into_iter().zip(0..);
    times
        .map(|(fate, n)| {
            let Fate::At(at) = fate else { panic!("{fate:?}") };
            (at - n * 10 * MS) as f64 / 1e6 - 25.0
        })
        .collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

fn correlation(values: &[f64]) -> f64 {
    let (mean, sigma) = moments(values);
    let pairs = values.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum::<f64>();
    pairs / (values.len() - 1) as f64 / (sigma * sigma)
}

fn near(what: &str, value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{what}: {value}, not {expected}±{tolerance}");
}

fn lost(fates: &[Fate]) -> Vec<bool> {
    fates.iter().map(|fate| matches!(fate, Fate::Lost(Why::Chance))).collect()
}

/// Lengths of runs of losses.
fn bursts(lost: &[bool]) -> Vec<usize> {
    lost.split(|lost| !lost).map(<[bool]>::len).filter(|len| *len > 0).collect()
}

#[test]
fn independent_loss_is_as_frequent_as_it_says_and_comes_alone() {
    const COUNT: u64 = 200_000;
    let loss = Loss::Independent { probability: 0.05 };
    let lost = lost(&fates(config(|c| c.loss = loss), COUNT));
    let rate = lost.iter().filter(|lost| **lost).count() as f64 / COUNT as f64;
    near("rate", rate, 0.05, 4.0 * (0.05 * 0.95 / COUNT as f64).sqrt());
    let bursts = bursts(&lost);
    let length = bursts.iter().sum::<usize>() as f64 / bursts.len() as f64;
    near("burst", length, 1.0 / 0.95, 0.01);
}

#[test]
fn gilbert_elliott_loses_in_bursts() {
    const COUNT: u64 = 400_000;
    let (p, r) = (0.01, 0.2);
    let loss = Loss::GilbertElliott { p, r, loss_good: 0.0, loss_bad: 1.0 };
    let lost = lost(&fates(config(|c| c.loss = loss), COUNT));
    let rate = lost.iter().filter(|lost| **lost).count() as f64 / COUNT as f64;
    let expected = p / (p + r);
    // The chain remembers: its variance is that of a coin, times (1 + λ) / (1 - λ) with λ = 1 - p - r.
    let lambda: f64 = 1.0 - p - r;
    let variance = expected * (1.0 - expected) * (1.0 + lambda) / (1.0 - lambda);
    near("rate", rate, expected, 4.0 * (variance / COUNT as f64).sqrt());
    near("expected()", loss.expected(), expected, 1e-12);
    let bursts = bursts(&lost);
    let length = bursts.iter().sum::<usize>() as f64 / bursts.len() as f64;
    // Geometric with mean 1/r: its deviation is sqrt(1 - r) / r.
    near("burst", length, 1.0 / r, 4.0 * (1.0 - r).sqrt() / r / (bursts.len() as f64).sqrt());
}

#[test]
fn a_bad_link_may_let_some_packets_pass() {
    const COUNT: u64 = 400_000;
    let loss = Loss::GilbertElliott { p: 0.005, r: 0.2, loss_good: 0.0005, loss_bad: 0.4 };
    let lost = lost(&fates(config(|c| c.loss = loss), COUNT));
    let rate = lost.iter().filter(|lost| **lost).count() as f64 / COUNT as f64;
    near("rate", rate, loss.expected(), loss.expected() * 0.08);
}

#[test]
fn jitter_has_the_moments_it_says() {
    const COUNT: u64 = 100_000;
    let check = |jitter, mean: f64, sigma: f64, max: f64| {
        let values = added(jitter, COUNT);
        let (m, s) = moments(&values);
        near(&format!("{jitter:?}: mean"), m, mean, 5.0 * sigma / (COUNT as f64).sqrt());
        near(&format!("{jitter:?}: sigma"), s, sigma, sigma * 0.02);
        let (low, high) =
            values.iter().fold((f64::MAX, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
        assert!(low >= 0.0 && high <= max + 1e-6, "{jitter:?}: {low} to {high}");
    };
    check(Jitter::Uniform { max_ms: 12.0 }, 6.0, 12.0 / 12.0_f64.sqrt(), 12.0);
    check(Jitter::Normal { mean_ms: 20.0, sigma_ms: 4.0, max_ms: 40.0 }, 20.0, 4.0, 40.0);
    check(Jitter::Exponential { mean_ms: 5.0, max_ms: 200.0 }, 5.0, 5.0, 200.0);
    let constant = added(Jitter::None, 100);
    assert!(constant.iter().all(|x| *x == 0.0), "{constant:?}");
}

#[test]
fn jitter_is_cut_at_its_ends() {
    let values = added(Jitter::Normal { mean_ms: 1.0, sigma_ms: 5.0, max_ms: 3.0 }, 10_000);
    assert!(values.contains(&0.0) && values.contains(&3.0));
    let values = added(Jitter::Exponential { mean_ms: 5.0, max_ms: 6.0 }, 10_000);
    assert!(values.contains(&6.0) && values.iter().all(|x| *x <= 6.0));
}

#[test]
fn correlated_jitter_is_correlated_and_the_others_are_not() {
    let jitter = Jitter::Correlated { mean_ms: 20.0, sigma_ms: 4.0, max_ms: 40.0, rho: 0.8 };
    let values = added(jitter, 100_000);
    near("correlation", correlation(&values), 0.8, 0.02);
    let (mean, sigma) = moments(&values);
    // Neighbours tell the same: as many values count as 1/9 of them, (1 + ρ) / (1 - ρ).
    near("mean", mean, 20.0, 5.0 * 4.0 * (9.0_f64 / 100_000.0).sqrt());
    near("sigma", sigma, 4.0, 0.15);
    let alone = Jitter::Normal { mean_ms: 20.0, sigma_ms: 4.0, max_ms: 40.0 };
    near("no correlation", correlation(&added(alone, 100_000)), 0.0, 0.02);
}

#[test]
fn a_burst_waits_for_the_wire_as_long_as_its_bits_take() {
    let mut model = model(config(|c| c.rate_bps = Some(1_000_000.0)));
    for n in 1..=50 {
        // 1,250 bytes at 1 Mbit/s are 10 ms.
        assert_eq!(model.offer(5 * MS, 1_250), Fate::At(5 * MS + n * 10 * MS + 25 * MS));
    }
    // After 200 ms more, 300 ms of the 500 ms are left.
    assert_eq!(model.offer(205 * MS, 1_250), Fate::At(505 * MS + 10 * MS + 25 * MS));
    // Long after, nothing waits.
    assert_eq!(model.offer(10_000 * MS, 1_250), Fate::At(10_035 * MS));
}

#[test]
fn what_the_wire_takes_is_not_rounded() {
    // A third of a nanosecond is left over with each packet; a thousand of them leave no trace of it.
    let mut model = model(config(|c| c.rate_bps = Some(3e9)));
    let mut last = Fate::At(0);
    for _ in 0..1_000 {
        last = model.offer(0, 1);
    }
    assert_eq!(last, Fate::At(25 * MS + 8_000_u64.div_ceil(3)));
}

#[test]
fn the_queue_takes_exactly_what_fits() {
    let queue = config(|c| (c.rate_bps, c.queue_bytes) = (Some(1e6), Some(10_000)));
    let mut model = model(queue);
    let fates: Vec<Fate> = (0..20).map(|_| model.offer(0, 1_000)).collect();
    assert!(fates[..10].iter().all(|fate| matches!(fate, Fate::At(_))), "{fates:?}");
    assert!(fates[10..].iter().all(|fate| *fate == Fate::Lost(Why::Queue)), "{fates:?}");
    // One packet of 1,000 bytes takes 8 ms; just before, its room is not free.
    assert_eq!(model.offer(8 * MS - 1, 1_000), Fate::Lost(Why::Queue));
    assert_eq!(model.offer(8 * MS, 1_000), Fate::At(8 * MS + 80 * MS + 25 * MS));
    // A stream keeps what does not fit, and waits.
    assert_eq!(model.offer_segment(8 * MS, 1_000), Fate::At(8 * MS + 88 * MS + 25 * MS));
}

#[test]
fn an_idle_wire_takes_what_no_queue_holds() {
    let mut model = model(config(|c| (c.rate_bps, c.queue_bytes) = (Some(1e6), Some(100))));
    assert_eq!(model.offer(0, 1_000), Fate::At(8 * MS + 25 * MS));
    assert_eq!(model.offer(0, 1_000), Fate::Lost(Why::Queue));
}

#[test]
fn as_many_are_doubled_as_it_says() {
    const COUNT: u64 = 100_000;
    let fates = fates(config(|c| c.duplicate = 0.03), COUNT);
    let twice = fates.iter().filter(|fate| matches!(fate, Fate::Twice(..))).count();
    near("doubled", twice as f64 / COUNT as f64, 0.03, 4.0 * (0.03 * 0.97 / COUNT as f64).sqrt());
}

/// Arrivals in the order of the offers.
fn arrivals(fates: &[Fate]) -> Vec<u64> {
    let times = fates.iter().flat_map(|fate| match fate {
        Fate::Lost(_) => [None, None],
        Fate::At(at) => [Some(*at), None],
        Fate::Twice(first, second) => [Some(*first), Some(*second)],
    });
    times.flatten().collect()
}

#[test]
fn order_is_kept_unless_it_need_not_be() {
    let jitter = Jitter::Uniform { max_ms: 60.0 };
    let jittery = |reorder| config(|c| (c.jitter, c.duplicate, c.reorder) = (jitter, 0.2, reorder));
    let kept = arrivals(&fates(jittery(false), 5_000));
    assert!(kept.is_sorted());
    let mixed = arrivals(&fates(jittery(true), 5_000));
    assert!(!mixed.is_sorted());
}

#[test]
fn too_big_and_outage_are_told_apart() {
    let mut model = model(config(|c| c.mtu = Some(1_500)));
    assert_eq!(model.offer(0, 1_500), Fate::At(25 * MS));
    assert_eq!(model.offer(0, 1_501), Fate::Lost(Why::TooBig));
    assert_eq!(model.offer_segment(0, 60_000), Fate::At(25 * MS));
    model.set_at(10 * MS, config(|c| c.up = false));
    model.set_at(20 * MS, config(|c| c.delay_ms = 40.0));
    assert_eq!(model.offer(10 * MS - 1, 100), Fate::At(35 * MS - 1));
    assert_eq!(model.offer(10 * MS, 100), Fate::Lost(Why::Outage));
    assert_eq!(model.offer(20 * MS - 1, 100), Fate::Lost(Why::Outage));
    assert_eq!(model.offer(20 * MS, 100), Fate::At(60 * MS));
}

#[test]
fn a_slower_wire_takes_longer_for_what_waits() {
    let mut model = model(config(|c| c.rate_bps = Some(2e6)));
    for _ in 0..10 {
        model.offer(0, 1_000);
    }
    // 20 ms drain 5,000 of 10,000 bytes; at half the rate 6,000 take 48 ms.
    model.set_at(20 * MS, config(|c| c.rate_bps = Some(1e6)));
    assert_eq!(model.offer(20 * MS, 1_000), Fate::At(20 * MS + 48 * MS + 25 * MS));
}

/// Removing one fault leaves the others alone: the same packets are lost, and as late as before.
#[test]
fn faults_do_not_disturb_each_other() {
    let jitter = Jitter::Uniform { max_ms: 5.0 };
    let loss = Loss::Independent { probability: 0.1 };
    let all = config(|c| (c.jitter, c.loss, c.duplicate) = (jitter, loss, 0.1));
    let with = fates(all.clone(), 2_000);
    let without_duplicates = fates(LinkConfig { duplicate: 0.0, ..all.clone() }, 2_000);
    for (a, b) in with.iter().zip(&without_duplicates) {
        match (a, b) {
            (Fate::Twice(first, _), b) => assert_eq!(Fate::At(*first), *b),
            (a, b) => assert_eq!(a, b),
        }
    }
    let without_loss = fates(LinkConfig { loss: Loss::None, ..all.clone() }, 2_000);
    for (a, b) in with.iter().zip(&without_loss) {
        assert!(a == b || *a == Fate::Lost(Why::Chance), "{a:?} {b:?}");
    }
    let without_jitter = fates(LinkConfig { jitter: Jitter::None, ..all }, 2_000);
    assert_eq!(lost(&with), lost(&without_jitter));
}

fn jitters() -> impl Strategy<Value = Jitter> {
    let ms = || 0.0..50.0_f64;
    prop_oneof![
        Just(Jitter::None),
        ms().prop_map(|max_ms| Jitter::Uniform { max_ms }),
        (ms(), ms(), ms()).prop_map(|(mean_ms, sigma_ms, max_ms)| Jitter::Normal {
            mean_ms,
            sigma_ms,
            max_ms
        }),
        (ms(), ms()).prop_map(|(mean_ms, max_ms)| Jitter::Exponential { mean_ms, max_ms }),
        (ms(), ms(), ms(), 0.0..=1.0_f64).prop_map(|(mean_ms, sigma_ms, max_ms, rho)| {
            Jitter::Correlated { mean_ms, sigma_ms, max_ms, rho }
        }),
    ]
}

fn losses() -> impl Strategy<Value = Loss> {
    let unit = || 0.0..=1.0_f64;
    prop_oneof![
        Just(Loss::None),
        unit().prop_map(|probability| Loss::Independent { probability }),
        (unit(), unit(), unit(), unit()).prop_map(|(p, r, loss_good, loss_bad)| {
            Loss::GilbertElliott { p, r, loss_good, loss_bad }
        }),
    ]
}

fn configs() -> impl Strategy<Value = LinkConfig> {
    let rate = proptest::option::of(1e3..1e9_f64);
    let queue = proptest::option::of(0..100_000_u64);
    let rest = (0.0..=1.0_f64, any::<bool>(), proptest::option::of(68..2_000_u32), any::<bool>());
    (0.0..100.0_f64, jitters(), losses(), rate, queue, rest).prop_map(
        |(delay_ms, jitter, loss, rate_bps, queue_bytes, (duplicate, reorder, mtu, up))| {
            let rest = LinkConfig::default();
            LinkConfig {
                delay_ms,
                jitter,
                loss,
                rate_bps,
                queue_bytes,
                duplicate,
                reorder,
                mtu,
                up,
                ..rest
            }
        },
    )
}

proptest! {
    #[test]
    fn nothing_arrives_before_its_time_and_one_seed_is_one_fate(
        first in configs(),
        second in configs(),
        seed in any::<u64>(),
        packets in proptest::collection::vec((0..20_000_000_u64, 1..1_600_usize), 1..60),
    ) {
        prop_assert_eq!(first.validate(), Ok(()));
        let run = || {
            let mut model = LinkModel::new(first.clone(), seed, "a", "b");
            model.set_at(200 * MS, second.clone());
            let mut now = 0;
            let mut told = Vec::new();
            for (gap, bytes) in &packets {
                now += gap;
                told.push((now, model.offer(now, *bytes)));
            }
            told
        };
        let told = run();
        for (now, fate) in &told {
            let config = if *now < 200 * MS { &first } else { &second };
            for at in arrivals(&[*fate]) {
                prop_assert!(at >= now + config.delay_ns(), "{} {:?}", now, fate);
            }
        }
        prop_assert_eq!(told, run());
    }
}
