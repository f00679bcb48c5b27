//! Who said what, and who heard it: markers in the sound of packets, and in what people say that they heard.

use std::{collections::BTreeSet, time::Duration};

use graph_api::Timestamp;
use media::audio::{MarkerDetector, Pcm16K};

use super::{
    super::{
        Violation,
        bounded::Bounded,
        events::{Control, worked},
        ledger::action,
        paths::{canonical, short},
    },
    STAYS,
    reading::Frame,
};

/// Things that were said, each of which is remembered.
const SAID_MAX: usize = 2_000;

/// A marker that was said.
#[derive(Debug, Clone)]
struct Spoken {
    marker: u32,
    call: String,
    /// Nobody may hear it.
    muted: bool,
}

/// Listens to one stream of frames.
#[derive(Debug)]
pub(super) struct Ear {
    detector: Box<MarkerDetector>,
    frames: u32,
}

impl Ear {
    pub fn new() -> Self {
        Self { detector: Box::new(MarkerDetector::new()), frames: 0 }
    }

    /// The next 20 ms; the marker that is over with them, and how long before them it began.
    pub fn hears(&mut self, frame: &Frame) -> Option<(u32, Duration)> {
        let period = Duration::from_millis(20);
        let now = period * self.frames;
        self.frames = self.frames.wrapping_add(1);
        let heard = self.detector.push(now, &Pcm16K(frame.map(i16::from_be_bytes)))?;
        Some((heard.marker.id(), now.saturating_sub(heard.started)))
    }
}

/// What was said, by whom and in which call.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    people: Vec<Spoken>,
    bots: Vec<Spoken>,
    /// Who is muted, by call.
    muted: BTreeSet<(String, String)>,
    /// Since when the bot is muted, by call.
    bot_muted: Bounded<String, Timestamp>,
}

impl Hearing {
    /// People are about to do something.
    pub fn asked(&mut self, control: &Control) {
        let Some((call, name)) = action(control) else { return };
        let by = control.body["by"].as_str().map(canonical).unwrap_or_default();
        let marker = control.body["markerId"].as_u64().and_then(|id| u32::try_from(id).ok());
        match (name, marker) {
            ("speak", Some(marker)) if self.people.len() < SAID_MAX => {
                let muted = self.muted.contains(&(call.clone(), by));
                self.people.push(Spoken { marker, call, muted });
            }
            ("unmute", _) => drop(self.muted.remove(&(call, by))),
            _ => {}
        }
    }

    /// They have done it.
    pub fn done(&mut self, control: &Control, out: &mut Vec<Violation>) {
        if !worked(control.status) {
            return;
        }
        if let Some((call, name)) = action(control) {
            let by = control.body["by"].as_str().map(canonical).unwrap_or_default();
            match name {
                "mute" if self.muted.len() < SAID_MAX => drop(self.muted.insert((call, by))),
                "muteBot" => drop(self.bot_muted.entry(&call, || control.at)),
                _ => {}
            }
        }
        let path: Vec<&str> = control.path.iter().map(String::as_str).collect();
        let ["calls", call, "heard", who] = path.as_slice() else { return };
        for heard in control.reply["markers"].as_array().into_iter().flatten() {
            let marker = heard["markerId"].as_u64().and_then(|id| u32::try_from(id).ok());
            if let Some(why) = marker.and_then(|marker| self.by_people(marker, &canonical(call))) {
                let who = short(who.trim_end_matches(".json"));
                let text = format!("{who} heard in call {} {why}", short(call));
                out.push(Violation { invariant: STAYS, at: control.at, seq: control.seq, text });
            }
        }
    }

    /// The bot has muted itself.
    pub fn mutes(&mut self, call: &str, at: Timestamp) {
        self.bot_muted.entry(&call.to_owned(), || at);
    }

    /// The bot wants to be heard again.
    pub fn unmutes(&mut self, call: &str) {
        self.bot_muted.remove(&call.to_owned());
    }

    /// The bot said a marker in a call, for so long.
    pub fn said_by_bot(&mut self, marker: u32, call: &str, at: Timestamp, lasted: Duration) {
        if self.bots.len() < SAID_MAX {
            let since = self.bot_muted.get(&call.to_owned());
            let muted = since.is_some_and(|since| *since + lasted <= at);
            self.bots.push(Spoken { marker, call: call.to_owned(), muted });
        }
    }

    /// Whether somebody is muted there.
    pub fn is_muted(&self, call: &str, who: &str) -> bool {
        self.muted.contains(&(call.to_owned(), canonical(who)))
    }

    /// What the platform sent to the bot of a call; what is wrong about it, in words. A marker that nobody ever said is
    /// noise.
    pub fn by_bot(&self, marker: u32, call: &str) -> Option<String> {
        if self.bots.iter().any(|one| one.marker == marker && one.call == call) {
            return Some(format!("its own voice, marker {marker:#x}"));
        }
        wrong(self.people.iter(), marker, call)
    }

    /// What people heard in a call; what is wrong about it.
    fn by_people(&self, marker: u32, call: &str) -> Option<String> {
        wrong(self.people.iter().chain(&self.bots), marker, call)
    }
}

fn wrong<'a>(said: impl Iterator<Item = &'a Spoken>, marker: u32, call: &str) -> Option<String> {
    let all: Vec<&Spoken> = said.filter(|one| one.marker == marker).collect();
    let here: Vec<&&Spoken> = all.iter().filter(|one| one.call == call).collect();
    match (all.first(), here.as_slice()) {
        (Some(elsewhere), []) => {
            Some(format!("marker {marker:#x}, which was said in call {}", short(&elsewhere.call)))
        }
        (_, here) if !here.is_empty() && here.iter().all(|one| one.muted) => {
            Some(format!("marker {marker:#x} from who was muted"))
        }
        _ => None,
    }
}
