//! One call as the bot sees it: where it is, what is being said, what is still to be done.

use std::{collections::VecDeque, time::Duration};

use graph_api::{Guid, Timestamp};
use serde::{Deserialize, Serialize};

use super::{heard::Heard, roster::Roster, scene::Looked, scene::Scene, scene::Screen};
use crate::{
    Flaw, Settings,
    ask::{Ask, Effect, Prompt, context},
    entry::{Facts, RosterNews, State},
};

/// Things that may wait to be said.
const TODO_MAX: usize = 16;
/// How long a prompt may take before its end is taken for lost.
const PROMPT_MAX: Duration = Duration::from_secs(60);
/// The same for a record: silence, thirty seconds, and a beep.
const RECORD_MAX: Duration = Duration::from_secs(90);
/// The same for an invitation, which rings for about a minute.
const INVITE_MAX: Duration = Duration::from_secs(120);
/// The same for a transfer.
const TRANSFER_MAX: Duration = Duration::from_secs(180);
/// How soon a call that has not got anywhere is looked at; then after twice as long, and so on.
const CHECK_AFTER: Duration = Duration::from_secs(20);
/// Doublings of that.
const CHECKS_MAX: u32 = 6;
/// How soon something is tried again that is needed and could not be done.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is said, or recorded, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Job {
    Play(Prompt),
    Record,
    /// Not said, but due only after what comes before it.
    Subscribe,
}

impl Job {
    pub(super) const SORRY: [Self; 2] = [Self::Play(Prompt::Sorry), Self::MENU];
    pub(super) const MENU: Self = Self::Play(Prompt::Menu);
    const OPENING: [Self; 3] = [Self::Play(Prompt::Greeting), Self::MENU, Self::Subscribe];

    const fn name(self) -> &'static str {
        match self {
            Self::Play(prompt) => prompt.name(),
            Self::Record => RECORD,
            Self::Subscribe => "tones",
        }
    }

    const fn limit(self) -> Duration {
        if matches!(self, Self::Record) { RECORD_MAX } else { PROMPT_MAX }
    }
}

/// The name of a record's context.
pub(crate) const RECORD: &str = "record";
/// The name of an invitation's context.
pub(crate) const INVITE: &str = "invite";

/// Something that Graph is doing, and until when its end is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running<T> {
    pub what: T,
    pub ticket: u32,
    pub until: Timestamp,
}

/// How far the subscription to tones is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Tones {
    /// Not asked for.
    #[default]
    NotYet,
    /// Asked for; if that fails it is tried again at this time.
    Again(Timestamp),
    /// Done, or refused.
    Settled,
}

/// A call that is looked after. Everything but the roster survives a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    /// When the planted fault answers.
    pub answer_at: Option<Timestamp>,
    /// An answer is on its way to Graph.
    #[serde(skip)]
    pub answering: bool,
    /// It is being asked about.
    #[serde(skip)]
    pub looking: bool,
    /// It was answered, or is the bot's own.
    pub taken: bool,
    pub connected: bool,
    pub audio: bool,
    pub held: bool,
    /// The opening has begun.
    pub opened: bool,
    /// The bot is hanging up.
    pub leaving: bool,
    pub group: bool,
    /// It is there to record somebody, by policy, and says nothing.
    pub records: bool,
    /// Graph was told that it records.
    pub reported: bool,
    /// It became a group call while it went on.
    pub escalated: bool,
    /// The caller is called back when this is over.
    pub call_back: bool,
    pub peer: Option<Guid>,
    pub participant: Option<Guid>,
    pub tones: Tones,
    pub heard: Heard,
    /// When one of the planted faults acted on a key last.
    #[serde(skip)]
    pub pressed_at: Option<Timestamp>,
    pub tickets: u32,
    pub job: Option<Running<Job>>,
    pub todo: VecDeque<Job>,
    pub invite: Option<Running<()>>,
    /// Until when the end of a transfer is waited for.
    pub transfer: Option<Timestamp>,
    pub check_at: Option<Timestamp>,
    pub checks: u32,
    pub keep_alive_at: Timestamp,
    pub hang_up_at: Timestamp,
    /// App-hosted, and begun by an earlier life of the bot or by nobody knows whom: its media is gone.
    #[serde(skip)]
    pub no_media: bool,
    #[serde(skip)]
    pub roster: Roster,
    /// The bot's own id as a participant.
    #[serde(skip)]
    pub own: Option<Guid>,
    #[serde(skip)]
    pub screen: Screen,
    /// What was last told of what can be seen.
    #[serde(skip)]
    pub scene: Option<Box<Scene>>,
    /// What that was made of.
    #[serde(skip)]
    pub looked_at: Option<Looked>,
}

/// One call's share of one input.
pub(super) struct Turn<'a> {
    pub now: Timestamp,
    pub call: Guid,
    pub settings: &'a Settings,
    pub effects: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    pub(super) fn ask(&mut self, ask: Ask) {
        self.effects.push(Effect::Ask(self.call, ask));
    }

    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.settings.has(flaw)
    }
}

impl Line {
    /// One that begins now.
    pub(super) fn new(now: Timestamp, settings: &Settings) -> Self {
        Self {
            check_at: Some(now + CHECK_AFTER),
            keep_alive_at: now + settings.keep_alive_every,
            hang_up_at: now + settings.max_call,
            ..Self::default()
        }
    }

    /// When something is due.
    pub(super) fn next(&self, settings: &Settings) -> Timestamp {
        let patient = settings.has(Flaw::HangsOnLostOperationEnd);
        let subscribe = match self.tones {
            Tones::Again(at) => Some(at),
            Tones::NotYet | Tones::Settled => None,
        };
        let running = [self.job.map(|job| job.until), self.invite.map(|invite| invite.until)];
        let running = running.into_iter().flatten().filter(|_| !patient);
        let others = [self.answer_at, self.transfer, self.check_at, subscribe];
        let others = others.into_iter().flatten().chain(running);
        others.chain([self.keep_alive_at, self.hang_up_at]).min().expect("two are always there")
    }

    pub(super) fn ticket(&mut self) -> u32 {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    /// These come next, in this order; what waits at the end already need not wait twice.
    pub(super) fn then(&mut self, jobs: &[Job]) {
        for job in jobs {
            if self.todo.back() != Some(job) && self.todo.len() < TODO_MAX {
                self.todo.push_back(*job);
            }
        }
    }

    fn may_speak(&self, turn: &Turn<'_>) -> bool {
        let early = turn.has(Flaw::PromptsTooEarly);
        let blind = self.group && self.roster.is_empty() && turn.has(Flaw::WaitsForRoster);
        let open = self.connected && (self.audio || early) && !self.held && !blind;
        open && !self.leaving && self.transfer.is_none()
    }

    /// Says what can be said now; a prompt before audio flows would be refused.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>) {
        if turn.settings.is_app_hosted() && !turn.has(Flaw::PromptsAppHosted) {
            self.look_around(turn);
            // there Graph says, records and subscribes to nothing.
            self.todo.clear();
            return;
        }
        if !self.may_speak(turn) {
            return;
        }
        self.reports(turn);
        if self.records && !turn.has(Flaw::GreetsWhomItRecords) {
            self.todo.clear();
            return;
        }
        if !self.opened {
            self.opened = true;
            self.then(&Job::OPENING);
        }
        while self.job.is_none()
            && let Some(job) = self.todo.pop_front()
        {
            self.start(job, turn);
        }
    }

    /// before anything is recorded. (This bot keeps nothing.)
    fn reports(&mut self, turn: &mut Turn<'_>) {
        let everywhere = turn.has(Flaw::SaysEverywhereThatItRecords);
        let due = self.records && !turn.has(Flaw::NeverSaysThatItRecords) || everywhere;
        if due && !self.reported {
            self.reported = true;
            turn.ask(Ask::Recording);
        }
    }

    fn start(&mut self, job: Job, turn: &mut Turn<'_>) {
        if job == Job::Subscribe {
            self.subscribe(turn);
            return;
        }
        let ticket = self.ticket();
        self.job = Some(Running { what: job, ticket, until: turn.now + job.limit() });
        match job {
            Job::Play(prompt) => turn.ask(Ask::Play(prompt, ticket)),
            Job::Record => turn.ask(Ask::Record(ticket)),
            Job::Subscribe => {}
        }
    }

    pub(super) fn subscribe(&mut self, turn: &mut Turn<'_>) {
        // asking twice does no harm, so it is asked until there is an answer.
        self.tones = Tones::Again(turn.now + AGAIN_AFTER * 2);
        turn.ask(Ask::Subscribe);
    }

    /// The planted fault that says its greeting at every news of audio.
    pub(super) fn greet_again(&mut self, turn: &mut Turn<'_>) {
        let ticket = self.ticket();
        turn.ask(Ask::Play(Prompt::Greeting, ticket));
    }

    /// An operation is over: what was waiting for it goes on. Others' ends change nothing.
    pub(super) fn operation_over(&mut self, name: Option<&str>, worked: bool, turn: &mut Turn<'_>) {
        if !worked && turn.has(Flaw::HangsUpOnFailedOperation) {
            self.leave(turn);
        }
        if !worked && turn.has(Flaw::DeafAfterCancel) {
            return;
        }
        let is = |running: &str, ticket| name == Some(context(running, ticket).as_str());
        let mine = self.job.is_some_and(|job| is(job.what.name(), job.ticket));
        if mine || turn.has(Flaw::TakesAnyEndForItsOwn) {
            self.job = None;
        }
        if self.invite.is_some_and(|invite| is(INVITE, invite.ticket)) {
            self.invite = None;
            if !worked && turn.has(Flaw::LeavesWhenInviteFails) {
                self.leave(turn);
            }
            if worked && !self.group {
                (self.group, self.escalated) = (true, self.connected);
            }
            self.then(if worked { &Job::SORRY[1..] } else { &Job::SORRY });
        }
    }

    /// Brings `whom` in.
    pub(super) fn invite(&mut self, whom: Guid, turn: &mut Turn<'_>) {
        let ticket = self.ticket();
        self.invite = Some(Running { what: (), ticket, until: turn.now + INVITE_MAX });
        turn.ask(Ask::Invite(whom, ticket));
    }

    /// Puts the caller through.
    pub(super) fn transfer(&mut self, target: Guid, turn: &mut Turn<'_>) {
        let first = self.participant.filter(|_| turn.has(Flaw::RemembersFirstSeat));
        let who = self.peer.and_then(|user| {
            let seat = first.or_else(|| self.roster.participant(user)).or(self.participant)?;
            Some((seat, user))
        });
        self.transfer = Some(turn.now + TRANSFER_MAX);
        let named = self.group && !turn.has(Flaw::TransfersNobody);
        turn.ask(Ask::Transfer { target, transferee: who.filter(|_| named) });
        if turn.has(Flaw::HangsUpAfterTransfer) {
            self.leave(turn);
        }
    }

    /// A conference says who is there; what went missing is asked for.
    pub(super) fn hears_roster(&mut self, news: &RosterNews, turn: &mut Turn<'_>) {
        let again = self.roster.has_heard(news) && turn.has(Flaw::RelistsRepeatedRosters);
        let whole = self.roster.hear(news) || turn.has(Flaw::IgnoresRosterGaps);
        if !whole || again {
            turn.ask(Ask::Participants { aloud: false });
        }
        self.who_shares();
        if turn.has(Flaw::UnmutesItself) && news.seats().iter().any(|seat| seat.muted) {
            turn.ask(Ask::Unmute);
        }
        let inviter_is_gone = self.peer.is_some_and(|user| self.roster.participant(user).is_none());
        if inviter_is_gone && turn.has(Flaw::LeavesWithInviter) {
            self.leave(turn);
        }
        self.counts_heads(turn);
    }

    /// Hangs up, and sees to it that it happens.
    pub(super) fn leave(&mut self, turn: &mut Turn<'_>) {
        self.leaving = true;
        self.todo.clear();
        self.hang_up_at = turn.now + turn.settings.keep_alive_every;
        turn.ask(Ask::HangUp);
    }

    /// What is said of the call, and what follows from that.
    pub(super) fn learn(&mut self, facts: &Facts, turn: &mut Turn<'_>) {
        self.peer = self.peer.or(facts.peer);
        self.participant = self.participant.or(facts.participant);
        self.own = self.own.or(facts.own);
        if facts.group && !self.group {
            self.group = true;
            self.escalated = self.connected;
        }
        let in_order = self.connected || !turn.has(Flaw::WantsNewsInOrder);
        match facts.state {
            Some(State::Establishing)
                if self.connected && turn.has(Flaw::StartsOverOnLateEstablishing) =>
            {
                (self.connected, self.opened) = (false, false);
            }
            Some(State::Established) => {
                if !self.connected {
                    self.connected = true;
                    self.keep_alive_at = turn.now + turn.settings.keep_alive_every;
                }
                self.taken = true;
                self.held = false;
                if self.transfer.is_some() && facts.failed {
                    self.transfer = None; // the call is as it was.
                    self.then(&Job::SORRY);
                }
            }
            Some(State::Hold) => self.held = true,
            // What comes late changes nothing; the end is dealt with elsewhere.
            Some(
                State::Incoming
                | State::Establishing
                | State::Transferring
                | State::Terminated
                | State::Other,
            )
            | None => {}
        }
        let goes_on = turn.has(Flaw::PromptsIntoSilence);
        let heard = facts.audio.filter(|active| in_order && (*active || !goes_on));
        self.audio = heard.unwrap_or(self.audio);
        let flows = matches!(facts.state, Some(State::Established | State::Hold));
        if self.no_media && flows && !self.leaving {
            self.leave(turn);
        }
        self.watch(turn.now);
        if turn.has(Flaw::PollsTheCall) {
            self.check_at = Some(turn.now + Duration::from_secs(1));
        }
    }

    /// News may be lost: a call that has not got anywhere is looked at.
    pub(super) fn watch(&mut self, now: Timestamp) {
        if self.connected && self.audio && !self.leaving {
            (self.check_at, self.checks) = (None, 0);
        } else if self.check_at.is_none() {
            self.check_at = Some(now + CHECK_AFTER);
        }
    }

    /// Whatever is due by now.
    pub(super) fn wake(&mut self, turn: &mut Turn<'_>) {
        let (now, every) = (turn.now, turn.settings.keep_alive_every);
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if due(self.answer_at) {
            self.answer_at = None;
            self.answer(turn);
        }
        self.give_up_waiting(turn);
        if due(self.check_at) {
            self.check_at = Some(now + CHECK_AFTER * (1 << self.checks.min(CHECKS_MAX)));
            self.checks = self.checks.saturating_add(1);
            self.look(turn);
        }
        if self.hang_up_at <= now {
            self.leave(turn);
        }
        if self.keep_alive_at <= now {
            self.keep_alive_at = now + every;
            if !self.connected {
                self.look(turn);
            } else if !turn.has(Flaw::NeverKeepsAlive) {
                turn.ask(Ask::KeepAlive);
            }
        }
        self.go_on(turn);
    }

    /// Asks about the call, unless that is under way: whoever was told to wait does not ask beside it.
    pub(super) fn look(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::replace(&mut self.looking, true) {
            turn.ask(Ask::Look);
        }
    }

    /// Ends that did not come in time are taken for lost.
    fn give_up_waiting(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        if !turn.has(Flaw::HangsOnLostOperationEnd) {
            if self.job.is_some_and(|job| job.until <= now) {
                self.job = None;
            }
            if self.invite.is_some_and(|invite| invite.until <= now) {
                self.invite = None;
                self.then(&Job::SORRY);
            }
        }
        if self.transfer.is_some_and(|until| until <= now) {
            self.transfer = None;
            self.then(&Job::SORRY);
            self.look(turn);
        }
        if matches!(self.tones, Tones::Again(at) if at <= now) {
            self.subscribe(turn);
        }
    }

    /// The bot was restarted, and the media that it hosted is gone: what it asks first. A call that may be ringing
    /// still can be answered, with media of its own; one that was taken is of no use to anybody.
    pub(super) fn lose_media(&mut self) -> Ask {
        self.no_media = true;
        self.todo.clear();
        (self.job, self.tones) = (None, Tones::NotYet);
        self.leaving |= self.taken;
        if self.taken { Ask::HangUp } else { Ask::Look }
    }

    /// Answers.
    pub(super) fn answer(&mut self, turn: &mut Turn<'_>) {
        (self.answering, self.no_media) = (true, false);
        turn.ask(Ask::Answer);
    }
}
