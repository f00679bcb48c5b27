//! Where there is sound in what somebody says: silence limits of recordings go by that.

use std::time::Duration;

use media::{
    SAMPLE_RATE,
    audio::{FRAME_PERIOD, SAMPLES_16K},
};

/// The mean square of 20 ms above which there is sound: -50 dB of full scale. Ours (contract, media section 9).
const LOUD: u64 = 100 * 100;
/// A pause of fewer frames is part of a sentence: 200 ms.
const PAUSE: usize = 10;
/// Pieces of one speech at the most; what comes afterwards is one piece.
const PIECES_MAX: usize = 512;

/// The pieces with sound, each from when to when.
pub fn pieces(samples: &[i16]) -> Vec<(Duration, Duration)> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    for (frame, chunk) in samples.chunks(SAMPLES_16K).enumerate() {
        let sum: u64 = chunk.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        if sum < LOUD * chunk.len() as u64 {
            continue;
        }
        let full = pieces.len() >= PIECES_MAX;
        match pieces.last_mut() {
            Some((_, end)) if full || frame - *end < PAUSE => *end = frame + 1,
            _ => pieces.push((frame, frame + 1)),
        }
    }
    let time = |frame: usize| FRAME_PERIOD * u32::try_from(frame).unwrap_or(u32::MAX);
    let whole = samples.len() as u64 * 1_000_000_000 / u64::from(SAMPLE_RATE);
    let whole = Duration::from_nanos(whole);
    pieces.into_iter().map(|(begin, end)| (time(begin), time(end).min(whole))).collect()
}

#[cfg(test)]
mod tests {
    use media::tone;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn pauses_are_told_from_breaths() {
        let (word, silence) = (tone(440.0, ms(400)), |ms: usize| vec![3_i16; ms * 16]);
        let said = [&silence(100), &word, &silence(140), &word, &silence(1_000), &word[..3_210]];
        let said: Vec<i16> = said.into_iter().flatten().copied().collect();
        let end = Duration::from_nanos(2_040_000_000 + 3_210 * 62_500);
        assert_eq!(pieces(&said), [(ms(100), ms(1_040)), (ms(2_040), end)]);
        assert_eq!(pieces(&silence(5_000)), []);
        assert_eq!(pieces(&[]), []);
    }

    #[test]
    fn there_are_not_too_many() {
        let one: Vec<i16> = [vec![9_000; 320], vec![0; 10 * 320]].concat();
        let pieces = pieces(&one.repeat(1_000));
        assert_eq!(pieces.len(), PIECES_MAX);
        assert_eq!(pieces.last().unwrap().1, ms(20) * (11 * 999 + 1));
    }
}
