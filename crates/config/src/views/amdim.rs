//! AMDIM's plan: two views that have been turned to the same side, and otherwise drawn alike.

use super::distortions::{Jitter, colours, fractions, ordered};
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Settings of two views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AmdimViews {
    /// Pixels on either side of a view, or `[height, width]`.
    ///
    /// Range: 8 to 8,192 each
    pub size: ViewSize,
    /// `{ random_resized = { scale, ratio } }`, or `{ translated = { probability, most } }`: the whole image, moved by so many
    /// pixels at most, with its mirror image beside it.
    ///
    /// Range: as each alone
    pub crop: AmdimCrop,
    /// Probability of a horizontal flip.
    ///
    /// Range: 0 to 1
    pub flip: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    ///
    /// Range: 0 to 1
    pub grayscale: f64,
}

/// How a view is cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AmdimCrop {
    /// A box of random area and proportions, resized: STL-10 and ImageNet.
    RandomResized {
        /// Fraction of the image's area: least and largest.
        scale: [f64; 2],
        /// Width over height: least and largest.
        ratio: [f64; 2],
    },
    /// The image, moved, with its mirror image beside it: CIFAR.
    Translated {
        /// Probability that it is moved.
        probability: f64,
        /// Pixels in either direction, at most.
        most: usize,
    },
}

impl AmdimViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.size.check(&format!("{key}.size"), problems);
        match self.crop {
            AmdimCrop::RandomResized { scale, ratio } => {
                fractions(problems, &format!("{key}.crop.random_resized.scale"), scale);
                ordered(problems, &format!("{key}.crop.random_resized.ratio"), ratio);
            }
            AmdimCrop::Translated { probability, most } => {
                problems.probability(&format!("{key}.crop.translated.probability"), probability);
                let key = format!("{key}.crop.translated.most");
                let expected = format!("below {}", self.size.shorter_in_words());
                problems.require(most < self.size.shorter(), &key, &most, &expected);
            }
        }
        colours(problems, key, self.flip, (&self.jitter, 1.0), self.grayscale);
    }
}
