//! The bots in `bots/`: their manifests are good, wherever the tests run. CI plays the suite with them (`.ci/run`).

use std::path::Path;

use conformance::live;
use graph_fake::manifest::{BotClock, Manifest};

fn manifest(file: &str) -> Manifest {
    let bots = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bots");
    Manifest::read(&bots.join(file)).unwrap()
}

#[test]
fn manifests_in_the_tree_are_good_and_claim_something() {
    for (file, least) in
        [("python-ivr/bot.toml", 20), ("python-ivr/faulty.toml", 20), ("node-group/bot.toml", 15)]
    {
        let manifest = manifest(file);
        assert_eq!(manifest.clock, BotClock::Fake);
        let cases = live::all_cases();
        let played = cases.iter().filter(|case| live::kept_out(case, &manifest).is_none()).count();
        assert!(played >= least, "{file}: {played}");
    }
}

/// The faulty bot is the good one but for its faults.
#[test]
fn the_faulty_manifest_differs_in_name_and_faults_alone() {
    let (good, mut faulty) = (manifest("python-ivr/bot.toml"), manifest("python-ivr/faulty.toml"));
    let faults = faulty.command.as_mut().unwrap().env.remove("BOT_FAULTS").unwrap();
    assert_eq!(faults.split(',').count(), 3);
    faulty.name = good.name.clone();
    assert_eq!(faulty, good);
}
