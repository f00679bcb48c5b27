//! What people ask a bot for, and what becomes of its machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use graph_fake::manifest::{Deed, DriverAction};
use serde_json::{Value, json};

use super::{Call, Stage};
use crate::{
    failure::Wrong,
    journal::{Line, exchanges},
    live::Driver,
};

/// How long a bot may take from active audio to its subscription to tones: it may have much to say first.
const LISTENS_WITHIN: Duration = Duration::from_secs(60);

/// The keys of the reference bot.
pub(super) fn reference_keys() -> BTreeMap<Deed, String> {
    let keys = [
        (Deed::Menu, "tone9"),
        (Deed::Story, "tone6"),
        (Deed::StopStory, "tone6"),
        (Deed::Record, "tone1"),
        (Deed::Invite, "tone2"),
        (Deed::Transfer, "tone3"),
        (Deed::Mute, "tone4"),
        (Deed::Unmute, "tone5"),
        (Deed::Participants, "star"),
        (Deed::CallBack, "tone7"),
        (Deed::GroupCall, "tone8"),
        (Deed::HangUp, "tone0"),
    ];
    keys.map(|(deed, key)| (deed, key.to_owned())).into()
}

impl Stage {
    /// The same stage, on which the bot can be told what to do.
    #[must_use]
    pub fn with_driver(mut self, driver: Option<Driver>) -> Self {
        self.driver = driver;
        self
    }

    /// The same stage, with a bot that has these keys and no others.
    #[must_use]
    pub fn with_keys(mut self, keys: BTreeMap<Deed, String>) -> Self {
        self.keys = keys;
        self
    }

    /// The same stage, on which the bot's machine can be switched off.
    #[must_use]
    pub fn with_power(mut self, world: sim::Control) -> Self {
        self.world = Some(world);
        self
    }

    /// The bot is told to do something; its status, and what it says.
    ///
    /// # Errors
    /// It cannot be told, or does not answer.
    pub async fn tells(&self, action: &str, body: &Value) -> Result<(u16, Value), Wrong> {
        match &self.driver {
            Some(driver) => driver.tell(action, body).await,
            None => Err(Wrong::bot("a way to tell the bot what to do", "there is none")),
        }
    }

    /// What the bot says that it can be told.
    pub(crate) fn declared(&self) -> BTreeSet<DriverAction> {
        self.driver.as_ref().map(|driver| driver.declared.clone()).unwrap_or_default()
    }

    /// The person who rang asks the bot for something: it is told, or its key is pressed once it listens. A case that
    /// asks has [`crate::Need::Asked`].
    ///
    /// # Errors
    /// The bot cannot be asked for that, or never listens.
    pub async fn asks_bot_to(&self, call: &Call, deed: Deed) -> Result<(), Wrong> {
        if let Some(action) = deed.action()
            && self.declared().contains(&action)
        {
            let colleague = self.person("Bob").id;
            let body = json!({"callId": call.id, "user": colleague});
            let (status, _) = self.tells(action.word(), &body).await?;
            let done = (200..300).contains(&status);
            let refused = || {
                let expected = format!("a 2xx for '{}'", action.word());
                Wrong::bot(expected, format!("the bot answered {status}"))
            };
            return if done { Ok(()) } else { Err(refused()) };
        }
        let key = self.key_of(deed)?;
        self.bot_listens(call).await?;
        self.presses(call, &[&key]).await
    }

    /// The same where Graph will refuse it: a bot that is told may say so.
    ///
    /// # Errors
    /// The bot cannot be asked for that, never listens, or does not answer.
    pub async fn asks_bot_in_vain(&self, call: &Call, deed: Deed) -> Result<(), Wrong> {
        match deed.action().filter(|action| self.declared().contains(action)) {
            Some(action) => {
                let body = json!({"callId": call.id, "user": self.person("Bob").id});
                self.tells(action.word(), &body).await.map(drop)
            }
            None => self.asks_bot_to(call, deed).await,
        }
    }

    /// The bot has subscribed to tones.
    ///
    /// # Errors
    /// It does not within a minute.
    pub async fn bot_listens(&self, call: &Call) -> Result<(), Wrong> {
        let listens = |lines: &[Line]| {
            exchanges(lines, &call.id, "subscribeToTone").iter().any(|asked| asked.worked())
        };
        match self.happens(LISTENS_WITHIN, listens).await? {
            true => Ok(()),
            false => Err(Wrong::bot("a subscription to tones within a minute", "there was none")),
        }
    }

    /// The key by which people ask for something.
    ///
    /// # Errors
    /// There is none.
    pub fn key_of(&self, deed: Deed) -> Result<String, Wrong> {
        self.keys.get(&deed).cloned().ok_or_else(|| {
            let expected = format!("a key by which the bot is asked to '{}'", deed.word());
            Wrong::bot(expected, "there is none")
        })
    }

    /// A notification of the platform's says that a key was pressed which asks for something.
    ///
    /// # Errors
    /// There is no such key, or the bot does not answer with a 2xx.
    pub async fn is_told_of_key(
        &self,
        call: &Call,
        sequence: u64,
        deed: Deed,
    ) -> Result<(), Wrong> {
        let tone = json!({
            "@odata.type": "#microsoft.graph.toneInfo",
            "sequenceId": sequence, "tone": self.key_of(deed)?,
        });
        let data = json!({"state": "established", "toneInfo": tone});
        self.is_told_of(call, "updated", data).await
    }

    /// The bot's machine is off for a while; then the bot begins anew. A case that does this has
    /// [`crate::Need::Restart`].
    ///
    /// # Errors
    /// Nobody can switch it off.
    pub async fn bot_is_down_for(&self, time: Duration) -> Result<(), Wrong> {
        self.bot_goes_down()?;
        self.let_pass(time).await;
        self.bot_comes_up()
    }

    /// The bot's machine is off from now on.
    ///
    /// # Errors
    /// Nobody can switch it off.
    pub fn bot_goes_down(&self) -> Result<(), Wrong> {
        self.power(sim::Change::Crash { host: sim::BOT_HOST.to_owned() })
    }

    /// The bot's machine is on again, and the bot begins anew.
    ///
    /// # Errors
    /// Nobody can switch it on.
    pub fn bot_comes_up(&self) -> Result<(), Wrong> {
        self.power(sim::Change::Restart { host: sim::BOT_HOST.to_owned() })
    }

    fn power(&self, change: sim::Change) -> Result<(), Wrong> {
        let Some(world) = &self.world else {
            return Err(Wrong::bot("a bot that can be restarted", "this one cannot"));
        };
        world.now(change).expect("every simulated stage has a bot");
        Ok(())
    }
}
