//! The two texts that name a meeting: the link that joins it, and its opaque id.

use std::fmt;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use graph_api::Guid;
use serde_json::{Value, json};

/// Characters of a link or an id that are looked at.
const TEXT_MAX: usize = 4_096;
/// What every link begins with.
const FRONT: &str = "https://teams.microsoft.com/l/meetup-join/";

/// A joinWebUrl, taken apart. Whoever holds it may join; no policy is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// `chatInfo.threadId`.
    pub thread: String,
    /// `chatInfo.messageId`.
    pub message: String,
    /// `Tid`: `tenantId`.
    pub tenant: Guid,
    /// `Oid`: `meetingInfo.organizer.user.id`.
    pub organizer: Guid,
    /// `MessageId`: `chatInfo.replyChainMessageId`.
    pub reply_chain: Option<String>,
}

impl JoinLink {
    /// Reads a link.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(FRONT).filter(|_| text.len() <= TEXT_MAX)?;
        let (path, query) = rest.split_once('?')?;
        let (thread, message) = path.trim_end_matches('/').split_once('/')?;
        let context = query.split('&').find_map(|pair| pair.strip_prefix("context="))?;
        let context: Value = serde_json::from_str(&decoded(context)?).ok()?;
        let id = |name: &str| context[name].as_str()?.parse::<Guid>().ok();
        let (thread, message) = (decoded(thread)?, decoded(message)?);
        let (tenant, organizer) = (id("Tid")?, id("Oid")?);
        let reply_chain = context["MessageId"].as_str().map(str::to_owned);
        let whole = !thread.is_empty() && !message.is_empty();
        whole.then_some(Self { thread, message, tenant, organizer, reply_chain })
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut context = json!({"Tid": self.tenant, "Oid": self.organizer});
        if let Some(message) = &self.reply_chain {
            context["MessageId"] = message.as_str().into();
        }
        let (thread, message) = (encoded(&self.thread, false), encoded(&self.message, false));
        write!(f, "{FRONT}{thread}/{message}?context={}", encoded(&context.to_string(), false))
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986. Links have hexadecimal digits in lower case,
/// joinInformation has them in upper case (endpoints.md 21).
pub(super) fn encoded(text: &str, upper: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ if upper => out.push_str(&format!("%{byte:02X}")),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// Undoes [`encoded`]. `None`: a broken escape, no UTF-8, or a character that no URL holds as it is.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
            }
            _ if is_url_byte(byte) => out.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(out).ok()
}

/// Whether a text can be a URL as it is: no raw quotes, braces, spaces or letters beyond ASCII.
pub(super) fn is_url_text(text: &str) -> bool {
    text.bytes().all(is_url_byte)
}

const fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}')
}

/// Base64 in the alphabet that needs no escapes in a path. Padding is not written, and read if it is there.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The id of a meeting on the wire: base64 of `1*{organizer}*{message}**{thread}` (endpoints.md 21).
pub(super) fn id_text(organizer: Guid, thread: &str, message: &str) -> String {
    BASE64.encode(format!("1*{organizer}*{message}**{thread}"))
}

/// Reads an id: organizer, thread and message.
pub(super) fn read_id(text: &str) -> Option<(Guid, String, String)> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
    let (organizer, place) = text.strip_prefix("1*")?.split_once('*')?;
    let (message, thread) = place.split_once("**")?;
    Some((organizer.parse().ok()?, thread.to_owned(), message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ZmFrZQ%40thread.v2/0\
        ?context=%7b%22Tid%22%3a%227e57d004-2b97-4e7a-b45f-5387367791cd%22%2c%22Oid%22%3a\
        %22c0ffee00-1111-4222-8333-444455556666%22%7d";

    /// R-077, with the link of endpoints.md 21.
    #[test]
    fn a_link_is_its_coordinates() {
        let link = JoinLink::parse(LINK).unwrap();
        assert_eq!(link.thread, "19:meeting_ZmFrZQ@thread.v2");
        assert_eq!((link.message.as_str(), &link.reply_chain), ("0", &None));
        assert_eq!(link.tenant.to_string(), "7e57d004-2b97-4e7a-b45f-5387367791cd");
        assert_eq!(link.organizer.to_string(), "c0ffee00-1111-4222-8333-444455556666");
        assert_eq!(link.to_string(), LINK);
        assert_eq!(JoinLink::parse(&LINK.replace("%3a", "%3A")), Some(link.clone()));
        let channel = JoinLink { reply_chain: Some("1533758867081".to_owned()), ..link };
        assert!(channel.to_string().contains("%22MessageId%22%3a%221533758867081%22"));
        assert_eq!(JoinLink::parse(&channel.to_string()), Some(channel));
    }

    #[test]
    fn what_is_no_link() {
        let bad = [
            "",
            FRONT,
            "https://teams.example/l/meetup-join/x/0?context=%7b%7d",
            &LINK.replace("Oid", "Uid"),
            &LINK.replace("/0?", "?"),
            &LINK.replace("context", "contest"),
            &LINK.replace("%7d", "%7"),
            &LINK.replace("%7d", "%zz"),
            &LINK.replace("%7d", "%ff"),
            &LINK.replace("%7b", "{"),
            &LINK.replace("meeting", "é"),
            &format!("{LINK}{}", "&x=".repeat(TEXT_MAX)),
        ];
        for bad in bad {
            assert_eq!(JoinLink::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_id_is_read_back() {
        let organizer = Guid::from_u128(7);
        let text = id_text(organizer, "19:x@thread.v2", "0");
        assert!(text.starts_with("MSow"), "{text}");
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let read = Some((organizer, "19:x@thread.v2".to_owned(), "0".to_owned()));
        assert_eq!(read_id(&text), read);
        assert_eq!(read_id(&BASE64.encode("1*7*0**x")), None);
        assert_eq!(read_id(&BASE64.encode(format!("2*{organizer}*0**x"))), None);
        for bad in ["", "x", "####", &"A".repeat(TEXT_MAX + 1)] {
            assert_eq!(read_id(bad), None, "{bad}");
        }
    }
}
