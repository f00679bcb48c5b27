//! Where people and bots see each other: the video of one place, or its screen sharing.

use std::collections::BTreeMap;

use media::{
    FrameRate, Layer, Router, RouterConfig, VideoFormat,
    transport::{SHARING, VideoSend},
};
use platform::{CallId, ConferenceId, ParticipantId};

use super::{person::Person, plane::Sessions};

/// Somebody in a call who sends video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The media source id; in a call of two 0 for the person there.
    pub source: u32,
    /// Whether it is screen sharing.
    pub sharing: bool,
    /// Who; the same before and after an escalation.
    pub participant: ParticipantId,
    /// The call of the bot that it is; none for people.
    pub bot: Option<CallId>,
}

/// Who is to be seen in a call, and whether there is anybody but bots to see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cast {
    /// Those who send video.
    pub senders: Vec<Sender>,
    /// Whether people look at what bots send.
    pub people: bool,
}

/// A conference, or a call of two; of two bots the first one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Conference(ConferenceId),
    Call(CallId),
}

/// The video of a place, or its screen sharing.
pub(super) type RoomKey = (Place, bool);

/// Somebody who sends.
pub(super) struct Seat {
    pub participant: ParticipantId,
    /// None: a person.
    pub bot: Option<CallId>,
    /// In which formats, as in `320x180@15`, by layer.
    pub formats: Vec<String>,
}

/// Who sends there, and who gets it.
pub(super) struct Room {
    pub router: Router,
    /// By media source id.
    pub seats: BTreeMap<u32, Seat>,
    /// People who are watched.
    pub drawn: BTreeMap<u32, Person>,
}

impl Room {
    pub fn new(sharing: bool) -> Self {
        let config = RouterConfig { one_sharer: sharing, ..RouterConfig::default() };
        let router = Router::new(config);
        Self { router, seats: BTreeMap::new(), drawn: BTreeMap::new() }
    }

    /// Somebody sends from now on.
    pub fn publish(&mut self, sender: &Sender, sessions: &Sessions) {
        let Sender { source, sharing, participant, bot } = *sender;
        let layers = match bot {
            None => Person::layers(sharing),
            // What a bot will send is not known before.
            Some(bot) => format_of(sessions, bot, sharing)
                .map(|format| Layer { format: near(format), bits_per_second: 0, active: true })
                .into_iter()
                .collect(),
        };
        if !self.seats.contains_key(&source) && self.router.publish(source, &layers).is_ok() {
            let name = |layer: &Layer| {
                let VideoFormat { width, height, rate, .. } = layer.format;
                format!("{width}x{height}@{}", rate.hz())
            };
            let formats = layers.iter().map(name).collect();
            self.seats.insert(source, Seat { participant, bot, formats });
        }
    }

    /// Somebody sends no more.
    pub fn unpublish(&mut self, source: u32) {
        self.seats.remove(&source);
        self.drawn.remove(&source);
        self.router.unpublish(source);
    }

    /// On which id a bot sends there.
    pub fn source_of(&self, call: CallId) -> Option<u32> {
        self.seats.iter().find_map(|(source, seat)| (seat.bot == Some(call)).then_some(*source))
    }
}

/// What a bot sends, if it may.
pub(super) fn format_of(sessions: &Sessions, bot: CallId, sharing: bool) -> Option<VideoSend> {
    let (session, _) = sessions.get(&bot)?;
    let channel = session.leg.video_channel(if sharing { SHARING } else { 0 })?;
    let may = session.leg.is_active() && channel.direction.sends();
    channel.send.first().copied().filter(|_| may)
}

/// The nearest of the rates that there are, from above.
fn near(VideoSend { width, height, fps }: VideoSend) -> VideoFormat {
    use FrameRate::{F1_875, F3_75, F7_5, F15, F30};
    let rate = [F1_875, F3_75, F7_5, F15].into_iter().find(|rate| fps <= rate.hz());
    VideoFormat::h264(width, height, rate.unwrap_or(F30))
}
