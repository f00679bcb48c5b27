//! The client credentials grant: what is asked, and every way to refuse it (clients.md 9 and 11).

use std::collections::BTreeMap;

use graph_api::{Guid, Timestamp};
use serde_json::{Value, json};

use super::Lookup;
use crate::{body::BadBody, why::Reason};

/// Fields of one form.
const FIELDS_MAX: usize = 64;
/// Characters of a field, a tenant or a method that are repeated in a refusal.
const SHOWN_MAX: usize = 128;

/// A form, read; of a field that is there twice, the first counts.
pub(super) struct Form(BTreeMap<String, String>);

/// Why no token is given.
pub(super) struct Denied {
    pub(super) status: u16,
    error: &'static str,
    pub(super) number: u32,
    /// What is said to the client, and what `GET /why` adds to it.
    pub(super) reason: Reason,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Denied> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(body).map_err(|_| Self::broken())?;
        if pairs.len() > FIELDS_MAX {
            return Err(Self::broken());
        }
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            fields.entry(name).or_insert(value);
        }
        Ok(Self(fields))
    }

    fn broken() -> Denied {
        let mend = "send application/x-www-form-urlencoded with grant_type, client_id, \
                    client_secret and scope";
        let reason = Reason::new("formIsReadable", "The body is no form.", mend);
        Denied::new(400, "invalid_request", 900_144, reason)
    }

    /// The refusal of a body that cannot be had whole.
    pub(super) fn unusable(bad: BadBody) -> Denied {
        let (status, text) = match bad {
            BadBody::TooLarge => (413, "The request body is too large."),
            BadBody::TooSlow => (408, "The request body did not arrive in time."),
            BadBody::Broken => (400, "The request body broke off."),
        };
        Denied::new(status, "invalid_request", 90_100, Reason::unusable_body(text.to_owned()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Denied> {
        self.get(name).ok_or_else(|| {
            let text = format!("The request body must contain the following parameter: '{name}'.");
            let reason =
                Reason::new("parameterIsThere", text, format!("send '{name}' in the form"));
            Denied::new(400, "invalid_request", 900_144, reason)
        })
    }

    /// Checks grant type and scope; the client is looked up afterwards. `host` is the fake's own.
    pub(super) fn check(&self, host: &str) -> Result<(), Denied> {
        let grant = self.need("grant_type")?;
        if grant != "client_credentials" {
            let text = format!("The app requested an unsupported grant type '{}'.", shown(grant));
            let mend = "send grant_type=client_credentials; a user's token comes from POST \
                        /user-tokens of the control API";
            let reason = Reason::new("grantTypeIsSupported", text, mend);
            return Err(Denied::new(400, "unsupported_grant_type", 70_003, reason));
        }
        self.need("client_id")?;
        let scope = self.need("scope")?;
        if !is_graph_default(scope, host) {
            let text = format!("The provided value for scope {} is not valid.", shown(scope));
            let mend = "send scope=https://graph.microsoft.com/.default: what the administrator \
                        granted is in the token, and no role can be asked for by name";
            let reason = Reason::new("scopeIsGraphsDefault", text, mend);
            return Err(Denied::new(400, "invalid_scope", 1_002_012, reason));
        }
        Ok(())
    }

    /// The roles of the client, if its secret is right.
    pub(super) fn authenticate(&self, found: Lookup, tenant: &str) -> Result<Vec<String>, Denied> {
        let id = shown(self.get("client_id").unwrap_or_default());
        match found {
            Lookup::UnknownTenant => Err(unknown_tenant(tenant)),
            Lookup::UnknownApp => {
                let tenant = shown(tenant);
                let text = format!(
                    "Application with identifier '{id}' was not found in the directory '{tenant}'."
                );
                let mend = format!("register it: PUT /tenants/{tenant}/apps/{id}");
                let reason = Reason::new("isRegistered", text, mend);
                Err(Denied::new(400, "unauthorized_client", 700_016, reason))
            }
            Lookup::App { secret, roles } => match self.get("client_secret") {
                Some(given) if given == secret => Ok(roles),
                Some(_) => {
                    let text = format!("Invalid client secret provided for app '{id}'.");
                    let tenant = shown(tenant);
                    let mend = format!(
                        "send the 'secret' of the configuration, or of the last PUT \
                         /tenants/{tenant}/apps/{id}"
                    );
                    let reason = Reason::new("secretIsRight", text, mend);
                    Err(Denied::new(401, "invalid_client", 7_000_215, reason))
                }
                None => {
                    let text = "The request body must contain the following parameter: \
                                'client_assertion' or 'client_secret'.";
                    let mend = "send 'client_secret' in the form, not in a header";
                    let reason = Reason::new("secretIsThere", text, mend);
                    Err(Denied::new(401, "invalid_client", 7_000_218, reason))
                }
            },
        }
    }
}

/// As much of what a client sent as is repeated to it, and kept.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Clients.md 9: Graph's own name, with one slash or two, or the fake's, with or without its port.
fn is_graph_default(scope: &str, host: &str) -> bool {
    let Some(resource) = scope.strip_suffix("/.default") else { return false };
    let resource = resource.trim_end_matches('/');
    let Some((scheme, name)) = resource.split_once("://") else { return false };
    let own_name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(scheme, "https" | "http") && [super::GRAPH_HOST, host, own_name].contains(&name)
}

/// The refusal for a tenant that does not exist.
pub(super) fn unknown_tenant(tenant: &str) -> Denied {
    let tenant = shown(tenant);
    let text =
        format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
    let mend = "ask for a tenant of GET /state by its id, or make one: PUT /tenants/{tenantId}; \
                an application has no token of 'common'";
    Denied::new(400, "invalid_request", 90_002, Reason::new("tenantExists", text, mend))
}

impl Denied {
    fn new(status: u16, error: &'static str, number: u32, reason: Reason) -> Self {
        Self { status, error, number, reason }
    }

    /// The refusal of a method.
    pub(super) fn wrong_method(method: &http::Method) -> Self {
        let method = shown(method.as_str());
        let text = format!("The endpoint does not accept {method} requests.");
        let mend = "use the method that the header 'Allow' names";
        Self::new(405, "invalid_request", 900_561, Reason::new("methodExists", text, mend))
    }

    /// The refusal of a fault plan.
    pub(super) fn fault(status: u16) -> Self {
        let error = if status == 429 { "temporarily_unavailable" } else { "server_error" };
        Self::new(status, error, 90_033, Reason::planned_fault())
    }

    /// The number as it is written everywhere.
    pub(super) fn code(&self) -> String {
        format!("AADSTS{}", self.number)
    }

    /// As the identity platform writes it (clients.md 11).
    pub(super) fn body(&self, trace: Guid, correlation: &str, now: Timestamp) -> Value {
        let time = now.to_seconds_text().replace('T', " ").replace('Z', "");
        json!({
            "error": self.error,
            "error_description": format!(
                "{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}Z",
                self.code(), self.reason.explanation
            ),
            "error_codes": [self.number],
            "timestamp": format!("{time}Z"),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// clients.md 9.
    #[test]
    fn the_scopes_that_real_clients_send() {
        let good = [
            "https://graph.microsoft.com/.default",
            "https://graph.microsoft.com//.default",
            "https://localhost/.default",
            "https://localhost:8443/.default",
            "http://localhost/.default",
        ];
        for scope in good {
            assert!(is_graph_default(scope, "localhost:8443"), "{scope}");
        }
        for scope in
            ["https://graph.microsoft.com/User.Read", ".default", "https://other.example/.default"]
        {
            assert!(!is_graph_default(scope, "localhost:8443"), "{scope}");
        }
    }
}
