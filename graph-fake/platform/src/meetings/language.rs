//! The language of joinInformation.

/// Languages that invitations are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Language {
    /// English; the default.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

/// Entries of an `Accept-Language` that are looked at.
const ENTRIES_MAX: usize = 64;

/// The words of an invitation.
pub(super) struct Words {
    pub(super) tag: &'static str,
    pub(super) title: &'static str,
    pub(super) join: &'static str,
    pub(super) id: &'static str,
    pub(super) passcode: &'static str,
    pub(super) phone: &'static str,
}

impl Language {
    const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The language that an `Accept-Language` header likes best (RFC 9110 section 12.5.4); English if it likes none.
    pub fn from_accept(header: &str) -> Self {
        let entries = header.split(',').take(ENTRIES_MAX).filter_map(|entry| {
            let (tag, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let known = |language: &Self| language.words().tag.eq_ignore_ascii_case(primary);
            let language = if primary == "*" { None } else { Self::ALL.into_iter().find(known) };
            // Thousandths, so that weights have an order.
            let weight = (weight.clamp(0.0, 1.0) * 1_000.0) as u32;
            language.filter(|_| weight > 0).map(|language| (weight, language))
        });
        // Of equals the first counts.
        let best = entries.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map(|(_, language)| language).unwrap_or_default()
    }

    pub(super) const fn words(self) -> Words {
        match self {
            Self::English => Words {
                tag: "en",
                title: "Online meeting",
                join: "Join the meeting",
                id: "Meeting ID",
                passcode: "Passcode",
                phone: "By telephone",
            },
            Self::German => Words {
                tag: "de",
                title: "Onlinebesprechung",
                join: "An der Besprechung teilnehmen",
                id: "Besprechungs-ID",
                passcode: "Kennung",
                phone: "Per Telefon",
            },
            Self::French => Words {
                tag: "fr",
                title: "Réunion en ligne",
                join: "Rejoindre la réunion",
                id: "Identifiant de réunion",
                passcode: "Code secret",
                phone: "Par téléphone",
            },
            Self::Spanish => Words {
                tag: "es",
                title: "Reunión en línea",
                join: "Unirse a la reunión",
                id: "Identificador de la reunión",
                passcode: "Código de acceso",
                phone: "Por teléfono",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn the_best_known_language_is_taken() {
        let cases = [
            ("", Language::English),
            ("de", Language::German),
            ("DE-at, en", Language::German),
            ("fr-CA;q=0.4, es;q=0.9 , en;q=0.1", Language::Spanish),
            ("ja, ko;q=0.9", Language::English),
            ("ja, fr;q=0.2", Language::French),
            ("*, de;q=0.3", Language::German),
            ("de;q=0, fr;q=0.001", Language::French),
            ("de;q=x, es;q=0.5", Language::Spanish),
            ("de;q=NaN", Language::English),
            (";;,,=", Language::English),
        ];
        for (header, wanted) in cases {
            assert_eq!(Language::from_accept(header), wanted, "{header}");
        }
    }
}
