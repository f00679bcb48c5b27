//! Links as they are met: one direction of a whole path to a nearby data centre.

use serde::{Deserialize, Serialize};

use super::config::{Jitter, LinkConfig, Loss};

/// A kind of link. The figures are round ones of the usual size, not measurements of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Preset {
    /// Wireless at home, near the access point: 1 % lost in short bursts, 50 Mbit/s.
    Wifi,
    /// Wireless far away from it: 5 % lost, late packets in clusters, 10 Mbit/s.
    WifiLossy,
    /// A phone's network: 2 % lost, delays that rise and fall slowly, 10 Mbit/s, a long queue.
    Cellular,
    /// A geostationary satellite: a quarter of a second, 3 % lost, 5 Mbit/s.
    Satellite,
    /// A bottleneck in the evening: 10 % lost, much jitter, 2 Mbit/s, a short queue.
    Congested,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Wifi, Self::WifiLossy, Self::Cellular, Self::Satellite, Self::Congested];
}

impl From<Preset> for LinkConfig {
    fn from(preset: Preset) -> Self {
        let path = |delay_ms, jitter, (p, r, loss_bad), rate_bps, queue_bytes| Self {
            delay_ms,
            jitter,
            loss: Loss::GilbertElliott { p, r, loss_good: 0.0, loss_bad },
            rate_bps: Some(rate_bps),
            queue_bytes: Some(queue_bytes),
            mtu: Some(1_500),
            ..Self::default()
        };
        match preset {
            Preset::Wifi => {
                let jitter = Jitter::Exponential { mean_ms: 2.0, max_ms: 30.0 };
                path(20.0, jitter, (0.01, 0.49, 0.5), 50e6, 256_000)
            }
            Preset::WifiLossy => {
                let jitter = Jitter::Exponential { mean_ms: 8.0, max_ms: 100.0 };
                path(20.0, jitter, (0.03, 0.27, 0.5), 10e6, 256_000)
            }
            Preset::Cellular => {
                let jitter =
                    Jitter::Correlated { mean_ms: 15.0, sigma_ms: 6.0, max_ms: 80.0, rho: 0.9 };
                path(45.0, jitter, (0.01, 0.19, 0.4), 10e6, 500_000)
            }
            Preset::Satellite => {
                let jitter = Jitter::Normal { mean_ms: 10.0, sigma_ms: 3.0, max_ms: 30.0 };
                path(260.0, jitter, (0.01, 0.15, 0.48), 5e6, 600_000)
            }
            Preset::Congested => {
                let jitter = Jitter::Exponential { mean_ms: 30.0, max_ms: 300.0 };
                path(60.0, jitter, (0.05, 0.2, 0.5), 2e6, 64_000)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_lose_what_they_say() {
        let losses = [0.01, 0.05, 0.02, 0.03, 0.10];
        for (preset, expected) in Preset::ALL.into_iter().zip(losses) {
            let config = LinkConfig::from(preset);
            assert_eq!(config.validate(), Ok(()), "{preset:?}");
            let loss = config.loss.expected();
            assert!((loss - expected).abs() < 0.001, "{preset:?}: {loss}, not {expected}");
        }
        assert_eq!(serde_json::to_string(&Preset::WifiLossy).unwrap(), r#""wifiLossy""#);
    }
}
