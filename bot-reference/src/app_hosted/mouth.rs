//! What is said in one call, one thing at a time, in frames of 20 ms.

use std::{collections::VecDeque, sync::LazyLock, time::Duration};

use media::audio::{Marker, Pcm16K, SAMPLES_16K};

use super::GREETING;

/// Things that may wait to be said.
const WAITING_MAX: usize = 64;

/// The same for every bot and call: computed once in a process.
static OPENING: LazyLock<Vec<Pcm16K>> = LazyLock::new(|| {
    let mut samples = media::tone(440.0, Duration::from_secs(1));
    samples.extend(Marker::new(GREETING).expect("it has 24 bits").samples());
    frames(&samples)
});

fn frames(samples: &[i16]) -> Vec<Pcm16K> {
    samples.as_chunks::<SAMPLES_16K>().0.iter().map(|chunk| Pcm16K(*chunk)).collect()
}

/// Something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// First.
    Greeting,
    /// To a marker.
    Answer(Marker),
    /// Two seconds of nothing: a planted fault.
    Pause,
}

impl Speech {
    fn frames(self) -> Vec<Pcm16K> {
        match self {
            Self::Greeting => OPENING.clone(),
            Self::Answer(marker) => frames(&marker.samples()),
            Self::Pause => vec![Pcm16K::SILENCE; 100],
        }
    }
}

/// Says what it is told to, in order.
#[derive(Debug, Default)]
pub(super) struct Mouth {
    waiting: VecDeque<Speech>,
    /// What is being said, and how many frames of it are out.
    saying: Option<(Vec<Pcm16K>, usize)>,
}

impl Mouth {
    /// This comes next, behind what waits; false if too much waits.
    pub(super) fn say(&mut self, speech: Speech) -> bool {
        let room = self.waiting.len() < WAITING_MAX;
        if room {
            self.waiting.push_back(speech);
        }
        room
    }

    /// What was being said was not heard to its end.
    pub(super) fn begin_again(&mut self) {
        if let Some((_, said)) = &mut self.saying {
            *said = 0;
        }
    }

    /// The next 20 ms, and whether something is said to its end with them.
    pub(super) fn next(&mut self) -> (Pcm16K, bool) {
        if self.saying.is_none() {
            self.saying = self.waiting.pop_front().map(|speech| (speech.frames(), 0));
        }
        let Some((frames, said)) = &mut self.saying else { return (Pcm16K::SILENCE, false) };
        let frame = frames.get(*said).copied().unwrap_or(Pcm16K::SILENCE);
        *said += 1;
        let over = *said >= frames.len();
        if over {
            self.saying = None;
        }
        (frame, over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_follows_speech_without_a_gap_and_then_there_is_silence() {
        let mut mouth = Mouth::default();
        let marker = Marker::new(7).unwrap();
        assert!(mouth.say(Speech::Greeting) && mouth.say(Speech::Answer(marker)));
        let said: Vec<(Pcm16K, bool)> = (0..91).map(|_| mouth.next()).collect();
        let ends: Vec<usize> = (0..91).filter(|slot| said[*slot].1).collect();
        assert_eq!(ends, [69, 89], "1.4 s, then 0.4 s");
        let last: Vec<Pcm16K> = said[70..90].iter().map(|(frame, _)| *frame).collect();
        assert_eq!(last, frames(&marker.samples()));
        assert_eq!(said[90].0, Pcm16K::SILENCE);
    }

    #[test]
    fn what_was_interrupted_is_said_as_a_whole() {
        let mut mouth = Mouth::default();
        let marker = Marker::new(7).unwrap();
        mouth.say(Speech::Answer(marker));
        let _ = (mouth.next(), mouth.next());
        mouth.begin_again();
        assert_eq!(mouth.next().0, frames(&marker.samples())[0]);
    }

    #[test]
    fn only_so_much_waits() {
        let mut mouth = Mouth::default();
        let told = (0..WAITING_MAX + 2).filter(|_| mouth.say(Speech::Greeting)).count();
        assert_eq!(told, WAITING_MAX);
    }
}
