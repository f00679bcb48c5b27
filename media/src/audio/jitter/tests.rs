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

/// A late packet's frame, were it not for the buffer: the property below finds such a mutant.
struct PlaysTwice(BTreeSet<u16>);

impl PlaysTwice {
    fn hears(&mut self, frames: &[u16]) -> bool {
        frames.iter().all(|frame| self.0.insert(*frame))
    }
}

#[test]
fn the_property_finds_a_frame_that_is_played_twice() {
    assert!(!PlaysTwice(BTreeSet::new()).hears(&[1, 2, 2]));
}

proptest! {
    /// Whatever arrives whenever: the books balance, no frame is played twice, order is kept.
    #[test]
    fn the_books_balance(
        packets in prop::collection::vec((0..3_000_u64, 0..120_u16, 0..3_u32), 0..200),
    ) {
        let mut jitter = buffer();
        let packets: Vec<_> = packets
            .into_iter()
            .map(|(arrival, n, off)| (arrival, n, u32::from(n) * 320 + off * 160))
            .collect();
        let heard: Vec<_> = run(&mut jitter, &packets, 4_000).into_iter().flatten().collect();
        if jitter.stats().restarts == 0 {
            prop_assert!(heard.is_sorted());
            prop_assert!(PlaysTwice(BTreeSet::new()).hears(&heard));
        }
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
