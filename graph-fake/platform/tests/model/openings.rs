//! Ways to every place that a call of two can be in, for enumerating what may happen from there.

use std::time::Duration;

use super::transition::{
    Asked, By, Goal, Hosting, Invitee, Person, Recording, Transfer, Transition, UserAct, WAITS, Who,
};

/// A beginning, and which call is interesting after it.
#[derive(Debug, Clone)]
pub struct Opening {
    pub steps: Vec<Transition>,
    pub call: usize,
}

/// Long enough for everything that is short to have happened.
const MOMENT: Transition = Transition::Wait(Duration::from_nanos(WAITS[2]));

const fn ask(call: usize, verb: Asked) -> Transition {
    Transition::Ask { call, verb, who: Who::Owner }
}

const fn peer(act: UserAct) -> Transition {
    Transition::User { call: 0, by: By::Peer, act }
}

const fn create(callee: Person) -> Transition {
    Transition::Create { callee, app_hosted: false, ring: None }
}

/// All of them.
pub fn openings() -> Vec<Opening> {
    let ring = Transition::Ring { silent: false };
    let established = [ring, ask(0, Asked::Answer(Hosting::Service)), MOMENT];
    let and = |more: &[Transition]| [&established[..], more].concat();
    let transfer = ask(0, Asked::Transfer(Transfer::To(Person::Ignores)));
    let fetched = Transition::Fetched(Ok(Duration::from_nanos(1_100_000_021)));
    let invite = ask(0, Asked::Invite(Invitee::One(Person::Ignores)));
    let all = [
        (0, vec![]),
        (0, vec![ring]),
        (0, established[..2].to_vec()),
        (0, established.to_vec()),
        (0, vec![ring, ask(0, Asked::Answer(Hosting::App)), MOMENT]),
        (0, vec![create(Person::Ignores)]),
        (0, and(&[ask(0, Asked::Prompt(2, false)), fetched])),
        (0, and(&[ask(0, Asked::Record(Recording::Plain)), MOMENT, MOMENT])),
        (0, and(&[ask(0, Asked::Subscribe), peer(UserAct::Press { both: true })])),
        (0, and(&[transfer])),
        (0, and(&[transfer, MOMENT])),
        (0, and(&[peer(UserAct::Hold)])),
        (0, and(&[invite, MOMENT])),
        (0, and(&[peer(UserAct::Invite(Person::Answers)), MOMENT])),
        (1, vec![ring, ask(0, Asked::Redirect(Goal::BotAnd(Person::Ignores), None))]),
        (
            1,
            and(&[
                create(Person::Ignores),
                Transition::User { call: 1, by: By::Peer, act: UserAct::Answer },
                MOMENT,
            ]),
        ),
    ];
    all.into_iter().map(|(call, steps)| Opening { steps, call }).collect()
}
