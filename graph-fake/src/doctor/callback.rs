//! Whether notifications reach the bot, and whether it believes just anybody.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Uri, header};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use seam::{Clock, HttpClient, RealNetwork, TlsTrust};

use super::{Finding, LIMIT, SKEW_MAX, certificate, tls_end};
use crate::{config::check_callback, manifest::Manifest};

/// A notification that nobody has signed.
const UNSIGNED: &str = r##"{"@odata.type":"#microsoft.graph.commsNotifications","value":[]}"##;

/// Looks at the webhook; of a bot that the suite starts only at its command.
pub(super) async fn look(manifest: &Manifest) -> Vec<Finding> {
    let Some(url) = &manifest.url else { return command(manifest).into_iter().collect() };
    let mut found: Vec<Finding> = command(manifest).into_iter().collect();
    let callback = format!("{url}{}", manifest.callback);
    if let Err(why) = check_callback(&callback, true) {
        let mend =
            "https anywhere, http on this machine alone: put a TLS end or a tunnel before it";
        found.push(Finding::bad("callback", why, mend));
        return found;
    }
    let uri: Uri = callback.parse().expect("the manifest was checked");
    let secure = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = match tls_end::connect(&host, port).await {
        Ok(stream) => stream,
        Err(error) => {
            let mend =
                format!("start the bot, and let it listen where 'url' says; {}", hint(&error));
            found.push(Finding::bad(
                "callback",
                format!("{host}:{port} cannot be reached: {error}"),
                mend,
            ));
            return found;
        }
    };
    found.push(Finding::good("callback", format!("{host}:{port} takes connections")));
    if secure {
        let seen = certificates(manifest, stream, &host).await;
        let bad = seen.iter().any(|finding| finding.health != super::Health::Good);
        found.extend(seen);
        if bad {
            return found;
        }
    } else {
        // A server that takes one connection at a time would wait for this one.
        drop(stream);
    }
    found.extend(stranger(manifest, &callback).await);
    found
}

fn hint(error: &std::io::Error) -> &'static str {
    if error.kind() == std::io::ErrorKind::ConnectionRefused {
        "nobody listens there"
    } else if error.kind() == std::io::ErrorKind::TimedOut {
        "a firewall drops what is sent there, or the name leads elsewhere"
    } else {
        "the name may be unknown here"
    }
}

/// Whether the program is there.
fn command(manifest: &Manifest) -> Option<Finding> {
    let command = manifest.command.as_ref()?;
    let cwd =
        command.cwd.as_deref().map_or_else(|| manifest.folder.clone(), |cwd| manifest.file(cwd));
    if !cwd.is_dir() {
        let seen = format!("{}: there is no such folder", cwd.display());
        return Some(Finding::bad(
            "command",
            seen,
            "command.cwd is seen from the manifest's folder",
        ));
    }
    let program = command.argv[0].replace("{dir}", &manifest.folder.display().to_string());
    let there = match program.contains('/') {
        true => cwd.join(&program).is_file(),
        false => std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(&program).is_file())
        }),
    };
    Some(match there {
        true => Finding::good("command", format!("{program} is there")),
        false => {
            let mend = "install what the bot needs: the README beside the manifest may say how";
            Finding::bad("command", format!("{program} is not there"), mend)
        }
    })
}

fn trusted(manifest: &Manifest) -> Vec<CertificateDer<'static>> {
    let mut all = rustls_native_certs::load_native_certs().certs;
    for file in &manifest.trust {
        let read = CertificateDer::pem_file_iter(manifest.file(file)).into_iter().flatten();
        all.extend(read.filter_map(Result::ok));
    }
    all
}

async fn certificates(
    manifest: &Manifest,
    stream: tokio::net::TcpStream,
    host: &str,
) -> Vec<Finding> {
    let what = "callback certificate";
    let chain = match tls_end::chain(stream, host).await {
        Ok(chain) => chain,
        Err(error) => {
            let mend =
                "the port speaks no TLS, or only versions before 1.2: 'url' may have to say http";
            return vec![Finding::bad(what, format!("no TLS handshake: {error}"), mend)];
        }
    };
    let now = Clock::real().now().as_secs();
    let mend =
        "name its authority under 'trust' in the manifest, and start the fake with --trust FILE";
    let faults = certificate::faults(&chain, host, now, &trusted(manifest), mend);
    if faults.is_empty() {
        return vec![Finding::good(what, format!("is for {host} and is trusted"))];
    }
    faults.into_iter().map(|fault| Finding::bad(what, fault.seen, fault.mend)).collect()
}

/// Posts a notification without a token: it must be refused. The answer's date tells the bot's clock.
async fn stranger(manifest: &Manifest, callback: &str) -> Vec<Finding> {
    let what = "webhook";
    let trust = TlsTrust {
        extra_ca_files: manifest.trust.iter().map(|file| manifest.file(file)).collect(),
        insecure: false,
    };
    let network = match RealNetwork::new(&trust) {
        Ok(network) => network,
        Err(error) => {
            return vec![Finding::bad(
                "trust",
                error.to_string(),
                "PEM files, seen from the manifest",
            )];
        }
    };
    let client = HttpClient::new(Arc::new(network), LIMIT);
    let request = Request::post(callback)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from_static(UNSIGNED.as_bytes()))
        .expect("the manifest was checked");
    let answer = match client.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            let mend = "it takes connections and does not answer: does it wait for something before it does?";
            return vec![Finding::bad(what, error.to_string(), mend)];
        }
    };
    let status = answer.status().as_u16();
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let html = kind.is_some_and(|kind| kind.starts_with("text/html"));
    let seen = format!("{callback} answers a notification without a token with {status}");
    let finding = match status {
        401 | 403 => Finding::good(what, seen),
        _ if html => Finding::bad(
            what,
            format!("{seen} and an HTML page"),
            "is 'callback' the path of the webhook?",
        ),
        404 | 405 => Finding::bad(
            what,
            seen,
            "is 'callback' the path of the webhook, and does it take POST?",
        ),
        200..=299 => {
            Finding::bad(what, seen, "check each notification's token: anybody can ring this bot")
        }
        500..=599 => Finding::bad(what, seen, "see the bot's log: strangers make it fail"),
        _ => Finding::unsure(what, seen, "401 or 403 says that the sender was not believed"),
    };
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let clock = date.and_then(super::fake::seconds).map(|date| skew("the bot's clock", date));
    std::iter::once(finding).chain(clock).collect()
}

/// How far somebody's clock is from this machine's.
pub(super) fn skew(what: &str, theirs: u64) -> Finding {
    let apart = theirs.abs_diff(Clock::real().now().as_secs());
    if apart <= SKEW_MAX {
        return Finding::good(what, format!("is {apart} s from this machine's"));
    }
    let mend =
        "set both by NTP; a fake with a virtual clock starts at this machine's with --epoch now";
    Finding::bad(
        what,
        format!("is {apart} s from this machine's: tokens look expired, or not yet valid"),
        mend,
    )
}
