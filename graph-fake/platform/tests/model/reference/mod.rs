//! The second opinion: facts instead of phases. When did it ring, when was it answered, who ended it, who was
//! asked in, what was asked for? Everything else is computed from that, for any moment. No deadlines, no
//! queues, no state.

mod asked;
mod facts;
mod gathering;
mod media;
mod people;
mod told;

use std::{collections::BTreeSet, time::Duration};

use graph_api::{CallState, Timestamp};
use platform::{FetchError, Permission};

use super::{
    moment::Moment,
    requests::KEPT,
    transition::{Person, Rights, Transition},
    view::{Reply, Told},
};
use facts::{End, Facts, Hunt, Owner, Way};

/// From the answer to `established`, and so on. All different and odd, so that no two things are due at the
/// same moment by accident.
pub const SET_UP: Duration = Duration::from_nanos(100_000_003);
pub const AUDIO: Duration = Duration::from_nanos(90_000_007);
pub const ACCEPT: Duration = Duration::from_nanos(110_000_011);
pub const RETARGET: Duration = Duration::from_nanos(95_000_017);
/// How long anybody rings.
const RING: Duration = Duration::from_secs(60);
///
const KEEP_ALIVE: Duration = Duration::from_secs(45 * 60);

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct Reference {
    now: Timestamp,
    deeds: u64,
    /// What the administrator has taken away from the bot.
    withdrawn: BTreeSet<Permission>,
    calls: Vec<Facts>,
    hunts: Vec<Hunt>,
    /// Ends that lie in the past do not change any more.
    known_ends: Vec<Option<(Moment, End)>>,
}

impl Reference {
    /// Nothing has happened.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            deeds: 0,
            withdrawn: BTreeSet::new(),
            calls: Vec::new(),
            hunts: Vec::new(),
            known_ends: Vec::new(),
        }
    }

    /// It is later now.
    pub fn is_now(&mut self, now: Timestamp) {
        self.now = now;
        for call in 0..self.calls.len() {
            if self.known_ends[call].is_none() {
                self.known_ends[call] = self.end(call, Moment::end_of(now));
            }
        }
    }

    /// Calls made so far.
    pub fn made(&self) -> usize {
        self.calls.len()
    }

    /// Whether a call is over: nothing more is told of it.
    pub fn is_over(&self, call: usize) -> bool {
        self.known_ends[call].is_some()
    }

    /// What the bot must have been told about a call by now.
    pub fn all_told(&self, call: usize) -> Vec<Told> {
        self.told(call, Moment::end_of(self.now))
    }

    /// Which prompt of which operation of a call must be under way now.
    pub fn awaits(&self, call: usize) -> Option<(usize, usize)> {
        let now = Moment::end_of(self.now);
        if self.end(call, now).is_some() || self.calls[call].media.operations.is_empty() {
            return None;
        }
        self.calls[call].media.awaited(now, &|at| self.audio(call, at))
    }

    /// The moment of the deed that is being done now.
    fn moment(&self) -> Moment {
        Moment::of_deed(self.now, self.deeds)
    }

    /// What the reply, or for acts whether it works (`Done`), must be; and learns the facts.
    pub fn apply(&mut self, transition: &Transition) -> Option<Reply> {
        self.deeds += 1;
        match *transition {
            Transition::Ring { silent } => {
                let way = Way::In { silent };
                self.begin(Facts::new(Owner::Bot, self.moment(), Person::Answers, way));
                Some(Reply::Done)
            }
            Transition::Create { callee, app_hosted, ring } => {
                Some(self.create(callee, app_hosted, ring))
            }
            Transition::Ask { call, verb, who } => Some(self.ask(call, verb, who)),
            Transition::User { call, by, act } => Some(self.user(call, by, act)),
            Transition::Permission { which, granted } => {
                let which = match which {
                    Rights::One(one) => vec![one],
                    Rights::All => Permission::CALLS.to_vec(),
                };
                for one in which {
                    if granted {
                        self.withdrawn.remove(&one);
                    } else {
                        self.withdrawn.insert(one);
                    }
                }
                None
            }
            Transition::Wait(_) | Transition::Fetched(_) => None,
        }
    }

    /// A download of this call ended now. What it was for may be over by now.
    pub fn fetched(
        &mut self,
        call: usize,
        operation: usize,
        prompt: usize,
        outcome: Result<Duration, FetchError>,
    ) {
        self.deeds += 1;
        let now = self.moment();
        if operation == KEPT {
            self.calls[call].media.kept.push((now, outcome));
        } else if self.awaits(call) == Some((operation, prompt)) {
            self.calls[call].media.operations[operation].fetched.push((now, outcome));
        }
    }

    fn begin(&mut self, facts: Facts) -> usize {
        self.calls.push(facts);
        self.known_ends.push(None);
        self.calls.len() - 1
    }

    /// Whether the bot has any of these.
    fn has_any(&self, of: &[Permission]) -> bool {
        of.iter().any(|one| !self.withdrawn.contains(one))
    }

    fn create(&mut self, callee: Person, app_hosted: bool, ring: Option<i32>) -> Reply {
        let media = !app_hosted || self.has_any(&[Permission::AccessMedia]);
        if !self.has_any(&[Permission::Initiate]) || !media {
            return Reply::Refused(403, "7504");
        }
        let ring = match ring {
            None => RING,
            Some(secs @ 1..=115) => Duration::from_secs(secs.unsigned_abs().into()),
            Some(_) => return Reply::Refused(400, "8523"),
        };
        if callee == Person::Unknown {
            return Reply::Refused(400, "8523");
        }
        let facts = Facts::new(Owner::Bot, self.moment(), callee, Way::Out { ring });
        self.begin(Facts { app_hosted, ..facts });
        Reply::Created
    }

    /// Where a call is, before the deed that is being done.
    fn state_now(&self, call: usize) -> CallState {
        self.state(call, self.moment())
    }

    fn audio_now(&self, call: usize) -> bool {
        self.audio(call, self.moment())
    }
}
