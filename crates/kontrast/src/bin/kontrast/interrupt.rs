//! Ctrl-C, SIGTERM, a closed terminal and a parent that is gone: each asks the run to stop at its next step.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Exit code of an interrupted run.
const INTERRUPTED: i32 = 130;

/// A flag that signals set. A second signal ends the process at once; the last checkpoint is whole all the same.
pub(crate) fn on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    // Under nohup a closed terminal is to be ignored, and stays so.
    let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
        signal_hook::flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Whether whoever started this process had the signal ignored, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// Lets a write beyond the limit of a file's size (`ulimit -f`) fail with a message, instead of ending the process.
pub(crate) fn files_may_be_too_large() {
    // Where that cannot be asked for, the system's default stays.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}
