//! The members of recordResponse and sendDtmfTones: their defaults and their ranges.

use std::time::Duration;

use graph_api::{RecordRequest, SendDtmfTonesRequest, Tone};

use crate::{
    arguments::{client_context, invalid, prompts},
    media_queue::{Prompt, RecordJob, stop_tone},
    refusal::Refusal,
};

/// Seconds of every duration of a record, unless it says otherwise.
const DEFAULT_SECS: i32 = 5;
/// Entries of `stopTones`: there are sixteen keys, and a bot may name each twice. Ours.
const STOP_TONES_MAX: usize = 32;
/// Tones of one request. Documented nowhere; ours.
const TONES_MAX: usize = 100;
/// Milliseconds between two tones, unless the request says otherwise. Ours.
const DELAY_DEFAULT_MS: i32 = 100;
/// The longest that a request may ask for. Ours.
const DELAY_MAX_MS: i32 = 10_000;
/// Characters of a refused value that are repeated to the bot.
const SHOWN_MAX: usize = 40;

/// recordResponse with its defaults filled in.
///
/// # Errors
/// `8523`: durations outside 1 to 120 s, more than one prompt, stop tones that are no
/// characters of a keypad, a long `clientContext`.
pub fn record(request: &RecordRequest) -> Result<RecordJob, Refusal> {
    client_context(request.client_context.as_deref())?;
    let prompt = match request.prompts.as_deref().unwrap_or_default() {
        [] => None,
        given => prompts(given, 1)?.first().map(|info| Prompt::from(*info)),
    };
    let initial = request.initial_silence_timeout_in_seconds;
    let silence = request.max_silence_timeout_in_seconds;
    let longest = request.max_record_duration_in_seconds;
    Ok(RecordJob {
        prompt,
        barge_in: request.barge_in_allowed.unwrap_or(false),
        initial_silence: seconds(initial, "initialSilenceTimeoutInSeconds")?,
        max_silence: seconds(silence, "maxSilenceTimeoutInSeconds")?,
        max_duration: seconds(longest, "maxRecordDurationInSeconds")?,
        beep: request.play_beep.unwrap_or(true),
        stop_tones: stop_tones(request.stop_tones.as_deref().unwrap_or_default())?,
    })
}

fn seconds(given: Option<i32>, name: &str) -> Result<Duration, Refusal> {
    match given.unwrap_or(DEFAULT_SECS) {
        secs @ 1..=120 => Ok(Duration::from_secs(u64::from(secs.unsigned_abs()))),
        _ => Err(invalid(format!("'{name}' must be 1 to 120."))),
    }
}

fn stop_tones(given: &[String]) -> Result<Vec<Tone>, Refusal> {
    if given.len() > STOP_TONES_MAX {
        return Err(invalid(format!("'stopTones' takes at most {STOP_TONES_MAX} entries.")));
    }
    let read = |text: &String| {
        stop_tone(text).ok_or_else(|| {
            let text = shown(text);
            invalid(format!("'{text}' in 'stopTones' is not one of the characters 0-9, *, #, A-D."))
        })
    };
    given.iter().map(read).collect()
}

/// sendDtmfTones: which keys, and how long from one to the next.
///
/// # Errors
/// `8523`: no tones or more than 100, a delay outside 0 to 10 s, a long `clientContext`.
/// `BadRequest`: a tone of no known name.
pub fn dtmf(request: &SendDtmfTonesRequest) -> Result<(Vec<Tone>, Duration), Refusal> {
    client_context(request.client_context.as_deref())?;
    let tones = request.tones.clone().ok_or_else(|| invalid("'tones' is required."))?;
    if tones.is_empty() || tones.len() > TONES_MAX {
        return Err(invalid(format!("'tones' takes 1 to {TONES_MAX} entries.")));
    }
    for tone in &tones {
        if let Tone::Unknown(text) = tone {
            let text = shown(text);
            return Err(Refusal::MalformedBody(format!("'{text}' is not a tone in 'tones'.")));
        }
    }
    match request.delay_between_tones_ms.unwrap_or(DELAY_DEFAULT_MS) {
        ms @ 0..=DELAY_MAX_MS => Ok((tones, Duration::from_millis(ms.unsigned_abs().into()))),
        _ => Err(invalid(format!("'delayBetweenTonesMs' must be 0 to {DELAY_MAX_MS}."))),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use graph_api::{MediaInfo, MediaPrompt};

    use super::*;

    fn prompt(uri: &str) -> MediaPrompt {
        let media_info = MediaInfo { uri: uri.to_owned(), ..MediaInfo::default() };
        MediaPrompt { media_info, ..MediaPrompt::default() }
    }

    fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> &'static str {
        refused.unwrap_err().status_and_code().1
    }

    ///
    #[test]
    fn a_record_that_says_nothing_has_the_documented_defaults() {
        let five = Duration::from_secs(5);
        let wanted = RecordJob {
            prompt: None,
            barge_in: false,
            initial_silence: five,
            max_silence: five,
            max_duration: five,
            beep: true,
            stop_tones: Vec::new(),
        };
        assert_eq!(record(&RecordRequest::default()), Ok(wanted.clone()));
        let empty = RecordRequest { prompts: Some(Vec::new()), ..RecordRequest::default() };
        assert_eq!(record(&empty), Ok(wanted));
    }

    ///
    #[test]
    fn a_record_is_what_it_says() {
        let request = RecordRequest {
            prompts: Some(vec![prompt("https://bot.fabrikam.example/a.wav")]),
            barge_in_allowed: Some(true),
            initial_silence_timeout_in_seconds: Some(1),
            max_silence_timeout_in_seconds: Some(2),
            max_record_duration_in_seconds: Some(120),
            play_beep: Some(false),
            stop_tones: Some(["#", "1", "*"].map(str::to_owned).into()),
            ..RecordRequest::default()
        };
        let uri = "https://bot.fabrikam.example/a.wav".to_owned();
        let wanted = RecordJob {
            prompt: Some(Prompt { uri, resource_id: None }),
            barge_in: true,
            initial_silence: Duration::from_secs(1),
            max_silence: Duration::from_secs(2),
            max_duration: Duration::from_secs(120),
            beep: false,
            stop_tones: vec![Tone::Pound, Tone::Tone1, Tone::Star],
        };
        assert_eq!(record(&request), Ok(wanted));
    }

    /// R-244 (the 300 s of 2019 are gone), R-247, R-271.
    #[test]
    fn a_record_out_of_range_is_refused() {
        for secs in [i32::MIN, -1, 0, 121, 300, i32::MAX] {
            let given = Some(secs);
            let none = RecordRequest::default();
            for request in [
                RecordRequest { initial_silence_timeout_in_seconds: given, ..none.clone() },
                RecordRequest { max_silence_timeout_in_seconds: given, ..none.clone() },
                RecordRequest { max_record_duration_in_seconds: given, ..none.clone() },
            ] {
                assert_eq!(code(record(&request)), "8523", "{request:?}");
            }
        }
        let two = vec![prompt("https://a.example/1.wav"), prompt("https://a.example/2.wav")];
        for request in [
            RecordRequest { prompts: Some(two), ..RecordRequest::default() },
            RecordRequest { prompts: Some(vec![prompt("file:///x")]), ..RecordRequest::default() },
            RecordRequest {
                stop_tones: Some(vec!["pound".to_owned()]),
                ..RecordRequest::default()
            },
            RecordRequest {
                stop_tones: Some(vec!["1".to_owned(); 33]),
                ..RecordRequest::default()
            },
            RecordRequest { client_context: Some("x".repeat(257)), ..RecordRequest::default() },
        ] {
            assert_eq!(code(record(&request)), "8523", "{request:?}");
        }
    }

    ///
    #[test]
    fn tones_to_send_are_known_and_bounded() {
        let ask = |tones: Option<Vec<Tone>>, delay| {
            dtmf(&SendDtmfTonesRequest {
                tones,
                delay_between_tones_ms: delay,
                ..SendDtmfTonesRequest::default()
            })
        };
        let one = || Some(vec![Tone::Tone1]);
        assert_eq!(ask(one(), None), Ok((vec![Tone::Tone1], Duration::from_millis(100))));
        assert_eq!(ask(one(), Some(0)).unwrap().1, Duration::ZERO);
        assert_eq!(ask(one(), Some(10_000)).unwrap().1, Duration::from_secs(10));
        assert_eq!(ask(Some(vec![Tone::A; 100]), None).unwrap().0.len(), 100);
        assert_eq!(code(ask(None, None)), "8523");
        assert_eq!(code(ask(Some(Vec::new()), None)), "8523");
        assert_eq!(code(ask(Some(vec![Tone::A; 101]), None)), "8523");
        assert_eq!(code(ask(one(), Some(-1))), "8523");
        assert_eq!(code(ask(one(), Some(10_001))), "8523");
        let unknown = vec![Tone::Unknown("tone10".to_owned())];
        assert_eq!(code(ask(Some(unknown), None)), "BadRequest");
        let long = SendDtmfTonesRequest {
            tones: one(),
            client_context: Some("x".repeat(257)),
            ..SendDtmfTonesRequest::default()
        };
        assert_eq!(code(dtmf(&long)), "8523");
    }
}
