//! Media: whom packets go to, whom they come from, and whose sound is in them.

mod hearing;
mod reading;
mod session;

use std::{collections::BTreeMap, time::Duration};

use graph_api::Timestamp;
use serde_json::Value;

use super::{
    Check, Event, Violation, World,
    events::{Asked, Control, Exchange, worked},
    ledger::action,
    paths::{canonical, short},
};
use crate::wire::{Packet, Way};
use hearing::Hearing;
use reading::{Said, declared};
use session::{GRACE, Session};

pub(super) const TO_WHOM: &str = "media-to-who-may-have-it";
pub(super) const FROM_WHOM: &str = "bot-sends-when-it-may";
pub(super) const FLOWS: &str = "media-flows";
pub(super) const STAYS: &str = "sound-stays-in-its-call";
pub(super) const ANSWERS: &str = "bot-answers-markers";

/// Sessions that are followed.
const SESSIONS_MAX: usize = 1_000;
/// How long after a call's end is known its last packets may leave.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The longest silence of who sends a packet every 20 ms (contract/media.md section 2).
const GAP_MAX: Duration = Duration::from_millis(1_500);
/// How soon a marker is on its way to the bot, and its answer on the way back: it lasts 0.4 s, a greeting may be said
/// first (1.4 s), and further markers.
const SOON: Duration = Duration::from_secs(8);
/// How long a marker lasts, in milliseconds.
const MARKER_MS: u64 = 400;
/// Markers that people say are below this, and are answered with [`ANSWER`] added.
const ANSWERED_BELOW: u32 = 0x40_0000;
const ANSWER: u32 = 0x80_0000;

/// A marker that somebody has to hear.
#[derive(Debug)]
struct Owed {
    session: String,
    marker: u32,
    since: Timestamp,
    /// By the platform's packets, else by the bot's answer.
    to_bot: bool,
}

/// Contract/media.md sections 2 and 7, and docs/media-transport.md: media goes to and from calls that declared it, while
/// they are on and not on hold; everybody hears everybody but himself and who is muted.
#[derive(Default)]
pub(super) struct Packets {
    /// By session id.
    sessions: BTreeMap<String, Session>,
    /// Whose the platform's SSRCs are, and the bot's.
    of_platform: BTreeMap<u32, String>,
    of_bot: BTreeMap<u32, String>,
    hearing: Hearing,
    owed: Vec<Owed>,
    /// Until when somebody speaks, by call, and whether others do meanwhile: then nobody is understood.
    speech: BTreeMap<String, (Timestamp, bool)>,
}

fn broken(
    (invariant, at, seq): (&'static str, Timestamp, u64),
    text: String,
    out: &mut Vec<Violation>,
) {
    out.push(Violation { invariant, at, seq, text });
}

impl Check for Packets {
    fn on(&mut self, event: &Event, world: &mut World, out: &mut Vec<Violation>) {
        match event {
            Event::Asked(asked) => self.asked(asked),
            Event::Replied(exchange) => self.replied(exchange),
            Event::ControlAsked(control) => {
                self.speaks(control);
                self.hearing.asked(control);
            }
            Event::ControlDone(control) => {
                self.hearing.done(control, out);
                self.owes(control, world);
            }
            Event::BotHeard(heard) => {
                let over =
                    (heard.asked.op == "delete" && heard.worked()) || heard.status == Some(404);
                if let (Some(call), true) = (&heard.asked.call, over) {
                    self.over(call, heard.at);
                }
            }
            Event::Took(delivery, status, _, at) if worked(Some(*status)) => {
                for entry in delivery.entries.iter().filter(|entry| entry.is_terminal()) {
                    self.over(&entry.call, *at);
                }
            }
            _ => {}
        }
        self.time_passes(event.seq(), world, out);
    }
}

impl Packets {
    /// A datagram left, or came.
    pub fn on_packet(&mut self, packet: &Packet, world: &World, out: &mut Vec<Violation>) {
        let said = || reading::read(&packet.bytes);
        match (*packet.host == *world.facts.graph, packet.way) {
            (true, Way::Sent) => self.platform_sends(packet, said(), world, out),
            (false, Way::Sent) => self.bot_sends(packet, said(), world, out),
            (false, Way::Received) => self.bot_receives(packet, said(), world),
            (true, Way::Received) => {}
        }
        self.time_passes(packet.seq, world, out);
    }

    fn asked(&mut self, asked: &Asked) {
        if asked.op == "unmute"
            && let Some(call) = &asked.call
        {
            self.hearing.unmutes(call);
        }
        let Some(declared) = declared(&asked.body) else { return };
        if self.sessions.len() >= SESSIONS_MAX || !matches!(asked.op.as_str(), "answer" | "create")
        {
            return;
        }
        let id = declared.session.clone();
        for ssrc in &declared.ssrcs {
            self.of_bot.insert(*ssrc, id.clone());
        }
        let session = || Session::new(declared, asked.call.clone());
        self.sessions.entry(id).or_insert_with(session).refused = false;
    }

    fn replied(&mut self, exchange: &Exchange) {
        if let ("mute", true, Some(call)) =
            (exchange.asked.op.as_str(), exchange.worked(), &exchange.asked.call)
        {
            self.hearing.mutes(call, exchange.at);
        }
        let Some(declared) = declared(&exchange.asked.body) else { return };
        let Some(session) = self.sessions.get_mut(&declared.session) else { return };
        if exchange.worked() {
            let made = exchange.body["id"].as_str().map(canonical);
            session.call = exchange.asked.call.clone().or(made).or(session.call.take());
        } else if exchange.status.is_some() {
            session.refused = session.call.is_none();
        }
    }

    fn over(&mut self, call: &str, at: Timestamp) {
        let mine = |session: &&mut Session| session.call.as_deref() == Some(call);
        for session in self.sessions.values_mut().filter(mine) {
            session.over_at.get_or_insert(at);
        }
    }

    /// The platform announces a session: whose packets its SSRCs will be.
    fn announced(
        &mut self,
        told: &Value,
        packet: &Packet,
        world: &World,
        out: &mut Vec<Violation>,
    ) {
        let place = (TO_WHOM, packet.at, packet.seq);
        let id = told["session"].as_str().unwrap_or_default();
        let call = canonical(told["callId"].as_str().unwrap_or_default());
        let Some(session) = self.sessions.get_mut(id) else {
            return broken(place, format!("session {} was declared by nobody", short(id)), out);
        };
        let theirs = session.call.clone().or(session.asked_for.clone());
        if session.refused || packet.to != session.declared.address {
            let text = format!("media of call {} was refused, or is not for there", short(&call));
            return broken(place, text, out);
        }
        if theirs.is_some_and(|theirs| theirs != call) {
            let text = format!("session {} is not of call {}", short(id), short(&call));
            return broken(place, text, out);
        }
        session.call.get_or_insert(call);
        let lists = [&told["audio"], &told["screenSharing"]].into_iter();
        let lists = lists.chain(told["unmixed"].as_array().into_iter().flatten());
        let all = lists.chain(told["video"].as_array().into_iter().flatten());
        for ssrc in all.filter_map(|ssrc| u32::try_from(ssrc.as_u64()?).ok()) {
            self.of_platform.insert(ssrc, id.to_owned());
        }
        self.is_on(id, packet, world, out);
    }

    /// Nothing is sent of a call that is over.
    fn is_on(&self, id: &str, packet: &Packet, world: &World, out: &mut Vec<Violation>) {
        let known = self.sessions.get(id).and_then(|session| session.known(world));
        if let Some((_, ended)) = known.and_then(|call| call.ended)
            && packet.at > ended
        {
            let text = "the platform sends media of a call whose end it has told".to_owned();
            broken((TO_WHOM, packet.at, packet.seq), text, out);
        }
    }

    fn platform_sends(
        &mut self,
        packet: &Packet,
        said: Said<'_>,
        world: &World,
        out: &mut Vec<Violation>,
    ) {
        let place = (TO_WHOM, packet.at, packet.seq);
        let (ssrc, frame) = match said {
            Said::Noise => return broken(place, "a datagram that is no packet".to_owned(), out),
            Said::Told(_, all) => {
                for told in all.iter().map(|told| &told["session"]).filter(|told| told.is_object())
                {
                    self.announced(told, packet, world, out);
                }
                return;
            }
            Said::Media(ssrc, frame) => (ssrc, frame),
        };
        let Some(id) = self.of_platform.get(&ssrc).cloned() else {
            return broken(place, format!("media on {ssrc:#x}, which was not announced"), out);
        };
        self.is_on(&id, packet, world, out);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if packet.to != session.declared.address {
            return broken(place, format!("media of another goes to {}", packet.to), out);
        }
        session.platform_at = Some(packet.at);
        let active = session.known(world).and_then(|call| call.audio);
        if !matches!(active, Some((true, _))) {
            session.doubt.get_or_insert((packet.at, packet.seq));
        }
        if let Some((marker, _)) = frame.and_then(|frame| session.ear.hears(frame)) {
            self.reaches_bot(&id, marker, packet, out);
        }
    }

    fn reaches_bot(&mut self, id: &str, marker: u32, packet: &Packet, out: &mut Vec<Violation>) {
        let Some(call) = self.sessions.get(id).and_then(|session| session.call.clone()) else {
            return;
        };
        if let Some(why) = self.hearing.by_bot(marker, &call) {
            let text = format!("the bot hears in call {} {why}", short(&call));
            broken((STAYS, packet.at, packet.seq), text, out);
        }
        let heard = |owed: &Owed| owed.to_bot && owed.session == id && owed.marker == marker;
        let before = self.owed.len();
        self.owed.retain(|owed| !heard(owed));
        // What was owed to the bot it owes an answer to.
        if self.owed.len() < before && marker < ANSWERED_BELOW {
            let (session, marker) = (id.to_owned(), marker | ANSWER);
            self.owed.push(Owed { session, marker, since: packet.at, to_bot: false });
        }
    }

    fn bot_receives(&mut self, packet: &Packet, said: Said<'_>, world: &World) {
        let Said::Told(ssrc, all) = said else { return };
        let session = self.of_platform.get(&ssrc).and_then(|id| self.sessions.get_mut(id));
        let Some(session) = session else { return };
        for told in all.iter().map(|told| &told["status"]).filter(|s| s["channel"] == "audio") {
            let may = told["send"] == "active";
            // Who has begun anew since is told anew.
            let crashed = |since| {
                let mut crashes = world.facts.restarts.iter();
                crashes.any(|crash| since < crash.up && crash.up <= packet.at)
            };
            if session.told.is_none_or(|(before, since)| before != may || crashed(since)) {
                session.told = Some((may, packet.at));
            }
        }
    }

    fn bot_sends(
        &mut self,
        packet: &Packet,
        said: Said<'_>,
        world: &World,
        out: &mut Vec<Violation>,
    ) {
        let place = (FROM_WHOM, packet.at, packet.seq);
        let ssrc = match &said {
            Said::Noise => return broken(place, "a datagram that is no packet".to_owned(), out),
            Said::Told(ssrc, _) | Said::Media(ssrc, _) => *ssrc,
        };
        let session = self.of_bot.get(&ssrc).and_then(|id| self.sessions.get_mut(id));
        let Some(session) = session else {
            return broken(place, format!("the bot sends on {ssrc:#x}, undeclared"), out);
        };
        if session.over_at.is_some_and(|over| packet.at > over + LAST_WORDS) {
            let call = session.name();
            let text = format!("the bot sends media of call {call}, which it knows to be over");
            return broken(place, text, out);
        }
        let Said::Media(_, frame) = said else { return };
        if ssrc == session.declared.ssrc && !session.may_send(world, packet.at) {
            let call = session.name();
            let text = format!("the bot sends audio of call {call}, and was not told that it may");
            broken(place, text, out);
        }
        session.bot_at = Some(packet.at);
        let Some((marker, lasted)) = frame.and_then(|frame| session.mouth.hears(frame)) else {
            return;
        };
        let id = session.declared.session.clone();
        if let Some(call) = session.call.clone() {
            self.hearing.said_by_bot(marker, &call, packet.at, lasted);
        }
        self.owed.retain(|o| o.to_bot || o.session != id || o.marker != marker);
    }

    /// Somebody begins to speak.
    fn speaks(&mut self, asked: &Control) {
        let Some((call, "speak")) = action(asked) else { return };
        let usual = if asked.body["markerId"].is_u64() { MARKER_MS } else { 1_000 };
        let ms = asked.body["durationMs"].as_u64().unwrap_or(usual);
        let (begins, ends) = (asked.at, asked.at + Duration::from_millis(ms) + GRACE);
        let before = self.speech.get(&call).map(|(until, _)| *until);
        let amid = before.is_some_and(|until| until > begins);
        self.speech.insert(call.clone(), (before.unwrap_or_default().max(ends), amid));
        if amid {
            let sessions = &self.sessions;
            let is_there =
                |id: &String| sessions.get(id).and_then(|s| s.call.as_ref()) == Some(&call);
            self.owed.retain(|owed| !(owed.to_bot && is_there(&owed.session)));
        }
    }

    /// Somebody has said a marker: the bot of that call hears it soon.
    fn owes(&mut self, done: &Control, world: &World) {
        let Some((call, "speak")) = action(done) else { return };
        let marker = done.body["markerId"].as_u64().and_then(|id| u32::try_from(id).ok());
        let by = done.body["by"].as_str().unwrap_or_default();
        let (Some(marker), true) = (marker, worked(done.status)) else { return };
        let is_in = |(_, session): &(&String, &Session)| session.call.as_deref() == Some(&*call);
        let Some((id, session)) = self.sessions.iter().find(is_in) else { return };
        let long = session.audio_since(world).is_some_and(|at| at + GAP_MAX <= done.at);
        let greeted = session.bot_at.is_some() && session.declared.both_ways;
        let alone = self.speech.get(&call).is_none_or(|(_, amid)| !amid);
        let fair = alone && !session.is_hidden(world, done.at);
        if long && greeted && fair && !self.hearing.is_muted(&call, by) {
            let (session, since) = (id.clone(), done.at);
            self.owed.push(Owed { session, marker, since, to_bot: true });
        }
    }

    fn time_passes(&mut self, seq: u64, world: &World, out: &mut Vec<Violation>) {
        for session in self.sessions.values_mut() {
            resolve(session, world, out);
            flows(session, seq, world, out);
        }
        let Self { sessions, owed, .. } = self;
        owed.retain(|owed| {
            let Some(session) = sessions.get(&owed.session) else { return false };
            let on = session.audio_since(world).is_some_and(|since| since <= owed.since);
            let hidden = session.is_hidden(world, owed.since);
            if !on || hidden || !session.may_send(world, world.now) {
                return false;
            }
            if world.now <= owed.since + SOON {
                return true;
            }
            let call = session.name();
            let (invariant, text) = if owed.to_bot {
                (
                    FLOWS,
                    format!(
                        "marker {:#x} was said in call {call}, and no packet to the bot has it",
                        owed.marker
                    ),
                )
            } else {
                (ANSWERS, format!("the bot says no {:#x} to a marker in call {call}", owed.marker))
            };
            broken((invariant, owed.since + SOON, seq), text, out);
            false
        });
    }
}

/// Media went to a call of which nobody had said that it has any: a notification has to say so soon.
fn resolve(session: &mut Session, world: &World, out: &mut Vec<Violation>) {
    let Some((at, seq)) = session.doubt else { return };
    let Some(call) = session.known(world) else { return };
    if matches!(call.audio, Some((true, _))) || call.ended.is_some() || session.is_hidden(world, at)
    {
        session.doubt = None;
    } else if world.now > at + GRACE && call.is_quiet() {
        session.doubt = None;
        let call = session.name();
        let text =
            format!("the platform sends media in call {call}, which has none, or is on hold");
        broken((TO_WHOM, at, seq), text, out);
    }
}

/// Both ends send all the time while they may.
fn flows(session: &Session, seq: u64, world: &World, out: &mut Vec<Violation>) {
    let lately = |at: Option<Timestamp>| at.is_some_and(|at| world.now <= at + GAP_MAX);
    if lately(session.bot_at) && lately(session.platform_at) {
        return;
    }
    let Some(active) = session.audio_since(world).filter(|_| session.declared.both_ways) else {
        return;
    };
    let now = world.now;
    let late = |last: Option<Timestamp>, since: Timestamp| {
        let quiet_since = last.map_or(since, |last| last.max(since));
        (now > quiet_since + GAP_MAX && !session.is_hidden(world, quiet_since))
            .then_some(quiet_since)
    };
    let may = session.told.filter(|_| session.may_send(world, now) && session.over_at.is_none());
    let bot = match may {
        Some((true, since)) => late(session.bot_at, since.max(active)),
        _ => None,
    };
    // An address that nobody has answered from is not sent to.
    let platform = session.bot_at.and_then(|_| late(session.platform_at, active));
    let silent = [("bot", bot), ("platform", platform)];
    for (who, since) in silent.into_iter().filter_map(|(who, at)| Some((who, at?))) {
        let call = session.name();
        let text = format!("the {who} has sent nothing in call {call}, whose audio is active");
        broken((FLOWS, since + GAP_MAX, seq), text, out);
    }
}
