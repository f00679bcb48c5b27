//! The keys that sign: one for access tokens, one for notifications, one that nobody knows.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, jwk::Jwk};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use thiserror::Error;

/// Signing keys of one fake.
pub struct Keys {
    pub(super) login: SigningKey,
    pub(super) platform: SigningKey,
    /// Signs tokens that must not be believed.
    pub(super) unknown: SigningKey,
}

/// No key could be made.
#[derive(Debug, Error)]
#[error("cannot make a signing key: {0}")]
pub struct KeyError(String);

impl Keys {
    /// New keys (RSA, 2048 bits).
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let new = || -> Result<SigningKey, KeyError> {
            let bad = |error: rcgen::Error| KeyError(error.to_string());
            let pair =
                KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(bad)?;
            SigningKey::read(&pair.serialize_pem())
        };
        Ok(Self { login: new()?, platform: new()?, unknown: unknown() })
    }

    /// The keys in `keys/`, for the simulator: the same bytes in every run, on every machine.
    pub fn fixed() -> Self {
        let read = |pem| SigningKey::read(pem).expect("the keys in keys/ are whole");
        Self {
            login: read(include_str!("../../keys/login.pem")),
            platform: read(include_str!("../../keys/platform.pem")),
            unknown: unknown(),
        }
    }
}

fn unknown() -> SigningKey {
    let pem = include_str!("../../keys/unknown.pem");
    SigningKey::read(pem).expect("the key in keys/ is whole")
}

/// A key, both halves, and its name.
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) private: EncodingKey,
    pub(super) public: DecodingKey,
    jwk: Value,
}

impl SigningKey {
    fn read(pem: &str) -> Result<Self, KeyError> {
        let bad = |error: jsonwebtoken::errors::Error| KeyError(error.to_string());
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(bad)?;
        let jwk = Jwk::from_encoding_key(&private, Algorithm::RS256).map_err(bad)?;
        let public = DecodingKey::from_jwk(&jwk).map_err(bad)?;
        // RFC 7638: the same key has the same name wherever it turns up.
        let kid = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256);
        let jwk = serde_json::to_value(&jwk.algorithm).map_err(|e| KeyError(e.to_string()))?;
        Ok(Self { kid, private, public, jwk })
    }

    /// As a key set shows it (clients.md 8).
    pub(super) fn shown(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid,
            "n": self.jwk["n"], "e": self.jwk["e"],
        })
    }
}
