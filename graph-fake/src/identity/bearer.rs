//! The token in an `Authorization` header: the same for Graph and for recordings.

use super::TokenRefusal;

/// Characters of an `Authorization` header that is looked at.
pub(super) const HEADER_MAX: usize = 16 * 1_024;

/// The token behind `Bearer`; the scheme's case is free (clients.md 17).
///
/// # Errors
/// There is none, or it is longer than any that was issued here.
pub(super) fn bearer(header: Option<&str>) -> Result<&str, TokenRefusal> {
    let header = header.ok_or(TokenRefusal::Missing)?;
    if header.len() > HEADER_MAX {
        return Err(TokenRefusal::TooLong);
    }
    let header = header.trim();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let token = token.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" if !token.is_empty() => Ok(token),
        "bearer" | "" => Err(TokenRefusal::Missing),
        "basic" => Err(TokenRefusal::Basic),
        _ => Err(TokenRefusal::NotBearer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_bearer() {
        for good in ["Bearer x.y", "bearer x.y", "BEARER   x.y ", " Bearer x.y"] {
            assert_eq!(bearer(Some(good)), Ok("x.y"), "{good}");
        }
        for none in [None, Some(""), Some("Bearer"), Some("bearer ")] {
            assert_eq!(bearer(none), Err(TokenRefusal::Missing), "{none:?}");
        }
        for basic in ["Basic x", "basic"] {
            assert_eq!(bearer(Some(basic)), Err(TokenRefusal::Basic), "{basic}");
        }
        for other in ["x.y", "Digest x", "Bearer:x"] {
            assert_eq!(bearer(Some(other)), Err(TokenRefusal::NotBearer), "{other}");
        }
        let fits = format!("Bearer {}", "x".repeat(HEADER_MAX - 7));
        assert!(bearer(Some(&fits)).is_ok());
        assert_eq!(bearer(Some(&format!("{fits}x"))), Err(TokenRefusal::TooLong));
    }
}
