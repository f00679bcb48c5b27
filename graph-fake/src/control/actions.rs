//! What a user does, as a test writes it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use graph_api::Tone;
use media::{Prompt, audio::Marker};
use platform::{UserAct, Who};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Trouble, people::Somebody};
use crate::{
    body,
    sound::{self, Said},
};

/// Tones that may be pressed in one action.
const TONES_MAX: usize = 1_000;
/// How long a person may speak, or wait between two tones, in milliseconds: an hour.
const LONG_MAX_MS: u64 = 3_600 * 1_000;
/// How long a person waits between two tones, unless told.
const GAP_MS: u64 = 200;
/// How long a person speaks, unless told.
const SPEAK_MS: u64 = 1_000;
/// The highest tone that can be said: half of the samples in a second.
const TONE_MAX_HZ: u32 = 8_000;
/// How long a marker lasts.
const MARKER: Duration = Duration::from_millis(400);
/// How many can be invited in one action.
const INVITED_MAX: usize = 100;

/// What a user does in a call or a meeting. `{"action": {"dtmf": {"tones": […]}}}` is the same as
/// `{"action": "dtmf", "tones": […]}`.
#[derive(Debug, Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Action {
    /// Who: a user's id, or the number of a telephone in the call; not needed for `repeatLastNotification`.
    pub by: Option<String>,
    /// What.
    pub action: ActionKind,
    /// `dtmf`: what is pressed, as Graph names tones: `tone1`, `star`, `pound`, …
    pub tones: Option<Vec<String>>,
    /// `dtmf`: milliseconds between two tones; 200 if absent.
    pub gap_ms: Option<u64>,
    /// `speak`: a WAV file in base64, mono, 16 bit, 16 kHz; it lasts as long as it lasts.
    pub wav: Option<String>,
    /// `speak`: a sine of so many hertz.
    pub tone: Option<u32>,
    /// `speak`: a marker, which can be told from others by its number, 0 to 16777215; it lasts 400 ms.
    pub marker_id: Option<u64>,
    /// `speak`: milliseconds; a second if absent.
    pub duration_ms: Option<u64>,
    /// `invite`: whom; or one of the four members that follow.
    pub who: Option<Vec<Somebody>>,
    /// `invite`: a user.
    pub user: Option<String>,
    /// `invite`: a bot.
    pub app: Option<String>,
    /// `invite`: a resource account.
    pub instance: Option<String>,
    /// `invite`: a telephone.
    pub phone: Option<String>,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionKind {
    /// Puts the phone down, or gives up while it rings.
    Hangup,
    /// Leaves a conference; the same as hangup.
    Leave,
    /// Picks up.
    Answer,
    /// Declines.
    Decline,
    /// Joins a meeting.
    Join,
    /// Mutes oneself.
    Mute,
    /// Unmutes oneself.
    Unmute,
    /// Puts the other end on hold.
    Hold,
    /// Takes it off hold.
    Resume,
    /// Presses keys.
    Dtmf,
    /// Says something.
    Speak,
    /// Brings somebody in: this is what turns a peer-to-peer call into a multiparty one.
    Invite,
    /// Removes the bot.
    RemoveBot,
    /// Mutes the bot.
    MuteBot,
    /// Turns the camera on.
    StartVideo,
    /// Turns it off.
    StopVideo,
    /// Shows the screen.
    Share,
    /// Stops that.
    StopShare,
    /// Presents a document.
    ShareContent,
    /// Stops that.
    StopSharingContent,
    /// Lets everybody in who waits in the lobby.
    AdmitFromLobby,
    /// Ends the meeting for all.
    EndMeeting,
    /// The platform sends the last delivered notification once more.
    RepeatLastNotification,
}

/// The members of [`Action`], read; `deny_unknown_fields` and a second spelling do not go together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    by: Option<String>,
    action: ActionKind,
    tones: Option<Vec<String>>,
    gap_ms: Option<u64>,
    wav: Option<String>,
    tone: Option<u32>,
    marker_id: Option<u64>,
    duration_ms: Option<u64>,
    who: Option<Vec<Somebody>>,
    user: Option<String>,
    app: Option<String>,
    instance: Option<String>,
    phone: Option<String>,
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = Map::<String, Value>::deserialize(from)?;
        if let Some(Value::Object(named)) = members.get("action") {
            let mut named = named.clone().into_iter();
            let (Some((name, arguments)), None) = (named.next(), named.next()) else {
                return Err(D::Error::custom("action: name exactly one"));
            };
            members.insert("action".to_owned(), name.into());
            if let Value::Object(arguments) = arguments {
                members.extend(arguments);
            }
        }
        let written: Written = body::from_value(members.into()).map_err(|(place, what)| {
            let place = if place.is_empty() { place } else { format!("'{place}': ") };
            D::Error::custom(format!("{place}{what}"))
        })?;
        let Written { by, action, tones, gap_ms, wav, tone, marker_id, duration_ms, .. } = written;
        let Written { who, user, app, instance, phone, .. } = written;
        Ok(Self {
            by,
            action,
            tones,
            gap_ms,
            wav,
            tone,
            marker_id,
            duration_ms,
            who,
            user,
            app,
            instance,
            phone,
        })
    }
}

impl Action {
    /// As the platform takes it, with what is said if it is not the usual tone of the person; `None`: the platform itself
    /// repeats a notification.
    pub fn what(&self) -> Result<Option<(UserAct, Option<Said>)>, Trouble> {
        self.only_its_own()?;
        let mut said = None;
        let act = match self.action {
            ActionKind::Hangup | ActionKind::Leave => UserAct::HangUp,
            ActionKind::Answer => UserAct::Answer,
            ActionKind::Decline => UserAct::Decline,
            ActionKind::Join => UserAct::Join,
            ActionKind::Mute => UserAct::Mute,
            ActionKind::Unmute => UserAct::Unmute,
            ActionKind::Hold => UserAct::Hold,
            ActionKind::Resume => UserAct::Resume,
            ActionKind::Dtmf => self.dtmf()?,
            ActionKind::Speak => {
                let (act, voice) = self.speak()?;
                said = voice;
                act
            }
            ActionKind::Invite => self.invite()?,
            ActionKind::RemoveBot => UserAct::RemoveBot,
            ActionKind::MuteBot => UserAct::MuteBot,
            ActionKind::StartVideo => UserAct::StartVideo,
            ActionKind::StopVideo => UserAct::StopVideo,
            ActionKind::Share => UserAct::Share,
            ActionKind::StopShare => UserAct::StopShare,
            ActionKind::ShareContent => UserAct::ShareContent,
            ActionKind::StopSharingContent => UserAct::StopSharingContent,
            ActionKind::AdmitFromLobby => UserAct::AdmitFromLobby,
            ActionKind::EndMeeting => UserAct::EndMeeting,
            ActionKind::RepeatLastNotification => return Ok(None),
        };
        Ok(Some((act, said)))
    }

    /// The line of the journal; sound is not repeated there.
    pub fn shown(&self) -> Value {
        let mut line = json!({"action": self.action, "by": self.by});
        for (name, given) in [
            ("tones", json!(self.tones)),
            ("gapMs", json!(self.gap_ms)),
            ("durationMs", json!(self.duration_ms)),
            ("markerId", json!(self.marker_id)),
            ("user", json!(self.user)),
            ("app", json!(self.app)),
            ("instance", json!(self.instance)),
            ("phone", json!(self.phone)),
        ] {
            if !given.is_null() {
                line[name] = given;
            }
        }
        line
    }

    /// A member that another action has is a mistake.
    fn only_its_own(&self) -> Result<(), Trouble> {
        let (dtmf, speak) = (ActionKind::Dtmf, ActionKind::Speak);
        let invite = ActionKind::Invite;
        let given = [
            ("tones", self.tones.is_some(), dtmf),
            ("gapMs", self.gap_ms.is_some(), dtmf),
            ("wav", self.wav.is_some(), speak),
            ("tone", self.tone.is_some(), speak),
            ("markerId", self.marker_id.is_some(), speak),
            ("durationMs", self.duration_ms.is_some(), speak),
            ("who", self.who.is_some(), invite),
            ("user", self.user.is_some(), invite),
            ("app", self.app.is_some(), invite),
            ("instance", self.instance.is_some(), invite),
            ("phone", self.phone.is_some(), invite),
        ];
        match given.iter().find(|(_, there, of)| *there && *of != self.action) {
            Some((name, ..)) => Err(Trouble::bad(format!("{name}: not a member of this action"))),
            None => Ok(()),
        }
    }

    fn dtmf(&self) -> Result<UserAct, Trouble> {
        let tones = self.tones.as_deref().unwrap_or_default();
        if tones.is_empty() || tones.len() > TONES_MAX {
            return Err(Trouble::bad(format!("tones: takes 1 to {TONES_MAX}")));
        }
        let mut read = Vec::with_capacity(tones.len());
        for (at, text) in tones.iter().enumerate() {
            let tone = Tone::from(text.as_str());
            if matches!(tone, Tone::Unknown(_)) {
                let text: String = text.chars().take(40).collect();
                return Err(Trouble::bad(format!("tones[{at}]: '{text}' is none")));
            }
            read.push(tone);
        }
        let gap = self.gap_ms.unwrap_or(GAP_MS);
        if gap > LONG_MAX_MS {
            return Err(Trouble::bad("gapMs: at most an hour"));
        }
        Ok(UserAct::Press(read, Duration::from_millis(gap)))
    }

    fn speak(&self) -> Result<(UserAct, Option<Said>), Trouble> {
        let sounds = [self.wav.is_some(), self.tone.is_some(), self.marker_id.is_some()];
        if sounds.into_iter().filter(|there| *there).count() > 1 {
            return Err(Trouble::bad("at most one of 'wav', 'tone' and 'markerId'"));
        }
        let mut pieces = None;
        let (whole, said) = if let Some(text) = &self.wav {
            let bytes = STANDARD.decode(text).map_err(|e| Trouble::bad(format!("wav: {e}")))?;
            let prompt = Prompt::read(&bytes).map_err(|e| Trouble::bad(format!("wav: {e}")))?;
            pieces = Some(sound::pieces(prompt.samples()));
            (prompt.duration(), Some(Said::Samples(prompt.samples().into())))
        } else if let Some(id) = self.marker_id {
            let none = || Trouble::bad("markerId: 0 to 16777215");
            let samples = marker(id).ok_or_else(none)?.samples();
            (MARKER, Some(Said::Samples(samples.into())))
        } else {
            if self.tone.is_some_and(|hertz| hertz == 0 || hertz > TONE_MAX_HZ) {
                return Err(Trouble::bad(format!("tone: 1 to {TONE_MAX_HZ} hertz")));
            }
            (Duration::from_millis(SPEAK_MS), self.tone.map(Said::Sine))
        };
        let length = match self.duration_ms {
            Some(0) | Some(LONG_MAX_MS..) => return Err(Trouble::bad("durationMs: 1 to an hour")),
            Some(ms) => Duration::from_millis(ms),
            None => whole,
        };
        let act = match pieces {
            Some(pieces) => UserAct::SpeakInPieces(length, pieces),
            None => UserAct::Speak(length),
        };
        Ok((act, said))
    }

    fn invite(&self) -> Result<UserAct, Trouble> {
        let Self { user, app, instance, phone, .. } = self.clone();
        let one = Somebody { user, app, instance, phone };
        let single = one.user.is_some()
            || one.app.is_some()
            || one.instance.is_some()
            || one.phone.is_some();
        let who = match (&self.who, single) {
            (Some(_), true) => return Err(Trouble::bad("either 'who' or one member, not both")),
            (Some(who), false) => {
                let named = who.iter().enumerate().map(|(at, one)| one.who(&format!("who[{at}]")));
                named.collect::<Result<Vec<Who>, Trouble>>()?
            }
            (None, _) => vec![one.who("the invited")?],
        };
        if who.is_empty() || who.len() > INVITED_MAX {
            return Err(Trouble::bad(format!("who: takes 1 to {INVITED_MAX}")));
        }
        Ok(UserAct::Invite(who))
    }
}

/// Markers have 24 bits.
fn marker(id: u64) -> Option<Marker> {
    Marker::new(u32::try_from(id).ok()?)
}
