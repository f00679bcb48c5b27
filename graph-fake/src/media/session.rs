//! One bot's media in one call.

use std::time::Duration;

use graph_api::Guid;
use media::{
    audio::{Pcm16K, SpeakerConfig, SpeakerDetector},
    transport::{
        AudioReport, Blob, CONTRIBUTING_MAX, Drops, Leg, Message, NOBODY, SHARING, StreamReport,
        UNMIXED_MAX,
    },
};
use platform::CallId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sound::Heard;

/// Those of one call whose voices are followed.
const FOLLOWED_MAX: usize = 64;

/// Somebody who is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// A person.
    Person(Guid),
    /// Another bot, by its call.
    Bot(CallId),
}

/// One session, and who is heard in it.
pub(super) struct Session {
    pub leg: Leg,
    speakers: SpeakerDetector,
    /// Those who are heard, at their places in the detector.
    followed: Vec<Speaker>,
    /// Who is heard on each stream of unmixed audio, by that place.
    apart: [Option<usize>; UNMIXED_MAX],
    /// Since when something should have come: media has begun to flow, or it was missed already.
    awaited: Option<Duration>,
}

/// How a session does.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionShown {
    /// Where the bot receives.
    pub address: String,
    /// Whether media flows.
    pub active: bool,
    /// Whether anything valid has come from the bot.
    pub heard_of: bool,
    /// Packets of audio from the bot.
    pub packets_received: u64,
    /// Of these, how many were played.
    pub played: u64,
    /// Frames that never came, or too late.
    pub lost: u64,
    /// Packets whose turn was over.
    pub late: u64,
    /// Packets that came twice.
    pub duplicated: u64,
    /// Frames that were made up.
    pub concealed: u64,
    /// Packets of audio to the bot.
    pub packets_sent: u64,
    /// Bytes of audio to the bot.
    pub bytes_sent: u64,
    /// Datagrams that were not taken: not packets, from strangers, of unknown SSRCs, of unknown kinds, too early.
    pub dropped: [u64; 5],
    /// Each stream from the bot, as it arrives.
    pub from_bot: Vec<MediaStreamShown>,
    /// Each stream to the bot, as the bot reports it.
    pub to_bot: Vec<MediaStreamShown>,
}

/// How a stream does (RFC 3550 section 6.4).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaStreamShown {
    /// `audio`, `unmixedAudio`, `video` or `screenSharing`.
    pub channel: &'static str,
    /// Which video socket, or which of the loudest.
    pub socket: Option<u8>,
    /// Packets that were received, or sent.
    pub packets: u64,
    /// Their payloads' bytes.
    pub bytes: u64,
    /// Packets that did not arrive; fewer than none if more came twice.
    pub lost: i32,
    /// The share of the last second that was lost, 0 to 1.
    pub loss: f64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// To the bot and back, in milliseconds, where its reports say so.
    pub round_trip_ms: Option<f64>,
    /// Whether the receiver has reported.
    pub reported: bool,
}

impl Session {
    pub fn new(now: Duration, call: CallId, blob: Blob, first_ssrc: u32) -> Self {
        let leg = Leg::new(now, &call.to_string(), blob, first_ssrc);
        let speakers = SpeakerDetector::new(SpeakerConfig::default());
        Self { leg, speakers, followed: Vec::new(), apart: [None; UNMIXED_MAX], awaited: None }
    }

    /// Sends the bot what is heard; `source` tells a media source id, 0 where there is none. `many`: there are more than
    /// two, so that the loudest can be heard apart.
    pub fn hear(
        &mut self,
        now: Duration,
        heard: &Heard,
        many: bool,
        source: impl Fn(Speaker) -> u32,
    ) {
        let places: Vec<Option<usize>> =
            heard.speakers.iter().map(|(who, _)| self.place(*who, &source)).collect();
        let mut energies = vec![0; self.followed.len()];
        for (place, (_, frame)) in places.iter().zip(&heard.speakers) {
            if let Some(place) = place {
                energies[*place] = energy(frame);
            }
        }
        if let Some(changed) = self.speakers.update(now, &energies) {
            let history = self.speakers.dominant_history().iter().copied();
            let history = history.filter(|id| *id != changed.current && *id != NOBODY).collect();
            self.leg.tell(&Message::DominantSpeaker { current: changed.current, history });
        }
        if many && self.leg.blob().audio.unmixed {
            return self.hear_apart(heard, &places, source);
        }
        let mut mixed = Pcm16K::SILENCE;
        for (_, frame) in &heard.speakers {
            for (sample, said) in mixed.0.iter_mut().zip(frame.0) {
                *sample = sample.saturating_add(said);
            }
        }
        let mut active = [0; CONTRIBUTING_MAX];
        let mut count = 0;
        for id in self.speakers.active_for(usize::MAX).filter(|id| *id != 0).take(active.len()) {
            active[count] = id;
            count += 1;
        }
        self.leg.send_audio(&mixed, &active[..count]);
    }

    /// The loudest four, each on a stream of its own for as long as they are among them; no mixed audio (contract, media
    /// section 2).
    fn hear_apart(
        &mut self,
        heard: &Heard,
        places: &[Option<usize>],
        source: impl Fn(Speaker) -> u32,
    ) {
        let loudest: Vec<usize> = self.speakers.loudest().iter().collect();
        for stream in &mut self.apart {
            *stream = stream.filter(|place| loudest.contains(place));
        }
        for place in loudest {
            let free = self.apart.iter().position(Option::is_none);
            if let Some(free) = free.filter(|_| !self.apart.contains(&Some(place))) {
                self.apart[free] = Some(place);
            }
        }
        for (stream, place) in self.apart.into_iter().enumerate() {
            let said = place.and_then(|_| places.iter().position(|other| *other == place));
            let said = said.map(|at| (&heard.speakers[at].1, source(heard.speakers[at].0)));
            self.leg.send_unmixed(stream, said);
        }
    }

    /// A speaker's place in the detector; a new one if there is room.
    fn place(&mut self, who: Speaker, source: impl Fn(Speaker) -> u32) -> Option<usize> {
        if let Some(place) = self.followed.iter().position(|other| *other == who) {
            return Some(place);
        }
        if self.followed.len() >= FOLLOWED_MAX {
            return None;
        }
        self.followed.push(who);
        let place = self.followed.len() - 1;
        self.speakers.join(place, source(who));
        Some(place)
    }

    /// Whether nothing has come for so long while media flows; told once in that time.
    pub fn is_lost(&mut self, now: Duration, limit: Duration) -> bool {
        if !self.leg.is_active() {
            self.awaited = None;
            return false;
        }
        let since = *self.awaited.get_or_insert(now);
        let since = self.leg.heard_at().map_or(since, |heard| heard.max(since));
        let lost = now.saturating_sub(since) >= limit;
        if lost {
            self.awaited = Some(now);
        }
        lost
    }

    /// The call has become another one (escalation): people have other media source ids.
    pub fn forget_people(&mut self) {
        self.followed.clear();
        self.apart = [None; UNMIXED_MAX];
        self.speakers = SpeakerDetector::new(SpeakerConfig::default());
    }

    pub fn shown(&self) -> SessionShown {
        let AudioReport { jitter, .. } = self.leg.audio_report();
        let Drops { form, source, ssrc, kind, inactive } = self.leg.drops();
        let (packets_sent, bytes_sent) = self.leg.audio_sent();
        SessionShown {
            address: self.leg.address().to_string(),
            active: self.leg.is_active(),
            heard_of: self.leg.heard_at().is_some(),
            packets_received: jitter.pushed,
            played: jitter.played,
            lost: jitter.lost,
            late: jitter.late,
            duplicated: jitter.duplicates,
            concealed: jitter.concealed,
            packets_sent,
            bytes_sent,
            dropped: [form, source, ssrc, kind, inactive],
            from_bot: self.streams_from_bot().collect(),
            to_bot: self.streams_to_bot().collect(),
        }
    }

    fn streams_from_bot(&self) -> impl Iterator<Item = MediaStreamShown> {
        let (leg, blob) = (&self.leg, self.leg.blob());
        let videos = (0_u8..).zip(blob.video.iter().filter(|one| one.direction.sends()));
        let videos = videos.map(|(socket, one)| ("video", Some(socket), one.ssrc));
        let sharing = blob.screen_sharing.iter().map(|one| ("screenSharing", None, one.ssrc));
        let all = std::iter::once(("audio", None, blob.audio.ssrc)).chain(videos).chain(sharing);
        all.map(|(channel, socket, ssrc)| shown(channel, socket, leg.report_from(ssrc)))
    }

    fn streams_to_bot(&self) -> impl Iterator<Item = MediaStreamShown> {
        let (leg, announced) = (&self.leg, self.leg.announced());
        let numbered = |channel, ssrcs: &[u32]| {
            (0_u8..).zip(ssrcs.to_vec()).map(move |(at, ssrc)| (channel, Some(at), ssrc))
        };
        let sharing = announced.ssrc(SHARING).map(|ssrc| ("screenSharing", None, ssrc));
        let all = std::iter::once(("audio", None, announced.audio))
            .chain(numbered("unmixedAudio", &announced.unmixed))
            .chain(numbered("video", &announced.video))
            .chain(sharing);
        all.map(|(channel, socket, ssrc)| shown(channel, socket, leg.report_to(ssrc)))
    }
}

fn shown(channel: &'static str, socket: Option<u8>, report: StreamReport) -> MediaStreamShown {
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let StreamReport { packets, bytes, lost, .. } = report;
    MediaStreamShown {
        channel,
        socket,
        packets,
        bytes,
        lost,
        loss: f64::from(report.fraction_lost) / 256.0,
        jitter_ms: ms(report.jitter),
        round_trip_ms: report.round_trip.map(ms),
        reported: report.reported,
    }
}

/// The sum of the squares, as the detector wants it.
fn energy(frame: &Pcm16K) -> u32 {
    let sum: u64 = frame.0.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    u32::try_from(sum / 256).unwrap_or(u32::MAX)
}
