//! Words for what is wrong with something that was written by hand, or by nobody knows whom.

use std::fmt::Write as _;

/// So many of a thing, in words: `1 event`, `2 events`.
pub(crate) fn plural(n: usize, word: &str) -> String {
    match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}

/// Most characters of something that was met in a file, in what is said about it.
const MET: usize = 80;

/// The known name that is most like the unknown one, if one is like it at all.
pub fn meant<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let unknown: String = unknown.chars().take(MET).collect();
    let by_distance = known
        .iter()
        .map(|name| (strsim::levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), *name));
    let (distance, name) = by_distance.min()?;
    (distance <= name.len().max(unknown.len()) / 2).then_some(name)
}

/// Something that was met in a file, fit for a terminal: at most 80 characters, and none that controls anything.
pub fn shown(met: &str) -> String {
    let mut out = String::new();
    for (number, letter) in met.chars().enumerate() {
        if number == MET {
            out.push('…');
            break;
        }
        push(&mut out, letter);
    }
    out
}

/// What a reader of JSON says, fit for a terminal: whatever it quotes is [`shown`].
pub fn plain(said: &str) -> String {
    let (mut out, mut quoted) = (String::new(), String::new());
    for letter in said.chars() {
        if matches!(letter, '`' | '"') {
            out.push_str(&shown(&quoted));
            out.push(letter);
            quoted.clear();
        } else {
            quoted.push(letter);
        }
    }
    out.push_str(&shown(&quoted));
    out
}

fn push(out: &mut String, letter: char) {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if letter.is_control() || turns {
        write!(out, "{}", letter.escape_unicode()).expect("memory can be written to");
    } else {
        out.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_is_short_and_harmless() {
        assert_eq!(shown("\u{1b}[31mred"), "\\u{1b}[31mred");
        let long = "x".repeat(5_000);
        assert_eq!(shown(&long).chars().count(), MET + 1);
        let said = plain(&format!("unknown variant `{long}`, expected `a` or `b\u{7}`"));
        assert!(said.len() < 200 && said.ends_with("expected `a` or `b\\u{7}`"), "{said}");
    }

    #[test]
    fn names_are_guessed_when_they_are_alike() {
        assert_eq!(meant("anser", &["answer", "get"]), Some("answer"));
        assert_eq!(meant("xyzzy", &["answer", "get"]), None);
    }
}
