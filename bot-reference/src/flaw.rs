//! Deliberate faults of the bot: for each of them some conformance case must fail.

macro_rules! flaws {
    ($($name:ident = $id:literal: $what:literal),* $(,)?) => {
        /// One fault, planted at one place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Flaw {
            $(#[doc = $what] $name,)*
        }

        impl Flaw {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on a command line.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it does.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

flaws! {
    NeverAnswers = "never-answers": "Acknowledges an incoming call and leaves it ringing.",
    AnswersLate = "answers-late": "Answers 16 seconds after the call came in.",
    AcknowledgesLate = "acknowledges-late": "Takes 6 seconds to acknowledge a notification.",
    AnswersTwice = "answers-twice": "Answers every call twice.",
    AcceptsMissingToken = "accepts-missing-token": "Believes notifications without a token.",
    TrustsAnySignature = "trusts-any-signature": "Reads tokens without checking who signed them.",
    IgnoresAudience = "ignores-audience": "Believes tokens that are meant for another bot.",
    IgnoresExpiry = "ignores-expiry": "Believes tokens that have expired.",
    IgnoresIssuer = "ignores-issuer": "Believes tokens of any issuer.",
    IgnoresMissingTenant = "ignores-missing-tenant": "Believes tokens that name no tenant.",
    PromptsTooEarly = "prompts-too-early": "Plays its prompt at `established`, before audio flows.",
    PromptsAgain = "prompts-again": "Plays its prompt at every notification of active audio.",
    ReadsIdFromResourceData = "reads-id-from-resource-data": "Expects `id` in every `resourceData`.",
    RejectsUnknownMembers = "rejects-unknown-members": "Refuses notifications with a member it does not know.",
    NeverKeepsAlive = "never-keeps-alive": "Never sends keepAlive.",
    KeepsTalkingAfterEnd = "keeps-talking-after-end": "Goes on with requests for a call that has ended.",
    NeverRefreshesToken = "never-refreshes-token": "Uses its first access token for ever.",
    TokenPerRequest = "token-per-request": "Asks for a new access token before every request.",
    IgnoresRetryAfter = "ignores-retry-after": "Tries again at once when it is throttled.",
    RetriesForever = "retries-forever": "Never gives up a request that fails.",
    OneCallOnly = "one-call-only": "Forgets further calls while it is in one.",
    CrashesOnNotFound = "crashes-on-not-found": "Stops when Graph says 404.",
}

impl std::str::FromStr for Flaw {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|flaw| flaw.id() == id);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|flaw| flaw.id()).collect();
            format!("unknown flaw '{id}'; known are {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for flaw in Flaw::ALL {
            assert_eq!(flaw.id().parse(), Ok(*flaw));
        }
        assert!("sings".parse::<Flaw>().unwrap_err().contains("never-answers"));
    }
}
