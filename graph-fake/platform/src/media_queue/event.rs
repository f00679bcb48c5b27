//! What the queue tells and asks for.

use std::time::Duration;

use graph_api::{Guid, Timestamp, Tone};

use super::{ending::Ending, job::Prompt};
use crate::input::{ConferenceId, OperationId};

/// What is heard and said in a call, for those who make sound of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A prompt began: the one that is heard, which is the cached one where `resourceId` names it.
    PromptBegan(OperationId, Prompt),
    /// From now on these are heard again and again, until `PromptEnded`.
    PromptsLooped(OperationId, Vec<Prompt>),
    /// It ended, or was cut off.
    PromptEnded(OperationId),
    /// The beep before a recording began; it lasts for [`super::BEEP`].
    Beeped(OperationId),
    /// A recording began.
    RecordBegan(OperationId),
    /// It ended; kept or thrown away.
    RecordEnded(OperationId, bool),
    /// A person speaks for so long.
    Spoke(Guid, Duration),
    /// A person pressed a key.
    Pressed(Guid, Tone),
    /// The bot pressed a key.
    Sent(Tone),
    /// Somebody hears hold music and nothing else, or hears it no more; the music, if it is not the usual one.
    HoldMusic(Guid, bool, Option<Prompt>),
    /// The bot is in this conference from now on: who is there hears it, and all other bots there.
    Entered(ConferenceId),
    /// Nobody hears the bot from now on, or people do again: the server mutes it, or it is in the lobby.
    BotSilenced(bool),
    /// The server mutes a person, who is heard no more.
    BrokeOff(Guid),
}

/// What the queue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Download this; report with the id that the platform gives it.
    Fetch(Prompt),
    /// An operation is over.
    Ended(OperationId, Box<Ending>),
    /// Something is heard, since this time: the caller may be late.
    Note(Timestamp, MediaEvent),
}
