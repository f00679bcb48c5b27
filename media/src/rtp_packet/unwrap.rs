//! Sequence numbers and timestamps that do not wrap.

/// Extends 16-bit sequence numbers to 64 bits (RFC 3550 section A.1, without its probation).
///
/// Each number is taken as the nearest one to the newest so far, so up to 32 767 either way. The first
/// is put one cycle up, so that packets older than it are above zero as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SequenceUnwrapper {
    highest: Option<u64>,
}

/// Extends 32-bit timestamps to 64 bits; as [`SequenceUnwrapper`], up to 2^31 - 1 either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimestampUnwrapper {
    highest: Option<u64>,
}

impl SequenceUnwrapper {
    /// The extended number.
    pub fn unwrap(&mut self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            return *self.highest.insert(u64::from(sequence) + (1 << 16));
        };
        let ahead = sequence.wrapping_sub(highest as u16) as i16;
        let extended = highest.saturating_add_signed(i64::from(ahead));
        self.highest = Some(highest.max(extended));
        extended
    }
}

impl TimestampUnwrapper {
    /// The extended timestamp.
    pub fn unwrap(&mut self, timestamp: u32) -> u64 {
        let Some(highest) = self.highest else {
            return *self.highest.insert(u64::from(timestamp) + (1 << 32));
        };
        let ahead = timestamp.wrapping_sub(highest as u32) as i32;
        let extended = highest.saturating_add_signed(i64::from(ahead));
        self.highest = Some(highest.max(extended));
        extended
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wrap_is_a_step_like_any_other() {
        let mut sequences = SequenceUnwrapper::default();
        let seen: Vec<u64> =
            [65_534, 1, 65_535, 2, 0].map(|sequence| sequences.unwrap(sequence)).to_vec();
        assert_eq!(seen, [0x1_fffe, 0x2_0001, 0x1_ffff, 0x2_0002, 0x2_0000]);
        let mut timestamps = TimestampUnwrapper::default();
        assert_eq!(timestamps.unwrap(u32::MAX), 0x1_ffff_ffff);
        assert_eq!(timestamps.unwrap(2_999), 0x2_0000_0bb7);
    }

    proptest! {
        /// Steps below half a cycle, forwards and backwards, are followed exactly.
        #[test]
        fn follows_small_steps(
            start: u16, steps in prop::collection::vec(-200..300_i64, 0..400),
        ) {
            let mut unwrapper = SequenceUnwrapper::default();
            let mut truth = unwrapper.unwrap(start);
            for step in steps {
                // Below the first cycle there is nothing.
                truth = truth.saturating_add_signed(step).max(0x1000);
                let step_back = unwrapper.highest.unwrap().saturating_sub(truth);
                prop_assume!(step_back < 0x7000);
                prop_assert_eq!(unwrapper.unwrap(truth as u16), truth);
            }
        }

        #[test]
        fn low_bits_stay(values in prop::collection::vec(any::<u32>(), 0..50)) {
            let mut timestamps = TimestampUnwrapper::default();
            for value in values {
                prop_assert_eq!(timestamps.unwrap(value) as u32, value);
            }
        }
    }
}
