//! Who speaks: active speakers and the dominant one (contract, media section 2).

use std::time::Duration;

/// Speakers that are heard, and told, at once.
pub const SPEAKERS_MAX: usize = 4;
/// One more is followed: who is among the four loudest hears of four others.
const FOLLOWED: usize = SPEAKERS_MAX + 1;
/// `DominantSpeaker` when there is none.
pub const NO_SPEAKER: u32 = 0xFFFF_FFFF;
/// Speakers that the history keeps.
const HISTORY_MAX: usize = 16;

/// When somebody counts as speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeakerConfig {
    /// The smoothed energy that is speech: the sum of a frame's squares divided by 256. The default is
    /// an effective value of 100, −50 dB of full scale.
    pub threshold: u32,
    /// How long somebody stays active after the last speech.
    pub active_hold: Duration,
    /// How long another has to be the loudest to become dominant, and how long the dominant speaker may
    /// be silent.
    pub dominant_hold: Duration,
}

impl Default for SpeakerConfig {
    fn default() -> Self {
        Self {
            threshold: 100 * 100 * 320 / 256,
            active_hold: Duration::from_millis(300),
            dominant_hold: Duration::from_secs(1),
        }
    }
}

/// The members in order of loudness: the four loudest and the fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Top {
    members: [(u32, usize); FOLLOWED],
    count: usize,
}

impl Top {
    /// Puts a member in if it is louder than the softest; the lower index wins a tie.
    fn offer(&mut self, level: u32, member: usize) {
        if self.count == FOLLOWED && level <= self.members[FOLLOWED - 1].0 {
            return;
        }
        let place = self.members[..self.count].iter().position(|(other, _)| level > *other);
        let place = place.unwrap_or(self.count);
        self.count = (self.count + 1).min(FOLLOWED);
        self.members[place..self.count].rotate_right(1);
        self.members[place] = (level, member);
    }

    /// The indices of the four, the loudest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.members[..self.count].iter().map(|(_, member)| *member).take(SPEAKERS_MAX)
    }

    /// The four loudest but this member.
    pub fn without(&self, member: usize) -> impl Iterator<Item = usize> + '_ {
        let all = self.members[..self.count].iter().map(|(_, member)| *member);
        all.filter(move |other| *other != member).take(SPEAKERS_MAX)
    }
}

/// The dominant speaker is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DominantChanged {
    /// Its source id; [`NO_SPEAKER`] for none.
    pub current: u32,
}

/// Follows who speaks. Members are known by their index.
#[derive(Debug, Clone)]
pub struct SpeakerDetector {
    config: SpeakerConfig,
    levels: Vec<u32>,
    /// When the member was last loud enough, in microseconds plus one; 0 is never.
    loud: Vec<u64>,
    sources: Vec<u32>,
    active: Top,
    loudest: Top,
    dominant: Option<usize>,
    candidate: Option<(usize, Duration)>,
    history: [u32; HISTORY_MAX],
    history_len: usize,
}

impl SpeakerDetector {
    /// Nobody is there.
    pub fn new(config: SpeakerConfig) -> Self {
        Self {
            config,
            levels: Vec::new(),
            loud: Vec::new(),
            sources: Vec::new(),
            active: Top::default(),
            loudest: Top::default(),
            dominant: None,
            candidate: None,
            history: [NO_SPEAKER; HISTORY_MAX],
            history_len: 0,
        }
    }

    /// A member with this source id takes the index, also one that another had before.
    pub fn join(&mut self, member: usize, source: u32) {
        let len = self.levels.len().max(member + 1);
        self.levels.resize(len, 0);
        self.loud.resize(len, 0);
        self.sources.resize(len, NO_SPEAKER);
        (self.levels[member], self.loud[member], self.sources[member]) = (0, 0, source);
    }

    /// The member is gone, and speaks no more at once.
    pub fn leave(&mut self, member: usize) {
        self.join(member, NO_SPEAKER);
        for top in [&mut self.active, &mut self.loudest] {
            let mut left = Top::default();
            for (level, other) in top.members[..top.count].iter().filter(|kept| kept.1 != member) {
                left.offer(*level, *other);
            }
            *top = left;
        }
    }

    /// Takes the energies of one tick, by index; 0 for those who are muted or absent. Says whether the
    /// dominant speaker changed.
    pub fn update(&mut self, now: Duration, energies: &[u32]) -> Option<DominantChanged> {
        let micros = now.as_micros() as u64 + 1;
        let hold = self.config.active_hold.as_micros() as u64;
        (self.active, self.loudest) = (Top::default(), Top::default());
        let members = self.levels.iter_mut().zip(&mut self.loud).zip(energies);
        for (member, ((level, loud), energy)) in members.enumerate() {
            if *level | *energy == 0 && *loud == 0 {
                continue;
            }
            // Fast up, slow down: a syllable's pause is no silence.
            *level = if *energy > *level {
                *level + (*energy - *level).div_ceil(2)
            } else {
                *level - (*level - *energy).div_ceil(8)
            };
            if (*level).min(*energy) >= self.config.threshold {
                *loud = micros;
            }
            if *energy > 0 {
                self.loudest.offer(*level, member);
            }
            if *loud > 0 && micros - *loud < hold {
                self.active.offer(*level, member);
            } else {
                *loud = 0;
            }
        }
        self.follow(now)
    }

    /// The four loudest who sent something this tick, speech or not.
    pub fn loudest(&self) -> Top {
        self.loudest
    }

    /// Source ids of the active speakers without the receiver's own, the loudest first: what
    /// `ActiveSpeakers` tells it.
    pub fn active_for(&self, receiver: usize) -> impl Iterator<Item = u32> + '_ {
        self.active.without(receiver).map(|member| self.sources[member])
    }

    /// `IsSilence`: nobody but the receiver speaks.
    pub fn is_silent_for(&self, receiver: usize) -> bool {
        self.active_for(receiver).next().is_none()
    }

    /// The dominant speaker's source id, or [`NO_SPEAKER`].
    pub fn dominant(&self) -> u32 {
        self.dominant.map_or(NO_SPEAKER, |member| self.sources[member])
    }

    /// Those who have been dominant, the latest first; never [`NO_SPEAKER`].
    pub fn dominant_history(&self) -> &[u32] {
        &self.history[..self.history_len]
    }

    fn follow(&mut self, now: Duration) -> Option<DominantChanged> {
        let first = self.active.iter().next();
        let gone = self.dominant.is_some_and(|member| self.sources[member] == NO_SPEAKER);
        if gone {
            self.dominant = None;
        }
        if first == self.dominant && !gone {
            self.candidate = None;
            return None;
        }
        // Silence is a candidate, too, as an index that nobody has.
        let wanted = first.unwrap_or(usize::MAX);
        let since = match self.candidate {
            Some((member, since)) if member == wanted => since,
            Some(_) | None => now,
        };
        self.candidate = Some((wanted, since));
        let at_once = self.dominant.is_none();
        if !at_once && now - since < self.config.dominant_hold {
            return None;
        }
        self.candidate = None;
        self.dominant = first;
        if let Some(member) = first {
            self.remember(self.sources[member]);
        }
        Some(DominantChanged { current: self.dominant() })
    }

    /// The latest comes first and stands once.
    fn remember(&mut self, source: u32) {
        let known = self.history[..self.history_len].iter().position(|old| *old == source);
        let end = known.unwrap_or_else(|| {
            self.history_len = (self.history_len + 1).min(HISTORY_MAX);
            self.history_len - 1
        });
        self.history[..=end].rotate_right(1);
        self.history[0] = source;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOUD: u32 = 1_000_000;

    fn detector(members: usize) -> SpeakerDetector {
        let mut detector = SpeakerDetector::new(SpeakerConfig::default());
        for member in 0..members {
            detector.join(member, 100 + member as u32);
        }
        detector
    }

    /// Ticks with these energies; the changes of the dominant speaker, with their tick.
    fn ticks(
        detector: &mut SpeakerDetector,
        ticks: std::ops::Range<u32>,
        energies: &[u32],
    ) -> Vec<(u32, u32)> {
        ticks
            .filter_map(|tick| {
                let now = Duration::from_millis(20) * tick;
                Some((tick, detector.update(now, energies)?.current))
            })
            .collect()
    }

    #[test]
    fn nobody_hears_of_himself() {
        let mut detector = detector(3);
        ticks(&mut detector, 0..5, &[LOUD, LOUD / 2, 0]);
        assert_eq!(detector.active_for(2).collect::<Vec<_>>(), [100, 101]);
        assert_eq!(detector.active_for(0).collect::<Vec<_>>(), [101]);
        ticks(&mut detector, 5..50, &[LOUD, 0, 0]);
        assert!(detector.is_silent_for(0) && !detector.is_silent_for(1));
    }

    #[test]
    fn activity_is_held_for_300_ms() {
        let mut detector = detector(1);
        ticks(&mut detector, 0..10, &[LOUD]);
        ticks(&mut detector, 10..24, &[0]);
        assert!(!detector.is_silent_for(9));
        ticks(&mut detector, 24..25, &[0]);
        assert!(detector.is_silent_for(9));
        ticks(&mut detector, 25..40, &[50]);
        assert!(detector.is_silent_for(9), "soft noise is no speech");
    }

    #[test]
    fn the_dominant_speaker_changes_after_a_second() {
        let mut detector = detector(2);
        assert_eq!(ticks(&mut detector, 0..10, &[LOUD, 0]), [(0, 100)], "from none at once");
        assert_eq!(ticks(&mut detector, 10..40, &[LOUD, 2 * LOUD]), [], "600 ms");
        assert_eq!(ticks(&mut detector, 40..60, &[LOUD, 0]), []);
        let changes = ticks(&mut detector, 60..160, &[LOUD, 4 * LOUD]);
        assert_eq!(changes.len(), 1);
        assert!((110..115).contains(&changes[0].0) && changes[0].1 == 101, "{changes:?}");
        let silent = ticks(&mut detector, 160..300, &[0, 0]);
        assert_eq!(silent.iter().map(|(_, source)| *source).collect::<Vec<_>>(), [NO_SPEAKER]);
        assert_eq!(detector.dominant_history(), [101, 100], "never none");
        detector.leave(0);
        assert_eq!(detector.dominant(), NO_SPEAKER);
    }

    #[test]
    fn who_leaves_is_not_dominant() {
        let mut detector = detector(2);
        ticks(&mut detector, 0..10, &[LOUD, 0]);
        detector.leave(0);
        assert!(detector.is_silent_for(1));
        assert_eq!(ticks(&mut detector, 10..11, &[0, 0]), [(10, NO_SPEAKER)]);
    }

    proptest! {
        #[test]
        fn the_four_loudest(levels in prop::collection::vec(0..50_u32, 0..30)) {
            let mut top = Top::default();
            for (member, level) in levels.iter().enumerate() {
                top.offer(*level, member);
            }
            let mut sorted: Vec<usize> = (0..levels.len()).collect();
            sorted.sort_by_key(|member| std::cmp::Reverse(levels[*member]));
            sorted.truncate(SPEAKERS_MAX);
            prop_assert_eq!(top.iter().collect::<Vec<_>>(), sorted.clone());
            let without: Vec<usize> = top.without(0).collect();
            prop_assert!(without.len() == SPEAKERS_MAX.min(levels.len().saturating_sub(1)));
            prop_assert!(!without.contains(&0));
        }

        /// However they speak: at most four, no one twice, not oneself, no none in the history.
        #[test]
        fn what_is_told_is_sound(
            talk in prop::collection::vec(prop::collection::vec(0..3_u32, 7), 1..200),
        ) {
            let mut detector = detector(7);
            for (tick, energies) in talk.iter().enumerate() {
                let energies: Vec<u32> = energies.iter().map(|e| e * LOUD).collect();
                detector.update(Duration::from_millis(20) * tick as u32, &energies);
                for receiver in 0..7 {
                    let active: Vec<u32> = detector.active_for(receiver).collect();
                    prop_assert!(active.len() <= 4 && !active.contains(&(100 + receiver as u32)));
                }
                prop_assert!(!detector.dominant_history().contains(&NO_SPEAKER));
            }
        }
    }
}
