//! What the fuzz targets of the audio half run: parsers, on whatever bytes there are.

use std::time::Duration;

use crate::{
    audio::{TelephoneEvent, ToneReceiver},
    wav::{Prompt, WavLimits, write_wav},
};

/// Reads a WAV file; what is read can be written and read again.
///
/// # Panics
/// If the reader breaks a promise.
pub fn wav(bytes: &[u8]) {
    let limits = WavLimits { bytes: 1 << 20, length: Duration::from_secs(10) };
    let Ok(prompt) = Prompt::read_within(bytes, limits) else { return };
    assert!(!prompt.samples().is_empty() && prompt.duration() <= limits.length);
    assert_eq!(Prompt::read(&write_wav(prompt.samples())), Ok(prompt));
}

/// Takes the bytes as packets, a byte for the arrival, two for the timestamp, one for the length, and
/// follows the tones in them: starts and ends alternate.
///
/// # Panics
/// If the receiver breaks a promise.
pub fn telephone_event(bytes: &[u8]) {
    let mut receiver = ToneReceiver::new(8_000, Duration::from_millis(200));
    let (mut now, mut open) = (Duration::ZERO, false);
    let mut rest = bytes;
    while let Some(([wait, high, low, length], after)) = rest.split_first_chunk::<4>() {
        now += Duration::from_millis(u64::from(*wait));
        if receiver.poll(now).is_some() {
            assert!(std::mem::take(&mut open), "an end without a start");
        }
        let (payload, after) = after.split_at(usize::from(length % 9).min(after.len()));
        rest = after;
        if let Ok(event) = TelephoneEvent::parse(payload) {
            assert_eq!(TelephoneEvent::parse(&event.to_bytes()), Ok(event));
        }
        let timestamp = u32::from(u16::from_be_bytes([*high, *low])) << 12;
        let Ok(heard) = receiver.push(now, timestamp, payload) else { continue };
        if heard.before.is_some() {
            assert!(std::mem::take(&mut open), "an end without a start");
        }
        if heard.started.is_some() {
            assert!(!std::mem::replace(&mut open, true), "two at once");
        }
        if heard.ended.is_some() {
            assert!(std::mem::take(&mut open), "an end without a start");
        }
        assert_eq!(open, receiver.next_deadline().is_some());
    }
}
