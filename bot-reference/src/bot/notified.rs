//! What notifications change.

use graph_api::{Guid, Timestamp};

use super::{
    Bot, LOOKS_MAX, Plan, WAITING_MAX,
    keys::Wish,
    line::{Job, Line},
};
use crate::{
    Flaw,
    ask::{Ask, Effect, Prompt},
    entry::{Entry, Facts, Key, State, Subject},
};

impl Bot {
    pub(super) fn notified(&mut self, now: Timestamp, entry: Entry, effects: &mut Vec<Effect>) {
        let call = entry.call;
        match &entry.subject {
            Subject::Incoming(facts) => return self.rung(now, call, facts, effects),
            Subject::Ended => return self.has_ended(call, effects),
            Subject::Updated(_)
            | Subject::OperationEnded { .. }
            | Subject::Roster(_)
            | Subject::Other => {}
        }
        if !self.knows(call) {
            return self.unknown(entry, effects);
        }
        match &entry.subject {
            Subject::Updated(facts) => self.updated(now, call, facts, effects),
            Subject::OperationEnded { context, worked } => {
                self.with_line(now, call, effects, |line, turn| {
                    line.operation_over(context.as_deref(), *worked, turn);
                });
            }
            Subject::Roster(news) => {
                self.with_line(now, call, effects, |line, turn| {
                    line.hears_roster(news, turn);
                });
            }
            Subject::Incoming(_) | Subject::Ended | Subject::Other => {}
        }
    }

    /// Somebody rings, or invites into a conference: once, and never after the end.
    fn rung(&mut self, now: Timestamp, call: Guid, facts: &Facts, effects: &mut Vec<Effect>) {
        let ended = self.ended.contains(&call) && !self.has(Flaw::AnswersAfterEnd);
        if self.knows(call) && self.has(Flaw::AnswersEachInvitation) {
            self.with_line(now, call, effects, |line, turn| line.answer(turn));
        }
        if self.knows(call) || ended {
            return;
        }
        let deaf = self.has(Flaw::OneCallOnly) || self.has(Flaw::OneCallOfTwoOnly) && !facts.group;
        if deaf && !self.calls.is_empty() {
            return;
        }
        let answering = self.calls.values().any(|line| line.answering);
        if self.has(Flaw::DropsCallsInABurst) && answering {
            return;
        }
        self.looks.remove(&call);
        if self.is_full() {
            self.remember_ended(call);
            effects.push(Effect::Ask(call, Ask::Reject));
            return;
        }
        let late = match facts.recorded {
            true if self.has(Flaw::AnswersRecordersLate) => Some(6),
            _ => self.has(Flaw::AnswersLate).then_some(16),
        };
        let mut line = Line::new(now, &self.settings);
        line.answer_at = late.map(|secs| now + std::time::Duration::from_secs(secs));
        (line.group, line.records) = (facts.group, facts.recorded);
        self.calls.insert(call, line);
        let silent = late.is_some() || self.has(Flaw::NeverAnswers);
        self.with_line(now, call, effects, |line, turn| {
            line.learn(facts, turn);
            let elsewhere = turn.settings.redirects_to.filter(|_| !line.group);
            if let Some(to) = elsewhere {
                line.answering = true;
                turn.ask(Ask::Redirect(to));
            } else if !silent {
                line.answer(turn);
            }
            let meeting = facts.group && turn.has(Flaw::AnswersMeetingsTwice);
            if turn.has(Flaw::AnswersTwice) || meeting {
                line.answer(turn);
            }
        });
    }

    fn updated(&mut self, now: Timestamp, call: Guid, facts: &Facts, effects: &mut Vec<Effect>) {
        let escalates = facts.group && self.calls.get(&call).is_some_and(Line::is_of_two);
        let over = facts.state == Some(State::Hold) && self.has(Flaw::TakesHoldForTheEnd)
            || escalates && self.has(Flaw::TakesEscalationForTheEnd);
        if over {
            return self.forget(call, effects);
        }
        if facts.state == Some(State::Other) && self.has(Flaw::TakesUnknownStatesForTheEnd) {
            return self.forget(call, effects);
        }
        let answering = self.calls.get(&call).is_some_and(|line| line.answering);
        if answering && self.has(Flaw::IgnoresNewsBeforeReply) {
            return;
        }
        let other = facts.press.is_some() && self.has(Flaw::TakesKeysForAnotherCall);
        let call = self.calls.keys().next_back().copied().filter(|_| other).unwrap_or(call);
        let wish = self.with_line(now, call, effects, |line, turn| {
            let greeted = line.opened;
            line.learn(facts, turn);
            if greeted && facts.audio == Some(true) && turn.has(Flaw::PromptsAgain) {
                line.greet_again(turn);
            }
            facts.press.map_or(Wish::None, |press| line.pressed(press, turn))
        });
        if wish == Some(Wish::GroupCall) {
            self.call_both(now, call, effects);
        }
    }

    /// A key was heard in media of the bot's own: there it comes once.
    pub(super) fn heard(
        &mut self,
        now: Timestamp,
        call: Guid,
        key: Key,
        effects: &mut Vec<Effect>,
    ) {
        let wish = self.with_line(now, call, effects, |line, turn| line.does(key, turn));
        if wish == Some(Wish::GroupCall) {
            self.call_both(now, call, effects);
        }
    }

    /// The caller and the colleague in a call of their own.
    fn call_both(&mut self, now: Timestamp, call: Guid, effects: &mut Vec<Effect>) {
        let peer = self.calls.get(&call).and_then(|line| line.peer);
        match (peer, self.settings.colleague) {
            (Some(to), also @ Some(_)) if !self.is_full() => {
                let also = also.filter(|_| !self.has(Flaw::GroupCallLeavesOneOut));
                self.plan(Plan { origin: call, to, also }, effects);
            }
            _ => {
                self.with_line(now, call, effects, |line, _| line.then(&Job::SORRY));
            }
        }
    }

    fn has_ended(&mut self, call: Guid, effects: &mut Vec<Effect>) {
        if self.has(Flaw::KeepsTalkingAfterEnd) && self.knows(call) {
            effects.push(Effect::Ask(call, Ask::KeepAlive));
            effects.push(Effect::Ask(call, Ask::Play(Prompt::Greeting, 0)));
            return;
        }
        if self.has(Flaw::ForgetsUnknownEnds) && !self.knows(call) {
            return;
        }
        let line = self.calls.get(&call);
        let escalated = line.is_some_and(|line| line.escalated);
        let again = line.and_then(|line| line.calls_again(call, &self.settings));
        self.forget(call, effects);
        if let Some(plan) = again {
            self.plan(plan, effects);
        }
        if escalated && self.has(Flaw::PlaysPromptAfterEscalationDrop) {
            effects.push(Effect::Ask(call, Ask::Play(Prompt::Menu, 0)));
        }
    }

    /// Something about a call that this bot does not remember. It may be its own all the same: from before a
    /// crash, or begun by a request whose reply was lost. So it asks.
    fn unknown(&mut self, entry: Entry, effects: &mut Vec<Effect>) {
        let blind = self.has(Flaw::IgnoresUnknownCalls) || self.has(Flaw::ForgetsCallsInCrash);
        let ended = self.ended.contains(&entry.call) && !self.has(Flaw::LooksAfterEnd);
        if blind || ended {
            return;
        }
        let call = entry.call;
        if self.has(Flaw::AnswersUnknownCalls) {
            effects.push(Effect::Ask(call, Ask::Answer));
            return;
        }
        if let Some(waiting) = self.looks.get_mut(&call) {
            if waiting.len() < WAITING_MAX {
                waiting.push(entry);
            }
        } else if self.looks.len() < LOOKS_MAX {
            self.looks.insert(call, vec![entry]);
            effects.push(Effect::Ask(call, Ask::Look));
        }
    }
}
