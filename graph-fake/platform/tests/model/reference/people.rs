//! What people can do, and what is known of it afterwards.

use std::time::Duration;

use graph_api::{CallState, Tone};
use platform::Permission;

use super::{
    super::{
        transition::{By, Person, UserAct},
        view::Reply,
    },
    Reference,
    facts::{End, Owner},
    gathering::{Gathering, Guest},
};

const IMPOSSIBLE: Reply = Reply::Refused(409, "act");
const UNKNOWN: Reply = Reply::Refused(404, "act");
/// From one key to the next.
pub const GAP: Duration = Duration::from_nanos(70_000_039);

impl Reference {
    pub(super) fn user(&mut self, call: usize, by: By, act: UserAct) -> Reply {
        let who = match by {
            By::Peer => self.calls[call].peer,
            By::Guest(who) => who,
        };
        if matches!(act, UserAct::Answer | UserAct::Decline)
            && self.hunted(call, who, act == UserAct::Answer)
        {
            return Reply::Done;
        }
        if self.end(call, self.moment()).is_some() {
            return UNKNOWN;
        }
        if self.calls[call].gathering.is_some() {
            return self.in_gathering(call, who, act);
        }
        if self.calls[call].peer != who {
            return IMPOSSIBLE;
        }
        self.in_call_of_two(call, act)
    }

    /// Whether they were rung for a caller who was sent elsewhere, and reacted now.
    fn hunted(&mut self, call: usize, who: Person, answers: bool) -> bool {
        let now = self.moment();
        for number in 0..self.hunts.len() {
            let hunt = &self.hunts[number];
            let mut legs = hunt.legs.iter();
            let leg_rings = legs.any(|leg| self.state_now(*leg) == CallState::Incoming);
            let leg_won = hunt.legs.iter().any(|leg| self.calls[*leg].answered.is_some());
            let open = hunt.until > now
                && hunt.gave_up.is_none()
                && hunt.found(now).is_none()
                && !leg_won
                && (leg_rings || hunt.anybody(now));
            if !open || hunt.origin != call {
                continue;
            }
            if let Some(person) = self.hunts[number].ringing(who, now) {
                person.by_hand = Some((now, answers));
                return true;
            }
        }
        false
    }

    fn in_call_of_two(&mut self, call: usize, act: UserAct) -> Reply {
        let (now, state) = (self.moment(), self.state_now(call));
        let answered = self.answered(call, now).is_some();
        let live = answered && state != CallState::Establishing;
        let (flows, held) = (self.audio_now(call), self.is_held(call));
        let facts = &mut self.calls[call];
        match act {
            UserAct::HangUp | UserAct::RemoveBot if answered => {
                facts.ended = Some((now, End::with(200, 4521), false));
            }
            UserAct::HangUp | UserAct::RemoveBot if state == CallState::Incoming => {
                facts.ended = Some((now, End::with(487, 0), false));
                if let Some(hunt) = facts.hunt {
                    self.hunts[hunt].gave_up = Some(now);
                }
            }
            UserAct::Answer if !answered && !facts.incoming() => facts.answered = Some(now),
            UserAct::Decline if !answered && !facts.incoming() => {
                facts.ended = Some((now, End::with(603, 0), false));
            }
            UserAct::Hold if flows => facts.holds.push((now, true)),
            UserAct::Resume if state == CallState::Established && held => {
                facts.holds.push((now, false));
            }
            UserAct::Mute if live => facts.muted = true,
            UserAct::Speak(_) if live && facts.muted => {}
            UserAct::Press { both } if live => self.press(call, both),
            UserAct::Speak(length) if live => self.speak(call, length),
            UserAct::Invite(_) if !live || state != CallState::Established => return IMPOSSIBLE,
            // nobody is invited who is there.
            UserAct::Invite(whom) if facts.peer == whom => return IMPOSSIBLE,
            UserAct::Invite(whom) => {
                let mut gathering = Gathering::new(now, facts.peer, facts.muted);
                gathering.guests.push(Guest::new(whom, now, false));
                facts.gathering = Some(gathering);
                // what was granted counts, not what the token says.
                let bot = facts.owner == Owner::Bot;
                if bot && self.withdrawn.contains(&Permission::JoinGroupCall) {
                    self.calls[call].ended = Some((now, End::with(403, 7504), false));
                }
            }
            _ => return IMPOSSIBLE,
        }
        Reply::Done
    }

    /// Whether the last thing that turned sound on or off was that the other end put the bot on hold.
    fn is_held(&self, call: usize) -> bool {
        let facts = &self.calls[call];
        let since = facts.transfers.last().map(|transfer| transfer.begun);
        facts.holds.last().is_some_and(|(at, held)| *held && since.is_none_or(|since| since < *at))
    }

    fn press(&mut self, call: usize, both: bool) {
        let now = self.moment();
        let media = &mut self.calls[call].media;
        let waiting = media.presses.last().map(|(at, _)| *at).filter(|at| *at > now);
        let mut at = waiting.map_or(now.after(Duration::ZERO), |last| last.after(GAP));
        let keys = [Tone::Tone1, Tone::Pound];
        for key in &keys[usize::from(!both)..] {
            media.presses.push((at, key.clone()));
            at = at.after(GAP);
        }
    }

    fn speak(&mut self, call: usize, length: Duration) {
        let now = self.moment();
        if self.audio_now(call) {
            self.calls[call].media.speech.push((now, now.after(length)));
        }
    }

    fn in_gathering(&mut self, call: usize, who: Person, act: UserAct) -> Reply {
        let now = self.moment();
        let gathering = self.calls[call].gathering.as_mut().expect("just seen");
        if let UserAct::Answer | UserAct::Decline = act {
            return match gathering.pending(who, now) {
                Some(guest) => {
                    guest.by_hand = Some((now, act == UserAct::Answer));
                    Reply::Done
                }
                None => IMPOSSIBLE,
            };
        }
        // nobody is invited who is there or on the way.
        let again = matches!(act, UserAct::Invite(whom) if gathering.expects(whom, now));
        let Some(guest) = gathering.present(who, now) else { return IMPOSSIBLE };
        match act {
            UserAct::Invite(_) if again => return IMPOSSIBLE,
            UserAct::HangUp => guest.left = Some(now),
            UserAct::Invite(whom) => gathering.guests.push(Guest::new(whom, now, false)),
            UserAct::RemoveBot => {
                self.calls[call].ended = Some((now, End::with(200, 5300), false));
            }
            UserAct::Press { both } => self.press(call, both),
            UserAct::Mute => guest.muted = true,
            UserAct::Speak(_) if guest.muted => {}
            UserAct::Speak(length) => self.speak(call, length),
            UserAct::Hold | UserAct::Resume => {}
            UserAct::Answer | UserAct::Decline => unreachable!("answered above"),
        }
        Reply::Done
    }
}
