//! Keys that people press.

use bot_reference::Flaw;
use graph_fake::manifest::Deed;
use serde_json::json;

use super::{USUAL, minutes, secs};
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::{Line, exchanges},
    rule::{Rule, Sourced},
    rules,
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&ONCE, &ACTED_ON, &OWN_CALL, &SUBSCRIBES, &AGAIN, &UNKNOWN, &MISSING, &IN_A_PROMPT, &FAST];

/// Once.
pub const ONCE: Case = Case {
    id: "tones/once",
    title: "A key that is told twice is acted on once",
    level: Level::Should,
    rule: &rules::TONE_ONCE,
    profile: Profile::ServiceHosted,
    needs: &[Need::Tokens],
    steps: &[
        "Alice's call is established; if the bot subscribes to tones within half a minute, Alice presses 9.",
        "A quarter of a minute later the notification of that key comes once more.",
        "In the next quarter of a minute the bot asks nothing about this call.",
    ],
    limit: secs(180),
    kills: &[Flaw::ActsTwiceOnRepeatedTone],
    story: |stage| {
        Box::pin(async move {
            let call = stage.rings_the_bot(&stage.person("Alice")).await?;
            stage.is_answered(&call).await?;
            let listens = |lines: &[Line]| {
                exchanges(lines, &call.id, "subscribeToTone").iter().any(|asked| asked.worked())
            };
            if !stage.happens(secs(30), listens).await? {
                // Nothing says that a bot has to care for keys.
                return Ok(());
            }
            stage.presses(&call, &["tone9"]).await?;
            stage.let_pass(secs(15)).await;
            let before = stage.requests(&call, "").await?.len();

            let tone = json!({"sequenceId": 1, "tone": "tone9"});
            let data = json!({"state": "established", "toneInfo": tone});
            let entry = json!({"changeType": "updated", "resourceData": data});
            stage.notifies(&call.id, None, entry).await?;
            stage.let_pass(secs(15)).await;

            match &stage.requests(&call, "").await?[before..] {
                [] => Ok(()),
                [twice, ..] => {
                    Err(Wrong::bot("nothing new", format!("the bot asked for '{}'", twice.op)))
                }
            }
        })
    },
};

const SUBSCRIBE: Rule = Rule {
    id: "tone.subscribe",
    contract: Some("R-253"),
    sourced: Sourced::Documented,
    says: "Tones are subscribed to in an established call; what was pressed before is lost.",
    source: "https://learn.microsoft.com/graph/api/call-subscribetotone",
};

const EACH_KEY: Rule = Rule {
    id: "tone.each",
    contract: Some("R-253"),
    sourced: Sourced::Documented,
    says: "Every key that is told is acted on, in the call in which it was pressed, whatever the bot is doing and \
           whatever may be missing before it.",
    source: "https://learn.microsoft.com/graph/api/resources/toneinfo",
};

const LISTENS: Case = Case { profile: Profile::Tones, rule: &EACH_KEY, ..USUAL };

/// One key, one deed.
pub const ACTED_ON: Case = Case {
    id: "tones/acted-on",
    title: "A bot does what its key says",
    level: Level::Must,
    needs: &[Need::Asked(Deed::HangUp)],
    steps: &[
        "Alice's call is established; she presses the key by which the bot hangs up.",
        "Within half a minute the call is over.",
    ],
    kills: &[Flaw::DeafToKeys],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.asks_bot_to(&call, Deed::HangUp).await?;
            stage.expect_end(&call, secs(30)).await
        })
    },
    ..LISTENS
};

/// Not another's.
pub const OWN_CALL: Case = Case {
    id: "tones/own-call",
    title: "A key concerns the call in which it was pressed",
    level: Level::Must,
    needs: &[Need::Asked(Deed::HangUp)],
    steps: &[
        "Alice's and Bob's calls are established; one of them presses the key by which the bot hangs up.",
        "That call is over within half a minute, and the other one is not.",
    ],
    kills: &[Flaw::TakesKeysForAnotherCall],
    story: |stage| {
        Box::pin(async move {
            let one = stage.is_in_call_with("Alice").await?;
            let other = stage.is_in_call_with("Bob").await?;
            // A bot that takes the last for the first would be right by chance half of the time.
            let (first, second) = if one.id < other.id { (one, other) } else { (other, one) };
            stage.asks_bot_to(&first, Deed::HangUp).await?;
            stage.expect_end(&first, secs(30)).await?;
            stage.expect_state(&second, "established").await
        })
    },
    ..LISTENS
};

/// In time.
pub const SUBSCRIBES: Case = Case {
    id: "tones/subscribes-when-established",
    title: "A bot subscribes to tones when the call is established, not before",
    rule: &SUBSCRIBE,
    steps: &[
        "Alice's call is established.",
        "Within a minute the bot has subscribed; none was refused.",
    ],
    kills: &[Flaw::SubscribesTooEarly],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            let asked = stage.requests(&call, "subscribeToTone").await?;
            match asked.iter().find(|asked| !asked.worked()) {
                None => Ok(()),
                Some(refused) => {
                    let code = refused.code.as_deref().unwrap_or("no answer");
                    Err(Wrong::bot("no subscription to be refused", format!("one was: {code}")))
                }
            }
        })
    },
    ..LISTENS
};

/// Until it works.
pub const AGAIN: Case = Case {
    id: "tones/subscribes-again",
    title: "A bot whose subscription to tones fails for a while subscribes later",
    rule: &SUBSCRIBE,
    needs: &[Need::Faults, Need::Simulated],
    steps: &[
        "Alice's call is established; the first eight subscriptions to tones will fail with 503.",
        "Within ten minutes one is accepted.",
    ],
    limit: minutes(15),
    kills: &[Flaw::SubscribesOnceOnly],
    story: |stage| {
        Box::pin(async move {
            stage.fails("subscribeToTone", 8, 503, None).await?;
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_does(&call, "subscribeToTone", 1, minutes(10)).await.map(drop)
        })
    },
    ..LISTENS
};

/// A new kind of key.
pub const UNKNOWN: Case = Case {
    id: "tones/unknown",
    title: "A bot does not stumble over a tone that it does not know",
    needs: &[Need::Asked(Deed::HangUp), Need::Tokens],
    steps: &[
        "Alice's call is established; a notification says that 'unknownFutureValue' was pressed. The bot answers 2xx.",
        "Alice presses the key by which the bot hangs up: the call is over within half a minute.",
    ],
    kills: &[Flaw::RefusesUnknownTones],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            let tone = json!({"sequenceId": 900, "tone": "unknownFutureValue"});
            let data = json!({"state": "established", "toneInfo": tone});
            stage.is_told_of(&call, "updated", data).await?;
            stage.expect_survival(&call, secs(5)).await?;
            stage.is_told_of_key(&call, 901, Deed::HangUp).await?;
            stage.expect_end(&call, secs(30)).await
        })
    },
    ..LISTENS
};

/// A gap.
pub const MISSING: Case = Case {
    id: "tones/one-is-missing",
    title: "A bot acts on a key though the one before it was lost",
    needs: &[Need::Asked(Deed::HangUp), Need::Asked(Deed::Menu), Need::Faults],
    steps: &[
        "Alice's call is established; she presses two keys, and the notification of the first is lost.",
        "The second is the one by which the bot hangs up: the call is over within half a minute.",
    ],
    kills: &[Flaw::WaitsForMissingKeys],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            stage.goes_wrong(json!([{"notification": {"of": "tone", "lose": true}}])).await?;
            stage.asks_bot_to(&call, Deed::Menu).await?;
            stage.asks_bot_to(&call, Deed::HangUp).await?;
            stage.expect_end(&call, secs(30)).await
        })
    },
    ..LISTENS
};

/// Meanwhile.
pub const IN_A_PROMPT: Case = Case {
    id: "tones/in-a-prompt",
    title: "A bot heeds a key while it speaks",
    needs: &[Need::Asked(Deed::Story), Need::Asked(Deed::HangUp)],
    steps: &[
        "Alice asks the bot for its story; while it plays she presses the key by which the bot hangs up.",
        "The call is over within 4 seconds.",
    ],
    kills: &[Flaw::DeafWhileSpeaking],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            let before = stage.count(&call, "playPrompt").await?;
            stage.asks_bot_to(&call, Deed::Story).await?;
            stage.bot_does(&call, "playPrompt", before + 1, secs(10)).await?;
            stage.asks_bot_to(&call, Deed::HangUp).await?;
            stage.expect_end(&call, secs(4)).await
        })
    },
    ..LISTENS
};

/// Three in half a second.
pub const FAST: Case = Case {
    id: "tones/fast",
    title: "A bot loses none of three keys that are pressed fast",
    needs: &[Need::Asked(Deed::HangUp), Need::Asked(Deed::Menu)],
    steps: &[
        "Alice presses three keys in half a second; the last is the one by which the bot hangs up.",
        "The call is over within half a minute.",
    ],
    kills: &[Flaw::LosesFastKeys],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            stage.bot_listens(&call).await?;
            let keys = [Deed::Menu, Deed::Menu, Deed::HangUp].map(|deed| stage.key_of(deed));
            let [first, second, last] = keys;
            stage.presses(&call, &[&first?, &second?, &last?]).await?;
            stage.expect_end(&call, secs(30)).await
        })
    },
    ..LISTENS
};
