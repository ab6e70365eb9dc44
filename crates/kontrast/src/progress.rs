//! What a person sees of the training: a bar on a terminal, plain lines elsewhere.

use crate::host::{Bar, Host};
use kontrast_runlog::{LossPart, human};
use kontrast_training::StepRecord;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Without a terminal, at most one line in this time, so that a log of hours stays readable.
const QUIET: Duration = Duration::from_secs(5);

/// The progress of one training.
pub(crate) struct ProgressLine {
    bar: Box<dyn Bar>,
    steps: u64,
    epochs: u32,
    said: Option<Instant>,
    epoch: u32,
}

impl ProgressLine {
    pub(crate) fn new(steps: u64, done: u64, epochs: u32, host: &dyn Host) -> Self {
        let bar = host.bar("{bar:24} {pos}/{len} steps, {eta} left, {msg}");
        bar.begin(done, steps);
        Self { bar, steps, epochs, said: None, epoch: 0 }
    }

    pub(crate) fn step(&self, step: u64) {
        self.bar.set(step);
    }

    /// A line now and then, and at each new epoch on a terminal.
    pub(crate) fn record(&mut self, record: &StepRecord) {
        self.bar.message(&format!("loss {:.3}", record.loss));
        let last = record.step == self.steps;
        let due = if self.bar.is_seen() {
            record.epoch != self.epoch || last
        } else {
            last || self.said.is_none_or(|said| said.elapsed() >= QUIET)
        };
        if due {
            self.said = Some(Instant::now());
            self.epoch = record.epoch;
            self.line_above(&self.line(record));
        }
    }

    /// A line of its own, above the bar.
    pub(crate) fn line_above(&self, line: &str) {
        self.bar.line(line);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish();
    }

    fn line(&self, record: &StepRecord) -> String {
        let mut line = format!(
            "epoch {}/{}, step {}/{}: loss {:.3}",
            record.epoch, self.epochs, record.step, self.steps, record.loss
        );
        if let Some(uniform) = record.uniform {
            let _ = write!(line, " (uniform {uniform:.3})");
        }
        if let Some(accuracy) = record.diagnosis.contrastive_accuracy {
            let _ = write!(line, ", contrastive accuracy {accuracy:.1} %");
        }
        if record.parts.is_empty() {
            line += &right(record.pretext_accuracy, record.pretext_chance);
        } else {
            let _ = write!(line, " [{}]", record.parts.iter().map(part).collect::<Vec<_>>().join("; "));
        }
        let left =
            (self.steps - record.step) as f64 * record.totals.train_seconds / record.step.max(1) as f64;
        let _ = write!(
            line,
            ", std {:.2}, {:.0} images/s, {:.1} % waiting for data, {} left",
            record.diagnosis.std,
            record.images_per_second,
            record.data_wait_percent,
            human::seconds(left)
        );
        line
    }
}

/// One part of the loss: `tasks.1.rotation 0.987 (uniform 1.386), 61.3 % right (25.0 % by chance)`.
fn part(part: &LossPart) -> String {
    let uniform = part.uniform.map(|uniform| format!(" (uniform {uniform:.3})"));
    let right = right(part.accuracy, part.accuracy_chance);
    format!("{} {:.3}{}{right}", part.name, part.loss, uniform.unwrap_or_default())
}

/// Right answers beside those of guessing; empty where nothing is asked.
fn right(accuracy: Option<f64>, chance: Option<f64>) -> String {
    let words = accuracy.zip(chance).map(|(accuracy, chance)| {
        format!(", {} right ({} by chance)", human::percent(accuracy), human::percent(chance))
    });
    words.unwrap_or_default()
}
