//! What people may do to a call.

use graph_api::{Guid, ResultInfo, Timestamp};

use super::{Ask, Call, Phase, diagnosed};
use crate::{directory::OnCall, input::ActRefusal, options::Options, who::Who};

impl Call {
    /// The user puts the phone down; before the answer: gives up.
    pub fn user_hangs_up(&mut self, by: Guid, asks: &mut Vec<Ask>) -> Result<(), ActRefusal> {
        self.must_be_the_user(by)?;
        let result = match self.phase {
            Phase::Incoming { .. } => diagnosed("The caller gave up", 487, 0),
            Phase::Ringing { .. } => {
                return Err(ActRefusal::NotNow(
                    "the user has not answered; decline instead".into(),
                ));
            }
            Phase::SettingUp { .. } | Phase::Established { .. } => {
                diagnosed("The call was ended by the other participant", 200, 4521)
            }
            Phase::Terminating | Phase::Terminated { .. } => return Err(over()),
        };
        self.end(result, asks);
        Ok(())
    }

    /// The user whom the bot rings picks up.
    pub fn user_answers(
        &mut self,
        by: Guid,
        now: Timestamp,
        options: &Options,
        asks: &mut Vec<Ask>,
    ) -> Result<(), ActRefusal> {
        self.must_be_the_user(by)?;
        let Phase::Ringing { keep_alive_by, .. } = self.phase else { return Err(not_rung()) };
        self.enter(Phase::SettingUp { ready_at: now + options.set_up, keep_alive_by }, asks);
        Ok(())
    }

    /// The user whom the bot rings declines.
    pub fn user_declines(&mut self, by: Guid, asks: &mut Vec<Ask>) -> Result<(), ActRefusal> {
        self.must_be_the_user(by)?;
        let Phase::Ringing { .. } = self.phase else { return Err(not_rung()) };
        self.end(declined(), asks);
        Ok(())
    }

    /// The simulated user does what they always do.
    pub(super) fn callee_reacts(&mut self, now: Timestamp, options: &Options, asks: &mut Vec<Ask>) {
        let Phase::Ringing { reacts, keep_alive_by, .. } = &mut self.phase else { return };
        let keep_alive_by = *keep_alive_by;
        match reacts.take() {
            Some((_, OnCall::Answer { .. })) => {
                self.enter(
                    Phase::SettingUp { ready_at: now + options.set_up, keep_alive_by },
                    asks,
                );
            }
            Some((_, OnCall::Decline)) => self.end(declined(), asks),
            Some((_, OnCall::Busy)) => self.end(diagnosed("The callee is busy", 486, 8539), asks),
            Some((_, OnCall::Offline)) => {
                self.end(diagnosed("No callee endpoints", 480, 10_037), asks);
            }
            Some((_, OnCall::Ignore)) | None => {}
        }
    }

    fn must_be_the_user(&self, by: Guid) -> Result<(), ActRefusal> {
        if self.parties.user.who == Who::User(by) {
            Ok(())
        } else {
            Err(ActRefusal::NotNow(format!("user {by} is not in this call")))
        }
    }
}

fn declined() -> ResultInfo {
    diagnosed("The call was declined", 603, 0)
}

fn over() -> ActRefusal {
    ActRefusal::NotNow("the call is over".to_owned())
}

fn not_rung() -> ActRefusal {
    ActRefusal::NotNow("the user is not being rung".to_owned())
}
