//! Time: the virtual clock, moved by hand, and the way back to the start.

use std::{sync::PoisonError, time::Duration};

use axum::{Json, extract::State as Shared};
use graph_api::Timestamp;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, Control, Trouble, shapes::Now};
use crate::{driver::State, serve::request_ids};

/// Furthest that one request may go: a week.
const ADVANCE_MAX_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// Deadlines that one request may pass.
const STOPS_MAX: usize = 10_000;
/// How long the bot may keep the clock waiting at one moment, in real time.
const QUIET_LIMIT: Duration = Duration::from_secs(20);
/// How often it is looked whether all is quiet, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Another seed; the one given at start if absent.
    seed: Option<u64>,
}

/// Wipes everything and replays the configuration: the fault plan, the switches, the journal and the reasons of
/// refusals are as at the start, and so are the signing keys, the ids to come, and a virtual clock; a real one goes on.
/// Tokens from before are of the future then, and a client that keeps them has to fetch new ones.
#[utoipa::path(post, path = "/reset", request_body = Reset, responses(
    (status = 204, description = "everything is as at the start"),
    (status = 400, description = "the seed cannot be read")))]
pub async fn reset(
    Shared(control): Shared<Control>,
    Body(reset): Body<Reset>,
) -> Result<StatusCode, Trouble> {
    let seed = reset.seed.unwrap_or(control.seed);
    let all = control.clone();
    // At one moment, as far as the driver can tell: nothing of before is seen in what comes after.
    let start_again = move |state: &mut State| {
        state.reset(seed);
        all.clock.rewind();
        all.identity.reset();
        all.recordings.reset();
        *all.ids.lock().unwrap_or_else(PoisonError::into_inner) = request_ids(seed);
        all.journal.reset();
        all.refusals.reset();
    };
    control.driver.with(start_again).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far to go: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Move {
    /// By so much.
    advance_ms: Option<u64>,
    /// Until nothing is left to happen by itself but keepAlive's end.
    #[serde(default)]
    until_idle: bool,
}

/// Moves a virtual clock, stopping wherever something is due, so that bots can react in time.
#[utoipa::path(post, path = "/clock", request_body = Move, responses(
    (status = 200, description = "where it stands", body = Now),
    (status = 400, description = "neither, both, or more than a week"),
    (status = 409, description = "the clock is real, the bot keeps a notification waiting, or there is no \
                                  end of deadlines")))]
pub async fn advance(
    Shared(control): Shared<Control>,
    Body(wanted): Body<Move>,
) -> Result<Json<Now>, Trouble> {
    if !control.clock.is_manual() {
        return Err(Trouble::not_now("the clock is real; start with --clock virtual"));
    }
    let target = match (wanted.advance_ms, wanted.until_idle) {
        (Some(ms), false) if ms <= ADVANCE_MAX_MS => {
            Some(control.clock.now() + Duration::from_millis(ms))
        }
        (Some(_), false) => return Err(Trouble::bad("advanceMs: at most a week")),
        (None, true) => None,
        _ => return Err(Trouble::bad("either advanceMs or untilIdle: true")),
    };
    for _ in 0..STOPS_MAX {
        quiet(&control).await?;
        let due = control.driver.with(move |state| match target {
            Some(_) => state.next_deadline(),
            None => state.next_deadline_but_keep_alive(),
        });
        // Whoever sleeps on this clock wakes on the way.
        let now = control.clock.now();
        let wake = control.clock.next_wake().filter(|wake| target.is_some() && *wake > now);
        let due = due.await?.into_iter().chain(wake).min();
        match (due, target) {
            (Some(due), Some(target)) if due <= target => go(&control, due).await?,
            (Some(due), None) => go(&control, due).await?,
            (_, Some(target)) => {
                go(&control, target).await?;
                return Ok(shown(&control));
            }
            (None, None) => return Ok(shown(&control)),
        }
    }
    Err(Trouble::not_now("there is no end of deadlines; advance by milliseconds instead"))
}

/// How long somebody sleeps on the fake's clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// So many milliseconds of this clock.
    ms: u64,
}

/// Answers once so much time has passed on this clock. A bot whose own timers wait here lives in virtual time: whoever
/// moves the clock stops where they end.
#[utoipa::path(post, path = "/clock/wait", request_body = Wait, responses(
    (status = 200, description = "the time has come", body = Now),
    (status = 400, description = "more than a week, or no time at all")))]
pub async fn wait(
    Shared(control): Shared<Control>,
    Body(wanted): Body<Wait>,
) -> Result<Json<Now>, Trouble> {
    if wanted.ms > ADVANCE_MAX_MS {
        return Err(Trouble::bad("ms: at most a week"));
    }
    let until = control.clock.now() + Duration::from_millis(wanted.ms);
    control.clock.sleep_until(until).await;
    Ok(shown(&control))
}

async fn go(control: &Control, to: Timestamp) -> Result<(), Trouble> {
    let by = to.saturating_since(control.clock.now());
    control.clock.advance(by).map_err(|error| Trouble::not_now(error.to_string()))?;
    control.driver.settle().await?;
    Ok(())
}

/// Waits, in real time, until no notification and no download is on its way.
async fn quiet(control: &Control) -> Result<(), Trouble> {
    let wait = async {
        while control.driver.with(|state| state.under_way).await? > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    };
    tokio::time::timeout(QUIET_LIMIT, wait)
        .await
        .unwrap_or_else(|_| Err(Trouble::not_now("the bot keeps a notification waiting")))
}

fn shown(control: &Control) -> Json<Now> {
    Json(Now { now_ms: control.clock.now().as_millis() })
}
