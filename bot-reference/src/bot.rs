//! What the bot does, as a pure function of what it is told and when.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use graph_api::{Guid, Timestamp};

use crate::{
    Flaw,
    entry::{Entry, Subject},
};

/// Ended calls that are still known, so that a late or repeated notification does not revive them.
const ENDED_MAX: usize = 1_000;

/// What the bot says, in this order, once a call.
pub(crate) const PROMPTS: [&str; 2] = ["greeting", "menu"];

/// How the bot behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Calls at a time; further ones are rejected as busy.
    pub max_calls: usize,
    /// Between two keepAlives; Graph asks for one every 15 minutes.
    pub keep_alive_every: Duration,
    /// Longest call; the bot hangs up then.
    pub max_call: Duration,
    /// A planted fault.
    pub flaw: Option<Flaw>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_calls: 100,
            keep_alive_every: Duration::from_secs(15 * 60),
            max_call: Duration::from_secs(4 * 3_600),
            flaw: None,
        }
    }
}

/// What happens to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A notification that was believed.
    Notified(Entry),
    /// Graph answered, or will not.
    Answered {
        /// The call.
        call: Guid,
        /// What had been asked.
        ask: Ask,
        /// The answer.
        outcome: Outcome,
    },
    /// Time has passed.
    Deadline,
}

/// What the bot asks of Graph, about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Take the call.
    Answer,
    /// Decline it as busy.
    Reject,
    /// Say prompt number n.
    PlayPrompt(usize),
    /// The call is still wanted.
    KeepAlive,
    /// End it.
    HangUp,
}

/// How an ask went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or had been done already.
    Done,
    /// The call does not exist any more.
    Gone,
    /// Refused, or not reached in spite of all retries.
    Failed,
}

/// What the shell has to carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask Graph, and report.
    Ask(Guid, Ask),
    /// The call is over: stop trying whatever is still being tried for it.
    Forget(Guid),
    /// The planted crash.
    Crash,
}

#[derive(Debug, Clone)]
struct Line {
    answer_at: Option<Timestamp>,
    connected: bool,
    /// Prompts asked for so far.
    spoken: usize,
    keep_alive_at: Timestamp,
    hang_up_at: Timestamp,
}

/// The bot. Bugs panic; whatever Graph or a stranger says is dealt with.
#[derive(Debug, Clone)]
pub struct Bot {
    settings: Settings,
    calls: BTreeMap<Guid, Line>,
    ended: VecDeque<Guid>,
}

impl Bot {
    /// Without calls.
    pub fn new(settings: Settings) -> Self {
        Self { settings, calls: BTreeMap::new(), ended: VecDeque::new() }
    }

    /// Calls that are going on.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// When the bot wants to be woken.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.calls.values().map(|line| line.next(&self.settings)).min()
    }

    /// Lets something happen; what follows is to be carried out in order.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.wake(now, &mut effects);
        match input {
            Input::Notified(entry) => self.notified(now, &entry, &mut effects),
            Input::Answered { call, ask, outcome } => {
                self.answered(call, ask, outcome, &mut effects)
            }
            Input::Deadline => {}
        }
        effects
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.settings.flaw == Some(flaw)
    }

    fn notified(&mut self, now: Timestamp, entry: &Entry, effects: &mut Vec<Effect>) {
        let call = entry.call;
        match &entry.subject {
            Subject::Incoming => self.rung(now, call, effects),
            Subject::Updated { established, audio_active } => {
                self.updated(now, call, *established, *audio_active, effects);
            }
            Subject::Ended => {
                if self.has(Flaw::KeepsTalkingAfterEnd) && self.calls.contains_key(&call) {
                    effects.push(Effect::Ask(call, Ask::KeepAlive));
                    effects.push(Effect::Ask(call, Ask::PlayPrompt(0)));
                    return;
                }
                self.forget(call, effects);
            }
            Subject::OperationEnded(context) => self.prompt_over(call, context.as_deref(), effects),
            Subject::Other => {}
        }
    }

    fn rung(&mut self, now: Timestamp, call: Guid, effects: &mut Vec<Effect>) {
        if self.calls.contains_key(&call) || self.ended.contains(&call) {
            return;
        }
        if self.has(Flaw::OneCallOnly) && !self.calls.is_empty() {
            return;
        }
        if self.calls.len() >= self.settings.max_calls {
            self.remember_ended(call);
            effects.push(Effect::Ask(call, Ask::Reject));
            return;
        }
        let late = self.has(Flaw::AnswersLate);
        let line = Line {
            answer_at: late.then(|| now + Duration::from_secs(16)),
            connected: false,
            spoken: 0,
            keep_alive_at: now + self.settings.keep_alive_every,
            hang_up_at: now + self.settings.max_call,
        };
        self.calls.insert(call, line);
        if late || self.has(Flaw::NeverAnswers) {
            return;
        }
        effects.push(Effect::Ask(call, Ask::Answer));
        if self.has(Flaw::AnswersTwice) {
            effects.push(Effect::Ask(call, Ask::Answer));
        }
    }

    fn updated(
        &mut self,
        now: Timestamp,
        call: Guid,
        established: bool,
        audio_active: bool,
        effects: &mut Vec<Effect>,
    ) {
        let early = self.has(Flaw::PromptsTooEarly);
        let again = self.has(Flaw::PromptsAgain);
        let every = self.settings.keep_alive_every;
        let Some(line) = self.calls.get_mut(&call) else { return };
        if established && !line.connected {
            line.connected = true;
            line.keep_alive_at = now + every;
        }
        // A prompt before audio flows is refused, and the notification may come twice.
        let may_speak = established && (audio_active || early);
        if may_speak && (line.spoken == 0 || (again && audio_active)) {
            line.spoken = line.spoken.max(1);
            effects.push(Effect::Ask(call, Ask::PlayPrompt(0)));
        }
    }

    fn prompt_over(&mut self, call: Guid, context: Option<&str>, effects: &mut Vec<Effect>) {
        let Some(line) = self.calls.get_mut(&call) else { return };
        // Only the end of the prompt that was asked for last leads on to the next one.
        let current = line.spoken.checked_sub(1).and_then(|at| PROMPTS.get(at).copied());
        if current.is_some() && current == context && line.spoken < PROMPTS.len() {
            effects.push(Effect::Ask(call, Ask::PlayPrompt(line.spoken)));
            line.spoken += 1;
        }
    }

    fn answered(&mut self, call: Guid, ask: Ask, outcome: Outcome, effects: &mut Vec<Effect>) {
        match (outcome, ask) {
            (Outcome::Gone, _) if self.has(Flaw::CrashesOnNotFound) => effects.push(Effect::Crash),
            // Without an answer, or after its end, there is no call to look after.
            (Outcome::Gone, _) | (Outcome::Failed, Ask::Answer) => self.forget(call, effects),
            (Outcome::Done | Outcome::Failed, _) => {}
        }
    }

    fn wake(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let silent = self.has(Flaw::NeverKeepsAlive);
        for (call, line) in &mut self.calls {
            if line.answer_at.is_some_and(|at| at <= now) {
                line.answer_at = None;
                effects.push(Effect::Ask(*call, Ask::Answer));
            }
            if line.hang_up_at <= now {
                line.hang_up_at = now + self.settings.keep_alive_every;
                effects.push(Effect::Ask(*call, Ask::HangUp));
            }
            if line.keep_alive_at <= now {
                line.keep_alive_at = now + self.settings.keep_alive_every;
                if line.connected && !silent {
                    effects.push(Effect::Ask(*call, Ask::KeepAlive));
                }
            }
        }
    }

    fn forget(&mut self, call: Guid, effects: &mut Vec<Effect>) {
        if self.calls.remove(&call).is_some() {
            effects.push(Effect::Forget(call));
        }
        self.remember_ended(call);
    }

    fn remember_ended(&mut self, call: Guid) {
        if self.ended.contains(&call) {
            return;
        }
        self.ended.push_back(call);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }
}

impl Line {
    fn next(&self, _: &Settings) -> Timestamp {
        let answer = self.answer_at.into_iter();
        answer.chain([self.keep_alive_at, self.hang_up_at]).min().expect("two are always there")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALL: Guid = Guid::from_u128(1);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn told(subject: Subject) -> Input {
        Input::Notified(Entry { call: CALL, subject })
    }

    const ACTIVE: Subject = Subject::Updated { established: true, audio_active: true };

    #[test]
    fn a_call_from_ring_to_end() {
        let mut bot = Bot::new(Settings::default());
        assert_eq!(bot.handle(at(0), told(Subject::Incoming)), [Effect::Ask(CALL, Ask::Answer)]);
        assert_eq!(bot.handle(at(0), told(Subject::Incoming)), [], "rung twice");
        let early = Subject::Updated { established: true, audio_active: false };
        assert_eq!(bot.handle(at(1), told(early)), []);
        assert_eq!(bot.handle(at(2), told(ACTIVE)), [Effect::Ask(CALL, Ask::PlayPrompt(0))]);
        assert_eq!(bot.handle(at(2), told(ACTIVE)), [], "told twice");
        let over = |name: &str| told(Subject::OperationEnded(Some(name.to_owned())));
        let next = bot.handle(at(3), over("greeting"));
        assert_eq!(next, [Effect::Ask(CALL, Ask::PlayPrompt(1))]);
        assert_eq!(bot.handle(at(3), over("greeting")), [], "told twice");
        assert_eq!(bot.next_deadline(), Some(at(901)));
        assert_eq!(bot.handle(at(901), Input::Deadline), [Effect::Ask(CALL, Ask::KeepAlive)]);
        assert_eq!(bot.handle(at(902), told(Subject::Ended)), [Effect::Forget(CALL)]);
        assert_eq!(bot.handle(at(903), told(Subject::Incoming)), [], "it has ended");
        assert_eq!(bot.next_deadline(), None);
    }

    #[test]
    fn a_full_house_is_busy() {
        let mut bot = Bot::new(Settings { max_calls: 1, ..Settings::default() });
        let ring = |call| Input::Notified(Entry { call, subject: Subject::Incoming });
        let second = Guid::from_u128(2);
        let _ = bot.handle(at(0), ring(CALL));
        assert_eq!(bot.handle(at(0), ring(second)), [Effect::Ask(second, Ask::Reject)]);
        assert_eq!(bot.calls(), 1);
    }

    fn any_input() -> impl Strategy<Value = Input> {
        let call = (0..3_u128).prop_map(Guid::from_u128);
        let subject = prop_oneof![
            Just(Subject::Incoming),
            Just(ACTIVE),
            Just(Subject::Ended),
            Just(Subject::Other),
            Just(Subject::OperationEnded(Some("greeting".to_owned()))),
            Just(Subject::OperationEnded(None)),
        ];
        let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Gone), Just(Outcome::Failed)];
        let ask = prop_oneof![Just(Ask::Answer), Just(Ask::PlayPrompt(0)), Just(Ask::HangUp)];
        prop_oneof![
            (call.clone(), subject)
                .prop_map(|(call, subject)| Input::Notified(Entry { call, subject })),
            (call, ask, outcome).prop_map(|(call, ask, outcome)| Input::Answered {
                call,
                ask,
                outcome
            }),
            Just(Input::Deadline),
        ]
    }

    proptest! {
        /// In any order of events no call is answered twice, none is spoken to after its end, and the
        /// bot always knows when to wake up while it has calls.
        #[test]
        fn never_twice_and_never_after_the_end(inputs in prop::collection::vec((any_input(), 0..2_000_u64), 0..60)) {
            let mut bot = Bot::new(Settings { max_calls: 2, ..Settings::default() });
            let (mut answered, mut over) = (Vec::new(), Vec::new());
            let mut now = 0;
            for (input, wait) in inputs {
                now += wait;
                if let Input::Notified(Entry { call, subject: Subject::Ended }) = &input {
                    over.push(*call);
                }
                for effect in bot.handle(at(now), input) {
                    if let Effect::Ask(call, ask) = effect {
                        let about_the_past = over.contains(&call);
                        prop_assert!(!about_the_past || matches!(ask, Ask::KeepAlive | Ask::HangUp));
                        if matches!(ask, Ask::Answer | Ask::Reject) {
                            prop_assert!(!answered.contains(&call));
                            answered.push(call);
                        }
                    }
                }
                prop_assert_eq!(bot.next_deadline().is_some(), bot.calls() > 0);
                prop_assert!(bot.next_deadline().is_none_or(|due| due > at(now)));
            }
        }
    }
}
