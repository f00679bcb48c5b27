//! A call of a minute over a bad network: every 20 ms something is heard.

use std::time::Duration;

use media::audio::{
    AudioJitter, CodecImpairment, FRAME_PERIOD, JitterConfig, JitterStats, Pcm16K, Played,
    SpeechLike, StreamStats,
};

/// Frames of a minute.
const FRAMES: u32 = 3_000;

/// Loss in bursts (Gilbert 1960, Elliott 1963): two states, all packets of the bad one are lost.
struct GilbertElliott {
    state: u64,
    bad: bool,
    /// In 1/10,000: into the bad state, and out of it.
    enter: u64,
    leave: u64,
}

impl GilbertElliott {
    /// Bursts of two packets in the mean, five in a hundred lost.
    fn five_percent(seed: u64) -> Self {
        Self { state: seed, bad: false, enter: 263, leave: 5_000 }
    }

    fn chance(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed_step());
        (self.state >> 33) % 10_000
    }

    fn loses(&mut self) -> bool {
        let chance = self.chance();
        self.bad = if self.bad { chance >= self.leave } else { chance < self.enter };
        self.bad
    }
}

const fn seed_step() -> u64 {
    1_442_695_040_888_963_407
}

/// What a minute was like.
struct Minute {
    slots: Vec<Played>,
    buffer: JitterStats,
    stats: StreamStats,
    sound: u64,
}

/// A minute of speech, each packet 0 to `jitter` ms late, pulled from when the first frame plays.
fn minute(seed: u64, jitter: u64, config: JitterConfig) -> Minute {
    let mut network = GilbertElliott::five_percent(seed);
    let mut packets = Vec::new();
    let (mut voice, mut frame) = (SpeechLike::new(seed as u32), Pcm16K::SILENCE);
    for n in 0..FRAMES {
        voice.fill(&mut frame);
        let delay = Duration::from_millis(network.chance() % (jitter + 1));
        if n == 0 || n == FRAMES - 1 || !network.loses() {
            packets.push((FRAME_PERIOD * n + delay, n, frame.to_bytes()));
        }
    }
    packets.sort_by_key(|(arrival, n, _)| (*arrival, *n));
    let mut waiting = packets.into_iter().peekable();
    let mut buffer = AudioJitter::new(config);
    let mut stats = StreamStats::new(16_000);
    let (mut slots, mut sound) = (Vec::new(), 0_u64);
    for slot in 0..FRAMES + 20 {
        let now = FRAME_PERIOD * slot + Duration::from_millis(7);
        while let Some((arrival, n, bytes)) = waiting.next_if(|packet| packet.0 <= now) {
            buffer.push(arrival, n as u16, n * 320, &bytes);
            stats.received(arrival, n as u16, n * 320, bytes.len());
        }
        let (played, frame) = buffer.pull(now);
        slots.push(played);
        for sample in frame.0 {
            sound = sound.wrapping_mul(31).wrapping_add(u64::from(sample as u16));
        }
    }
    stats.played(&buffer.stats());
    let first = slots.iter().position(|slot| *slot != Played::Idle).unwrap();
    let last = slots.iter().rposition(|slot| matches!(slot, Played::Frame { .. })).unwrap();
    let slots = slots[first..=last].to_vec();
    Minute { slots, buffer: buffer.stats(), stats, sound }
}

/// Share of the slots that hold the source's frame or one made up from it.
fn filled(slots: &[Played]) -> f64 {
    let heard =
        slots.iter().filter(|slot| matches!(slot, Played::Frame { .. } | Played::Concealed));
    heard.count() as f64 / slots.len() as f64
}

/// Every slot of 20 ms yields a frame that is real or concealed, in at least 99 of 100 cases over eight
/// minutes at 5 % loss in bursts; no run of concealment is longer than 60 ms. A single minute may have
/// more loss than that, and longer bursts, which are silence.
#[test]
fn a_minute_at_five_percent_loss() {
    let mut shares = Vec::new();
    let cases = [(1, 0), (2, 0), (3, 15), (4, 15), (5, 40), (6, 40), (7, 80), (8, 80)];
    for (seed, jitter) in cases {
        let minute = minute(seed, jitter, JitterConfig::default());
        let Minute { slots, buffer, stats, .. } = &minute;
        let runs = slots.chunk_by(|a, b| (*a == Played::Concealed) == (*b == Played::Concealed));
        let runs: Vec<usize> =
            runs.filter(|run| run[0] == Played::Concealed).map(<[Played]>::len).collect();
        let longest = runs.iter().copied().max().unwrap_or(0);
        let quality = stats.quality(Duration::from_millis(100), CodecImpairment::G711_CONCEALED);
        eprintln!(
            "jitter {jitter} ms, loss {:.2} %: filled {:.2} %, real {:.2} %, {} runs of concealment, \
             longest {longest}, late {}, R {:.1}, MOS {:.2}",
            stats.loss() * 100.0,
            filled(slots) * 100.0,
            buffer.played as f64 / f64::from(FRAMES) * 100.0,
            runs.len(),
            buffer.late,
            quality.r,
            quality.mos,
        );
        assert!((0.035..0.07).contains(&stats.loss()), "{}", stats.loss());
        assert!(longest <= 3 && !runs.is_empty());
        let unlost = 1.0 - stats.loss();
        assert!(buffer.played as f64 >= f64::from(FRAMES) * (unlost - 0.02), "{buffer:?}");
        assert!(filled(slots) >= 0.985, "{}", filled(slots));
        shares.push(filled(slots));
    }
    let share = shares.iter().sum::<f64>() / shares.len() as f64;
    eprintln!("filled over all: {:.2} %", share * 100.0);
    assert!(share >= 0.99, "{share}");
}

/// Without concealment the same call has the holes that were made up above: the measure sees them.
#[test]
fn the_measure_sees_a_buffer_that_does_not_conceal() {
    let config = JitterConfig { conceal: false, ..JitterConfig::default() };
    let minute = minute(2, 15, config);
    assert!(filled(&minute.slots) < 0.97);
    assert_eq!(minute.buffer.concealed, 0);
}

#[test]
fn the_same_seed_sounds_the_same() {
    let sound = |seed| minute(seed, 40, JitterConfig::default()).sound;
    assert_eq!(sound(5), sound(5));
    assert_ne!(sound(5), sound(6));
}
