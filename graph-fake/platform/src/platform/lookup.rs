//! Who is who, and how they react when rung.

use std::sync::Arc;

use graph_api::Guid;

use super::{CALLS_MAX, Platform};
use crate::{
    call::{Birth, Side},
    directory::{Application, OnCall},
    flaw::Flaw,
    input::{CallId, Caller, ParticipantId},
    permissions::{Grants, Permission},
    refusal::Refusal,
    view::Coordinates,
    who::{Person, Who},
};

/// How somebody is reached.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reach {
    /// A simulated person, who reacts so.
    Person(OnCall),
    /// A bot, which is rung at its webhook.
    Bot(Guid),
}

impl Platform {
    /// Somebody as others see them; `None`: not in this tenant.
    pub(super) fn person(&self, tenant: Guid, who: &Who) -> Option<Person> {
        let name = match who {
            Who::User(id) => self.directory.user(tenant, *id)?.display_name.clone(),
            Who::Application(id) => self.directory.application(tenant, *id)?.display_name.clone(),
            Who::ApplicationInstance(id) => {
                self.directory.instance(tenant, *id)?.display_name.clone()
            }
            Who::Phone(number) => number.clone(),
            Who::Guest(_) => return None,
        };
        let tenant = (!matches!(who, Who::Phone(_))).then_some(tenant);
        Some(Person { who: who.clone(), name, tenant })
    }

    /// How somebody is reached; `None`: cannot be rung.
    pub(super) fn reach(&self, tenant: Guid, who: &Who) -> Option<Reach> {
        match who {
            Who::User(id) => {
                self.directory.user(tenant, *id).map(|user| Reach::Person(user.on_call))
            }
            Who::Phone(number) => Some(Reach::Person(self.directory.phone(tenant, number))),
            Who::Application(id) => self.callable(tenant, *id).map(|_| Reach::Bot(*id)),
            Who::ApplicationInstance(id) => {
                let app = self.directory.instance(tenant, *id)?.app;
                self.callable(tenant, app).map(|_| Reach::Bot(app))
            }
            Who::Guest(_) => None,
        }
    }

    /// A bot that can be rung, and its webhook.
    pub(super) fn callable(&self, tenant: Guid, app: Guid) -> Option<(&Application, Arc<str>)> {
        let application = self.directory.application(tenant, app)?;
        let callback =
            application.callback_uri.as_deref().filter(|_| application.calling_enabled)?;
        Some((application, callback.into()))
    }

    /// What every call of a bot begins with. `bot`: the bot as others see it, if not by its app id.
    pub(super) fn birth(
        &mut self,
        caller: (Guid, Guid),
        id: Option<CallId>,
        bot: Option<Person>,
        side: Side,
        coordinates: Option<Arc<Coordinates>>,
    ) -> Result<Birth, Refusal> {
        let (app, tenant) = caller;
        let application = self.directory.application(tenant, app).ok_or(Refusal::NotRegistered)?;
        let name = application.display_name.clone();
        // any of the five permissions opens the envelope.
        let caller_visible = Permission::CALLS.iter().any(|p| application.grants.contains(p));
        let callback_uri = application.callback_uri.as_deref().unwrap_or_default().into();
        let legacy = application.legacy_first_notification;
        let (fresh, chain) = (CallId(self.ids.guid()), self.ids.guid());
        Ok(Birth {
            id: id.unwrap_or(fresh),
            chain,
            tenant,
            app,
            bot: bot.unwrap_or_else(|| Person {
                who: Who::Application(app),
                name: name.clone(),
                tenant: Some(tenant),
            }),
            app_name: name.into(),
            my_participant: ParticipantId(self.ids.guid()),
            caller_visible,
            callback_uri,
            side,
            coordinates,
            legacy,
        })
    }

    ///
    pub(super) fn must_have_room(&self, caller: &Caller) -> Result<(), Refusal> {
        let of_app = self.calls.of(&(caller.tenant, caller.app));
        if of_app >= self.options.calls_per_app || self.calls.len() >= CALLS_MAX {
            return Err(Refusal::TooManyCalls);
        }
        if self.options.flaw == Some(Flaw::CountsNoMonth) {
            return Ok(());
        }
        self.past.must_have_room(caller, &self.options)
    }

    /// The same for a call that nobody's token asked for.
    pub(super) fn has_room(&self, tenant: Guid, app: Guid) -> bool {
        let caller = Caller::application(app, tenant, Grants::new());
        self.must_have_room(&caller).is_ok()
    }
}
