//! The live stage itself: the reference bot passes there what it passes in the simulator, and its faults are noticed.

use std::sync::Arc;

use bot_reference::{BotConfig, Flaw, InMemory, Settings};
use conformance::{
    Case, Stop, cases,
    live::{Bot, Expected, Plan, Site, kept_out, play},
    report::{Outcome, Sheet},
};
use graph_fake::manifest::{Manifest, Places};
use seam::{BoxFuture, Clock, RealNetwork, TlsTrust};
use tokio::{
    runtime::Runtime,
    sync::oneshot,
    task::{JoinSet, block_in_place},
};

/// Cases that are played at the same time, each part with a fake and a bot of its own.
const PARTS: usize = 8;

/// The reference bot on a runtime of its own. It sleeps at the fake's, as a bot in another language would.
struct InProcess {
    flaw: Option<Flaw>,
    runtime: Option<Runtime>,
}

impl InProcess {
    async fn begin(&mut self, places: &Places) -> Result<(), String> {
        self.end();
        let trust =
            TlsTrust { extra_ca_files: vec![places.ca_file.clone().into()], insecure: false };
        let network = Arc::new(RealNetwork::new(&trust).map_err(|error| error.to_string())?);
        let config = BotConfig {
            app: places.app.parse().unwrap(),
            tenant: places.tenant.parse().unwrap(),
            secret: places.secret.clone(),
            graph: places.graph.clone(),
            authority: places.authority.clone(),
            open_id: places.open_id.clone(),
            public_url: None,
            settings: Settings { flaw: self.flaw, ..Settings::default() },
        };
        let listen = format!("127.0.0.1:{}", places.port).parse().unwrap();
        let (ready, listens) = oneshot::channel();
        let memory = Arc::new(InMemory::default());
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.spawn(bot_reference::run(
            network,
            Clock::real(),
            listen,
            None,
            config,
            memory,
            ready,
        ));
        self.runtime = Some(runtime);
        listens.await.map(drop).map_err(|error| error.to_string())
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            block_in_place(|| runtime.shutdown_background());
        }
    }
}

impl Bot for InProcess {
    fn start<'a>(&'a mut self, places: &'a Places) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.begin(places))
    }

    fn ended(&mut self) -> Option<String> {
        None
    }

    fn said(&self) -> Vec<String> {
        Vec::new()
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        self.end();
        Box::pin(async {})
    }
}

fn manifest() -> Manifest {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bot.toml");
    // The URL is taken by the bot; the command is never run.
    let text = "name = \"reference\"\nprofiles = [\"ivr\"]\n[command]\nargv = [\"none\"]\n[ready]\npath = \"/health\"\n";
    std::fs::write(&file, text).unwrap();
    Manifest::read(&file).unwrap()
}

async fn played(cases: Vec<&'static Case>, flaw: Option<Flaw>) -> Sheet {
    let (expected, site) = (Expected::default(), Site::default());
    let plan = Plan { manifest: manifest(), cases, expected, site, again: String::new() };
    let mut bot = InProcess { flaw, runtime: None };
    play(&plan, &mut bot, &|_| {}, &Stop::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_bot_passes_on_real_sockets_too() {
    let mut parts: Vec<Vec<&'static Case>> = vec![Vec::new(); PARTS];
    let manifest = manifest();
    let mine = cases::ALL.into_iter().filter(|case| kept_out(case, &manifest).is_none());
    mine.enumerate().for_each(|(number, case)| parts[number % PARTS].push(case));
    let mut all: JoinSet<Sheet> = parts.into_iter().map(|part| played(part, None)).collect();
    let (mut rows, mut wires, mut failed) = (0, 0, Vec::new());
    while let Some(sheet) = all.join_next().await {
        for row in sheet.unwrap().rows {
            rows += 1;
            // A story in which the bot is only told something has nothing of Graph's on its wire.
            wires += usize::from(!row.wire.is_empty());
            if row.outcome != Outcome::Passed {
                failed.push(format!("{}: {:?}", row.case.id, row.outcome));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(rows > 60 && wires + 5 > rows, "{rows} cases, {wires} with something on the wire");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_reference_bot_are_noticed_on_real_sockets_too() {
    let pairs = [
        ("authentication/forged-signature", Flaw::TrustsAnySignature),
        ("notifications/unknown-members", Flaw::RejectsUnknownMembers),
        ("authentication/no-token", Flaw::AcceptsMissingToken),
        ("prompts/once", Flaw::PromptsAgain),
        ("tones/once", Flaw::ActsTwiceOnRepeatedTone),
        ("incoming-call/answered-once", Flaw::AnswersTwice),
        ("ending/late-invitation", Flaw::AnswersAfterEnd),
        ("throttling/waits-as-told", Flaw::IgnoresRetryAfter),
    ];
    let mut all = JoinSet::new();
    for (id, flaw) in pairs {
        let case = cases::ALL.into_iter().find(|case| case.id == id).unwrap();
        all.spawn(async move { (id, played(vec![case], Some(flaw)).await) });
    }
    while let Some(played) = all.join_next().await {
        let (id, sheet) = played.unwrap();
        assert_eq!(sheet.rows[0].outcome, Outcome::Failed, "{id}: {:?}", sheet.rows[0]);
        assert_eq!(sheet.code(), 1);
    }
}
