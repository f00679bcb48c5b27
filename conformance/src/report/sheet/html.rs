//! One page that loads nothing: a table, and each case folded away with its story and its ladder.

use std::fmt::Write as _;

use sim::ladder::Ladder;

use super::{Media, Outcome, Row, Sheet, Sound};

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");
/// Most arrows of the ladder of a case that failed.
const ARROWS_FAILED: usize = 400;
/// And of any other.
const ARROWS: usize = 80;
/// Height of a picture of sound, and width of one of its columns.
const SOUND: usize = 49;
const COLUMN: usize = 2;

impl Sheet {
    /// The page. Without scripts everything can be read; those only filter.
    pub fn html(&self) -> String {
        let mut out = String::new();
        let title = html(&self.title);
        put(
            &mut out,
            format_args!(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
                 <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
                 style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
                 <title>{title}</title>\n<style>\n{}{CSS}</style>\n</head>\n<body>\n<h1>{title}</h1>",
                Ladder::css()
            ),
        );
        put(&mut out, format_args!("<p class=\"counts\">{}</p>", html(&self.counted())));
        for more in self.beside() {
            put(&mut out, format_args!("<p class=\"beside\">{}</p>", html(&more)));
        }
        put(&mut out, format_args!("<dl class=\"about\">"));
        for (name, value) in &self.facts {
            put(&mut out, format_args!("<dt>{}</dt><dd>{}</dd>", html(name), html(value)));
        }
        put(&mut out, format_args!("</dl>"));
        if let Some((why, said)) = &self.not_started {
            put(
                &mut out,
                format_args!("<section class=\"failed\"><h2>Not started</h2><p>{}</p>", html(why)),
            );
            lines(&mut out, said);
            put(&mut out, format_args!("</section>"));
        }
        put(
            &mut out,
            format_args!(
                "<p class=\"filter\" id=\"filter\" hidden><label><input type=\"checkbox\" id=\"only\"> only what \
                 did not pass</label></p>\n<main>"
            ),
        );
        let mut topic = "";
        for (number, row) in self.rows.iter().enumerate() {
            if row.case.topic() != topic {
                topic = row.case.topic();
                put(&mut out, format_args!("<h2>{}</h2>", html(topic)));
            }
            self.case(&mut out, number, row);
        }
        put(&mut out, format_args!("</main>\n<script>\n{JS}</script>\n</body>\n</html>"));
        out
    }

    fn case(&self, out: &mut String, number: usize, row: &Row) {
        let (class, case, rule) = (class(row.outcome), row.case, row.case.rule);
        let open = if row.outcome == Outcome::Failed { " open" } else { "" };
        let seconds = row.took.as_secs_f64();
        put(
            out,
            format_args!(
                "<details class=\"case {class}\" id=\"{}\"{open}><summary><b>{}</b> <code>{}</code> {} \
                 <small>{} · {seconds:.1} s</small></summary>",
                html(case.id),
                html(row.outcome.word()),
                html(case.id),
                html(case.title),
                case.level.word(),
            ),
        );
        let contract = rule.contract.map(|id| format!(", {id}")).unwrap_or_default();
        put(
            out,
            format_args!(
                "<p>{}</p><p class=\"source\">{} ({}{contract}): {}</p><ol class=\"steps\">",
                html(rule.says),
                html(rule.id),
                rule.sourced.word(),
                html(rule.source),
            ),
        );
        for step in case.steps {
            put(out, format_args!("<li>{}</li>", html(step)));
        }
        put(out, format_args!("</ol>"));
        if let Some(note) = row.note.as_ref().filter(|note| !note.is_empty()) {
            put(out, format_args!("<p class=\"note\">{}</p>", html(note)));
        }
        if let Some(failure) = &row.failure {
            put(out, format_args!("<dl class=\"wrong\">"));
            if let Some(trouble) = row.trouble {
                put(out, format_args!("<dt>the bot</dt><dd>{}</dd>", trouble.word()));
            }
            put(
                out,
                format_args!(
                    "<dt>expected</dt><dd>{}</dd><dt>actual</dt><dd>{}</dd>\
                     <dt>again</dt><dd><code>{} {}</code></dd></dl>",
                    html(&failure.expected),
                    html(&failure.actual),
                    html(&self.again),
                    html(case.id),
                ),
            );
        }
        lines(out, &row.said);
        media(out, &row.media);
        if !row.wire.is_empty() {
            let most = if row.outcome == Outcome::Failed { ARROWS_FAILED } else { ARROWS };
            let ladder = Ladder::new(&row.wire, &[]).at_most(most);
            out.push_str(&ladder.section(case.title, &format!("c{number}-")));
        }
        put(out, format_args!("</details>"));
    }
}

/// Figures, and what was heard as pictures.
fn media(out: &mut String, media: &Media) {
    if !media.figures.is_empty() {
        put(out, format_args!("<dl class=\"figures\">"));
        for (name, value) in &media.figures {
            put(out, format_args!("<dt>{}</dt><dd>{value}</dd>", html(name)));
        }
        put(out, format_args!("</dl>"));
    }
    for Sound { who, call, seconds, peaks } in &media.sounds {
        let caption = html(&format!("what {who} heard in call {call}, {seconds:.1} s"));
        let width = peaks.len() * COLUMN;
        put(
            out,
            format_args!(
                "<figure><svg class=\"sound\" width=\"{width}\" height=\"{SOUND}\" viewBox=\"0 0 {width} {SOUND}\" \
                 role=\"img\"><title>{caption}</title><path d=\"{}\"/></svg><figcaption>{caption}</figcaption></figure>",
                wave(peaks)
            ),
        );
    }
}

/// A line from the loudest to the same below, for each column.
fn wave(peaks: &[u8]) -> String {
    let mut path = String::new();
    for (column, peak) in peaks.iter().enumerate() {
        let half = usize::from(*peak) * (SOUND / 2 - 1) / 100;
        let (x, top) = (column * COLUMN, SOUND / 2 - half);
        write!(path, "M{x} {top}v{}", half * 2 + 1).expect("memory can be written to");
    }
    path
}

fn lines(out: &mut String, said: &[String]) {
    if said.is_empty() {
        return;
    }
    put(out, format_args!("<p class=\"note\">The bot's last lines:</p><pre class=\"said\">"));
    for words in said {
        put(out, format_args!("{}", html(words)));
    }
    put(out, format_args!("</pre>"));
}

const fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed | Outcome::PassedUnexpectedly => "failed",
        Outcome::FailedAsExpected => "known",
        Outcome::Skipped => "skipped",
        Outcome::Broken => "broken",
    }
}

/// Text as text.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What a terminal takes for colours, a page shows as nothing.
            letter if letter.is_control() && letter != '\n' && letter != '\t' => {}
            letter => out.push(letter),
        }
    }
    out
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("memory can be written to");
    out.push('\n');
}
