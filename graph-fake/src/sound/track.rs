//! What an app-hosted bot says, frame by frame as it arrives.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use media::audio::{Pcm16K, SAMPLES_16K};

/// Frames that are kept: ten minutes.
const FRAMES_MAX: usize = 30_000;

/// The frames of one bot, by their number since it began. Silence takes no room. It counts its bytes in those of all.
#[derive(Debug, Clone)]
pub struct Track(Arc<Frames>);

#[derive(Debug)]
struct Frames {
    kept: Mutex<BTreeMap<u32, Box<Pcm16K>>>,
    bytes: Arc<AtomicUsize>,
}

impl Track {
    /// Nothing yet.
    pub fn new(bytes: &Arc<AtomicUsize>) -> Self {
        Self(Arc::new(Frames { kept: Mutex::default(), bytes: bytes.clone() }))
    }

    /// Keeps a frame.
    pub fn put(&self, number: u32, frame: &Pcm16K) {
        if frame.0.iter().all(|sample| *sample == 0) {
            return;
        }
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= FRAMES_MAX && kept.pop_first().is_some() {
            self.0.bytes.fetch_sub(size_of::<Pcm16K>(), Ordering::Relaxed);
        }
        if kept.insert(number, Box::new(*frame)).is_none() {
            self.0.bytes.fetch_add(size_of::<Pcm16K>(), Ordering::Relaxed);
        }
    }

    /// The samples from this one on, as many as asked for.
    pub fn read(&self, from: usize, out: &mut [i16]) {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        out.fill(0);
        let number = |sample: usize| u32::try_from(sample / SAMPLES_16K).unwrap_or(u32::MAX);
        for (frame, samples) in kept.range(number(from)..=number(from + out.len())) {
            let begin = *frame as usize * SAMPLES_16K;
            for (at, sample) in samples.0.iter().enumerate() {
                let place = (begin + at).checked_sub(from).and_then(|place| out.get_mut(place));
                if let Some(place) = place {
                    *place = *sample;
                }
            }
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.bytes.fetch_sub(kept.len() * size_of::<Pcm16K>(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_piece_can_be_read() {
        let bytes = Arc::default();
        let track = Track::new(&bytes);
        let frame = |first: i16| Pcm16K(std::array::from_fn(|at| first + at as i16));
        track.put(1, &frame(1_000));
        track.put(3, &frame(5_000));
        track.put(4, &Pcm16K::SILENCE);
        assert_eq!(bytes.load(Ordering::Relaxed), 2 * size_of::<Pcm16K>());
        let mut out = [7; 700];
        track.read(310, &mut out);
        let wanted = |at: usize| match at {
            320..640 => 1_000 + (at - 320) as i16,
            960..1_280 => 5_000 + (at - 960) as i16,
            _ => 0,
        };
        assert!(out.iter().enumerate().all(|(at, sample)| *sample == wanted(at + 310)));
        drop(track);
        assert_eq!(bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_oldest_frames_make_room() {
        let bytes = Arc::default();
        let track = Track::new(&bytes);
        for number in 0..FRAMES_MAX as u32 + 5 {
            track.put(number, &Pcm16K([1; SAMPLES_16K]));
        }
        assert_eq!(bytes.load(Ordering::Relaxed), FRAMES_MAX * size_of::<Pcm16K>());
        let mut out = [9; 1];
        track.read(4 * SAMPLES_16K, &mut out);
        assert_eq!(out, [0]);
        track.read(5 * SAMPLES_16K, &mut out);
        assert_eq!(out, [1]);
    }
}
