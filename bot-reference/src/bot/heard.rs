//! Which keys have been heard: each is acted on once, however often and late it is told.

use serde::{Deserialize, Serialize};

/// The last key and the 64 before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    last: u64,
    /// Bit n: the key n before the last.
    before: u64,
}

impl Heard {
    /// Whether nothing seems to be missing before this key.
    pub(super) const fn has_all_before(&self, sequence: u64) -> bool {
        sequence <= self.last.saturating_add(1)
    }

    /// Whether this key is new. One that comes too late to be sure is not.
    pub(super) fn is_new(&mut self, sequence: u64) -> bool {
        if sequence > self.last {
            let further = sequence - self.last;
            self.before = if further < 64 { self.before << further | 1 } else { 1 };
            self.last = sequence;
            return true;
        }
        let behind = self.last - sequence;
        let bit = if behind < 64 { 1 << behind } else { 0 };
        let new = bit != 0 && sequence > 0 && self.before & bit == 0;
        self.before |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn late_keys_are_heard_and_repeated_ones_are_not() {
        let mut heard = Heard::default();
        let told = [1, 1, 3, 2, 2, 3, 200, 199, 100].map(|sequence| heard.is_new(sequence));
        assert_eq!(told, [true, false, true, true, false, false, true, true, false]);
        assert!(!Heard::default().is_new(0), "they count from 1");
    }

    proptest! {
        #[test]
        fn nothing_is_new_twice(told in prop::collection::vec(1..200_u64, 0..300)) {
            let (mut heard, mut new) = (Heard::default(), BTreeSet::new());
            for sequence in told {
                prop_assert!(!heard.is_new(sequence) || new.insert(sequence));
            }
        }
    }
}
