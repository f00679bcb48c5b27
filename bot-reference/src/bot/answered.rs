//! What Graph's answers change. A refusal ends what was tried, never the call.

use std::time::Duration;

use graph_api::{Guid, Timestamp};

use super::{
    Bot,
    line::{AGAIN_AFTER, Job, Line, Running, Tones, Turn},
};
use crate::{
    Flaw,
    ask::{Ask, Effect, Outcome},
    entry::{Facts, State},
};

/// What an answer means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes on.
    GoesOn,
    /// It is over.
    Over,
    /// It may not be answered.
    Declined,
}

impl Bot {
    pub(super) fn answered(
        &mut self,
        now: Timestamp,
        call: Guid,
        ask: Ask,
        outcome: Outcome,
        effects: &mut Vec<Effect>,
    ) {
        let late = ask == Ask::Answer && self.has(Flaw::CrashesOnLateAnswer);
        if outcome == Outcome::Gone && (late || self.has(Flaw::CrashesOnNotFound)) {
            effects.push(Effect::Crash);
            return;
        }
        if let Ask::Call { plan, .. } = ask {
            return self.called(now, call, plan, &outcome, effects);
        }
        if !self.knows(call) {
            if ask == Ask::Look {
                self.looked(now, call, outcome, effects);
            }
            return;
        }
        if outcome == Outcome::Refused && self.has(Flaw::LeavesOnRefusal) && ask != Ask::HangUp {
            self.with_line(now, call, effects, |line, turn| line.leave(turn));
        }
        let leaks =
            matches!(ask, Ask::Transfer { .. }) && self.has(Flaw::LeaksCallOnFailedTransfer);
        let fate = if outcome == Outcome::Gone {
            let keeps = self.has(Flaw::NeverForgetsEndedCalls);
            if keeps { Fate::GoesOn } else { Fate::Over }
        } else if outcome == Outcome::Done && leaks {
            Fate::Over
        } else {
            self.with_line(now, call, effects, |line, turn| line.answered(ask, &outcome, turn))
                .unwrap_or(Fate::GoesOn)
        };
        if fate != Fate::GoesOn {
            self.forget(call, effects);
        }
        if fate == Fate::Declined && !self.has(Flaw::LetsRingWhatItMayNotAnswer) {
            effects.push(Effect::Ask(call, Ask::Reject)); // that is always allowed.
        }
        if fate == Fate::Over && self.has(Flaw::GivesUpCallOn503) {
            effects.push(Effect::Ask(call, Ask::HangUp));
        }
    }

    /// A call that was not known was asked about: it is adopted if it is the bot's own.
    fn looked(&mut self, now: Timestamp, call: Guid, outcome: Outcome, effects: &mut Vec<Effect>) {
        let Some(waiting) = self.looks.remove(&call) else { return };
        match outcome {
            Outcome::Found(Facts { state: Some(State::Terminated), .. })
            | Outcome::Gone
            | Outcome::Refused => self.remember_ended(call),
            Outcome::Found(facts) => {
                let mut line = Line::new(now, &self.settings);
                line.no_media = self.settings.is_app_hosted() && !self.may_have_begun(&facts);
                self.look_after(now, call, line, effects);
                self.with_line(now, call, effects, |line, turn| line.found(&facts, turn));
                for entry in waiting {
                    self.notified(now, entry, effects);
                }
            }
            // The next notification will have it asked about again.
            Outcome::Done
            | Outcome::Created { .. }
            | Outcome::Listed(_)
            | Outcome::Unsure
            | Outcome::Unreached(_) => {}
        }
    }

    /// Whether a call that nobody knew may be one that this life of the bot has begun.
    fn may_have_begun(&mut self, facts: &Facts) -> bool {
        if facts.state == Some(State::Incoming) {
            return false;
        }
        if !self.plans.is_empty() {
            return true;
        }
        let may = self.unsure > 0;
        self.unsure = self.unsure.saturating_sub(1);
        may
    }

    /// A call of its own has begun, or not, or perhaps: then a notification will tell.
    fn called(
        &mut self,
        now: Timestamp,
        origin: Guid,
        plan: u32,
        outcome: &Outcome,
        effects: &mut Vec<Effect>,
    ) {
        let Some(plan) = self.plans.remove(&plan) else { return };
        self.unsure = self.unsure.saturating_add((*outcome == Outcome::Unsure).into());
        let (worked, sorry) = (&Job::SORRY[1..], &Job::SORRY[..]);
        let early = self.has(Flaw::SpeaksWhileRinging);
        if let Outcome::Created { call, own } = outcome
            && !self.knows(*call)
            && !self.ended.contains(call)
        {
            let waiting = self.looks.remove(call).unwrap_or_default();
            let mut line = Line::new(now, &self.settings);
            (line.taken, line.group) = (true, plan.also.is_some());
            line.own = *own;
            line.peer = plan.also.is_none().then_some(plan.to);
            (line.connected, line.audio) = (early, early);
            self.look_after(now, *call, line, effects);
            for entry in waiting {
                self.notified(now, entry, effects);
            }
        }
        let next = match outcome {
            Outcome::Gone | Outcome::Refused | Outcome::Unreached(_) => sorry,
            Outcome::Created { .. }
            | Outcome::Done
            | Outcome::Found(_)
            | Outcome::Listed(_)
            | Outcome::Unsure => worked,
        };
        self.with_line(now, origin, effects, |line, _| line.then(next));
    }
}

impl Line {
    fn answered(&mut self, ask: Ask, outcome: &Outcome, turn: &mut Turn<'_>) -> Fate {
        let worked = !matches!(outcome, Outcome::Refused | Outcome::Unreached(_));
        let sure = worked && *outcome != Outcome::Unsure;
        match ask {
            Ask::Answer => return self.has_answered(outcome, turn),
            Ask::Redirect(_) => self.has_redirected(outcome, turn),
            Ask::Look => {
                self.looking = false;
                if let Outcome::Found(facts) = outcome {
                    return self.found(facts, turn);
                }
            }
            Ask::Play(_, ticket) | Ask::Record(ticket) => {
                if settle(&mut self.job, ticket, worked, turn.now) && matches!(ask, Ask::Record(_))
                {
                    self.todo.push_front(Job::SORRY[0]);
                }
            }
            Ask::Invite(_, ticket) => {
                if settle(&mut self.invite, ticket, worked, turn.now) {
                    self.then(&Job::SORRY);
                }
            }
            Ask::Transfer { .. } => {
                if !worked && self.transfer.take().is_some() {
                    self.then(&Job::SORRY);
                }
            }
            Ask::Subscribe => {
                let again = matches!(outcome, Outcome::Unsure | Outcome::Unreached(_))
                    && !turn.has(Flaw::SubscribesOnceOnly);
                let at = turn.now + AGAIN_AFTER;
                self.tones = if again { Tones::Again(at) } else { Tones::Settled };
            }
            // of two, nobody can be muted.
            Ask::Mute | Ask::Unmute => self.then(if sure { &Job::SORRY[1..] } else { &Job::SORRY }),
            Ask::Share(on) => self.may_share(on, sure),
            Ask::Participants { aloud } => {
                if let Outcome::Listed(seats) = outcome {
                    self.roster.replace(seats);
                    self.counts_heads(turn);
                    self.who_shares();
                }
                if aloud {
                    self.then(if sure { &Job::SORRY[1..] } else { &Job::SORRY });
                }
            }
            Ask::KeepAlive => self.kept_alive(outcome, turn),
            Ask::HangUp => self.has_hung_up(outcome, turn),
            Ask::CancelMedia | Ask::Reject | Ask::Recording | Ask::Call { .. } => {}
        }
        Fate::GoesOn
    }

    /// Whoever cannot be sent elsewhere is answered here.
    fn has_redirected(&mut self, outcome: &Outcome, turn: &mut Turn<'_>) {
        self.answering = false;
        let here = match outcome {
            Outcome::Refused | Outcome::Unsure | Outcome::Unreached(_) => {
                !turn.has(Flaw::LeavesRefusedRedirect)
            }
            Outcome::Done
            | Outcome::Created { .. }
            | Outcome::Found(_)
            | Outcome::Listed(_)
            | Outcome::Gone => turn.has(Flaw::AnswersRedirected),
        };
        if here {
            self.answer(turn);
        }
    }

    fn has_answered(&mut self, outcome: &Outcome, turn: &mut Turn<'_>) -> Fate {
        self.answering = false;
        if matches!(outcome, Outcome::Unsure | Outcome::Unreached(_)) {
            self.look(turn);
            return Fate::GoesOn;
        }
        if *outcome == Outcome::Refused && !self.connected {
            return Fate::Declined;
        }
        self.taken = true;
        if turn.has(Flaw::SubscribesTooEarly) {
            self.subscribe(turn);
        }
        Fate::GoesOn
    }

    /// The call was looked at.
    fn found(&mut self, facts: &Facts, turn: &mut Turn<'_>) -> Fate {
        if facts.state == Some(State::Terminated) {
            return Fate::Over;
        }
        // The answer did not get through, or the bot crashed before it.
        let open = !self.taken && !self.answering && self.answer_at.is_none();
        if facts.state == Some(State::Incoming) && open && !turn.has(Flaw::NeverAnswers) {
            self.answer(turn);
        }
        // A whole call says all there is: without mediaState there is no audio.
        let audio = Some(facts.audio == Some(true));
        self.learn(&Facts { audio, ..*facts }, turn);
        Fate::GoesOn
    }

    /// the gap counts from the last that was heard, so another is due soon.
    fn kept_alive(&mut self, outcome: &Outcome, turn: &mut Turn<'_>) {
        let soon = match outcome {
            Outcome::Unreached(_) if turn.has(Flaw::NoSecondKeepAlive) => {
                self.keep_alive_at = turn.now + Duration::from_secs(24 * 3_600);
                return;
            }
            Outcome::Unreached(_) if turn.has(Flaw::KeepAliveDrifts) => {
                self.keep_alive_at = turn.now + Duration::from_secs(50 * 60);
                return;
            }
            Outcome::Unreached(wait) => wait.unwrap_or_default().max(AGAIN_AFTER),
            Outcome::Refused | Outcome::Unsure => AGAIN_AFTER * 5,
            Outcome::Done
            | Outcome::Created { .. }
            | Outcome::Found(_)
            | Outcome::Listed(_)
            | Outcome::Gone => return,
        };
        self.keep_alive_at = self.keep_alive_at.min(turn.now + soon);
    }

    fn has_hung_up(&mut self, outcome: &Outcome, turn: &mut Turn<'_>) {
        if matches!(outcome, Outcome::Unreached(_) | Outcome::Unsure) {
            self.hang_up_at = self.hang_up_at.min(turn.now + AGAIN_AFTER);
        } else {
            self.watch(turn.now); // The news of the end may be lost.
        }
    }
}

/// The reply to what was asked with this ticket: its end is waited for from now on, or there will be none. True if
/// there will be none.
fn settle<T>(running: &mut Option<Running<T>>, ticket: u32, worked: bool, now: Timestamp) -> bool {
    let Some(mine) = running.as_mut().filter(|running| running.ticket == ticket) else {
        return false;
    };
    mine.until = mine.until.max(now + AGAIN_AFTER);
    if !worked {
        *running = None;
    }
    !worked
}
