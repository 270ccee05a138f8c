//! One line on a terminal that says how far a long run is.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts finished sites. Draws nothing where there is no terminal, and nothing for few sites.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    done: AtomicUsize,
    shown: bool,
}

/// Below this number of sites a run is too short to watch.
const WORTH_SHOWING: usize = 20;

impl Progress {
    pub(super) fn new(total: usize, allowed: bool) -> Self {
        Self {
            total,
            done: AtomicUsize::new(0),
            shown: allowed && total >= WORTH_SHOWING,
        }
    }

    /// Counts one more.
    pub(super) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let every = (self.total / 200).max(1);
        if self.shown && (done.is_multiple_of(every) || done == self.total) {
            let mut err = io::stderr().lock();
            // A progress line that cannot be drawn is no loss.
            let _ = write!(err, "\r\u{1b}[K{done} of {} sites", self.total);
            let _ = err.flush();
        }
    }

    /// Wipes the line.
    pub(super) fn finish(&self) {
        if self.shown {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}
