//! Two views that differ in their last distortions: the plans of BYOL and VICReg.

use super::distortions::{Finish, Jitter, colours, fractions, ordered};
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Settings of two views that share crop, flip and colours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PairViews {
    /// Pixels on either side of a view, or `[height, width]`.
    ///
    /// Range: 8 to 8,192 each
    pub size: ViewSize,
    /// Fraction of the image's area that a crop covers, least and largest.
    ///
    /// Range: above 0, at most 1, the smaller first
    pub crop_scale: [f64; 2],
    /// Width over height of a crop, least and largest.
    ///
    /// Range: above 0, the smaller first
    pub crop_ratio: [f64; 2],
    /// Probability of a horizontal flip.
    ///
    /// Range: 0 to 1
    pub flip: f64,
    /// Multiplies the four amounts of `jitter` (`s` in SimCLR's paper).
    ///
    /// Range: 0 or above
    pub strength: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    ///
    /// Range: 0 to 1
    pub grayscale: f64,
    /// `{ blur, solarize }` of that view, each *optional*.
    ///
    /// Range: as above
    pub first: Finish,
    /// `{ blur, solarize }` of that view, each *optional*.
    ///
    /// Range: as above
    pub second: Finish,
}

impl PairViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.size.check(&format!("{key}.size"), problems);
        fractions(problems, &format!("{key}.crop_scale"), self.crop_scale);
        ordered(problems, &format!("{key}.crop_ratio"), self.crop_ratio);
        colours(problems, key, self.flip, (&self.jitter, self.strength), self.grayscale);
        self.first.check(self.size, &format!("{key}.first"), problems);
        self.second.check(self.size, &format!("{key}.second"), problems);
    }
}
