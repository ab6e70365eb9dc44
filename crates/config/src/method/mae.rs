//! `[method.mae]`: masked autoencoders (He et al. 2021, arXiv 2111.06377).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, MethodInfo, MethodSpec, PixelLoss, Surroundings};
use crate::problems::Problems;

/// MAE: a vision transformer sees some patches of an image, and a small decoder predicts the pixels of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mae {
    /// Fraction of an image's patches that the encoder does not see; 0.75 in the paper.
    ///
    /// Range: above 0, below 1; one patch or more has to be seen
    pub mask_ratio: f64,
    /// Whether the pixels of each patch are compared less their mean and over their standard deviation, as in the paper's best
    /// results (table 1d).
    ///
    /// Range: `true`, `false`
    pub normalise_pixels: bool,
    /// `{ width, depth, heads }`, the transformer that predicts the pixels: 512, 8 and 16 in the paper.
    ///
    /// Range: `width` a multiple of 4 and of `heads`; each 1 or above
    pub decoder: MaeDecoder,
}

/// The transformer behind the encoder, which is left behind after training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MaeDecoder {
    /// Values of a token.
    ///
    /// Range: a multiple of 4 and of `heads`
    pub width: u32,
    /// Blocks.
    ///
    /// Range: 1 or above
    pub depth: u32,
    /// Heads of attention.
    ///
    /// Range: 1 or above, divides `width`
    pub heads: u32,
}

impl Mae {
    /// How many of so many patches the encoder sees.
    pub fn kept(&self, patches: usize) -> usize {
        kept(self.mask_ratio, patches)
    }
}

/// How many of so many patches are seen where this fraction is hidden, rounded down as in the published code.
pub(crate) fn kept(mask_ratio: f64, patches: usize) -> usize {
    (patches as f64 * (1.0 - mask_ratio)) as usize
}

impl MethodSpec for Mae {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        let ratio = self.mask_ratio;
        let within = ratio > 0.0 && ratio < 1.0;
        problems.require(
            within,
            &format!("{key}.mask_ratio"),
            &ratio,
            "above 0 and below 1; 0.75 in the paper",
        );
        let MaeDecoder { width, depth, heads } = self.decoder;
        let key = |field: &str| format!("{key}.decoder.{field}");
        problems.require(depth >= 1, &key("depth"), &depth, "at least 1 block");
        problems.require(heads >= 1, &key("heads"), &heads, "at least 1 head");
        let whole = width >= 1 && width.is_multiple_of(4) && width.is_multiple_of(heads.max(1));
        let expected = format!("a multiple of 4 and of {} = {heads}", key("heads"));
        problems.require(whole, &key("width"), &width, &expected);
    }

    fn info(&self) -> MethodInfo {
        let statistics = if self.normalise_pixels {
            ", each brought to the mean and the standard deviation that the hidden patch has"
        } else {
            ""
        };
        MethodInfo {
            reconstructs: Some(PixelLoss::Mse),
            given_back: format!(
                "below each the patches that the encoder sees, and then the image with what the decoder predicts in place of \
                 the others{statistics}"
            ),
            hidden: Some(self.mask_ratio),
            after_views: format!(
                "The encoder sees {:.0} % of their patches, drawn anew in each epoch, and the others are what has to be \
                 predicted.",
                100.0 * (1.0 - self.mask_ratio)
            ),
            ..MethodInfo::of(ComparedViews::Whole)
        }
    }
}
