//! Audio: the jitter buffer, the mixer, a meeting of a thousand and G.711, each beside its floor.

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use media::audio::{
    AudioJitter, Downsampler, FRAME_PERIOD, JitterConfig, Law, MarkerDetector, MemberId, MixPolicy,
    Mixer, MixerConfig, Pcm16K, Pcm44KStereo, SpeechLike, StreamStats, ToneReceiver, Upsampler,
    noise,
};

fn frames(count: usize) -> Vec<Pcm16K> {
    (0..count).map(|seed| noise(seed as u32, 8_000)).collect()
}

/// M4: push and pull of 640 bytes.
fn jitter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("M4 jitter buffer, push and pull");
    group.throughput(Throughput::Elements(1));
    let payload = noise(1, 8_000).to_bytes();
    let mut buffer = AudioJitter::new(JitterConfig::default());
    let mut n = 0_u32;
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let now = FRAME_PERIOD * n;
            buffer.push(now, n as u16, n.wrapping_mul(320), black_box(&payload));
            black_box(buffer.pull(now).1.0[0]);
            n += 1;
        });
    });
    assert!(buffer.stats().played + 10 > u64::from(n));
    let mut buffer = AudioJitter::new(JitterConfig::default());
    let mut stats = StreamStats::new(16_000);
    let mut n = 0_u32;
    group.bench_function("ours, with the stream's statistics", |bencher| {
        bencher.iter(|| {
            let now = FRAME_PERIOD * n;
            stats.received(now, n as u16, n.wrapping_mul(320), payload.len());
            buffer.push(now, n as u16, n.wrapping_mul(320), black_box(&payload));
            black_box(buffer.pull(now).1.0[0]);
            n += 1;
        });
    });
    let mut tree: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
    let mut n = 0_u16;
    let mut out = [0_u8; 640];
    group.bench_function("a BTreeMap of vectors, without any logic", |bencher| {
        bencher.iter(|| {
            tree.insert(n, black_box(&payload).to_vec());
            if tree.len() > 3
                && let Some((_, frame)) = tree.pop_first()
            {
                out.copy_from_slice(&frame);
            }
            black_box(out[0]);
            n = n.wrapping_add(1);
        });
    });
    let mut slot = [0_u8; 640];
    group.bench_function("floor: copied in and out", |bencher| {
        bencher.iter(|| {
            slot.copy_from_slice(black_box(&payload));
            out.copy_from_slice(black_box(&slot));
            black_box(out[0]);
        });
    });
    group.finish();
}

fn meeting(policy: MixPolicy, members: usize) -> (Mixer, Vec<MemberId>) {
    let mut mixer = Mixer::new(MixerConfig { policy, ..MixerConfig::default() });
    let members = (0..members).map(|n| mixer.join(n as u32).expect("there is room")).collect();
    (mixer, members)
}

/// The sum of the others, one by one.
fn naive(frames: &[Pcm16K], outputs: &mut [Pcm16K]) {
    for (receiver, output) in outputs.iter_mut().enumerate() {
        let mut sum = [0_i32; 320];
        for (speaker, frame) in frames.iter().enumerate() {
            if speaker != receiver {
                for (sum, sample) in sum.iter_mut().zip(&frame.0) {
                    *sum += i32::from(*sample);
                }
            }
        }
        for (out, sum) in output.0.iter_mut().zip(sum) {
            *out = sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
    }
}

/// The frames lie where a decoder put them.
fn in_place(group: &mut BenchmarkGroup<'_, WallTime>, frames: &[Pcm16K]) {
    for (name, policy) in [
        ("the four loudest, frames in place", MixPolicy::LoudestFour),
        ("everyone, frames in place", MixPolicy::Everyone),
    ] {
        let (mut mixer, members) = meeting(policy, frames.len());
        for (member, frame) in members.iter().zip(frames) {
            mixer.put(*member, frame, 0);
        }
        let mut now = Duration::ZERO;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for member in &members {
                    mixer.put_with(*member, 0, |frame| {
                        black_box(frame);
                    });
                }
                now += FRAME_PERIOD;
                mixer.tick(now);
                black_box(mixer.heard_by(members[0]));
            });
        });
    }
}

/// M5: a tick, energies and speakers included. Either each member's frame is copied in first, or it is
/// already where a decoder put it; the floor copies each frame twice.
fn mixing(criterion: &mut Criterion) {
    for count in [4, 16, 100, 1_000] {
        let mut group = criterion.benchmark_group(format!("M5 mix-minus, {count} members"));
        group.throughput(Throughput::Elements(count as u64));
        let frames = frames(count);
        for (name, policy) in [
            ("the four loudest, default", MixPolicy::LoudestFour),
            ("everyone", MixPolicy::Everyone),
        ] {
            let (mut mixer, members) = meeting(policy, count);
            let mut now = Duration::ZERO;
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    for (member, frame) in members.iter().zip(black_box(&frames)) {
                        mixer.put(*member, frame, 0);
                    }
                    now += FRAME_PERIOD;
                    mixer.tick(now);
                    for member in &members {
                        black_box(mixer.heard_by(*member));
                    }
                });
            });
        }
        in_place(&mut group, &frames);
        let mut inputs = frames.clone();
        let mut outputs = frames.clone();
        group.bench_function("floor: frames copied in and out", |bencher| {
            bencher.iter(|| {
                inputs.copy_from_slice(black_box(&frames));
                outputs.copy_from_slice(black_box(&inputs));
                black_box(&outputs);
            });
        });
        if count <= 100 {
            group.bench_function("naive", |bencher| {
                bencher.iter(|| naive(black_box(&frames), black_box(&mut outputs)));
            });
        }
        group.finish();
    }
}

/// M6: a tick of a meeting of a thousand: energy of all, the four loudest, one shared mix. The frames
/// lie where the receivers of the packets put them.
fn thousand(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("M6 a meeting of 1,000, a tick");
    for (name, talking) in [("all send", 1_000), ("50 send", 50)] {
        let frames = frames(talking);
        let (mut mixer, members) = meeting(MixPolicy::LoudestFour, 1_000);
        let mut now = Duration::ZERO;
        for (member, frame) in members.iter().zip(&frames) {
            mixer.put(*member, frame, 0);
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for member in members.iter().take(talking) {
                    mixer.put_with(*member, 0, |frame| {
                        black_box(frame);
                    });
                }
                now += FRAME_PERIOD;
                black_box(mixer.tick(now));
                black_box(mixer.shared());
            });
        });
    }
    group.finish();
}

fn g711(criterion: &mut Criterion) {
    let frame = noise(5, 20_000);
    let mut codes = [0_u8; 320];
    let mut back = [0_i16; 320];
    let mut group = criterion.benchmark_group("G.711, 320 samples");
    group.throughput(Throughput::Elements(320));
    for law in [Law::A, Law::Mu] {
        group.bench_function(format!("{law:?}, encode, ours"), |bencher| {
            bencher.iter(|| law.encode_into(black_box(&frame.0), black_box(&mut codes)));
        });
        group.bench_function(format!("{law:?}, decode, ours"), |bencher| {
            bencher.iter(|| law.decode_into(black_box(&codes), black_box(&mut back)));
        });
    }
    group.bench_function("mu, encode, audio-codec-algorithms", |bencher| {
        bencher.iter(|| {
            for (code, sample) in codes.iter_mut().zip(black_box(&frame.0)) {
                *code = audio_codec_algorithms::encode_ulaw(*sample);
            }
            black_box(&codes);
        });
    });
    group.bench_function("A, encode, audio-codec-algorithms", |bencher| {
        bencher.iter(|| {
            for (code, sample) in codes.iter_mut().zip(black_box(&frame.0)) {
                *code = audio_codec_algorithms::encode_alaw(*sample);
            }
            black_box(&codes);
        });
    });
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("20 ms");
    let mut stereo = Pcm44KStereo::SILENCE;
    let mut frame = noise(5, 8_000);
    let (mut up, mut down) = (Upsampler::new(), Downsampler::new());
    group.bench_function("16 kHz to 44.1 kHz", |bencher| {
        bencher.iter(|| up.convert(black_box(&frame), &mut stereo));
    });
    group.bench_function("44.1 kHz to 16 kHz", |bencher| {
        bencher.iter(|| down.convert(black_box(&stereo), &mut frame));
    });
    let mut detector = MarkerDetector::new();
    let mut voice = SpeechLike::new(3);
    group.bench_function("listen for markers", |bencher| {
        bencher.iter_batched(
            || {
                let mut frame = Pcm16K::SILENCE;
                voice.fill(&mut frame);
                frame
            },
            |frame| detector.push(Duration::ZERO, &frame),
            BatchSize::SmallInput,
        );
    });
    let mut receiver = ToneReceiver::new(8_000, Duration::from_millis(200));
    let mut n = 0_u32;
    group.bench_function("a telephone-event packet", |bencher| {
        bencher.iter(|| {
            n = n.wrapping_add(1);
            receiver.push(Duration::ZERO, n / 8 * 800, black_box(&[5, 10, 0, 160]))
        });
    });
    group.finish();
}

criterion_group!(benches, jitter, mixing, thousand, g711, others);
criterion_main!(benches);
