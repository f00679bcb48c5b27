//! What one bot wants to see, and sees.

use std::{collections::BTreeMap, time::Duration};

use media::{
    Router, SocketKey, VideoResolution, Wanted,
    transport::{Leg, Message, SHARING, Wish},
};
use platform::{CallId, ParticipantId};

use super::room::{Place, Room, RoomKey};

/// A stream that has stood still for so long is frozen. The slowest has a frame every 533 ms.
const FROZEN_AFTER: Duration = Duration::from_millis(1_200);

/// A subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Want {
    source: Option<u32>,
    resolution: VideoResolution,
}

/// What comes on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    wanted: Wanted,
    /// When a packet was sent last; nothing freezes that has not begun.
    sent_at: Option<Duration>,
    frozen: bool,
}

/// What a bot wants to see, and sees.
pub(super) struct Watcher {
    pub number: u64,
    pub place: Option<Place>,
    wants: BTreeMap<i8, Want>,
    /// Bits in a second that a socket takes.
    limits: BTreeMap<i8, u32>,
    seen: BTreeMap<i8, Seen>,
    /// Whom a socket has shown last: who wants to see anybody goes on seeing them.
    shown: BTreeMap<i8, ParticipantId>,
    /// Whom the bot was told it sees, and in which format.
    told: BTreeMap<i8, (Option<u32>, Option<String>)>,
}

impl Watcher {
    pub fn new(number: u64) -> Self {
        let (wants, limits, seen, shown, told) = Default::default();
        Self { number, place: None, wants, limits, seen, shown, told }
    }

    fn key(&self, socket: i8) -> SocketKey {
        SocketKey { subscriber: self.number, socket: u32::try_from(socket).unwrap_or(0) }
    }

    fn room(&self, socket: i8) -> Option<RoomKey> {
        Some((self.place?, socket == SHARING))
    }

    /// Which qualities are being watched.
    pub fn watched(&self, rooms: &BTreeMap<RoomKey, Room>) -> Vec<(RoomKey, u32, usize)> {
        let mut watched = Vec::new();
        for (socket, seen) in &self.seen {
            let Some(at) = self.room(*socket) else { continue };
            let Some(Room { router, .. }) = rooms.get(&at) else { continue };
            let key = self.key(*socket);
            let layers = [router.layer_of(key), router.target_of(key)].into_iter().flatten();
            watched.extend(layers.map(|layer| (at, seen.wanted.source, layer)));
        }
        watched
    }

    /// It is not where it was any more.
    pub fn leave(&mut self) -> Option<Place> {
        self.seen.clear();
        self.place.take()
    }

    /// A source is gone.
    pub fn forget(&mut self, (place, sharing): RoomKey, source: u32) {
        if self.place == Some(place) {
            self.seen.retain(|socket, seen| {
                (*socket == SHARING) != sharing || seen.wanted.source != source
            });
        }
    }

    /// A packet went out on a socket.
    pub fn sent(&mut self, now: Duration, socket: i8) {
        if let Some(seen) = self.seen.get_mut(&socket) {
            seen.sent_at = Some(now);
        }
    }

    /// What the bot asks for.
    pub fn wish(&mut self, wish: Wish, leg: &mut Leg, rooms: &mut BTreeMap<RoomKey, Room>) {
        let router = |watcher: &Self, socket, rooms: &mut BTreeMap<RoomKey, Room>, deed: Deed| {
            if let Some(room) = watcher.room(socket).and_then(|key| rooms.get_mut(&key)) {
                deed(&mut room.router, watcher.key(socket));
            }
        };
        match wish {
            Wish::Subscribe(socket, source, resolution) => {
                let taken = match resolution.parse() {
                    _ if leg.video_channel(socket).is_none() => Err("there is no such socket"),
                    Err(_) => Err("there is no such resolution"),
                    Ok(_) if !leg.is_active() => Err("video is not active"),
                    Ok(resolution) => Ok(Want { source, resolution }),
                };
                match taken {
                    Ok(want) => {
                        self.wants.insert(socket, want);
                        self.told.remove(&socket);
                    }
                    Err(why) => refuse(leg, &format!("subscribe {socket}"), why),
                }
            }
            Wish::Unsubscribe(socket) => {
                self.wants.remove(&socket);
                self.seen.remove(&socket);
                router(self, socket, rooms, |router, key| _ = router.unsubscribe(key));
                leg.tell(&Message::Subscribed { socket, source_id: None, format: None });
            }
            Wish::KeyFrame(socket) => {
                // Whoever has no subscription gets no key frame.
                router(self, socket, rooms, |router, key| _ = router.want_key_frame(key));
            }
            Wish::Limit(socket, bits_per_second) => {
                if leg.video_channel(socket).is_some() {
                    self.limits.insert(socket, bits_per_second);
                }
            }
            Wish::Bye => {}
        }
    }

    /// Lets the bot see what it wants to see and what is there, and tells it what changes.
    pub fn connect(&mut self, call: CallId, leg: &mut Leg, rooms: &mut BTreeMap<RoomKey, Room>) {
        if !leg.is_active() {
            // Whatever is sent now is lost, a key frame above all: it begins anew when media flows again.
            for socket in std::mem::take(&mut self.seen).into_keys() {
                let key = self.key(socket);
                let room = self.room(socket).and_then(|at| rooms.get_mut(&at));
                room.map(|room| room.router.unsubscribe(key));
            }
            return;
        }
        for (socket, want) in self.wants.clone() {
            let key = self.key(socket);
            let room = self.room(socket).and_then(|key| rooms.get_mut(&key));
            let now_told = match room {
                None => (None, None),
                Some(room) => {
                    self.find(call, socket, want, room, leg);
                    let seen = self.seen.get(&socket);
                    let source = seen.map(|seen| seen.wanted.source);
                    let formats = source.and_then(|source| Some(&room.seats.get(&source)?.formats));
                    let layer = room.router.target_of(key);
                    let format = layer.and_then(|layer| formats?.get(layer).cloned());
                    (source, format)
                }
            };
            if self.told.get(&socket) != Some(&now_told) {
                let (source_id, format) = now_told.clone();
                self.told.insert(socket, now_told);
                leg.tell(&Message::Subscribed { socket, source_id, format });
            }
        }
    }

    fn find(&mut self, call: CallId, socket: i8, want: Want, room: &mut Room, leg: &mut Leg) {
        let (key, before) = (self.key(socket), self.seen.get(&socket).copied());
        // Whoever is at the other end of a call of two has no number.
        let anybody = want.source.is_none()
            || (want.source == Some(0) && matches!(self.place, Some(Place::Call(_))));
        let others = || room.seats.iter().filter(|(_, seat)| seat.bot != Some(call));
        let same = others().find(|(_, seat)| self.shown.get(&socket) == Some(&seat.participant));
        let found = if anybody {
            same.or_else(|| others().next())
        } else {
            others().find(|(source, _)| want.source == Some(**source))
        };
        let Some((source, participant)) = found.map(|(id, seat)| (*id, seat.participant)) else {
            if self.seen.remove(&socket).is_some() {
                room.router.unsubscribe(key);
            }
            return;
        };
        let limit = self.limits.get(&socket).copied().unwrap_or(u32::MAX);
        let bandwidth_limit = limit.min(leg.video_estimate(socket).unwrap_or(u32::MAX));
        let wanted = Wanted { source, resolution: want.resolution, bandwidth_limit };
        if before.map(|seen| seen.wanted) == Some(wanted) {
            return;
        }
        let ssrc = leg.announced().ssrc(socket).unwrap_or_default();
        if room.router.subscribe(key, ssrc, wanted).is_err() {
            self.seen.remove(&socket);
            return;
        }
        self.shown.insert(socket, participant);
        match before.filter(|seen| seen.wanted.source == source) {
            Some(seen) => self.seen.insert(socket, Seen { wanted, ..seen }),
            None => {
                leg.begin_video(socket);
                self.seen.insert(socket, Seen { wanted, sent_at: None, frozen: false })
            }
        };
    }

    /// Tells the bot which video is frozen, and which is no more.
    pub fn freezes(&mut self, now: Duration, leg: &mut Leg) {
        for (socket, seen) in &mut self.seen {
            let Some(sent_at) = seen.sent_at else { continue };
            let frozen = now.saturating_sub(sent_at) >= FROZEN_AFTER;
            if seen.frozen != frozen {
                seen.frozen = frozen;
                let state = if frozen { "detected" } else { "recovered" };
                leg.tell(&Message::Quality { socket: *socket, state: state.to_owned() });
            }
        }
    }
}

/// Something done to the router of a room.
type Deed = fn(&mut Router, SocketKey);

/// The bot cannot have what it asked for.
pub(super) fn refuse(leg: &mut Leg, what: &str, why: &str) {
    leg.tell(&Message::Refused { what: what.to_owned(), why: why.to_owned() });
}
