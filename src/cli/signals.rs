//! Signals: what a run does before it ends by one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::answer::ExitStatus;

/// A file grew above the limit of the process (`ulimit -f`). Linux on all architectures but MIPS, and the BSDs, number it so.
const SIGXFSZ: i32 = 25;

/// Arranges that limits of the system end a run with an error instead of a signal: a file that may not grow is an error of writing, and
/// memory that runs out, of which the standard library says so before it aborts, ends with the exit code of errors.
///
/// # Errors
///
/// When the system takes no handler.
pub(super) fn turn_limits_into_errors() -> io::Result<()> {
    flag::register(SIGXFSZ, Arc::default())?;
    let status = i32::from(ExitStatus::Errors.code());
    flag::register_conditional_shutdown(SIGABRT, status, Arc::new(AtomicBool::new(true)))?;
    Ok(())
}

/// Notes that somebody asked the run to end, so that it can clean up first. Asked twice, the run ends at once.
#[derive(Debug, Clone)]
pub(super) struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Watches for Ctrl-C, a closed terminal and `kill`.
    ///
    /// # Errors
    ///
    /// When the system takes no handler.
    pub(super) fn watch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGHUP, SIGTERM] {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    /// Returns whether the run shall end.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
