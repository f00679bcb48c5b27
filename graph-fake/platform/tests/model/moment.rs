//! When something happened: the time, and the order of what happens at the same time.

use std::time::Duration;

use graph_api::Timestamp;

/// A moment. What is due at a time comes before what anybody does at that time, and what follows from a deed
/// without delay comes after it and before the next deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    at: Timestamp,
    order: u64,
}

impl Moment {
    /// That of the n-th deed, done at this time.
    pub fn of_deed(at: Timestamp, number: u64) -> Self {
        Self { at, order: (number + 1) * 16 }
    }

    /// After everything that happens at this time.
    pub fn end_of(at: Timestamp) -> Self {
        Self { at, order: u64::MAX }
    }

    /// So much later; without delay: right after it.
    pub fn after(self, delay: Duration) -> Self {
        if delay.is_zero() {
            return Self { at: self.at, order: self.order + 1 };
        }
        Self { at: self.at + delay, order: 0 }
    }
}
