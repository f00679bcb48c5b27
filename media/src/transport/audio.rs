//! Audio and keys of one direction, the same at both ends.

use std::{collections::VecDeque, time::Duration};

use super::{
    AudioFormat, DATAGRAM_MAX, PT_AUDIO, PT_EVENT, PT_STEREO,
    stereo::{PAIRS, PART_BYTES, StereoIn, mono_bytes},
};
use crate::{
    FIXED_LEN, RtpHeader, SAMPLE_RATE,
    audio::{
        AudioJitter, BYTES_16K, JitterConfig, JitterStats, Pcm16K, Pcm44KStereo, Played,
        SAMPLES_16K, SAMPLES_44K, StreamCounts, StreamStats, Tone, ToneConfig, ToneError,
        ToneReceiver, ToneSender, Upsampler,
    },
};

/// Contributing sources of one packet (docs/media-transport.md).
pub const CONTRIBUTING_MAX: usize = 4;
/// A key of which nothing is heard for so long is over.
const TONE_TIMEOUT: Duration = Duration::from_millis(120);
/// Keys that wait to be fetched.
const TONES_MAX: usize = 256;

/// Datagrams that wait to be sent; their memory is used again.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    /// Datagrams that were dropped because nobody took them.
    pub(super) dropped: u64,
}

/// Datagrams that may wait in one session: more than a second of everything.
const WAITING_MAX: usize = 2_048;

impl Outbox {
    /// An empty datagram at the end of the queue.
    pub(super) fn push(&mut self) -> &mut Vec<u8> {
        if self.waiting.len() >= WAITING_MAX {
            self.dropped += 1;
            self.spare.extend(self.waiting.pop_front());
        }
        let mut packet = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(DATAGRAM_MAX));
        packet.clear();
        self.waiting.push_back(packet);
        self.waiting.back_mut().expect("it was just put there")
    }

    /// Hands everything out, in order.
    pub(super) fn drain(&mut self, mut send: impl FnMut(&[u8])) {
        while let Some(packet) = self.waiting.pop_front() {
            send(&packet);
            self.spare.push(packet);
        }
    }
}

/// What one end sends.
#[derive(Debug)]
pub(super) struct AudioOut {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// For what is sent as stereo, but comes as mono.
    upsampler: Option<Box<Upsampler>>,
    keys: ToneSender,
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

impl AudioOut {
    pub(super) fn new(ssrc: u32, format: AudioFormat) -> Self {
        let keys = ToneSender::new(ToneConfig::default(), 0).expect("the defaults are possible");
        let upsampler = match format {
            AudioFormat::Pcm16K => None,
            AudioFormat::Pcm44KStereo => Some(Box::default()),
        };
        Self { ssrc, sequence: 0, timestamp: 0, upsampler, keys, packets: 0, bytes: 0 }
    }

    /// One frame of 20 ms, with who is heard in it.
    pub(super) fn frame(&mut self, frame: &Pcm16K, heard: &[u32], out: &mut Outbox) {
        if let Some(upsampler) = &mut self.upsampler {
            let mut stereo = Pcm44KStereo([[0; 2]; SAMPLES_44K]);
            upsampler.convert(frame, &mut stereo);
            return self.stereo(&stereo, heard, out);
        }
        let packet = self.begin(PT_AUDIO, false, heard, out);
        packet.extend(frame.0.iter().flat_map(|sample| sample.to_be_bytes()));
        self.bytes += packet.len() as u64;
        self.timestamp = self.timestamp.wrapping_add(SAMPLES_16K as u32);
    }

    /// One frame of 44.1 kHz stereo.
    pub(super) fn stereo(&mut self, frame: &Pcm44KStereo, heard: &[u32], out: &mut Outbox) {
        for (part, pairs) in frame.0.chunks(PAIRS).enumerate() {
            let packet = self.begin(PT_STEREO, part == 0, heard, out);
            packet.extend(pairs.iter().flatten().flat_map(|sample| sample.to_be_bytes()));
            self.bytes += packet.len() as u64;
            self.timestamp = self.timestamp.wrapping_add(PAIRS as u32);
        }
    }

    /// 20 ms in which nothing is sent.
    pub(super) fn skip(&mut self) {
        let samples = if self.upsampler.is_some() { SAMPLES_44K } else { SAMPLES_16K };
        self.timestamp = self.timestamp.wrapping_add(samples as u32);
    }

    fn begin<'a>(
        &mut self,
        payload_type: u8,
        marker: bool,
        heard: &[u32],
        out: &'a mut Outbox,
    ) -> &'a mut Vec<u8> {
        let heard = &heard[..heard.len().min(CONTRIBUTING_MAX)];
        let mut head = self.header(payload_type, marker, self.timestamp).to_bytes();
        head[0] |= heard.len() as u8;
        let packet = out.push();
        packet.extend(head);
        packet.extend(heard.iter().flat_map(|source| source.to_be_bytes()));
        packet
    }

    /// Lets a key begin now, or after those before it.
    pub(super) fn press(&mut self, now: Duration, tone: Tone) -> Result<(), ToneError> {
        self.keys.queue(now, tone)
    }

    /// The packets of keys that are due.
    pub(super) fn poll(&mut self, now: Duration, out: &mut Outbox) {
        while let Some(due) = self.keys.poll(now) {
            let header = self.header(PT_EVENT, due.marker, due.timestamp);
            let packet = out.push();
            packet.extend(header.to_bytes());
            packet.extend(due.event.to_bytes());
            self.bytes += packet.len() as u64;
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.keys.next_deadline()
    }

    fn header(&mut self, payload_type: u8, marker: bool, timestamp: u32) -> RtpHeader {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.packets += 1;
        RtpHeader { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }
}

/// What one end hears.
#[derive(Debug)]
pub(super) struct AudioIn {
    jitter: AudioJitter,
    /// What comes as stereo.
    stereo: Option<StereoIn>,
    stats: StreamStats,
    receiver: ToneReceiver,
    keys: VecDeque<Tone>,
    /// Who is heard in the latest packet.
    heard: [u32; CONTRIBUTING_MAX],
    heard_len: usize,
}

/// How a stream does, in counts since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AudioReport {
    /// As RFC 3550 counts.
    pub counts: StreamCounts,
    /// As the jitter buffer does.
    pub jitter: JitterStats,
}

impl AudioIn {
    pub(super) fn new(format: AudioFormat) -> Self {
        Self::with(format, JitterConfig::default())
    }

    /// One of those who are heard apart: nothing of it is made up (contract, media section 2).
    pub(super) fn unmixed(format: AudioFormat) -> Self {
        Self::with(format, JitterConfig { conceal: false, ..JitterConfig::default() })
    }

    fn with(format: AudioFormat, config: JitterConfig) -> Self {
        let (stereo, rate) = match format {
            AudioFormat::Pcm16K => (None, SAMPLE_RATE),
            AudioFormat::Pcm44KStereo => (Some(StereoIn::new()), 44_100),
        };
        Self {
            jitter: AudioJitter::new(config),
            stereo,
            stats: StreamStats::new(rate),
            receiver: ToneReceiver::new(SAMPLE_RATE, TONE_TIMEOUT),
            keys: VecDeque::new(),
            heard: [0; CONTRIBUTING_MAX],
            heard_len: 0,
        }
    }

    /// One packet of audio or of a key; false if it is neither.
    pub(super) fn push(
        &mut self,
        now: Duration,
        header: RtpHeader,
        datagram: &[u8],
        payload: &[u8],
    ) -> bool {
        match header.payload_type {
            PT_STEREO if payload.len() == PART_BYTES => {
                let Some(stereo) = &mut self.stereo else { return false };
                let (marker, timestamp) = (header.marker, header.timestamp);
                self.stats.received(now, header.sequence, timestamp, datagram.len());
                let whole = stereo.push(marker, timestamp, payload);
                let whole = whole.map(|(number, frame)| (number, mono_bytes(frame)));
                self.note_heard(datagram);
                if let Some((number, bytes)) = whole {
                    let timestamp = (number as u32).wrapping_mul(SAMPLES_16K as u32);
                    self.jitter.push(now, number as u16, timestamp, &bytes);
                }
                true
            }
            PT_AUDIO if payload.len() == BYTES_16K && self.stereo.is_none() => {
                self.stats.received(now, header.sequence, header.timestamp, datagram.len());
                self.note_heard(datagram);
                // The place in the row follows from the time: keys have none there.
                let place = (header.timestamp / SAMPLES_16K as u32) as u16;
                self.jitter.push(now, place, header.timestamp, payload);
                true
            }
            PT_EVENT => {
                self.stats.received(now, header.sequence, header.timestamp, datagram.len());
                let Ok(news) = self.receiver.push(now, header.timestamp, payload) else {
                    return false;
                };
                if let Some(started) = news.started.filter(|_| self.keys.len() < TONES_MAX) {
                    self.keys.push_back(started.tone);
                }
                true
            }
            _ => false,
        }
    }

    fn note_heard(&mut self, datagram: &[u8]) {
        let count = usize::from(datagram.first().map_or(0, |first| first & 0x0f));
        let sources = datagram.get(FIXED_LEN..FIXED_LEN + 4 * count).unwrap_or_default();
        self.heard_len = count.min(CONTRIBUTING_MAX);
        for (place, source) in self.heard.iter_mut().zip(sources.as_chunks::<4>().0) {
            *place = u32::from_be_bytes(*source);
        }
    }

    /// The frame of the 20 ms that begin now.
    pub(super) fn pull(&mut self, now: Duration) -> (Played, &Pcm16K) {
        let (played, frame, _) = self.pull_heard(now);
        (played, frame)
    }

    /// The same, with who is heard in it.
    pub(super) fn pull_heard(&mut self, now: Duration) -> (Played, &Pcm16K, &[u32]) {
        self.receiver.poll(now);
        let heard = &self.heard[..self.heard_len];
        let (played, frame) = self.jitter.pull_with(now, |payload, frame| {
            let pairs = payload.as_chunks::<2>().0;
            for (sample, pair) in frame.0.iter_mut().zip(pairs) {
                *sample = i16::from_be_bytes(*pair);
            }
        });
        (played, frame, heard)
    }

    pub(super) fn key(&mut self) -> Option<Tone> {
        self.keys.pop_front()
    }

    pub(super) fn report(&self) -> AudioReport {
        AudioReport { counts: self.stats.counts(), jitter: self.jitter.stats() }
    }
}
