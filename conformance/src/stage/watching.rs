//! What a story waits for, and what must not happen meanwhile.

use std::time::Duration;

use graph_fake::manifest::Deed;

use super::{Call, Stage, state_in, was_taken};
use crate::{
    failure::Wrong,
    journal::{self, Exchange, Line, exchanges},
};

/// How long a bot may take to say what it is asked to say.
const SAYS_WITHIN: Duration = Duration::from_secs(20);
/// By then a bot has said whatever it had to say.
const SAID: Duration = Duration::from_secs(15);

impl Stage {
    /// The call is over by then.
    ///
    /// # Errors
    /// It is not.
    pub async fn is_over(&self, call: &Call, within: Duration) -> Result<(), Wrong> {
        let over = |lines: &[Line]| state_in(lines, &call.id) == Some("terminated");
        match self.happens(within, over).await? {
            true => Ok(()),
            false => self.expect_state(call, "terminated").await,
        }
    }

    /// Where the journal is: what comes later has a higher number.
    ///
    /// # Errors
    /// The fake cannot be asked.
    pub async fn mark(&self) -> Result<u64, Wrong> {
        Ok(self.journal().await?.last().map_or(self.since, |line| line.seq))
    }

    /// The call is over, and the bot has been told; where in the journal it took the notification.
    ///
    /// # Errors
    /// It is not, or the bot did not take the notification.
    pub async fn hears_of_the_end(&self, call: &Call) -> Result<u64, Wrong> {
        let end = |line: &&Line| {
            line.call_id.as_deref() == Some(&call.id)
                && line.kind == "notification"
                && line.detail["changeType"] == "deleted"
                && line.detail["resourceUrl"].as_str().is_some_and(|url| url.ends_with(&call.id))
        };
        let taken = |lines: &[Line]| {
            let told = lines.iter().find(end).filter(|told| was_taken(lines, told))?;
            let taken = lines.iter().find(|line| {
                line.kind == "delivered" && line.detail["deliveryId"] == told.detail["deliveryId"]
            })?;
            Some(taken.seq)
        };
        self.happens(Duration::from_secs(30), |lines| taken(lines).is_some()).await?;
        let not = || Wrong::bot("the bot to take the notification of the end", "it did not");
        taken(&self.journal().await?).ok_or_else(not)
    }

    /// Since that place of the journal, and in the time that passes now, the bot asks nothing at all about this call.
    ///
    /// # Errors
    /// It does.
    pub async fn expect_quiet(&self, call: &Call, since: u64, time: Duration) -> Result<(), Wrong> {
        self.let_pass(time).await;
        match self.asked_since(call, since).await?.first() {
            None => Ok(()),
            Some(late) => {
                let actual = format!("the bot asked for '{}'", late.op);
                Err(Wrong::bot("nothing to be asked about this call", actual))
            }
        }
    }

    async fn asked_since(&self, call: &Call, since: u64) -> Result<Vec<Exchange>, Wrong> {
        let lines = self.journal().await?;
        let from = lines.partition_point(|line| line.seq <= since);
        Ok(exchanges(&lines[from..], &call.id, ""))
    }

    /// Since that place of the journal, and in the time that passes now, the bot does none of this in this call.
    ///
    /// # Errors
    /// It does.
    pub async fn expect_no(
        &self,
        call: &Call,
        ops: &[&str],
        since: u64,
        time: Duration,
    ) -> Result<(), Wrong> {
        self.let_pass(time).await;
        let new = self.asked_since(call, since).await?;
        match new.into_iter().find(|asked| ops.contains(&asked.op.as_str())) {
            None => Ok(()),
            Some(asked) => {
                let expected = format!("no '{}' in this call", ops.join("', '"));
                Err(Wrong::bot(expected, format!("the bot asked for '{}'", asked.op)))
            }
        }
    }

    /// The bot asks for this in this call, and Graph takes it: the n-th time, counted from 1.
    ///
    /// # Errors
    /// It does not in that time, or Graph refuses.
    pub async fn expect_done(
        &self,
        call: &Call,
        op: &str,
        nth: usize,
        within: Duration,
    ) -> Result<Exchange, Wrong> {
        let answered = |lines: &[Line]| {
            exchanges(lines, &call.id, op).get(nth - 1).is_some_and(|asked| asked.status.is_some())
        };
        self.happens(within, answered).await?;
        let asked = self.requests(call, op).await?.into_iter().nth(nth - 1);
        let expected = || format!("an accepted '{op}' within {} s", within.as_secs());
        match asked {
            Some(asked) if asked.worked() => Ok(asked),
            Some(asked) => {
                let why = match (asked.status, asked.code) {
                    (Some(status), Some(code)) => format!("it was refused: {status} {code}"),
                    _ => "it was not answered".to_owned(),
                };
                Err(Wrong::bot(expected(), why))
            }
            None => Err(Wrong::bot(expected(), "there was none")),
        }
    }

    /// The bot asks for this and is refused: the n-th time, counted from 1.
    ///
    /// # Errors
    /// It is not in that time.
    pub async fn is_refused(
        &self,
        call: &Call,
        op: &str,
        nth: usize,
        within: Duration,
    ) -> Result<(), Wrong> {
        let refused = |lines: &[Line]| {
            let asked = exchanges(lines, &call.id, op);
            let refused = |asked: &&Exchange| asked.status.is_some_and(|status| status >= 400);
            asked.iter().filter(refused).count() >= nth
        };
        match self.happens(within, refused).await? {
            true => Ok(()),
            false => {
                Err(Wrong::bot(format!("a '{op}' to be refused"), "the bot did not ask for it"))
            }
        }
    }

    /// The bot says something when it is asked to. The case has `Need::Asked(Deed::Menu)`.
    ///
    /// # Errors
    /// It says nothing.
    pub async fn expect_service(&self, call: &Call) -> Result<(), Wrong> {
        let spoken = |lines: &[Line]| {
            exchanges(lines, &call.id, "playPrompt").iter().filter(|asked| asked.worked()).count()
        };
        // What it has still to say is not taken for an answer.
        self.let_pass(SAID).await;
        self.expect_no_end(call).await?;
        let before = spoken(&self.journal().await?);
        self.asks_bot_to(call, Deed::Menu).await?;
        match self.happens(SAYS_WITHIN, |lines| spoken(lines) > before).await? {
            true => Ok(()),
            false => {
                let state = self.state(call).await?;
                let actual = format!("it said nothing; the call is {state}");
                Err(Wrong::bot("the bot to say something when it is asked to", actual))
            }
        }
    }

    /// The call is not over.
    ///
    /// # Errors
    /// It is.
    pub async fn expect_no_end(&self, call: &Call) -> Result<(), Wrong> {
        match self.state(call).await?.as_str() {
            "terminated" => Err(Wrong::bot("the call to go on", "it is over")),
            _ => Ok(()),
        }
    }

    /// The bot's requests to begin a call, in order.
    ///
    /// # Errors
    /// The fake cannot be asked.
    pub async fn creates(&self) -> Result<Vec<Exchange>, Wrong> {
        Ok(journal::creates(&self.journal().await?))
    }

    /// The bot begins a call of its own; somebody is at its other end.
    ///
    /// # Errors
    /// It does not within half a minute.
    pub async fn begins_a_call(&self, to: &str) -> Result<Call, Wrong> {
        let half_a_minute = Duration::from_secs(30);
        self.happens(half_a_minute, |lines| !journal::begun(lines).is_empty()).await?;
        let begun = journal::begun(&self.journal().await?);
        match begun.first() {
            Some((id, at)) => Ok(Call { id: id.clone(), by: self.person(to), rung_at: *at }),
            None => {
                let asked = match self.creates().await?.first() {
                    Some(Exchange { status: Some(status), .. }) => format!("it got {status}"),
                    _ => "it did not ask for one".to_owned(),
                };
                Err(Wrong::bot("the bot to begin a call", asked))
            }
        }
    }
}
