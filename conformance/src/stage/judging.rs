//! What a story demands of a bot.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Call, Person, Stage,
    letters::{entry, envelope},
    was_taken,
};
use crate::{
    failure::Wrong,
    journal::{Exchange, Line, exchanges},
};

impl Stage {
    /// Waits until Graph has done so many times what the bot asks for with this action; the last of them.
    ///
    /// # Errors
    /// It does not come to that in time.
    pub async fn bot_does(
        &self,
        call: &Call,
        op: &str,
        times: usize,
        within: Duration,
    ) -> Result<Exchange, Wrong> {
        let done = |lines: &[Line]| {
            let mut done = exchanges(lines, &call.id, op);
            done.retain(Exchange::worked);
            done
        };
        if !self.happens(within, |lines| done(lines).len() >= times).await? {
            let count = done(&self.journal().await?).len();
            let expected = format!("'{op}' to be done {times} times by then");
            return Err(Wrong::bot(expected, format!("it was done {count} times")));
        }
        let done = done(&self.journal().await?);
        Ok(done.into_iter().nth(times.saturating_sub(1)).expect("so many there are"))
    }

    /// How often the bot has asked for this action in a call; an empty `op` takes every action but `get`.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn count(&self, call: &Call, op: &str) -> Result<usize, Wrong> {
        let all = self.requests(call, op).await?;
        Ok(all.iter().filter(|asked| !op.is_empty() || asked.op != "get").count())
    }

    /// Time passes in which the bot asks for nothing in this call; looking how it is does no harm.
    ///
    /// # Errors
    /// It asks for something.
    pub async fn expect_silence(&self, call: &Call, time: Duration) -> Result<(), Wrong> {
        let before = self.requests(call, "").await?.len();
        self.let_pass(time).await;
        let all = self.requests(call, "").await?;
        match all[before..].iter().find(|asked| asked.op != "get") {
            None => Ok(()),
            Some(asked) => Err(Wrong::bot("silence", format!("the bot asked for '{}'", asked.op))),
        }
    }

    /// Time passes, and the call is still there.
    ///
    /// # Errors
    /// It is over.
    pub async fn expect_survival(&self, call: &Call, time: Duration) -> Result<(), Wrong> {
        self.let_pass(time).await;
        self.expect_state(call, "established").await
    }

    /// Within this time, the bot's call is over.
    ///
    /// # Errors
    /// It is not.
    pub async fn expect_end(&self, call: &Call, within: Duration) -> Result<(), Wrong> {
        let over = |lines: &[Line]| super::state_in(lines, &call.id) == Some("terminated");
        match self.happens(within, over).await? {
            true => Ok(()),
            false => self.expect_state(call, "terminated").await,
        }
    }

    /// The bot takes the last notification of a call within half a minute, and then asks nothing more about it.
    ///
    /// # Errors
    /// It does not take it, or asks for something.
    pub async fn expect_silence_after_end(&self, call: &Call, time: Duration) -> Result<(), Wrong> {
        let known = self.end_is_known(call).await?;
        self.let_pass(time).await;
        let mut lines = self.journal().await?;
        lines.retain(|line| line.seq > known);
        match exchanges(&lines, &call.id, "").first() {
            None => Ok(()),
            Some(late) => Err(Wrong::bot("silence", format!("the bot asked for '{}'", late.op))),
        }
    }

    /// The bot takes the last notification of a call within half a minute; the line of the journal that says so.
    ///
    /// # Errors
    /// It does not.
    pub async fn end_is_known(&self, call: &Call) -> Result<u64, Wrong> {
        let about = |line: &&Line| line.call_id.as_deref() == Some(&call.id);
        let known = |lines: &[Line]| {
            let end = lines.iter().filter(about).find(|line| {
                line.kind == "notification"
                    && line.detail["changeType"] == "deleted"
                    && line.detail["resourceUrl"]
                        .as_str()
                        .is_some_and(|url| url.ends_with(&call.id))
                    && was_taken(lines, line)
            })?;
            let taken = lines.iter().filter(about).find(|line| {
                line.kind == "delivered" && line.detail["deliveryId"] == end.detail["deliveryId"]
            })?;
            Some(taken.seq)
        };
        self.happens(Duration::from_secs(30), |lines| known(lines).is_some()).await?;
        known(&self.journal().await?)
            .ok_or_else(|| Wrong::bot("the bot to take the notification of the end", "it did not"))
    }

    /// Somebody rings, and the platform's notification of it is lost: what the story posts takes its place.
    ///
    /// # Errors
    /// The fake does not do it.
    pub async fn rings_unheard(&self, by: &Person) -> Result<Call, Wrong> {
        self.goes_wrong(json!([{"notification": {"of": "incoming", "lose": true}}])).await?;
        let call = self.rings_the_bot(by).await?;
        self.goes_wrong(json!([])).await?;
        Ok(call)
    }

    /// An entry that says that this call comes in, as the platform writes it (notifications.md 3.2).
    pub fn invitation(&self, call: &Call) -> Value {
        let user = json!({
            "@odata.type": "#microsoft.graph.identity",
            "id": call.by.id, "displayName": call.by.name, "tenantId": self.tenant,
        });
        let source = json!({
            "@odata.type": "#microsoft.graph.participantInfo",
            "id": "bb020000-0000-4000-8000-000000000002",
            "identity": {"@odata.type": "#microsoft.graph.identitySet", "user": user},
            "endpointType": "default", "region": "amer", "languageId": "en-us",
        });
        let target = json!({
            "@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "id": "aa010000-0000-4000-8000-000000000001",
            "identity": {
                "@odata.type": "#microsoft.graph.identitySet",
                "application": {"@odata.type": "#microsoft.graph.identity", "id": self.app},
            },
        });
        let data = json!({
            "state": "incoming", "direction": "incoming", "id": call.id, "tenantId": self.tenant,
            "callbackUri": self.webhook, "myParticipantId": "aa010000-0000-4000-8000-000000000001",
            "source": source, "targets": [target], "requestedModalities": ["audio"],
        });
        entry(&call.id, "created", data)
    }

    /// Alice rings; the bot is told of it as the platform would, but for what `change` does to the entry. It answers.
    ///
    /// # Errors
    /// It refuses the notification, or does not answer the call.
    pub async fn is_rung_by_letter(&self, change: impl FnOnce(&mut Value)) -> Result<Call, Wrong> {
        let call = self.rings_unheard(&self.person("Alice")).await?;
        let mut entry = self.invitation(&call);
        change(&mut entry);
        self.is_told(&envelope(vec![entry])).await?;
        self.is_answered(&call).await?;
        Ok(call)
    }
}

/// The status of an answer to a notification that must not be believed.
///
/// # Errors
/// It is another one than 401 and 403.
pub fn expect_refused(status: u16) -> Result<(), Wrong> {
    match status {
        401 | 403 => Ok(()),
        _ => Err(Wrong::bot(
            "the notification to be refused with 401 or 403",
            format!("it got {status}"),
        )),
    }
}

/// The status of an answer to a notification of which the bot may think what it likes.
///
/// # Errors
/// It is neither a 2xx nor a 4xx: the bot stumbled.
pub fn expect_no_stumbling(status: u16) -> Result<(), Wrong> {
    match status {
        200..=299 | 400..=499 => Ok(()),
        _ => Err(Wrong::bot("a 2xx or a 4xx", format!("the bot answered {status}"))),
    }
}
