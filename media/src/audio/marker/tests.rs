use std::time::Duration;

use super::{
    super::{
        AudioJitter, FRAME_PERIOD, JitterConfig, Law, Pcm16K, SAMPLES_16K, SpeechLike,
        signal::noise,
    },
    *,
};

fn marker(id: u32) -> Marker {
    Marker::new(id).unwrap()
}

/// Hears a stream, cut into frames from its first sample.
fn hear(samples: &[i16]) -> Vec<MarkerHeard> {
    let mut detector = MarkerDetector::new();
    let frames = samples.chunks_exact(SAMPLES_16K).enumerate();
    frames
        .filter_map(|(n, chunk)| {
            detector.push(FRAME_PERIOD * n as u32, &Pcm16K(chunk.try_into().unwrap()))
        })
        .collect()
}

/// Markers at the starts given, with these ids, in as much sound as they need.
fn stream(marks: &[(usize, u32)]) -> Vec<i16> {
    let end = marks.iter().map(|(start, _)| start + Marker::SAMPLES + 3_200).max().unwrap_or(0);
    let mut samples = vec![0; end];
    for (start, id) in marks {
        marker(*id).add_to(&mut samples[*start..]);
    }
    samples
}

fn add(samples: &mut [i16], other: &[i16]) {
    for (sample, other) in samples.iter_mut().zip(other) {
        *sample = sample.saturating_add(*other);
    }
}

fn rms(samples: &[i16]) -> f64 {
    let squares: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    (squares / samples.len() as f64).sqrt()
}

/// A marker every 600 ms at odd places, each with its own id.
fn marks(count: u32) -> Vec<(usize, u32)> {
    (0..count)
        .map(|n| (n as usize * 9_600 + n as usize * 37 % 320, n.wrapping_mul(0x5_2e3b) & 0xff_ffff))
        .collect()
}

/// How many of the markers were heard; nothing else may be.
fn heard_of(marks: &[(usize, u32)], heard: &[MarkerHeard]) -> usize {
    for heard in heard {
        let place = (heard.started.as_secs_f64() * 16_000.0) as i64;
        let near = marks
            .iter()
            .any(|(start, id)| *id == heard.marker.id() && (*start as i64 - place).abs() <= 6_400);
        assert!(near, "a false marker: {heard:?}");
    }
    heard.len()
}

#[test]
fn an_id_has_24_bits() {
    assert_eq!(Marker::new(1 << 24), None);
    assert_eq!(marker(0xff_ffff).id(), 0xff_ffff);
    assert_eq!(marker(1).samples().len(), 6_400);
}

#[test]
fn a_marker_alone_is_heard_once_and_on_time_wherever_it_starts() {
    for start in (0..700).step_by(67) {
        let heard = hear(&stream(&[(start, 0xab_cdef ^ start as u32)]));
        assert_eq!(heard.len(), 1, "from sample {start}");
        assert_eq!((heard[0].marker.id(), heard[0].symbols), (0xab_cdef ^ start as u32, 10));
        let began = Duration::from_micros(start as u64 * 1_000_000 / 16_000);
        assert!(heard[0].started.abs_diff(began) <= Duration::from_millis(10), "{heard:?}");
        assert!(heard[0].at - heard[0].started < Duration::from_millis(450));
    }
}

#[test]
fn steady_ids_are_heard_too() {
    for id in [0, 1, 0xff, 0xff_ffff] {
        assert_eq!(hear(&stream(&[(160, id)])).len(), 1, "{id}");
    }
}

#[test]
fn volume_and_g711_do_no_harm() {
    let marks = marks(20);
    for shift in [0, 2, 4] {
        for law in [None, Some(Law::A), Some(Law::Mu)] {
            let samples: Vec<i16> = stream(&marks)
                .into_iter()
                .map(|sample| {
                    let softer = sample >> shift;
                    law.map_or(softer, |law| law.decode(law.encode(softer)))
                })
                .collect();
            assert_eq!(heard_of(&marks, &hear(&samples)), 20, "{law:?}, {shift} bits softer");
        }
    }
}

/// Adds three others who speak as loud as the marker.
fn three_speakers(samples: &mut [i16]) {
    let level = rms(&marker(5).samples());
    for seed in 1..=3 {
        let speech = SpeechLike::new(seed).samples(samples.len());
        let scale = level / rms(&speech);
        let louder: Vec<i16> = speech.iter().map(|x| (f64::from(*x) * scale) as i16).collect();
        add(samples, &louder);
    }
}

fn through_mu_law(samples: &mut [i16]) {
    for sample in samples {
        *sample = Law::Mu.decode(Law::Mu.encode(*sample));
    }
}

/// Loses frames in bursts of two to three in the mean and lets the jitter buffer make them up. Says
/// which share was lost.
fn lossy(samples: &mut [i16]) -> f64 {
    let mut state = 7_u32;
    let mut chance = |of: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % of
    };
    let mut jitter = AudioJitter::new(JitterConfig::default());
    let (mut bad, mut lost) = (false, 0_u32);
    for (n, chunk) in samples.chunks_exact_mut(SAMPLES_16K).enumerate() {
        bad = if bad { chance(100) >= 40 } else { chance(1_000) < 21 };
        lost += u32::from(bad);
        let now = FRAME_PERIOD * n as u32;
        if !bad {
            let frame = Pcm16K(chunk.as_ref().try_into().unwrap());
            jitter.push(now, n as u16, n as u32 * 320, &frame.to_bytes());
        }
        chunk.copy_from_slice(&jitter.pull(now).1.0);
    }
    f64::from(lost) / (samples.len() / SAMPLES_16K) as f64
}

#[test]
fn three_speakers_do_not_drown_it() {
    let marks = marks(100);
    let mut samples = stream(&marks);
    three_speakers(&mut samples);
    through_mu_law(&mut samples);
    let heard = heard_of(&marks, &hear(&samples));
    eprintln!("through three speakers: {heard} of 100");
    assert!(heard >= 95, "{heard} of 100");
}

#[test]
fn bursty_loss_is_survived() {
    let marks = marks(200);
    let mut samples = stream(&marks);
    let share = lossy(&mut samples);
    let heard = heard_of(&marks, &hear(&samples));
    eprintln!("at {:.1} % loss: {heard} of 200", share * 100.0);
    assert!((0.04..0.07).contains(&share) && heard >= 190, "{share:.3}: {heard} of 200");
}

/// G.711 on the way in, loss and concealment, three others in the mix, G.711 on the way out.
#[test]
fn all_of_it_at_once() {
    let marks = marks(200);
    let mut samples = stream(&marks);
    through_mu_law(&mut samples);
    lossy(&mut samples);
    three_speakers(&mut samples);
    through_mu_law(&mut samples);
    let heard = heard_of(&marks, &hear(&samples));
    eprintln!("all at once: {heard} of 200");
    assert!(heard >= 180, "{heard} of 200");
}

/// Ten minutes of each kind of sound that is no marker.
#[test]
fn nothing_else_is_a_marker() {
    let frames = 30_000;
    let mut speech: Vec<_> = (10..14).map(SpeechLike::new).collect();
    let mut detectors: Vec<_> = (0..4).map(|_| MarkerDetector::new()).collect();
    let mut frame = Pcm16K::SILENCE;
    for n in 0..frames {
        let now = FRAME_PERIOD * n;
        let mut sounds = [noise(n, 8_000), Pcm16K::SILENCE, Pcm16K::SILENCE, Pcm16K::SILENCE];
        for (at, sample) in sounds[1].0.iter_mut().enumerate() {
            // Pairs of the markers' own tones that change every 20 to 200 ms.
            let hold = 1 + n / 3_000;
            let pair = (n / hold).wrapping_mul(0x9e37_79b9) >> 24;
            let tones = bank::tone((pair >> 4) as u8, at) + bank::tone(16 + (pair & 15) as u8, at);
            *sample = (tones * 8) as i16;
        }
        for (index, voice) in speech.iter_mut().enumerate() {
            voice.fill(&mut frame);
            add(&mut sounds[2 + index % 2].0, &frame.0);
        }
        for (kind, (detector, sound)) in detectors.iter_mut().zip(&sounds).enumerate() {
            assert_eq!(detector.push(now, sound), None, "sound {kind}, frame {n}");
        }
    }
}
