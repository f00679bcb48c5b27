//! One bot's media in one call.

use std::time::Duration;

use graph_api::Guid;
use media::{
    audio::{Pcm16K, SpeakerConfig, SpeakerDetector},
    transport::{AudioReport, Blob, CONTRIBUTING_MAX, Drops, Leg, Message, NOBODY},
};
use platform::CallId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sound::Heard;

/// People of one call whose voices are followed.
const FOLLOWED_MAX: usize = 64;

/// One session, and who is heard in it.
pub(super) struct Session {
    pub leg: Leg,
    speakers: SpeakerDetector,
    /// People, at their places in the detector.
    people: Vec<Guid>,
}

/// How a session does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
}

impl Session {
    pub fn new(now: Duration, call: CallId, blob: Blob, first_ssrc: u32) -> Self {
        let leg = Leg::new(now, &call.to_string(), blob, first_ssrc);
        let speakers = SpeakerDetector::new(SpeakerConfig::default());
        Self { leg, speakers, people: Vec::new() }
    }

    /// Sends the bot what is heard; `source` tells the media source id of a person, 0 where there is none.
    pub fn hear(&mut self, now: Duration, heard: &Heard, source: impl Fn(Guid) -> u32) {
        let mut energies = vec![0; self.people.len()];
        let mut mixed = heard.bots;
        for (who, frame) in &heard.people {
            for (sample, said) in mixed.0.iter_mut().zip(frame.0) {
                *sample = sample.saturating_add(said);
            }
            let Some(place) = self.place(*who, &source) else { continue };
            energies.resize(self.people.len(), 0);
            energies[place] = energy(frame);
        }
        if let Some(changed) = self.speakers.update(now, &energies) {
            let history = self.speakers.dominant_history().iter().copied();
            let history = history.filter(|id| *id != changed.current && *id != NOBODY).collect();
            self.leg.tell(&Message::DominantSpeaker { current: changed.current, history });
        }
        let mut active = [0; CONTRIBUTING_MAX];
        let mut count = 0;
        for id in self.speakers.active_for(usize::MAX).filter(|id| *id != 0).take(active.len()) {
            active[count] = id;
            count += 1;
        }
        self.leg.send_audio(&mixed, &active[..count]);
    }

    /// A person's place in the detector; a new one if there is room.
    fn place(&mut self, who: Guid, source: impl Fn(Guid) -> u32) -> Option<usize> {
        if let Some(place) = self.people.iter().position(|other| *other == who) {
            return Some(place);
        }
        if self.people.len() >= FOLLOWED_MAX {
            return None;
        }
        self.people.push(who);
        let place = self.people.len() - 1;
        self.speakers.join(place, source(who));
        Some(place)
    }

    /// The call has become another one (escalation): people have other media source ids.
    pub fn forget_people(&mut self) {
        self.people.clear();
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
        }
    }
}

/// The sum of the squares, as the detector wants it.
fn energy(frame: &Pcm16K) -> u32 {
    let sum: u64 = frame.0.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    u32::try_from(sum / 256).unwrap_or(u32::MAX)
}
