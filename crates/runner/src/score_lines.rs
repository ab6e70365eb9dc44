//! What a person sees while scores are made: a line a score, and a bar where probes take minutes.

use crate::log;
use indicatif::{ProgressBar, ProgressStyle};
use kontrast_eval::{LayerScore, Milestone, Report, Whose};
use kontrast_runlog::human;
use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Without a terminal, at most one line of epochs in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Lines and bar.
pub(crate) struct ScoreLines {
    bar: ProgressBar,
    /// When a line was last said.
    said: Cell<Instant>,
    /// When the score that is being made was begun.
    begun: Cell<Instant>,
}

impl ScoreLines {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let bar = if std::io::stderr().is_terminal() {
            let style =
                ProgressStyle::with_template("{bar:24} {pos}/{len} epochs of probes, {eta} left, {msg}")?;
            ProgressBar::no_length().with_style(style.progress_chars("=> "))
        } else {
            ProgressBar::hidden()
        };
        let now = Instant::now();
        Ok(Self { bar, said: Cell::new(now), begun: Cell::new(now) })
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn hear(&self, whose: Whose, milestone: Milestone<'_>) {
        match milestone {
            Milestone::Started(_) => {
                self.bar.reset();
                self.begun.set(Instant::now());
            }
            Milestone::Maps { stage, bytes } => {
                let words = format!("maps of stage {stage}, {}", human::bytes(bytes));
                // What a machine runs out of is known before it does.
                self.say(&format!("{whose}, {words}"));
                self.bar.set_message(words);
            }
            Milestone::Epoch { stage, probe, epoch, epochs, probes } => {
                self.bar.set_length(u64::from(epochs) * probes as u64);
                self.bar.inc(1);
                self.on_the_way(whose, format!("stage {stage}, {}: epoch {epoch}/{epochs}", probe.as_str()));
            }
            Milestone::Scored(report) => {
                let took = human::seconds(self.begun.get().elapsed().as_secs_f64());
                self.say(&format!("{whose}, {}: {:.1} % in {took}", what(report), report.top1()));
                self.begun.set(Instant::now());
            }
        }
    }

    /// Beside the bar; without a terminal a line where the last is a while ago.
    fn on_the_way(&self, whose: Whose, words: String) {
        if self.bar.is_hidden() && self.said.get().elapsed() >= QUIET {
            self.say(&format!("{whose}, {words}"));
        }
        self.bar.set_message(words);
    }

    fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            log::note(line);
        } else {
            self.bar.println(line);
        }
        self.said.set(Instant::now());
    }
}

/// Which score it is: of a probe also the map that it saw.
fn what(report: &Report) -> String {
    match report.layer() {
        Some(LayerScore { stage, channels, side, probe, .. }) => {
            format!("stage {stage} ({channels}x{side}x{side}), {probe}")
        }
        None => report.name.clone(),
    }
}
