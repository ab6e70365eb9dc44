//! `[encoder.vit_tiny]`, `[encoder.vit_small]`: vision transformers.

use serde::{Deserialize, Serialize};

use crate::Weights;
use crate::problems::Problems;

/// A vision transformer (Dosovitskiy et al. 2020, arXiv 2010.11929) of DeiT's sizes (Touvron et al. 2020, arXiv
/// 2012.12877, table 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vit {
    /// Pixels on a side of a patch, which becomes a token; 16 in the paper, 4 for images of 32 pixels.
    ///
    /// Range: 1 or above, divides `size` and the sides of all views
    pub patch: u32,
    /// Pixels on a side of the images that learned positions are made for; for others they are interpolated.
    ///
    /// Range: a multiple of `patch`
    pub size: u32,
    /// Blocks; 12 in the paper.
    ///
    /// Range: 1 or above
    pub depth: u32,
    /// How tokens learn where their patch lies: `learned`, trained, or `sines`, fixed (MoCo v3).
    ///
    /// Range: `learned`, `sines`
    pub position: Position,
    /// With which probability an image leaves out the last block's attention, and its MLP, in training; the first block has
    /// none, those between rise evenly. 0.1 in DINO.
    ///
    /// Range: 0 or above, below 1
    pub stochastic_depth: f64,
    /// Whether the projection of patches keeps its initial values, which makes MoCo v3 stable (section 4.2).
    ///
    /// Range: `true`, `false`
    pub frozen_projection: bool,
    /// Weights to begin from in place of drawn ones, of Kontrast or of another program (docs/weights.md): a file, or `{ file,
    /// tower, heads }`: which of the file's encoders, where it holds several, and whether heads of a checkpoint of Kontrast
    /// are taken too. The file's SHA-256 is part of the digest, its place is not.
    ///
    /// Range: a path, relative to the folder in which the command runs; a table; `"random"` for drawn ones
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::weights::read")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::weights::schema"))]
    pub weights: Option<Weights>,
}

/// How tokens learn where their patch lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// An embedding for each place, trained.
    Learned,
    /// Sines and cosines of row and column, fixed.
    Sines,
}

impl Vit {
    /// Its shape in words, without the name.
    pub(crate) fn shape(&self) -> String {
        format!("of {} blocks on patches of {} pixels", self.depth, self.patch)
    }

    /// Reports what is out of range; `key` names the table.
    pub(crate) fn check(&self, key: &str, problems: &mut Problems) {
        let Self { patch, size, depth, stochastic_depth, .. } = self;
        problems.require(*patch >= 1, &format!("{key}.patch"), patch, "at least 1 pixel");
        let whole = *size >= 1 && size.is_multiple_of((*patch).max(1));
        let expected = format!("a multiple of {key}.patch = {patch}");
        problems.require(whole, &format!("{key}.size"), size, &expected);
        problems.require(*depth >= 1, &format!("{key}.depth"), depth, "at least 1 block");
        problems.below_one(&format!("{key}.stochastic_depth"), *stochastic_depth);
    }
}
