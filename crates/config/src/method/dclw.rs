//! `[method.dclw]`: DCL with weighted positives (Yeh et al. 2021, arXiv 2110.06848).

use serde::{Deserialize, Serialize};

use super::{ComparedViews, Head, MethodInfo, MethodSpec, Surroundings};
use crate::pairs::Others;
use crate::problems::Problems;

/// DCLW: DCL with positives weighted by how far they are apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dclw {
    /// Divides the similarities.
    ///
    /// Range: above 0
    pub temperature: f64,
    /// Width of the weighting of positives: smaller weighs hard ones more.
    ///
    /// Range: above 0
    pub sigma: f64,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
}

impl MethodSpec for Dclw {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        problems.positive(&format!("{key}.temperature"), self.temperature);
        problems.positive(&format!("{key}.sigma"), self.sigma);
        self.projector.check(&format!("{key}.projector"), problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo { others: &Others::OF_ONE_POSITIVE, ..MethodInfo::of(ComparedViews::Pair) }
    }
}
