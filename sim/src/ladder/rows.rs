//! From messages to rows: who, when, what, and what became of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use graph_api::Timestamp;

use super::{
    Mark,
    label::{self, Said},
    pairs::{Pair, pair},
};
use crate::{
    wire::{Http, Message, Way},
    world::{EPOCH, LONGEST_STEP},
};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It came, then.
    Came(Duration),
    /// It never came.
    Lost,
    /// The world ended too early to tell.
    OnItsWay,
    /// Nobody looks at the other end.
    Unseen,
}

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
    /// A connection ended early.
    Broken,
}

/// One arrow.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub message: &'a Message,
    /// When it left, since the world began.
    pub at: Duration,
    pub from: usize,
    pub to: usize,
    pub kind: Kind,
    pub label: String,
    pub call: Option<usize>,
    pub fate: Fate,
    pub noise: bool,
    pub secret: bool,
    /// Places in the list of marks.
    pub marks: Vec<usize>,
}

/// Everything a ladder needs.
#[derive(Debug, Default)]
pub(super) struct Read<'a> {
    pub lanes: Vec<String>,
    pub calls: Vec<String>,
    pub rows: Vec<Row<'a>>,
}

/// A host's name without the ending of the simulator's names.
fn lane_name(host: &str) -> String {
    host.strip_suffix(".example").filter(|name| !name.is_empty()).unwrap_or(host).to_owned()
}

/// People, graph, bot; others as they come.
fn lanes(wire: &[&Message]) -> Vec<String> {
    const ORDER: [&str; 3] = ["people", "graph", "bot"];
    let mut found: Vec<String> = Vec::new();
    for name in wire.iter().flat_map(|message| [&message.host, &message.peer]) {
        let name = lane_name(name);
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found.sort_by_key(|name| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    found
}

/// Reads a wire.
pub(super) fn read<'a>(wire: &'a [Message], marks: &[Mark]) -> Read<'a> {
    let mut wire: Vec<&Message> = wire.iter().collect();
    wire.sort_by_key(|message| message.seq);
    let pairs = pair(&wire);
    let lanes = lanes(&wire);
    let mut rows: Vec<Row<'a>> = Vec::with_capacity(pairs.len());
    let mut told = Told::new(&wire, &pairs);
    for (number, pair) in pairs.iter().enumerate() {
        rows.push(told.row(number, *pair, &lanes));
    }
    let said = told.said;
    let mut calls: Vec<String> = Vec::new();
    for (row, said) in rows.iter_mut().zip(&said) {
        row.label.clone_from(&said.label);
        (row.noise, row.secret) = (said.noise, said.secret);
        row.call = said.call.as_ref().map(|id| place(&mut calls, id));
    }
    let number_of: BTreeMap<u64, usize> = told.number_of;
    for (mark, seq) in marks.iter().map(|mark| mark.seq).enumerate() {
        let before = || rows.iter().rposition(|row| row.message.seq <= seq);
        let number = number_of.get(&seq).copied().or_else(before).unwrap_or(0);
        if let Some(row) = rows.get_mut(number) {
            row.marks.push(mark);
            row.noise = false;
        }
    }
    let doubled = told.doubled;
    let mut number = 0;
    rows.retain(|row| {
        number += 1;
        !doubled.contains(&(number - 1)) || !row.marks.is_empty()
    });
    let calls = calls.iter().map(|id| label::short(id)).collect();
    Read { lanes, calls, rows }
}

/// Where something stands in a list, which it joins if need be.
fn place(list: &mut Vec<String>, item: &str) -> usize {
    list.iter().position(|known| known == item).unwrap_or_else(|| {
        list.push(item.to_owned());
        list.len() - 1
    })
}

/// What is known across messages: answers belong to requests.
struct Told<'w, 'a> {
    wire: &'w [&'a Message],
    /// The pair of a message's number.
    number_of: BTreeMap<u64, usize>,
    said: Vec<Said>,
    /// Pairs that would say again what another says: the other end of a broken connection.
    doubled: BTreeSet<usize>,
    /// Requests that are known to have been cut off.
    cut: BTreeSet<usize>,
    /// Hosts that look at their wires.
    looking: BTreeSet<&'w str>,
    /// When the last message was seen.
    ended: Timestamp,
}

impl<'w, 'a> Told<'w, 'a> {
    fn new(wire: &'w [&'a Message], pairs: &[Pair]) -> Self {
        let mut number_of = BTreeMap::new();
        for (number, pair) in pairs.iter().enumerate() {
            for at in [pair.sent, pair.came].into_iter().flatten() {
                number_of.insert(wire[at].seq, number);
            }
        }
        let mut told = Self {
            wire,
            number_of,
            said: Vec::new(),
            doubled: BTreeSet::new(),
            cut: BTreeSet::new(),
            looking: wire.iter().map(|message| &*message.host).collect(),
            ended: wire.iter().map(|message| message.at).max().unwrap_or(EPOCH),
        };
        for (number, pair) in pairs.iter().enumerate() {
            let said = told.say(number, wire[pair.first()]);
            told.said.push(said);
        }
        told
    }

    /// What a message says, and what that says of its request.
    fn say(&mut self, number: usize, message: &Message) -> Said {
        match &message.http {
            Http::Request { method, target, body, .. } => label::request(method, target, body),
            Http::Response { to, status, headers, body } => {
                let mut said = label::response(*status, headers, body);
                if let Some(request) = self.asked(*to, number) {
                    let asked = &mut self.said[request];
                    // A failing token or key document is worth being seen.
                    asked.noise &= *status < 400;
                    said.noise = asked.noise;
                    said.secret = asked.secret;
                    asked.call = asked.call.take().or_else(|| said.call.clone());
                    said.call = asked.call.clone();
                }
                said
            }
            Http::Broken { to } => {
                let request = to.and_then(|to| self.asked(to, number));
                let Some(request) = request else {
                    let label = "connection ended in the middle of a message".to_owned();
                    return Said { label, ..Said::default() };
                };
                if !self.cut.insert(request) {
                    self.doubled.insert(number);
                }
                let asked = &mut self.said[request];
                asked.noise = false;
                let label = format!("no response to {}", asked.label);
                Said { label, call: asked.call.clone(), ..Said::default() }
            }
        }
    }

    /// The request with this number, if it was before.
    fn asked(&self, seq: u64, now: usize) -> Option<usize> {
        self.number_of.get(&seq).copied().filter(|&request| request < now)
    }

    fn row(&mut self, number: usize, pair: Pair, lanes: &[String]) -> Row<'a> {
        let message = self.wire[pair.first()];
        let lane = |host: &str| {
            let name = lane_name(host);
            lanes.iter().position(|known| *known == name).unwrap_or_default()
        };
        let (kind, ways) = match message.http {
            Http::Request { .. } => (Kind::Request, message.way),
            Http::Response { .. } => (Kind::Response, message.way),
            Http::Broken { .. } => (Kind::Broken, Way::Sent),
        };
        let (from, to) = match ways {
            Way::Sent => (lane(&message.host), lane(&message.peer)),
            Way::Received => (lane(&message.peer), lane(&message.host)),
        };
        let fate = self.fate(kind, pair);
        if fate == Fate::Lost {
            self.said[number].noise = false;
        }
        Row {
            message,
            at: message.at.saturating_since(EPOCH),
            from,
            to,
            kind,
            label: String::new(),
            call: None,
            fate,
            noise: false,
            secret: false,
            marks: Vec::new(),
        }
    }

    fn fate(&self, kind: Kind, pair: Pair) -> Fate {
        if let Some(came) = pair.came {
            return Fate::Came(self.wire[came].at.saturating_since(EPOCH));
        }
        let message = self.wire[pair.first()];
        match (kind, self.looking.contains(&*message.peer)) {
            (Kind::Broken, _) | (_, false) => Fate::Unseen,
            (_, true) if message.at + LONGEST_STEP >= self.ended => Fate::OnItsWay,
            (_, true) => Fate::Lost,
        }
    }
}
