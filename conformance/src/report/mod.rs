//! What came of it, for people and for machines.

mod console;
mod files;
mod json;
mod junit;
pub mod saved;
mod sheet;

use crate::{case::Case, cases};

pub use console::{explain, list, table};
pub use files::{
    ReportError, check_folder, check_targets, print_whole, read_at_most, same_file, write_whole,
};
pub use json::{catalogue, summary as json};
pub use junit::junit;
pub use sheet::{Media, Outcome, Row, Sheet, Sound, Trouble};

/// `1 world`, `2 worlds`.
pub fn count(many: usize, word: &str) -> String {
    match many {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}

/// A word as a shell takes it for one.
pub fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:+=,@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn case_of(id: &str) -> &'static Case {
    cases::ALL.into_iter().find(|case| case.id == id).expect("reports name cases of the catalogue")
}
