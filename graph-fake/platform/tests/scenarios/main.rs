//! Readable stories of group calls and meetings, by the rules of the contract: what bots ask, what people do, and
//! word for word what every bot is told of it.

mod bodies;
mod stage;
mod wording;

mod bots;
mod calls_of_two;
mod content;
mod escalation;
mod group_calls;
mod hearing;
mod incoming;
mod invitations;
mod limits;
mod lobby;
mod meetings;
mod mute;
mod planted;
mod recording;
mod redirects;
mod redirects_onwards;
mod removal;
mod rights;
mod roster;
mod telephones;
mod transfers;
