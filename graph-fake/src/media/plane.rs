//! All sessions.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use graph_api::Timestamp;
use media::{
    RtpPacket,
    audio::{FRAME_PERIOD, Played, Tone},
    transport::{Blob, Dropped, Drops, Outgoing, ssrc_of},
};
use platform::{CallId, ConferenceId, MediaFacts};
use tokio::sync::Notify;

use super::{
    room::Cast,
    session::{Session, SessionShown, Speaker},
    video::{Picture, Videos},
    viewer::SeenStream,
};
use crate::sound::Sound;

/// Sessions at a time.
pub const SESSIONS_MAX: usize = 4_096;
/// Ticks that are made up for when the platform was kept from its work; what lies further back is skipped.
const CAUGHT_UP_MAX: u32 = 10;

/// What came of a tick.
#[derive(Default)]
pub struct Ticked {
    /// Keys that bots pressed.
    pub pressed: Vec<(CallId, Tone)>,
    /// Calls from whose bots nothing has come for too long.
    pub lost: Vec<CallId>,
    /// What is to be done before [`Plane::send`].
    pub pictures: Vec<Picture>,
}

/// All sessions, each with the conference that it was in last.
pub(super) type Sessions = BTreeMap<CallId, (Session, Option<ConferenceId>)>;

/// The media of all app-hosted calls.
pub struct Plane {
    sessions: Sessions,
    videos: Videos,
    /// Which call a bot's SSRC belongs to.
    declared: BTreeMap<(SocketAddr, u32), CallId>,
    /// The next tick, while there are sessions.
    tick: Option<Timestamp>,
    next_ssrc: u32,
    drops: Drops,
    changed: Arc<Notify>,
    /// How long nothing may come while media flows; zero: for ever.
    lost_after: Duration,
    /// Nothing is carried: no media socket was opened.
    closed: bool,
}

impl Default for Plane {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            videos: Videos::default(),
            declared: BTreeMap::new(),
            tick: None,
            next_ssrc: 0x5245_0001,
            drops: Drops::default(),
            changed: Arc::default(),
            lost_after: Duration::ZERO,
            closed: true,
        }
    }
}

impl Plane {
    /// From now on datagrams are carried; notified when a session begins.
    pub fn opens(&mut self) -> Arc<Notify> {
        self.closed = false;
        self.changed.clone()
    }

    /// Nothing may come from a bot for so long while media flows; zero: for ever.
    pub const fn lose_after(&mut self, silence: Duration) {
        self.lost_after = silence;
    }

    /// After a reset: the socket is still there, the sessions are not.
    pub fn reset(&mut self) {
        *self = Self { changed: self.changed.clone(), closed: self.closed, ..Self::default() };
    }

    /// A call has media of its own from now on. False: there are too many, or an SSRC of it is taken at that address.
    pub fn open(&mut self, at: Timestamp, call: CallId, blob: Blob) -> bool {
        if self.closed || self.sessions.contains_key(&call) {
            return !self.closed;
        }
        let address = blob.address;
        let taken = blob.ssrcs().any(|ssrc| self.declared.contains_key(&(address, ssrc)));
        if taken || self.sessions.len() >= SESSIONS_MAX {
            return false;
        }
        self.declared.extend(blob.ssrcs().map(|ssrc| ((address, ssrc), call)));
        // Enough for every channel that a blob can have.
        self.next_ssrc = self.next_ssrc.wrapping_add(32);
        self.videos.open(call, &blob);
        let session = Session::new(since(at), call, blob, self.next_ssrc);
        self.sessions.insert(call, (session, None));
        if self.tick.is_none() {
            self.tick = Some(at);
            self.changed.notify_one();
        }
        true
    }

    /// A call is over; what people have seen of its bot.
    pub fn close(&mut self, call: CallId) -> Vec<SeenStream> {
        let mut seen = Vec::new();
        if self.sessions.remove(&call).is_some() {
            self.declared.retain(|_, of| *of != call);
            seen = self.videos.close(call);
        }
        if self.sessions.is_empty() {
            self.tick = None;
        }
        seen
    }

    /// What people see of the bot of a call.
    pub fn seen(&self, call: CallId) -> Vec<SeenStream> {
        self.videos.seen(call)
    }

    /// When [`Plane::tick`] is to be called.
    pub const fn next_tick(&self) -> Option<Timestamp> {
        self.tick
    }

    /// A datagram came.
    pub fn receive(&mut self, at: Timestamp, from: SocketAddr, datagram: &[u8]) {
        let Some(ssrc) = ssrc_of(datagram) else {
            return self.drops.count(Dropped::Form);
        };
        let Some(call) = self.declared.get(&(from, ssrc)).copied() else {
            let known = self.declared.range((from, 0)..=(from, u32::MAX)).next().is_some();
            return self.drops.count(if known { Dropped::Ssrc } else { Dropped::Source });
        };
        if let Some((session, _)) = self.sessions.get_mut(&call) {
            // What is not taken is counted there.
            let _ = session.leg.receive(since(at), from, datagram);
            let mut socket = None;
            session.leg.drain_video(|of, _| socket = Some(of));
            // What was handed out is this datagram, or none.
            if let Some(socket) = socket
                && let Ok(packet) = RtpPacket::parse(datagram)
            {
                let Self { videos, sessions, .. } = self;
                videos.route(since(at), (call, socket), &packet, sessions);
            }
        }
    }

    /// A person pressed a key.
    pub fn press(&mut self, at: Timestamp, call: CallId, tone: Tone) {
        if let Some((session, _)) = self.sessions.get_mut(&call)
            && session.leg.is_active()
        {
            // More than sixty at once are more than anybody can press.
            let _ = session.leg.send_key(since(at), tone);
        }
    }

    /// The 20 ms that begin at each tick that is due: what bots say goes into `sound`, what they hear comes from there;
    /// what they may see is what `cast` says that is sent.
    pub fn tick(
        &mut self,
        now: Timestamp,
        sound: &mut Sound,
        call: impl Fn(CallId) -> Option<MediaFacts>,
        source: impl Fn(CallId, Speaker) -> u32,
        cast: impl Fn(CallId) -> Cast,
    ) -> Ticked {
        let mut pressed = Vec::new();
        let mut ticks = 0;
        while let Some(at) = self.tick.filter(|at| *at <= now) {
            self.tick = Some(at + FRAME_PERIOD);
            ticks += 1;
            if ticks > CAUGHT_UP_MAX && at + FRAME_PERIOD < now {
                continue;
            }
            for (id, (session, conference)) in &mut self.sessions {
                let Some(facts) = call(*id) else { continue };
                if facts.conference != *conference {
                    *conference = facts.conference;
                    session.forget_people();
                }
                one(session, *id, at, facts, sound, &source, &mut pressed);
            }
            self.videos.slot(since(at), &mut self.sessions, &call, &cast);
        }
        let mut lost = Vec::new();
        for (id, (session, _)) in &mut self.sessions {
            if !self.lost_after.is_zero() && session.is_lost(since(now), self.lost_after) {
                lost.push(*id);
            }
        }
        Ticked { pressed, lost, pictures: self.videos.pictures(since(now)) }
    }

    /// Everything that is to be sent by now, with what was done.
    pub fn send(&mut self, now: Timestamp, pictures: Vec<Picture>, out: &mut Outgoing) {
        self.videos.worked(since(now), pictures, &mut self.sessions);
        for (session, _) in self.sessions.values_mut() {
            let to = session.leg.address();
            session.leg.transmit(since(now), |datagram| out.push(to, datagram));
        }
    }

    /// How the session of a call does.
    pub fn shown(&self, call: CallId) -> Option<SessionShown> {
        self.sessions.get(&call).map(|(session, _)| session.shown())
    }

    /// Datagrams that belong to no session.
    pub const fn drops(&self) -> Drops {
        self.drops
    }
}

/// One slot of one session.
fn one(
    session: &mut Session,
    id: CallId,
    at: Timestamp,
    facts: MediaFacts,
    sound: &mut Sound,
    source: &impl Fn(CallId, Speaker) -> u32,
    pressed: &mut Vec<(CallId, Tone)>,
) {
    let now = since(at);
    session.leg.set_active(now, facts.active);
    let (played, frame) = session.leg.pull_audio(now);
    if matches!(played, Played::Frame { .. } | Played::Concealed) && facts.active {
        sound.bot_says(at, id, frame);
    }
    while let Some(tone) = session.leg.pull_key() {
        pressed.push((id, tone));
    }
    if facts.active {
        // What is said in a slot is known when it is over.
        let heard = sound.heard_by_bot(id, at - FRAME_PERIOD, facts);
        session.hear(now, &heard, facts.conference.is_some(), |who| source(id, who));
    }
}

/// Media time: a session sees only differences.
fn since(at: Timestamp) -> Duration {
    Duration::from_nanos(at.as_nanos())
}
