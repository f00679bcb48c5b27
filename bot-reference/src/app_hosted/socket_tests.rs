//! Where media is received, and when it is sent.

use std::{io, net::SocketAddr, time::Duration};

use graph_api::{Guid, Timestamp};
use media::transport::{Blob, Leg, Outgoing, is_rtcp};
use seam::{BoxFuture, BoxIo, Clock, Datagram, Listener, Network, RealNetwork, Target, TlsTrust};

use super::{AppHosted, Owner};
use crate::{Hosting, Settings};

/// A world in which one name is known.
struct OneName(RealNetwork);

impl OneName {
    fn new() -> Self {
        Self(RealNetwork::new(&TlsTrust::default()).unwrap())
    }
}

impl Network for OneName {
    fn connect(&self, to: Target) -> BoxFuture<'static, io::Result<BoxIo>> {
        self.0.connect(to)
    }

    fn listen(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        self.0.listen(at)
    }

    fn datagram(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Datagram>>> {
        self.0.datagram(at)
    }

    fn lookup(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<SocketAddr>> {
        let known = host == "bot.example";
        let address = SocketAddr::from(([192, 0, 2, 9], port));
        Box::pin(
            async move { if known { Ok(address) } else { Err(io::ErrorKind::NotFound.into()) } },
        )
    }
}

async fn bound(clock: Clock, settings: &Settings, url: Option<&str>) -> io::Result<AppHosted> {
    AppHosted::bind(&OneName::new(), clock, Guid::from_u128(1), settings, url).await
}

fn settings(listen: &str, address: Option<&str>) -> Settings {
    let (media_listen, media_address) =
        (listen.parse().unwrap(), address.map(|at| at.parse().unwrap()));
    Settings { media: Hosting::AppHosted, media_listen, media_address, ..Settings::default() }
}

#[tokio::test]
async fn what_is_declared_can_be_sent_to() {
    let (here, anywhere) = ("127.0.0.1:0", "0.0.0.0:0");
    let (known, unknown) = (Some("https://bot.example/x"), Some("https://nowhere.example"));
    for (listen, said, url, ip) in [
        (here, None, known, Some("127.0.0.1")),
        (here, Some("192.0.2.1:0"), known, Some("192.0.2.1")),
        (anywhere, None, known, Some("192.0.2.9")),
        (anywhere, None, None, Some("127.0.0.1")),
        (anywhere, Some("192.0.2.1:0"), unknown, Some("192.0.2.1")),
        (anywhere, None, unknown, None),
        (here, Some(anywhere), known, None),
    ] {
        let made = bound(Clock::real(), &settings(listen, said), url).await;
        let address = made.map(|media| media.to_json()["address"].as_str().unwrap().to_owned());
        let found = address.as_ref().ok().map(|text| text.parse::<SocketAddr>().unwrap());
        assert_eq!(found.map(|at| at.ip().to_string()).as_deref(), ip, "{listen} {said:?} {url:?}");
        assert!(found.is_none_or(|at| at.port() != 0));
        if let Err(error) = address {
            let text = error.to_string();
            assert!(text.contains("nowhere.example") || text.contains("0.0.0.0"), "{text}");
        }
    }
    let exact = bound(Clock::real(), &settings(here, Some("192.0.2.1:7")), None).await.unwrap();
    assert_eq!(exact.to_json()["address"], "192.0.2.1:7");
}

/// Packets of sound among what is to be sent.
fn sound(out: &Outgoing) -> usize {
    out.iter().filter(|(_, datagram)| !is_rtcp(datagram)).count()
}

/// Every slot once and none early, whenever the task is woken; after a long stall the old ones are left out.
#[tokio::test]
async fn slots_are_due_every_20_ms_and_do_not_drift() {
    let clock = Clock::manual(Timestamp::from_secs(1_000));
    let media = bound(clock.clone(), &settings("127.0.0.1:0", None), None).await.unwrap();
    let blob = media.open(Owner::Call(Guid::from_u128(7))).unwrap();
    let mut leg = Leg::new(Duration::ZERO, "call", Blob::read(&blob).unwrap().unwrap(), 7_000);
    let platform = SocketAddr::from(([127, 0, 0, 1], 9));
    let (mut out, mut slot) = (Outgoing::default(), 0);
    let now = Duration::ZERO;
    leg.transmit(now, |datagram| media.sessions().receive(now, platform, datagram));
    slot = media.slots(slot, &mut out);
    assert_eq!((slot, out.iter().count()), (1, 1), "it is ready");
    leg.set_active(now, true);
    let own = leg.address();
    out.iter().for_each(|(_, datagram)| leg.receive(now, own, datagram).unwrap());
    leg.transmit(now, |datagram| media.sessions().receive(now, platform, datagram));
    for (ms, next, frames) in [(19, 1, 0), (1, 2, 1), (69, 5, 3), (1, 5, 0), (10, 6, 1)] {
        clock.advance(Duration::from_millis(ms)).unwrap();
        out.clear();
        slot = media.slots(slot, &mut out);
        assert_eq!((slot, sound(&out)), (next, frames), "after {ms} ms more");
    }
    clock.advance(Duration::from_secs(3_600)).unwrap();
    out.clear();
    assert_eq!((media.slots(slot, &mut out), sound(&out)), (180_006, 50));
}
