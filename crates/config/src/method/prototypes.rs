//! Methods that compare how views are assigned to prototypes.

use serde::{Deserialize, Serialize};

use super::{Head, Momentum};
use crate::Train;
use crate::problems::Problems;

/// SwAV: one view's prototypes are predicted from another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swav {
    /// Temperature of the prediction.
    pub temperature: f64,
    /// How soft the codes are: the entropy's weight in the assignment.
    pub epsilon: f64,
    /// Rounds of Sinkhorn and Knopp's algorithm.
    pub iterations: u32,
    /// Prototypes.
    pub prototypes: u32,
    /// First steps in which the prototypes stay as they are.
    pub frozen_steps: u64,
    /// Embeddings of earlier batches that are assigned along with a batch, where there are such.
    pub queue: Option<SwavQueue>,
    /// The head before the prototypes.
    pub projector: Head,
}

/// SwAV's queue, for batches that are small beside the number of prototypes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwavQueue {
    /// Embeddings of each large view.
    pub length: usize,
    /// The epoch from which they take part, counted from 0; not the first, in which the queue is filled.
    pub from_epoch: u32,
}

/// DINO: a student predicts what a slow, centred and sharpened teacher makes of other views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dino {
    /// Temperature of the student.
    pub student_temperature: f64,
    /// Temperature of the teacher.
    pub teacher_temperature: TeacherTemperature,
    /// Fraction of itself that the centre keeps at each step.
    pub centre_momentum: f64,
    /// Momentum of the teacher.
    pub momentum: Momentum,
    /// First epochs in which the last layer stays as it is.
    pub frozen_epochs: u32,
    /// Prototypes: the width of the output.
    pub prototypes: u32,
    /// The head before the prototypes, with GELU between its layers; its last width is the bottleneck, which is brought
    /// to unit length.
    pub projector: Head,
}

/// The teacher's temperature over the first epochs, in equal steps from epoch to epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherTemperature {
    /// In the first epoch of a warm-up.
    pub base: f64,
    /// After the warm-up, and from there on.
    #[serde(rename = "final")]
    pub last: f64,
    /// Epochs from one to the other; with 0 there is no warm-up.
    pub warmup_epochs: u32,
}

impl Swav {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.positive(&format!("{key}.epsilon"), self.epsilon);
        problems.require(
            self.iterations >= 1,
            &format!("{key}.iterations"),
            &self.iterations,
            "at least 1 round",
        );
        several(key, self.prototypes, problems);
        if let Some(queue) = &self.queue {
            super::whole_batches(&format!("{key}.queue.length"), queue.length, train.batch, problems);
            let from = queue.from_epoch;
            let expected = "1 or above: at first the queue holds random directions";
            let from_key = format!("{key}.queue.from_epoch");
            problems.require(from >= 1, &from_key, &from, expected);
            before_the_end(&from_key, from, "the queue takes part from there on", train, problems);
        }
        super::some_layer(key, &self.projector, problems);
    }
}

impl Dino {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        problems.positive(&format!("{key}.student_temperature"), self.student_temperature);
        problems.positive(&format!("{key}.teacher_temperature.base"), self.teacher_temperature.base);
        problems.positive(&format!("{key}.teacher_temperature.final"), self.teacher_temperature.last);
        problems.below_one(&format!("{key}.centre_momentum"), self.centre_momentum);
        self.momentum.check(&format!("{key}.momentum"), problems);
        let frozen = format!("{key}.frozen_epochs");
        before_the_end(&frozen, self.frozen_epochs, "the last layer is trained after them", train, problems);
        let warmup = self.teacher_temperature.warmup_epochs;
        let expected = format!("0 to train.epochs = {}", train.epochs);
        let warmup_key = format!("{key}.teacher_temperature.warmup_epochs");
        problems.require(warmup <= train.epochs.max(1), &warmup_key, &warmup, &expected);
        several(key, self.prototypes, problems);
        super::some_layer(key, &self.projector, problems);
    }
}

/// With one prototype there is nothing to tell apart.
fn several(key: &str, prototypes: u32, problems: &mut Problems) {
    problems.require(prototypes >= 2, &format!("{key}.prototypes"), &prototypes, "at least 2 prototypes");
}

/// What begins after the last epoch never does.
fn before_the_end(key: &str, epoch: u32, why: &str, train: &Train, problems: &mut Problems) {
    let expected = format!("below train.epochs = {}: {why}", train.epochs);
    problems.require(epoch < train.epochs.max(1), key, &epoch, &expected);
}
