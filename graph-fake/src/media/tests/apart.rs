//! Who is heard apart, in which format, and what both ends report.

use media::{
    FIXED_LEN,
    audio::{Pcm44KStereo, SAMPLES_44K},
    transport::{PT_AUDIO, PT_STEREO},
};

use super::*;

fn room() -> ConferenceId {
    ConferenceId(Guid::from_u128(77))
}

/// Contract, media section 2: the loudest four one by one, and no mixed audio.
#[test]
fn the_loudest_are_heard_apart() {
    let mut stage = Stage::of(vec![Bot::with(1, r#", "unmixed": true"#), Bot::new(2)]);
    stage.facts.conference = Some(room());
    for n in [1, 2] {
        stage.sound.note(stage.now, call(n), &MediaEvent::Entered(room()));
    }
    stage.pass(10);
    // Three at once: nobody could read that in a mix.
    for n in 1..=3 {
        stage.says(1, Guid::from_u128(n), 100 + n as u32);
    }
    stage.bots[1].say(42);
    stage.pass(80);
    let heard = |stage: &Stage| -> Vec<(u32, Vec<u32>)> {
        stage.bots[0].apart.iter().map(|(who, (_, heard))| (*who, heard.clone())).collect()
    };
    let wanted: [(u32, &[u32]); 4] = [(10, &[101]), (20, &[102]), (30, &[103]), (200, &[42])];
    assert_eq!(heard(&stage), wanted.map(|(who, markers)| (who, markers.to_vec())));
    assert_eq!(stage.bots[0].together, 4);
    let shown = stage.plane.shown(call(1)).unwrap();
    assert_eq!((shown.packets_sent, &stage.bots[0].markers[..]), (0, &[][..]), "nothing is mixed");
    for n in 1..=9 {
        stage.says(1, Guid::from_u128(n), 200 + n as u32);
    }
    stage.pass(80);
    assert_eq!(stage.bots[0].together, 4, "no more than four");
}

/// In a call of two there is nobody to be told from.
#[test]
fn a_call_of_two_has_one_stream() {
    let mut stage = Stage::of(vec![Bot::with(1, r#", "unmixed": true"#)]);
    stage.pass(10);
    stage.says(1, ALICE, 5);
    stage.pass(60);
    assert_eq!((&stage.bots[0].markers[..], stage.bots[0].apart.len()), (&[5][..], 0));
    // It becomes a conference: from now on they are heard apart.
    stage.facts.conference = Some(room());
    stage.pass(10);
    stage.says(1, ALICE, 6);
    stage.pass(60);
    assert_eq!((&stage.bots[0].markers[..], &stage.bots[0].apart[&10].1[..]), (&[5][..], &[6][..]));
}

#[test]
fn stereo_goes_both_ways() {
    let mut stage = Stage::of(vec![Bot::with(1, r#", "format": "Pcm44KStereo""#)]);
    stage.pass(10);
    stage.says(1, ALICE, 7);
    stage.bots[0].say(8);
    stage.pass(80);
    assert_eq!((&stage.bots[0].markers[..], stage.heard_by(1, BOB)), (&[7][..], vec![7, 8]));
    assert_eq!(stage.bots[0].speakers.len(), 0);
    let mut datagrams = Vec::new();
    let now = Duration::from_nanos(stage.now.as_nanos());
    stage.bots[0].media.send_stereo(&Pcm44KStereo([[1, -1]; SAMPLES_44K]));
    stage.bots[0].media.transmit(now, |datagram| datagrams.push(datagram.to_vec()));
    let audio: Vec<&Vec<u8>> = datagrams.iter().filter(|one| one[1] & 0x7f == PT_STEREO).collect();
    assert_eq!(audio.len(), 3, "three packets");
    assert!(audio.iter().all(|one| one.len() == FIXED_LEN + 294 * 4));
    let first: Vec<bool> = audio.iter().map(|one| one[1] & 0x80 != 0).collect();
    assert_eq!(first, [true, false, false]);
    assert_eq!(audio[0][FIXED_LEN..FIXED_LEN + 4], [0, 1, 0xff, 0xff], "left, then right");
    let shown = stage.plane.shown(call(1)).unwrap();
    assert_eq!((shown.lost, shown.dropped), (0, [0; 5]));
}

/// RFC 3550 section 6.4, each way.
#[test]
fn both_ends_report_what_arrives() {
    let mut stage = Stage::new(1);
    stage.pass(200);
    let shown = stage.plane.shown(call(1)).unwrap();
    let (from, to) = (&shown.from_bot[0], &shown.to_bot[0]);
    assert_eq!((from.channel, from.lost, from.reported), ("audio", 0, true));
    assert_eq!((to.lost, to.loss, to.reported), (0, 0.0, true));
    assert!(from.packets > 180 && to.packets > 180 && to.bytes > 180 * 640, "{shown:?}");
    assert!(to.round_trip_ms.is_some_and(|ms| ms < 21.0), "{to:?}");
    let there = stage.bots[0].media.report_to(1_000);
    assert!(there.reported && there.lost == 0 && there.round_trip.is_some(), "{there:?}");
    stage.lossy = Some(8);
    stage.pass(300);
    let shown = stage.plane.shown(call(1)).unwrap();
    for one in [&shown.from_bot[0], &shown.to_bot[0]] {
        assert!((0.08..0.18).contains(&one.loss), "{one:?}");
        assert!((20..60).contains(&one.lost), "{one:?}");
    }
    let there = stage.bots[0].media.report_to(1_000);
    assert!(there.lost >= 20, "{there:?}");
}

/// R-088: two bots that talk, without a conference.
#[test]
fn two_bots_in_a_call_of_two_hear_each_other() {
    let mut stage = Stage::new(2);
    stage.facts.twin = Some(call(1));
    stage.pass(10);
    stage.bots[0].say(12);
    stage.pass(60);
    assert_eq!((&stage.bots[1].markers[..], &stage.bots[0].markers[..]), (&[12][..], &[][..]));
}

/// R-082: who waits hears nothing of the meeting.
#[test]
fn nobody_is_heard_from_the_lobby() {
    let mut stage = Stage::new(2);
    for n in [1, 2] {
        stage.sound.note(stage.now, call(n), &MediaEvent::Entered(room()));
    }
    (stage.facts.conference, stage.facts.in_lobby) = (Some(room()), true);
    stage.pass(10);
    stage.bots[0].say(1);
    stage.pass(60);
    assert!(stage.bots[1].markers.is_empty());
    stage.facts.in_lobby = false;
    stage.bots[0].say(2);
    stage.pass(60);
    assert_eq!(stage.bots[1].markers, [2]);
}

/// Whoever does not want to hear is sent nothing, and what it did not want to send, or may not send now, is dropped: also of
/// a bot that does not keep to it.
#[test]
fn directions_are_kept_to() {
    for (direction, hears, is_heard) in [
        ("sendReceive", true, true),
        ("receiveOnly", true, false),
        ("sendOnly", false, true),
        ("inactive", false, false),
    ] {
        let audio = format!(r#", "direction": "{direction}""#);
        let mut stage = Stage::of(vec![Bot::with(1, &audio)]);
        stage.pass(10);
        stage.says(1, ALICE, 3);
        stage.bots[0].say(4);
        stage.pass(60);
        assert_eq!(!stage.bots[0].markers.is_empty(), hears, "{direction}");
        assert_eq!(stage.heard_by(1, BOB).contains(&4), is_heard, "{direction}");
        let sent = stage.plane.shown(call(1)).unwrap().packets_sent;
        assert_eq!(sent > 0, hears, "{direction}");
        for active in [true, false] {
            stage.facts.active = active;
            stage.pass(1);
            let mut loud = vec![0x80, PT_AUDIO, 0x40, 0, 0, 9, 9, 9, 0, 0, 0x03, 0xe8];
            loud.resize(FIXED_LEN + 640, 0x11);
            let before = stage.plane.shown(call(1)).unwrap();
            let from = stage.bots[0].address();
            stage.plane.receive(stage.now, from, &loud);
            let after = stage.plane.shown(call(1)).unwrap();
            let taken = after.packets_received - before.packets_received;
            let dropped = after.dropped[4] - before.dropped[4];
            let may = u64::from(is_heard && active);
            assert_eq!((taken, dropped), (may, 1 - may), "{direction}, {active}");
        }
    }
}
