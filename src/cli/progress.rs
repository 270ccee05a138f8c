//! One line on a terminal that says how far a long run is.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::console::ProgressTerminal;
use super::signals::Interruption;
use crate::fleet::FleetProgress;

/// Counts finished sites. Draws nothing where there is no terminal, and nothing for few sites.
#[derive(Debug)]
pub(super) struct ProgressLine {
    total: usize,
    done: AtomicUsize,
    is_shown: bool,
    interruption: Option<Interruption>,
}

/// Below this number of sites a run is too short to watch.
const WORTH_SHOWING: usize = 20;
/// Moves to the start of the line and erases it (ECMA-48 `EL`).
const ERASE: &str = "\r\u{1b}[K";

impl ProgressLine {
    /// Starts to count.
    pub(super) fn new(total: usize, terminal: ProgressTerminal) -> Self {
        let is_allowed = terminal == ProgressTerminal::Present;
        Self {
            total,
            done: AtomicUsize::new(0),
            is_shown: is_allowed && total >= WORTH_SHOWING,
            interruption: None,
        }
    }

    /// Ends the run before the next site when somebody asks for it.
    pub(super) fn until(mut self, interruption: Interruption) -> Self {
        self.interruption = Some(interruption);
        self
    }
}

impl FleetProgress for ProgressLine {
    fn site_done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let every = (self.total / 200).max(1);
        if self.is_shown && (done.is_multiple_of(every) || done == self.total) {
            let mut err = io::stderr().lock();
            // A progress line that cannot be drawn is no loss.
            let _ = write!(err, "{ERASE}{done} of {} sites", self.total);
            let _ = err.flush();
        }
    }

    fn is_interrupted(&self) -> bool {
        self.interruption
            .as_ref()
            .is_some_and(Interruption::is_asked)
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr().lock(), "{ERASE}");
        }
    }
}
