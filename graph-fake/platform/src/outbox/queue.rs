//! The notifications of one call that are not delivered yet.

use std::{collections::VecDeque, time::Duration};

use graph_api::{Guid, Timestamp};

use super::Address;
use crate::{
    input::DeliveryId,
    notification::{Notification, What},
};

/// One notification.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub id: DeliveryId,
    pub to: Address,
    pub message: Guid,
    pub notification: Notification,
    /// How much later it leaves than it would have.
    pub hold: Option<Duration>,
    /// It shares no envelope.
    pub alone: bool,
}

impl Item {
    pub fn new(id: DeliveryId, to: Address, message: Guid, notification: Notification) -> Self {
        // The incoming one may be sent elsewhere, the joining one is answered in a body of its own.
        let alone = notification.is_incoming() || is_joining(&notification);
        Self { id, to, message, notification, hold: None, alone }
    }
}

/// Whether the bot has to answer it in the body of its response.
pub(super) const fn is_joining(notification: &Notification) -> bool {
    matches!(notification.what, What::ParticipantJoining(_))
}

/// An envelope: under way, or waiting for its next attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flight {
    /// At least one.
    pub items: Vec<Item>,
    pub attempt: u32,
    pub redirected: bool,
    pub to: Address,
    /// When it is tried again; none while it is under way.
    pub retry_at: Option<Timestamp>,
}

impl Flight {
    /// The first notification names the delivery.
    pub fn first(&self) -> Option<&Item> {
        self.items.first()
    }
}

/// One that others are to leave before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Overtaken {
    pub item: Item,
    /// So many more.
    pub left: u32,
    /// It waits no longer than this.
    pub until: Timestamp,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Queue {
    pub flight: Option<Flight>,
    pub waiting: VecDeque<Item>,
    pub overtaken: Vec<Overtaken>,
    /// The first waiting one is delayed until then.
    pub held_until: Option<Timestamp>,
    pub last: Option<Item>,
}

impl Queue {
    pub fn is_idle(&self) -> bool {
        self.flight.is_none() && self.waiting.is_empty() && self.overtaken.is_empty()
    }

    /// Appends, and lets out those that have been overtaken often enough; returns these.
    pub fn place(&mut self, item: Item) -> Vec<Overtaken> {
        self.waiting.push_back(item);
        for overtaken in &mut self.overtaken {
            overtaken.left = overtaken.left.saturating_sub(1);
        }
        self.let_out(|overtaken| overtaken.left == 0)
    }

    /// Lets out those of the overtaken that are named, in order.
    pub fn let_out(&mut self, which: impl Fn(&Overtaken) -> bool) -> Vec<Overtaken> {
        let (out, kept) = std::mem::take(&mut self.overtaken).into_iter().partition(which);
        self.overtaken = kept;
        let out: Vec<Overtaken> = out;
        self.waiting.extend(out.iter().map(|overtaken| overtaken.item.clone()));
        out
    }

    /// Fills the next envelope: the first waiting one, and up to `most` in all of those right behind it that
    /// go to the same place.
    pub fn load(&mut self, most: usize) -> Option<&mut Flight> {
        let first = self.waiting.pop_front()?;
        let (to, alone) = (first.to.clone(), first.alone);
        let mut items = vec![first];
        while !alone
            && items.len() < most
            && self
                .waiting
                .front()
                .is_some_and(|next| !next.alone && next.hold.is_none() && next.to == to)
        {
            items.extend(self.waiting.pop_front());
        }
        let flight = Flight { items, attempt: 1, redirected: false, to, retry_at: None };
        Some(self.flight.insert(flight))
    }
}
