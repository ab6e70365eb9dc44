//! `[eval.fine_tuning]`: the encoder is trained on with some of the labels.

use super::spec::{ProtocolSpec, numbered};
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// A copy of the encoder with a linear classifier on it, trained on a fraction of the labels, the same number of images of
/// each class (SimCLR, arXiv 2002.05709, section 6 and appendix B.5). Random weights trained alike are the baseline: the
/// same network from scratch. Beside it stands logistic regression on frozen features of the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FineTuning {
    /// How many of the training images have their labels used, in per cent: a score each, `fine_tuning_1`, beside `frozen_1`
    /// of frozen features.
    ///
    /// Range: at least one, each 1 to 100 and once
    pub percents: Vec<u32>,
    /// How often the images are drawn: a training each; one where all are taken.
    ///
    /// Range: 1 or above
    pub draws: u32,
    /// Steps of a training, of which the best is chosen with the rate: in the first draw, on `eval.validation` of the
    /// training images, which no label is taken from meanwhile.
    ///
    /// Range: at least one, each 1 or above
    pub steps: Vec<u64>,
    /// Images of a step; fewer where there are fewer.
    ///
    /// Range: 2 or above
    pub batch: usize,
    /// The rates at the beginning to choose from; they fall along half a cosine.
    ///
    /// Range: at least one, above 0
    pub lrs: Vec<f64>,
    /// Weight decay.
    ///
    /// Range: 0 or above
    pub weight_decay: f64,
    /// The least fraction of an image's area that a training crop keeps; crops are flipped half of the time.
    ///
    /// Range: above 0, at most 1; 0.08 in torchvision
    pub least_area: f64,
}

impl ProtocolSpec for FineTuning {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { percents, draws, steps, batch, lrs, weight_decay, least_area } = self;
        let some =
            super::some_each_once(percents) && percents.iter().all(|percent| (1..=100).contains(percent));
        let expected = "at least one whole number, each 1 to 100 and once";
        problems.require(some, "eval.fine_tuning.percents", percents, expected);
        problems.require(*draws >= 1, "eval.fine_tuning.draws", draws, "at least 1");
        let some = super::some_each_once(steps) && steps.iter().all(|count| *count >= 1);
        problems.require(
            some,
            "eval.fine_tuning.steps",
            steps,
            "at least one number, each at least 1 and once",
        );
        problems.require(*batch >= 2, "eval.fine_tuning.batch", batch, "at least 2");
        let some = super::some_each_once(lrs) && lrs.iter().all(|lr| *lr > 0.0 && lr.is_finite());
        problems.require(some, "eval.fine_tuning.lrs", lrs, "at least one number, each above 0 and once");
        problems.not_negative("eval.fine_tuning.weight_decay", *weight_decay);
        let within = *least_area > 0.0 && *least_area <= 1.0;
        problems.require(within, "eval.fine_tuning.least_area", least_area, "above 0, at most 1");
    }

    fn scores(&self) -> Vec<String> {
        [numbered("fine_tuning", &self.percents), numbered("frozen", &self.percents)].concat()
    }
}
