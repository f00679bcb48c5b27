//! Protects RTP and RTCP (RFC 3711), as an option: what a bot gets from its platform is decrypted
//! already, so only a carrier over a real network has a use for it.

use bytes::Bytes;
use thiserror::Error;
use webrtc_srtp::{context::Context, option, protection_profile::ProtectionProfile};

/// How many numbers back a packet may be and is still told from a repeated one.
const REPLAY_WINDOW: usize = 64;

/// The ways to protect (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpProfile {
    /// AES-128 in counter mode, HMAC-SHA1 of 80 bits.
    Aes128CmHmacSha1_80,
    /// AES-128 in Galois/counter mode.
    AeadAes128Gcm,
}

/// A packet is refused, or the keys are.
#[derive(Debug, Error)]
pub enum SrtpError {
    /// A key or a salt of the wrong length, a packet that is none, one that was changed on its way, or
    /// one that came before.
    #[error("SRTP: {0}")]
    Refused(#[from] webrtc_srtp::Error),
}

/// One direction of one session.
///
/// Allocates once to three times a packet; not part of the path that does not.
pub struct SrtpContext(Context);

impl SrtpContext {
    /// For what is sent, or for what is received, with the other side's key (16 bytes) and salt (14
    /// bytes, 12 with GCM).
    ///
    /// # Errors
    /// Lengths that do not fit the profile.
    pub fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        let profile = match profile {
            SrtpProfile::Aes128CmHmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            SrtpProfile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        };
        let replay = || Some(option::srtp_replay_protection(REPLAY_WINDOW));
        let control = Some(option::srtcp_replay_protection(REPLAY_WINDOW));
        Ok(Self(Context::new(key, salt, profile, replay(), control)?))
    }

    /// Protects an RTP packet.
    ///
    /// # Errors
    /// Not an RTP packet.
    pub fn protect(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        Ok(self.0.encrypt_rtp(packet)?)
    }

    /// The RTP packet in a protected one.
    ///
    /// # Errors
    /// Not one, changed, or repeated.
    pub fn unprotect(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        Ok(self.0.decrypt_rtp(packet)?)
    }

    /// Protects an RTCP packet.
    ///
    /// # Errors
    /// Not an RTCP packet.
    pub fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        Ok(self.0.encrypt_rtcp(packet)?)
    }

    /// The RTCP packet in a protected one.
    ///
    /// # Errors
    /// Not one, changed, or repeated.
    pub fn unprotect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        Ok(self.0.decrypt_rtcp(packet)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RtcpWriter, RtpHeader};

    #[test]
    fn what_is_protected_comes_back_once_and_unchanged() {
        let header =
            RtpHeader { marker: true, payload_type: 96, sequence: 1, timestamp: 2, ssrc: 3 };
        let mut slot = [0; 64];
        let len = header.write_into(&[0x55; 20], &mut slot).unwrap();
        let packet = &slot[..len];
        let mut memory = [0; 64];
        let mut writer = RtcpWriter::new(&mut memory);
        writer.picture_loss(3, 4).unwrap();
        for (profile, salt) in
            [(SrtpProfile::Aes128CmHmacSha1_80, 14), (SrtpProfile::AeadAes128Gcm, 12)]
        {
            let context = || SrtpContext::new(profile, &[7; 16], &[9; 14][..salt]).unwrap();
            let (mut sender, mut receiver) = (context(), context());
            let sealed = sender.protect(packet).unwrap();
            assert!(sealed.len() > len && !sealed.windows(8).any(|eight| eight == [0x55; 8]));
            let mut changed = sealed.to_vec();
            changed[15] ^= 1;
            assert!(receiver.unprotect(&changed).is_err(), "changed");
            assert_eq!(receiver.unprotect(&sealed).unwrap(), packet);
            assert!(receiver.unprotect(&sealed).is_err(), "repeated");
            let sealed = sender.protect_rtcp(writer.written()).unwrap();
            assert_eq!(receiver.unprotect_rtcp(&sealed).unwrap(), writer.written());
            assert!(SrtpContext::new(profile, &[7; 15], &[9; 14][..salt]).is_err());
        }
    }
}
