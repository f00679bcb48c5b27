//! What the wire has shown of each call so far; every invariant reads it, none writes it.

use std::collections::VecDeque;

use graph_api::Timestamp;
use serde_json::Value;

use super::{
    bounded::Bounded,
    events::{Control, Delivery, Event, Exchange, worked},
    paths::{canonical, short},
};

/// Texts of one call that are remembered, to know a repetition.
const TEXTS_MAX: usize = 2_000;
/// Messages of one call whose acknowledgement is remembered.
const ACKS_MAX: usize = 200;

/// How a call was born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birth {
    /// Nothing on the wire has said it, yet.
    Unknown,
    /// Between two.
    Peer,
    /// In a conference.
    Group,
    /// To record somebody (notifications.md 3.14).
    Observer,
}

/// Why a call must end.
#[derive(Debug, Clone)]
pub(super) struct Doom {
    pub seq: u64,
    pub at: Timestamp,
    /// As in "was hung up by 1234…".
    pub why: String,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub first_at: Timestamp,
    pub birth: Birth,
    /// The bot's app and tenant, where the wire names them.
    pub app: Option<String>,
    pub tenant: Option<String>,
    pub service_hosted: Option<bool>,
    /// Graph has said that audio is, or was, active.
    pub had_audio: bool,
    /// Whether audio is active as Graph told last, and since when it says so.
    pub audio: Option<(bool, Timestamp)>,
    /// People or the bot made a conference of it.
    pub escalated: bool,
    /// Message and time of the first terminal notification.
    pub ended: Option<(u64, Timestamp)>,
    pub doom: Option<Doom>,
    /// Some response of Graph about it broke off: the wire may not have shown all.
    pub reply_lost: bool,
    /// Deliveries whose acknowledgement Graph has not heard.
    pub outstanding: usize,
    repeat_asked: bool,
    texts: Bounded<u64, ()>,
    acks: Bounded<String, bool>,
}

impl Call {
    fn new(first_at: Timestamp) -> Self {
        Self {
            first_at,
            birth: Birth::Unknown,
            app: None,
            tenant: None,
            service_hosted: None,
            had_audio: false,
            audio: None,
            escalated: false,
            ended: None,
            doom: None,
            reply_lost: false,
            outstanding: 0,
            repeat_asked: false,
            texts: Bounded::new(TEXTS_MAX),
            acks: Bounded::new(ACKS_MAX),
        }
    }

    fn audio_is(&mut self, told: &Value, at: Timestamp) {
        let Some(told) = told["mediaState"]["audio"].as_str() else { return };
        let active = told == "active";
        self.had_audio |= active;
        if self.audio.is_none_or(|(before, _)| before != active) {
            self.audio = Some((active, at));
        }
    }

    fn doomed(&mut self, seq: u64, at: Timestamp, why: String) {
        self.doom.get_or_insert(Doom { seq, at, why });
    }

    /// Whether everything that was sent of it was acknowledged: nothing waits behind a delivery.
    pub fn is_quiet(&self) -> bool {
        self.outstanding == 0 && self.acks.iter().all(|(_, taken)| *taken)
    }
}

/// All calls.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: Bounded<String, Call>,
    /// Requests of people that are not answered: `(seq, call)` of invitations into a call.
    pub inviting: VecDeque<(u64, String)>,
}

impl Ledger {
    pub fn call(&self, id: &str) -> Option<&Call> {
        self.calls.get(&id.to_owned())
    }

    pub fn calls(&self) -> impl Iterator<Item = (&String, &Call)> {
        self.calls.iter()
    }

    /// Whether these words were sent about this call before.
    pub fn was_sent(&self, call: &str, hash: u64) -> bool {
        self.call(call).is_some_and(|call| call.texts.contains(&hash))
    }

    /// Whether a repetition under this message id is a retry, or was asked for by people.
    pub fn explains(&self, call: &str, message: &str) -> bool {
        let acked = |call: &Call| call.acks.get(&message.to_owned()).copied();
        self.call(call).is_some_and(|call| call.repeat_asked || acked(call) == Some(false))
    }

    fn make(&mut self, id: &str, at: Timestamp) -> &mut Call {
        self.calls.entry(&id.to_owned(), || Call::new(at))
    }

    /// Takes note of what has happened.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Notified(delivery) => self.notified(delivery),
            Event::Acknowledged(delivery, status) => {
                for id in calls_of(delivery) {
                    let call = self.make(id, delivery.at);
                    call.outstanding = call.outstanding.saturating_sub(1);
                    let taken =
                        status.is_some_and(|s| s < 500 && !matches!(s, 301..=308 | 408 | 429));
                    call.acks.insert(delivery.message.clone(), taken);
                }
            }
            Event::Replied(exchange) => self.replied(exchange),
            Event::ControlAsked(asked) => self.control_asked(asked),
            Event::ControlDone(done) => self.control_done(done),
            Event::Asked(_)
            | Event::Told(_)
            | Event::Took(..)
            | Event::BotAsked(_)
            | Event::BotHeard(_) => {}
        }
    }

    fn notified(&mut self, delivery: &Delivery) {
        for id in calls_of(delivery) {
            let call = self.make(id, delivery.at);
            call.outstanding += 1;
            call.acks.insert(delivery.message.clone(), false);
        }
        for entry in &delivery.entries {
            let call = self.make(&entry.call, delivery.at);
            call.texts.insert(entry.hash, ());
            if entry.is_of_call() {
                call.audio_is(&entry.data, delivery.at);
            }
            if entry.is_terminal() {
                call.ended.get_or_insert((delivery.seq, delivery.at));
            }
            if entry.change == "created" && entry.is_of_call() {
                born_incoming(call, &entry.data);
            }
        }
    }

    fn replied(&mut self, exchange: &Exchange) {
        let Exchange { asked, seq, at, body, .. } = exchange;
        let made = body["id"].as_str().map(canonical);
        if asked.op == "create" && exchange.worked() {
            let Some(id) = made else { return };
            let call = self.make(&id, *at);
            call.birth = if is_peer(&asked.body) { Birth::Peer } else { Birth::Group };
            call.service_hosted = hosted(&asked.body);
            call.app = asked.token.as_ref().map(|token| token.app.clone());
            call.tenant = asked.token.as_ref().map(|token| token.tenant.clone());
            return;
        }
        let Some(id) = &asked.call else { return };
        if exchange.status.is_none() {
            self.make(id, *at).reply_lost = true;
        }
        if !exchange.worked() {
            return;
        }
        let call = self.make(id, *at);
        match asked.op.as_str() {
            "answer" => call.service_hosted = hosted(&asked.body).or(call.service_hosted),
            "get" => call.audio_is(body, *at),
            "invite" => call.escalated = true,
            "reject" => call.doomed(*seq, *at, "was rejected by the bot".to_owned()),
            "redirect" => call.doomed(*seq, *at, "was redirected by the bot".to_owned()),
            "delete" => call.doomed(*seq, *at, "was hung up by the bot".to_owned()),
            _ => {}
        }
    }

    fn control_asked(&mut self, asked: &Control) {
        if let Some((call, "invite")) = action(asked) {
            self.inviting.push_back((asked.seq, call));
            if self.inviting.len() > 1_000 {
                self.inviting.pop_front();
            }
        }
        if let Some((id, "repeatLastNotification")) = action(asked) {
            self.make(&id, asked.at).repeat_asked = true;
        }
    }

    fn control_done(&mut self, done: &Control) {
        self.inviting.retain(|(seq, _)| *seq != done.asked_seq);
        if !worked(done.status) {
            return;
        }
        let path: Vec<&str> = done.path.iter().map(String::as_str).collect();
        let made = done.reply["callId"].as_str().map(canonical);
        match (path.as_slice(), made) {
            (["calls"], Some(id)) => {
                let alone = done.body["to"].as_array().is_some_and(|to| to.len() == 1);
                let call = self.make(&id, done.at);
                if call.birth == Birth::Unknown {
                    call.birth = if alone { Birth::Peer } else { Birth::Group };
                }
            }
            (["meetings", _, "invite"], Some(id)) => self.make(&id, done.at).birth = Birth::Group,
            (["reset"], _) => self.calls.clear(),
            _ => self.acted(done),
        }
    }

    fn acted(&mut self, done: &Control) {
        let Some((id, name)) = action(done) else { return };
        let by = done.body["by"].as_str().map_or_else(|| "somebody".to_owned(), short);
        let call = self.make(&id, done.at);
        let alone = call.birth == Birth::Peer && !call.escalated;
        match name {
            "invite" => call.escalated = true,
            "hangup" | "leave" if alone => {
                call.doomed(done.seq, done.at, format!("was hung up by {by}"));
            }
            "decline" if alone => call.doomed(done.seq, done.at, format!("was declined by {by}")),
            "removeBot" => {
                call.doomed(done.seq, done.at, format!("was left by the bot, which {by} removed"));
            }
            _ => {}
        }
    }
}

/// The calls that a delivery is about, each once.
fn calls_of(delivery: &Delivery) -> std::collections::BTreeSet<&str> {
    delivery.entries.iter().map(|entry| entry.call.as_str()).collect()
}

/// The call and the name of what people do in it.
pub(super) fn action(control: &Control) -> Option<(String, &str)> {
    let path: Vec<&str> = control.path.iter().map(String::as_str).collect();
    let ["calls", id, "actions"] = path.as_slice() else { return None };
    let action = &control.body["action"];
    let name = action.as_str().or_else(|| action.as_object()?.keys().next().map(String::as_str));
    Some((canonical(id), name?))
}

fn born_incoming(call: &mut Call, data: &Value) {
    call.birth = if data["incomingContext"]["observedParticipantId"].is_string() {
        Birth::Observer
    } else if data["meetingInfo"].is_object() || data["chatInfo"].is_object() {
        Birth::Group
    } else {
        Birth::Peer
    };
    let app = data["targets"][0]["identity"]["application"]["id"].as_str();
    call.app = app.map(canonical).or(call.app.take());
    call.tenant = data["tenantId"].as_str().map(canonical).or(call.tenant.take());
}

///
pub(super) fn is_peer(create: &Value) -> bool {
    let one = create["targets"].as_array().is_some_and(|targets| targets.len() == 1);
    one && !create["meetingInfo"].is_object() && !create["chatInfo"].is_object()
}

/// Whether the platform handles the media; nothing, if the body does not say.
pub(super) fn hosted(body: &Value) -> Option<bool> {
    let kind = body["mediaConfig"]["@odata.type"].as_str()?;
    Some(!kind.contains("appHosted"))
}
