//! Named streams of random numbers that can be read at any place.

use xxhash_rust::xxh3::xxh3_64;

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finish of splitmix64.
const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What numbers are drawn for. Each purpose has a stream of its own, so that a fault which draws nothing any
/// more leaves all others where they were.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Whether a link turns bad or good.
    State,
    /// Whether a packet is lost.
    Loss,
    /// How much later it comes.
    Jitter,
    /// Whether it comes twice.
    Duplicate,
    /// How much later its copy comes.
    Copy,
}

/// splitmix64 from a start that depends on the seed, the purpose and the direction.
///
/// The place in the stream is the number of the packet: what was drawn for others cannot matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream(u64);

impl Stream {
    pub(super) fn new(seed: u64, purpose: Purpose, from: &str, to: &str) -> Self {
        let start = [purpose as u64, xxh3_64(from.as_bytes()), xxh3_64(to.as_bytes())];
        Self(start.iter().fold(mix(seed.wrapping_add(GAMMA)), |state, word| {
            mix((state ^ word).wrapping_add(GAMMA))
        }))
    }

    fn word(self, place: u64) -> u64 {
        mix(self.0.wrapping_add(place.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// From 0 up to, and without, 1.
    pub(super) fn unit(self, packet: u64) -> f64 {
        (self.word(packet) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The numbers for one packet that jitter is made of: a uniform and a normal one, from four words.
    pub(super) fn noise(self, packet: u64) -> Noise {
        let place = packet.wrapping_mul(4);
        // The sum of twelve uniform numbers: near enough to normal up to four deviations, never beyond six,
        // and, unlike what needs a logarithm and a cosine, the same on every machine.
        let sum: u64 = (1..4)
            .map(|word| self.word(place + word))
            .map(|word| (0..4).map(|part| (word >> (16 * part)) & 0xffff).sum::<u64>())
            .sum();
        let normal = (sum as f64 + 6.0) / 65_536.0 - 6.0;
        Noise { uniform: self.unit(place), normal }
    }
}

/// What jitter is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    /// From 0 up to, and without, 1.
    pub(super) uniform: f64,
    /// Mean 0, deviation 1.
    pub(super) normal: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_name_makes_another_stream() {
        let first = |seed, purpose, from, to| Stream::new(seed, purpose, from, to).word(0);
        let base = first(1, Purpose::Loss, "a", "b");
        assert_eq!(base, first(1, Purpose::Loss, "a", "b"));
        for other in [
            first(2, Purpose::Loss, "a", "b"),
            first(1, Purpose::Jitter, "a", "b"),
            first(1, Purpose::Loss, "b", "a"),
            first(1, Purpose::Loss, "a", "c"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn numbers_are_distributed_as_they_should() {
        const COUNT: u64 = 200_000;
        let stream = Stream::new(7, Purpose::Jitter, "a", "b");
        let moments = |draw: &dyn Fn(u64) -> f64| {
            let (sum, squares) =
                (0..COUNT).map(draw).fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
            let mean = sum / COUNT as f64;
            (mean, squares / COUNT as f64 - mean * mean)
        };
        let near = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            // Five deviations of the mean; two per cent of the variance.
            assert!((mean - m).abs() < 5.0 * (v / COUNT as f64).sqrt(), "mean {mean}, not {m}");
            assert!((variance / v - 1.0).abs() < 0.02, "variance {variance}, not {v}");
        };
        near(moments(&|n| stream.unit(n)), (0.5, 1.0 / 12.0));
        near(moments(&|n| stream.noise(n).uniform), (0.5, 1.0 / 12.0));
        near(moments(&|n| stream.noise(n).normal), (0.0, 1.0));
        let within = (0..COUNT).filter(|n| stream.noise(*n).normal.abs() < 1.0).count();
        assert!((within as f64 / COUNT as f64 - 0.6827).abs() < 0.01, "{within}");
    }
}
