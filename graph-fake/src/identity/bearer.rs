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
    let (scheme, token) = header.trim().split_once(' ').ok_or(TokenRefusal::Missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(TokenRefusal::Missing);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_bearer() {
        for good in ["Bearer x.y", "bearer x.y", "BEARER   x.y ", " Bearer x.y"] {
            assert_eq!(bearer(Some(good)), Ok("x.y"), "{good}");
        }
        for none in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Basic x"), Some("x.y")]
        {
            assert_eq!(bearer(none), Err(TokenRefusal::Missing), "{none:?}");
        }
        let fits = format!("Bearer {}", "x".repeat(HEADER_MAX - 7));
        assert!(bearer(Some(&fits)).is_ok());
        assert_eq!(bearer(Some(&format!("{fits}x"))), Err(TokenRefusal::TooLong));
    }
}
