//! Text that comes from wires, as HTML and Mermaid can take it.

use std::fmt::Write as _;

/// For text and quoted attributes of HTML. Control characters are shown as pictures, and characters that would turn
/// the direction of writing by their numbers.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            _ => push_shown(&mut out, c),
        }
    }
    out
}

/// For Mermaid's messages and notes: one line, in which anything that is more than a letter to Mermaid is an entity.
pub(super) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '#' | ';' | '%' | '<' | '>' | '&' | '"' | '\'' | '`' | '{' | '}' | '\\' | '$' => {
                write!(out, "#{};", u32::from(c)).expect("memory can be written to");
            }
            '\n' | '\t' | '\r' => out.push(' '),
            _ => push_shown(&mut out, c),
        }
    }
    out
}

fn push_shown(out: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..0x20 => out.push(char::from_u32(0x2400 + code).expect("a control picture")),
        0x7f => out.push('\u{2421}'),
        code @ (0x80..0xa0 | 0x200e | 0x200f | 0x2028..=0x202e | 0x2066..=0x2069 | 0xfeff) => {
            write!(out, "[U+{code:04X}]").expect("memory can be written to");
        }
        code if code & 0xfffe == 0xfffe => out.push('\u{fffd}'),
        _ => out.push(c),
    }
}
