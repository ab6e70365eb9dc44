//! What a person sees while scores are made: a line a score, and a bar where probes take minutes.

use crate::host::{Bar, Host};
use kontrast_eval::{LayerScore, Milestone, Report, Scored};
use kontrast_runlog::human;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Without a terminal, at most one line of epochs in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Lines and bar.
pub(crate) struct ScoreLines {
    bar: Box<dyn Bar>,
    /// Epochs of probes that are done.
    epochs: Cell<u64>,
    /// When a line was last said.
    said: Cell<Instant>,
    /// When the score that is being made was begun.
    begun: Cell<Instant>,
}

impl ScoreLines {
    pub(crate) fn new(host: &dyn Host) -> Self {
        let bar = host.bar("{bar:24} {pos}/{len} epochs of probes, {eta} left, {msg}");
        let now = Instant::now();
        Self { bar, epochs: Cell::new(0), said: Cell::new(now), begun: Cell::new(now) }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish();
    }

    pub(crate) fn show(&self, scored: Scored, milestone: Milestone<'_>) {
        match milestone {
            Milestone::Started(_) => {
                self.epochs.set(0);
                self.begun.set(Instant::now());
            }
            Milestone::Maps { stage, bytes } => {
                let words = format!("maps of stage {stage}, {}", human::bytes(bytes));
                // What a machine runs out of is known before it does.
                self.line(&format!("{scored}, {words}"));
                self.bar.message(&words);
            }
            Milestone::Epoch { stage, probe, epoch, epochs, probes } => {
                if self.epochs.get() == 0 {
                    self.bar.begin(0, u64::from(epochs) * probes as u64);
                }
                self.epochs.update(|done| done + 1);
                self.bar.set(self.epochs.get());
                self.on_the_way(
                    scored,
                    &format!("stage {stage}, {}: epoch {epoch}/{epochs}", probe.as_str()),
                );
            }
            Milestone::Scored(report) => {
                let took = human::seconds(self.begun.get().elapsed().as_secs_f64());
                self.line(&format!("{scored}, {}: {} in {took}", what(report), found(report)));
                self.begun.set(Instant::now());
            }
        }
    }

    /// Beside the bar; without a terminal a line where the last is a while ago.
    fn on_the_way(&self, scored: Scored, words: &str) {
        if !self.bar.is_seen() && self.said.get().elapsed() >= QUIET {
            self.line(&format!("{scored}, {words}"));
        }
        self.bar.message(words);
    }

    fn line(&self, line: &str) {
        self.bar.line(line);
        self.said.set(Instant::now());
    }
}

/// Top-1, or what else was measured.
fn found(report: &Report) -> String {
    let top1 = report.top1();
    if top1.is_finite() {
        return format!("{top1:.1} %");
    }
    report.metrics.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
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
