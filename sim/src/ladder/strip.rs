//! The drawing of one row: lifelines, and an arrow across them.
//!
//! Every row is a picture of its own height, and lifelines run from edge to edge: rows join to one diagram, and it
//! stays one when rows are filtered out or a page ends between them.

use std::fmt::Write as _;

use super::{
    Ladder,
    escape::html,
    label::clip,
    rows::{Fate, Kind, Row},
};

/// From lifeline to lifeline.
const GAP: usize = 400;
/// From the edge to the first lifeline.
const EDGE: usize = 110;
/// Height of a row.
const HEIGHT: usize = 36;
/// Where the arrow is.
const LINE: usize = 26;

/// Width of a diagram.
pub(super) fn width(lanes: usize) -> usize {
    EDGE * 2 + GAP * lanes.saturating_sub(1)
}

const fn x(lane: usize) -> usize {
    EDGE + GAP * lane
}

fn lifelines(out: &mut String, lanes: usize, from: usize) {
    for lane in 0..lanes {
        let x = x(lane);
        put(out, format_args!(r#"<path class="life" d="M{x} {from}V{HEIGHT}"/>"#));
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("memory can be written to");
}

fn open(out: &mut String, lanes: usize, attributes: &str) {
    let width = width(lanes);
    put(
        out,
        format_args!(
            r#"<svg width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" role="img"{attributes}>"#
        ),
    );
}

/// Who takes part.
pub(super) fn head(lanes: &[String], (title, prefix): (&str, &str), description: &str) -> String {
    let mut out = String::new();
    let ids = format!(r#" aria-labelledby="{prefix}ladder-title {prefix}ladder-desc""#);
    open(&mut out, lanes.len(), &ids);
    let (title, description) = (html(title), html(description));
    put(&mut out, format_args!(r#"<title id="{prefix}ladder-title">{title}</title>"#));
    put(&mut out, format_args!(r#"<desc id="{prefix}ladder-desc">{description}</desc>"#));
    lifelines(&mut out, lanes.len(), 28);
    for (lane, name) in lanes.iter().enumerate() {
        let (x, left, name) = (x(lane), x(lane) - 100, html(&clip(name, 26)));
        put(
            &mut out,
            format_args!(
                r#"<rect class="who" x="{left}" y="3" width="200" height="25" rx="4"/><text class="name" x="{x}" y="20">{name}</text>"#
            ),
        );
    }
    out + "</svg>"
}

/// Lifelines with a word between them.
pub(super) fn gap(lanes: usize, text: &str) -> String {
    let mut out = String::new();
    open(&mut out, lanes, "");
    lifelines(&mut out, lanes, 0);
    let middle = width(lanes) / 2;
    put(&mut out, format_args!(r#"<text class="gap" x="{middle}" y="22">{}</text>"#, html(text)));
    out + "</svg>"
}

/// What a row says, for those who hear it.
pub(super) fn spoken(ladder: &Ladder<'_>, row: &Row<'_>) -> String {
    let (from, to) = (&ladder.lanes[row.from], &ladder.lanes[row.to]);
    let fate = match row.fate {
        Fate::Lost => ", lost",
        Fate::OnItsWay => ", on its way when the world ended",
        Fate::Came(_) | Fate::Unseen => "",
    };
    format!("{from} to {to}: {}{fate}", row.label)
}

/// One arrow.
pub(super) fn row(ladder: &Ladder<'_>, row: &Row<'_>) -> String {
    let mut out = String::new();
    let lanes = ladder.lanes.len();
    open(&mut out, lanes, "");
    put(&mut out, format_args!("<title>{}</title>", html(&spoken(ladder, row))));
    lifelines(&mut out, lanes, 0);
    match row.kind {
        Kind::Broken => cut(&mut out, row),
        Kind::Request | Kind::Response if row.from == row.to => turn(&mut out, row),
        Kind::Request | Kind::Response => arrow(&mut out, row),
    }
    out + "</svg>"
}

/// The label over the middle of an arrow.
fn arrow(out: &mut String, row: &Row<'_>) {
    let (from, to) = (x(row.from), x(row.to));
    let middle = usize::midpoint(from, to);
    let lost = row.fate == Fate::Lost;
    let end = if lost { (from + 3 * to) / 4 } else { to };
    put(out, format_args!(r#"<path class="arrow" d="M{from} {LINE}H{end}"/>"#));
    let right = to > from;
    if lost {
        cross(out, end);
    } else {
        let (tip, back) = (to, if right { to - 9 } else { to + 9 });
        let (top, low) = (LINE - 4, LINE + 4);
        put(out, format_args!(r#"<path class="tip" d="M{tip} {LINE}L{back} {top}V{low}Z"/>"#));
    }
    let room = from.abs_diff(to) / 7;
    let word = match row.fate {
        Fate::Lost => " (lost)",
        Fate::OnItsWay => " (on its way)",
        Fate::Came(_) | Fate::Unseen => "",
    };
    let label = html(&(clip(&row.label, room - word.len()) + word));
    put(out, format_args!(r#"<text x="{middle}" y="18">{label}</text>"#));
}

fn cross(out: &mut String, at: usize) {
    let (left, right, top, low) = (at - 6, at + 6, LINE - 6, LINE + 6);
    put(
        out,
        format_args!(
            r#"<path class="cross" d="M{left} {top}L{right} {low}M{left} {low}L{right} {top}"/>"#
        ),
    );
}

/// Somebody who talks to themselves.
fn turn(out: &mut String, row: &Row<'_>) {
    let (from, label) = (x(row.from), html(&clip(&row.label, 44)));
    let side = from + 8;
    put(out, format_args!(r#"<path class="arrow" d="M{from} 12h40v{LINE}H{side}"/>"#));
    put(out, format_args!(r#"<text class="beside" x="{}" y="18">{label}</text>"#, from + 48));
}

/// A connection that ended.
fn cut(out: &mut String, row: &Row<'_>) {
    let at = x(row.from);
    cross(out, at);
    let label = html(&clip(&row.label, 48));
    let (class, at) = match row.from > row.to {
        true => ("before", at - 12),
        false => ("beside", at + 12),
    };
    put(out, format_args!(r#"<text class="{class}" x="{at}" y="{}">{label}</text>"#, LINE + 4));
}
