//! Calls that the bot begins.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    rule::{Rule, Sourced},
    stage::{Call, Stage},
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&CALLS_BACK, &GROUP_CALL, &BUSY, &DECLINED, &NO_ANSWER, &REPLY_LOST, &FOUND_AGAIN];

const ESTABLISHED_FIRST: Rule = Rule {
    id: "outgoing.establishedFirst",
    contract: Some("R-071"),
    sourced: Sourced::Documented,
    says: "A call that was begun is establishing; there is somebody to talk to once it is established, and audio active.",
    source: "https://learn.microsoft.com/graph/api/application-post-calls",
};

const SEVERAL: Rule = Rule {
    id: "outgoing.several",
    contract: Some("R-062"),
    sourced: Sourced::Documented,
    says: "A call with several targets is a conference of all of them.",
    source: "https://learn.microsoft.com/graph/api/application-post-calls",
};

const UNANSWERED: Rule = Rule {
    id: "outgoing.unanswered",
    contract: Some("R-092"),
    sourced: Sourced::Prudent,
    says: "A call that nobody took is over; who is not there is not rung over and over.",
    source: "people block what does not stop ringing",
};

const CALLED_ONCE: Rule = Rule {
    id: "outgoing.calledOnce",
    contract: Some("R-275"),
    sourced: Sourced::Prudent,
    says: "A call whose reply is lost may have begun, and there is no key that makes it idempotent: it is not repeated.",
    source: "two calls to the same person at once, of which the bot knows one",
};

const BY_ITS_NEWS: Rule = Rule {
    id: "outgoing.byItsNews",
    contract: Some("R-153"),
    sourced: Sourced::Prudent,
    says: "Notifications of a call that a bot does not know may be of one that it has begun: it looks.",
    source: "a call whose reply was lost goes on, and somebody is in it",
};

/// Alice asks to be called back; the bot hangs up.
async fn asked_back(stage: &Stage) -> Result<(), Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.asks_bot_to(&call, Deed::CallBack).await?;
    stage.is_over(&call, secs(30)).await
}

async fn begun_once(stage: &Stage) -> Result<(), Wrong> {
    match stage.creates().await?.len() {
        1 => Ok(()),
        many => Err(Wrong::bot("one call of the bot's own", format!("it asked for {many}"))),
    }
}

/// And again.
pub const CALLS_BACK: Case = Case {
    id: "outgoing/calls-back",
    title: "A bot calls somebody back, and waits for them to answer before it speaks",
    level: Level::Must,
    rule: &ESTABLISHED_FIRST,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::CallBack)],
    steps: &[
        "Alice's call is established; she asks the bot to call her back, and it hangs up.",
        "Within half a minute it calls her, and nobody else; she takes 10 seconds to answer.",
        "The call is established; until then it has asked for nothing that was refused.",
    ],
    limit: secs(300),
    kills: &[Flaw::SpeaksWhileRinging],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Alice", "answer", Some(10_000)).await?;
            asked_back(stage).await?;
            let call = stage.begins_a_call("Alice").await?;
            stage.let_pass(secs(20)).await;
            stage.expect_state(&call, "established").await?;
            begun_once(stage).await?;
            let asked = stage.requests(&call, "").await?;
            match asked.iter().find(|asked| asked.status.is_some_and(|status| status >= 400)) {
                None => Ok(()),
                Some(early) => {
                    let code = early.code.as_deref().unwrap_or("no code");
                    let actual = format!("'{}' was: {code}", early.op);
                    Err(Wrong::bot("nothing to be refused", actual))
                }
            }
        })
    },
};

/// Both of them.
pub const GROUP_CALL: Case = Case {
    id: "outgoing/group-call",
    title: "A bot calls two people in one group call, beside the call in which it was asked",
    level: Level::Must,
    rule: &SEVERAL,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::GroupCall)],
    steps: &[
        "Alice's call is established; she asks the bot for a group call with her and a colleague.",
        "The bot begins one call, with two targets: a conference, and it is established.",
        "Alice's first call goes on.",
    ],
    limit: secs(300),
    kills: &[Flaw::GroupCallLeavesOneOut],
    story: |stage| {
        Box::pin(async move {
            let first = stage.is_in_call_with("Alice").await?;
            stage.asks_bot_to(&first, Deed::GroupCall).await?;
            let call = stage.begins_a_call("Alice").await?;
            begun_once(stage).await?;
            let asked = stage.creates().await?.remove(0);
            let targets = asked.body["targets"].as_array().map_or(0, Vec::len);
            if targets != 2 {
                return Err(Wrong::bot("two targets", format!("there were {targets}")));
            }
            stage.let_pass(secs(10)).await;
            stage.expect_conference(&call).await?;
            stage.expect_state(&call, "established").await?;
            stage.expect_state(&first, "established").await
        })
    },
};

/// Alice asks to be called back, and then reacts like this: the bot's call ends, and it lets her be.
async fn in_vain(stage: &Stage, how: &str) -> Result<(), Wrong> {
    stage.reacts("Alice", how, None).await?;
    asked_back(stage).await?;
    let call: Call = stage.begins_a_call("Alice").await?;
    stage.is_over(&call, secs(90)).await?;
    let end = stage.hears_of_the_end(&call).await?;
    stage.expect_quiet(&call, end, minutes(10)).await?;
    begun_once(stage).await?;
    stage.expect_alive().await
}

/// Busy.
pub const BUSY: Case = Case {
    id: "outgoing/busy",
    title: "A bot lets be whom it called and who is busy",
    level: Level::Should,
    rule: &UNANSWERED,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::CallBack)],
    steps: &[
        "Alice asks the bot to call her back, and is busy: the bot's call ends.",
        "In the next ten minutes it asks nothing about this call, and begins no other; it takes the next one.",
    ],
    limit: minutes(20),
    kills: &[Flaw::RedialsForever],
    story: |stage| Box::pin(async move { in_vain(stage, "busy").await }),
};

/// No.
pub const DECLINED: Case = Case {
    id: "outgoing/declined",
    title: "A bot lets be whom it called and who declines",
    level: Level::Should,
    rule: &UNANSWERED,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::CallBack)],
    steps: &[
        "Alice asks the bot to call her back, and declines: the bot's call ends.",
        "In the next ten minutes it asks nothing about this call, and begins no other; it takes the next one.",
    ],
    limit: minutes(20),
    kills: &[Flaw::RedialsForever],
    story: |stage| Box::pin(async move { in_vain(stage, "decline").await }),
};

/// Nobody at home.
pub const NO_ANSWER: Case = Case {
    id: "outgoing/no-answer",
    title: "A bot lets be whom it called and who does not answer",
    level: Level::Should,
    rule: &UNANSWERED,
    profile: Profile::Callable,
    needs: &[Need::Asked(Deed::CallBack)],
    steps: &[
        "Alice asks the bot to call her back, and does not answer: the bot's call ends after a minute.",
        "In the next ten minutes it asks nothing about this call, and begins no other; it takes the next one.",
    ],
    limit: minutes(20),
    kills: &[Flaw::RedialsForever],
    story: |stage| Box::pin(async move { in_vain(stage, "ignore").await }),
};

/// Nobody knows whether it was heard.
pub const REPLY_LOST: Case = Case {
    id: "outgoing/reply-lost",
    title: "A bot does not repeat a call whose reply was lost",
    level: Level::Should,
    rule: &CALLED_ONCE,
    profile: Profile::Callable,
    needs: &[Need::Faults, Need::Asked(Deed::CallBack)],
    steps: &[
        "Alice asks the bot to call her back; Graph hears it, and its reply is lost.",
        "The call is established; two minutes later it goes on, and the bot has asked for one call.",
    ],
    limit: secs(300),
    kills: &[Flaw::CallsTwiceOnLostReply],
    story: |stage| {
        Box::pin(async move {
            let lost = json!([{"graph": {"op": "create", "loseReply": true}}]);
            stage.goes_wrong(lost).await?;
            asked_back(stage).await?;
            let call = stage.begins_a_call("Alice").await?;
            stage.let_pass(minutes(2)).await;
            stage.expect_state(&call, "established").await?;
            begun_once(stage).await
        })
    },
};

/// By its news.
pub const FOUND_AGAIN: Case = Case {
    id: "outgoing/found-again",
    title: "A bot knows a call of its own by its notifications, when the reply was lost",
    level: Level::Should,
    rule: &BY_ITS_NEWS,
    profile: Profile::Callable,
    needs: &[Need::Faults, Need::Asked(Deed::CallBack), Need::Speaks],
    steps: &[
        "Alice asks the bot to call her back; Graph hears it, and its reply is lost.",
        "She answers; within half a minute the bot says something.",
    ],
    limit: secs(300),
    kills: &[Flaw::IgnoresUnknownCalls],
    story: |stage| {
        Box::pin(async move {
            stage.goes_wrong(json!([{"graph": {"op": "create", "loseReply": true}}])).await?;
            asked_back(stage).await?;
            let call = stage.begins_a_call("Alice").await?;
            stage.expect_done(&call, "playPrompt", 1, secs(30)).await.map(drop)
        })
    },
};
