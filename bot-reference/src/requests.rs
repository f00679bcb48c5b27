//! What is asked, as HTTP requests of Graph.

use bytes::Bytes;
use graph_api::Guid;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::{
    Ask, Flaw, Prompt,
    ask::context,
    bot::{INVITE, RECORD},
};

/// Seconds of silence before anybody speaks, while somebody does, and of a whole record.
const RECORD_SECS: [u32; 3] = [10, 5, 30];

/// What a call's `mediaConfig` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaConfig {
    /// Graph handles the media.
    ServiceHosted,
    /// The bot does, and this is the blob in which it declares how.
    AppHosted(String),
}

impl MediaConfig {
    fn to_json(&self) -> Value {
        match self {
            Self::ServiceHosted => {
                json!({"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"})
            }
            Self::AppHosted(blob) => {
                json!({"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": blob})
            }
        }
    }
}

/// Writes requests.
pub(crate) struct Requests {
    /// Graph with its version.
    pub graph: String,
    /// Where the platform reaches the bot.
    pub public: String,
    /// The bot's tenant.
    pub tenant: Guid,
    /// Ask for rosters as changes.
    pub delta_roster: bool,
    /// A planted fault.
    pub flaw: Option<Flaw>,
    /// Calls have video and screen sharing.
    pub video: bool,
}

impl Requests {
    /// One request; `media` is what a call is answered or begun with.
    ///
    /// # Errors
    /// The base URL is unusable.
    pub(crate) fn write(
        &self,
        call: Guid,
        ask: Ask,
        media: &MediaConfig,
        token: &str,
    ) -> Result<Request<Bytes>, http::Error> {
        let (method, action, body) = self.parts(ask, media);
        let calls = format!("{}/communications/calls", self.graph);
        let begins = matches!(ask, Ask::Call { .. });
        let uri = if begins { calls } else { format!("{calls}/{call}{action}") };
        let builder = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        match body {
            None => builder.body(Bytes::new()),
            Some(body) => builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(Bytes::from(body.to_string())),
        }
    }

    fn parts(&self, ask: Ask, media: &MediaConfig) -> (Method, &'static str, Option<Value>) {
        let post = |action, body| (Method::POST, action, Some(body));
        match ask {
            Ask::Answer => post("/answer", self.answer(media)),
            Ask::Reject => post("/reject", json!({"reason": "busy"})),
            Ask::Redirect(to) => {
                let body = json!({"targets": [target(to)], "callbackUri": self.callback()});
                post("/redirect", body)
            }
            Ask::Look => (Method::GET, "", None),
            Ask::Play(prompt, ticket) => post("/playPrompt", self.play(prompt, ticket)),
            Ask::Record(ticket) => post("/recordResponse", self.record(ticket)),
            Ask::CancelMedia => post("/cancelMediaProcessing", json!({"clientContext": "cancel"})),
            Ask::Subscribe => post("/subscribeToTone", json!({"clientContext": "tones"})),
            Ask::Invite(whom, ticket) => {
                let context = context(INVITE, ticket);
                let body = json!({"participants": [target(whom)], "clientContext": context});
                post("/participants/invite", body)
            }
            Ask::Transfer { target: to, transferee } => {
                let mut body = json!({"transferTarget": target(to)});
                if let Some((participant, user)) = transferee {
                    body["transferee"] = json!({
                        "@odata.type": "#microsoft.graph.participantInfo",
                        "participantId": participant,
                        "identity": identity(user),
                    });
                }
                post("/transfer", body)
            }
            Ask::Mute => post("/mute", json!({"clientContext": "mute"})),
            Ask::Unmute => post("/unmute", json!({"clientContext": "unmute"})),
            Ask::Share(on) => {
                let role = if on { "sharer" } else { "viewer" };
                post("/changeScreenSharingRole", json!({"role": role}))
            }
            Ask::Participants { .. } => (Method::GET, "/participants", None),
            Ask::Recording => {
                let body = json!({"status": "recording", "clientContext": "recording"});
                post("/updateRecordingStatus", body)
            }
            Ask::KeepAlive => (Method::POST, "/keepAlive", None),
            Ask::HangUp => (Method::DELETE, "", None),
            Ask::Call { to, also, .. } => {
                let targets = std::iter::once(to).chain(also).map(target).collect();
                post("", self.create(targets, media))
            }
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    const fn modalities(&self) -> &'static [&'static str] {
        match self.video {
            true => &["audio", "video", "videoBasedScreenSharing"],
            false => &["audio"],
        }
    }

    fn callback(&self) -> String {
        let path = if self.has(Flaw::NamesAWrongCallback) { "api/call" } else { "api/calls" };
        format!("{}/{path}", self.public)
    }

    fn answer(&self, media: &MediaConfig) -> Value {
        let mut body = json!({
            "callbackUri": self.callback(),
            "acceptedModalities": self.modalities(),
            "mediaConfig": media.to_json(),
        });
        if self.delta_roster {
            body["callOptions"] = json!({
                "@odata.type": "#microsoft.graph.incomingCallOptions",
                "isDeltaRosterEnabled": true,
            });
        }
        body
    }

    fn create(&self, targets: Vec<Value>, media: &MediaConfig) -> Value {
        let mut body = json!({
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": self.callback(),
            "targets": targets,
            "requestedModalities": self.modalities(),
            "mediaConfig": media.to_json(),
            "tenantId": self.tenant,
        });
        if self.delta_roster {
            body["callOptions"] = json!({
                "@odata.type": "#microsoft.graph.outgoingCallOptions",
                "isDeltaRosterEnabled": true,
            });
        }
        body
    }

    fn play(&self, prompt: Prompt, ticket: u32) -> Value {
        let name = prompt.name();
        json!({
            "clientContext": context(name, ticket),
            "prompts": [{
                "@odata.type": "#microsoft.graph.mediaPrompt",
                "mediaInfo": {
                    "@odata.type": "#microsoft.graph.mediaInfo",
                    "uri": format!("{}/prompts/{name}.wav", self.public),
                    "resourceId": name,
                },
            }],
        })
    }

    fn record(&self, ticket: u32) -> Value {
        let [before, within, whole] = RECORD_SECS;
        let whole = if self.has(Flaw::RecordsTooLong) { 300 } else { whole };
        let stop_tones =
            if self.has(Flaw::RecordsWithoutStopTone) { json!([]) } else { json!(["#"]) };
        json!({
            "clientContext": context(RECORD, ticket),
            "initialSilenceTimeoutInSeconds": before,
            "maxSilenceTimeoutInSeconds": within,
            "maxRecordDurationInSeconds": whole,
            "playBeep": true,
            "stopTones": stop_tones,
        })
    }
}

fn target(user: Guid) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": identity(user),
    })
}

fn identity(user: Guid) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.identitySet",
        "user": {"@odata.type": "#microsoft.graph.identity", "id": user},
    })
}
