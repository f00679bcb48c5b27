//! What happened in the platform, as lines of the journal.

use graph_api::CallState;
use media::audio::Tone;
use platform::{CallId, Event, Explanation, MediaEvent, Who};
use serde_json::{Value, json};

use super::Core;
use crate::{
    journal::Route,
    sound,
    why::{Reason, Why},
};

/// What is told of a call that was dropped for want of a permission.
const DROPPED: (u16, &str) = (403, "7504");

impl Core {
    pub(super) fn note(&mut self, event: Event) {
        let now = self.parts.clock.now();
        let inside = Route("graph", "graph");
        let (call, kind, detail) = match event {
            Event::CallState { call, from, to, result } => {
                if to == CallState::Terminated {
                    self.state.sound.call_ended(now, call);
                    self.state.saw_end(call, result.clone());
                } else {
                    self.state.saw_alive(call);
                    self.state.open_media(now, call);
                }
                let detail = json!({"from": from, "to": to, "resultInfo": result});
                (Some(call), "callState", detail)
            }
            // Whoever answers the request has the explanation too, and writes it with the request's id.
            Event::Refused { .. } => return,
            Event::Dropped { call, explanation } => {
                (Some(call), "dropped", self.dropped(call, &explanation))
            }
            Event::Conference { conference, what, participant } => {
                let participant = participant.map(|id| id.to_string());
                let detail = json!({
                    "conferenceId": conference.to_string(), "what": what,
                    "participantId": participant,
                });
                (None, "conference", detail)
            }
            Event::Media { call, what, at } => {
                self.state.heard(call, &what);
                if let MediaEvent::Pressed(_, tone) = &what
                    && let Some(tone) = Tone::from_graph_name(tone.as_str())
                {
                    self.state.plane.press(at, call, tone);
                }
                let voice = self.state.saying.clone();
                self.state.sound.note_saying(at, call, &what, voice);
                (Some(call), "media", sound::detail(at, &what))
            }
            Event::Redirected { call, how, to } => {
                let to = to.as_ref().map(somebody);
                (Some(call), "redirected", json!({"how": how, "to": to}))
            }
            Event::Tampered { call, delivery, what } => {
                let delivery = delivery.map(|delivery| delivery.0);
                (Some(call), "tampered", json!({"deliveryId": delivery, "what": what}))
            }
            Event::GaveUp { call, delivery } => {
                (Some(call), "gaveUp", json!({"deliveryId": delivery.0}))
            }
        };
        self.parts.journal.write(now, call, kind, inside, detail);
    }

    /// A dropped call can be asked after by its own id, as a refusal can by its request's.
    fn dropped(&self, call: CallId, explanation: &Explanation) -> Value {
        let why = Why {
            request_id: call.to_string(),
            status: DROPPED.0,
            code: DROPPED.1.to_owned(),
            op: "drop".to_owned(),
            reason: Reason::from(explanation),
            app: Some(explanation.app.to_string()),
            tenant: Some(explanation.tenant.to_string()),
            call_id: Some(call.to_string()),
        };
        let detail = json!(why);
        self.parts.refusals.keep(call.0, why);
        detail
    }
}

/// Somebody, with the member that the control API has for such an id.
fn somebody(who: &Who) -> Value {
    let kind = match who {
        Who::User(_) => "user",
        Who::Application(_) => "app",
        Who::ApplicationInstance(_) => "instance",
        Who::Guest(_) => "guest",
        Who::Phone(_) => "phone",
    };
    json!({kind: crate::control::shown(who)})
}
