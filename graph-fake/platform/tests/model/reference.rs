//! The second opinion: facts instead of phases. When did it ring, when was it answered, who ended it?
//! Everything else is computed from that, for any moment. No deadlines, no queues, no state.

use std::time::Duration;

use graph_api::{CallState, Timestamp};

use super::{
    transition::{Asked, Callee, Transition, UserAct, Who},
    view::{Reply, Told},
};

/// When something ended, with code and subcode.
type End = (Timestamp, (i32, i32));

const SET_UP: Duration = Duration::from_millis(100);
const AUDIO: Duration = Duration::from_millis(200);
const KEEP_ALIVE: Duration = Duration::from_secs(45 * 60);

/// What is known of a prompt operation.
#[derive(Debug, Clone)]
struct Prompts {
    asked_at: Timestamp,
    count: usize,
    /// Of the first ones: when the download ended, and how long the prompt is (none: it failed).
    fetched: Vec<(Timestamp, Option<Duration>)>,
}

/// What is known of a call.
#[derive(Debug, Clone)]
struct Facts {
    began_at: Timestamp,
    callee: Option<Callee>,
    silent: bool,
    answered_at: Option<Timestamp>,
    last_keep_alive: Option<Timestamp>,
    prompts: Vec<Prompts>,
    /// Somebody ended it: when, the code, and whether the bot hung up an established call.
    ended_by_hand: Option<(Timestamp, (i32, i32), bool)>,
}

impl Facts {
    fn new(began_at: Timestamp, callee: Option<Callee>, silent: bool) -> Self {
        Self {
            began_at,
            callee,
            silent,
            answered_at: None,
            last_keep_alive: None,
            prompts: Vec::new(),
            ended_by_hand: None,
        }
    }

    /// When somebody answered, if that is by `t` and before the end.
    fn answered(&self, t: Timestamp) -> Option<Timestamp> {
        let by_itself = match self.callee {
            Some(Callee::Answers) => Some(self.began_at + Duration::from_millis(300)),
            Some(Callee::Declines | Callee::Ignores) | None => None,
        };
        let first = [self.answered_at, by_itself].into_iter().flatten().min()?;
        let early = self.ended_by_hand.is_some_and(|(at, ..)| at < first);
        (first <= t && !early).then_some(first)
    }

    /// When and how it ended, if that is by `t`.
    fn end(&self, t: Timestamp) -> Option<End> {
        let by_hand = self.ended_by_hand.map(|(at, code, _)| (at, code));
        let answered = self.answered(t);
        let unanswered = match (answered, self.callee) {
            (Some(_), _) => None,
            (None, None) if self.silent => Some((self.began_at + secs(5), (408, 8544))),
            (None, None) => Some((self.began_at + secs(15), (408, 8544))),
            (None, Some(Callee::Declines)) => Some((self.began_at, (603, 0))),
            (None, Some(_)) => Some((self.began_at + secs(60), (487, 10_004))),
        };
        let cared_for = [
            self.last_keep_alive,
            self.callee.map(|_| self.began_at),
            answered.filter(|_| self.callee.is_none()),
        ];
        let lapse = cared_for.into_iter().flatten().max().map(|at| (at + KEEP_ALIVE, (408, 8537)));
        let all = [by_hand, unanswered, lapse];
        all.into_iter().flatten().filter(|(at, _)| *at <= t).min()
    }

    fn state(&self, t: Timestamp) -> CallState {
        if self.end(t).is_some() {
            return CallState::Terminated;
        }
        match self.answered(t) {
            Some(at) if at + SET_UP <= t => CallState::Established,
            Some(_) => CallState::Establishing,
            None if self.callee.is_some() => CallState::Establishing,
            None => CallState::Incoming,
        }
    }

    fn audio(&self, t: Timestamp) -> bool {
        self.end(t).is_none() && self.answered(t).is_some_and(|at| at + AUDIO <= t)
    }

    /// When each operation ended, and how, if that is by `t`; and the one that runs.
    fn operations(&self, t: Timestamp) -> (Vec<End>, Option<usize>) {
        let mut ends: Vec<End> = Vec::new();
        for (number, prompts) in self.prompts.iter().enumerate() {
            let mut end = None;
            for (at, length) in &prompts.fetched {
                match length {
                    None => end = Some((*at, (400, 8536))),
                    Some(length) => end = Some((*at + *length, (200, 0))),
                }
            }
            let failed = prompts.fetched.iter().any(|(_, length)| length.is_none());
            let whole = failed || prompts.fetched.len() == prompts.count;
            match end.filter(|(at, _)| whole && *at <= t) {
                Some(end) => ends.push(end),
                None => return (ends, Some(number)),
            }
        }
        (ends, None)
    }

    /// Everything the bot has been told by `t`, in order.
    fn told(&self, t: Timestamp) -> Vec<Told> {
        let end = self.end(t);
        let horizon = end.map_or(t, |(at, _)| at);
        let by_hand = self.ended_by_hand.map(|(at, ..)| at);
        // What is due is settled before anybody acts, so an end by hand comes after all of its moment.
        let before_end = |at: Timestamp| {
            at <= t && end.is_none_or(|(end, _)| at < end || (at == end && by_hand == Some(end)))
        };
        let mut events = Vec::new();
        if self.callee.is_none() {
            events.push((self.began_at, Told::Incoming));
        } else {
            events.push((self.began_at, Told::Updated(CallState::Establishing, false)));
        }
        if let Some(at) = self.answered(t) {
            if self.callee.is_none() {
                events.push((at, Told::Updated(CallState::Establishing, false)));
            }
            if before_end(at + SET_UP) {
                events.push((at + SET_UP, Told::Updated(CallState::Established, false)));
            }
            if before_end(at + AUDIO) {
                events.push((at + AUDIO, Told::Updated(CallState::Established, true)));
            }
        }
        for (number, (at, (code, subcode))) in self.operations(horizon).0.iter().enumerate() {
            if before_end(*at) {
                events.push((*at, Told::Operation(number, *code, *subcode)));
            }
        }
        events.sort_by_key(|(at, _)| *at);
        if let Some((at, (code, subcode))) = end {
            if self.ended_by_hand.is_some_and(|(by_hand, _, bot)| bot && by_hand == at) {
                events.push((at, Told::Updated(CallState::Terminating, false)));
            }
            events.push((at, Told::Ended(code, subcode)));
        }
        events.into_iter().map(|(_, told)| told).collect()
    }
}

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Now.
    pub now: Timestamp,
    granted: bool,
    calls: Vec<Facts>,
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

impl Reference {
    /// Nothing has happened.
    pub fn new(now: Timestamp) -> Self {
        Self { now, granted: true, calls: Vec::new() }
    }

    /// Calls made so far.
    pub fn made(&self) -> usize {
        self.calls.len()
    }

    /// What the bot must have been told about a call by now.
    pub fn told(&self, call: usize) -> Vec<Told> {
        self.calls[call].told(self.now)
    }

    /// Downloads under way of live calls: (when it was asked for, call, operation).
    fn fetches(&self) -> impl Iterator<Item = (usize, usize)> {
        let now = self.now;
        self.calls.iter().enumerate().filter_map(move |(call, facts)| {
            let running = facts.operations(now).1.filter(|_| facts.end(now).is_none())?;
            let prompts = &facts.prompts[running];
            let playing = prompts
                .fetched
                .last()
                .is_some_and(|(at, length)| length.is_some_and(|length| *at + length > now));
            (!playing).then_some((call, running))
        })
    }

    /// A download of this call ended now; which prompt of its operation it must have been.
    pub fn fetched(&mut self, call: usize, length: Option<Duration>) -> Option<usize> {
        let found = self.fetches().find(|(at, _)| *at == call);
        // The platform may still be downloading for a call that has ended.
        let (call, operation) = found?;
        let fetched = &mut self.calls[call].prompts[operation].fetched;
        fetched.push((self.now, length));
        Some(fetched.len() - 1)
    }

    /// What the reply, or for acts whether it works (`Done`), must be; and learns the facts.
    pub fn apply(&mut self, transition: &Transition) -> Option<Reply> {
        match transition {
            Transition::Ring { silent } => {
                self.calls.push(Facts::new(self.now, None, *silent));
                Some(Reply::Done)
            }
            Transition::Create { callee } => Some(if self.granted {
                self.calls.push(Facts::new(self.now, Some(*callee), false));
                Reply::Created
            } else {
                Reply::Refused(403, "7504")
            }),
            Transition::Ask { call, verb, who } => Some(self.ask(*call, *verb, *who)),
            Transition::User { call, act } => Some(self.user(*call, *act)),
            Transition::Permission { granted } => {
                self.granted = *granted;
                None
            }
            Transition::Wait(_) | Transition::Fetched { .. } => None,
        }
    }

    fn ask(&mut self, call: usize, verb: Asked, who: Who) -> Reply {
        let now = self.now;
        let facts = &mut self.calls[call];
        let state = facts.state(now);
        if state == CallState::Terminated {
            return Reply::Refused(404, "8522");
        }
        match who {
            Who::OtherTenant => return Reply::Refused(403, "7505"),
            Who::OtherApp => return Reply::Refused(403, "7507"),
            Who::Bot => {}
        }
        let incoming = state == CallState::Incoming;
        match verb {
            Asked::Get => Reply::Call(state, facts.audio(now)),
            Asked::Answer if incoming => {
                facts.answered_at = Some(now);
                Reply::Taken
            }
            Asked::Answer if facts.answered(now).is_some() && facts.callee.is_none() => {
                Reply::Refused(409, "8519")
            }
            Asked::Answer => Reply::Refused(400, "8585"),
            Asked::Reject if incoming => {
                facts.ended_by_hand = Some((now, (486, 8539), false));
                Reply::Taken
            }
            Asked::Reject => Reply::Refused(400, "8585"),
            Asked::Prompt(_) if state != CallState::Established => Reply::Refused(400, "8501"),
            Asked::Prompt(_) if !facts.audio(now) => Reply::Refused(400, "8503"),
            Asked::Prompt(count) => {
                facts.prompts.push(Prompts { asked_at: now, count, fetched: Vec::new() });
                debug_assert!(facts.prompts.iter().all(|prompts| prompts.asked_at <= now));
                Reply::Operation
            }
            Asked::KeepAlive if incoming => Reply::Refused(400, "8501"),
            Asked::KeepAlive => {
                facts.last_keep_alive = Some(now);
                Reply::Done
            }
            Asked::Delete => {
                let code = if incoming { (603, 0) } else { (200, 7000) };
                facts.ended_by_hand = Some((now, code, state == CallState::Established));
                Reply::Gone
            }
        }
    }

    fn user(&mut self, call: usize, act: UserAct) -> Reply {
        let now = self.now;
        let facts = &mut self.calls[call];
        let impossible = Reply::Refused(409, "act");
        if facts.end(now).is_some() {
            return Reply::Refused(404, "act");
        }
        let answered = facts.answered(now).is_some();
        match (act, facts.callee.is_some(), answered) {
            (UserAct::HangUp, false, false) => facts.ended_by_hand = Some((now, (487, 0), false)),
            (UserAct::HangUp, _, true) => facts.ended_by_hand = Some((now, (200, 4521), false)),
            (UserAct::Answer, true, false) => facts.answered_at = Some(now),
            (UserAct::Decline, true, false) => facts.ended_by_hand = Some((now, (603, 0), false)),
            _ => return impossible,
        }
        Reply::Done
    }
}
