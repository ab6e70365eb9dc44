//! What is printed, and the bars. Who stops reading, as `| head` does, does not stop a training: a line that nobody takes
//! is lost. Names of files and classes may hold what a terminal obeys: that is written out.

use crate::{device, interrupt};
use indicatif::{ProgressBar, ProgressStyle};
use kontrast::config::Infrastructure;
use kontrast::{Bar, Host, Kept, Runtime};
use kontrast_runlog::human::printable_lines;
use std::cell::OnceCell;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often a spinner turns, and a flag is looked at.
const TURN: Duration = Duration::from_millis(200);

/// A result, to standard output.
pub(crate) fn out(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{}", printable_lines(line));
}

/// Progress, a warning or an error, to standard error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{}", printable_lines(line));
}

/// The person who started the program, or the log that it writes.
#[derive(Default)]
pub(crate) struct Terminal {
    /// Set by signals, from when a command first looks at it: before, Ctrl-C ends the program.
    stop: OnceCell<Arc<AtomicBool>>,
    /// Cores that other programs keep busy, from when a run first asks: all runs of one process take as many threads.
    busy: OnceCell<f64>,
    /// What several runs share.
    kept: Option<Kept>,
}

impl Terminal {
    /// Of a process that trains one experiment after another.
    pub(crate) fn of_several() -> Self {
        Self { kept: Some(Kept::default()), ..Self::default() }
    }
}

impl Host for Terminal {
    fn out(&self, line: &dyn Display) {
        out(line);
    }

    fn note(&self, line: &dyn Display) {
        note(line);
    }

    fn bar(&self, template: &str) -> Box<dyn Bar> {
        if !std::io::stderr().is_terminal() {
            return Box::new(Drawn(ProgressBar::hidden()));
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::no_length().with_style(style.progress_chars("=> "));
        if template.contains("{spinner") {
            bar.enable_steady_tick(TURN);
        }
        Box::new(Drawn(bar))
    }

    fn runtime(&self, wanted: &Infrastructure, earlier: Option<usize>) -> anyhow::Result<Runtime> {
        device::prepare(wanted, earlier, || *self.busy.get_or_init(device::busy))
    }

    fn stop(&self) -> anyhow::Result<Arc<AtomicBool>> {
        if let Some(flag) = self.stop.get() {
            return Ok(Arc::clone(flag));
        }
        let flag = interrupt::on_signals()?;
        Ok(Arc::clone(self.stop.get_or_init(|| flag)))
    }

    fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    fn when_stopped(&self, words: &'static str) {
        let Some(flag) = self.stop.get().map(Arc::clone) else { return };
        let watch = move || {
            while !flag.load(Ordering::Relaxed) {
                thread::sleep(TURN);
            }
            note(words);
        };
        // Where the system gives no thread, the command still says how it ended.
        let _ = thread::Builder::new().spawn(watch);
    }
}

/// A bar on the terminal; without a terminal, hidden.
struct Drawn(ProgressBar);

impl Bar for Drawn {
    fn is_seen(&self) -> bool {
        !self.0.is_hidden()
    }

    fn begin(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
        self.0.reset_eta();
    }

    fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    fn message(&self, words: &str) {
        self.0.set_message(words.to_owned());
    }

    fn line(&self, words: &str) {
        if self.is_seen() {
            self.0.println(printable_lines(words));
        } else {
            note(words);
        }
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
