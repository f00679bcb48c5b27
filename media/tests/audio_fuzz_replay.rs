//! Replays the fuzz corpora of the audio parsers, and seeded mutations of them.

use std::{fs, path::Path};

/// Mutations of each file.
const MUTATIONS: u32 = 1_500;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} holds {} files", folder.display(), files.len());
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A generator of Lehmer's kind: the same mutations on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// One to four changes: a bit, a byte, a cut, a copy, a piece of another file.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        match chance.below(6) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
            2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][chance.below(5)],
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..(at + chance.below(16)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let from = chance.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

fn replay(name: &str, target: fn(&[u8])) {
    let files = corpus(name);
    let mut chance = Chance(1);
    for (index, file) in files.iter().enumerate() {
        target(file);
        for _ in 0..MUTATIONS {
            let mut bytes = file.clone();
            let other = &files[(index + 1 + chance.below(files.len() - 1)) % files.len()];
            mutate(&mut bytes, other, &mut chance);
            target(&bytes);
        }
    }
}

#[test]
fn wav_files() {
    replay("wav", media::fuzzing::wav);
}

#[test]
fn telephone_events() {
    replay("telephone_event", media::fuzzing::telephone_event);
}

/// A target that breaks a promise is found by the same replay.
#[test]
fn a_planted_fault_is_found() {
    let found = std::panic::catch_unwind(|| {
        replay("telephone_event", |bytes| {
            assert!(bytes.len() < 4 || bytes[3] < 200, "a planted fault");
        });
    });
    assert!(found.is_err());
}
