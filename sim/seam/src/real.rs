//! The world as it is: tokio's sockets, and TLS that trusts what it is told to trust.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{net::TcpListener, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::{
    datagram::{Datagram, RealDatagram},
    network::{BoxFuture, BoxIo, Listener, Network, Target},
};

/// How long a TCP connect or a TLS handshake may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Which servers an outgoing TLS connection believes.
#[derive(Debug, Clone, Default)]
pub struct TlsTrust {
    /// PEM files of certificate authorities, beside those of the system.
    pub extra_ca_files: Vec<PathBuf>,
    /// Believe any certificate. For bots on a developer's machine only; never the default.
    pub insecure: bool,
}

/// Returns when the user, or whoever manages processes, wants this program to stop.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                // An error means that nobody can interrupt: then nobody does.
                Ok(()) = tokio::signal::ctrl_c() => return,
            }
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Real sockets.
pub struct RealNetwork {
    tls: TlsConnector,
}

impl RealNetwork {
    /// Reads the trusted authorities.
    ///
    /// # Errors
    /// A CA file that cannot be read, or holds no certificate; the message names the file.
    pub fn new(trust: &TlsTrust) -> io::Result<Self> {
        let config = if trust.insecure { insecure_config()? } else { verified_config(trust)? };
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn verified_config(trust: &TlsTrust) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    // A system certificate that does not parse is one authority less, no reason to stop.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for file in &trust.extra_ca_files {
        let bad = |e: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {e}", file.display()))
        };
        let pem = std::fs::read(file).map_err(|e| bad(&e))?;
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
        }
        if roots.len() == before {
            return Err(bad(&"holds no PEM certificate"));
        }
    }
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn insecure_config() -> io::Result<ClientConfig> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider())))
        .with_no_client_auth())
}

impl Network for RealNetwork {
    fn connect(&self, to: Target) -> BoxFuture<'static, io::Result<BoxIo>> {
        let tls = self.tls.clone();
        Box::pin(async move {
            let open = async {
                let tcp = TcpStream::connect((to.host.as_str(), to.port)).await?;
                tcp.set_nodelay(true)?;
                if !to.tls {
                    return Ok(Box::new(tcp) as BoxIo);
                }
                let name = ServerName::try_from(to.host.clone())
                    .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
                Ok(Box::new(tls.connect(name, tcp).await?) as BoxIo)
            };
            timeout(CONNECT_LIMIT, open)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }

    fn listen(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = TcpListener::bind(at)
                .await
                .map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {at}: {e}")))?;
            Ok(Box::new(RealListener(listener)) as Box<dyn Listener>)
        })
    }

    fn datagram(&self, at: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Datagram>>> {
        Box::pin(async move { Ok(Box::new(RealDatagram::bind(at).await?) as Box<dyn Datagram>) })
    }

    fn lookup(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<SocketAddr>> {
        let host = host.to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), port)).await?.collect();
            let found = found.iter().find(|address| address.is_ipv4()).or(found.first());
            found.copied().ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}

struct RealListener(TcpListener);

impl Listener for RealListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxIo, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.0.accept().await?;
            stream.set_nodelay(true)?;
            Ok((Box::new(stream) as BoxIo, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The explicit insecure switch: believes any certificate, but still checks the handshake's signatures.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
