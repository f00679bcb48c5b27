use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A payload that says which frame it is.
fn payload(n: u16) -> [u8; BYTES_16K] {
    Pcm16K([n as i16; 320]).to_bytes()
}

fn buffer() -> AudioJitter {
    AudioJitter::new(JitterConfig::default())
}

fn balanced(jitter: &AudioJitter) -> bool {
    let stats = jitter.stats();
    let gone = stats.played + stats.late + stats.duplicates + stats.too_far + stats.discarded;
    stats.pushed == gone + jitter.buffered()
}

/// Packets by arrival; a pull every 20 ms from 3 ms on. What was heard, by sequence number.
fn run(jitter: &mut AudioJitter, packets: &[(u64, u16, u32)], until: u64) -> Vec<Option<u16>> {
    let mut packets = packets.to_vec();
    packets.sort_by_key(|(arrival, _, _)| *arrival);
    let mut waiting = packets.into_iter().peekable();
    let mut heard = Vec::new();
    for tick in (3..until).step_by(20) {
        while let Some((arrival, sequence, timestamp)) = waiting.next_if(|next| next.0 <= tick) {
            jitter.push(at(arrival), sequence, timestamp, &payload(sequence));
            assert!(balanced(jitter));
        }
        let (played, frame) = jitter.pull(at(tick));
        let sample = frame.0[0];
        heard.push(match played {
            Played::Frame { sequence, .. } => Some(sequence),
            Played::Concealed | Played::Missing | Played::Idle => None,
        });
        if let Some(Some(sequence)) = heard.last().filter(|_| jitter.stats.shrunk == 0) {
            assert_eq!(sample, *sequence as i16);
        }
        assert!(balanced(jitter));
    }
    heard
}

fn steady(count: u16, first: u16) -> Vec<(u64, u16, u32)> {
    (0..count)
        .map(|n| (u64::from(n) * 20, first.wrapping_add(n), u32::from(n).wrapping_mul(320)))
        .collect()
}

#[test]
fn a_steady_stream_is_played_whole_over_the_wrap() {
    let mut jitter = buffer();
    let heard = run(&mut jitter, &steady(400, 65_400), 8_200);
    let expected: Vec<u16> = (0..400).map(|n| 65_400_u16.wrapping_add(n)).collect();
    assert_eq!(heard.iter().flatten().count() as u64 + jitter.stats().shrunk, 400);
    assert_eq!(heard.into_iter().flatten().next(), Some(expected[0]));
    assert_eq!((jitter.stats().late, jitter.stats().lost), (0, PATIENCE.into()), "the end");
}

#[test]
fn a_loss_is_concealed_softer_and_softer() {
    let mut jitter = buffer();
    for n in [0, 1, 7] {
        jitter.push(at(u64::from(n) * 5), n, u32::from(n) * 320, &Pcm16K([8_000; 320]).to_bytes());
    }
    let heard: Vec<_> = (0..9)
        .map(|slot| {
            let (played, frame) = jitter.pull(at(60 + slot * 20));
            (played, frame.0[7])
        })
        .collect();
    let frame = |n: u16| Played::Frame { sequence: n, timestamp: u32::from(n) * 320 };
    let concealed = Played::Concealed;
    assert_eq!(
        heard,
        [
            (frame(0), 8_000),
            (frame(1), 8_000),
            (concealed, 4_000),
            (concealed, 2_000),
            (concealed, 1_000),
            (Played::Missing, 0),
            (Played::Missing, 0),
            (frame(7), 8_000),
            (concealed, 4_000),
        ]
    );
    assert_eq!((jitter.stats().concealed, jitter.stats().missing, jitter.stats().lost), (4, 2, 6));
}

#[test]
fn unmixed_audio_is_not_concealed() {
    let mut jitter = AudioJitter::new(JitterConfig { conceal: false, ..JitterConfig::default() });
    for n in [0, 2] {
        jitter.push(at(0), n, u32::from(n) * 320, &payload(900));
    }
    let heard: Vec<_> = (3..6)
        .map(|slot| {
            let (played, frame) = jitter.pull(at(slot * 20));
            (played, frame.0[0])
        })
        .collect();
    assert_eq!(heard[1], (Played::Missing, 0));
    assert_eq!(heard[2].1, 900);
}

#[test]
fn duplicates_late_and_far_packets_are_counted() {
    let mut jitter = buffer();
    let mut push = |now, n: u16| jitter.push(at(now), n, u32::from(n) * 320, &payload(n));
    assert_eq!(push(0, 10), Push::Taken);
    assert_eq!(push(0, 10), Push::Duplicate);
    assert_eq!(push(0, 9), Push::Taken, "nothing has been played");
    assert_eq!(push(0, 73), Push::TooFar);
    assert_eq!(push(0, 72), Push::Taken);
    assert_eq!(jitter.push(at(0), 11, 0, &[0; 641]), Push::TooFar, "longer than a slot");
    assert!(matches!(jitter.pull(at(60)).0, Played::Frame { sequence: 9, .. }));
    assert_eq!(jitter.push(at(61), 9, 9 * 320, &payload(9)), Push::Late);
    let stats = jitter.stats();
    assert_eq!((stats.late, stats.duplicates, stats.too_far, stats.reordered), (1, 1, 2, 1));
    assert!(balanced(&jitter));
}

#[test]
fn a_restarted_sender_is_followed_after_two_packets() {
    let mut jitter = buffer();
    run(&mut jitter, &steady(50, 1_000), 1_000);
    let mut packets = steady(50, 30_000);
    for packet in &mut packets {
        packet.2 = packet.2.wrapping_add(0xdead_beef);
    }
    for (arrival, sequence, timestamp) in packets {
        let now = at(1_000 + arrival);
        jitter.push(now, sequence, timestamp, &payload(1));
        jitter.pull(now + at(3));
    }
    assert_eq!(jitter.stats().restarts, 1);
    assert!(jitter.stats().played > 90, "{:?}", jitter.stats());
    jitter.restart();
    assert_eq!(jitter.push(at(3_000), 7, 7, &payload(7)), Push::Taken);
    assert!(balanced(&jitter));
}

#[test]
fn a_talk_spurt_after_silence_is_heard_at_the_usual_delay() {
    let mut jitter = buffer();
    let mut packets = steady(50, 0);
    packets.extend((0..50_u64).map(|n| (5_000 + n * 20, 50 + n as u16, (250 + n as u32) * 320)));
    let heard = run(&mut jitter, &packets, 6_500);
    assert_eq!(heard.iter().flatten().count() as u64 + jitter.stats().shrunk, 100 - 3, "{heard:?}");
    assert!(jitter.stats().idle > 180);
}

#[test]
fn the_delay_follows_the_jitter_by_one_frame_a_second() {
    let mut jitter = buffer();
    let calm = steady(1_000, 0);
    let rough: Vec<_> =
        calm.iter().map(|(arrival, n, t)| (arrival + u64::from(n % 7) * 20, *n, *t)).collect();
    run(&mut jitter, &rough, 19_000);
    let target = jitter.target_delay();
    assert!((at(110)..=at(140)).contains(&target), "{target:?}");
    let stats = jitter.stats();
    assert!(stats.stretched >= 2 && stats.stretched + stats.shrunk <= 19, "{stats:?}");
    assert!(stats.late < 60, "{stats:?}");
    let mut jitter = buffer();
    run(&mut jitter, &calm, 19_000);
    assert_eq!(jitter.target_delay(), at(20));
    assert!(jitter.stats().shrunk >= 1 && jitter.stats().concealed == 0, "{:?}", jitter.stats());
}

/// What the properties ask of a buffer, ours or a wrong one.
trait Buffer {
    fn push(&mut self, now: u64, sequence: u16);
    fn pull(&mut self, now: u64) -> Option<u16>;
}

impl Buffer for AudioJitter {
    fn push(&mut self, now: u64, sequence: u16) {
        self.push(at(now), sequence, u32::from(sequence) * 320, &payload(sequence));
    }

    fn pull(&mut self, now: u64) -> Option<u16> {
        match self.pull(at(now)).0 {
            Played::Frame { sequence, .. } => Some(sequence),
            Played::Concealed | Played::Missing | Played::Idle => None,
        }
    }
}

/// Wrong: the order of the numbers on the wire, which wrap.
#[derive(Default)]
struct ByWireNumber(BTreeSet<u16>);

impl Buffer for ByWireNumber {
    fn push(&mut self, _now: u64, sequence: u16) {
        self.0.insert(sequence);
    }

    fn pull(&mut self, now: u64) -> Option<u16> {
        if now < 60 { None } else { self.0.pop_first() }
    }
}

/// Wrong: a packet that comes again is played again.
#[derive(Default)]
struct ForgetsWhatItPlayed(Vec<u16>);

impl Buffer for ForgetsWhatItPlayed {
    fn push(&mut self, _now: u64, sequence: u16) {
        self.0.push(sequence);
    }

    fn pull(&mut self, now: u64) -> Option<u16> {
        let least = (0..self.0.len()).min_by_key(|n| self.0[*n].wrapping_sub(60_000))?;
        if now < 60 { None } else { Some(self.0.remove(least)) }
    }
}

/// Whether frames come in the order they were sent, each once: arrival in ms, place in the stream.
fn in_order_and_once(buffer: &mut impl Buffer, packets: &[(u64, u16)], first: u16) -> bool {
    let mut packets = packets.to_vec();
    packets.sort_by_key(|(arrival, _)| *arrival);
    let mut waiting = packets.into_iter().peekable();
    let mut last = None;
    (3..3_000).step_by(20).all(|tick| {
        while let Some((arrival, place)) = waiting.next_if(|next| next.0 <= tick) {
            buffer.push(arrival, first.wrapping_add(place));
        }
        let Some(sequence) = buffer.pull(tick) else { return true };
        let place = sequence.wrapping_sub(first);
        let fine = last.is_none_or(|last| place > last);
        last = Some(place);
        fine
    })
}

#[test]
fn the_property_finds_what_is_wrong() {
    let calm: Vec<_> = (0..40).map(|n| (u64::from(n) * 20, n)).collect();
    assert!(in_order_and_once(&mut buffer(), &calm, 65_530));
    assert!(in_order_and_once(&mut ByWireNumber::default(), &calm, 100));
    assert!(!in_order_and_once(&mut ByWireNumber::default(), &calm, 65_530), "the wrap");
    let twice = [&calm[..], &[(400, 3)]].concat();
    assert!(in_order_and_once(&mut buffer(), &twice, 65_530));
    assert!(!in_order_and_once(&mut ForgetsWhatItPlayed::default(), &twice, 65_000));
}

proptest! {
    /// Whatever arrives whenever: the books balance after every step.
    #[test]
    fn the_books_balance(
        packets in prop::collection::vec((0..3_000_u64, 0..120_u16, 0..3_u32), 0..200),
    ) {
        let mut jitter = buffer();
        let packets: Vec<_> = packets
            .into_iter()
            .map(|(arrival, n, off)| (arrival, n, u32::from(n) * 320 + off * 160))
            .collect();
        run(&mut jitter, &packets, 4_000);
    }

    #[test]
    fn frames_come_in_order_and_once(
        packets in prop::collection::vec((0..2_500_u64, 0..90_u16), 0..200), first: u16,
    ) {
        prop_assert!(in_order_and_once(&mut buffer(), &packets, first));
    }

    /// Any order of packets within the delay gives the same as no jitter at all.
    #[test]
    fn jitter_below_the_delay_is_not_heard(delays in prop::collection::vec(0..38_u64, 49)) {
        let calm = steady(49, 65_500);
        let rough: Vec<_> = calm
            .iter()
            .zip(std::iter::once(0).chain(delays))
            .map(|((arrival, n, t), delay)| (arrival + delay, *n, *t))
            .collect();
        let heard = |packets: &[_]| run(&mut buffer(), packets, 980);
        prop_assert_eq!(heard(&rough), heard(&calm));
    }

    /// The same packets give the same sound.
    #[test]
    fn the_same_again(packets in prop::collection::vec((0..900_u64, any::<u16>(), any::<u32>()), 0..80)) {
        let once = |_| {
            let mut jitter = buffer();
            (run(&mut jitter, &packets, 1_200), jitter.stats())
        };
        prop_assert_eq!(once(0), once(1));
    }
}
