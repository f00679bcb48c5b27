//! What bots and users begin: the reference's opinion of joins, calls to several, invitations, escalations.

use std::{collections::BTreeMap, time::Duration};

use super::{
    reference::{KEEP_ALIVE, Leg, MOMENT, Reference, done, refused},
    rooms::{Ringing, Room, Seat, Who, reaction},
    transition::{Lack, Way},
};

const MINUTE: Duration = Duration::from_secs(60);

impl Reference {
    pub(super) fn may(&self, bot: usize, what: Lack) -> bool {
        match what {
            // The permission to join at all is there unless both are withheld.
            Lack::Join => self.lacks[bot] != Lack::Join,
            Lack::Member => !matches!(self.lacks[bot], Lack::Member | Lack::Join),
            Lack::Nothing | Lack::InitiateGroup | Lack::Removal => self.lacks[bot] != what,
        }
    }

    /// The room of the meeting, opened if there is none.
    pub(super) fn meeting(&mut self) -> usize {
        let running = self.rooms.iter().position(|room| room.meeting && !room.over);
        running.unwrap_or_else(|| self.open(true, true))
    }

    pub(super) fn open(&mut self, meeting: bool, chat: bool) -> usize {
        self.rooms.push(Room { meeting, chat, ..Room::default() });
        self.rooms.len() - 1
    }

    pub(super) fn leg(&mut self, bot: usize, who: Who, room: Option<usize>) -> usize {
        self.legs.push(Leg {
            bot,
            who,
            peer: None,
            peer_mute: false,
            shows: (false, false),
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

    pub(super) fn sets_up(&mut self, number: usize) {
        let now = self.now;
        let leg = &mut self.legs[number];
        leg.answer_by = None;
        leg.ready_at = Some(now + MOMENT);
        leg.lapses_at = Some(now + KEEP_ALIVE);
        leg.told.push("establishing".to_owned());
    }

    pub(super) fn join(&mut self, bot: usize, way: Way) -> Option<String> {
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

    pub(super) fn group(&mut self, bot: usize, users: [usize; 2]) -> Option<String> {
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

    pub(super) fn ring(&mut self, bot: usize, with: bool) -> Option<String> {
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

    pub(super) fn ring_user(&mut self, room: usize, user: usize, by: Option<(usize, usize)>) {
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

    pub(super) fn ring_bot(
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
    pub(super) fn escalates(&mut self, number: usize) -> usize {
        let room = self.open(false, false);
        let who = self.legs[number].who;
        if let Some(peer) = self.legs[number].peer.take() {
            let own_mute = self.legs[number].peer_mute;
            let (video, shares) = self.legs[number].shows;
            let seat = Seat { own_mute, video, shares, ..self.seat(Who::User(peer)) };
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
