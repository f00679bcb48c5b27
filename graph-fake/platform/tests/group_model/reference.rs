//! The second opinion: what is known of legs and rooms, and what follows by itself at which moment.

use std::{collections::BTreeMap, time::Duration};

use graph_api::Timestamp;

use super::{
    rooms::{Ringing, Room, Seat, Who, reaction},
    transition::{Act, Asked, By, Lack, Transition, Way},
};

const MOMENT: Duration = Duration::from_millis(100);
const KEEP_ALIVE: Duration = Duration::from_secs(45 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// What is known of a leg.
#[derive(Debug, Clone)]
struct Leg {
    bot: usize,
    who: Who,
    /// The user at the other end, while it is a call of two.
    peer: Option<usize>,
    room: Option<usize>,
    escalated: bool,
    /// Rung: until when it may answer, and who rings.
    answer_by: Option<Timestamp>,
    source: Option<usize>,
    ready_at: Option<Timestamp>,
    established: bool,
    audio_at: Option<Timestamp>,
    lapses_at: Option<Timestamp>,
    over: bool,
    operations: usize,
    delta: bool,
    rosters: u64,
    saw: BTreeMap<usize, String>,
    whole: bool,
    told: Vec<String>,
}

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Now.
    pub now: Timestamp,
    lacks: [Lack; 2],
    legs: Vec<Leg>,
    rooms: Vec<Room>,
    next_seat: usize,
    /// Why whoever is gone from a room is gone.
    reasons: BTreeMap<usize, &'static str>,
}

fn refused(status: u16, code: &str) -> Option<String> {
    Some(format!("{status} {code}"))
}

fn done(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Reference {
    /// Nothing has happened.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            lacks: [Lack::Nothing; 2],
            legs: Vec::new(),
            rooms: Vec::new(),
            next_seat: 0,
            reasons: BTreeMap::new(),
        }
    }

    /// Legs made so far.
    pub fn made(&self) -> usize {
        self.legs.len()
    }

    /// What the bot must have been told about a leg by now.
    pub fn told(&self, leg: usize) -> &[String] {
        &self.legs[leg].told
    }

    /// What the reply must be, or for acts whether it is possible; and learns what happened.
    pub fn apply(&mut self, transition: &Transition) -> Option<String> {
        let reply = match transition {
            Transition::Join { bot, way } => self.join(*bot, *way),
            Transition::Group { bot, users } => self.group(*bot, *users),
            Transition::Ring { bot, with } => self.ring(*bot, *with),
            Transition::InviteBot { bot } => {
                let room = self.meeting();
                self.ring_bot(room, *bot, Some(0), None, false);
                done("act")
            }
            Transition::Ask { leg, verb, by } => self.ask(*leg, *verb, *by),
            Transition::InMeeting { user, act } => {
                let room = self.meeting();
                self.act(room, None, *user, *act)
            }
            Transition::InCall { leg, user, act } => self.in_call(*leg, *user, *act),
            Transition::Lacks { bot, lack } => {
                self.lacks[*bot] = *lack;
                None
            }
            Transition::Wait(_) => None,
        };
        self.look();
        self.until(self.now);
        reply
    }

    /// Lets time pass: whatever is due happens at its moment, legs before rooms.
    pub fn until(&mut self, to: Timestamp) {
        while let Some((at, of_leg, number)) = self.next().filter(|(at, ..)| *at <= to) {
            let later = self.now.max(at);
            self.now = at;
            if of_leg {
                self.leg_is_due(number)
            } else {
                self.room_is_due(number)
            }
            self.look();
            self.now = later;
        }
        self.now = to;
    }

    fn next(&self) -> Option<(Timestamp, bool, usize)> {
        let legs =
            self.legs.iter().enumerate().filter(|(_, leg)| !leg.over).flat_map(|(n, leg)| {
                let all = [leg.answer_by, leg.ready_at, leg.audio_at, leg.lapses_at];
                all.into_iter().flatten().min().map(|at| (at, true, n))
            });
        let rooms = self.rooms.iter().enumerate().filter(|(_, room)| !room.over);
        let rooms = rooms.flat_map(|(n, room)| {
            let rings = room.rings.iter().filter_map(Ringing::due);
            let lobby = room.seats.iter().filter_map(|seat| seat.waits_until);
            rings.chain(lobby).min().map(|at| (at, false, n))
        });
        legs.chain(rooms).min_by_key(|(at, of_leg, _)| (*at, !of_leg))
    }

    fn leg_is_due(&mut self, number: usize) {
        let now = self.now;
        let leg = &mut self.legs[number];
        if leg.answer_by == Some(now) {
            self.end(number, (408, 8544), "Left");
        } else if leg.ready_at == Some(now) {
            leg.ready_at = None;
            leg.established = true;
            leg.audio_at = Some(now + MOMENT);
            leg.told.push("established".to_owned());
            self.sits_down(number);
        } else if leg.audio_at == Some(now) {
            leg.audio_at = None;
            leg.told.push("audio on".to_owned());
        } else {
            self.end(number, (408, 8537), "Left");
        }
    }

    /// A leg's bot is in its room from now on.
    fn sits_down(&mut self, number: usize) {
        let leg = &self.legs[number];
        let Some(room) = leg.room else { return };
        let who = leg.who;
        let guest = matches!(who, Who::Guest(_) | Who::Named(_)) && self.rooms[room].meeting;
        let waits_until = guest.then(|| self.now + Duration::from_secs(30 * 60));
        let rung = self.rooms[room].rings.iter().position(|ring| ring.leg == Some(number));
        let ring = rung.map(|at| self.rooms[room].rings.remove(at));
        let hidden = ring.as_ref().is_some_and(|ring| ring.hidden);
        let seat = Seat { leg: Some(number), waits_until, hidden, ..self.seat(who) };
        self.rooms[room].seats.push(seat);
        if let Some(ring) = ring {
            self.came(room, &ring, true);
        }
    }

    fn seat(&mut self, who: Who) -> Seat {
        self.next_seat += 1;
        Seat {
            id: self.next_seat,
            who,
            leg: None,
            own_mute: false,
            server_mute: false,
            waits_until: None,
            video: false,
            shares: false,
            hidden: false,
        }
    }

    /// Whoever was rung came, or did not: the operation that asked for it ends with the last, or with the first
    /// that fails.
    fn came(&mut self, room: usize, ring: &Ringing, well: bool) {
        if let Some(replaced) = ring.replaces.filter(|leg| well && !self.legs[*leg].over) {
            self.end(replaced, (200, 5001), "Left");
        }
        let Some((leg, operation)) = ring.by.filter(|(leg, _)| !self.legs[*leg].over) else {
            return;
        };
        let open = self.rooms[room].rings.iter().any(|other| other.by == ring.by);
        if well && open {
            return;
        }
        for other in self.rooms[room].rings.iter_mut().filter(|other| other.by == ring.by) {
            other.by = None;
        }
        let how = if well { "completed" } else { "failed 412/9999" };
        self.legs[leg].told.push(format!("operation {operation} {how}"));
    }

    fn room_is_due(&mut self, number: usize) {
        let now = self.now;
        let late = self.rooms[number].seats.iter().find(|seat| seat.waits_until == Some(now));
        if let Some(leg) = late.and_then(|seat| seat.leg) {
            self.end(leg, (200, 5855), "Left");
            return;
        }
        let due = |ring: &Ringing| ring.due() == Some(now);
        let Some(at) = self.rooms[number].rings.iter().position(due) else { return };
        let answers =
            self.rooms[number].rings[at].reacts.is_some_and(|(at, well)| at <= now && well);
        self.reacts(number, at, answers);
    }

    fn reacts(&mut self, room: usize, at: usize, answers: bool) {
        let ring = self.rooms[room].rings.remove(at);
        if answers {
            let seat = Seat { hidden: ring.hidden, ..self.seat(ring.who) };
            self.rooms[room].seats.push(seat);
            self.rooms[room].had_people = true;
        }
        self.came(room, &ring, answers);
    }

    /// A leg is over; whoever waited for its bot waits in vain.
    fn end(&mut self, number: usize, (code, subcode): (i32, i32), reason: &'static str) {
        let leg = &mut self.legs[number];
        leg.over = true;
        leg.told.push(format!("ended {code}/{subcode}"));
        let Some(room) = leg.room else { return };
        if let Some(at) = self.rooms[room].seats.iter().position(|seat| seat.leg == Some(number)) {
            self.leaves(room, at, reason);
        }
        let rung = self.rooms[room].rings.iter().position(|ring| ring.leg == Some(number));
        if let Some(at) = rung {
            let ring = self.rooms[room].rings.remove(at);
            self.came(room, &ring, false);
        }
    }

    fn leaves(&mut self, room: usize, at: usize, reason: &'static str) {
        let seat = self.rooms[room].seats.remove(at);
        self.reasons.insert(seat.id, reason);
        if self.rooms[room].hold == Some(seat.id) {
            self.rooms[room].hold = None;
        }
    }

    fn legs_of(&self, room: usize) -> Vec<usize> {
        let of_it = |leg: &usize| !self.legs[*leg].over && self.legs[*leg].room == Some(room);
        (0..self.legs.len()).filter(of_it).collect()
    }

    /// Everybody looks around: who sees something new is told; a room in which nobody is left is over.
    fn look(&mut self) {
        for room in 0..self.rooms.len() {
            for leg in self.legs_of(room) {
                self.looks(room, leg);
            }
            let legs = self.legs_of(room);
            if let Some(code) = self.rooms[room].ends(legs.len()) {
                self.close(room, code);
            }
            let place = &self.rooms[room];
            let empty = legs.is_empty() && place.seats.is_empty() && place.rings.is_empty();
            self.rooms[room].over |= empty;
        }
    }

    fn close(&mut self, room: usize, code: (i32, i32)) {
        self.rooms[room].over = true;
        let legs = self.legs_of(room);
        self.rooms[room].rings.clear();
        for leg in legs {
            self.end(leg, code, "Left");
        }
    }

    fn looks(&mut self, room: usize, number: usize) {
        if self.legs[number].escalated || !self.legs[number].established {
            return;
        }
        let seen: Vec<(usize, String)> =
            self.rooms[room].seen_by(number).iter().map(|seat| (seat.id, seat.entry())).collect();
        let now: BTreeMap<usize, String> = seen.iter().cloned().collect();
        let reasons = &self.reasons;
        let leg = &mut self.legs[number];
        if now == leg.saw {
            return;
        }
        leg.rosters += 1;
        if leg.delta {
            let whole = leg.rosters == 1 || std::mem::take(&mut leg.whole);
            let news = now.iter().filter(|(id, entry)| whole || leg.saw.get(id) != Some(entry));
            let mut entries: Vec<String> = news.map(|(_, entry)| entry.clone()).collect();
            for (id, entry) in leg.saw.iter().filter(|(id, _)| !now.contains_key(id)) {
                entries.push(format!("{entry} {}", reasons.get(id).copied().unwrap_or("?")));
            }
            entries.sort();
            leg.told.push(format!("delta {} {}", leg.rosters, entries.join(", ")));
        } else {
            let entries: Vec<String> = seen.into_iter().map(|(_, entry)| entry).collect();
            leg.told.push(format!("roster {}", entries.join(", ")));
        }
        leg.saw = now;
    }
}

/// What bots and users begin.
impl Reference {
    fn may(&self, bot: usize, what: Lack) -> bool {
        match what {
            // The permission to join at all is there unless both are withheld.
            Lack::Join => self.lacks[bot] != Lack::Join,
            Lack::Member => !matches!(self.lacks[bot], Lack::Member | Lack::Join),
            Lack::Nothing | Lack::InitiateGroup | Lack::Removal => self.lacks[bot] != what,
        }
    }

    /// The room of the meeting, opened if there is none.
    fn meeting(&mut self) -> usize {
        let running = self.rooms.iter().position(|room| room.meeting && !room.over);
        running.unwrap_or_else(|| self.open(true, true))
    }

    fn open(&mut self, meeting: bool, chat: bool) -> usize {
        self.rooms.push(Room { meeting, chat, ..Room::default() });
        self.rooms.len() - 1
    }

    fn leg(&mut self, bot: usize, who: Who, room: Option<usize>) -> usize {
        self.legs.push(Leg {
            bot,
            who,
            peer: None,
            room,
            escalated: false,
            answer_by: None,
            source: None,
            ready_at: None,
            established: false,
            audio_at: None,
            lapses_at: None,
            over: false,
            operations: 0,
            delta: false,
            rosters: 0,
            saw: BTreeMap::new(),
            whole: false,
            told: Vec::new(),
        });
        self.legs.len() - 1
    }

    fn sets_up(&mut self, number: usize) {
        let now = self.now;
        let leg = &mut self.legs[number];
        leg.answer_by = None;
        leg.ready_at = Some(now + MOMENT);
        leg.lapses_at = Some(now + KEEP_ALIVE);
        leg.told.push("establishing".to_owned());
    }

    fn join(&mut self, bot: usize, way: Way) -> Option<String> {
        if !self.may(bot, Lack::Join) {
            return refused(403, "7504");
        }
        let who = match way {
            Way::Guest => Who::Named(bot),
            Way::Organizer | Way::MeetingId if self.may(bot, Lack::Member) => Who::Bot(bot),
            Way::Organizer | Way::MeetingId => Who::Guest(bot),
        };
        let room = self.meeting();
        let leg = self.leg(bot, who, Some(room));
        // One of the bots wants deltas wherever it joins.
        self.legs[leg].delta = bot == 1;
        self.sets_up(leg);
        done("201")
    }

    fn group(&mut self, bot: usize, users: [usize; 2]) -> Option<String> {
        if !self.may(bot, Lack::InitiateGroup) {
            return refused(403, "7504");
        }
        let room = self.open(false, false);
        let leg = self.leg(bot, Who::Bot(bot), Some(room));
        self.sets_up(leg);
        for user in users {
            self.ring_user(room, user, None);
        }
        done("201")
    }

    fn ring(&mut self, bot: usize, with: bool) -> Option<String> {
        if with {
            let room = self.open(false, true);
            let seat = self.seat(Who::User(0));
            self.rooms[room].seats.push(seat);
            self.rooms[room].had_people = true;
            self.ring_bot(room, bot, Some(0), None, false);
            self.ring_user(room, 1, None);
        } else {
            let leg = self.leg(bot, Who::Bot(bot), None);
            self.legs[leg].peer = Some(0);
            self.legs[leg].source = Some(0);
            self.legs[leg].answer_by = Some(self.now + Duration::from_secs(15));
            self.legs[leg].told.push("incoming".to_owned());
        }
        done("act")
    }

    fn ring_user(&mut self, room: usize, user: usize, by: Option<(usize, usize)>) {
        self.rooms[room].called = true;
        self.rooms[room].rings.push(Ringing {
            who: Who::User(user),
            leg: None,
            reacts: reaction(user, self.now),
            until: self.now + MINUTE,
            by,
            hidden: false,
            replaces: None,
        });
    }

    fn ring_bot(
        &mut self,
        room: usize,
        bot: usize,
        source: Option<usize>,
        by: Option<(usize, usize)>,
        hidden: bool,
    ) {
        let leg = self.leg(bot, Who::Bot(bot), Some(room));
        self.legs[leg].source = source;
        self.legs[leg].answer_by = Some(self.now + Duration::from_secs(15));
        self.legs[leg].told.push("incoming".to_owned());
        self.rooms[room].called = true;
        self.rooms[room].rings.push(Ringing {
            who: Who::Bot(bot),
            leg: Some(leg),
            reacts: None,
            until: self.now,
            by,
            hidden,
            replaces: None,
        });
    }

    /// A call of two moves to a room of its own.
    fn escalates(&mut self, number: usize) -> usize {
        let room = self.open(false, false);
        let who = self.legs[number].who;
        if let Some(peer) = self.legs[number].peer.take() {
            let seat = self.seat(Who::User(peer));
            self.rooms[room].seats.push(seat);
        }
        let seat = Seat { leg: Some(number), ..self.seat(who) };
        self.rooms[room].seats.push(seat);
        self.rooms[room].had_people = true;
        let now = self.now;
        let leg = &mut self.legs[number];
        leg.room = Some(room);
        leg.escalated = true;
        leg.audio_at = Some(now + MOMENT);
        leg.told.push("audio off".to_owned());
        room
    }
}

/// What is asked of legs.
impl Reference {
    fn ask(&mut self, number: usize, verb: Asked, by: By) -> Option<String> {
        // Nobody's call is like one that is over; the first bot asks.
        let (bot, over) = self.legs.get(number).map_or((0, true), |leg| (leg.bot, leg.over));
        if by == By::OtherTenant && !over {
            return refused(403, "7505");
        }
        let asker = if by == By::OtherApp { 1 - bot } else { bot };
        let about_people = matches!(
            verb,
            Asked::MuteAll
                | Asked::MuteUser(_)
                | Asked::RemoveUser(_)
                | Asked::RemoveLeg(_)
                | Asked::Admit
                | Asked::HoldUser(_)
        );
        if by != By::OtherTenant && about_people && !self.may(asker, Lack::Join) {
            return refused(403, "7504");
        }
        if over {
            return refused(404, "8522");
        }
        if by == By::OtherApp {
            return refused(403, "7507");
        }
        self.own(number, verb)
    }

    fn own(&mut self, number: usize, verb: Asked) -> Option<String> {
        let rung = self.legs[number].answer_by.is_some();
        match verb {
            Asked::Answer => self.answer(number),
            Asked::Reject if rung => {
                self.end(number, (486, 8539), "Left");
                done("202")
            }
            Asked::Reject => refused(400, "8585"),
            Asked::Delete => {
                let code = match (rung, self.legs[number].room) {
                    (true, _) => (603, 0),
                    (false, Some(_)) => (200, 5001),
                    (false, None) => (200, 7000),
                };
                if self.legs[number].established {
                    self.legs[number].told.push("terminating".to_owned());
                }
                self.end(number, code, "Left");
                done("204")
            }
            Asked::KeepAlive if rung => refused(400, "8501"),
            Asked::KeepAlive => {
                self.legs[number].lapses_at = Some(self.now + KEEP_ALIVE);
                done("200")
            }
            Asked::List => {
                let leg = &self.legs[number];
                let room = leg.room.filter(|_| !leg.escalated);
                let seen = room.map(|room| self.rooms[room].seen_by(number)).unwrap_or_default();
                let entries: Vec<String> = seen.into_iter().map(Seat::entry).collect();
                Some(format!("200 {}", entries.join(", ")))
            }
            Asked::Invite(user) => self.invite(number, &[Who::User(user)], None, false),
            Asked::InviteTwo(one, two) => {
                self.invite(number, &[Who::User(one), Who::User(two)], None, false)
            }
            Asked::InviteOther(hidden) => {
                let other = Who::Bot(1 - self.legs[number].bot);
                self.invite(number, &[other], None, hidden)
            }
            Asked::InviteReplacing(other) => {
                let peer = self.legs[other].peer.unwrap_or(0);
                self.invite(number, &[Who::User(peer)], Some(other), false)
            }
            Asked::Mute(_)
            | Asked::MuteAll
            | Asked::MuteUser(_)
            | Asked::HoldUser(_)
            | Asked::RemoveUser(_)
            | Asked::RemoveLeg(_)
            | Asked::Admit => self.inside(number, verb),
        }
    }

    fn answer(&mut self, number: usize) -> Option<String> {
        let leg = &self.legs[number];
        let (incoming, rung) = (leg.source.is_some() || leg.told[0] == "incoming", leg.answer_by);
        // What a group call asks for is asked before anything else.
        if leg.room.is_some() && !self.may(leg.bot, Lack::Join) {
            return refused(403, "7504");
        }
        match (incoming, rung) {
            (true, Some(_)) => {
                self.sets_up(number);
                done("202")
            }
            (true, None) => refused(409, "8519"),
            (false, _) => refused(400, "8585"),
        }
    }

    /// Verbs that need an established group call.
    fn inside(&mut self, number: usize, verb: Asked) -> Option<String> {
        let leg = &self.legs[number];
        let (bot, escalated) = (leg.bot, leg.escalated);
        if !leg.established {
            return refused(400, "8501");
        }
        let Some(room) = leg.room else { return refused(400, "8548") };
        let seen: Vec<usize> =
            self.rooms[room].seen_by(number).iter().map(|seat| seat.id).collect();
        let user_seen = |reference: &Self, user: usize| {
            let at = reference.rooms[room].first_of(Who::User(user));
            let at = at.filter(|at| seen.contains(&reference.rooms[room].seats[*at].id));
            at.filter(|_| !escalated)
        };
        match verb {
            Asked::Mute(on) => {
                let mine = self.rooms[room].seats.iter_mut().find(|seat| seat.leg == Some(number));
                if let Some(seat) = mine {
                    seat.server_mute = on;
                }
                done("200")
            }
            Asked::MuteAll => {
                for seat in &mut self.rooms[room].seats {
                    if seat.leg != Some(number) && seen.contains(&seat.id) {
                        seat.server_mute = true;
                    }
                }
                done("200")
            }
            Asked::MuteUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                self.rooms[room].seats[at].server_mute = true;
                done("200")
            }
            Asked::HoldUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                if self.rooms[room].hold.is_some() {
                    return refused(409, "8519");
                }
                self.rooms[room].hold = Some(self.rooms[room].seats[at].id);
                let leg = &mut self.legs[number];
                leg.operations += 1;
                leg.told.push(format!("operation {} completed", leg.operations));
                done("202")
            }
            _ if !matches!(verb, Asked::Admit) && !self.may(bot, Lack::Removal) => {
                refused(403, "Forbidden")
            }
            Asked::RemoveUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                self.leaves(room, at, "Removed");
                done("204")
            }
            Asked::RemoveLeg(other) => self.remove_leg(number, room, other, &seen),
            _ => {
                let waits = |seat: &Seat| seat.leg == Some(number) && seat.waits_until.is_some();
                if self.rooms[room].seats.iter().any(waits) {
                    return refused(404, "8543");
                }
                self.admit(room);
                done("200")
            }
        }
    }

    fn remove_leg(
        &mut self,
        number: usize,
        room: usize,
        other: usize,
        seen: &[usize],
    ) -> Option<String> {
        if other == number {
            return refused(400, "8523");
        }
        let there = |leg: &&Leg| !leg.over && leg.room == Some(room);
        if self.legs.get(other).filter(there).is_none() {
            return refused(404, "8543");
        }
        let seat = self.rooms[room].seats.iter().find(|seat| seat.leg == Some(other));
        match seat.map(|seat| seat.id) {
            Some(id) if seen.contains(&id) && !self.legs[number].escalated => {
                self.end(other, (200, 5300), "Left");
                done("204")
            }
            // Only invited: the invitation is withdrawn.
            None if self.rooms[room].rings.iter().any(|ring| ring.leg == Some(other)) => {
                self.end(other, (487, 0), "Left");
                done("204")
            }
            _ => refused(404, "8543"),
        }
    }

    fn admit(&mut self, room: usize) {
        for seat in &mut self.rooms[room].seats {
            if seat.waits_until.take().is_some()
                && let Some(leg) = seat.leg
            {
                self.legs[leg].whole = true;
            }
        }
    }

    fn invite(
        &mut self,
        number: usize,
        whom: &[Who],
        replaces: Option<usize>,
        hidden: bool,
    ) -> Option<String> {
        let leg = &self.legs[number];
        let (bot, room) = (leg.bot, leg.room);
        if !self.may(bot, Lack::InitiateGroup) {
            return refused(403, "7504");
        }
        if !leg.established {
            return refused(400, "8501");
        }
        if whom.len() > 1 && !room.is_some_and(|room| self.rooms[room].chat) {
            return refused(400, "8523");
        }
        let expected = |who: &Who| match room {
            Some(room) => self.rooms[room].expects(*who),
            None => leg.peer.map(Who::User) == Some(*who) || leg.who == *who,
        };
        if whom.iter().any(expected) {
            return refused(409, "8519");
        }
        if let Some(other) = replaces.map(|other| &self.legs[other])
            && (other.over || other.bot != bot || other.peer.is_none())
        {
            return refused(400, "8523");
        }
        let room = room.unwrap_or_else(|| self.escalates(number));
        self.legs[number].operations += 1;
        let by = Some((number, self.legs[number].operations));
        for who in whom {
            match who {
                Who::User(user) => {
                    self.ring_user(room, *user, by);
                    if let (Some(other), Some(ring)) = (replaces, self.rooms[room].rings.last_mut())
                    {
                        ring.replaces = Some(other);
                        ring.reacts = Some((self.now, true));
                    }
                }
                Who::Bot(other) | Who::Guest(other) | Who::Named(other) => {
                    self.ring_bot(room, *other, None, by, hidden);
                }
            }
        }
        done("200")
    }
}

/// What users do.
impl Reference {
    fn in_call(&mut self, number: usize, user: usize, act: Act) -> Option<String> {
        let Some(leg) = self.legs.get(number).filter(|leg| !leg.over) else {
            return done("unknown");
        };
        if let Some(room) = leg.room {
            return self.act(room, Some(number), user, act);
        }
        let answered = leg.ready_at.is_some() || leg.established;
        let established = leg.established;
        if leg.peer != Some(user) {
            return done("not now");
        }
        match act {
            Act::HangUp | Act::RemoveBot => {
                let code = if answered { (200, 4521) } else { (487, 0) };
                self.end(number, code, "Left");
            }
            Act::Mute(_) | Act::Video(_) | Act::Share(_) if established => {}
            Act::Invite(other) if established && other != user => {
                let room = self.escalates(number);
                if !self.may(self.legs[number].bot, Lack::Member) {
                    self.end(number, (403, 7504), "Left");
                }
                self.ring_user(room, other, None);
            }
            _ => return done("not now"),
        }
        done("act")
    }

    fn act(&mut self, room: usize, leg: Option<usize>, user: usize, act: Act) -> Option<String> {
        let who = Who::User(user);
        if let Act::Answer | Act::Decline = act {
            let Some(at) = self.rooms[room].rings.iter().position(|ring| ring.who == who) else {
                return done("not now");
            };
            self.reacts(room, at, act == Act::Answer);
            return done("act");
        }
        if act == Act::Join {
            let seat = self.seat(who);
            self.rooms[room].seats.push(seat);
            self.rooms[room].had_people = true;
            return done("act");
        }
        let Some(mine) = self.rooms[room].last_of(who) else { return done("not now") };
        match act {
            Act::HangUp => {
                self.leaves(room, mine, "Left");
                if self.rooms[room].last_of(who).is_none() {
                    self.gives_up(room, user);
                }
            }
            Act::Invite(other) => {
                if self.rooms[room].expects(Who::User(other)) {
                    return done("not now");
                }
                self.ring_user(room, other, None);
            }
            Act::RemoveBot | Act::MuteBot => {
                let Some(leg) = leg else { return done("not now") };
                if act == Act::RemoveBot {
                    self.end(leg, (200, 5300), "Left");
                } else if let Some(seat) =
                    self.rooms[room].seats.iter_mut().find(|seat| seat.leg == Some(leg))
                {
                    seat.server_mute = true;
                }
            }
            Act::Admit => self.admit(room),
            Act::End => self.close(room, (200, 5001)),
            Act::Share(on) => {
                for seat in &mut self.rooms[room].seats {
                    seat.shares &= !on;
                }
                self.rooms[room].seats[mine].shares = on;
            }
            Act::Mute(on) => self.rooms[room].seats[mine].own_mute = on,
            Act::Video(on) => self.rooms[room].seats[mine].video = on,
            Act::Answer | Act::Decline | Act::Join => {}
        }
        done("act")
    }

    /// Whoever rang bots, and is gone, rings them no more.
    fn gives_up(&mut self, room: usize, user: usize) {
        for leg in self.legs_of(room) {
            if self.legs[leg].answer_by.is_some() && self.legs[leg].source == Some(user) {
                self.end(leg, (487, 0), "Left");
            }
        }
    }
}
