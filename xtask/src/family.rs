//! Children that train, beside which xtask stays: Ctrl-C reaches them, and they do not outlive it.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};

/// Exit code of an interrupted run.
pub const INTERRUPTED: u8 = 130;

/// Runs children until it is interrupted.
#[derive(Clone, Debug)]
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

    /// Runs one child to its end and returns its exit code. Its standard input is a pipe that ends with xtask; the
    /// child is told of it by `--stop-with-parent`. Without a log it writes where xtask does.
    pub fn run(&self, mut command: Command, log: Option<File>) -> Result<u8> {
        command.arg("--stop-with-parent").stdin(Stdio::piped());
        if let Some(log) = log {
            command.stdout(log.try_clone()?).stderr(log);
        }
        let child = command.spawn();
        let mut child =
            child.with_context(|| format!("{} does not start", command.get_program().display()))?;
        let status = self.wait(&mut child)?;
        Ok(code(status))
    }

    /// Runs a child that is done in a moment, and returns its exit code.
    pub fn call(mut command: Command) -> Result<u8> {
        let status = command.stdin(Stdio::null()).status();
        status.map(code).with_context(|| format!("{} does not start", command.get_program().display()))
    }

    /// A signal that reached xtask alone reaches the child through the pipe.
    fn wait(&self, child: &mut Child) -> Result<ExitStatus> {
        let mut pipe = child.stdin.take();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if self.is_interrupted() {
                drop(pipe.take());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The exit code of several: an interruption first, then a failure, then wrong arguments, then a run that learned
/// nothing.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| [0, 3, 2, 1, INTERRUPTED].iter().position(|known| known == code).unwrap_or(3);
    codes.into_iter().max_by_key(rank).unwrap_or(0)
}

/// A child that died of a signal failed.
fn code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        // `--stop-with-parent` becomes $0.
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_worst_code_is_the_code_of_all() {
        assert_eq!(worst([0, 3, 0]), 3);
        assert_eq!(worst([3, 1, 2]), 1);
        assert_eq!(worst([1, 130, 0]), 130);
        assert_eq!(worst([]), 0);
    }

    #[test]
    fn a_child_ends_with_its_code_and_one_that_was_killed_failed() {
        let family = Family { interrupted: Arc::default() };
        assert_eq!(family.run(shell("exit 3"), None).unwrap(), 3);
        assert_eq!(family.run(shell("kill -9 $$"), None).unwrap(), 1);
    }

    #[test]
    fn an_interruption_ends_the_input_of_the_child() {
        let family = Family { interrupted: Arc::new(AtomicBool::new(true)) };
        assert_eq!(family.run(shell("cat; exit 130"), None).unwrap(), INTERRUPTED);
    }

    #[test]
    fn a_log_takes_what_the_child_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let family = Family { interrupted: Arc::default() };
        family.run(shell("echo one; echo two >&2"), Some(File::create(&path).unwrap())).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one\ntwo\n");
    }
}
