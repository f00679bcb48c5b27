//! The simulated stage: the fake, the reference bot and a story in one deterministic world.

use std::time::Duration;

use bot_reference::{Flaw, Hosting, Settings};
use sim::{
    CONTROL_URL, Rehearsal, Seat, WorldError,
    link::LinkConfig,
    rehearse,
    wire::{Message, Wire},
};

use crate::{
    case::{Case, Need, Profile},
    control::Control,
    failure::{Failure, Wrong},
    stage::Stage,
};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The bot did what was expected.
    Passed,
    /// It broke the rule.
    Failed(Failure),
    /// The case could not be played, and why.
    Skipped(String),
    /// The suite, or the fake, broke; never held against the bot.
    Broken(String),
}

/// One case in one world.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// Which.
    pub case: &'static str,
    /// The seed of its world.
    pub seed: u64,
    /// What came of it.
    pub verdict: Verdict,
    /// The hash of everything on its wires.
    pub trace_hash: u64,
    /// Events on its wires.
    pub events: u64,
    /// Virtual time.
    pub simulated: Duration,
}

/// Plays a case against the reference bot, with a fault planted or without.
pub fn rehearse_case(case: &'static Case, seed: u64, flaw: Option<Flaw>) -> CaseReport {
    rehearse_seen(case, seed, flaw, None)
}

/// What is said in the world of a case: it is played once more, and the same.
pub fn wire_of(case: &'static Case, seed: u64, flaw: Option<Flaw>) -> Vec<Message> {
    let wire = Wire::default();
    rehearse_seen(case, seed, flaw, Some(wire.clone()));
    wire.take()
}

/// The reference bot as it has to be for this case.
fn settings(case: &Case, flaw: Option<Flaw>) -> Settings {
    let app_hosted = case.profile.implies(Profile::AppHosted);
    let video = if case.profile == Profile::AppHostedVideo { 2 } else { 0 };
    let media = if app_hosted { Hosting::AppHosted } else { Hosting::ServiceHosted };
    let delta_roster = case.profile == Profile::DeltaRosters;
    let bob = graph_fake::config::USERS[1].1;
    let redirects_to = (case.profile == Profile::Redirects).then_some(bob);
    Settings { flaw, media, video, delta_roster, redirects_to, ..Settings::default() }
}

fn rehearse_seen(
    case: &'static Case,
    seed: u64,
    flaw: Option<Flaw>,
    wire: Option<Wire>,
) -> CaseReport {
    let mut setup = Rehearsal::new(seed, case.limit);
    setup.settings = settings(case, flaw);
    setup.wire = wire;
    if case.needs.contains(&Need::Restart) {
        // Only links of our own end the streams of a host that crashes in an order that is always the same.
        setup.links = Some(LinkConfig::default());
    }
    let report = rehearse(setup, async move |seat: Seat| {
        let control = Control::new(seat.network.clone(), CONTROL_URL);
        let stage =
            Stage::open(control, seat.clock.clone()).await?.with_power(seat.control.clone());
        (case.story)(&stage).await
    });
    let verdict = match report.outcome {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(Wrong::Bot(failure))) => Verdict::Failed(failure),
        Ok(Err(error @ Wrong::Stage(_))) => Verdict::Broken(error.to_string()),
        Err(WorldError::OutOfTime(limit)) => Verdict::Failed(Failure {
            expected: format!("the story to be over within {} s", limit.as_secs()),
            actual: "it was not".to_owned(),
        }),
        Err(error @ WorldError::Failed(_)) => Verdict::Broken(error.to_string()),
    };
    CaseReport {
        case: case.id,
        seed,
        verdict,
        trace_hash: report.trace_hash,
        events: report.events,
        simulated: report.simulated,
    }
}
