//! Two views drawn alike: the plans of SimCLR and of MoCo.

use super::distortions::{Blur, Jitter, Solarize, colours, fractions, ordered, size};
use crate::problems::Problems;
use serde::{Deserialize, Serialize};

/// Settings of two views; the transforms mean what torchvision's of the same names mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SimclrViews {
    /// Width and height of a view in pixels.
    pub size: usize,
    /// Fraction of the image's area that a crop covers: least and largest.
    pub crop_scale: [f64; 2],
    /// Width over height of a crop: least and largest.
    pub crop_ratio: [f64; 2],
    /// Probability of a horizontal flip.
    pub flip: f64,
    /// Multiplies the four amounts of `jitter` (`s` in the paper).
    pub strength: f64,
    /// Colour jitter.
    pub jitter: Jitter,
    /// Probability of losing the colour.
    pub grayscale: f64,
    /// Gaussian blur; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<Blur>,
    /// Solarisation; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solarize: Option<Solarize>,
}

impl SimclrViews {
    pub(super) fn check(&self, key: &str, problems: &mut Problems) {
        size(problems, &format!("{key}.size"), self.size);
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
