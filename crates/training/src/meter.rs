//! Throughput: how long steps took, and how much of that they waited for data.

use kontrast_methods::{Accuracy, Part, StepOutput};
use kontrast_runlog::LossPart;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tch::{Kind, Tensor};

/// Sums over a whole run; a checkpoint holds them, so they go on after a resume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Seconds in steps and in waiting for their data; not in evaluation or checkpoints.
    pub train_seconds: f64,
    /// Of these, seconds of waiting for data.
    pub wait_seconds: f64,
    /// Images trained on, each counted once a step.
    pub images: u64,
    /// Views that went forward through the network.
    pub forward_passes: u64,
    /// Loss of the very first step.
    pub loss_first: Option<f64>,
    /// Mean loss of the last record.
    pub loss_last: Option<f64>,
    /// The loss with all candidates alike, its uniform value.
    pub loss_chance: Option<f64>,
}

impl Totals {
    /// Images per second of training.
    pub fn images_per_second(&self) -> Option<f64> {
        (self.train_seconds > 0.0).then(|| self.images as f64 / self.train_seconds)
    }

    /// Fraction of the training time that steps waited for data.
    pub fn data_wait_percent(&self) -> Option<f64> {
        (self.train_seconds > 0.0).then(|| 100.0 * self.wait_seconds / self.train_seconds)
    }
}

/// The steps since the last record.
#[derive(Debug, Default)]
pub(crate) struct Window {
    images: u64,
    losses: Vec<Tensor>,
    gradient_norms: Vec<Tensor>,
    /// Losses of the parts of each step's loss.
    parts: Vec<Vec<Tensor>>,
    total: Duration,
    waited: Duration,
}

impl Window {
    pub(crate) fn add(
        &mut self,
        images: u64,
        output: &StepOutput,
        gradient_norm: Tensor,
        total: Duration,
        waited: Duration,
    ) {
        self.images += images;
        self.losses.push(output.loss.shallow_clone());
        self.gradient_norms.push(gradient_norm);
        self.parts.push(output.parts.iter().map(|part| part.loss.shallow_clone()).collect());
        self.total += total;
        self.waited += waited;
    }

    /// Adds what the device still needed after the last step was handed to it.
    pub(crate) fn add_tail(&mut self, tail: Duration) {
        self.total += tail;
    }

    /// Waits for the device; until here no step had to.
    pub(crate) fn mean_loss(&self) -> f64 {
        mean(&self.losses)
    }

    /// Waits for the device.
    pub(crate) fn mean_gradient_norm(&self) -> f64 {
        mean(&self.gradient_norms)
    }

    /// The parts of the loss: means of their losses, and the answers of the last step, whose parts these are.
    pub(crate) fn mean_parts(&self, last: &[Part]) -> Vec<LossPart> {
        let each = last.iter().enumerate().map(|(index, part)| {
            let losses: Vec<_> = self.parts.iter().map(|of_step| of_step[index].shallow_clone()).collect();
            LossPart {
                name: part.name.clone(),
                loss: mean(&losses),
                uniform: part.uniform,
                accuracy: part.accuracy.as_ref().map(percent),
                accuracy_chance: part.accuracy.as_ref().map(|accuracy| 100.0 * accuracy.chance),
            }
        });
        each.collect()
    }

    /// Waits for the device; none where no step was added.
    pub(crate) fn last_loss(&self) -> Option<f64> {
        self.losses.last().map(|loss| loss.double_value(&[]))
    }

    pub(crate) fn images_per_second(&self) -> f64 {
        self.images as f64 / self.total.as_secs_f64().max(1e-9)
    }

    pub(crate) fn data_wait_percent(&self) -> f64 {
        100.0 * self.waited.as_secs_f64() / self.total.as_secs_f64().max(1e-9)
    }
}

/// The fraction of right answers in per cent; waits for the device.
pub(crate) fn percent(accuracy: &Accuracy) -> f64 {
    100.0 * accuracy.fraction.double_value(&[])
}

/// Waits for the device.
fn mean(scalars: &[Tensor]) -> f64 {
    Tensor::stack(scalars, 0).mean(Kind::Double).double_value(&[])
}
