//! How much a way can carry, from what its receiver reports, and the quality that goes with it.
//!
//! Additive increase, multiplicative decrease, in integers, so that the same reports give the same
//! figures:
//!
//! - more than 10 % lost: down by half the share that is lost;
//! - jitter above the limit and growing: down by 15 %;
//! - less than 2 % lost and jitter below the limit: up by 8 % a second, at least 1 000 bits per second;
//! - otherwise it stays.
//!
//! Decreases are at least a reaction time apart, for the reports of one congestion come in a row.

use std::time::Duration;

use crate::{Bandwidth, VideoFormat};

/// 256ths lost, above which the rate goes down: 10 %.
const LOSS_HIGH: u8 = 26;
/// 256ths lost, below which it goes up: 2 %.
const LOSS_LOW: u8 = 5;
/// Percent to which jitter lowers the rate.
const JITTER_KEEPS: u64 = 85;
/// Percent that is gained in a second.
const GAIN: u128 = 8;
/// Bits per second that are gained at the least.
const GAIN_MIN: u64 = 1_000;

/// How an estimate is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimateConfig {
    /// Where it starts, bits per second.
    pub start: u32,
    /// Its bounds, bits per second.
    pub bounds: Bandwidth,
    /// Jitter above which a way is taken to be filling.
    pub jitter_limit: Duration,
    /// Between two decreases.
    pub reaction: Duration,
}

impl Default for EstimateConfig {
    /// From 1 Mb/s, between 10 kb/s and 10 Mb/s, 30 ms of jitter, 300 ms.
    fn default() -> Self {
        Self {
            start: 1_000_000,
            bounds: Bandwidth { min: 10_000, max: 10_000_000 },
            jitter_limit: Duration::from_millis(30),
            reaction: Duration::from_millis(300),
        }
    }
}

/// The estimate of one way.
#[derive(Debug, Clone)]
pub struct BandwidthEstimate {
    config: EstimateConfig,
    rate: u64,
    last_report: Option<Duration>,
    last_decrease: Option<Duration>,
    last_jitter: Duration,
}

impl BandwidthEstimate {
    /// An estimate without reports.
    pub fn new(config: EstimateConfig) -> Self {
        let rate = config.start.clamp(config.bounds.min, config.bounds.max.max(config.bounds.min));
        Self {
            config,
            rate: rate.into(),
            last_report: None,
            last_decrease: None,
            last_jitter: Duration::ZERO,
        }
    }

    /// Bits per second.
    pub fn bits_per_second(&self) -> u32 {
        // Within bounds of 32 bits.
        self.rate as u32
    }

    /// A report has come at `now`: the share lost in 256ths and the jitter (RFC 3550 section 6.4.1).
    pub fn report(&mut self, now: Duration, fraction_lost: u8, jitter: Duration) {
        let filling = jitter > self.config.jitter_limit && jitter > self.last_jitter;
        let passed = self.last_report.map_or(Duration::ZERO, |last| now.saturating_sub(last));
        self.last_report = Some(now);
        self.last_jitter = jitter;
        let may_decrease =
            self.last_decrease.is_none_or(|last| now >= last.saturating_add(self.config.reaction));
        if fraction_lost >= LOSS_HIGH || filling {
            if may_decrease {
                // Half the share that is lost: 512ths.
                let by_loss = self.rate * (512 - u64::from(fraction_lost)) / 512;
                let by_jitter = self.rate * JITTER_KEEPS / 100;
                let lost = fraction_lost >= LOSS_HIGH;
                self.rate = match (lost, filling) {
                    (true, true) => by_loss.min(by_jitter),
                    (true, false) => by_loss,
                    (false, _) => by_jitter,
                };
                self.last_decrease = Some(now);
            }
        } else if fraction_lost < LOSS_LOW && jitter <= self.config.jitter_limit {
            // A report that comes late does not make up for more than a second.
            let millis = passed.as_millis().min(1_000);
            let gain = (u128::from(self.rate) * GAIN * millis / 100_000) as u64;
            self.rate += gain.max(GAIN_MIN * millis as u64 / 1_000);
        }
        let bounds = self.config.bounds;
        self.rate = self.rate.clamp(bounds.min.into(), bounds.max.max(bounds.min).into());
    }
}

/// Chooses a step of a ladder of formats, and does not flutter.
///
/// Down at once, as soon as the estimate is below what the step needs at the least. Up only to a step
/// whose least need the estimate has exceeded by 15 % for five seconds.
#[derive(Debug, Clone)]
pub struct QualitySelection {
    ladder: Vec<(VideoFormat, Bandwidth)>,
    step: usize,
    above_since: Option<Duration>,
}

/// How long an estimate must carry the next step.
const PATIENCE: Duration = Duration::from_secs(5);
/// By how much, in percent.
const HEADROOM: u64 = 115;

impl QualitySelection {
    /// Over a ladder, the best first, as [`crate::H264_SEND_FORMATS`]; starts with the last step. None
    /// for an empty one.
    pub fn new(ladder: Vec<(VideoFormat, Bandwidth)>) -> Option<Self> {
        let step = ladder.len().checked_sub(1)?;
        Some(Self { ladder, step, above_since: None })
    }

    /// Over the ten formats of main video.
    pub fn main_video() -> Self {
        let ladder = crate::H264_SEND_FORMATS
            .into_iter()
            .filter_map(|format| Some((format, format.bandwidth()?)))
            .collect::<Vec<_>>();
        let step = ladder.len() - 1;
        Self { ladder, step, above_since: None }
    }

    /// The format of now.
    pub fn format(&self) -> VideoFormat {
        self.ladder[self.step].0
    }

    /// The bit rate to encode at: the estimate, within the bounds of the format.
    pub fn target(&self, estimate: u32) -> u32 {
        let Bandwidth { min, max } = self.ladder[self.step].1;
        estimate.clamp(min, max.max(min))
    }

    /// The estimate at `now`; the new format if it changes.
    pub fn update(&mut self, now: Duration, estimate: u32) -> Option<VideoFormat> {
        let before = self.step;
        while estimate < self.ladder[self.step].1.min && self.step + 1 < self.ladder.len() {
            self.step += 1;
            self.above_since = None;
        }
        if self.step == before {
            let carries = |step: usize| {
                u64::from(estimate) * 100 >= u64::from(self.ladder[step].1.min) * HEADROOM
            };
            // The best step that it carries; one that needs more than the one below may be passed over.
            let better = (0..self.step).find(|step| carries(*step));
            match (better, self.above_since) {
                (None, _) => self.above_since = None,
                (Some(_), None) => self.above_since = Some(now),
                (Some(step), Some(since)) if now >= since.saturating_add(PATIENCE) => {
                    self.step = step;
                    self.above_since = None;
                }
                (Some(_), Some(_)) => {}
            }
        }
        (self.step != before).then(|| self.format())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    const CALM: Duration = Duration::from_millis(5);

    #[test]
    fn loss_lowers_and_calm_raises() {
        let mut estimate = BandwidthEstimate::new(EstimateConfig::default());
        estimate.report(secs(1), 0, CALM);
        assert_eq!(estimate.bits_per_second(), 1_000_000, "nothing is known of the time before");
        estimate.report(secs(2), 0, CALM);
        assert_eq!(estimate.bits_per_second(), 1_080_000);
        estimate.report(secs(3), 10, CALM);
        assert_eq!(estimate.bits_per_second(), 1_080_000, "4 % lost: it stays");
        estimate.report(secs(4), 128, CALM);
        assert_eq!(estimate.bits_per_second(), 810_000, "half is lost: down by a quarter");
        estimate.report(secs(4) + Duration::from_millis(299), 128, CALM);
        assert_eq!(estimate.bits_per_second(), 810_000, "the same congestion");
        estimate.report(secs(5), 0, Duration::from_millis(40));
        assert_eq!(estimate.bits_per_second(), 688_500, "it fills");
        estimate.report(secs(6), 0, Duration::from_millis(39));
        assert_eq!(estimate.bits_per_second(), 688_500, "it empties");
    }

    proptest! {
        #[test]
        fn stays_within_bounds_and_repeats(
            reports in prop::collection::vec((0..5_000_u64, any::<u8>(), 0..200_u64), 0..200),
        ) {
            let run = || {
                let mut estimate = BandwidthEstimate::new(EstimateConfig::default());
                let mut now = 0;
                reports.iter().map(|(passed, lost, jitter)| {
                    now += passed;
                    let jitter = Duration::from_millis(*jitter);
                    estimate.report(Duration::from_millis(now), *lost, jitter);
                    estimate.bits_per_second()
                }).collect::<Vec<_>>()
            };
            let rates = run();
            prop_assert!(rates.iter().all(|rate| (10_000..=10_000_000).contains(rate)));
            prop_assert_eq!(rates, run());
        }

        /// However the estimate flutters, up and up again are five seconds apart.
        #[test]
        fn quality_does_not_flutter(estimates in prop::collection::vec(0..5_000_000_u32, 1..200)) {
            let mut quality = QualitySelection::main_video();
            let mut last_up = None;
            for (index, estimate) in estimates.into_iter().enumerate() {
                let now = Duration::from_millis(index as u64 * 500);
                let before = quality.format();
                let Some(format) = quality.update(now, estimate) else { continue };
                if format.bandwidth().unwrap().min > before.bandwidth().unwrap().min {
                    prop_assert!(last_up.is_none_or(|last| now >= last + PATIENCE));
                    last_up = Some(now);
                }
            }
        }
    }

    #[test]
    fn down_at_once_and_up_with_patience() {
        let mut quality = QualitySelection::main_video();
        let name = |quality: &QualitySelection| quality.format().to_string();
        assert_eq!(name(&quality), "H264_320x180_1_875Fps");
        assert_eq!(quality.update(secs(0), 700_000), None);
        assert_eq!(quality.update(secs(4), 700_000), None);
        assert!(quality.update(secs(5), 700_000).is_some());
        assert_eq!(name(&quality), "H264_1280x720_30Fps");
        assert_eq!(quality.update(secs(60), 550_000), None, "what it needs at the least");
        assert!(quality.update(secs(61), 549_999).is_some());
        assert_eq!(name(&quality), "H264_960x540_30Fps");
        assert_eq!(quality.target(2_000_000), 1_500_000);
        assert_eq!(quality.update(secs(62), 0).map(|format| format.height), Some(180));
        assert_eq!(quality.target(0), 1_000);
        assert!(QualitySelection::new(Vec::new()).is_none());
    }
}
