//! What the contract leaves open (its rules marked N), as switches with defaults.

use std::time::Duration;

use crate::{flaw::Flaw, render::Profile};

/// Switches of the platform. Serialised by the shell as `options` of its configuration, by these names in
/// camelCase, durations in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// From the answer (or the callee's answer) to `established`. R-093 proposes none; a moment by default,
    /// so that a bot which does not wait for `established` fails here as it would there.
    pub set_up: Duration,
    /// From `established` to `mediaState.audio: active`.
    pub audio_start: Duration,
    /// How long an incoming call may wait for its answer.
    pub answer_within: Duration,
    /// The same under a recording policy.
    pub recorder_answers_within: Duration,
    /// How long the bot may take to acknowledge an incoming call, or to answer a
    /// participantJoiningNotification.
    pub acknowledge_within: Duration,
    /// Whether a missed acknowledgement ends with the newer 8586 and a missed answer with 8587 instead of
    /// 8544 for both.
    pub newer_timeout_codes: bool,
    /// How long an outgoing call, and an invitation, rings when the bot does not say.
    pub ring: Duration,
    /// Longest gap between keepAlives.
    pub keep_alive: Duration,
    /// Whether every request about a call counts as its keepAlive.
    pub requests_keep_alive: bool,
    /// How long nothing may come from the media of an app-hosted bot while it flows, before its call ends; zero: for
    /// ever. Watched by the shell.
    pub media_lost: Duration,
    /// Whether that end is 500/1005 instead of 410/301005.
    pub media_lost_is_500: bool,
    /// From the media's move to a conference and back to active, at escalation.
    pub retarget: Duration,
    /// Whether invite on a peer-to-peer call escalates it; else it is refused with 8548.
    pub invite_escalates: bool,
    /// Whether `Calls.JoinGroupCallAsGuest.All` saves a bot from being dropped at escalation.
    pub guest_survives_escalation: bool,
    /// From transfer to `transferAccepted`.
    pub transfer_accept: Duration,
    /// Whether a completed blind transfer says 0 (transfer page) instead of 200 (end table).
    pub transfer_code_zero: bool,
    /// Whether a redirected call shows `redirecting` before it ends, as in 2019.
    pub shows_redirecting: bool,
    /// How long somebody may wait in the lobby.
    pub lobby: Duration,
    /// How long a recording can be fetched after its call has ended. Kept by the shell.
    pub recording_kept: Duration,
    /// Whether telephones can be called; then only by application instances.
    pub pstn: bool,
    /// Whether record and subscribeToTone do without `Calls.AccessMedia.All`, as one sample claims.
    pub lenient_media_permission: bool,
    /// Whether a withdrawn permission is noticed by in-call verbs too, not only when a call is made.
    pub checks_calls_again: bool,
    /// Whether cancelled prompts end as `completed` with `mediaOperationCanceled` (beta) instead of `failed`
    /// with 400/8508.
    pub cancelled_prompts_complete: bool,
    /// Whether an unusable prompt ends as `completed` with reason `unknown`, as I#58 saw.
    pub bad_prompts_complete: bool,
    /// Whether open operations are ended with a notification when their call ends.
    pub ends_operations_aloud: bool,
    /// Whether subscribeToTone on an app-hosted call is 500/9999 as seen in I#325 instead of 400/8500.
    pub tone_on_app_hosted_is_500: bool,
    /// Whether removed participants are left out of the roster without an update.
    pub silent_removal: bool,
    /// Whether muteAll mutes the bot too.
    pub mute_all_includes_bot: bool,
    /// Bytes of metadata.
    pub metadata_max: usize,
    /// Whether holding a peer-to-peer call shows `hold`.
    pub shows_hold: bool,
    /// Calls an application may have at a time.
    pub calls_per_app: usize,
    /// Calls an application may have in thirty days, counted from the first of them; 0 is no limit.
    pub calls_per_month: u32,
    /// Requests an application may make in a second; 0 is no limit.
    pub requests_per_second: u32,
    /// Accept `http` callback URIs (clients.md 4: an opt-in for localhost).
    pub http_callbacks: bool,
    /// Notifications that may travel in one envelope; 1 is no batching.
    pub batch: usize,
    /// Other ways of writing the same facts; the platform itself does not look at it.
    pub profile: Profile,
    /// A planted fault, to show that the tests of the platform can fail.
    pub flaw: Option<Flaw>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            set_up: Duration::from_millis(100),
            audio_start: Duration::from_millis(100),
            answer_within: Duration::from_secs(15),
            recorder_answers_within: Duration::from_secs(5),
            acknowledge_within: Duration::from_secs(5),
            newer_timeout_codes: false,
            ring: Duration::from_secs(60),
            keep_alive: Duration::from_secs(45 * 60),
            requests_keep_alive: false,
            media_lost: Duration::from_secs(30),
            media_lost_is_500: false,
            retarget: Duration::from_millis(100),
            invite_escalates: true,
            guest_survives_escalation: false,
            transfer_accept: Duration::from_millis(100),
            transfer_code_zero: true,
            shows_redirecting: false,
            lobby: Duration::from_secs(30 * 60),
            recording_kept: Duration::from_secs(60),
            pstn: true,
            lenient_media_permission: false,
            checks_calls_again: false,
            cancelled_prompts_complete: false,
            bad_prompts_complete: false,
            ends_operations_aloud: false,
            tone_on_app_hosted_is_500: true,
            silent_removal: false,
            mute_all_includes_bot: false,
            metadata_max: 4_096,
            shows_hold: false,
            calls_per_app: 100,
            calls_per_month: 10_000,
            requests_per_second: 2_000,
            http_callbacks: false,
            batch: 1,
            profile: Profile::default(),
            flaw: None,
        }
    }
}
