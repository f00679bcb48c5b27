//! Who sees whom: the video of all calls, and what people send and see.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use media::{
    Router, RtpHeader, RtpPacket,
    transport::{Blob, SHARING, Wish},
};
use platform::{CallId, MediaFacts};

use super::{
    person::Person,
    plane::Sessions,
    room::{Cast, Place, Room, RoomKey, Sender, format_of},
    viewer::{Eye, SeenStream, Viewer},
    watcher::{Watcher, refuse},
};

/// Slots between two looks at the rosters: 100 ms.
const LOOK_EVERY: u32 = 5;
/// People whose pictures are drawn at a time, in all calls.
const DRAWN_MAX: usize = 64;
/// Channels of bots that people look at at a time, in all calls.
const VIEWED_MAX: usize = 32;

/// Work on pictures that is due. It takes a while, and needs nothing else.
pub struct Picture(Work);

enum Work {
    /// A person is drawn, at this time.
    Draw { at: RoomKey, source: u32, person: Box<Person>, layers: BTreeSet<usize>, now: Duration },
    /// People look at a channel of a bot.
    Look { call: CallId, socket: i8, eye: Box<Eye> },
}

impl Picture {
    /// Does it.
    pub fn work(&mut self) {
        match &mut self.0 {
            Work::Draw { person, layers, now, .. } => {
                person.wanted(|layer| layers.contains(&layer));
                person.draw(*now);
            }
            Work::Look { eye, .. } => eye.look(),
        }
    }
}

/// The video of all calls.
#[derive(Default)]
pub(super) struct Videos {
    rooms: BTreeMap<RoomKey, Room>,
    watchers: BTreeMap<CallId, Watcher>,
    /// What people see of bots, or have seen.
    viewers: BTreeMap<(CallId, i8), Viewer>,
    /// Places with people in them.
    peopled: BTreeSet<Place>,
    numbers: BTreeMap<u64, CallId>,
    next_number: u64,
    slots: u32,
}

impl Videos {
    /// A call begins; without a channel of video it is left alone.
    pub fn open(&mut self, call: CallId, blob: &Blob) {
        if blob.video.is_empty() && blob.screen_sharing.is_none() {
            return;
        }
        self.next_number += 1;
        let number = self.next_number;
        self.numbers.insert(number, call);
        self.watchers.insert(call, Watcher::new(number));
    }

    /// A call is over; what people have seen of its bot.
    pub fn close(&mut self, call: CallId) -> Vec<SeenStream> {
        self.leave(call);
        if let Some(gone) = self.watchers.remove(&call) {
            self.numbers.remove(&gone.number);
        }
        let seen = self.seen(call);
        self.viewers.retain(|(of, _), _| *of != call);
        seen
    }

    /// What people see of a bot.
    pub fn seen(&self, call: CallId) -> Vec<SeenStream> {
        let viewers = self.viewers.range((call, i8::MIN)..=(call, i8::MAX));
        viewers.map(|(_, viewer)| viewer.seen()).collect()
    }

    /// A bot is not where it was any more.
    fn leave(&mut self, call: CallId) {
        let Some(watcher) = self.watchers.get_mut(&call) else { return };
        let (place, number) = (watcher.leave(), watcher.number);
        let mut own = Vec::new();
        for (key, room) in self.rooms.iter_mut().filter(|(key, _)| Some(key.0) == place) {
            room.router.remove_subscriber(number);
            own.extend(room.source_of(call).map(|source| (*key, source)));
        }
        for (key, source) in own {
            self.unpublish(key, source);
        }
    }

    fn unpublish(&mut self, key: RoomKey, source: u32) {
        if let Some(room) = self.rooms.get_mut(&key) {
            room.unpublish(source);
        }
        for watcher in self.watchers.values_mut() {
            watcher.forget(key, source);
        }
    }

    /// 20 ms.
    pub fn slot(
        &mut self,
        now: Duration,
        sessions: &mut Sessions,
        facts: &impl Fn(CallId) -> Option<MediaFacts>,
        cast: &impl Fn(CallId) -> Cast,
    ) {
        if self.slots.is_multiple_of(LOOK_EVERY) && !self.watchers.is_empty() {
            self.look(sessions, facts, cast);
        }
        self.slots = self.slots.wrapping_add(1);
        for (call, (session, _)) in sessions.iter_mut() {
            let wishes = session.leg.wishes();
            let Some(watcher) = self.watchers.get_mut(call) else {
                for wish in wishes {
                    if let Wish::Subscribe(socket, ..) = wish {
                        let what = format!("subscribe {socket}");
                        refuse(&mut session.leg, &what, "there is no such socket");
                    }
                }
                continue;
            };
            for wish in wishes {
                watcher.wish(wish, &mut session.leg, &mut self.rooms);
            }
            watcher.connect(*call, &mut session.leg, &mut self.rooms);
            watcher.freezes(now, &mut session.leg);
        }
        self.ask(now, sessions);
    }

    /// Who sends where, by the rosters.
    fn look(
        &mut self,
        sessions: &Sessions,
        facts: &impl Fn(CallId) -> Option<MediaFacts>,
        cast: &impl Fn(CallId) -> Cast,
    ) {
        let mut wanted: BTreeMap<RoomKey, BTreeMap<u32, Sender>> = BTreeMap::new();
        self.peopled.clear();
        for call in self.watchers.keys().copied().collect::<Vec<_>>() {
            let Some(facts) = facts(call) else { continue };
            let place = place_of(call, facts);
            if self.watchers.get(&call).is_some_and(|one| one.place != place) {
                self.leave(call);
                if let Some(watcher) = self.watchers.get_mut(&call) {
                    watcher.place = place;
                }
            }
            let Some(place) = place.filter(|place| !wanted.contains_key(&(*place, false))) else {
                continue;
            };
            wanted.insert((place, false), BTreeMap::new());
            wanted.insert((place, true), BTreeMap::new());
            let Cast { senders, people } = cast(call);
            if people {
                self.peopled.insert(place);
            }
            for sender in senders {
                let Sender { source, sharing, bot, .. } = sender;
                let may = bot.is_none_or(|bot| format_of(sessions, bot, sharing).is_some());
                if let Some(room) = wanted.get_mut(&(place, sharing)).filter(|_| may) {
                    room.insert(source, sender);
                }
            }
        }
        self.rooms.retain(|key, _| wanted.contains_key(key));
        for (key, senders) in wanted {
            self.publish(key, &senders, sessions);
        }
    }

    fn publish(&mut self, key: RoomKey, senders: &BTreeMap<u32, Sender>, sessions: &Sessions) {
        let room = self.rooms.entry(key).or_insert_with(|| Room::new(key.1));
        let gone = room.seats.iter().filter(|(source, seat)| {
            let same =
                |sender: &Sender| (sender.bot, sender.participant) == (seat.bot, seat.participant);
            !senders.get(source).is_some_and(same)
        });
        for source in gone.map(|(source, _)| *source).collect::<Vec<_>>() {
            self.unpublish(key, source);
        }
        let Some(room) = self.rooms.get_mut(&key) else { return };
        for sender in senders.values() {
            room.publish(sender, sessions);
            let socket = if key.1 { SHARING } else { 0 };
            let Some(bot) = sender.bot.filter(|_| self.peopled.contains(&key.0)) else { continue };
            if self.viewers.len() < VIEWED_MAX {
                self.viewers.entry((bot, socket)).or_insert_with(|| Viewer::new(key.1));
            }
        }
    }

    /// Asks those who send for the key frames that are needed.
    fn ask(&mut self, now: Duration, sessions: &mut Sessions) {
        let mut asked = BTreeSet::new();
        for ((_, sharing), room) in &mut self.rooms {
            while let Some(request) = room.router.poll_key_frame_request(now) {
                if let Some(person) = room.drawn.get_mut(&request.source) {
                    person.force_key_frame(request.layer);
                }
                let bot = room.seats.get(&request.source).and_then(|seat| seat.bot);
                asked.extend(bot.map(|bot| (bot, if *sharing { SHARING } else { 0 })));
            }
        }
        for (of, viewer) in &mut self.viewers {
            if sessions.get(&of.0).is_some_and(|(session, _)| session.leg.is_active())
                && viewer.needs_key_frame(now)
            {
                asked.insert(*of);
            }
        }
        for (bot, socket) in asked {
            if let Some((session, _)) = sessions.get_mut(&bot) {
                session.leg.want_key_frame(socket);
            }
        }
    }

    /// The work that is due: the people who are watched are drawn, and what bots send is looked at. It comes back by
    /// [`Videos::worked`].
    pub fn pictures(&mut self, now: Duration) -> Vec<Picture> {
        let mut watched: BTreeMap<(RoomKey, u32), BTreeSet<usize>> = BTreeMap::new();
        for watcher in self.watchers.values() {
            for (key, source, layer) in watcher.watched(&self.rooms) {
                watched.entry((key, source)).or_default().insert(layer);
            }
        }
        for (key, room) in &mut self.rooms {
            room.drawn.retain(|id, _| watched.contains_key(&(*key, *id)));
        }
        let mut drawn: usize = self.rooms.values().map(|room| room.drawn.len()).sum();
        let mut pictures = Vec::new();
        for ((at, source), layers) in watched {
            let Some(room) = self.rooms.get_mut(&at) else { continue };
            if room.seats.get(&source).is_none_or(|seat| seat.bot.is_some()) {
                continue;
            }
            let person = match room.drawn.remove(&source) {
                Some(person) => person,
                None if drawn >= DRAWN_MAX => continue,
                None => {
                    drawn += 1;
                    Person::new(now, source, at.1)
                }
            };
            if person.is_due(now) {
                let person = Box::new(person);
                pictures.push(Picture(Work::Draw { at, source, person, layers, now }));
            } else {
                room.drawn.insert(source, person);
            }
        }
        for ((call, socket), viewer) in &mut self.viewers {
            let look = |eye| Work::Look { call: *call, socket: *socket, eye: Box::new(eye) };
            pictures.extend(viewer.open(now).map(look).map(Picture));
        }
        pictures
    }

    /// It is done: whoever watches gets the packets.
    pub fn worked(&mut self, now: Duration, pictures: Vec<Picture>, sessions: &mut Sessions) {
        for Picture(work) in pictures {
            match work {
                Work::Draw { at, source, person, .. } => {
                    let Self { rooms, numbers, watchers, .. } = self;
                    let Some(room) = rooms.get_mut(&at) else { continue };
                    let mut receivers = Receivers { numbers, watchers, sessions };
                    for (layer, datagram) in person.packets() {
                        let Ok(packet) = RtpPacket::parse(datagram) else { continue };
                        let from = (source, layer, at.1);
                        receivers.forward(&mut room.router, now, from, &packet);
                    }
                    if room.seats.get(&source).is_some_and(|seat| seat.bot.is_none()) {
                        room.drawn.insert(source, *person);
                    }
                }
                Work::Look { call, socket, eye } => {
                    if let Some(viewer) = self.viewers.get_mut(&(call, socket)) {
                        viewer.close(*eye);
                    }
                }
            }
        }
    }

    /// A packet of a bot's video.
    pub fn route(
        &mut self,
        now: Duration,
        (call, socket): (CallId, i8),
        packet: &RtpPacket<'_>,
        sessions: &mut Sessions,
    ) {
        let place = self.watchers.get(&call).and_then(|watcher| watcher.place);
        let Some(place) = place else { return };
        let key = (place, socket == SHARING);
        let Self { rooms, numbers, watchers, viewers, peopled, .. } = self;
        let Some(room) = rooms.get_mut(&key) else { return };
        let Some(source) = room.source_of(call) else { return };
        if let Some(viewer) = viewers.get_mut(&(call, socket)).filter(|_| peopled.contains(&place))
        {
            viewer.push(now, packet);
        }
        // A bot sends one quality.
        let from = (source, 0, key.1);
        Receivers { numbers, watchers, sessions }.forward(&mut room.router, now, from, packet);
    }
}

/// Where a bot is: nowhere that anybody sees while it waits in the lobby.
fn place_of(call: CallId, facts: MediaFacts) -> Option<Place> {
    if facts.in_lobby {
        return None;
    }
    let alone = || Place::Call(facts.twin.map_or(call, |twin| twin.min(call)));
    Some(facts.conference.map_or_else(alone, Place::Conference))
}

/// Those who get packets.
struct Receivers<'a> {
    numbers: &'a BTreeMap<u64, CallId>,
    watchers: &'a mut BTreeMap<CallId, Watcher>,
    sessions: &'a mut Sessions,
}

impl Receivers<'_> {
    /// Routes a packet, and gives it to the legs of those who get it.
    fn forward(
        &mut self,
        router: &mut Router,
        now: Duration,
        (source, layer, sharing): (u32, usize, bool),
        packet: &RtpPacket<'_>,
    ) {
        // The source is there, with that layer, or it is gone.
        let _ = router.route(now, source, layer, packet, |forward| {
            let header: RtpHeader = forward.header;
            let Some(call) = self.numbers.get(&forward.to.subscriber) else { return };
            let Some((session, _)) = self.sessions.get_mut(call) else { return };
            let socket = i8::try_from(forward.to.socket).unwrap_or(0);
            let socket = if sharing { SHARING } else { socket };
            if session.leg.send_video_packet(socket, header, packet.payload)
                && let Some(watcher) = self.watchers.get_mut(call)
            {
                watcher.sent(now, socket);
            }
        });
    }
}
