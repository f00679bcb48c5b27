//! What is found, and what is not.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use media::{Barcode, H264Encoder, H264EncoderConfig, I420, TestPattern, audio::Marker, write_wav};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::journal::Line;

const SOURCE: u32 = 4_711;

fn marker() -> Marker {
    Marker::new(0x12_3456).unwrap()
}

fn little(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn heard() -> Canary {
    Canary::new(&[Given::Marker(marker())]).unwrap()
}

fn forms(canary: &Canary, bytes: &[u8]) -> Vec<(Form, Wrapping)> {
    canary.find(bytes).iter().map(|it| (it.form, it.wrapping)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn sound_is_found_in_every_form() {
    use Form::{BigEndian, LittleEndian};
    use Wrapping::{Bare, Base64, Hex};
    let (canary, samples) = (heard(), marker().samples());
    let by_ear = Form::Marker(marker().id());
    let bytes = little(&samples);
    let big: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    assert_eq!(forms(&canary, &bytes), [(LittleEndian, Bare), (by_ear, Bare)]);
    assert_eq!(forms(&canary, &write_wav(&samples)), [(LittleEndian, Bare), (by_ear, Bare)]);
    assert_eq!(forms(&canary, &[b"x", &bytes[..]].concat()).len(), 2, "at an odd byte");
    assert_eq!(forms(&canary, &big), [(BigEndian, Bare), (by_ear, Bare)]);
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{{\"heard\":\"{before}{}\"}}", BASE64_STANDARD.encode(&bytes));
        let found = forms(&canary, text.as_bytes());
        assert_eq!(found, [(LittleEndian, Base64), (by_ear, Base64)], "behind '{before}'");
        assert_eq!(forms(&canary, format!("({before}{})", hex(&bytes)).as_bytes())[0].1, Hex);
    }
    let url_safe = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
    assert_eq!(forms(&canary, url_safe.as_bytes()).len(), 2);
    let lines = url_safe.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]);
    assert_eq!(forms(&canary, &lines).len(), 2, "in lines");
}

/// Forty milliseconds are enough for the very samples; half as loud, the ear is needed.
#[test]
fn parts_and_changes_of_sound_are_found() {
    let (canary, samples) = (heard(), marker().samples());
    let part = little(&samples[1_000..1_700]);
    assert_eq!(forms(&canary, &part), [(Form::LittleEndian, Wrapping::Bare)]);
    let quiet: Vec<i16> = samples.iter().map(|sample| sample / 2).collect();
    assert_eq!(forms(&canary, &little(&quiet)), [(Form::Marker(marker().id()), Wrapping::Bare)]);
    let other = Marker::new(7).unwrap().samples();
    assert_eq!(forms(&canary, &little(&other)), [], "what the bot says itself may be kept");
}

fn film() -> Vec<u8> {
    let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, 200_000)).unwrap();
    let mut pattern = TestPattern::new(320, 180, SOURCE).unwrap();
    let (mut all, mut annex_b) = (Vec::new(), Vec::new());
    for index in 0..8 {
        let time = Duration::from_millis(66 * index);
        encoder.encode(pattern.draw(index, time), time, &mut annex_b).unwrap();
        all.extend_from_slice(&annex_b);
    }
    all
}

#[test]
fn video_is_found_in_every_container() {
    let film = film();
    let canary = Canary::new(&[Given::H264(&film)]).unwrap();
    assert_eq!(forms(&canary, &film), [(Form::H264, Wrapping::Bare)]);
    // As in MP4: lengths instead of start codes.
    let units = nal_units(&film)
        .flat_map(|unit| [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], unit].concat());
    assert_eq!(forms(&canary, &units.collect::<Vec<u8>>()), [(Form::H264, Wrapping::Bare)]);
    let text = BASE64_STANDARD.encode(&film[film.len() / 2..]);
    assert_eq!(forms(&canary, text.as_bytes()), [(Form::H264, Wrapping::Base64)]);
    let mut other = TestPattern::new(320, 180, SOURCE + 1).unwrap();
    let mut encoder = H264Encoder::new(H264EncoderConfig::new(15.0, 200_000)).unwrap();
    let mut annex_b = Vec::new();
    encoder.encode(other.draw(77, Duration::ZERO), Duration::ZERO, &mut annex_b).unwrap();
    assert_eq!(forms(&canary, &annex_b), [], "parameter sets are alike everywhere");
}

#[test]
fn pictures_are_found_at_every_stride() {
    let canary = Canary::new(&[Given::Source(SOURCE)]).unwrap();
    let found = [(Form::Picture(SOURCE), Wrapping::Bare)];
    for (width, height, padding) in
        [(320, 180, 0), (424, 240, 8), (1_280, 720, 0), (1_920, 1_080, 0)]
    {
        let mut pattern = TestPattern::new(width, height, SOURCE).unwrap();
        let picture = pattern.draw(3, Duration::from_secs(9)).clone();
        let stride = width + padding;
        let mut nv12 = vec![0; I420::nv12_len(width, height, stride)];
        picture.write_nv12(stride, &mut nv12).unwrap();
        assert_eq!(forms(&canary, &[b"head", &nv12[..]].concat()), found, "{width}");
        assert_eq!(forms(&canary, &picture.planes), found);
        let mut other = TestPattern::new(width, height, SOURCE + 1).unwrap();
        assert_eq!(forms(&canary, &other.draw(3, Duration::ZERO).planes), [], "{width}");
    }
    // A source whose bits are nearly all alike is told from what is black.
    let dull = Canary::new(&[Given::Source(1)]).unwrap();
    assert_eq!(forms(&dull, &vec![0; 300_000]), []);
    let mut black = I420::black(192, 32).unwrap();
    assert_eq!(forms(&dull, &black.planes), []);
    Barcode::new(1, 0).draw(&mut black);
    assert_eq!(forms(&dull, &black.planes), [(Form::Picture(1), Wrapping::Bare)]);
    let text = BASE64_STANDARD.encode(&black.planes);
    assert_eq!(forms(&dull, text.as_bytes()), [(Form::Picture(1), Wrapping::Base64)]);
}

#[test]
fn a_canary_has_to_be_something() {
    assert_eq!(Canary::new(&[]).unwrap_err(), BadCanary::Dull);
    let silence = [0; 16_000];
    assert_eq!(Canary::new(&[Given::Samples(&silence)]).unwrap_err(), BadCanary::Dull);
    let noise: Vec<i16> = (0..RUNS_MAX * RUN_EVERY).map(|n| (n * 7_919) as i16).collect();
    assert_eq!(Canary::new(&[Given::Samples(&noise)]).unwrap_err(), BadCanary::TooMuch);
}

#[test]
fn there_is_an_end_to_what_is_looked_at() {
    let canary = Canary::new(&[Given::Samples(&marker().samples())]).unwrap();
    let mut scanner = Scanner::new(&canary);
    let zeros = vec![0; 8 << 20];
    for _ in 0..8 {
        scanner.feed(&zeros);
    }
    scanner.feed(&little(&marker().samples()));
    let scan = scanner.finish();
    assert_eq!((scan.findings, scan.whole), (vec![], false));
    assert_eq!(scan.bytes, BYTES_MAX + 2 * Marker::SAMPLES as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However the bytes come, the same is found, at the same place but for an ear's.
    #[test]
    fn pieces_make_no_difference(before in 0..600_000_usize, piece in 1..300_000_usize, wrap: bool) {
        let samples = marker().samples();
        let mut picture = TestPattern::new(320, 180, SOURCE).unwrap();
        let mut bytes = vec![9; before];
        if wrap {
            let text = BASE64_STANDARD.encode(little(&samples));
            bytes.extend_from_slice(format!("\"{text}\"").as_bytes());
        } else {
            bytes.extend_from_slice(&little(&samples));
        }
        bytes.extend_from_slice(&picture.draw(1, Duration::ZERO).planes);
        let canary =
            Canary::new(&[Given::Samples(&samples), Given::Source(SOURCE)]).unwrap();
        let mut scanner = Scanner::new(&canary);
        bytes.chunks(piece).for_each(|piece| scanner.feed(piece));
        let found = scanner.finish().findings;
        prop_assert_eq!(found.len(), 2, "{:?}", found);
        prop_assert_eq!(found, canary.find(&bytes));
    }

    /// Nothing panics, and chance makes no canary.
    #[test]
    fn noise_is_no_canary(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let canary = Canary::new(&[Given::Marker(marker()), Given::Source(SOURCE)]).unwrap();
        prop_assert_eq!(canary.find(&bytes), []);
        prop_assert_eq!(canary.find(hex(&bytes).as_bytes()), []);
    }
}

fn line(seq: u64, kind: &str, detail: Value) -> Line {
    let call_id = Some("c".to_owned());
    Line { seq, at_ms: seq * 1_000, call_id, kind: kind.to_owned(), detail }
}

/// A request at this second, answered in the next.
fn asks(seq: u64, op: &str, body: Value, status: u64) -> [Line; 2] {
    let id = format!("r{seq}");
    [
        line(seq, "request", json!({"requestId": id, "op": op, "body": body})),
        line(seq + 1, "response", json!({"requestId": id, "status": status})),
    ]
}

/// from the success of `recording` until the next request of another status.
#[test]
fn recording_by_policy_may_be_kept() {
    let sound = json!({"metadata": BASE64_STANDARD.encode(little(&marker().samples()))});
    let status = |status: &str| json!({"status": status});
    let op = "updateRecordingStatus";
    let lines: Vec<Line> = [
        asks(1, op, status("recording"), 403),
        asks(3, "updateMetadata", sound.clone(), 200),
        asks(5, op, status("recording"), 200),
        asks(7, "updateMetadata", sound.clone(), 200),
        asks(9, op, status("notRecording"), 200),
        asks(11, "updateMetadata", sound, 200),
    ]
    .concat();
    let recording = Recording::of(&lines, "c");
    let at = |secs| recording.allows(Duration::from_secs(secs));
    assert_eq!([3, 5, 6, 8, 9, 11].map(at), [false, false, true, true, false, false]);
    assert!(recording.happened() && !Recording::of(&lines[..4], "c").happened());
    let canary = Canary::new(&[Given::Marker(marker())]).unwrap();
    let kept = uploads(&lines, "c", &canary);
    assert_eq!(kept.len(), 4, "two forms in each of two: {kept:?}");
    let said = verdict(&kept).unwrap_err().to_string();
    assert!(said.contains("updateMetadata: samples, little-endian as base64"), "{said}");
    assert_eq!(uploads(&lines[4..8], "c", &canary), []);
    assert_eq!(verdict(&[]), Ok(()));
}

#[test]
fn directories_are_looked_through() {
    let directory = tempfile::tempdir().unwrap();
    let (canary, inner) = (heard(), directory.path().join("a/b"));
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(inner.join("notes.txt"), "nothing").unwrap();
    assert_eq!(look_through(directory.path(), &canary).unwrap().kept, []);
    std::fs::write(inner.join("call.wav"), write_wav(&marker().samples())).unwrap();
    let looked = look_through(directory.path(), &canary).unwrap();
    let kept = looked.kept;
    assert_eq!(looked.files, 2);
    assert_eq!(kept.len(), 2);
    assert!(
        kept[0].to_string().contains("call.wav: samples, little-endian at byte"),
        "{}",
        kept[0]
    );
    let large = std::fs::File::create(directory.path().join("large")).unwrap();
    large.set_len(BYTES_MAX + 1).unwrap();
    let refused = look_through(directory.path(), &canary).unwrap_err().to_string();
    assert!(refused.contains("large: a file above 64 MiB"), "{refused}");
    let nowhere = look_through(&directory.path().join("no"), &canary).unwrap_err();
    assert!(nowhere.to_string().contains("no: "), "{nowhere}");
}
