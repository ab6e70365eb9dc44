//! `[method.vicreg]`: VICReg (Bardes, Ponce and LeCun 2021, arXiv 2105.04906).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;

/// VICReg: views agree, every dimension varies, no two dimensions vary together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vicreg {
    /// Weight of the mean squared distance between the views.
    ///
    /// Range: 0 or above
    pub invariance: f64,
    /// Weight of the hinge on each dimension's standard deviation; without it embeddings collapse.
    ///
    /// Range: 0 or above
    pub variance: f64,
    /// Weight of the covariances.
    ///
    /// Range: 0 or above
    pub covariance: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Vicreg {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.not_negative(&format!("{key}.invariance"), self.invariance);
        problems.not_negative(&format!("{key}.variance"), self.variance);
        problems.not_negative(&format!("{key}.covariance"), self.covariance);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::Pair)
    }
}
