//! The people of a plan: they act through the control API, and strangers post to the bot.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use graph_fake::config::{APP, SECRET, TENANT, USERS};
use http::{Method, Request, StatusCode, header};
use seam::{HttpClient, Network};
use serde_json::{Value, json};

use crate::{
    plan::{Deed, Forgery, MARKER_MAX, Person, Plan, What},
    rehearsal::{CONTROL_URL, bot_url},
};

/// How long the fake, or the bot, may take to answer people.
const LIMIT: Duration = Duration::from_secs(20);

/// What people know: the calls that were rung or met so far, `None` where nothing came of it.
pub(super) struct People {
    client: HttpClient,
    calls: Vec<Option<String>>,
}

impl Person {
    /// Their id in the tenant.
    pub fn id(self) -> String {
        USERS[self as usize].1.to_string()
    }
}

/// All roles of the calls API that the bot is granted unless a plan withholds some.
pub fn roles() -> Vec<String> {
    platform::Permission::ALL.iter().map(|one| one.role().to_owned()).collect()
}

impl People {
    pub(super) fn new(network: Arc<dyn Network>) -> Self {
        Self { client: HttpClient::new(network, LIMIT), calls: Vec::new() }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Option<(StatusCode, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{CONTROL_URL}{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(if body.is_null() { String::new() } else { body.to_string() }))
            .expect("paths are made of ids and words");
        let response = self.client.send(request).await.ok()?;
        let (status, body) = (response.status(), response.into_body());
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Must work: the fake is there, and what is asked is good.
    async fn arrange(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        match self.ask(method, path, body).await {
            Some((status, body)) if status.is_success() => Ok(body),
            Some((status, body)) => Err(format!("{path}: {status} {body}")),
            None => Err(format!("{path}: the control API does not answer")),
        }
    }

    /// Consent, and what goes wrong in the fake.
    pub(super) async fn begin(&self, plan: &Plan) -> Result<(), String> {
        self.consent(plan).await?;
        self.arrange(Method::PUT, "/faults", plan.control_faults(&APP.to_string())).await?;
        Ok(())
    }

    async fn consent(&self, plan: &Plan) -> Result<(), String> {
        let granted: Vec<String> =
            roles().into_iter().filter(|role| !plan.withheld.contains(role)).collect();
        let callback = format!("{}/api/calls", bot_url());
        let app = json!({
            "displayName": "Bot", "secret": SECRET, "callbackUri": callback, "roles": granted,
        });
        self.arrange(Method::PUT, &format!("/tenants/{TENANT}/apps/{APP}"), app).await?;
        Ok(())
    }

    /// Nothing goes wrong in the fake any more, and what was granted at first is granted again.
    pub(super) async fn heal(&self, plan: &Plan) -> Result<(), String> {
        self.arrange(Method::PUT, "/faults", json!([])).await?;
        self.consent(plan).await
    }

    /// Somebody does something; what is refused has not been done.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are actions in a call")]
    pub(super) async fn act(&mut self, deed: &Deed) {
        let by = deed.by.id();
        match &deed.what {
            What::Ring => {
                let call = json!({"from": {"user": by}, "to": [{"app": APP}]});
                self.calls.push(self.call_of("/calls", call).await);
            }
            What::Meet { with } => {
                let call = self.meet(&by, with).await;
                self.calls.push(call);
            }
            What::React { on_call } => {
                let user = json!({"displayName": format!("{:?}", deed.by), "onCall": on_call});
                let path = format!("/tenants/{TENANT}/users/{by}");
                let _ = self.ask(Method::PUT, &path, user).await;
            }
            What::RotateKeys => {
                let _ = self.ask(Method::POST, "/keys/rotate", json!({"which": "platform"})).await;
            }
            What::Forge { how } => self.forge(deed.call, *how).await,
            _ => {
                let Some(call) = self.calls.get(deed.call).cloned().flatten() else { return };
                self.act_in(&call, deed.by, &deed.what).await;
            }
        }
    }

    /// Somebody does something in a call; whether it could be done.
    async fn act_in(&self, call: &str, by: Person, what: &What) -> bool {
        let path = format!("/calls/{call}/actions");
        let done = self.ask(Method::POST, &path, action(&by.id(), what)).await;
        done.is_some_and(|(status, _)| status.is_success())
    }

    async fn call_of(&self, path: &str, body: Value) -> Option<String> {
        let (_, made) = self.ask(Method::POST, path, body).await?;
        Some(made["callId"].as_str()?.to_owned())
    }

    async fn meet(&self, organizer: &str, with: &[Person]) -> Option<String> {
        let with: Vec<Value> = with.iter().map(|person| json!({"user": person.id()})).collect();
        let meeting = json!({"organizer": organizer, "participants": with});
        let (_, made) = self.ask(Method::POST, "/meetings", meeting).await?;
        let path = format!("/meetings/{}/invite", made["meetingId"].as_str()?);
        self.call_of(&path, json!({"app": APP})).await
    }

    /// A stranger claims that a call is over; of no call, that somebody rings.
    async fn forge(&self, call: usize, how: Forgery) {
        let token = match how.wish(&APP.to_string()) {
            None => None,
            Some(wish) => match self.ask(Method::POST, "/callback-tokens", wish).await {
                Some((_, made)) => made["token"].as_str().map(str::to_owned),
                None => return,
            },
        };
        let known = self.calls.get(call).cloned().flatten();
        let (id, change, state) = match known {
            Some(id) => (id, "deleted", "terminated"),
            None => ("0badca11-0000-4000-8000-0000000000ff".to_owned(), "created", "incoming"),
        };
        let url = format!("/communications/calls/{id}");
        let data = json!({"@odata.type": "#microsoft.graph.call", "state": state, "id": id});
        let entry = json!({"changeType": change, "resourceUrl": url, "resourceData": data});
        let body = json!({"@odata.type": "#microsoft.graph.commsNotifications", "value": [entry]});
        let mut request = Request::post(format!("{}/api/calls", bot_url()))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Bytes::from(body.to_string())).expect("tokens are ASCII");
        // The bot may be down.
        let _ = self.client.send(request).await;
    }

    /// The ids of all calls that there still are.
    async fn live(&self) -> Result<Vec<String>, String> {
        let state = self.arrange(Method::GET, "/state", Value::Null).await?;
        let calls = state["calls"].as_array().into_iter().flatten();
        let ids = calls.filter_map(|call| call["callId"].as_str().or(call["id"].as_str()));
        Ok(ids.map(str::to_owned).collect())
    }

    /// Somebody says a marker in every call that there still is, each another one.
    pub(super) async fn speak_all(&self) -> Result<(), String> {
        let mut marker = MARKER_MAX;
        for call in self.live().await? {
            for person in Person::ALL {
                let say = What::Say { marker };
                marker = marker.saturating_sub(1);
                // Who is not there says nothing; two at once would not be understood.
                if self.act_in(&call, person, &say).await {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Everybody tells what was heard in every call that there still is.
    pub(super) async fn listen_all(&self) -> Result<(), String> {
        for call in self.live().await? {
            for person in Person::ALL {
                let path = format!("/calls/{call}/heard/{}.json", person.id());
                let _ = self.ask(Method::GET, &path, Value::Null).await;
            }
        }
        Ok(())
    }

    /// Everybody leaves every call that there still is.
    pub(super) async fn hang_up_all(&self) -> Result<usize, String> {
        let live = self.live().await?;
        for call in &live {
            for person in Person::ALL {
                self.act_in(call, person, &What::Hangup).await;
            }
        }
        Ok(live.len())
    }
}

/// The body of `POST /calls/{callId}/actions`.
fn action(by: &str, what: &What) -> Value {
    let named = |action: &str| json!({"by": by, "action": action});
    match what {
        What::Hangup => named("hangup"),
        What::Mute => named("mute"),
        What::Unmute => named("unmute"),
        What::Hold => named("hold"),
        What::Resume => named("resume"),
        What::RemoveBot => named("removeBot"),
        What::MuteBot => named("muteBot"),
        What::Repeat => json!({"action": "repeatLastNotification"}),
        What::Press { keys } => json!({"by": by, "action": "dtmf", "tones": keys}),
        What::Say { marker } => json!({"by": by, "action": "speak", "markerId": marker}),
        What::Speak { ms } => json!({"by": by, "action": "speak", "durationMs": ms}),
        What::Invite { whom } => json!({"by": by, "action": "invite", "user": whom.id()}),
        What::Ring
        | What::Meet { .. }
        | What::React { .. }
        | What::RotateKeys
        | What::Forge { .. } => {
            unreachable!("done otherwise")
        }
    }
}
