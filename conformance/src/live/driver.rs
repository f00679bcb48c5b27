//! Telling a bot what to do: `POST {driver}/{action}` with JSON, as its manifest declares it, and the cases that need
//! it. An action that is not declared must be refused, or nothing that a bot declares could be believed.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use graph_fake::manifest::{DriverAction, Manifest, Places};
use http::{Request, header};
use seam::{HttpClient, RealNetwork};
use serde_json::{Value, json};

use crate::{
    case::{Case, Level, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// How long a bot may take to do what it is told.
const LIMIT: Duration = Duration::from_secs(30);
/// How long it may take until the platform shows what it did.
const SHOWN: Duration = Duration::from_secs(30);
/// The topic of the cases here.
pub(super) const TOPIC: &str = "driver";
/// An action that nobody has.
const INVENTED: &str = "juggleFlamingTorches";

/// The way to tell a bot what to do.
#[derive(Clone)]
pub struct Driver {
    client: HttpClient,
    base: String,
    /// What it says that it can do.
    pub declared: BTreeSet<DriverAction>,
}

impl Driver {
    /// As the manifest has it; none if it has none.
    pub fn new(network: Arc<RealNetwork>, manifest: &Manifest, places: &Places) -> Option<Self> {
        let base = format!("{}{}", places.url, manifest.driver.as_ref()?);
        let client = HttpClient::new(network, LIMIT);
        Some(Self { client, base, declared: manifest.actions.clone() })
    }

    /// Tells it; its status, and what it says.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn tell(&self, action: &str, body: &Value) -> Result<(u16, Value), Wrong> {
        let silent = |why: String| Wrong::bot(format!("an answer to '{action}'"), why);
        let request = Request::post(format!("{}/{action}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|error| silent(error.to_string()))?;
        let answer = self.client.send(request).await.map_err(|error| silent(error.to_string()))?;
        let said = serde_json::from_slice(answer.body()).unwrap_or_default();
        Ok((answer.status().as_u16(), said))
    }
}

const HONEST: Rule = Rule {
    id: "driver.honest",
    contract: None,
    sourced: Sourced::Prudent,
    says: "A bot refuses, with 404, 405 or 501, what it does not declare to be able to do.",
    source: "the manifest's 'actions'; whoever says yes to everything proves nothing",
};

const JOINS: Rule = Rule {
    id: "driver.joins",
    contract: None,
    sourced: Sourced::Documented,
    says: "A bot joins a meeting with chatInfo and organizerMeetingInfo, and is in its roster then.",
    source: "https://learn.microsoft.com/graph/api/application-post-calls",
};

const LEAVES: Rule = Rule {
    id: "driver.leaves",
    contract: None,
    sourced: Sourced::Documented,
    says: "A bot leaves with DELETE, and its call is over then.",
    source: "https://learn.microsoft.com/graph/api/call-delete",
};

const MUTES: Rule = Rule {
    id: "driver.mutes",
    contract: None,
    sourced: Sourced::Documented,
    says: "A bot mutes and unmutes itself, and the roster shows it.",
    source: "https://learn.microsoft.com/graph/api/call-mute",
};

/// Nothing else.
pub const REFUSES: Case = Case {
    id: "driver/refuses-what-it-does-not-declare",
    title: "A bot refuses actions that its manifest does not declare",
    level: Level::Must,
    rule: &HONEST,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "An invented action is asked for, and every action that the manifest does not declare.",
        "Each is answered 404, 405 or 501.",
    ],
    limit: Duration::from_secs(120),
    kills: &[],
    story: |stage| {
        Box::pin(async move {
            let declared = stage.declared();
            let undeclared = DriverAction::ALL.into_iter().filter(|one| !declared.contains(one));
            for action in [INVENTED].into_iter().chain(undeclared.map(DriverAction::word)) {
                let (status, _) = stage.tells(action, &json!({})).await?;
                if !matches!(status, 404 | 405 | 501) {
                    let expected = format!("404, 405 or 501 for '{action}', which is not declared");
                    return Err(Wrong::bot(expected, format!("the bot answered {status}")));
                }
            }
            Ok(())
        })
    },
};

/// In.
pub const JOINS_A_MEETING: Case = Case {
    id: "driver/joins-a-meeting",
    title: "A bot joins a meeting when it is told to",
    level: Level::Must,
    rule: &JOINS,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "Alice has a meeting, and Bob is in it.",
        "The bot is told to join, with the meeting's link.",
        "Its call is established, and it is in the roster.",
    ],
    limit: Duration::from_secs(120),
    kills: &[],
    story: |stage| Box::pin(async move { joined(stage).await.map(drop) }),
};

/// Silent.
pub const MUTES_ITSELF: Case = Case {
    id: "driver/mutes-itself",
    title: "A bot in a meeting mutes and unmutes itself when it is told to",
    level: Level::Must,
    rule: &MUTES,
    profile: Profile::Callable,
    needs: &[],
    steps: &[
        "The bot has joined a meeting.",
        "It is told to mute itself: Graph accepts 'mute'.",
        "It is told to unmute itself: Graph accepts 'unmute'.",
    ],
    limit: Duration::from_secs(120),
    kills: &[],
    story: |stage| {
        Box::pin(async move {
            let call = joined(stage).await?;
            for op in ["mute", "unmute"] {
                expect_done(stage, op, &call).await?;
                let accepted = |lines: &[Line]| {
                    exchanges(lines, &call.id, op).iter().any(|exchange| exchange.worked())
                };
                if !stage.happens(SHOWN, accepted).await? {
                    return Err(Wrong::bot(format!("an accepted '{op}'"), "there was none"));
                }
            }
            Ok(())
        })
    },
};

/// Out.
pub const HANGS_UP: Case = Case {
    id: "driver/hangs-up",
    title: "A bot in a meeting hangs up when it is told to",
    level: Level::Must,
    rule: &LEAVES,
    profile: Profile::Callable,
    needs: &[],
    steps: &["The bot has joined a meeting.", "It is told to hang up: its call is over."],
    limit: Duration::from_secs(120),
    kills: &[],
    story: |stage| {
        Box::pin(async move {
            let call = joined(stage).await?;
            expect_done(stage, "hangUp", &call).await?;
            let over =
                |lines: &[Line]| crate::stage::state_in(lines, &call.id) == Some("terminated");
            match stage.happens(SHOWN, over).await? {
                true => Ok(()),
                false => stage.expect_state(&call, "terminated").await,
            }
        })
    },
};

/// All of them, with what a bot has to declare for each.
pub const CASES: [(&Case, &[DriverAction]); 4] = [
    (&REFUSES, &[]),
    (&JOINS_A_MEETING, &[DriverAction::JoinMeeting]),
    (&MUTES_ITSELF, &[DriverAction::JoinMeeting, DriverAction::Mute, DriverAction::Unmute]),
    (&HANGS_UP, &[DriverAction::JoinMeeting, DriverAction::HangUp]),
];

/// Why one of the cases here is not played with this bot, if it is not.
pub(super) fn kept_out(case: &Case, manifest: &Manifest) -> Option<String> {
    let (_, actions) = CASES.into_iter().find(|(known, _)| known.id == case.id)?;
    if manifest.driver.is_none() {
        return Some("the manifest has no 'driver' to tell the bot what to do".to_owned());
    }
    let missing = actions.iter().find(|action| !manifest.actions.contains(action))?;
    Some(format!("the manifest does not declare the action '{}'", missing.word()))
}

async fn expect_done(stage: &Stage, action: &str, call: &Call) -> Result<(), Wrong> {
    let (status, _) = stage.tells(action, &json!({"callId": call.id})).await?;
    match (200..300).contains(&status) {
        true => Ok(()),
        false => {
            Err(Wrong::bot(format!("a 2xx for '{action}'"), format!("the bot answered {status}")))
        }
    }
}

/// The bot is told to join a meeting, and does.
async fn joined(stage: &Stage) -> Result<Call, Wrong> {
    let (alice, bob) = (stage.person("Alice"), stage.person("Bob"));
    let rung_at = stage.now();
    let wish = json!({"organizer": alice.id, "participants": [bob.id]});
    let meeting = stage.control().post("/meetings", wish).await?;
    let body = json!({
        "joinWebUrl": meeting["joinWebUrl"], "threadId": meeting["threadId"],
        "organizer": alice.id, "tenantId": stage.tenant(),
    });
    let (status, said) = stage.tells("joinMeeting", &body).await?;
    let id = said["callId"].as_str().unwrap_or_default().to_owned();
    if !(200..300).contains(&status) || id.is_empty() {
        let actual = format!("the bot answered {status} with {said}");
        return Err(Wrong::bot("a 2xx for 'joinMeeting' with the 'callId'", actual));
    }
    let call = Call { id, by: alice, rung_at };
    let established =
        |lines: &[Line]| crate::stage::state_in(lines, &call.id) == Some("established");
    if !stage.happens(SHOWN, established).await? {
        stage.expect_state(&call, "established").await?;
    }
    let state = stage.control().state().await?;
    let conferences = state["conferences"].as_array().into_iter().flatten();
    let has = |value: &Value| value.as_array().is_some_and(|ids| ids.contains(&json!(call.id)));
    match conferences.into_iter().any(|one| has(&one["calls"])) {
        true => Ok(call),
        false => Err(Wrong::bot("the bot to be in the meeting", "its call is in no conference")),
    }
}
