//! How fast it is: see `benches/`. Nothing here but what several benchmarks share.

use std::time::Duration;

use graph_api::{AnswerRequest, Guid, MediaConfig, Modality, Timestamp};
use platform::{
    Act, Admin, Application, CallId, CallVerb, Caller, DeliveryOutcome, Effect, Grants, Input,
    OnCall, Options, Permission, Platform, Request, User, Verb, Who,
};
use sim::EPOCH;

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
        Self::with(Options::default())
    }
}

impl Stage {
    /// With these switches.
    pub fn with(options: Options) -> Self {
        let mut platform = Platform::new(1, options);
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
        let call = self.established_call();
        self.now = self.now + Duration::from_secs(1);
        self.feed(Input::Deadline);
        self.ask(call, CallVerb::KeepAlive);
        self.ask(call, CallVerb::Delete);
    }

    /// A call that is rung and answered.
    fn established_call(&mut self) -> CallId {
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
        call
    }
}

/// The next number of a linear congruential generator (Knuth's MMIX).
const fn next(turn: u64) -> u64 {
    turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// Many calls at a time, all established with sound, of bots that acknowledge everything.
pub struct Crowd {
    platform: Platform,
    calls: Vec<CallId>,
    now: Timestamp,
    at: usize,
    turn: u64,
    /// Replies, effects and whatever else came back, so that no work can be left out.
    pub outcomes: u64,
}

/// One input of a crowd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrowdInput {
    /// GET of a call.
    Get,
    /// keepAlive.
    KeepAlive,
    /// A verb that is refused.
    Refused,
    /// A turn of each, and of time.
    Mixed,
}

impl Crowd {
    /// This many calls.
    ///
    /// # Panics
    /// The platform refuses to ring: a bug.
    pub fn new(calls: usize) -> Self {
        let options = Options {
            calls_per_app: usize::MAX,
            calls_per_month: 0,
            requests_per_second: 0,
            ..Options::default()
        };
        let mut stage = Stage::with(options);
        let mut live: Vec<CallId> = (0..calls).map(|_| stage.established_call()).collect();
        stage.now = stage.now + Duration::from_secs(1);
        stage.feed(Input::Deadline);
        // A fixed shuffle, made now: which call comes next is no work of the platform's.
        let mut turn = 0;
        for last in (1..live.len()).rev() {
            turn = next(turn);
            live.swap(last, usize::try_from(turn >> 33).unwrap_or(0) % (last + 1));
        }
        let Stage { platform, now, .. } = stage;
        Self { platform, calls: live, now, at: 0, turn, outcomes: 0 }
    }

    /// Feeds one input to the next call in a random order.
    pub fn feed(&mut self, input: CrowdInput) {
        self.turn = next(self.turn);
        self.at = if self.at + 1 < self.calls.len() { self.at + 1 } else { 0 };
        let call = self.calls[self.at];
        let verb = match (input, self.turn >> 61) {
            (CrowdInput::Get, _) | (CrowdInput::Mixed, 0..=2) => CallVerb::Get,
            (CrowdInput::KeepAlive, _) | (CrowdInput::Mixed, 3..=5) => CallVerb::KeepAlive,
            (CrowdInput::Refused, _) | (CrowdInput::Mixed, 6) => {
                CallVerb::Mute(graph_api::ClientContextRequest::default())
            }
            (CrowdInput::Mixed, _) => {
                self.now = self.now + Duration::from_nanos(100);
                return self.take(Input::Deadline);
            }
        };
        let caller = Caller::application(BOT, TENANT, Grants::from(Permission::ALL));
        let request = Request { caller, scenario: None, verb: Verb::OnCall(call, verb) };
        self.take(Input::Request(Box::new(request)));
    }

    fn take(&mut self, input: Input) {
        let out = self.platform.handle(self.now, input);
        self.outcomes += 1 + out.effects.len() as u64 + u64::from(out.reply.is_some());
    }
}

/// So many seconds of three hosts that do nothing on turmoil alone, with the step that it has if nobody chooses one: what
/// simulated time costs before anything happens in it.
///
/// On a thread of its own, as a world is, and with the same clock: in a program that has `sim-shim` in it, the real one
/// costs a system call, which would be held against turmoil.
///
/// # Panics
/// Never: nothing can go wrong there.
pub fn idle_turmoil(seconds: u64) {
    let thread = std::thread::spawn(move || {
        sim_shim::enter(1, Duration::from_nanos(EPOCH.as_nanos()));
        let limit = Duration::from_secs(seconds);
        let mut sim = turmoil::Builder::new().simulation_duration(limit * 2).build();
        for host in HOSTS {
            sim.host(host, std::future::pending::<turmoil::Result>);
        }
        sim.client("people", async move {
            tokio::time::sleep(limit).await;
            Ok(())
        });
        sim.run().expect("nothing can go wrong");
    });
    thread.join().expect("nothing can go wrong");
}

/// Hosts that do nothing.
pub const HOSTS: [&str; 3] = ["a", "b", "c"];
