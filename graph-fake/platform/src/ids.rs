//! Ids minted from the seed, so that the same inputs give the same ids.

use graph_api::Guid;

/// A stream of random-looking bits (splitmix64, by Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// A stream that depends on `seed` alone.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A new id. Two draws each time, so that the n-th id does not depend on what the others were for.
    pub fn guid(&mut self) -> Guid {
        let high = u128::from(self.next_u64());
        Guid::from_random((high << 64) | u128::from(self.next_u64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let draw = |seed| {
            let mut ids = Ids::new(seed);
            (0..100).map(|_| ids.guid()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_eq!(draw(1).len(), 100);
        assert!(draw(1).is_disjoint(&draw(2)));
    }
}
