//! The media of all calls, on one socket: which datagram is whose, and what is to be sent.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use graph_api::Guid;
use media::{
    audio::Pcm16K,
    transport::{
        AudioChannel, AudioFormat, Blob, BotEvent, BotMedia, DATAGRAM_MAX, Direction, Message,
        Outgoing, Receive, VIDEO_SOCKETS_MAX, VideoChannel, is_rtcp, ssrc_of,
    },
};
use serde_json::{Value, json};

use super::{
    conversation::Conversation,
    report::note,
    vision::{CAMERA, SCREEN, Vision, declared},
};
use crate::{Flaw, Key, Keys, Scene, Settings};

/// Sessions at a time.
pub(super) const SESSIONS_MAX: usize = 1_000;
/// Sessions that are shown one by one, of those that go on and of those that are over.
pub(super) const SHOWN_MAX: usize = 64;
/// How long a session waits for a call that may never have begun.
pub(super) const UNSURE_MAX: Duration = Duration::from_secs(180);
/// Scenes of calls that are not known yet, and keys that nobody has fetched.
const SCENES_MAX: usize = 64;
const KEYS_MAX: usize = 256;
/// SSRCs of a session: audio, video sockets, screen sharing.
const SSRCS: u32 = 16;
/// Samples that the planted fault keeps: ten seconds.
const KEPT_MAX: usize = 160_000;
/// SSRCs that a platform announces in one session: audio, four unmixed, video, screen sharing.
const ANNOUNCED_MAX: usize = 6 + VIDEO_SOCKETS_MAX;

/// What a session is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A call that is answered.
    Call(Guid),
    /// A call that is about to begin: in which call it was wished for, and its number.
    Plan(Guid, u32),
}

/// What all sessions of a bot are like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Video sockets of each call.
    pub video: u8,
    /// What keys do.
    pub keys: Keys,
    /// When times are counted from, in ms since 1970: barcodes say when they were drawn.
    pub began_ms: u64,
    /// The planted fault.
    pub flaw: Option<Flaw>,
}

impl Habits {
    /// Those that are set.
    pub(crate) fn of(settings: &Settings, began_ms: u64) -> Self {
        let Settings { video, keys, flaw, .. } = *settings;
        Self { video: video.min(VIDEO_SOCKETS_MAX as u8), keys, began_ms, flaw }
    }

    /// Those that are shipped.
    #[cfg(test)]
    pub(super) fn flawed(flaw: Option<Flaw>) -> Self {
        Self::of(&Settings { flaw, ..Settings::default() }, 0)
    }
}

#[derive(Debug)]
struct Session {
    owner: Owner,
    /// The call, as soon as it is known.
    call: Option<Guid>,
    media: BotMedia,
    conversation: Conversation,
    vision: Option<Vision>,
    /// What was heard in the latest 20 ms.
    just_heard: Pcm16K,
    /// When something valid came last, of a session of which nobody knows whether its call has begun.
    unsure_since: Option<Duration>,
}

/// All sessions of one bot. Bugs panic; whatever a stranger sends is counted.
#[derive(Debug)]
pub(crate) struct Sessions {
    app: Guid,
    address: SocketAddr,
    habits: Habits,
    /// By session id.
    live: BTreeMap<u128, Session>,
    /// Which session an SSRC of a platform is of.
    routes: BTreeMap<(SocketAddr, u32), u128>,
    /// What became of the latest that are over.
    over: VecDeque<Value>,
    strangers: u64,
    /// What can be seen in calls whose session is not known yet.
    scenes: BTreeMap<Guid, Scene>,
    /// Keys of the menu that were heard.
    keys: VecDeque<(Guid, Key)>,
    /// What the planted fault keeps.
    kept: Vec<i16>,
}

impl Sessions {
    /// None yet; `address` is what is declared.
    pub(crate) fn new(app: Guid, address: SocketAddr, habits: Habits) -> Self {
        Self {
            app,
            address,
            habits,
            live: BTreeMap::new(),
            routes: BTreeMap::new(),
            over: VecDeque::new(),
            strangers: 0,
            scenes: BTreeMap::new(),
            keys: VecDeque::new(),
            kept: Vec::new(),
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Opens a session, unless there is one for this already; none if there are too many. The blob that declares it.
    pub(crate) fn open(&mut self, owner: Owner) -> Option<String> {
        if let Some(session) = self.live.values().find(|session| session.is_of(owner)) {
            return Some(session.media.blob().to_text());
        }
        if self.live.len() >= SESSIONS_MAX {
            return None;
        }
        let (id, ssrc) = self.draw(owner);
        let (direction, format) = (Direction::SendReceive, AudioFormat::Pcm16K);
        let blob = Blob {
            v: 1,
            address: self.address,
            session: format!("{id:032x}"),
            audio: AudioChannel { ssrc, direction, format, unmixed: false },
            video: (0..self.habits.video).map(|socket| video(ssrc, socket)).collect(),
            screen_sharing: (self.habits.video > 0).then(|| VideoChannel {
                ssrc: ssrc.wrapping_add(1 + VIDEO_SOCKETS_MAX as u32),
                direction,
                receive: Receive::H264,
                send: SCREEN.map(declared).to_vec(),
            }),
        };
        let text = blob.to_text();
        let call = match owner {
            Owner::Call(call) => Some(call),
            Owner::Plan(..) => None,
        };
        let Habits { flaw, keys, .. } = self.habits;
        let just_heard = Pcm16K::SILENCE;
        let vision = Vision::new(&blob, flaw);
        let (media, conversation) = (BotMedia::new(blob), Conversation::new(flaw, keys));
        let session =
            Session { owner, call, media, conversation, vision, just_heard, unsure_since: None };
        self.live.insert(id, session);
        Some(text)
    }

    /// The session id and the first of its SSRCs: the same whenever the same is begun, and nobody else's. No chance is involved:
    /// a simulated life can be lived again.
    pub(super) fn draw(&self, owner: Owner) -> (u128, u32) {
        let (call, number) = match owner {
            Owner::Call(call) => (call, 0),
            Owner::Plan(origin, plan) => (origin, u64::from(plan) + 1),
        };
        let mut seed = [0; 40];
        seed[..16].copy_from_slice(&self.app.as_u128().to_be_bytes());
        seed[16..32].copy_from_slice(&call.as_u128().to_be_bytes());
        seed[32..].copy_from_slice(&number.to_be_bytes());
        let mut id = xxhash_rust::xxh3::xxh3_128(&seed);
        while self.live.contains_key(&id) {
            id = id.wrapping_add(1);
        }
        let taken = |ssrc| self.live.values().any(|other| other.media.blob().audio.ssrc == ssrc);
        let mut ssrc = (id >> 64) as u32 & !(SSRCS - 1);
        while taken(ssrc) {
            ssrc = ssrc.wrapping_add(SSRCS);
        }
        (id, ssrc)
    }

    /// A call that was about to begin has begun.
    pub(crate) fn begun(&mut self, plan: Owner, call: Guid) {
        if let Some(session) = self.live.values_mut().find(|session| session.is_of(plan)) {
            session.call = Some(call);
            session.surroundings(&mut self.scenes);
        }
    }

    /// What can be seen in a call is this.
    pub(crate) fn scene(&mut self, call: Guid, scene: Scene) {
        let known = self.live.values_mut().find(|session| session.is_of(Owner::Call(call)));
        if known.is_some() || self.scenes.len() < SCENES_MAX || self.scenes.contains_key(&call) {
            self.scenes.insert(call, scene);
        }
        if let Some(session) = known {
            session.call = Some(call);
            session.surroundings(&mut self.scenes);
        }
    }

    /// The next key of the menu that was heard, and in which call.
    pub(crate) fn key(&mut self) -> Option<(Guid, Key)> {
        self.keys.pop_front()
    }

    /// What the planted fault keeps: samples of 16 bits, little-endian.
    pub(crate) fn kept(&self) -> Vec<u8> {
        self.kept.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    /// Nobody knows whether it has: the session waits a while for the platform to say so.
    pub(crate) fn unsure(&mut self, now: Duration, plan: Owner) {
        if let Some(session) = self.live.values_mut().find(|session| session.is_of(plan)) {
            session.unsure_since = Some(now);
        }
    }

    /// The call is over, or has never begun.
    pub(crate) fn close(&mut self, owner: Owner) {
        if let Owner::Call(call) = owner {
            self.scenes.remove(&call);
        }
        if self.habits.flaw == Some(Flaw::LeaksMediaSession) {
            return;
        }
        // One at most, unless a platform says of two that they are the same call.
        let mine = self.live.iter().filter(|(_, session)| session.is_of(owner));
        let ids: Vec<u128> = mine.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.end(id));
    }

    fn end(&mut self, id: u128) {
        if let Some(session) = self.live.remove(&id) {
            self.routes.retain(|_, other| *other != id);
            note(&mut self.over, session.to_json(), SHOWN_MAX);
        }
    }

    /// Takes a datagram; one that is nobody's is counted.
    pub(crate) fn receive(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) {
        if datagram.len() > DATAGRAM_MAX {
            self.strangers += 1;
            return;
        }
        let announced = announced(datagram);
        let id = match &announced {
            Some((id, _)) => Some(*id),
            None => ssrc_of(datagram).and_then(|ssrc| self.routes.get(&(from, ssrc)).copied()),
        };
        let Some((id, session)) = id.and_then(|id| Some((id, self.live.get_mut(&id)?))) else {
            self.strangers += 1;
            return;
        };
        let new = session.media.platform().is_none();
        if session.media.receive(now, from, datagram).is_ok() {
            session.unsure_since = session.unsure_since.map(|_| now);
        }
        if new && session.media.platform().is_some() {
            for ssrc in announced.into_iter().flat_map(|(_, ssrcs)| ssrcs) {
                // Whose it is already it stays.
                self.routes.entry((from, ssrc)).or_insert(id);
            }
        }
        let tones = session.attend();
        session.surroundings(&mut self.scenes);
        let habits = self.habits;
        if let Some(call) = session.call.filter(|_| habits.keys == Keys::Menu) {
            let heard = tones.into_iter().filter(|_| habits.flaw != Some(Flaw::DeafToMenu));
            self.keys.extend(heard.map(|key| (call, key)).take(KEYS_MAX - self.keys.len()));
        }
    }

    /// The 20 ms that begin now, in every call.
    pub(crate) fn slot(&mut self, now: Duration, out: &mut Outgoing) {
        let mut ends = Vec::new();
        let now_ms = self.habits.began_ms.saturating_add(now.as_millis() as u64);
        for (id, session) in &mut self.live {
            session.slot(now, now_ms, out);
            if self.habits.flaw == Some(Flaw::PersistsWhatItHears) {
                let (heard, room) = (session.just_heard, KEPT_MAX - self.kept.len());
                let loud = heard != Pcm16K::SILENCE;
                self.kept.extend(heard.0.iter().filter(|_| loud).take(room));
            }
            if session.unsure_since.is_some_and(|since| now.saturating_sub(since) >= UNSURE_MAX) {
                ends.push(*id);
            }
        }
        ends.into_iter().for_each(|id| self.end(id));
    }

    /// What `GET /health` shows.
    pub(crate) fn to_json(&self) -> Value {
        let sessions: Vec<Value> =
            self.live.values().take(SHOWN_MAX).map(Session::to_json).collect();
        json!({
            "address": self.address,
            "videoSockets": self.habits.video,
            "sessions": self.live.len(),
            "strangers": self.strangers,
            "live": sessions,
            "over": self.over,
        })
    }
}

impl Session {
    fn is_of(&self, owner: Owner) -> bool {
        self.owner == owner || matches!(owner, Owner::Call(call) if self.call == Some(call))
    }

    /// Takes what can be seen in its call, if that is known.
    fn surroundings(&mut self, scenes: &mut BTreeMap<Guid, Scene>) {
        let scene = self.call.and_then(|call| scenes.remove(&call));
        if let Some((vision, scene)) = self.vision.as_mut().zip(scene) {
            vision.scene(scene);
        }
    }

    /// Looks at what the platform told; the keys in it.
    fn attend(&mut self) -> Vec<Key> {
        let mut keys = Vec::new();
        while let Some(event) = self.media.poll() {
            if let BotEvent::Began { call_id } = &event {
                self.call = self.call.or_else(|| call_id.parse().ok());
            }
            if let BotEvent::Tone(tone) = &event {
                keys.push(Key::of_tone(tone.graph_name()));
            }
            self.conversation.told(&event);
            if let Some(vision) = &mut self.vision {
                vision.told(&event);
            }
        }
        keys
    }

    fn slot(&mut self, now: Duration, now_ms: u64, out: &mut Outgoing) {
        let Some(platform) = self.media.platform() else { return };
        let (played, frame, speakers) = self.media.pull_audio(now);
        self.just_heard = *frame;
        let slot = self.conversation.slot(now, (played, frame), speakers);
        if let Some(frame) = &slot.frame {
            self.media.send_audio(frame);
        }
        if let Some(key) = slot.press
            && self.media.send_key(now, key).is_err()
        {
            self.conversation.unpressed();
        }
        if let Some(vision) = &mut self.vision {
            vision.slot(now, now_ms, &mut self.media);
        }
        self.media.transmit(now, |datagram| out.push(platform, datagram));
    }

    fn to_json(&self) -> Value {
        let drops = self.media.drops();
        let blob = self.media.blob();
        let mut shown = serde_json::to_value(self.conversation.report()).expect("it is JSON");
        shown["callId"] = json!(self.call);
        shown["session"] = json!(blob.session);
        shown["ssrc"] = json!(blob.audio.ssrc);
        shown["dropped"] = json!({
            "form": drops.form, "source": drops.source, "ssrc": drops.ssrc, "kind": drops.kind,
            "inactive": drops.inactive,
        });
        if let Some(vision) = &self.vision {
            shown["video"] = vision.to_json();
        }
        shown
    }
}

/// A video socket as it is declared: the first one sends too, and every second one wants pictures.
fn video(first: u32, socket: u8) -> VideoChannel {
    let sends = socket == 0;
    VideoChannel {
        ssrc: first.wrapping_add(1 + u32::from(socket)),
        direction: if sends { Direction::SendReceive } else { Direction::ReceiveOnly },
        receive: if socket.is_multiple_of(2) { Receive::H264 } else { Receive::Nv12 },
        send: if sends { CAMERA.map(declared).to_vec() } else { Vec::new() },
    }
}

/// The session that a datagram announces, and the SSRCs on which the platform will send.
fn announced(datagram: &[u8]) -> Option<(u128, Vec<u32>)> {
    if !is_rtcp(datagram) {
        return None;
    }
    let Ok((_, message)) = Message::read(datagram) else { return None };
    let Message::Session { session, audio, unmixed, video, screen_sharing, .. } = message else {
        return None;
    };
    let ssrcs = std::iter::once(audio).chain(unmixed).chain(video).chain(screen_sharing);
    Some((u128::from_str_radix(&session, 16).ok()?, ssrcs.take(ANNOUNCED_MAX).collect()))
}
