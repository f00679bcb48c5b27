//! The media platform of a bot that handles its media itself. Where Teams cannot reach it, or does not believe it, a
//! call ends with 500 and a subcode that says neither.

use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use seam::Clock;

use super::{Finding, certificate, tls_end};
use crate::manifest::{Manifest, MediaEndpoint};

/// What Teams would say of all this.
const OPAQUE: &str =
    "Teams would end calls with 500 and a subcode such as 7117, 7112, 3002 or 1203002";

/// Looks at the endpoint, if the manifest has one.
pub(super) async fn look(manifest: &Manifest) -> Vec<Finding> {
    let Some(media) = &manifest.media else { return Vec::new() };
    let mut found = Vec::new();
    let file = manifest.file(&media.certificate);
    let own = match read(&file) {
        Ok(own) => own,
        Err(why) => {
            let mend =
                "name the PEM file of the certificate whose thumbprint the media platform is given";
            found.push(Finding::bad(
                "media certificate",
                format!("{}: {why}", file.display()),
                mend,
            ));
            return found;
        }
    };
    let now = Clock::real().now().as_secs();
    // Whom everybody trusts; a root that the bot itself sends proves nothing.
    let roots = rustls_native_certs::load_native_certs().certs;
    let mend = "get it from an authority that Teams knows: self-signed ones are refused";
    let faults = certificate::faults(&own, &media.fqdn, now, &roots, mend);
    for fault in &faults {
        let seen = format!("{}; {OPAQUE}", fault.seen);
        found.push(Finding::bad("media certificate", seen, fault.mend.clone()));
    }
    if faults.is_empty() {
        found.push(Finding::good(
            "media certificate",
            format!("is for {} and is trusted", media.fqdn),
        ));
    }
    found.push(reach(media, &own).await);
    found
}

fn read(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    let all: Result<Vec<_>, _> = read.collect();
    match all.map_err(|error| error.to_string())? {
        none if none.is_empty() => Err("holds no certificate".to_owned()),
        all => Ok(all),
    }
}

async fn reach(media: &MediaEndpoint, own: &[CertificateDer<'_>]) -> Finding {
    let (what, at) = ("media endpoint", format!("{}:{}", media.fqdn, media.port));
    let stream = match tls_end::connect(&media.fqdn, media.port).await {
        Ok(stream) => stream,
        Err(error) => {
            let mend = "the name must lead to this machine, and instancePublicPort through every firewall and \
                        balancer to the instance's internal port; a tunnel must carry TCP, not HTTP";
            return Finding::bad(what, format!("{at} cannot be reached: {error}; {OPAQUE}"), mend);
        }
    };
    match tls_end::chain(stream, &media.fqdn).await {
        Err(error) => {
            let mend = "something between ends TLS, or the port is another program's: TCP has to pass through";
            Finding::bad(
                what,
                format!("{at} takes connections and no TLS: {error}; {OPAQUE}"),
                mend,
            )
        }
        Ok(shown) if shown.first() != own.first() => {
            let mend = "a proxy that ends TLS, or an old certificate: forward TCP, and start the bot again after \
                        each renewal";
            Finding::bad(
                what,
                format!("{at} shows another certificate than the file has; {OPAQUE}"),
                mend,
            )
        }
        Ok(_) => {
            Finding::good(what, format!("{at} is reached, and shows the certificate of the file"))
        }
    }
}
