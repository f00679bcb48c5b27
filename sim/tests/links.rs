//! What arrives over the links of a world, and when.
//!
//! Numbers are exact: a link without jitter has no excuse.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use graph_api::Timestamp;
use seam::{BoxIo, Datagram, Target};
use sim::{
    Change, EPOCH, Seat, World, WorldError,
    link::{Jitter, LinkConfig, Loss},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LIMIT: Duration = Duration::from_secs(120);
const PORT: u16 = 5_000;

fn after(ms: u64) -> Timestamp {
    EPOCH + Duration::from_millis(ms)
}

/// Milliseconds since the beginning.
fn ms(at: Timestamp) -> u64 {
    at.saturating_since(EPOCH).as_millis() as u64
}

fn any(port: u16) -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], port))
}

fn delay(delay_ms: f64) -> LinkConfig {
    LinkConfig { delay_ms, ..LinkConfig::default() }
}

fn down() -> LinkConfig {
    LinkConfig { up: false, ..delay(25.0) }
}

fn link(from: &str, to: &str, config: LinkConfig) -> Change {
    Change::Link { from: from.to_owned(), to: to.to_owned(), config }
}

async fn sleep(seat: &Seat, ms: u64) {
    seat.clock.sleep_until(seat.clock.now() + Duration::from_millis(ms)).await;
}

async fn connect(seat: &Seat, host: &str) -> io::Result<BoxIo> {
    seat.network.connect(Target { host: host.to_owned(), port: PORT, tls: false }).await
}

/// Receives for ever and tells what it got, the first eight bytes as a number.
async fn collect(seat: &Seat, socket: &dyn Datagram, heard: &Mutex<Vec<(u64, Timestamp)>>) {
    let mut buf = [0; 2_000];
    loop {
        let arrival = socket.recv_from(&mut buf).await.expect("a socket works");
        let late = seat.true_time().as_nanos().checked_sub(arrival.at.as_nanos());
        assert!(
            late.is_some_and(|late| late < 1_000_000),
            "told at the next millisecond: {late:?}"
        );
        let number = u64::from_be_bytes(buf[..8].try_into().unwrap());
        heard.lock().unwrap().push((number, arrival.at));
    }
}

/// A program that answers every byte with that byte.
async fn echo(seat: Seat) -> Result<(), String> {
    let mut listener = seat.network.listen(any(PORT)).await.map_err(|e| e.to_string())?;
    loop {
        let (mut stream, _) = listener.accept().await.map_err(|e| e.to_string())?;
        let mut buf = [0; 100];
        while let Ok(len) = stream.read(&mut buf).await
            && len > 0
        {
            if stream.write_all(&buf[..len]).await.is_err() {
                break;
            }
        }
    }
}

/// What `receiver` got of 2,000 datagrams of `sender`, one in 3 ms, over a bad link.
fn arrivals(step: u64) -> Result<(Vec<(u64, Timestamp)>, u64), WorldError> {
    let bad = LinkConfig {
        jitter: Jitter::Correlated { mean_ms: 10.0, sigma_ms: 5.0, max_ms: 40.0, rho: 0.7 },
        loss: Loss::GilbertElliott { p: 0.02, r: 0.3, loss_good: 0.001, loss_bad: 0.8 },
        rate_bps: Some(5e6),
        queue_bytes: Some(20_000),
        duplicate: 0.02,
        reorder: true,
        ..delay(25.0)
    };
    let heard: Arc<Mutex<Vec<_>>> = Arc::default();
    let inbox = heard.clone();
    let world = World::new(5, LIMIT)
        .step(Duration::from_millis(step))
        .links(delay(25.0))
        .link("sender", "receiver", bad)
        // The link changes at a time that is in the middle of most steps.
        .at(after(1_003), link("sender", "receiver", delay(33.3)))
        .at(after(2_017), Change::Restore { from: "sender".into(), to: "receiver".into() })
        .host("sender", async |seat: Seat| {
            let socket = seat.network.datagram(any(0)).await.map_err(|e| e.to_string())?;
            let to = seat.network.lookup("receiver", PORT).await.map_err(|e| e.to_string())?;
            for n in 0..2_000_u64 {
                let mut packet = n.to_be_bytes().to_vec();
                packet.resize(300 + (n as usize * 37) % 900, 0);
                socket.send_to(&packet, to).await.map_err(|e| e.to_string())?;
                sleep(&seat, 3).await;
            }
            Ok(())
        })
        .host("receiver", move |seat: Seat| {
            let inbox = inbox.clone();
            async move {
                let socket = seat.network.datagram(any(PORT)).await.map_err(|e| e.to_string())?;
                collect(&seat, &*socket, &inbox).await;
                Ok(())
            }
        });
    let report = world.run(async move |seat| seat.clock.sleep_until(after(8_000)).await);
    report.outcome?;
    let heard = heard.lock().unwrap().clone();
    Ok((heard, report.trace_hash))
}

#[test]
fn the_step_does_not_matter_to_datagrams() {
    let (base, _) = arrivals(1).unwrap();
    assert!(base.len() > 1_700 && base.len() < 2_000, "{}", base.len());
    assert!(base.iter().any(|(_, at)| at.as_nanos() % 1_000_000 != 0), "there are nanoseconds");
    assert!(!base.is_sorted_by_key(|(n, _)| *n), "some overtake others");
    assert!(base.is_sorted_by_key(|(_, at)| *at), "they are told in order of arrival");
    for step in [5, 10, 20, 25] {
        let (other, _) = arrivals(step).unwrap();
        assert_eq!(base, other, "step {step}");
    }
    let Err(WorldError::Failed(why)) = arrivals(26) else { panic!("more than the delay") };
    assert!(why.contains("25ms"), "{why}");
}

#[test]
fn a_run_with_links_is_the_same_again() {
    assert_eq!(arrivals(20).unwrap(), arrivals(20).unwrap());
}

/// When each of 100 exchanges was over, and on which of them the connection ended.
async fn exchanges(seat: &Seat) -> (Vec<u64>, Option<io::ErrorKind>) {
    let mut stream = connect(seat, "server").await.expect("the server listens");
    let mut times = Vec::new();
    for n in 0..100 {
        let mut answer = [0];
        let exchange = async {
            stream.write_all(&[n]).await?;
            stream.read_exact(&mut answer).await
        };
        if let Err(error) = exchange.await {
            return (times, Some(error.kind()));
        }
        assert_eq!(answer, [n]);
        times.push(ms(seat.true_time()));
    }
    (times, None)
}

fn streams(step: u64, config: LinkConfig, changes: &[(u64, Change)]) -> World {
    let mut world =
        World::new(3, LIMIT).step(Duration::from_millis(step)).links(config).host("server", echo);
    for (at, change) in changes {
        world = world.at(after(*at), change.clone());
    }
    world
}

#[test]
fn the_step_does_not_matter_to_streams() {
    let bad = LinkConfig {
        jitter: Jitter::Exponential { mean_ms: 5.0, max_ms: 50.0 },
        loss: Loss::Independent { probability: 0.05 },
        rate_bps: Some(1e6),
        ..delay(20.0)
    };
    let run = |step| {
        let world = streams(step, bad.clone(), &[]);
        world.run(async |seat| exchanges(&seat).await).outcome.unwrap()
    };
    let (base, end) = run(1);
    assert_eq!((base.len(), end), (100, None));
    assert!(base.windows(2).any(|w| w[1] - w[0] > 250), "something was sent again");
    for step in [5, 20] {
        assert_eq!(run(step), (base.clone(), None), "step {step}");
    }
}

#[test]
fn an_exchange_takes_twice_the_delay() {
    let report = streams(5, delay(25.0), &[]).run(async |seat| exchanges(&seat).await);
    let (times, _) = report.outcome.unwrap();
    // One round trip to connect, one for each exchange.
    let expected: Vec<u64> = (2..=101).map(|n| n * 50).collect();
    assert_eq!(times, expected);
}

#[test]
fn half_a_second_without_a_link_delays_and_loses_nothing() {
    let outage = [(1_000, link("people", "server", down())), (1_500, restore("people", "server"))];
    let report = streams(20, delay(25.0), &outage).run(async |seat| exchanges(&seat).await);
    let (times, end) = report.outcome.unwrap();
    assert_eq!((times.len(), end), (100, None));
    let longest = times.windows(2).map(|w| w[1] - w[0]).max().unwrap();
    // Sent again after 250 and after 500 ms more.
    assert_eq!(longest, 750 + 50, "{times:?}");
}

fn restore(from: &str, to: &str) -> Change {
    Change::Restore { from: from.to_owned(), to: to.to_owned() }
}

#[test]
fn a_long_outage_resets_both_ends() {
    let ended: Arc<Mutex<Option<(u64, io::ErrorKind)>>> = Arc::default();
    let told = ended.clone();
    let server = move |seat: Seat| {
        let told = told.clone();
        async move {
            let mut listener = seat.network.listen(any(PORT)).await.map_err(|e| e.to_string())?;
            let (mut stream, _) = listener.accept().await.map_err(|e| e.to_string())?;
            let mut buf = [0];
            loop {
                match stream.read(&mut buf).await {
                    Ok(0) => return Err("closed".to_owned()),
                    Ok(_) => stream.write_all(&buf).await.map_err(|e| e.to_string())?,
                    Err(error) => {
                        *told.lock().unwrap() = Some((ms(seat.true_time()), error.kind()));
                        return Ok(());
                    }
                }
            }
        }
    };
    let patience = |config| LinkConfig { reset_after_ms: 4_000.0, ..config };
    let report = World::new(1, LIMIT)
        .links(patience(delay(25.0)))
        .host("server", server)
        .at(after(1_000), link("people", "server", patience(down())))
        .run(async |seat| {
            let (times, end) = exchanges(&seat).await;
            let at = ms(seat.true_time());
            sleep(&seat, 1_000).await;
            (times.len(), end, at)
        });
    let (done, end, at) = report.outcome.unwrap();
    assert!((17..=19).contains(&done), "{done}");
    assert_eq!(end, Some(io::ErrorKind::ConnectionReset));
    assert_eq!(at, 5_000);
    assert_eq!(*ended.lock().unwrap(), Some((5_025, io::ErrorKind::ConnectionReset)));
}

#[test]
fn a_stalled_stream_goes_on_whenever_it_may() {
    let stall = LinkConfig { stall: true, ..delay(25.0) };
    let changes = [
        (1_000, link("people", "server", stall)),
        (61_000, link("people", "server", down())),
        (62_000, restore("people", "server")),
    ];
    // Patience with the outage does not begin before it.
    let report = streams(20, delay(25.0), &changes).run(async |seat| exchanges(&seat).await);
    let (times, end) = report.outcome.unwrap();
    assert_eq!((times.len(), end), (100, None));
    assert!(times.windows(2).any(|w| w[1] - w[0] > 60_000), "{times:?}");
}

/// How an attempt to connect ended, and after how many milliseconds.
fn attempt(host: &'static str, changes: &[(u64, Change)]) -> (Option<io::ErrorKind>, u64) {
    let mut world = streams(20, delay(25.0), changes);
    world = world.host("deaf", async |_| std::future::pending().await);
    world = world.host("late", async |seat: Seat| {
        // After the attempt has arrived, and before the refusal has come back.
        seat.clock.sleep_until(after(1_030)).await;
        echo(seat).await
    });
    let report = world.run(async move |seat| {
        sleep(&seat, 1_000).await;
        let error = connect(&seat, host).await.err();
        (error.map(|error| error.kind()), ms(seat.true_time()) - 1_000)
    });
    report.outcome.unwrap()
}

#[test]
fn attempts_to_connect_take_their_time() {
    assert_eq!(attempt("server", &[]), (None, 50));
    assert_eq!(attempt("deaf", &[]), (Some(io::ErrorKind::ConnectionRefused), 50));
    assert_eq!(attempt("late", &[]), (Some(io::ErrorKind::ConnectionRefused), 50));
    assert_eq!(attempt("nobody", &[]), (Some(io::ErrorKind::NotFound), 0));
    let crash = [(500, Change::Crash { host: "server".into() })];
    assert_eq!(attempt("server", &crash), (Some(io::ErrorKind::TimedOut), 5_000));
    let cut =
        |from: &str, to: &str, until| [(500, link(from, to, down())), (until, restore(from, to))];
    // The attempt is repeated after one second and after two more.
    let there = cut("people", "server", 1_500);
    assert_eq!(attempt("server", &there), (None, 1_050));
    let back = cut("server", "people", 1_500);
    assert_eq!(attempt("server", &back), (None, 1_050));
    let long = cut("people", "server", 60_000);
    assert_eq!(attempt("server", &long), (Some(io::ErrorKind::TimedOut), 5_000));
}

#[test]
fn a_crash_resets_streams_and_a_restart_listens_again() {
    let changes = [
        (1_000, Change::Crash { host: "server".into() }),
        (3_000, Change::Restart { host: "server".into() }),
    ];
    let report = streams(20, delay(25.0), &changes).run(async |seat| {
        let (times, end) = exchanges(&seat).await;
        let at = ms(seat.true_time());
        seat.clock.sleep_until(after(4_000)).await;
        let again = exchanges(&seat).await;
        (times.len(), end, at, again.0.len(), seat.control.incarnation("server"))
    });
    let (before, end, at, again, incarnation) = report.outcome.unwrap();
    assert!((17..=19).contains(&before), "{before}");
    assert_eq!((end, at), (Some(io::ErrorKind::ConnectionReset), 1_025));
    assert_eq!((again, incarnation), (100, Some(1)));
}

/// Which of 200 datagrams, one in 10 ms on a way of 500 ms, a receiver gets that is gone from 1.0 to 1.2 s.
#[test]
fn datagrams_for_an_earlier_life_are_lost() {
    let heard: Arc<Mutex<Vec<(u64, Timestamp)>>> = Arc::default();
    let inbox = heard.clone();
    let report = World::new(1, LIMIT)
        .keep_lines(true)
        .links(delay(500.0))
        .host("receiver", move |seat: Seat| {
            let inbox = inbox.clone();
            async move {
                let socket = seat.network.datagram(any(PORT)).await.map_err(|e| e.to_string())?;
                collect(&seat, &*socket, &inbox).await;
                Ok(())
            }
        })
        .at(after(1_000), Change::Crash { host: "receiver".into() })
        .at(after(1_200), Change::Restart { host: "receiver".into() })
        .run(async |seat| {
            let socket = seat.network.datagram(any(0)).await.unwrap();
            let to = seat.network.lookup("receiver", PORT).await.unwrap();
            for n in 0..200_u64 {
                socket.send_to(&n.to_be_bytes(), to).await.unwrap();
                sleep(&seat, 10).await;
            }
            sleep(&seat, 1_000).await;
        });
    report.outcome.unwrap();
    let numbers: Vec<u64> = heard.lock().unwrap().iter().map(|(n, _)| *n).collect();
    // Until 1.0 s those of the first half second came; of those sent before the crash none came after it.
    let expected: Vec<u64> = (0..50).chain(100..200).collect();
    assert_eq!(numbers, expected);
    assert!(heard.lock().unwrap().iter().all(|(n, at)| ms(*at) == n * 10 + 500));
}

#[test]
fn a_clock_may_be_wrong() {
    let wrong = Change::Clock { host: "people".into(), offset_ms: 2_000.0, drift_ppm: 100_000.0 };
    let step = Change::StepClock { host: "people".into(), by_ms: -5_000.0 };
    let report = World::new(1, LIMIT)
        .links(delay(20.0))
        .at(after(10_000), wrong)
        .at(after(30_000), step)
        .run(async |seat| {
            seat.clock.sleep_until(after(10_000)).await;
            let early = ms(seat.true_time());
            // The step in which it happens has begun now.
            seat.clock.sleep_until(after(12_000) + Duration::from_millis(5_500)).await;
            let fast = ms(seat.true_time());
            // Shown at 30 s: 12 s and 22 s; the clock goes back by 5 s, and is asked for the 30th second.
            seat.clock.sleep_until(after(30_000)).await;
            (early, fast, ms(seat.true_time()), ms(seat.clock.now()))
        });
    // 5.5 s are 5 s; from 29 s on the clock shows 30 s after 1,000/1,100 of the rest.
    assert_eq!(report.outcome.unwrap(), (10_000, 15_000, 26_364, 30_000));
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let run = |world: World| match world.run(async |_| ()).outcome {
        Err(WorldError::Failed(why)) => why,
        other => panic!("{other:?}"),
    };
    let world = || World::new(1, LIMIT).links(delay(20.0)).host("a", async |_| Ok(()));
    for (world, expected) in [
        (world().link("a", "people", delay(0.4)), "a to people: delayMs"),
        (world().link("a", "b", delay(20.0)), r#"no host "b""#),
        (world().links(LinkConfig { duplicate: 1.5, ..delay(20.0) }), "links: duplicate"),
        (world().step(Duration::from_millis(21)), "20ms"),
        (world().step(Duration::from_micros(1_500)), "whole"),
        (world().at(EPOCH, Change::Crash { host: "people".into() }), "people"),
        (world().at(EPOCH, Change::Crash { host: "c".into() }), r#"no host "c""#),
    ] {
        let why = run(world);
        assert!(why.contains(expected), "{expected}: {why}");
    }
    let report = world().run(async |seat: Seat| {
        let below = seat.control.set("a", "people", delay(19.0)).unwrap_err();
        seat.control.set("a", "people", delay(21.0)).unwrap();
        seat.control.restore("a", "people").unwrap();
        below.to_string()
    });
    assert!(report.outcome.unwrap().contains("step of 20ms"));
    let plain = World::new(1, LIMIT).host("a", async |_| Ok(()));
    let report =
        plain.run(async |seat: Seat| seat.control.restore("a", "people").unwrap_err().to_string());
    assert!(report.outcome.unwrap().contains("World::links"));
}

#[test]
fn a_datagram_that_is_underway_is_for_who_is_there_when_it_arrives() {
    let heard: Arc<Mutex<Vec<(u64, Timestamp)>>> = Arc::default();
    let inbox = heard.clone();
    let world = World::new(1, LIMIT).links(delay(300.0)).host("late", move |seat: Seat| {
        let inbox = inbox.clone();
        async move {
            seat.clock.sleep_until(after(400)).await;
            let socket = seat.network.datagram(any(PORT)).await.map_err(|e| e.to_string())?;
            collect(&seat, &*socket, &inbox).await;
            Ok(())
        }
    });
    let report = world.run(async |seat| {
        let socket = seat.network.datagram(any(0)).await.unwrap();
        let to = seat.network.lookup("late", PORT).await.unwrap();
        for n in 0..30_u64 {
            socket.send_to(&n.to_be_bytes(), to).await.unwrap();
            sleep(&seat, 10).await;
        }
        let taken = seat.network.datagram(socket.local_addr().unwrap()).await.err();
        let own = seat.network.lookup("localhost", socket.local_addr().unwrap().port()).await;
        socket.send_to(b"to myself", own.unwrap()).await.unwrap();
        let mut buf = [0; 2];
        let arrival = socket.recv_from(&mut buf).await.unwrap();
        assert_eq!((arrival.len, &buf, ms(arrival.at)), (2, b"to", 600));
        assert!(socket.send_to(&[0; 65_508], to).await.is_err());
        taken.map(|error| error.kind())
    });
    assert_eq!(report.outcome.unwrap(), Some(io::ErrorKind::AddrInUse));
    // The tenth is sent at 100 ms and arrives as the port is bound.
    let numbers: Vec<u64> = heard.lock().unwrap().iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, (10..30).collect::<Vec<_>>());
}

#[test]
fn a_stream_whose_reader_is_gone_is_reset() {
    let world = World::new(1, LIMIT).links(delay(25.0)).host("server", async |seat: Seat| {
        let mut listener = seat.network.listen(any(PORT)).await.map_err(|e| e.to_string())?;
        let (stream, _) = listener.accept().await.map_err(|e| e.to_string())?;
        seat.clock.sleep_until(after(200)).await;
        drop(stream);
        std::future::pending().await
    });
    let report = world.run(async |seat| {
        let mut stream = connect(&seat, "server").await.unwrap();
        let mut buf = [0];
        // It closes in peace, as nothing was sent to it,
        let closed = (stream.read(&mut buf).await.unwrap(), ms(seat.true_time()));
        stream.write_all(b"x").await.unwrap();
        let mut wrote = Ok(());
        while wrote.is_ok() {
            sleep(&seat, 5).await;
            wrote = stream.write_all(b"y").await;
        }
        (closed, wrote.unwrap_err().kind(), ms(seat.true_time()))
    });
    // and answers what comes later after a round trip.
    let expected = ((0, 225), io::ErrorKind::ConnectionReset, 275);
    assert_eq!(report.outcome.unwrap(), expected);
}

/// A host that crashes while its link is down cannot say so; who sends to it learns it when the link is back.
#[test]
fn a_crash_behind_an_outage_is_not_heard() {
    let changes = [
        (1_000, link("server", "people", down())),
        (1_100, Change::Crash { host: "server".into() }),
        (1_200, Change::Restart { host: "server".into() }),
        (4_000, restore("server", "people")),
    ];
    let report = streams(20, delay(25.0), &changes).run(async |seat| {
        let mut stream = connect(&seat, "server").await.unwrap();
        seat.clock.sleep_until(after(5_000)).await;
        let silent = stream.write_all(b"x").await.is_ok();
        let ended = stream.read(&mut [0]).await.unwrap_err().kind();
        (silent, ended, ms(seat.true_time()))
    });
    // Nothing was known at 5.0 s; a round trip later it is.
    assert_eq!(report.outcome.unwrap(), (true, io::ErrorKind::ConnectionReset, 5_050));
}

/// What is asked for in a step happens with the next one, whoever has been run before.
#[test]
fn a_change_at_once_is_a_change_with_the_next_step() {
    let heard: Arc<Mutex<Vec<(u64, Timestamp)>>> = Arc::default();
    let inbox = heard.clone();
    let world = World::new(1, LIMIT).links(delay(20.0)).host("receiver", move |seat: Seat| {
        let inbox = inbox.clone();
        async move {
            let socket = seat.network.datagram(any(PORT)).await.map_err(|e| e.to_string())?;
            collect(&seat, &*socket, &inbox).await;
            Ok(())
        }
    });
    let report = world.run(async |seat| {
        let socket = seat.network.datagram(any(0)).await.unwrap();
        let to = seat.network.lookup("receiver", PORT).await.unwrap();
        seat.clock.sleep_until(after(1_005)).await;
        seat.control.set("people", "receiver", down()).unwrap();
        for n in 0..10_u64 {
            socket.send_to(&n.to_be_bytes(), to).await.unwrap();
            sleep(&seat, 5).await;
        }
        seat.control.restore("people", "receiver").unwrap();
        for n in 10..20_u64 {
            socket.send_to(&n.to_be_bytes(), to).await.unwrap();
            sleep(&seat, 5).await;
        }
        sleep(&seat, 100).await;
    });
    report.outcome.unwrap();
    // Down from 1,020 ms on; asked at 1,055 ms to be up again, so from 1,060 ms on.
    let numbers: Vec<u64> = heard.lock().unwrap().iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, (0..3).chain(11..20).collect::<Vec<_>>());
}
