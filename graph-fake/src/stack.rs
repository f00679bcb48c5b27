//! What to paste, for each client stack, so that an unmodified client talks to the fake (clients.md 1 to 3).

use crate::config::{APP, SECRET, TENANT};

/// Hosts that are compiled into clients (R-311, clients.md 3): `serve --impersonate` puts them into the server's
/// certificate. Whoever does so points them at this machine, and at this machine only.
pub const IMPERSONATED: [&str; 6] = [
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "api.aps.skype.com",
    "login.botframework.com",
];

/// A client stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// msgraph-sdk, azure-identity, msal, botframework-connector.
    Python,
    /// @microsoft/microsoft-graph-client, @azure/identity, @azure/msal-node.
    Js,
    /// Microsoft.Graph, Microsoft.Graph.Communications.
    Csharp,
    /// microsoft-graph, azure-identity.
    Java,
    /// graph-rs-sdk.
    Rust,
}

impl Stack {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Python, Self::Js, Self::Csharp, Self::Java, Self::Rust];
}

/// Where a fake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `https://127.0.0.1:8443`
    pub authority: String,
    /// The authority's certificate, a path.
    pub ca: String,
    /// Whether the tenant, the bot and its secret are those of the configuration that nobody wrote.
    pub default_config: bool,
    /// Whether the fake stands for the real hosts, on port 443.
    pub impersonates: bool,
}

/// Makes one stack trust the fake: lines for a shell, ready to be pasted.
pub fn trust(stack: Stack, ca: &str) -> String {
    let ca = quoted(ca);
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    match stack {
        Stack::Python => {
            line("# Python: msgraph-sdk, azure-identity, msal, botframework-connector".to_owned());
            line(format!("export SSL_CERT_FILE={ca} REQUESTS_CA_BUNDLE={ca}"));
        }
        Stack::Js => {
            line("# JavaScript: microsoft-graph-client, @azure/identity, msal-node".to_owned());
            line(format!("export NODE_EXTRA_CA_CERTS={ca}"));
        }
        Stack::Csharp => {
            line(
                "# C#: Microsoft.Graph, Azure.Identity (Linux; elsewhere import the CA)".to_owned(),
            );
            line(format!("export SSL_CERT_FILE={ca}"));
        }
        Stack::Java => {
            line(
                "# Java: microsoft-graph, azure-identity; a trust store with this authority"
                    .to_owned(),
            );
            line(format!(
                "keytool -importcert -noprompt -alias rehearsal -storepass changeit \
                 -keystore rehearsal.p12 -storetype PKCS12 -file {ca}"
            ));
            line(
                "export JAVA_TOOL_OPTIONS=\"-Djavax.net.ssl.trustStore=$PWD/rehearsal.p12 \
                 -Djavax.net.ssl.trustStorePassword=changeit\""
                    .to_owned(),
            );
        }
        Stack::Rust => {
            line("# Rust: graph-rs-sdk, or any client on rustls-native-certs".to_owned());
            line(format!("export SSL_CERT_FILE={ca}"));
        }
    }
    text
}

/// What all stacks need: where the fake is, with https (clients.md 1), and who asks.
pub fn whereabouts(place: &Place) -> String {
    let authority = &place.authority;
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line("# any stack".to_owned());
    line(format!("export AZURE_AUTHORITY_HOST={authority} GRAPH_BASE_URL={authority}/v1.0"));
    if place.default_config {
        line(format!(
            "export AZURE_TENANT_ID={TENANT} AZURE_CLIENT_ID={APP} AZURE_CLIENT_SECRET={SECRET}"
        ));
        line(format!("export TENANT_ID={TENANT} CLIENT_ID={APP} CLIENT_SECRET={SECRET}"));
    }
    if place.impersonates {
        line(
            "# the real names, on this machine only; take the line out of /etc/hosts afterwards"
                .to_owned(),
        );
        line(format!("echo '127.0.0.1 {}' | sudo tee -a /etc/hosts", IMPERSONATED.join(" ")));
    }
    text
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b'$');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// clients.md 1, 2 and 3: https for all, each stack's own way to trust it, the real names.
    #[test]
    fn every_stack_is_told_whom_to_trust_and_whom_to_ask() {
        let place = Place {
            authority: "https://127.0.0.1:8443".to_owned(),
            ca: "/tmp/a b/ca.pem".to_owned(),
            default_config: true,
            impersonates: true,
        };
        for stack in Stack::ALL {
            let text = trust(stack, &place.ca) + &whereabouts(&place);
            for word in
                ["'/tmp/a b/ca.pem'", "https://127.0.0.1:8443/v1.0", SECRET, IMPERSONATED[5]]
            {
                assert!(text.contains(word), "{stack:?}: {word} in {text}");
            }
        }
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
