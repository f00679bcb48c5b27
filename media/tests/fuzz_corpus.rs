//! The fuzz targets over their corpora and over mutations of them, with a compiler that cannot fuzz.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use media::fuzzing;

/// Mutations of a corpus.
const MUTATIONS: u64 = 20_000;

/// SplitMix64: the same numbers each time.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    assert!(files.len() >= 5, "{files:?}");
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One to four changes: a bit, a byte that is special, a piece cut, doubled or taken from another.
fn mutate(seeds: &[Vec<u8>], seeded: &mut Seeded) -> Vec<u8> {
    let mut bytes = seeds[seeded.below(seeds.len())].clone();
    for _ in 0..=seeded.below(4) {
        let at = seeded.below(bytes.len());
        let len = seeded.below(bytes.len() - at) + 1;
        match seeded.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << seeded.below(8),
            1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][seeded.below(5)],
            2 if !bytes.is_empty() => drop(bytes.drain(at..(at + len).min(bytes.len()))),
            3 if !bytes.is_empty() => bytes.truncate(at),
            4 => {
                let piece: Vec<u8> = bytes.iter().skip(at).take(len).copied().collect();
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[seeded.below(seeds.len())];
                bytes.extend_from_slice(&other[seeded.below(other.len())..]);
            }
        }
    }
    bytes
}

fn run(target: &str, body: fn(&[u8])) -> Result<(), Vec<u8>> {
    let seeds = corpus(target);
    let mut seeded = Seeded(7);
    let mutations = (0..MUTATIONS).map(|_| mutate(&seeds, &mut seeded));
    for bytes in seeds.clone().into_iter().chain(mutations) {
        if catch_unwind(AssertUnwindSafe(|| body(&bytes))).is_err() {
            return Err(bytes);
        }
    }
    Ok(())
}

#[test]
fn rtp() {
    assert_eq!(run("rtp", fuzzing::rtp), Ok(()));
}

#[test]
fn rtcp() {
    assert_eq!(run("rtcp", fuzzing::rtcp), Ok(()));
}

#[test]
fn h264_packetize() {
    assert_eq!(run("h264_packetize", fuzzing::h264_round_trip), Ok(()));
}

#[test]
fn h264_depacketize() {
    assert_eq!(run("h264_depacketize", fuzzing::h264_depacketize), Ok(()));
}

/// The mutations find what there is to find: the `rtp` crate's depacketiser panics on some.
#[test]
fn a_known_panic_is_found() {
    fn theirs(bytes: &[u8]) {
        use rtp::packetizer::Depacketizer as _;
        let mut bytes = bytes;
        while let Some(([len, _], rest)) = bytes.split_first_chunk::<2>() {
            let (payload, behind) = rest.split_at(rest.len().min(usize::from(*len)));
            bytes = behind;
            let payload = bytes::Bytes::copy_from_slice(payload);
            let _ = rtp::codecs::h264::H264Packet::default().depacketize(&payload);
        }
    }
    assert!(run("h264_depacketize", theirs).is_err());
}
