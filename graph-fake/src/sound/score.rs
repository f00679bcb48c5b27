//! Which sounds there were and when, and the file that comes of them. Rendered when it is asked for.

use std::time::Duration;

use graph_api::{Guid, Timestamp};
use media::{
    SAMPLE_RATE,
    audio::{FRAME_PERIOD, MarkerDetector, Pcm16K, SAMPLES_16K},
};

use super::voice::Voice;

/// Frames of silence behind the last sound that are listened to.
const LISTENED_ON: usize = 5;

/// Who makes a sound, or whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The bot: heard by all people.
    Bot,
    /// A person: heard by the bot and by all others.
    Person(Guid),
    /// Hold music: this person hears it, and nothing else.
    HeldFrom(Guid),
}

/// One sound.
#[derive(Debug, Clone)]
pub struct Layer {
    /// When it began.
    pub began: Timestamp,
    /// From when it is heard.
    pub from: Timestamp,
    /// When it ends, where that is known.
    pub until: Option<Timestamp>,
    /// Whose it is.
    pub by: By,
    /// What it is like.
    pub voice: Voice,
}

impl Layer {
    /// When it ends, or how far it has come.
    pub fn end(&self, now: Timestamp) -> Timestamp {
        self.until.map_or(now, |until| until.min(now))
    }

    /// What of it lies between these times, where there is a limit.
    pub fn between(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Self> {
        let from = from.map_or(self.from, |from| from.max(self.from));
        let until = [self.until, to].into_iter().flatten().min();
        let empty = until.is_some_and(|until| until <= from);
        (!empty).then(|| Self { from, until, ..self.clone() })
    }

    /// Whether any of it lies between these times.
    pub fn is_within(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from < to && self.end(to) > from
    }
}

/// A piece of a call's sound, not rendered yet.
#[derive(Debug, Clone)]
pub struct Score {
    from: Timestamp,
    to: Timestamp,
    layers: Vec<Layer>,
    held: Vec<Layer>,
}

impl Score {
    /// These sounds between two times; while any of `held` sounds, nothing else does.
    pub const fn new(from: Timestamp, to: Timestamp, layers: Vec<Layer>, held: Vec<Layer>) -> Self {
        Self { from, to, layers, held }
    }

    /// 16,000 samples a second.
    pub fn samples(&self) -> Vec<i16> {
        let mut samples = vec![0; count(self.from, self.to)];
        self.add_to(&mut samples);
        samples
    }

    /// Adds what there is to samples that begin where this piece does.
    pub fn add_to(&self, samples: &mut [i16]) {
        for layer in &self.layers {
            self.add(layer, samples, false);
        }
        for layer in &self.held {
            self.add(layer, samples, true);
        }
    }

    /// How long it is.
    pub fn duration(&self) -> Duration {
        self.to.saturating_since(self.from)
    }

    /// The markers that are heard in it, and when each began.
    pub fn markers(&self) -> Vec<(u32, Timestamp)> {
        let (mut detector, mut found) = (MarkerDetector::new(), Vec::new());
        let mut samples = self.samples();
        // The last one is certain only once it has been silent for a moment.
        let whole = samples.len().next_multiple_of(SAMPLES_16K) + LISTENED_ON * SAMPLES_16K;
        samples.resize(whole, 0);
        let mut now = Duration::ZERO;
        for frame in samples.as_chunks::<SAMPLES_16K>().0 {
            if let Some(heard) = detector.push(now, &Pcm16K(*frame)) {
                found.push((heard.marker.id(), self.from + heard.started));
            }
            now += FRAME_PERIOD;
        }
        found
    }

    /// A RIFF/WAVE file, 16 kHz, mono, 16 bit: a prompt.
    pub fn wav(&self) -> Vec<u8> {
        media::write_wav(&self.samples())
    }

    fn add(&self, layer: &Layer, samples: &mut [i16], alone: bool) {
        let begin = count(self.from, layer.from);
        let end = count(self.from, layer.end(self.to)).min(samples.len());
        let (early, late) = (count(layer.began, self.from), count(self.from, layer.began));
        let skipped = (begin + early).saturating_sub(late);
        let Some(range) = samples.get_mut(begin..end) else { return };
        if alone {
            range.fill(0);
        }
        layer.voice.add_to(skipped, range);
    }
}

/// Samples from one time to another; none if that is earlier.
fn count(from: Timestamp, to: Timestamp) -> usize {
    let nanos = to.saturating_since(from).as_nanos();
    usize::try_from(nanos * u128::from(SAMPLE_RATE) / 1_000_000_000).unwrap_or(usize::MAX)
}
