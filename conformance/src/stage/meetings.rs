//! Meetings, people who come and go, and what an administrator changes.

use serde_json::{Value, json};

use super::{Call, Person, Stage};
use crate::failure::Wrong;

/// A meeting.
#[derive(Debug, Clone)]
pub struct Meeting {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub organizer: Person,
}

/// The permissions of the calls API.
pub const ROLES: [&str; 5] = [
    "Calls.Initiate.All",
    "Calls.InitiateGroupCall.All",
    "Calls.JoinGroupCall.All",
    "Calls.JoinGroupCallAsGuest.All",
    "Calls.AccessMedia.All",
];

impl Stage {
    /// `organizer` has a meeting, and these are in it.
    ///
    /// # Errors
    /// The fake does not arrange it.
    pub async fn holds_meeting(&self, organizer: &str, people: &[&str]) -> Result<Meeting, Wrong> {
        let organizer = self.person(organizer);
        let people: Vec<String> = people.iter().map(|name| self.person(name).id).collect();
        let wish = json!({"organizer": organizer.id, "participants": people});
        let made = self.control.post("/meetings", wish).await?;
        let id = made["meetingId"].as_str().unwrap_or_default().to_owned();
        Ok(Meeting { id, organizer })
    }

    /// Somebody who is in a meeting invites the bot to it.
    ///
    /// # Errors
    /// The fake does not let them.
    pub async fn is_invited(&self, meeting: &Meeting, by: &str) -> Result<Call, Wrong> {
        let (by, rung_at) = (self.person(by), self.now());
        let wish = json!({"app": self.app, "by": by.id});
        let made = self.control.post(&format!("/meetings/{}/invite", meeting.id), wish).await?;
        let id = made["callId"].as_str().unwrap_or_default().to_owned();
        Ok(Call { id, by, rung_at })
    }

    /// Alice and Carol are in Carol's meeting; Alice has invited the bot, and it has come.
    ///
    /// # Errors
    /// It does not come.
    pub async fn is_in_a_meeting(&self) -> Result<(Meeting, Call), Wrong> {
        let meeting = self.holds_meeting("Carol", &["Alice", "Carol"]).await?;
        let call = self.is_invited(&meeting, "Alice").await?;
        self.is_answered(&call).await?;
        Ok((meeting, call))
    }

    /// Somebody does something in a meeting, whether or not the bot is there.
    ///
    /// # Errors
    /// The fake does not let them.
    pub async fn does_in(&self, meeting: &Meeting, who: &str, action: &str) -> Result<(), Wrong> {
        let body = json!({"by": self.person(who).id, "action": action});
        self.control.order(&format!("/meetings/{}/actions", meeting.id), body).await?;
        Ok(())
    }

    /// Somebody in a call with the bot does something.
    ///
    /// # Errors
    /// The fake does not let them.
    pub async fn does(&self, call: &Call, who: &str, action: &str) -> Result<(), Wrong> {
        Ok(self.control.act(&call.id, Some(&self.person(who).id), action).await?)
    }

    /// The person who rang brings somebody in: this is what makes a conference of a call of two.
    ///
    /// # Errors
    /// The fake does not let them.
    pub async fn brings_in(&self, call: &Call, whom: &str) -> Result<(), Wrong> {
        let user = self.person(whom).id;
        let body = json!({"by": call.by.id, "action": "invite", "user": user});
        Ok(self.control.act_with(&call.id, body).await?)
    }

    /// From now on somebody reacts like this when rung: `answer`, `decline`, `ignore` or `busy`, and how soon they
    /// answer.
    ///
    /// # Errors
    /// The fake does not know them.
    pub async fn reacts(&self, who: &str, how: &str, after_ms: Option<u64>) -> Result<(), Wrong> {
        let person = self.person(who);
        let mut body = json!({"displayName": person.name, "onCall": how});
        if let Some(after) = after_ms {
            body["answerAfterMs"] = after.into();
        }
        let path = format!("/tenants/{}/users/{}", self.tenant, person.id);
        Ok(self.control.put(&path, body).await?)
    }

    /// The calls of this user must be recorded by the bot, from now on.
    ///
    /// # Errors
    /// The fake does not know them.
    pub async fn must_be_recorded(&self, who: &str) -> Result<(), Wrong> {
        let person = self.person(who);
        let body = json!({"displayName": person.name, "recordedBy": self.app});
        let path = format!("/tenants/{}/users/{}", self.tenant, person.id);
        Ok(self.control.put(&path, body).await?)
    }

    /// Somebody rings somebody else; where one of them must be recorded, the bot is rung too: its call.
    ///
    /// # Errors
    /// Neither of them must be.
    pub async fn rings(&self, by: &str, whom: &str) -> Result<Call, Wrong> {
        let (by, rung_at) = (self.person(by), self.now());
        let wish = json!({"from": {"user": by.id}, "to": [{"user": self.person(whom).id}]});
        let made = self.control.post("/calls", wish).await?;
        let id = made["callId"].as_str().unwrap_or_default().to_owned();
        Ok(Call { id, by, rung_at })
    }

    /// Somebody rings the bot with their camera on.
    ///
    /// # Errors
    /// The fake does not let them.
    pub async fn rings_with_video(&self, by: &str) -> Result<Call, Wrong> {
        let (by, rung_at) = (self.person(by), self.now());
        let kinds = ["audio", "video"];
        let wish = json!({"from": {"user": by.id}, "to": [{"app": self.app}], "modalities": kinds});
        let made = self.control.post("/calls", wish).await?;
        let id = made["callId"].as_str().unwrap_or_default().to_owned();
        Ok(Call { id, by, rung_at })
    }

    /// The administrator withdraws permissions, or gives them (again): at once.
    ///
    /// # Errors
    /// The fake does not take it.
    pub async fn consents(&self, given: bool, roles: &[&str]) -> Result<(), Wrong> {
        let change = |role: &&str| json!({"permission": {"app": self.app, "role": role, "afterMs": 0, "grant": given}});
        self.goes_wrong(roles.iter().map(change).collect()).await?;
        // Whoever changes permissions does it at the next moment.
        self.let_pass(super::LOOK_EVERY).await;
        Ok(())
    }

    /// The platform is switched to another of its ways (docs/fidelity.md).
    ///
    /// # Errors
    /// The fake does not know the switch.
    pub async fn switches(&self, options: Value) -> Result<(), Wrong> {
        Ok(self.control.put("/options", options).await?)
    }

    /// A call as the platform sees it.
    ///
    /// # Errors
    /// The fake does not know it.
    pub async fn looks_at(&self, call: &Call) -> Result<Value, Wrong> {
        Ok(self.control.look(&format!("/calls/{}", call.id)).await?)
    }

    /// The platform sees a conference in this call.
    ///
    /// # Errors
    /// It sees a call of two.
    pub async fn expect_conference(&self, call: &Call) -> Result<(), Wrong> {
        match self.looks_at(call).await?["type"].as_str() {
            Some("multiparty") => Ok(()),
            kind => {
                let kind = kind.unwrap_or("nothing").to_owned();
                Err(Wrong::bot("the call to be a conference", format!("it is {kind}")))
            }
        }
    }
}
