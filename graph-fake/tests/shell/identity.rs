//! The identity platform, as clients.md 6 to 11 and 22 to 23 found that real clients want it.

use crate::harness::{Answer, Server};
use graph_fake::config::{APP, SECRET, TENANT};
use http::{Request, header};
use seam::{HttpClient, RealNetwork, SendError, TlsTrust};
use serde_json::Value;

const FORM: &str = "application/x-www-form-urlencoded";

async fn ask(server: &Server, path: &str) -> Answer {
    let request = Request::get(format!("https://{}{path}", server.https));
    server.send(request.body(bytes::Bytes::new()).unwrap()).await
}

/// A token request.
pub async fn token(server: &Server, tenant: &str, fields: &[(&str, &str)]) -> Answer {
    let form: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('/', "%2F")))
        .collect();
    let uri = format!("https://{}/{tenant}/oauth2/v2.0/token?client-request-id=7", server.https);
    let request = Request::post(uri).header(header::CONTENT_TYPE, FORM);
    server.send(request.body(form.join("&").into()).unwrap()).await
}

/// What a client sends.
pub fn good(app: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", app),
        ("client_secret", SECRET),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_info", "1"),
        ("x-client-sku", "any"),
    ]
}

/// clients.md 9 and 10: what clients add is tolerated, and the answer opens Graph.
#[tokio::test]
async fn a_token_opens_graph() {
    let server = Server::start().await;
    let (app, tenant) = (APP.to_string(), TENANT.to_string());
    let given = token(&server, &tenant, &good(&app)).await;
    assert_eq!(given.status, 200, "{given:?}");
    assert_eq!(given.body["token_type"], "Bearer");
    assert!(given.body["expires_in"].is_u64() && given.body["ext_expires_in"].is_u64());
    let bearer = format!("Bearer {}", given.body["access_token"].as_str().unwrap());
    let request = Request::get(format!("https://{}/v1.0/communications/calls/x", server.https))
        .header(header::AUTHORIZATION, bearer);
    let answer = server.send(request.body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(answer.body["error"]["code"], "8522", "past the gate");
    let noted = server.journal.since(0, 100).iter().any(|line| line.kind == "token");
    assert!(noted);
}

/// clients.md 11.
#[tokio::test]
async fn every_refusal_has_its_number() {
    let server = Server::start().await;
    let (app, tenant) = (APP.to_string(), TENANT.to_string());
    let stranger = "0badca11-0000-4000-8000-000000000001";
    let change = |name: &'static str, value: Option<&'static str>| {
        let mut fields = good(&app);
        fields.retain(|(field, _)| *field != name);
        fields.extend(value.map(|value| (name, value)));
        fields
    };
    let refused = [
        (change("client_secret", Some("wrong")), tenant.as_str(), 401, "invalid_client", 7_000_215),
        (change("client_secret", None), &tenant, 401, "invalid_client", 7_000_218),
        (change("client_id", Some(stranger)), &tenant, 400, "unauthorized_client", 700_016),
        (change("grant_type", Some("password")), &tenant, 400, "unsupported_grant_type", 70_003),
        (change("grant_type", None), &tenant, 400, "invalid_request", 900_144),
        (change("scope", None), &tenant, 400, "invalid_request", 900_144),
        (change("scope", Some("User.Read")), &tenant, 400, "invalid_scope", 1_002_012),
        (good(&app), stranger, 400, "invalid_request", 90_002),
    ];
    for (fields, tenant, status, error, number) in refused {
        let answer = token(&server, tenant, &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{number}: {answer:?}");
        assert_eq!(answer.body["error"], error, "{number}");
        assert_eq!(answer.body["error_codes"][0], number, "{answer:?}");
        let text = answer.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
        for name in ["timestamp", "trace_id", "correlation_id"] {
            assert!(answer.body[name].is_string(), "{name}");
        }
    }
}

/// clients.md 1, 3, 6 and 7: https, at whatever host and port was asked; any spelling; an unknown tenant.
#[tokio::test]
async fn documents_name_the_host_they_were_asked_at() {
    let server = Server::start().await;
    let own = format!("https://{}", server.https);
    let instance = ask(&server, "/common/discovery/instance?api-version=1.1").await.body;
    let aliases = &instance["metadata"][0]["aliases"];
    assert_eq!(aliases[0], server.https.to_string());
    for tenant in [TENANT.to_string().as_str(), "common", "organizations"] {
        for middle in ["/v2.0", ""] {
            let path = format!("/{tenant}{middle}/.well-known/openid-configuration");
            let document = ask(&server, &path).await.body;
            for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
                let url = document[name].as_str().unwrap_or_default();
                assert!(url.starts_with(&own), "{path}: {name}: {document}");
            }
        }
    }
}

#[tokio::test]
async fn documents_about_nobody_are_refused() {
    let server = Server::start().await;
    for nobody in ["nobody", "0badca11-0000-4000-8000-000000000001", "x%20y", "%ff%fe"] {
        for document in [
            "v2.0/.well-known/openid-configuration",
            ".well-known/openid-configuration",
            "discovery/v2.0/keys",
            "discovery/keys",
        ] {
            let unknown = ask(&server, &format!("/{nobody}/{document}")).await;
            assert_eq!(unknown.status, 400, "{nobody}/{document}: {unknown:?}");
            assert_eq!(unknown.body["error_codes"][0], 90_002, "{nobody}/{document}");
        }
    }
    for tenant in [TENANT.to_string().as_str(), "common", "organizations"] {
        for document in ["discovery/v2.0/keys", "discovery/keys"] {
            let known = ask(&server, &format!("/{tenant}/{document}")).await;
            assert!(known.body["keys"].is_array(), "{tenant}/{document}: {known:?}");
        }
    }
}

/// R-311, clients.md 8 and 23: who issues notification tokens, and the keys of both kinds of tokens.
#[tokio::test]
async fn keys_of_both_kinds_are_shown_and_differ() {
    let server = Server::start().await;
    let login = ask(&server, &format!("/{TENANT}/discovery/v2.0/keys")).await.body;
    let mut platform = Vec::new();
    for spelling in ["OpenIdConfiguration", "openidconfiguration"] {
        let metadata = ask(&server, &format!("/v1/.well-known/{spelling}")).await.body;
        assert_eq!(metadata["issuer"], "https://api.botframework.com");
        let uri = metadata["jwks_uri"].as_str().unwrap().to_owned();
        let request = Request::get(uri).body(bytes::Bytes::new()).unwrap();
        platform.push(server.send(request).await.body);
    }
    assert_eq!(platform[0], platform[1]);
    // notifications.md 4.
    assert_eq!(ask(&server, "/v1/keys").await.body, platform[0]);
    assert_eq!(platform[0]["keys"][0]["endorsements"][0], "msteams");
    for set in [&login, &platform[0]] {
        let key = &set["keys"][0];
        for name in ["kid", "n", "e", "kty", "use"] {
            assert!(key[name].as_str().is_some_and(|text: &str| !text.is_empty()), "{name}: {key}");
        }
        // Base64 of 2,048 bits.
        assert!(key["n"].as_str().is_some_and(|n| n.len() >= 342));
    }
    assert_ne!(login["keys"][0]["kid"], platform[0]["keys"][0]["kid"]);
    let _: &Value = &login;
}

#[tokio::test]
async fn a_token_is_posted_for() {
    let server = Server::start().await;
    let answer = ask(&server, &format!("/{TENANT}/oauth2/v2.0/token")).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.body["error_codes"][0], 900_561);
    assert_eq!(answer.headers[header::ALLOW], "POST");
    let uri = format!("https://{}/common/discovery/instance", server.https);
    let answer = server.send(Request::post(uri).body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn forms_that_are_none() {
    let server = Server::start().await;
    let uri = format!("https://{}/{TENANT}/oauth2/v2.0/token", server.https);
    let bodies: [(Vec<u8>, u16); 4] = [
        (Vec::new(), 400),
        (b"{}".to_vec(), 400),
        (vec![0xff; 40], 400),
        (vec![b'x'; 1 << 20], 413),
    ];
    for (body, status) in bodies {
        let request = Request::post(&uri).header(header::CONTENT_TYPE, FORM);
        let answer = server.send(request.body(body.into()).unwrap()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.body["error"], "invalid_request");
    }
}

/// clients.md 2 and 4: whoever does not trust the fake's authority does not reach it by accident; who was given
/// its file, or told not to look, does. The fake's own client is the same.
#[tokio::test]
async fn tls_is_believed_by_those_who_were_told_to() {
    let server = Server::start().await;
    let reach = async |trust: TlsTrust| {
        let network = std::sync::Arc::new(RealNetwork::new(&trust).unwrap());
        let client = HttpClient::new(network, std::time::Duration::from_secs(10));
        let uri = format!("https://{}/common/discovery/instance", server.https);
        client.send(Request::get(uri).body(bytes::Bytes::new()).unwrap()).await
    };
    let stranger = reach(TlsTrust::default()).await;
    assert!(matches!(stranger, Err(SendError::Connect(_))), "{stranger:?}");
    let careless = reach(TlsTrust { insecure: true, ..TlsTrust::default() }).await;
    assert_eq!(careless.unwrap().status(), 200);
}

/// A correlation id comes back as it was sent, unless it is none, or longer than any.
#[tokio::test]
async fn what_correlates_comes_back() {
    let server = Server::start().await;
    let long = "x".repeat(129);
    for (given, back) in [("mine-1", true), ("", false), (&*long, false)] {
        let uri = format!("https://{}/nobody/discovery/keys", server.https);
        let request = Request::get(uri).header("client-request-id", given);
        let refused = server.send(request.body(bytes::Bytes::new()).unwrap()).await.body;
        let wanted = if back { given } else { refused["trace_id"].as_str().unwrap() };
        assert_eq!(refused["correlation_id"], wanted, "{given}");
    }
}
