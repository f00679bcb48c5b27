//! Quality of experience data as a bot fetches it, in the field names of Graph's
//! `teleconferenceDeviceAudioQuality` (contract, resources section 10).

use std::time::Duration;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::stream_stats::StreamStats;

/// The least time between two fetches, and the least media before the first (contract, media 3.4).
pub const QOE_INTERVAL: Duration = Duration::from_secs(30);

/// One audio channel. Times are written as ISO 8601 durations (`PT0.03S`), shares as percentages.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AudioQuality {
    /// Always `#microsoft.graph.teleconferenceDeviceAudioQuality`.
    #[serde(rename = "@odata.type")]
    pub odata_type: &'static str,
    /// Which channel of the call.
    pub channel_index: u32,
    /// How long media has flowed.
    #[serde(serialize_with = "iso_8601")]
    pub media_duration: Duration,
    /// Packets received.
    pub inbound_packets: u64,
    /// Packets sent.
    pub outbound_packets: u64,
    /// Mean interarrival jitter of what was received.
    #[serde(serialize_with = "iso_8601")]
    pub average_inbound_jitter: Duration,
    /// Greatest interarrival jitter of what was received.
    #[serde(serialize_with = "iso_8601")]
    pub maximum_inbound_jitter: Duration,
    /// Mean jitter that the other side reports.
    #[serde(serialize_with = "iso_8601")]
    pub average_outbound_jitter: Duration,
    /// Greatest jitter that the other side reports.
    #[serde(serialize_with = "iso_8601")]
    pub maximum_outbound_jitter: Duration,
    /// Loss of what was received, in percent.
    pub average_inbound_packet_loss_rate_in_percentage: f64,
    /// Greatest loss of any report's interval, in percent.
    pub maximum_inbound_packet_loss_rate_in_percentage: f64,
    /// Loss that the other side reports, in percent.
    pub average_outbound_packet_loss_rate_in_percentage: f64,
    /// Greatest loss that the other side reports, in percent.
    pub maximum_outbound_packet_loss_rate_in_percentage: f64,
    /// Mean round trip, measured here.
    #[serde(serialize_with = "iso_8601")]
    pub average_inbound_round_trip_delay: Duration,
    /// Greatest round trip, measured here.
    #[serde(serialize_with = "iso_8601")]
    pub maximum_inbound_round_trip_delay: Duration,
    /// Mean round trip, measured by the other side.
    #[serde(serialize_with = "iso_8601")]
    pub average_outbound_round_trip_delay: Duration,
    /// Greatest round trip, measured by the other side.
    #[serde(serialize_with = "iso_8601")]
    pub maximum_outbound_round_trip_delay: Duration,
}

/// A mean and a greatest value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread<T> {
    /// The mean.
    pub average: T,
    /// The greatest.
    pub maximum: T,
}

/// What the stream's own statistics cannot know: it comes from RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Remote {
    /// Packets sent.
    pub outbound_packets: u64,
    /// Jitter that the other side reports.
    pub outbound_jitter: Spread<Duration>,
    /// Loss that the other side reports, 0 to 1.
    pub outbound_loss: Spread<f64>,
    /// The round trip, measured here.
    pub inbound_round_trip: Spread<Duration>,
    /// The round trip, measured by the other side.
    pub outbound_round_trip: Spread<Duration>,
}

/// The data cannot be had yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("quality data is there every 30 s: again in {} ms", wait.as_millis())]
pub struct TooSoon {
    /// How long to wait.
    pub wait: Duration,
}

/// Hands out quality data, at most every 30 s and not before 30 s of media.
#[derive(Debug, Clone)]
pub struct QoeSource {
    started: Duration,
    next: Duration,
}

impl QoeSource {
    /// Media flows from `started` on.
    pub fn new(started: Duration) -> Self {
        Self { started, next: started + QOE_INTERVAL }
    }

    /// The data at `now`.
    ///
    /// # Errors
    /// Less than 30 s since the start or the last fetch; that one does not count.
    pub fn fetch(
        &mut self,
        now: Duration,
        channel_index: u32,
        stats: &StreamStats,
        remote: &Remote,
    ) -> Result<AudioQuality, TooSoon> {
        if now < self.next {
            return Err(TooSoon { wait: self.next - now });
        }
        self.next = now + QOE_INTERVAL;
        let percent = |share: f64| share * 100.0;
        Ok(AudioQuality {
            odata_type: "#microsoft.graph.teleconferenceDeviceAudioQuality",
            channel_index,
            media_duration: now - self.started,
            inbound_packets: stats.counts().packets,
            outbound_packets: remote.outbound_packets,
            average_inbound_jitter: stats.jitter_mean(),
            maximum_inbound_jitter: stats.jitter_max(),
            average_outbound_jitter: remote.outbound_jitter.average,
            maximum_outbound_jitter: remote.outbound_jitter.maximum,
            average_inbound_packet_loss_rate_in_percentage: percent(stats.loss()),
            maximum_inbound_packet_loss_rate_in_percentage: percent(
                stats.loss_max().max(stats.loss()),
            ),
            average_outbound_packet_loss_rate_in_percentage: percent(remote.outbound_loss.average),
            maximum_outbound_packet_loss_rate_in_percentage: percent(remote.outbound_loss.maximum),
            average_inbound_round_trip_delay: remote.inbound_round_trip.average,
            maximum_inbound_round_trip_delay: remote.inbound_round_trip.maximum,
            average_outbound_round_trip_delay: remote.outbound_round_trip.average,
            maximum_outbound_round_trip_delay: remote.outbound_round_trip.maximum,
        })
    }
}

/// Seconds with what fraction there is, as `PT0.03S`.
fn iso_8601<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
    let fraction = format!("{:09}", time.subsec_nanos());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    out.collect_str(&format_args!("PT{}{point}{fraction}S", time.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thirty_seconds_in_graphs_names() {
        let mut stats = StreamStats::new(16_000);
        for n in 0..1_500_u16 {
            if n % 10 != 4 {
                let now = Duration::from_millis(20) * n.into();
                stats.received(now, n, u32::from(n) * 320, 640);
            }
        }
        let mut source = QoeSource::new(Duration::from_secs(1));
        let remote = Remote {
            inbound_round_trip: Spread {
                average: Duration::from_millis(30),
                maximum: Duration::from_secs(2),
            },
            ..Remote::default()
        };
        let mut fetch = |secs| source.fetch(Duration::from_secs(secs), 1, &stats, &remote);
        assert_eq!(fetch(20), Err(TooSoon { wait: Duration::from_secs(11) }));
        let written = serde_json::to_value(fetch(31).unwrap()).unwrap();
        assert_eq!(fetch(60).unwrap_err().wait, Duration::from_secs(1));
        assert_eq!(written["@odata.type"], "#microsoft.graph.teleconferenceDeviceAudioQuality");
        assert_eq!(written["mediaDuration"], "PT30S");
        assert_eq!(written["averageInboundRoundTripDelay"], "PT0.03S");
        assert_eq!(written["maximumInboundRoundTripDelay"], "PT2S");
        assert_eq!(written["inboundPackets"], 1_350);
        let loss = written["averageInboundPacketLossRateInPercentage"].as_f64().unwrap();
        assert!((loss - 10.0).abs() < 0.1, "{loss}");
    }
}
