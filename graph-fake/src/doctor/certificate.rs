//! What is wrong with a chain of certificates, in plain words.

use std::sync::Arc;

use rustls::{
    CertificateError, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// What is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub seen: String,
    pub mend: String,
}

impl Fault {
    fn new(seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { seen: seen.into(), mend: mend.into() }
    }
}

/// Everything that is wrong with a chain, the leaf first, for a server of this name at this time (seconds since 1970).
/// `roots`: whom to trust; `trust_mend`: what to do where nobody does.
pub(super) fn faults(
    chain: &[CertificateDer<'_>],
    name: &str,
    now: u64,
    roots: &[CertificateDer<'_>],
    trust_mend: &str,
) -> Vec<Fault> {
    let Some(leaf) = chain.first() else {
        return vec![Fault::new(
            "there is no certificate",
            "a PEM file begins with the server's own certificate",
        )];
    };
    let Ok((_, read)) = X509Certificate::from_der(leaf) else {
        return vec![Fault::new(
            "the certificate cannot be read",
            "make it anew, as X.509 in DER or PEM",
        )];
    };
    let mut found = Vec::new();
    found.extend(dates(&read, now));
    found.extend(names(&read, name));
    found.extend(usage(&read));
    if found.is_empty() {
        found.extend(trusted(chain, &read, name, now, roots, trust_mend));
    }
    found
}

fn dates(read: &X509Certificate<'_>, now: u64) -> Option<Fault> {
    let validity = read.validity();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if now > validity.not_after.timestamp() {
        let seen = format!("the certificate expired at {}", validity.not_after);
        return Some(Fault::new(seen, "renew it, and start the bot again"));
    }
    if now < validity.not_before.timestamp() {
        let seen = format!(
            "the certificate is valid from {} on, and it is not that late",
            validity.not_before
        );
        return Some(Fault::new(
            seen,
            "set this machine's clock, or make a certificate that is valid now",
        ));
    }
    None
}

fn names(read: &X509Certificate<'_>, name: &str) -> Option<Fault> {
    let alternative = read.subject_alternative_name().ok().flatten();
    let carried: Vec<String> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|one| match one {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            GeneralName::OtherName(..)
            | GeneralName::RFC822Name(_)
            | GeneralName::X400Address(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EDIPartyName(_)
            | GeneralName::URI(_)
            | GeneralName::RegisteredID(_)
            | GeneralName::Invalid(..) => None,
        })
        .collect();
    if carried.is_empty() {
        let mend = format!(
            "clients read no common names: make a certificate with subjectAltName DNS:{name}"
        );
        return Some(Fault::new("the certificate carries no alternative names", mend));
    }
    if carried.iter().any(|pattern| covers(pattern, name)) {
        return None;
    }
    let seen = format!("the certificate is for {}, not for {name}", carried.join(", "));
    Some(Fault::new(seen, format!("use one of these names, or a certificate that has {name}")))
}

fn address(bytes: &[u8]) -> Option<String> {
    let four =
        || <[u8; 4]>::try_from(bytes).ok().map(|four| std::net::IpAddr::from(four).to_string());
    let sixteen =
        || <[u8; 16]>::try_from(bytes).ok().map(|all| std::net::IpAddr::from(all).to_string());
    four().or_else(sixteen)
}

/// A star stands for one label, the first (RFC 9525 6.3).
fn covers(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix("*."), name.split_once('.')) {
        (Some(rest), Some((_, parent))) => rest.eq_ignore_ascii_case(parent),
        (Some(_), None) => false,
        (None, _) => pattern.eq_ignore_ascii_case(name),
    }
}

fn usage(read: &X509Certificate<'_>) -> Option<Fault> {
    let extended = read.extended_key_usage().ok().flatten()?;
    let serves = extended.value.server_auth || extended.value.any;
    (!serves).then(|| {
        Fault::new(
            "the certificate is not for servers (extendedKeyUsage lacks serverAuth)",
            "make it with extendedKeyUsage serverAuth and clientAuth",
        )
    })
}

fn trusted(
    chain: &[CertificateDer<'_>],
    read: &X509Certificate<'_>,
    name: &str,
    now: u64,
    roots: &[CertificateDer<'_>],
    mend: &str,
) -> Option<Fault> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|root| root.clone().into_owned()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let Ok(verifier) =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build()
    else {
        return Some(Fault::new("nobody is trusted at all", mend));
    };
    let Ok(server) = ServerName::try_from(name.to_owned()) else {
        return Some(Fault::new(
            format!("'{name}' is no host name"),
            "use a name that certificates can carry",
        ));
    };
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
    let error = verifier.verify_server_cert(&chain[0], &chain[1..], &server, &[], now).err()?;
    let is = |kind: CertificateError| error == rustls::Error::InvalidCertificate(kind);
    let unknown = is(CertificateError::UnknownIssuer);
    let (by, length) = (read.issuer(), chain.len());
    Some(if unknown && read.issuer() == read.subject() {
        Fault::new("the certificate is signed by itself, and nobody knows it", mend)
    } else if unknown && length == 1 {
        let seen = format!(
            "the chain ends with the server's own certificate, and '{by}' who signed it is not known"
        );
        Fault::new(seen, format!("send the intermediate certificates too; or {mend}"))
    } else if unknown {
        Fault::new(format!("the chain of {length} ends with somebody who is not known"), mend)
    } else if is(CertificateError::BadSignature) {
        let seen = format!("'{by}' who signed it is not the one who is known by that name");
        Fault::new(seen, mend)
    } else {
        Fault::new(format!("the certificate is refused: {error}"), mend)
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
        IsCa, KeyPair, SanType, date_time_ymd,
    };

    use super::*;

    const NOW: u64 = 1_767_225_600; // 2026-01-01

    fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn leaf(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "bot");
        params.subject_alt_names = vec![SanType::DnsName("bot.contoso.com".try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        params
    }

    #[track_caller]
    fn seen(change: impl FnOnce(&mut CertificateParams), known: bool, name: &str) -> Vec<String> {
        let (issuer, key) = (issuer("Test authority"), KeyPair::generate().unwrap());
        let made = leaf(change).signed_by(&key, &issuer).unwrap();
        let root = if known { issuer } else { self::issuer("Somebody else") };
        let roots = [root.der().clone()];
        let found = faults(&[made.der().clone()], name, NOW, &roots, "trust it");
        found.into_iter().map(|fault| fault.seen).collect()
    }

    #[test]
    fn a_good_chain_has_no_faults() {
        assert_eq!(seen(|_| {}, true, "bot.contoso.com"), [""; 0]);
        let star = |params: &mut CertificateParams| {
            params.subject_alt_names = vec![SanType::DnsName("*.contoso.com".try_into().unwrap())];
        };
        assert_eq!(seen(star, true, "bot.contoso.com"), [""; 0]);
        assert!(seen(star, true, "a.bot.contoso.com")[0].contains("not for a.bot.contoso.com"));
    }

    #[test]
    fn each_mutant_is_named() {
        let [expired] = &seen(
            |params| params.not_after = date_time_ymd(2025, 1, 1),
            true,
            "bot.contoso.com",
        )[..] else {
            panic!("one fault")
        };
        assert!(expired.contains("expired at"), "{expired}");
        let early =
            seen(|params| params.not_before = date_time_ymd(2027, 1, 1), true, "bot.contoso.com");
        assert!(early[0].contains("is valid from"), "{early:?}");
        let name = seen(|_| {}, true, "other.contoso.com");
        assert_eq!(name, ["the certificate is for bot.contoso.com, not for other.contoso.com"]);
        let none = seen(|params| params.subject_alt_names.clear(), true, "bot.contoso.com");
        assert!(none[0].contains("no alternative names"), "{none:?}");
        let client = |params: &mut CertificateParams| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        };
        assert!(seen(client, true, "bot.contoso.com")[0].contains("serverAuth"));
        let unknown = seen(|_| {}, false, "bot.contoso.com");
        assert!(
            unknown[0].contains("'CN=Test authority' who signed it is not known"),
            "{unknown:?}"
        );
        let (one, namesake) = (issuer("Test authority"), issuer("Test authority"));
        let made = leaf(|_| {}).signed_by(&KeyPair::generate().unwrap(), &one).unwrap();
        let roots = [namesake.der().clone()];
        let found = faults(&[made.der().clone()], "bot.contoso.com", NOW, &roots, "trust it");
        assert!(found[0].seen.contains("not the one who is known by that name"), "{found:?}");
        assert!(faults(&[], "x", NOW, &[], "")[0].seen.contains("no certificate"));
        let nonsense = CertificateDer::from(vec![1, 2, 3]);
        assert!(faults(&[nonsense], "x", NOW, &[], "")[0].seen.contains("cannot be read"));
    }

    #[test]
    fn who_signs_himself_is_told_so() {
        let key = KeyPair::generate().unwrap();
        let made = leaf(|_| {}).self_signed(&key).unwrap();
        let roots = [issuer("Test authority").der().clone()];
        let found = faults(&[made.der().clone()], "bot.contoso.com", NOW, &roots, "trust it");
        assert!(found[0].seen.contains("signed by itself"), "{found:?}");
        assert_eq!(found[0].mend, "trust it");
    }
}
