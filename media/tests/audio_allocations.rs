//! What runs for every packet allocates nothing once it runs: counted, exactly 0.

use std::time::Duration;

use allocation_counter::measure;
use media::audio::{
    AudioJitter, Downsampler, FRAME_PERIOD, JitterConfig, Law, Marker, MarkerDetector, MemberId,
    MixPolicy, Mixer, MixerConfig, Pcm16K, Pcm44KStereo, SpeechLike, StreamStats, Tone, ToneConfig,
    ToneReceiver, ToneSender, Upsampler,
};

/// Runs once to warm up, then counted.
fn steady(what: &str, mut run: impl FnMut(u32)) {
    (0..100).for_each(&mut run);
    let counted = measure(|| (100..1_100).for_each(&mut run));
    assert_eq!(counted.count_total, 0, "{what} allocates");
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 9]))).count_total, 1);
}

#[test]
fn jitter_buffer_and_statistics() {
    for conceal in [true, false] {
        let mut jitter = AudioJitter::new(JitterConfig { conceal, ..JitterConfig::default() });
        let mut stats = StreamStats::new(16_000);
        let payload = [7; 640];
        steady("the jitter buffer", |n| {
            let now = FRAME_PERIOD * n;
            // Losses, duplicates, reordering, a restart.
            let number = if n < 700 { n } else { n + 9_000 };
            let number = if number % 11 == 3 { number + 1 } else { number } as u16;
            if n % 17 != 5 {
                jitter.push(now, number, u32::from(number) * 320, &payload);
                stats.received(now, number, u32::from(number) * 320, 640);
            }
            jitter.pull(now);
            stats.played(&jitter.stats());
            stats.report();
        });
        let counts = jitter.stats();
        assert!(counts.lost > 0 && counts.duplicates > 0 && counts.restarts > 0, "{counts:?}");
    }
}

#[test]
fn mixing_and_speakers() {
    for policy in [MixPolicy::Everyone, MixPolicy::LoudestFour] {
        let mut mixer = Mixer::new(MixerConfig { policy, ..MixerConfig::default() });
        let members: Vec<MemberId> = (0..20).map(|n| mixer.join(n).unwrap()).collect();
        let mut voices: Vec<SpeechLike> = (0..20).map(SpeechLike::new).collect();
        let mut heard = 0_i64;
        steady("mixing", |n| {
            for (member, voice) in members.iter().zip(&mut voices) {
                mixer.put_with(*member, u64::from(n), |frame| voice.fill(frame));
            }
            mixer.tick(FRAME_PERIOD * n);
            for member in &members {
                heard += i64::from(mixer.heard_by(*member).0[0]);
                heard += mixer.active_speakers(*member).count() as i64;
                heard += mixer.unmixed(*member).len() as i64;
            }
        });
        assert_ne!(heard, 0);
    }
}

#[test]
fn codecs_and_resampling() {
    let mut voice = SpeechLike::new(1);
    let (mut up, mut down) = (Upsampler::new(), Downsampler::new());
    let (mut frame, mut stereo, mut codes) = (Pcm16K::SILENCE, Pcm44KStereo::SILENCE, [0_u8; 320]);
    steady("a codec", |_| {
        voice.fill(&mut frame);
        for law in [Law::A, Law::Mu] {
            law.encode_into(&frame.0, &mut codes);
            law.decode_into(&codes, &mut frame.0);
        }
        up.convert(&frame, &mut stereo);
        down.convert(&stereo, &mut frame);
        frame = Pcm16K::from_bytes(&frame.to_bytes()).unwrap();
    });
}

#[test]
fn tones_and_markers() {
    let mut sender = ToneSender::new(ToneConfig::default(), 0).unwrap();
    let mut receiver = ToneReceiver::new(16_000, Duration::from_millis(200));
    let mut detector = MarkerDetector::new();
    let samples = Marker::new(77).unwrap().samples();
    let frames: Vec<Pcm16K> =
        samples.chunks_exact(320).map(|chunk| Pcm16K(chunk.try_into().unwrap())).collect();
    let (mut tones, mut markers) = (0, 0);
    steady("a tone", |n| {
        let now = FRAME_PERIOD * n;
        if sender.is_idle() {
            sender.queue(now, Tone::from_event((n % 17) as u8).unwrap()).unwrap();
        }
        while let Some(packet) = sender.poll(now) {
            let bytes = packet.event.to_bytes();
            tones +=
                u32::from(receiver.push(now, packet.timestamp, &bytes).unwrap().ended.is_some());
        }
        receiver.poll(now);
        let frame = frames.get(n as usize % 30).unwrap_or(&Pcm16K::SILENCE);
        markers += u32::from(detector.push(now, frame).is_some());
    });
    assert!(tones > 100 && markers > 30, "{tones} tones, {markers} markers");
}
