//! Which cases are for a bot that claims this and that.

use graph_fake::manifest::{BotClock, Claim, Deed, Manifest};

use super::{Tempo, driver};
use crate::case::{Case, Need, Profile};

/// Longest case that is played where nothing may jump, in seconds.
const REAL_MAX: u64 = 300;

/// What a bot has to claim for a case to be played. Topics that are about one thing name it; others go by the case's
/// profile.
pub fn needed(case: &Case) -> Claim {
    match (case.topic(), case.profile) {
        ("prompts", _) => Claim::Prompts,
        ("tones", _) => Claim::Tones,
        ("recording" | "records", _) => Claim::Recording,
        ("group-call" | "group-calls" | "roster" | "rosters" | "meetings", _) => Claim::GroupCall,
        ("escalation", _) => Claim::Escalation,
        ("transfer" | "redirect" | "transfers", _) => Claim::Transfer,
        ("app-hosted" | "audio" | "app-hosted-audio", _) => Claim::AppHostedAudio,
        ("video" | "screen-sharing" | "app-hosted-video", _) => Claim::AppHostedVideo,
        ("recording-policy" | "compliance", _) => Claim::RecordingPolicy,
        (_, Profile::Callable) => Claim::IncomingCall,
        (_, Profile::ServiceHosted) => Claim::Prompts,
        (_, Profile::Tones) => Claim::Tones,
        (_, Profile::Recording) => Claim::Recording,
        (_, Profile::GroupCalls | Profile::DeltaRosters) => Claim::GroupCall,
        (_, Profile::Escalation) => Claim::Escalation,
        (_, Profile::Transfer | Profile::Redirects) => Claim::Transfer,
        (_, Profile::RecordingPolicy) => Claim::RecordingPolicy,
        (_, Profile::AppHosted) => Claim::AppHostedAudio,
        (_, Profile::AppHostedVideo) => Claim::AppHostedVideo,
    }
}

/// How time passes for a bot.
pub fn tempo(manifest: &Manifest) -> Tempo {
    let own_media = [Claim::AppHostedAudio, Claim::AppHostedVideo];
    if own_media.into_iter().any(|claim| manifest.claims(claim)) {
        return Tempo::Real;
    }
    match manifest.clock {
        BotClock::Fake => Tempo::Virtual,
        BotClock::Machine => Tempo::Mixed,
    }
}

/// Why a case is not played with this bot, if it is not.
pub fn kept_out(case: &Case, manifest: &Manifest) -> Option<String> {
    if case.topic() == driver::TOPIC {
        return driver::kept_out(case, manifest);
    }
    let claim = needed(case);
    if !manifest.claims(claim) {
        return Some(format!("is for bots that claim '{}'", claim.word()));
    }
    if case.needs.contains(&Need::TokensExpire) {
        return Some("needs access tokens that expire in virtual time; on real sockets they are dated by the \
                     machine's clock"
            .to_owned());
    }
    if case.needs.contains(&Need::KeyExchange) {
        return Some(
            "exchanges the platform's key for good: a bot whose library looks for new keys once an hour would hear \
             nothing in the cases after it"
                .to_owned(),
        );
    }
    if case.needs.contains(&Need::Simulated) {
        return Some(
            "is played on the simulated stage alone so far: the bot waits for minutes for what never comes".to_owned(),
        );
    }
    if case.needs.contains(&Need::Restart) {
        return Some("needs a bot whose machine can be switched off in a call".to_owned());
    }
    if let Some(deed) = case.needs.iter().find_map(|need| unasked(*need, manifest)) {
        return Some(format!(
            "nobody can ask the bot for '{0}': the manifest has no 'keys.{0}'",
            deed.word()
        ));
    }
    if case.needs.contains(&Need::Speaks) && !manifest.claims(Claim::Prompts) {
        return Some("is for bots that claim 'prompts' too".to_owned());
    }
    let tempo = tempo(manifest);
    if case.needs.contains(&Need::VirtualTime) && tempo != Tempo::Virtual {
        return Some("needs virtual time, and the bot's timers follow the machine's clock; 'clock = \"fake\"' is for \
                     bots that sleep at {clock}"
            .to_owned());
    }
    if tempo == Tempo::Real && case.limit.as_secs() > REAL_MAX {
        let minutes = case.limit.as_secs() / 60;
        return Some(format!(
            "may take {minutes} minutes, and time cannot jump where a bot has media of its own"
        ));
    }
    None
}

/// What somebody needs to ask the bot for and cannot.
fn unasked(need: Need, manifest: &Manifest) -> Option<Deed> {
    let Need::Asked(deed) = need else { return None };
    let told = deed.action().is_some_and(|action| manifest.actions.contains(&action));
    let asked = told || manifest.keys.contains_key(&deed);
    (!asked).then_some(deed)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::PathBuf,
    };

    use graph_fake::manifest::Ready;

    use super::*;
    use crate::cases;

    fn manifest(profiles: &[Claim], clock: BotClock) -> Manifest {
        Manifest {
            name: "x".to_owned(),
            profiles: profiles.iter().copied().collect::<BTreeSet<Claim>>(),
            url: Some("http://localhost:1".to_owned()),
            callback: "/".to_owned(),
            trust: Vec::new(),
            clock,
            expected_failures: None,
            driver: None,
            actions: BTreeSet::new(),
            keys: BTreeMap::new(),
            command: None,
            ready: Ready::default(),
            media: None,
            folder: PathBuf::new(),
        }
    }

    fn played(manifest: &Manifest) -> Vec<&'static str> {
        let played = cases::ALL.iter().filter(|case| kept_out(case, manifest).is_none());
        played.map(|case| case.id).collect()
    }

    #[test]
    fn a_claim_covers_its_own_cases_and_no_others() {
        let calls = played(&manifest(&[Claim::IncomingCall], BotClock::Machine));
        assert!(calls.contains(&"incoming-call/answered-in-time"));
        assert!(calls.iter().all(|id| !id.starts_with("prompts/") && !id.starts_with("tones/")));
        assert!(!calls.contains(&"keep-alive/three-hours"), "no virtual time");
        let ivr = played(&manifest(&[Claim::Ivr], BotClock::Fake));
        for id in ["prompts/once", "tones/once", "keep-alive/three-hours"] {
            assert!(ivr.contains(&id), "{id}");
        }
        assert!(!ivr.contains(&"tokens/outlive-the-first"));
        let mut asked = manifest(&[Claim::Ivr], BotClock::Fake);
        assert!(!played(&asked).contains(&"tones/acted-on"), "no key for it");
        assert!(!played(&asked).contains(&"restart/goes-on"), "nobody can switch it off");
        assert!(!played(&asked).contains(&"authentication/key-exchanged"), "not for good");
        asked.keys.insert(Deed::HangUp, "tone0".to_owned());
        assert!(played(&asked).contains(&"tones/acted-on"));
        let own = played(&manifest(&[Claim::IncomingCall, Claim::AppHostedAudio], BotClock::Fake));
        assert!(!own.contains(&"keep-alive/three-hours"), "media of its own flows in real time");
    }
}
