//! What people heard in a case, and the media figures of its calls, for the report.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::House;
use crate::{
    journal::Line,
    report::{Media, Sound},
};

/// Calls of a case that are listened to.
const CALLS: usize = 4;
/// Longest case that is listened to: what is heard is computed for each.
const LONGEST: Duration = Duration::from_secs(120);
/// Columns of a picture of sound.
const COLUMNS: usize = 240;

/// Listens to the calls of a case. What cannot be had is left out: it is no verdict.
pub(super) async fn media(house: &House, lines: &[Line], took: Duration) -> Media {
    let mut media = Media::default();
    if took > LONGEST {
        return media;
    }
    let people = house.control.state().await.map(|state| people(&state)).unwrap_or_default();
    let mut figures: BTreeMap<String, u64> = BTreeMap::new();
    for call in established(lines) {
        if let Ok(said) = house.control.get(&format!("/calls/{call}/media")).await {
            let said: Value = serde_json::from_slice(&said).unwrap_or_default();
            add("", &said["counts"], &mut figures);
            add("session ", &said["session"], &mut figures);
        }
        for (name, id) in &people {
            let heard = house.control.get(&format!("/calls/{call}/heard/{id}.wav")).await;
            let Ok(wav) = heard else { continue };
            media.sounds.extend(sound(name, call, &wav));
        }
    }
    media.figures = figures.into_iter().filter(|(_, value)| *value > 0).collect();
    media
}

/// Calls that were established, the first of them.
fn established(lines: &[Line]) -> Vec<&str> {
    let mut found = Vec::new();
    for line in lines {
        let call = line.call_id.as_deref().unwrap_or_default();
        if line.kind == "callState" && line.detail["to"] == "established" && !found.contains(&call)
        {
            found.push(call);
        }
    }
    found.truncate(CALLS);
    found
}

fn people(state: &Value) -> Vec<(String, String)> {
    let users = state["tenants"][0]["users"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    users.map(|user| (text(&user["displayName"]), text(&user["id"]))).collect()
}

/// Adds the whole numbers of an object.
fn add(prefix: &str, object: &Value, figures: &mut BTreeMap<String, u64>) {
    for (name, value) in object.as_object().into_iter().flatten() {
        if let Some(value) = value.as_u64() {
            *figures.entry(format!("{prefix}{name}")).or_default() += value;
        }
    }
}

/// A picture of a WAV file; none of silence.
fn sound(who: &str, call: &str, wav: &[u8]) -> Option<Sound> {
    let mut reader = hound::WavReader::new(wav).ok()?;
    let rate = reader.spec().sample_rate;
    let samples: Vec<u16> =
        reader.samples::<i16>().map_while(Result::ok).map(i16::unsigned_abs).collect();
    let slot = samples.len().div_ceil(COLUMNS).max(1);
    let loudest = |slot: &[u16]| slot.iter().copied().max().unwrap_or(0);
    // Of 32,768 to of 100.
    let peaks: Vec<u8> = samples
        .chunks(slot)
        .map(|slot| u8::try_from(u32::from(loudest(slot)) * 100 / 32_768).unwrap_or(100))
        .collect();
    let seconds = samples.len() as f64 / f64::from(rate.max(1));
    let call = call.chars().take(8).collect();
    peaks.iter().any(|peak| *peak > 0).then(|| Sound { who: who.to_owned(), call, seconds, peaks })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn wav(samples: impl Iterator<Item = i16>) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        samples.for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        file.into_inner()
    }

    #[test]
    fn sound_is_seen_where_it_is_and_silence_is_not() {
        let half = (0..16_000).map(|n| if n < 8_000 { 0 } else { -16_384 });
        let seen = sound("Alice", "1b3d5f70-0000", &wav(half)).unwrap();
        assert_eq!((seen.peaks.len(), &*seen.call), (239, "1b3d5f70"));
        assert_eq!((seen.peaks[0], seen.peaks[238]), (0, 50));
        assert!((seen.seconds - 1.0).abs() < 1e-9);
        assert_eq!(sound("Alice", "x", &wav(std::iter::repeat_n(0, 100))), None);
        assert_eq!(sound("Alice", "x", b"no WAV"), None);
        let loud = sound("Alice", "x", &wav(std::iter::once(i16::MIN))).unwrap();
        assert_eq!(loud.peaks, [100]);
    }

    #[test]
    fn calls_are_those_that_were_established() {
        let line = |call: &str, to: &str| Line {
            seq: 1,
            at_ms: 0,
            call_id: Some(call.to_owned()),
            kind: "callState".to_owned(),
            detail: serde_json::json!({"to": to}),
        };
        let lines = [line("a", "established"), line("b", "terminated"), line("a", "established")];
        assert_eq!(established(&lines), ["a"]);
    }
}
