//! Who sees whom: the video of conferences, and what people send.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use media::{
    FrameRate, Layer, Router, RouterConfig, RtpHeader, RtpPacket, SocketKey, VideoFormat,
    VideoResolution, Wanted,
    transport::{Blob, Message, SHARING, VideoSend, Wish},
};
use platform::{CallId, ConferenceId, MediaFacts};

use super::{person::Person, plane::Sessions};

/// Slots between two looks at the rosters: 100 ms.
const LOOK_EVERY: u32 = 5;
/// People whose pictures are drawn at a time, in all calls.
const DRAWN_MAX: usize = 64;

/// Somebody in a call who sends video, as its roster has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The media source id.
    pub source: u32,
    /// Whether it is screen sharing.
    pub sharing: bool,
    /// The call of the bot that it is; none for people.
    pub bot: Option<CallId>,
}

/// A conference, or a call of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Conference(ConferenceId),
    Call(CallId),
}

/// The video of a place, or its screen sharing.
type RoomKey = (Place, bool);

struct Room {
    router: Router,
    /// Who sends; none: a person.
    senders: BTreeMap<u32, Option<CallId>>,
    /// In which format, as in `320x180@15`.
    formats: BTreeMap<u32, String>,
    /// People who are watched.
    drawn: BTreeMap<u32, Person>,
}

/// What a bot wants to see, and sees.
struct Watcher {
    number: u64,
    place: Option<Place>,
    wants: BTreeMap<i8, (Option<u32>, VideoResolution)>,
    seen: BTreeMap<i8, u32>,
    told: BTreeMap<i8, Option<u32>>,
}

/// A person whose picture is due. Drawing it takes a while, and nothing else.
pub struct Drawing {
    key: RoomKey,
    source: u32,
    person: Person,
    now: Duration,
}

impl Drawing {
    /// Draws it.
    pub fn draw(&mut self) {
        self.person.draw(self.now);
    }
}

/// The video of all calls.
#[derive(Default)]
pub(super) struct Videos {
    rooms: BTreeMap<RoomKey, Room>,
    watchers: BTreeMap<CallId, Watcher>,
    numbers: BTreeMap<u64, CallId>,
    next_number: u64,
    slots: u32,
}

impl Room {
    fn new(sharing: bool) -> Self {
        let config = RouterConfig { one_sharer: sharing, ..RouterConfig::default() };
        let router = Router::new(config);
        let (senders, formats, drawn) = Default::default();
        Self { router, senders, formats, drawn }
    }
}

impl Watcher {
    fn key(&self, socket: i8) -> SocketKey {
        SocketKey { subscriber: self.number, socket: u32::try_from(socket).unwrap_or(0) }
    }

    fn room(&self, socket: i8) -> Option<RoomKey> {
        Some((self.place?, socket == SHARING))
    }
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
        let (wants, seen, told) = Default::default();
        self.watchers.insert(call, Watcher { number, place: None, wants, seen, told });
    }

    /// A call is over.
    pub fn close(&mut self, call: CallId) {
        self.leave(call);
        if let Some(gone) = self.watchers.remove(&call) {
            self.numbers.remove(&gone.number);
        }
    }

    /// A bot is not where it was any more.
    fn leave(&mut self, call: CallId) {
        let Some(watcher) = self.watchers.get_mut(&call) else { return };
        watcher.seen.clear();
        let (place, number) = (watcher.place.take(), watcher.number);
        let mut own = Vec::new();
        for (key, room) in self.rooms.iter_mut().filter(|(key, _)| Some(key.0) == place) {
            room.router.remove_subscriber(number);
            let sent = room.senders.iter().filter(|(_, bot)| **bot == Some(call));
            own.extend(sent.map(|(source, _)| (*key, *source)));
        }
        for (key, source) in own {
            self.unpublish(key, source);
        }
    }

    fn unpublish(&mut self, key: RoomKey, source: u32) {
        if let Some(room) = self.rooms.get_mut(&key) {
            room.senders.remove(&source);
            room.formats.remove(&source);
            room.router.unpublish(source);
        }
        for watcher in self.watchers.values_mut().filter(|one| one.place == Some(key.0)) {
            watcher.seen.retain(|socket, seen| (*socket == SHARING) != key.1 || *seen != source);
        }
    }

    /// 20 ms.
    pub fn slot(
        &mut self,
        now: Duration,
        sessions: &mut Sessions,
        facts: &impl Fn(CallId) -> Option<MediaFacts>,
        senders: &impl Fn(CallId) -> Vec<Sender>,
    ) {
        if self.slots.is_multiple_of(LOOK_EVERY) && !self.watchers.is_empty() {
            self.look(sessions, facts, senders);
        }
        self.slots = self.slots.wrapping_add(1);
        for (call, (session, _)) in sessions.iter_mut() {
            for wish in session.leg.wishes() {
                self.wish(*call, wish, &mut session.leg);
            }
            self.connect(*call, &mut session.leg);
        }
        self.ask(now, sessions);
    }

    /// Who sends where, by the rosters.
    fn look(
        &mut self,
        sessions: &Sessions,
        facts: &impl Fn(CallId) -> Option<MediaFacts>,
        senders: &impl Fn(CallId) -> Vec<Sender>,
    ) {
        let mut wanted: BTreeMap<RoomKey, BTreeMap<u32, Option<CallId>>> = BTreeMap::new();
        for call in self.watchers.keys().copied().collect::<Vec<_>>() {
            let Some(facts) = facts(call) else { continue };
            let place = facts.conference.map_or(Place::Call(call), Place::Conference);
            if self.watchers.get(&call).is_some_and(|one| one.place != Some(place)) {
                self.leave(call);
                if let Some(watcher) = self.watchers.get_mut(&call) {
                    watcher.place = Some(place);
                }
            }
            if wanted.contains_key(&(place, false)) {
                continue;
            }
            wanted.insert((place, false), BTreeMap::new());
            wanted.insert((place, true), BTreeMap::new());
            for Sender { source, sharing, bot } in senders(call) {
                let may = bot.is_none_or(|bot| format_of(sessions, bot, sharing).is_some());
                if let Some(room) = wanted.get_mut(&(place, sharing)).filter(|_| may) {
                    room.insert(source, bot);
                }
            }
        }
        self.rooms.retain(|key, _| wanted.contains_key(key));
        for (key, senders) in wanted {
            self.publish(key, &senders, sessions);
        }
    }

    fn publish(
        &mut self,
        key: RoomKey,
        senders: &BTreeMap<u32, Option<CallId>>,
        sessions: &Sessions,
    ) {
        let room = self.rooms.entry(key).or_insert_with(|| Room::new(key.1));
        let gone = room.senders.iter().filter(|(source, bot)| senders.get(source) != Some(bot));
        for source in gone.map(|(source, _)| *source).collect::<Vec<_>>() {
            self.unpublish(key, source);
        }
        let Some(room) = self.rooms.get_mut(&key) else { return };
        for (source, bot) in senders {
            let format = match bot {
                None => Some(Person::format(key.1)),
                Some(bot) => format_of(sessions, *bot, key.1).map(near),
            };
            let Some(format) = format.filter(|_| !room.senders.contains_key(source)) else {
                continue;
            };
            // What a bot will send is not known before; nobody limits what it receives.
            let layer = Layer { format, bits_per_second: 0, active: true };
            if room.router.publish(*source, &[layer]).is_ok() {
                let VideoFormat { width, height, rate, .. } = format;
                room.formats.insert(*source, format!("{width}x{height}@{}", rate.hz()));
                room.senders.insert(*source, *bot);
            }
        }
    }

    fn wish(&mut self, call: CallId, wish: Wish, leg: &mut media::transport::Leg) {
        let watcher = self.watchers.get_mut(&call);
        match (wish, watcher) {
            (Wish::Subscribe(socket, source, resolution), watcher) => {
                let watcher = watcher.filter(|_| leg.video_channel(socket).is_some());
                let taken = match (watcher, resolution.parse()) {
                    (None, _) => Err("there is no such socket"),
                    (_, Err(_)) => Err("there is no such resolution"),
                    _ if !leg.is_active() => Err("video is not active"),
                    (Some(watcher), Ok(resolution)) => {
                        let want = (source, resolution);
                        if watcher.wants.insert(socket, want) != Some(want) {
                            watcher.seen.remove(&socket);
                        }
                        watcher.told.remove(&socket);
                        Ok(())
                    }
                };
                if let Err(why) = taken {
                    let (what, why) = (format!("subscribe {socket}"), why.to_owned());
                    leg.tell(&Message::Refused { what, why });
                }
            }
            (Wish::Unsubscribe(socket), watcher) => {
                if let Some(watcher) = watcher {
                    watcher.wants.remove(&socket);
                    watcher.seen.remove(&socket);
                    let room = watcher.room(socket).and_then(|key| self.rooms.get_mut(&key));
                    room.map(|room| room.router.unsubscribe(watcher.key(socket)));
                }
                leg.tell(&Message::Subscribed { socket, source_id: None, format: None });
            }
            (Wish::KeyFrame(socket), Some(watcher)) => {
                if let Some(room) = watcher.room(socket).and_then(|key| self.rooms.get_mut(&key)) {
                    // Whoever has no subscription gets no key frame.
                    let _ = room.router.want_key_frame(watcher.key(socket));
                }
            }
            (Wish::KeyFrame(_), None) | (Wish::Bye, _) => {}
        }
    }

    /// Lets a bot see what it wants to see and what is there, and tells it what changes.
    fn connect(&mut self, call: CallId, leg: &mut media::transport::Leg) {
        let Some(watcher) = self.watchers.get_mut(&call) else { return };
        for (socket, (source, resolution)) in watcher.wants.clone() {
            let Some(room) = watcher.room(socket).and_then(|key| self.rooms.get_mut(&key)) else {
                continue;
            };
            let mut others = room.senders.iter().filter(|(_, bot)| **bot != Some(call));
            let found = others.find(|(id, _)| source.is_none_or(|wanted| wanted == **id));
            let found = found.map(|(id, _)| *id);
            let (key, before) = (watcher.key(socket), watcher.seen.get(&socket).copied());
            if found != before {
                watcher.seen.remove(&socket);
                let ssrc = leg.announced().ssrc(socket).unwrap_or_default();
                if let Some(source) = found {
                    let wanted = Wanted { source, resolution, bandwidth_limit: u32::MAX };
                    if room.router.subscribe(key, ssrc, wanted).is_ok() {
                        watcher.seen.insert(socket, source);
                        leg.begin_video(socket);
                    }
                } else {
                    room.router.unsubscribe(key);
                }
            }
            let source_id = watcher.seen.get(&socket).copied();
            if watcher.told.insert(socket, source_id) != Some(source_id) {
                let format = source_id.and_then(|id| room.formats.get(&id).cloned());
                leg.tell(&Message::Subscribed { socket, source_id, format });
            }
        }
    }

    /// Asks those who send for the key frames that are needed.
    fn ask(&mut self, now: Duration, sessions: &mut Sessions) {
        for ((_, sharing), room) in &mut self.rooms {
            while let Some(request) = room.router.poll_key_frame_request(now) {
                if let Some(person) = room.drawn.get_mut(&request.source) {
                    person.force_key_frame();
                }
                let bot = room.senders.get(&request.source).copied().flatten();
                if let Some((session, _)) = bot.and_then(|bot| sessions.get_mut(&bot)) {
                    session.leg.want_key_frame(if *sharing { SHARING } else { 0 });
                }
            }
        }
    }

    /// The people who are watched, and nobody else, as far as a picture of them is due: they are drawn, and come back by
    /// [`Videos::drawn`].
    pub fn drawings(&mut self, now: Duration) -> Vec<Drawing> {
        let watched: BTreeSet<(RoomKey, u32)> = self
            .watchers
            .values()
            .flat_map(|one| one.seen.iter().filter_map(|(id, seen)| Some((one.room(*id)?, *seen))))
            .collect();
        for (key, room) in &mut self.rooms {
            let people = &room.senders;
            room.drawn
                .retain(|id, _| watched.contains(&(*key, *id)) && people.get(id) == Some(&None));
        }
        let mut drawn: usize = self.rooms.values().map(|room| room.drawn.len()).sum();
        let mut drawings = Vec::new();
        for (key, source) in watched {
            let Some(room) = self.rooms.get_mut(&key) else { continue };
            if room.senders.get(&source) != Some(&None) {
                continue;
            }
            if !room.drawn.contains_key(&source) && drawn < DRAWN_MAX {
                room.drawn.extend(Person::new(now, source, key.1).map(|person| (source, person)));
                drawn += 1;
            }
            let due = room.drawn.get(&source).is_some_and(|person| person.is_due(now));
            let person = if due { room.drawn.remove(&source) } else { None };
            drawings.extend(person.map(|person| Drawing { key, source, person, now }));
        }
        drawings
    }

    /// They are drawn: whoever watches gets the packets.
    pub fn drawn(&mut self, now: Duration, drawings: Vec<Drawing>, sessions: &mut Sessions) {
        for Drawing { key, source, person, .. } in drawings {
            let Some(room) = self.rooms.get_mut(&key) else { continue };
            for datagram in person.packets() {
                let Ok(packet) = RtpPacket::parse(datagram) else { continue };
                let from = (source, key.1);
                forward(&mut room.router, &self.numbers, now, from, &packet, sessions);
            }
            room.drawn.insert(source, person);
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
        let key = self.watchers.get(&call).and_then(|watcher| watcher.room(socket));
        let Some(room) = key.and_then(|key| self.rooms.get_mut(&key)) else { return };
        let own = room.senders.iter().find(|(_, bot)| **bot == Some(call));
        let Some((source, _)) = own else { return };
        let from = (*source, socket == SHARING);
        forward(&mut room.router, &self.numbers, now, from, packet, sessions);
    }
}

/// Routes a packet, and gives it to the legs of those who get it.
fn forward(
    router: &mut Router,
    numbers: &BTreeMap<u64, CallId>,
    now: Duration,
    (source, sharing): (u32, bool),
    packet: &RtpPacket<'_>,
    sessions: &mut Sessions,
) {
    // The source is there, and has one layer.
    let _ = router.route(now, source, 0, packet, |forward| {
        let header: RtpHeader = forward.header;
        let call = numbers.get(&forward.to.subscriber);
        let Some((session, _)) = call.and_then(|call| sessions.get_mut(call)) else { return };
        let socket = i8::try_from(forward.to.socket).unwrap_or(0);
        let socket = if sharing { SHARING } else { socket };
        session.leg.send_video_packet(socket, header, packet.payload);
    });
}

/// What a bot sends, if it may.
fn format_of(sessions: &Sessions, bot: CallId, sharing: bool) -> Option<VideoSend> {
    let (session, _) = sessions.get(&bot)?;
    let channel = session.leg.video_channel(if sharing { SHARING } else { 0 })?;
    let may = session.leg.is_active() && channel.direction.sends();
    channel.send.first().copied().filter(|_| may)
}

/// The nearest of the rates that there are, from above.
fn near(VideoSend { width, height, fps }: VideoSend) -> VideoFormat {
    use FrameRate::{F1_875, F3_75, F7_5, F15, F30};
    let rate = [F1_875, F3_75, F7_5, F15].into_iter().find(|rate| fps <= rate.hz());
    VideoFormat::h264(width, height, rate.unwrap_or(F30))
}
