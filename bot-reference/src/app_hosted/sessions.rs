//! The media of all calls, on one socket: which datagram is whose, and what is to be sent.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use graph_api::Guid;
use media::transport::{
    AudioChannel, AudioFormat, Blob, BotEvent, BotMedia, DATAGRAM_MAX, Direction, Message,
    Outgoing, VIDEO_SOCKETS_MAX, is_rtcp, ssrc_of,
};
use serde_json::{Value, json};

use super::{conversation::Conversation, report::note};
use crate::Flaw;

/// Sessions at a time.
pub(super) const SESSIONS_MAX: usize = 1_000;
/// Sessions that are shown one by one, of those that go on and of those that are over.
pub(super) const SHOWN_MAX: usize = 64;
/// How long a session waits for a call that may never have begun.
pub(super) const UNSURE_MAX: Duration = Duration::from_secs(180);
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

#[derive(Debug)]
struct Session {
    owner: Owner,
    /// The call, as soon as it is known.
    call: Option<Guid>,
    media: BotMedia,
    conversation: Conversation,
    /// When something valid came last, of a session of which nobody knows whether its call has begun.
    unsure_since: Option<Duration>,
}

/// All sessions of one bot. Bugs panic; whatever a stranger sends is counted.
#[derive(Debug)]
pub(crate) struct Sessions {
    app: Guid,
    address: SocketAddr,
    flaw: Option<Flaw>,
    /// By session id.
    live: BTreeMap<u128, Session>,
    /// Which session an SSRC of a platform is of.
    routes: BTreeMap<(SocketAddr, u32), u128>,
    /// What became of the latest that are over.
    over: VecDeque<Value>,
    strangers: u64,
}

impl Sessions {
    /// None yet; `address` is what is declared.
    pub(crate) fn new(app: Guid, address: SocketAddr, flaw: Option<Flaw>) -> Self {
        Self {
            app,
            address,
            flaw,
            live: BTreeMap::new(),
            routes: BTreeMap::new(),
            over: VecDeque::new(),
            strangers: 0,
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
            video: Vec::new(),
            screen_sharing: None,
        };
        let text = blob.to_text();
        let call = match owner {
            Owner::Call(call) => Some(call),
            Owner::Plan(..) => None,
        };
        let (media, conversation) = (BotMedia::new(blob), Conversation::new(self.flaw));
        let session = Session { owner, call, media, conversation, unsure_since: None };
        self.live.insert(id, session);
        Some(text)
    }

    /// The session id and the SSRC: the same whenever the same is begun, and nobody else's. No chance is involved:
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
        let mut ssrc = (id >> 64) as u32;
        while taken(ssrc) {
            ssrc = ssrc.wrapping_add(1);
        }
        (id, ssrc)
    }

    /// A call that was about to begin has begun.
    pub(crate) fn begun(&mut self, plan: Owner, call: Guid) {
        if let Some(session) = self.live.values_mut().find(|session| session.is_of(plan)) {
            session.call = Some(call);
        }
    }

    /// Nobody knows whether it has: the session waits a while for the platform to say so.
    pub(crate) fn unsure(&mut self, now: Duration, plan: Owner) {
        if let Some(session) = self.live.values_mut().find(|session| session.is_of(plan)) {
            session.unsure_since = Some(now);
        }
    }

    /// The call is over, or has never begun.
    pub(crate) fn close(&mut self, owner: Owner) {
        if self.flaw == Some(Flaw::LeaksMediaSession) {
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
        session.attend();
    }

    /// The 20 ms that begin now, in every call.
    pub(crate) fn slot(&mut self, now: Duration, out: &mut Outgoing) {
        let mut ends = Vec::new();
        for (id, session) in &mut self.live {
            session.slot(now, out);
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

    /// Looks at what the platform told.
    fn attend(&mut self) {
        while let Some(event) = self.media.poll() {
            if let BotEvent::Began { call_id } = &event {
                self.call = self.call.or_else(|| call_id.parse().ok());
            }
            self.conversation.told(&event);
        }
    }

    fn slot(&mut self, now: Duration, out: &mut Outgoing) {
        let Some(platform) = self.media.platform() else { return };
        let (played, frame, speakers) = self.media.pull_audio(now);
        let slot = self.conversation.slot(now, (played, frame), speakers);
        if let Some(frame) = &slot.frame {
            self.media.send_audio(frame);
        }
        if let Some(key) = slot.press
            && self.media.send_key(now, key).is_err()
        {
            self.conversation.unpressed();
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
        shown
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
