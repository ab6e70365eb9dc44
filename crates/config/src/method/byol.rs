//! `[method.byol]`: BYOL (Grill et al. 2020, arXiv 2006.07733).

use serde::{Deserialize, Serialize};

use super::checks::predicts;
use super::{ComparedViews, Head, MethodInfo, MethodSpec, Momentum, Surroundings};
use crate::problems::Problems;

/// BYOL: the online network predicts what a momentum encoder makes of the other view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Byol {
    /// `{ base, final }`, the fraction of itself that the momentum encoder keeps at a step: `base` at the first,
    /// `final` at the last, half a cosine between.
    ///
    /// Range: each 0 to 1
    pub momentum: Momentum,
    /// The head on the encoder: `{ widths, batch_norm }`.
    ///
    /// Range: as a head, below
    pub projector: Head,
    /// The head that only the online network has; without it embeddings collapse.
    ///
    /// Range: as a head, below
    pub predictor: Head,
}

impl MethodSpec for Byol {
    fn check(&self, key: &str, _around: Surroundings<'_>, problems: &mut Problems) {
        self.momentum.check(&format!("{key}.momentum"), problems);
        self.projector.check(&format!("{key}.projector"), problems);
        self.predictor.check(&format!("{key}.predictor"), problems);
        predicts(key, &self.predictor, &self.projector, problems);
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::Pair)
    }
}
