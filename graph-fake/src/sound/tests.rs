//! Who hears what, and what is recorded.

use graph_api::Tone;
use media::{SAMPLE_RATE, tone};

use super::*;

const CALL: CallId = CallId(Guid::from_u128(1));
const ALICE: Guid = Guid::from_u128(0xa);
const BOB: Guid = Guid::from_u128(0xb);

fn operation(n: u128) -> OperationId {
    OperationId(Guid::from_u128(n))
}

/// So many milliseconds after the beginning.
fn at(ms: u64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000) + Duration::from_millis(ms)
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn prompt(frequency: f64, length: Duration) -> Prompt {
    Prompt::read(&media::write_wav(&tone(frequency, length))).unwrap()
}

fn named(uri: &str) -> platform::Prompt {
    platform::Prompt { uri: uri.to_owned(), resource_id: None }
}

fn sound() -> Sound {
    Sound::new(Duration::from_secs(60))
}

/// How strong a frequency is in a piece, from 0 to about 1 for a tone of full length (Goertzel).
fn strength(samples: &[i16], from_ms: usize, to_ms: usize, frequency: f64) -> f64 {
    let piece = &samples[from_ms * 16..to_ms * 16];
    let step = std::f64::consts::TAU * frequency / f64::from(SAMPLE_RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in piece.iter().enumerate() {
        re += f64::from(*sample) * (n as f64 * step).cos();
        im += f64::from(*sample) * (n as f64 * step).sin();
    }
    re.hypot(im) * 2.0 / piece.len() as f64 / 8_191.0
}

fn is_silent(samples: &[i16], from_ms: usize, to_ms: usize) -> bool {
    samples[from_ms * 16..to_ms * 16].iter().all(|sample| *sample == 0)
}

fn read(score: &Score) -> Vec<i16> {
    Prompt::read(&score.wav()).unwrap().samples().to_vec()
}

/// a WAV that is a prompt again, with what people said while it ran and nothing else.
#[test]
fn a_recording_is_what_people_said_while_it_ran() {
    let (alice, bob) = (frequency_of(ALICE), frequency_of(BOB));
    assert_ne!(alice, bob);
    let mut sound = sound();
    sound.prompt_loaded(CALL, "p".into(), prompt(1_900.0, ms(1_000)));
    sound.note(at(0), CALL, &MediaEvent::PromptBegan(operation(9), named("p")));
    sound.note(at(800), CALL, &MediaEvent::Spoke(ALICE, ms(700)));
    sound.note(at(1_000), CALL, &MediaEvent::PromptEnded(operation(9)));
    sound.note(at(1_000), CALL, &MediaEvent::RecordBegan(operation(1)));
    sound.note(at(2_000), CALL, &MediaEvent::Spoke(BOB, ms(500)));
    sound.note(at(2_600), CALL, &MediaEvent::Pressed(ALICE, Tone::Star));
    sound.note(at(2_700), CALL, &MediaEvent::Spoke(ALICE, ms(9_000)));
    sound.note(at(3_000), CALL, &MediaEvent::Pressed(ALICE, Tone::Pound));
    sound.note(at(3_000), CALL, &MediaEvent::RecordEnded(operation(1), true));
    let (call, score) = sound.recording(at(3_000), operation(1)).unwrap();
    let samples = read(&score);
    assert_eq!((call, samples.len()), (CALL, 2_000 * 16));
    assert!(strength(&samples, 0, 500, alice) > 0.95, "the rest of a word begun before");
    assert!(strength(&samples, 0, 500, 1_900.0) < 0.05, "never the bot");
    assert!(is_silent(&samples, 500, 1_000));
    assert!(strength(&samples, 1_000, 1_500, bob) > 0.95);
    assert!(is_silent(&samples, 1_500, 1_600));
    let (row, column) = keypad(&Tone::Star).unwrap();
    assert!(strength(&samples, 1_600, 1_700, row) > 0.4, "a key that is no stop tone");
    assert!(strength(&samples, 1_600, 1_700, column) > 0.4);
    assert!(strength(&samples, 1_700, 2_000, alice) > 0.95, "up to the end");
    let (row, _) = keypad(&Tone::Pound).unwrap();
    assert!(strength(&samples, 1_900, 2_000, row) < 0.1, "not the stop tone");
}

/// However much else there is to hear.
#[test]
fn an_app_hosted_bot_is_heard_for_as_long_as_it_speaks() {
    let mut sound = sound();
    let frame = media::audio::Pcm16K([5_000; media::audio::SAMPLES_16K]);
    sound.bot_says(at(0), CALL, &frame);
    for n in 0..2 * call::LAYERS_MAX as u64 {
        sound.note(at(n), CALL, &MediaEvent::Pressed(ALICE, Tone::Flash));
    }
    assert_eq!(sound.layers, call::LAYERS_MAX);
    sound.bot_says(at(10_000), CALL, &frame);
    let heard = sound.heard(at(10_020), CALL, BOB).unwrap();
    let samples = heard.samples();
    assert!(samples[samples.len() - 320..].iter().all(|sample| *sample == 5_000));
    assert_eq!(samples[0], 5_000, "what it said before is not lost");
}

/// Files that people say take room as prompts do.
#[test]
fn what_people_say_is_counted() {
    let mut sound = sound();
    let voice = sound.voice(Said::Samples(vec![1; 16_000].into()));
    for n in 1..=3 {
        let call = CallId(Guid::from_u128(n));
        let spoke = MediaEvent::Spoke(ALICE, ms(1_000));
        sound.note_saying(at(0), call, &spoke, Some(voice.clone()));
    }
    drop(voice);
    assert_eq!(sound.bytes.load(Ordering::Relaxed), 32_000, "once for all");
    sound.forget_one(CALL);
    sound.forget_one(CALL);
    assert_eq!(sound.bytes.load(Ordering::Relaxed), 32_000);
    sound.forget_one(CALL);
    assert_eq!(sound.bytes.load(Ordering::Relaxed), 0);
}

///
#[test]
fn recordings_vanish_some_time_after_the_call() {
    let mut sound = sound();
    for (n, kept) in [(1, true), (2, false)] {
        sound.note(at(0), CALL, &MediaEvent::RecordBegan(operation(n)));
        sound.note(at(1_000), CALL, &MediaEvent::RecordEnded(operation(n), kept));
    }
    sound.note(at(2_000), CALL, &MediaEvent::RecordBegan(operation(3)));
    assert!(sound.recording(at(9_000_000), operation(1)).is_some(), "as long as the call lives");
    assert!(sound.recording(at(3_000), operation(2)).is_none(), "thrown away");
    assert!(sound.recording(at(3_000), operation(3)).is_none(), "not at its end");
    sound.call_ended(at(10_000), CALL);
    sound.note(at(10_000), CALL, &MediaEvent::RecordEnded(operation(3), true));
    assert!(sound.recording(at(10_001), operation(3)).is_none(), "cut off by the end of the call");
    assert!(sound.recording(at(10_000 + 59_999), operation(1)).is_some());
    assert!(sound.recording(at(10_000 + 60_000), operation(1)).is_none());
    let other = CallId(Guid::from_u128(2));
    sound.note(at(100_000), other, &MediaEvent::Sent(Tone::A));
    sound.call_ended(at(100_000), other);
    assert!(sound.recordings.is_empty(), "and makes room");
}

/// all hear the bot and each other, nobody hears oneself.
#[test]
fn people_hear_the_bot_and_each_other() {
    let mut sound = sound();
    sound.prompt_loaded(CALL, "p".into(), prompt(1_900.0, ms(5_000)));
    sound.note(at(0), CALL, &MediaEvent::Beeped(operation(1)));
    sound.note(at(1_000), CALL, &MediaEvent::Spoke(ALICE, ms(500)));
    sound.note(at(2_000), CALL, &MediaEvent::PromptBegan(operation(2), named("p")));
    let alice = |samples: &[i16]| strength(samples, 1_000, 1_500, frequency_of(ALICE));
    let hears = |sound: &Sound, now, who| read(&sound.heard(now, CALL, who).unwrap());
    let half = hears(&sound, at(2_700), BOB);
    assert_eq!(half.len(), 2_700 * 16, "what has come so far of what is playing");
    sound.note(at(3_000), CALL, &MediaEvent::PromptEnded(operation(2)));
    sound.note(at(4_000), CALL, &MediaEvent::Sent(Tone::Tone5));
    for (who, hears_alice) in [(ALICE, false), (BOB, true)] {
        let samples = hears(&sound, at(60_000), who);
        assert_eq!(samples.len(), 4_100 * 16, "up to the last sound");
        assert!(strength(&samples, 0, 500, 1_000.0) > 0.95, "the beep");
        assert_eq!(alice(&samples) > 0.95, hears_alice);
        assert_eq!(is_silent(&samples, 1_000, 1_500), !hears_alice);
        assert!(strength(&samples, 2_000, 3_000, 1_900.0) > 0.95, "the prompt");
        assert!(is_silent(&samples, 3_000, 4_000), "the prompt was cut off");
        assert!(strength(&samples, 4_000, 4_100, 770.0) > 0.4, "a key that the bot sends");
    }
    assert!(sound.heard(at(60_000), CallId(BOB), ALICE).is_none(), "no such call");
}

///
#[test]
fn a_loop_goes_round_until_it_is_cut_off() {
    let mut sound = sound();
    sound.prompt_loaded(CALL, "a".into(), prompt(500.0, ms(300)));
    sound.prompt_loaded(CALL, "b".into(), prompt(1_900.0, ms(200)));
    let looped = MediaEvent::PromptsLooped(operation(1), vec![named("a"), named("b")]);
    sound.note(at(0), CALL, &looped);
    sound.note(at(1_400), CALL, &MediaEvent::PromptEnded(operation(1)));
    let samples = read(&sound.heard(at(9_000), CALL, ALICE).unwrap());
    assert_eq!(samples.len(), 1_400 * 16);
    for round in [0, 500, 1_000] {
        assert!(strength(&samples, round, round + 300, 500.0) > 0.95, "{round}");
        assert!(strength(&samples, round + 300, (round + 500).min(1_400), 1_900.0) > 0.95);
    }
    let missing = MediaEvent::PromptsLooped(operation(2), vec![named("nowhere")]);
    sound.note(at(1_400), CALL, &missing);
    let samples = read(&sound.heard(at(2_000), CALL, ALICE).unwrap());
    assert!(is_silent(&samples, 1_400, 2_000));
}

///
#[test]
fn who_hears_hold_music_hears_nothing_else() {
    let mut sound = sound();
    sound.note(at(0), CALL, &MediaEvent::Spoke(BOB, ms(3_000)));
    sound.note(at(1_000), CALL, &MediaEvent::HoldMusic(ALICE, true, None));
    sound.note(at(2_000), CALL, &MediaEvent::HoldMusic(ALICE, false, None));
    let samples = read(&sound.heard(at(9_000), CALL, ALICE).unwrap());
    let (bob, music) = (frequency_of(BOB), 523.25);
    for (from, speech) in [(0, true), (1_000, false), (2_000, true)] {
        assert_eq!(strength(&samples, from, from + 500, bob) > 0.95, speech, "{from}");
        assert_eq!(strength(&samples, from, from + 500, music) > 0.4, !speech, "{from}");
    }
    let other = sound.heard(at(9_000), CALL, Guid::from_u128(0xc)).unwrap();
    assert!(strength(&read(&other), 0, 3_000, bob) > 0.95, "the others hear the call");
}

#[test]
fn what_was_heard_ends_with_the_call_and_lasts_ten_minutes_at_most() {
    let mut sound = sound();
    sound.note(at(0), CALL, &MediaEvent::Spoke(BOB, ms(1_000)));
    sound.note(at(900_000), CALL, &MediaEvent::Spoke(BOB, ms(60_000)));
    sound.call_ended(at(901_000), CALL);
    let samples = sound.heard(at(9_000_000), CALL, ALICE).unwrap().samples();
    assert_eq!(samples.len(), 600 * SAMPLE_RATE as usize);
    assert!(is_silent(&samples, 0, 599_000));
    assert!(strength(&samples, 599_000, 600_000, frequency_of(BOB)) > 0.95);
}

#[test]
fn a_tone_keeps_its_phase_where_the_piece_begins_later() {
    let mut sound = sound();
    sound.note(at(0), CALL, &MediaEvent::Spoke(ALICE, ms(1_000)));
    sound.note(at(333), CALL, &MediaEvent::RecordBegan(operation(1)));
    sound.note(at(777), CALL, &MediaEvent::RecordEnded(operation(1), true));
    let whole = tone(frequency_of(ALICE), ms(1_000));
    let samples = read(&sound.recording(at(777), operation(1)).unwrap().1);
    assert_eq!(samples, whole[333 * 16..777 * 16]);
}

#[test]
fn limits_forget_ended_calls_first_and_count_what_is_left() {
    let tight = Limits { calls: 3, ended: 2, layers: 100, bytes: 10_000 };
    let mut sound = Sound::with_limits(Duration::from_secs(60), tight);
    let call = |n: u128| CallId(Guid::from_u128(n));
    let knows = |sound: &Sound| -> Vec<u128> {
        (1..=9).filter(|n| sound.heard(at(0), call(*n), ALICE).is_some()).collect()
    };
    for n in 1..=3 {
        sound.note(at(0), call(n), &MediaEvent::Sent(Tone::A));
    }
    sound.call_ended(at(1), call(2));
    sound.note(at(2), call(4), &MediaEvent::Sent(Tone::A));
    assert_eq!(knows(&sound), [1, 3, 4], "the one that had ended");
    sound.note(at(2), call(5), &MediaEvent::Sent(Tone::A));
    assert_eq!(knows(&sound), [3, 4, 5], "the oldest");
    for _ in 0..98 {
        sound.note(at(3), call(5), &MediaEvent::Sent(Tone::A));
    }
    assert_eq!((knows(&sound), sound.layers), (vec![4, 5], 100));
    let same = || prompt(500.0, ms(100));
    sound.prompt_loaded(call(4), "u".into(), same());
    sound.prompt_loaded(call(5), "u".into(), same());
    assert_eq!(sound.bytes.load(Ordering::Relaxed), 3_200, "kept once");
    sound.prompt_loaded(call(5), "u".into(), prompt(600.0, ms(300)));
    assert_eq!(knows(&sound), [5]);
    assert_eq!(sound.bytes.load(Ordering::Relaxed), 9_600);
    sound.prompt_loaded(call(6), "v".into(), prompt(600.0, ms(400)));
    assert_eq!(knows(&sound), [0_u128; 0], "a prompt that is too large for all is not kept");
    assert_eq!((sound.bytes.load(Ordering::Relaxed), sound.layers), (0, 0));
    for n in 1..=3 {
        sound.note(at(4), call(n), &MediaEvent::Sent(Tone::A));
        sound.call_ended(at(4), call(n));
    }
    assert_eq!(knows(&sound), [2, 3]);
}

#[test]
fn a_call_keeps_a_bounded_past() {
    let mut sound = sound();
    for n in 0..(call::LAYERS_MAX as u64 + 10) {
        sound.note(at(n), CALL, &MediaEvent::Pressed(ALICE, Tone::Tone1));
    }
    assert_eq!(sound.layers, call::LAYERS_MAX);
    for n in 0..300 {
        sound.note(at(0), CALL, &MediaEvent::RecordBegan(operation(n)));
        sound.note(at(1), CALL, &MediaEvent::RecordEnded(operation(n), true));
    }
    assert!(sound.recording(at(2), operation(43)).is_none(), "the oldest are gone");
    assert!(sound.recording(at(2), operation(44)).is_some());
    assert_eq!(sound.recordings.len(), 256);
}

/// music of the bot's own, as long as it lasts and again.
#[test]
fn hold_music_of_ones_own() {
    let mut sound = sound();
    sound.prompt_loaded(CALL, "music".into(), prompt(1_200.0, ms(400)));
    sound.note(at(0), CALL, &MediaEvent::HoldMusic(ALICE, true, Some(named("music"))));
    sound.note(at(1_000), CALL, &MediaEvent::HoldMusic(ALICE, false, None));
    let samples = read(&sound.heard(at(9_000), CALL, ALICE).unwrap());
    assert_eq!(samples.len(), 16_000);
    for from in [0, 400] {
        assert!(strength(&samples, from, from + 400, 1_200.0) > 0.95, "{from}");
        assert!(strength(&samples, from, from + 400, 523.25) < 0.1, "{from}");
    }
}

/// a bot is silent while it is muted, and goes on where it would be by then; a user breaks off.
#[test]
fn who_is_muted_is_not_heard() {
    let mut sound = sound();
    sound.prompt_loaded(CALL, "p".into(), prompt(500.0, ms(3_000)));
    sound.note(at(0), CALL, &MediaEvent::PromptBegan(operation(1), named("p")));
    sound.note(at(0), CALL, &MediaEvent::Spoke(BOB, ms(3_000)));
    for (when, silent) in [(1_000, true), (1_200, true), (2_000, false), (2_100, false)] {
        sound.note(at(when), CALL, &MediaEvent::BotSilenced(silent));
    }
    sound.note(at(1_500), CALL, &MediaEvent::BrokeOff(BOB));
    sound.note(at(3_000), CALL, &MediaEvent::PromptEnded(operation(1)));
    let samples = read(&sound.heard(at(9_000), CALL, ALICE).unwrap());
    for (from, heard) in [(0, true), (500, true), (1_000, false), (1_500, false), (2_000, true)] {
        assert_eq!(strength(&samples, from, from + 500, 500.0) > 0.9, heard, "{from}");
        let bob = strength(&samples, from, from + 500, frequency_of(BOB)) > 0.9;
        assert_eq!(bob, from < 1_500, "{from}");
    }
    let whole = tone(500.0, ms(3_000));
    assert_eq!(samples[2_000 * 16..], whole[2_000 * 16..], "in its phase");
}

/// several bots in one conference are heard together from when both are there; one elsewhere is not.
#[test]
fn several_bots_are_heard_together() {
    let mut sound = sound();
    let place = |n| platform::ConferenceId(Guid::from_u128(n));
    let call = |n| CallId(Guid::from_u128(n));
    for (id, at_place, frequency) in [(1, 7, 500.0), (2, 7, 900.0), (3, 8, 1_300.0)] {
        sound.prompt_loaded(call(id), format!("p{id}"), prompt(frequency, ms(2_000)));
        sound.note(at(500 * id as u64 - 500), call(id), &MediaEvent::Entered(place(at_place)));
    }
    for id in [1, 2, 3] {
        let began = MediaEvent::PromptBegan(operation(id), named(&format!("p{id}")));
        sound.note(at(0), call(id), &began);
        sound.note(at(2_000), call(id), &MediaEvent::PromptEnded(operation(id)));
    }
    sound.note(at(1_500), call(2), &MediaEvent::HoldMusic(ALICE, true, None));
    let samples = read(&sound.heard(at(2_000), call(1), ALICE).unwrap());
    for (from, first, second) in [(0, true, false), (500, true, true), (1_500, false, false)] {
        assert_eq!(strength(&samples, from, from + 500, 500.0) > 0.9, first, "{from}");
        assert_eq!(strength(&samples, from, from + 500, 900.0) > 0.9, second, "{from}");
        assert!(strength(&samples, from, from + 500, 1_300.0) < 0.1, "{from}");
    }
    assert!(strength(&samples, 1_500, 2_000, 523.25) > 0.4, "on hold by whichever bot");
}
