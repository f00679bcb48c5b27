//! The same pictures give the same bytes, and those the same pictures: today, and on another machine.

use std::time::Duration;

use media::{
    AssemblerConfig, Barcode, DecoderLimits, Encoded, FrameAssembler, FrameRate, H264Decoder,
    H264Encoder, H264EncoderConfig, I420, PacketSlab, Packetizer, RtpPacket, TestPattern,
    luma_psnr,
};

/// FNV-1a with 64 bits.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// What became of a clip.
#[derive(Debug, PartialEq, Eq)]
struct Clip {
    encoded: u64,
    decoded: u64,
    frames: u32,
    keys: u32,
    worst_margin: u8,
}

/// Two seconds of 320 x 180: drawn, encoded, put into packets, taken out, decoded, read.
fn clip(bits_per_second: u32) -> Clip {
    let mut pattern = TestPattern::new(320, 180, 0x00a1_b2c3).unwrap();
    let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, bits_per_second)).unwrap();
    let mut decoder = H264Decoder::new(DecoderLimits::default()).unwrap();
    let mut packetizer = Packetizer::new(7, 96, 65_500);
    let mut slab = PacketSlab::new(64, packetizer.slot_len());
    let mut assembler = FrameAssembler::new(AssemblerConfig::default());
    let (mut stream, mut picture) = (Vec::new(), I420::default());
    let (mut encoded, mut decoded) = (Fnv(0xcbf2_9ce4_8422_2325), Fnv(0xcbf2_9ce4_8422_2325));
    let mut clip = Clip { encoded: 0, decoded: 0, frames: 0, keys: 0, worst_margin: 255 };
    for index in 0..30 {
        let time = FrameRate::F15.due(index);
        if index == 20 {
            encoder.force_key_frame();
        }
        let drawn = pattern.draw(index, time);
        if encoder.encode(drawn, time, &mut stream).unwrap() == Encoded::Skipped {
            continue;
        }
        encoded.add(&stream);
        slab.clear();
        let timestamp = FrameRate::F15.rtp_ticks() * index as u32;
        packetizer.packetize(&stream, timestamp, &mut slab).unwrap();
        for packet in slab.iter() {
            assembler.push(time, &RtpPacket::parse(packet).unwrap());
        }
        let frame = assembler.poll(time).expect("nothing is lost");
        assert_eq!(frame.timestamp, timestamp);
        clip.keys += u32::from(frame.key_frame);
        assert!(decoder.decode(frame.annex_b, &mut picture).unwrap());
        decoded.add(&picture.planes);
        clip.frames += 1;
        let reading = Barcode::read(&picture).expect("a barcode that can be read");
        assert_eq!(reading.barcode, Barcode::new(0x00a1_b2c3, time.as_millis() as u64));
        clip.worst_margin = clip.worst_margin.min(reading.margin);
        let alike = luma_psnr(drawn, &picture).unwrap();
        assert!(alike > 20.0, "{alike} dB");
        assert!(assembler.poll(time + Duration::from_secs(1)).is_none());
    }
    (clip.encoded, clip.decoded) = (encoded.0, decoded.0);
    clip
}

#[test]
fn two_runs_are_one() {
    assert_eq!(clip(200_000), clip(200_000));
}

#[test]
fn the_clip_is_the_one_that_was_looked_at() {
    let clip = clip(200_000);
    assert_eq!(
        (clip.encoded, clip.decoded),
        (13_023_261_001_731_015_307, 22_041_837_067_219_344),
        "{clip:?}"
    );
}

#[test]
fn barcodes_survive_every_bit_rate() {
    for bits_per_second in [13_000, 27_000, 60_000, 200_000] {
        let clip = clip(bits_per_second);
        assert!(clip.frames > 0 && clip.worst_margin >= 60, "{clip:?} at {bits_per_second}");
    }
}
