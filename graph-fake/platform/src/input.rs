//! Everything that can make the platform act, and everything that can follow.

use std::{fmt, time::Duration};

use graph_api::{
    AnswerRequest, Call as CreateRequest, CallState, Guid, PlayPromptRequest, RejectRequest,
    ResultInfo,
};

use crate::{
    directory::Admin,
    notification::Notification,
    permissions::Grants,
    refusal::Refusal,
    view::{CallView, OperationView},
};

macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id_type! {
    /// One leg between a bot and Teams.
    CallId(Guid)
}
id_type! {
    /// One operation of a call.
    OperationId(Guid)
}
id_type! {
    /// One notification on its way; the same for all its attempts.
    DeliveryId(u64)
}
id_type! {
    /// One download of a prompt.
    FetchId(u64)
}

/// What happens to the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A bot asks for something.
    Request(Box<Request>),
    /// A person in Teams does something.
    Act(Act),
    /// A notification arrived, or did not.
    Delivered {
        /// Which.
        delivery: DeliveryId,
        /// How it went.
        outcome: DeliveryOutcome,
    },
    /// A prompt was downloaded, or was not.
    Fetched {
        /// Which download.
        fetch: FetchId,
        /// How long the prompt is, or why it cannot be played.
        outcome: Result<Duration, FetchError>,
    },
    /// An administrator changes who exists.
    Admin(Admin),
    /// Time has passed.
    Deadline,
}

/// Who asks: what the access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The application.
    pub app: Guid,
    /// The tenant the token was issued for.
    pub tenant: Guid,
    /// The roles in the token.
    pub roles: Grants,
}

/// A request of a bot, already read.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// The `Scenario-Id` header; becomes the callChainId of a call that is created.
    pub scenario: Option<Guid>,
    /// What for.
    pub verb: Verb,
}

/// What a bot may ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// Call somebody.
    CreateCall(Box<CreateRequest>),
    /// Something about one call.
    OnCall(CallId, CallVerb),
}

/// What a bot may ask of one call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallVerb {
    /// Read it.
    Get,
    /// Hang up.
    Delete,
    /// Take an incoming call.
    Answer(Box<AnswerRequest>),
    /// Refuse an incoming call.
    Reject(RejectRequest),
    /// Play prompts.
    PlayPrompt(Box<PlayPromptRequest>),
    /// Say that the call is still wanted.
    KeepAlive,
    /// Read the roster.
    ListParticipants,
    /// Read one roster entry.
    GetParticipant,
    /// Read one operation.
    GetOperation(OperationId),
    /// Read all operations.
    ListOperations,
    /// Known to Graph, not to this fake yet.
    NotModelled(&'static str),
}

/// What people do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A user rings a bot.
    Ring {
        /// The user.
        from: Guid,
        /// The bot.
        to: Guid,
        /// The user's tenant, which the call belongs to.
        tenant: Guid,
        /// An id for the call, if the test wants one of its own.
        call: Option<CallId>,
    },
    /// The user at the other end puts the phone down, or gives up while it rings.
    HangUp {
        /// The call as the bot knows it.
        call: CallId,
        /// Who; must be the other end.
        by: Guid,
    },
    /// The user whom a bot rings picks up.
    Answer {
        /// The call as the bot knows it.
        call: CallId,
        /// Who; must be the one who is rung.
        by: Guid,
    },
    /// The user whom a bot rings declines.
    Decline {
        /// The call as the bot knows it.
        call: CallId,
        /// Who; must be the one who is rung.
        by: Guid,
    },
    /// The platform sends the last delivered notification of a call once more.
    RepeatLastNotification {
        /// The call, which may have ended.
        call: CallId,
    },
}

/// Why an act is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActRefusal {
    /// No such call, user, bot or tenant.
    #[error("there is no {0}")]
    Unknown(String),
    /// Not possible where things are.
    #[error("{0}")]
    NotNow(String),
}

/// How the delivery of a notification went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The bot answered with this HTTP status, and with `Location` if it sent one.
    Answered {
        /// The status.
        status: u16,
        /// The `Location` header.
        location: Option<String>,
    },
    /// No answer: connection refused or broken, or the limit passed.
    NoAnswer,
}

/// Why a prompt cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchError {
    /// It could not be downloaded.
    Download,
    /// It is not a WAV file, mono, 16 bit, 16 kHz.
    Format,
}

/// What a request or an act is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// 201 with the call.
    Created(Box<CallView>),
    /// 200 with the call.
    Call(Box<CallView>),
    /// 200 with an operation that was made by this request.
    Operation(CallId, OperationView),
    /// 200 with an operation that was read.
    OperationRead(CallId, OperationView),
    /// 200 with operations.
    Operations(CallId, Vec<OperationView>),
    /// 200 with an empty roster: peer-to-peer calls have none.
    NoParticipants(CallId),
    /// 200 without a body.
    Done,
    /// 202 without a body.
    Taken,
    /// 204.
    Gone,
}

/// Something the shell has to carry out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// POST a notification and report how it went. At most one a call is under way.
    Deliver(Box<Delivery>),
    /// Download a prompt and report how long it is.
    Fetch {
        /// To be named in the report.
        fetch: FetchId,
        /// For whom.
        call: CallId,
        /// From where.
        uri: String,
    },
    /// Something for the journal.
    Happened(Event),
}

/// A notification to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// To be named in the report.
    pub id: DeliveryId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Where to.
    pub callback_uri: String,
    /// The bot; the audience of the token.
    pub app: Guid,
    /// The tenant; the `tid` of the token.
    pub tenant: Guid,
    /// Scenario-Id, one a call.
    pub chain: Guid,
    /// One a notification.
    pub message: Guid,
    /// How long the bot may take.
    pub limit: Duration,
    /// What to say.
    pub notification: Notification,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A call changed its state.
    CallState {
        /// Which call.
        call: CallId,
        /// Where it was; none for a new call.
        from: Option<CallState>,
        /// Where it is.
        to: CallState,
        /// Why it ended.
        result: Option<ResultInfo>,
    },
    /// A notification was given up.
    GaveUp {
        /// Which call.
        call: CallId,
        /// Which notification.
        delivery: DeliveryId,
    },
}

/// What follows from one input.
#[must_use]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// The answer to a request.
    pub reply: Option<Result<Accepted, Refusal>>,
    /// The answer to an act: the call that it concerns.
    pub acted: Option<Result<CallId, ActRefusal>>,
    /// Whether an administrator's change was taken.
    pub administered: Option<bool>,
    /// What to carry out, in order, after the reply has left.
    pub effects: Vec<Effect>,
}
