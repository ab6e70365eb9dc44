//! `[method.barlow_twins]`: Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;

/// Barlow Twins: the cross-correlation of two views is drawn to the identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BarlowTwins {
    /// Weight of the correlations off the diagonal.
    ///
    /// Range: above 0
    pub lambda: f64,
    /// Multiplies the loss.
    ///
    /// Range: above 0
    pub scale: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for BarlowTwins {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.lambda"), self.lambda);
        problems.positive(&format!("{key}.scale"), self.scale);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::Pair)
    }
}
