//! The calibration peer: sends every datagram back where it came from.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Bytes of a datagram; more than a path carries.
pub(crate) const DATAGRAM_MAX: usize = 2_048;
/// Bytes that wait in a socket.
const SOCKET_BUFFER: usize = 8 << 20;
/// How often a thread that hears nothing looks whether it should stop.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A peer on a thread of its own; stops when dropped.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A socket on loopback with room for bursts; what the system grants may be less.
pub(crate) fn socket() -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    let socket = UdpSocket::from(socket);
    socket.set_read_timeout(Some(LOOK_EVERY))?;
    Ok(socket)
}

impl Echo {
    pub(crate) fn start() -> io::Result<Self> {
        let socket = socket()?;
        let address = socket.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("echo".to_owned()).spawn(move || {
            let mut datagram = [0; DATAGRAM_MAX];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((len, from)) = socket.recv_from(&mut datagram) {
                    // A datagram that cannot be sent is lost, as on any network.
                    let _ = socket.send_to(&datagram[..len], from);
                }
            }
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic: it does nothing that can.
            let _ = thread.join();
        }
    }
}
