//! What the media plane has to know of rosters.

use std::collections::BTreeMap;

use graph_api::Guid;
use platform::{CallId, Platform, StreamKind, Who};

use crate::media::Sender;

/// The media source id of a person's audio, if the call has a roster.
pub(super) fn source_of(platform: &Platform, call: CallId, who: Guid) -> Option<u32> {
    let conference = platform.call(call)?.conference?;
    let view = platform.conference(conference)?;
    let person = view.participants.iter().find(|one| one.person.who == Who::User(who))?;
    let audio = person.streams.iter().find(|stream| stream.kind == StreamKind::Audio)?;
    Some(audio.source_id)
}

/// Who sends video in a call that has a roster: people who have started it, whoever shares a screen, and bots, whose blob
/// says whether they do.
pub(super) fn senders_of(platform: &Platform, call: CallId) -> Vec<Sender> {
    let conference = platform.call(call).and_then(|view| view.conference);
    let Some(view) = conference.and_then(|id| platform.conference(id)) else { return Vec::new() };
    let mut bots = BTreeMap::new();
    for leg in &view.legs {
        bots.extend(platform.call(*leg).map(|leg| (leg.my_participant, leg.id)));
    }
    let mut senders = Vec::new();
    for one in view.participants.iter().filter(|one| !one.in_lobby && !one.hidden) {
        let bot = bots.get(&one.id).copied();
        for stream in &one.streams {
            let sharing = stream.kind == StreamKind::ScreenSharing;
            let sends = stream.sends || bot.is_some();
            if (sharing && stream.sends) || (stream.kind == StreamKind::Video && sends) {
                senders.push(Sender { source: stream.source_id, sharing, bot });
            }
        }
    }
    senders
}
