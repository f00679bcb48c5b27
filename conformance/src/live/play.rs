//! Plays cases with a bot, one after the other.

use std::time::{Duration, Instant};

use graph_fake::manifest::Manifest;
use serde_json::Value;

use super::{
    Bot, Driver, Expected, House, HouseError, Site, Tempo, bot::until_ready, claims, heard,
    probe::Probe, wire,
};
use crate::{
    Stop,
    case::Case,
    failure::{Failure, Wrong},
    journal::Line,
    report::{Outcome, Row, Sheet, Trouble},
    stage::Stage,
};

/// Longest real time of a case.
const WALL: Duration = Duration::from_secs(240);
/// How often it is looked whether the bot is still there.
const GLANCE: Duration = Duration::from_millis(50);
/// Lines of the journal in one case, after which a bot floods: a call of hours has a few hundred.
const FLOOD: u64 = 5_000;
/// Lines of the journal of which a ladder is drawn.
const DRAWN: usize = 1_500;
/// How long a process may take to be seen as ended, once nobody answers.
const DYING: Duration = Duration::from_millis(500);
/// Time on the stage for a bot to hear of the end of its calls.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// What to play, and with whom.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whose.
    pub manifest: Manifest,
    /// Cases in their order.
    pub cases: Vec<&'static Case>,
    /// Which of them are known to fail.
    pub expected: Expected,
    /// Where the fake listens.
    pub site: Site,
    /// How one case is played again; its id comes behind it.
    pub again: String,
}

/// How far it has come.
#[derive(Debug)]
pub enum Told<'a> {
    /// So many cases will be played.
    Begins(usize),
    /// One more is over.
    Over(&'a Row),
}

/// Plays them all, and ends the bot.
///
/// # Errors
/// There is no fake to play against: an address that is taken, a certificate that cannot be read.
pub async fn play(
    plan: &Plan,
    bot: &mut dyn Bot,
    tell: &(dyn Fn(Told<'_>) + Sync),
    stop: &Stop,
) -> Result<Sheet, HouseError> {
    let begun = Instant::now();
    let house = House::open(&plan.manifest, &plan.site).await?;
    let mut sheet = Sheet {
        title: format!("Conformance of {}", plan.manifest.name),
        facts: facts(&plan.manifest),
        rows: Vec::new(),
        not_started: None,
        interrupted: false,
        again: plan.again.clone(),
        wall: Duration::ZERO,
    };
    let mut session = Session::new(plan, &house, bot);
    tell(Told::Begins(plan.cases.len()));
    tokio::select! {
        biased;
        () = asked(stop) => sheet.interrupted = true,
        started = session.start() => {
            sheet.not_started = started.err().map(|why| (why, session.bot.said()));
        }
    }
    if sheet.not_started.is_none() && !sheet.interrupted {
        for case in &plan.cases {
            let Some(row) = session.case(case, stop).await else {
                sheet.interrupted = true;
                break;
            };
            tell(Told::Over(&row));
            sheet.rows.push(row);
        }
    }
    session.bot.stop().await;
    sheet.wall = begun.elapsed();
    Ok(sheet)
}

fn facts(manifest: &Manifest) -> Vec<(String, String)> {
    let claims: Vec<&str> = manifest.profiles.iter().map(|claim| claim.word()).collect();
    let tempo = match claims::tempo(manifest) {
        Tempo::Virtual => "the fake's, which jumps when nothing is on its way",
        Tempo::Mixed => "the machine's; long silences are cut short for the fake alone",
        Tempo::Real => "the machine's, and nothing jumps",
    };
    [("stage", "real sockets"), ("claims", &claims.join(", ")), ("the bot's clock", tempo)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Until somebody asks for the end.
async fn asked(stop: &Stop) {
    while !stop.is_asked() {
        tokio::time::sleep(GLANCE).await;
    }
}

/// How a case came to its end.
enum End {
    Story(Result<(), Wrong>),
    Died(String),
    Flooded(u64),
    TooLong,
}

/// What came of a case.
struct Came {
    outcome: Outcome,
    failure: Option<Failure>,
    trouble: Option<Trouble>,
    note: Option<String>,
}

impl Came {
    const fn failed(failure: Failure, trouble: Option<Trouble>) -> Self {
        Self { outcome: Outcome::Failed, failure: Some(failure), trouble, note: None }
    }
}

struct Session<'a> {
    plan: &'a Plan,
    house: &'a House,
    bot: &'a mut dyn Bot,
    probe: Probe,
    driver: Option<Driver>,
    tempo: Tempo,
    /// Why there is no bot to play with any more.
    gone: Option<String>,
}

impl<'a> Session<'a> {
    fn new(plan: &'a Plan, house: &'a House, bot: &'a mut dyn Bot) -> Self {
        let (manifest, places) = (&plan.manifest, &house.places);
        let probe = Probe::new(house.network.clone(), manifest, places);
        let driver = Driver::new(house.network.clone(), manifest, places);
        let tempo = claims::tempo(manifest);
        Self { plan, house, bot, probe, driver, tempo, gone: None }
    }

    /// Starts the bot, and waits until it takes calls.
    async fn start(&mut self) -> Result<(), String> {
        self.bot.start(&self.house.places).await?;
        until_ready(self.bot, &self.plan.manifest, &self.probe).await
    }

    /// Plays a case; nothing if that was interrupted.
    async fn case(&mut self, case: &'static Case, stop: &Stop) -> Option<Row> {
        let not_for = claims::kept_out(case, &self.plan.manifest);
        if let Some(why) = not_for.or_else(|| self.gone.clone()) {
            return Some(Row::skipped(case, why));
        }
        let since = self.written().await;
        let begun = self.house.clock.now();
        self.bot.forget();
        let end = self.story(case, since, stop).await?;
        let lines = self.house.control.journal(since).await.unwrap_or_default();
        let took = self.house.clock.now().saturating_since(begun);
        let came = self.judge(end, &lines).await;
        let came = self.as_expected(case, came);
        let tells = matches!(came.outcome, Outcome::Failed | Outcome::Broken);
        let said = if tells { self.bot.said() } else { Vec::new() };
        let media = heard::media(self.house, &lines, took).await;
        self.tidy(came.trouble).await;
        let drawn = &lines[..lines.len().min(DRAWN)];
        Some(Row {
            outcome: came.outcome,
            failure: came.failure,
            trouble: came.trouble,
            note: came.note,
            took,
            said,
            media,
            wire: wire::messages(drawn),
            ..Row::skipped(case, String::new())
        })
    }

    /// Nothing if it was interrupted.
    async fn story(&mut self, case: &'static Case, since: u64, stop: &Stop) -> Option<End> {
        let (control, pace) = (self.house.control.clone(), self.house.pace(self.tempo));
        let driver = self.driver.clone();
        let story = async {
            let stage = Stage::paced(control, pace, since).await?.with_driver(driver);
            let stage = stage.with_keys(self.plan.manifest.keys.clone());
            (case.story)(&stage).await
        };
        let house = self.house;
        tokio::select! {
            biased;
            end = guard(self.bot, house, since, stop) => end,
            told = tokio::time::timeout(WALL, story) => Some(told.map_or(End::TooLong, End::Story)),
        }
    }

    /// What came of it, with a look at the bot: no refusal counts if it was a crash.
    async fn judge(&mut self, end: End, lines: &[Line]) -> Came {
        let lives = "the bot to live on".to_owned();
        let failure = match end {
            End::Died(how) => {
                let actual = format!("its process {how}");
                return Came::failed(Failure { expected: lives, actual }, Some(Trouble::Died));
            }
            End::Flooded(many) => {
                let expected = format!("fewer than {FLOOD} messages in one case");
                let actual = format!("there were {many} before it was stopped");
                return Came::failed(Failure { expected, actual }, Some(Trouble::Flooded));
            }
            End::TooLong => Some(Failure {
                expected: format!("the story to be over within {} s of real time", WALL.as_secs()),
                actual: "it was not".to_owned(),
            }),
            End::Story(Ok(())) => None,
            End::Story(Err(Wrong::Bot(failure))) => Some(failure),
            End::Story(Err(error @ Wrong::Stage(_))) => {
                let note = Some(error.to_string());
                return Came { outcome: Outcome::Broken, failure: None, trouble: None, note };
            }
        };
        let also = failure.as_ref().map(|failure| format!("; and {failure}")).unwrap_or_default();
        if let Err(why) = self.probe.ask().await {
            return match self.how_it_ended().await {
                Some(how) => {
                    let actual = format!("its process {how}{also}");
                    Came::failed(Failure { expected: lives, actual }, Some(Trouble::Died))
                }
                None => {
                    let failure = Failure { expected: lives, actual: format!("{why}{also}") };
                    Came::failed(failure, Some(Trouble::Hung))
                }
            };
        }
        if failure.is_some() && answered_nothing(lines) {
            let actual = format!("it answered no notification{also}");
            return Came::failed(Failure { expected: lives, actual }, Some(Trouble::Hung));
        }
        match failure {
            None => Came { outcome: Outcome::Passed, failure: None, trouble: None, note: None },
            Some(failure) if answered_html(lines) => {
                let actual = format!(
                    "{}; its webhook answers with HTML: is 'callback' the right path?",
                    failure.actual
                );
                let failure = Failure { expected: failure.expected, actual };
                Came::failed(failure, Some(Trouble::AnsweredHtml))
            }
            Some(failure) => Came::failed(failure, None),
        }
    }

    /// How the bot's process ended, if it did or does within a moment.
    async fn how_it_ended(&mut self) -> Option<String> {
        let until = tokio::time::Instant::now() + DYING;
        loop {
            match self.bot.ended() {
                None if tokio::time::Instant::now() < until => tokio::time::sleep(GLANCE).await,
                how => return how,
            }
        }
    }

    fn as_expected(&self, case: &Case, came: Came) -> Came {
        let reason = self.plan.expected.reason(case.id);
        match (came.outcome, reason) {
            (Outcome::Failed, Some(reason)) => {
                Came { outcome: Outcome::FailedAsExpected, note: Some(reason.to_owned()), ..came }
            }
            (Outcome::Passed, Some(reason)) => {
                Came { outcome: Outcome::PassedUnexpectedly, note: Some(reason.to_owned()), ..came }
            }
            _ => came,
        }
    }

    /// Takes away what the case left: faults, calls, and a bot that is of no use any more.
    async fn tidy(&mut self, trouble: Option<Trouble>) {
        let control = &self.house.control;
        // A fake that does not do as it is told breaks the next case, which says so.
        let _ = self.house.is_as_before().await;
        if let Ok(state) = control.state().await {
            for call in state["calls"].as_array().into_iter().flatten() {
                hang_up(self.house, call).await;
            }
        }
        let unusable = match trouble {
            Some(Trouble::Died | Trouble::Hung | Trouble::Flooded) => true,
            Some(Trouble::AnsweredHtml) | None => self.bot.ended().is_some(),
        };
        if unusable && !self.bot.can_start() {
            self.gone =
                Some("the bot is not there any more, and the suite did not start it".to_owned());
        } else if unusable {
            self.gone =
                self.start().await.err().map(|why| format!("the bot did not come up again: {why}"));
        } else {
            let pace = self.house.pace(self.tempo);
            pace.let_pass(AFTERWARDS).await;
        }
    }

    async fn written(&self) -> u64 {
        self.house.watch.look().await.map_or(0, |activity| activity.lines)
    }
}

/// Ends when a case must: the bot died, floods, or somebody wants the end (nothing).
async fn guard(bot: &mut dyn Bot, house: &House, since: u64, stop: &Stop) -> Option<End> {
    loop {
        tokio::time::sleep(GLANCE).await;
        if stop.is_asked() {
            return None;
        }
        if let Some(how) = bot.ended() {
            return Some(End::Died(how));
        }
        let lines = house.watch.look().await.map_or(0, |activity| activity.lines);
        if lines.saturating_sub(since) > FLOOD {
            return Some(End::Flooded(lines - since));
        }
    }
}

/// Somebody in the call ends it, whichever way they may.
async fn hang_up(house: &House, call: &Value) {
    let id = call["callId"].as_str().unwrap_or_default();
    let people = call["participants"].as_array().into_iter().flatten();
    for user in people.filter_map(|person| person["user"].as_str()) {
        for action in ["removeBot", "hangup", "decline"] {
            if house.control.act(id, Some(user), action).await.is_ok() {
                return;
            }
        }
    }
}

/// Whether there were notifications, and the webhook answered none of them.
fn answered_nothing(lines: &[Line]) -> bool {
    let told = lines.iter().any(|line| line.kind == "notification");
    told && !lines.iter().any(|line| line.kind == "delivered" && line.detail["status"].is_u64())
}

/// Whether the webhook answered a notification with a page for people.
fn answered_html(lines: &[Line]) -> bool {
    lines.iter().filter(|line| line.kind == "delivered").any(|line| {
        line.detail["contentType"].as_str().is_some_and(|kind| kind.starts_with("text/html"))
    })
}
