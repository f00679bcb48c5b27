//! The second opinion: what is known of legs and rooms, and what follows by itself at which moment.

use std::{collections::BTreeMap, time::Duration};

use graph_api::Timestamp;

use super::{
    rooms::{Ringing, Room, Seat, Who},
    transition::{Lack, Transition},
};

pub(super) const MOMENT: Duration = Duration::from_millis(100);
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(45 * 60);

/// What is known of a leg.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) bot: usize,
    pub(super) who: Who,
    /// The user at the other end, while it is a call of two.
    pub(super) peer: Option<usize>,
    /// Whether that user has muted themselves.
    pub(super) peer_mute: bool,
    /// Whether that user's camera is on, and whether the screen is shared.
    pub(super) shows: (bool, bool),
    pub(super) room: Option<usize>,
    pub(super) escalated: bool,
    /// Rung: until when it may answer, and who rings.
    pub(super) answer_by: Option<Timestamp>,
    pub(super) source: Option<usize>,
    pub(super) ready_at: Option<Timestamp>,
    pub(super) established: bool,
    pub(super) audio_at: Option<Timestamp>,
    pub(super) lapses_at: Option<Timestamp>,
    pub(super) over: bool,
    pub(super) operations: usize,
    pub(super) delta: bool,
    pub(super) rosters: u64,
    pub(super) saw: BTreeMap<usize, String>,
    pub(super) whole: bool,
    pub(super) told: Vec<String>,
}

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Now.
    pub now: Timestamp,
    pub(super) lacks: [Lack; 2],
    pub(super) legs: Vec<Leg>,
    pub(super) rooms: Vec<Room>,
    pub(super) next_seat: usize,
    /// Why whoever is gone from a room is gone.
    pub(super) reasons: BTreeMap<usize, &'static str>,
}

pub(super) fn refused(status: u16, code: &str) -> Option<String> {
    Some(format!("{status} {code}"))
}

pub(super) fn done(text: &str) -> Option<String> {
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

    pub(super) fn next(&self) -> Option<(Timestamp, bool, usize)> {
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

    pub(super) fn leg_is_due(&mut self, number: usize) {
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
    pub(super) fn sits_down(&mut self, number: usize) {
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

    pub(super) fn seat(&mut self, who: Who) -> Seat {
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
    pub(super) fn came(&mut self, room: usize, ring: &Ringing, well: bool) {
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

    pub(super) fn room_is_due(&mut self, number: usize) {
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

    pub(super) fn reacts(&mut self, room: usize, at: usize, answers: bool) {
        let ring = self.rooms[room].rings.remove(at);
        if answers {
            let seat = Seat { hidden: ring.hidden, ..self.seat(ring.who) };
            self.rooms[room].seats.push(seat);
            self.rooms[room].had_people = true;
        }
        self.came(room, &ring, answers);
    }

    /// A leg is over; whoever waited for its bot waits in vain.
    pub(super) fn end(&mut self, number: usize, (code, subcode): (i32, i32), reason: &'static str) {
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

    pub(super) fn leaves(&mut self, room: usize, at: usize, reason: &'static str) {
        let seat = self.rooms[room].seats.remove(at);
        self.reasons.insert(seat.id, reason);
        if self.rooms[room].hold == Some(seat.id) {
            self.rooms[room].hold = None;
        }
    }

    pub(super) fn legs_of(&self, room: usize) -> Vec<usize> {
        let of_it = |leg: &usize| !self.legs[*leg].over && self.legs[*leg].room == Some(room);
        (0..self.legs.len()).filter(of_it).collect()
    }

    /// Everybody looks around: who sees something new is told; a room in which nobody is left is over.
    pub(super) fn look(&mut self) {
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

    pub(super) fn close(&mut self, room: usize, code: (i32, i32)) {
        self.rooms[room].over = true;
        let legs = self.legs_of(room);
        self.rooms[room].rings.clear();
        for leg in legs {
            self.end(leg, code, "Left");
        }
    }

    pub(super) fn looks(&mut self, room: usize, number: usize) {
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
