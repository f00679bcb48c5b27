//! Ladder diagrams (message sequence charts) of what was said on the wires of a world, for people.
//!
//! [`Ladder`] reads the [`Message`]s of a world and the [`Mark`]s of a judge. It draws one arrow for each request and
//! each response, and knows two spellings: a page that needs nothing but a browser ([`Ladder::html`]), and Mermaid's
//! `sequenceDiagram` for places that render it ([`Ladder::mermaid`]). It is pure: the same wire gives the same text.

mod escape;
mod html;
mod label;
mod mermaid;
mod pairs;
mod raw;
mod rows;
mod strip;
mod window;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::wire::{Http, Message};
use rows::Row;

/// What a judge has to say of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The message's number, as whichever host saw it.
    pub seq: u64,
    /// The invariant that does not hold.
    pub invariant: String,
    /// One sentence: what is wrong.
    pub text: String,
}

/// The bodies of messages, one each, as JSON and with secrets masked as the page masks them.
pub fn bodies(wire: &[Message]) -> Vec<Value> {
    let mut secret = BTreeSet::new();
    let body = |message: &Message| match &message.http {
        Http::Request { method, target, body, .. } => {
            let holds = label::request(method, target, body).secret;
            if holds {
                secret.insert(message.seq);
            }
            raw::masked(body, holds)
        }
        Http::Response { to, body, .. } => raw::masked(body, secret.contains(to)),
        Http::Broken { .. } => Value::Null,
    };
    wire.iter().map(body).collect()
}

/// A ladder holds at most so many arrows, unless it is told otherwise.
pub const ROWS: usize = 2_000;

/// A diagram in preparation.
#[derive(Debug)]
pub struct Ladder<'a> {
    /// Names of those who take part, from left to right.
    lanes: Vec<String>,
    /// Short ids of the calls, in the order in which they appear.
    calls: Vec<String>,
    /// Arrows in the order in which they left.
    rows: Vec<Row<'a>>,
    /// What is marked, by number; the first is the violation.
    marks: Vec<Mark>,
    /// Most arrows shown.
    limit: usize,
}

impl<'a> Ladder<'a> {
    /// Reads a wire. Marks of messages that are not there are shown at the last one before them.
    pub fn new(wire: &'a [Message], marks: &[Mark]) -> Self {
        let mut marks = marks.to_vec();
        marks.sort_by_key(|mark| mark.seq);
        let read = rows::read(wire, &marks);
        Self { lanes: read.lanes, calls: read.calls, rows: read.rows, marks, limit: ROWS }
    }

    /// Shows at most so many arrows (at least 8); what is left out is said.
    #[must_use]
    pub fn at_most(mut self, rows: usize) -> Self {
        self.limit = rows.max(8);
        self
    }

    /// One page: SVG, CSS, and the raw messages folded away. It loads nothing, and is read without scripts; those only
    /// filter by call and open everything.
    pub fn html(&self, title: &str) -> String {
        html::page(self, title)
    }

    /// The diagram alone, for a page that has [`Ladder::css`] and several of them, told apart by their prefix. Polling,
    /// tokens and keys are left out.
    pub fn section(&self, title: &str, prefix: &str) -> String {
        html::section(self, title, prefix)
    }

    /// What [`Ladder::section`] needs in its page.
    pub const fn css() -> &'static str {
        html::CSS
    }

    /// A Mermaid `sequenceDiagram`, without polling, tokens and keys. It stays below Mermaid's default limits (500
    /// edges, 50,000 characters).
    pub fn mermaid(&self) -> String {
        mermaid::diagram(self)
    }

    /// The colour of a call: one of eight, in turn.
    const fn hue(call: usize) -> usize {
        call % 8
    }
}
