//! Whether the fake has somewhere to listen.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use super::{Finding, LIMIT, Site};

/// Each listener's address: free, or taken by a fake.
pub(super) async fn look(site: &Site) -> Vec<Finding> {
    let runs = super::fake::health(site.control).await;
    let mut found = Vec::new();
    for (name, address) in
        [("--https", site.https), ("--http", site.http), ("--control", site.control)]
    {
        found.push(one(name, address, runs).await);
    }
    found
}

async fn one(name: &str, address: SocketAddr, runs: bool) -> Finding {
    let what = format!("port {name}");
    match TcpListener::bind(address).await {
        Ok(_) if runs => Finding::bad(
            what,
            format!("{address} is free, though a fake answers at the control address"),
            format!("give the address that the running fake printed as {name}"),
        ),
        Ok(_) => Finding::good(what, format!("{address} is free")),
        Err(error)
            if error.kind() == io::ErrorKind::AddrInUse && runs && connects(address).await =>
        {
            Finding::good(what, format!("{address}: a fake runs there"))
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::bad(
            what,
            format!("{address} is taken by another program"),
            format!(
                "end that program ('ss -ltnp' names it), or 'serve {name} 127.0.0.1:0' and read the ready line"
            ),
        ),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Finding::bad(
            what,
            format!("{address}: {error}"),
            "ports below 1024 need rights: 'setcap cap_net_bind_service=+ep graph-fake', or a higher port",
        ),
        Err(error) => Finding::bad(
            what,
            format!("{address}: {error}"),
            "listen at an address of this machine, as 127.0.0.1",
        ),
    }
}

async fn connects(address: SocketAddr) -> bool {
    matches!(tokio::time::timeout(LIMIT, TcpStream::connect(address)).await, Ok(Ok(_)))
}
