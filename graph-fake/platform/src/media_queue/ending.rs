//! How operations end: every code, subcode, message and completionReason of prompts and records
//! (errors.md 4, R-246).

use graph_api::ResultInfo;

use super::job::QueueOptions;
use crate::input::FetchError;

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `completed`, or else `failed`.
    pub well: bool,
    /// Code, subcode, message.
    pub result: ResultInfo,
    /// `completionReason`.
    pub reason: &'static str,
    /// Whether there is a recording to fetch.
    pub recorded: bool,
}

/// What ended a recording by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordEnd {
    StopTone,
    MaxDuration,
    MaxSilence,
    InitialSilence,
}

impl RecordEnd {
    /// Whether there is something to keep.
    pub const fn kept(self) -> bool {
        !matches!(self, Self::InitialSilence)
    }
}

impl Ending {
    /// A prompt was played to its end.
    pub(super) fn played() -> Self {
        Self::new(true, 200, 0, "Action completed successfully.", "completedSuccessfully")
    }

    /// cancelled, by cancelMediaProcessing or by a record that barges in.
    pub(super) fn cancelled(record: bool, options: QueueOptions) -> Self {
        let reason = if record { "operationCanceled" } else { "mediaOperationCanceled" };
        if options.cancelled_prompts_complete && !record {
            return Self { reason, ..Self::played() };
        }
        Self::new(false, 400, 8508, "Action failed, the operation was cancelled.", reason)
    }

    /// a prompt that cannot be played fails its operation; I#58 saw it completed.
    pub(super) fn bad_prompt(record: bool, error: FetchError, options: QueueOptions) -> Self {
        let reason = "unknown";
        if record {
            let text = "Action failed, encountered failure while trying to play the prompt.";
            return Self::new(false, 500, 8511, text, "playPromptFailed");
        }
        if options.bad_prompts_complete {
            return Self { reason, ..Self::played() };
        }
        match error {
            FetchError::Format => {
                Self::new(false, 400, 8535, "Action failed, invalid file format.", reason)
            }
            FetchError::Download => {
                Self::new(false, 400, 8536, "Action failed, file download failed.", reason)
            }
        }
    }

    /// The text of max silence is ours: no source prints it.
    pub(super) fn record(end: RecordEnd) -> Self {
        let (code, subcode, text, reason) = match end {
            RecordEnd::StopTone => {
                let text = "Action completed as stop tone was detected.";
                (200, 8514, text, "stopToneDetected")
            }
            RecordEnd::MaxDuration => {
                let text = "Action completed, max record duration reached.";
                (200, 8515, text, "maxRecordDurationReached")
            }
            RecordEnd::MaxSilence => {
                (200, 8509, "Action completed, max silence timeout reached.", "maxSilenceTimeout")
            }
            RecordEnd::InitialSilence => {
                let text = "Action failed, initial silence timeout reached.";
                (400, 8510, text, "initialSilenceTimeout")
            }
        };
        Self { recorded: end.kept(), ..Self::new(end.kept(), code, subcode, text, reason) }
    }

    fn new(well: bool, code: i32, subcode: i32, text: &str, reason: &'static str) -> Self {
        let result = ResultInfo::new(code, subcode, text);
        Self { well, result, reason, recorded: false }
    }
}
