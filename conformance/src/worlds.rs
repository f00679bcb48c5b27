//! Many worlds: several at a time, their results in one order and under one hash.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use xxhash_rust::xxh3::Xxh3;

use crate::Stop;

/// How often whoever waits for results looks whether he is to wait no longer.
const GLANCE: Duration = Duration::from_millis(20);

/// Does something for each item, with `jobs` threads, as long as there is to be `more` and nobody stops it. What `act`
/// tells is `heard` here, with the number of its item. Once it is urgent nobody waits for the threads: they end with
/// the process.
pub(crate) fn each<T: Send + Sync + 'static, R: Send + 'static>(
    items: Vec<T>,
    jobs: usize,
    stop: &Stop,
    more: impl Fn() -> bool + Send + Sync + 'static,
    act: impl Fn(&T, &dyn Fn(R)) + Send + Sync + 'static,
    mut heard: impl FnMut(usize, R),
) {
    let (tell, told) = mpsc::channel();
    let jobs = jobs.clamp(1, items.len().max(1));
    let work = Arc::new((items, AtomicUsize::new(0), more, act));
    let worker = |_| {
        let (work, tell, stop) = (work.clone(), tell.clone(), stop.clone());
        std::thread::spawn(move || {
            let (items, next, more, act) = &*work;
            while !stop.is_asked() && more() {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(number) else { return };
                // Whoever does not wait any more does not hear it.
                act(item, &|result| drop(tell.send((number, result))));
            }
        })
    };
    let workers: Vec<_> = (0..jobs).map(worker).collect();
    drop(tell);
    loop {
        match told.recv_timeout(GLANCE) {
            Ok((number, result)) => heard(number, result),
            Err(RecvTimeoutError::Timeout) if stop.is_urgent() => return,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for worker in workers {
        if let Err(panic) = worker.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// The hash of trace hashes, in their order.
pub(crate) fn combined(hashes: impl IntoIterator<Item = u64>) -> u64 {
    let mut all = Xxh3::new();
    for hash in hashes {
        all.update(&hash.to_le_bytes());
    }
    all.digest()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everything_is_done_and_may_be_cut_short() {
        for jobs in [0, 1, 3, 1_000] {
            let mut done = BTreeMap::new();
            let (items, stop) = ((0..100).collect(), Stop::default());
            let act = |n: &u64, tell: &dyn Fn(u64)| tell(n * 2);
            each(
                items,
                jobs,
                &stop,
                || true,
                act,
                |number, twice| assert_eq!(done.insert(number, twice), None),
            );
            assert_eq!(done, (0..100).map(|n| (n, n as u64 * 2)).collect());
        }
        let (mut some, stop) = (Vec::new(), Stop::default());
        let asked = stop.clone();
        let act = move |n: &u64, tell: &dyn Fn(u64)| {
            if *n == 4 {
                asked.ask();
            }
            tell(*n);
        };
        each((0..100).collect(), 1, &stop, || true, act, |_, n| some.push(n));
        assert_eq!(some, [0, 1, 2, 3, 4]);
    }

    /// A world that never ends keeps nobody who has asked twice.
    #[test]
    fn who_asks_twice_does_not_wait() {
        let stop = Stop::default();
        let (asked, mut heard) = (stop.clone(), Vec::new());
        let act = |n: &u64, tell: &dyn Fn(u64)| {
            tell(*n);
            loop {
                std::thread::park();
            }
        };
        each(
            vec![7, 8],
            1,
            &stop,
            || true,
            act,
            |_, n| {
                heard.push(n);
                asked.ask();
                asked.ask();
            },
        );
        assert_eq!(heard, [7]);
    }

    #[test]
    #[should_panic(expected = "lost the thread")]
    fn a_panic_is_told() {
        let act = |_: &u64, _: &dyn Fn(u64)| panic!("lost the thread");
        each(vec![1], 1, &Stop::default(), || true, act, |_, _| {});
    }

    #[test]
    fn the_order_counts() {
        assert_eq!(combined([1, 2]), combined([1, 2]));
        assert_ne!(combined([1, 2]), combined([2, 1]));
    }
}
