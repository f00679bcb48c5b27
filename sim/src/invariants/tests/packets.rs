//! Wires with media on them.

use std::time::Duration;

use media::audio::{Marker, SAMPLES_16K};
use serde_json::{Value, json};

use super::{
    breaks, is_fine,
    tale::{BOT_MEDIA, CALL, GRAPH, PLATFORM_MEDIA, Tale},
};
use crate::{
    invariants::{Restart, packets},
    wire::Way,
};

/// Of the bot's audio, and of the platform's.
const BOT_SSRC: u32 = 7;
const PLATFORM_SSRC: u32 = 9;
const SILENCE: [i16; SAMPLES_16K] = [0; SAMPLES_16K];

fn answer(address: &str) -> Value {
    let own = json!({"v": 1, "address": address, "session": "5e", "audio": {"ssrc": BOT_SSRC}});
    let blob = json!({ "rehearsal": own }).to_string();
    let kind = "#microsoft.graph.appHostedMediaConfig";
    json!({"mediaConfig": {"@odata.type": kind, "blob": blob}})
}

fn rtp(ssrc: u32, samples: &[i16]) -> Vec<u8> {
    let mut bytes = vec![0x80, 96, 0, 0, 0, 0, 0, 0];
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    bytes
}

fn app(ssrc: u32, message: &Value) -> Vec<u8> {
    let mut text = message.to_string();
    text.extend(std::iter::repeat_n(' ', (4 - text.len() % 4) % 4));
    let words = u16::try_from(text.len() / 4 + 2).unwrap();
    let mut bytes = vec![0x80, 204];
    bytes.extend(words.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(b"RHRS");
    bytes.extend(text.bytes());
    bytes
}

fn announcement(call: &str) -> Vec<u8> {
    let session = json!({"session": "5e", "callId": call, "audio": PLATFORM_SSRC});
    app(PLATFORM_SSRC, &json!({ "session": session }))
}

fn status(send: &str) -> Vec<u8> {
    let status = json!({"channel": "audio", "send": send, "receive": send});
    app(PLATFORM_SSRC, &json!({ "status": status }))
}

impl Tale {
    /// Alice has rung, the bot has answered with media of its own, which has been announced.
    fn announced() -> Self {
        let mut tale = Self::new();
        tale.rings(json!({"state": "incoming"}));
        tale.asks("/answer", answer(BOT_MEDIA), 202, Value::Null);
        tale.told(announcement(CALL));
        tale.packet(false, app(BOT_SSRC, &json!({"ready": {"session": "5e"}})));
        tale.updated(json!({"state": "establishing"}));
        tale.updated(json!({"state": "established"}));
        tale
    }

    /// And audio flows.
    fn with_audio() -> Self {
        let mut tale = Self::announced();
        tale.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
        tale.told(status("active"));
        tale.flows(100, true, true);
        tale
    }

    fn slot(&mut self, platform: Option<&[i16]>, bot: Option<&[i16]>) {
        if let Some(samples) = platform {
            self.packet(true, rtp(PLATFORM_SSRC, samples));
        }
        if let Some(samples) = bot {
            self.packet(false, rtp(BOT_SSRC, samples));
        }
        self.at = self.at + Duration::from_millis(20);
    }

    /// Silence for so many slots of 20 ms, from the platform, from the bot.
    fn flows(&mut self, slots: usize, platform: bool, bot: bool) {
        for _ in 0..slots {
            self.slot(platform.then_some(&SILENCE), bot.then_some(&SILENCE));
        }
    }

    /// The platform sends a marker to the bot, or (`false`) the bot says one.
    fn sounds(&mut self, marker: u32, by_platform: bool) {
        let samples = Marker::new(marker).unwrap().samples();
        for frame in samples.as_chunks::<SAMPLES_16K>().0 {
            let (one, other): (&[i16], &[i16]) =
                if by_platform { (frame, &SILENCE) } else { (&SILENCE, frame) };
            self.slot(Some(one), Some(other));
        }
        self.flows(5, true, true);
    }

    fn says(&mut self, call: &str, marker: u32) {
        let say = json!({"by": "u1", "action": "speak", "markerId": marker});
        self.control("POST", &format!("/calls/{call}/actions"), say, 202, Value::Null);
    }

    fn told_heard(&mut self, markers: Value) {
        let path = format!("/calls/{CALL}/heard/u1.json");
        self.control("GET", &path, Value::Null, 200, json!({ "markers": markers }));
    }
}

#[test]
fn a_conversation_is_fine() {
    let mut tale = Tale::with_audio();
    tale.says(CALL, 1);
    tale.sounds(1, true);
    tale.sounds(1 | 0x80_0000, false);
    tale.told_heard(json!([{"markerId": 1 | 0x80_0000, "atMs": 0}]));
    tale.flows(600, true, true);
    tale.hangs_up();
    tale.ends();
    is_fine(&tale);
}

#[test]
fn media_goes_to_who_may_have_it() {
    let undeclared = {
        let mut tale = Tale::of_two();
        tale.packet(true, announcement(CALL));
        tale
    };
    let refused = {
        let mut tale = Tale::new();
        tale.rings(json!({"state": "incoming"}));
        tale.asks("/answer", answer(BOT_MEDIA), 403, json!({"error": {"code": "7504"}}));
        tale.packet(true, announcement(CALL));
        tale
    };
    let of_another = {
        let mut tale = Tale::announced();
        tale.packet(true, announcement("c2"));
        tale
    };
    let unannounced = {
        let mut tale = Tale::with_audio();
        tale.packet(true, rtp(8, &SILENCE));
        tale
    };
    let elsewhere = {
        let mut tale = Tale::with_audio();
        let ends = (PLATFORM_MEDIA, "10.0.0.3:50000");
        tale.datagram(GRAPH, Way::Sent, ends, rtp(PLATFORM_SSRC, &SILENCE));
        tale
    };
    let ended = {
        let mut tale = Tale::with_audio();
        tale.hangs_up();
        tale.ends();
        tale.packet(true, rtp(PLATFORM_SSRC, &SILENCE));
        tale
    };
    let early = {
        let mut tale = Tale::announced();
        tale.flows(30, true, false);
        tale
    };
    let held = {
        let mut tale = Tale::with_audio();
        tale.updated(json!({"state": "established", "mediaState": {"audio": "inactive"}}));
        tale.told(status("inactive"));
        is_fine(&tale);
        tale.flows(30, true, false);
        tale
    };
    let noise = {
        let mut tale = Tale::with_audio();
        tale.packet(true, b"RTP".to_vec());
        tale
    };
    for tale in [undeclared, refused, of_another, unannounced, elsewhere, ended, early, held, noise]
    {
        breaks(&tale, packets::TO_WHOM);
    }
}

#[test]
fn the_bot_sends_when_it_may() {
    let mut early = Tale::announced();
    early.updated(json!({"state": "established", "mediaState": {"audio": "active"}}));
    early.slot(Some(&SILENCE), Some(&SILENCE));
    let mut held = Tale::with_audio();
    held.updated(json!({"state": "established", "mediaState": {"audio": "inactive"}}));
    held.told(status("inactive"));
    held.flows(20, false, true);
    is_fine(&held);
    held.flows(10, false, true);
    let mut undeclared = Tale::with_audio();
    undeclared.packet(false, rtp(8, &SILENCE));
    let mut over = Tale::with_audio();
    over.hangs_up();
    over.ends();
    over.flows(40, false, true);
    is_fine(&over);
    over.flows(20, false, true);
    let mut anew = Tale::with_audio();
    let (down, up) = (anew.at, anew.at + Duration::from_secs(1));
    anew.facts.restarts = vec![Restart { down, up }];
    anew.facts.plan.network = true;
    anew.wait(2);
    let mut told = anew.clone();
    told.told(status("active"));
    told.packet(false, rtp(BOT_SSRC, &SILENCE));
    is_fine(&told);
    anew.packet(false, rtp(BOT_SSRC, &SILENCE));
    for tale in [early, held, undeclared, over, anew] {
        breaks(&tale, packets::FROM_WHOM);
    }
}

#[test]
fn media_flows_while_it_may() {
    for (platform, bot) in [(true, false), (false, true)] {
        let mut tale = Tale::with_audio();
        tale.flows(70, platform, bot);
        is_fine(&tale);
        tale.flows(10, platform, bot);
        breaks(&tale, packets::FLOWS);
    }
    let mut unheard = Tale::with_audio();
    unheard.says(CALL, 1);
    unheard.flows(410, true, true);
    breaks(&unheard, packets::FLOWS);
    let mut together = Tale::with_audio();
    together.says(CALL, 1);
    together.says(CALL, 2);
    together.flows(600, true, true);
    is_fine(&together);
}

#[test]
fn a_marker_is_answered() {
    let mut tale = Tale::with_audio();
    tale.says(CALL, 1);
    tale.sounds(1, true);
    tale.flows(410, true, true);
    breaks(&tale, packets::ANSWERS);
}

#[test]
fn sound_stays_in_its_call() {
    let mut elsewhere = Tale::with_audio();
    elsewhere.says("c2", 1);
    elsewhere.sounds(1, true);
    let mut muted = Tale::with_audio();
    muted.acts(json!({"by": "u1", "action": "mute"}));
    muted.says(CALL, 1);
    let mut unmuted = muted.clone();
    unmuted.acts(json!({"by": "u1", "action": "unmute"}));
    unmuted.says(CALL, 1);
    unmuted.sounds(1, true);
    is_fine(&unmuted);
    muted.sounds(1, true);
    let mut echo = Tale::with_audio();
    echo.sounds(0x60_0001, false);
    echo.sounds(0x60_0001, true);
    let mut told = Tale::with_audio();
    told.says("c2", 1);
    told.told_heard(json!([{"markerId": 5, "atMs": 0}]));
    is_fine(&told);
    told.told_heard(json!([{"markerId": 1, "atMs": 0}]));
    let mut silenced = Tale::with_audio();
    silenced.acts(json!({"by": "u1", "action": "muteBot"}));
    silenced.sounds(0x60_0001, false);
    is_fine(&silenced);
    silenced.told_heard(json!([{"markerId": 0x60_0001, "atMs": 0}]));
    for tale in [elsewhere, muted, echo, told, silenced] {
        breaks(&tale, packets::STAYS);
    }
}
