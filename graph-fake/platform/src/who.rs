//! Who somebody is: the identities that calls are made of.

use graph_api::{Guid, IdentitySet};

/// A kind of identity, with the id that it goes by (resources.md 5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A directory user, by object id.
    User(Guid),
    /// A bot, by app id.
    Application(Guid),
    /// A resource account, by object id.
    ApplicationInstance(Guid),
    /// Somebody without an account, by an id of their own.
    Guest(Guid),
    /// A telephone, by its E.164 number.
    Phone(String),
}

/// Somebody in a call, as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub who: Who,
    /// The name shown.
    pub name: String,
    /// The home tenant, where there is one.
    pub tenant: Option<Guid>,
}

/// Why an identity of a request names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWho {
    /// No member that can be called is set.
    #[error("needs one of user, application, applicationInstance, phone or guest")]
    Nobody,
    /// The id is absent or not what it should be.
    #[error("'{0}' needs an id of the right form")]
    Id(&'static str),
}

impl Who {
    /// Reads an identity set by the SDK's order of preference: user, guest, phone, applicationInstance,
    /// application (resources.md 5).
    ///
    /// # Errors
    /// See [`BadWho`].
    pub fn read(set: &IdentitySet) -> Result<Self, BadWho> {
        type Make = fn(Guid) -> Who;
        let guids: [(&Option<graph_api::Identity>, &'static str, Make); 2] =
            [(&set.user, "user", Self::User), (&set.guest, "guest", Self::Guest)];
        let later: [(&Option<graph_api::Identity>, &'static str, Make); 2] = [
            (&set.application_instance, "applicationInstance", Self::ApplicationInstance),
            (&set.application, "application", Self::Application),
        ];
        let read = |(identity, name, make): (&Option<graph_api::Identity>, &'static str, Make)| {
            identity.as_ref().map(|identity| {
                let id = identity.id.as_deref().and_then(|id| id.parse().ok());
                id.map(make).ok_or(BadWho::Id(name))
            })
        };
        if let Some(found) = guids.into_iter().find_map(read) {
            return found;
        }
        if let Some(phone) = &set.phone {
            let number = phone.id.clone().filter(|number| is_e164(number));
            return number.map(Self::Phone).ok_or(BadWho::Id("phone"));
        }
        later.into_iter().find_map(read).unwrap_or(Err(BadWho::Nobody))
    }
}

/// Whether a text is a telephone number in E.164 form: `+` and 3 to 15 digits.
pub fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or("");
    (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers() {
        assert!(is_e164("+442079460123"));
        for bad in ["", "+", "442079460123", "+44 20", "+1234567890123456", "+12"] {
            assert!(!is_e164(bad), "{bad}");
        }
    }

    #[test]
    fn the_first_member_that_can_be_called_counts() {
        let identity = |id: &str| {
            Some(graph_api::Identity { id: Some(id.to_owned()), ..graph_api::Identity::default() })
        };
        let user = "6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10";
        let set =
            IdentitySet { user: identity(user), phone: identity("+12345"), ..Default::default() };
        assert_eq!(Who::read(&set), Ok(Who::User(user.parse().unwrap())));
        let set = IdentitySet { phone: identity("12345"), ..IdentitySet::default() };
        assert_eq!(Who::read(&set), Err(BadWho::Id("phone")));
        assert_eq!(Who::read(&IdentitySet::default()), Err(BadWho::Nobody));
    }
}
