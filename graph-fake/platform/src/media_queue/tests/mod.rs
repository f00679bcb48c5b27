//! Every ending of every operation, and histories compared with a model.

mod model;
mod player;

use std::time::Duration;

use graph_api::Tone;
use player::{Player, id, record, secs, uri};

use super::*;

/// `failed`/`completed`, code, subcode, reason, recorded: what a bot sees of an ending.
fn seen(ending: &Ending) -> (bool, i32, i32, &'static str, bool) {
    let subcode = ending.result.subcode;
    (ending.well, ending.result.code, subcode, ending.reason, ending.recorded)
}

const PLAYED: (bool, i32, i32, &str, bool) = (true, 200, 0, "completedSuccessfully", false);
const RECORD_CANCELLED: (bool, i32, i32, &str, bool) =
    (false, 400, 8508, "operationCanceled", false);
const PROMPT_CANCELLED: (bool, i32, i32, &str, bool) =
    (false, 400, 8508, "mediaOperationCanceled", false);

///
#[test]
fn prompts_play_in_order_one_operation_after_the_other() {
    let mut player = Player::default();
    player.play(1, &["a", "b"]);
    player.play(2, &["c"]);
    assert_eq!(player.fetch_all(secs(2)), ["a"]);
    player.wait(secs(2));
    assert_eq!(player.fetch_all(secs(3)), ["b"], "the second is asked for when the first is over");
    player.wait(secs(3));
    assert_eq!(player.fetch_all(secs(1)), ["c"]);
    player.wait(secs(1));
    let ends = player.ends();
    assert_eq!(ends.len(), 2);
    assert_eq!((ends[0].0, ends[0].1, seen(&ends[0].2)), (secs(5), id(1), PLAYED));
    assert_eq!((ends[1].0, ends[1].1, seen(&ends[1].2)), (secs(6), id(2), PLAYED));
    assert_eq!(ends[0].2.result.message.as_deref(), Some("Action completed successfully."));
    assert_eq!(player.queue.next_deadline(), None);
}

///
#[test]
fn a_loop_ends_when_it_is_cancelled_and_needs_no_deadline() {
    let mut player = Player::default();
    player.push(1, Job::Play { prompts: [uri("a"), uri("b")].into(), endless: true });
    player.play(2, &["c"]);
    player.fetch_all(secs(1));
    player.wait(secs(1));
    player.fetch_all(secs(1));
    player.wait(secs(1));
    let looped = MediaEvent::PromptsLooped(id(1), vec![uri("a"), uri("b")]);
    assert_eq!(player.notes.last(), Some(&(secs(2), looped)));
    assert_eq!(player.queue.next_deadline(), None);
    player.wait(secs(1_000));
    assert_eq!(player.ends(), []);
    player.cancel();
    assert_eq!(player.notes.last(), Some(&(secs(1_002), MediaEvent::PromptEnded(id(1)))));
    let ends: Vec<_> = player.ends().iter().map(|(_, id, end)| (*id, seen(end))).collect();
    assert_eq!(ends, [(id(1), PROMPT_CANCELLED), (id(2), PROMPT_CANCELLED)]);
}

/// prompt, beep, recording; the clock of the silence starts behind both.
#[test]
fn a_record_is_prompt_beep_and_recording() {
    let mut player = Player::default();
    let job = RecordJob { prompt: Some(uri("p")), ..record() };
    player.push(1, Job::Record(Box::new(job)));
    assert_eq!(player.fetch_all(secs(2)), ["p"]);
    player.wait(secs(60));
    let begins = secs(2) + BEEP;
    let wanted = [
        (secs(0), MediaEvent::PromptBegan(id(1), uri("p"))),
        (secs(2), MediaEvent::PromptEnded(id(1))),
        (secs(2), MediaEvent::Beeped(id(1))),
        (begins, MediaEvent::RecordBegan(id(1))),
        (begins + secs(5), MediaEvent::RecordEnded(id(1), false)),
    ];
    assert_eq!(player.notes, wanted);
    let (at, _, end) = &player.ends()[0];
    assert_eq!(*at, begins + secs(5));
    assert_eq!(seen(end), (false, 400, 8510, "initialSilenceTimeout", false));
    let text = "Action failed, initial silence timeout reached.";
    assert_eq!(end.result.message.as_deref(), Some(text));
}

/// 200/8515.
#[test]
fn who_speaks_on_and_on_is_cut_off() {
    let mut player = Player::default();
    player.record(1, RecordJob { beep: false, ..record() });
    player.wait(secs(4));
    player.speak(secs(1_000));
    player.wait(secs(100));
    let (at, _, end) = &player.ends()[0];
    assert_eq!((*at, seen(end)), (secs(10), (true, 200, 8515, "maxRecordDurationReached", true)));
    let text = "Action completed, max record duration reached.";
    assert_eq!(end.result.message.as_deref(), Some(text));
    assert_eq!(player.notes.last(), Some(&(secs(10), MediaEvent::RecordEnded(id(1), true))));
}

/// 8509, once everybody has been silent.
#[test]
fn who_falls_silent_is_done() {
    let mut player = Player::default();
    player.record(1, RecordJob { beep: false, ..record() });
    player.wait(secs(1));
    player.speak(secs(4));
    player.wait(secs(1));
    player.speak(secs(1));
    player.wait(secs(100));
    let (at, _, end) = &player.ends()[0];
    assert_eq!(*at, secs(1 + 4 + 2), "the shorter of two voices does not end the longer one");
    assert_eq!(seen(end), (true, 200, 8509, "maxSilenceTimeout", true));
    let text = "Action completed, max silence timeout reached.";
    assert_eq!(end.result.message.as_deref(), Some(text));
}

/// speech during the prompt counts as far as it reaches into the recording.
#[test]
fn who_speaks_before_the_recording_has_spoken_if_still_speaking() {
    for (spoken, wanted) in [(secs(1), "initialSilenceTimeout"), (secs(3), "maxSilenceTimeout")] {
        let mut player = Player::default();
        player.speak(spoken);
        player.record(1, RecordJob { prompt: Some(uri("p")), beep: false, ..record() });
        player.fetch_all(secs(2));
        player.wait(secs(100));
        assert_eq!(player.ends()[0].2.reason, wanted);
    }
}

/// 200/8514. Other keys, and keys before the recording runs, do nothing.
#[test]
fn a_stop_tone_ends_the_recording_that_runs() {
    let mut player = Player::default();
    player.record(1, RecordJob { stop_tones: vec![Tone::Pound, Tone::Tone1], ..record() });
    player.press(&Tone::Pound);
    player.wait(secs(1));
    player.press(&Tone::Star);
    assert_eq!(player.ends(), []);
    player.press(&Tone::Tone1);
    let (at, _, end) = &player.ends()[0];
    assert_eq!((*at, seen(end)), (secs(1), (true, 200, 8514, "stopToneDetected", true)));
    let text = "Action completed as stop tone was detected.";
    assert_eq!(end.result.message.as_deref(), Some(text));
    player.press(&Tone::Tone1);
    assert_eq!(player.ends().len(), 1, "a second key finds nothing to end");
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// pauses in what is said are silence, too, and what would come behind one that is too long is not waited for.
#[test]
fn a_pause_that_is_too_long_ends_a_recording() {
    for (pieces, ends_after) in [
        (&[(0, 1_000), (2_500, 3_000)][..], 5_000),
        (&[(0, 1_000), (3_500, 4_000)], 3_000),
        (&[(500, 1_000), (900, 1_500), (3_499, 3_600)], 5_600),
        (&[], 1_500),
        (&[(1_500, 9_000)], 1_500),
    ] {
        let mut player = Player::default();
        let (initial_silence, max_duration) = (ms(1_500), secs(60));
        player.record(1, RecordJob { initial_silence, max_duration, beep: false, ..record() });
        let began = player.now;
        for (from, until) in pieces {
            player.queue.speech(began, began + ms(*from), began + ms(*until));
        }
        player.wait(ms(ends_after - 1));
        assert!(player.ends().is_empty(), "{pieces:?}");
        player.wait(ms(1));
        assert_eq!(player.ends().len(), 1, "{pieces:?}");
    }
}

/// a key is no speech.
#[test]
fn keys_do_not_break_the_silence() {
    let mut player = Player::default();
    player.record(1, RecordJob { beep: false, ..record() });
    player.wait(secs(4));
    player.press(&Tone::Star);
    player.wait(secs(100));
    assert_eq!((player.ends()[0].0, player.ends()[0].2.reason), (secs(5), "initialSilenceTimeout"));
}

/// 500/8511 for a record.
#[test]
fn a_record_whose_prompt_is_bad_fails() {
    for error in [FetchError::Download, FetchError::Format] {
        let mut player = Player::default();
        player.record(1, RecordJob { prompt: Some(uri("p")), ..record() });
        player.play(2, &["a"]);
        player.fail_all(error);
        let (_, _, end) = &player.ends()[0];
        assert_eq!(seen(end), (false, 500, 8511, "playPromptFailed", false));
        let text = "Action failed, encountered failure while trying to play the prompt.";
        assert_eq!(end.result.message.as_deref(), Some(text));
        assert_eq!(player.fetch_all(secs(1)), ["a"], "the queue goes on");
        assert_eq!(player.ends().len(), 1);
    }
}

/// R-233, with both settings of its switch.
#[test]
fn a_bad_prompt_fails_its_operation_or_completes_it_as_seen() {
    let failed = [
        (FetchError::Format, 8535, "Action failed, invalid file format."),
        (FetchError::Download, 8536, "Action failed, file download failed."),
    ];
    for (error, subcode, text) in failed {
        let mut player = Player::default();
        player.play(1, &["a", "b"]);
        player.fail_all(error);
        let (_, _, end) = &player.ends()[0];
        assert_eq!(seen(end), (false, 400, subcode, "unknown", false));
        assert_eq!(end.result.message.as_deref(), Some(text));
        assert_eq!(player.wanted, [], "what comes behind a bad prompt is not even loaded");

        let options = QueueOptions { bad_prompts_complete: true, ..QueueOptions::default() };
        let mut player = Player::with(options);
        player.play(1, &["a"]);
        player.fail_all(error);
        assert_eq!(seen(&player.ends()[0].2), (true, 200, 0, "unknown", false));
    }
}

/// with both settings of the switch.
#[test]
fn cancelling_ends_all_in_the_order_of_the_queue() {
    let record_ends = RECORD_CANCELLED;
    let completed = (true, 200, 0, "mediaOperationCanceled", false);
    for (complete, prompt_ends) in [(false, PROMPT_CANCELLED), (true, completed)] {
        let mut player = Player::with(QueueOptions {
            cancelled_prompts_complete: complete,
            ..QueueOptions::default()
        });
        player.record(1, RecordJob { beep: false, ..record() });
        player.play(2, &["a"]);
        player.record(3, record());
        player.wait(secs(1));
        player.cancel();
        let ends: Vec<_> = player.ends().iter().map(|(_, id, end)| (*id, seen(end))).collect();
        assert_eq!(ends, [(id(1), record_ends), (id(2), prompt_ends), (id(3), record_ends)]);
        assert_eq!(player.notes.last(), Some(&(secs(1), MediaEvent::RecordEnded(id(1), false))));
        let text = "Action failed, the operation was cancelled.";
        assert_eq!(player.ends()[0].2.result.message.as_deref(), Some(text));
        player.play(4, &["b"]);
        assert_eq!(player.fetch_all(secs(1)), ["b"], "the queue is free again");
        player.cancel();
        assert_eq!(player.notes.last(), Some(&(secs(1), MediaEvent::PromptEnded(id(4)))));
        player.cancel();
        assert_eq!(player.ends().len(), 4, "nothing is left to cancel");
    }
}

///
#[test]
fn a_record_that_barges_in_is_next() {
    let mut player = Player::default();
    player.play(1, &["a"]);
    player.fetch_all(secs(10));
    player.record(2, record());
    player.wait(secs(1));
    player.record(3, RecordJob { barge_in: true, beep: false, ..record() });
    let ends: Vec<_> = player.ends().iter().map(|(at, id, _)| (*at, *id)).collect();
    assert_eq!(ends, [(secs(1), id(1)), (secs(1), id(2))]);
    assert_eq!(player.notes.last(), Some(&(secs(1), MediaEvent::RecordBegan(id(3)))));
    player.record(4, RecordJob { beep: false, ..record() });
    player.wait(secs(1));
    assert_eq!(player.ends().len(), 2, "without barge-in it waits");
}

/// the key decides, and the first download of a key stays.
#[test]
fn a_resource_is_downloaded_once() {
    let keyed = |uri: &str| Prompt { uri: uri.into(), resource_id: Some("k".into()) };
    let mut player = Player::default();
    let asked = player.queue.prefetch([keyed("a"), keyed("a"), keyed("b"), uri("c")]);
    assert_eq!(asked, [Wish::Fetch(keyed("a"))], "once a key; without a key there is no cache");
    player.grant(secs(0), asked);
    player.push(1, Job::Play { prompts: [keyed("a")].into(), endless: false });
    assert_eq!(player.wanted.len(), 1, "the download under way will do");
    player.fetch_all(secs(1));
    player.wait(secs(1));
    player.push(2, Job::Play { prompts: [keyed("b"), keyed("a")].into(), endless: false });
    assert_eq!(player.wanted, []);
    assert_eq!(player.notes.last(), Some(&(secs(1), MediaEvent::PromptBegan(id(2), keyed("a")))));
    player.wait(secs(2));
    assert_eq!(player.ends().last().unwrap().0, secs(3));
    assert_eq!(player.queue.prefetch([keyed("a")]), []);
}

/// another URI under the same key is not waited for.
#[test]
fn a_key_that_arrives_from_elsewhere_is_played() {
    let keyed = |uri: &str| Prompt { uri: uri.into(), resource_id: Some("k".into()) };
    let mut player = Player::default();
    let asked = player.queue.prefetch([keyed("a")]);
    player.grant(secs(0), asked);
    player.push(1, Job::Play { prompts: [keyed("b")].into(), endless: false });
    assert_eq!(player.fetch_all(secs(4)), ["a", "b"]);
    player.wait(secs(100));
    let wanted = [
        (secs(0), MediaEvent::PromptBegan(id(1), keyed("a"))),
        (secs(4), MediaEvent::PromptEnded(id(1))),
    ];
    assert_eq!(player.notes, wanted, "the late download of the other URI changes nothing");
    assert_eq!(player.ends().len(), 1);
}

///
#[test]
fn the_end_of_the_call_ends_no_operation() {
    let mut player = Player::default();
    player.record(1, RecordJob { beep: false, ..record() });
    player.play(2, &["a"]);
    player.wait(secs(1));
    player.hang_up();
    assert_eq!(player.notes.last(), Some(&(secs(1), MediaEvent::RecordEnded(id(1), false))));
    assert_eq!(player.ends(), []);
    assert_eq!(player.queue, MediaQueue::default());
}

#[test]
fn the_queue_has_a_limit() {
    let mut player = Player::default();
    for n in 0..=WAITING_MAX {
        player.play(n as u128, &["a"]);
    }
    let full = player.queue.push(player.now, id(999), Job::Record(Box::new(record())));
    assert_eq!(full, Err(Full));
    player.record(1_000, RecordJob { barge_in: true, ..record() });
    assert_eq!(player.ends().len(), WAITING_MAX + 1, "who barges in makes room");
}

/// Lengths of nothing end, in order, and time always moves.
#[test]
fn prompts_of_no_length_come_to_an_end() {
    let mut player = Player::default();
    player.push(1, Job::Play { prompts: VecDeque::new(), endless: true });
    assert_eq!(player.ends().len(), 1, "nothing to play is played at once, even endlessly");
    player.play(2, &["a", "b"]);
    player.fetch_all(Duration::ZERO);
    player.wait(Duration::from_nanos(1));
    player.fetch_all(Duration::ZERO);
    player.wait(Duration::from_nanos(1));
    assert_eq!(player.ends().len(), 2);
}
