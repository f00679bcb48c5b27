//! The socket.

use std::{sync::Arc, time::Duration};

use seam::{Clock, DATAGRAM_MAX, Datagram};
use tokio::sync::Notify;

use super::Outgoing;
use crate::driver::{Driver, Stopped};

/// How long the socket is left alone after an error of its own.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Carries datagrams to and fro until the platform stops. `changed`: a session has begun.
pub async fn carry(
    socket: Box<dyn Datagram>,
    driver: Driver,
    clock: Clock,
    changed: Arc<Notify>,
) -> Result<(), Stopped> {
    let mut buffer = vec![0; DATAGRAM_MAX];
    let mut out = Outgoing::default();
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
                driver.with(|state| state.tick_media(now, &mut out)).await?;
                for (to, datagram) in out.datagrams() {
                    // Whoever cannot be reached does not hear; his session ends by itself.
                    let _ = socket.send_to(datagram, to).await;
                }
                out.clear();
            }
            arrived = socket.recv_from(&mut buffer) => match arrived {
                Ok(arrival) => {
                    let datagram = &buffer[..arrival.len];
                    let (from, at) = (arrival.from, arrival.at);
                    driver.with(|state| state.plane.receive(at, from, datagram)).await?;
                }
                Err(error) => {
                    tracing::debug!(%error, "the media socket");
                    clock.sleep_until(clock.now() + AFTER_ERROR).await;
                }
            },
            () = changed.notified() => {}
        }
    }
}
