//! What the format of a plan does not say: ranges, names, and what the fake would refuse.

use bot_reference::Flaw as BotFlaw;
use graph_api::Tone;
use graph_fake::{
    OPS,
    faults::{self, Fault as Asked, GraphFault, PromptFault, RosterFault, TamperFault, TokenFault},
};

use super::{
    Deed, ENTRIES_MAX, Fault, LATEST_MS, MARKER_MAX, Plan, VERSION, What, WrongClock,
    words::{meant, shown},
};
use crate::{link::LinkConfig, world::EPOCH, world::TICK};

/// Calls that deeds may name without making them: what is not there is tried all the same, and refused.
pub const CALLS_ALWAYS: usize = 3;
/// Keys that are pressed in one deed, at the most.
pub const KEYS_MAX: usize = 100;
/// People that a meeting is made with, at the most; there are three.
pub const WITH_MAX: usize = 10;
/// How long somebody may speak, in milliseconds: less than an hour.
pub const SPEAK_MAX_MS: u64 = 3_600_000 - 1;
/// Highest `nth` and `times` of a fault.
pub const COUNT_MAX: u64 = 1_000_000;
/// How far a clock may be off, in milliseconds: a day.
pub const OFFSET_MAX_MS: f64 = LATEST_MS as f64;
/// How much too fast or too slow a clock may run, in parts per million.
pub const DRIFT_MAX_PPM: f64 = 500_000.0;

/// A key, and what is wrong with it.
pub(super) type Complaint = (String, String);

fn bad<T>(key: impl Into<String>, why: impl Into<String>) -> Result<T, Complaint> {
    Err((key.into(), why.into()))
}

/// Says that a name is not among those that are known, and which one was probably meant.
fn unknown(name: &str, known: &[&str]) -> String {
    let meant =
        meant(name, known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    format!("`{}` is none of {}{meant}", shown(name), known.join(", "))
}

impl Plan {
    /// Looks at everything that the format alone does not say. The key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), Complaint> {
        if self.v != VERSION {
            return bad("v", format!("this is version {}; version {VERSION} is read here", self.v));
        }
        if self.heal_at_ms > LATEST_MS {
            return bad("healAtMs", format!("at most {LATEST_MS}, a day"));
        }
        for (key, many) in [("deeds", self.deeds.len()), ("faults", self.faults.len())] {
            if many > ENTRIES_MAX {
                return bad(key, format!("{many} entries; at most {ENTRIES_MAX}"));
            }
        }
        if !(1..=100).contains(&self.batch) {
            return bad("batch", "1 to 100");
        }
        for (at, role) in self.withheld.iter().enumerate() {
            check_role(role).map_err(|why| (format!("withheld[{at}]"), why))?;
        }
        self.check_flaws()?;
        let makes = |deed: &&Deed| matches!(deed.what, What::Ring | What::Meet { .. });
        let calls = self.deeds.iter().filter(makes).count();
        for (at, deed) in self.deeds.iter().enumerate() {
            self.check_deed(deed, calls)
                .map_err(|(key, why)| (format!("deeds[{at}].{key}"), why))?;
        }
        for (at, fault) in self.faults.iter().enumerate() {
            self.check_fault(fault).map_err(|(key, why)| (format!("faults[{at}].{key}"), why))?;
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others have nothing to look at")]
    fn check_deed(&self, deed: &Deed, calls: usize) -> Result<(), Complaint> {
        if deed.at_ms > self.heal_at_ms {
            return bad("atMs", format!("later than healAtMs, {}", self.heal_at_ms));
        }
        if deed.call >= calls.max(CALLS_ALWAYS) {
            let made = match calls {
                1 => "one call is rung or met".to_owned(),
                n => format!("{n} calls are rung or met"),
            };
            return bad("call", format!("there is no call {}: {made}, counted from 0", deed.call));
        }
        match &deed.what {
            What::React { on_call } => {
                let known = ["answer", "decline", "ignore", "busy"];
                if !known.contains(&on_call.as_str()) {
                    return bad("do.react.onCall", unknown(on_call, &known));
                }
            }
            What::Press { keys } => {
                if !(1..=KEYS_MAX).contains(&keys.len()) {
                    return bad("do.press.keys", format!("{} keys; 1 to {KEYS_MAX}", keys.len()));
                }
                for (at, key) in keys.iter().enumerate() {
                    if matches!(Tone::from(key.as_str()), Tone::Unknown(_)) {
                        return bad(format!("do.press.keys[{at}]"), unknown(key, Tone::NAMES));
                    }
                }
            }
            What::Speak { ms } if !(1..=SPEAK_MAX_MS).contains(ms) => {
                return bad("do.speak.ms", format!("{ms} is not in 1 to {SPEAK_MAX_MS}"));
            }
            What::Say { marker } if !(1..=MARKER_MAX).contains(marker) => {
                return bad("do.say.marker", format!("{marker} is not in 1 to {MARKER_MAX}"));
            }
            What::Meet { with } if with.len() > WITH_MAX => {
                return bad("do.meet.with", format!("{} names; at most {WITH_MAX}", with.len()));
            }
            _ => {}
        }
        Ok(())
    }

    fn check_fault(&self, fault: &Fault) -> Result<(), Complaint> {
        let word = fault.kind();
        let key = |key: &str| format!("{word}.{key}");
        if let Some((at, end)) = fault.window()
            && end > self.heal_at_ms
        {
            let late = if at > self.heal_at_ms { key("atMs") } else { key("forMs") };
            return bad(late, format!("it lasts beyond healAtMs, {}", self.heal_at_ms));
        }
        match fault {
            Fault::Link(link) => {
                check_link(&link.config).map_err(|(at, why)| (key(&format!("config.{at}")), why))
            }
            Fault::Clock(clock) => check_clock(clock).map_err(|(at, why)| (key(at), why)),
            Fault::Permission(fault) => check_role(&fault.role).map_err(|why| (key("role"), why)),
            Fault::Outage(_) | Fault::MediaOutage(_) | Fault::Crash(_) => Ok(()),
            Fault::Graph(fault) => check_asked(word, Asked::Graph(fault.clone())),
            Fault::Token(fault) => check_asked(word, Asked::Token(fault.clone())),
            Fault::Keys(fault) => check_asked(word, Asked::Keys(fault.clone())),
            Fault::Notification(fault) => check_asked(word, Asked::Notification(fault.clone())),
            Fault::Roster(fault) => check_asked(word, Asked::Roster(fault.clone())),
            Fault::Prompt(fault) => check_asked(word, Asked::Prompt(fault.clone())),
        }
    }

    /// Whether what is to be planted exists.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check_flaws(&self) -> Result<(), (String, String)> {
        if let Some(name) = &self.bot_flaw
            && self.bot_flaw().is_none()
        {
            let known: Vec<&str> = BotFlaw::ALL.iter().map(|flaw| flaw.id()).collect();
            return Err(("botFlaw".to_owned(), no_flaw(name, &known)));
        }
        if let Some(name) = &self.platform_flaw
            && self.platform_flaw().is_none()
        {
            let known = platform::Flaw::ALL.map(|flaw| format!("{flaw:?}"));
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(("platformFlaw".to_owned(), no_flaw(name, &known)));
        }
        Ok(())
    }
}

/// Says that there is no such flaw, which one was probably meant, and which there are.
fn no_flaw(name: &str, known: &[&str]) -> String {
    let known_ones = known.join(", ");
    match meant(name, known) {
        Some(meant) => {
            format!(
                "there is no flaw {:?}; did you mean {meant:?}? There are {known_ones}",
                shown(name)
            )
        }
        None => format!("there is no flaw {:?}; there are {known_ones}", shown(name)),
    }
}

fn check_role(role: &str) -> Result<(), String> {
    if platform::Permission::from_role(role).is_some() {
        return Ok(());
    }
    Err(unknown(role, &platform::Permission::ALL.map(platform::Permission::role)))
}

fn check_clock(clock: &WrongClock) -> Result<(), (&'static str, String)> {
    for (key, value, most, unit) in [
        ("offsetMs", clock.offset_ms, OFFSET_MAX_MS, "ms"),
        ("driftPpm", clock.drift_ppm, DRIFT_MAX_PPM, "ppm"),
    ] {
        // NaN is not contained either.
        if !(-most..=most).contains(&value) {
            return Err((key, format!("{value} is not in -{most} to {most} {unit}")));
        }
    }
    Ok(())
}

fn check_link(config: &LinkConfig) -> Result<(), Complaint> {
    config.validate().map_err(|error| (error.key, error.why))?;
    let least = TICK.as_millis() as f64;
    if config.delay_ms < least {
        return bad("delayMs", format!("at least the world's step, {least} ms"));
    }
    Ok(())
}

/// How often, if it is counted at all.
fn counts(fault: &Asked) -> Option<(u64, u64)> {
    Some(match fault {
        Asked::Graph(GraphFault { nth, times, .. })
        | Asked::Token(TokenFault { nth, times, .. })
        | Asked::Keys(TokenFault { nth, times, .. })
        | Asked::Notification(TamperFault { nth, times, .. })
        | Asked::Roster(RosterFault { nth, times, .. })
        | Asked::Prompt(PromptFault { nth, times, .. }) => (*nth, *times),
        Asked::Permission(_) => return None,
    })
}

/// What `PUT /faults` would say of it, word by word, and which member it means.
fn check_asked(word: &str, fault: Asked) -> Result<(), Complaint> {
    let (op, counts) = match &fault {
        Asked::Graph(GraphFault { op, .. }) => (op.clone(), counts(&fault)),
        Asked::Token(_)
        | Asked::Keys(_)
        | Asked::Notification(_)
        | Asked::Roster(_)
        | Asked::Prompt(_)
        | Asked::Permission(_) => (String::new(), counts(&fault)),
    };
    let refused = faults::Plan::read(vec![fault], EPOCH).err();
    let (mut key, mut why) = match refused {
        Some(said) => {
            let said = said.strip_prefix("[0].").unwrap_or(&said);
            let (key, why) = said.split_once(": ").unwrap_or(("", said));
            (key.to_owned(), why.to_owned())
        }
        None => match counts {
            Some((nth, times)) if nth.max(times) > COUNT_MAX => {
                let key = if nth > COUNT_MAX { "nth" } else { "times" };
                return bad(format!("{word}.{key}"), format!("at most {COUNT_MAX}"));
            }
            Some(_) | None => return Ok(()),
        },
    };
    if key.ends_with(".op") {
        let known: Vec<&str> = OPS.iter().copied().chain(["token"]).collect();
        why = unknown(&op, &known);
    } else if let Some(named) = member(&why, counts) {
        key = format!("{key}.{named}");
    }
    Err((key, why))
}

/// The member that the fake's words are about, where they begin with it.
fn member(why: &str, counts: Option<(u64, u64)>) -> Option<&'static str> {
    let about = |name: &str| why.starts_with(&format!("'{name}'"));
    if why.starts_with("'nth' and 'times'") {
        return Some(if counts.is_some_and(|(nth, _)| nth == 0) { "nth" } else { "times" });
    }
    ["repeat", "delayMs", "overtakenBy"].into_iter().find(|name| about(name))
}
