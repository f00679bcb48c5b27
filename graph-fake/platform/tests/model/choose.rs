//! One source of choices for three ways of testing: enumerate, draw from a seed, or shrink.

/// Says which of `n` ways to go.
pub trait Choose {
    /// A number below `n`; `n` is at least 1.
    fn below(&mut self, n: u32) -> u32;
}

/// Many long histories: splitmix64.
pub struct Seeded(pub u64);

impl Choose for Seeded {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(((z ^ (z >> 31)) >> 32) % u64::from(n)).expect("below n")
    }
}

/// Choices that proptest made, and can make smaller. When they run out, the first way is taken.
pub struct Given<'a>(pub std::slice::Iter<'a, u16>);

impl Choose for Given<'_> {
    fn below(&mut self, n: u32) -> u32 {
        u32::from(self.0.next().copied().unwrap_or(0)) % n
    }
}

/// Every short history, once: a counter whose digits are the choices of a run.
#[derive(Default)]
pub struct Exhaustive {
    digits: Vec<(u32, u32)>,
    at: usize,
    started: bool,
}

impl Exhaustive {
    /// Moves to the next history; false when all have been.
    pub fn next_run(&mut self) -> bool {
        self.at = 0;
        if !self.started {
            self.started = true;
            return true;
        }
        while let Some((value, bound)) = self.digits.pop() {
            if value + 1 < bound {
                self.digits.push((value + 1, bound));
                return true;
            }
        }
        false
    }
}

impl Choose for Exhaustive {
    fn below(&mut self, n: u32) -> u32 {
        if self.at == self.digits.len() {
            self.digits.push((0, n));
        }
        let (value, bound) = self.digits[self.at];
        assert_eq!(bound, n, "a run must be a function of its choices");
        self.at += 1;
        value
    }
}
