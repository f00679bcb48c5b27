//! How fast it is: see `benches/`. Nothing here but what several benchmarks share.

use std::time::Duration;

use graph_api::{AnswerRequest, Guid, MediaConfig, Modality, Timestamp};
use platform::{
    Act, Admin, Application, CallId, CallVerb, Caller, DeliveryOutcome, Effect, Grants, Input,
    OnCall, Options, Permission, Platform, Request, User, Verb, Who,
};

const TENANT: Guid = Guid::from_u128(1);
const BOT: Guid = Guid::from_u128(2);
const USER: Guid = Guid::from_u128(3);

/// A platform with one bot and one user, and a bot that acknowledges everything at once.
pub struct Stage {
    platform: Platform,
    now: Timestamp,
    /// Notifications so far.
    pub notifications: u64,
}

impl Default for Stage {
    fn default() -> Self {
        let mut platform = Platform::new(1, Options::default());
        let application = Application {
            callback_uri: Some("https://bot.example/api/calls".to_owned()),
            grants: Grants::from(Permission::ALL),
            ..Application::new("Bot")
        };
        let user = User::new("User", OnCall::Ignore);
        let now = Timestamp::from_secs(1_000_000);
        for admin in [
            Admin::PutApplication { tenant: TENANT, app: BOT, application },
            Admin::PutUser { tenant: TENANT, user: USER, entry: user },
        ] {
            let _ = platform.handle(now, Input::Admin(Box::new(admin)));
        }
        Self { platform, now, notifications: 0 }
    }
}

impl Stage {
    fn feed(&mut self, input: Input) -> Option<CallId> {
        let out = self.platform.handle(self.now, input);
        for effect in out.effects {
            if let Effect::Deliver(delivery) = effect {
                self.notifications += 1;
                let outcome = DeliveryOutcome::answered(202);
                self.feed(Input::Delivered { delivery: delivery.id, outcome });
            }
        }
        out.acted.and_then(Result::ok)
    }

    fn ask(&mut self, call: CallId, verb: CallVerb) {
        let caller = Caller::application(BOT, TENANT, Grants::from(Permission::ALL));
        let request = Request { caller, scenario: None, verb: Verb::OnCall(call, verb) };
        self.feed(Input::Request(Box::new(request)));
    }

    /// A whole call: rung, answered, established, audio, keepAlive, hung up by the bot.
    ///
    /// # Panics
    /// The platform refuses to ring: a bug.
    pub fn whole_call(&mut self) {
        let (to, modalities) = (vec![Who::Application(BOT)], vec![Modality::Audio]);
        let ring = Act::Ring { from: USER, to, tenant: TENANT, modalities, call: None };
        let call = self.feed(Input::Act(ring)).expect("the bot can be rung");
        let media = "#microsoft.graph.serviceHostedMediaConfig".to_owned();
        let answer = AnswerRequest {
            accepted_modalities: Some(vec![Modality::Audio]),
            media_config: Some(MediaConfig { odata_type: Some(media), ..MediaConfig::default() }),
            ..AnswerRequest::default()
        };
        self.ask(call, CallVerb::Answer(Box::new(answer)));
        self.now = self.now + Duration::from_secs(1);
        self.feed(Input::Deadline);
        self.ask(call, CallVerb::KeepAlive);
        self.ask(call, CallVerb::Delete);
    }
}
