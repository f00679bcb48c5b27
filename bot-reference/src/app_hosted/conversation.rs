//! One call: what is heard, and what follows from it.

use std::{collections::VecDeque, time::Duration};

use media::{
    audio::{Marker, MarkerDetector, Pcm16K, Played, Tone},
    transport::{BotEvent, CONTRIBUTING_MAX, Channel, Flow, NOBODY},
};

use super::{
    ANSWER, ANSWERED_BELOW,
    mouth::{Mouth, Speech},
    report::{LATEST_MAX, Report, note},
};
use crate::{Flaw, Keys};

/// Keys that may wait to be pressed.
const KEYS_MAX: usize = 64;

/// What the bot does in 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slot {
    /// What it says; nothing before media flows.
    pub frame: Option<Pcm16K>,
    /// A key that it presses.
    pub press: Option<Tone>,
}

/// The bot's part in the media of one call.
#[derive(Debug)]
pub(crate) struct Conversation {
    flaw: Option<Flaw>,
    /// Keys are not pressed back: they are the menu's.
    menu: bool,
    ear: MarkerDetector,
    mouth: Mouth,
    keys: VecDeque<Tone>,
    /// What it sends is taken.
    active: bool,
    greeted: bool,
    report: Report,
}

impl Conversation {
    /// One that begins; where keys are those of a menu none is pressed back.
    pub(crate) fn new(flaw: Option<Flaw>, keys: Keys) -> Self {
        Self {
            flaw,
            menu: keys == Keys::Menu,
            ear: MarkerDetector::new(),
            mouth: Mouth::default(),
            keys: VecDeque::new(),
            active: false,
            greeted: false,
            report: Report::default(),
        }
    }

    /// What was heard and said so far.
    pub(super) const fn report(&self) -> &Report {
        &self.report
    }

    /// The platform tells something.
    #[allow(clippy::wildcard_enum_match_arm, reason = "an audio bot: nothing else concerns it")]
    pub(crate) fn told(&mut self, event: &BotEvent) {
        match event {
            BotEvent::Status { channel: Channel::Audio, send, .. } => self.flows(*send),
            BotEvent::DominantSpeaker { current } => {
                self.report.dominant_speaker = Some(*current).filter(|who| *who != NOBODY);
            }
            BotEvent::Tone(tone) => self.key(*tone),
            _ => {}
        }
    }

    fn flows(&mut self, send: Flow) {
        let active = send == Flow::Active;
        let begun = self.greeted && !self.active;
        if begun && self.flaw == Some(Flaw::StaysSilentAfterHold) {
            return;
        }
        if self.active && !active {
            self.mouth.begin_again();
        }
        self.active = active;
        if active && !self.greeted {
            self.greeted = true;
            self.say(Speech::Greeting);
        }
    }

    fn key(&mut self, tone: Tone) {
        self.report.keys_heard += 1;
        note(&mut self.report.latest_keys, tone.graph_name(), LATEST_MAX);
        if self.menu {
            return;
        }
        let times = if self.flaw == Some(Flaw::EchoesKeysTwice) { 2 } else { 1 };
        for _ in 0..times {
            if self.keys.len() < KEYS_MAX {
                self.keys.push_back(tone);
            } else {
                self.report.left_unsaid += 1;
            }
        }
    }

    fn say(&mut self, speech: Speech) {
        self.report.left_unsaid += u64::from(!self.mouth.say(speech));
    }

    /// The 20 ms that begin now: what is heard in them, by whom, and what is said. Slots follow each other without
    /// a gap; where nothing came, silence is heard.
    pub(crate) fn slot(
        &mut self,
        now: Duration,
        heard: (Played, &Pcm16K),
        speakers: &[u32],
    ) -> Slot {
        let (played, frame) = heard;
        self.report.frames_heard += u64::from(matches!(played, Played::Frame { .. }));
        self.report.active_speakers.clear();
        self.report.active_speakers.extend(speakers.iter().take(CONTRIBUTING_MAX));
        if let Some(heard) = self.ear.push(now, frame) {
            self.marker(heard.marker);
        }
        if !self.active {
            return Slot::default();
        }
        let (frame, over) = self.mouth.next();
        let press = self.keys.pop_front();
        self.report.said += u64::from(over);
        self.report.keys_pressed += u64::from(press.is_some());
        let unsaid = self.flaw == Some(Flaw::SendsNoSilence) && frame == Pcm16K::SILENCE;
        Slot { frame: Some(frame).filter(|_| !unsaid), press }
    }

    fn marker(&mut self, marker: Marker) {
        self.report.markers_heard += 1;
        note(&mut self.report.latest_markers, marker.id(), LATEST_MAX);
        if self.flaw == Some(Flaw::AnswersMarkersSlowly) {
            self.say(Speech::Pause);
        }
        let answered = marker.id() < ANSWERED_BELOW && self.flaw != Some(Flaw::DeafToMarkers);
        if let Some(answer) = Marker::new(marker.id() | ANSWER).filter(|_| answered) {
            self.say(Speech::Answer(answer));
        }
    }

    /// A key could not be pressed after all.
    pub(super) const fn unpressed(&mut self) {
        self.report.keys_pressed -= 1;
        self.report.left_unsaid += 1;
    }
}
