//! Living through a plan: the fake Graph, the reference bot and the people of the plan in one world, with a judge who
//! reads every wire. While faults are on only safety counts; once they are over, everything that was begun must come
//! to its end within [`PATIENCE`].

mod people;
mod shrink;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bot_reference::Hosting;
use graph_api::Timestamp;
use graph_fake::{
    Options,
    config::{APP, TENANT},
};

use crate::{
    invariants::{Excuses, Facts, Judge, Restart, Violation},
    plan::{Deed, Fault, Media, Plan, calm},
    rehearsal::{Rehearsal, rehearse},
    wire::{Message, Seen, Wire, in_order},
    world::{EPOCH, Seat, WorldError, WorldReport},
};
use people::People;
pub use people::roles;
pub use shrink::{Shrunk, seconds, shrink};

/// How long after the last fault something may still be missing: whoever is rung gives up after a minute, a
/// notification is tried for half of one.
pub const PATIENCE: Duration = Duration::from_secs(100);
/// How often the judge looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long all must have been well before it counts as the end.
const QUIET: Duration = Duration::from_secs(4);
/// How often people try to hang up what there still is.
const HANG_UP_EVERY: Duration = Duration::from_secs(10);
/// How long after the last fault media may take to flow again: notifications that were held back have come.
const CALMS_DOWN: Duration = Duration::from_secs(35);
/// How long after a marker was said it, and its answer, have been heard.
const IS_HEARD: Duration = Duration::from_secs(20);
/// Longest time beyond the last fault.
const SPARE: Duration = Duration::from_secs(600);

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What was broken; `no-panic` where a program of the world was.
    pub invariant: String,
    /// In words.
    pub text: String,
    /// When, since the beginning.
    pub at: Duration,
    /// The number of the message that shows it, if one does.
    pub seq: Option<u64>,
}

/// What came of a plan.
#[derive(Debug, Clone)]
pub struct Lived {
    /// The first thing that must never be.
    pub broken: Option<Broken>,
    /// The hash of everything on the wires.
    pub trace_hash: u64,
    /// Events on the wires.
    pub events: u64,
    /// Virtual time.
    pub simulated: Duration,
    /// What was said, oldest first; empty unless it was asked for.
    pub messages: Vec<Message>,
}

/// How a story ended.
type Told = Result<Vec<Violation>, String>;

/// Lives through a plan; `keep` keeps what was said.
pub fn live(plan: &Plan, keep: bool) -> Lived {
    let wire = Wire::default();
    let limit = plan.heals_at() + SPARE;
    let mut setup = Rehearsal::new(plan.seed, limit);
    setup.options = Options { batch: plan.batch, flaw: plan.platform_flaw(), ..Options::default() };
    setup.settings.flaw = plan.bot_flaw();
    if plan.media == Media::AppHosted {
        setup.settings.media = Hosting::AppHosted;
    }
    // People are always heard: what goes wrong between them and the fake proves nothing.
    setup.links = Some(calm());
    setup.between = Some(plan.base_link());
    let at = |ms| EPOCH + Duration::from_millis(ms);
    setup.changes = plan.changes().into_iter().map(|(ms, change)| (at(ms), change)).collect();
    setup.wire = Some(wire.clone());
    let watch = Watch::new(plan, wire, keep);
    let kept = watch.kept.clone();
    let told = plan.clone();
    let report = rehearse(setup, async move |seat: Seat| tell(&told, &seat, watch).await);
    let since = |at: Timestamp| at.saturating_since(EPOCH);
    let broken = match report.outcome {
        Ok(Ok(violations)) => violations.into_iter().next().map(|first| Broken {
            invariant: first.invariant.to_owned(),
            text: first.text,
            at: since(first.at),
            seq: (first.seq > 0).then_some(first.seq),
        }),
        Ok(Err(text)) => Some(Broken::by_program("no-silence", text, report.simulated)),
        Err(WorldError::OutOfTime(limit)) => {
            let text = format!("the world did not end within {} s", limit.as_secs());
            Some(Broken::by_program("no-hang", text, report.simulated))
        }
        Err(WorldError::Failed(text)) => {
            Some(Broken::by_program("no-panic", text, report.simulated))
        }
    };
    let messages = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let WorldReport { trace_hash, events, simulated, .. } = report;
    Lived { broken, trace_hash, events, simulated, messages }
}

impl Broken {
    fn by_program(invariant: &str, text: String, at: Duration) -> Self {
        Self { invariant: invariant.to_owned(), text, at, seq: None }
    }
}

/// The judge, and what he reads.
struct Watch {
    judge: Judge,
    wire: Wire,
    keep: bool,
    kept: Arc<Mutex<Vec<Message>>>,
}

impl Watch {
    fn new(plan: &Plan, wire: Wire, keep: bool) -> Self {
        let mut facts = Facts::new(&APP.to_string(), &TENANT.to_string());
        facts.roles = roles().into_iter().filter(|role| !plan.withheld.contains(role)).collect();
        (facts.restarts, facts.storms) = troubles(plan);
        facts.links_are_calm = plan.links.is_none();
        // What is asked of the fake, and of people, he reads on the wire, by kind and by call. Links that lose packets
        // may lose replies, and what was not acknowledged comes again.
        let network = !facts.restarts.is_empty() || !facts.storms.is_empty();
        facts.plan = Excuses { network, ..Excuses::default() };
        Self { judge: Judge::new(facts), wire, keep, kept: Arc::default() }
    }

    /// Reads what has been said since; what is wrong about it.
    fn look(&mut self) -> Vec<Violation> {
        let new = in_order(self.wire.take(), self.wire.take_packets());
        assert_eq!(self.wire.dropped(), 0, "the judge has read everything");
        let mut found = Vec::new();
        for seen in new {
            match seen {
                Seen::Packet(packet) => found.extend(self.judge.on_packet(&packet)),
                Seen::Message(message) => {
                    found.extend(self.judge.on(&message));
                    if self.keep {
                        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    }
                }
            }
        }
        found
    }
}

/// What of a plan the judge cannot see on the wire: when the bot's program is gone, and when it could not be expected to
/// reach Graph or to know the time.
fn troubles(plan: &Plan) -> (Vec<Restart>, Vec<(Timestamp, Timestamp)>) {
    let at = |ms: u64| EPOCH + Duration::from_millis(ms);
    let (mut restarts, mut storms) = (Vec::new(), Vec::new());
    if plan.links.is_some() {
        storms.push((EPOCH, at(plan.heal_at_ms)));
    }
    for fault in &plan.faults {
        let Some((from, to)) = fault.window() else { continue };
        if matches!(fault, Fault::Crash(_)) {
            restarts.push(Restart { down: at(from), up: at(to) });
        } else if !matches!(fault, Fault::Permission(_)) {
            storms.push((at(from), at(to)));
        }
    }
    restarts.sort_by_key(|restart| restart.down);
    (restarts, storms)
}

/// The whole story of a plan.
async fn tell(plan: &Plan, seat: &Seat, mut watch: Watch) -> Told {
    let mut people = People::new(seat.network.clone());
    people.begin(plan).await?;
    let mut deeds: Vec<&Deed> = plan.deeds.iter().collect();
    deeds.sort_by_key(|deed| deed.at_ms);
    for deed in deeds {
        let found = pass(seat, &mut watch, EPOCH + Duration::from_millis(deed.at_ms)).await;
        if !found.is_empty() {
            return Ok(found);
        }
        people.act(deed).await;
    }
    let found = pass(seat, &mut watch, EPOCH + plan.heals_at()).await;
    if !found.is_empty() {
        return Ok(found);
    }
    people.heal(plan).await?;
    watch.judge.healed(seat.true_time());
    if plan.media == Media::AppHosted {
        let found = listen(seat, &mut watch, &people).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    settle(seat, &mut watch, &people).await
}

/// Nothing is wrong any more: somebody says something in every call, and all tell what they have heard.
async fn listen(seat: &Seat, watch: &mut Watch, people: &People) -> Told {
    let found = pass(seat, watch, seat.true_time() + CALMS_DOWN).await;
    if !found.is_empty() {
        return Ok(found);
    }
    people.speak_all().await?;
    let found = pass(seat, watch, seat.true_time() + IS_HEARD).await;
    if !found.is_empty() {
        return Ok(found);
    }
    people.listen_all().await?;
    Ok(watch.look())
}

/// Time passes, and the judge looks now and then; what he found.
async fn pass(seat: &Seat, watch: &mut Watch, until: Timestamp) -> Vec<Violation> {
    loop {
        let found = watch.look();
        let now = seat.true_time();
        if !found.is_empty() || now >= until {
            return found;
        }
        seat.clock.sleep_until(until.min(now + LOOK_EVERY)).await;
    }
}

/// Everybody hangs up, and nothing may be missing for long.
async fn settle(seat: &Seat, watch: &mut Watch, people: &People) -> Told {
    let begun = seat.true_time();
    let (mut hang_up_at, mut well_since, mut rounds) = (begun, None, 0);
    loop {
        let now = seat.true_time();
        let mut live = 0;
        if now >= hang_up_at {
            live = people.hang_up_all().await?;
            rounds += 1;
            hang_up_at = now + HANG_UP_EVERY;
        }
        let found = pass(seat, watch, seat.true_time() + LOOK_EVERY).await;
        if !found.is_empty() {
            return Ok(found);
        }
        let now = seat.true_time();
        // A bot that nobody is with stays; who was rung meanwhile is hung up in the next round.
        if (live > 0 && rounds < 3) || !watch.judge.pending(now).is_empty() {
            well_since = None;
        } else if now.saturating_since(*well_since.get_or_insert(now)) >= QUIET {
            return Ok(Vec::new());
        }
        if now.saturating_since(begun) >= PATIENCE {
            return Ok(watch.judge.over());
        }
    }
}
