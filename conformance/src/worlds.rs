//! Many worlds: several at a time, their results in one order and under one hash.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use xxhash_rust::xxh3::Xxh3;

/// Does something for each item, with `jobs` threads, until `stop` says so; results in the order of the items.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    stop: impl Fn() -> bool + Sync,
    act: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len().min(1 << 16)));
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while !stop() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let result = act(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
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
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn results_are_in_order_and_may_be_cut_short() {
        let items: Vec<u64> = (0..100).collect();
        for jobs in [0, 1, 3, 1_000] {
            assert_eq!(
                each(&items, jobs, || false, |n| n * 2),
                (0..200).step_by(2).collect::<Vec<u64>>()
            );
        }
        let over = AtomicBool::new(false);
        let some = each(
            &items,
            1,
            || over.load(Ordering::Relaxed),
            |n| {
                over.store(*n == 4, Ordering::Relaxed);
                *n
            },
        );
        assert_eq!(some, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_order_counts() {
        assert_eq!(combined([1, 2]), combined([1, 2]));
        assert_ne!(combined([1, 2]), combined([2, 1]));
    }
}
