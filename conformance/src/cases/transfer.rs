//! Callers are put through to somebody else.

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
pub const CASES: &[&Case] = &[
    &ACCEPTED,
    &IN_A_MEETING,
    &DECLINED,
    &NO_ANSWER,
    &CALLER_HANGS_UP,
    &SERVER_ERROR,
    &REPLY_LOST,
];

const SEQUENCE: Rule = Rule {
    id: "transfer.sequence",
    contract: Some("R-134"),
    sourced: Sourced::Documented,
    says: "A transfer that works ends the bot's own call: transferring, transferAccepted, terminated. Until then the \
           bot holds the line.",
    source: "https://learn.microsoft.com/graph/api/call-transfer",
};

/// In a conference.
pub const WHOM: Rule = Rule {
    id: "transfer.whom",
    contract: Some("R-132"),
    sourced: Sourced::Documented,
    says: "In a group call a transfer names the transferee, with the id as a participant.",
    source: "https://learn.microsoft.com/graph/api/call-transfer",
};

const FAILS: Rule = Rule {
    id: "transfer.fails",
    contract: Some("R-136"),
    sourced: Sourced::Documented,
    says: "A transfer that fails gives the call back: established, with a resultInfo, and active audio.",
    source: "https://learn.microsoft.com/graph/api/call-transfer",
};

const NOT_REPEATED: Rule = Rule {
    id: "transfer.notRepeated",
    contract: Some("R-275"),
    sourced: Sourced::Prudent,
    says: "A transfer that may have been heard is not repeated; what becomes of it is told.",
    source: "there is no key that makes it idempotent; a second one is refused or rings twice",
};

/// Alice's call, in which she has asked to be put through, and Graph took the transfer.
async fn asked(stage: &Stage) -> Result<Call, Wrong> {
    let call = stage.is_in_call_with("Alice").await?;
    stage.let_pass(secs(15)).await;
    stage.asks_bot_to(&call, Deed::Transfer).await?;
    stage.expect_done(&call, "transfer", 1, secs(20)).await?;
    Ok(call)
}

/// Through.
pub const ACCEPTED: Case = Case {
    id: "transfer/accepted",
    title: "A bot puts a caller through, and lets the platform end its call",
    level: Level::Must,
    rule: &SEQUENCE,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through to Bob, who takes 5 seconds to answer.",
        "Graph takes the transfer; the bot does not hang up.",
        "Bob answers, the bot's call ends, and it asks nothing more about it.",
    ],
    limit: secs(300),
    kills: &[Flaw::HangsUpAfterTransfer],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Bob", "answer", Some(5_000)).await?;
            let call = asked(stage).await?;
            stage.is_over(&call, secs(20)).await?;
            if !stage.requests(&call, "delete").await?.is_empty() {
                let actual = "it hung up, and the caller was let go";
                return Err(Wrong::bot("the bot to hold the line", actual));
            }
            let end = stage.hears_of_the_end(&call).await?;
            stage.expect_quiet(&call, end, minutes(2)).await
        })
    },
};

/// Whom?
pub const IN_A_MEETING: Case = Case {
    id: "transfer/in-a-meeting",
    title: "A bot in a meeting says whom it puts through",
    level: Level::Should,
    rule: &WHOM,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice has invited the bot into a meeting; she asks it to put her through to Bob.",
        "The transfer names her as a participant, and Graph takes it.",
    ],
    limit: secs(180),
    kills: &[Flaw::TransfersNobody],
    story: |stage| {
        Box::pin(async move {
            let (_, call) = stage.is_in_a_meeting().await?;
            stage.let_pass(secs(15)).await;
            stage.asks_bot_to(&call, Deed::Transfer).await?;
            stage.expect_done(&call, "transfer", 1, secs(20)).await.map(drop)
        })
    },
};

/// Bob reacts like this; the transfer fails, and the bot serves on.
async fn given_back(stage: &Stage, how: &str) -> Result<(), Wrong> {
    stage.reacts("Bob", how, None).await?;
    let call = asked(stage).await?;
    stage.let_pass(secs(80)).await;
    stage.expect_state(&call, "established").await?;
    stage.expect_service(&call).await
}

/// No.
pub const DECLINED: Case = Case {
    id: "transfer/declined",
    title: "A bot goes on with its caller when the colleague declines",
    level: Level::Should,
    rule: &FAILS,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through to Bob, who declines.",
        "The call is established again, with resultInfo 500/7000, and audio is active.",
        "A minute later she asks the bot to say something, and it does.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeaksCallOnFailedTransfer],
    story: |stage| Box::pin(async move { given_back(stage, "decline").await }),
};

/// Nobody at home.
pub const NO_ANSWER: Case = Case {
    id: "transfer/no-answer",
    title: "A bot goes on with its caller when the colleague does not answer",
    level: Level::Should,
    rule: &FAILS,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through to Bob, who does not answer.",
        "After a minute the call is established again, and audio is active.",
        "She asks the bot to say something, and it does.",
    ],
    limit: secs(300),
    kills: &[Flaw::LeaksCallOnFailedTransfer],
    story: |stage| Box::pin(async move { given_back(stage, "ignore").await }),
};

/// Never mind.
pub const CALLER_HANGS_UP: Case = Case {
    id: "transfer/caller-hangs-up",
    title: "A caller who hangs up while the colleague is rung is gone",
    level: Level::Should,
    rule: &SEQUENCE,
    profile: Profile::Transfer,
    needs: &[Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through to Bob, who does not answer.",
        "She hangs up; the bot takes the notification of the end.",
        "In the next five minutes it asks nothing about this call; it takes the next one.",
    ],
    limit: minutes(10),
    kills: &[Flaw::KeepsTalkingAfterEnd],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Bob", "ignore", None).await?;
            let call = asked(stage).await?;
            stage.let_pass(secs(5)).await;
            stage.hangs_up(&call).await?;
            let end = stage.hears_of_the_end(&call).await?;
            stage.expect_quiet(&call, end, minutes(5)).await?;
            stage.expect_alive().await
        })
    },
};

/// Something broke.
pub const SERVER_ERROR: Case = Case {
    id: "transfer/server-error",
    title: "A bot whose transfer meets an error of the server does not let the caller go",
    level: Level::Should,
    rule: &FAILS,
    profile: Profile::Transfer,
    needs: &[Need::Faults, Need::Asked(Deed::Transfer), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through, and Graph answers 500.",
        "Five minutes later the call goes on, and the bot says something when it is asked to.",
    ],
    limit: minutes(10),
    kills: &[Flaw::HangsUpAfterTransfer],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.fails("transfer", 1_000, 500, None).await?;
            stage.asks_bot_to(&call, Deed::Transfer).await?;
            stage.is_refused(&call, "transfer", 1, secs(20)).await?;
            stage.let_pass(minutes(5)).await;
            stage.expect_state(&call, "established").await?;
            stage.expect_service(&call).await
        })
    },
};

/// Nobody knows whether it was heard.
pub const REPLY_LOST: Case = Case {
    id: "transfer/reply-lost",
    title: "A bot does not repeat a transfer whose reply was lost",
    level: Level::Should,
    rule: &NOT_REPEATED,
    profile: Profile::Transfer,
    needs: &[Need::Faults, Need::Asked(Deed::Transfer)],
    steps: &[
        "Alice's call is established; she asks the bot to put her through to Bob, who takes 20 seconds to answer.",
        "Graph hears the transfer, and its reply is lost.",
        "Bob answers, and the call is over; the bot has asked for one transfer.",
    ],
    limit: secs(300),
    kills: &[Flaw::TransfersTwiceOnLostReply],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Bob", "answer", Some(20_000)).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(secs(15)).await;
            stage.goes_wrong(json!([{"graph": {"op": "transfer", "loseReply": true}}])).await?;
            stage.asks_bot_to(&call, Deed::Transfer).await?;
            stage.is_over(&call, secs(60)).await?;
            match stage.requests(&call, "transfer").await?.len() {
                1 => Ok(()),
                many => Err(Wrong::bot("one transfer", format!("there were {many}"))),
            }
        })
    },
};
