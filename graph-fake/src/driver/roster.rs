//! What the media plane has to know of who is there.

use std::collections::BTreeMap;

use platform::{CallId, PeerView, Platform, StreamKind, Who};

use crate::media::{Cast, Sender, Speaker};

/// The media source id of somebody's audio, if the call has a roster.
pub(super) fn source_of(platform: &Platform, call: CallId, who: Speaker) -> Option<u32> {
    let conference = platform.media_of(call)?.conference?;
    let view = platform.conference(conference)?;
    let bot = match who {
        Speaker::Bot(other) => Some(platform.call(other)?.my_participant),
        Speaker::Person(_) => None,
    };
    let entry = view.participants.iter().find(|one| match who {
        Speaker::Bot(_) => Some(one.id) == bot,
        Speaker::Person(user) => one.person.who == Who::User(user) || one.id.0 == user,
    })?;
    let audio = entry.streams.iter().find(|stream| stream.kind == StreamKind::Audio)?;
    Some(audio.source_id)
}

/// Who sends video in a call: people who have started it, whoever shares a screen, and bots, whose blob says whether they
/// do.
pub(super) fn cast_of(platform: &Platform, call: CallId) -> Cast {
    let conference = platform.media_of(call).and_then(|facts| facts.conference);
    let Some(view) = conference.and_then(|id| platform.conference(id)) else {
        return platform
            .peer_of(call)
            .map(|peer| of_two(platform, call, &peer))
            .unwrap_or_default();
    };
    let mut bots = BTreeMap::new();
    for leg in &view.legs {
        bots.extend(platform.call(*leg).map(|leg| (leg.my_participant, leg.id)));
    }
    let mut cast = Cast::default();
    for one in view.participants.iter().filter(|one| !one.in_lobby && !one.hidden) {
        let bot = bots.get(&one.id).copied();
        cast.people |= matches!(one.person.who, Who::User(_) | Who::Guest(_)) && bot.is_none();
        for stream in &one.streams {
            let sharing = stream.kind == StreamKind::ScreenSharing;
            let sends = stream.sends || bot.is_some();
            if (sharing && stream.sends) || (stream.kind == StreamKind::Video && sends) {
                let (source, participant) = (stream.source_id, one.id);
                cast.senders.push(Sender { source, sharing, participant, bot });
            }
        }
    }
    cast
}

/// A call of two has no roster, and no media source ids (contract, media section 3.1): the person has 0, bots 1 and 2.
fn of_two(platform: &Platform, call: CallId, peer: &PeerView) -> Cast {
    let bots: Vec<CallId> = match peer.twin {
        None => vec![call],
        Some(twin) => vec![call.min(twin), call.max(twin)],
    };
    let bots = bots.into_iter().filter_map(|id| platform.call(id)).zip(1..);
    let bots = bots.map(|(view, source)| Sender {
        source,
        sharing: false,
        participant: view.my_participant,
        bot: Some(view.id),
    });
    let person = |sharing| Sender { source: 0, sharing, participant: peer.participant, bot: None };
    let shows = [(peer.video, false), (peer.sharing, true)].into_iter();
    let shows = shows.filter(|(shown, _)| *shown && peer.twin.is_none());
    let people = shows.map(|(_, sharing)| person(sharing));
    Cast { senders: people.chain(bots).collect(), people: peer.twin.is_none() }
}
