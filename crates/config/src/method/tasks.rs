//! Further pretext tasks: relative patches, exemplars, reconstruction.

use serde::{Deserialize, Serialize};

use super::{Head, fitting_tiles};
use crate::Train;
use crate::problems::Problems;

/// Relative patches: where one tile lies beside the middle one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelativePatch {
    /// Pixels on a side of a tile, which lies anywhere in its cell, a ninth of the view.
    pub tile: usize,
    /// Whether a batch holds all eight pairs of an image, or one that is drawn.
    pub all: bool,
    /// Whether each tile is normalised by its own mean and std.
    pub normalise: bool,
    /// One channel of each tile stays, and noise of this fraction of its std replaces the others; all stay where it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_channels: Option<f64>,
    /// The head on each tile.
    pub projector: Head,
    /// Between the embeddings of both tiles, side by side, and the classifier.
    pub head: Head,
}

/// Exemplars: which image a view is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemplar {
    /// Images that are a class each, at most: of a larger data set so many are chosen by the seed, and the others are not
    /// trained on.
    pub classes: usize,
    /// Between encoder and classifier, with ReLU after its last layer too.
    pub projector: Head,
}

/// An autoencoder: the image itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoencoder {
    /// What is compared, pixel by pixel.
    pub loss: PixelLoss,
    /// The bottleneck between encoder and decoder.
    pub projector: Head,
}

/// How two images are compared pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelLoss {
    /// The mean squared difference.
    Mse,
    /// The mean absolute difference.
    L1,
}

impl RelativePatch {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        problems.require(self.tile >= 1, &format!("{key}.tile"), &self.tile, "at least 1 pixel");
        if let Some(fraction) = self.drop_channels {
            let key_of_fraction = format!("{key}.drop_channels");
            problems.not_negative(&key_of_fraction, fraction);
            let expected =
                format!("left out with {key}.normalise = false: the noise lies about 0, as the tile has to");
            problems.require(self.normalise, &key_of_fraction, &fraction, &expected);
        }
        self.projector.check(&format!("{key}.projector"), problems);
        self.head.check(&format!("{key}.head"), problems);
    }

    /// Whether the nine tiles lie in a view of `side` pixels, which `of` names.
    pub(super) fn check_side(&self, key: &str, (side, of): (usize, &str), problems: &mut Problems) {
        fitting_tiles((key, None), (3, self.tile), (side, of), problems);
    }
}

impl Exemplar {
    pub(super) fn check(&self, key: &str, train: &Train, problems: &mut Problems) {
        let classes_key = format!("{key}.classes");
        let expected = "at least 2, for there must be something to tell apart";
        problems.require(self.classes >= 2, &classes_key, &self.classes, expected);
        let whole = self.classes < 2 || self.classes >= train.batch;
        let expected = format!("at least train.batch = {}: a class is an image", train.batch);
        problems.require(whole, &classes_key, &self.classes, &expected);
        self.projector.check(&format!("{key}.projector"), problems);
    }
}

impl Autoencoder {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.projector.check(&format!("{key}.projector"), problems);
    }
}
