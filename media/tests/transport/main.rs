//! Both ends of the open transport (docs/media-transport.md), with nothing between them but what a test puts there.

mod video;

use std::{net::SocketAddr, time::Duration};

use media::{
    audio::{FRAME_PERIOD, Marker, MarkerDetector, Pcm16K, SAMPLES_16K, Tone},
    transport::{Blob, BotEvent, BotMedia, Dropped, Drops, Leg},
};
use proptest::prelude::*;

const BOT: &str = "127.0.0.1:50000";
const PLATFORM: &str = "127.0.0.1:40000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn blob(audio: &str) -> Blob {
    let text = format!(
        r#"{{"rehearsal": {{"v": 1, "address": "{BOT}", "session": "{}", "audio": {audio}}}}}"#,
        "0f".repeat(16)
    );
    Blob::read(&text).unwrap().unwrap()
}

struct Pair {
    bot: BotMedia,
    leg: Leg,
    now: Duration,
}

impl Pair {
    fn new(audio: &str) -> Self {
        let (bot, now) = (BotMedia::new(blob(audio)), Duration::ZERO);
        Self { bot, leg: Leg::new(now, "call", blob(audio), 7_000), now }
    }

    /// What each sends the other hears; how many datagrams that were.
    fn exchange(&mut self) -> usize {
        let Self { bot, leg, now } = self;
        let mut count = 0;
        leg.transmit(*now, |datagram| {
            count += 1;
            bot.receive(*now, at(PLATFORM), datagram).unwrap();
        });
        bot.transmit(*now, |datagram| {
            count += 1;
            let _ = leg.receive(*now, at(BOT), datagram);
        });
        count
    }

    fn established() -> Self {
        let mut pair = Self::new(r#"{"ssrc": 1000}"#);
        pair.leg.set_active(pair.now, true);
        pair.exchange();
        pair.exchange();
        while pair.bot.poll().is_some() {}
        pair
    }
}

/// The frames of a marker, and what hears them.
fn marked(id: u32) -> (Vec<Pcm16K>, MarkerDetector) {
    let samples = Marker::new(id).unwrap().samples();
    let frames = samples.as_chunks::<SAMPLES_16K>().0.iter().map(|chunk| Pcm16K(*chunk));
    (frames.collect(), MarkerDetector::new())
}

#[test]
fn a_session_begins_once_and_is_announced_until_the_bot_is_there() {
    let mut leg = Leg::new(Duration::ZERO, "call", blob(r#"{"ssrc": 1000}"#), 7_000);
    let mut announced = Vec::new();
    for ms in (0..2_000).step_by(20) {
        leg.transmit(Duration::from_millis(ms), |datagram| announced.push((ms, datagram.to_vec())));
    }
    let times: Vec<u64> = announced.iter().map(|(ms, _)| *ms).collect();
    assert_eq!(times, [0, 500, 1_000, 1_500]);
    let mut pair = Pair { leg, ..Pair::new(r#"{"ssrc": 1000}"#) };
    pair.now = Duration::from_secs(2);
    assert_eq!(pair.exchange(), 2, "it is announced, and the bot is ready");
    assert_eq!(pair.exchange(), 1, "nothing flows yet");
    assert_eq!(pair.bot.poll(), Some(BotEvent::Began { call_id: "call".to_owned() }));
    assert_eq!((pair.bot.poll(), pair.bot.platform()), (None, Some(at(PLATFORM))));
    pair.now = Duration::from_secs(9);
    assert_eq!(pair.exchange(), 1, "what flows, and no announcement any more");
    assert_eq!(pair.bot.poll(), None, "which is nothing new");
}

#[test]
fn audio_and_keys_arrive_both_ways() {
    let mut pair = Pair::established();
    let (ours, mut heard_by_bot) = marked(0xabcdef);
    let (theirs, mut heard_by_platform) = marked(77);
    let (mut bot_heard, mut platform_heard) = (Vec::new(), Vec::new());
    pair.leg.send_key(pair.now, Tone::from_event(5).unwrap()).unwrap();
    pair.bot.send_key(pair.now, Tone::from_event(10).unwrap()).unwrap();
    for slot in 0..60 {
        pair.now = FRAME_PERIOD * slot;
        let silence = Pcm16K::SILENCE;
        let frame = ours.get(slot as usize).unwrap_or(&silence);
        pair.leg.send_audio(frame, &[11, 12]);
        pair.bot.send_audio(theirs.get(slot as usize).unwrap_or(&silence));
        pair.exchange();
        let (_, frame, speakers) = pair.bot.pull_audio(pair.now);
        assert_eq!(speakers, [11, 12]);
        bot_heard.extend(heard_by_bot.push(pair.now, frame).map(|heard| heard.marker.id()));
        let (_, frame) = pair.leg.pull_audio(pair.now);
        platform_heard
            .extend(heard_by_platform.push(pair.now, frame).map(|heard| heard.marker.id()));
    }
    assert_eq!((bot_heard, platform_heard), (vec![0xabcdef], vec![77]));
    assert_eq!(pair.bot.poll(), Some(BotEvent::Tone(Tone::from_event(5).unwrap())));
    assert_eq!((pair.bot.poll(), pair.leg.pull_key()), (None, Tone::from_event(10)));
    assert_eq!(pair.leg.pull_key(), None);
    assert_eq!(pair.leg.audio_report().jitter.lost, 0);
    assert_eq!(pair.bot.audio_report().jitter.lost, 0);
}

#[test]
fn what_is_sent_before_it_may_be_is_dropped() {
    let mut pair = Pair::new(r#"{"ssrc": 1000}"#);
    pair.exchange();
    pair.exchange();
    pair.bot.send_audio(&Pcm16K::SILENCE);
    assert_eq!(pair.exchange(), 0, "the bot's end discards it");
    pair.leg.set_active(pair.now, true);
    pair.exchange();
    pair.bot.send_audio(&Pcm16K::SILENCE);
    assert_eq!(pair.exchange(), 1);
    // On hold: what is on its way comes too late.
    let mut late = Vec::new();
    pair.bot.send_audio(&Pcm16K::SILENCE);
    pair.bot.transmit(pair.now, |datagram| late.push(datagram.to_vec()));
    pair.leg.set_active(pair.now, false);
    assert_eq!(pair.leg.receive(pair.now, at(BOT), &late[0]), Err(Dropped::Inactive));
    let mut deaf = Pair::new(r#"{"ssrc": 1000, "direction": "sendOnly"}"#);
    deaf.leg.set_active(deaf.now, true);
    deaf.exchange();
    deaf.exchange();
    deaf.leg.send_audio(&Pcm16K::SILENCE, &[]);
    assert_eq!(deaf.exchange(), 0, "who does not listen is not talked to");
}

#[test]
fn strangers_are_counted_and_change_nothing() {
    let mut pair = Pair::established();
    let mut good = Vec::new();
    pair.bot.send_audio(&Pcm16K([1_000; SAMPLES_16K]));
    pair.bot.transmit(pair.now, |datagram| good.push(datagram.to_vec()));
    let good = good.remove(0);
    let before = pair.leg.audio_report();
    let mut forged = good.clone();
    forged[11] ^= 1;
    let mut odd = good.clone();
    odd[1] = 33;
    let (now, leg) = (pair.now, &mut pair.leg);
    assert_eq!(leg.receive(now, at(PLATFORM), &good), Err(Dropped::Source));
    assert_eq!(leg.receive(now, at(BOT), &forged), Err(Dropped::Ssrc));
    assert_eq!(leg.receive(now, at(BOT), &odd), Err(Dropped::Kind));
    assert_eq!(leg.receive(now, at(BOT), &good[..good.len() - 2]), Err(Dropped::Kind));
    assert_eq!(leg.receive(now, at(BOT), &good[..7]), Err(Dropped::Form));
    assert_eq!(leg.audio_report(), before);
    assert_eq!(leg.receive(now, at(BOT), &good), Ok(()));
    assert_eq!(leg.audio_report().jitter.pushed, before.jitter.pushed + 1);
    assert_eq!(leg.drops(), Drops { form: 1, source: 1, ssrc: 1, kind: 2, inactive: 0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes from wherever, nothing panics, and the session goes on.
    #[test]
    fn anything_may_come(
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..20),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut pair = Pair::established();
        let mut real = Vec::new();
        pair.bot.send_audio(&Pcm16K::SILENCE);
        pair.bot.subscribe(-1, Some(5), "HD720p");
        pair.bot.transmit(pair.now, |datagram| real.push(datagram.to_vec()));
        pair.leg.send_audio(&Pcm16K::SILENCE, &[1]);
        pair.leg.transmit(pair.now, |datagram| real.push(datagram.to_vec()));
        for (place, byte) in flips {
            for datagram in &mut real {
                let place = place.index(datagram.len());
                datagram[place] ^= byte;
            }
        }
        let all = datagrams.into_iter().chain(real.into_iter().map(|datagram| (true, datagram)));
        for (right, datagram) in all {
            let from = if right { BOT } else { PLATFORM };
            let _ = pair.leg.receive(pair.now, at(from), &datagram);
            let _ = pair.bot.receive(pair.now, at(PLATFORM), &datagram);
        }
        pair.leg.set_active(pair.now, false);
        pair.leg.set_active(pair.now, true);
        let (frames, mut detector) = marked(5);
        let mut heard = Vec::new();
        // A wrong time in a packet that is right otherwise may cost two seconds, and no more.
        for slot in 0..190_u32 {
            pair.now = Duration::from_secs(1) + FRAME_PERIOD * slot;
            let frame = slot.checked_sub(110).and_then(|slot| frames.get(slot as usize));
            pair.leg.send_audio(frame.unwrap_or(&Pcm16K::SILENCE), &[]);
            pair.exchange();
            let (_, frame, _) = pair.bot.pull_audio(pair.now);
            heard.extend(detector.push(pair.now, frame).map(|heard| heard.marker.id()));
        }
        prop_assert_eq!(heard, vec![5]);
    }
}
