//! Packets, H.264 over RTP, the codec and the barcode, each beside the `rtp` crate and beside what
//! copying the bytes alone takes.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use media::{
    AssemblerConfig, Barcode, DecoderLimits, FrameAssembler, FrameRate, H264Decoder, H264Encoder,
    H264EncoderConfig, I420, Layer, PacketSlab, Packetizer, Router, RouterConfig, RtpHeader,
    RtpPacket, SocketKey, TestPattern, VideoFormat, VideoResolution, Wanted, luma_psnr,
};
use rtp::{
    codecs::h264::{H264Packet, H264Payloader},
    packetizer::{Depacketizer as _, Packetizer as _, new_packetizer},
    sequence::new_fixed_sequencer,
};
use webrtc_util::marshal::{Marshal as _, MarshalSize as _, Unmarshal as _};

/// G.711, PCM of 16 kHz, video.
const SIZES: [usize; 3] = [160, 640, 1_200];
const HEADER: RtpHeader =
    RtpHeader { marker: true, payload_type: 96, sequence: 7, timestamp: 320, ssrc: 42 };

/// Bytes as of an encoder: no start codes among them.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = (0..len).map(next).collect();
    for at in 2..len {
        if bytes[at - 2..at] == [0, 0] && bytes[at] <= 3 {
            bytes[at] = 4;
        }
    }
    bytes.push(0x80);
    bytes
}

fn frame(key: bool, len: usize) -> Vec<u8> {
    let mut annex_b = Vec::new();
    if key {
        annex_b.extend([0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3]);
    }
    annex_b.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
    annex_b.extend(noise(len - annex_b.len() - 1));
    annex_b
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("M1 parse");
    group.throughput(Throughput::Elements(1));
    for size in SIZES {
        let datagram = [&HEADER.to_bytes()[..], &vec![0x55; size]].concat();
        let shared = Bytes::from(datagram.clone());
        let mut copy = datagram.clone();
        group.bench_function(BenchmarkId::new("ours", size), |bencher| {
            bencher.iter(|| RtpPacket::parse(black_box(&datagram)));
        });
        group.bench_function(BenchmarkId::new("rtp-types", size), |bencher| {
            bencher.iter(|| {
                let packet = rtp_types::RtpPacket::parse(black_box(&datagram)).unwrap();
                let numbers = (packet.sequence_number(), packet.timestamp(), packet.ssrc());
                (numbers, packet.marker_bit(), packet.payload_type(), packet.payload().len())
            });
        });
        group.bench_function(BenchmarkId::new("rtp crate", size), |bencher| {
            bencher.iter(|| rtp::packet::Packet::unmarshal(&mut black_box(&shared).clone()));
        });
        group.bench_function(BenchmarkId::new("memcpy", size), |bencher| {
            bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&datagram)));
        });
    }
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("M1 write");
    group.throughput(Throughput::Elements(1));
    for size in SIZES {
        let payload = vec![0x55; size];
        let shared = Bytes::from(payload.clone());
        let mut slot = vec![0; 12 + size];
        group.bench_function(BenchmarkId::new("ours", size), |bencher| {
            bencher
                .iter(|| black_box(HEADER).write_into(black_box(&payload), black_box(&mut slot)));
        });
        group.bench_function(BenchmarkId::new("rtp crate", size), |bencher| {
            bencher.iter(|| {
                let header = rtp::header::Header::from(black_box(HEADER));
                let packet = rtp::packet::Packet { header, payload: shared.clone() };
                debug_assert_eq!(packet.marshal_size(), slot.len());
                packet.marshal_to(black_box(&mut slot))
            });
        });
        group.bench_function(BenchmarkId::new("memcpy", size), |bencher| {
            bencher.iter(|| black_box(&mut slot[..size]).copy_from_slice(black_box(&payload)));
        });
    }
    group.finish();
}

/// The same work by the `rtp` crate, and the least that copying costs.
fn peers(group: &mut BenchmarkGroup<'_, WallTime>, annex_b: &[u8]) {
    let shared = Bytes::copy_from_slice(annex_b);
    let payloader = Box::<H264Payloader>::default();
    let sequencer = Box::new(new_fixed_sequencer(1));
    let mut theirs = new_packetizer(1_212, 96, 42, payloader, sequencer, 90_000);
    group.bench_function("rtp crate", |bencher| {
        bencher.iter(|| {
            let mut depacketizer = H264Packet::default();
            let mut out = Vec::with_capacity(annex_b.len() + 64);
            for packet in theirs.packetize(black_box(&shared), 3_000).unwrap() {
                let mut wire = packet.marshal().unwrap();
                let packet = rtp::packet::Packet::unmarshal(&mut wire).unwrap();
                out.extend_from_slice(&depacketizer.depacketize(&packet.payload).unwrap());
            }
            out.len()
        });
    });
    let (mut there, mut back) = (annex_b.to_vec(), annex_b.to_vec());
    group.bench_function("memcpy there and back", |bencher| {
        bencher.iter(|| {
            black_box(&mut there).copy_from_slice(black_box(annex_b));
            black_box(&mut back).copy_from_slice(black_box(&there));
        });
    });
}

/// Into packets, out of packets, into a frame.
fn frames(criterion: &mut Criterion) {
    for (name, annex_b) in [
        ("M2 frame of 10 kB", frame(false, 10_000)),
        ("M3 key frame of 60 kB", frame(true, 60_000)),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(annex_b.len() as u64));
        let mut packetizer = Packetizer::new(42, 96, 1);
        let mut slab = PacketSlab::new(64, packetizer.slot_len());
        for check_units in [true, false] {
            let config = AssemblerConfig { check_units, ..AssemblerConfig::default() };
            let mut assembler = FrameAssembler::new(config);
            let mut timestamp = 0;
            // Delta frames are handed out once a key frame has been.
            slab.clear();
            packetizer.packetize(&frame(true, 1_000), 1, &mut slab).unwrap();
            for packet in slab.iter() {
                assembler.push(Duration::ZERO, &RtpPacket::parse(packet).unwrap());
            }
            assert!(assembler.poll(Duration::ZERO).is_some());
            let name = if check_units { "ours" } else { "ours, own packets" };
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    slab.clear();
                    timestamp += 3_000;
                    packetizer.packetize(black_box(&annex_b), timestamp, &mut slab).unwrap();
                    for packet in slab.iter() {
                        let packet = RtpPacket::parse(black_box(packet)).unwrap();
                        assembler.push(Duration::ZERO, &packet);
                    }
                    assembler.poll(Duration::ZERO).unwrap().annex_b.len()
                });
            });
        }
        group.bench_function("ours, packetise only", |bencher| {
            bencher.iter(|| {
                slab.clear();
                packetizer.packetize(black_box(&annex_b), 1, &mut slab).unwrap()
            });
        });
        peers(&mut group, &annex_b);
        group.finish();
    }
}

/// A packet of 1 200 bytes for a hundred receivers.
fn route(criterion: &mut Criterion) {
    let mut router = Router::new(RouterConfig::default());
    let format = VideoFormat::h264(1280, 720, FrameRate::F30);
    router.publish(1, &[Layer { format, bits_per_second: 1, active: true }]).unwrap();
    for subscriber in 0..100 {
        let wanted =
            Wanted { source: 1, resolution: VideoResolution::HD720p, bandwidth_limit: 1_000 };
        router.subscribe(SocketKey { subscriber, socket: 0 }, 5, wanted).unwrap();
    }
    let key = RtpPacket { header: HEADER, payload: &[0x67, 1] };
    router.route(Duration::ZERO, 1, 0, &key, |_| ()).unwrap();
    let payload = [0x41; 1_200];
    let mut slab = PacketSlab::new(100, 1_212);
    let mut header = HEADER;
    let mut group = criterion.benchmark_group("route to 100 receivers");
    group.throughput(Throughput::Elements(100));
    group.bench_function("headers and copies", |bencher| {
        bencher.iter(|| {
            slab.clear();
            header.sequence = header.sequence.wrapping_add(1);
            let packet = RtpPacket { header, payload: black_box(&payload) };
            let send = |forward: media::Forward| forward.write(&payload, &mut slab).unwrap();
            router.route(Duration::ZERO, 1, 0, &packet, send).unwrap();
            slab.len()
        });
    });
    let mut copies = vec![0; 121_200];
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| {
            for place in black_box(&mut copies).chunks_exact_mut(1_212) {
                place[12..].copy_from_slice(black_box(&payload));
            }
        });
    });
    group.finish();
}

/// 720p of 30 frames a second at 2 Mb/s; a figure of 1/s is frames per second.
fn codec(criterion: &mut Criterion) {
    let mut pattern = TestPattern::new(1_280, 720, 1).unwrap();
    let pictures: Vec<I420> =
        (0..60).map(|index| pattern.draw(index, FrameRate::F30.due(index)).clone()).collect();
    let mut encoder = H264Encoder::new(H264EncoderConfig::new(30.0, 2_000_000)).unwrap();
    let mut stream = Vec::new();
    let mut index = 0;
    let mut group = criterion.benchmark_group("M11 720p");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            index += 1;
            let picture = &pictures[index as usize % 60];
            encoder.encode(picture, FrameRate::F30.due(index), &mut stream).unwrap()
        });
    });
    let mut encoder = H264Encoder::new(H264EncoderConfig::new(30.0, 2_000_000)).unwrap();
    let mut frames = Vec::new();
    for (index, picture) in pictures.iter().enumerate() {
        encoder.encode(picture, FrameRate::F30.due(index as u64), &mut stream).unwrap();
        if !stream.is_empty() {
            frames.push(stream.clone());
        }
    }
    let mut decoder = H264Decoder::new(DecoderLimits::default()).unwrap();
    let mut decoded = I420::default();
    let mut at = 0;
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            // The first frame is a key frame, so the clip can be played over and over.
            let done = decoder.decode(&frames[at % frames.len()], &mut decoded).unwrap();
            at += 1;
            done
        });
    });
    group.finish();
}

fn barcode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("M13 is it the frame that was sent");
    for (width, height) in [(320, 180), (1_280, 720)] {
        let mut pattern = TestPattern::new(width, height, 1).unwrap();
        let one = pattern.draw(1, Duration::ZERO).clone();
        let mut other = pattern.draw(2, Duration::ZERO).clone();
        group.bench_function(BenchmarkId::new("barcode, read", height), |bencher| {
            bencher.iter(|| Barcode::read(black_box(&one)));
        });
        group.bench_function(BenchmarkId::new("PSNR", height), |bencher| {
            bencher.iter(|| luma_psnr(black_box(&one), black_box(&other)));
        });
        group.bench_function(BenchmarkId::new("barcode, draw", height), |bencher| {
            bencher.iter(|| Barcode::new(1, 2).draw(black_box(&mut other)));
        });
    }
    group.finish();
}

criterion_group!(benches, parse, write, frames, route, codec, barcode);
criterion_main!(benches);
