//! What a bot must be answered.

use std::time::Duration;

use graph_api::{CallState, OperationStatus};
use platform::Permission::{
    self, AccessMedia, Initiate, InitiateGroupCall, JoinGroupCall, JoinGroupCallAsGuest,
};

use super::{
    super::{
        transition::{
            Asked, End as Whom, Goal, Group, Hosting, Invitee, Person, Reason, Recording, Transfer,
            Who,
        },
        view::Reply,
    },
    Reference,
    facts::{self, End, Facts, Hunt, Hunted, Owner, Transferred, Way},
    gathering::{Gathering, Guest},
    media::Work,
};

const INVALID: Reply = Reply::Refused(400, "8523");
const NOT_ESTABLISHED: Reply = Reply::Refused(400, "8501");
const WRONG_STATE: Reply = Reply::Refused(400, "8585");
const NOT_ALLOWED: Reply = Reply::Refused(403, "7504");

/// Any of which the bot needs; none: nothing.
fn needs(verb: Asked) -> &'static [Permission] {
    match verb {
        Asked::Redirect(..) | Asked::Transfer(_) => &[Initiate],
        Asked::Invite(_) => &[InitiateGroupCall],
        Asked::Record(_) | Asked::Subscribe | Asked::Group(Group::ShareScreen) => &[AccessMedia],
        Asked::SendTones(_) => &[Initiate, AccessMedia],
        Asked::Participant(_) | Asked::Group(Group::Remove | Group::MuteAll | Group::AdmitAll) => {
            &[JoinGroupCall, JoinGroupCallAsGuest]
        }
        Asked::Group(Group::HoldMusic) => &[JoinGroupCallAsGuest, JoinGroupCall],
        Asked::Group(Group::RecordingStatus) => &[AccessMedia, JoinGroupCall],
        Asked::Group(Group::RoutingGroups) => &[JoinGroupCall, InitiateGroupCall],
        Asked::Group(Group::Metadata | Group::Gallery) => {
            &[JoinGroupCallAsGuest, JoinGroupCall, InitiateGroupCall]
        }
        Asked::Group(Group::ContentSharing) => {
            &[JoinGroupCallAsGuest, Initiate, InitiateGroupCall, JoinGroupCall]
        }
        Asked::Get
        | Asked::Answer(_)
        | Asked::Reject(_)
        | Asked::KeepAlive
        | Asked::Delete
        | Asked::Prompt(..)
        | Asked::Kept
        | Asked::Cancel { .. }
        | Asked::Participants
        | Asked::Operations
        | Asked::Operation
        | Asked::Group(Group::Mute | Group::Unmute) => &[],
    }
}

impl Reference {
    pub(super) fn ask(&mut self, call: usize, verb: Asked, who: Who) -> Reply {
        let owner = self.calls[call].owner;
        let over = self.end(call, self.moment()).is_some();
        if who == Who::OtherTenant && !over {
            return Reply::Refused(403, "7505");
        }
        // Only the bot's permissions in its own tenant come and go; a role that the token lacks is no help.
        let bot = who != Who::OtherTenant && facts::asks(who, owner) == Owner::Bot;
        let may =
            |any: &[Permission]| any.is_empty() || who != Who::Bare && (!bot || self.has_any(any));
        if !may(needs(verb)) {
            return NOT_ALLOWED;
        }
        let may_host = may(&[AccessMedia]);
        if over {
            return Reply::Refused(404, "8522");
        }
        if who == Who::OtherApp {
            return Reply::Refused(403, "7507");
        }
        match verb {
            Asked::Get => {
                let grouped = self.calls[call].gathering.is_some();
                Reply::Call(self.state_now(call), self.audio_now(call), grouped)
            }
            Asked::Answer(hosting) => self.answer(call, hosting, may_host),
            Asked::Reject(reason) => self.reject(call, reason),
            Asked::Redirect(goal, timeout) => self.redirect(call, goal, timeout),
            Asked::Transfer(transfer) => self.transfer(call, transfer),
            Asked::KeepAlive => self.keep_alive(call),
            Asked::Delete => self.delete(call),
            Asked::Invite(invitee) => self.invite(call, invitee),
            Asked::Group(group) => self.group(call, group),
            Asked::Participants => Reply::Several(0),
            Asked::Participant(whom) => self.participant(call, whom),
            Asked::Operations => {
                let statuses = self.statuses(call, self.moment());
                Reply::Operations(statuses.into_iter().enumerate().collect())
            }
            Asked::Operation => {
                match self.statuses(call, self.moment()).into_iter().enumerate().next_back() {
                    Some((number, status)) => Reply::OperationRead(number, status),
                    None => Reply::Refused(404, "8522"),
                }
            }
            Asked::Prompt(..)
            | Asked::Kept
            | Asked::Record(_)
            | Asked::Subscribe
            | Asked::Cancel { .. }
            | Asked::SendTones(_) => self.media(call, verb),
        }
    }

    fn answer(&mut self, call: usize, hosting: Hosting, may_host: bool) -> Reply {
        match hosting {
            Hosting::Unsaid => return INVALID,
            Hosting::App if !may_host => return NOT_ALLOWED,
            Hosting::App | Hosting::Service | Hosting::Moving => {}
        }
        let (now, state) = (self.moment(), self.state_now(call));
        let facts = &mut self.calls[call];
        match state {
            CallState::Incoming => {
                facts.answered = Some(now);
                facts.app_hosted = hosting == Hosting::App;
                Reply::Taken
            }
            _ if facts.incoming() => Reply::Refused(409, "8519"),
            _ => WRONG_STATE,
        }
    }

    fn reject(&mut self, call: usize, reason: Option<Reason>) -> Reply {
        if self.state_now(call) != CallState::Incoming {
            return WRONG_STATE;
        }
        let end = match reason {
            None | Some(Reason::None) => End::with(603, 0),
            Some(Reason::Busy) => End::with(486, 8539),
            Some(Reason::Forbidden) => End::with(403, 510_403),
        };
        self.calls[call].ended = Some((self.moment(), end, false));
        Reply::Taken
    }

    fn redirect(&mut self, call: usize, goal: Goal, timeout: Option<i32>) -> Reply {
        let (people, bots): (Vec<Person>, &[Owner]) = match goal {
            Goal::One(one) => (vec![one], &[]),
            Goal::Two(one, other) => (vec![one, other], &[]),
            Goal::Voicemail => (vec![Person::Ignores], &[]),
            Goal::Bot => (vec![], &[Owner::OtherBot]),
            Goal::Bots => (vec![], &[Owner::OtherBot, Owner::Bot]),
            Goal::BotAnd(one) => (vec![one], &[Owner::OtherBot]),
            Goal::Nobody | Goal::TooMany => return INVALID,
        };
        let usual = if people.len() + bots.len() == 1 { 55 } else { 60 };
        let timeout = timeout.unwrap_or(usual);
        if !(15..=90).contains(&timeout) || people.contains(&Person::Unknown) {
            return INVALID;
        }
        if self.state_now(call) != CallState::Incoming {
            return WRONG_STATE;
        }
        let now = self.moment();
        let caller = self.calls[call].peer;
        self.calls[call].ended = Some((now, End { result: None, reason: None }, false));
        let hunt = self.hunts.len();
        let mut legs = Vec::new();
        for owner in bots {
            let facts = Facts::new(*owner, now, caller, Way::In { silent: false });
            legs.push(self.begin(Facts { hunt: Some(hunt), ..facts }));
        }
        let voicemail = goal == Goal::Voicemail;
        let people = people.into_iter().map(|who| Hunted { who, voicemail, by_hand: None });
        let until = now.after(Duration::from_secs(timeout.unsigned_abs().into()));
        let people = people.collect();
        self.hunts.push(Hunt { origin: call, began: now, until, people, legs, gave_up: None });
        Reply::Taken
    }

    fn is_established(&self, call: usize) -> bool {
        let state = self.state_now(call);
        let live = [CallState::Established, CallState::Transferring, CallState::TransferAccepted];
        live.contains(&state)
    }

    fn is_transferring(&self, call: usize) -> bool {
        self.is_established(call) && self.state_now(call) != CallState::Established
    }

    fn transfer(&mut self, call: usize, transfer: Transfer) -> Reply {
        let (target, onto) = match transfer {
            Transfer::To(target) => (target, None),
            Transfer::Onto(other) => (self.calls[other].peer, Some(other)),
            Transfer::Amiss(target, other) => (target, Some(other)),
        };
        if !self.is_established(call) {
            return NOT_ESTABLISHED;
        }
        if self.is_transferring(call) {
            return Reply::Refused(409, "8607");
        }
        if self.calls[call].gathering.is_some() {
            return INVALID; // nobody is named.
        }
        let begun = self.moment();
        self.calls[call].transfers.push(Transferred { begun, target, onto });
        Reply::Taken
    }

    fn keep_alive(&mut self, call: usize) -> Reply {
        if self.state_now(call) == CallState::Incoming {
            return NOT_ESTABLISHED;
        }
        self.calls[call].kept = Some(self.moment());
        Reply::Done
    }

    fn delete(&mut self, call: usize) -> Reply {
        let incoming = self.state_now(call) == CallState::Incoming;
        let grouped = self.calls[call].gathering.is_some();
        let end = match (incoming, grouped) {
            (true, _) => End::with(603, 0),
            (false, true) => End::with(200, 5001),
            (false, false) => End::with(200, 7000),
        };
        self.calls[call].ended = Some((self.moment(), end, self.is_established(call)));
        Reply::Gone
    }

    fn participant(&self, call: usize, whom: Whom) -> Reply {
        let grouped = self.calls[call].gathering.is_some();
        match whom {
            Whom::Own => Reply::Participant,
            Whom::Other if !grouped => Reply::Participant,
            Whom::Other | Whom::Nobody => Reply::Refused(404, "8543"),
        }
    }

    /// A refusal leaves the call as it is.
    fn invite(&mut self, call: usize, invitee: Invitee) -> Reply {
        let (who, replaced) = match invitee {
            Invitee::Nobody | Invitee::One(Person::Unknown) => return INVALID,
            Invitee::One(who) => (who, None),
            Invitee::Several => (Person::Answers, None),
            Invitee::Replacing(other) => (self.calls[other].peer, Some(other)),
        };
        if !self.is_established(call) {
            return NOT_ESTABLISHED;
        }
        if self.is_transferring(call) {
            return Reply::Refused(409, "8607");
        }
        if invitee == Invitee::Several {
            return INVALID; // there is no chat.
        }
        let now = self.moment();
        let facts = &self.calls[call];
        let expected = match &facts.gathering {
            None => facts.peer == who,
            Some(gathering) => gathering.expects(who, now),
        };
        if expected {
            return Reply::Refused(409, "8519");
        }
        if let Some(other) = replaced {
            let there = self.end(other, now).is_none() && self.calls[other].gathering.is_none();
            if !there || self.calls[other].owner != facts.owner {
                return INVALID;
            }
            // over as soon as they are in.
            let end = End::with(200, 5001);
            self.calls[other].ended = Some((now.after(Duration::ZERO), end, false));
        }
        let facts = &mut self.calls[call];
        let gathering =
            facts.gathering.get_or_insert_with(|| Gathering::new(now, facts.peer, facts.muted));
        gathering.guests.push(Guest::new(who, now, replaced.is_some()));
        facts.media.ask(now, Work::Invite(gathering.guests.len() - 1));
        Reply::Operation(OperationStatus::Running)
    }

    /// What only group calls can do (8548); after an escalation it is one.
    fn group(&mut self, call: usize, group: Group) -> Reply {
        let now = self.moment();
        if !self.is_established(call) {
            return NOT_ESTABLISHED;
        }
        if group == Group::RecordingStatus {
            return Reply::Refused(400, "8506");
        }
        let facts = &mut self.calls[call];
        if facts.gathering.is_none() {
            return Reply::Refused(400, "8548");
        }
        match group {
            Group::Mute | Group::Unmute | Group::Metadata | Group::MuteAll | Group::AdmitAll => {
                facts.media.ask(now, Work::Done);
                Reply::Operation(OperationStatus::Completed)
            }
            Group::Gallery => {
                facts.media.ask(now, Work::Gallery);
                Reply::OperationTaken(OperationStatus::Running)
            }
            Group::ShareScreen if facts.app_hosted => Reply::Taken,
            Group::ShareScreen => Reply::Refused(400, "8500"),
            Group::Remove => Reply::Refused(403, "Forbidden"),
            Group::HoldMusic => Reply::Refused(404, "8543"),
            Group::ContentSharing | Group::RoutingGroups => Reply::Several(0),
            Group::RecordingStatus => unreachable!("refused above"),
        }
    }

    fn media(&mut self, call: usize, verb: Asked) -> Reply {
        let invalid = matches!(
            verb,
            Asked::Prompt(0 | 21, _)
                | Asked::Record(Recording::TooLong)
                | Asked::Cancel { long: true }
                | Asked::SendTones(0)
        );
        if invalid {
            return INVALID;
        }
        let (app_hosted, tones) = (self.calls[call].app_hosted, verb == Asked::Subscribe);
        match verb {
            Asked::SendTones(_) => {}
            _ if app_hosted && tones => return Reply::Refused(500, "9999"),
            _ if app_hosted => return Reply::Refused(400, "8500"),
            _ => {}
        }
        if !self.is_established(call) {
            return NOT_ESTABLISHED;
        }
        let needs_audio = !tones && !matches!(verb, Asked::Cancel { .. });
        if needs_audio && !self.audio_now(call) {
            return Reply::Refused(400, "8503");
        }
        let now = self.moment();
        // Whether keys were heard, up to now.
        let heard: Vec<bool> =
            self.calls[call].media.presses.iter().map(|(at, _)| self.audio(call, *at)).collect();
        let presses = self.calls[call].media.presses.clone();
        let audio = |at| presses.iter().zip(&heard).any(|((when, _), heard)| *when == at && *heard);
        let media = &mut self.calls[call].media;
        let work = match verb {
            Asked::Prompt(count, endless) => Work::Prompts { count, endless },
            Asked::Kept => Work::Kept,
            Asked::Record(how) => {
                if how == Recording::BargesIn {
                    media.cancel(now, false, &audio);
                }
                Work::Record(how)
            }
            Asked::SendTones(count) => {
                Work::Keys(Duration::from_millis(120) * u32::try_from(count).expect("few"))
            }
            Asked::Subscribe => {
                media.subscribed = media.subscribed.or(Some(now));
                Work::Done
            }
            _ => {
                media.cancel(now, true, &audio);
                Work::Done
            }
        };
        media.ask(now, work);
        Reply::Operation(if work == Work::Done {
            OperationStatus::Completed
        } else {
            OperationStatus::Running
        })
    }
}
