//! Who may notify.

use std::time::Duration;

use bot_reference::Flaw;
use seam::BoxFuture;
use serde_json::json;
use sim::plan::Forgery;

use super::secs;
use crate::{
    case::{Case, Level, Need, Profile},
    failure::Wrong,
    journal::Line,
    rules,
    stage::Stage,
};

/// In reading order.
pub const CASES: &[&Case] =
    &[&NO_TOKEN, &FORGED_SIGNATURE, &WRONG_AUDIENCE, &EXPIRED, &WRONG_ISSUER, &NO_TENANT];

/// A call that does not exist.
const NO_CALL: &str = "0badca11-0000-4000-8000-000000000001";
/// A bot that fell for it would have asked Graph by then.
const CONSEQUENCES: Duration = secs(10);

const STEPS: &[&str] = &[
    "Somebody posts a notification of an incoming call whose token is wrong in one way.",
    "The bot answers 401 or 403, and asks Graph nothing about that call.",
    "Carol rings; her call is established.",
];

fn refused<'a>(stage: &'a Stage, fault: Forgery) -> BoxFuture<'a, Result<(), Wrong>> {
    Box::pin(async move {
        let data =
            json!({"@odata.type": "#microsoft.graph.call", "state": "incoming", "id": NO_CALL});
        let entry = json!({"changeType": "created", "resourceData": data});

        let status = stage.notifies(NO_CALL, Some(fault), entry).await?;

        if !matches!(status, 401 | 403) {
            return Err(Wrong::bot(
                "the notification to be refused with 401 or 403",
                format!("it got {status}"),
            ));
        }
        let fell_for_it = |lines: &[Line]| {
            lines
                .iter()
                .any(|line| line.kind == "request" && line.call_id.as_deref() == Some(NO_CALL))
        };
        if stage.happens(CONSEQUENCES, fell_for_it).await? {
            return Err(Wrong::bot("no request about that call", "there was one"));
        }
        stage.expect_alive().await
    })
}

const fn case(
    id: &'static str,
    title: &'static str,
    kills: &'static [Flaw],
    story: crate::Story,
) -> Case {
    Case {
        id,
        title,
        level: Level::Must,
        rule: &rules::VALIDATE_TOKENS,
        profile: Profile::Callable,
        needs: &[Need::Tokens],
        steps: STEPS,
        limit: secs(180),
        kills,
        story,
    }
}

/// No token.
pub const NO_TOKEN: Case = case(
    "authentication/no-token",
    "A notification without a token is refused",
    &[Flaw::AcceptsMissingToken],
    |stage| refused(stage, Forgery::Missing),
);

/// A stranger's signature.
pub const FORGED_SIGNATURE: Case = case(
    "authentication/forged-signature",
    "A notification with a forged signature is refused",
    &[Flaw::TrustsAnySignature],
    |stage| refused(stage, Forgery::Signature),
);

/// Another bot's token.
pub const WRONG_AUDIENCE: Case = case(
    "authentication/wrong-audience",
    "A token meant for another bot is refused",
    &[Flaw::IgnoresAudience],
    |stage| refused(stage, Forgery::Audience),
);

/// An old token.
pub const EXPIRED: Case = case(
    "authentication/expired",
    "An expired token is refused",
    &[Flaw::IgnoresExpiry],
    |stage| refused(stage, Forgery::Expired),
);

/// Another issuer's token.
pub const WRONG_ISSUER: Case = case(
    "authentication/wrong-issuer",
    "A token of another issuer is refused",
    &[Flaw::IgnoresIssuer],
    |stage| refused(stage, Forgery::Issuer),
);

/// A token of no tenant.
pub const NO_TENANT: Case = Case {
    level: Level::Should,
    rule: &rules::TENANT_CLAIM,
    ..case(
        "authentication/no-tenant",
        "A token that names no tenant is refused",
        &[Flaw::IgnoresMissingTenant],
        |stage| refused(stage, Forgery::Tenant),
    )
};
