//! Calls that a bot sends elsewhere.

use std::time::Duration;

use graph_api::{InvitationParticipantInfo, RedirectRequest, ResultInfo, Timestamp};

use super::{Owner, Platform, lookup::Reach};
use crate::{
    arguments,
    call::{Call, Link, diagnosed},
    directory::OnCall,
    flaw::Flaw,
    input::{Accepted, CallId, ConferenceId, Effect, Event, ParticipantId},
    refusal::Refusal,
    who::Who,
};

/// What whoever picks up gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// A person's call, of which only bots that are rung see more.
    Caller,
    /// The call of a bot, on this leg.
    Leg(CallId),
    /// The place in a conference to which the bot that redirected was invited under this roster id.
    Seat(ConferenceId, ParticipantId),
    /// To record this participant of a conference.
    Record(ConferenceId, ParticipantId),
}

/// Whom a bot names, how the caller is shown, and how long they ring.
struct Wanted {
    /// Each with whether it is their voicemail.
    targets: Vec<(Who, bool)>,
    masked: bool,
    wait: Duration,
}

/// How a hunt ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Winner {
    Person(Who),
    Bot(CallId),
    Nobody,
}

/// A caller who looks for somebody after a redirect: whoever picks up first has the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Hunt {
    /// The leg of the bot that redirected; names the hunt in the journal.
    origin: CallId,
    goal: Goal,
    /// People who are rung: when and how they react.
    people: Vec<(Who, Option<(Timestamp, OnCall)>)>,
    /// Bots that are rung.
    legs: Vec<CallId>,
    /// When the caller gives up.
    until: Timestamp,
}

impl Hunt {
    /// When something happens by itself.
    pub fn next_deadline(&self) -> Timestamp {
        let people = self.people.iter().filter_map(|(_, reacts)| reacts.map(|(at, _)| at));
        people.chain([self.until]).min().unwrap_or(self.until)
    }
}

impl Platform {
    /// elsewhere, and only while it rings: whom and how long; R-128: the
    /// bot's own leg is over.
    pub(super) fn redirect(
        &mut self,
        now: Timestamp,
        id: CallId,
        request: RedirectRequest,
        effects: &mut Vec<Effect>,
    ) -> Result<Accepted, Refusal> {
        let given = request.targets.as_deref().unwrap_or_default();
        let targets = arguments::redirect_targets(given)?;
        let wait = arguments::redirect_timeout(request.timeout, targets.len())?;
        let callback = arguments::callback(request.callback_uri, &self.options)?;
        let call = self.calls.get(&id).ok_or(Refusal::CallNotFound)?;
        let tenant = call.birth().tenant;
        let instance = matches!(call.birth().bot.who, Who::ApplicationInstance(_));
        for who in &targets {
            self.target(tenant, who)?;
            if matches!(who, Who::Phone(_)) {
                self.may_reach_phone(instance)?;
            }
        }
        let late = self.options.flaw == Some(Flaw::RedirectsAnswered) && call.is_established();
        if !call.is_incoming() && !late {
            return Err(Refusal::WrongState);
        }
        let goal = self.goal_of(call);
        self.may_take_over(goal, &targets)?;
        let voicemail = given.iter().map(to_voicemail).collect::<Vec<_>>();
        let chosen: Vec<(Who, bool)> = targets.into_iter().zip(voicemail).collect();
        // beta's maskCaller; that nobody is masked otherwise is documented too.
        let wanted = Wanted { targets: chosen, masked: request.mask_caller == Some(true), wait };
        let call = call.clone();
        self.with_call(now, id, effects, |call, (options, asks)| {
            if goal != Goal::Caller {
                call.link = None;
            }
            call.redirected(callback, options, asks);
        });
        if self.options.flaw != Some(Flaw::LosesRedirected) || goal == Goal::Caller {
            self.hunt(now, &call, goal, wanted, effects);
        }
        Ok(Accepted::Taken)
    }

    /// Who waits for the bot that is rung here.
    fn goal_of(&self, call: &Call) -> Goal {
        match (call.link, call.conference()) {
            (Some(Link::Twin(caller)), None) => Goal::Leg(caller),
            (Some(Link::Invitation(who)), Some(at)) => Goal::Seat(at, who),
            (Some(Link::Records(who)), Some(at)) => Goal::Record(at, who),
            // Redirected once more: it is still for the same.
            (Some(Link::Hunt(hunt)), _) => self.hunts.get(&hunt).map_or(Goal::Caller, |h| h.goal),
            _ => Goal::Caller,
        }
    }

    /// nobody is invited who is there, or on the way, already. Only a bot can record.
    fn may_take_over(&self, goal: Goal, targets: &[Who]) -> Result<(), Refusal> {
        match goal {
            Goal::Caller | Goal::Leg(_) => Ok(()),
            Goal::Record(..) => {
                let bot =
                    |who: &Who| matches!(who, Who::Application(_) | Who::ApplicationInstance(_));
                if !targets.iter().all(bot) {
                    let text = "only applications can take over a compliance recording call.";
                    return Err(Refusal::InvalidArgument(text.to_owned()));
                }
                Ok(())
            }
            Goal::Seat(at, seat) => {
                let conference = self.conferences.get(&at);
                let there = |who: &Who| conference.is_some_and(|c| c.expects_but_for(who, seat));
                if targets.iter().any(there) {
                    let text = "This identity is in the call, or invited, already.";
                    return Err(Refusal::Conflict(text.to_owned()));
                }
                Ok(())
            }
        }
    }

    ///
    pub(super) fn may_reach_phone(&self, instance: bool) -> Result<(), Refusal> {
        if !self.options.pstn {
            return Err(Refusal::NoPstn);
        }
        if !instance {
            let text = "a telephone can be reached only by a call to an application instance.";
            return Err(Refusal::InvalidArgument(text.to_owned()));
        }
        Ok(())
    }

    /// Rings all of them. A bot that was itself rung by a redirect hands on what it was rung for.
    fn hunt(
        &mut self,
        now: Timestamp,
        call: &Call,
        goal: Goal,
        wanted: Wanted,
        effects: &mut Vec<Effect>,
    ) {
        let until = now + wanted.wait;
        let running = match call.link {
            Some(Link::Hunt(hunt)) if goal != Goal::Caller => self.hunts.remove(&hunt),
            _ => None,
        };
        self.next_hunt += 1;
        let id = self.next_hunt;
        let mut hunt = Hunt { origin: call.id(), goal, people: vec![], legs: vec![], until };
        if let (Some(running), Some(Link::Hunt(old))) = (running, call.link) {
            self.reindex(Owner::Hunt(old), Some(running.next_deadline()), None);
            for leg in &running.legs {
                self.with_call(now, *leg, effects, |call, _| call.link = Some(Link::Hunt(id)));
            }
            hunt = Hunt { until: until.max(running.until), ..running };
            hunt.legs.retain(|leg| *leg != call.id());
        }
        if let Goal::Leg(caller) = goal {
            self.with_call(now, caller, effects, |call, _| call.link = Some(Link::Seeks(id)));
        }
        let tenant = call.birth().tenant;
        for (who, voicemail) in wanted.targets {
            match self.reach(tenant, &who) {
                Some(Reach::Bot(app)) => {
                    let leg = self.ring_hunted(now, call, id, (&who, app), wanted.masked, effects);
                    hunt.legs.extend(leg);
                }
                Some(Reach::Person(_)) if voicemail => {
                    let at = now + Duration::from_nanos(1);
                    let answers = OnCall::Answer { after: Duration::ZERO };
                    hunt.people.push((who, Some((at, answers))));
                }
                Some(Reach::Person(on_call)) => hunt.people.push((who, on_call.reacts_at(now))),
                None => {}
            }
        }
        self.reindex(Owner::Hunt(id), None, Some(hunt.next_deadline()));
        self.hunts.insert(id, hunt);
    }

    /// Rings a bot in the place of another: as an ordinary incoming call that says whom it was for, with the
    /// same other side, chain, coordinates and recording policy.
    fn ring_hunted(
        &mut self,
        now: Timestamp,
        call: &Call,
        hunt: u64,
        (who, app): (&Who, graph_api::Guid),
        masked: bool,
        effects: &mut Vec<Effect>,
    ) -> Option<CallId> {
        let old = call.birth();
        let bot = matches!(who, Who::ApplicationInstance(_)).then(|| self.person(old.tenant, who));
        if !self.has_room(old.tenant, app) {
            return None;
        }
        let bot = if call.conference().is_some() { bot.flatten() } else { None };
        let (side, place) = (old.side.clone(), old.coordinates.clone());
        let mut birth = self.birth((app, old.tenant), None, bot, side, place).ok()?;
        birth.chain = old.chain;
        birth.caller_visible &= !masked;
        let leg = birth.id;
        if let Some(at) = call.conference() {
            self.join_legs(at, leg);
        }
        let (from, observation) = (old.bot.clone(), call.observation.clone());
        let dress = move |call: &mut Call| {
            call.link = Some(Link::Hunt(hunt));
            call.routed_from = vec![from];
            call.observation = observation;
        };
        let offered = vec![graph_api::Modality::Audio];
        self.rung(now, birth, call.view().source, offered, dress, effects);
        Some(leg)
    }

    /// Somebody who is rung reacts, or the caller gives up.
    pub(super) fn hunt_is_due(&mut self, due: Timestamp, id: u64, effects: &mut Vec<Effect>) {
        let Some(hunt) = self.hunts.get_mut(&id) else { return };
        let before = hunt.next_deadline();
        let reacts = |at: &Option<(Timestamp, OnCall)>| at.is_some_and(|(at, _)| at <= due);
        let at = hunt.people.iter().position(|(_, when)| reacts(when));
        let Some(at) = at else {
            self.hunt_is_over(due, id, Winner::Nobody, "nobody answered", effects);
            return;
        };
        let (who, reacted) = hunt.people.remove(at);
        let next = hunt.next_deadline();
        self.reindex(Owner::Hunt(id), Some(before), Some(next));
        if matches!(reacted, Some((_, OnCall::Answer { .. }))) {
            self.hunt_is_over(due, id, Winner::Person(who), "a person answered", effects);
        } else {
            self.give_up_if_alone(due, id, effects);
        }
    }

    /// A bot that was rung has answered: the others need ring no more.
    pub(super) fn hunt_is_won(
        &mut self,
        now: Timestamp,
        id: u64,
        winner: CallId,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(hunt) = self.hunts.get_mut(&id) {
            hunt.legs.retain(|leg| *leg != winner);
        }
        if let Some(call) = self.calls.get_mut(&winner) {
            call.link = None;
        }
        self.hunt_is_over(now, id, Winner::Bot(winner), "a bot answered", effects);
    }

    /// A bot that was rung has declined, or did not answer.
    pub(super) fn hunted_leg_ended(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &Call,
        effects: &mut Vec<Effect>,
    ) {
        let Some(hunt) = self.hunts.get_mut(&id) else { return };
        hunt.legs.retain(|leg| *leg != call.id());
        self.give_up_if_alone(now, id, effects);
    }

    fn give_up_if_alone(&mut self, now: Timestamp, id: u64, effects: &mut Vec<Effect>) {
        let alone = self.hunts.get(&id).is_some_and(|hunt| {
            // Whoever lets it ring may still be made to pick up.
            hunt.legs.is_empty() && hunt.people.is_empty()
        });
        if alone {
            self.hunt_is_over(now, id, Winner::Nobody, "nobody answered", effects);
        }
    }

    /// The caller has given up on one of those who are rung, and with that on all.
    pub(super) fn hunt_is_abandoned(&mut self, now: Timestamp, id: u64, effects: &mut Vec<Effect>) {
        let why = diagnosed("The caller gave up", 487, 0);
        self.end_hunt(now, id, Winner::Nobody, "the caller gave up", &why, effects);
    }

    /// What the redirected leg was rung for is no more: an invitation that was taken back, a user who needs no
    /// recorder any longer.
    pub(super) fn call_off(&mut self, now: Timestamp, origin: CallId, effects: &mut Vec<Effect>) {
        let found = self.hunts.iter().find(|(_, hunt)| hunt.origin == origin);
        if let Some(id) = found.map(|(id, _)| *id) {
            let why = diagnosed("The call was cancelled", 487, 0);
            self.end_hunt(now, id, Winner::Nobody, "called off", &why, effects);
        }
    }

    fn hunt_is_over(
        &mut self,
        now: Timestamp,
        id: u64,
        winner: Winner,
        how: &'static str,
        effects: &mut Vec<Effect>,
    ) {
        let elsewhere = diagnosed("The call was accepted elsewhere", 487, 10_003);
        self.end_hunt(now, id, winner, how, &elsewhere, effects);
    }

    fn end_hunt(
        &mut self,
        now: Timestamp,
        id: u64,
        winner: Winner,
        how: &'static str,
        why: &ResultInfo,
        effects: &mut Vec<Effect>,
    ) {
        let Some(hunt) = self.hunts.remove(&id) else { return };
        self.reindex(Owner::Hunt(id), Some(hunt.next_deadline()), None);
        let to = if let Winner::Person(who) = &winner { Some(who.clone()) } else { None };
        effects.push(Effect::Happened(Event::Redirected { call: hunt.origin, how, to }));
        let rings_on = self.options.flaw == Some(Flaw::RingsOnElsewhere);
        for leg in hunt.legs.into_iter().filter(|_| !rings_on) {
            self.with_call(now, leg, effects, |call, (_, asks)| {
                call.link = None;
                call.end(why.clone(), asks);
            });
        }
        match hunt.goal {
            Goal::Caller => {}
            Goal::Leg(caller) => self.caller_found(now, caller, winner, effects),
            Goal::Seat(at, seat) => self.seat_taken(now, at, seat, winner, effects),
            Goal::Record(at, _) => self.recorder_found(now, at, hunt.origin, winner, effects),
        }
    }

    /// A user who is rung by a redirect picks up or declines by a test's will.
    pub(super) fn hunted_person_reacts(
        &mut self,
        now: Timestamp,
        origin: CallId,
        who: &Who,
        answers: bool,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let found = self.hunts.iter().find(|(_, hunt)| {
            hunt.origin == origin && hunt.people.iter().any(|(one, _)| one == who)
        });
        let Some((id, before)) = found.map(|(id, hunt)| (*id, hunt.next_deadline())) else {
            return false;
        };
        if answers {
            let winner = Winner::Person(who.clone());
            self.hunt_is_over(now, id, winner, "a person answered", effects);
            return true;
        }
        if let Some(hunt) = self.hunts.get_mut(&id) {
            hunt.people.retain(|(one, _)| one != who);
            let next = hunt.next_deadline();
            self.reindex(Owner::Hunt(id), Some(before), Some(next));
        }
        self.give_up_if_alone(now, id, effects);
        true
    }
}

fn to_voicemail(target: &InvitationParticipantInfo) -> bool {
    target.endpoint_type.as_deref() == Some("voicemail")
}
