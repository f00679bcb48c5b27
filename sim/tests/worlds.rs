//! What a world does when its programs misbehave.

use std::{io, net::SocketAddr, time::Duration};

use seam::Target;
use sim::{Direction, EPOCH, World, WorldError};

const LIMIT: Duration = Duration::from_secs(10);

fn target(host: &str) -> Target {
    Target { host: host.to_owned(), port: 80, tls: false }
}

fn any_address() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 80))
}

#[test]
fn a_panic_of_the_story_is_told() {
    let report = World::new(1, LIMIT).run(async move |_| -> () { panic!("lost the thread") });
    let Err(WorldError::Failed(why)) = report.outcome else { panic!("{:?}", report.outcome) };
    assert!(why.contains("lost the thread"), "{why}");
}

#[test]
fn a_panic_in_a_task_of_a_host_ends_the_world() {
    let world = World::new(1, LIMIT).host("careless", async |_| {
        #[allow(clippy::disallowed_methods, reason = "this is what is tested")]
        let task = tokio::task::spawn(async { panic!("in the background") });
        // Nobody looks at the task.
        std::mem::forget(task);
        std::future::pending().await
    });
    let report = world.run(async move |seat| seat.clock.sleep_until(EPOCH + LIMIT / 2).await);
    assert!(matches!(report.outcome, Err(WorldError::Failed(_))), "{:?}", report.outcome);
}

#[test]
fn a_story_without_an_end_runs_out_of_time() {
    let report = World::new(1, LIMIT).run(async move |_| std::future::pending::<()>().await);
    assert_eq!(report.outcome, Err(WorldError::OutOfTime(LIMIT)));
    assert!(report.simulated > LIMIT && report.simulated < LIMIT * 2);
}

#[test]
fn a_host_that_fails_is_down_and_the_world_goes_on() {
    let world = World::new(1, LIMIT).keep_lines(true).host("bot", async |seat| {
        let _listener = seat.network.listen(any_address()).await.map_err(|e| e.to_string())?;
        Err("out of luck".to_owned())
    });
    let report = world.run(async move |seat| {
        let connected = seat.network.connect(target("bot")).await;
        connected.err().map(|error| error.kind())
    });
    assert_eq!(report.outcome, Ok(Some(io::ErrorKind::ConnectionRefused)));
    assert!(
        report.lines.iter().any(|line| line.direction == Direction::Note && &*line.host == "bot")
    );
}

#[test]
fn a_host_that_does_not_exist_cannot_be_reached() {
    let report = World::new(1, LIMIT).run(async move |seat| {
        seat.network.connect(target("nobody.example")).await.err().map(|error| error.kind())
    });
    assert!(matches!(report.outcome, Ok(Some(_))), "{:?}", report.outcome);
}

#[test]
fn libraries_see_virtual_time() {
    let report = World::new(1, Duration::from_secs(3_600)).run(async move |seat| {
        seat.clock.sleep_until(EPOCH + Duration::from_secs(1_800)).await;
        // What a library behind our back would ask.
        #[allow(clippy::disallowed_methods, reason = "this is what is tested")]
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map(|now| now.as_secs())
    });
    let seen = report.outcome.unwrap().unwrap();
    assert!(seen.abs_diff(EPOCH.as_secs() + 1_800) <= 1, "{seen}");
}
