//! Notifications that a story writes itself: as the platform would, or as nobody should.

use http::header;
use serde_json::{Value, json};
use sim::plan::Forgery;

use super::{Call, Stage};
use crate::failure::Wrong;

/// What is posted to the bot's webhook.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The `Authorization` header, whole; none if absent.
    pub authorization: Option<String>,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The body, as it is.
    pub body: String,
}

/// An envelope around these entries.
pub fn envelope(entries: Vec<Value>) -> Value {
    json!({"@odata.type": "#microsoft.graph.commsNotifications", "value": entries})
}

/// An entry about a call itself.
pub fn entry(call_id: &str, change: &str, data: Value) -> Value {
    let mut data = data;
    data["@odata.type"] = "#microsoft.graph.call".into();
    json!({
        "@odata.type": "#microsoft.graph.commsNotification",
        "changeType": change,
        "resource": format!("/app/calls/{call_id}"),
        "resourceUrl": format!("/communications/calls/{call_id}"),
        "resourceData": data,
    })
}

impl Stage {
    /// A genuine token, or one with the faults that `POST /callback-tokens` knows.
    ///
    /// # Errors
    /// The fake does not make it.
    pub async fn token(&self, faults: &[(&str, Value)]) -> Result<String, Wrong> {
        let mut wish = json!({"appId": self.app});
        for (name, value) in faults {
            wish[*name] = value.clone();
        }
        Ok(self.control.callback_token(wish).await?)
    }

    /// A genuine letter with this body.
    ///
    /// # Errors
    /// The fake makes no token.
    pub async fn letter(&self, body: &Value) -> Result<Letter, Wrong> {
        let authorization = Some(format!("Bearer {}", self.token(&[]).await?));
        Ok(Letter { authorization, content_type: "application/json", body: body.to_string() })
    }

    /// Posts a letter to the bot's webhook; the bot's status.
    ///
    /// # Errors
    /// The bot does not answer.
    pub async fn posts(&self, letter: &Letter) -> Result<u16, Wrong> {
        let mut headers = vec![(header::CONTENT_TYPE, letter.content_type)];
        headers.extend(letter.authorization.as_deref().map(|text| (header::AUTHORIZATION, text)));
        let answer = self.control.notify(&self.webhook, &headers, letter.body.clone()).await;
        let status = answer.map_err(|why| Wrong::bot("an answer to a notification", why))?;
        Ok(status.as_u16())
    }

    /// Posts a genuine letter, which the bot has to take.
    ///
    /// # Errors
    /// The bot does not answer with a 2xx.
    pub async fn is_told(&self, body: &Value) -> Result<(), Wrong> {
        match self.posts(&self.letter(body).await?).await? {
            200..=299 => Ok(()),
            status => Err(Wrong::bot("a 2xx", format!("the bot answered {status}"))),
        }
    }

    /// The same for a single entry about a call.
    ///
    /// # Errors
    /// As [`Stage::is_told`].
    pub async fn is_told_of(&self, call: &Call, change: &str, data: Value) -> Result<(), Wrong> {
        self.is_told(&envelope(vec![entry(&call.id, change, data)])).await
    }

    /// Posts a notification about a call to the bot's webhook, as the platform or, with a fault of the token, as a
    /// stranger would; the bot's status.
    ///
    /// # Errors
    /// The bot does not answer.
    pub async fn notifies(
        &self,
        call_id: &str,
        fault: Option<Forgery>,
        entry: Value,
    ) -> Result<u16, Wrong> {
        let wish =
            fault.map_or_else(|| Some(json!({"appId": self.app})), |how| how.wish(&self.app));
        let authorization = match wish {
            None => None,
            Some(wish) => Some(format!("Bearer {}", self.control.callback_token(wish).await?)),
        };
        let mut entry = entry;
        entry["resourceUrl"] = format!("/communications/calls/{call_id}").into();
        let body = envelope(vec![entry]).to_string();
        self.posts(&Letter { authorization, content_type: "application/json", body }).await
    }
}
