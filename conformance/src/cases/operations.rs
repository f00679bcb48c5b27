//! Operations and their ends: others', lost, unexplained, late. And a caller who comes back from hold.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::{Value, json};

use super::{minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Exchange, Line, exchanges},
    rule::{Rule, Sourced},
    stage::{Call, Stage, letters},
};

/// In reading order.
pub const CASES: &[&Case] = &[&OTHERS_END, &OUT_OF_ORDER, &WITHOUT_RESULT, &END_LOST, &HELD];

const OWN_CONTEXT: Rule = Rule {
    id: "operation.context",
    contract: Some("R-271"),
    sourced: Sourced::Documented,
    says: "clientContext comes back as it was given, and says whose end an end is.",
    source: "https://learn.microsoft.com/graph/api/resources/commsoperation",
};

const RESULT_MAY_BE_MISSING: Rule = Rule {
    id: "operation.resultMayBeMissing",
    contract: Some("R-270"),
    sourced: Sourced::Prudent,
    says: "An operation that has failed is over, with or without a resultInfo.",
    source: "resultInfo is nullable; https://learn.microsoft.com/graph/api/resources/commsoperation",
};

const END_MAY_BE_LOST: Rule = Rule {
    id: "operation.endMayBeLost",
    contract: Some("R-317"),
    sourced: Sourced::Prudent,
    says: "The end of an operation may never be told; what waits for it goes on all the same, some time.",
    source: "deliveries are tried a few times and then given up",
};

const HOLD: Rule = Rule {
    id: "call.hold",
    contract: Some("R-151"),
    sourced: Sourced::Prudent,
    says: "A call on hold is no call that has ended.",
    source: "hold is one of the states of a call; it goes on when the other end comes back",
};

/// The bot tells a long story; its request to play it.
async fn tells_a_story(stage: &Stage, call: &Call) -> Result<Exchange, Wrong> {
    stage.bot_listens(call).await?;
    stage.let_pass(secs(15)).await;
    let before = stage.requests(call, "playPrompt").await?.len();
    stage.asks_bot_to(call, Deed::Story).await?;
    stage.expect_done(call, "playPrompt", before + 1, secs(20)).await
}

/// The end of an operation, as the platform tells it.
fn end(call: &Call, id: &str, context: &Value, status: &str) -> Value {
    let mut entry = letters::entry(&call.id, "deleted", json!({}));
    for (name, base) in [("resource", "/app/calls"), ("resourceUrl", "/communications/calls")] {
        entry[name] = format!("{base}/{}/operations/{id}", call.id).into();
    }
    entry["resourceData"] = json!({
        "@odata.type": "#microsoft.graph.playPromptOperation", "id": id, "status": status,
        "clientContext": context,
    });
    entry
}

/// Somebody's.
pub const OTHERS_END: Case = Case {
    id: "operations/end-of-an-unknown-one",
    title: "The end of an operation that a bot does not know is not the end of what it is saying",
    level: Level::Must,
    rule: &OWN_CONTEXT,
    profile: Profile::Tones,
    needs: &[Need::Tokens, Need::Asked(Deed::Story)],
    steps: &[
        "Alice's call is established; she asks the bot for something long, and it begins.",
        "An operation ends that the bot has never asked for, with an unknown clientContext; and one without any.",
        "In the next 3 seconds the bot begins to say nothing else.",
    ],
    limit: secs(180),
    kills: &[Flaw::TakesAnyEndForItsOwn],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            tells_a_story(stage, &call).await?;
            stage.let_pass(secs(1)).await;
            let before = stage.mark().await?;
            for (id, context) in [(1, json!("nobody-knows-this")), (2, Value::Null)] {
                let id = format!("0badca11-0000-4000-8000-{id:012x}");
                stage
                    .is_told(&letters::envelope(vec![end(&call, &id, &context, "completed")]))
                    .await?;
            }
            stage.expect_no(&call, &["playPrompt", "recordResponse"], before, secs(3)).await
        })
    },
};

/// The one before the other.
pub const OUT_OF_ORDER: Case = Case {
    id: "operations/ends-out-of-order",
    title: "Of two operations that run at once, the end of one is not the other's",
    level: Level::Should,
    rule: &OWN_CONTEXT,
    profile: Profile::Tones,
    needs: &[Need::Asked(Deed::Story), Need::Asked(Deed::Invite)],
    steps: &[
        "Alice's call is established; she asks the bot to bring Bob in, who takes 18 seconds to answer.",
        "Then she asks it for something long, and it begins; meanwhile Bob comes, and the invitation ends.",
        "The bot begins to say nothing else before what it says has ended.",
    ],
    limit: secs(240),
    kills: &[Flaw::TakesAnyEndForItsOwn],
    story: |stage| {
        Box::pin(async move {
            stage.reacts("Bob", "answer", Some(18_000)).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.asks_bot_to(&call, Deed::Invite).await?;
            let invited = stage.expect_done(&call, "invite", 1, secs(20)).await?;
            tells_a_story(stage, &call).await?;
            let before = stage.mark().await?;
            let told = |lines: &[Line]| {
                lines.iter().any(|line| is_end_of(line, &call, &invited.body["clientContext"]))
            };
            if !stage.happens(secs(6), told).await? {
                // The story was over before Bob came: nothing ran at once.
                return Ok(());
            }
            stage.expect_no(&call, &["playPrompt", "recordResponse"], before, secs(2)).await
        })
    },
};

fn is_end_of(line: &Line, call: &Call, context: &Value) -> bool {
    line.kind == "notification"
        && line.call_id.as_deref() == Some(&call.id)
        && line.detail.pointer("/body/value/0/resourceData/clientContext") == Some(context)
        && !context.is_null()
}

/// Nobody says why.
pub const WITHOUT_RESULT: Case = Case {
    id: "operations/failed-without-result",
    title: "An operation that failed without a resultInfo is over",
    level: Level::Should,
    rule: &RESULT_MAY_BE_MISSING,
    profile: Profile::Tones,
    needs: &[Need::Tokens, Need::Asked(Deed::Story), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she asks the bot for something long, and it begins.",
        "That it has failed is told, without a resultInfo: the bot answers 2xx.",
        "A little later she asks it to say something, and it does.",
    ],
    limit: secs(240),
    kills: &[Flaw::ExpectsResultInfo],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let story = tells_a_story(stage, &call).await?;
            stage.let_pass(secs(2)).await;
            let id = "0badca11-0000-4000-8000-000000000001";
            let end = end(&call, id, &story.body["clientContext"], "failed");
            stage.is_told(&letters::envelope(vec![end])).await?;
            stage.let_pass(secs(15)).await;
            stage.expect_service(&call).await
        })
    },
};

/// It never comes.
pub const END_LOST: Case = Case {
    id: "operations/end-lost",
    title: "A bot does not wait for ever for the end of a prompt",
    level: Level::Should,
    rule: &END_MAY_BE_LOST,
    profile: Profile::Tones,
    needs: &[Need::Faults, Need::Asked(Deed::Menu)],
    steps: &[
        "Alice rings; that the bot's first prompt has ended is never told.",
        "Five minutes later the bot listens to keys, and says something when it is asked to.",
    ],
    limit: minutes(10),
    kills: &[Flaw::HangsOnLostOperationEnd],
    story: |stage| {
        Box::pin(async move {
            let lost = json!([{"notification": {"of": "operation", "nth": 1, "lose": true}}]);
            stage.goes_wrong(lost).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.let_pass(minutes(5)).await;
            let listens = exchanges(&stage.journal().await?, &call.id, "subscribeToTone");
            if !listens.iter().any(|asked| asked.worked()) {
                let expected = "a subscription to tones within five minutes";
                return Err(Wrong::bot(expected, "the bot still waits"));
            }
            stage.expect_service(&call).await
        })
    },
};

/// A moment, please.
pub const HELD: Case = Case {
    id: "operations/caller-comes-back-from-hold",
    title: "A bot that was put on hold is there when the caller comes back",
    level: Level::Should,
    rule: &HOLD,
    profile: Profile::Tones,
    needs: &[Need::Asked(Deed::Menu)],
    steps: &[
        "Alice's call is established; she puts it on hold for ten minutes, which its state says.",
        "The bot does not hang up.",
        "She comes back and asks the bot to say something, and it does.",
    ],
    limit: minutes(20),
    kills: &[Flaw::TakesHoldForTheEnd],
    story: |stage| {
        Box::pin(async move {
            stage.switches(json!({"showsHold": true})).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.let_pass(secs(15)).await;
            let before = stage.mark().await?;
            stage.acts(&call, "hold").await?;
            stage.expect_no(&call, &["delete", "playPrompt"], before, minutes(10)).await?;
            stage.acts(&call, "resume").await?;
            stage.expect_service(&call).await
        })
    },
};
