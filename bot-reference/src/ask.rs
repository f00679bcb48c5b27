//! What the bot asks of Graph, and how that goes.

use std::time::Duration;

use graph_api::Guid;

use crate::entry::{Facts, Seat};

/// What the bot can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Prompt {
    /// First.
    Greeting,
    /// Which key does what.
    Menu,
    /// That did not work, or is no key of the menu.
    Sorry,
    /// A long one, to be interrupted.
    Story,
}

impl Prompt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Greeting, Self::Menu, Self::Sorry, Self::Story];

    /// Its name in URLs and contexts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Menu => "menu",
            Self::Sorry => "sorry",
            Self::Story => "story",
        }
    }
}

/// What the bot asks of Graph, about one call. Tickets count what is asked of a call and come back as
/// `clientContext`, so that the end of one operation is not taken for another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Take the call.
    Answer,
    /// Decline it.
    Reject,
    /// Send whoever rings to this user instead.
    Redirect(Guid),
    /// How is it?
    Look,
    /// Say something.
    Play(Prompt, u32),
    /// Record the caller, until `#`.
    Record(u32),
    /// Stop what is being said.
    CancelMedia,
    /// Hear of keys.
    Subscribe,
    /// Bring this user in.
    Invite(Guid, u32),
    /// Put the other end through to `target`.
    Transfer {
        /// To whom.
        target: Guid,
        /// In a group call: which participant, and which user that is.
        transferee: Option<(Guid, Guid)>,
    },
    /// Be silent.
    Mute,
    /// Be heard.
    Unmute,
    /// Show the bot's screen, or stop that.
    Share(bool),
    /// Who is there? Because a person wants to know, or because a roster went missing.
    Participants {
        /// A person has asked.
        aloud: bool,
    },
    /// It is recorded, by policy.
    Recording,
    /// The call is still wanted.
    KeepAlive,
    /// End it.
    HangUp,
    /// Begin another call; the one that it is asked for is where the wish came from.
    Call {
        /// Tells plans apart.
        plan: u32,
        /// Who is called.
        to: Guid,
        /// Who else: this makes it a group call.
        also: Option<Guid>,
    },
}

impl Ask {
    /// Whether a request that may have been heard can be sent again: hearing it twice does no harm.
    pub const fn repeats_well(self) -> bool {
        !matches!(
            self,
            Self::Play(..)
                | Self::Record(_)
                | Self::Invite(..)
                | Self::Transfer { .. }
                | Self::Redirect(_)
                | Self::Call { .. }
        )
    }
}

/// The context of an operation.
pub(crate) fn context(name: &str, ticket: u32) -> String {
    format!("{name}-{ticket}")
}

/// How an ask went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or had been done already.
    Done,
    /// A call was begun.
    Created {
        /// Its id.
        call: Guid,
        /// The bot's own id as a participant, if it was said.
        own: Option<Guid>,
    },
    /// This is how the call is.
    Found(Facts),
    /// These are in it.
    Listed(Vec<Seat>),
    /// The call does not exist any more.
    Gone,
    /// Refused; asking again would not help.
    Refused,
    /// It may have been heard and it may not: the reply was lost, and it cannot be repeated.
    Unsure,
    /// Not reached in spite of all retries; Graph may have said for how long.
    Unreached(Option<Duration>),
}

/// What the shell has to carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask Graph, and report.
    Ask(Guid, Ask),
    /// What can be seen in a call is another thing than before: [`crate::Bot::scene`] tells.
    Scene(Guid),
    /// The call is over: stop trying whatever is still being tried for it.
    Forget(Guid),
    /// The planted crash.
    Crash,
}
