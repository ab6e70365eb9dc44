//! `[eval.head]`: what the projection head throws away.

use super::spec::ProtocolSpec;
use crate::Encoder;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// An MLP, as `mlp` trains it, predicts of an image whether it was made gray, by how many quarters it was turned, whether
/// noise was added and whether it went through Sobel's filter: once from the encoder's representation `h`, once from the
/// embedding `z` that the projector makes of it (SimCLR, arXiv 2002.05709, table 3). Each is drawn for half of the images,
/// and each of four turns for a quarter. Beside them stands the class of undistorted images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeadProbes {
    /// Training images that the MLPs learn from, drawn; all where there are fewer.
    ///
    /// Range: 2 or above
    pub train: usize,
    /// Test images that scores are of, drawn; all where there are fewer.
    ///
    /// Range: 1 or above
    pub test: usize,
    /// Standard deviation of the noise, of values from 0 to 1. SimCLR does not say its own.
    ///
    /// Range: above 0
    pub noise: f64,
    /// Widths of the hidden layers. SimCLR does not say its own.
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

impl ProtocolSpec for HeadProbes {
    fn check(&self, _encoder: &Encoder, problems: &mut Problems) {
        let Self { train, test, noise, widths, epochs, batch, lr, weight_decay } = self;
        let expected = "at least 2: batch norm compares the images of a batch";
        problems.require(*train >= 2, "eval.head.train", train, expected);
        problems.require(*test >= 1, "eval.head.test", test, "at least 1");
        problems.positive("eval.head.noise", *noise);
        let some = !widths.is_empty() && widths.iter().all(|width| *width >= 1);
        problems.require(some, "eval.head.widths", widths, "at least one number, each at least 1");
        problems.require(*epochs >= 1, "eval.head.epochs", epochs, "at least 1");
        problems.require(*batch >= 2, "eval.head.batch", batch, expected);
        problems.positive("eval.head.lr", *lr);
        problems.not_negative("eval.head.weight_decay", *weight_decay);
    }

    fn scores(&self) -> Vec<String> {
        ["head_color", "head_rotation", "head_noise", "head_sobel", "head_class"].map(String::from).to_vec()
    }
}
