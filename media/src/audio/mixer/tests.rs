use proptest::prelude::*;

use super::*;

/// What somebody does in a tick.
#[derive(Debug, Clone)]
struct Turn {
    present: bool,
    muted: bool,
    seed: u16,
    loud: i32,
}

impl Turn {
    fn frame(&self) -> Pcm16K {
        let mut state = u32::from(self.seed) * 2 + 1;
        Pcm16K(std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state as i32 >> 16) * self.loud / 256) as i16
        }))
    }
}

fn turns(members: usize) -> impl Strategy<Value = Vec<Turn>> {
    let turn =
        (0..10_u8, 0..10_u8, any::<u16>(), 1..257).prop_map(|(present, muted, seed, loud)| Turn {
            present: present > 1,
            muted: muted == 0,
            seed,
            loud,
        });
    prop::collection::vec(turn, 1..members)
}

fn mixer(policy: MixPolicy, members: usize) -> (Mixer, Vec<MemberId>) {
    let mut mixer = Mixer::new(MixerConfig { policy, ..MixerConfig::default() });
    let members = (0..members).map(|n| mixer.join(n as u32).unwrap()).collect();
    (mixer, members)
}

fn give(mixer: &mut Mixer, members: &[MemberId], turns: &[Turn]) {
    for (member, turn) in members.iter().zip(turns) {
        mixer.set_muted(*member, turn.muted);
        if turn.present {
            mixer.put(*member, &turn.frame(), 5);
        }
    }
}

/// The oracle, in O(n²): for each receiver the sum of those in the mix but itself.
fn naive(turns: &[Turn], in_mix: impl Fn(usize) -> bool) -> Vec<Pcm16K> {
    let frames: Vec<Pcm16K> = turns.iter().map(Turn::frame).collect();
    (0..turns.len())
        .map(|receiver| {
            Pcm16K(std::array::from_fn(|n| {
                let others = frames.iter().enumerate().filter(|(speaker, _)| {
                    let turn = &turns[*speaker];
                    *speaker != receiver && turn.present && !turn.muted && in_mix(*speaker)
                });
                let sum: i64 = others.map(|(_, frame)| i64::from(frame.0[n])).sum();
                sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16
            }))
        })
        .collect()
}

/// A mixer that somebody got wrong: it clamps the sum before the own frame is taken out.
fn clamps_too_early(turns: &[Turn]) -> Vec<Pcm16K> {
    let heard = turns.iter().filter(|turn| turn.present && !turn.muted).map(Turn::frame);
    let heard: Vec<Pcm16K> = heard.collect();
    let clamp = |sum: i32| sum.clamp(i16::MIN.into(), i16::MAX.into());
    turns
        .iter()
        .map(|turn| {
            let own = if turn.present && !turn.muted { turn.frame() } else { Pcm16K::SILENCE };
            Pcm16K(std::array::from_fn(|n| {
                let sum = clamp(heard.iter().map(|frame| i32::from(frame.0[n])).sum());
                clamp(sum - i32::from(own.0[n])) as i16
            }))
        })
        .collect()
}

#[test]
fn the_oracle_finds_a_mutant() {
    let loud = |seed| Turn { present: true, muted: false, seed, loud: 256 };
    let turns = [loud(1), loud(2), loud(3)];
    assert_ne!(clamps_too_early(&turns), naive(&turns, |_| true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everyone_hears_everyone_else(turns in turns(20)) {
        let (mut mixer, members) = mixer(MixPolicy::Everyone, turns.len());
        give(&mut mixer, &members, &turns);
        mixer.tick(Duration::ZERO);
        let expected = naive(&turns, |_| true);
        for (member, expected) in members.iter().zip(&expected) {
            prop_assert_eq!(mixer.heard_by(*member), expected);
        }
    }

    /// The four loudest by the energy of the first tick are in the mix, sample by sample.
    #[test]
    fn the_four_loudest_are_heard(turns in turns(20)) {
        let (mut mixer, members) = mixer(MixPolicy::LoudestFour, turns.len());
        give(&mut mixer, &members, &turns);
        mixer.tick(Duration::ZERO);
        let energy = |place: usize| -> u32 {
            let turn = &turns[place];
            let heard = turn.present && !turn.muted;
            let square = |x: i16| u32::from(x.unsigned_abs()).pow(2);
            let frame = turn.frame();
            let pairs = frame.0.chunks(2).map(|pair| (square(pair[0]) + square(pair[1])) / 256);
            u32::from(heard) * pairs.sum::<u32>().div_ceil(2)
        };
        let mut order: Vec<usize> = (0..turns.len()).filter(|place| energy(*place) > 0).collect();
        order.sort_by_key(|place| std::cmp::Reverse(energy(*place)));
        order.truncate(4);
        let expected = naive(&turns, |place| order.contains(&place));
        for (place, member) in members.iter().enumerate() {
            prop_assert_eq!(mixer.heard_by(*member), &expected[place]);
            prop_assert_eq!(mixer.hears_shared(*member), !order.contains(&place));
        }
    }
}

#[test]
fn absent_and_muted_members_are_not_heard_again() {
    for policy in [MixPolicy::Everyone, MixPolicy::LoudestFour] {
        let (mut mixer, members) = mixer(policy, 3);
        mixer.put(members[0], &Pcm16K([1_000; 320]), 0);
        mixer.tick(Duration::ZERO);
        assert_eq!(mixer.heard_by(members[1]).0[0], 1_000);
        assert_eq!(mixer.heard_by(members[0]).0[0], 0);
        mixer.tick(Mixer::PERIOD);
        assert_eq!(mixer.heard_by(members[1]).0[0], 0, "nothing came: no echo of the last frame");
        mixer.put(members[0], &Pcm16K([1_000; 320]), 0);
        mixer.set_muted(members[0], true);
        mixer.tick(Mixer::PERIOD * 2);
        assert_eq!(mixer.heard_by(members[1]).0[0], 0);
        mixer.leave(members[0]);
        mixer.put(members[0], &Pcm16K([1_000; 320]), 0);
        mixer.tick(Mixer::PERIOD * 3);
        assert_eq!(mixer.heard_by(members[1]).0[0], 0);
    }
}

#[test]
fn the_limit_and_the_ids_hold() {
    let (mut mixer, members) = mixer(MixPolicy::LoudestFour, MEMBERS_MAX);
    assert_eq!(mixer.join(5_000), Err(MixerError::Full(1_000)));
    mixer.leave(members[3]);
    assert_eq!(mixer.join(4), Err(MixerError::SourceId(4)));
    assert_eq!(mixer.join(NO_SPEAKER), Err(MixerError::SourceId(NO_SPEAKER)));
    assert_eq!(mixer.join(5_000), Ok(members[3]), "the place is given again");
}

#[test]
fn unmixed_buffers_are_of_others_and_dated_when_the_option_says() {
    let config = MixerConfig { timestamps_after: Duration::from_secs(4), ..MixerConfig::default() };
    let mut mixer = Mixer::new(config);
    let members: Vec<_> = (10..16).map(|source| mixer.join(source).unwrap()).collect();
    let mut told = Vec::new();
    for tick in 0..=200 {
        for (n, member) in members.iter().enumerate() {
            mixer.put(*member, &Pcm16K([1_000 * (n as i16 + 1); 320]), 77);
        }
        mixer.tick(Mixer::PERIOD * tick);
        let buffers = mixer.unmixed(members[5]);
        told = buffers
            .iter()
            .map(|buffer| (buffer.active_speaker_id, buffer.original_sender_timestamp))
            .collect();
        let expected = if tick < 200 { 0 } else { 77 };
        assert!(told.iter().all(|(_, timestamp)| *timestamp == expected), "{tick}: {told:?}");
    }
    assert_eq!(
        told,
        [(14, 77), (13, 77), (12, 77), (11, 77)],
        "the loudest is the receiver itself"
    );
    assert_eq!(mixer.unmixed(members[0]).len(), 4);
}
