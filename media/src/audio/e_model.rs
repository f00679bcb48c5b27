//! How good a call sounds, as an estimate: the E-model (ITU-T G.107), simplified.
//!
//! R = 93.2 − Id − Ie,eff, with everything but delay, codec and loss at G.107's defaults. Id is the
//! approximation 0.024·d + 0.11·(d − 177.3)·H(d − 177.3) for the one-way delay d in ms (Cole and
//! Rosenbluth, 2001); Ie,eff follows G.107 clause 7.5. A figure for comparing runs, not a hearing test.

use std::time::Duration;

/// R without delay and loss.
const BEST: f64 = 93.2;

/// What a codec costs: the equipment impairment factor and the packet-loss robustness of ITU-T G.113
/// appendix I.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodecImpairment {
    /// Ie: the impairment without loss.
    pub ie: f64,
    /// Bpl: how well it takes loss.
    pub bpl: f64,
}

impl CodecImpairment {
    /// G.711 and linear PCM without concealment: Ie 0, Bpl 4.3.
    pub const G711_PLAIN: Self = Self { ie: 0.0, bpl: 4.3 };
    /// G.711 and linear PCM with concealment (G.711 appendix I): Ie 0, Bpl 25.1.
    pub const G711_CONCEALED: Self = Self { ie: 0.0, bpl: 25.1 };
    /// G.729A with voice activity detection: Ie 11, Bpl 19.
    pub const G729A: Self = Self { ie: 11.0, bpl: 19.0 };
    /// G.723.1 at 6.3 kb/s with voice activity detection: Ie 15, Bpl 16.1.
    pub const G723_1: Self = Self { ie: 15.0, bpl: 16.1 };
    /// GSM enhanced full rate: Ie 5, Bpl 10.
    pub const GSM_EFR: Self = Self { ie: 5.0, bpl: 10.0 };
}

/// What the model is fed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// From mouth to ear.
    pub delay: Duration,
    /// Share of frames that are missing, 0 to 1; late ones are missing, too.
    pub loss: f64,
    /// How much longer bursts of loss are than by chance: 1 for random loss, more for bursts.
    pub burst_ratio: f64,
    /// The codec.
    pub codec: CodecImpairment,
}

/// The estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// The transmission rating, 0 to 93.2.
    pub r: f64,
    /// The mean opinion score that goes with it, 1 to 4.5.
    pub mos: f64,
}

/// Rates a call.
pub fn rate(conditions: &Conditions) -> Quality {
    let delay = conditions.delay.as_secs_f64() * 1_000.0;
    let id = 0.024 * delay + 0.11 * (delay - 177.3).max(0.0);
    let CodecImpairment { ie, bpl } = conditions.codec;
    let loss = conditions.loss.clamp(0.0, 1.0) * 100.0;
    let robustness = loss / conditions.burst_ratio.max(1.0) + bpl;
    let effective = ie + (95.0 - ie) * loss / robustness;
    let r = (BEST - id - effective).clamp(0.0, BEST);
    Quality { r, mos: mos(r) }
}

/// The mean opinion score of a rating (G.107 annex B).
pub fn mos(r: f64) -> f64 {
    if r <= 0.0 {
        return 1.0;
    }
    let r = r.min(100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quality(millis: u64, loss: f64, codec: CodecImpairment) -> Quality {
        let delay = Duration::from_millis(millis);
        rate(&Conditions { delay, loss, burst_ratio: 1.0, codec })
    }

    /// The classes of G.107 annex B, and points that are worked out by hand.
    #[test]
    fn known_points() {
        let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < 0.01, "{value}");
        near(mos(93.2), 4.409);
        near(mos(90.0), 4.339);
        near(mos(80.0), 4.024);
        near(mos(70.0), 3.597);
        near(mos(60.0), 3.1);
        near(mos(50.0), 2.575);
        near(quality(0, 0.0, CodecImpairment::G711_PLAIN).r, 93.2);
        near(quality(100, 0.0, CodecImpairment::G711_PLAIN).r, 90.8);
        near(quality(277, 0.0, CodecImpairment::G711_PLAIN).r, 93.2 - 6.648 - 10.967);
        near(quality(0, 0.02, CodecImpairment::G711_CONCEALED).r, 93.2 - 95.0 * 2.0 / 27.1);
        near(quality(0, 0.02, CodecImpairment::G711_PLAIN).r, 93.2 - 95.0 * 2.0 / 6.3);
    }

    proptest! {
        #[test]
        fn worse_is_never_better(millis in 0..900_u64, loss in 0.0..0.9, more in 0.0..0.1, burst in 1.0..8.0) {
            let codec = CodecImpairment::G711_CONCEALED;
            let base = Conditions { delay: Duration::from_millis(millis), loss, burst_ratio: 1.0, codec };
            let best = rate(&base);
            let later = Conditions { delay: base.delay + Duration::from_millis(50), ..base };
            for worse in [
                later,
                Conditions { loss: loss + more, ..base },
                Conditions { burst_ratio: burst, ..base },
            ] {
                let worse = rate(&worse);
                prop_assert!(worse.r <= best.r && worse.mos <= best.mos + 1e-3);
            }
            prop_assert!((1.0..=4.5).contains(&best.mos));
        }
    }
}
