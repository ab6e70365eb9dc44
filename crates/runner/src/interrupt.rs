//! Ctrl-C, SIGTERM and a parent that is gone: each asks the run to stop at its next step.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted run.
pub(crate) const INTERRUPTED: i32 = 130;

/// A flag that signals set. A second signal ends the process at once; the last checkpoint is whole all the same.
pub(crate) fn on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Sets the flag when standard input ends: the parent holds its other end.
pub(crate) fn when_input_ends(flag: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while matches!(std::io::stdin().read(&mut buffer), Ok(read) if read > 0) {}
        flag.store(true, Ordering::Relaxed);
    });
}
