//! Who handles the media of the bot's calls, and what belongs to lives in which that is the bot.

use proptest::{
    collection::vec,
    prelude::{Strategy, prop_oneof},
    sample::select,
    strategy::{BoxedStrategy, Just},
};
use serde::{Deserialize, Serialize};

use super::{Between, Deed, Fault, Outage, Person, What, twist::Twist};

/// Who handles media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Media {
    /// The platform: it plays, records and tells of keys.
    #[default]
    #[serde(rename = "service")]
    ServiceHosted,
    /// The bot: it hears and speaks itself, packet by packet.
    #[serde(rename = "app")]
    AppHosted,
}

impl Media {
    /// Whether it is the platform.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
    pub(super) const fn is_service_hosted(&self) -> bool {
        matches!(self, Self::ServiceHosted)
    }

    /// Who it is in the world of a seed: in one of 32 the bot. No draw is spent on it, so that the plans of all
    /// others are what they are without it.
    pub(super) const fn of(seed: u64) -> Self {
        // A multiplicative hash (Knuth, TAOCP 6.4): neighbours do not share their last bits' pattern.
        if seed.wrapping_add(4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59 == 0 {
            Self::AppHosted
        } else {
            Self::ServiceHosted
        }
    }
}

/// Markers that are said in one life, at the most.
const SAID_MAX: usize = 5;
/// How long datagrams may be lost: beyond what a platform waits for a bot's media (30 s).
const OUTAGE_MAX_MS: u64 = 45_000;

/// What people say that can be told apart, and media that is lost while signalling is not. Nothing where the platform
/// handles media: it sends no packets.
pub(super) fn sounds(media: Media, heal_at_ms: u64) -> BoxedStrategy<Twist> {
    if media == Media::ServiceHosted {
        return Just(Twist::default()).boxed();
    }
    let call = prop_oneof![4 => Just(0_usize), 1 => Just(1_usize)];
    let when = 4_000..heal_at_ms.clamp(4_001, 40_000);
    let say = (when, select(Person::ALL.to_vec()), call);
    let on = select(vec![Between::BotToGraph, Between::GraphToBot, Between::BotAndGraph]);
    let outage = (0..heal_at_ms.clamp(1, 30_000), 100..OUTAGE_MAX_MS, on);
    let outages = prop_oneof![2 => vec(outage.clone(), 0..1), 1 => vec(outage, 1..3)];
    (vec(say, 1..=SAID_MAX), outages)
        .prop_map(move |(says, outages)| {
            let say = |(at, (at_ms, by, call)): (usize, (u64, Person, usize))| {
                let marker = u32::try_from(at).unwrap_or(0) + 1;
                Deed { at_ms, by, call, what: What::Say { marker } }
            };
            let outage = |(at_ms, for_ms, on): (u64, u64, Between)| {
                Fault::MediaOutage(Outage { at_ms, for_ms: for_ms.min(heal_at_ms - at_ms), on })
            };
            Twist {
                deeds: says.into_iter().enumerate().map(say).collect(),
                faults: outages.into_iter().map(outage).collect(),
            }
        })
        .boxed()
}
