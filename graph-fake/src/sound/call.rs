//! The sound of one call.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use graph_api::{Guid, Timestamp};
use media::audio::{FRAME_PERIOD, Pcm16K};
use platform::{BEEP, CallId, ConferenceId, MediaEvent, OperationId, Prompt};

use super::{
    score::{By, Layer, Score},
    track::Track,
    voice::{Clip, Voice},
};
use crate::media::Speaker;

/// Sounds of one call that are remembered; the oldest go first.
pub const LAYERS_MAX: usize = 4_096;
/// Prompts of one call that are remembered.
const PROMPTS_MAX: usize = 256;
/// Recordings of one call that can be fetched.
const TAKES_MAX: usize = 256;
/// Times at which nobody hears the bot that are remembered.
const SILENCES_MAX: usize = 256;
/// How much of a call can be listened to: its last ten minutes.
const HEARD_MAX: Duration = Duration::from_secs(600);
/// How long a key sounds. Documented nowhere; ours.
const KEY: Duration = Duration::from_millis(100);

/// A recording that can be fetched now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Whose it is.
    pub operation: OperationId,
    /// The one that had to make room for it.
    pub dropped: Option<OperationId>,
}

/// What there is to hear for a bot in 20 ms.
#[derive(Debug, Default)]
pub struct Heard {
    /// Each who makes a sound: people, then other bots.
    pub speakers: Vec<(Speaker, Pcm16K)>,
}

impl Heard {
    /// What of a layer lies between two times is said by this one.
    fn add(&mut self, who: Speaker, layer: &Layer, from: Timestamp, to: Timestamp) {
        let place = self.speakers.iter().position(|(other, _)| *other == who);
        let place = place.unwrap_or_else(|| {
            self.speakers.push((who, Pcm16K::SILENCE));
            self.speakers.len() - 1
        });
        add(layer, from, to, &mut self.speakers[place].1);
    }
}

/// Adds what of a layer lies between two times.
fn add(layer: &Layer, from: Timestamp, to: Timestamp, frame: &mut Pcm16K) {
    let mut piece = *frame;
    Score::new(from, to, vec![layer.clone()], Vec::new()).add_to(&mut piece.0);
    *frame = piece;
}

/// What was heard and said in one call.
#[derive(Debug, Default)]
pub struct CallSound {
    /// When the call ended.
    pub ended: Option<Timestamp>,
    began: Option<Timestamp>,
    /// What the bot sends, if it is app-hosted, and since when.
    live: Option<(Track, Timestamp)>,
    layers: VecDeque<(Option<OperationId>, Layer)>,
    /// When nobody hears the bot, the last for as long as it lasts.
    silences: VecDeque<(Timestamp, Option<Timestamp>)>,
    /// The conference that its bot is in, and since when.
    conference: Option<(ConferenceId, Timestamp)>,
    prompts: BTreeMap<String, Arc<Clip>>,
    recording: Option<(OperationId, Timestamp)>,
    takes: VecDeque<(OperationId, Score)>,
}

impl CallSound {
    /// Sounds that are remembered.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// A prompt is there; it may be played from now on.
    pub fn put_prompt(&mut self, uri: String, clip: Arc<Clip>) {
        if self.prompts.len() < PROMPTS_MAX || self.prompts.contains_key(&uri) {
            self.prompts.insert(uri, clip);
        }
    }

    /// Something happened. Returns the recording that can be fetched now, if it is the end of one.
    /// `voice`: what is said, if somebody speaks and it is not the usual tone.
    pub fn note(
        &mut self,
        at: Timestamp,
        event: &MediaEvent,
        voice: Option<Voice>,
    ) -> Option<Recorded> {
        match event {
            MediaEvent::PromptBegan(operation, prompt) => {
                let voice = Voice::Clips(self.clips(std::slice::from_ref(prompt)));
                self.push(Some(*operation), at, None, By::Bot, voice);
            }
            MediaEvent::PromptsLooped(operation, prompts) => {
                let voice = Voice::Loop(self.clips(prompts));
                self.push(Some(*operation), at, None, By::Bot, voice);
            }
            MediaEvent::PromptEnded(operation) => {
                self.close(at, |owner, _| owner == Some(*operation));
            }
            MediaEvent::Beeped(_) => {
                self.push(None, at, Some(at + BEEP), By::Bot, Voice::Beep);
            }
            MediaEvent::RecordBegan(operation) => self.recording = Some((*operation, at)),
            MediaEvent::RecordEnded(operation, kept) => {
                return self.recorded(at, *operation, *kept);
            }
            MediaEvent::Spoke(who, length) => {
                let voice = voice.unwrap_or(Voice::Speech(*who));
                self.push(None, at, Some(at + *length), By::Person(*who), voice);
            }
            MediaEvent::Pressed(who, tone) => {
                let voice = Voice::Key(tone.clone());
                self.push(None, at, Some(at + KEY), By::Person(*who), voice);
            }
            MediaEvent::Sent(tone) => {
                self.push(None, at, Some(at + KEY), By::Bot, Voice::Key(tone.clone()));
            }
            MediaEvent::HoldMusic(who, true, music) => {
                let own = self.clips(music.as_slice());
                let voice = if own.is_empty() { Voice::Music } else { Voice::Loop(own) };
                self.push(None, at, None, By::HeldFrom(*who), voice);
            }
            MediaEvent::HoldMusic(who, false, _) => {
                self.close(at, |_, by| by == By::HeldFrom(*who));
            }
            MediaEvent::Entered(conference) => self.conference = Some((*conference, at)),
            MediaEvent::BotSilenced(silent) => self.silence(at, *silent),
            MediaEvent::BrokeOff(who) => {
                for (_, layer) in &mut self.layers {
                    if layer.by == By::Person(*who) && layer.until.is_some_and(|until| until > at) {
                        layer.until = Some(at.max(layer.from));
                    }
                }
            }
        }
        None
    }

    /// The call is over: what still sounds falls silent, a recording that runs is lost.
    pub fn end(&mut self, at: Timestamp) {
        self.ended.get_or_insert(at);
        self.recording = None;
        for (_, layer) in &mut self.layers {
            layer.until = Some(layer.end(at));
        }
    }

    /// A recording that has ended well.
    pub fn take(&self, operation: OperationId) -> Option<&Score> {
        self.takes.iter().find(|(id, _)| *id == operation).map(|(_, take)| take)
    }

    /// The recordings that can be fetched.
    pub fn takes(&self) -> impl Iterator<Item = OperationId> {
        self.takes.iter().map(|(id, _)| *id)
    }

    /// Recordings vanish.
    pub fn drop_takes(&mut self) -> impl Iterator<Item = OperationId> {
        std::mem::take(&mut self.takes).into_iter().map(|(id, _)| id)
    }

    /// The conference that its bot is in, and since when.
    pub const fn conference(&self) -> Option<(ConferenceId, Timestamp)> {
        self.conference
    }

    /// What a person has heard so far: from the first sound of the call, or ten minutes before the last, to
    /// the last. Never what the person says. `beside`: the calls of other bots in the same conference, which are
    /// heard from when both are there; what people say is in each of them.
    pub fn heard(&self, now: Timestamp, user: Guid, beside: &[&Self]) -> Score {
        let now = self.ended.map_or(now, |ended| ended.min(now));
        let people = |by| matches!(by, By::Person(who) if who != user);
        let (mut layers, mut held) = (self.of(people), self.of(|by| by == By::HeldFrom(user)));
        layers.extend(self.audible_bot(None));
        let since = |call: &Self| call.conference.map(|(_, since)| since);
        for other in beside {
            let both = since(self).max(since(other));
            layers.extend(other.audible_bot(both));
            let music = other.of(|by| by == By::HeldFrom(user));
            held.extend(music.iter().filter_map(|layer| layer.between(both, None)));
        }
        let sounding = held.iter().chain(&layers).filter(|layer| layer.from < now);
        let to = sounding.map(|layer| layer.end(now)).max().unwrap_or_default();
        let first = held.iter().chain(&layers).map(|layer| layer.from).chain(self.began).min();
        let from = first.unwrap_or(to).min(to).max(to - HEARD_MAX);
        Score::new(from, to, layers, held)
    }

    /// What an app-hosted bot says in the 20 ms that begin `at`.
    pub fn bot_says(&mut self, at: Timestamp, frame: &Pcm16K, bytes: &Arc<AtomicUsize>) {
        if self.live.is_none() {
            let track = Track::new(bytes);
            self.push(None, at, None, By::Bot, Voice::Live(track.clone()));
            self.live = Some((track, at));
        }
        if let Some((track, began)) = &self.live {
            let number = at.saturating_since(*began).as_millis() / FRAME_PERIOD.as_millis();
            track.put(u32::try_from(number).unwrap_or(u32::MAX), frame);
        }
    }

    /// What each person says between these times, and what other bots of the same conference do.
    pub fn heard_by_bot(
        &self,
        from: Timestamp,
        to: Timestamp,
        beside: &[(CallId, &Self)],
    ) -> Heard {
        let mut heard = Heard::default();
        for (_, layer) in self.layers.iter().filter(|(_, layer)| layer.is_within(from, to)) {
            if let By::Person(who) = layer.by {
                heard.add(Speaker::Person(who), layer, from, to);
            }
        }
        let since = |call: &Self| call.conference.map(|(_, since)| since);
        for (id, other) in beside {
            let both = since(self).max(since(other));
            for layer in other.audible_bot(both).iter().filter(|layer| layer.is_within(from, to)) {
                heard.add(Speaker::Bot(*id), layer, from, to);
            }
        }
        heard
    }

    /// What people hear of the bot from then on: not what it says while it is muted, or in the lobby.
    fn audible_bot(&self, from: Option<Timestamp>) -> Vec<Layer> {
        let mut pieces = self.of(|by| by == By::Bot);
        pieces = pieces.iter().filter_map(|layer| layer.between(from, None)).collect();
        for (begins, ends) in &self.silences {
            let cut = |layer: &Layer| {
                let after = ends.and_then(|ends| layer.between(Some(ends), None));
                [layer.between(None, Some(*begins)), after].into_iter().flatten()
            };
            pieces = pieces.iter().flat_map(cut).collect();
        }
        pieces
    }

    fn silence(&mut self, at: Timestamp, silent: bool) {
        let lasts = self.silences.back().is_some_and(|(_, ends)| ends.is_none());
        match self.silences.back_mut() {
            Some((_, ends)) if lasts && !silent => *ends = Some(at),
            _ if silent && !lasts => {
                if self.silences.len() >= SILENCES_MAX {
                    self.silences.pop_front();
                }
                self.silences.push_back((at, None));
            }
            _ => {}
        }
    }

    fn of(&self, wanted: impl Fn(By) -> bool) -> Vec<Layer> {
        let layers = self.layers.iter().map(|(_, layer)| layer);
        layers.filter(|layer| wanted(layer.by)).cloned().collect()
    }

    /// what people said while it ran. What is said or pressed in the moment of its end, like the stop
    /// tone, comes too late.
    fn recorded(&mut self, to: Timestamp, operation: OperationId, kept: bool) -> Option<Recorded> {
        let (_, from) = self.recording.take().filter(|(id, _)| *id == operation && kept)?;
        let mut said = self.of(|by| matches!(by, By::Person(_)));
        said.retain(|layer| layer.is_within(from, to));
        let full = self.takes.len() >= TAKES_MAX;
        let dropped = if full { self.takes.pop_front() } else { None };
        self.takes.push_back((operation, Score::new(from, to, said, Vec::new())));
        Some(Recorded { operation, dropped: dropped.map(|(id, _)| id) })
    }

    fn clips(&self, prompts: &[Prompt]) -> Vec<Arc<Clip>> {
        prompts.iter().filter_map(|prompt| self.prompts.get(&prompt.uri).cloned()).collect()
    }

    fn push(
        &mut self,
        operation: Option<OperationId>,
        from: Timestamp,
        until: Option<Timestamp>,
        by: By,
        voice: Voice,
    ) {
        if self.layers.len() >= LAYERS_MAX
            && let Some(oldest) = self.layers.pop_front()
            && matches!(oldest.1.voice, Voice::Live(_))
        {
            // What the bot sends is one sound for as long as the call lasts: the next one makes room instead.
            self.layers.push_back(oldest);
            self.layers.pop_front();
        }
        self.began.get_or_insert(from);
        self.layers.push_back((operation, Layer { began: from, from, until, by, voice }));
    }

    fn close(&mut self, at: Timestamp, which: impl Fn(Option<OperationId>, By) -> bool) {
        for (owner, layer) in self.layers.iter_mut().rev() {
            if layer.until.is_none() && which(*owner, layer.by) {
                layer.until = Some(at);
            }
        }
    }
}
