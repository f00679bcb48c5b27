//! A check that cannot fail proves nothing: each planted fault of the shell must be noticed by its check.

use std::{future::Future, pin::Pin};

use graph_fake::Flaw;

use crate::{
    answers, bad_input, harness::Server, keys, media, notifications, recordings, token_memory, why,
};

type Check = fn(Server) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The check that is there for a fault.
fn check_of(flaw: Flaw) -> Check {
    match flaw {
        Flaw::OvertakesReply => {
            |server| Box::pin(notifications::check_no_notification_overtakes_its_reply(server))
        }
        Flaw::OvertakesReplyElsewhere => {
            |server| Box::pin(notifications::check_no_roster_overtakes_a_reply(server))
        }
        Flaw::NeverThrottles => |server| Box::pin(why::check_throttling(server)),
        Flaw::ForgetsReasons => |server| Box::pin(why::check_every_refusal_is_explained(server)),
        Flaw::SignsAsStranger => |server| {
            Box::pin(notifications::check_a_call_is_told_in_order_and_every_word_is_signed(server))
        },
        Flaw::NotifiesOnce => |server| {
            let check =
                notifications::check_a_notification_that_fails_comes_again_and_holds_back_the_next;
            Box::pin(check(server))
        },
        Flaw::TakesExpiredTokens | Flaw::TakesForgedTokens => {
            |server| Box::pin(bad_input::check_tokens_that_open_nothing(server))
        }
        Flaw::HidesTokenReasons => {
            |server| Box::pin(why::check_refusals_of_the_identity_platform(server))
        }
        Flaw::HidesRecordingReasons => {
            |server| Box::pin(recordings::check_refusals_of_recordings(server))
        }
        Flaw::KeepsKeys => |server| Box::pin(keys::check_a_reset_undoes_what_was_exchanged(server)),
        Flaw::TrustsItsMemory => {
            |server| Box::pin(token_memory::check_a_remembered_token_is_looked_at_again(server))
        }
        Flaw::OpensAnyRecording => {
            |server| Box::pin(recordings::check_no_other_token_opens_a_recording(server))
        }
        Flaw::KeepsDeadMedia => {
            |server| Box::pin(media::quality::check_a_dead_media_port_ends_its_call(server))
        }
        Flaw::ShowsOldCalls => |server| Box::pin(answers::check_a_call_is_shown_as_it_is(server)),
        Flaw::TakesAnyBody => |server| Box::pin(bad_input::check_large_bodies(server)),
        Flaw::BreaksOnBadBody | Flaw::HidesRequestId => {
            |server| Box::pin(bad_input::check_bodies_that_cannot_be_read(server))
        }
    }
}

#[tokio::test]
async fn every_planted_fault_is_noticed() {
    for flaw in Flaw::ALL {
        let server = Server::start_flawed(Some(flaw)).await;
        let checked = tokio::spawn(check_of(flaw)(server)).await;
        assert!(checked.is_err_and(|error| error.is_panic()), "{flaw:?} goes unnoticed");
    }
}
