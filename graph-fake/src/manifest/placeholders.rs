//! `{graph}` and its kin in the words of a command.

use crate::config::reading::meant;

/// Every placeholder, and what stands there in the end.
pub const PLACEHOLDERS: [(&str, &str); 15] = [
    ("app", "the bot's app id"),
    ("authority", "the identity platform, https"),
    ("caFile", "the authority's certificate (PEM), to be trusted"),
    ("callback", "the URL of the bot's webhook"),
    ("clock", "where to sleep in virtual time: POST {\"ms\": N}"),
    ("control", "the control API"),
    ("dir", "the manifest's folder"),
    ("graph", "Graph v1.0, https"),
    ("graphBeta", "Graph beta, https"),
    ("graphHttp", "Graph v1.0 without TLS"),
    ("openId", "the metadata of the tokens of notifications"),
    ("port", "where the bot listens"),
    ("secret", "its client secret"),
    ("tenant", "its tenant's id"),
    ("url", "the bot's own URL, without a slash at the end"),
];

/// What the placeholders stand for.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "see PLACEHOLDERS")]
pub struct Places {
    pub app: String,
    pub authority: String,
    pub ca_file: String,
    pub callback: String,
    pub clock: String,
    pub control: String,
    pub dir: String,
    pub graph: String,
    pub graph_beta: String,
    pub graph_http: String,
    pub open_id: String,
    pub port: String,
    pub secret: String,
    pub tenant: String,
    pub url: String,
}

impl Places {
    fn of(&self, name: &str) -> Option<&str> {
        Some(match name {
            "app" => &self.app,
            "authority" => &self.authority,
            "caFile" => &self.ca_file,
            "callback" => &self.callback,
            "clock" => &self.clock,
            "control" => &self.control,
            "dir" => &self.dir,
            "graph" => &self.graph,
            "graphBeta" => &self.graph_beta,
            "graphHttp" => &self.graph_http,
            "openId" => &self.open_id,
            "port" => &self.port,
            "secret" => &self.secret,
            "tenant" => &self.tenant,
            "url" => &self.url,
            _ => return None,
        })
    }

    /// A word with everything in its place.
    pub fn fill(&self, word: &str) -> String {
        let mut out = String::with_capacity(word.len());
        for piece in pieces(word) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name(name) => match self.of(name) {
                    Some(value) => out.push_str(value),
                    None => out.extend(["{", name, "}"]),
                },
            }
        }
        out
    }
}

enum Piece<'a> {
    Text(&'a str),
    /// Letters between braces; other braces are text, so that JSON can be written.
    Name(&'a str),
}

fn pieces(word: &str) -> Vec<Piece<'_>> {
    let (mut found, mut rest) = (Vec::new(), word);
    while let Some(open) = rest.find('{') {
        let inside = &rest[open + 1..];
        let end = inside.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(inside.len());
        if end > 0 && inside[end..].starts_with('}') {
            found.push(Piece::Text(&rest[..open]));
            found.push(Piece::Name(&inside[..end]));
            rest = &inside[end + 1..];
        } else {
            found.push(Piece::Text(&rest[..=open]));
            rest = inside;
        }
    }
    found.push(Piece::Text(rest));
    found
}

/// Whether every placeholder of a word is one.
pub(super) fn check(word: &str) -> Result<(), String> {
    for piece in pieces(word) {
        let Piece::Name(name) = piece else { continue };
        let known = || PLACEHOLDERS.iter().map(|(known, _)| *known);
        if known().all(|known| known != name) {
            let hint = meant(name, known()).map(|meant| format!("; did you mean {{{meant}}}?"));
            let all = known().collect::<Vec<_>>().join(", ");
            let hint = hint.unwrap_or_else(|| format!("; there are {all}"));
            return Err(format!("{{{name}}} is no placeholder{hint}"));
        }
    }
    Ok(())
}
