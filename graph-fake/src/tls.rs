//! A certificate authority of the fake's own (clients.md 2): clients are told to trust it, nobody else is.

use std::{
    fs,
    io::{self, Write as _},
    net::IpAddr,
    path::Path,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use thiserror::Error;

/// Names that every server certificate carries, beside those asked for.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An authority that cannot be made, read or used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file, and what is wrong with it.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// Half of an authority: making a new one would destroy what is there.
    #[error(
        "{missing} is missing beside {found}: put it there, or move the other away to get a new authority"
    )]
    Half {
        /// The file that is there.
        found: String,
        /// The file that is not.
        missing: String,
    },
    /// A certificate cannot be made or read.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS refuses what was made.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A name that no certificate can carry.
    #[error("'{0}' is no host name")]
    BadName(String),
}

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Reads `ca.pem` and `ca-key.pem` in `dir`, or makes them; without a folder, an authority that is
    /// kept nowhere.
    ///
    /// # Errors
    /// Files that cannot be read, written or understood, and one without the other; the message names them.
    pub fn create_or_load(dir: Option<&Path>) -> Result<Self, TlsError> {
        let Some(dir) = dir else { return Self::create() };
        let (certificate, key) = (dir.join("ca.pem"), dir.join("ca-key.pem"));
        let bad = |file: &Path, error| TlsError::File(file.display().to_string(), error);
        let half = |found: &Path, missing: &Path| TlsError::Half {
            found: found.display().to_string(),
            missing: missing.display().to_string(),
        };
        let there = |file: &Path| file.try_exists().map_err(|e| bad(file, e));
        match (there(&certificate)?, there(&key)?) {
            (true, false) => Err(half(&certificate, &key)),
            (false, true) => Err(half(&key, &certificate)),
            (false, false) => {
                let made = Self::create()?;
                fs::create_dir_all(dir).map_err(|e| bad(dir, e))?;
                let secret = made.issuer.key().serialize_pem();
                write_new(&key, &secret, 0o600).map_err(|e| bad(&key, e))?;
                write_new(&certificate, &made.pem, 0o644).map_err(|e| bad(&certificate, e))?;
                Ok(made)
            }
            (true, true) => Self::load(&certificate, &key),
        }
    }

    fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let bad = |file: &Path, error| TlsError::File(file.display().to_string(), error);
        let pem = fs::read_to_string(certificate).map_err(|e| bad(certificate, e))?;
        let secret = fs::read_to_string(key).map_err(|e| bad(key, e))?;
        let unreadable = |file: &Path, e: rcgen::Error| bad(file, io::Error::other(e.to_string()));
        let pair = KeyPair::from_pem(&secret).map_err(|e| unreadable(key, e))?;
        let issuer =
            Issuer::from_ca_cert_pem(&pem, pair).map_err(|e| unreadable(certificate, e))?;
        Ok(Self { issuer, pem })
    }

    fn create() -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("Rehearsal fake Graph authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let pem = root.pem();
        let key = KeyPair::from_pem(&root.key().serialize_pem())?;
        Ok(Self { issuer: Issuer::from_ca_cert_pem(&pem, key)?, pem })
    }

    /// The authority's certificate, for clients to trust.
    pub fn ca_pem(&self) -> String {
        self.pem.clone()
    }

    /// What a listener needs: a certificate for localhost and `names` (clients.md 2 and 3), HTTP/1.1.
    ///
    /// # Errors
    /// A name that is none.
    pub fn acceptor(&self, names: &[String]) -> Result<seam::TlsAcceptor, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("Rehearsal fake Graph");
        // Strict verifiers (OpenSSL 3 in Python 3.13) insist on both.
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for name in OWN_NAMES.into_iter().chain(names.iter().map(String::as_str)) {
            params.subject_alt_names.push(san(name)?);
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![
            CertificateDer::from(certificate.der().to_vec()),
            CertificateDer::from_pem_slice(self.pem.as_bytes()).map_err(|e| {
                TlsError::File("ca.pem".to_owned(), io::Error::other(e.to_string()))
            })?,
        ];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(seam::TlsAcceptor::from(Arc::new(config)))
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished.push(DnType::OrganizationName, "Rehearsal");
    distinguished
}

fn san(name: &str) -> Result<SanType, TlsError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let bad = || TlsError::BadName(name.to_owned());
    let looks_right = !name.is_empty()
        && name.len() <= 253
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*'));
    if !looks_right {
        return Err(bad());
    }
    Ok(SanType::DnsName(name.to_owned().try_into().map_err(|_| bad())?))
}

/// Writes a file that must not be there yet: whatever somebody else put there meanwhile stays as it is.
fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// clients.md 2: an authority of its own, and more names.
    #[test]
    fn an_authority_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = Authority::create_or_load(Some(dir.path())).unwrap().ca_pem();
        let again = Authority::create_or_load(Some(dir.path())).unwrap();
        assert_eq!(again.ca_pem(), first);
        again.acceptor(&["graph.example".to_owned()]).unwrap();
        let bad = again.acceptor(&["no name".to_owned()]).err().unwrap();
        assert_eq!(bad.to_string(), "'no name' is no host name");
    }

    #[test]
    fn a_broken_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "ca-key.pem"] {
            fs::write(dir.path().join(name), "nonsense").unwrap();
        }
        let error = Authority::create_or_load(Some(dir.path())).err().unwrap().to_string();
        assert!(error.contains("ca-key.pem"), "{error}");
    }

    #[test]
    fn half_an_authority_is_left_alone() {
        for (found, missing) in [("ca.pem", "ca-key.pem"), ("ca-key.pem", "ca.pem")] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(found), "precious").unwrap();
            let error = Authority::create_or_load(Some(dir.path())).err().unwrap().to_string();
            assert!(error.contains(dir.path().join(found).to_str().unwrap()), "{error}");
            assert!(error.contains(dir.path().join(missing).to_str().unwrap()), "{error}");
            assert_eq!(fs::read_to_string(dir.path().join(found)).unwrap(), "precious");
            assert!(!dir.path().join(missing).exists());
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_key_and_nothing_is_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        Authority::create_or_load(Some(dir.path())).unwrap();
        let key = dir.path().join("ca-key.pem");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o077, 0);
        assert!(write_new(&key, "x", 0o600).is_err());
    }
}
