//! Ids as Graph writes them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A GUID. Written with dashes and in lower case; read with or without dashes, in any case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid(u128);

/// A text that is not a GUID.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a GUID")]
pub struct BadGuid(String);

impl Guid {
    /// From 128 bits, as they are.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// From 128 random bits: sets the version (4) and variant bits of RFC 9562 section 5.4.
    pub const fn from_random(bits: u128) -> Self {
        let version = (bits & !(0xf << 76)) | (0x4 << 76);
        Self((version & !(0x3 << 62)) | (0x2 << 62))
    }

    /// The 128 bits.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let (bytes, mut at) = (self.0.to_be_bytes(), 0);
        for (n, byte) in bytes.into_iter().enumerate() {
            if matches!(n, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).expect("digits and dashes are ASCII"))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = BadGuid;

    fn from_str(text: &str) -> Result<Self, BadGuid> {
        let bad = || BadGuid(text.chars().take(64).collect());
        let dashed = text.len() == 36;
        if !(dashed || text.len() == 32) {
            return Err(bad());
        }
        let mut bits = 0_u128;
        for (at, byte) in text.bytes().enumerate() {
            if dashed && matches!(at, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return Err(bad());
                }
                continue;
            }
            let digit = char::from(byte).to_digit(16).ok_or_else(bad)?;
            bits = (bits << 4) | u128::from(digit);
        }
        Ok(Self(bits))
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_id() {
        let id: Guid = "57dab8b1-894c-409a-b240-bd8beae78896".parse().unwrap();
        assert_eq!("57DAB8B1894C409AB240BD8BEAE78896".parse(), Ok(id));
        assert_eq!(id.to_string(), "57dab8b1-894c-409a-b240-bd8beae78896");
        for bad in ["", "57dab8b1", "57dab8b1-894c-409a-b240_bd8beae78896", &"é".repeat(18)] {
            assert!(bad.parse::<Guid>().is_err(), "{bad}");
        }
    }

    #[test]
    fn random_ids_are_version_4() {
        let text = Guid::from_random(u128::MAX).to_string();
        assert_eq!(&text[14..15], "4");
        assert_eq!(&text[19..20], "b");
    }
}
