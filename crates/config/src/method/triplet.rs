//! `[method.triplet]`: a triplet loss on views (Schroff et al. 2015, arXiv 1503.03832; SimCLR's table 2).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// A triplet loss whose negatives are the other images of the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Triplet {
    /// How much nearer the other view has to be than another image.
    ///
    /// Range: 0 or above
    pub margin: f64,
    /// The dot product of unit vectors, or minus the distance of embeddings as they are.
    ///
    /// Range: `dot`, `euclidean`
    pub similarity: Similarity,
    /// Which other images count: all, the nearest of those farther than the other view, the nearest of all.
    ///
    /// Range: `none`, `semi_hard`, `batch_hard`
    pub mining: Mining,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

/// What is near in a triplet loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// The dot product of unit vectors (SimCLR, arXiv 2002.05709, table 2).
    Dot,
    /// Euclidean distance (FaceNet, arXiv 1503.03832).
    Euclidean,
}

/// Which negatives of the batch count in a loss of triplets or of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mining {
    /// All.
    None,
    /// The hardest that is farther than the positive.
    SemiHard,
    /// The hardest.
    BatchHard,
}

impl MethodSpec for Triplet {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        let some = self.margin >= 0.0 && self.margin.is_finite();
        problems.require(some, &format!("{key}.margin"), &self.margin, "a number, 0 or above");
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::OF_ONE_POSITIVE, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
