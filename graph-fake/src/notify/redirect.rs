//! Where an answer to a notification sends it.

use url::Url;

/// Characters of a `Location` that are repeated in the journal.
const SHOWN_MAX: usize = 200;

/// A redirect, and what it has to do with.
pub(super) struct Redirect<'a> {
    /// 300 to 399.
    pub status: u16,
    /// `Location`.
    pub location: Option<&'a str>,
    /// The callback URI that was asked.
    pub from: &'a str,
    /// Whether the notification is that of an incoming call.
    pub incoming: bool,
    /// Whether it was sent elsewhere before.
    pub moved: bool,
    /// Whether plain `http` to this machine is allowed.
    pub allow_http: bool,
}

/// Where to send the notification now.
///
/// # Errors
/// Why it is not sent again.
pub(super) fn target(redirect: &Redirect<'_>) -> Result<String, String> {
    if !matches!(redirect.status, 302 | 307) {
        return Err(format!("only 302 and 307 are followed, not {}", redirect.status));
    }
    if !redirect.incoming {
        return Err("only the notification of an incoming call is sent elsewhere".to_owned());
    }
    if redirect.moved {
        return Err("a redirect is followed once, and this is the second one".to_owned());
    }
    let location = redirect.location.ok_or("there is no Location in text")?;
    let shown: String = location.chars().take(SHOWN_MAX).collect();
    let to = Url::parse(redirect.from).and_then(|from| from.join(location));
    let to = to.map_err(|error| format!("Location '{shown}' cannot be read: {error}"))?;
    platform::check_callback_uri(to.as_str(), redirect.allow_http)
        .map_err(|why| format!("Location '{shown}' {why}"))?;
    Ok(to.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(location: &str, allow_http: bool) -> Result<String, String> {
        let from = "https://bot.example/api/calls?x=1";
        let location = Some(location);
        target(&Redirect { status: 302, location, from, incoming: true, moved: false, allow_http })
    }

    #[test]
    fn locations_are_resolved_and_checked() {
        for (location, to) in [
            ("https://other.example:8443/x", "https://other.example:8443/x"),
            ("/x/y?z", "https://bot.example/x/y?z"),
            ("here", "https://bot.example/api/here"),
            ("//other.example/x", "https://other.example/x"),
        ] {
            assert_eq!(led(location, false).as_deref(), Ok(to), "{location}");
        }
        assert!(led("http://127.0.0.1/x", true).is_ok());
        for bad in ["http://127.0.0.1/x", "ftp://x.example/", "https://me@x.example/", "https://"] {
            assert!(led(bad, false).unwrap_err().contains(bad), "{bad}");
        }
    }
}
