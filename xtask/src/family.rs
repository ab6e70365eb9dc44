//! Children beside which xtask stays.

use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};

/// Exit code of an interrupted run.
pub const INTERRUPTED: u8 = 130;

/// Tells whether xtask was interrupted, while children run.
#[derive(Clone, Debug, Default)]
pub struct Family {
    interrupted: Arc<AtomicBool>,
}

impl Family {
    /// From now on SIGINT and SIGTERM end no more than the children, which write a checkpoint first.
    pub fn new() -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        Ok(Self { interrupted })
    }

    /// Whether to start no more children.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Runs a child that is done in a moment, and returns its exit code.
    pub fn call(mut command: Command) -> Result<u8> {
        let status = command.stdin(Stdio::null()).status();
        status.map(code).with_context(|| format!("{} does not start", command.get_program().display()))
    }
}

/// The exit code of several: an interruption first, then a failure, then wrong arguments, then a run that learned
/// nothing.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| [0, 3, 2, 1, INTERRUPTED].iter().position(|known| known == code).unwrap_or(3);
    codes.into_iter().max_by_key(rank).unwrap_or(0)
}

/// A child that died of a signal failed.
pub fn code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
impl Family {
    /// One that was interrupted.
    pub fn of_interrupted() -> Self {
        Self { interrupted: Arc::new(AtomicBool::new(true)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_code_is_the_code_of_all() {
        assert_eq!(worst([0, 3, 0]), 3);
        assert_eq!(worst([3, 1, 2]), 1);
        assert_eq!(worst([1, 130, 0]), 130);
        assert_eq!(worst([]), 0);
    }

    #[test]
    fn a_child_ends_with_its_code_and_one_that_was_killed_failed() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Family::call(command).unwrap()
        };
        assert_eq!(shell("exit 3"), 3);
        assert_eq!(shell("kill -9 $$"), 1);
    }
}
