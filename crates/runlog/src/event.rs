//! One line of `events.jsonl`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::nan::null_is_nan;
use crate::{LossPart, Status};

/// One line of `events.jsonl`. `step` counts the steps that are done, so the first step's is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins; whatever was logged before is void.
    Start {
        /// When, in UTC.
        time: String,
        /// The command that repeats the run.
        command: String,
        /// The digest of the configuration.
        digest: String,
        /// The version of Kontrast.
        version: String,
        /// The device in words.
        device: String,
        /// Threads of libtorch.
        threads: usize,
        /// Trained weights, head included.
        parameters: u64,
        /// Images of an epoch before the last, incomplete batch is dropped.
        train_images: usize,
        /// Steps of the whole run.
        steps: u64,
    },
    /// A run goes on from a checkpoint; whatever was logged after that step is void.
    Resume {
        /// When, in UTC.
        time: String,
        /// Steps done at the checkpoint.
        step: u64,
        /// Epochs done at the checkpoint.
        epoch: u32,
        /// Threads of libtorch.
        threads: usize,
    },
    /// What was measured since the last such line.
    Step {
        /// Steps done.
        step: u64,
        /// The epoch at work, from 1.
        epoch: u32,
        /// Mean loss.
        #[serde(deserialize_with = "null_is_nan")]
        loss: f64,
        /// The loss of guessing, where the method has one.
        loss_chance: Option<f64>,
        /// Learning rate of the last step.
        lr: f64,
        /// Mean norm of all gradients together, before a limit shortened them.
        #[serde(default)]
        gradient_norm: Option<f64>,
        /// Images, not views.
        images_per_second: f64,
        /// Fraction of the time that steps waited for data.
        data_wait_percent: f64,
        /// How often the second view of an image is the nearest to its first, in per cent, where there are two.
        contrastive_accuracy: Option<f64>,
        /// The losses that the loss is put together from, where they are several.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        loss_parts: Vec<LossPart>,
        /// Right predictions of the pretext task in the batch, in per cent, where the method has a pretext task.
        #[serde(default, alias = "puzzle_accuracy")]
        pretext_accuracy: Option<f64>,
        /// Standard deviation of the embedding times the square root of its width; 1 where it fills the sphere.
        #[serde(rename = "deviation")]
        std: Option<f64>,
        /// How many dimensions the embedding uses: the exponential of the entropy of its singular values.
        effective_rank: Option<f64>,
        /// How many dimensions the representation uses.
        #[serde(default)]
        representation_rank: Option<f64>,
        /// Mean squared distance of the embeddings of two views; 0 where they agree.
        #[serde(default)]
        alignment: Option<f64>,
        /// How evenly the embeddings fill the sphere; 0 where they are one point.
        #[serde(default)]
        uniformity: Option<f64>,
        /// Seconds of training until here, over resumes.
        seconds: f64,
    },
    /// What an evaluation found.
    Score {
        /// Steps done.
        step: u64,
        /// Epochs done.
        epoch: u32,
        /// Top-1 in per cent of each protocol.
        top1: BTreeMap<String, f64>,
    },
    /// A checkpoint is whole.
    Checkpoint {
        /// Steps done.
        step: u64,
        /// Epochs done.
        epoch: u32,
        /// Its file, relative to the run directory.
        file: String,
    },
    /// A process ends its work on the run.
    End {
        /// When, in UTC.
        time: String,
        /// How it ended.
        status: Status,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl Event {
    /// The end of a run, now.
    pub fn end(status: Status, hint: Option<String>) -> Self {
        Self::End { time: now(), status, hint }
    }

    /// The steps that were done when it was logged, where the event belongs to a step.
    pub fn step(&self) -> Option<u64> {
        match self {
            Self::Step { step, .. } | Self::Score { step, .. } | Self::Checkpoint { step, .. } => Some(*step),
            Self::Start { .. } | Self::Resume { .. } | Self::End { .. } => None,
        }
    }
}

/// The time in UTC, to the second.
pub fn now() -> String {
    in_words(SystemTime::now())
}

/// A clock that is far off has seconds instead of a date: no year above 9999 can be written.
fn in_words(time: SystemTime) -> String {
    let date = jiff::Timestamp::try_from(time).and_then(|at| jiff::Timestamp::from_second(at.as_second()));
    date.map_or_else(
        |_| {
            let after = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("{} s after 1970-01-01T00:00:00Z", after.as_secs())
        },
        |date| date.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn field_any_time_of_the_clock_has_words() {
        let at = |seconds: i64| {
            let span = Duration::from_secs(seconds.unsigned_abs());
            in_words(if seconds < 0 { UNIX_EPOCH - span } else { UNIX_EPOCH + span })
        };
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(-1), "1969-12-31T23:59:59Z");
        assert_eq!(at(-2_208_988_800), "1900-01-01T00:00:00Z");
        assert_eq!(at(1_778_313_600), "2026-05-09T08:00:00Z");
        assert_eq!(at(253_402_300_800), "253402300800 s after 1970-01-01T00:00:00Z");
        assert_eq!(at(i64::MAX), "9223372036854775807 s after 1970-01-01T00:00:00Z");
    }
}
