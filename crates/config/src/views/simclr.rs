//! Two views drawn alike: the plans of SimCLR and of MoCo.

use super::distortions::{Blur, Jitter, Solarize, colours, fractions, ordered};
use super::size::ViewSize;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Settings of two views; the transforms mean what torchvision's of the same names mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SimclrViews {
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
    /// `{ probability, sigma, kernel }`; `sigma` is the least and largest standard deviation in pixels, `kernel` the
    /// width in pixels.
    ///
    /// Range: probability 0 to 1; sigma 0.01 to 1,000, the smaller first; kernel odd, below twice the view's size
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Blur>,
    /// `{ probability, threshold }`; values from the threshold on are inverted.
    ///
    /// Range: both 0 to 1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solarize: Option<Solarize>,
}

impl SimclrViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        self.size.check(&format!("{key}.size"), problems);
        fractions(problems, &format!("{key}.crop_scale"), self.crop_scale);
        ordered(problems, &format!("{key}.crop_ratio"), self.crop_ratio);
        colours(problems, key, self.flip, (&self.jitter, self.strength), self.grayscale);
        if let Some(blur) = &self.blur {
            blur.check(self.size, key, problems);
        }
        if let Some(solarize) = &self.solarize {
            solarize.check(key, problems);
        }
    }
}
