//! Identity sets (resources.md 5).

use graph_api::{Extra, Guid};
use serde_json::Value;

use super::{entity, fill_nulls, put, put_some};
use crate::{
    view::CallView,
    who::{Person, Who},
};

/// The identity members that replies print as null where they are absent.
const NULLS: [&str; 4] = ["user", "application", "device", "phone"];

/// identitySet with the one member that fits: by `user` a bot tells people from others.
pub(super) fn set(person: &Person) -> Value {
    one(member_of(&person.who), identity(person))
}

/// The same with nulls for the others, as replies print it.
pub(super) fn set_with_nulls(person: &Person, application_type: Option<&str>) -> Value {
    let mut identity = identity(person);
    put_some(&mut identity, "applicationType", application_type);
    let mut set = entity("identitySet");
    put(&mut set, member_of(&person.who), identity);
    fill_nulls(&mut set, &NULLS);
    set.into()
}

/// Who calls, as the bot may see it: R-049.
pub(super) fn caller(person: &Person, view: &CallView) -> Value {
    if !view.caller_visible {
        return one("encrypted", opaque(person, view.app));
    }
    let mut identity = identity(person);
    if matches!(person.who, Who::User(_)) {
        put(&mut identity, "identityProvider", "AAD");
    }
    one(member_of(&person.who), identity)
}

fn one(member: &str, identity: Extra) -> Value {
    let mut set = entity("identitySet");
    put(&mut set, member, identity);
    set.into()
}

const fn member_of(who: &Who) -> &'static str {
    match who {
        Who::User(_) => "user",
        Who::Application(_) => "application",
        Who::ApplicationInstance(_) => "applicationInstance",
        Who::Guest(_) => "guest",
        Who::Phone(_) => "phone",
    }
}

fn id(who: &Who) -> String {
    match who {
        Who::User(id) | Who::Application(id) | Who::ApplicationInstance(id) | Who::Guest(id) => {
            id.to_string()
        }
        Who::Phone(number) => number.clone(),
    }
}

/// identity: samples print this type whatever the member.
fn identity(person: &Person) -> Extra {
    let mut identity = entity("identity");
    put(&mut identity, "id", id(&person.who));
    let named = !person.name.is_empty() && !matches!(person.who, Who::Phone(_));
    put_some(&mut identity, "displayName", named.then(|| person.name.clone()));
    if matches!(person.who, Who::User(_) | Who::ApplicationInstance(_)) {
        put_some(&mut identity, "tenantId", person.tenant.map(|tenant| tenant.to_string()));
    }
    identity
}

fn opaque(person: &Person, app: Guid) -> Extra {
    let mut identity = entity("identity");
    put(&mut identity, "id", format!("{:032x}", blob(&person.who, app)));
    identity
}

/// The same for the same person and bot, and nothing that shows who it is (FNV-1a, 128 bits).
fn blob(who: &Who, app: Guid) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    format!("{app}{}{}", member_of(who), id(who))
        .bytes()
        .fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// The internal address of somebody, as botData writes it (resources.md 5).
pub(super) fn address(who: &Who) -> String {
    match who {
        Who::User(id) | Who::ApplicationInstance(id) => format!("8:orgid:{id}"),
        Who::Application(id) => format!("28:{id}"),
        Who::Guest(id) => format!("8:teamsvisitor:{:032x}", id.as_u128()),
        Who::Phone(number) => format!("4:{number}"),
    }
}

/// The address in the older format, which shows no user (notifications.md 3.1).
pub(super) fn older_address(who: &Who, app: Guid) -> String {
    match who {
        Who::Application(id) => format!("28:{id}"),
        Who::User(_) | Who::ApplicationInstance(_) | Who::Guest(_) | Who::Phone(_) => {
            format!("29:{:032x}", blob(who, app))
        }
    }
}
