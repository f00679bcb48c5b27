//! A bar on a terminal, for what takes longer than two seconds.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use conformance::{CaseReport, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over by then needs no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bar; it draws nothing where standard error is no terminal.
#[derive(Default)]
pub struct Bar(Mutex<Option<State>>);

struct State {
    begun: Instant,
    bar: ProgressBar,
}

impl Bar {
    /// So much is to be done.
    pub fn begin(&self, worlds: usize) {
        let bar = ProgressBar::with_draw_target(Some(worlds as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} worlds, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let begun = Instant::now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(State { begun, bar });
    }

    /// One more is done.
    pub fn step(&self) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(State { begun, bar }) = state.as_ref() else { return };
        bar.inc(1);
        if begun.elapsed() > PATIENCE && bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Lets somebody else write to the terminal.
    pub fn aside(&self, write: impl FnOnce()) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.as_ref() {
            Some(State { bar, .. }) => bar.suspend(write),
            None => write(),
        }
    }

    /// All is done.
    pub fn end(&self) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(State { bar, .. }) = state.as_ref() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn begins(&self, worlds: usize) {
        self.begin(worlds);
    }

    fn over(&self, _: &CaseReport) {
        self.step();
    }

    fn ends(&self) {
        self.end();
    }
}
