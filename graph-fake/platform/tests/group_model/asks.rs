//! What is asked of legs, and what users do: the reference's opinion.

use super::{
    reference::{KEEP_ALIVE, Leg, Reference, done, refused},
    rooms::{Seat, Who},
    transition::{Act, Asked, By, Lack},
};

impl Reference {
    pub(super) fn ask(&mut self, number: usize, verb: Asked, by: By) -> Option<String> {
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
        let invites = matches!(
            verb,
            Asked::Invite(_)
                | Asked::InviteTwo(..)
                | Asked::InviteOther(_)
                | Asked::InviteReplacing(_)
        );
        let lacks = about_people && !self.may(asker, Lack::Join)
            || invites && !self.may(asker, Lack::InitiateGroup);
        if by != By::OtherTenant && lacks {
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
        if leg.room.is_some() && !leg.escalated && !self.may(leg.bot, Lack::Join) {
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
            Asked::MuteAll => self.mute_all(number, room, &seen),
            Asked::MuteUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                self.rooms[room].seats[at].server_mute = true;
                done("200")
            }
            Asked::HoldUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                self.hold(number, room, at)
            }
            Asked::RemoveUser(_) | Asked::RemoveLeg(_) if !self.may(bot, Lack::Removal) => {
                refused(403, "Forbidden")
            }
            Asked::RemoveUser(user) => {
                let Some(at) = user_seen(self, user) else { return refused(404, "8543") };
                self.leaves(room, at, "Removed");
                done("204")
            }
            Asked::RemoveLeg(other) => self.remove_leg(number, room, other, &seen),
            Asked::Admit => {
                if self.waits_outside(number, room) {
                    return refused(404, "8543");
                }
                self.admit(room);
                done("200")
            }
            Asked::Answer
            | Asked::Reject
            | Asked::Delete
            | Asked::KeepAlive
            | Asked::List
            | Asked::Invite(_)
            | Asked::InviteTwo(..)
            | Asked::InviteOther(_)
            | Asked::InviteReplacing(_) => unreachable!("these are answered elsewhere"),
        }
    }

    /// Who is in the lobby does nothing to those inside, or on the way there.
    fn waits_outside(&self, number: usize, room: usize) -> bool {
        let mine = |seat: &Seat| seat.leg == Some(number) && seat.waits_until.is_some();
        self.rooms[room].seats.iter().any(mine)
    }

    fn hold(&mut self, number: usize, room: usize, at: usize) -> Option<String> {
        if self.rooms[room].hold.is_some() {
            return refused(409, "8519");
        }
        self.rooms[room].hold = Some(self.rooms[room].seats[at].id);
        let leg = &mut self.legs[number];
        leg.operations += 1;
        leg.told.push(format!("operation {} completed", leg.operations));
        done("202")
    }

    fn mute_all(&mut self, number: usize, room: usize, seen: &[usize]) -> Option<String> {
        for seat in &mut self.rooms[room].seats {
            if seat.leg != Some(number) && seen.contains(&seat.id) {
                seat.server_mute = true;
            }
        }
        done("200")
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
        if seat.is_none() && self.waits_outside(number, room) {
            return refused(404, "8543");
        }
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
        if !leg.established {
            return refused(400, "8501");
        }
        if room.is_some_and(|room| self.waits_outside(number, room)) {
            return refused(400, "8585");
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
    pub(super) fn in_call(&mut self, number: usize, user: usize, act: Act) -> Option<String> {
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
            Act::Mute(on) if established => self.legs[number].peer_mute = on,
            Act::Video(on) if established => self.legs[number].shows.0 = on,
            Act::Share(on) if established => self.legs[number].shows.1 = on,
            Act::Invite(other) if established && other != user => {
                let room = self.escalates(number);
                if !self.may(self.legs[number].bot, Lack::Member) {
                    self.end(number, (403, 7504), "Left");
                }
                self.ring_user(room, other, None);
            }
            Act::Mute(_)
            | Act::Video(_)
            | Act::Share(_)
            | Act::Invite(_)
            | Act::Join
            | Act::Answer
            | Act::Decline
            | Act::MuteBot
            | Act::Admit
            | Act::End => return done("not now"),
        }
        done("act")
    }

    pub(super) fn act(
        &mut self,
        room: usize,
        leg: Option<usize>,
        user: usize,
        act: Act,
    ) -> Option<String> {
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
                // In a meeting, where no call is named, the bot that everybody sees, if there is one.
                let mut shown =
                    self.rooms[room].seats.iter().filter(|s| !s.hidden).filter_map(|s| s.leg);
                let only = shown.next().filter(|_| shown.next().is_none());
                let Some(leg) = leg.or(only) else { return done("not now") };
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
    pub(super) fn gives_up(&mut self, room: usize, user: usize) {
        for leg in self.legs_of(room) {
            if self.legs[leg].answer_by.is_some() && self.legs[leg].source == Some(user) {
                self.end(leg, (487, 0), "Left");
            }
        }
    }
}
