//! The same as text for Mermaid.

use std::{fmt::Write as _, time::Duration};

use super::{
    Ladder,
    escape::mermaid as escape,
    html::clock,
    label::clip,
    rows::{Fate, Kind, Row},
    window::{Item, window},
};

/// Mermaid draws at most 500 edges by default.
const ROWS: usize = 480;
/// Mermaid reads at most 50,000 characters by default.
const SIZE: usize = 49_000;
/// Most characters of a label, and of a sentence.
const LABEL: usize = 80;
const SENTENCE: usize = 400;

/// As many arrows as Mermaid takes.
pub(super) fn diagram(ladder: &Ladder<'_>) -> String {
    let mut rows = ladder.limit.min(ROWS);
    loop {
        let text = with(ladder, rows);
        if text.chars().count() <= SIZE || rows <= 8 {
            return text;
        }
        rows = (rows / 2).max(8);
    }
}

fn with(ladder: &Ladder<'_>, limit: usize) -> String {
    let mut out = "sequenceDiagram\n".to_owned();
    for (lane, name) in ladder.lanes.iter().enumerate() {
        line(&mut out, &format!("participant p{lane} as {}", escape(&clip(name, LABEL))));
    }
    if ladder.lanes.is_empty() {
        line(&mut out, "participant p0 as nobody");
    }
    let window = window(ladder, limit, false);
    if window.noise_left_out > 0 {
        let count = window.noise_left_out;
        note(ladder, &mut out, &format!("{count} messages of polling, tokens and keys left out"));
    }
    for item in &window.items {
        match item {
            Item::Row(row) => arrow(ladder, &mut out, row),
            Item::Gap(count, from, to) => note(ladder, &mut out, &gap(*count, *from, *to)),
        }
    }
    // A mark on nothing: there were no messages at all.
    if ladder.rows.is_empty() {
        for mark in &ladder.marks {
            note(ladder, &mut out, &format!("✗ {}: {}", mark.invariant, mark.text));
        }
    }
    out
}

/// What is said of a gap.
pub(super) fn gap(count: usize, from: Duration, to: Duration) -> String {
    let word = if count == 1 { "message" } else { "messages" };
    format!("{count} {word} from {} to {} left out", clock(from), clock(to))
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "    {text}").expect("memory can be written to");
}

/// A note across all lanes.
fn note(ladder: &Ladder<'_>, out: &mut String, text: &str) {
    let over = match ladder.lanes.len() {
        0 | 1 => "p0".to_owned(),
        n => format!("p0,p{}", n - 1),
    };
    line(out, &format!("Note over {over}: {}", escape(&clip(text, SENTENCE))));
}

fn arrow(ladder: &Ladder<'_>, out: &mut String, row: &Row<'_>) {
    let bad = row.marks.contains(&0);
    if bad {
        line(out, "rect rgb(255, 215, 215)");
    }
    let (from, to) = (row.from, row.to);
    let label = escape(&format!("{} {}", clock(row.at), clip(&row.label, LABEL)));
    let head = match (row.kind, row.fate) {
        (Kind::Broken, _) => "",
        (Kind::Request, Fate::Lost) => "-x",
        (Kind::Request, _) => "->>",
        (Kind::Response, Fate::Lost) => "--x",
        (Kind::Response, _) => "-->>",
    };
    match (row.kind, row.fate) {
        (Kind::Broken, _) => line(out, &format!("Note over p{from}: ✕ {label}")),
        (_, Fate::Lost) => line(out, &format!("p{from}{head}p{to}: {label} (lost)")),
        (_, Fate::OnItsWay) => line(out, &format!("p{from}{head}p{to}: {label} (on its way)")),
        (_, _) => line(out, &format!("p{from}{head}p{to}: {label}")),
    }
    for mark in row.marks.iter().map(|&mark| &ladder.marks[mark]) {
        note(ladder, out, &format!("✗ {}: {}", mark.invariant, mark.text));
    }
    if bad {
        line(out, "end");
    }
}
