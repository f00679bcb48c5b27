//! Who may notify: further faults of tokens, and genuine ones that are a little different.

use bot_reference::Flaw;
use seam::BoxFuture;
use serde_json::{Value, json};

use super::{USUAL, hours, secs};
use crate::{
    case::{Case, Level, Need},
    failure::Wrong,
    journal::Line,
    rule::{Rule, Sourced},
    rules,
    stage::{
        Stage,
        judging::{expect_no_stumbling, expect_refused},
        letters::{Letter, entry, envelope},
    },
};

/// In reading order.
pub const CASES: &[&Case] = &[
    &UNSIGNED,
    &SYMMETRIC,
    &NOT_YET_VALID,
    &GARBAGE,
    &EVERY_NOTIFICATION,
    &KEY_EXCHANGED,
    &KEYS_UNREACHABLE,
    &REPLAYED,
    &NO_KEY_NAMED,
    &OTHER_TENANT,
    &OTHER_ISSUER,
    &LOWER_CASE,
];

/// A call that does not exist.
const NO_CALL: &str = "0badca11-0000-4000-8000-000000000002";

const KEYS: Rule = Rule {
    id: "notification.keys",
    contract: Some("R-311"),
    sourced: Sourced::Documented,
    says: "The keys are those of the platform's metadata, which change: a key that is not known is looked up there, \
           and while that is impossible nobody is told that his token is bad.",
    source: "microsoft-graph-comms-samples, AuthenticationProvider.cs: the configuration is read again",
};

const ISSUERS: Rule = Rule {
    id: "notification.issuers",
    contract: Some("R-311"),
    sourced: Sourced::Observed,
    says: "Tokens are issued by https://api.botframework.com, or by https://graph.microsoft.com.",
    source: "microsoft-graph-comms-samples, AuthenticationProvider.cs takes both",
};

const OWN_TENANTS: Rule = Rule {
    id: "notification.ownTenants",
    contract: Some("R-048"),
    sourced: Sourced::Prudent,
    says: "A bot believes tokens of the tenants that it serves.",
    source: "it could not act in the calls of others: they are refused with 7505",
};

const SCHEME: Rule = Rule {
    id: "notification.scheme",
    contract: None,
    sourced: Sourced::Prudent,
    says: "The scheme 'Bearer' is written in any case.",
    source: "RFC 9110, section 11.1",
};

/// Posts an invitation to a call that does not exist with a token that is faulty; the bot must not fall for it.
fn refused<'a>(
    stage: &'a Stage,
    fault: &'static str,
    value: Value,
) -> BoxFuture<'a, Result<(), Wrong>> {
    Box::pin(async move {
        let letter = with_token(stage.token(&[(fault, value)]).await?);
        expect_refused(stage.posts(&letter).await?)?;
        let fell_for_it = |lines: &[Line]| {
            let about = |line: &Line| line.call_id.as_deref() == Some(NO_CALL);
            lines.iter().any(|line| line.kind == "request" && about(line))
        };
        if stage.happens(secs(10), fell_for_it).await? {
            return Err(Wrong::bot("no request about that call", "there was one"));
        }
        stage.expect_alive().await
    })
}

fn with_token(token: String) -> Letter {
    Letter {
        authorization: Some(format!("Bearer {token}")),
        content_type: "application/json",
        body: envelope(vec![entry(NO_CALL, "created", json!({"state": "incoming"}))]).to_string(),
    }
}

/// The same without anything to act on.
fn harmless(authorization: String) -> Letter {
    let body = envelope(vec![entry(NO_CALL, "deleted", json!({"state": "terminated"}))]);
    let authorization = Some(authorization);
    Letter { authorization, content_type: "application/json", body: body.to_string() }
}

const FORGED: Case = Case {
    level: Level::Must,
    rule: &rules::VALIDATE_TOKENS,
    needs: &[Need::Tokens],
    steps: &[
        "Somebody posts a notification of an incoming call whose token is wrong in one way.",
        "The bot answers 401 or 403, and asks Graph nothing about that call.",
        "Carol rings; her call is established.",
    ],
    ..USUAL
};

const UNSIGNED: Case = Case {
    id: "authentication/unsigned",
    title: "A token whose algorithm is 'none' is refused",
    kills: &[Flaw::AcceptsUnsignedTokens],
    story: |stage| refused(stage, "key", "none".into()),
    ..FORGED
};

const SYMMETRIC: Case = Case {
    id: "authentication/symmetric-signature",
    title: "A token signed with the public key for a secret (HS256) is refused",
    kills: &[Flaw::TakesSymmetricSignatures],
    story: |stage| refused(stage, "key", "symmetric".into()),
    ..FORGED
};

const NOT_YET_VALID: Case = Case {
    id: "authentication/not-yet-valid",
    title: "A token that becomes valid in half an hour is refused",
    kills: &[Flaw::IgnoresNotBefore],
    story: |stage| refused(stage, "notBeforeSeconds", 1_800.into()),
    ..FORGED
};

const GARBAGE: Case = Case {
    id: "authentication/garbage",
    title: "What is no token is refused like a bad one",
    steps: &[
        "Somebody posts notifications with no token but a word, three dots, a token cut short, another scheme.",
        "The bot answers each with 401 or 403: a 5xx would have the platform try again.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::FailsOnGarbageTokens],
    story: |stage| {
        Box::pin(async move {
            let genuine = stage.token(&[]).await?;
            let short = genuine[..genuine.len() / 2].to_owned();
            let words = ["Bearer", "Bearer ...", "Bearer x.y.z", "Basic Ym90OmJvdA=="];
            let words = words.into_iter().map(str::to_owned);
            for authorization in words.chain([format!("Bearer {short}")]) {
                expect_refused(stage.posts(&harmless(authorization)).await?)?;
            }
            stage.expect_alive().await
        })
    },
    ..FORGED
};

const EVERY_NOTIFICATION: Case = Case {
    id: "authentication/every-notification",
    title: "The token of every notification is checked, not only an incoming call's",
    steps: &[
        "Alice's call is established.",
        "Somebody posts that it is over, with a forged token; the bot answers 401 or 403.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::ChecksInvitationsOnly],
    story: |stage| {
        Box::pin(async move {
            let call = stage.is_in_call_with("Alice").await?;
            let token = stage.token(&[("key", "unknown".into())]).await?;
            let body = envelope(vec![entry(&call.id, "deleted", json!({"state": "terminated"}))]);
            let letter = Letter { body: body.to_string(), ..with_token(token) };
            expect_refused(stage.posts(&letter).await?)?;
            stage.expect_alive().await
        })
    },
    ..FORGED
};

const KEY_EXCHANGED: Case = Case {
    id: "authentication/key-exchanged",
    title: "A bot believes the key with which the platform signs from now on",
    level: Level::Should,
    rule: &KEYS,
    needs: &[Need::KeyExchange],
    steps: &[
        "Alice's call is established.",
        "The platform exchanges its key; its metadata shows both.",
        "Bob rings; his call is established.",
    ],
    kills: &[Flaw::TrustsCachedKeysForever],
    story: |stage| {
        Box::pin(async move {
            stage.is_in_call_with("Alice").await?;
            stage.control().post("/keys/rotate", json!({"which": "platform"})).await?;
            stage.is_in_call_with("Bob").await.map(drop)
        })
    },
    ..FORGED
};

const KEYS_UNREACHABLE: Case = Case {
    id: "authentication/keys-unreachable",
    title: "A bot that cannot read the platform's keys does not say that the token is bad",
    level: Level::Should,
    rule: &KEYS,
    needs: &[Need::KeyExchange, Need::Faults],
    steps: &[
        "The platform exchanges its key, and its metadata cannot be read once.",
        "Alice rings. A bot that answers 5xx is told again a second later; 401 is final.",
        "The call is established.",
    ],
    kills: &[Flaw::RefusesWithoutKeys],
    story: |stage| {
        Box::pin(async move {
            stage.control().post("/keys/rotate", json!({"which": "platform"})).await?;
            stage.goes_wrong(json!([{"keys": {"reply": {"status": 503}}}])).await?;
            stage.is_in_call_with("Alice").await.map(drop)
        })
    },
    ..FORGED
};

const REPLAYED: Case = Case {
    id: "authentication/replayed",
    title: "A token that was good once is refused after its time",
    level: Level::Should,
    needs: &[Need::Tokens, Need::TokensExpire],
    steps: &[
        "A genuine notification comes; the bot takes it.",
        "Two hours later somebody posts it once more, with the same token.",
        "The bot answers 401 or 403.",
    ],
    limit: hours(3),
    kills: &[Flaw::RemembersGoodTokens],
    story: |stage| {
        Box::pin(async move {
            let letter = harmless(format!("Bearer {}", stage.token(&[]).await?));
            let status = stage.posts(&letter).await?;
            if !(200..300).contains(&status) {
                return Err(Wrong::bot("a 2xx at first", format!("the bot answered {status}")));
            }
            stage.let_pass(hours(2)).await;
            expect_refused(stage.posts(&letter).await?)?;
            stage.expect_alive().await
        })
    },
    ..FORGED
};

const NO_KEY_NAMED: Case = Case {
    id: "authentication/no-key-named",
    title: "A bot does not stumble over a token that names no key",
    level: Level::Should,
    rule: &KEYS,
    steps: &[
        "A notification comes with a genuine token whose header has no kid.",
        "The bot answers 2xx, if it tries all keys, or 4xx, but no 5xx.",
        "Carol rings; her call is established.",
    ],
    kills: &[Flaw::FailsOnGarbageTokens],
    story: |stage| {
        Box::pin(async move {
            let token = stage.token(&[("omit", json!(["kid"]))]).await?;
            expect_no_stumbling(stage.posts(&harmless(format!("Bearer {token}"))).await?)?;
            stage.expect_alive().await
        })
    },
    ..FORGED
};

const OTHER_TENANT: Case = Case {
    id: "authentication/other-tenant",
    title: "A token of a tenant that the bot does not serve is refused",
    level: Level::May,
    rule: &OWN_TENANTS,
    kills: &[Flaw::TakesAnyTenant],
    story: |stage| refused(stage, "tenantId", "0badca11-0000-4000-8000-00000000dead".into()),
    ..FORGED
};

const OTHER_ISSUER: Case = Case {
    id: "authentication/graph-as-issuer",
    title: "A token that graph.microsoft.com issued is believed",
    level: Level::May,
    rule: &ISSUERS,
    steps: &["A notification comes whose token Graph itself has issued.", "The bot answers 2xx."],
    kills: &[Flaw::KnowsOneIssuer],
    story: |stage| {
        Box::pin(async move {
            let token = stage.token(&[("issuer", "https://graph.microsoft.com".into())]).await?;
            taken(stage.posts(&harmless(format!("Bearer {token}"))).await?)
        })
    },
    ..FORGED
};

const LOWER_CASE: Case = Case {
    id: "authentication/lower-case-scheme",
    title: "A genuine token behind 'bearer' is believed",
    level: Level::May,
    rule: &SCHEME,
    steps: &["A notification comes with 'bearer' in lower case.", "The bot answers 2xx."],
    kills: &[Flaw::WantsCapitalBearer],
    story: |stage| {
        Box::pin(async move {
            let token = stage.token(&[]).await?;
            taken(stage.posts(&harmless(format!("bearer {token}"))).await?)
        })
    },
    ..FORGED
};

fn taken(status: u16) -> Result<(), Wrong> {
    match status {
        200..=299 => Ok(()),
        _ => Err(Wrong::bot("a 2xx", format!("the bot answered {status}"))),
    }
}
