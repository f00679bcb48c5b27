//! Shakes hands with a server, whoever it is, to see its certificates.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::LIMIT;

/// Takes every certificate, and keeps it: it is judged afterwards, and nothing is sent on the connection.
#[derive(Debug)]
struct Keeps {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Keeps {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(leaf).chain(others).map(|one| one.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let all = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, signed, all)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let all = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signed, all)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Connects.
///
/// # Errors
/// Nobody is there, or does not answer in time.
pub(super) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let late =
        || io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, TcpStream::connect((host, port))).await.map_err(|_| late())?
}

/// The certificates that a server shows, its own first. Servers that end the handshake afterwards, since they want to
/// see one too, have shown theirs.
///
/// # Errors
/// It is no TLS server, or speaks only versions that nobody should.
pub(super) async fn chain(
    stream: TcpStream,
    host: &str,
) -> io::Result<Vec<CertificateDer<'static>>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let keeps = Arc::new(Keeps { chain: Mutex::default(), provider: provider.clone() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(keeps.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let shake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let late = || io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
    let shaken = tokio::time::timeout(LIMIT, shake).await.map_err(|_| late());
    let seen = std::mem::take(&mut *keeps.chain.lock().unwrap_or_else(PoisonError::into_inner));
    if seen.is_empty() {
        shaken??;
    }
    Ok(seen)
}
