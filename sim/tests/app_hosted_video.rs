//! A whole app-hosted call in the simulator, with video: it begins between two, becomes a conference, people turn their
//! cameras on, speak and share, and the bot sees, is seen, and is muted. Packet by packet over links, in virtual time.

use std::{collections::BTreeMap, future::Future, time::Duration};

use bot_reference::{Flaw, Hosting, Keys, Settings};
use graph_api::Guid;
use graph_fake::config::{APP, USERS};
use media::{
    AssemblerConfig, Barcode, DecoderLimits, FrameAssembler, H264Decoder, I420, RtpPacket,
    transport::{PT_VIDEO, is_rtcp},
};
use seam::HttpClient;
use serde_json::{Value, json};
use sim::{
    CONTROL_URL, GRAPH_HOST, Rehearsal, Seat, WorldReport, bot_url,
    link::{Jitter, LinkConfig, Loss},
    rehearse,
    wire::{Way, Wire},
};

const ALICE: Guid = USERS[0].1;
const BOB: Guid = USERS[1].1;
const CAROL: Guid = USERS[2].1;
/// What the bot adds to a marker that it has heard.
const ANSWERED: u64 = 0x80_0000;

/// Everybody but the bot.
struct People {
    seat: Seat,
    client: HttpClient,
    call: String,
}

impl People {
    async fn send(&self, method: &str, url: &str, body: Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", "application/json")
            .body(if body.is_null() { String::new() } else { body.to_string() }.into())
            .unwrap();
        let response = self.client.send(request).await.expect("it answers");
        assert!(response.status().is_success(), "{url}: {response:?}");
        serde_json::from_slice(response.body()).unwrap_or_default()
    }

    /// What the control API shows of this call.
    async fn shows(&self, what: &str) -> Value {
        let url = format!("{CONTROL_URL}/calls/{}{what}", self.call);
        self.send("GET", &url, Value::Null).await
    }

    /// Somebody does something, and time passes.
    async fn acts(&self, by: Guid, action: Value, ms: u64) {
        let mut body = json!({"by": by});
        body.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        let url = format!("{CONTROL_URL}/calls/{}/actions", self.call);
        self.send("POST", &url, body).await;
        self.passes(ms).await;
    }

    async fn passes(&self, ms: u64) {
        let until = self.seat.true_time() + Duration::from_millis(ms);
        self.seat.clock.sleep_until(until).await;
    }

    /// What the bot says of the media of its call.
    async fn bot(&self) -> Value {
        let health = self.send("GET", &format!("{}/health", bot_url()), Value::Null).await;
        let live = health["media"]["live"].as_array().unwrap();
        live.iter().find(|one| one["callId"] == self.call.as_str()).unwrap().clone()
    }

    /// The ids of the answers that somebody heard.
    async fn answers(&self, who: Guid) -> Vec<u64> {
        let heard = self.shows(&format!("/heard/{who}.json")).await;
        let ids = heard["markers"].as_array().unwrap().iter();
        let ids = ids.map(|one| one["markerId"].as_u64().unwrap());
        ids.filter(|id| id & ANSWERED != 0).map(|id| id - ANSWERED).collect()
    }
}

/// What was found in a story.
#[derive(Debug, Default)]
struct Found {
    /// What the bot says of the media of its call, at each point of the story.
    bot: Vec<Value>,
    /// The call's participants, as the platform has them.
    roster: Value,
    /// Answers that each heard.
    answers: Vec<Vec<u64>>,
    /// What the platform says of the media.
    media: Value,
    /// What people saw of the bot: its camera and its screen.
    seen: Value,
}

impl People {
    async fn ring(seat: Seat, to: Value) -> Self {
        let client = HttpClient::new(seat.network.clone(), Duration::from_secs(20));
        let mut people = Self { seat, client, call: String::new() };
        let kinds = ["audio", "video", "videoBasedScreenSharing"];
        let ring = json!({"from": {"user": ALICE}, "to": to, "modalities": kinds});
        let made = people.send("POST", &format!("{CONTROL_URL}/calls"), ring).await;
        people.call = made["callId"].as_str().unwrap().to_owned();
        people.passes(6_000).await;
        people
    }

    async fn speaks(&self, who: Guid, marker: u32) {
        self.acts(who, json!({"action": "speak", "markerId": marker}), 2_000).await;
    }

    async fn does(&self, who: Guid, action: &str, ms: u64) {
        self.acts(who, json!({"action": action}), ms).await;
    }

    async fn presses(&self, who: Guid, tone: &str, ms: u64) {
        self.acts(who, json!({"action": "dtmf", "tones": [tone]}), ms).await;
    }

    /// The last thing in a story.
    async fn finds(&self, mut found: Found) -> Found {
        for who in [ALICE, BOB] {
            found.answers.push(self.answers(who).await);
        }
        found.roster = self.shows("").await["participants"].clone();
        found.media = self.shows("/media").await;
        found.seen = self.shows("/seen").await["streams"].clone();
        found
    }
}

/// A group call that the bot begins at a key, in which people turn their cameras on, have the word, and share: cameras of Alice and Bob; Carol has the
/// word; Alice shares; the bot does; Bob has taken that over; it is muted, and not any more.
async fn group(seat: Seat) -> Found {
    let mut people = People::ring(seat, json!([{"app": APP}])).await;
    people.presses(ALICE, "tone8", 8_000).await;
    let state = people.send("GET", &format!("{CONTROL_URL}/state"), Value::Null).await;
    let group = |call: &&Value| call["type"] == "multiparty";
    let call = state["calls"].as_array().unwrap().iter().find(group).expect("a group call");
    people.call = call["callId"].as_str().unwrap().to_owned();
    let mut found = Found::default();
    for who in [ALICE, BOB] {
        people.does(who, "startVideo", 1_500).await;
    }
    people.speaks(ALICE, 1).await;
    found.bot.push(people.bot().await);
    people.acts(ALICE, json!({"action": "invite", "user": CAROL}), 6_000).await;
    people.does(CAROL, "startVideo", 1_000).await;
    for who in [ALICE, CAROL] {
        people.acts(who, json!({"action": "speak", "tone": 400, "durationMs": 2_000}), 3_000).await;
    }
    found.bot.push(people.bot().await);
    people.does(ALICE, "share", 3_000).await;
    found.bot.push(people.bot().await);
    people.presses(BOB, "tone9", 3_000).await;
    found.bot.push(people.bot().await);
    people.does(BOB, "share", 2_000).await;
    found.bot.push(people.bot().await);
    people.does(BOB, "muteBot", 500).await;
    people.speaks(ALICE, 2).await;
    people.presses(BOB, "tone5", 1_000).await;
    people.speaks(ALICE, 3).await;
    found.bot.push(people.bot().await);
    people.finds(found).await
}

/// A call of two that Alice makes a conference, by bringing Bob in: before that, and afterwards.
async fn escalation(seat: Seat) -> Found {
    let people = People::ring(seat, json!([{"app": APP}])).await;
    let mut found = Found::default();
    people.speaks(ALICE, 1).await;
    found.bot.push(people.bot().await);
    people.acts(ALICE, json!({"action": "invite", "user": BOB}), 6_000).await;
    people.does(BOB, "startVideo", 2_000).await;
    people.speaks(ALICE, 2).await;
    found.bot.push(people.bot().await);
    people.finds(found).await
}

fn live<F: Future<Output = Found> + Send + 'static>(
    story: impl FnOnce(Seat) -> F + Send + 'static,
    links: LinkConfig,
    flaw: Option<Flaw>,
) -> WorldReport<Found> {
    watched(story, links, flaw, Wire::default())
}

fn watched<F: Future<Output = Found> + Send + 'static>(
    story: impl FnOnce(Seat) -> F + Send + 'static,
    links: LinkConfig,
    flaw: Option<Flaw>,
    wire: Wire,
) -> WorldReport<Found> {
    let mut setup = Rehearsal::new(7, Duration::from_secs(300));
    setup.settings = Settings {
        media: Hosting::AppHosted,
        video: 2,
        keys: Keys::Menu,
        flaw,
        ..Settings::default()
    };
    setup.links = Some(LinkConfig::default());
    setup.between = Some(links);
    setup.wire = Some(wire);
    rehearse(setup, story)
}

/// A frame of the bot as it came to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// What its barcode says: the source, and the time in ms.
    source: u32,
    time_ms: u64,
    /// When it was whole.
    at_ms: u64,
}

/// The frames that came on a stream, and how many of them could not be decoded or had no barcode.
struct Stream {
    assembler: FrameAssembler,
    decoder: H264Decoder,
    frames: Vec<Frame>,
    wrong: usize,
}

impl Stream {
    fn new() -> Self {
        Self {
            assembler: FrameAssembler::new(AssemblerConfig::default()),
            decoder: H264Decoder::new(DecoderLimits::default()).unwrap(),
            frames: Vec::new(),
            wrong: 0,
        }
    }

    fn take(&mut self, now: Duration, packet: &RtpPacket<'_>) {
        self.assembler.push(now, packet);
        let mut picture = I420::default();
        while let Some(frame) = self.assembler.poll(now) {
            let decoded = self.decoder.decode(frame.annex_b, &mut picture).unwrap_or(false);
            let read = decoded.then(|| Barcode::read(&picture)).flatten();
            self.wrong += usize::from(read.is_none());
            let at_ms = now.as_millis() as u64;
            self.frames.extend(read.map(|read| Frame {
                source: read.barcode.source(),
                time_ms: read.barcode.time_ms(),
                at_ms,
            }));
        }
    }
}

/// Everything that the bot has shown, by its SSRCs, as it came to the platform: read from the wire, whatever the bot says.
fn shown(wire: &Wire) -> BTreeMap<u32, Stream> {
    let mut streams = BTreeMap::new();
    for one in wire.take_packets() {
        if &*one.host != GRAPH_HOST || one.way != Way::Received || is_rtcp(&one.bytes) {
            continue;
        }
        let Ok(packet) = RtpPacket::parse(&one.bytes) else { continue };
        if packet.header.payload_type == PT_VIDEO {
            let stream = streams.entry(packet.header.ssrc).or_insert_with(Stream::new);
            stream.take(Duration::from_nanos(one.at.as_nanos()), &packet);
        }
    }
    streams
}

/// Whether each picture is younger than the one before, and was drawn so long ago at the most.
fn is_live(frames: &[Frame], at_most_ms: u64) -> bool {
    let delay = |frame: &Frame| (frame.at_ms & 0xff_ffff_ffff).saturating_sub(frame.time_ms);
    frames.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms)
        && frames.iter().all(|frame| delay(frame) <= at_most_ms)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

fn socket(bot: &Value, id: i8) -> &Value {
    let all = bot["video"]["sockets"].as_array().unwrap();
    all.iter().find(|one| one["socket"] == id).unwrap()
}

/// The media source ids of somebody's streams of a kind, as the platform has them.
fn source_of(found: &Found, name: &str, kind: &str) -> Value {
    let one = found.roster.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let streams = one["streams"].as_array().unwrap();
    streams.iter().find(|stream| stream["kind"] == kind).unwrap()["sourceId"].clone()
}

/// Whose video, or screen, has been seen on a socket, in the order in which it came.
fn seen(bot: &Value, id: i8) -> Vec<Value> {
    socket(bot, id)["sources"].as_array().unwrap().clone()
}

/// Of every frame that came the barcode was read, and was the right one, and later than that before.
fn nothing_was_wrong(bot: &Value) {
    for socket in bot["video"]["sockets"].as_array().unwrap() {
        assert_eq!(socket["markers"], socket["frames"], "{socket}");
        for wrong in ["strangers", "repeated", "unread", "undecodable"] {
            assert_eq!(socket[wrong], 0, "{wrong}: {socket}");
        }
    }
    assert_eq!(
        (&bot["video"]["refused"], &bot["video"]["sent"]["discarded"]),
        (&json!(0), &json!(0))
    );
}

/// contract media 3.1.
#[test]
fn a_bot_sees_people_follows_the_word_and_shares_its_screen() {
    let found = live(group, LinkConfig::default(), None).outcome.unwrap();
    found.bot.iter().for_each(nothing_was_wrong);
    let video = |name| source_of(&found, name, "video");
    let [alice, bob, carol] = ["Alice", "Bob", "Carol"].map(video);
    let [cameras, word, shares, own, taken, muted] = &found.bot[..] else { panic!() };
    assert_eq!([seen(cameras, 0), seen(cameras, 1)], [vec![alice.clone()], vec![bob.clone()]]);
    for socket in [0, 1].map(|id| socket(cameras, id)) {
        // 40 ms of slots at both ends, 20 ms of link.
        assert!(
            number(&socket["frames"]) > 40 && number(&socket["latestDelayMs"]) <= 80,
            "{socket}"
        );
    }
    assert_eq!(seen(word, 1), [bob, carol], "Alice had the word after Bob");
    assert_eq!(seen(word, 0), [alice]);
    let screen = |name| source_of(&found, name, "videoBasedScreenSharing");
    assert_eq!(socket(shares, -1)["source"], screen("Alice"));
    assert!(number(&socket(shares, -1)["frames"]) >= 9, "3.75 a second, for three");
    let sent = |bot: &Value, of: &str| number(&bot["video"][of]["frames"]);
    assert_eq!(sent(shares, "screen"), 0);
    assert_eq!(
        (&own["video"]["screen"]["on"], &socket(own, -1)["source"]),
        (&json!(true), &Value::Null)
    );
    assert!(sent(own, "screen") >= 9);
    assert_eq!(own["video"]["screen"]["source"], screen("Menu bot"));
    assert_eq!(taken["video"]["screen"]["on"], false, "Bob shares: {taken}");
    assert_eq!(socket(taken, -1)["source"], screen("Bob"));
    assert_eq!(sent(muted, "screen"), sent(taken, "screen"), "and no frame more");
    assert_eq!(muted["video"]["sent"]["source"], source_of(&found, "Menu bot", "video"));
    assert!(sent(muted, "sent") > sent(taken, "sent"), "mute is of audio");
    // It answers while it is muted, and nobody hears that.
    assert_eq!((number(&muted["said"]), &found.answers), (4, &vec![vec![1, 3]; 2]));
    let flawed = live(group, LinkConfig::default(), Some(Flaw::FollowsNobody)).outcome.unwrap();
    assert_eq!(seen(&flawed.bot[1], 1), [source_of(&flawed, "Bob", "video")]);
}

/// People see it: the camera in both kinds of call, and the screen while it is the sharer.
#[test]
fn people_see_what_a_bot_shows() {
    let found = live(group, LinkConfig::default(), None).outcome.unwrap();
    let last = found.bot.last().unwrap();
    for (sharing, kind, of) in
        [(false, "video", "sent"), (true, "videoBasedScreenSharing", "screen")]
    {
        let streams = found.seen.as_array().unwrap();
        let seen = streams.iter().find(|one| one["sharing"] == sharing).unwrap();
        let (decoded, sent) = (number(&seen["decoded"]), number(&last["video"][of]["frames"]));
        assert!(decoded >= 8 && decoded + 30 > sent, "{decoded} of {sent}");
        assert_eq!((&seen["undecodable"], &seen["lostPackets"]), (&json!(0), &json!(0)), "{seen}");
        let barcode = seen["barcodes"].as_array().unwrap().last().unwrap();
        assert_eq!(barcode["sourceId"], source_of(&found, "Menu bot", kind), "{seen}");
        assert!(number(&barcode["lastMs"]) > number(&barcode["firstMs"]) + 2_000, "{barcode}");
    }
    let found = live(escalation, LinkConfig::default(), None).outcome.unwrap();
    let seen = &found.seen[0];
    assert!(number(&seen["decoded"]) > 200 && seen["undecodable"] == 0, "{seen}");
}

/// Contract media 3: what it shows can be decoded, says who shows it, and is fresh: camera and screen, in both its calls.
#[test]
fn what_a_bot_shows_is_what_comes() {
    let look = |flaw| {
        let wire = Wire::default();
        let found = watched(group, LinkConfig::default(), flaw, wire.clone()).outcome.unwrap();
        (found, shown(&wire))
    };
    let (found, streams) = look(None);
    assert_eq!(streams.values().map(|stream| stream.wrong).sum::<usize>(), 0);
    let last = found.bot.last().unwrap();
    let ssrc = number(&last["ssrc"]) as u32;
    for (offset, kind, of, least) in
        [(1, "video", "sent", 500), (11, "videoBasedScreenSharing", "screen", 10)]
    {
        let frames = &streams[&(ssrc + offset)].frames;
        let source = number(&source_of(&found, "Menu bot", kind)) as u32;
        let own = frames.iter().filter(|frame| frame.source == source).count();
        // Before the first roster it does not know its number.
        assert!(own >= least && frames.len() - own < 15, "{own} of {}", frames.len());
        assert!(number(&last["video"][of]["frames"]) <= frames.len() as u64 + 2);
        // A slot, and the link.
        assert!(is_live(frames, 45), "{kind}");
    }
    assert_eq!(streams.len(), 3, "the camera of the call of two as well");
    let (_, frozen) = look(Some(Flaw::FreezesVideo));
    assert!(frozen.values().all(|stream| !is_live(&stream.frames, 45)));
}

/// the streams of a call of two go on in what becomes of it, though no roster comes.
#[test]
fn streams_go_on_through_an_escalation() {
    let found = live(escalation, LinkConfig::default(), None).outcome.unwrap();
    found.bot.iter().for_each(nothing_was_wrong);
    let [two, three] = &found.bot[..] else { panic!() };
    let sent = |bot: &Value| number(&bot["video"]["sent"]["frames"]);
    // Ten seconds of 15 frames, and what the escalation leaves of them.
    assert!(sent(two) > 80 && sent(three) - sent(two) > 130, "{two} {three}");
    assert_eq!(two["session"], three["session"]);
    assert_eq!(socket(three, 0)["source"], source_of(&found, "Bob", "video"));
    assert!(number(&socket(three, 0)["frames"]) > 40, "{three}");
    assert_eq!(found.answers[0], [1, 2]);
    assert_eq!(found.media["session"]["dropped"].as_array().unwrap()[..4], [0, 0, 0, 0]);
}

/// The bytes on every wire, and every picture that was decoded.
#[test]
fn a_seed_is_the_same_pictures() {
    let lossy = LinkConfig {
        jitter: Jitter::Uniform { max_ms: 30.0 },
        loss: Loss::GilbertElliott { p: 0.01, r: 0.5, loss_good: 0.0, loss_bad: 1.0 },
        ..LinkConfig::default()
    };
    let [once, again] = [(); 2].map(|()| live(group, lossy.clone(), None));
    assert_eq!((once.trace_hash, once.events), (again.trace_hash, again.events));
    let [once, again] = [once, again].map(|report| report.outcome.unwrap());
    assert_eq!(once.bot, again.bot);
    let last = once.bot.last().unwrap();
    let pictures = [-1, 0, 1].map(|id| socket(last, id)["pictures"].clone());
    assert_ne!(pictures[1], pictures[2]);
    for id in [0, 1] {
        let socket = socket(last, id);
        // What is lost is asked for; nothing is shown that is broken.
        assert!(number(&socket["keyFrames"]) > 2 && number(&socket["markers"]) > 200, "{socket}");
        assert_eq!((&socket["undecodable"], &socket["strangers"]), (&json!(0), &json!(0)));
    }
}
