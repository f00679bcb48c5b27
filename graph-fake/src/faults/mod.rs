//! What goes wrong on purpose: the fault plan that a test puts in place.

mod entries;

use std::time::Duration;

use graph_api::{Guid, Timestamp};
use platform::{CallId, FetchError, NotificationFault, NotificationKind, Tampering};

use crate::paths::OPS;

pub use entries::{
    Fault, FaultReply, GraphFault, KindName, PermissionFault, PromptFault, PromptTrouble,
    RosterFault, RosterTrouble, TamperFault, TokenFault,
};

/// Faults that a plan may hold.
pub const FAULTS_MAX: usize = 1_000;
/// How often a notification may be repeated, and by how many it may be overtaken.
const TIMES_MAX: u32 = 100;
/// How long a notification may be held back, in milliseconds: a day.
const DELAY_MAX_MS: u64 = 24 * 3_600 * 1_000;

/// How long a reply may be held back, in milliseconds: an hour.
const REPLY_DELAY_MAX_MS: u64 = 3_600 * 1_000;

/// A permission that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionChange {
    /// Whose.
    pub app: Guid,
    /// In which tenant; none: in all that have it.
    pub tenant: Option<Guid>,
    /// The role.
    pub role: String,
    /// Granted, or withdrawn.
    pub grant: bool,
}

/// What happens to a request that a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strike {
    /// It is not heard, and this is the answer.
    Reply(FaultReply),
    /// It is heard; the reply leaves late.
    Late(Duration),
    /// It is heard; the reply breaks off.
    Lost,
}

/// A plan, read: by who carries it out.
#[derive(Debug, Default)]
pub struct Plan {
    /// The shell.
    pub faults: FaultPlan,
    /// The platform.
    pub notifications: Vec<NotificationFault>,
    /// The administrator, in order of time.
    pub permissions: Vec<(Timestamp, PermissionChange)>,
}

/// Requests and downloads that fail, and how often each was seen.
#[derive(Debug, Default)]
pub struct FaultPlan {
    requests: Vec<(Struck, u64)>,
    prompts: Vec<(PromptFault, u64)>,
}

/// Which requests are struck, and how.
#[derive(Debug)]
struct Struck {
    op: String,
    nth: u64,
    times: u64,
    how: Strike,
}

impl Plan {
    /// Reads a plan; counting starts anew.
    ///
    /// # Errors
    /// In words, naming the entry, when a value is out of range.
    pub fn read(faults: Vec<Fault>, now: Timestamp) -> Result<Self, String> {
        if faults.len() > FAULTS_MAX {
            return Err(format!("a plan holds at most {FAULTS_MAX} faults"));
        }
        let mut plan = Self::default();
        for (at, fault) in faults.into_iter().enumerate() {
            plan.take(fault, now).map_err(|why| format!("[{at}].{why}"))?;
        }
        plan.permissions.sort_by_key(|(at, _)| *at);
        Ok(plan)
    }

    fn take(&mut self, fault: Fault, now: Timestamp) -> Result<(), String> {
        match fault {
            Fault::Graph(fault) => {
                if !OPS.contains(&fault.op.as_str()) && fault.op != "token" {
                    let op: String = fault.op.chars().take(40).collect();
                    let known = OPS.join(", ");
                    return Err(format!("graph.op: '{op}' is none of {known}, token"));
                }
                counts(fault.nth, fault.times).map_err(|why| format!("graph: {why}"))?;
                let how = fault.strike().map_err(|why| format!("graph{why}"))?;
                let GraphFault { op, nth, times, .. } = fault;
                self.faults.requests.push((Struck { op, nth, times, how }, 0));
            }
            Fault::Token(fault) => self.identity("token", fault)?,
            Fault::Keys(fault) => self.identity("keys", fault)?,
            Fault::Notification(fault) => {
                counts(fault.nth, fault.times).map_err(|why| format!("notification: {why}"))?;
                let what = fault.tampering().map_err(|why| format!("notification: {why}"))?;
                let TamperFault { of, call_id, nth, times, .. } = fault;
                let call = call_id.map(CallId);
                self.notifications.push(NotificationFault {
                    of: of.kind(),
                    call,
                    nth,
                    times,
                    what,
                });
            }
            Fault::Roster(RosterFault { what, call_id, nth, times }) => {
                counts(nth, times).map_err(|why| format!("roster: {why}"))?;
                let (of, call) = (NotificationKind::Roster, call_id.map(CallId));
                let what = what.tampering();
                self.notifications.push(NotificationFault { of, call, nth, times, what });
            }
            Fault::Prompt(fault) => {
                counts(fault.nth, fault.times).map_err(|why| format!("prompt: {why}"))?;
                self.faults.prompts.push((fault, 0));
            }
            Fault::Permission(fault) => {
                let at = match (fault.at_ms, fault.after_ms) {
                    (Some(at), None) => Timestamp::default() + Duration::from_millis(at),
                    (None, Some(after)) if after <= DELAY_MAX_MS => {
                        now + Duration::from_millis(after)
                    }
                    (None, Some(_)) => return Err("permission.afterMs: at most a day".to_owned()),
                    _ => return Err("permission: either 'atMs' or 'afterMs'".to_owned()),
                };
                let PermissionFault { app, tenant, role, grant, .. } = fault;
                self.permissions.push((at, PermissionChange { app, tenant, role, grant }));
            }
        }
        Ok(())
    }
}

impl Plan {
    /// A fault of the token endpoint or of what stands beside it.
    fn identity(&mut self, op: &str, fault: TokenFault) -> Result<(), String> {
        let TokenFault { nth, times, reply } = fault;
        counts(nth, times).map_err(|why| format!("{op}: {why}"))?;
        status(&reply).map_err(|why| format!("{op}.{why}"))?;
        let how = Strike::Reply(reply);
        self.faults.requests.push((Struck { op: op.to_owned(), nth, times, how }, 0));
        Ok(())
    }
}

impl GraphFault {
    fn strike(&self) -> Result<Strike, String> {
        match (&self.reply, self.delay_ms, self.lose_reply) {
            (Some(reply), None, false) => {
                status(reply).map_err(|why| format!(".{why}"))?;
                Ok(Strike::Reply(reply.clone()))
            }
            (None, Some(ms), false) if ms <= REPLY_DELAY_MAX_MS => {
                Ok(Strike::Late(Duration::from_millis(ms)))
            }
            (None, Some(_), false) => {
                Err(format!(".delayMs: at most {REPLY_DELAY_MAX_MS} milliseconds"))
            }
            (None, None, true) => Ok(Strike::Lost),
            _ => Err(": exactly one of 'reply', 'delayMs' and 'loseReply'".to_owned()),
        }
    }
}

fn counts(nth: u64, times: u64) -> Result<(), &'static str> {
    if nth == 0 || times == 0 { Err("'nth' and 'times' count from 1") } else { Ok(()) }
}

fn status(reply: &FaultReply) -> Result<(), &'static str> {
    if (400..=599).contains(&reply.status) {
        Ok(())
    } else {
        Err("reply.status: must be 400 to 599")
    }
}

impl TamperFault {
    fn tampering(&self) -> Result<Tampering, String> {
        let times = |name: &str, times: u32| {
            let fits = (1..=TIMES_MAX).contains(&times);
            fits.then_some(times).ok_or_else(|| format!("'{name}' must be 1 to {TIMES_MAX}"))
        };
        match (self.lose, self.repeat, self.delay_ms, self.overtaken_by) {
            (true, None, None, None) => Ok(Tampering::Lose),
            (false, Some(repeat), None, None) => Ok(Tampering::Repeat(times("repeat", repeat)?)),
            (false, None, Some(ms), None) if ms <= DELAY_MAX_MS => {
                Ok(Tampering::Delay(Duration::from_millis(ms)))
            }
            (false, None, Some(_), None) => Err("'delayMs': at most a day".to_owned()),
            (false, None, None, Some(by)) => Ok(Tampering::Overtaken(times("overtakenBy", by)?)),
            _ => Err("exactly one of 'lose', 'repeat', 'delayMs' and 'overtakenBy'".to_owned()),
        }
    }
}

impl RosterTrouble {
    const fn tampering(self) -> Tampering {
        match self {
            Self::Loss | Self::Gap => Tampering::Lose,
            Self::Repeat => Tampering::Repeat(1),
            Self::Late => Tampering::Overtaken(1),
        }
    }
}

impl KindName {
    const fn kind(self) -> NotificationKind {
        match self {
            Self::Any => NotificationKind::Any,
            Self::Incoming => NotificationKind::Incoming,
            Self::Call => NotificationKind::Call,
            Self::Tone => NotificationKind::Tone,
            Self::Roster => NotificationKind::Roster,
            Self::Operation => NotificationKind::Operation,
            Self::Ended => NotificationKind::Ended,
        }
    }
}

impl FaultPlan {
    /// A request is about to be heard: what happens to it, if anything.
    pub fn strikes(&mut self, op: &str) -> Option<Strike> {
        let mut struck = None;
        for (fault, seen) in self.requests.iter_mut().filter(|(fault, _)| fault.op == op) {
            *seen += 1;
            if struck.is_none() && hits(*seen, fault.nth, fault.times) {
                struck = Some(fault.how.clone());
            }
        }
        struck
    }

    /// A prompt is about to be downloaded: how that fails, if it is to.
    pub fn spoils(&mut self, uri: &str) -> Option<FetchError> {
        let mut spoilt = None;
        let of_uri = |fault: &PromptFault| fault.uri.as_ref().is_none_or(|wanted| wanted == uri);
        for (fault, seen) in self.prompts.iter_mut().filter(|(fault, _)| of_uri(fault)) {
            *seen += 1;
            if spoilt.is_none() && hits(*seen, fault.nth, fault.times) {
                spoilt = Some(match fault.error {
                    PromptTrouble::Download => FetchError::Download,
                    PromptTrouble::Format => FetchError::Format,
                });
            }
        }
        spoilt
    }
}

const fn hits(seen: u64, nth: u64, times: u64) -> bool {
    seen >= nth && seen - nth < times
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(faults: serde_json::Value) -> Result<Plan, String> {
        let faults = serde_json::from_value(faults).map_err(|error| error.to_string())?;
        Plan::read(faults, Timestamp::from_secs(100))
    }

    #[test]
    fn the_nth_occurrence_and_the_ones_after_it() {
        let reply = json!({"status": 429, "retryAfterSeconds": 2});
        let faults = json!([
            {"graph": {"op": "answer", "nth": 2, "times": 2, "reply": reply}},
            {"graph": {"op": "keepAlive", "delayMs": 30}},
            {"graph": {"op": "keepAlive", "nth": 2, "loseReply": true}},
            {"keys": {"reply": reply}},
            {"token": {"reply": reply}},
            {"prompt": {"uri": "https://x/a.wav", "nth": 2, "error": "format"}},
        ]);
        let mut plan = plan(faults).unwrap().faults;
        let struck: Vec<bool> = (0..5).map(|_| plan.strikes("answer").is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(plan.strikes("reject"), None);
        assert!(plan.strikes("token").is_some() && plan.strikes("token").is_none());
        assert!(plan.strikes("keys").is_some() && plan.strikes("keys").is_none());
        assert_eq!(plan.strikes("keepAlive"), Some(Strike::Late(Duration::from_millis(30))));
        assert_eq!(plan.strikes("keepAlive"), Some(Strike::Lost));
        assert_eq!(plan.spoils("https://x/b.wav"), None);
        assert_eq!(plan.spoils("https://x/a.wav"), None);
        assert_eq!(plan.spoils("https://x/a.wav"), Some(FetchError::Format));
        assert_eq!(plan.spoils("https://x/a.wav"), None);
    }

    #[test]
    fn what_the_platform_and_the_administrator_carry_out() {
        let app = "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab";
        let read = plan(json!([
            {"notification": {"of": "ended", "delayMs": 5, "callId": app, "nth": 3}},
            {"roster": {"what": "late", "times": 2}},
            {"permission": {"app": app, "role": "r", "afterMs": 1}},
            {"permission": {"app": app, "role": "s", "atMs": 99, "grant": true}},
        ]));
        let read = read.unwrap();
        let told: Vec<_> =
            read.notifications.iter().map(|f| (f.of, f.nth, f.times, f.what)).collect();
        let wait = Tampering::Delay(Duration::from_millis(5));
        let late = Tampering::Overtaken(1);
        let wanted =
            [(NotificationKind::Ended, 3, 1, wait), (NotificationKind::Roster, 1, 2, late)];
        assert_eq!(told, wanted);
        let roles: Vec<_> =
            read.permissions.iter().map(|(at, c)| (at.as_millis(), c.role.as_str())).collect();
        assert_eq!(roles, [(99, "s"), (100_001, "r")]);
    }

    #[test]
    fn bad_plans_are_refused_and_the_entry_is_named() {
        let reply = json!({"status": 500});
        for (fault, said) in [
            (json!({"graph": {"op": "get", "nth": 0, "reply": reply}}), "[1].graph"),
            (json!({"graph": {"op": "get", "reply": {"status": 200}}}), "[1].graph.reply.status"),
            (json!({"graph": {"op": "get"}}), "[1].graph: exactly one"),
            (json!({"graph": {"op": "get", "delayMs": 1, "loseReply": true}}), "exactly one"),
            (json!({"graph": {"op": "get", "delayMs": 3_600_001}}), "[1].graph.delayMs"),
            (json!({"keys": {"times": 0, "reply": reply}}), "[1].keys"),
            (json!({"token": {"times": 0, "reply": reply}}), "[1].token"),
            (json!({"notification": {"of": "any"}}), "[1].notification: exactly one"),
            (json!({"notification": {"lose": true, "repeat": 1}}), "[1].notification: exactly one"),
            (json!({"notification": {"repeat": 101}}), "'repeat'"),
            (json!({"roster": {"what": "late", "nth": 0}}), "[1].roster"),
            (json!({"prompt": {"nth": 0}}), "[1].prompt"),
            (
                json!({"permission": {"app": "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab", "role": "r"}}),
                "[1].permission",
            ),
            (json!({"weather": {}}), "weather"),
        ] {
            let good = json!({"graph": {"op": "get", "reply": reply}});
            let error = plan(json!([good, fault])).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
