//! The fake itself: its authority, who trusts it, its clock, and whether its tokens open it.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, header};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use seam::{Clock, HttpClient, RealNetwork, TlsTrust};
use serde_json::Value;

use super::{Finding, LIMIT, Site, callback::skew, certificate, tls_end};
use crate::{
    config::{APP, SECRET, TENANT},
    manifest::Manifest,
};

/// Where clients of one stack or another look for whom to trust.
const TRUST: [&str; 5] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "JAVA_TOOL_OPTIONS",
    "CURL_CA_BUNDLE",
];

/// Whether a fake answers at a control address.
pub(super) async fn health(control: SocketAddr) -> bool {
    let Ok(network) = RealNetwork::new(&TlsTrust::default()) else { return false };
    let client = HttpClient::new(Arc::new(network), LIMIT);
    let request = Request::get(format!("http://{control}/health")).body(Bytes::new());
    let Ok(request) = request else { return false };
    let answer = client.send(request).await;
    answer.is_ok_and(|answer| answer.body().starts_with(b"{\"status\":\"ok\""))
}

/// The authority's files.
pub(super) fn authority(site: &Site) -> Option<Finding> {
    let what = "certificate authority";
    let Some(dir) = &site.ca_dir else {
        let mend = "'serve --ca-dir DIR' keeps one, so that clients need to be told only once";
        return Some(Finding::unsure(what, "a new one with every start of the fake", mend));
    };
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca-key.pem"));
    match (certificate.is_file(), key.is_file()) {
        (false, false) => {
            let seen = format!("{} has none yet", dir.display());
            return Some(Finding::unsure(what, seen, "'serve --ca-dir' makes it"));
        }
        (true, false) | (false, true) => {
            let seen = format!("{} has only one of ca.pem and ca-key.pem", dir.display());
            return Some(Finding::bad(what, seen, "put the other back, or move this one away"));
        }
        (true, true) => {}
    }
    // Whether the key is the certificate's is known once something is signed.
    match crate::Authority::create_or_load(Some(dir)).and_then(|authority| authority.acceptor(&[]))
    {
        Ok(_) => Some(Finding::good(what, certificate.display().to_string())),
        Err(error) => {
            Some(Finding::bad(what, error.to_string(), "move both files away: new ones are made"))
        }
    }
}

/// Whether the bot is told whom to trust.
pub(super) fn trust(manifest: &Manifest) -> Option<Finding> {
    let command = manifest.command.as_ref()?;
    let what = "trust of the bot";
    let told = |text: &String| text.contains("{caFile}") || text.contains("{graphHttp}");
    if command.env.values().any(told) || command.argv.iter().any(told) {
        return Some(Finding::good(what, "the command is told the authority ({caFile})"));
    }
    let set = TRUST.into_iter().find(|name| std::env::var_os(name).is_some());
    let mend = format!(
        "set one of {} = \"{{caFile}}\" in [command.env]: 'graph-fake env' knows which",
        TRUST.join(", ")
    );
    Some(match set {
        Some(name) => Finding::unsure(what, format!("{name} is set outside of the manifest"), mend),
        None => Finding::bad(what, "nothing tells the bot to trust the fake's certificate", mend),
    })
}

/// A fake that runs: its certificate, its clock, and a token from the beginning to the end.
pub(super) async fn running(site: &Site) -> Vec<Finding> {
    if !health(site.control).await {
        let seen = format!("none runs at {}", site.control);
        let mend = "'graph-fake serve' starts one; what follows is looked at without it";
        return vec![Finding::unsure("fake", seen, mend)];
    }
    let mut found =
        vec![Finding::good("fake", format!("runs; its control API is at {}", site.control))];
    let Some(network) = shake(site, &mut found).await else { return found };
    let client = HttpClient::new(Arc::new(network), LIMIT);
    match token(&client, site).await {
        Err(finding) => found.push(*finding),
        Ok((answer, token)) => {
            let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
            found.extend(date.and_then(seconds).map(|date| skew("the fake's clock", date)));
            found.push(opens(&client, site, &token).await);
        }
    }
    found
}

/// Whether the fake's certificate is of the authority that clients are told to trust.
async fn shake(site: &Site, found: &mut Vec<Finding>) -> Option<RealNetwork> {
    let what = "the fake's certificate";
    let (host, port) = (site.https.ip().to_string(), site.https.port());
    let stream = tls_end::connect(&host, port).await.ok()?;
    let chain = match tls_end::chain(stream, &host).await {
        Ok(chain) => chain,
        Err(error) => {
            let mend = "is --https the address of the listener with TLS?";
            found.push(Finding::bad(what, error.to_string(), mend));
            return None;
        }
    };
    let file = site.ca_dir.as_ref().map(|dir| dir.join("ca.pem")).filter(|file| file.is_file());
    let Some(file) = file else {
        let mend = "--ca-dir DIR, as 'serve' was told, to look further";
        found.push(Finding::unsure(what, "its authority is not known here", mend));
        return None;
    };
    let roots: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(&file).into_iter().flatten().filter_map(Result::ok).collect();
    let mend =
        format!("{} is another authority's: start the fake with --ca-dir there", file.display());
    let faults = certificate::faults(&chain, &host, Clock::real().now().as_secs(), &roots, &mend);
    if let Some(fault) = faults.into_iter().next() {
        found.push(Finding::bad(what, fault.seen, fault.mend));
        return None;
    }
    found.push(Finding::good(what, format!("is trusted by whoever trusts {}", file.display())));
    RealNetwork::new(&TlsTrust { extra_ca_files: vec![file], insecure: false }).ok()
}

type Answer = Response<Bytes>;

async fn token(client: &HttpClient, site: &Site) -> Result<(Answer, String), Box<Finding>> {
    let what = "access token";
    let bad = |seen: String, mend: &str| Box::new(Finding::bad(what, seen, mend));
    let body = format!(
        "grant_type=client_credentials&client_id={APP}&client_secret={SECRET}&scope=https%3A%2F%2F\
         graph.microsoft.com%2F.default"
    );
    let request = Request::post(format!("https://{}/{TENANT}/oauth2/v2.0/token", site.https))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .map_err(|error| bad(error.to_string(), "--https names no address"))?;
    let answer =
        client.send(request).await.map_err(|error| bad(error.to_string(), "is it a fake?"))?;
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    match said["access_token"].as_str() {
        Some(token) => Ok((answer, token.to_owned())),
        None => {
            let seen = format!(
                "refused: {}",
                said["error_description"].as_str().unwrap_or("no reason is given")
            );
            let mend = "only the bot of the usual configuration was tried; with --config, yours has its own id";
            Err(Box::new(Finding::unsure(what, seen, mend)))
        }
    }
}

/// Whether a token is valid by this machine's clock, and Graph takes it.
async fn opens(client: &HttpClient, site: &Site, token: &str) -> Finding {
    let what = "access token";
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value =
        claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default();
    let (from, to) = (claims["nbf"].as_u64().unwrap_or(0), claims["exp"].as_u64().unwrap_or(0));
    let now = Clock::real().now().as_secs();
    if now + super::SKEW_MAX < from || now > to {
        let seen = format!("is valid from {from} to {to}, and this machine's clock says {now}");
        return Finding::bad(what, seen, "start a fake with a virtual clock with --epoch now");
    }
    let nobody = "00000000-0000-4000-8000-000000000000";
    let request =
        Request::get(format!("https://{}/v1.0/communications/calls/{nobody}", site.https))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Bytes::new());
    let answer = match request {
        Ok(request) => client.send(request).await,
        Err(error) => return Finding::bad(what, error.to_string(), "--https names no address"),
    };
    match answer.map(|answer| answer.status().as_u16()) {
        Ok(404) => {
            Finding::good(what, format!("opens Graph, for {} s more", to.saturating_sub(now)))
        }
        Ok(status) => Finding::bad(
            what,
            format!("Graph answers it with {status}"),
            "ask GET /why/{requestId}",
        ),
        Err(error) => Finding::bad(what, error.to_string(), "is it a fake?"),
    }
}

/// Seconds since 1970 of an HTTP date, as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = date.split_ascii_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = parts.as_slice() else { return None };
    let month = MONTHS.iter().position(|known| known == month)? + 1;
    let text = format!("{year}-{month:02}-{:02}T{time}Z", day.parse::<u8>().ok()?);
    let read: graph_api::Timestamp = serde_json::from_value(text.into()).ok()?;
    Some(read.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for bad in ["", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT", "x"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
