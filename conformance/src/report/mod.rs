//! What came of it, for people and for machines.

mod console;
mod files;
mod json;
mod junit;
pub mod saved;

use crate::{case::Case, cases};

pub use console::{explain, list, table};
pub use files::{ReportError, check_targets, print_whole, write_whole};
pub use json::{catalogue, summary as json};
pub use junit::junit;

fn case_of(id: &str) -> &'static Case {
    cases::ALL.into_iter().find(|case| case.id == id).expect("reports name cases of the catalogue")
}
