//! What a story acts on: people, calls, time, and what the bot did.

mod asking;
pub(crate) mod judging;
pub(crate) mod letters;
mod meetings;
mod watching;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use graph_fake::manifest::Deed;
use serde_json::{Value, json};

use crate::{
    control::Control,
    failure::Wrong,
    journal::{self, Exchange, Line},
    live::{Driver, For, Pace},
};
use seam::Clock;

pub use letters::Letter;
pub use meetings::{Meeting, ROLES};

/// How often a story looks whether what it waits for has happened.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long the platform may take to tell people what it did; not held against the bot.
const SECONDS_15: Duration = Duration::from_secs(15);

/// Somebody in Teams.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their id.
    pub id: String,
}

/// A call between a person and the bot.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id, as the bot sees it.
    pub id: String,
    /// Who rang.
    pub by: Person,
    /// When, on the stage's clock.
    pub rung_at: Duration,
}

/// How time passes on a stage.
enum Time {
    /// By itself.
    Flows(Clock),
    /// As the stage lets it.
    Paced(Pace),
}

/// The stage of one story.
pub struct Stage {
    control: Control,
    time: Time,
    /// Lines up to this number are older than the story.
    since: u64,
    driver: Option<Driver>,
    keys: BTreeMap<Deed, String>,
    world: Option<sim::Control>,
    tenant: String,
    app: String,
    webhook: String,
    people: Vec<Person>,
    lines: Mutex<Vec<Line>>,
}

impl Stage {
    /// Looks around: who exists, and where the bot is.
    ///
    /// # Errors
    /// The fake cannot be asked, or has no bot with a webhook.
    pub async fn open(control: Control, clock: Clock) -> Result<Self, Wrong> {
        Self::with(control, Time::Flows(clock), 0).await
    }

    /// The same where the stage moves the clock; the story knows nothing of what was written before `since`.
    ///
    /// # Errors
    /// As [`Stage::open`].
    pub async fn paced(control: Control, pace: Pace, since: u64) -> Result<Self, Wrong> {
        Self::with(control, Time::Paced(pace), since).await
    }

    async fn with(control: Control, time: Time, since: u64) -> Result<Self, Wrong> {
        let state = control.state().await?;
        let tenant = &state["tenants"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let people = tenant["users"].as_array().into_iter().flatten();
        let people = people
            .map(|user| Person { name: text(&user["displayName"]), id: text(&user["id"]) })
            .collect();
        let (app, webhook) =
            (text(&tenant["apps"][0]["id"]), text(&tenant["apps"][0]["callbackUri"]));
        let (driver, keys, world) = (None, asking::reference_keys(), None);
        let tenant = text(&tenant["id"]);
        Ok(Self {
            control,
            time,
            since,
            driver,
            keys,
            world,
            tenant,
            app,
            webhook,
            people,
            lines: Mutex::default(),
        })
    }

    /// The people's own way to the fake.
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The bot's app id.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The id of the bot's tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Somebody in the bot's tenant.
    ///
    /// # Panics
    /// Nobody has that name: a mistake of the story.
    pub fn person(&self, name: &str) -> Person {
        let found = self.people.iter().find(|person| person.name == name);
        found.cloned().unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    /// Now, since 1970.
    pub fn now(&self) -> Duration {
        let now = match &self.time {
            Time::Flows(clock) => clock.now(),
            Time::Paced(pace) => pace.now(),
        };
        Duration::from_nanos(now.as_nanos())
    }

    /// Time passes.
    pub async fn let_pass(&self, time: Duration) {
        match &self.time {
            Time::Flows(clock) => clock.sleep_until(clock.now() + time).await,
            Time::Paced(pace) => pace.let_pass(time).await,
        }
    }

    /// Somebody rings the bot.
    pub async fn rings_the_bot(&self, by: &Person) -> Result<Call, Wrong> {
        let rung_at = self.now();
        let id = self.control.ring(&by.id, &self.app).await?;
        Ok(Call { id, by: by.clone(), rung_at })
    }

    /// Somebody rings the bot, and is answered.
    pub async fn is_in_call_with(&self, name: &str) -> Result<Call, Wrong> {
        let call = self.rings_the_bot(&self.person(name)).await?;
        self.is_answered(&call).await?;
        Ok(call)
    }

    /// The person who rang hangs up.
    pub async fn hangs_up(&self, call: &Call) -> Result<(), Wrong> {
        Ok(self.control.act(&call.id, Some(&call.by.id), "hangup").await?)
    }

    /// The person who rang does something.
    pub async fn acts(&self, call: &Call, action: &str) -> Result<(), Wrong> {
        Ok(self.control.act(&call.id, Some(&call.by.id), action).await?)
    }

    /// The person who rang presses keys, named as Graph names tones.
    pub async fn presses(&self, call: &Call, tones: &[&str]) -> Result<(), Wrong> {
        let body = json!({"by": call.by.id, "action": "dtmf", "tones": tones});
        Ok(self.control.act_with(&call.id, body).await?)
    }

    /// The platform sends its last notification of this call once more.
    pub async fn repeats_last_notification(&self, call: &Call) -> Result<(), Wrong> {
        Ok(self.control.act(&call.id, None, "repeatLastNotification").await?)
    }

    /// Requests of the bot begin to fail: `times` of this action, with this status.
    pub async fn fails(
        &self,
        op: &str,
        times: u64,
        status: u16,
        retry_after: Option<u32>,
    ) -> Result<(), Wrong> {
        let reply = json!({"status": status, "retryAfterSeconds": retry_after});
        let plan = json!([{"graph": {"op": op, "nth": 1, "times": times, "reply": reply}}]);
        Ok(self.control.faults(plan).await?)
    }

    /// What goes wrong from now on: a fault plan as `PUT /faults` takes it, instead of the one before.
    pub async fn goes_wrong(&self, plan: Value) -> Result<(), Wrong> {
        Ok(self.control.faults(plan).await?)
    }

    /// Everything that has happened so far.
    pub async fn journal(&self) -> Result<Vec<Line>, Wrong> {
        let since = self.kept().last().map_or(self.since, |line| line.seq);
        let new = self.control.journal(since).await?;
        let mut kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(new);
        Ok(kept.clone())
    }

    fn kept(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bot's requests of one action for one call; an empty `op` takes every action.
    pub async fn requests(&self, call: &Call, op: &str) -> Result<Vec<Exchange>, Wrong> {
        Ok(journal::exchanges(&self.journal().await?, &call.id, op))
    }

    /// Waits until the journal shows something; false if it does not in that time.
    pub async fn happens(
        &self,
        within: Duration,
        wanted: impl Fn(&[Line]) -> bool,
    ) -> Result<bool, Wrong> {
        if let Time::Paced(pace) = &self.time {
            let mut passing = pace.pass(pace.now() + within, For::Reaction);
            while passing.step().await {
                if wanted(&self.journal().await?) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let until = self.now() + within;
        loop {
            if wanted(&self.journal().await?) {
                return Ok(true);
            }
            if self.now() >= until {
                return Ok(false);
            }
            self.let_pass(LOOK_EVERY).await;
        }
    }

    /// The last state of a call.
    pub async fn state(&self, call: &Call) -> Result<String, Wrong> {
        let lines = self.journal().await?;
        Ok(state_in(&lines, &call.id).unwrap_or("unknown").to_owned())
    }

    /// The bot answers, and the call is established.
    pub async fn is_answered(&self, call: &Call) -> Result<(), Wrong> {
        let established = |lines: &[Line]| state_in(lines, &call.id) == Some("established");
        if self.happens(SECONDS_15 + Duration::from_secs(1), established).await? {
            return Ok(());
        }
        let state = self.state(call).await?;
        let expected = format!("the bot to answer {}'s call within 15 seconds", call.by.name);
        Err(Wrong::bot(expected, format!("the call is {state}")))
    }

    /// The bot was told that audio flows, and took notice.
    pub async fn audio_flows(&self, call: &Call) -> Result<(), Wrong> {
        let told = |lines: &[Line]| {
            let active = lines.iter().find(|line| {
                line.call_id.as_deref() == Some(&call.id)
                    && line.kind == "notification"
                    && line.detail.pointer("/body/value/0/resourceData/mediaState/audio")
                        == Some(&Value::from("active"))
            });
            active.is_some_and(|told| was_taken(lines, told))
        };
        match self.happens(SECONDS_15, told).await? {
            true => Ok(()),
            false => {
                Err(Wrong::bot("the bot to take the notification of active audio", "it did not"))
            }
        }
    }

    /// The call is (still) in this state.
    pub async fn expect_state(&self, call: &Call, wanted: &str) -> Result<(), Wrong> {
        match self.state(call).await? {
            state if state == wanted => Ok(()),
            state => Err(Wrong::bot(format!("the call to be {wanted}"), format!("it is {state}"))),
        }
    }

    /// The bot is still there: it takes a further call. No refusal counts if it was a crash.
    pub async fn expect_alive(&self) -> Result<(), Wrong> {
        let call = self.rings_the_bot(&self.person("Carol")).await?;
        self.is_answered(&call).await
    }
}

pub(crate) fn state_in<'a>(lines: &'a [Line], call: &str) -> Option<&'a str> {
    let about = |line: &&Line| line.kind == "callState" && line.call_id.as_deref() == Some(call);
    lines.iter().rfind(about)?.detail["to"].as_str()
}

/// Whether this notification was answered with a 2xx.
pub(crate) fn was_taken(lines: &[Line], told: &Line) -> bool {
    lines.iter().any(|line| {
        line.kind == "delivered"
            && line.call_id == told.call_id
            && line.detail["deliveryId"] == told.detail["deliveryId"]
            && line.detail["status"].as_u64().is_some_and(|status| (200..300).contains(&status))
    })
}
