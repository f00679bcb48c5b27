//! Where notifications may be sent (R-069, clients.md 4): an absolute `https` URI, or `http` to this machine
//! where that was opted for. One check for requests of bots, for the control API and for configuration files.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// Bytes of a callback URI.
pub const CALLBACK_URI_MAX: usize = 2_048;
/// Bytes of a host name.
const HOST_MAX: usize = 253;

/// Why nothing can be sent to a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadCallbackUri {
    /// Relative, or of another scheme.
    #[error("must be an absolute https URI")]
    NotHttps,
    /// `http` is for loopback hosts, and only where it was opted for.
    #[error("must be https: http is allowed on loopback hosts only")]
    NotLoopback,
    /// Whitespace or a control character, or a backslash, which some readers take for a slash.
    #[error("must not contain whitespace, control characters or backslashes")]
    BadCharacter,
    /// `user@host`: what stands before the `@` looks like the host and is not.
    #[error("must not contain user information")]
    UserInformation,
    /// None, or one that no name server and no socket knows.
    #[error("needs a host name or an IP address")]
    BadHost,
    /// Not 1 to 65535.
    #[error("needs a port of 1 to 65535")]
    BadPort,
    /// Too long.
    #[error("is longer than {CALLBACK_URI_MAX} characters")]
    TooLong,
}

/// whether notifications may be sent to `uri`; `allow_http` also lets plain http to this machine pass.
///
/// # Errors
/// What is wrong with it, to be put behind the name of the member.
pub fn check_callback_uri(uri: &str, allow_http: bool) -> Result<(), BadCallbackUri> {
    if uri.len() > CALLBACK_URI_MAX {
        return Err(BadCallbackUri::TooLong);
    }
    let (scheme, rest) = uri.split_once("://").ok_or(BadCallbackUri::NotHttps)?;
    let secure = scheme.eq_ignore_ascii_case("https");
    if !(secure || allow_http && scheme.eq_ignore_ascii_case("http")) {
        return Err(BadCallbackUri::NotHttps);
    }
    if uri.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(BadCallbackUri::BadCharacter);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(BadCallbackUri::UserInformation);
    }
    match host(authority)? {
        _ if secure => Ok(()),
        Host::V4(address) if address.is_loopback() => Ok(()),
        Host::V6(address) if address.is_loopback() => Ok(()),
        Host::Name(name) if name.eq_ignore_ascii_case("localhost") => Ok(()),
        Host::V4(_) | Host::V6(_) | Host::Name(_) => Err(BadCallbackUri::NotLoopback),
    }
}

/// The host of a URI.
enum Host<'a> {
    /// In dotted decimal, all four parts: `127.1` is a name to us, as it is to some readers.
    V4(Ipv4Addr),
    /// In brackets.
    V6(Ipv6Addr),
    /// To be looked up.
    Name(&'a str),
}

/// Reads `host[:port]`.
fn host(authority: &str) -> Result<Host<'_>, BadCallbackUri> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (literal, rest) = rest.split_once(']').ok_or(BadCallbackUri::BadHost)?;
        match rest.strip_prefix(':') {
            Some(digits) => port(digits)?,
            None if rest.is_empty() => {}
            None => return Err(BadCallbackUri::BadHost),
        }
        return literal.parse().map(Host::V6).map_err(|_| BadCallbackUri::BadHost);
    }
    let name = match authority.split_once(':') {
        Some((name, digits)) => {
            port(digits)?;
            name
        }
        None => authority,
    };
    if let Ok(address) = name.parse() {
        return Ok(Host::V4(address));
    }
    let possible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let named = name.len() <= HOST_MAX
        && name.chars().all(possible)
        && name.contains(|c: char| c.is_ascii_alphanumeric());
    if named { Ok(Host::Name(name)) } else { Err(BadCallbackUri::BadHost) }
}

/// RFC 3986 3.2.3: a port may be empty, and is the scheme's own then.
fn port(digits: &str) -> Result<(), BadCallbackUri> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        _ if digits.is_empty() => Ok(()),
        Ok(1..) if number => Ok(()),
        Ok(_) | Err(_) => Err(BadCallbackUri::BadPort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere() {
        for good in [
            "https://bot.fabrikam.example/api",
            "HTTPS://bot.fabrikam.example:9441/api?x=@#y@z",
            "https://bot.fabrikam.example",
            "https://bot.fabrikam.example:/",
            "https://my_bot:443?x",
            "https://192.0.2.7:65535/",
            "https://[2001:db8::7]:9441/api",
            "https://[::1]",
        ] {
            assert_eq!(check_callback_uri(good, false), Ok(()), "{good}");
            assert_eq!(check_callback_uri(good, true), Ok(()), "{good}");
        }
    }

    #[test]
    fn http_stays_on_this_machine_and_only_if_asked() {
        for good in [
            "http://localhost/api",
            "http://LocalHost:9441/api",
            "Http://127.0.0.1:9441",
            "http://127.255.255.254?x",
            "http://[::1]:9441/api",
            "http://[0:0:0:0:0:0:0:1]#x",
        ] {
            assert_eq!(check_callback_uri(good, true), Ok(()), "{good}");
            assert_eq!(check_callback_uri(good, false), Err(BadCallbackUri::NotHttps), "{good}");
        }
        for elsewhere in [
            "http://evil.example/",
            "http://192.0.2.7/",
            "http://0.0.0.0/",
            "http://128.0.0.1/",
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://2130706433/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://[::2]/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            let checked = check_callback_uri(elsewhere, true);
            assert_eq!(checked, Err(BadCallbackUri::NotLoopback), "{elsewhere}");
        }
    }

    #[test]
    fn what_readers_could_disagree_about_is_refused() {
        use BadCallbackUri as Bad;
        let long = format!("https://bot.example/{}", "x".repeat(CALLBACK_URI_MAX));
        let long_host = format!("https://{}/", "x".repeat(HOST_MAX + 1));
        for (bad, why) in [
            ("http://127.0.0.1@evil.example/", Bad::UserInformation),
            ("http://localhost:80@evil.example/", Bad::UserInformation),
            ("https://user:secret@bot.example/", Bad::UserInformation),
            ("http://evil.example\\@127.0.0.1/", Bad::BadCharacter),
            ("http://127.0.0.1\\.evil.example/", Bad::BadCharacter),
            ("https://bot.example/a b", Bad::BadCharacter),
            ("https://bot.example/\u{a0}", Bad::BadCharacter),
            ("https://bot.example/\r\nx: y", Bad::BadCharacter),
            ("https://bot\u{0}.example/", Bad::BadCharacter),
            ("", Bad::NotHttps),
            ("bot.example/api", Bad::NotHttps),
            ("//bot.example/api", Bad::NotHttps),
            ("https:/bot.example/api", Bad::NotHttps),
            ("ftp://bot.example/", Bad::NotHttps),
            (" https://bot.example/", Bad::NotHttps),
            ("https://", Bad::BadHost),
            ("https:///api", Bad::BadHost),
            ("https://:443/", Bad::BadHost),
            ("https://./", Bad::BadHost),
            ("https://bot%2eexample/", Bad::BadHost),
            ("https://b\u{fc}cher.example/", Bad::BadHost),
            ("https://[::1/", Bad::BadHost),
            ("https://[::1]x/", Bad::BadHost),
            ("https://[fe80::1%25eth0]/", Bad::BadHost),
            ("https://[127.0.0.1]/", Bad::BadHost),
            ("https://::1/", Bad::BadPort),
            ("https://bot.example:0/", Bad::BadPort),
            ("https://bot.example:65536/", Bad::BadPort),
            ("https://bot.example:+80/", Bad::BadPort),
            ("https://bot.example:x/", Bad::BadPort),
            (long_host.as_str(), Bad::BadHost),
            (long.as_str(), Bad::TooLong),
        ] {
            assert_eq!(check_callback_uri(bad, true), Err(why), "{bad}");
        }
    }
}
