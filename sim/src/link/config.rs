//! What one direction of a link is like, as data.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest duration that a configuration may hold: an hour, in milliseconds.
const MS_MAX: f64 = 3_600_000.0;
/// Highest rate: a terabit per second.
const RATE_MAX: f64 = 1e12;
/// Smallest MTU: what IPv4 must carry (RFC 791 section 3.1).
const MTU_MIN: u32 = 68;

/// One direction of a link. Durations are in milliseconds, rates in bits per second, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LinkConfig {
    /// The least time from one end to the other, in milliseconds; jitter and queueing only add to it.
    pub delay_ms: f64,
    /// What is added to the delay, drawn for each packet.
    pub jitter: Jitter,
    /// Which packets do not arrive.
    pub loss: Loss,
    /// Bits per second; without it a packet takes no time to be put on the wire.
    pub rate_bps: Option<f64>,
    /// Bytes that may wait for the wire, the packet on it included; what does not fit is lost (tail drop).
    /// Without it everything may wait.
    pub queue_bytes: Option<u64>,
    /// The probability that a packet arrives twice.
    pub duplicate: f64,
    /// Whether jitter may let a packet overtake an earlier one.
    pub reorder: bool,
    /// The largest packet, headers included, in bytes; larger ones are lost.
    pub mtu: Option<u32>,
    /// False is an outage: nothing arrives.
    pub up: bool,
    /// Streams stand still, without any loss and without an end; datagrams pass.
    pub stall: bool,
    /// How long a stream waits, in milliseconds, before it sends a lost segment again; twice as long each time.
    pub rto_ms: f64,
    /// How long a stream tries to send one segment, in milliseconds, before both of its ends are reset.
    pub reset_after_ms: f64,
    /// How long a connection attempt may take, in milliseconds.
    pub connect_timeout_ms: f64,
}

impl Default for LinkConfig {
    /// 20 ms, and nothing goes wrong.
    fn default() -> Self {
        Self {
            delay_ms: 20.0,
            jitter: Jitter::None,
            loss: Loss::None,
            rate_bps: None,
            queue_bytes: None,
            duplicate: 0.0,
            reorder: false,
            mtu: None,
            up: true,
            stall: false,
            rto_ms: 250.0,
            reset_after_ms: 15_000.0,
            connect_timeout_ms: 5_000.0,
        }
    }
}

/// How the added delay is distributed. It is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Jitter {
    /// Nothing is added.
    #[default]
    None,
    /// Anything from nothing to `max_ms`, all equally likely.
    Uniform {
        /// The most, in milliseconds.
        max_ms: f64,
    },
    /// Normally distributed; what falls outside 0 to `max_ms` is moved to the nearer end.
    Normal {
        /// The mean, in milliseconds.
        mean_ms: f64,
        /// The standard deviation, in milliseconds.
        sigma_ms: f64,
        /// The most, in milliseconds.
        max_ms: f64,
    },
    /// Mostly little, sometimes much.
    Exponential {
        /// The mean, in milliseconds.
        mean_ms: f64,
        /// The most, in milliseconds.
        max_ms: f64,
    },
    /// As `normal`, but each packet's delay is like that of the one before it.
    Correlated {
        /// The mean, in milliseconds.
        mean_ms: f64,
        /// The standard deviation, in milliseconds.
        sigma_ms: f64,
        /// The most, in milliseconds.
        max_ms: f64,
        /// The correlation of neighbours, 0 to 1.
        rho: f64,
    },
}

/// Which packets are lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Loss {
    /// None.
    #[default]
    None,
    /// Each with the same probability, whatever happened to others.
    Independent {
        /// The probability.
        probability: f64,
    },
    /// In bursts: the link is good or bad, and may change with each packet.
    GilbertElliott {
        /// The probability that a good link turns bad.
        p: f64,
        /// The probability that a bad link turns good.
        r: f64,
        /// The probability that a good link loses a packet.
        #[serde(default)]
        loss_good: f64,
        /// The probability that a bad link loses a packet.
        #[serde(default = "certain")]
        loss_bad: f64,
    },
}

const fn certain() -> f64 {
    1.0
}

impl Loss {
    /// The share of packets that is lost in the long run.
    pub fn expected(&self) -> f64 {
        match *self {
            Self::None => 0.0,
            Self::Independent { probability } => probability,
            Self::GilbertElliott { p: 0.0, loss_good, .. } => loss_good,
            Self::GilbertElliott { p, r, loss_good, loss_bad } => {
                (p * loss_bad + r * loss_good) / (p + r)
            }
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {why}")]
pub struct ConfigError {
    /// The member, with the members that it is in: `jitter.uniform.maxMs`.
    pub key: String,
    /// What is expected of it.
    pub why: String,
}

impl ConfigError {
    fn new(key: &str, why: impl Into<String>) -> Self {
        Self { key: key.to_owned(), why: why.into() }
    }
}

fn within(key: &str, value: f64, max: f64, unit: &str) -> Result<(), ConfigError> {
    // NaN is not contained either.
    if (0.0..=max).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(key, format!("{value} is not in 0 to {max}{unit}")))
}

fn ms(key: &str, value: f64) -> Result<(), ConfigError> {
    within(key, value, MS_MAX, " ms")
}

fn probability(key: &str, value: f64) -> Result<(), ConfigError> {
    within(key, value, 1.0, "")
}

impl LinkConfig {
    /// Reads a configuration and validates it.
    ///
    /// # Errors
    /// A member that is unknown, or not what it should be; the error names it.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let config: Self = serde_path_to_error::deserialize(&mut json)
            .map_err(|e| ConfigError::new(&e.path().to_string(), e.inner().to_string()))?;
        json.end().map_err(|e| ConfigError::new(".", e.to_string()))?;
        config.validate()?;
        Ok(config)
    }

    /// Looks at every number.
    ///
    /// # Errors
    /// The first member that is negative, not a number or out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        ms("delayMs", self.delay_ms)?;
        self.jitter.validate()?;
        self.loss.validate()?;
        if let Some(rate) = self.rate_bps
            && !(1.0..=RATE_MAX).contains(&rate)
        {
            return Err(ConfigError::new("rateBps", format!("{rate} is not in 1 to {RATE_MAX}")));
        }
        probability("duplicate", self.duplicate)?;
        if self.mtu.is_some_and(|mtu| mtu < MTU_MIN) {
            return Err(ConfigError::new("mtu", format!("below {MTU_MIN} bytes")));
        }
        for (key, value) in [
            ("rtoMs", self.rto_ms),
            ("resetAfterMs", self.reset_after_ms),
            ("connectTimeoutMs", self.connect_timeout_ms),
        ] {
            ms(key, value)?;
            // Timers have milliseconds; a stream that tries again at once would never stop trying.
            if value < 1.0 {
                return Err(ConfigError::new(key, format!("{value} is below 1 ms")));
            }
        }
        Ok(())
    }

    /// The least time on the way, in nanoseconds.
    pub fn delay_ns(&self) -> u64 {
        to_ns(self.delay_ms)
    }
}

/// Milliseconds of a valid configuration in nanoseconds.
pub(crate) fn to_ns(ms: f64) -> u64 {
    (ms * 1e6).round() as u64
}

impl Jitter {
    fn validate(&self) -> Result<(), ConfigError> {
        match *self {
            Self::None => Ok(()),
            Self::Uniform { max_ms } => ms("jitter.uniform.maxMs", max_ms),
            Self::Normal { mean_ms, sigma_ms, max_ms } => {
                ms("jitter.normal.meanMs", mean_ms)?;
                ms("jitter.normal.sigmaMs", sigma_ms)?;
                ms("jitter.normal.maxMs", max_ms)
            }
            Self::Exponential { mean_ms, max_ms } => {
                ms("jitter.exponential.meanMs", mean_ms)?;
                ms("jitter.exponential.maxMs", max_ms)
            }
            Self::Correlated { mean_ms, sigma_ms, max_ms, rho } => {
                ms("jitter.correlated.meanMs", mean_ms)?;
                ms("jitter.correlated.sigmaMs", sigma_ms)?;
                ms("jitter.correlated.maxMs", max_ms)?;
                probability("jitter.correlated.rho", rho)
            }
        }
    }
}

impl Loss {
    fn validate(&self) -> Result<(), ConfigError> {
        match *self {
            Self::None => Ok(()),
            Self::Independent { probability: value } => {
                probability("loss.independent.probability", value)
            }
            Self::GilbertElliott { p, r, loss_good, loss_bad } => {
                probability("loss.gilbertElliott.p", p)?;
                probability("loss.gilbertElliott.r", r)?;
                probability("loss.gilbertElliott.lossGood", loss_good)?;
                probability("loss.gilbertElliott.lossBad", loss_bad)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_configuration_is_read() {
        let text = r#"{"delayMs": 30.5, "jitter": {"correlated": {"meanMs": 5, "sigmaMs": 2, "maxMs": 20,
            "rho": 0.9}}, "loss": {"gilbertElliott": {"p": 0.01, "r": 0.2}}, "rateBps": 1e6,
            "queueBytes": 64000, "duplicate": 0.001, "reorder": true, "mtu": 1500, "up": false}"#;
        let config = LinkConfig::from_json(text).unwrap();
        assert_eq!(config.delay_ns(), 30_500_000);
        let bursts = Loss::GilbertElliott { p: 0.01, r: 0.2, loss_good: 0.0, loss_bad: 1.0 };
        assert_eq!((config.loss, config.mtu, config.up), (bursts, Some(1_500), false));
        let again = serde_json::to_string(&config).unwrap();
        assert_eq!(LinkConfig::from_json(&again), Ok(config));
        assert_eq!(LinkConfig::from_json("{}"), Ok(LinkConfig::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, key) in [
            (r#"{"delayMs": -1}"#, "delayMs"),
            (r#"{"delayMs": 3600001}"#, "delayMs"),
            (r#"{"delayMs": "1"}"#, "delayMs"),
            (r#"{"delay": 1}"#, "delay"),
            (r#"{"jitter": {"uniform": {"maxMs": -0.1}}}"#, "jitter.uniform.maxMs"),
            (r#"{"jitter": {"uniform": {"maxMs": 1, "mean": 1}}}"#, "jitter.uniform.mean"),
            (
                r#"{"jitter": {"normal": {"meanMs": 1, "sigmaMs": -1, "maxMs": 1}}}"#,
                "jitter.normal.sigmaMs",
            ),
            (
                r#"{"jitter": {"exponential": {"meanMs": -1, "maxMs": 1}}}"#,
                "jitter.exponential.meanMs",
            ),
            (
                r#"{"jitter": {"correlated": {"meanMs": 1, "sigmaMs": 1, "maxMs": 1, "rho": 1.1}}}"#,
                "jitter.correlated.rho",
            ),
            (r#"{"loss": {"independent": {"probability": 1.01}}}"#, "loss.independent.probability"),
            (r#"{"loss": {"gilbertElliott": {"p": -1, "r": 1}}}"#, "loss.gilbertElliott.p"),
            (r#"{"loss": {"gilbertElliott": {"p": 0, "r": 2}}}"#, "loss.gilbertElliott.r"),
            (r#"{"rateBps": 0}"#, "rateBps"),
            (r#"{"rateBps": -5}"#, "rateBps"),
            (r#"{"queueBytes": -5}"#, "queueBytes"),
            (r#"{"duplicate": 2}"#, "duplicate"),
            (r#"{"mtu": 67}"#, "mtu"),
            (r#"{"rtoMs": 0}"#, "rtoMs"),
            (r#"{"resetAfterMs": -1}"#, "resetAfterMs"),
            (r#"{"connectTimeoutMs": 0.5}"#, "connectTimeoutMs"),
        ] {
            let error = LinkConfig::from_json(text).expect_err(text);
            assert_eq!(error.key, key, "{text}: {error}");
        }
        let config = LinkConfig { delay_ms: f64::NAN, ..LinkConfig::default() };
        assert_eq!(config.validate().unwrap_err().key, "delayMs");
        let rate_bps = Some(f64::INFINITY);
        let config = LinkConfig { rate_bps, ..LinkConfig::default() };
        assert_eq!(config.validate().unwrap_err().key, "rateBps");
    }
}
