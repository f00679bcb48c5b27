//! In which quality somebody is seen.

use super::video::{Stage, bot, person};
use media::transport::BotEvent;

fn formats(stage: &Stage) -> Vec<Option<String>> {
    let mut told = Vec::new();
    for event in &stage.bots[0].events {
        if let BotEvent::Subscribed { format, .. } = event {
            told.push(format.clone());
        }
    }
    told
}

/// The width of every picture, and the longest time between two, in milliseconds.
fn watched(stage: &mut Stage, slots: u64) -> (Vec<usize>, u64) {
    let before = stage.bots[0].seen.len();
    stage.pass(slots);
    let from = before.saturating_sub(1);
    let times = stage.bots[0].seen[from..].windows(2).map(|pair| pair[1].2 - pair[0].2);
    (stage.bots[0].widths[before..].to_vec(), times.max().unwrap_or(u64::MAX))
}

/// Contract, media section 3.1: what was asked for if that can be, else less; a change begins with a key frame, and shows
/// no gap.
#[test]
fn a_person_is_seen_as_well_as_the_bot_can_take() {
    let mut stage = Stage::new(1);
    stage.senders = vec![person(11, false)];
    stage.pass(10);
    stage.bots[0].media.subscribe(0, Some(11), "HD1080p");
    stage.pass(10);
    let (widths, _) = watched(&mut stage, 40);
    assert!(widths.len() > 8 && widths.iter().all(|width| *width == 1_280), "{widths:?}");
    stage.bots[0].media.limit_receive(0, 300_000);
    let (widths, gap) = watched(&mut stage, 60);
    assert!(gap <= 200 && widths.last() == Some(&640), "{gap} ms, {widths:?}");
    stage.bots[0].media.subscribe(0, Some(11), "SD180p");
    let (widths, gap) = watched(&mut stage, 60);
    assert!(gap <= 200 && widths.last() == Some(&320), "{gap} ms, {widths:?}");
    stage.bots[0].media.limit_receive(0, 10_000);
    stage.pass(5);
    assert!(watched(&mut stage, 50).0.is_empty(), "not even that");
    stage.bots[0].media.limit_receive(0, 5_000_000);
    stage.bots[0].media.subscribe(0, Some(11), "HD720p");
    let (widths, _) = watched(&mut stage, 60);
    assert_eq!(widths.last(), Some(&1_280));
    let told = ["1280x720@15", "640x360@15", "320x180@15", "", "1280x720@15"];
    let told: Vec<Option<String>> =
        told.iter().map(|one| Some((*one).to_owned()).filter(|one| !one.is_empty())).collect();
    let mut heard = formats(&stage);
    heard.dedup();
    assert_eq!(heard, told);
    let stats = stage.bots[0].media.video_stats(0).unwrap();
    assert_eq!((stats.lost_packets, stats.lost_frames), (0, 0), "{stats:?}");
}

/// What the bot reports as lost is sent smaller; when nothing is lost any more, in full again, but not at once.
#[test]
fn a_lossy_way_gets_less() {
    let mut stage = Stage::new(1);
    stage.senders = vec![person(11, false)];
    stage.pass(10);
    stage.bots[0].media.subscribe(0, Some(11), "HD720p");
    stage.pass(20);
    stage.lossy = Some(3);
    stage.pass(600);
    let last = formats(&stage).pop().unwrap();
    assert_eq!(last.as_deref(), Some("320x180@15"), "{:?}", formats(&stage));
    stage.lossy = None;
    let (widths, _) = watched(&mut stage, 200);
    assert!(widths.iter().all(|width| *width == 320), "patience");
    stage.pass(2_000);
    assert_eq!(formats(&stage).pop().unwrap().as_deref(), Some("1280x720@15"));
}

/// `MediaStreamQualityChanged`.
#[test]
fn a_frozen_picture_is_told_and_its_end_too() {
    let mut stage = Stage::new(2);
    stage.senders = vec![bot(1), bot(2)];
    stage.bots[1].sends = true;
    stage.pass(10);
    stage.bots[0].media.subscribe(0, Some(200), "SD180p");
    stage.pass(100);
    let quality = |stage: &Stage| -> Vec<bool> {
        let events = stage.bots[0].events.iter();
        events
            .filter_map(|e| matches!(e, BotEvent::Quality { .. }).then_some(*e == frozen()))
            .collect()
    };
    assert!(quality(&stage).is_empty());
    stage.bots[1].sends = false;
    stage.pass(50);
    assert!(quality(&stage).is_empty(), "not yet");
    stage.pass(50);
    assert_eq!(quality(&stage), [true], "told once");
    stage.bots[1].sends = true;
    stage.pass(20);
    assert_eq!(quality(&stage), [true, false]);
    // On hold nothing freezes.
    stage.facts.active = false;
    stage.pass(100);
    stage.facts.active = true;
    stage.pass(40);
    assert_eq!(quality(&stage), [true, false]);
}

const fn frozen() -> BotEvent {
    BotEvent::Quality { socket: 0, frozen: true }
}
