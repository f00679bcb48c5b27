//! The keys that sign: one for access tokens, one for notifications, one that nobody knows; and those that
//! signed before.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use graph_api::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, jwk::Jwk};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use thiserror::Error;

/// How long a key that signs no more is still shown and believed, on the fake's clock.
const OLD_FOR: Duration = Duration::from_secs(24 * 3_600);
/// How many such keys are kept; the oldest goes first.
const OLD_MAX: usize = 8;

/// Signing keys of one fake.
pub struct Keys {
    pub(super) login: Ring,
    pub(super) platform: Ring,
    /// Signs tokens that must not be believed.
    pub(super) unknown: Arc<SigningKey>,
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
        Ok(Self {
            login: Ring::new(generate()?, VecDeque::new()),
            platform: Ring::new(generate()?, VecDeque::new()),
            unknown: unknown(),
        })
    }

    /// The keys in `keys/`, for the simulator: the same bytes in every run, on every machine. Two of each kind
    /// take turns.
    pub fn fixed() -> Self {
        let read = |pem| Arc::new(SigningKey::read(pem).expect("the keys in keys/ are whole"));
        let ring = |first, second| Ring::new(read(first), VecDeque::from([read(second)]));
        Self {
            login: ring(
                include_str!("../../keys/login.pem"),
                include_str!("../../keys/login-2.pem"),
            ),
            platform: ring(
                include_str!("../../keys/platform.pem"),
                include_str!("../../keys/platform-2.pem"),
            ),
            unknown: unknown(),
        }
    }
}

/// A new key. Takes tens of milliseconds.
pub(super) fn generate() -> Result<Arc<SigningKey>, KeyError> {
    let bad = |error: rcgen::Error| KeyError(error.to_string());
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(bad)?;
    SigningKey::read(&pair.serialize_pem()).map(Arc::new)
}

fn unknown() -> Arc<SigningKey> {
    let pem = include_str!("../../keys/unknown.pem");
    Arc::new(SigningKey::read(pem).expect("the key in keys/ is whole"))
}

/// The key that signs, and those that did.
pub(super) struct Ring {
    current: Arc<SigningKey>,
    /// When each was exchanged; the newest first.
    old: VecDeque<(Timestamp, Arc<SigningKey>)>,
    /// What it is exchanged for next, where keys are fixed.
    spare: VecDeque<Arc<SigningKey>>,
    /// The key that signed at the start, and what it was to be exchanged for.
    first: (Arc<SigningKey>, VecDeque<Arc<SigningKey>>),
}

impl Ring {
    fn new(current: Arc<SigningKey>, spare: VecDeque<Arc<SigningKey>>) -> Self {
        let first = (current.clone(), spare.clone());
        Self { current, old: VecDeque::new(), spare, first }
    }

    /// The key that signs.
    pub(super) fn current(&self) -> Arc<SigningKey> {
        self.current.clone()
    }

    /// Whether the next key has to be made.
    pub(super) fn needs_new(&self) -> bool {
        self.spare.is_empty()
    }

    /// Exchanges the key that signs: for the next spare one, or else for `new`. The old one is kept, so that
    /// what it has signed is believed for its time. Without either nothing changes.
    pub(super) fn rotate(&mut self, now: Timestamp, new: Option<Arc<SigningKey>>) {
        let fixed = !self.spare.is_empty();
        let Some(next) = self.spare.pop_front().or(new) else { return };
        let before = std::mem::replace(&mut self.current, next);
        if fixed {
            self.spare.push_back(before.clone());
        }
        self.old.retain(|(at, key)| alive(*at, now) && key.kid != self.current.kid);
        self.old.push_front((now, before));
        self.old.truncate(OLD_MAX);
    }

    /// As at the start: what was exchanged since has never been.
    pub(super) fn reset(&mut self) {
        let (current, spare) = self.first.clone();
        *self = Self::new(current, spare);
    }

    /// The keys that are believed now, the one that signs first.
    pub(super) fn believed(&self, now: Timestamp) -> impl Iterator<Item = &Arc<SigningKey>> {
        let old = self.old.iter().filter(move |(at, _)| alive(*at, now)).map(|(_, key)| key);
        std::iter::once(&self.current).chain(old)
    }
}

fn alive(exchanged: Timestamp, now: Timestamp) -> bool {
    now.saturating_since(exchanged) < OLD_FOR
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

    /// The modulus as a key set writes it.
    pub(super) fn modulus(&self) -> &str {
        self.jwk["n"].as_str().expect("an RSA key has a modulus")
    }

    /// As a key set shows it (clients.md 8).
    pub(super) fn shown(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid,
            "n": self.jwk["n"], "e": self.jwk["e"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kids(ring: &Ring, now: u64) -> Vec<String> {
        ring.believed(Timestamp::from_secs(now)).map(|key| key.kid.clone()).collect()
    }

    #[test]
    fn an_exchanged_key_is_believed_for_a_day() {
        let mut ring = Keys::fixed().platform;
        let first = ring.current().kid.clone();
        ring.rotate(Timestamp::from_secs(1_000), None);
        let second = ring.current().kid.clone();
        assert_ne!(first, second);
        assert_eq!(kids(&ring, 1_000 + 86_399), [second.clone(), first.clone()]);
        assert_eq!(kids(&ring, 1_000 + 86_400), std::slice::from_ref(&second));
        ring.rotate(Timestamp::from_secs(2_000), None);
        assert_eq!(kids(&ring, 2_000), [first, second], "fixed keys take turns");
    }

    #[test]
    fn a_ring_goes_back_to_its_start() {
        let made = Ring::new(generate().unwrap(), VecDeque::new());
        for mut ring in [Keys::fixed().login, made] {
            let first = ring.current().kid.clone();
            for at in 0..3 {
                let new = ring.needs_new().then(|| generate().unwrap());
                ring.rotate(Timestamp::from_secs(at), new);
            }
            assert_ne!(ring.current().kid, first);
            ring.reset();
            assert_eq!(kids(&ring, 3), std::slice::from_ref(&first), "no other key is believed");
        }
        let mut ring = Keys::fixed().login;
        ring.rotate(Timestamp::from_secs(1), None);
        let second = ring.current().kid.clone();
        ring.reset();
        ring.rotate(Timestamp::from_secs(1), None);
        assert_eq!(ring.current().kid, second, "what it is exchanged for is as at the start, too");
    }

    #[test]
    fn eight_old_keys_are_kept() {
        let spare = Keys::fixed();
        let mut ring = Ring::new(generate().unwrap(), VecDeque::new());
        assert!(ring.needs_new() && !spare.login.needs_new());
        let first = ring.current().kid.clone();
        ring.rotate(Timestamp::from_secs(1), None);
        assert_eq!(ring.current().kid, first, "nothing to exchange it for");
        let mut made = vec![first];
        for at in 0..9 {
            let new = generate().unwrap();
            made.insert(0, new.kid.clone());
            ring.rotate(Timestamp::from_secs(at), Some(new));
        }
        assert_eq!(kids(&ring, 9), made[..9]);
    }
}
