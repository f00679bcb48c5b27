//! Tokens that open one recording each.
//!
//! They are JWTs under a secret of their own, derived from the login key: rotated keys do not close
//! recordings, and neither kind of token opens what the other is for.

use graph_api::{Guid, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::json;

use super::{TokenRefusal, bearer::bearer, keys::SigningKey};
use crate::Flaw;

/// The audience of such a token.
const AUDIENCE: &str = "https://recordings.graph.microsoft.com";
/// How long it is valid, in seconds: a day. The recording is gone long before, as a rule.
const VALID_SECS: u64 = 24 * 3_600;

/// Signs and checks them.
pub(super) struct RecordingTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    flaw: Option<Flaw>,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    sub: Guid,
    exp: u64,
}

impl RecordingTokens {
    /// The secret is what this key signs: the same for the same key, and unknown to whoever lacks it.
    pub fn new(key: &SigningKey, flaw: Option<Flaw>) -> Self {
        let purpose = json!({"for": AUDIENCE});
        let secret = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &purpose, &key.private)
            .expect("an RSA key signs any JSON");
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            flaw,
        }
    }

    /// A token for the recording of one operation.
    pub fn token(&self, operation: Guid, now: Timestamp) -> String {
        let issued = now.as_secs();
        let claims =
            json!({"aud": AUDIENCE, "sub": operation, "iat": issued, "exp": issued + VALID_SECS});
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("a secret signs any JSON")
    }

    /// Whether an `Authorization` header opens the recording of this operation.
    pub fn verify(
        &self,
        header: Option<&str>,
        operation: Guid,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        let token = bearer(header)?;
        let head = jsonwebtoken::decode_header(token).map_err(|_| TokenRefusal::Malformed)?;
        if head.alg != Algorithm::HS256 {
            return Err(TokenRefusal::Forged);
        }
        let mut rules = Validation::new(Algorithm::HS256);
        // Times are judged below, by the fake's clock; the library would ask the machine's.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules);
        let claims = decoded.map_err(|_| TokenRefusal::Forged)?.claims;
        let any = self.flaw == Some(Flaw::OpensAnyRecording);
        if claims.aud != AUDIENCE || (claims.sub != operation && !any) {
            return Err(TokenRefusal::WrongAudience);
        }
        if claims.exp <= now.as_secs() {
            return Err(TokenRefusal::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Identity, Keys};

    const ONE: Guid = Guid::from_u128(1);
    const OTHER: Guid = Guid::from_u128(2);

    ///
    #[test]
    fn a_token_opens_one_recording_for_a_day() {
        let identity = Identity::new(Keys::fixed());
        let at = Timestamp::from_secs;
        let header = format!("Bearer {}", identity.recording_token(ONE, at(1_000)));
        let check = |header: &str, operation, now| {
            identity.verify_recording_token(Some(header), operation, at(now))
        };
        assert_eq!(check(&header, ONE, 1_000), Ok(()));
        assert_eq!(check(&header.replace("Bearer ", "bearer  "), ONE, 1_000), Ok(()));
        assert_eq!(check(&header, ONE, 1_000 + 86_399), Ok(()));
        assert_eq!(check(&header, ONE, 1_000 + 86_400), Err(TokenRefusal::Expired));
        assert_eq!(check(&header, OTHER, 1_000), Err(TokenRefusal::WrongAudience));
        assert_eq!(check(&header.replace("Bearer", "Basic"), ONE, 1_000), Err(TokenRefusal::Basic));
        assert_eq!(check("Bearer x.y.z", ONE, 1_000), Err(TokenRefusal::Malformed));
        let none = identity.verify_recording_token(None, ONE, at(1_000));
        assert_eq!(none, Err(TokenRefusal::Missing));
        let forged = header.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
        assert_eq!(check(&forged, ONE, 1_000), Err(TokenRefusal::Forged));
        let again = Identity::new(Keys::fixed()).recording_token(ONE, at(1_000));
        assert_eq!(header, format!("Bearer {again}"), "a world can be repeated");
    }

    /// only that token.
    #[test]
    fn tokens_for_graph_and_for_recordings_do_not_mix() {
        let identity = Identity::new(Keys::fixed());
        let now = Timestamp::from_secs(1_000);
        let graph = format!("Bearer {}", identity.access_token(ONE, OTHER, &[], now).0);
        let opened = identity.verify_recording_token(Some(&graph), ONE, now);
        assert_eq!(opened, Err(TokenRefusal::Forged));
        let recording = format!("Bearer {}", identity.recording_token(ONE, now));
        assert!(identity.verify_access_token(Some(&recording), now).is_err());
    }
}
