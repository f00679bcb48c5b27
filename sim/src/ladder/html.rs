//! The page.

use std::{fmt::Write as _, time::Duration};

use super::{
    Ladder, Mark,
    escape::html,
    label::clip,
    mermaid::gap,
    raw::{raw, seen},
    rows::{Fate, Kind, Row},
    strip,
    window::{Item, Window, window},
};
use crate::plan::plural;

pub(super) const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");
/// Once raw messages make up so many bytes, the rest is not shown.
const RAW: usize = 16 << 20;
/// The same in a page with several diagrams, for each.
const RAW_SECTION: usize = 256 << 10;
/// Most calls in the legend, and most marks in the list.
const LISTED: usize = 200;

/// Virtual time since the world began: `1:02:03.040`, or `2:03.040` in the first hour.
pub(super) fn clock(at: Duration) -> String {
    let (all, ms) = (at.as_secs(), at.subsec_millis());
    let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}.{ms:03}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{ms:03}"),
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("memory can be written to");
    out.push('\n');
}

/// The whole page.
pub(super) fn page(ladder: &Ladder<'_>, title: &str) -> String {
    let window = window(ladder, ladder.limit, true);
    let mut out = String::new();
    let name = html(&clip(title, 200));
    put(
        &mut out,
        format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
             <title>{name}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<h1>{name}</h1>"
        ),
    );
    put(&mut out, format_args!("<p class=\"facts\">{}</p>", html(&facts(ladder, &window))));
    marks(&mut out, ladder, &window);
    legend(&mut out, ladder);
    if ladder.rows.iter().any(|row| row.noise) && window.noise_left_out == 0 {
        let noise = ladder.rows.iter().filter(|row| row.noise).count();
        put(
            &mut out,
            format_args!(
                "<input type=\"checkbox\" id=\"noise\"><label for=\"noise\"> also polling, tokens and keys \
                 ({noise} messages)</label>"
            ),
        );
    }
    put(&mut out, format_args!("<main class=\"ladder\">"));
    arrows(&mut out, ladder, &window, (title, ""), RAW);
    put(&mut out, format_args!("</main>\n<script>\n{JS}</script>\n</body>\n</html>"));
    out
}

/// The diagram without a page around it.
pub(super) fn section(ladder: &Ladder<'_>, title: &str, prefix: &str) -> String {
    let window = window(ladder, ladder.limit, false);
    let mut out = String::new();
    put(&mut out, format_args!("<p class=\"facts\">{}</p>", html(&facts(ladder, &window))));
    put(&mut out, format_args!("<div class=\"ladder\">"));
    arrows(&mut out, ladder, &window, (title, prefix), RAW_SECTION);
    put(&mut out, format_args!("</div>"));
    out
}

/// Who takes part, and what they said; ids begin with the prefix.
fn arrows(
    out: &mut String,
    ladder: &Ladder<'_>,
    window: &Window<'_, '_>,
    (title, prefix): (&str, &str),
    mut room: usize,
) {
    let what = format!("Message sequence chart: {}", ladder.lanes.join(", "));
    let what = format!("{what}. {}", facts(ladder, window));
    let head = strip::head(&ladder.lanes, (title, prefix), &what);
    put(out, format_args!("<div class=\"head\">{head}</div>"));
    for item in &window.items {
        match item {
            Item::Row(row) => details(out, ladder, row, prefix, &mut room),
            Item::Gap(count, from, to) => {
                let strip = strip::gap(ladder.lanes.len(), &gap(*count, *from, *to));
                put(out, format_args!("<div class=\"gaprow line\"><time></time>{strip}</div>"));
            }
        }
    }
}

/// How much there is, and how much of it is shown.
fn facts(ladder: &Ladder<'_>, window: &Window<'_, '_>) -> String {
    let (messages, calls) = (ladder.rows.len(), ladder.calls.len());
    let lost = ladder.rows.iter().filter(|row| row.fate == Fate::Lost).count();
    let (messages, calls) = (plural(messages, "message"), plural(calls, "call"));
    let mut out = format!("{messages}, {calls}, {lost} lost. Times are virtual.");
    if window.noise_left_out > 0 {
        let count = window.noise_left_out;
        write!(out, " Left out: {count} messages of polling, tokens and keys.").expect("memory");
    }
    if window.left_out > 0 {
        write!(out, " Left out: {} other messages.", window.left_out).expect("memory");
    }
    out
}

fn marks(out: &mut String, ladder: &Ladder<'_>, window: &Window<'_, '_>) {
    if ladder.marks.is_empty() {
        return;
    }
    let shown = |mark: usize| {
        window.items.iter().find_map(|item| match item {
            Item::Row(row) if row.marks.contains(&mark) => Some(row.message.seq),
            Item::Row(_) | Item::Gap(..) => None,
        })
    };
    put(out, format_args!("<ol class=\"marks\">"));
    for (number, mark) in ladder.marks.iter().enumerate().take(LISTED) {
        let class = if number == 0 { " class=\"first\"" } else { "" };
        let sentence = html(&sentence(mark));
        match shown(number) {
            Some(seq) => {
                put(out, format_args!("<li{class}><a href=\"#m{seq}\">{sentence}</a></li>"));
            }
            None => put(out, format_args!("<li{class}>{sentence} (message left out)</li>")),
        }
    }
    if let Some(more @ 1..) = ladder.marks.len().checked_sub(LISTED) {
        put(out, format_args!("<li>… {more} more</li>"));
    }
    put(out, format_args!("</ol>"));
}

fn sentence(mark: &Mark) -> String {
    format!("✗ {}: {}", clip(&mark.invariant, 100), clip(&mark.text, 1_000))
}

/// The calls in their colours, and the tools.
fn legend(out: &mut String, ladder: &Ladder<'_>) {
    let calls = || ladder.calls.iter().map(|id| html(id)).enumerate().take(LISTED);
    if !ladder.calls.is_empty() {
        out.push_str("<p class=\"calls\">Calls: ");
        for (call, id) in calls() {
            let hue = Ladder::hue(call);
            write!(out, "<span class=\"h{hue}\">{id}</span> ").expect("memory can be written to");
        }
        if let Some(more @ 1..) = ladder.calls.len().checked_sub(LISTED) {
            write!(out, "… {more} more").expect("memory can be written to");
        }
        put(out, format_args!("</p>"));
    }
    put(out, format_args!("<div class=\"tools\" id=\"tools\" hidden>"));
    put(out, format_args!("<label>Call <select id=\"call\"><option value=\"\">all</option>"));
    for (call, id) in calls() {
        put(out, format_args!("<option value=\"{call}\">{id}</option>"));
    }
    put(out, format_args!("</select></label>"));
    put(
        out,
        format_args!("<label><input type=\"checkbox\" id=\"all\"> open all messages</label></div>"),
    );
}

/// A row: the arrow, what is wrong with it, and the raw message folded away.
fn details(out: &mut String, ladder: &Ladder<'_>, row: &Row<'_>, prefix: &str, room: &mut usize) {
    let mut class = "row".to_owned();
    let mut add = |on: bool, name: &str| {
        if on {
            class.push(' ');
            class.push_str(name);
        }
    };
    add(row.kind == Kind::Response, "answer");
    add(row.fate == Fate::Lost, "lost");
    add(row.noise, "noise");
    add(!row.marks.is_empty(), "marked");
    add(row.marks.contains(&0), "bad");
    if let Some(call) = row.call {
        add(true, &format!("h{}", Ladder::hue(call)));
    }
    let call = row.call.map(|call| format!(" data-call=\"{call}\"")).unwrap_or_default();
    let (seq, at, strip) = (row.message.seq, clock(row.at), strip::row(ladder, row));
    put(out, format_args!("<details class=\"{class}\" id=\"{prefix}m{seq}\"{call}>"));
    put(out, format_args!("<summary><span class=\"line\"><time>{at}</time>{strip}</span>"));
    for mark in row.marks.iter().map(|&mark| &ladder.marks[mark]) {
        put(out, format_args!("<span class=\"sentence\">{}</span>", html(&sentence(mark))));
    }
    let fate = match row.fate {
        Fate::Came(when) => format!("came at {}", clock(when)),
        Fate::Lost => "never came".to_owned(),
        Fate::OnItsWay => "was on its way when the world ended".to_owned(),
        Fate::Unseen => "nobody saw what became of it".to_owned(),
    };
    let fate = if row.kind == Kind::Broken { String::new() } else { format!("; {fate}") };
    let seen = html(&format!("{}{fate}", seen(row.message)));
    put(out, format_args!("</summary>\n<div class=\"raw\"><p>{seen}</p>"));
    let text = html(&raw(row.message, row.secret));
    let fits = text.len() <= *room;
    *room -= if fits { text.len() } else { 0 };
    let text = if fits { &text } else { "(not shown: the page is large enough)" };
    put(out, format_args!("<pre>{text}</pre></div></details>"));
}
