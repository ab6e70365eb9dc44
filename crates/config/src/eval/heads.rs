//! `[eval.linear_adam]`, `[eval.linear_views]`, `[eval.mlp]`: classifiers on frozen features, trained in three further ways.

use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Softmax regression by Adam on cached features as they are, its rate falling exponentially from epoch to epoch (W-MSE,
/// Ermolov et al. 2021, arXiv 2007.06346, section 5.1). Its last epoch is scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinearAdam {
    /// Passes over the features.
    ///
    /// Range: 1 or above; 500 in W-MSE
    pub epochs: u32,
    /// Features of a step.
    ///
    /// Range: 1 or above; 1,000 in the published code of W-MSE
    pub batch: usize,
    /// The rate of the first epoch.
    ///
    /// Range: above 0; 0.01 in W-MSE
    pub lr: f64,
    /// The rate that an epoch after the last would have: rates fall towards it exponentially.
    ///
    /// Range: above 0, at most `lr`; 1e-6 in W-MSE
    pub last_lr: f64,
    /// Weight decay, added to the gradient.
    ///
    /// Range: 0 or above; 5e-6 in W-MSE
    pub weight_decay: f64,
}

/// Softmax regression from zero by SGD with momentum 0.9 along half a cosine. Each training image is cropped and flipped
/// anew in each epoch (SimCLR, arXiv 2002.05709, appendix B.6; MoCo, arXiv 1911.05722, section 4.1). The rate is chosen
/// on `eval.validation` of the training images, and the probe trained again on all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinearViews {
    /// Passes over the images, each of which the encoder sees; as many again where there are several rates.
    ///
    /// Range: 1 or above; 90 in SimCLR, 100 in MoCo
    pub epochs: u32,
    /// Images of a step.
    ///
    /// Range: 1 or above; 256 in MoCo
    pub batch: usize,
    /// The rates at the beginning to choose from.
    ///
    /// Range: at least one, above 0, each once; 30 in MoCo
    pub lrs: Vec<f64>,
    /// Weight decay.
    ///
    /// Range: 0 or above; 0 in MoCo
    pub weight_decay: f64,
    /// The least fraction of an image's area that a crop keeps; crops are flipped half of the time.
    ///
    /// Range: above 0, at most 1; 0.08 in torchvision
    pub least_area: f64,
}

/// Hidden layers with batch norm and ReLU and a linear layer, on standardised features, by AdamW along half a cosine. Its
/// last epoch is scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Widths of the hidden layers.
    ///
    /// Range: at least one, each 1 or above
    pub widths: Vec<usize>,
    /// Passes over the features.
    ///
    /// Range: 1 or above
    pub epochs: u32,
    /// Features of a step.
    ///
    /// Range: 2 or above
    pub batch: usize,
    /// The rate at the beginning.
    ///
    /// Range: above 0
    pub lr: f64,
    /// Decoupled weight decay; biases and norms go without.
    ///
    /// Range: 0 or above
    pub weight_decay: f64,
}

impl ProtocolSpec for LinearAdam {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { epochs, batch, lr, last_lr, weight_decay } = self;
        problems.require(*epochs >= 1, "eval.linear_adam.epochs", epochs, "at least 1");
        problems.require(*batch >= 1, "eval.linear_adam.batch", batch, "at least 1");
        problems.positive("eval.linear_adam.lr", *lr);
        let falls = *last_lr > 0.0 && last_lr <= lr;
        let expected = format!("above 0, at most eval.linear_adam.lr = {lr:?}");
        problems.require(falls, "eval.linear_adam.last_lr", last_lr, &expected);
        problems.not_negative("eval.linear_adam.weight_decay", *weight_decay);
    }

    fn scores(&self) -> Vec<String> {
        vec!["linear_adam".to_owned()]
    }
}

impl ProtocolSpec for LinearViews {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { epochs, batch, lrs, weight_decay, least_area } = self;
        problems.require(*epochs >= 1, "eval.linear_views.epochs", epochs, "at least 1");
        problems.require(*batch >= 1, "eval.linear_views.batch", batch, "at least 1");
        let some = super::some_each_once(lrs) && lrs.iter().all(|lr| *lr > 0.0 && lr.is_finite());
        problems.require(some, "eval.linear_views.lrs", lrs, "at least one number, each above 0 and once");
        problems.not_negative("eval.linear_views.weight_decay", *weight_decay);
        let within = *least_area > 0.0 && *least_area <= 1.0;
        problems.require(within, "eval.linear_views.least_area", least_area, "above 0, at most 1");
    }

    fn scores(&self) -> Vec<String> {
        vec!["linear_views".to_owned()]
    }

    fn validates(&self, score: &str) -> bool {
        score == "linear_views" && self.lrs.len() > 1
    }
}

impl ProtocolSpec for Mlp {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { widths, epochs, batch, lr, weight_decay } = self;
        let some = !widths.is_empty() && widths.iter().all(|width| *width >= 1);
        problems.require(some, "eval.mlp.widths", widths, "at least one number, each at least 1");
        problems.require(*epochs >= 1, "eval.mlp.epochs", epochs, "at least 1");
        let expected = "at least 2: batch norm compares the images of a batch";
        problems.require(*batch >= 2, "eval.mlp.batch", batch, expected);
        problems.positive("eval.mlp.lr", *lr);
        problems.not_negative("eval.mlp.weight_decay", *weight_decay);
    }

    fn scores(&self) -> Vec<String> {
        vec!["mlp".to_owned()]
    }
}
