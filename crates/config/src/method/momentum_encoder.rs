//! Methods with a momentum encoder of the encoder, or with stored embeddings.

use serde::{Deserialize, Serialize};

use super::{Head, Momentum};
use crate::Train;
use crate::problems::Problems;

/// MoCo v1, v2 and v2+: a query attracts the key of its image, and a queue of earlier keys repels it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moco {
    /// Temperature of InfoNCE.
    pub temperature: f64,
    /// Momentum of the key encoder.
    pub momentum: Momentum,
    /// Keys of earlier batches.
    pub queue: usize,
    /// Whether both views are queries in turn (v2+), or the first alone.
    pub symmetric: bool,
    /// Splits of the batch that batch norm sees one at a time; keys are shuffled between them, so
    /// that no query finds its key by their common statistics. 1 is ordinary batch norm.
    pub bn_splits: u32,
    /// The head that the loss sees: one layer in v1, two in v2.
    pub projector: Head,
}

/// MoCo v3: keys of the same batch, with a predictor and no queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mocov3 {
    /// Temperature of InfoNCE.
    pub temperature: f64,
    /// Momentum of the key encoder.
    pub momentum: Momentum,
    /// The head on the encoder.
    pub projector: Head,
    /// The head that only queries pass.
    pub predictor: Head,
}

/// Instance discrimination (NPID): each image is a class of its own, kept in a memory bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Npid {
    /// Temperature of the similarities.
    pub temperature: f64,
    /// Slots drawn from the bank as negatives, for each image of the batch.
    pub negatives: usize,
    /// Fraction of itself that a slot of the bank keeps when its image is seen again.
    pub bank_momentum: f64,
    /// Fraction of itself that the normaliser Z keeps at each step: 1 keeps the first batch's, as in the paper.
    pub normaliser_momentum: f64,
    /// The head that the loss sees.
    pub projector: Head,
}

/// BYOL: the online network predicts what a momentum encoder makes of the other view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Byol {
    /// Momentum of the target.
    pub momentum: Momentum,
    /// The head on the encoder.
    pub projector: Head,
    /// The head that only the online network has; without it embeddings collapse.
    pub predictor: Head,
}

/// SimSiam: a predictor and a stop-gradient, without a momentum encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simsiam {
    /// Whether the target passes no gradient; without that embeddings collapse (figure 2 of the paper).
    pub stop_gradient: bool,
    /// Whether the predictor keeps the peak learning rate while the schedule lowers the others'.
    pub predictor_fixed_lr: bool,
    /// The head on the encoder.
    pub projector: Head,
    /// The head that predicts the other view.
    pub predictor: Head,
}

impl Moco {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.momentum.check(&format!("{key}.momentum"), problems);
        super::whole_batches(&format!("{key}.queue"), self.queue, train.batch, problems);
        let batch = train.batch.max(1);
        // A queue that is no multiple of the batch is a problem already.
        if self.symmetric && self.queue.is_multiple_of(batch) {
            let expected = format!(
                "a multiple of twice train.batch = {}: with {key}.symmetric both views are keys",
                train.batch
            );
            let both = self.queue.is_multiple_of(2 * batch);
            problems.require(both, &format!("{key}.queue"), &self.queue, &expected);
        }
        let devices = self.bn_splits as usize;
        // What goes through the network at once is split.
        let (at_once, images) =
            train.chunk.map_or(("train.batch", train.batch), |chunk| ("train.chunk", chunk));
        let fits = devices >= 1 && images.is_multiple_of(devices) && images / devices.max(1) >= 2;
        let expected = format!("a divisor of {at_once} = {images} that leaves two images or more a device");
        problems.require(fits, &format!("{key}.bn_splits"), &devices, &expected);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Mocov3 {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        self.momentum.check(&format!("{key}.momentum"), problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        super::predicts(key, &self.predictor, &self.projector, problems);
    }
}

impl Npid {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.require(
            self.negatives >= 1,
            &format!("{key}.negatives"),
            &self.negatives,
            "at least 1 image",
        );
        problems.below_one(&format!("{key}.bank_momentum"), self.bank_momentum);
        let kept = self.normaliser_momentum;
        let key_of_z = format!("{key}.normaliser_momentum");
        problems.require((0.0..=1.0).contains(&kept), &key_of_z, &kept, "0 to 1; 1 keeps the first batch's");
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Byol {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.momentum.check(&format!("{key}.momentum"), problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        super::predicts(key, &self.predictor, &self.projector, problems);
    }
}

impl Simsiam {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        super::predicts(key, &self.predictor, &self.projector, problems);
    }
}
