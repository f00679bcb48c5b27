//! Packets: our reader beside the `rtp` crate's, and the statistics of a receiver.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use media::{ReceiveStats, RtpHeader, RtpPacket, nal_units};
use webrtc_util::marshal::Unmarshal as _;

fn datagram() -> Vec<u8> {
    let header =
        RtpHeader { marker: true, payload_type: 96, sequence: 7, timestamp: 320, ssrc: 42 };
    [&header.to_bytes()[..], &[0x55; 640]].concat()
}

fn parse(criterion: &mut Criterion) {
    let datagram = datagram();
    let shared = Bytes::from(datagram.clone());
    let mut group = criterion.benchmark_group("RTP, read a packet");
    group.throughput(Throughput::Elements(1));
    group.bench_function("ours, in place", |bencher| {
        bencher.iter(|| RtpPacket::parse(black_box(&datagram)).map(|packet| packet.payload.len()));
    });
    group.bench_function("the rtp crate", |bencher| {
        bencher.iter(|| rtp::packet::Packet::unmarshal(&mut black_box(&shared).clone()));
    });
    group.finish();
}

fn statistics(criterion: &mut Criterion) {
    let mut stats = ReceiveStats::new(16_000);
    let mut sequence = 0_u16;
    criterion.bench_function("reception statistics, a packet", |bencher| {
        bencher.iter(|| {
            sequence = sequence.wrapping_add(1);
            let arrived = Duration::from_millis(20) * u32::from(sequence);
            stats.received(arrived, black_box(sequence), u32::from(sequence) * 320)
        });
    });
}

fn units(criterion: &mut Criterion) {
    let unit = [&[0_u8, 0, 1, 0x65][..], &[0xaa; 1_200]].concat();
    let frame = unit.repeat(20);
    let mut group = criterion.benchmark_group("H.264");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    group.bench_function("find the NAL units of a frame", |bencher| {
        bencher.iter(|| nal_units(black_box(&frame)).count());
    });
    group.finish();
}

criterion_group!(benches, parse, statistics, units);
criterion_main!(benches);
