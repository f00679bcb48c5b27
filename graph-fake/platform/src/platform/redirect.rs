//! Calls that a bot sends elsewhere.

use graph_api::{InvitationParticipantInfo, RedirectRequest, ResultInfo, Timestamp};

use super::{Owner, Platform, lookup::Reach};
use crate::{
    arguments,
    call::{Call, Link, Side, diagnosed},
    directory::OnCall,
    flaw::Flaw,
    input::{Accepted, CallId, Effect, Event},
    refusal::Refusal,
    view::Party,
    who::{Person, Who},
};

/// A caller who looks for somebody after a redirect: whoever picks up first has the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Hunt {
    /// The leg of the bot that redirected; names the hunt in the journal.
    origin: CallId,
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
        let voicemail = given.iter().map(to_voicemail).collect::<Vec<_>>();
        let chosen: Vec<(Who, bool)> = targets.into_iter().zip(voicemail).collect();
        // beta's maskCaller; that nobody is masked otherwise is documented too.
        let masked = request.mask_caller == Some(true);
        let (caller, bot) = (call.peer().cloned(), call.birth().bot.clone());
        let chain = call.birth().chain;
        self.with_call(now, id, effects, |call, (options, asks)| {
            call.redirected(callback, options, asks);
        });
        if let Some(caller) = caller {
            self.hunt(now, (id, chain, tenant), (caller, masked), bot, chosen, wait, effects);
        }
        Ok(Accepted::Taken)
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

    #[expect(clippy::too_many_arguments, reason = "who looks for whom, since when, how long")]
    fn hunt(
        &mut self,
        now: Timestamp,
        (origin, chain, tenant): (CallId, graph_api::Guid, graph_api::Guid),
        (caller, masked): (Party, bool),
        bot: Person,
        targets: Vec<(Who, bool)>,
        wait: std::time::Duration,
        effects: &mut Vec<Effect>,
    ) {
        self.next_hunt += 1;
        let hunt = self.next_hunt;
        let mut found = Hunt { origin, people: Vec::new(), legs: Vec::new(), until: now + wait };
        for (who, voicemail) in targets {
            match self.reach(tenant, &who) {
                Some(Reach::Bot(app)) => {
                    let side = Side::Peer(caller.clone());
                    let birth = self.birth((app, tenant), None, None, side, None);
                    let room = self.has_room(tenant, app);
                    if let (true, Ok(mut birth)) = (room, birth) {
                        birth.chain = chain;
                        birth.caller_visible &= !masked;
                        found.legs.push(birth.id);
                        let offered = vec![graph_api::Modality::Audio];
                        let from = bot.clone();
                        let dress = move |call: &mut Call| {
                            call.link = Some(Link::Hunt(hunt));
                            call.routed_from = vec![from];
                        };
                        self.rung(now, birth, caller.clone(), offered, dress, effects);
                    }
                }
                Some(Reach::Person(_)) if voicemail => {
                    let at = now + std::time::Duration::from_nanos(1);
                    let answers = OnCall::Answer { after: std::time::Duration::ZERO };
                    found.people.push((who, Some((at, answers))));
                }
                Some(Reach::Person(on_call)) => found.people.push((who, on_call.reacts_at(now))),
                None => {}
            }
        }
        self.reindex(Owner::Hunt(hunt), None, Some(found.next_deadline()));
        self.hunts.insert(hunt, found);
    }

    /// Somebody who is rung reacts, or the caller gives up.
    pub(super) fn hunt_is_due(&mut self, due: Timestamp, id: u64, effects: &mut Vec<Effect>) {
        let Some(hunt) = self.hunts.get_mut(&id) else { return };
        let before = hunt.next_deadline();
        let reacts = |at: &Option<(Timestamp, OnCall)>| at.is_some_and(|(at, _)| at <= due);
        let at = hunt.people.iter().position(|(_, when)| reacts(when));
        let Some(at) = at else {
            self.hunt_is_over(due, id, None, "nobody answered", effects);
            return;
        };
        let (who, reacted) = hunt.people.remove(at);
        let next = hunt.next_deadline();
        self.reindex(Owner::Hunt(id), Some(before), Some(next));
        if matches!(reacted, Some((_, OnCall::Answer { .. }))) {
            self.hunt_is_over(due, id, Some(&who), "a person answered", effects);
        } else {
            self.give_up_if_alone(due, id, effects);
        }
    }

    /// A bot that was rung has answered: the others need ring no more.
    pub(super) fn hunt_is_won(
        &mut self,
        now: Timestamp,
        id: u64,
        winner: Option<CallId>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(hunt) = self.hunts.get_mut(&id) {
            hunt.legs.retain(|leg| Some(*leg) != winner);
        }
        if let Some(call) = winner.and_then(|leg| self.calls.get_mut(&leg)) {
            call.link = None;
        }
        self.hunt_is_over(now, id, None, "a bot answered", effects);
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
            self.hunt_is_over(now, id, None, "nobody answered", effects);
        }
    }

    /// The caller has given up on one of those who are rung, and with that on all.
    pub(super) fn hunt_is_abandoned(&mut self, now: Timestamp, id: u64, effects: &mut Vec<Effect>) {
        let why = diagnosed("The caller gave up", 487, 0);
        self.end_hunt(now, id, None, "the caller gave up", &why, effects);
    }

    fn hunt_is_over(
        &mut self,
        now: Timestamp,
        id: u64,
        by: Option<&Who>,
        how: &'static str,
        effects: &mut Vec<Effect>,
    ) {
        let elsewhere = diagnosed("The call was accepted elsewhere", 487, 10_003);
        self.end_hunt(now, id, by, how, &elsewhere, effects);
    }

    fn end_hunt(
        &mut self,
        now: Timestamp,
        id: u64,
        by: Option<&Who>,
        how: &'static str,
        why: &ResultInfo,
        effects: &mut Vec<Effect>,
    ) {
        let Some(hunt) = self.hunts.remove(&id) else { return };
        self.reindex(Owner::Hunt(id), Some(hunt.next_deadline()), None);
        let event = Event::Redirected { call: hunt.origin, how, to: by.cloned() };
        effects.push(Effect::Happened(event));
        let rings_on = self.options.flaw == Some(Flaw::RingsOnElsewhere);
        for leg in hunt.legs.into_iter().filter(|_| !rings_on) {
            self.with_call(now, leg, effects, |call, (_, asks)| {
                call.link = None;
                call.end(why.clone(), asks);
            });
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
            self.hunt_is_over(now, id, Some(who), "a person answered", effects);
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
