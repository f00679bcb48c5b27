//! The socket.

use std::{io, sync::Arc, time::Duration};

use graph_api::Timestamp;
use media::transport::Outgoing;
use seam::{Arrival, Clock, DATAGRAM_MAX, Datagram};
use tokio::sync::Notify;

use super::Picture;
use crate::driver::{Driver, Stopped};

/// How long nothing is received after an error of the socket; what is to be sent is sent.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Carries datagrams to and fro until the platform stops. `changed`: a session has begun.
pub async fn carry(
    socket: Box<dyn Datagram>,
    driver: Driver,
    clock: Clock,
    changed: Arc<Notify>,
) -> Result<(), Stopped> {
    let mut buffer = vec![0; DATAGRAM_MAX];
    let (mut out, mut deaf_until) = (Outgoing::default(), None);
    loop {
        let due = driver.with(|state| state.plane.next_tick()).await?;
        let tick = async {
            match due {
                Some(due) => clock.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = tick => {
                let now = clock.now();
                let mut pictures = driver.with(|state| state.tick_media(now)).await?;
                pictures.iter_mut().for_each(Picture::work);
                driver.with(|state| state.send_media(now, pictures, &mut out)).await?;
                for (to, datagram) in out.iter() {
                    // Whoever cannot be reached does not hear; his session ends by itself.
                    let _ = socket.send_to(datagram, to).await;
                }
                out.clear();
            }
            arrived = receive(&*socket, &clock, deaf_until, &mut buffer) => match arrived {
                Ok(Arrival { len, from, at }) => {
                    deaf_until = None;
                    let datagram = &buffer[..len];
                    driver.with(|state| state.plane.receive(at, from, datagram)).await?;
                }
                Err(error) => {
                    tracing::debug!(%error, "the media socket");
                    deaf_until = Some(clock.now() + AFTER_ERROR);
                }
            },
            () = changed.notified() => {}
        }
    }
}

async fn receive(
    socket: &dyn Datagram,
    clock: &Clock,
    deaf_until: Option<Timestamp>,
    buffer: &mut [u8],
) -> io::Result<Arrival> {
    if let Some(until) = deaf_until {
        clock.sleep_until(until).await;
    }
    socket.recv_from(buffer).await
}
