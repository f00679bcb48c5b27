//! A story that cannot fail proves nothing: each fault that only stories tell of must be noticed by one.

use platform::Flaw;

use crate::{bots, hearing, limits, lobby, recording, redirects_onwards, stage::PLANTED};

/// Which story notices which fault.
const NOTICED: [(Flaw, fn()); 13] = [
    (Flaw::LosesRedirected, redirects_onwards::an_invitation),
    (Flaw::LosesRedirected, redirects_onwards::a_recorder),
    (Flaw::LosesRedirected, redirects_onwards::a_bots_call),
    (Flaw::ActsFromLobby, lobby::outside_of_the_meeting),
    (Flaw::LeavesTwinBehind, bots::escalated),
    (Flaw::LeavesTwinBehind, bots::the_other_bot_may_not_stay),
    (Flaw::TalksAlone, recording::the_callee_does_not_come),
    (Flaw::HoldsByRosterId, hearing::hold_music),
    (Flaw::HeardThoughMuted, hearing::muted),
    (Flaw::HeardThoughMuted, hearing::in_the_lobby),
    (Flaw::HearsTheMuted, hearing::who_is_muted_by_themselves),
    (Flaw::CountsNoMonth, limits::so_many_in_a_month),
    (Flaw::ReusesIds, limits::an_id_is_given_once),
];

#[test]
fn every_planted_fault_is_noticed() {
    for (flaw, story) in NOTICED {
        PLANTED.set(Some(flaw));
        let noticed = std::panic::catch_unwind(story).is_err();
        PLANTED.set(None);
        assert!(noticed, "{flaw:?}");
    }
}
