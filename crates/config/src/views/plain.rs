//! Plans without a pretext: supervised training's, and the image as it is.

use super::custom::{Policy, Sampling};
use super::distortions::{count, fractions, ordered};
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Crop, flip, then a policy where one is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SupervisedViews {
    /// Views of an image.
    ///
    /// Range: 1 to 64
    pub count: usize,
    /// Pixels on either side of a view, or `[height, width]`.
    ///
    /// Range: 8 to 8,192 each
    pub size: ViewSize,
    /// `{ random_resized = { scale, ratio } }`, or `{ random = { padding } }`: a box of the view's size anywhere in the
    /// image, with so many pixels of black on each side.
    ///
    /// Range: as each alone
    pub crop: Crop,
    /// Probability of a horizontal flip.
    ///
    /// Range: 0 to 1
    pub flip: f64,
    /// `{ count, magnitude, sampling }`.
    ///
    /// Range: count 0 to 16, magnitude 0 to 30, sampling `nearest` or `bilinear`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rand_augment: Option<RandAugment>,
    /// The policy learned on.
    ///
    /// Range: `cifar10`, `imagenet`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_augment: Option<Policy>,
}

/// How a view is cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Crop {
    /// A box of random area and proportions, resized: usual on ImageNet.
    RandomResized {
        /// Fraction of the image's area: least and largest.
        scale: [f64; 2],
        /// Width over height: least and largest.
        ratio: [f64; 2],
    },
    /// A box as large as the view, anywhere in the padded image: usual on CIFAR-10.
    Random {
        /// Pixels of black on each side.
        padding: usize,
    },
}

/// RandAugment (Cubuk et al. 2019, arXiv 1909.13719).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RandAugment {
    /// How many operations, one after another.
    pub count: usize,
    /// How strong, 0 to 30.
    pub magnitude: usize,
    /// How values between pixels are read.
    pub sampling: Sampling,
}

/// The largest centred box, resized.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityViews {
    /// Views of an image.
    ///
    /// Range: 1 to 64
    pub count: usize,
    /// Pixels on either side of a view, or `[height, width]`.
    ///
    /// Range: 8 to 8,192 each
    pub size: ViewSize,
}

impl SupervisedViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        count(problems, &format!("{key}.count"), 1, self.count);
        self.size.check(&format!("{key}.size"), problems);
        if let Crop::RandomResized { scale, ratio } = self.crop {
            fractions(problems, &format!("{key}.crop.random_resized.scale"), scale);
            ordered(problems, &format!("{key}.crop.random_resized.ratio"), ratio);
        }
        if let Crop::Random { padding } = self.crop {
            let inside = padding <= self.size.longer();
            problems.require(
                inside,
                &format!("{key}.crop.random.padding"),
                &padding,
                &format!("at most {}", self.size.longer_in_words()),
            );
        }
        problems.probability(&format!("{key}.flip"), self.flip);
        if let Some(policy) = &self.rand_augment {
            let inside = policy.magnitude <= 30;
            problems.require(inside, &format!("{key}.rand_augment.magnitude"), &policy.magnitude, "0 to 30");
            let few = policy.count <= 16;
            problems.require(few, &format!("{key}.rand_augment.count"), &policy.count, "0 to 16");
        }
    }
}

impl IdentityViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        count(problems, &format!("{key}.count"), 1, self.count);
        self.size.check(&format!("{key}.size"), problems);
    }
}
